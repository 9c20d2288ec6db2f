// X: https://docs.x.com/x-api — users, follow lists, problems, limits (openapi.json 2.168).

import { mix } from './hash.ts'
import { snowflakes } from './ids.ts'
import type { Direction } from './lists.ts'
import { countsOf, listFor, pageOf, personOf, usernameToIndex } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, json, numberIn } from './wire.ts'
import type { Call, Pretence, Realm } from './world.ts'
import { invalid, PROBLEMS, problem, signedIn, TITLES } from './x-answers.ts'
import { X_MEDIA_ROUTES } from './x-media.ts'
import { X_OAUTH_ROUTES } from './x-oauth.ts'
import { X_POST_ROUTES } from './x-posts.ts'

const SCOPES = {
  user: ['users.read', 'tweet.read'],
  lists: ['follows.read', 'users.read', 'tweet.read'],
}

export const x: Pretence = {
  hosts: ['api.x.com', 'x.com', 'api.twitter.com', 'twitter.com'],
  ids: snowflakes,
  scopes: [...SCOPES.lists, 'tweet.write', 'media.write', 'offline.access'],
  accessSeconds: 7200,
  hasRefresh: true,
  clientId: (secret) => Buffer.from(`${secret.slice(0, 20)}:1:ci`).toString('base64'),
  tokenText: (kind, secret, { count }) =>
    Buffer.from(
      `${secret.slice(0, 43)}:${count}:1:${kind === 'access' ? 'at' : kind === 'refresh' ? 'rt' : 'ac'}:1`,
    )
      .toString('base64')
      .replaceAll('=', ''),
  failure: (status) => problem(status, TITLES[status] ?? 'Service Unavailable'),
  routes: [
    ...X_OAUTH_ROUTES,
    ...X_POST_ROUTES,
    ...X_MEDIA_ROUTES,
    {
      method: 'GET',
      path: '/2/users/me',
      run: (call) =>
        signedIn(call, 'me', SCOPES.user, (token) =>
          token.account === undefined
            ? problem(403, 'Unsupported Authentication', 'This endpoint needs a user.')
            : one(call, token, token.account),
        ),
    },
    {
      method: 'GET',
      path: '/2/users/:id',
      run: (call) =>
        signedIn(call, 'lookup', SCOPES.user, (token) => {
          const index = call.realm.ids.toIndex(call.parameters.id ?? '')
          return index === undefined ? notFound('id', call.parameters.id ?? '') : one(call, token, index)
        }),
    },
    {
      method: 'GET',
      path: '/2/users/by/username/:username',
      run: (call) =>
        signedIn(call, 'lookup', SCOPES.user, (token) => {
          const username = call.parameters.username ?? ''
          const index = usernameToIndex(call.world, call.realm, username)
          return index === undefined ? notFound('username', username) : one(call, token, index)
        }),
    },
    { method: 'GET', path: '/2/users/:id/following', run: (call) => list(call, 'following') },
    { method: 'GET', path: '/2/users/:id/followers', run: (call) => list(call, 'followers') },
  ],
}

function list(call: Call, direction: Direction): Answer {
  return signedIn(call, direction, SCOPES.lists, (token) => {
    const { world, realm, parameters, asked } = call
    const size = numberIn(asked.query, 'max_results') ?? 100
    if (!(size >= 1 && size <= 1000)) {
      const given = asked.query.get('max_results') ?? ''
      return invalid(
        'max_results',
        given,
        `The \`max_results\` query parameter value [${given}] is not between 1 and 1000`,
      )
    }
    const fields = fieldsOf(call)
    if (!Array.isArray(fields)) return fields
    const index = realm.ids.toIndex(parameters.id ?? '')
    if (index === undefined) return notFound('id', parameters.id ?? '')

    const all = listFor(world, realm, index, direction, token)
    const cursor = asked.query.get('pagination_token')
    const offset = cursor === null ? 0 : offsetOf(cursor, all.size)
    if (offset === undefined)
      return invalid('pagination_token', cursor ?? '', 'The pagination token is not valid.')
    const body = world.pages.take(`${realm.host} ${all.key} ${offset} ${size} ${fields}`, () => {
      const data = pageOf(all, offset, size, (contact) => toUser(realm, contact, fields))
      const end = offset + data.length
      const meta = {
        result_count: data.length,
        next_token: end < all.size ? cursorOf(end) : undefined,
        previous_token: offset > 0 ? cursorOf(Math.max(0, offset - size)) : undefined,
      }
      return JSON.stringify(data.length > 0 ? { data, meta } : { meta })
    })
    return { status: 200, headers: { 'content-type': 'application/json; charset=utf-8' }, body }
  })
}

