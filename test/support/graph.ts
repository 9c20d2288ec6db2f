// A site with accounts and the functions of the graph over it, as a dialect would call them.

import { createFriendMemory } from '../../src/core/friend-memory.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import { addFriends, checkFriends, importFriends, pageFriends } from '../../src/core/graph.ts'
import type { FriendPage, Outcome } from '../../src/core/graph-model.ts'
import { type FriendView, pullFriends, wishFor } from '../../src/core/graph-pull.ts'
import type { Site, SiteSettings } from '../../src/core/model.ts'
import { importAccounts } from '../../src/core/profiles.ts'
import type { OpenStore } from '../../src/store/open.ts'
import type { DatabaseKind } from './databases.ts'
import { openStoreHouse, type StoreHouse } from './stores.ts'

export interface GraphHouse extends AsyncDisposable {
  readonly house: StoreHouse
  readonly gateway: Gateway
  readonly site: Site
}

/** What the graph asks of a gateway, over this store. */
export function graphGateway(store: OpenStore, { memoryBytes = 1e6, now = Date.now } = {}): Gateway {
  // The graph asks nothing else of it.
  return { store, friendMemory: createFriendMemory(memoryBytes), now } as Partial<Gateway> as Gateway
}

/** A house whose site has these accounts. */
export async function openGraph(
  kind: DatabaseKind,
  accounts: readonly string[] = [],
  settings: SiteSettings = {},
): Promise<GraphHouse> {
  const house = await openStoreHouse(kind)
  const gateway = graphGateway(house.store)
  const site = { ...house.site, settings }
  for (let from = 0; from < accounts.length; from += 100) {
    const some = accounts.slice(from, from + 100).map((account) => ({ account }))
    await importAccounts(gateway, site, some)
  }
  return { house, gateway, site, [Symbol.asyncDispose]: () => house[Symbol.asyncDispose]() }
}

/** Names `<prefix>0` and so on. */
export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`)
}

/** The codes of a batch, in order. */
export function codes(outcomes: readonly Pick<Outcome, 'code'>[]): string[] {
  return outcomes.map(({ code }) => code)
}

/** Adds plain friends and answers the codes. */
export async function befriend(
  { gateway, site }: Pick<GraphHouse, 'gateway' | 'site'>,
  account: string,
  others: readonly string[],
  options?: { isMutual?: boolean; isForced?: boolean },
): Promise<string[]> {
  const lines = others.map((other) => ({ account: other }))
  return codes(await addFriends(gateway, site, account, lines, options))
}

/** Imports plain friends and answers the codes. */
export async function take(
  { gateway, site }: Pick<GraphHouse, 'gateway' | 'site'>,
  account: string,
  others: readonly string[],
): Promise<string[]> {
  const lines = others.map((other) => ({ account: other }))
  return codes(await importFriends(gateway, site, account, lines))
}

/** How the account and the others stand, by the core's own words. */
export async function relationsOf(
  { gateway, site }: Pick<GraphHouse, 'gateway' | 'site'>,
  account: string,
  others: readonly string[],
): Promise<string[]> {
  const lines = others.map((other) => ({ account: other }))
  const related = await checkFriends(gateway, site, account, lines, { isMutual: true })
  return related.map(({ relation }) => relation)
}

/** The whole list, page by page. */
export async function listOf(
  { gateway, site }: Pick<GraphHouse, 'gateway' | 'site'>,
  account: string,
  limit?: number,
): Promise<Pick<FriendPage, 'friends' | 'total' | 'standardSequence' | 'customSequence'>> {
  let page = await pageFriends(gateway, site, account, { limit })
  const friends = [...page.friends]
  while (page.next !== undefined) {
    page = await pageFriends(gateway, site, account, { after: page.next, limit })
    friends.push(...page.friends)
  }
  return { ...page, friends }
}

/** Everything there is to show, as JSON. */
export const PLAIN: FriendView = {
  key: 'plain',
  friend: ({ custom, ...standard }) => [JSON.stringify(standard), JSON.stringify(custom ?? {})],
  profile: ({ custom, ...standard }) => [JSON.stringify(standard), JSON.stringify(custom ?? {})],
  join: (account, [friend, friendCustom], [profile, profileCustom]) =>
    `{"account":${JSON.stringify(account)},"friend":${friend},"friendCustom":${friendCustom},"profile":${profile},"profileCustom":${profileCustom}}`,
}

/** Chosen friends, parsed again; the code where one is none. */
export async function pull(
  { gateway, site }: Pick<GraphHouse, 'gateway' | 'site'>,
  account: string,
  others: readonly string[],
  view = PLAIN,
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
): Promise<any[]> {
  const pulled = await pullFriends(gateway, wishFor(gateway, site, account, others), view)
  return pulled.map((one) => (one.code === 'ok' ? JSON.parse(one.text) : one.code))
}
