// Asking a person for access, and exchanging what they answer: one way per kind of access.

import { randomBytes } from 'node:crypto'
import type { Asked, ConsentAnswer, ConsentMemory, Consents, ConsentWish, Granted } from '../core/consent.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/gateway.ts'
import { goneProblem } from '../core/gone.ts'
import type { App, Site, Tokens } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import type { Store } from '../core/store.ts'
import { refusesApp, refusesCode, saidIn } from './app-words.ts'
import type { AuthServers } from './auth-servers.ts'
import { askAtproto, redeemAtproto, revokeAtproto } from './consent-atproto.ts'
import { askOAuth1, redeemOAuth1 } from './consent-oauth1.ts'
import { askOAuth2, redeemOAuth2, revokeOAuth2 } from './consent-oauth2.ts'
import { type Deadline, openDeadline } from './deadline.ts'
import { type AnswerText, failure, failureOf, ruledFailure } from './failures.ts'
import { expiryOf, readAnswer } from './grants.ts'
import { createSigningKeys, type SigningKeys } from './id-token.ts'
import { numberAt, textAt } from './json.ts'
import type { NetworkOptions } from './options.ts'
import { homeServer, type Places } from './places.ts'
import type { Send } from './send.ts'
import type { DpopNonces } from './sign-atproto.ts'

export interface ConsentParts {
  readonly store: Pick<Store, 'apps'>
  readonly send: Send
  readonly places: Places
  readonly authServers: AuthServers
  readonly nonces: DpopNonces
  readonly signingKeys: SigningKeys
  readonly options: NetworkOptions
  readonly log: Log
  readonly now: () => number
}

/** A question to be prepared. */
export interface Question {
  readonly provider: Provider
  readonly wish: ConsentWish
  readonly deadline: Deadline
}

/** An answer to be exchanged. */
export interface Reply {
  readonly provider: Provider
  readonly site: Pick<Site, 'id' | 'name'>
  readonly memory: ConsentMemory
  readonly answer: ConsentAnswer
  readonly deadline: Deadline
}

/** Access to be given back. */
export interface Farewell {
  readonly provider: Provider
  readonly site: Pick<Site, 'id'>
  readonly server?: string
  readonly tokens: Tokens
  readonly app?: App
  readonly deadline: Deadline
}

/** Every way to ask, over the same sockets as all else. */
export function createConsents(
  parts: Omit<ConsentParts, 'signingKeys'> & { readonly providers: ReadonlyMap<string, Provider> },
): Consents {
  const { providers, options, store } = parts
  const inner: ConsentParts = { ...parts, signingKeys: createSigningKeys() }
  const within = async <T>(work: (deadline: Deadline) => Promise<T>): Promise<T> => {
    const deadline = openDeadline(options.requestDeadlineMs)
    try {
      return await work(deadline)
    } finally {
      deadline.close()
    }
  }
  return {
    ask: (wish) =>
      within(async (deadline): Promise<Asked> => {
        const provider = living(providers, wish.provider)
        const question = { provider, wish, deadline }
        switch (provider.auth?.type) {
          case 'oauth1':
            return askOAuth1(inner, question, provider.auth)
          case 'oauth2':
            return askOAuth2(inner, question, provider.auth)
          case 'atproto':
            return askAtproto(inner, question, provider.auth)
          default:
            throw new GatewayError('unsupported', `${provider.name} has no login.`)
        }
      }),
    redeem: (site, id, memory, answer) =>
      within(async (deadline): Promise<Granted> => {
        const provider = living(providers, id)
        const reply = { provider, site, memory, answer, deadline }
        refuseOtherIssuer(reply)
        switch (provider.auth?.type) {
          case 'oauth1':
            return redeemOAuth1(inner, reply, provider.auth)
          case 'oauth2':
            return redeemOAuth2(inner, reply, provider.auth)
          case 'atproto':
            return redeemAtproto(inner, reply, provider.auth)
          default:
            throw new GatewayError('unsupported', `${provider.name} has no login.`)
        }
      }),
    revoke: ({ site, provider: id, server, tokens }) =>
      within(async (deadline) => {
        const provider = living(providers, id)
        const app = await store.apps.find(site, id, server)
        const farewell = { provider, site, server, tokens, app, deadline }
        if (provider.auth?.type === 'oauth2') return revokeOAuth2(inner, farewell, provider.auth)
        return provider.auth?.type === 'atproto' ? revokeAtproto(inner, farewell) : false
      }),
  }
}

