// How each kind of access is renewed at its network: one request per model, and what its answer means.

import { GatewayError } from '../core/errors.ts'
import type { App, Identity, Tokens } from '../core/model.ts'
import type { ApiResponse, Atproto, OAuth2, Provider } from '../core/provider.ts'
import { type AuthServers, tokenEndpoint } from './auth-servers.ts'
import type { Deadline } from './deadline.ts'
import { type AnswerText, failure, failureOf, ruledFailure, saysExpired } from './failures.ts'
import { numberAt, textAt } from './json.ts'
import type { NetworkOptions } from './options.ts'
import type { Place, Places } from './places.ts'
import { plainContent } from './request.ts'
import type { Errand, Send } from './send.ts'
import { appMissing, type Signer } from './sign.ts'
import { type DpopNonces, signWithDpop } from './sign-atproto.ts'

/** What becomes of the access when it is renewed. */
export type Model = 'rotates' | 'stays' | 'extends' | 'none'

/** How these tokens can be renewed; a refresh token of which nothing is known is treated as usable once. */
export function modelOf(provider: Provider, tokens: Tokens): Model {
  const { auth } = provider
  if (auth?.type === 'atproto') return tokens.refreshToken ? 'rotates' : 'none'
  if (auth?.type !== 'oauth2') return 'none'
  if (auth.refresh === 'extends') return auth.extend ? 'extends' : 'none'
  if (auth.refresh === 'none' || !tokens.refreshToken) return 'none'
  return auth.refresh ?? 'rotates'
}

export interface GrantParts {
  readonly send: Send
  readonly places: Places
  readonly authServers: AuthServers
  readonly nonces: DpopNonces
  readonly options: NetworkOptions
  readonly now: () => number
}

export interface Grant {
  readonly identity: Identity
  readonly provider: Provider
  readonly tokens: Tokens
  readonly app?: App
  readonly deadline: Deadline
  /** What is known of the request that renews, also when it fails. */
  readonly trace: { isSent: boolean; status?: number }
}

/**
 * New tokens from the network. `relink_required` when it no longer honours the old ones; everything else that goes
 * wrong may pass or is the site's to repair, and leaves the identity as it is.
 */