function one(call: Call, token: Token, index: number): Answer {
  const fields = fieldsOf(call)
  return Array.isArray(fields) ? json(200, { data: toUser(call.realm, index, fields, token) }) : fields
}

const FIELDS: Readonly<Record<string, (realm: Realm, index: number, token?: Token) => unknown>> = {
  id: (realm, index) => realm.ids.toId(index),
  name: (realm, index) => personOf(realm, index).name,
  username: (realm, index) => personOf(realm, index).username,
  created_at: (realm, index) => new Date(realm.ids.createdAt(index)).toISOString(),
  description: (realm, index) => personOf(realm, index).bio,
  location: (realm, index) => personOf(realm, index).location,
  profile_image_url: (realm, index) => pictureOf(realm, index),
  protected: (realm, index) => mix(realm.seed, index, 51) % 15 === 0,
  public_metrics(realm, index, token) {
    const { following, followers, posts } = countsOf(realm, index, token)
    return {
      followers_count: followers,
      following_count: following,
      post_count: posts,
      listed_count: posts % 7,
    }
  },
  url: (realm, index) => personOf(realm, index).website ?? '',
  verified: (realm, index) => personOf(realm, index).isVerified,
  verified_type: (realm, index) => (personOf(realm, index).isVerified ? 'blue' : 'none'),
}
/** Known to the network, but nobody here has them. */
const EMPTY_FIELDS: ReadonlySet<string> = new Set(
  (
    'confirmed_email connection_status entities is_identity_verified parody profile_banner_url receives_your_dm ' +
    'subscriber_count subscribes_to_you subscription subscription_type verified_followers_count withheld ' +
    'affiliation most_recent_tweet_id pinned_tweet_id'
  ).split(' '),
)

function toUser(
  realm: Realm,
  index: number,
  fields: readonly string[],
  token?: Token,
): Record<string, unknown> {
  const user: Record<string, unknown> = {}
  for (const field of fields) user[field] = FIELDS[field]?.(realm, index, token)
  return user
}

function fieldsOf({ asked }: Call): string[] | Answer {
  const named = (asked.query.get('user.fields') ?? '').split(',').filter(Boolean)
  const unknown = named.find((field) => !(field in FIELDS || EMPTY_FIELDS.has(field)))
  if (unknown !== undefined) {
    return invalid(
      'user.fields',
      unknown,
      `The \`user.fields\` query parameter value [${unknown}] is not one of the known fields`,
    )
  }
  return [...new Set(['id', 'name', 'username', ...named.filter((field) => field in FIELDS)])]
}

function pictureOf(realm: Realm, index: number): string {
  const { picture } = personOf(realm, index)
  return picture
    ? `https://pbs.twimg.com/profile_images/${realm.ids.toId(index)}/${picture}_normal.jpg`
    : 'https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png'
}

const cursorOf = (offset: number) => `7140DIBM${offset.toString(32).toUpperCase().padStart(12, '0')}`

function offsetOf(cursor: string, size: number): number | undefined {
  const digits = /^7140DIBM([0-9A-V]{12})$/.exec(cursor)?.[1]
  const offset = digits === undefined ? size : Number.parseInt(digits, 32)
  return offset < size ? offset : undefined
}

/** The network answers 200 and names what it could not find. */
function notFound(parameter: string, value: string): Answer {
  const detail = `Could not find user with ${parameter}: [${value}].`
  const error = {
    value,
    detail,
    title: 'Not Found Error',
    resource_type: 'user',
    parameter,
    resource_id: value,
    type: `${PROBLEMS}/resource-not-found`,
  }
  return json(200, { errors: [error] })
}
