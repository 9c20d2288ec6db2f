// OAuth 1.0a with HMAC-SHA1. https://www.rfc-editor.org/rfc/rfc5849#section-3.4

import { createHmac, randomBytes } from 'node:crypto'
import type { App, Tokens } from '../core/model.ts'
import type { HttpCall } from './pool.ts'
import { FORM } from './request.ts'
import type { Signer } from './sign.ts'

/** Signs method, address, query and form body. */
export function signWithOAuth1(parts: {
  readonly app: App
  /** Absent before there is any. */
  readonly tokens?: Pick<Tokens, 'accessToken' | 'secret'>
  /** `oauth_callback` and `oauth_verifier`, on the way to tokens. */
  readonly more?: readonly Pair[]
  readonly now: () => number
  readonly nonce?: () => string
}): Signer {
  const { app, tokens, more = [], now, nonce = () => randomBytes(16).toString('hex') } = parts
  return {
    sign(call) {
      const oauth: Pair[] = [
        ['oauth_consumer_key', app.clientId],
        ['oauth_nonce', nonce()],
        ['oauth_signature_method', 'HMAC-SHA1'],
        ['oauth_timestamp', String(Math.floor(now() / 1000))],
        ...(tokens ? [['oauth_token', tokens.accessToken] as const] : []),
        ...more,
        ['oauth_version', '1.0'],
      ]
      const base = signatureBase(call, oauth)
      const signature = hmacSha1(base, app.clientSecret ?? '', tokens?.secret ?? '')
      const fields = [...oauth, ['oauth_signature', signature] as const]
      const authorization = `OAuth ${fields.map(([name, value]) => `${name}="${encode(value)}"`).join(', ')}`
      return { ...call, headers: { ...call.headers, authorization } }
    },
  }
}

type Pair = readonly [name: string, value: string]

/** The text that is signed. https://www.rfc-editor.org/rfc/rfc5849#section-3.4.1 */
export function signatureBase(call: HttpCall, oauth: readonly Pair[]): string {
  const { method, url, headers, body } = call
  const isForm = headers['content-type']?.split(';')[0]?.trim().toLowerCase() === FORM
  const form = isForm && typeof body === 'string' ? [...new URLSearchParams(body)] : []
  const parameters = [...url.searchParams, ...form, ...oauth]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(byNameThenValue)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
  return [method.toUpperCase(), `${url.origin}${url.pathname}`, parameters].map(encode).join('&')
}

/** Base64, as OAuth 1 writes it. */
export function hmacSha1(base: string, clientSecret: string, tokenSecret: string): string {
  return createHmac('sha1', `${encode(clientSecret)}&${encode(tokenSecret)}`)
    .update(base)
    .digest('base64')
}

// https://www.rfc-editor.org/rfc/rfc5849#section-3.6
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function byNameThenValue([name, value]: Pair, [otherName, otherValue]: Pair): number {
  if (name !== otherName) return name < otherName ? -1 : 1
  if (value === otherValue) return 0
  return value < otherValue ? -1 : 1
}
