// LinkedIn: https://learn.microsoft.com/linkedin/shared/integrations/people/connections-api,
// /linkedin/shared/api-guide/concepts/error-handling, /linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2

import { askConsent, type Consent, settleConsent } from './consent.ts'
import { personIds } from './ids.ts'
import { complaint, failureOf, signedIn, versioned } from './linkedin-access.ts'
import { LINKEDIN_POST_ROUTES } from './linkedin-posts.ts'
import { clientOf, type Refusal, redeemCode, revoke, rotate, secondsLeft } from './oauth2.ts'
import { listFor, pageOf, personOf } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, formOf, json, numberIn } from './wire.ts'
import type { App, Call, Pretence, Realm } from './world.ts'

const CONNECTIONS = 'r_1st_connections'
const DEFAULT_COUNT = 10
/** NOTE the bound of this list is not documented. */
const MOST_PER_PAGE = 500

const CONSENT: Consent = {
  scopeSeparator: /[ ,]+/,
  pkce: 'none',
  codeSeconds: 1800,
  denied: {
    error: 'user_cancelled_authorize',
    error_description: 'The user cancelled the authorization',
  },
  unknownScope: 'unauthorized_scope_error',
}

export const linkedin: Pretence = {
  hosts: ['api.linkedin.com', 'www.linkedin.com'],
  ids: personIds,
  scopes: ['openid', 'profile', 'email', 'w_member_social'],
  restrictedScopes: [CONNECTIONS, 'r_member_social', 'r_1st_connections_size', 'r_basicprofile'],
  accessSeconds: 60 * 86_400,
  hasRefresh: false,
  clientId: (secret) => `86${secret.toLowerCase().replaceAll(/[-_]/g, '0').slice(0, 12)}`,
  tokenText: (_kind, secret) => `AQ${secret}${secret}`,
  failure: failureOf,
  routes: [
    ...LINKEDIN_POST_ROUTES,
    { method: 'GET', path: '/v2/userinfo', run: userinfo },
    { method: 'GET', path: '/v2/me', run: me },
    { method: 'GET', path: '/v2/connections', run: connections },
    { method: 'GET', path: '/rest/connections', run: (call) => versioned(call) ?? connections(call) },
    { method: 'GET', path: '/rest/me', run: (call) => versioned(call) ?? me(call) },
    {
      method: 'GET',
      path: '/oauth/v2/authorization',
      run: (call) => askConsent(call, CONSENT, call.asked.query),
    },
    {
      method: 'POST',
      path: '/oauth/v2/authorization',
      run: (call) => settleConsent(call, CONSENT, call.asked.query, formOf(call.asked)),
    },
    { method: 'POST', path: '/oauth/v2/accessToken', run: exchange },
    { method: 'POST', path: '/oauth/v2/revoke', run: takeBack },
  ],
}

function userinfo(call: Call): Answer {
  return signedIn(call, 'openid', 'GET /userinfo', (token, account) => {
    const person = personOf(call.realm, account)
    const isNamed = token.scopes.includes('profile')
    const mayEmail = token.scopes.includes('email')
    return json(200, {
      sub: call.realm.ids.toId(account),
      ...(isNamed && {
        name: `${person.givenName} ${person.familyName}`,
        given_name: person.givenName,
        family_name: person.familyName,
        locale: { country: 'US', language: person.language },
        picture: pictureOf(call.realm, account),
      }),
      ...(mayEmail && { email: `${person.username}@mail.example`, email_verified: true }),
    })
  })
}

function me(call: Call): Answer {
  return signedIn(call, 'r_basicprofile', 'GET /me', (_token, account) =>
    json(
      200,
      toPerson(call.realm, account, [
        'id',
        'firstName',
        'lastName',
        'localizedFirstName',
        'localizedLastName',
      ]),
    ),
  )
}

function connections(call: Call): Answer {
  return signedIn(call, CONNECTIONS, 'GET-viewer /connections', (token, account) => {
    const { world, realm, asked } = call
    if (asked.query.get('q') !== 'viewer')
      return complaint(400, 0, 'Invalid query parameters passed to request')
    const start = numberIn(asked.query, 'start') ?? 0
    const wished = numberIn(asked.query, 'count') ?? DEFAULT_COUNT
    if (!(start >= 0 && wished >= 1)) return complaint(400, 0, 'Invalid paging parameters')
    const count = Math.min(MOST_PER_PAGE, wished)
    const projection = asked.query.get('projection') ?? ''
    const all = listFor(world, realm, account, 'following', token)
    const body = world.pages.take(
      `${realm.host} ${all.key} ${start} ${count} ${projection} ${asked.path}`,
      () => {
        const elements = pageOf(all, start, count, (contact) => toConnection(realm, contact, projection))
        const hasPaging = projection === '' || projection.includes('paging')
        return JSON.stringify(
          hasPaging ? { elements, paging: pagingOf(asked.path, start, count, all.size) } : { elements },
        )
      },
    )
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  })
}

