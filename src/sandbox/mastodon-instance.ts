// What a Mastodon server says of itself, and its OAuth:
// https://docs.joinmastodon.org/methods/apps/, /methods/oauth/, /methods/instance/, /methods/oauth/#authorization-server-metadata

import { askConsent, type Consent, settleConsent } from './consent.ts'
import { clientOf, type Refusal, redeemCode, revoke } from './oauth2.ts'
import { issueToken, registerApp } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, formOf, json } from './wire.ts'
import type { App, Call, Route } from './world.ts'

const OUT_OF_BAND = 'urn:ietf:wg:oauth:2.0:oob'
const SCOPES = ['read', 'write', 'follow', 'push', 'profile']
/** Apps that one server takes. */
const MOST_APPS = 10_000

const CONSENT: Consent = {
  scopeSeparator: /[ +]/,
  pkce: 'optional',
  codeSeconds: 600,
  denied: {
    error: 'access_denied',
    error_description: 'The resource owner or authorization server denied the request.',
  },
}

export const INSTANCE_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/api/v1/apps', run: register },
  { method: 'GET', path: '/api/v1/apps/verify_credentials', run: verifyApp },
  { method: 'GET', path: '/api/v2/instance', run: describe },
  { method: 'GET', path: '/api/v1/instance', run: describeAsBefore },
  { method: 'GET', path: '/.well-known/nodeinfo', run: nodeInfoLinks },
  { method: 'GET', path: '/nodeinfo/2.0', run: nodeInfo },
  { method: 'GET', path: '/oauth/authorize', run: (call) => askConsent(call, CONSENT, call.asked.query) },
  {
    method: 'POST',
    path: '/oauth/authorize',
    run: (call) => settleConsent(call, CONSENT, call.asked.query, formOf(call.asked)),
  },
  { method: 'POST', path: '/oauth/token', run: exchange },
  { method: 'POST', path: '/oauth/revoke', run: takeBack },
  { method: 'GET', path: '/.well-known/oauth-authorization-server', run: metadata },
]

function register(call: Call): Answer {
  const form = formOf(call.asked)
  const name = form.get('client_name')
  const redirectUris = [...form.getAll('redirect_uris'), ...form.getAll('redirect_uris[]')]
    .flatMap((text) => text.split(/\s+/))
    .filter(Boolean)
  const scopes = (form.get('scopes') ?? 'read').split(' ').filter(Boolean)
  if (!name) return json(422, { error: "Validation failed: Application name can't be blank" })
  if (redirectUris.length === 0) return json(422, { error: "Validation failed: Redirect URI can't be blank" })
  if (!redirectUris.every((uri) => uri === OUT_OF_BAND || URL.canParse(uri))) {
    return json(422, { error: 'Validation failed: Redirect URI must be an absolute URI.' })
  }
  if (!scopes.every((scope) => SCOPES.includes(scope.split(':')[0] ?? ''))) {
    return json(422, { error: "Validation failed: Scopes doesn't match configured on the server." })
  }
  if (call.realm.apps.size >= MOST_APPS) return json(429, { error: 'Too many requests' })
  const app = registerApp(call.realm, { name, redirectUris, scopes })
  return json(200, {
    id: String(call.realm.apps.size),
    ...toApp(app),
    redirect_uri: redirectUris.join('\n'),
    client_id: app.clientId,
    client_secret: app.clientSecret,
    client_secret_expires_at: 0,
    vapid_key: '',
  })
}

function toApp({ name, redirectUris, scopes }: App) {
  return { name, website: null, scopes, redirect_uris: redirectUris }
}

function verifyApp({ world, realm, asked }: Call): Answer {
  const token = world.tokens.check(realm.host, credentialOf(asked, 'Bearer'))
  const app = typeof token === 'string' ? undefined : realm.apps.get(token.clientId)
  return app ? json(200, { id: '1', ...toApp(app) }) : json(401, { error: 'The access token is invalid' })
}

function exchange(call: Call): Answer {
  const form = formOf(call.asked)
  const app = clientOf(call, form, { basic: true, body: true })
  const token = app ? tradeFor(call, app, form) : 'client'
  if (typeof token !== 'string') {
    return json(200, {
      access_token: token.accessToken,
      token_type: 'Bearer',
      scope: token.scopes.join(' '),
      created_at: Math.floor(token.issuedAt / 1000),
    })
  }
  const [status, error, description] = COMPLAINTS[token]
  return json(status, { error, error_description: description })
}

function tradeFor(call: Call, app: App, form: URLSearchParams): Token | Refusal {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return form.has('redirect_uri') ? redeemCode(call, app, form) : 'missing'
    case 'client_credentials':
      return issueToken(call.world, call.realm, {
        scopes: (form.get('scope') ?? 'read').split(' '),
        clientId: app.clientId,
      })
    default:
      return 'grantType'
  }
}

