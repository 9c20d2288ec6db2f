// A page asks whether its visitor is logged in elsewhere, or says that they are: by a visit of ours and back, since only
// there does the browser show our cookie.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { checkCallback } from '../../core/login.ts'
import type { Site } from '../../core/model.ts'
import { recordSharedLogin, sharedSession } from '../../core/sso.ts'
import { route, type WireAnswer, type WireRequest } from '../dialect.ts'
import { handOver } from './hand-over.ts'
import { readCookie, setCookie } from './own-cookie.ts'
import { redirect, toWireAnswer } from './page.ts'
import { speechOf } from './speech.ts'

/** How long the browser keeps the cookie, in seconds; the session ends when its site says so. */
const KEPT_SECONDS = 31_536_000

const check = route({
  method: 'GET',
  path: '/socialize/sso/check',
  summary: 'Log a visitor in who has a session',
  input: z.object({
    callback_uri: z.string(),
    back_uri: z.string(),
    top_realm: z.string().max(253).default(''),
    sub_realm: z.string().max(253).default(''),
  }),
  async run({ gateway, caller: { site }, input, request }): Promise<WireAnswer> {
    const callbackUri = checkCallback(site, input.callback_uri).href
    const backUri = checkBack(site, input.back_uri)
    const realm = { top: input.top_realm, sub: input.sub_realm }
    const session = await sharedSession(gateway, site, readCookie(request, cookieOf(site)), realm)
    if (!session) return toWireAnswer(redirect(backUri))
    const connection = await recordSharedLogin(gateway, site, session, callbackUri)
    const onto = { kind: 'site', callbackUri, isPopup: false } as const
    return toWireAnswer(handOver(onto, { site, connection, speech: speechOf(request) }))
  },
})

const register = route({
  method: 'GET',
  path: '/socialize/sso/register',
  summary: 'Remember a session in the visitor’s browser',
  input: z.object({ sso_session_token: z.string().max(100), back_uri: z.string() }),
  async run({ gateway, caller: { site }, input, request }): Promise<WireAnswer> {
    const backUri = checkBack(site, input.back_uri)
    requireOwnPage(request, backUri)
    const token = input.sso_session_token.trim().toLowerCase()
    const session = await gateway.store.sso.find(site, token)
    const cookie = session && { 'set-cookie': setCookie(request, cookieOf(site), token, KEPT_SECONDS) }
    return toWireAnswer(redirect(backUri, cookie))
  },
})

export const ssoRoutes = [check, register]

/** One host may stand for several sites. */
function cookieOf({ id }: Site): string {
  return `kith-sso-${id}`
}

function checkBack(site: Site, address: string): string {
  const url = URL.parse(address)
  if (url) url.hash = ''
  return checkCallback(site, url?.href ?? address).href
}

// A stranger's page could otherwise log its visitors in as somebody it knows.
function requireOwnPage({ headers }: WireRequest, backUri: string): void {
  const from = URL.parse(headers.referer ?? '')?.origin
  if (from !== undefined && from === new URL(backUri).origin) return
  throw new GatewayError(
    'forbidden',
    'A session is registered by a page of the site, which must send its Referer.',
  )
}
