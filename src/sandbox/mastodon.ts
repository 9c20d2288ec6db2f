// Mastodon's API, as any server that speaks it: https://docs.joinmastodon.org/methods/accounts/

import { mix } from './hash.ts'
import { timestampIds, ulids } from './ids.ts'
import type { Direction } from './lists.ts'
import { INSTANCE_ROUTES } from './mastodon-instance.ts'
import { countsOf, listFor, pageOf, personOf, usernameToIndex } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, escapeHtml, json, numberIn, withHeaders } from './wire.ts'
import type { Call, Pretence, Realm } from './world.ts'

/** https://docs.joinmastodon.org/api/rate-limits/ */
const LIMIT = { limit: 300, windowSeconds: 300 }

export const mastodon: Pretence = {
  hosts: [],
  // Servers that speak this API also use ULIDs (GoToSocial).
  ids: (seed, accounts, host) => (host.startsWith('gotosocial') ? ulids : timestampIds)(seed, accounts),
  scopes: ['read'],
  hasRefresh: false,
  clientId: (secret) => secret,
  tokenText: (_kind, secret) => secret.slice(0, 43),
  failure: (status) =>
    complaint(status, MESSAGES[status] ?? 'There was a temporary problem serving your request'),
  routes: [
    ...INSTANCE_ROUTES,
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

interface Access {
  readonly scopes: readonly string[]
  readonly isNeeded: boolean
}

/** Counts per account, else per address; then checks token and scope. */
function signedIn(call: Call, { scopes, isNeeded }: Access, run: (token?: Token) => Answer): Answer {
  const { world, realm, asked } = call
  const found = world.tokens.check(realm.host, credentialOf(asked, 'Bearer'))
  const token = typeof found === 'string' ? undefined : found
  const spent = call.spend(`${realm.host} ${token?.account ?? asked.address}`, LIMIT)
  const headers = {
    'x-ratelimit-limit': String(spent.limit),
    'x-ratelimit-remaining': String(spent.remaining),
    'x-ratelimit-reset': new Date(spent.resetAt).toISOString().replace('Z', '000Z'),
  }
  if (spent.isRefused) return withHeaders(complaint(429, 'Too many requests'), headers)
  return withHeaders(admitted(found, scopes, isNeeded) ?? run(token), headers)
}

function admitted(found: Token | string, scopes: readonly string[], isNeeded: boolean): Answer | undefined {
  if (found === 'missing' && !isNeeded) return undefined
  if (found === 'revoked') return complaint(401, 'The access token was revoked')
  if (found === 'expired') return complaint(401, 'The access token expired')
  if (typeof found === 'string') return complaint(401, 'The access token is invalid')
  const isAllowed = scopes.some((scope) => found.scopes.includes(scope))
  return isAllowed ? undefined : complaint(403, 'This action is outside the authorized scopes')
}

/** As accounts are named, and as their addresses are spelled. */
const FAR_HOSTS = ['photos.example', 'fedi.example', 'κόσμος.example'].map((host) => ({
  shown: host,
  spelled: new URL(`https://${host}`).host,
}))

/** Every third account lives on another server. */
function toAccount(realm: Realm, index: number, token?: Token) {
  const person = personOf(realm, index)
  const isOwn = token?.account === index
  const far = !isOwn && index % 3 === 2 ? FAR_HOSTS[mix(realm.seed, index, 61) % FAR_HOSTS.length] : undefined
  const { following, followers, posts } = countsOf(realm, index, token)
  const url = `https://${far?.spelled ?? realm.host}/@${person.username}`
  const avatar = person.picture
    ? `https://files.${realm.host}/accounts/avatars/${person.picture}/original/a.png`
    : `https://${realm.host}/avatars/original/missing.png`
  const header = `https://${realm.host}/headers/original/missing.png`
  return {
    id: realm.ids.toId(index),
    username: person.username,
    acct: far ? `${person.username}@${far.shown}` : person.username,
    display_name: person.name,
    locked: index % 11 === 0,
    bot: false,
    discoverable: true,
    indexable: false,
    group: false,
    created_at: `${new Date(realm.ids.createdAt(index)).toISOString().slice(0, 10)}T00:00:00.000Z`,
    note: toNote(person.bio),
    url,
    uri: far ? `${url.replace('/@', '/users/')}` : `https://${realm.host}/users/${person.username}`,
    avatar,
    avatar_static: avatar,
    header,
    header_static: header,
    followers_count: followers,
    following_count: following,
    statuses_count: posts,
    last_status_at: posts > 0 ? '2026-11-02' : null,
    hide_collections: null,
    emojis: [],
    fields: person.website
      ? [
          {
            name: 'Web',
            value: `<a href="${person.website}" rel="me">${person.website}</a>`,
            verified_at: null,
          },
        ]
      : [],
  }
}

function sourceOf(realm: Realm, index: number) {
  const { bio, language } = personOf(realm, index)
  return {
    noindex: false,
    source: {
      privacy: 'public',
      sensitive: false,
      language,
      note: bio,
      fields: [],
      follow_requests_count: 0,
    },
    role: { id: '-99', name: '', permissions: '65536', color: '', highlighted: false },
  }
}

/** The bio as the HTML it is shown as. */
function toNote(bio: string): string {
  return bio === '' ? '' : `<p>${escapeHtml(bio).replaceAll('\n', '<br />')}</p>`
}

const notFound = () => complaint(404, 'Record not found')

function complaint(status: number, error: string): Answer {
  return json(status, { error })
}
