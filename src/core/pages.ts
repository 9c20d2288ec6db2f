// The pages of an identity's lists: one request at a time per list, the lists side by side.

import { setTimeout as sleep } from 'node:timers/promises'
import { sameRequest } from './answers.ts'
import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import type { Contact, Identity } from './model.ts'
import { type ContactPage, type Relation, toPage } from './portable.ts'
import type { ApiRequest, ApiResponse, FetchOptions, Network, Paged } from './provider.ts'
import { laterTurn } from './turns.ts'

/** A limit of the network that passes sooner than this is waited out in the middle of a list. */
const LIMIT_WAIT_MAX_MS = 60_000

/** How far one list is. */
export interface List {
  readonly pages: ContactPage[]
  /** Contacts on all pages together. */
  count: number
  next?: ApiRequest
  isDone: boolean
  /** A page held more than there was room for. */
  isCut?: boolean
}

/** All lists of one identity, while they are read. */
export type Lists = Partial<Record<Relation, List>>

/** Whether a read waits for a limit of the network to pass. */
export interface Waits {
  waitsFor?: Problem
  /** A page has arrived. */
  hasRead?: boolean
  /** Told when it begins to. */
  readonly listeners: Set<(problem: Problem) => void>
}

/** What one read of one identity works with. */
export interface Run {
  readonly gateway: Gateway
  readonly identity: Identity
  readonly lists: Lists
  readonly state: Waits
  readonly fence: number
  readonly signal: AbortSignal
  /** What `askFirst` has asked for. */
  readonly early?: Early
}

/** First pages on their way, and what breaks them off when one list fails. */
export interface Early {
  readonly asked: Partial<Record<Relation, Asked>>
  readonly failed: AbortController
}

/** Asks for the first page of every list, for a read that begins at the beginning. */
export function askFirst(run: Omit<Run, 'fence'>): Early {
  const { gateway, identity, lists } = run
  const network = gateway.open(identity)
  const early: Early = { asked: {}, failed: new AbortController() }
  const signal = AbortSignal.any([run.signal, early.failed.signal])
  for (const [relation, pager] of pagersOf(run)) {
    const next = pager.first(identity)
    const list: List = { pages: [], count: 0, next, isDone: false }
    lists[relation] = list
    early.asked[relation] = ask({ run: { ...run, signal }, network, pager, list }, next)
  }
  return early
}

/**
 * Reads all lists of the identity at the same time to their ends, or to the bound; rejects as the first one that fails,
 * once none of them takes in anything more.
 */
export async function readLists(run: Run): Promise<void> {
  const { gateway, identity, lists } = run
  const network = gateway.open(identity)
  const failed = run.early?.failed ?? new AbortController()
  const signal = AbortSignal.any([run.signal, failed.signal])
  await Promise.all(
    pagersOf(run).map(async ([relation, pager]) => {
      try {
        lists[relation] ??= { pages: [], count: 0, next: pager.first(identity), isDone: false }
        await readList({ ...run, signal }, network, pager, relation)
      } catch (error) {
        // One list alone says nothing true: the other need not be read on.
        failed.abort(error)
      }
    }),
  )
  failed.signal.throwIfAborted()
}

function pagersOf({ gateway, identity }: Pick<Run, 'gateway' | 'identity'>) {
  const contacts = gateway.providers.get(identity.provider)?.contacts
  return (['following', 'followers', 'all'] as const).flatMap((relation) => {
    const pager = contacts?.[relation]
    return pager ? [[relation, pager] as const] : []
  })
}

async function readList(
  run: Run,
  network: Network,
  pager: Paged<Contact>,
  relation: Relation,
): Promise<void> {
  const list = run.lists[relation]
  if (!list?.next || list.isDone) return
  const walk: Walk = { run, network, pager, list }
  const early = run.early?.asked[relation]
  let asked: Asked | undefined = early?.request === list.next ? early : ask(walk, list.next)
  while (asked) asked = await whenTaken(walk, asked)
}

/**
 * What a page was parsed into is seen by `take` alone: an async function, or the promise of the answer where something
 * still knows it, would hold it until the next page is there.
 */
function whenTaken(walk: Walk, asked: Asked): Promise<Asked | undefined> | undefined {
  const { answer } = asked
  asked.answer = undefined
  return answer?.then((response) => take(walk, asked, response))
}

/** A list on its way. */
interface Walk {
  readonly run: Omit<Run, 'fence'>
  readonly network: Network
  readonly pager: Paged<Contact>
  readonly list: List
}

