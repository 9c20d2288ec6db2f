// Chosen friends with their profiles: the call that is made most often. Edges are read by number where the friend is in
// memory, whole where not; the versions in the answer say whether what memory held may be shown.

import type { FriendMemory, KnownList, Person } from './friend-memory.ts'
import type { Gateway } from './gateway.ts'
import { checkAccount, type GraphSite } from './graph.ts'
import { checkBatch, isStorable } from './graph-checks.ts'
import { limitsOf } from './graph-limits.ts'
import type { AccountProfile, Friendship, PulledRow, PulledRows, PullHead } from './graph-model.ts'

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

/** Where each named account is to come from. */
interface Plan {
  readonly list?: KnownList
  readonly ids: readonly number[]
  readonly names: readonly string[]
  /** `PullHead.profiles` that all of `ids` were read under. */
  readonly profiles?: number
  /** In the order asked. */
  readonly sources: readonly Source[]
}

type Source =
  | string
  | { readonly id: number; readonly person: Person }
  | { readonly name: number }
  | undefined

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
  const number = memory.viewNumber(view.key)
  const isHot = memory.isHot(site.id, account)
  for (let tries = 0; ; tries += 1) {
    const plan = planOf(memory, { site, account, others, view: number, isAnew: tries >= TRIES })
    const rows = await store.graph.pull(site, account, plan)
    const { head } = rows
    memory.noteProfiles(site.id, head.profiles)
    const isStale =
      (plan.list && !isSame(plan.list.head, head)) || (plan.ids.length > 0 && plan.profiles !== head.profiles)
    if (isStale) continue
    const pulled = show(memory, { site, others, view, number, plan, rows })
    if (isHot) keepList(memory, { site, account, view: number, list: plan.list, head, pulled })
    return pulled
  }
}

interface Wish {
  readonly site: GraphSite
  readonly account: string
  readonly others: readonly string[]
  readonly view: number
  readonly isAnew: boolean
}

function planOf(memory: FriendMemory, { site, account, others, view, isAnew }: Wish): Plan {
  const profiles = memory.profiles(site.id)
  const kept = isAnew ? undefined : memory.list(site.id, account, view)
  const list = kept?.head.profiles === profiles ? kept : undefined
  const ids: number[] = []
  const names: string[] = []
  const sources = others.map((other): Source => {
    const text = list?.texts.get(other)
    if (text !== undefined) return text
    if (!isStorable(other)) return undefined
    const person = isAnew ? undefined : memory.person(site.id, other)
    if (person?.profiles === profiles && person?.parts[view])
      return { id: ids.push(person.userId) - 1, person }
    return { name: names.push(other) - 1 }
  })
  return { list, ids, names, profiles, sources }
}

interface Found {
  readonly site: GraphSite
  readonly others: readonly string[]
  readonly view: FriendView
  readonly number: number
  readonly plan: Plan
  readonly rows: PulledRows
}

function show(memory: FriendMemory, { site, others, view, number, plan, rows }: Found): readonly Pulled[] {
  function render(account: string, source: Source): Pulled {
    if (typeof source === 'string') return { account, code: 'ok', text: source }
    if (source === undefined) return { account, code: 'no_account' }
    const row = 'id' in source ? rows.byId[source.id] : rows.byName[source.name]
    if (!row?.friend) return { account, code: row || 'id' in source ? 'not_friend' : 'no_account' }
    const parts = ('id' in source ? source.person.parts[number] : undefined) ?? remember(account, row)
    return { account, code: 'ok', text: view.join(account, view.friend(row.friend), parts) }
  }

  function remember(account: string, { userId, profile = {} }: PulledRow): readonly [string, string] {
    const [standard, custom] = view.profile(profile)
    const known = memory.person(site.id, account)
    const { profiles } = rows.head
    const parts = known?.userId === userId && known.profiles === profiles ? [...known.parts] : []
    parts[number] = [flat(standard), flat(custom)]
    memory.savePerson(site.id, account, { userId, profiles, parts })
    return [standard, custom]
  }

  return others.map((account, index) => render(account, plan.sources[index]))
}

interface Kept {
  readonly site: GraphSite
  readonly account: string
  readonly view: number
  readonly list?: KnownList
  readonly head: PullHead
  readonly pulled: readonly Pulled[]
}

/** Adds what was rendered to the list that is kept of the account. */
function keepList(memory: FriendMemory, { site, account, view, list, head, pulled }: Kept): void {
  const texts = list?.texts ?? new Map<string, string>()
  const before = texts.size
  for (const one of pulled) {
    if (one.code === 'ok' && !texts.has(one.account)) texts.set(one.account, flat(one.text))
  }
  if (texts.size > before) memory.saveList(site.id, account, view, { head, texts })
}

function isSame(one: PullHead, other: PullHead): boolean {
  return one.userId === other.userId && one.version === other.version && one.profiles === other.profiles
}

/** The same text without the pieces it was put together from, which would be kept with it. */
function flat(text: string): string {
  return Buffer.from(text).toString()
}
