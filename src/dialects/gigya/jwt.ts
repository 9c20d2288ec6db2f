// Bearer tokens that a site's own server signs with its private key: RS256 alone. One SDK writes the segments in
// standard base64 with padding, which RFC 7515 does not know; both alphabets are read.

import { createPublicKey, verify } from 'node:crypto'
import { z } from 'zod'
import { GigyaError } from './errors.ts'

/** A token that says of itself what it should, still to be proved. */
export interface Jwt {
  /** The user key that it names. */
  readonly keyId: string
  /** When it was made, seconds since 1970. */
  readonly issuedAt: number
  /** Comes once. */
  readonly id: string
  /** Whether the owner of this RSA key (PEM) has made it. */
  isSignedBy(publicKey: string): boolean
}

const Header = z.object({
  // Whoever could choose the algorithm could choose none.
  alg: z.literal('RS256'),
  kid: z.string().min(1).max(256),
  crit: z.undefined().optional(),
})
const Claims = z.object({
  iat: z.number().int().nonnegative(),
  jti: z.string().min(1).max(1_024),
  exp: z.number().optional(),
})

/** Whether a bearer token has the shape of a JWT: ours have not. */
export function looksLikeJwt(token: string): boolean {
  return token.split('.', 4).length === 3
}

/** Reads a token; 400008 when it is none, or not of the one algorithm. */
export function readJwt(token: string, nowMs: number): Jwt {
  const [head = '', body = '', signature = ''] = token.split('.')
  const header = Header.safeParse(parseSegment(head))
  if (!header.success) throw unreadable('its header must name the algorithm RS256 and a kid')
  const claims = Claims.safeParse(parseSegment(body))
  if (!claims.success) throw unreadable('it must have the claims iat (seconds) and jti')
  const { iat, jti, exp } = claims.data
  if (exp !== undefined && exp * 1_000 <= nowMs) throw new GigyaError(403002, 'The token has expired (exp)')
  const signed = Buffer.from(`${head}.${body}`, 'latin1')
  return {
    keyId: header.data.kid,
    issuedAt: iat,
    id: jti,
    isSignedBy: (publicKey) =>
      verify('RSA-SHA256', signed, createPublicKey(publicKey), Buffer.from(signature, 'base64')),
  }
}

function parseSegment(segment: string): unknown {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(segment)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(segment, 'base64').toString('utf8'))
    return value
  } catch {
    // The schema says what it wants to see instead.
    return undefined
  }
}

function unreadable(why: string): GigyaError {
  return new GigyaError(400008, `The bearer token cannot be read: ${why}`)
}
