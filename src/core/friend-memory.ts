// What is kept of friends between calls, up to a bound in bytes: rendered profiles, and whole rendered lists of accounts
// that are asked for again and again. Nothing is served from here on its own word: every call asks the database which
// versions are the current ones, in the same statement that reads the rest, or whether it has changed at all.

import type { PullHead } from './graph-model.ts'

/** Somebody's rendered profile in one view. */
export interface Person {
  readonly userId: number
  /** `PullHead.profiles` that this was read under. */
  readonly profiles: number
  readonly standard: string
  readonly custom: string
}

/** Rendered friends of one account in one view, by name as asked. */
export interface KnownList {
  readonly head: PullHead
  readonly texts: Map<string, string>
  /** `Store.generation` that the head was last found right under, and what was asked and answered then. */
  current?: {
    readonly generation: number
    readonly others: readonly string[]
    readonly pulled: readonly Pulled[]
  }
}

/** One line's answer: rendered where the account is a friend. */
export type Pulled =
  | { readonly account: string; readonly code: 'ok'; readonly text: string }
  | { readonly account: string; readonly code: 'not_friend' | 'no_account' }

export interface FriendMemory {
  /** A small number that stands for the view. */
  viewNumber(key: string): number
  /** `PullHead.profiles` as the last call of this site saw it. */
  profiles(siteId: number): number | undefined
  noteProfiles(siteId: number, profiles: number): void
  /** People by name as asked. */
  readonly people: Shelf<Person>
  /** Lists by account as asked. */
  readonly lists: Shelf<KnownList>
  /** Whether a list of this account is worth keeping: it was asked for a short while ago. */
  isHot(siteId: number, account: string): boolean
  readonly bytes: number
}

/** Views and sites that are told apart; with more, everything is forgotten once. */
const VIEWS_MAX = 256
const SITES_MAX = 10_000
/** Accounts asked for last: of an account among them, the list is kept. */
const RECENT_MAX = 64
/** What an entry costs beside its texts: map entries, objects, heads of strings. */
const OVERHEAD_BYTES = 250

/** A memory of at most about `maxBytes`; 0 keeps nothing. */
export function createFriendMemory(maxBytes: number): FriendMemory {
  const people = createShelf<Person>(
    maxBytes / 2,
    ({ standard, custom }) => 2 * (standard.length + custom.length) + OVERHEAD_BYTES,
  )
  const lists = createShelf<KnownList>(maxBytes / 2, ({ texts }) => {
    let bytes = OVERHEAD_BYTES
    for (const [name, text] of texts) bytes += 2 * (name.length + text.length) + OVERHEAD_BYTES
    return bytes
  })
  const views = new Map<string, number>()
  const sites = new Map<number, number>()
  const recent = new Set<string>()

  return {
    viewNumber(key) {
      const known = views.get(key)
      if (known !== undefined) return known
      if (views.size >= VIEWS_MAX) for (const forgetful of [views, people, lists]) forgetful.clear()
      views.set(key, views.size)
      return views.size - 1
    },
    profiles: (siteId) => sites.get(siteId),
    noteProfiles(siteId, profiles) {
      if (sites.size >= SITES_MAX && !sites.has(siteId)) sites.clear()
      sites.set(siteId, profiles)
    },
    people,
    lists,
    isHot(siteId, account) {
      const key = `${siteId} ${account}`
      const isHot = recent.delete(key)
      recent.add(key)
      if (recent.size > RECENT_MAX) for (const oldest of recent) return recent.delete(oldest) && isHot
      return isHot
    },
    get bytes() {
      return people.bytes + lists.bytes
    },
  }
}

/** What is kept of one site in one view, by name. */
export interface Drawer<T> {
  find(name: string): T | undefined
  save(name: string, value: T): void
}

interface Shelf<T> {
  drawer(siteId: number, view: number): Drawer<T>
  clear(): void
  readonly bytes: number
}

interface Entry<T> {
  readonly value: T
  readonly bytes: number
}

/** By site and view, then by name: names are looked up as they came, no key is put together. */
type Half<T> = Map<number, Map<string, Entry<T>>>

/** Two halves: what is found in the old one moves to the new; when the new one is full, the old one goes. */
function createShelf<T>(maxBytes: number, sizeOf: (value: T) => number): Shelf<T> {
  let young: Half<T> = new Map()
  let old: Half<T> = new Map()
  let [youngBytes, oldBytes] = [0, 0]

  function take(key: number, name: string): Entry<T> | undefined {
    const drawer = old.get(key)
    const entry = drawer?.get(name)
    if (!entry) return undefined
    drawer?.delete(name)
    oldBytes -= entry.bytes
    return entry
  }

  function put(key: number, name: string, entry: Entry<T>): void {
    if (entry.bytes > maxBytes / 2) return
    const before = young.get(key)?.get(name)?.bytes ?? 0
    if (youngBytes + entry.bytes - before > maxBytes / 2) {
      old = young
      oldBytes = youngBytes
      young = new Map()
      youngBytes = 0
      take(key, name)
    } else youngBytes -= before
    let drawer = young.get(key)
    if (!drawer) {
      drawer = new Map()
      young.set(key, drawer)
    }
    youngBytes += entry.bytes
    drawer.set(name, entry)
  }

  return {
    drawer(siteId, view) {
      const key = siteId * VIEWS_MAX + view
      return {
        find(name) {
          const fresh = young.get(key)?.get(name)
          if (fresh) return fresh.value
          const entry = take(key, name)
          if (entry) put(key, name, entry)
          return entry?.value
        },
        save(name, value) {
          take(key, name)
          put(key, name, { value, bytes: 2 * name.length + sizeOf(value) })
        },
      }
    },
    clear() {
      young = new Map()
      old = new Map()
      youngBytes = oldBytes = 0
    },
    get bytes() {
      return youngBytes + oldBytes
    },
  }
}
