// Facebook: https://developers.facebook.com/docs/graph-api — /me, /me/friends, errors, usage header.

import { cursorOf, limited, positionOf, signedIn, unknownObject } from './facebook-access.ts'
import { FACEBOOK_OAUTH_ROUTES, graphError } from './facebook-oauth.ts'
import { FACEBOOK_PAGE_ROUTES, pagesOf, showPageThing } from './facebook-pages.ts'
import { FACEBOOK_VIDEO_ROUTES } from './facebook-videos.ts'
import { numberOf } from './hash.ts'
import { appScoped } from './ids.ts'
import { listFor, pageOf, personOf } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, json, numberIn } from './wire.ts'
import type { Call, Pretence, Realm } from './world.ts'

const DEFAULT_LIMIT = 25
/** NOTE the edge's own bound is not documented. */
const MOST_PER_PAGE = 5000

export const facebook: Pretence = {
  hosts: ['graph.facebook.com', 'graph-video.facebook.com', 'www.facebook.com', 'm.facebook.com'],
  ids: appScoped,
  scopes: [
    'public_profile',
    'email',
    'user_friends',
    'pages_show_list',
    'pages_read_engagement',
    'pages_manage_posts',
  ],
  places: pagesOf,
  accessSeconds: 60 * 86_400,
  hasRefresh: false,
  clientId: (secret) => `12${String(numberOf(secret)).padStart(13, '0')}`,
  tokenText: (kind, secret) =>
    kind === 'code' ? `AQ${secret}` : `EAAB${secret}${secret}`.replaceAll(/[-_]/g, 'Z'),
  failure: (status) =>
    status === 429
      ? limited()
      : graphError(
          status,
          status >= 500 ? 2 : 100,
          status >= 500 ? SERVICE_DOWN : 'Unsupported get request.',
          {
            is_transient: status >= 500,
          },
        ),
  routes: [
    ...FACEBOOK_OAUTH_ROUTES,
    ...FACEBOOK_PAGE_ROUTES,
    ...FACEBOOK_VIDEO_ROUTES,
    { method: 'GET', path: '/:version/me', run: (call) => show(call, undefined) },
    { method: 'GET', path: '/:version/me/permissions', run: permissions },
    { method: 'DELETE', path: '/:version/me/permissions', run: forget },
    { method: 'DELETE', path: '/:version/:id/permissions', run: forget },
    { method: 'GET', path: '/:version/me/friends', run: friends },
    { method: 'GET', path: '/:version/:id/friends', run: friends },
    { method: 'GET', path: '/:version/:id', run: (call) => show(call, call.parameters.id) },
  ],
}

const SERVICE_DOWN = 'An unexpected error has occurred. Please retry your request later.'

function friends(call: Call): Answer {
  return signedIn(call, (token) => {
    const { world, realm, asked } = call
    if (!token.scopes.includes('user_friends')) return graphError(403, 200, '(#200) Permissions error')
    const owner = call.parameters.id === undefined ? token.account : realm.ids.toIndex(call.parameters.id)
    if (owner === undefined || owner !== token.account) return unknownObject(call.parameters.id ?? 'me')
    const fields = fieldsOf(call, ['name', 'id'])
    if (!Array.isArray(fields)) return fields

    const limit = numberIn(asked.query, 'limit') ?? DEFAULT_LIMIT
    if (!(limit >= 0)) return graphError(400, 100, '(#100) Param limit must be an integer')
    const size = Math.min(MOST_PER_PAGE, limit)
    const all = listFor(world, realm, owner, 'following', token)
    const after = asked.query.get('after')
    const offset = after === null ? 0 : positionOf(after)
    if (offset === undefined) return graphError(400, 100, '(#100) Invalid cursors values')

    const version = call.parameters.version ?? ''
    const key = `${realm.host} ${all.key} ${offset} ${size} ${asked.query.get('fields')} ${version} ${token.accessToken}`
    const body = world.pages.take(key, () => {
      const data = pageOf(all, offset, size, (friend) => toUser(realm, friend, fields))
      return JSON.stringify({
        data,
        ...(data.length > 0 ? { paging: pagingOf(call, owner, offset, data.length, all.size, token) } : {}),
        summary: { total_count: all.size },
      })
    })
    return { status: 200, headers: { 'content-type': 'application/json; charset=UTF-8' }, body }
  })
}

/** The address of the next page carries the token, as the network's does. */
function pagingOf(call: Call, owner: number, offset: number, length: number, total: number, token: Token) {
  const { asked, realm, parameters } = call
  const end = offset + length
  const address = (name: string, cursor: string) => {
    const query = new URLSearchParams({ access_token: token.accessToken })
    for (const kept of ['fields', 'limit', 'pretty']) {
      const value = asked.query.get(kept)
      if (value !== null) query.set(kept, value)
    }
    if (!query.has('limit')) query.set('limit', String(DEFAULT_LIMIT))
    query.set(name, cursor)
    return `https://graph.facebook.com/${parameters.version}/${realm.ids.toId(owner)}/friends?${query}`
  }
  return {
    cursors: { before: cursorOf(offset), after: cursorOf(end) },
    next: end < total ? address('after', cursorOf(end)) : undefined,
    previous: offset > 0 ? address('before', cursorOf(offset)) : undefined,
  }
}

