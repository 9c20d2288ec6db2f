// The Authorization header, as far as Gigya's clients use it.

import type { WireRequest } from '../dialect.ts'
import { GigyaError } from './errors.ts'

const TOKEN_MAX = 8_192

/** The token of `Authorization: OAuth …` or `Bearer …`; undefined for other schemes. */
export function readBearer({ headers }: WireRequest): string | undefined {
  const [, scheme, token = ''] = /^(\S+)\s*(.*)$/.exec(headers.authorization ?? '') ?? []
  if (scheme === undefined || !/^(oauth|bearer)$/i.test(scheme)) return undefined
  if (/^[!-~]+$/.test(token) && token.length <= TOKEN_MAX) return token
  throw new GigyaError(400008, 'The Authorization header holds no token')
}

/** The credentials of `Authorization: Basic …`; undefined for other schemes. */
export function readBasic({
  headers,
}: WireRequest): { readonly id: string; readonly secret: string } | undefined {
  const [, scheme, encoded = ''] = /^(\S+)\s*(.*)$/.exec(headers.authorization ?? '') ?? []
  if (scheme === undefined || scheme.toLowerCase() !== 'basic') return undefined
  const credentials = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = credentials.indexOf(':')
  // RFC 6749, 2.3.1: both parts may be encoded as in a form; a key has no percent sign, so that is safe to undo.
  const [id, secret] = [credentials.slice(0, colon), credentials.slice(colon + 1)].map(unescapePart)
  if (colon > 0 && id && secret && !credentials.includes('\0')) return { id, secret }
  throw new GigyaError(400008, 'The Authorization header is not Basic <apiKey:secret in base64>')
}

function unescapePart(part: string): string {
  if (!/%[0-9a-f]{2}/i.test(part)) return part
  try {
    return decodeURIComponent(part)
  } catch {
    // Not encoded at all, then: it is what it is.
    return part
  }
}
