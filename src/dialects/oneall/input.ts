// What the routes' schemas see, as OneAll's clients are known to send it: JSON under any Content-Type, empty and doubled
// query values, truth in six spellings.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { PageQuery } from '../../core/model.ts'
import type { Route, WireRequest } from '../dialect.ts'
import { parseJsonBody } from '../json-body.ts'

/** Query, then the `request` of the body, then what the path names; the later wins. */
export function toInput(
  request: WireRequest,
  route: Pick<Route, 'method'>,
  parameters: Readonly<Record<string, string>>,
): unknown {
  const query: Record<string, string> = Object.create(null)
  for (const [name, value] of request.pairs) {
    if (value !== '') query[name] = value
  }
  return { ...query, request: route.method === 'GET' ? undefined : readBody(request), ...parameters }
}

function readBody(request: WireRequest): unknown {
  const body = parseJsonBody(request)
  if (body === undefined || body === null) return undefined
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw new GatewayError('invalid_request', 'The body must be a JSON object with the member "request".')
  }
  return 'request' in body ? withoutNulls(isEmptyList(body.request) ? {} : body.request) : undefined
}

/** Some clients send `null` for what they leave out. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutNulls(part)]))
}

/** What may be absent, and counts as that when it is empty: PHP writes an empty object as `[]`, and nothing as `''`. */
export function unlessEmpty<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess((value) => (isEmptyList(value) || value === '' ? undefined : value), schema)
}

/** A list; PHP writes one with a gap in it as an object: `{"0":…,"2":…}`. */
export function list<Item extends z.ZodType>(item: Item) {
  return z.preprocess((value) => (isGappedList(value) ? Object.values(value) : value), z.array(item))
}

function isGappedList(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const names = Object.keys(value)
  return names.length > 0 && names.every((name) => /^(0|[1-9]\d{0,8})$/.test(name))
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

/** A query value; empty ones count as absent. */
export const word = z.string().optional()

/** A query value that is true or not: whatever is not said to be true is false. */
export const yes = word.transform((value) => value === '1' || value?.toLowerCase() === 'true')

const TRUTH = 'must be true, false, 1 or 0'

/** Truth in a body: a boolean, 1 and 0, or either as text. */
export const truth = z
  .union([z.boolean(), z.literal([0, 1]), z.string().regex(/^([01]|true|false)$/i, TRUTH)], TRUTH)
  .transform((value) => (typeof value === 'string' ? /^(1|true)$/i.test(value) : Boolean(value)))

/** A moment in a body: seconds since 1970, or a date as RFC 2822 or ISO 8601 write it (UTC without a zone). */
export const moment = z.union([z.number().int().positive(), z.string()]).transform((value, context) => {
  const at = typeof value === 'number' ? value * 1_000 : parseDate(value)
  if (at !== undefined && Number.isSafeInteger(at)) return at
  context.addIssue('must be a date or seconds since 1970')
  return z.NEVER
})

const PAGE_SIZE_DEFAULT = 250
const PAGE_SIZE_MAX = 500

/** The query values of a list; what is out of range counts as absent. */
export const PAGING = {
  page: word.transform((value) => toInteger(value, Number.MAX_SAFE_INTEGER) ?? 1),
  entries_per_page: word.transform((value) => toInteger(value, PAGE_SIZE_MAX) ?? PAGE_SIZE_DEFAULT),
  order_direction: word.transform((value) => (value?.toLowerCase() === 'desc' ? 'desc' : 'asc')),
}

interface Paging {
  readonly page: number
  readonly entries_per_page: number
  readonly order_direction: 'asc' | 'desc'
}

/** The page that a list is asked for. */
export function toPageQuery({ page, entries_per_page: size, order_direction: direction }: Paging): PageQuery {
  return { page, size, direction }
}

const FILTERED = { date_creation: 'createdAt', date_last_login: 'lastLoginAt' } as const

/** `date_last_login:gt:2020-01-14`; the value is a date and may hold colons itself. */
export const filters = word.transform((value, context): PageQuery['filter'] => {
  if (value === undefined) return undefined
  const parts = /^(date_creation|date_last_login):(gt|lt):(.+)$/.exec(value)
  const at = parseDate(parts?.[3])
  const field = parts?.[1] === 'date_creation' ? FILTERED.date_creation : FILTERED.date_last_login
  if (parts && at !== undefined) return { field, operator: parts[2] === 'gt' ? 'gt' : 'lt', value: at }
  context.addIssue('must be date_creation or date_last_login, then :gt: or :lt:, then a date')
  return z.NEVER
})

type Noun =
  | 'user'
  | 'identity'
  | 'connection'
  | 'sharing_message'
  | 'sharing_analytics_snapshot'
  | 'sso_session'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A token as we store it; `not_found` for text that can be none. */
export function toToken(text: string, noun: Noun): string {
  const token = text.trim().toLowerCase()
  if (!UUID.test(token)) throw notFound(noun)
  return token
}

/** OneAll's words for a token that names nothing of this site. */
export function notFound(noun: Noun): GatewayError {
  const name = noun.replaceAll('_', ' ')
  return new GatewayError('not_found', `No ${name} has been found for the specified ${noun}_token`)
}

/** Refuses to delete what nobody has confirmed to be deleted. */
export function requireConfirmation(isConfirmed: boolean): void {
  if (isConfirmed) return
  throw new GatewayError(
    'invalid_request',
    'Add confirm_deletion=true to the address to confirm the deletion.',
    {
      field: 'confirm_deletion',
    },
  )
}

function toInteger(text: string | undefined, most: number): number | undefined {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return value >= 1 && value <= most ? value : undefined
}

function parseDate(text: string | undefined): number | undefined {
  if (!text || text.length > 64) return undefined
  const hasZone =
    /(z|gmt|utc|[+-]\d{2}:?\d{2})$/i.test(text.trim()) || /^\d{4}-\d{2}-\d{2}$/.test(text.trim())
  const at = Date.parse(hasZone ? text : `${text} UTC`)
  return Number.isNaN(at) ? undefined : at
}
