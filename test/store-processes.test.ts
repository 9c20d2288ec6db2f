import assert from 'node:assert/strict'
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { setImmediate as immediate } from 'node:timers/promises'
import { GatewayError } from '../src/core/errors.ts'
import { newRing, openKeys } from '../src/store/keys.ts'
import { hashOf, MIGRATIONS } from '../src/store/migrate.ts'
import { openStore } from '../src/store/open.ts'
import { databases } from './support/databases.ts'
import { accountOf, openStoreHouse, type StoreHouse } from './support/stores.ts'

const sqlite = databases.filter(({ name }) => name === 'sqlite')
const RELEASED = new URL('./migrations.json', import.meta.url)

for (const database of databases) {
  describe(`processes and the store on ${database.name}`, { concurrency: 4 }, () => {
    test('what was acknowledged survives kill -9, and the database opens again', async () => {
      await using house = await openStoreHouse(database)
      // A server of the file, if there may be only one.
      await house.store.close()
      const child = startLogins(house, { role: 'server', count: 1e9 })
      const acknowledged = await tokensOf(child, 400)
      child.kill('SIGKILL')
      for await (const chunk of child.stdout) acknowledged.push(...String(chunk).split('\n').filter(isWhole))
      const store = await house.beside({ role: 'server' })
      const rows = await house.raw('select token from identities')
      const stored = new Set(rows.map(({ token }) => token))
      assert.deepEqual(
        acknowledged.filter((token) => !stored.has(token)),
        [],
      )
      assert.ok(acknowledged.length >= 400)
      await store.identities.link(house.site, accountOf('after'))
    })

    test('a migration is applied once, however many open at the same time', async () => {
      const { url, close } = await database.open()
      const keys = openKeys({ text: newRing() })
      const stores = await Promise.all(
        Array.from({ length: 3 }, () => openStore(url, { keys, role: 'tool' })),
      )
      await Promise.all(stores.map((store) => store.ping()))
      await Promise.all(stores.map((store) => store.close()))
      await close()
    })

    test('a database of a newer Kith is refused', async () => {
      await using house = await openStoreHouse(database)
      await house.raw("insert into migrations (number, name, hash, applied_at) values (999, 'later', '', 0)")
      await assert.rejects(house.beside(), (error) => {
        assert.ok(error instanceof GatewayError && error.code === 'conflict')
        assert.match(error.message, /migration 999 \(later\).*newer/)
        return true
      })
    })

    test('a migration that was changed after it was applied is refused', async () => {
      await using house = await openStoreHouse(database)
      await house.raw("update migrations set hash = 'another' where number = 1")
      await assert.rejects(house.beside(), /Migration 1 \(beginning\) was changed after it was applied/)
    })

    test('a released migration is what it was when it was released', () => {
      const released: Record<string, Record<string, string>> = JSON.parse(readFileSync(RELEASED, 'utf8'))
      const hashes = MIGRATIONS.map((migration) => [
        String(migration.number).padStart(4, '0'),
        hashOf(database.name, migration),
      ])
      const expected = Object.entries(released).map(([number, engines]) => [number, engines[database.name]])
      assert.deepEqual(hashes.slice(0, expected.length), expected)
      const numbers = MIGRATIONS.map(({ number }) => number)
      assert.deepEqual(
        numbers,
        [...new Set(numbers)].toSorted((one, other) => one - other),
      )
    })

    test('more questions than its bound are refused at once, and the others answered', async () => {
      await using house = await openStoreHouse(database)
      const store = await house.beside({ writesWaiting: 3, poolSize: 1 })
      const asked = Array.from({ length: 12 }, (_, index) =>
        store.limits.block(`scope:${index}`, Date.now() + 60_000),
      )
      const outcomes = await Promise.allSettled(asked)
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
      assert.ok(refused.length >= 8 && refused.length < 12, `${refused.length} refused`)
      for (const { reason } of refused) assert.equal(reason.code, 'overloaded')
      await store.limits.block('scope:after', Date.now() + 60_000)
      const rows = await house.raw('select scope from limits')
      assert.equal(rows.length, 12 - refused.length + 1)
    })
  })
}

