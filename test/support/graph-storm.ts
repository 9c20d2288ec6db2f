// Many writers and readers on the same accounts, and what must hold whoever came first: numbers that stand for one
// state alone, counts that are true, a feed that tells what became of the lists.

import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { readFeed } from '../../src/core/feed.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import {
  addFriends,
  deleteAllFriends,
  deleteFriends,
  importFriends,
  pageFriends,
  updateFriends,
} from '../../src/core/graph.ts'
import { addBlocks, deleteBlocks } from '../../src/core/graph-blocks.ts'
import type { Friendship, Outcome } from '../../src/core/graph-model.ts'
import type { Site } from '../../src/core/model.ts'
import { names, pull } from './graph.ts'

export interface Storm {
  readonly accounts: number
  readonly writers: number
  readonly readers: number
  /** Whether to go on, asked before each step. */
  goesOn(): boolean
}

type Place = { readonly gateway: Gateway; readonly site: Site }

/** Accounts of a storm, and the friends that each of its writers counts on. */
export function stormAccounts({ accounts, writers }: Pick<Storm, 'accounts' | 'writers'>): string[] {
  return [...names('s', accounts), ...names('counter', writers)]
}

/** Lets the storm loose over these gateways in turn; answers how many writes and reads there were. */
export async function storm(
  places: readonly Place[],
  wish: Storm,
): Promise<{ readonly writes: number; readonly reads: number }> {
  const shared = names('s', wish.accounts)
  const counters = names('counter', wish.writers)
  const lists = new Map<string, string>()
  let [writes, reads] = [0, 0]
  const placeOf = (index: number) => {
    const place = places[index % places.length]
    assert.ok(place)
    return place
  }
  await importCounters(placeOf(0), shared, counters)

  async function write(index: number): Promise<void> {
    const { gateway, site } = placeOf(index)
    const counter = `counter${index}`
    const counts = new Map<string, number>()
    while (wish.goesOn()) {
      const account = any(shared)
      const some = [any(shared), any(shared), any(shared)].map((other) => ({ account: other }))
      const dice = Math.random()
      if (dice < 0.3) await addFriends(gateway, site, account, some)
      else if (dice < 0.4) await deleteFriends(gateway, site, account, some, { isMutual: true })
      else if (dice < 0.5) await importFriends(gateway, site, account, some)
      else if (dice < 0.55) await addBlocks(gateway, site, account, some.slice(1))
      else if (dice < 0.65) await deleteBlocks(gateway, site, account, some)
      else if (dice < 0.66) await deleteAllButCounters(placeOf(index), account)
      else {
        const count = (counts.get(account) ?? 0) + 1
        const change = { account: counter, remark: `${counter} ${count}`, custom: { Count: count } }
        const [outcome] = await updateFriends(gateway, site, account, [change])
        assert.equal(outcome?.code, 'ok')
        counts.set(account, count)
      }
      writes += 1
    }
    for (const [account, count] of counts) {
      const [friend] = await pull(placeOf(index), account, [counter])
      assert.deepEqual([friend.friend.remark, friend.friendCustom], [`${counter} ${count}`, { Count: count }])
    }
  }

  async function read(index: number): Promise<void> {
    const { gateway, site } = placeOf(index)
    const last = new Map<string, number>()
    while (wish.goesOn()) {
      const account = any(shared)
      const { friends, standardSequence, customSequence, total } = await pageFriends(gateway, site, account)
      assert.equal(friends.length, total)
      const state = `${account} ${standardSequence} ${customSequence}`
      const list = JSON.stringify(friends.map(withoutGroups))
      assert.equal(lists.get(state) ?? list, list, `two lists under ${state}`)
      lists.set(state, list)
      const seen = standardSequence + customSequence
      assert.ok(seen >= (last.get(account) ?? 0), 'a sequence went back')
      last.set(account, seen)
      const pulled = await pull(placeOf(index), account, [any(counters), any(shared)])
      assert.notEqual(typeof pulled[0], 'string')
      reads += 1
      // As requests come: each in a turn of its own.
      await turn()
    }
  }

  await Promise.all([
    ...Array.from({ length: wish.writers }, (_, index) => write(index)),
    ...Array.from({ length: wish.readers }, (_, index) => read(index)),
  ])
  await compareWithFeed(placeOf(0), [...shared, ...counters])
  return { writes, reads }
}

async function importCounters(
  { gateway, site }: Place,
  shared: readonly string[],
  counters: readonly string[],
) {
  for (const account of shared) {
    const lines = counters.map((counter) => ({ account: counter }))
    for (const { code } of await importFriends(gateway, site, account, lines)) assert.equal(code, 'ok')
  }
}

/** Of the shared ones, since the counters must stay; every list of a shared account is emptied by its owner alone. */
async function deleteAllButCounters({ gateway, site }: Place, account: string): Promise<readonly Outcome[]> {
  const { friends } = await pageFriends(gateway, site, account)
  const others = friends.filter((friend) => friend.account.startsWith('s'))
  await deleteAllFriends(gateway, site, 'counter0', { isMutual: false })
  return deleteFriends(gateway, site, account, others, { isMutual: true })
}

/** Whoever follows the feed from its beginning knows every list. */
async function compareWithFeed({ gateway, site }: Place, accounts: readonly string[]): Promise<void> {
  const told = new Map(accounts.map((account) => [account, new Set<string>()]))
  for (let after = 0; ; ) {
    const { entries, hasGap } = await readFeed(gateway, site, { after })
    assert.equal(hasGap, false)
    for (const { position, kind, account, others, isReverse } of entries) {
      assert.equal(position, after + 1)
      after = position
      for (const other of others) {
        const [owner, friend] = isReverse ? [other, account] : [account, other]
        if (kind === 'added') told.get(owner)?.add(friend)
        if (kind === 'removed') told.get(owner)?.delete(friend)
      }
    }
    if (entries.length === 0) break
  }
  for (const account of accounts) {
    const { friends } = await pageFriends(gateway, site, account)
    assert.deepEqual(
      friends.map((friend) => friend.account).toSorted(),
      [...(told.get(account) ?? [])].toSorted(),
    )
  }
}

function withoutGroups({ groups: _, ...rest }: Friendship) {
  return rest
}

function any(list: readonly string[]): string {
  const one = list[Math.floor(Math.random() * list.length)]
  assert.ok(one !== undefined)
  return one
}
