// Who has logged in, as the network signs it. https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation

import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import { GatewayError } from '../core/errors.ts'
import type { OpenId, Provider } from '../core/provider.ts'
import { readDocument } from './auth-servers.ts'
import { type BoundedMap, createBoundedMap } from './bounded-map.ts'
import type { ConsentParts, Reply } from './consent.ts'
import { textAt } from './json.ts'

/** The keys that networks sign with, by address. */
export type SigningKeys = BoundedMap<{ readonly keys: JSONWebKeySet; readonly readAt: number }>

export function createSigningKeys(): SigningKeys {
  return createBoundedMap(1_000)
}

/** How long keys are used unasked; an unknown key is looked for again after a minute. */
const KEYS_HOLD_MS = 3_600_000
const KEYS_PAUSE_MS = 60_000
/** How far a network's clock may be off. */
const CLOCK_SECONDS = 60

/** The account that the network has signed; `network_rejected` when signature, issuer, audience, time or nonce is wrong. */
export async function checkIdToken(
  parts: ConsentParts,
  reply: Reply & { readonly openId: OpenId; readonly idToken: string | undefined },
): Promise<string> {
  const { provider, memory, openId, idToken } = reply
  if (!idToken) {
    throw new GatewayError('network_unreadable', `${provider.name} does not say who has logged in.`)
  }
  try {
    const issuer = openId.issuer.replace('{tenantid}', tenantOf(idToken))
    const options = {
      issuer,
      audience: memory.clientId,
      clockTolerance: CLOCK_SECONDS,
      currentDate: new Date(parts.now()),
      requiredClaims: ['sub', 'exp', 'iat'],
      // Neither `none` nor a secret that both sides know.
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    }
    const verify = async (isAgain: boolean) => {
      const keys = createLocalJWKSet(await keysOf(parts, reply, isAgain))
      return (await jwtVerify(idToken, keys, options).catch((error: unknown) => refuseKeys(provider, error)))
        .payload
    }
    const claims = await verify(false).catch((error: unknown) => {
      if (error instanceof errors.JWKSNoMatchingKey) return verify(true)
      throw error
    })
    const hasNonce = memory.nonce !== undefined && claims.nonce === memory.nonce
    if (!claims.sub || !hasNonce) throw new errors.JWTClaimValidationFailed('nonce', claims)
    return claims.sub
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    if (!(cause instanceof errors.JOSEError)) throw cause
    const reason = new Error(`${cause.code}: ${cause.message}`)
    throw new GatewayError(
      'network_rejected',
      `${provider.name} has signed something else than this login.`,
      {
        cause: reason,
      },
    )
  }
}

/** What is not wrong with the token is wrong with the key that it names. */
function refuseKeys({ name }: Provider, error: unknown): never {
  if (error instanceof errors.JOSEError) throw error
  const cause = error instanceof Error ? new Error(error.message) : undefined
  throw new GatewayError('network_unreadable', `${name} signs with a key that cannot be used.`, { cause })
}

function tenantOf(idToken: string): string {
  const tenant = textAt(decodeJwt(idToken), 'tid') ?? ''
  return /^[\w.-]{1,100}$/.test(tenant) ? tenant : ''
}

async function keysOf(
  parts: ConsentParts,
  { provider, openId, deadline }: Reply & { readonly openId: OpenId },
  isAgain: boolean,
): Promise<JSONWebKeySet> {
  const { signingKeys, now } = parts
  const known = signingKeys.find(openId.keysUrl)
  const ageMs = known ? now() - known.readAt : Number.POSITIVE_INFINITY
  if (known && ageMs < (isAgain ? KEYS_PAUSE_MS : KEYS_HOLD_MS)) return known.keys
  const document = await readDocument(parts, { provider, server: undefined, deadline }, openId.keysUrl)
  const list: unknown = Object(document).keys
  if (!Array.isArray(list)) {
    throw new GatewayError(
      'network_unreadable',
      `${provider.name} does not show the keys that it signs with.`,
    )
  }
  const keys: JSONWebKeySet = { keys: list }
  signingKeys.save(openId.keysUrl, { keys, readAt: now() })
  return keys
}
