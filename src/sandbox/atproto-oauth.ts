// OAuth of the AT Protocol: pushed requests, PKCE, tokens bound to a key (https://atproto.com/specs/oauth).

import { askConsent, type Consent, keepCode, settleConsent } from './consent.ts'
import { checkProof, createNonces } from './dpop.ts'
import { secretOf } from './hash.ts'
import { type Refusal, redeemCode, revoke, rotate, secondsLeft } from './oauth2.ts'
import type { Token } from './tokens.ts'
import { type Answer, credentialOf, formOf, json, page, withHeaders } from './wire.ts'
import type { App, Call, Route } from './world.ts'

const ISSUER = 'https://bsky.social'
const REQUEST_SECONDS = 300
/** Clients that one server remembers. */
const MOST_CLIENTS = 10_000

const CONSENT: Consent = {
  scopeSeparator: / /,
  pkce: 'required',
  codeSeconds: 60,
  denied: { error: 'access_denied', error_description: 'The user rejected the request' },
  issuer: ISSUER,
}

export const ATPROTO_OAUTH_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/.well-known/oauth-protected-resource', run: () => json(200, RESOURCE) },
  { method: 'GET', path: '/.well-known/oauth-authorization-server', run: () => json(200, METADATA) },
  { method: 'POST', path: '/oauth/par', run: push },
  { method: 'GET', path: '/oauth/authorize', run: (call) => authorize(call) },
  { method: 'POST', path: '/oauth/authorize', run: (call) => authorize(call, formOf(call.asked)) },
  { method: 'POST', path: '/oauth/token', run: exchange },
  { method: 'POST', path: '/oauth/revoke', run: takeBack },
]

const RESOURCE = {
  resource: ISSUER,
  authorization_servers: [ISSUER],
  scopes_supported: [],
  bearer_methods_supported: ['header'],
  resource_documentation: 'https://atproto.com',
}

