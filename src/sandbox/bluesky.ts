// Bluesky: https://github.com/bluesky-social/atproto/tree/main/lexicons — profiles, follows, password sessions.

import { ATPROTO_OAUTH_ROUTES } from './atproto-oauth.ts'
import { actorToIndex, complaint, counted, documentOf, HOST, invalid, toProfile } from './bluesky-actors.ts'
import { RECORD_ROUTES } from './bluesky-records.ts'
import { SESSION_ROUTES, toJwt } from './bluesky-session.ts'
import { dids } from './ids.ts'
import type { Direction } from './lists.ts'
import { countsOf, listFor, pageOf } from './realms.ts'
import { type Answer, json, numberIn } from './wire.ts'
import type { Call, Pretence } from './world.ts'

export const bluesky: Pretence = {
  hosts: [HOST, 'public.api.bsky.app', 'api.bsky.app', 'plc.directory'],
  ids: dids,
  scopes: ['atproto', 'transition:generic'],
  accessSeconds: 7200,
  hasRefresh: true,
  hasPasswords: true,
  clientId: () => 'https://client.example/client-metadata.json',
  tokenText: (kind, secret, claims) =>
    kind === 'code' ? `cod-${secret.slice(0, 64)}` : toJwt(kind, secret, claims),
  failure: (status) =>
    complaint(status, NAMES[status] ?? 'InternalServerError', MESSAGES[status] ?? 'Internal Server Error'),
  routes: [
    ...ATPROTO_OAUTH_ROUTES,
    ...SESSION_ROUTES,
    ...RECORD_ROUTES,
    { method: 'GET', path: '/xrpc/com.atproto.identity.resolveHandle', run: resolveHandle },
    { method: 'GET', path: '/xrpc/app.bsky.actor.getProfile', run: showProfile },
    {
      method: 'GET',
      path: '/xrpc/app.bsky.graph.getFollows',
      run: (call) => list(call, 'following', 'follows'),
    },
    {
      method: 'GET',
      path: '/xrpc/app.bsky.graph.getFollowers',
      run: (call) => list(call, 'followers', 'followers'),
    },
    { method: 'GET', path: '/:did', host: 'plc.directory', run: showDocument },
  ],
}

const NAMES: Readonly<Record<number, string>> = {
  400: 'InvalidRequest',
  401: 'AuthenticationRequired',
  403: 'Forbidden',
  404: 'XRPCNotSupported',
  429: 'RateLimitExceeded',
  502: 'UpstreamFailure',
  503: 'NotEnoughResources',
}
const MESSAGES: Readonly<Record<number, string>> = {
  401: 'Authentication Required',
  404: 'XRPCNotSupported',
  429: 'Rate Limit Exceeded',
  502: 'Upstream Failure',
  503: 'Not Enough Resources',
}

function list(call: Call, direction: Direction, member: string): Answer {
  return counted(call, (token) => {
    const { world, realm, asked } = call
    const size = numberIn(asked.query, 'limit') ?? 50
    if (!Number.isInteger(size)) return invalid('Error: limit must be an integer')
    if (size < 1) return invalid('Error: limit can not be less than 1')
    if (size > 100) return invalid('Error: limit can not be greater than 100')
    const actor = asked.query.get('actor')
    if (actor === null) return invalid('Error: Params must have the property "actor"')
    const index = actorToIndex(call, actor)
    if (index === undefined) return invalid(`Actor not found: ${actor}`)
    const all = listFor(world, realm, index, direction, token)
    const cursor = asked.query.get('cursor')
    const offset = cursor === null ? 0 : positionOf(cursor)
    if (offset === undefined) return invalid('Malformed cursor')
    const body = world.pages.take(`${realm.host} ${all.key} ${offset} ${size}`, () => {
      const accounts = pageOf(all, offset, size, (contact) => toProfile(realm, contact))
      const end = offset + accounts.length
      return JSON.stringify({
        [member]: accounts,
        subject: toProfile(realm, index),
        cursor: end < all.size ? cursorOf(end) : undefined,
      })
    })
    return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body }
  })
}

const cursorOf = (position: number) => `3k${position.toString(32).padStart(11, '0')}`

function positionOf(cursor: string): number | undefined {
  const digits = /^3k([0-9a-v]{11})$/.exec(cursor)?.[1]
  return digits === undefined ? undefined : Number.parseInt(digits, 32)
}

function showProfile(call: Call): Answer {
  return counted(call, (token) => {
    const actor = call.asked.query.get('actor')
    if (actor === null) return invalid('Error: Params must have the property "actor"')
    const index = actorToIndex(call, actor)
    if (index === undefined) return invalid('Profile not found')
    const { following, followers, posts } = countsOf(call.realm, index, token)
    return json(200, {
      ...toProfile(call.realm, index),
      followersCount: followers,
      followsCount: following,
      postsCount: posts,
    })
  })
}

function resolveHandle(call: Call): Answer {
  const index = actorToIndex(call, call.asked.query.get('handle') ?? '')
  return index === undefined
    ? invalid('Unable to resolve handle')
    : json(200, { did: call.realm.ids.toId(index) })
}

/** https://web.plc.directory/spec/v0.1/did-plc: every account lives at the one home server. */
function showDocument({ realm, parameters }: Call): Answer {
  const index = realm.ids.toIndex(parameters.did ?? '')
  if (index === undefined) return json(404, { message: `DID not registered: ${parameters.did}` })
  return json(200, documentOf(realm, index), {}, 'application/did+ld+json; charset=utf-8')
}
