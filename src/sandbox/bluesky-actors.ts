// Who is who on Bluesky, and who may ask.

import { boundToken } from './atproto-oauth.ts'
import { personOf, usernameToIndex } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, json, withHeaders } from './wire.ts'
import type { Call, Realm } from './world.ts'

export const HOST = 'bsky.social'
/** https://docs.bsky.app/docs/advanced-guides/rate-limits */
const LIMIT = { limit: 3000, windowSeconds: 300 }

export function toProfile(realm: Realm, index: number) {
  const { name, bio, picture } = personOf(realm, index)
  const did = realm.ids.toId(index)
  const at = new Date(realm.ids.createdAt(index)).toISOString()
  return {
    did,
    handle: handleOf(realm, index),
    displayName: name === '' ? undefined : name,
    description: bio === '' ? undefined : bio,
    avatar: picture && `https://cdn.bsky.app/img/avatar/plain/${did}/bafkrei${picture}@jpeg`,
    createdAt: at,
    indexedAt: at,
    labels: [],
  }
}

export const handleOf = (realm: Realm, index: number) => `${personOf(realm, index).username}.${HOST}`

export function actorToIndex({ world, realm }: Call, actor: string): number | undefined {
  if (actor.startsWith('did:')) return realm.ids.toIndex(actor)
  return actor.endsWith(`.${HOST}`)
    ? usernameToIndex(world, realm, actor.slice(0, -HOST.length - 1))
    : undefined
}

export function documentOf(realm: Realm, index: number) {
  return {
    '@context': ['https://www.w3.org/ns/did/v1'],
    id: realm.ids.toId(index),
    alsoKnownAs: [`at://${handleOf(realm, index)}`],
    verificationMethod: [],
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: `https://${HOST}` }],
  }
}

/** Counts per address; checks the token where there is one. The home server needs one, the public reader takes none. */
export function counted(call: Call, run: (token: Token | undefined) => Answer): Answer {
  const { world, realm, asked } = call
  const spent = call.spend(`${realm.host} ${asked.host} ${asked.address}`, LIMIT)
  const headers = {
    'ratelimit-limit': String(spent.limit),
    'ratelimit-remaining': String(spent.remaining),
    'ratelimit-reset': String(Math.ceil(spent.resetAt / 1000)),
    'ratelimit-policy': `${spent.limit};w=${spent.windowSeconds}`,
  }
  if (spent.isRefused) return withHeaders(complaint(429, 'RateLimitExceeded', 'Rate Limit Exceeded'), headers)
  if (credentialOf(asked, 'DPoP') !== undefined) {
    const found = boundToken(call)
    return withHeaders('status' in found ? found : run(found), headers)
  }
  const found = world.tokens.check(realm.host, credentialOf(asked, 'Bearer'))
  if (found === 'missing' && asked.host !== HOST) return withHeaders(run(undefined), headers)
  if (found === 'missing')
    return withHeaders(complaint(401, 'AuthMissing', 'Authentication Required'), headers)
  if (found === 'expired') return withHeaders(invalid('Token has expired', 'ExpiredToken'), headers)
  if (typeof found === 'string' || found.keyThumbprint !== undefined) {
    return withHeaders(invalid('Token could not be verified', 'InvalidToken'), headers)
  }
  return withHeaders(run(found), headers)
}

export const invalid = (message: string, error = 'InvalidRequest') => complaint(400, error, message)

export function complaint(status: number, error: string, message: string): Answer {
  return json(status, { error, message })
}
