// What every door of Facebook's Graph API has in common: tokens, limits, cursors.

import { createHmac } from 'node:crypto'
import { graphError } from './facebook-oauth.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, withHeaders } from './wire.ts'
import type { Call } from './world.ts'

/** https://developers.facebook.com/docs/graph-api/overview/rate-limiting: 200 calls an hour for each user of the app. */
const APP_LIMIT = { limit: 200 * 1000, windowSeconds: 3600 }
/** 4800 calls a day for each engaged user; here as if there were one. */
const PAGE_LIMIT = { limit: 4800, windowSeconds: 86_400 }

/** The refusal when the app has asked too much. */
export const limited = () =>
  graphError(403, 4, '(#4) Application request limit reached', { is_transient: true })
const pageLimited = () => graphError(403, 32, '(#32) Page request limit reached')

/** Checks the token, counts against the app, checks the proof of the secret where there is one. */
export function signedIn(call: Call, run: (token: Token) => Answer): Answer {
  const { world, realm, asked } = call
  if (!/^v\d{1,2}\.\d$/.test(call.parameters.version ?? ''))
    return unknownObject(call.parameters.version ?? '')
  const text =
    asked.query.get('access_token') ?? credentialOf(asked, 'Bearer') ?? credentialOf(asked, 'OAuth')
  const found = world.tokens.check(realm.host, text)
  if (found === 'missing') {
    return graphError(
      400,
      2500,
      'An active access token must be used to query information about the current user.',
    )
  }
  if (found === 'unknown')
    return graphError(400, 190, 'Invalid OAuth access token - Cannot parse access token')
  if (found === 'expired') {
    const text = 'Error validating access token: Session has expired.'
    return graphError(400, 190, text, { error_subcode: 463 })
  }
  if (found === 'revoked') {
    const text = 'Error validating access token: The user has not authorized the application.'
    return graphError(400, 190, text, { error_subcode: 458 })
  }

  // A Page has a limit of its own, which its posts and their readers share.
  const spent = found.page
    ? call.spend(`${realm.host} page ${found.page}`, PAGE_LIMIT)
    : call.spend(`${realm.host} ${found.clientId}`, APP_LIMIT)
  const used = Math.min(100, Math.ceil(((spent.limit - spent.remaining) / spent.limit) * 100))
  const usage = JSON.stringify({ call_count: used, total_cputime: 0, total_time: Math.floor(used / 2) })
  const headers = { 'x-app-usage': usage, 'facebook-api-version': call.parameters.version ?? '' }
  if (spent.isRefused) return withHeaders(found.page ? pageLimited() : limited(), headers)

  const proof = asked.query.get('appsecret_proof')
  const secret = realm.apps.get(found.clientId)?.clientSecret ?? ''
  if (proof !== null && proof !== createHmac('sha256', secret).update(found.accessToken).digest('hex')) {
    return graphError(400, 100, 'Invalid appsecret_proof provided in the API argument')
  }
  return withHeaders(run(found), headers)
}

/** The word for a place in a list. */
export const cursorOf = (position: number) => Buffer.from(`QVFIUm${position}ZDZD`).toString('base64url')

/** The place in a list that a cursor stands for. */
export function positionOf(cursor: string): number | undefined {
  const digits = /^QVFIUm(\d{1,9})ZDZD$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** There is no such thing, or none that this token may see. */
export function unknownObject(id: string, verb = 'get'): Answer {
  const text = `Unsupported ${verb} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation.`
  return graphError(400, 100, text, { type: 'GraphMethodException', error_subcode: 33 })
}
