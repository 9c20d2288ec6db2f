import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { signatureOf } from '../src/sandbox/oauth1.ts'
import { openSandbox, type Sandbox } from '../src/sandbox/sandbox.ts'
import { readReal } from './support/sandbox-walks.ts'

const CALLBACK = 'https://site.example/callback?keep=1'
const VERIFIER = 'a-verifier-that-is-long-enough-to-be-one-0123456789'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')

let sandbox: Sandbox
let now = Date.now()

before(async () => {
  sandbox = await openSandbox({ now: () => now })
})
after(() => sandbox.close())
beforeEach(() => sandbox.reset())

interface Client {
  readonly clientId: string
  readonly clientSecret?: string
}

const at = (realUrl: string) => realUrl.replace('https://', `${sandbox.url}/`)
const basic = ({ clientId, clientSecret }: Client) =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${clientSecret}`).toString('base64')}`

/** Opens the consent page, says what is said, and answers where the browser is sent. */
async function decide(
  authorizeUrl: string,
  query: Record<string, string>,
  form: Record<string, string> = { decision: 'approve', account: '3', contacts: '12' },
): Promise<URLSearchParams> {
  const url = `${at(authorizeUrl)}?${new URLSearchParams(query)}`
  const shown = await fetch(url, { redirect: 'manual' })
  const sent =
    shown.status === 302
      ? shown
      : await fetch(url, { method: 'POST', body: new URLSearchParams(form), redirect: 'manual' })
  const location = sent.headers.get('location')
  assert.ok(location, `${sent.status}: ${await sent.text()}`)
  assert.ok(location.startsWith('https://site.example/callback?keep=1&'), location)
  return new URL(location).searchParams
}

async function post(realUrl: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(at(realUrl), { method: 'POST', body: new URLSearchParams(form), headers })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: Object(text.startsWith('{') ? JSON.parse(text) : { text }),
  }
}