export async function renewAtNetwork(parts: GrantParts, grant: Grant): Promise<Tokens> {
  const { auth } = grant.provider
  if (auth?.type === 'oauth2') {
    return auth.refresh === 'extends' ? extend(parts, grant, auth) : refresh(parts, grant, auth)
  }
  if (auth?.type === 'atproto') {
    return grant.tokens.dpopKey
      ? refreshBound(parts, grant, grant.tokens.dpopKey)
      : renewSession(parts, grant, auth)
  }
  throw relink(grant.provider)
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-6 */
async function refresh(parts: GrantParts, grant: Grant, auth: OAuth2): Promise<Tokens> {
  const app = appOf(grant)
  const clientIdParam = auth.clientIdParam ?? 'client_id'
  const isBasic = auth.clientAuth === 'basic' && app.clientSecret !== undefined
  const inBody = {
    [clientIdParam]: app.clientId,
    ...(app.clientSecret && { client_secret: app.clientSecret }),
  }
  const response = await post(parts, grant, {
    place: parts.places.ofTemplate(grant.provider, grant.identity.server, auth.tokenUrl),
    form: {
      grant_type: 'refresh_token',
      refresh_token: grant.tokens.refreshToken ?? '',
      ...(isBasic ? undefined : inBody),
    },
    headers: isBasic ? { authorization: basic(app) } : {},
  })
  return tokensFrom(parts, grant, response)
}

/** The same token for another while. https://developers.facebook.com/docs/threads/get-started/long-lived-tokens */
async function extend(parts: GrantParts, grant: Grant, auth: OAuth2): Promise<Tokens> {
  if (!auth.extend) throw relink(grant.provider)
  const app = appOf(grant)
  const { named } = parts.places.ofTemplate(grant.provider, grant.identity.server, auth.extend.url)
  const parameters = {
    grant_type: auth.extend.grant,
    [auth.clientIdParam ?? 'client_id']: app.clientId,
    ...(app.clientSecret && { client_secret: app.clientSecret }),
    [auth.extend.tokenParam]: grant.tokens.accessToken,
  }
  for (const [name, value] of Object.entries(parameters)) named.searchParams.set(name, value)
  const response = await parts.send(
    errandOf(parts, grant, {
      place: parts.places.ofTemplate(grant.provider, grant.identity.server, named.href),
      method: 'GET',
    }),
  )
  return tokensFrom(parts, grant, response)
}

/** A password session. https://docs.bsky.app/docs/api/com-atproto-server-refresh-session */
async function renewSession(parts: GrantParts, grant: Grant, auth: Atproto): Promise<Tokens> {
  const response = await post(parts, grant, {
    place: parts.places.ofTemplate(grant.provider, grant.identity.server, `{server}${auth.refreshPath}`),
    headers: { authorization: `Bearer ${grant.tokens.refreshToken ?? ''}` },
  })
  const accessToken = textAt(response.body, 'accessJwt')
  const refreshToken = textAt(response.body, 'refreshJwt')
  if (!accessToken || !refreshToken) throw unreadable(grant.provider)
  return { ...grant.tokens, accessToken, refreshToken, expiresAt: expiryOf(accessToken) }
}

/** A token bound to a key. https://atproto.com/specs/oauth#token-requests */
async function refreshBound(
  parts: GrantParts,
  grant: Grant,
  key: Readonly<Record<string, unknown>>,
): Promise<Tokens> {
  const app = appOf(grant)
  const endpoint = await tokenEndpoint(parts.authServers, grant)
  const response = await post(parts, grant, {
    place: endpoint,
    form: {
      grant_type: 'refresh_token',
      refresh_token: grant.tokens.refreshToken ?? '',
      client_id: app.clientId,
    },
    signer: signWithDpop({ key, nonces: parts.nonces, now: parts.now }),
  })
  return tokensFrom(parts, grant, response)
}

interface Ask {
  readonly place: Place
  readonly method?: 'GET' | 'POST'
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly signer?: Signer
}

function post(parts: GrantParts, grant: Grant, ask: Ask): Promise<ApiResponse> {
  return parts.send(errandOf(parts, grant, { ...ask, method: 'POST' }))
}

function errandOf({ options }: GrantParts, grant: Grant, ask: Ask): Errand {
  const { provider, tokens, app, deadline, trace } = grant
  const { place, method, form, headers, signer } = ask
  trace.isSent = true
  return {
    provider,
    place,
    content: plainContent({ method, form, headers }, options),
    deadline,
    signer,
    secrets: [tokens.accessToken, tokens.refreshToken, app?.clientSecret].filter(
      (secret) => secret !== undefined,
    ),
    hidesSecrets: false,
    failure(answer) {
      trace.status = answer.response.status
      return refusalOf(grant, answer)
    },
  }
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-5.2; some networks refuse with status 200. */
function refusalOf({ provider, tokens }: Grant, answer: AnswerText): GatewayError | undefined {
  const { response } = answer
  const { status } = response
  if (status === 429 || status >= 500) return failureOf(provider, answer)
  const error = textAt(readAnswer(response.body), 'error')
  if (error === undefined && status >= 200 && status < 300) return undefined
  const ruled = ruledFailure(provider, answer)
  if (ruled) return ruled
  const isSession = provider.auth?.type === 'atproto' && !tokens.dpopKey
  const isOver =
    error === 'invalid_grant' || (isSession && (status === 401 || saysExpired(provider, response)))
  if (isOver) return failure(provider, 'relink_required', answer)
  const message = `${provider.name} refused to renew the access; this site's client id or secret may be wrong.`
  return failure(provider, 'network_rejected', answer, message)
}

function tokensFrom({ now }: GrantParts, { provider, tokens }: Grant, { body }: ApiResponse): Tokens {
  const answer = readAnswer(body)
  const accessToken = textAt(answer, 'access_token')
  if (!accessToken) throw unreadable(provider)
  const expiresIn = numberAt(answer, 'expires_in')
  const scope = textAt(answer, 'scope')
  return {
    ...tokens,
    accessToken,
    // The old one stays when no new one is given.
    refreshToken: textAt(answer, 'refresh_token') || tokens.refreshToken,
    expiresAt: expiresIn === undefined ? expiryOf(accessToken) : now() + expiresIn * 1000,
    scopes: scope === undefined ? tokens.scopes : scope.split(/[\s,]+/).filter(Boolean),
  }
}

/** The members of an answer; some networks answer as a form, whatever was asked for. */
export function readAnswer(body: unknown): unknown {
  return typeof body === 'string' && body.includes('=') ? Object.fromEntries(new URLSearchParams(body)) : body
}

/** When a JWT says that it ends, in milliseconds since 1970; undefined where the token is no JWT. Not verified. */
export function expiryOf(token: string): number | undefined {
  const claims = token.split('.')[1]
  if (claims === undefined) return undefined
  try {
    const exp = numberAt(JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')), 'exp')
    return exp === undefined ? undefined : exp * 1000
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
export function basic({ clientId, clientSecret = '' }: App): string {
  const encode = (text: string) => new URLSearchParams({ _: text }).toString().slice(2)
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`
}

function appOf({ app, provider }: Grant): App {
  if (app) return app
  throw appMissing(provider)
}

/** The network does not honour the stored access any more. */
export function relink({ name }: Provider): GatewayError {
  return new GatewayError(
    'relink_required',
    `${name} no longer accepts the access that was granted; the account must be linked again.`,
  )
}

function unreadable({ name }: Provider): GatewayError {
  return new GatewayError('network_unreadable', `${name} renewed the access in a form it does not document.`)
}