function pagingOf(path: string, start: number, count: number, total: number) {
  const link = (rel: string, from: number) => ({
    type: 'application/json',
    rel,
    href: `${path}?${new URLSearchParams({ q: 'viewer', start: String(from), count: String(count) })}`,
  })
  return {
    start,
    count,
    total,
    links: [
      ...(start > 0 ? [link('prev', Math.max(0, start - count))] : []),
      ...(start + count < total ? [link('next', start + count)] : []),
    ],
  }
}

/** A URN; `to~(…)` or `entity~(…)` in the projection adds the person behind it. */
function toConnection(realm: Realm, index: number, projection: string): Record<string, unknown> {
  const urn = `urn:li:person:${realm.ids.toId(index)}`
  const [, key = 'to', fields = ''] = /(to|entity)~\(([^()]*)/.exec(projection) ?? []
  const connection: Record<string, unknown> = { [key]: urn }
  if (fields) connection[`${key}~`] = toPerson(realm, index, fields.split(','))
  return connection
}

function toPerson(realm: Realm, index: number, fields: readonly string[]): Record<string, unknown> {
  const { givenName, familyName, username, bio } = personOf(realm, index)
  const localized = (text: string) => ({
    localized: { en_US: text },
    preferredLocale: { country: 'US', language: 'en' },
  })
  const person: Readonly<Record<string, unknown>> = {
    id: realm.ids.toId(index),
    firstName: localized(givenName),
    lastName: localized(familyName),
    localizedFirstName: givenName,
    localizedLastName: familyName,
    vanityName: username,
    localizedHeadline: bio,
  }
  return Object.fromEntries(fields.filter((field) => field in person).map((field) => [field, person[field]]))
}

function pictureOf(realm: Realm, index: number): string | undefined {
  const { picture } = personOf(realm, index)
  return picture && `https://media.licdn.com/dms/image/v2/${picture}/profile-displayphoto-shrink_100_100/0`
}

function exchange(call: Call): Answer {
  const form = formOf(call.asked)
  const app = clientOf(call, form, { basic: false, body: true })
  const token = app ? tradeFor(call, app, form) : 'client'
  if (typeof token === 'string') {
    const [status, error, description] = COMPLAINTS[token]
    return json(status, { error, error_description: description })
  }
  return json(200, {
    access_token: token.accessToken,
    expires_in: secondsLeft(call, token),
    ...(token.refreshToken && { refresh_token: token.refreshToken, refresh_token_expires_in: 365 * 86_400 }),
    scope: token.scopes.join(','),
    token_type: 'Bearer',
  })
}

function tradeFor(call: Call, app: App, form: URLSearchParams): Token | Refusal {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      if (!form.has('redirect_uri')) return 'missing'
      return redeemCode(call, app, form, { hasRefresh: () => app.isPartner })
    case 'refresh_token':
      return app.isPartner ? rotate(call, app, form.get('refresh_token') ?? '') : 'refresh'
    default:
      return 'grantType'
  }
}

const BAD_CODE =
  'Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or ' +
  'authorization code expired. Or external member binding exists'
const COMPLAINTS: Readonly<Record<Refusal, readonly [status: number, error: string, description: string]>> = {
  client: [401, 'invalid_client', 'Client authentication failed'],
  code: [400, 'invalid_request', BAD_CODE],
  codeUsed: [400, 'invalid_request', BAD_CODE],
  redirect: [400, 'invalid_request', BAD_CODE],
  verifier: [400, 'invalid_request', BAD_CODE],
  refresh: [
    400,
    'invalid_request',
    'The provided authorization grant or refresh token is invalid, expired or revoked.',
  ],
  grantType: [400, 'unsupported_grant_type', 'The grant type is not supported.'],
  missing: [400, 'invalid_request', 'A required parameter "redirect_uri" is missing'],
}

function takeBack(call: Call): Answer {
  const form = formOf(call.asked)
  const app = clientOf(call, form, { basic: false, body: true })
  if (!app) return json(401, { error: 'invalid_client', error_description: 'Client authentication failed' })
  revoke(call, app, form.get('token') ?? '')
  return { status: 200, headers: {}, body: '' }
}
