// Chosen friends with their profiles: the call that is made most often. Edges are read by number where the friend is in
// memory, whole where not; the versions in the answer say whether what memory held may be shown.

import type { FriendMemory, KnownList, Person, Pulled } from './friend-memory.ts'
import { checkAccount, type GraphSite } from './graph.ts'
import { checkBatch, isStorable } from './graph-checks.ts'
import { limitsOf } from './graph-limits.ts'
import type { AccountProfile, Friendship, PulledRows, PullHead } from './graph-model.ts'
import type { GraphStore } from './graph-store.ts'
import type { Store } from './store.ts'

/** What reading chosen friends needs of the gateway. */
export interface PullParts {
  readonly store: Pick<Store, 'generation'> & { readonly graph: Pick<GraphStore, 'pull'> }
  readonly friendMemory: FriendMemory
}

/** Some friends of an account, asked for by a call that was found sound. */
export interface PullWish {
  readonly siteId: number
  readonly account: string
  readonly others: readonly string[]
  /** Whether the account's rendered list is used and kept: FriendMemory.isHot. */
  readonly isHot: boolean
}

/** A friend as the caller wants it shown. The same key means the same rendering, so that it can be kept. */
export interface FriendView {
  readonly key: string
  /** What the friendship says: first the fields that everybody has, then the site's own. */
  friend(friend: Omit<Friendship, 'account'>): readonly [standard: string, custom: string]
  /** The same, of what the friend says of itself. */
  profile(profile: AccountProfile): readonly [standard: string, custom: string]
  /** One friend, whole, from the above. `account` is spelled as the caller spelled it. */
  join(account: string, friend: readonly [string, string], profile: readonly [string, string]): string
}

/** Asked again when memory was behind; then everything is read anew. */
const TRIES = 2

/** Checks a call, and notes that the account was asked for: once for each call. */
export function wishFor(
  { friendMemory }: Pick<PullParts, 'friendMemory'>,
  site: GraphSite,
  account: string,
  others: readonly string[],
): PullWish {
  checkAccount(account)
  checkBatch(others, limitsOf(site).batch)
  return { siteId: site.id, account, others, isHot: friendMemory.isHot(site.id, account) }
}

/**
 * The named friends as the view shows them; who is none is told so. Who asks for the same again may be given the very
 * same array.
 */
export async function pullFriends(
  { store, friendMemory: memory }: PullParts,
  { siteId, account, others, isHot }: PullWish,
  view: FriendView,
): Promise<readonly Pulled[]> {
  const wish = { siteId, account, others, isHot, view, number: memory.viewNumber(view.key) }
  const generation = isHot ? store.generation?.() : undefined
  const known = isHot ? memory.lists.drawer(siteId, wish.number).find(account)?.current : undefined
  if (known && known.generation === generation && isEqual(known.others, others)) return known.pulled
  for (let tries = 0; ; tries += 1) {
    const plan = tries < TRIES ? planOf(memory, wish) : planAnew(others)
    const rows = await store.graph.pull({ id: siteId }, account, plan)
    const { head } = rows
    memory.noteProfiles(siteId, head.profiles)
    const isStale =
      (plan.list && !isSame(plan.list.head, head)) || (plan.ids.length > 0 && plan.profiles !== head.profiles)
    if (isStale) continue
    const pulled = show(memory, wish, plan, rows)
    if (isHot) keepList(memory, wish, { list: plan.list, head, pulled, generation })
    return pulled
  }
}

interface Wish extends PullWish {
  readonly view: FriendView
  readonly number: number
}

/** What is in memory of each named account, in the order asked, and what is to be read of the rest. */
interface Plan {
  readonly list?: KnownList
  /** A rendered friend, somebody whose profile is rendered, or undefined: read by name, if it can be a name. */
  readonly known: readonly (string | Person | undefined)[]
  readonly ids: readonly number[]
  readonly names: readonly string[]
  /** `PullHead.profiles` that all that is known was read under. */
  readonly profiles?: number
}

function planOf(memory: FriendMemory, { siteId, account, others, number }: Wish): Plan {
  const profiles = memory.profiles(siteId)
  const kept = memory.lists.drawer(siteId, number).find(account)
  const people = memory.people.drawer(siteId, number)
  const list = kept?.head.profiles === profiles ? kept : undefined
  const ids: number[] = []
  const names: string[] = []
  const known = others.map((other) => {
    const text = list?.texts.get(other)
    if (text !== undefined) return text
    const person = people.find(other)
    if (person !== undefined && person.profiles === profiles) {
      ids.push(person.userId)
      return person
    }
    if (isStorable(other)) names.push(other)
    return undefined
  })
  return { list, known, ids, names, profiles }
}

function planAnew(others: readonly string[]): Plan {
  return { known: others.map(() => undefined), ids: [], names: others.filter(isStorable) }
}

function show(
  memory: FriendMemory,
  wish: Wish,
  { known }: Plan,
  { head, byId, byName }: PulledRows,
): readonly Pulled[] {
  const { siteId, others, view, number } = wish
  const people = memory.people.drawer(siteId, number)
  let [ids, names] = [0, 0]

  function render(account: string, source: string | Person | undefined): Pulled {
    if (typeof source === 'string') return { account, code: 'ok', text: source }
    if (source) {
      const friend = byId[ids++]?.friend
      if (!friend) return { account, code: 'not_friend' }
      const text = view.join(account, view.friend(friend), [source.standard, source.custom])
      return { account, code: 'ok', text }
    }
    const row = isStorable(account) ? byName[names++] : undefined
    if (!row) return { account, code: 'no_account' }
    if (!row.friend) return { account, code: 'not_friend' }
    const parts = view.profile(row.profile ?? {})
    const [standard, custom] = [flat(parts[0]), flat(parts[1])]
    people.save(account, { userId: row.userId, profiles: head.profiles, standard, custom })
    return { account, code: 'ok', text: view.join(account, view.friend(row.friend), parts) }
  }

  return others.map((account, index) => render(account, known[index]))
}

interface Kept {
  readonly list?: KnownList
  readonly head: PullHead
  readonly pulled: readonly Pulled[]
  /** Of the database, before any of this was read. */
  readonly generation?: number
}

/** Adds what was rendered to the list that is kept of the account. */
function keepList(
  memory: FriendMemory,
  { siteId, account, others, number }: Wish,
  { list, head, pulled, generation }: Kept,
): void {
  const kept: KnownList = list ?? { head, texts: new Map() }
  const before = kept.texts.size
  for (const one of pulled) {
    if (one.code === 'ok' && !kept.texts.has(one.account)) kept.texts.set(one.account, flat(one.text))
  }
  if (generation !== undefined) kept.current = { generation, others, pulled }
  if (kept.texts.size > before) memory.lists.drawer(siteId, number).save(account, kept)
}

function isEqual(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index])
}

function isSame(one: PullHead, other: PullHead): boolean {
  return one.userId === other.userId && one.version === other.version && one.profiles === other.profiles
}

/** The same text without the pieces it was put together from, which would be kept with it. */
function flat(text: string): string {
  return Buffer.from(text).toString()
}