interface Asked {
  readonly request: ApiRequest
  /** Until somebody waits for it. */
  answer?: Promise<ApiResponse>
  /** The page that the head of this one's answer has led to. */
  next?: Asked
}

/** A page is asked for before the one that leads to it is read, as long as so many contacts more have room in the list. */
const ROOM_AHEAD = 2_000

function ask(walk: Walk, request: ApiRequest): Asked {
  const { run, pager, list } = walk
  const heard: FetchOptions['heard'] = (head) => {
    // One page ahead and no more: until the page before this one is read, both hold memory.
    if (asked.next || list.next !== request) return false
    if (list.count + ROOM_AHEAD > run.gateway.bounds.contactsPerIdentity) return false
    const next = pager.nextInHead?.(head, request)
    if (!next) return false
    run.state.hasRead = true
    asked.next = ask(walk, next)
    return true
  }
  const answer = fetchPage(walk, request, heard)
  // It is heard of when its turn comes, also where it fails at once.
  answer.catch(() => undefined)
  const asked: Asked = { request, answer }
  return asked
}

/** Adds a page to the list; the next one is on its way before this one becomes bytes. */
async function take(walk: Walk, current: Asked, response: ApiResponse): Promise<Asked | undefined> {
  const { run, pager, list } = walk
  const { bounds, readings } = run.gateway
  run.signal.throwIfAborted()
  const { items, next } = pager.parse(response, current.request)
  run.state.hasRead = true
  const left = bounds.contactsPerIdentity - list.count
  const isDone = next === undefined || items.length >= left
  const asked = isDone ? undefined : following(walk, current, next)
  if (asked && asked !== current.next) await laterTurn()
  const page = toPage(items.slice(0, left))
  // All at once: between two of these, the place of the read may be stored.
  list.pages.push(page)
  list.count += page.ids.length
  list.isDone = isDone
  list.isCut = items.length > left
  // A full list keeps its `next`: it says that the network has more.
  list.next = asked?.request ?? next
  readings.room.hold(run.lists, page.bytes.length)
  return asked
}

function following(walk: Walk, { next: ahead }: Asked, next: ApiRequest): Asked {
  return ahead && sameRequest(ahead.request, next) ? ahead : ask(walk, next)
}

/** Waits out a short limit of the network when it is met in the middle of a list. */
async function fetchPage(
  { run, network }: Walk,
  request: ApiRequest,
  heard: FetchOptions['heard'],
): Promise<ApiResponse> {
  for (;;) {
    await run.gateway.readings.room.enter(run.lists, run.signal)
    try {
      return await network.fetch(request, { signal: run.signal, heard })
    } catch (error) {
      const failure = GatewayError.from(error)
      const waitSeconds = failure.retryAfterSeconds
      const hasRead = run.state.hasRead || Object.values(run.lists).some(({ count }) => count > 0)
      if (failure.code !== 'rate_limited' || waitSeconds === undefined || !hasRead) throw error
      if (waitSeconds * 1_000 > LIMIT_WAIT_MAX_MS) throw error
      run.state.waitsFor = failure.problem
      for (const listener of run.state.listeners) listener(failure.problem)
      await sleep(waitSeconds * 1_000, undefined, { signal: run.signal })
      run.state.waitsFor = undefined
    }
  }
}

/** What has arrived of each list. */
export function pagesOf(lists: Lists): Partial<Record<Relation, readonly ContactPage[]>> {
  return { following: lists.following?.pages, followers: lists.followers?.pages, all: lists.all?.pages }
}

/** The place of a read as text, for the store. */
export function toProgress(lists: Lists): string {
  const places = Object.entries(lists).map(([relation, { pages, ...list }]) => {
    const texts = pages.map(({ ids, bytes }) => ({ ids, text: bytes.toString('utf8') }))
    return [relation, { ...list, pages: texts }]
  })
  return JSON.stringify(Object.fromEntries(places))
}

/** The lists as `toProgress` stored them; empty when nothing was stored. */
export function fromProgress(progress: string | undefined): Lists {
  const places: Partial<
    Record<Relation, Omit<List, 'pages'> & { pages: { ids: string[]; text: string }[] }>
  > = progress ? JSON.parse(progress) : {}
  const lists: Lists = {}
  for (const relation of ['following', 'followers', 'all'] as const) {
    const place = places[relation]
    if (!place) continue
    lists[relation] = {
      ...place,
      pages: place.pages.map(({ ids, text }) => ({ ids, bytes: Buffer.from(text) })),
    }
  }
  return lists
}
