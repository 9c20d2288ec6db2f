// The sandbox's own doors, for programs that are not in its process: POST and GET below /_control.

import type { Sandbox } from './sandbox.ts'
import { type Answer, json, objectOf } from './wire.ts'

type Operations = Omit<Sandbox, 'url' | 'port' | 'close'>
type Fields = Readonly<Record<string, unknown>>

/** Answers 404 for an unknown door, 400 with `{"error"}` for what a door cannot do. */
export function control(
  sandbox: Operations,
  method: string,
  path: string,
  query: URLSearchParams,
  body: string,
): Answer {
  const door = DOORS[`${method} ${path}`]
  if (!door) return json(404, { error: 'There is no such door.', doors: Object.keys(DOORS) })
  try {
    return json(200, door(sandbox, objectOf(body), query) ?? { ok: true })
  } catch (error) {
    if (error instanceof RangeError) return json(400, { error: error.message })
    throw error
  }
}

const DOORS: Readonly<
  Record<string, (sandbox: Operations, fields: Fields, query: URLSearchParams) => unknown>
> = {
  'POST /dial'(sandbox, { host, revoke, ...dial }) {
    const name = textOf(host, 'host')
    sandbox.dial(name, checked(dial, DIAL_FIELDS))
    if (revoke !== undefined) sandbox.revoke(name, numberOf(revoke, 'revoke'))
  },
  'POST /revoke'(sandbox, { host, account }) {
    sandbox.revoke(textOf(host, 'host'), numberOf(account, 'account'))
  },
  'POST /grant': (sandbox, { host, ...options }) =>
    sandbox.grant(textOf(host, 'host'), checked(options, GRANT_FIELDS)),
  'POST /app': (sandbox, { host, ...options }) =>
    sandbox.app(textOf(host, 'host'), checked(options, APP_FIELDS)),
  'POST /reset'(sandbox) {
    sandbox.reset()
  },
  'GET /posts': (sandbox, _fields, query) => ({
    posts: sandbox.posts(textOf(query.get('host'), 'host'), query.get('owner') ?? undefined),
  }),
  'GET /requests': (sandbox, _fields, query) => ({
    count: sandbox.requests({ host: query.get('host') ?? undefined, path: query.get('path') ?? undefined }),
  }),
}

type Kind = 'number' | 'boolean' | 'string' | 'texts' | 'limit'

const DIAL_FIELDS: Readonly<Record<string, Kind>> = {
  latencyMs: 'number',
  jitterMs: 'number',
  failRate: 'number',
  status: 'number',
  body: 'string',
  dropRate: 'number',
  loseRate: 'number',
  answerMs: 'number',
  processingMs: 'number',
  processingFails: 'boolean',
  hang: 'boolean',
  htmlInsteadOfJson: 'boolean',
  truncatedBody: 'boolean',
  rateLimit: 'limit',
  retryAfterSeconds: 'number',
  path: 'string',
  method: 'string',
  skip: 'number',
  times: 'number',
}
const GRANT_FIELDS: Readonly<Record<string, Kind>> = {
  account: 'number',
  contacts: 'number',
  mutualShare: 'number',
  scopes: 'texts',
  expiresInSeconds: 'number',
  refresh: 'boolean',
  oauth1: 'boolean',
  dpop: 'boolean',
  page: 'boolean',
  clientId: 'string',
}
const APP_FIELDS: Readonly<Record<string, Kind>> = {
  name: 'string',
  redirectUris: 'texts',
  isPartner: 'boolean',
  isPublic: 'boolean',
}

/** The fields, once each is known and of its kind. */
function checked(fields: Fields, kinds: Readonly<Record<string, Kind>>): Fields {
  for (const [name, value] of Object.entries(fields)) {
    const kind = kinds[name]
    if (kind === undefined)
      throw new RangeError(`${name} is unknown; known are ${Object.keys(kinds).join(', ')}.`)
    if (!isOf(kind, value)) throw new RangeError(`${name} must be of kind ${kind}.`)
  }
  return fields
}

function isOf(kind: Kind, value: unknown): boolean {
  if (kind === 'texts') return Array.isArray(value) && value.every((one) => typeof one === 'string')
  if (kind !== 'limit') return typeof value === kind
  if (typeof value !== 'object' || value === null) return false
  return (
    'limit' in value &&
    'windowSeconds' in value &&
    isOf('number', value.limit) &&
    isOf('number', value.windowSeconds)
  )
}

function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string' || value === '') throw new RangeError(`${name} must be a text.`)
  return value
}

function numberOf(value: unknown, name: string): number {
  if (typeof value !== 'number') throw new RangeError(`${name} must be a number.`)
  return value
}
