// Facebook's login: https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow

import { askConsent, type Consent, settleConsent } from './consent.ts'
import { secretOf } from './hash.ts'
import { clientOf, type Refusal, redeemCode, secondsLeft } from './oauth2.ts'
import { issueToken } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, formOf, json } from './wire.ts'
import type { App, Call, Route } from './world.ts'

/** A fresh token lives about two hours, one that was exchanged about 60 days. */
const SHORT_SECONDS = 7200

const CONSENT: Consent = {
  scopeSeparator: /[ ,]+/,
  pkce: 'optional',
  codeSeconds: 600,
  denied: {
    error: 'access_denied',
    error_code: '200',
    error_description: 'Permissions error',
    error_reason: 'user_denied',
  },
}

export const FACEBOOK_OAUTH_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/:version/dialog/oauth',
    run: (call) => askConsent(call, CONSENT, call.asked.query),
  },
  {
    method: 'POST',
    path: '/:version/dialog/oauth',
    run: (call) => settleConsent(call, CONSENT, call.asked.query, formOf(call.asked)),
  },
  { method: 'GET', path: '/:version/oauth/access_token', run: (call) => exchange(call, call.asked.query) },
  { method: 'POST', path: '/:version/oauth/access_token', run: (call) => exchange(call, formOf(call.asked)) },
]

function exchange(call: Call, form: URLSearchParams): Answer {
  const app = clientOf(call, form, { basic: false, body: true })
  const token = app ? tradeFor(call, app, form) : 'client'
  if (typeof token === 'string') return COMPLAINTS[token]()
  return json(200, {
    access_token: token.accessToken,
    token_type: 'bearer',
    expires_in: secondsLeft(call, token),
  })
}

function tradeFor(call: Call, app: App, form: URLSearchParams): Token | Refusal {
  if (form.get('grant_type') !== 'fb_exchange_token') {
    if (!form.has('redirect_uri')) return 'redirect'
    return redeemCode(call, app, form, { expiresInSeconds: SHORT_SECONDS })
  }
  const old = call.world.tokens.check(call.realm.host, form.get('fb_exchange_token') ?? undefined)
  if (typeof old === 'string' || old.clientId !== app.clientId) return 'refresh'
  return issueToken(call.world, call.realm, old)
}

const COMPLAINTS: Readonly<Record<Refusal, () => Answer>> = {
  client: () => graphError(400, 1, 'Error validating client secret.'),
  code: () => graphError(400, 100, 'Invalid verification code format.'),
  codeUsed: () => graphError(400, 100, 'This authorization code has been used.', { error_subcode: 36009 }),
  redirect: () => {
    const text =
      'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request'
    return graphError(400, 100, text, { error_subcode: 36008 })
  },
  verifier: () => graphError(400, 100, 'Invalid code_verifier parameter'),
  refresh: () => graphError(400, 190, 'Invalid OAuth access token - Cannot parse access token'),
  grantType: () => graphError(400, 100, 'Invalid grant_type'),
  missing: () => graphError(400, 100, 'Missing a parameter'),
}

/** An error as every Graph call words it; `more` may name a subcode or another type. */
export function graphError(
  status: number,
  code: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): Answer {
  const trace = `A${secretOf(22, message, code)}`
  const answer = json(status, {
    error: { message, type: 'OAuthException', code, ...more, fbtrace_id: trace },
  })
  if (code !== 190) return answer
  const challenge = `OAuth "Facebook Platform" "invalid_token" "${message}"`
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': challenge } }
}