const INVALID_GRANT =
  'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the ' +
  'authorization request, or was issued to another client.'
const COMPLAINTS: Readonly<Record<Refusal, readonly [status: number, error: string, description: string]>> = {
  client: [
    401,
    'invalid_client',
    'Client authentication failed due to unknown client, no client authentication included, or unsupported ' +
      'authentication method.',
  ],
  code: [400, 'invalid_grant', INVALID_GRANT],
  codeUsed: [400, 'invalid_grant', INVALID_GRANT],
  redirect: [400, 'invalid_grant', INVALID_GRANT],
  verifier: [400, 'invalid_grant', INVALID_GRANT],
  refresh: [400, 'invalid_grant', INVALID_GRANT],
  grantType: [400, 'unsupported_grant_type', 'The authorization grant type is not supported by the server.'],
  missing: [400, 'invalid_request', 'Missing required parameter: redirect_uri.'],
}

function takeBack(call: Call): Answer {
  const form = formOf(call.asked)
  const app = clientOf(call, form, { basic: true, body: true })
  const token = form.get('token')
  if (!app || token === null) {
    return json(403, {
      error: 'unauthorized_client',
      error_description: 'You are not authorized to revoke this token',
    })
  }
  revoke(call, app, token)
  return json(200, {})
}

// https://docs.joinmastodon.org/methods/instance/#v1
function describeAsBefore({ realm: { host } }: Call): Answer {
  const { version } = softwareOf(host)
  return json(200, {
    uri: host,
    title: host,
    version,
    urls: { streaming_api: `wss://${host}` },
    stats: { user_count: 1234, status_count: 56_789, domain_count: 1000 },
    languages: ['en'],
    registrations: false,
    configuration: limitsOf(host),
    rules: [],
  })
}

/** What a host runs, by its name: servers that speak this API, each in its own way. */
export function softwareOf(host: string): { readonly name: string; readonly version: string } {
  if (host.startsWith('pixelfed')) return { name: 'pixelfed', version: '3.5.3 (compatible; Pixelfed 0.12.6)' }
  if (host.startsWith('gotosocial')) return { name: 'gotosocial', version: '0.20.1+git-fe0e1b3' }
  return { name: 'mastodon', version: '4.5.2' }
}

/** Characters of a post on a host; `long-posts.…` has changed its own. */
export function charactersOf(host: string): number {
  return host.startsWith('long-posts') ? 5_000 : 500
}

function limitsOf(host: string) {
  return {
    statuses: {
      max_characters: charactersOf(host),
      max_media_attachments: 4,
      characters_reserved_per_url: 23,
    },
    media_attachments: {
      supported_mime_types: [
        'image/jpeg',
        'image/png',
        'image/gif',
        'image/webp',
        'video/mp4',
        'video/quicktime',
        'video/webm',
      ],
      description_limit: 1_500,
      image_size_limit: 16_777_216,
      image_matrix_limit: 33_177_600,
      video_size_limit: 103_809_024,
      video_frame_rate_limit: 120,
      video_matrix_limit: 8_294_400,
    },
  }
}

// http://nodeinfo.diaspora.software/protocol
function nodeInfoLinks({ realm: { host } }: Call): Answer {
  const rel = 'http://nodeinfo.diaspora.software/ns/schema/2.0'
  return json(200, { links: [{ rel, href: `https://${host}/nodeinfo/2.0` }] })
}

function nodeInfo({ realm: { host } }: Call): Answer {
  return json(200, {
    version: '2.0',
    software: softwareOf(host),
    protocols: ['activitypub'],
    services: { outbound: [], inbound: [] },
    usage: { users: { total: 1234, activeMonth: 100, activeHalfyear: 200 }, localPosts: 56_789 },
    openRegistrations: false,
    metadata: {},
  })
}

function describe({ realm: { host } }: Call): Answer {
  return json(200, {
    domain: host,
    title: host,
    version: softwareOf(host).version,
    source_url: 'https://code.example/server',
    description: 'A pretend server.',
    usage: { users: { active_month: 1234 } },
    languages: ['en'],
    configuration: {
      urls: { streaming: `wss://${host}` },
      accounts: { max_featured_tags: 10 },
      ...limitsOf(host),
    },
    registrations: { enabled: false, approval_required: false, message: null },
    rules: [],
  })
}

function metadata({ realm: { host } }: Call): Answer {
  const origin = `https://${host}`
  return json(200, {
    issuer: `${origin}/`,
    authorization_endpoint: `${origin}/oauth/authorize`,
    token_endpoint: `${origin}/oauth/token`,
    revocation_endpoint: `${origin}/oauth/revoke`,
    app_registration_endpoint: `${origin}/api/v1/apps`,
    scopes_supported: [...SCOPES, 'read:accounts', 'read:follows'],
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
    service_documentation: 'https://docs.joinmastodon.org/',
  })
}
