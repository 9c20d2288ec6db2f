// X: OAuth 2.0 with PKCE (https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code)
// and OAuth 1.0a (https://docs.x.com/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens).

import { askConsent, type Consent, keepCode, settleConsent } from './consent.ts'
import { secretOf } from './hash.ts'
import { headerParameters, isSigned } from './oauth1.ts'
import { clientOf, type Refusal, redeemCode, revoke, rotate, secondsLeft } from './oauth2.ts'
import { issueToken, personOf } from './realms.ts'
import type { Fault, Token } from './tokens.ts'
import { type Answer, escapeHtml, formOf, json, page, redirect } from './wire.ts'
import type { Call, Route } from './world.ts'

const CONSENT: Consent = {
  scopeSeparator: / /,
  pkce: 'required',
  codeSeconds: 30,
  denied: { error: 'access_denied' },
}

export const X_OAUTH_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/i/oauth2/authorize', run: (call) => askConsent(call, CONSENT, call.asked.query) },
  {
    method: 'POST',
    path: '/i/oauth2/authorize',
    run: (call) => settleConsent(call, CONSENT, call.asked.query, formOf(call.asked)),
  },
  { method: 'POST', path: '/2/oauth2/token', run: exchange },
  {
    method: 'POST',
    path: '/2/oauth2/revoke',
    run(call) {
      const form = formOf(call.asked)
      const app = clientOf(call, form, { basic: true, body: false })
      if (!app) return refused('client')
      revoke(call, app, form.get('token') ?? '')
      return json(200, { revoked: true })
    },
  },
  { method: 'POST', path: '/oauth/request_token', run: requestToken },
  { method: 'GET', path: '/oauth/authorize', run: showAuthorize },
  { method: 'GET', path: '/oauth/authenticate', run: showAuthorize },
  { method: 'POST', path: '/oauth/authorize', run: settleAuthorize },
  { method: 'POST', path: '/oauth/authenticate', run: settleAuthorize },
  { method: 'POST', path: '/oauth/access_token', run: accessToken },
]

function exchange(call: Call): Answer {
  const form = formOf(call.asked)
  const app = clientOf(call, form, { basic: true, body: false })
  if (!app) return refused('client')
  const token = tradeFor(call, app, form)
  if (typeof token === 'string') return refused(token)
  return json(200, {
    token_type: 'bearer',
    expires_in: secondsLeft(call, token),
    access_token: token.accessToken,
    scope: token.scopes.join(' '),
    refresh_token: token.refreshToken,
  })
}

function tradeFor(call: Call, app: Parameters<typeof redeemCode>[1], form: URLSearchParams): Token | Refusal {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      if (!form.has('redirect_uri')) return 'redirect'
      return redeemCode(call, app, form, { hasRefresh: (scopes) => scopes.includes('offline.access') })
    case 'refresh_token':
      return rotate(call, app, form.get('refresh_token') ?? '')
    default:
      return 'grantType'
  }
}

const COMPLAINTS: Readonly<Record<Refusal, readonly [status: number, error: string, description: string]>> = {
  client: [401, 'unauthorized_client', 'Missing valid authorization header'],
  code: [400, 'invalid_request', 'Value passed for the authorization code was invalid.'],
  codeUsed: [400, 'invalid_request', 'Value passed for the authorization code was invalid.'],
  redirect: [
    400,
    'invalid_request',
    'Value passed for the redirect uri did not match the uri of the authorization code.',
  ],
  verifier: [400, 'invalid_request', 'Value passed for the code verifier did not match the code challenge.'],
  refresh: [400, 'invalid_request', 'Value passed for the token was invalid.'],
  grantType: [400, 'unsupported_grant_type', 'Value passed for the grant type was not supported.'],
  missing: [400, 'invalid_request', 'Missing required parameter.'],
}

function refused(refusal: Refusal): Answer {
  const [status, error, description] = COMPLAINTS[refusal]
  return json(status, { error, error_description: description })
}

/** What a temporary token of OAuth 1 stands for. */
interface Temporary {
  readonly kind: 'temporary'
  readonly clientId: string
  readonly secret: string
  readonly callback: string
  verifier?: string
  account?: number
}

function requestToken(call: Call): Answer {
  const header = headerParameters(call.asked.headers.authorization)
  const app = call.realm.apps.get(header?.get('oauth_consumer_key') ?? '')
  const callback = header?.get('oauth_callback') ?? call.asked.query.get('oauth_callback')
  if (!header || !app?.clientSecret || !isSigned(call.asked, header, { clientSecret: app.clientSecret })) {
    return json(401, { errors: [{ code: 32, message: 'Could not authenticate you.' }] })
  }
  if (!callback || (callback !== 'oob' && !URL.canParse(callback))) {
    return json(403, {
      errors: [{ code: 415, message: 'Callback URL not approved for this client application.' }],
    })
  }
  const count = call.world.tokens.count()
  const token = secretOf(27, 'temporary', call.realm.seed, count)
  const secret = secretOf(32, 'temporary secret', call.realm.seed, count)
  const temporary: Temporary = { kind: 'temporary', clientId: app.clientId, secret, callback }
  keepCode(call, token, temporary)
  return plain(`oauth_token=${token}&oauth_token_secret=${secret}&oauth_callback_confirmed=true`)
}

