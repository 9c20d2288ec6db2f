// OAuth 2 bearer tokens. https://www.rfc-editor.org/rfc/rfc6750

import type { Tokens } from '../core/model.ts'
import type { OAuth2 } from '../core/provider.ts'
import type { Signer } from './sign.ts'

/** Carries the token where the network wants it; a token that a page link brought along is replaced or dropped. */
export function signWithOAuth2({ tokenIn = 'header' }: Pick<OAuth2, 'tokenIn'>, tokens: Tokens): Signer {
  return {
    sign(call) {
      const url = new URL(call.url)
      if (tokenIn === 'query') {
        url.searchParams.set('access_token', tokens.accessToken)
        return { ...call, url }
      }
      if (url.searchParams.has('access_token')) url.searchParams.delete('access_token')
      return { ...call, url, headers: { ...call.headers, authorization: `Bearer ${tokens.accessToken}` } }
    },
  }
}
