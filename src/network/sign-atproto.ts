// DPoP: a token that is worth nothing without its key. https://www.rfc-editor.org/rfc/rfc9449
// AT Protocol demands it, with a nonce of the server's choice. https://atproto.com/specs/oauth

import { createHash, createPrivateKey, type KeyObject, randomUUID, sign as signBytes } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import { createBoundedMap } from './bounded-map.ts'
import { parseBody, textAt } from './json.ts'
import type { HttpAnswer } from './pool.ts'
import type { Signer } from './sign.ts'

/** The last nonce that each origin gave out. */
export interface DpopNonces {
  find(origin: string): string | undefined
  save(origin: string, nonce: string): void
}

export function createDpopNonces(): DpopNonces {
  return createBoundedMap<string>(10_000)
}

/** Proves possession of the key with each request; with a token, also binds it. */
export function signWithDpop(parts: {
  readonly key: Readonly<Record<string, unknown>>
  /** Absent at the token endpoint. */
  readonly token?: string
  readonly nonces: DpopNonces
  readonly now: () => number
}): Signer {
  const { key, token, nonces, now } = parts
  const { privateKey, publicJwk, alg } = readKey(key)
  const ath = token === undefined ? undefined : createHash('sha256').update(token).digest('base64url')
  return {
    sign(call, origin) {
      const proof = proofOf({
        method: call.method,
        url: call.url,
        nonce: nonces.find(origin),
        ath,
        now,
        privateKey,
        publicJwk,
        alg,
      })
      const authorization = token === undefined ? undefined : { authorization: `DPoP ${token}` }
      return { ...call, headers: { ...call.headers, ...authorization, dpop: proof } }
    },
    again(answer, origin) {
      const nonce = answer.headers['dpop-nonce']
      if (nonce === undefined) return false
      nonces.save(origin, nonce)
      return wantsNonce(answer)
    },
  }
}

function proofOf(parts: {
  readonly method: string
  readonly url: URL
  readonly nonce?: string
  readonly ath?: string
  readonly now: () => number
  readonly privateKey: KeyObject
  readonly publicJwk: PublicJwk
  readonly alg: string
}): string {
  const { method, url, nonce, ath, now, privateKey, publicJwk, alg } = parts
  const header = { typ: 'dpop+jwt', alg, jwk: publicJwk }
  const claims = {
    jti: randomUUID(),
    htm: method,
    htu: `${url.origin}${url.pathname}`,
    iat: Math.floor(now() / 1000),
    nonce,
    ath,
  }
  const content = `${toBase64Url(header)}.${toBase64Url(claims)}`
  const signature = signBytes('sha256', Buffer.from(content), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${content}.${signature.toString('base64url')}`
}

// The API says it in a header, the token endpoint in its body.
function wantsNonce({ status, headers, body }: HttpAnswer): boolean {
  if (status === 401) return /use_dpop_nonce/.test(headers['www-authenticate'] ?? '')
  if (status !== 400) return false
  return textAt(parseBody(body.toString('utf8')), 'error') === 'use_dpop_nonce'
}

type PublicJwk = { readonly kty: 'EC'; readonly crv: string; readonly x: string; readonly y: string }

/** Curves that tokens are bound on: ES256 (RFC 7518), ES256K (RFC 8812), which the network's own client prefers. */
const ALGORITHMS: Readonly<Record<string, string>> = { 'P-256': 'ES256', secp256k1: 'ES256K' }

function readKey(key: Readonly<Record<string, unknown>>): {
  readonly privateKey: KeyObject
  readonly publicJwk: PublicJwk
  readonly alg: string
} {
  const [x, y, d, crv = ''] = ['x', 'y', 'd', 'crv'].map((name) => textAt(key, name))
  const alg = textAt(key, 'kty') === 'EC' ? ALGORITHMS[crv] : undefined
  if (!alg || x === undefined || y === undefined || d === undefined) throw unusable()
  const publicJwk = { kty: 'EC', crv, x, y } as const
  try {
    return { privateKey: createPrivateKey({ key: { ...publicJwk, d }, format: 'jwk' }), publicJwk, alg }
  } catch {
    // The cause could quote the key.
    throw unusable()
  }
}

function unusable(): GatewayError {
  return new GatewayError(
    'relink_required',
    'The stored key of this account cannot be used; the account must be linked again.',
  )
}

function toBase64Url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
