// OAuth 2: a code for tokens, with PKCE wherever the network takes it. https://www.rfc-editor.org/rfc/rfc9700

import { createHash } from 'node:crypto'
import type { Asked, Granted } from '../core/consent.ts'
import { GatewayError } from '../core/errors.ts'
import type { App, Tokens } from '../core/model.ts'
import type { OAuth2 } from '../core/provider.ts'
import {
  type ConsentParts,
  codeFrom,
  type Farewell,
  newSecret,
  notSetUp,
  type Question,
  type Reply,
  refusalOf,
  serverOf,
  tokensFrom,
} from './consent.ts'
import { failureOf } from './failures.ts'
import { basic, readAnswer } from './grants.ts'
import { checkIdToken } from './id-token.ts'
import { textAt } from './json.ts'
import { forgetApp, registeredApp } from './registrations.ts'
import { plainContent } from './request.ts'

/** The address of the question; on servers that do not know us yet, we register first. */
export async function askOAuth2(parts: ConsentParts, question: Question, auth: OAuth2): Promise<Asked> {
  const { provider, wish } = question
  const server = serverOf(parts, question)
  const app = await appFor(parts, question, auth, server)
  const verifier = auth.pkce ? newSecret() : undefined
  const nonce = auth.openId ? newSecret() : undefined
  const address = new URL(parts.places.ofTemplate(provider, server, auth.authorizeUrl).asked)
  const parameters: Readonly<Record<string, string | undefined>> = {
    response_type: 'code',
    [auth.clientIdParam ?? 'client_id']: app.clientId,
    redirect_uri: wish.redirectUri,
    scope: wish.scopes.length > 0 ? wish.scopes.join(auth.scopeSeparator ?? ' ') : undefined,
    state: wish.state,
    ...(verifier && { code_challenge: challengeOf(verifier), code_challenge_method: 'S256' }),
    nonce,
    ...auth.authorizeParams,
    ...(wish.forceReauth && auth.reauthorizeParams),
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) address.searchParams.set(name, value)
  }
  const { redirectUri, state } = wish
  const issuer = auth.openId && !auth.openId.issuer.includes('{') ? auth.openId.issuer : server
  const memory = { redirectUri, server, clientId: app.clientId, verifier, nonce, issuer }
  return { address: address.href, key: state, memory }
}

/** https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
export function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

async function appFor(
  parts: ConsentParts,
  question: Question,
  auth: OAuth2,
  server: string | undefined,
): Promise<App> {
  const { provider, wish } = question
  if (auth.registerUrl && server) return registeredApp(parts, question, auth.registerUrl, server)
  const app = await parts.store.apps.find(wish.site, provider.id, server)
  if (app) return app
  throw notSetUp(provider)
}

/** Exchanges the code; where the network signs who it is, the signature is checked. */
export async function redeemOAuth2(parts: ConsentParts, reply: Reply, auth: OAuth2): Promise<Granted> {
  const { provider, site, memory } = reply
  const { server } = memory
  const code = codeFrom(reply)
  const app = await parts.store.apps.find(site, provider.id, server)
  // The code was given to the app that asked.
  if (!app || app.clientId !== memory.clientId) throw notSetUp(provider)
  const form = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: memory.redirectUri,
    ...(memory.verifier && { code_verifier: memory.verifier }),
  }
  const body = await tokensAt(parts, { ...reply, server, app, auth, url: auth.tokenUrl, form }).catch(
    async (error: unknown) => {
      const refusal = GatewayError.from(error)
      // A server that has forgotten us: the next login registers again.
      const isForgotten = refusal.code === 'unauthenticated' && app.registration !== undefined
      if (isForgotten && server) await forgetApp(parts, { site, provider, server })
      throw refusal
    },
  )
  const subject = auth.openId
    ? await checkIdToken(parts, {
        ...reply,
        openId: auth.openId,
        idToken: textAt(readAnswer(body), 'id_token'),
      })
    : undefined
  const tokens = tokensFrom(parts, provider, body)
  return { tokens: await prolonged(parts, reply, { auth, app, tokens }), server, subject }
}

/** A long-lived token for a short-lived one, where the network has that; the short one where it does not work. */
async function prolonged(
  parts: ConsentParts,
  reply: Reply,
  { auth, app, tokens }: { readonly auth: OAuth2; readonly app: App; readonly tokens: Tokens },
): Promise<Tokens> {
  const { provider } = reply
  if (!auth.extend || auth.refresh === 'extends') return tokens
  const form = { grant_type: auth.extend.grant, [auth.extend.tokenParam]: tokens.accessToken }
  try {
    const url = auth.extend.url
    const body = await tokensAt(parts, { ...reply, app, auth, url, form })
    return { ...tokensFrom(parts, provider, body), scopes: tokens.scopes }
  } catch (error) {
    const { code } = GatewayError.from(error)
    parts.log.warn({ provider: provider.id, code }, 'a token was not exchanged for a long-lived one')
    return tokens
  }
}

async function tokensAt(
  { send, places, options }: ConsentParts,
  request: Pick<Reply, 'provider' | 'deadline'> & {
    readonly server?: string
    readonly app: App
    readonly auth: OAuth2
    readonly url: string
    readonly form: Readonly<Record<string, string>>
  },
): Promise<unknown> {
  const { provider, deadline, server, app, auth, url, form } = request
  const { body } = await send({
    provider,
    place: places.ofTemplate(provider, server, url),
    content: plainContent({ method: 'POST', ...withClient(app, auth, form) }, options),
    deadline,
    secrets: [app.clientSecret, form.code, form.code_verifier].filter((secret) => secret !== undefined),
    hidesSecrets: false,
    failure: (answer) => refusalOf(provider, answer),
  })
  return body
}

/** A form with the proof of who asks. https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function withClient(app: App, auth: OAuth2, form: Readonly<Record<string, string>>) {
  if (auth.clientAuth === 'basic' && app.clientSecret !== undefined) {
    return { form, headers: { authorization: basic(app) } }
  }
  const client = {
    [auth.clientIdParam ?? 'client_id']: app.clientId,
    ...(app.clientSecret && { client_secret: app.clientSecret }),
  }
  return { form: { ...form, ...client } }
}

/** By the standard (https://www.rfc-editor.org/rfc/rfc7009#section-2.1), or where the app's grants are. */
export async function revokeOAuth2(
  { send, places, options }: ConsentParts,
  { provider, server, tokens, app, deadline }: Farewell,
  auth: OAuth2,
): Promise<boolean> {
  const address = auth.revokeUrl ?? auth.grantUrl
  if (!address || !app) return false
  const token = tokens.refreshToken ?? tokens.accessToken
  const request = auth.revokeUrl
    ? ({ method: 'POST', ...withClient(app, auth, { token }) } as const)
    : ({
        method: 'DELETE',
        headers: { authorization: basic(app) },
        json: { access_token: tokens.accessToken },
      } as const)
  await send({
    provider,
    place: places.ofTemplate(
      provider,
      server,
      address.replace('{client_id}', encodeURIComponent(app.clientId)),
    ),
    content: plainContent(request, options),
    deadline,
    secrets: [tokens.accessToken, tokens.refreshToken, app.clientSecret].filter(
      (secret) => secret !== undefined,
    ),
    hidesSecrets: false,
    failure: (answer) => failureOf(provider, answer),
  })
  return true
}