describe('X', () => {
  const AUTHORIZE = 'https://x.com/i/oauth2/authorize'
  const TOKEN = 'https://api.x.com/2/oauth2/token'
  const SCOPE = 'users.read tweet.read follows.read offline.access'
  const ask = (client: Client, more: Record<string, string> = {}) =>
    decide(AUTHORIZE, {
      response_type: 'code',
      client_id: client.clientId,
      redirect_uri: CALLBACK,
      scope: SCOPE,
      state: 'st&te',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      ...more,
    })
  const redeem = (client: Client, code: string | null, more: Record<string, string> = {}) =>
    post(
      TOKEN,
      {
        grant_type: 'authorization_code',
        code: code ?? '',
        redirect_uri: CALLBACK,
        code_verifier: VERIFIER,
        ...more,
      },
      { authorization: basic(client) },
    )
  const refresh = (client: Client, token: string) =>
    post(TOKEN, { grant_type: 'refresh_token', refresh_token: token }, { authorization: basic(client) })

  test('code, tokens, the account that said yes, with as many contacts as it said', async () => {
    const client = sandbox.app('api.x.com')
    const back = await ask(client)
    assert.equal(back.get('state'), 'st&te')
    const { status, body } = await redeem(client, back.get('code'))
    assert.equal(status, 200)
    assert.deepEqual([body.token_type, body.expires_in, body.scope], ['bearer', 7200, SCOPE])
    const me = Object((await readReal(sandbox, 'https://api.x.com/2/users/me', body.access_token)).body).data
    assert.equal(me.id, sandbox.grant('api.x.com', { account: 3 }).subject)
    const list = await readReal(sandbox, `https://api.x.com/2/users/${me.id}/following`, body.access_token)
    assert.equal(Object(list.body).meta.result_count, 12)
  })

  test('a wrong verifier, a wrong redirect_uri and a wrong secret are refused', async () => {
    const client = sandbox.app('api.x.com')
    const wrongVerifier = await redeem(client, (await ask(client)).get('code'), {
      code_verifier: `${VERIFIER}x`,
    })
    assert.deepEqual([wrongVerifier.status, wrongVerifier.body.error], [400, 'invalid_request'])
    const wrongRedirect = await redeem(client, (await ask(client)).get('code'), {
      redirect_uri: 'https://evil.example/',
    })
    assert.equal(wrongRedirect.status, 400)
    const { code } = Object.fromEntries(await ask(client))
    const wrongSecret = await redeem({ ...client, clientSecret: 'guess' }, code ?? '')
    assert.deepEqual([wrongSecret.status, wrongSecret.body.error], [401, 'unauthorized_client'])
  })

  test('PKCE is not optional', async () => {
    const { clientId } = sandbox.app('api.x.com')
    const query = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: CALLBACK,
      scope: SCOPE,
      state: 's',
    }
    assert.equal((await decide(AUTHORIZE, query)).get('error'), 'invalid_request')
  })

  test('a code that comes again is refused and takes its tokens with it', async () => {
    const client = sandbox.app('api.x.com')
    const code = (await ask(client)).get('code')
    const { access_token: token } = (await redeem(client, code)).body
    assert.equal((await readReal(sandbox, 'https://api.x.com/2/users/me', token)).status, 200)
    assert.equal((await redeem(client, code)).status, 400)
    assert.equal((await readReal(sandbox, 'https://api.x.com/2/users/me', token)).status, 401)
  })

  test('a code ends after 30 seconds', async () => {
    const client = sandbox.app('api.x.com')
    const code = (await ask(client)).get('code')
    now += 31_000
    assert.equal((await redeem(client, code)).status, 400)
  })

  test('a refresh token works once; its replay kills the whole family', async () => {
    const client = sandbox.app('api.x.com')
    const first = (await redeem(client, (await ask(client)).get('code'))).body
    const second = (await refresh(client, first.refresh_token)).body
    assert.notEqual(second.refresh_token, first.refresh_token)
    assert.equal((await readReal(sandbox, 'https://api.x.com/2/users/me', second.access_token)).status, 200)

    const replay = await refresh(client, first.refresh_token)
    assert.deepEqual(
      [replay.status, replay.body],
      [400, { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' }],
    )
    assert.equal((await readReal(sandbox, 'https://api.x.com/2/users/me', second.access_token)).status, 401)
    assert.equal((await refresh(client, second.refresh_token)).status, 400)
  })

  test('without offline.access there is no refresh token, and an access token ends after two hours', async () => {
    const client = sandbox.app('api.x.com')
    const back = await ask(client, { scope: 'users.read tweet.read' })
    const { body } = await redeem(client, back.get('code'))
    assert.ok(!('refresh_token' in body))
    now += 7_200_000
    assert.equal((await readReal(sandbox, 'https://api.x.com/2/users/me', body.access_token)).status, 401)
  })

  test('revoking either token ends both', async () => {
    const client = sandbox.app('api.x.com')
    const { body } = await redeem(client, (await ask(client)).get('code'))
    const answer = await post(
      'https://api.x.com/2/oauth2/revoke',
      { token: body.refresh_token },
      { authorization: basic(client) },
    )
    assert.deepEqual(answer.body, { revoked: true })
    assert.equal((await readReal(sandbox, 'https://api.x.com/2/users/me', body.access_token)).status, 401)
  })

  test('saying no sends the browser back with access_denied and the state', async () => {
    const { clientId } = sandbox.app('api.x.com')
    const back = await decide(
      AUTHORIZE,
      {
        client_id: clientId,
        redirect_uri: CALLBACK,
        state: 's',
        code_challenge: CHALLENGE,
        code_challenge_method: 'S256',
      },
      { decision: 'deny' },
    )
    assert.deepEqual([back.get('error'), back.get('state'), back.get('code')], ['access_denied', 's', null])
  })

  test('an unknown app and an unregistered redirect_uri never send the browser anywhere', async () => {
    const { clientId } = sandbox.app('api.x.com', { redirectUris: ['https://site.example/ok'] })
    for (const query of [
      { client_id: 'nobody', redirect_uri: CALLBACK },
      { client_id: clientId, redirect_uri: 'https://evil.example/' },
    ]) {
      const response = await fetch(`${at(AUTHORIZE)}?${new URLSearchParams(query)}`, { redirect: 'manual' })
      assert.equal(response.status, 400)
      assert.equal(response.headers.get('location'), null)
    }
  })

  test('the consent page escapes what comes from outside and names its controls', async () => {
    const { clientId } = sandbox.app('api.x.com', { name: '<script>alert(1)</script>' })
    const query = { client_id: clientId, redirect_uri: CALLBACK, scope: '"><img>', code_challenge: CHALLENGE }
    const html = await (await fetch(`${at(AUTHORIZE)}?${new URLSearchParams(query)}`)).text()
    assert.ok(!html.includes('<script>') && !html.includes('<img>'))
    assert.match(html, /<label for="account">/)
    assert.match(html, /<html lang="en">/)
  })

  test('the signature is the one of RFC 5849, section 1.2', () => {
    const parameters = [
      ['oauth_consumer_key', 'dpf43f3p2l4k3l03'],
      ['oauth_token', 'nnch734d00sl2jdk'],
      ['oauth_signature_method', 'HMAC-SHA1'],
      ['oauth_timestamp', '137131202'],
      ['oauth_nonce', 'chapoH'],
      ['file', 'vacation.jpg'],
      ['size', 'original'],
    ] as const
    const secrets = { clientSecret: 'kd94hf93k423kf44', tokenSecret: 'pfkkdhi9sl3r4s00' }
    const signature = signatureOf('GET', 'http://photos.example.net/photos', parameters, secrets)
    assert.equal(signature, 'MdpQcU8iPSUjWoN/UDMsK2sui9I=')
  })

  test('OAuth 1.0a goes its three legs, and a wrong signature none', async () => {
    const client = sandbox.app('api.x.com')
    const signed = (method: string, url: string, more: Record<string, string>, tokenSecret = '') => {
      const [base = '', query = ''] = url.split('?')
      const parameters = {
        oauth_consumer_key: client.clientId,
        oauth_nonce: randomUUID(),
        oauth_signature_method: 'HMAC-SHA1',
        oauth_timestamp: String(Math.floor(now / 1000)),
        oauth_version: '1.0',
        ...more,
      }
      const pairs = [...Object.entries(parameters), ...new URLSearchParams(query)]
      const secrets = { clientSecret: client.clientSecret ?? '', tokenSecret }
      const header = { ...parameters, oauth_signature: signatureOf(method, base, pairs, secrets) }
      const texts = Object.entries(header).map(([name, value]) => `${name}="${encodeURIComponent(value)}"`)
      return { authorization: `OAuth ${texts.join(', ')}` }
    }
    const leg = async (url: string, headers: Record<string, string>) => {
      const response = await fetch(at(url), { method: 'POST', headers })
      return { status: response.status, fields: new URLSearchParams(await response.text()) }
    }
    const REQUEST = 'https://api.x.com/oauth/request_token'
    const request = await leg(REQUEST, signed('POST', REQUEST, { oauth_callback: CALLBACK }))
    assert.equal(request.fields.get('oauth_callback_confirmed'), 'true')
    const temporary = request.fields.get('oauth_token') ?? ''
    const back = await decide('https://api.x.com/oauth/authorize', { oauth_token: temporary })
    const ACCESS = 'https://api.x.com/oauth/access_token'
    const proof = { oauth_token: temporary, oauth_verifier: back.get('oauth_verifier') ?? '' }
    const secret = request.fields.get('oauth_token_secret') ?? ''
    assert.equal(
      (await leg(ACCESS, signed('POST', ACCESS, { ...proof, oauth_verifier: 'guess' }, secret))).status,
      401,
    )
    const access = await leg(ACCESS, signed('POST', ACCESS, proof, secret))
    assert.equal(access.status, 200)
    assert.match(access.fields.get('screen_name') ?? '', /^[a-z]+3$/)

    const ME = 'https://api.x.com/2/users/me?user.fields=description,verified'
    const token = { oauth_token: access.fields.get('oauth_token') ?? '' }
    const tokenSecret = access.fields.get('oauth_token_secret') ?? ''
    const me = await readReal(sandbox, ME, undefined, signed('GET', ME, token, tokenSecret))
    assert.equal(Object(me.body).data.id, access.fields.get('user_id'))
    const forged = await readReal(sandbox, ME, undefined, signed('GET', ME, token, 'guess'))
    assert.equal(forged.status, 401)
  })
})

describe('Mastodon', () => {
  const register = (more: Record<string, string> = {}) =>
    post('https://mastodon.example/api/v1/apps', {
      client_name: 'Kith',
      redirect_uris: CALLBACK,
      scopes: 'read:accounts profile',
      ...more,
    })

  test('an app registers itself, and its token never ends', async () => {
    const { body: app } = await register()
    const query = {
      client_id: app.client_id,
      redirect_uri: CALLBACK,
      scope: 'read:accounts',
      response_type: 'code',
    }
    const code = (await decide('https://mastodon.example/oauth/authorize', query)).get('code') ?? ''
    const form = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK,
      client_id: app.client_id,
      client_secret: app.client_secret,
    }
    const { body } = await post('https://mastodon.example/oauth/token', form)
    assert.deepEqual(Object.keys(body).sort(), ['access_token', 'created_at', 'scope', 'token_type'])
    now += 10 * 365 * 86_400_000
    const verify = 'https://mastodon.example/api/v1/accounts/verify_credentials'
    assert.equal((await readReal(sandbox, verify, body.access_token)).status, 200)
    const revocation = {
      client_id: app.client_id,
      client_secret: app.client_secret,
      token: body.access_token,
    }
    assert.equal((await post('https://mastodon.example/oauth/revoke', revocation)).status, 200)
    assert.equal((await readReal(sandbox, verify, body.access_token)).status, 401)
  })

  test('an app of one server is unknown to another, and may not ask for more than it registered', async () => {
    const { body: app } = await register()
    const url = `${at('https://other.example/oauth/authorize')}?${new URLSearchParams({ client_id: app.client_id, redirect_uri: CALLBACK })}`
    assert.equal((await fetch(url)).status, 400)
    const query = { client_id: app.client_id, redirect_uri: CALLBACK, scope: 'write:statuses' }
    assert.equal(
      (await decide('https://mastodon.example/oauth/authorize', query)).get('error'),
      'invalid_scope',
    )
  })

  test('registration refuses what it cannot use', async () => {
    assert.equal((await register({ client_name: '' })).status, 422)
    assert.equal((await register({ redirect_uris: 'nonsense' })).status, 422)
    assert.equal((await register({ scopes: 'everything' })).status, 422)
  })

  test('the metadata names the real addresses', async () => {
    const { body } = await readReal(
      sandbox,
      'https://mastodon.example/.well-known/oauth-authorization-server',
    )
    assert.equal(body.token_endpoint, 'https://mastodon.example/oauth/token')
    assert.deepEqual(body.code_challenge_methods_supported, ['S256'])
  })
})

