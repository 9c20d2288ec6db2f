// GitHub: https://docs.github.com/rest/users/followers — users, follow lists, Link header, limits, OAuth app.

import { askConsent, type Consent, settleConsent } from './consent.ts'
import { integers } from './ids.ts'
import type { Direction } from './lists.ts'
import { clientOf, type Refusal, redeemCode, revoke } from './oauth2.ts'
import { countsOf, listFor, pageOf, personOf, usernameToIndex } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, formOf, json, numberIn, objectOf, withHeaders } from './wire.ts'
import type { Call, Pretence, Realm } from './world.ts'

const API = 'https://api.github.com'
/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
const SIGNED_IN = { limit: 5000, windowSeconds: 3600 }
const ANONYMOUS = { limit: 60, windowSeconds: 3600 }
const DOCS = 'https://docs.github.com/rest'
const LIMIT_DOCS = `${DOCS}/overview/rate-limits-for-the-rest-api`

const CONSENT: Consent = {
  scopeSeparator: /[ ,]+/,
  pkce: 'optional',
  codeSeconds: 600,
  denied: {
    error: 'access_denied',
    error_description: 'The user has denied your application access.',
    error_uri:
      'https://docs.github.com/apps/managing-oauth-apps/troubleshooting-authorization-request-errors/',
  },
}

export const github: Pretence = {
  hosts: ['api.github.com', 'github.com'],
  ids: integers,
  scopes: [],
  hasRefresh: false,
  clientId: (secret) => `Ov23li${secret.replaceAll(/[-_]/g, 'x').slice(0, 14)}`,
  tokenText: (kind, secret) =>
    kind === 'code'
      ? Buffer.from(secret).toString('hex').slice(0, 20)
      : `gho_${secret.replaceAll(/[-_]/g, '').padEnd(36, '0').slice(0, 36)}`,
  failure: (status) => complaint(status, MESSAGES[status] ?? 'Server Error'),
  routes: [
    {
      method: 'GET',
      path: '/user',
      run: (call) => signedIn(call, true, (token) => privateUser(call, token)),
    },
    { method: 'GET', path: '/user/followers', run: (call) => ownList(call, 'followers') },
    { method: 'GET', path: '/user/following', run: (call) => ownList(call, 'following') },
    { method: 'GET', path: '/users/:username', run: showUser },
    { method: 'GET', path: '/users/:username/followers', run: (call) => othersList(call, 'followers') },
    { method: 'GET', path: '/users/:username/following', run: (call) => othersList(call, 'following') },
    {
      method: 'GET',
      path: '/login/oauth/authorize',
      run: (call) => askConsent(call, CONSENT, call.asked.query),
    },
    {
      method: 'POST',
      path: '/login/oauth/authorize',
      run: (call) => settleConsent(call, CONSENT, call.asked.query, formOf(call.asked)),
    },
    { method: 'POST', path: '/login/oauth/access_token', run: exchange },
    { method: 'DELETE', path: '/applications/:client/token', run: forget },
    { method: 'DELETE', path: '/applications/:client/grant', run: forget },
  ],
}

const MESSAGES: Readonly<Record<number, string>> = {
  401: 'Bad credentials',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
}

function ownList(call: Call, direction: Direction): Answer {
  return signedIn(call, true, (token) => list(call, token?.account, direction, token))
}

function othersList(call: Call, direction: Direction): Answer {
  return signedIn(call, false, (token) => {
    const index = usernameToIndex(call.world, call.realm, call.parameters.username ?? '')
    return list(call, index, direction, token)
  })
}

