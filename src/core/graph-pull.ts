// Chosen friends with their profiles: the call that is made most often. Edges are read by number where the friend is in
// memory, whole where not; the versions in the answer say whether what memory held may be shown.

import type { FriendMemory, KnownList, Person } from './friend-memory.ts'
import type { Gateway } from './gateway.ts'
import { checkAccount, type GraphSite } from './graph.ts'
import { checkBatch, isStorable } from './graph-checks.ts'
import { limitsOf } from './graph-limits.ts'
import type { AccountProfile, Friendship, PulledRows, PullHead } from './graph-model.ts'

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

/** One line's answer: rendered where the account is a friend. */
export type Pulled =
  | { readonly account: string; readonly code: 'ok'; readonly text: string }
  | { readonly account: string; readonly code: 'not_friend' | 'no_account' }

/** Asked again when memory was behind; then everything is read anew. */
const TRIES = 2

/** The named friends as the view shows them; who is none is told so. */
export async function pullFriends(
  { store, friendMemory: memory }: Gateway,
  site: GraphSite,
  account: string,
  others: readonly string[],
  view: FriendView,
): Promise<readonly Pulled[]> {
  checkAccount(account)
  checkBatch(others, limitsOf(site).batch)
  const wish = { siteId: site.id, account, others, view, number: memory.viewNumber(view.key) }
  const isHot = memory.isHot(site.id, account)
  for (let tries = 0; ; tries += 1) {
    const plan = tries < TRIES ? planOf(memory, wish) : planAnew(others)
    const rows = await store.graph.pull(site, account, plan)
    const { head } = rows
    memory.noteProfiles(site.id, head.profiles)
    const isStale =
      (plan.list && !isSame(plan.list.head, head)) || (plan.ids.length > 0 && plan.profiles !== head.profiles)
    if (isStale) continue
    const pulled = show(memory, wish, plan, rows)
    if (isHot) keepList(memory, wish, plan.list, head, pulled)
    return pulled
  }
}

interface Wish {
  readonly siteId: number
  readonly account: string
  readonly others: readonly string[]
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
  const kept = memory.list(siteId, account, number)
  const list = kept?.head.profiles === profiles ? kept : undefined
  const ids: number[] = []
  const names: string[] = []
  const known = others.map((other) => {
    const text = list?.texts.get(other)
    if (text !== undefined) return text
    const person = memory.person(siteId, other)
    if (person !== undefined && person.profiles === profiles && person.texts[2 * number] !== undefined) {
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
  const { others, view, number } = wish
  let [ids, names] = [0, 0]

  function render(account: string, source: string | Person | undefined): Pulled {
    if (typeof source === 'string') return { account, code: 'ok', text: source }
    if (source) {
      const friend = byId[ids++]?.friend
      if (!friend) return { account, code: 'not_friend' }
      const parts = [source.texts[2 * number] ?? '', source.texts[2 * number + 1] ?? ''] as const
      return { account, code: 'ok', text: view.join(account, view.friend(friend), parts) }
    }
    const row = isStorable(account) ? byName[names++] : undefined
    if (!row) return { account, code: 'no_account' }
    if (!row.friend) return { account, code: 'not_friend' }
    const parts = view.profile(row.profile ?? {})
    remember(memory, wish, account, { userId: row.userId, profiles: head.profiles }, parts)
    return { account, code: 'ok', text: view.join(account, view.friend(row.friend), parts) }
  }

  return others.map((account, index) => render(account, known[index]))
}

function remember(
  memory: FriendMemory,
  { siteId, number }: Wish,
  account: string,
  { userId, profiles }: Pick<Person, 'userId' | 'profiles'>,
  [standard, custom]: readonly [string, string],
): void {
  const known = memory.person(siteId, account)
  const texts = known?.userId === userId && known.profiles === profiles ? [...known.texts] : []
  texts[2 * number] = flat(standard)
  texts[2 * number + 1] = flat(custom)
  memory.savePerson(siteId, account, { userId, profiles, texts })
}

/** Adds what was rendered to the list that is kept of the account. */
function keepList(
  memory: FriendMemory,
  { siteId, account, number }: Wish,
  list: KnownList | undefined,
  head: PullHead,
  pulled: readonly Pulled[],
): void {
  const texts = list?.texts ?? new Map<string, string>()
  const before = texts.size
  for (const one of pulled) {
    if (one.code === 'ok' && !texts.has(one.account)) texts.set(one.account, flat(one.text))
  }
  if (texts.size > before) memory.saveList(siteId, account, number, { head, texts })
}

function isSame(one: PullHead, other: PullHead): boolean {
  return one.userId === other.userId && one.version === other.version && one.profiles === other.profiles
}

/** The same text without the pieces it was put together from, which would be kept with it. */
function flat(text: string): string {
  return Buffer.from(text).toString()
}
