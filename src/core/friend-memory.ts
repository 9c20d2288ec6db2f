// What is kept of friends between calls, up to a bound in bytes: rendered profiles, and whole rendered lists of accounts
// that are asked for again and again. Nothing is served from here on its own word: every call asks the database which
// versions are the current ones, in the same statement that reads the rest.

import type { PullHead } from './graph-model.ts'

/** Somebody's rendered profile, by view. */
export interface Person {
  readonly userId: number
  /** `PullHead.profiles` that this was read under. */
  readonly profiles: number
  /** Of view n: standard fields at 2n, the site's own at 2n + 1. */
  readonly texts: readonly (string | undefined)[]
}

/** Rendered friends of one account in one view, by name as asked. */
export interface KnownList {
  readonly head: PullHead
  readonly texts: Map<string, string>
}

export interface FriendMemory {
  /** A small number that stands for the view. */
  viewNumber(key: string): number
  /** `PullHead.profiles` as the last call of this site saw it. */
  profiles(siteId: number): number | undefined
  noteProfiles(siteId: number, profiles: number): void
  person(siteId: number, name: string): Person | undefined
  savePerson(siteId: number, name: string, person: Person): void
  list(siteId: number, account: string, view: number): KnownList | undefined
  saveList(siteId: number, account: string, view: number, list: KnownList): void
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
  const people = createShelf<Person>(maxBytes / 2)
  const lists = createShelf<KnownList>(maxBytes / 2)
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
    person: people.find,
    savePerson(siteId, name, person) {
      let bytes = OVERHEAD_BYTES + 2 * name.length
      for (const text of person.texts) if (text !== undefined) bytes += 2 * text.length
      people.save(siteId, name, person, bytes)
    },
    list: (siteId, account, view) => lists.find(siteId, `${view} ${account}`),
    saveList(siteId, account, view, list) {
      let bytes = OVERHEAD_BYTES
      for (const [name, text] of list.texts) bytes += 2 * (name.length + text.length) + OVERHEAD_BYTES
      lists.save(siteId, `${view} ${account}`, list, bytes)
    },
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

interface Shelf<T> {
  find(siteId: number, name: string): T | undefined
  save(siteId: number, name: string, value: T, bytes: number): void
  clear(): void
  readonly bytes: number
}

interface Entry<T> {
  readonly value: T
  readonly bytes: number
}

/** By site and then by name: names are looked up as they came, no key is put together. */
type Half<T> = Map<number, Map<string, Entry<T>>>

/** Two halves: what is found in the old one moves to the new; when the new one is full, the old one goes. */
function createShelf<T>(maxBytes: number): Shelf<T> {
  let young: Half<T> = new Map()
  let old: Half<T> = new Map()
  let [youngBytes, oldBytes] = [0, 0]

  function put(siteId: number, name: string, entry: Entry<T>): void {
    if (entry.bytes > maxBytes / 2) return
    const before = young.get(siteId)?.get(name)?.bytes ?? 0
    if (youngBytes + entry.bytes - before > maxBytes / 2) {
      old = young
      oldBytes = youngBytes
      young = new Map()
      youngBytes = 0
      take(old, siteId, name)
    } else youngBytes -= before
    let site = young.get(siteId)
    if (!site) {
      site = new Map()
      young.set(siteId, site)
    }
    youngBytes += entry.bytes
    site.set(name, entry)
  }

  function take(half: Half<T>, siteId: number, name: string): Entry<T> | undefined {
    const site = half.get(siteId)
    const entry = site?.get(name)
    if (!entry) return undefined
    site?.delete(name)
    if (half === old) oldBytes -= entry.bytes
    return entry
  }

  return {
    find(siteId, name) {
      const fresh = young.get(siteId)?.get(name)
      if (fresh) return fresh.value
      const entry = take(old, siteId, name)
      if (entry) put(siteId, name, entry)
      return entry?.value
    },
    save(siteId, name, value, bytes) {
      take(old, siteId, name)
      put(siteId, name, { value, bytes })
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