function living(providers: ReadonlyMap<string, Provider>, id: string): Provider {
  const provider = providers.get(id)
  if (!provider) throw new GatewayError('unsupported', 'This network is not known here.')
  const gone = goneProblem(provider)
  if (gone) throw GatewayError.of(gone)
  return provider
}

/** A secret of 256 bits, as text. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Another server than the one that was asked has answered. https://www.rfc-editor.org/rfc/rfc9207#section-2.4 */
function refuseOtherIssuer({ provider, memory, answer }: Reply): void {
  const { issuer } = memory
  const told = answer.iss
  const mustTell = provider.auth?.type === 'atproto'
  if (issuer === undefined || (told === undefined && !mustTell) || told === issuer) return
  throw new GatewayError('conflict', `Somebody else than ${provider.name} has answered.`)
}

/** The code that the browser has brought; throws what the network, or the person, has said instead. */
export function codeFrom({ provider, answer }: Reply): string {
  const { error, code } = answer
  if (error !== undefined) throw refusalTold(provider, error)
  if (code) return code
  throw new GatewayError(
    'network_unreadable',
    `${provider.name} has sent the browser back without an answer.`,
  )
}

function refusalTold(provider: Provider, error: string): GatewayError {
  // What networks say when the person does not want to: RFC 6749, 4.1.2.1, and LinkedIn's two words for it:
  // https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow
  if (/^(?:access_denied|user_cancelled_(?:login|authorize)|user_denied)$/.test(error))
    return refusedBy(provider)
  if (/^(?:temporarily_unavailable|server_error)$/.test(error)) {
    return new GatewayError(
      'network_unavailable',
      `${provider.name} has a fault and could not log anybody in.`,
    )
  }
  const cause = new Error(`error=${error.slice(0, 200)}`)
  return new GatewayError('network_rejected', `${provider.name} does not let this site ask for that.`, {
    cause,
  })
}

/** The person has said no. */
export function refusedBy({ name }: Provider): GatewayError {
  return new GatewayError('forbidden', `You have not given access to ${name}.`)
}

/** What a token endpoint says against a code. https://www.rfc-editor.org/rfc/rfc6749#section-5.2 */
export function refusalOf(provider: Provider, answer: AnswerText): GatewayError | undefined {
  const { status, body } = answer.response
  if (status === 429 || status >= 500) return failureOf(provider, answer)
  const error = textAt(readAnswer(body), 'error')
  if (error === undefined && status >= 200 && status < 300) return undefined
  const said = saidIn(answer.text)
  if (refusesApp(error ?? '') || (refusesApp(said) && !refusesCode(said))) {
    const message = `${provider.name} does not know this site: its client id or secret may be wrong.`
    return failure(provider, 'unauthenticated', answer, message)
  }
  const ruled = ruledFailure(provider, answer)
  if (ruled?.code === 'rate_limited' || ruled?.code === 'network_unavailable') return ruled
  return failure(provider, 'network_rejected', answer, `${provider.name} did not accept the login.`)
}

/** Longest token, and longest list of scopes, that is kept, in characters: what servers take as headers. */
const TOKEN_MAX = 16_384

/** The tokens in an answer of a token endpoint. */
export function tokensFrom({ now }: ConsentParts, provider: Provider, body: unknown): Tokens {
  const answer = readAnswer(body)
  const accessToken = textAt(answer, 'access_token')
  const refreshToken = textAt(answer, 'refresh_token') || undefined
  const isTooLong = [accessToken, refreshToken].some((token) => (token?.length ?? 0) > TOKEN_MAX)
  if (!accessToken || isTooLong) {
    throw new GatewayError(
      'network_unreadable',
      `${provider.name} gave access in a form it does not document.`,
    )
  }
  const expiresIn = numberAt(answer, 'expires_in')
  return {
    accessToken,
    refreshToken,
    expiresAt: expiresIn === undefined ? expiryOf(accessToken) : now() + expiresIn * 1000,
    scopes: textAt(answer, 'scope')
      ?.slice(0, TOKEN_MAX)
      .split(/[\s,]+/)
      .filter(Boolean),
  }
}

/** The home server of a question, where the network has many. */
export function serverOf({ options }: ConsentParts, { provider, wish }: Question): string | undefined {
  return provider.server ? homeServer(provider, wish.server, options.allowInsecure) : undefined
}

/** The site has no app at this network, so its login cannot begin. */
export function notSetUp({ name }: Provider): GatewayError {
  return new GatewayError('unsupported', `This site has not been set up for logins with ${name}.`, {
    field: 'app',
  })
}
