// UserSig, version 2: a small signed document, deflated, in a base64 of its own. It is checked by what it says, never by
// its bytes: every zlib writes them differently.
// https://github.com/tencentyun/tls-sig-api-v2-node/blob/master/TLSSigAPIv2.js

import { createHmac } from 'node:crypto'
import { deflateSync, inflateSync } from 'node:zlib'
import { sameSecret } from '../access.ts'

/** What a UserSig says; times are seconds. */
export interface UserSig {
  readonly identifier: string
  readonly sdkAppId: number
  readonly madeAt: number
  readonly lifeSeconds: number
  /** Base64 of the HMAC that is claimed, not yet checked. */
  readonly signature: string
}

// A real one has about 200 characters; a document inflated is below 300 bytes.
const TEXT_MAX = 8_192
const DOCUMENT_MAX = 65_536
const TEXT = /^[A-Za-z0-9+/*-]+[=_]{0,2}$/

/** What a UserSig says, whoever signed it; undefined for text that is none, that is too large, or that carries a TRTC buffer. */
export function parseUserSig(text: string): UserSig | undefined {
  if (text.length > TEXT_MAX || !TEXT.test(text)) return undefined
  const document = inflateDocument(text)
  if (typeof document !== 'object' || document === null || 'TLS.userbuf' in document) return undefined
  const said: Readonly<Record<string, unknown>> = { ...document }
  const identifier = said['TLS.identifier']
  const sdkAppId = said['TLS.sdkappid']
  const madeAt = said['TLS.time']
  const lifeSeconds = said['TLS.expire']
  const signature = said['TLS.sig']
  // A line break in the name would let one signature be read in two ways.
  if (typeof identifier !== 'string' || identifier.includes('\n') || typeof signature !== 'string')
    return undefined
  // A life below nothing is how signers make one that has expired already.
  if (!isInteger(sdkAppId, 0) || !isInteger(madeAt, 0) || !isInteger(lifeSeconds)) return undefined
  return { identifier, sdkAppId, madeAt, lifeSeconds, signature }
}

/** Whether this key (the text as it is, hex or not) made the signature; the time taken does not tell where it differs. */
export function isSignedWith(sig: UserSig, key: string): boolean {
  return sameSecret(signatureOf(sig, key), sig.signature)
}

/** The last second since 1970 in which it is valid. */
export function lastSecondOf({ madeAt, lifeSeconds }: UserSig): number {
  return madeAt + lifeSeconds
}

/** A UserSig as Tencent's own signers make it, for a query without further escapes. */
export function createUserSig(claims: Omit<UserSig, 'signature'>, key: string): string {
  const document = JSON.stringify({
    'TLS.ver': '2.0',
    'TLS.identifier': claims.identifier,
    'TLS.sdkappid': claims.sdkAppId,
    'TLS.time': claims.madeAt,
    'TLS.expire': claims.lifeSeconds,
    'TLS.sig': signatureOf(claims, key),
  })
  const text = deflateSync(document).toString('base64')
  return text.replaceAll('+', '*').replaceAll('/', '-').replaceAll('=', '_')
}

function signatureOf(claims: Omit<UserSig, 'signature'>, key: string): string {
  const { identifier, sdkAppId, madeAt, lifeSeconds } = claims
  const lines = [
    `TLS.identifier:${identifier}`,
    `TLS.sdkappid:${sdkAppId}`,
    `TLS.time:${madeAt}`,
    `TLS.expire:${lifeSeconds}`,
    '',
  ]
  return createHmac('sha256', key).update(lines.join('\n')).digest('base64')
}

function inflateDocument(text: string): unknown {
  const base64 = text.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=')
  try {
    const bytes = inflateSync(Buffer.from(base64, 'base64'), { maxOutputLength: DOCUMENT_MAX })
    return JSON.parse(bytes.toString())
  } catch {
    // Not deflated, too much, or no JSON: no UserSig in any case, and that is the answer.
    return undefined
  }
}

function isInteger(value: unknown, least = Number.MIN_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least
}