describe('GitHub', () => {
  test('failures come with 200, and the answer is a form unless JSON is asked for', async () => {
    const client = sandbox.app('api.github.com')
    const query = { client_id: client.clientId, redirect_uri: CALLBACK, scope: 'read:user' }
    const code = (await decide('https://github.com/login/oauth/authorize', query)).get('code') ?? ''
    const form = { client_id: client.clientId, client_secret: client.clientSecret ?? '', code }
    const TOKEN = 'https://github.com/login/oauth/access_token'
    const wrong = await post(TOKEN, { ...form, client_secret: 'guess' }, { accept: 'application/json' })
    assert.deepEqual([wrong.status, wrong.body.error], [200, 'incorrect_client_credentials'])
    const plain = new URLSearchParams((await post(TOKEN, form)).body.text)
    assert.match(plain.get('access_token') ?? '', /^gho_\w{36}$/)
    const again = await post(TOKEN, form, { accept: 'application/json' })
    assert.deepEqual([again.status, again.body.error], [200, 'bad_verification_code'])

    const revocation = await fetch(at(`https://api.github.com/applications/${client.clientId}/token`), {
      method: 'DELETE',
      headers: { authorization: basic(client) },
      body: JSON.stringify({ access_token: plain.get('access_token') }),
    })
    assert.equal(revocation.status, 204)
  })
})