function show(call: Call, id: string | undefined): Answer {
  return signedIn(call, (token) => {
    const thing = showPageThing(call, token, id)
    if (thing) return thing
    const index = id === undefined ? token.account : call.realm.ids.toIndex(id)
    if (index === undefined) return unknownObject(id ?? 'me')
    const fields = fieldsOf(call, ['name', 'id'])
    return Array.isArray(fields) ? json(200, toUser(call.realm, index, fields, token)) : fields
  })
}

function permissions(call: Call): Answer {
  return signedIn(call, ({ scopes }) =>
    json(200, { data: scopes.map((permission) => ({ permission, status: 'granted' })) }),
  )
}

function forget(call: Call): Answer {
  return signedIn(call, (token) => {
    call.world.tokens.revokeFamily(token.family)
    return json(200, { success: true })
  })
}

const PICTURE_FIELDS = ['height', 'is_silhouette', 'url', 'width']

const FIELDS: Readonly<Record<string, (realm: Realm, index: number, token?: Token) => unknown>> = {
  id: (realm, index) => realm.ids.toId(index),
  name: (realm, index) => personOf(realm, index).name || personOf(realm, index).givenName,
  first_name: (realm, index) => personOf(realm, index).givenName,
  last_name: (realm, index) => personOf(realm, index).familyName,
  name_format: () => '{first} {last}',
  short_name: (realm, index) => personOf(realm, index).givenName,
  email: (realm, index, token) =>
    token?.scopes.includes('email') ? `${personOf(realm, index).username}@mail.example` : undefined,
  picture: (realm, index) => ({ data: pictureOf(realm, index, 50) }),
}
/** Fields that need a permission nobody here has given: left out of the answer. */
const WITHHELD = new Set([
  'link',
  'birthday',
  'gender',
  'location',
  'hometown',
  'middle_name',
  'age_range',
  'about',
])

function pictureOf(realm: Realm, index: number, size: number): Record<string, unknown> {
  const { picture } = personOf(realm, index)
  const url = `https://platform-lookaside.fbsbx.com/platform/profilepic/?asid=${realm.ids.toId(index)}&height=${size}&width=${size}&ext=1&hash=${picture ?? 'none'}`
  return { height: size, is_silhouette: picture === undefined, url, width: size }
}

function toUser(
  realm: Realm,
  index: number,
  fields: readonly Field[],
  token?: Token,
): Record<string, unknown> {
  const user: Record<string, unknown> = {}
  for (const { name, rest } of fields)
    user[name] = name === 'picture' ? picture(realm, index, rest) : FIELDS[name]?.(realm, index, token)
  return user
}

const SIZES: Readonly<Record<string, number>> = { small: 50, normal: 100, album: 50, large: 200, square: 50 }

/** `picture.type(large)` or `picture.width(200)`, and `picture{url}`. */
function picture(realm: Realm, index: number, rest: string): unknown {
  const width = /\.(?:width|height)\((\d{1,4})\)/.exec(rest)?.[1]
  const type = /\.type\((\w+)\)/.exec(rest)?.[1]
  const whole = pictureOf(realm, index, width ? Number(width) : (SIZES[type ?? ''] ?? 50))
  const named = /\{([\w,]*)\}/.exec(rest)?.[1]?.split(',')
  if (!named) return { data: whole }
  return {
    data: Object.fromEntries(
      PICTURE_FIELDS.filter((name) => named.includes(name)).map((name) => [name, whole[name]]),
    ),
  }
}

interface Field {
  readonly name: string
  /** Modifiers and sub-fields, as spelled. */
  readonly rest: string
}

function fieldsOf({ asked }: Call, usual: readonly string[]): Field[] | Answer {
  const text = asked.query.get('fields')
  const spelled = text ? (text.match(/(?:[^,{(]|\([^)]*\)|\{[^}]*\})+/g) ?? []) : usual
  const fields = spelled.map((one) => {
    const name = /^\s*(\w*)/.exec(one)?.[1] ?? ''
    return { name, rest: one.trim().slice(name.length) }
  })
  const unknown = fields.find(({ name }) => !(name in FIELDS || WITHHELD.has(name)))
  if (unknown) {
    return graphError(
      400,
      100,
      `(#100) Tried accessing nonexisting field (${unknown.name}) on node type (User)`,
    )
  }
  const asksId = fields.some(({ name }) => name === 'id')
  return asksId ? fields : [...fields, { name: 'id', rest: '' }]
}
