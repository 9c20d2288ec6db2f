// Proofs of possession (https://www.rfc-editor.org/rfc/rfc9449), checked with node's own cryptography.

import { createHash, createPublicKey, verify } from 'node:crypto'
import { secretOf } from './hash.ts'
import type { Asked } from './wire.ts'

/** How old a proof may be, and how far ahead its clock, in milliseconds. */
const PROOF_AGE_MS = 60_000
/** A nonce holds for its own period and the next one. */
const NONCE_PERIOD_MS = 60_000

export interface Nonces {
  readonly current: string
  readonly accepted: readonly string[]
}

/** The nonces of a moment. */
export function createNonces(seed: number, now: number): Nonces {
  const period = Math.floor(now / NONCE_PERIOD_MS)
  const nonce = (number: number) => secretOf(43, 'nonce', seed, number)
  return { current: nonce(period), accepted: [nonce(period), nonce(period - 1)] }
}

type Proof =
  | { readonly flaw: 'use_dpop_nonce' | 'invalid_dpop_proof'; readonly text: string }
  | { readonly flaw?: undefined; readonly keyThumbprint: string }

/** Checks the DPoP header of a request; `accessToken` where it is to be bound to one. */
export function checkProof(asked: Asked, now: number, nonces: Nonces, accessToken?: string): Proof {
  const header = asked.headers.dpop
  const wrong = (text: string) => ({ flaw: 'invalid_dpop_proof', text }) as const
  if (typeof header !== 'string') return wrong('DPoP proof required')
  const [head = '', claims = '', signature = '', more] = header.split('.')
  const { typ, alg, jwk } = partOf(head)
  const { htm, htu, iat, jti, nonce, ath } = partOf(claims)
  if (more !== undefined || typ !== 'dpop+jwt' || alg !== 'ES256')
    return wrong('DPoP proof must be an ES256 dpop+jwt')
  const { kty, crv, x, y, d } = typeof jwk === 'object' && jwk !== null ? { ...BLANK, ...jwk } : BLANK
  if (kty !== 'EC' || crv !== 'P-256' || typeof x !== 'string' || typeof y !== 'string' || d !== undefined) {
    return wrong('DPoP proof must bear a public P-256 key')
  }
  const isSigned = isGenuine({ kty, crv, x, y }, `${head}.${claims}`, signature)
  if (!isSigned) return wrong('DPoP proof has a wrong signature')
  if (typeof jti !== 'string' || jti === '') return wrong('DPoP jti is missing')
  if (htm !== asked.method) return wrong('DPoP htm mismatch')
  if (htu !== asked.realUrl && htu !== asked.sandboxUrl) return wrong('DPoP htu mismatch')
  if (typeof iat !== 'number' || Math.abs(now - iat * 1000) > PROOF_AGE_MS)
    return wrong('DPoP proof is too old')
  if (accessToken !== undefined && ath !== createHash('sha256').update(accessToken).digest('base64url')) {
    return wrong('DPoP ath mismatch')
  }
  if (typeof nonce !== 'string' || !nonces.accepted.includes(nonce)) {
    return { flaw: 'use_dpop_nonce', text: 'Authorization server requires nonce in DPoP proof' }
  }
  return { keyThumbprint: thumbprintOf({ crv, kty, x, y }) }
}

/** Thumbprint of an elliptic key, base64url of SHA-256 (RFC 7638: the members in this order). */
export function thumbprintOf({ crv, kty, x, y }: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
}

const BLANK: Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'd', unknown>> = {
  kty: undefined,
  crv: undefined,
  x: undefined,
  y: undefined,
  d: undefined,
}

function isGenuine(jwk: Record<string, string>, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    const bytes = Buffer.from(signature, 'base64url')
    return verify('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }, bytes)
  } catch {
    // A key that is none has signed nothing.
    return false
  }
}

function partOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    // Its members are then missed one by one.
    return {}
  }
}
