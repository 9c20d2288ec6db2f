// Who may ask a Mastodon server, how often, and how it says no.

import type { Limit } from './limits.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, json, withHeaders } from './wire.ts'
import type { Call } from './world.ts'

/** https://docs.joinmastodon.org/api/rate-limits/ */
const LIMIT = { limit: 300, windowSeconds: 300 }

export interface Access {
  readonly scopes: readonly string[]
  readonly isNeeded: boolean
  /** Counted apart, under this name. */
  readonly family?: { readonly name: string; readonly limit: Limit }
}

/** Counts per account, else per address; then checks token and scope. */
export function signedIn(call: Call, access: Access, run: (token?: Token) => Answer): Answer {
  const { scopes, isNeeded, family } = access
  const { world, realm, asked } = call
  const found = world.tokens.check(realm.host, credentialOf(asked, 'Bearer'))
  const token = typeof found === 'string' ? undefined : found
  const key = `${realm.host} ${token?.account ?? asked.address}`
  const spent = family ? call.spend(`${key} ${family.name}`, family.limit) : call.spend(key, LIMIT)
  const headers = {
    'x-ratelimit-limit': String(spent.limit),
    'x-ratelimit-remaining': String(spent.remaining),
    'x-ratelimit-reset': new Date(spent.resetAt).toISOString().replace('Z', '000Z'),
  }
  if (spent.isRefused) return withHeaders(complaint(429, 'Too many requests'), headers)
  return withHeaders(admitted(found, scopes, isNeeded) ?? run(token), headers)
}

function admitted(found: Token | string, scopes: readonly string[], isNeeded: boolean): Answer | undefined {
  if (found === 'missing' && !isNeeded) return undefined
  if (found === 'revoked') return complaint(401, 'The access token was revoked')
  if (found === 'expired') return complaint(401, 'The access token expired')
  if (typeof found === 'string') return complaint(401, 'The access token is invalid')
  const isAllowed = scopes.some((scope) => found.scopes.includes(scope))
  return isAllowed ? undefined : complaint(403, 'This action is outside the authorized scopes')
}

export const notFound = () => complaint(404, 'Record not found')

export function complaint(status: number, error: string): Answer {
  return json(status, { error })
}
