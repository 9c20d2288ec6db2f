// OAuth 1.0a: a request token, the person's word, an access token. https://www.rfc-editor.org/rfc/rfc5849#section-2

import type { Asked, Granted } from '../core/consent.ts'
import { GatewayError } from '../core/errors.ts'
import type { App } from '../core/model.ts'
import type { OAuth1, Provider } from '../core/provider.ts'
import { type ConsentParts, notSetUp, type Question, type Reply, refusalOf, refusedBy } from './consent.ts'
import { readAnswer } from './grants.ts'
import { textAt } from './json.ts'
import { plainContent } from './request.ts'
import type { Errand } from './send.ts'
import { signWithOAuth1 } from './sign-oauth1.ts'

/** Fetches a request token: what the answer will be known by. */
export async function askOAuth1(
  parts: ConsentParts,
  { provider, wish, deadline }: Question,
  auth: OAuth1,
): Promise<Asked> {
  const { store, places, now } = parts
  const { redirectUri } = wish
  const app = await store.apps.find(wish.site, provider.id)
  if (!app) throw notSetUp(provider)
  const signer = signWithOAuth1({ app, now, more: [['oauth_callback', redirectUri]] })
  const { body } = await parts.send(
    errandTo(parts, { provider, address: auth.requestUrl, app, deadline, signer, secrets: [] }),
  )
  const token = textAt(readAnswer(body), 'oauth_token')
  const secret = textAt(readAnswer(body), 'oauth_token_secret')
  if (!token || !secret) throw unreadable(provider)
  const address = new URL(places.ofTemplate(provider, undefined, auth.authorizeUrl).asked)
  address.searchParams.set('oauth_token', token)
  if (wish.forceReauth) address.searchParams.set('force_login', 'true')
  return { address: address.href, key: token, memory: { redirectUri, clientId: app.clientId, secret } }
}

/** Exchanges the verifier. */
export async function redeemOAuth1(parts: ConsentParts, reply: Reply, auth: OAuth1): Promise<Granted> {
  const { provider, site, memory, answer, deadline } = reply
  const { oauth_token: token, oauth_verifier: verifier, denied } = answer
  if (denied !== undefined) throw refusedBy(provider)
  if (!token || !verifier || memory.secret === undefined) throw unreadable(provider)
  const app = await parts.store.apps.find(site, provider.id)
  if (!app) throw notSetUp(provider)
  const signer = signWithOAuth1({
    app,
    tokens: { accessToken: token, secret: memory.secret },
    more: [['oauth_verifier', verifier]],
    now: parts.now,
  })
  const secrets = [token, verifier, memory.secret]
  const { body } = await parts.send(
    errandTo(parts, { provider, address: auth.tokenUrl, app, deadline, signer, secrets }),
  )
  const accessToken = textAt(readAnswer(body), 'oauth_token')
  const secret = textAt(readAnswer(body), 'oauth_token_secret')
  if (!accessToken || !secret) throw unreadable(provider)
  return { tokens: { accessToken, secret } }
}

function errandTo(
  { places, options }: ConsentParts,
  call: Pick<Errand, 'provider' | 'deadline' | 'signer' | 'secrets'> & {
    readonly address: string
    readonly app: App
  },
): Errand {
  const { provider, deadline, signer, address, app, secrets } = call
  return {
    provider,
    place: places.ofTemplate(provider, undefined, address),
    content: plainContent({ method: 'POST', form: {} }, options),
    deadline,
    signer,
    secrets: app.clientSecret ? [...secrets, app.clientSecret] : secrets,
    hidesSecrets: false,
    failure: (answer) => refusalOf(provider, answer),
  }
}

function unreadable({ name }: Provider): GatewayError {
  return new GatewayError('network_unreadable', `${name} answered the login in a form it does not document.`)
}
