// What the token endpoints of the networks have in common; how each says no is its own.

import { createHash } from 'node:crypto'
import type { Code } from './consent.ts'
import { issueToken } from './realms.ts'
import type { Token } from './tokens.ts'
import { credentialOf } from './wire.ts'
import type { App, Call } from './world.ts'

/** What is wrong with a request for tokens. */
export type Refusal =
  | 'client'
  | 'code'
  | 'codeUsed'
  | 'redirect'
  | 'verifier'
  | 'refresh'
  | 'grantType'
  | 'missing'

/** The app that asks, proved by Basic or by the form; a public app only names itself. */
export function clientOf(
  { realm, asked }: Call,
  form: URLSearchParams,
  by: { readonly basic: boolean; readonly body: boolean },
): App | undefined {
  const basic = by.basic ? credentialOf(asked, 'Basic') : undefined
  if (basic !== undefined) {
    const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':').map(decodeForm)
    const app = realm.apps.get(id)
    return app?.clientSecret !== undefined && app.clientSecret === secret ? app : undefined
  }
  const app = realm.apps.get(form.get('client_id') ?? '')
  if (app?.clientSecret === undefined) return app
  return by.body && form.get('client_secret') === app.clientSecret ? app : undefined
}

/** Trades a code for tokens; a code that comes again takes the tokens it was traded for with it. */
export function redeemCode(
  call: Call,
  app: App,
  form: URLSearchParams,
  { hasRefresh, keyThumbprint, expiresInSeconds }: IssueOptions = {},
): Token | Refusal {
  const { world, realm } = call
  const code = codeOf(world.codes.get(form.get('code') ?? ''))
  if (!code || code.realm !== realm.host || code.clientId !== app.clientId) return 'code'
  if (code.family !== undefined) {
    world.tokens.revokeFamily(code.family)
    return 'codeUsed'
  }
  if (code.expiresAt <= world.now()) return 'code'
  if ((form.get('redirect_uri') ?? code.redirectUri) !== code.redirectUri) return 'redirect'
  if (!isVerified(code, form.get('code_verifier'))) return 'verifier'
  if (code.keyThumbprint !== undefined && code.keyThumbprint !== keyThumbprint) return 'verifier'
  const token = issueToken(world, realm, {
    account: code.account,
    contacts: code.contacts,
    scopes: code.scopes,
    clientId: app.clientId,
    hasRefresh: hasRefresh?.(code.scopes),
    expiresInSeconds,
    keyThumbprint,
  })
  code.family = token.family
  return token
}

interface IssueOptions {
  /** Whether these scopes bring a refresh token; the network's own habit without it. */
  readonly hasRefresh?: (scopes: readonly string[]) => boolean
  readonly keyThumbprint?: string
  readonly expiresInSeconds?: number
}

/** Trades a refresh token for a new pair; one that comes again kills all tokens of its consent. */
export function rotate(
  { world, realm }: Call,
  app: App,
  refreshToken: string,
  keyThumbprint?: string,
): Token | Refusal {
  const old = world.tokens.byRefresh(realm.host, refreshToken)
  if (old?.clientId !== app.clientId || old.keyThumbprint !== keyThumbprint) return 'refresh'
  if (old.state === 'replaced') world.tokens.revokeFamily(old.family)
  if (old.state !== 'live') return 'refresh'
  old.state = 'replaced'
  return issueToken(world, realm, { ...old, hasRefresh: true })
}

/** Takes back an access or refresh token, and all that came of the same consent. */
export function revoke({ world, realm }: Call, app: App, text: string): void {
  const token = world.tokens.byAccess(realm.host, text) ?? world.tokens.byRefresh(realm.host, text)
  if (token?.clientId === app.clientId) world.tokens.revokeFamily(token.family)
}

/** Seconds that an access token has left to live. */
export function secondsLeft({ world }: Call, token: Token): number | undefined {
  return token.expiresAt === undefined ? undefined : Math.round((token.expiresAt - world.now()) / 1000)
}

/** RFC 7636, 4.6. */
function isVerified({ challenge, isPlain }: Code, verifier: string | null): boolean {
  if (challenge === undefined) return true
  if (verifier === null || !/^[\w.~-]{43,128}$/.test(verifier)) return false
  return (isPlain ? verifier : createHash('sha256').update(verifier).digest('base64url')) === challenge
}

function codeOf(meaning: unknown): Code | undefined {
  const isCode =
    typeof meaning === 'object' && meaning !== null && 'kind' in meaning && meaning.kind === 'code'
  // Only consent.ts puts codes there.
  return isCode ? (meaning as Code) : undefined
}

/** Basic credentials are form-encoded first (RFC 6749, 2.3.1). */
function decodeForm(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // Sent raw, with a percent sign of its own.
    return text
  }
}
