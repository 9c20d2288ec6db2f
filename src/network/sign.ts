// How a request proves for whom it speaks: one signer per kind of access.

import { GatewayError } from '../core/errors.ts'
import type { App, Tokens } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import type { HttpAnswer, HttpCall } from './pool.ts'
import { type DpopNonces, signWithDpop } from './sign-atproto.ts'
import { signWithOAuth1 } from './sign-oauth1.ts'
import { signWithOAuth2 } from './sign-oauth2.ts'

export interface Signer {
  /** The same call with its proof; made anew for every try. `origin` is the network's own, not the sandbox's. */
  sign(call: HttpCall, origin: string): HttpCall
  /** Learns from an answer; true when the same request is to be sent once more, signed anew. */
  again?(answer: HttpAnswer, origin: string): boolean
}

/** The signer for a provider's kind of access. OAuth 1 needs the site's app. */
export function signerFor(provider: Provider, { tokens, app, nonces, now }: SignerParts): Signer | undefined {
  if (!isHeaderText(tokens.accessToken)) {
    throw new GatewayError(
      'relink_required',
      `The stored access for ${provider.name} cannot be used; the account must be linked again.`,
    )
  }
  switch (provider.auth?.type) {
    case 'oauth1':
      if (app) return signWithOAuth1({ app, tokens, now })
      throw appMissing(provider)
    case 'oauth2':
      return signWithOAuth2(provider.auth, tokens)
    case 'atproto':
      if (tokens.dpopKey) return signWithDpop({ key: tokens.dpopKey, token: tokens.accessToken, nonces, now })
      return signWithOAuth2({ tokenIn: 'header' }, tokens)
    // The key stands in the address.
    case 'bot':
    case 'webhook':
    case undefined:
      return undefined
  }
}

interface SignerParts {
  readonly tokens: Tokens
  readonly app?: App
  readonly nonces: DpopNonces
  readonly now: () => number
}

/** The site has not said with which client id it speaks to this network. */
export function appMissing(provider: Provider): GatewayError {
  return new GatewayError('network_rejected', `This site has no client id for ${provider.name}.`)
}

function isHeaderText(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token)
}
