// OAuth of the AT Protocol: the request is pushed first, tokens are bound to a key, and the account's own document says
// which server may speak for it. https://atproto.com/specs/oauth

import { generateKeyPairSync } from 'node:crypto'
import type { Asked, Granted } from '../core/consent.ts'
import { GatewayError } from '../core/errors.ts'
import type { ApiResponse, Atproto, Provider } from '../core/provider.ts'
import { authServerOf } from './auth-servers.ts'
import {
  type ConsentParts,
  codeFrom,
  type Farewell,
  newSecret,
  type Question,
  type Reply,
  refusalOf,
  tokensFrom,
} from './consent.ts'
import { challengeOf } from './consent-oauth2.ts'
import type { Deadline } from './deadline.ts'
import { accountOf, findAccount } from './did.ts'
import { textAt } from './json.ts'
import { homeServer } from './places.ts'
import { plainContent } from './request.ts'
import { signWithDpop } from './sign-atproto.ts'

/** Pushes the request to the server of the account, or to that of the home server that was named. */
export async function askAtproto(parts: ConsentParts, question: Question, auth: Atproto): Promise<Asked> {
  const { provider, wish, deadline } = question
  const { places, authServers, options } = parts
  const search = { provider, auth, deadline }
  const account = wish.account ? await findAccount(parts, search, wish.account) : undefined
  const server = account?.server ?? homeServer(provider, wish.server, options.allowInsecure)
  const { issuer, authorizeUrl, pushUrl } = await authServerOf(authServers, { provider, server, deadline })
  if (!authorizeUrl || !pushUrl) throw unreadable(provider)
  const verifier = newSecret()
  const dpopKey = {
    ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  }
  const { redirectUri, state, clientUri: clientId } = wish
  const { body } = await post(parts, {
    provider,
    server,
    url: pushUrl,
    dpopKey,
    deadline,
    secrets: [state],
    form: {
      client_id: clientId,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope: wish.scopes.join(' '),
      state,
      code_challenge: challengeOf(verifier),
      code_challenge_method: 'S256',
      ...(wish.account && { login_hint: wish.account.trim().replace(/^@/, '') }),
      ...(wish.forceReauth && { prompt: 'login' }),
    },
  })
  const requestUri = textAt(body, 'request_uri')
  if (!requestUri) throw unreadable(provider)
  const address = new URL(places.ofTemplate(provider, server, authorizeUrl).asked)
  address.searchParams.set('client_id', clientId)
  address.searchParams.set('request_uri', requestUri)
  const memory = { redirectUri, server, clientId, verifier, dpopKey, issuer, subject: account?.did }
  return { address: address.href, key: state, memory }
}

/** Exchanges the code; the account's own document must name the server that has answered. */
export async function redeemAtproto(parts: ConsentParts, reply: Reply, auth: Atproto): Promise<Granted> {
  const { provider, site, memory, deadline } = reply
  const { server, clientId, dpopKey, verifier, redirectUri } = memory
  const code = codeFrom(reply)
  if (!dpopKey || !verifier) throw unreadable(provider)
  const { tokenUrl, issuer } = await authServerOf(parts.authServers, { provider, server, deadline })
  // A server that names another one since it was asked is shown neither code nor verifier.
  if (issuer !== memory.issuer) throw impostor(provider)
  const { body } = await post(parts, {
    provider,
    server,
    url: tokenUrl,
    dpopKey,
    deadline,
    secrets: [code, verifier],
    form: {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      client_id: clientId,
      code_verifier: verifier,
    },
  })
  const did = textAt(body, 'sub')
  if (did === undefined || textAt(body, 'token_type')?.toLowerCase() !== 'dpop') throw unreadable(provider)
  if (memory.subject !== undefined && did !== memory.subject) {
    throw new GatewayError(
      'conflict',
      `Another ${provider.name} account has logged in than the one that was named.`,
    )
  }
  const account = await accountOf(parts, { provider, auth, deadline }, did)
  const home = await authServerOf(parts.authServers, { provider, server: account.server, deadline })
  if (home.issuer !== memory.issuer) throw impostor(provider)
  const known = await parts.store.apps.find(site, provider.id, account.server)
  if (known?.clientId !== clientId)
    await parts.store.apps.save(site, provider.id, { clientId }, account.server)
  return { tokens: { ...tokensFrom(parts, provider, body), dpopKey }, server: account.server, subject: did }
}

function impostor({ name }: Provider): GatewayError {
  return new GatewayError('conflict', `This server does not speak for the ${name} account it names.`)
}

/** https://www.rfc-editor.org/rfc/rfc7009#section-2.1; sessions made of app passwords are left to end by themselves. */
export async function revokeAtproto(parts: ConsentParts, farewell: Farewell): Promise<boolean> {
  const { provider, server, tokens, app, deadline } = farewell
  const { dpopKey } = tokens
  if (!dpopKey || !app) return false
  const { revokeUrl } = await authServerOf(parts.authServers, { provider, server, deadline })
  if (!revokeUrl) return false
  const token = tokens.refreshToken ?? tokens.accessToken
  const secrets = [token, tokens.accessToken]
  const form = { token, client_id: app.clientId }
  await post(parts, { provider, server, url: revokeUrl, dpopKey, deadline, secrets, form })
  return true
}

function post(
  { send, places, options, nonces, now }: ConsentParts,
  request: {
    readonly provider: Provider
    readonly server: string | undefined
    readonly url: string
    readonly form: Readonly<Record<string, string>>
    readonly dpopKey: Readonly<Record<string, unknown>>
    readonly deadline: Deadline
    readonly secrets: readonly string[]
  },
): Promise<ApiResponse> {
  const { provider, server, url, form, dpopKey, deadline, secrets } = request
  return send({
    provider,
    place: places.ofTemplate(provider, server, url),
    content: plainContent({ method: 'POST', form }, options),
    deadline,
    signer: signWithDpop({ key: dpopKey, nonces, now }),
    secrets,
    hidesSecrets: false,
    failure: (answer) => refusalOf(provider, answer),
  })
}

function unreadable({ name }: Provider): GatewayError {
  return new GatewayError('network_unreadable', `${name} answered the login in a form it does not document.`)
}