describe('Facebook', () => {
  test('a short token is exchanged for a long one', async () => {
    const client = sandbox.app('graph.facebook.com')
    const query = {
      client_id: client.clientId,
      redirect_uri: CALLBACK,
      scope: 'public_profile,user_friends',
      state: 's',
    }
    const code = (await decide('https://www.facebook.com/v25.0/dialog/oauth', query)).get('code') ?? ''
    const own = { client_id: client.clientId, client_secret: client.clientSecret ?? '' }
    const read = (fields: Record<string, string>) =>
      readReal(
        sandbox,
        `https://graph.facebook.com/v25.0/oauth/access_token?${new URLSearchParams({ ...own, ...fields })}`,
      )
    const short = (await read({ code, redirect_uri: CALLBACK })).body
    assert.equal(short.expires_in, 7200)
    const used = await read({ code, redirect_uri: CALLBACK })
    assert.deepEqual([used.status, Object(used.body).error.error_subcode], [400, 36009])
    const fresh = (
      await read({
        code: (await decide('https://www.facebook.com/v25.0/dialog/oauth', query)).get('code') ?? '',
        redirect_uri: CALLBACK,
      })
    ).body
    const long = (
      await read({ grant_type: 'fb_exchange_token', fb_exchange_token: String(fresh.access_token) })
    ).body
    assert.equal(long.expires_in, 60 * 86_400)
    const wrong = await read({ client_secret: 'guess', code, redirect_uri: CALLBACK })
    assert.equal(Object(wrong.body).error.message, 'Error validating client secret.')
  })
})