for (const database of sqlite) {
  describe('a SQLite file', { concurrency: 4 }, () => {
    test('has one server, tools beside it, and a new server when the old one is killed', async () => {
      await using house = await openStoreHouse(database)
      await assert.rejects(house.beside({ role: 'server' }), { code: 'conflict' })
      const refused = startLogins(house, { role: 'server', count: 1 })
      const [status] = await once(refused, 'exit')
      assert.equal(status, 1)
      await house.beside({ role: 'tool' })
      await house.store.close()
      const child = startLogins(house, { role: 'server', count: 1e9 })
      await tokensOf(child, 1)
      await assert.rejects(house.beside({ role: 'server' }), /Another Kith already serves .*kith\.db/)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await house.beside({ role: 'server' })
    })

    test('gives back the leases of whoever read from it before, at the start of a server alone', async () => {
      await using house = await openStoreHouse(database)
      const { identity } = await house.store.identities.link(house.site, accountOf('1'))
      const claimed = await house.store.reads.claim(identity, { leaseMs: 600_000 })
      assert.equal(claimed.outcome, 'mine')
      const tool = await house.beside()
      assert.deepEqual(await tool.reads.abandoned(10), [])
      await house.store.close()
      const next = await house.beside({ role: 'server' })
      assert.deepEqual(await next.reads.abandoned(10), [identity])
    })

    test('has another generation after every write, by whomever, and none without one', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const generation = () => store.generation?.()
      const start = generation()
      await store.sites.list()
      await store.users.list(site, { page: 1, size: 10, direction: 'asc' })
      assert.equal(generation(), start)
      await store.limits.block('scope', Date.now() + 1000)
      const second = generation()
      assert.notEqual(second, start)
      assert.equal(generation(), second)
      const child = startLogins(house, { role: 'tool', count: 1 })
      const [token = ''] = await tokensOf(child, 1)
      assert.notEqual(generation(), second)
      assert.ok(await store.identities.find(site, token))
      await once(child, 'exit')
    })

    test('is read right after a write as it was written', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const { identity } = await store.identities.link(site, accountOf('1'))
      for (let round = 0; round < 300; round++) {
        await store.identities.saveProfile(identity, { subject: '1', about: `${round}` })
        assert.equal((await store.identities.find(site, identity.token))?.profile.about, `${round}`)
      }
    })

    test('answers every write, however many arrive while it is busy', { timeout: 20_000 }, async () => {
      await using house = await openStoreHouse(database)
      const { limits } = house.store
      const until = Date.now() + 60_000
      // Each turn of the loop sends a message of its own: more of them than are stored together.
      const writes = Array.from({ length: 3000 }, async (_, index) => {
        for (let turns = index % 40; turns > 0; turns--) await immediate()
        await limits.block(`scope:${index}`, until)
        await limits.block(`scope:${index}`, until + 1)
      })
      await Promise.all(writes)
      assert.deepEqual(
        await house.raw('select count(*) as entries from limits where until_at = $1', until + 1),
        [{ entries: 3000 }],
      )
    })

    test('keeps the writes of one turn apart: what fails takes nothing along', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const outcomes = await Promise.allSettled([
        store.identities.link(site, accountOf('1')),
        store.identities.link({ id: 999 }, accountOf('2')),
        store.identities.link(site, accountOf('a\0b')),
        store.identities.link(site, accountOf('3')),
      ])
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done')),
        ['done', 'not_found', 'invalid_request', 'done'],
      )
      assert.deepEqual(await house.raw('select count(*) as entries from users'), [{ entries: 2 }])
    })

    test('belongs to its owner alone, companions included', async () => {
      await using house = await openStoreHouse(database)
      await house.store.identities.link(house.site, accountOf('1'))
      for (const end of ['', '-wal', '-shm', '.lock']) {
        assert.equal(statSync(`${house.url}${end}`).mode & 0o077, 0, `kith.db${end}`)
      }
    })

    test('is copied whole while it is written', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const first = await store.identities.link(site, accountOf('first'))
      const path = join(dirname(house.url), 'copy.db')
      const writes = Array.from({ length: 200 }, (_, index) =>
        store.identities.link(site, accountOf(`${index}`)),
      )
      await store.backup(path)
      await Promise.all(writes)
      assert.equal(statSync(path).mode & 0o777, 0o600)
      const copy = await openStore(path, { keys: openKeys({ path: house.keysPath }), role: 'tool' })
      const found = await copy.identities.find(site, first.identity.token)
      assert.deepEqual(found, first.identity)
      assert.equal((await copy.tokens.of(first.identity))?.tokens.accessToken, 'access-of-first')
      await copy.close()
      await assert.rejects(store.backup(path), { code: 'conflict' })
      await assert.rejects(store.backup(join(path, 'below')), GatewayError)
    })

    test('is not taken for one when it is something else', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'kith-other-'))
      const keys = openKeys({ text: newRing() })
      const other = join(folder, 'other.db')
      writeFileSync(other, 'This is a letter, and not a database of any kind. '.repeat(100))
      await assert.rejects(openStore(other, { keys }), /other\.db is not a SQLite database/)
      const made = await openStore(`sqlite:${join(folder, 'deep', 'kith.db')}`, { keys })
      await made.close()
      assert.ok(existsSync(join(folder, 'deep', 'kith.db')))
      rmSync(folder, { recursive: true })
    })
  })
}

type Child = ChildProcessByStdio<null, Readable, null>

function startLogins(house: StoreHouse, { role, count }: { role: string; count: number }): Child {
  const script = new URL('./support/login-process.ts', import.meta.url)
  const words = [script.pathname, house.url, house.keysPath, role, String(house.site.id), String(count)]
  return spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'ignore'] })
}

/** Waits for so many printed tokens. */
async function tokensOf(child: Child, count: number): Promise<string[]> {
  let text = ''
  while (text.split('\n').filter(isWhole).length < count) {
    const [chunk] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(20_000) })
    text += String(chunk)
  }
  child.stdout.pause()
  // The last line may still be on its way.
  child.stdout.unshift(Buffer.from(text.slice(text.lastIndexOf('\n') + 1)))
  return text.slice(0, text.lastIndexOf('\n')).split('\n').filter(isWhole)
}

function isWhole(line: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(line)
}
