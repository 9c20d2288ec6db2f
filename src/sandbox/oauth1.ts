// OAuth 1.0a: signatures, and the three legs.

import { createHmac } from 'node:crypto'
import type { Asked } from './wire.ts'

export interface Secrets {
  readonly clientSecret: string
  readonly tokenSecret?: string
}

/** The HMAC-SHA1 signature of a request, base64 (https://www.rfc-editor.org/rfc/rfc5849#section-3.4). */
export function signatureOf(
  method: string,
  url: string,
  parameters: readonly (readonly [name: string, value: string])[],
  { clientSecret, tokenSecret = '' }: Secrets,
): string {
  const pairs = parameters
    .filter(([name]) => name !== 'oauth_signature' && name !== 'realm')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([one, first], [other, second]) => compare(one, other) || compare(first, second))
  const normalized = pairs.map(([name, value]) => `${name}=${value}`).join('&')
  const base = [method.toUpperCase(), encode(url), encode(normalized)].join('&')
  return createHmac('sha1', `${encode(clientSecret)}&${encode(tokenSecret)}`)
    .update(base)
    .digest('base64')
}

/** The parameters of an `OAuth` Authorization header, decoded; undefined without one. */
export function headerParameters(header: string | undefined): Map<string, string> | undefined {
  if (!header || !/^oauth /i.test(header)) return undefined
  const parameters = new Map<string, string>()
  for (const [, name = '', value = ''] of header.slice(6).matchAll(/([^=,\s]+)="([^"]*)"/g)) {
    parameters.set(decode(name), decode(value))
  }
  return parameters
}

/** Is the request signed with these secrets? It may be signed for the real address or for the sandbox's. */
export function isSigned(asked: Asked, header: ReadonlyMap<string, string>, secrets: Secrets): boolean {
  const isForm = asked.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false
  const parameters = [...header, ...asked.query, ...(isForm ? new URLSearchParams(asked.body) : [])]
  const signature = header.get('oauth_signature')
  return [asked.realUrl, asked.sandboxUrl].some(
    (url) => signatureOf(asked.method, url, parameters, secrets) === signature,
  )
}

/** Percent-encoding of RFC 5849, 3.6. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not encoded at all: the signature will not match then.
    return text
  }
}

const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0)
