// Users from Gigya's API itself: `socialize.exportUsers`, or `accounts.search` on sites that have accounts there.
// http://developers.gigya.com/037_API_reference/010_Socialize/socialize.exportUsers
// https://developers.gigya.com/display/GD/accounts.search+REST

import { GatewayError } from '../core/errors.ts'
import type { OldService } from '../core/moving.ts'
import { gigyaRecords } from './gigya-records.ts'
import { type Fields, fieldsOf, type Item } from './records.ts'

/** The two methods that tell of all users. */
export type GigyaMethod = 'exportUsers' | 'accounts.search'

export interface GigyaWish {
  readonly method: GigyaMethod
  readonly apiKey: string
  readonly secret: string
  /** Where the secret is that of an application and not of the site. */
  readonly userKey?: string
}

/** The page after this one, and how many users are before it. */
interface Place {
  readonly next: string
  readonly before: number
  readonly done: number
}

const EXPORT_LIMIT = 10_000
const SEARCH_LIMIT = 1_000

/** Cursors lost on the way, before it is given up. */
const RESTARTS_MAX = 3

/** "API Rate Limit Exceeded", said with HTTP 200. */
const LIMITED = 403_048

/** Everybody behind the place. A cursor that has ended meanwhile begins anew: bringing a user twice changes nothing. */
export async function* gigyaItems(
  service: OldService,
  wish: GigyaWish,
  from: string | undefined,
): AsyncGenerator<Item> {
  let place: Place = from === undefined ? { next: '', before: 0, done: 0 } : JSON.parse(from)
  for (let restarts = 0; ; ) {
    const answer = await askPage(service, wish, place.next)
    if (!answer) {
      restarts += 1
      if (restarts > RESTARTS_MAX) throw cursorLost()
      place = { next: '', before: 0, done: 0 }
      continue
    }
    const records = gigyaRecords(answer)
    const { next } = place
    // The first page was asked for anew, and no order is promised: another one may have been there before.
    const done = next === '' ? 0 : place.done
    for (const [at, value] of records.entries()) {
      if (at < done) continue
      const where = `${wish.method}:${place.before + at + 1}`
      const here: Place = { next, before: place.before, done: at + 1 }
      yield { found: { where, value }, place: JSON.stringify(here), share: shareOf(answer, here) }
    }
    const following = wish.method === 'exportUsers' ? answer.nextAfter : answer.nextCursorId
    const before = place.before + records.length
    if (following === undefined || following === null || following === '' || records.length === 0) {
      const isCut = wish.method === 'exportUsers' && records.length >= EXPORT_LIMIT
      if (isCut) yield { problem: cutOff(before), place: JSON.stringify({ next, before, done: 0 }) }
      return
    }
    place = { next: String(following), before, done: 0 }
  }
}

/** Undefined when the place is not known there any more. */
async function askPage(service: OldService, wish: GigyaWish, next: string): Promise<Fields | undefined> {
  const { method, apiKey, secret, userKey } = wish
  const page = method === 'exportUsers' ? exportPage(next) : searchPage(next)
  const form = { apiKey, secret, ...(userKey && { userKey }), format: 'json', ...page }
  const path = `/${method === 'exportUsers' ? 'socialize.exportUsers' : method}`
  const isLimited = (body: unknown) => fieldsOf(body)?.errorCode === LIMITED
  const { status, body } = await service.ask({ path, form, isLimited })
  const answer = fieldsOf(body)
  const code = Number(answer?.errorCode ?? 0)
  if (status === 200 && answer && code === 0) return answer
  if (next !== '' && method === 'accounts.search' && Math.floor(code / 1_000) === 400) return undefined
  const said = typeof answer?.errorMessage === 'string' ? ` ${answer.errorMessage.slice(0, 200)}` : ''
  const isKeys = Math.floor(code / 1_000) === 403 || code === 400_093
  throw new GatewayError(
    isKeys ? 'unauthenticated' : 'network_unreadable',
    `The old service answers ${method} with ${code === 0 ? `HTTP ${status}` : code}.${said}`,
  )
}

/** `after` is Kith's own: Gigya gives all at once, up to the limit. */
function exportPage(after: string): Readonly<Record<string, string>> {
  return { limit: String(EXPORT_LIMIT), ...(after && { after }) }
}

function searchPage(cursorId: string): Readonly<Record<string, string>> {
  if (cursorId) return { cursorId }
  return { query: `SELECT * FROM accounts LIMIT ${SEARCH_LIMIT}`, openCursor: 'true' }
}

function shareOf({ totalCount }: Fields, { before, done }: Place): number | undefined {
  return typeof totalCount === 'number' && totalCount > 0
    ? Math.min(1, (before + done) / totalCount)
    : undefined
}

function cursorLost(): GatewayError {
  const message = 'The old service keeps losing its place in the list: save the users to files instead.'
  return new GatewayError('network_unreadable', message)
}

function cutOff(count: number) {
  const message = `the old service gave ${count} users and does not say whether there are more: save them to files`
  return { where: 'exportUsers', field: 'limit', message }
}
