// Nonces beside SQLite: taken once, remembered over the end of a process, forgotten when their time has passed.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createNonceTable } from '../src/store/nonce-table.ts'
import { createNonces, type Nonces } from '../src/store/nonces.ts'

const MINUTE_MS = 60_000

/** A file of its own, nonces over it that can be closed and opened again, and a clock that is set by hand. */
function openNonces(most = 10_000) {
  const folder = mkdtempSync(join(tmpdir(), 'kith-nonces-'))
  const path = join(folder, 'kith.db.nonces')
  const clock = { now: 1_000_000 }
  const open: Nonces[] = []
  return {
    path,
    clock,
    open() {
      const nonces = createNonces(path, most, () => clock.now)
      open.push(nonces)
      return (name: string, keepMs = 5 * MINUTE_MS) => nonces.burn(digest(name), keepMs)
    },
    closeAll() {
      for (const nonces of open.splice(0)) nonces.close()
    },
    [Symbol.dispose]() {
      this.closeAll()
      rmSync(folder, { recursive: true })
    },
  }
}

function digest(name: string): Buffer {
  return createHash('sha256').update(name).digest().subarray(0, 16)
}

const namesOf = (count: number, prefix: string) => Array.from({ length: count }, (_, at) => `${prefix} ${at}`)

test('a nonce is taken once, alone and among others of the same turn', async () => {
  using file = openNonces()
  const burn = file.open()
  assert.deepEqual(await Promise.all([burn('a'), burn('b'), burn('a'), burn('a')]), [
    true,
    true,
    false,
    false,
  ])
  assert.deepEqual(await Promise.all([burn('b'), burn('c')]), [false, true])
})

test('nonces are known to the next process, and to the one after', async () => {
  using file = openNonces()
  const names = namesOf(3_000, 'n')
  const first = file.open()
  assert.ok((await Promise.all(names.map((name) => first(name)))).every(Boolean))
  // What is killed closes nothing: the file is opened again as it stands.
  for (const more of ['second', 'third']) {
    const burn = file.open()
    assert.ok((await Promise.all(names.map((name) => burn(name)))).every((isFresh) => !isFresh))
    assert.equal(await burn(more), true)
    names.push(more)
  }
})

test('a nonce whose time has passed may come again; before, it may not, in whatever file it lies', async () => {
  using file = openNonces()
  const burn = file.open()
  for (let minute = 0; minute < 20; minute += 1) {
    assert.equal(await burn(`at ${minute}`), true)
    for (let before = 0; before <= minute; before += 1) {
      const isOver = minute - before >= 5
      // Asked for no time at all: what is over stays so.
      assert.equal(await burn(`at ${before}`, 0), isOver, `${before} at ${minute}`)
    }
    file.clock.now += MINUTE_MS
  }
})

test('the files do not grow for ever', async () => {
  using file = openNonces(100_000)
  const burn = file.open()
  const sizes: number[] = []
  for (let minute = 0; minute < 30; minute += 1) {
    await Promise.all(namesOf(1_000, `of ${minute}`).map((name) => burn(name)))
    sizes.push(sizeOf(file.path) + sizeOf(`${file.path}.old`))
    file.clock.now += MINUTE_MS
  }
  assert.ok(Math.max(...sizes) <= 12 * 1_000 * 16, String(sizes))
  // The next process takes over what still counts, and no more.
  file.closeAll()
  await file.open()('one more')
  assert.ok(sizeOf(`${file.path}.old`) <= 5 * 1_000 * 16, String(sizeOf(`${file.path}.old`)))
})

test('more than there is room for are refused, and nothing is forgotten for them', async () => {
  using file = openNonces(100)
  const burn = file.open()
  await Promise.all(namesOf(100, 'n').map((name) => burn(name)))
  await assert.rejects(burn('one more'), { code: 'overloaded' })
  assert.equal(await burn('n 0'), false)
  file.clock.now += 6 * MINUTE_MS
  assert.equal(await burn('one more'), true)
})

test('a record that was cut off, or garbage at the end, costs no other record', async () => {
  using file = openNonces()
  const burn = file.open()
  assert.equal(await burn('whole'), true)
  assert.equal(await burn('cut'), true)
  truncateSync(file.path, statSync(file.path).size - 3)
  const next = file.open()
  assert.equal(await next('whole'), false)
  assert.equal(await next('cut'), true)
  file.closeAll()
  appendFileSync(file.path, 'x'.repeat(21))
  const last = file.open()
  assert.deepEqual(await Promise.all([last('whole'), last('cut'), last('new')]), [false, false, true])
})

test('a table of nonces holds what a map would hold', () => {
  const table = createNonceTable()
  const map = new Map<string, number>()
  for (let at = 0; at < 20_000; at += 1) {
    const name = `nonce ${at % 15_000}`
    assert.equal(table.endOf(digest(name)), map.get(name) ?? 0)
    table.set(digest(name), at + 1)
    map.set(name, at + 1)
  }
  assert.equal(table.size, map.size)
  assert.equal(table.lastEnd, 20_000)
  for (const [name, end] of map) assert.equal(table.endOf(digest(name)), end)
  assert.equal(table.endOf(digest('another')), 0)
})

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0
}