const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/oauth/authorize`,
  token_endpoint: `${ISSUER}/oauth/token`,
  revocation_endpoint: `${ISSUER}/oauth/revoke`,
  pushed_authorization_request_endpoint: `${ISSUER}/oauth/par`,
  require_pushed_authorization_requests: true,
  scopes_supported: ['atproto', 'transition:email', 'transition:generic', 'transition:chat.bsky'],
  response_types_supported: ['code'],
  response_modes_supported: ['query', 'fragment', 'form_post'],
  grant_types_supported: ['authorization_code', 'refresh_token'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['ES256'],
  dpop_signing_alg_values_supported: ['ES256'],
  authorization_response_iss_parameter_supported: true,
  client_id_metadata_document_supported: true,
}

interface Pushed {
  readonly kind: 'pushed'
  readonly parameters: string
  readonly keyThumbprint: string
  readonly expiresAt: number
}

function push(call: Call): Answer {
  const proof = proved(call)
  if (typeof proof !== 'string') return proof
  const form = formOf(call.asked)
  if (!clientOf(call, form))
    return refused(call, 400, 'invalid_client_metadata', 'client_id is not an https address')
  if (form.get('code_challenge_method') !== 'S256' || !form.has('code_challenge')) {
    return refused(call, 400, 'invalid_request', 'Code challenge is required')
  }
  if (!form.get('scope')?.split(' ').includes('atproto')) {
    return refused(call, 400, 'invalid_scope', 'The "atproto" scope is required')
  }
  const reference = `urn:ietf:params:oauth:request_uri:req-${secretOf(32, 'pushed', call.world.seed, call.world.tokens.count())}`
  const pushed: Pushed = {
    kind: 'pushed',
    parameters: form.toString(),
    keyThumbprint: proof,
    expiresAt: call.world.now() + REQUEST_SECONDS * 1000,
  }
  keepCode(call, reference, pushed)
  return fresh(call, json(201, { request_uri: reference, expires_in: REQUEST_SECONDS - 1 }))
}

function authorize(call: Call, form?: URLSearchParams): Answer {
  const reference = call.asked.query.get('request_uri') ?? ''
  const pushed = pushedOf(call, reference)
  const parameters = new URLSearchParams(pushed?.parameters)
  const isOurs = pushed !== undefined && parameters.get('client_id') === call.asked.query.get('client_id')
  if (!isOurs || pushed.expiresAt <= call.world.now()) {
    return page(
      400,
      'Unknown request',
      '<p>A request must be pushed first, and used within five minutes.</p>',
    )
  }
  if (!form) return askConsent(call, CONSENT, parameters)
  call.world.codes.delete(reference)
  return settleConsent(call, CONSENT, parameters, form, { keyThumbprint: pushed.keyThumbprint })
}

function exchange(call: Call): Answer {
  const proof = proved(call)
  if (typeof proof !== 'string') return proof
  const form = formOf(call.asked)
  const app = clientOf(call, form)
  const token = app ? tradeFor(call, app, form, proof) : 'client'
  if (typeof token === 'string') return refused(call, ...COMPLAINTS[token])
  return fresh(
    call,
    json(200, {
      access_token: token.accessToken,
      token_type: 'DPoP',
      refresh_token: token.refreshToken,
      scope: token.scopes.join(' '),
      expires_in: secondsLeft(call, token),
      sub: token.account === undefined ? undefined : call.realm.ids.toId(token.account),
    }),
  )
}

function tradeFor(call: Call, app: App, form: URLSearchParams, keyThumbprint: string): Token | Refusal {
  switch (form.get('grant_type')) {
    case 'authorization_code':
      return form.has('redirect_uri') ? redeemCode(call, app, form, { keyThumbprint }) : 'missing'
    case 'refresh_token':
      return rotate(call, app, form.get('refresh_token') ?? '', keyThumbprint)
    default:
      return 'grantType'
  }
}

const COMPLAINTS: Readonly<Record<Refusal, readonly [status: number, error: string, description: string]>> = {
  client: [400, 'invalid_client', 'Client authentication failed'],
  code: [400, 'invalid_grant', 'Invalid code'],
  codeUsed: [400, 'invalid_grant', 'Code already used'],
  redirect: [
    400,
    'invalid_grant',
    'The redirect_uri parameter must match the one used in the authorization request',
  ],
  verifier: [400, 'invalid_grant', 'Invalid code_verifier'],
  refresh: [400, 'invalid_grant', 'Invalid refresh token'],
  grantType: [400, 'unsupported_grant_type', 'Grant type is not supported'],
  missing: [400, 'invalid_request', 'A redirect_uri is required'],
}

function takeBack(call: Call): Answer {
  const form = formOf(call.asked)
  const app = clientOf(call, form)
  if (app) revoke(call, app, form.get('token') ?? '')
  return json(200, {})
}

/** The token of a request that is bound to a key, or what to answer instead. */
export function boundToken(call: Call): Token | Answer {
  const { world, realm, asked } = call
  const text = credentialOf(asked, 'DPoP') ?? ''
  const found = world.tokens.check(realm.host, text)
  const proof = checkProof(asked, world.now(), noncesOf(call), text)
  const refuse = (error: string, message: string) => {
    const challenge = `DPoP algs="ES256", error="${error}", error_description="${message}"`
    return fresh(call, json(401, { error, message }, { 'www-authenticate': challenge }))
  }
  if (proof.flaw !== undefined) return refuse(proof.flaw, proof.text)
  if (found === 'expired') return refuse('invalid_token', '"exp" claim timestamp check failed')
  if (typeof found === 'string' || found.keyThumbprint !== proof.keyThumbprint) {
    return refuse('invalid_token', 'Invalid token or key')
  }
  return found
}

/** Thumbprint of the key that the request proves, or what to answer instead. */
function proved(call: Call): string | Answer {
  const proof = checkProof(call.asked, call.world.now(), noncesOf(call))
  return proof.flaw === undefined ? proof.keyThumbprint : refused(call, 400, proof.flaw, proof.text)
}

const noncesOf = ({ world }: Call) => createNonces(world.seed, world.now())

/** Every answer brings the nonce that holds now. */
function fresh(call: Call, answer: Answer): Answer {
  return withHeaders(answer, { 'dpop-nonce': noncesOf(call).current, 'cache-control': 'no-store' })
}

function refused(call: Call, status: number, error: string, description: string): Answer {
  return fresh(call, json(status, { error, error_description: description }))
}

/**
 * Clients are their metadata's address; the sandbox does not fetch it, so any https address is a client, and the
 * assertion of a confidential one is taken unread.
 */
function clientOf({ realm }: Call, form: URLSearchParams): App | undefined {
  const clientId = form.get('client_id') ?? ''
  const known = realm.apps.get(clientId)
  if (known && known !== realm.app) return known
  if (!/^(https:\/\/[^/?#]+\/|http:\/\/localhost[/?]?)/.test(clientId) || realm.apps.size >= MOST_CLIENTS)
    return undefined
  const app: App = { clientId, name: new URL(clientId).host, isPartner: false }
  realm.apps.set(clientId, app)
  return app
}

function pushedOf(call: Call, reference: string): Pushed | undefined {
  const meaning = call.world.codes.get(reference)
  const isPushed =
    typeof meaning === 'object' && meaning !== null && 'kind' in meaning && meaning.kind === 'pushed'
  // Only `push` puts these there.
  return isPushed ? (meaning as Pushed) : undefined
}