function list(call: Call, index: number | undefined, direction: Direction, token: Token | undefined): Answer {
  if (index === undefined) return complaint(404, 'Not Found')
  const { world, realm, asked } = call
  // Out of bounds is silently brought within them.
  const wishedSize = numberIn(asked.query, 'per_page') ?? 30
  const size = wishedSize >= 1 ? Math.min(100, wishedSize) : 30
  const wishedPage = numberIn(asked.query, 'page') ?? 1
  const page = wishedPage >= 1 ? wishedPage : 1

  const all = listFor(world, realm, index, direction, token)
  const body = world.pages.take(`${realm.host} ${all.key} ${page} ${size}`, () =>
    JSON.stringify(pageOf(all, (page - 1) * size, size, (contact) => toSimpleUser(realm, contact))),
  )
  const last = Math.max(1, Math.ceil(all.size / size))
  const link = (number: number, relation: string) => {
    const query = new URLSearchParams(asked.query)
    query.set('page', String(number))
    return `<${API}${asked.path}?${query}>; rel="${relation}"`
  }
  const links = [
    ...(page > 1 ? [link(Math.min(page - 1, last), 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ]
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  return { status: 200, headers: links.length > 0 ? { ...headers, link: links.join(', ') } : headers, body }
}

function showUser(call: Call): Answer {
  return signedIn(call, false, (token) => {
    const index = usernameToIndex(call.world, call.realm, call.parameters.username ?? '')
    return index === undefined
      ? complaint(404, 'Not Found')
      : json(200, toPublicUser(call.realm, index, token))
  })
}

function privateUser({ realm }: Call, token: Token | undefined): Answer {
  if (token?.account === undefined) return complaint(401, 'Requires authentication')
  const user = {
    ...toPublicUser(realm, token.account, token),
    user_view_type: 'private',
    notification_email: null,
  }
  if (!token.scopes.includes('user')) return json(200, { ...user, user_view_type: 'public' })
  return json(200, {
    ...user,
    private_gists: 0,
    total_private_repos: 2,
    owned_private_repos: 2,
    disk_usage: 1200,
    collaborators: 1,
    two_factor_authentication: true,
    plan: { name: 'free', space: 976_562_499, collaborators: 0, private_repos: 10_000 },
  })
}

/** Counts, then checks who asks; tokens are optional where the list is public. */
function signedIn(call: Call, isNeeded: boolean, run: (token: Token | undefined) => Answer): Answer {
  const { world, realm, asked } = call
  if (!asked.headers['user-agent']) {
    const text =
      'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.'
    return { status: 403, headers: { 'content-type': 'text/plain' }, body: `\r\n${text}\r\n` }
  }
  const credential = credentialOf(asked, 'Bearer') ?? credentialOf(asked, 'token')
  const found = world.tokens.check(realm.host, credential)
  if (typeof found === 'string' && found !== 'missing') return complaint(401, 'Bad credentials')
  if (found === 'missing' && isNeeded) return complaint(401, 'Requires authentication')

  const token = typeof found === 'string' ? undefined : found
  const spent = call.spend(`${realm.host} ${token?.account ?? asked.address}`, token ? SIGNED_IN : ANONYMOUS)
  const headers = {
    'x-ratelimit-limit': String(spent.limit),
    'x-ratelimit-remaining': String(spent.remaining),
    'x-ratelimit-reset': String(Math.ceil(spent.resetAt / 1000)),
    'x-ratelimit-used': String(spent.limit - spent.remaining),
    'x-ratelimit-resource': 'core',
    'x-github-media-type': 'github.v3; format=json',
    'x-github-api-version-selected': '2022-11-28',
    ...(token ? { 'x-oauth-scopes': token.scopes.join(', ') } : {}),
  }
  if (!spent.isRefused) return withHeaders(run(token), headers)
  const whom = token?.account === undefined ? asked.address : `user ID ${realm.ids.toId(token.account)}`
  return withHeaders(complaint(403, `API rate limit exceeded for ${whom}.`, LIMIT_DOCS), headers)
}

function toSimpleUser(realm: Realm, index: number) {
  const { username } = personOf(realm, index)
  const id = realm.ids.toId(index)
  const url = `${API}/users/${username}`
  return {
    login: username,
    id: Number(id),
    node_id: Buffer.from(`04:User${id}`).toString('base64'),
    avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`,
    gravatar_id: '',
    url,
    html_url: `https://github.com/${username}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: 'User',
    user_view_type: 'public',
    site_admin: false,
  }
}

function toPublicUser(realm: Realm, index: number, token?: Token) {
  const person = personOf(realm, index)
  const { following, followers, posts } = countsOf(realm, index, token)
  const mayReadEmail = token?.account === index && token.scopes.some((scope) => scope === 'user')
  return {
    ...toSimpleUser(realm, index),
    name: person.name || null,
    company: null,
    blog: person.website ?? '',
    location: person.location ?? null,
    email: mayReadEmail ? `${person.username}@mail.example` : null,
    hireable: null,
    bio: person.bio || null,
    twitter_username: null,
    public_repos: posts % 90,
    public_gists: posts % 7,
    followers,
    following,
    created_at: new Date(realm.ids.createdAt(index)).toISOString().replace('.000Z', 'Z'),
    updated_at: '2026-10-01T08:00:00Z',
  }
}

function exchange(call: Call): Answer {
  const form = formOf(call.asked)
  const app = clientOf(call, form, { basic: true, body: true })
  const token = app ? redeemCode(call, app, form) : 'client'
  // Failures come with 200 (https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps).
  const result: Record<string, string> =
    typeof token === 'string'
      ? {
          error: ERRORS[token][0],
          error_description: ERRORS[token][1],
          error_uri: `${DOCS}/apps/troubleshooting`,
        }
      : { access_token: token.accessToken, token_type: 'bearer', scope: token.scopes.join(',') }
  if (call.asked.headers.accept?.includes('json')) return json(200, result)
  const type = 'application/x-www-form-urlencoded; charset=utf-8'
  return { status: 200, headers: { 'content-type': type }, body: new URLSearchParams(result).toString() }
}

const BAD_CODE = ['bad_verification_code', 'The code passed is incorrect or expired.'] as const
const ERRORS: Readonly<Record<Refusal, readonly [error: string, description: string]>> = {
  client: ['incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.'],
  code: BAD_CODE,
  codeUsed: BAD_CODE,
  verifier: BAD_CODE,
  redirect: [
    'redirect_uri_mismatch',
    'The redirect_uri MUST match the registered callback URL for this application.',
  ],
  refresh: ['bad_refresh_token', 'The refresh token passed is incorrect or expired.'],
  grantType: ['unsupported_grant_type', 'The grant_type is not supported.'],
  missing: BAD_CODE,
}

/** https://docs.github.com/rest/apps/oauth-applications#delete-an-app-token */
function forget(call: Call): Answer {
  const app = clientOf(call, new URLSearchParams(), { basic: true, body: false })
  if (app?.clientId !== call.parameters.client || !app) return complaint(404, 'Not Found')
  const token = objectOf(call.asked.body).access_token
  if (typeof token !== 'string') return complaint(422, 'Validation Failed')
  revoke(call, app, token)
  return { status: 204, headers: {}, body: '' }
}

function complaint(status: number, message: string, documentationUrl = DOCS): Answer {
  return json(status, { message, documentation_url: documentationUrl, status: String(status) })
}