describe('LinkedIn', () => {
  const AUTHORIZE = 'https://www.linkedin.com/oauth/v2/authorization'

  test('an ordinary app may not ask for connections, a partner may', async () => {
    const query = {
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid r_1st_connections',
      state: 's',
    }
    const ordinary = sandbox.app('api.linkedin.com')
    const back = await decide(AUTHORIZE, { ...query, client_id: ordinary.clientId })
    assert.equal(back.get('error'), 'unauthorized_scope_error')

    const partner = sandbox.app('api.linkedin.com', { isPartner: true })
    const code = (await decide(AUTHORIZE, { ...query, client_id: partner.clientId })).get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK }
    const secret = { client_id: partner.clientId, client_secret: partner.clientSecret ?? '' }
    const { body } = await post('https://www.linkedin.com/oauth/v2/accessToken', { ...form, ...secret })
    assert.ok(body.refresh_token)
    const url = 'https://api.linkedin.com/v2/connections?q=viewer&start=0&count=50'
    const list = await readReal(sandbox, url, body.access_token)
    assert.equal(Object(list.body).paging.total, 12)
  })
})

describe('AT Protocol', () => {
  const SESSION = 'https://bsky.social/xrpc/com.atproto.server.'
  const xrpc = (name: string, body: unknown, token?: string) =>
    fetch(at(`${SESSION}${name}`), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    }).then(async (response) => ({ status: response.status, body: Object(await response.json()) }))

  test('a session is made from an app password and renewed once per token', async () => {
    const { username, password, subject } = sandbox.grant('bsky.social')
    assert.match(password ?? '', /^[a-z]{4}(-[a-z]{4}){3}$/)
    const identifier = `${username}.bsky.social`
    const wrong = await xrpc('createSession', { identifier, password: 'nope' })
    assert.deepEqual([wrong.status, wrong.body.error], [401, 'AuthenticationRequired'])
    const first = await xrpc('createSession', { identifier, password })
    assert.equal(first.body.did, subject)
    const second = await xrpc('refreshSession', {}, first.body.refreshJwt)
    assert.equal(second.status, 200)
    const replay = await xrpc('refreshSession', {}, first.body.refreshJwt)
    assert.deepEqual([replay.status, replay.body.error], [400, 'ExpiredToken'])
    assert.equal((await readReal(sandbox, `${SESSION}getSession`, second.body.accessJwt)).status, 400)
  })

  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const prove = (
    method: string,
    url: string,
    claims: Record<string, unknown>,
    { privateKey, publicKey } = key,
  ) => {
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const head = part({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } })
    const body = part({ htm: method, htu: url, jti: randomUUID(), iat: Math.floor(now / 1000), ...claims })
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    return `${head}.${body}.${signature.toString('base64url')}`
  }
  const PAR = 'https://bsky.social/oauth/par'
  const TOKEN = 'https://bsky.social/oauth/token'
  const CLIENT = 'https://site.example/client-metadata.json'
  /** Asked once without a nonce, then with the one that came back. */
  const proved = async (url: string, form: Record<string, string>, pair = key) => {
    const first = await post(url, form, { dpop: prove('POST', url, {}, pair) })
    assert.deepEqual([first.status, first.body.error], [400, 'use_dpop_nonce'])
    const nonce = first.headers.get('dpop-nonce')
    return post(url, form, { dpop: prove('POST', url, { nonce }, pair) })
  }
  const login = async () => {
    const pushed = await proved(PAR, {
      client_id: CLIENT,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: 'atproto transition:generic',
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      state: 's',
    })
    assert.equal(pushed.status, 201)
    const query = { client_id: CLIENT, request_uri: pushed.body.request_uri }
    const back = await decide('https://bsky.social/oauth/authorize', query)
    assert.equal(back.get('iss'), 'https://bsky.social')
    return {
      grant_type: 'authorization_code',
      code: back.get('code') ?? '',
      redirect_uri: CALLBACK,
      client_id: CLIENT,
      code_verifier: VERIFIER,
    }
  }

  test('pushed request, code, and a token that only its key can use', async () => {
    const { status, body } = await proved(TOKEN, await login())
    assert.deepEqual([status, body.token_type, body.scope], [200, 'DPoP', 'atproto transition:generic'])
    const url = `${SESSION}getSession`
    const ath = createHash('sha256').update(body.access_token).digest('base64url')
    const read = async (claims: Record<string, unknown>, pair = key) =>
      readReal(sandbox, url, undefined, {
        authorization: `DPoP ${body.access_token}`,
        dpop: prove('GET', url, { ath, ...claims }, pair),
      })
    const first = await read({})
    assert.equal(first.status, 401)
    assert.match(first.headers.get('www-authenticate') ?? '', /error="use_dpop_nonce"/)
    const nonce = first.headers.get('dpop-nonce')
    assert.equal((await read({ nonce })).body.did, body.sub)

    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    assert.equal((await read({ nonce }, other)).status, 401)
    assert.equal((await read({ nonce, ath: 'other' })).status, 401)
    assert.equal((await read({ nonce, htm: 'POST' })).status, 401)
    assert.equal((await read({ nonce, iat: 1 })).status, 401)
    assert.equal((await readReal(sandbox, url, body.access_token)).status, 400, 'not as a plain bearer token')
  })

  test('a wrong verifier and a wrong key get no token; a replayed refresh token kills the family', async () => {
    const form = await login()
    assert.equal(
      (await proved(TOKEN, { ...form, code_verifier: `${VERIFIER}x` })).body.error,
      'invalid_grant',
    )
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    assert.equal((await proved(TOKEN, await login(), other)).body.error, 'invalid_grant')

    const first = (await proved(TOKEN, await login())).body
    const renew = (token: string) =>
      proved(TOKEN, { grant_type: 'refresh_token', refresh_token: token, client_id: CLIENT })
    const second = (await renew(first.refresh_token)).body
    assert.equal((await renew(first.refresh_token)).body.error, 'invalid_grant')
    assert.equal((await renew(second.refresh_token)).body.error, 'invalid_grant')
  })

  test('a grant bound to a key brings the key', async () => {
    const grant = sandbox.grant('bsky.social', { dpop: true })
    assert.equal(Object(grant.dpopKey).crv, 'P-256')
    assert.equal(typeof Object(grant.dpopKey).d, 'string')
    assert.equal((await readReal(sandbox, `${SESSION}getSession`, grant.accessToken)).status, 400)
  })

  test('the DID document names the home server', async () => {
    const { subject } = sandbox.grant('bsky.social')
    const { body } = await readReal(sandbox, `https://plc.directory/${subject}`)
    assert.equal(Object(body).service[0].serviceEndpoint, 'https://bsky.social')
  })
})
