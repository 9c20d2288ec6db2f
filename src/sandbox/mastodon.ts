// Mastodon's API, as any server that speaks it: https://docs.joinmastodon.org/methods/accounts/

import { timestampIds, ulids } from './ids.ts'
import type { Direction } from './lists.ts'
import { complaint, notFound, signedIn } from './mastodon-access.ts'
import { sourceOf, toAccount } from './mastodon-accounts.ts'
import { INSTANCE_ROUTES } from './mastodon-instance.ts'
import { POST_ROUTES } from './mastodon-posts.ts'
import { listFor, pageOf, usernameToIndex } from './realms.ts'
import { type Answer, json, numberIn } from './wire.ts'
import type { Call, Pretence } from './world.ts'

export const mastodon: Pretence = {
  hosts: [],
  // Servers that speak this API also use ULIDs (GoToSocial).
  ids: (seed, accounts, host) => (host.startsWith('gotosocial') ? ulids : timestampIds)(seed, accounts),
  scopes: ['read', 'write'],
  hasRefresh: false,
  clientId: (secret) => secret,
  tokenText: (_kind, secret) => secret.slice(0, 43),
  failure: (status) =>
    complaint(status, MESSAGES[status] ?? 'There was a temporary problem serving your request'),
  routes: [
    ...INSTANCE_ROUTES,
    ...POST_ROUTES,
    {
      method: 'GET',
      path: '/api/v1/accounts/verify_credentials',
      run: (call) =>
        signedIn(call, { scopes: ['profile', 'read', 'read:accounts'], isNeeded: true }, (token) => {
          if (token?.account === undefined)
            return complaint(422, 'This method requires an authenticated user')
          return json(200, {
            ...toAccount(call.realm, token.account, token),
            ...sourceOf(call.realm, token.account),
          })
        }),
    },
    {
      method: 'GET',
      path: '/api/v1/accounts/lookup',
      run: (call) =>
        signedIn(call, READ_ACCOUNTS, (token) => {
          const username = (call.asked.query.get('acct') ?? '').replace(`@${call.realm.host}`, '')
          const index = usernameToIndex(call.world, call.realm, username)
          return index === undefined ? notFound() : json(200, toAccount(call.realm, index, token))
        }),
    },
    {
      method: 'GET',
      path: '/api/v1/accounts/:id',
      run: (call) =>
        signedIn(call, READ_ACCOUNTS, (token) => {
          const index = call.realm.ids.toIndex(call.parameters.id ?? '')
          return index === undefined ? notFound() : json(200, toAccount(call.realm, index, token))
        }),
    },
    { method: 'GET', path: '/api/v1/accounts/:id/following', run: (call) => list(call, 'following') },
    { method: 'GET', path: '/api/v1/accounts/:id/followers', run: (call) => list(call, 'followers') },
  ],
}

const READ_ACCOUNTS = { scopes: ['read', 'read:accounts'], isNeeded: false }

const MESSAGES: Readonly<Record<number, string>> = {
  401: 'The access token is invalid',
  403: 'This action is not allowed',
  404: 'Record not found',
  429: 'Too many requests',
}

function list(call: Call, direction: Direction): Answer {
  return signedIn(call, READ_ACCOUNTS, (token) => {
    const { world, realm, asked } = call
    const index = realm.ids.toIndex(call.parameters.id ?? '')
    if (index === undefined) return notFound()
    // Silently brought within the bounds: 40 by default, 80 at most.
    const wished = numberIn(asked.query, 'limit') ?? 40
    const size = wished >= 1 ? Math.min(80, wished) : 40
    const all = listFor(world, realm, index, direction, token)
    const offset = offsetOf(asked.query.get('max_id'))
    const body = world.pages.take(`${realm.host} ${all.key} ${offset} ${size}`, () =>
      JSON.stringify(pageOf(all, offset, size, (contact) => toAccount(realm, contact))),
    )
    const end = Math.min(all.size, offset + size)
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    if (end <= offset) return { status: 200, headers, body }

    const link = (name: string, id: number, relation: string) => {
      const query = new URLSearchParams({ limit: String(size), [name]: String(id) })
      return `<https://${realm.host}${asked.path}?${query}>; rel="${relation}"`
    }
    // A full page always has a next one, even when that one turns out to be empty.
    const isFull = end - offset === size
    const links = [
      ...(isFull ? [link('max_id', relationId(end - 1), 'next')] : []),
      link('since_id', relationId(offset), 'prev'),
    ]
    return { status: 200, headers: { ...headers, link: links.join(', ') }, body }
  })
}

/** Ids of the follows themselves, not of accounts; newest first. */
const relationId = (position: number) => 90_000_000 - position * 3

/** Position after the follow that `max_id` names; 0 without one. */
function offsetOf(maxId: string | null): number {
  return maxId !== null && /^\d{1,9}$/.test(maxId) ? Math.ceil((90_000_000 - Number(maxId) + 1) / 3) : 0
}
