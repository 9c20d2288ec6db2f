// Users from OneAll's API itself: the list page by page, each user's details, and the token of each account.
// http://docs.oneall.com/api/basic/pagination/

import { GatewayError } from '../core/errors.ts'
import type { OldService } from '../core/moving.ts'
import { oneAllRecords } from './oneall-records.ts'
import { type Fields, fieldsOf, type Item, listOf } from './records.ts'

export interface OneAllWish {
  /** Requests under way at the same time. */
  readonly atOnce: number
  /** Accounts whose token is not among the user's details are asked for one by one. */
  readonly withTokens: boolean
}

/** The page, how many of its users are done, up to whom, and how many users there were in all. */
interface Place {
  readonly page: number
  readonly done: number
  readonly last?: string
  readonly total: number
}

/** At most 500 a page. */
const PAGE_SIZE = 500

/**
 * Everybody behind the place; those who come meanwhile stand at the end of the list, and are found there. When somebody
 * leaves, who stands behind them moves up, perhaps over the edge of a page, and the total need not tell it: so each page is
 * looked at once more when the next one is there, and who has come onto it is brought too.
 */
export async function* oneAllItems(
  service: OldService,
  { atOnce, withTokens }: OneAllWish,
  from: string | undefined,
): AsyncGenerator<Item> {
  let place: Place = from === undefined ? { page: 1, done: 0, total: 0 } : JSON.parse(from)
  let before: readonly string[] | undefined
  for (;;) {
    const { page, entries, total, pages } = await readPage(service, place.page)
    if (total < place.total) {
      // Some have left: who stood behind them has moved to an earlier page. Bringing a user twice changes nothing.
      const shift = Math.ceil((place.total - total) / PAGE_SIZE)
      place = { page: Math.max(1, page - shift), done: 0, total }
      before = undefined
      continue
    }
    const work = (head: Fields) => readUser(service, head, withTokens)
    const tokens = entries.map(tokenOf)
    const resumed = page === place.page ? doneOf(place, tokens) : 0
    if (resumed === undefined && page > 1) {
      place = { page: page - 1, done: 0, total }
      continue
    }
    if (before) {
      const known = new Set([...before, ...tokens])
      const earlier = await readPage(service, page - 1)
      const movedUp = earlier.entries.filter((entry) => !known.has(tokenOf(entry)))
      const share = Math.min(1, ((page - 1) * PAGE_SIZE) / Math.max(1, total))
      // Whoever goes on here finds them behind the last one of the earlier page.
      const end: Place = { page: page - 1, done: before.length, last: before.at(-1), total }
      for await (const user of inOrder(movedUp, atOnce, work)) {
        yield { ...user, place: JSON.stringify(end), share }
      }
    }
    let done = resumed ?? 0
    for await (const user of inOrder(entries.slice(done), atOnce, work)) {
      done += 1
      const share = Math.min(1, ((page - 1) * PAGE_SIZE + done) / Math.max(1, total))
      const here: Place = { page, done, last: tokens[done - 1], total }
      yield { ...user, place: JSON.stringify(here), share }
    }
    if (page >= pages || entries.length === 0) return
    before = tokens
    place = { page: page + 1, done: 0, total }
  }
}

function tokenOf(entry: Fields): string {
  return String(entry.user_token ?? '')
}

/** How many of this page's users are done: up to the last one, who may have moved; undefined when not on this page. */
function doneOf({ done, last }: Place, tokens: readonly string[]): number | undefined {
  if (last === undefined) return done
  const at = tokens.indexOf(last)
  return at === -1 ? undefined : at + 1
}

async function readPage(service: OldService, asked: number) {
  const path = `/users.json?page=${asked}&entries_per_page=${PAGE_SIZE}&order_direction=asc`
  const { status, body } = await service.ask({ path })
  const users = fieldsOf(fieldsOf(fieldsOf(fieldsOf(fieldsOf(body)?.response)?.result)?.data)?.users)
  if (status !== 200 || !users) {
    throw new GatewayError('network_unreadable', `The old service answers /users.json with HTTP ${status}.`)
  }
  const pagination = fieldsOf(users.pagination)
  const entries = Array.isArray(users.entries) ? users.entries : []
  return {
    page: numberOf(pagination?.current_page) ?? asked,
    pages: numberOf(pagination?.total_pages) ?? numberOf(pagination?.count_total_pages) ?? 1,
    total: numberOf(pagination?.total_entries) ?? numberOf(pagination?.count_total_entries) ?? entries.length,
    entries: entries.map(fieldsOf).filter((entry) => entry !== undefined),
  }
}

/** Numbers are texts in answers of 2012. */
function numberOf(value: unknown): number | undefined {
  const number = Number(value ?? Number.NaN)
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

type Read = Pick<Item, 'found' | 'problem'>

async function readUser(service: OldService, head: Fields, withTokens: boolean): Promise<Read> {
  const token = tokenOf(head)
  const where = `/users/${token}.json`
  const { status, body } = await service.ask({ path: `/users/${encodeURIComponent(token)}.json` })
  if (status !== 200) {
    const message = status === 404 ? 'is listed, but not there any more' : `is answered with HTTP ${status}`
    return { problem: { where, field: 'user_token', message } }
  }
  const user = { ...head, ...fieldsOf(oneAllRecords(body)[0]) }
  const identities = await Promise.all(
    listOf(user.identities).map((identity) => (withTokens ? withToken(service, identity) : identity)),
  )
  return { found: { where, value: { ...user, identities } } }
}

async function withToken(service: OldService, identity: Fields): Promise<Fields> {
  const { identity_token: token, source } = identity
  if (fieldsOf(source)?.access_token || typeof token !== 'string') return identity
  const { status, body } = await service.ask({ path: `/identities/${encodeURIComponent(token)}.json` })
  // Whatever the details do not say, the identity itself may; when it is gone, the details stand.
  return status === 200 ? { ...identity, ...fieldsOf(oneAllRecords(body)[0]) } : identity
}

/** The results in order, with so many under way at the same time. */
async function* inOrder<T, R>(
  things: readonly T[],
  atOnce: number,
  work: (thing: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = []
  const start = (thing: T) => {
    const promise = work(thing)
    // Heard when its turn comes; until then nobody listens.
    promise.catch(() => undefined)
    underWay.push(promise)
  }
  const left = things.values()
  for (const thing of left.take(atOnce)) start(thing)
  for (const thing of things.slice(atOnce)) {
    const first = underWay.shift()
    if (first) yield await first
    start(thing)
  }
  for (const promise of underWay) yield await promise
}
