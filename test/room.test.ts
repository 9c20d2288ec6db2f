import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startReading } from '../src/core/readings.ts'
import { createRoom } from '../src/core/room.ts'
import { ownTurn } from '../src/core/turns.ts'
import { openHouse } from './support/house.ts'
import { accountOf } from './support/stores.ts'

const never = new AbortController().signal

test('above the bound the eldest reads go on, and a younger one as soon as an elder has ended', async () => {
  const room = createRoom(100)
  const reads = Array.from({ length: 9 }, () => ({}))
  for (const read of reads) room.hold(read, 20)
  assert.equal(room.bytes, 180)
  for (const eldest of reads.slice(0, 8)) await room.enter(eldest, never)

  let isIn = false
  const last = reads[8] ?? {}
  const entered = room.enter(last, never).then(() => {
    isIn = true
  })
  await ownTurn()
  assert.equal(isIn, false)
  room.leave(reads[0] ?? {})
  await entered
  assert.equal(room.bytes, 160)
})

test('a read that holds nothing yet waits too while eight elder ones are above the bound', async () => {
  const room = createRoom(100)
  const reads = Array.from({ length: 8 }, () => ({}))
  for (const read of reads) room.hold(read, 20)
  const ended = new AbortController()
  const entered = room.enter({}, ended.signal)
  ended.abort(new Error('the caller has gone'))
  await assert.rejects(entered, /the caller has gone/)
})

test('heavy pieces of work that are asked for at once are done in as many turns of the loop', async () => {
  let turns = 0
  let isOver = false
  const count = () => {
    turns += 1
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  const at = await Promise.all([1, 2, 3].map(() => ownTurn().then(() => turns)))
  isOver = true
  assert.deepEqual([...new Set(at)], at)
})

test('a read of which one list fails holds nothing once it has ended, however late the other list gets its turn', async (t) => {
  const { gateway, site, close } = await openHouse({})
  t.after(close)
  const [provider] = gateway.providers.values()
  assert(provider)
  const account = { ...accountOf('ada'), provider: provider.id }
  const { identity } = await gateway.store.identities.link(site, account)
  const parsed = Promise.withResolvers<void>()
  const request = (path: string) => ({ path })
  const contacts = {
    following: {
      first: () => request('/following'),
      parse: () => {
        parsed.resolve()
        return { items: [{ id: '1', displayName: 'One' }], next: request('/following?2') }
      },
    },
    followers: { first: () => request('/followers'), parse: () => ({ items: [] }) },
  }
  const network: ReturnType<typeof gateway.open> = {
    identity,
    async fetch({ path }) {
      if (path === '/following') return { status: 200, headers: {}, body: undefined }
      await parsed.promise
      throw new Error('this list cannot be read')
    },
    call: () => Promise.reject(new Error('nobody calls')),
  }
  const providers = new Map([[provider.id, { ...provider, contacts }]])
  let isBusy = true
  const end = setTimeout(() => {
    isBusy = false
  }, 200)
  t.after(() => clearTimeout(end))
  const others = (async () => {
    while (isBusy) await ownTurn()
  })()
  const outcome = await startReading({ ...gateway, providers, open: () => network }, identity, undefined).done
  assert('problem' in outcome)
  await others
  for (let turn = 0; turn < 5; turn += 1) await ownTurn()
  assert.equal(gateway.readings.room.bytes, 0)
})
