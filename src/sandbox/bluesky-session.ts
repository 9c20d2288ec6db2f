// Sessions made from app passwords: lexicons com.atproto.server.*

import { createHmac } from 'node:crypto'
import { actorToIndex, complaint, counted, documentOf, HOST, handleOf, invalid } from './bluesky-actors.ts'
import { secretOf } from './hash.ts'
import { issueToken } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, json, objectOf } from './wire.ts'
import type { Call, Claims, Realm, Route } from './world.ts'

/** The app password of an account, in its real form. */
export function appPassword(realm: Realm, index: number): string {
  const letters = secretOf(60, 'app password', realm.seed, index)
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
  return (letters.slice(0, 16).padEnd(16, 'q').match(/.{4}/g) ?? []).join('-')
}

export const SESSION_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/xrpc/com.atproto.server.createSession', run: createSession },
  { method: 'POST', path: '/xrpc/com.atproto.server.refreshSession', run: refreshSession },
  { method: 'POST', path: '/xrpc/com.atproto.server.deleteSession', run: deleteSession },
  { method: 'GET', path: '/xrpc/com.atproto.server.getSession', run: showSession },
]

/** https://docs.bsky.app/docs/advanced-guides/rate-limits */
const SESSION_LIMIT = { limit: 30, windowSeconds: 300 }

function createSession(call: Call): Answer {
  const { world, realm, asked } = call
  const { identifier, password } = objectOf(asked.body)
  if (typeof identifier !== 'string' || typeof password !== 'string') {
    return invalid('Error: Input must have the properties "identifier" and "password"')
  }
  const index = actorToIndex(call, identifier.replace(/^@/, ''))
  const spent = call.spend(`${realm.host} createSession ${identifier}`, SESSION_LIMIT)
  if (spent.isRefused) return complaint(429, 'RateLimitExceeded', 'Rate Limit Exceeded')
  if (index === undefined || password !== appPassword(realm, index)) {
    return complaint(401, 'AuthenticationRequired', 'Invalid identifier or password')
  }
  const token = issueToken(world, realm, {
    account: index,
    scopes: ['com.atproto.appPass'],
    clientId: realm.app.clientId,
  })
  return json(200, toSession(realm, index, token))
}

/** A refresh token works once; the network's own software forgives a repeat for two hours, this one does not. */
function refreshSession(call: Call): Answer {
  const { world, realm, asked } = call
  const text = credentialOf(asked, 'Bearer')
  if (text === undefined) return complaint(401, 'AuthMissing', 'Authentication Required')
  const old = world.tokens.byRefresh(realm.host, text)
  if (old?.account === undefined || old.keyThumbprint)
    return invalid('Token could not be verified', 'InvalidToken')
  if (old.state === 'replaced') world.tokens.revokeFamily(old.family)
  if (old.state !== 'live') return invalid('Token has been revoked', 'ExpiredToken')
  old.state = 'replaced'
  const token = issueToken(world, realm, { ...old, hasRefresh: true })
  return json(200, toSession(realm, old.account, token))
}

function deleteSession({ world, realm, asked }: Call): Answer {
  const old = world.tokens.byRefresh(realm.host, credentialOf(asked, 'Bearer') ?? '')
  if (!old) return invalid('Token could not be verified', 'InvalidToken')
  world.tokens.revokeFamily(old.family)
  return { status: 200, headers: {}, body: '' }
}

function showSession(call: Call): Answer {
  return counted(call, (token) => {
    if (token?.account === undefined) return complaint(401, 'AuthMissing', 'Authentication Required')
    const { realm } = call
    return json(200, {
      handle: handleOf(realm, token.account),
      did: realm.ids.toId(token.account),
      active: true,
    })
  })
}

function toSession(realm: Realm, index: number, token: Token) {
  return {
    accessJwt: token.accessToken,
    refreshJwt: token.refreshToken,
    handle: handleOf(realm, index),
    did: realm.ids.toId(index),
    didDoc: documentOf(realm, index),
    emailConfirmed: true,
    emailAuthFactor: false,
    active: true,
  }
}

/** A token as the home server words it: three parts, expiry told to whoever reads it. */
export function toJwt(
  kind: 'access' | 'refresh',
  secret: string,
  { subject, scopes, issuedAt, expiresAt, count }: Claims,
): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const seconds = (time: number) => Math.floor(time / 1000)
  const head = part({ typ: kind === 'access' ? 'at+jwt' : 'refresh+jwt', alg: 'HS256' })
  const claims = part({
    scope: kind === 'access' ? scopes.join(' ') : 'com.atproto.refresh',
    sub: subject,
    aud: `did:web:${HOST}`,
    iat: seconds(issuedAt),
    exp: seconds(expiresAt ?? issuedAt + 90 * 86_400_000),
    jti: `${count}`,
  })
  return `${head}.${claims}.${createHmac('sha256', secret).update(`${head}.${claims}`).digest('base64url')}`
}
