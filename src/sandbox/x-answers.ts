// What every door of X has in common: limits, tokens, problems.

import type { Token } from './tokens.ts'
import { type Answer, credentialOf, json, withHeaders } from './wire.ts'
import type { Call } from './world.ts'
import { oauth1Token } from './x-oauth.ts'

/** Where the types of problems are. */
export const PROBLEMS = 'https://api.x.com/2/problems'
const WINDOW_SECONDS = 900

/** https://docs.x.com/x-api/fundamentals/rate-limits: requests in 15 minutes, per user. */
const LIMITS = {
  me: 75,
  lookup: 900,
  following: 300,
  followers: 300,
  timeline: 900,
  post: 100,
  delete: 50,
  initialize: 1875,
  append: 1875,
  finalize: 1875,
  status: 1000,
  metadata: 500,
}

/** Titles of problems without a type of their own. */
export const TITLES: Readonly<Record<number, string>> = {
  400: 'Invalid Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found Error',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
}

/** Counts, then checks the token and its scopes. */
export function signedIn(
  call: Call,
  endpoint: keyof typeof LIMITS,
  scopes: readonly string[],
  run: (token: Token) => Answer,
): Answer {
  const { world, realm, asked } = call
  const bearer = credentialOf(asked, 'Bearer')
  const found = bearer === undefined ? oauth1Token(call) : world.tokens.check(realm.host, bearer)
  if (typeof found === 'string') return problem(401, 'Unauthorized')

  const spent = call.spend(`${realm.host} ${found.account} ${endpoint}`, {
    limit: LIMITS[endpoint],
    windowSeconds: WINDOW_SECONDS,
  })
  const headers = {
    'x-rate-limit-limit': String(spent.limit),
    'x-rate-limit-remaining': String(spent.remaining),
    'x-rate-limit-reset': String(Math.ceil(spent.resetAt / 1000)),
  }
  if (spent.isRefused) return withHeaders(problem(429, 'Too Many Requests'), headers)
  const isAllowed = found.secret !== undefined || scopes.every((scope) => found.scopes.includes(scope))
  return withHeaders(isAllowed ? run(found) : problem(403, 'Forbidden'), headers)
}

/** A problem without a type of its own. */
export function problem(status: number, title: string, detail = title): Answer {
  return json(status, { title, type: 'about:blank', status, detail }, {}, 'application/problem+json')
}

export function invalid(parameter: string, value: string, message: string): Answer {
  const flaw = { parameters: { [parameter]: [value] }, message }
  return json(
    400,
    {
      errors: [flaw],
      title: 'Invalid Request',
      detail: 'One or more parameters to your request was invalid.',
      type: `${PROBLEMS}/invalid-request`,
    },
    {},
    'application/problem+json',
  )
}
