// In whose lists an account is, on SQLite: new friends wait in lists as they came, and are sorted in together later.
// What holds for callers on both databases is in graph.test.ts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deleteAllFriends, deleteFriends } from '../src/core/graph.ts'
import { addBlocks } from '../src/core/graph-blocks.ts'
import { deleteAccounts, importAccounts } from '../src/core/profiles.ts'
import { databases } from './support/databases.ts'
import { befriend, type GraphHouse, listOf, names, openGraph, take } from './support/graph.ts'

const [sqlite = assert.fail()] = databases.filter(({ name }) => name === 'sqlite')

/** Every pair of the table of friends, and every pair that is noted of the other side: sorted, and as it waits. */
async function pairsIn({ house }: GraphHouse) {
  const pairsOf = async (table: string) => {
    const rows = await house.raw(`select from_id, to_id from ${table}`)
    return rows.map(({ from_id, to_id }) => `${from_id}>${to_id}`)
  }
  const lists = await house.raw('select from_id, to_ids from friends_unsorted')
  const waiting = lists.flatMap(({ from_id, to_ids }) => {
    const list = new Uint32Array(Uint8Array.from(to_ids as Uint8Array).buffer)
    assert.deepEqual(
      [...list],
      [...list].toSorted((a, b) => a - b),
      'each list is in order',
    )
    return Array.from(list, (to) => `${from_id}>${to}`)
  })
  return { friends: await pairsOf('friends'), sorted: await pairsOf('friends_backwards'), waiting }
}

/** Whether each friend is noted once, and nobody else. */
async function assertNoted(
  graph: GraphHouse,
): Promise<{ readonly sorted: number; readonly waiting: number }> {
  const { friends, sorted, waiting } = await pairsIn(graph)
  assert.deepEqual([...sorted, ...waiting].toSorted(), friends.toSorted())
  return { sorted: sorted.length, waiting: waiting.length }
}

test('new friends wait until they are worth being sorted in', async () => {
  await using graph = await openGraph(sqlite, names('user', 40))
  const { store } = graph.house
  await take(graph, 'user0', names('user', 40).slice(1))
  assert.deepEqual(await assertNoted(graph), { sorted: 0, waiting: 39 })
  assert.equal(await store.graph.settle(), 0)
  assert.equal(await store.graph.settle({ worth: 40 }), 0)
  assert.equal(await store.graph.settle({ worth: 39 }), 39)
  assert.deepEqual(await assertNoted(graph), { sorted: 39, waiting: 0 })
  // Who is imported again is not noted again.
  await take(graph, 'user0', names('user', 40).slice(1))
  assert.deepEqual(await assertNoted(graph), { sorted: 39, waiting: 0 })
})

test('more friends than one transaction takes are sorted in by several', async () => {
  const everybody = names('user', 1_000)
  await using graph = await openGraph(sqlite, everybody)
  for (const account of everybody.slice(0, 25)) {
    await take(
      graph,
      account,
      everybody.filter((name) => name !== account),
    )
  }
  assert.equal(await graph.house.store.graph.settle({ worth: 1 }), 24_975)
  assert.deepEqual(await assertNoted(graph), { sorted: 24_975, waiting: 0 })
})

test('an account leaves every list, whether it waits there or was sorted in', async () => {
  await using graph = await openGraph(sqlite, names('user', 30))
  const others = names('user', 30).slice(1)
  for (const other of others.slice(0, 15)) await take(graph, other, ['user0', 'user29'])
  await graph.house.store.graph.settle({ worth: 1 })
  for (const other of others.slice(15, -1)) await take(graph, other, ['user0', 'user29'])
  assert.deepEqual(await assertNoted(graph), { sorted: 30, waiting: 26 })

  await deleteAccounts(graph.gateway, graph.site, [{ account: 'user0' }])
  assert.deepEqual(await assertNoted(graph), { sorted: 15, waiting: 13 })
  for (const other of others.slice(0, -1)) {
    const { friends, total } = await listOf(graph, other)
    assert.deepEqual([friends.map(({ account }) => account), total], [['user29'], 1])
  }
})

test('whatever is done to lists, each friend is noted once', async () => {
  await using graph = await openGraph(sqlite, names('user', 12))
  const { gateway, site, house } = graph
  const other = (index: number) => `user${index % 12}`
  for (let turn = 0; turn < 60; turn += 1) {
    const account = other(turn)
    const some = [1, 2, 3, 5, 8].map((step) => other(turn + step))
    const lines = some.map((name) => ({ account: name }))
    await befriend(graph, account, some, { isMutual: turn % 2 === 0, isForced: true })
    if (turn % 4 === 1) await take(graph, other(turn + 6), some)
    if (turn % 3 === 0) await graph.house.store.graph.settle({ worth: 1 })
    await deleteFriends(gateway, site, other(turn + 4), lines.slice(1), { isMutual: turn % 3 === 0 })
    if (turn % 7 === 0) await deleteAllFriends(gateway, site, other(turn + 3), { isMutual: turn % 2 === 1 })
    if (turn % 9 === 0) await addBlocks(gateway, site, other(turn + 2), lines.slice(0, 2))
    if (turn % 20 === 19) {
      await deleteAccounts(gateway, site, [{ account: other(turn + 1) }])
      await assertNoted(graph)
      await importAccounts(gateway, site, [{ account: other(turn + 1) }])
    }
    await assertNoted(graph)
  }
  const before = await assertNoted(graph)
  assert.ok(before.sorted > 10, 'some were sorted in')
  await house.store.sites.remove(site)
  assert.deepEqual(await assertNoted(graph), { sorted: 0, waiting: 0 })
})