function showAuthorize(call: Call): Answer {
  if (!temporaryOf(call, call.asked.query.get('oauth_token')))
    return page(403, 'This page is no longer valid', '')
  const options = Array.from({ length: Math.min(20, call.world.accounts) }, (_, index) => {
    const { name, username } = personOf(call.realm, index)
    return `<option value="${index}">${escapeHtml(name || username)} (@${username})</option>`
  })
  return page(
    200,
    'Authorize the app to use your account?',
    '<form method="post"><label for="account">Account</label>' +
      `<select id="account" name="account">${options.join('')}</select>` +
      '<button name="decision" value="approve">Authorize app</button>' +
      '<button name="decision" value="deny">Cancel</button></form>',
  )
}

function settleAuthorize(call: Call): Answer {
  const text = call.asked.query.get('oauth_token') ?? ''
  const temporary = temporaryOf(call, text)
  const form = formOf(call.asked)
  const account = Number(form.get('account') ?? 0)
  if (!temporary) return page(403, 'This page is no longer valid', '')
  if (!(Number.isInteger(account) && account >= 0 && account < call.world.accounts)) {
    return page(400, 'No such account', '<p>Go back and choose another.</p>')
  }
  const isApproved = form.get('decision') === 'approve'
  const verifier = secretOf(32, 'verifier', call.realm.seed, call.world.tokens.count())
  if (isApproved) {
    temporary.account = account
    temporary.verifier = verifier
  }
  if (temporary.callback === 'oob') return page(200, isApproved ? verifier : 'Not authorized', '')
  const url = new URL(temporary.callback)
  url.searchParams.set(isApproved ? 'oauth_token' : 'denied', text)
  if (isApproved) url.searchParams.set('oauth_verifier', verifier)
  return redirect(url.href)
}

function accessToken(call: Call): Answer {
  const { world, realm, asked } = call
  const header = headerParameters(asked.headers.authorization)
  const text = header?.get('oauth_token') ?? ''
  const temporary = temporaryOf(call, text)
  const app = realm.apps.get(header?.get('oauth_consumer_key') ?? '')
  const verifier =
    header?.get('oauth_verifier') ?? asked.query.get('oauth_verifier') ?? formOf(asked).get('oauth_verifier')
  const isGenuine =
    header !== undefined &&
    app?.clientSecret !== undefined &&
    temporary?.clientId === app.clientId &&
    temporary.verifier !== undefined &&
    temporary.verifier === verifier &&
    isSigned(asked, header, { clientSecret: app.clientSecret, tokenSecret: temporary.secret })
  if (!isGenuine || temporary?.account === undefined || !app)
    return plain('Reverse auth credentials are invalid', 401)
  world.codes.delete(text)
  const id = realm.ids.toId(temporary.account)
  const token = issueToken(world, realm, {
    account: temporary.account,
    scopes: [],
    clientId: app.clientId,
    hasRefresh: false,
    expiresInSeconds: Number.POSITIVE_INFINITY,
    secret: secretOf(45, 'token secret', realm.seed, world.tokens.count()),
  })
  const { username } = personOf(realm, temporary.account)
  return plain(
    `oauth_token=${encodeURIComponent(token.accessToken)}&oauth_token_secret=${token.secret}` +
      `&user_id=${id}&screen_name=${username}`,
  )
}

/** The token of a signed request of OAuth 1; undefined signatures and wrong ones are `missing` and `unknown`. */
export function oauth1Token({ world, realm, asked }: Call): Token | Fault {
  const header = headerParameters(asked.headers.authorization)
  if (!header) return 'missing'
  const token = world.tokens.check(realm.host, header.get('oauth_token'))
  const app = realm.apps.get(header.get('oauth_consumer_key') ?? '')
  if (typeof token === 'string') return token
  if (app?.clientSecret === undefined || token.secret === undefined || token.clientId !== app.clientId)
    return 'unknown'
  const secrets = { clientSecret: app.clientSecret, tokenSecret: token.secret }
  return isSigned(asked, header, secrets) ? token : 'unknown'
}

function temporaryOf(call: Call, text: string | null): Temporary | undefined {
  const meaning = call.world.codes.get(text ?? '')
  const isTemporary =
    typeof meaning === 'object' && meaning !== null && 'kind' in meaning && meaning.kind === 'temporary'
  // Only `requestToken` puts these there.
  return isTemporary ? (meaning as Temporary) : undefined
}

function plain(body: string, status = 200): Answer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body }
}
