import assert from 'node:assert/strict'
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { Provider } from '../../src/core/provider.ts'
import {
  ACCESS,
  type Asked,
  createMemoryStore,
  identityAt,
  json,
  listen,
  openRoom,
  REFRESH,
} from './support.ts'

const BOUND: Provider = {
  id: 'probe',
  name: 'Probe',
  docs: 'https://docs.probe.example',
  api: '{server}/xrpc',
  server: {},
  auth: {
    type: 'atproto',
    refreshPath: '/xrpc/com.example.refreshSession',
    directoryUrl: 'https://directory.example',
    handlePath: '/xrpc/com.example.resolveHandle',
    scopes: {},
  },
}

const LOCAL = { allowInsecure: true, allowAddresses: ['127.0.0.1'] }

function newKey(namedCurve = 'P-256') {
  return generateKeyPairSync('ec', { namedCurve }).privateKey.export({ format: 'jwk' })
}

/** The claims of a proof whose signature holds. */
function claimsOf({ headers }: Asked): Record<string, unknown> {
  const [head, claims, signature] = String(headers.dpop).split('.')
  const { typ, alg, jwk } = JSON.parse(Buffer.from(head!, 'base64url').toString())
  assert.deepEqual([typ, Object.keys(jwk)], ['dpop+jwt', ['kty', 'crv', 'x', 'y']])
  assert.equal(alg, { 'P-256': 'ES256', secp256k1: 'ES256K' }[String(jwk.crv)])
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const isGenuine = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature!, 'base64url'),
  )
  assert.ok(isGenuine)
  return JSON.parse(Buffer.from(claims!, 'base64url').toString())
}

const nonceOf = (asked: Asked) => claimsOf(asked).nonce

test('a key on the other curve that the network knows proves as well', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const tokens = { accessToken: ACCESS, dpopKey: newKey('secp256k1') }
  const { networks } = openRoom(t, { provider: BOUND, tokens, options: LOCAL })
  await networks.open(identityAt({ server: server.url })).fetch({ path: '/app.list' })
  assert.equal(claimsOf(server.asked[0]!).htm, 'GET')
})

test('each request proves its method, its address without query, and its token', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const tokens = { accessToken: ACCESS, dpopKey: newKey() }
  const { networks } = openRoom(t, { provider: BOUND, tokens, options: LOCAL })
  const network = networks.open(identityAt({ server: server.url }))
  await network.fetch({ path: '/app.list', query: { actor: 'did:plc:a' } })
  await network.fetch({ method: 'POST', path: '/app.write', json: {} })
  const [read, write] = server.asked
  assert.equal(read?.headers.authorization, `DPoP ${ACCESS}`)
  const claims = claimsOf(read!)
  assert.deepEqual([claims.htm, claims.htu], ['GET', `${server.url}/xrpc/app.list`])
  assert.equal(claims.ath, createHash('sha256').update(ACCESS).digest('base64url'))
  assert.ok(Math.abs(Number(claims.iat) * 1000 - Date.now()) < 5_000)
  assert.equal(claimsOf(write!).htm, 'POST')
  assert.notEqual(claimsOf(write!).jti, claims.jti)
})

test('a wanted nonce is given at once, for a POST too, and remembered for the next request', async (t) => {
  let wanted = 'nonce-1'
  const server = await listen(t, (response, asked) => {
    const headers = { 'dpop-nonce': wanted, 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
    json(response, nonceOf(asked) === wanted ? 200 : 401, {}, headers)
  })
  const tokens = { accessToken: ACCESS, dpopKey: newKey() }
  const { networks } = openRoom(t, { provider: BOUND, tokens, options: LOCAL })
  const network = networks.open(identityAt({ server: server.url }))
  assert.equal((await network.fetch({ method: 'POST', path: '/a', json: { text: 'once' } })).status, 200)
  assert.equal((await network.fetch({ path: '/b' })).status, 200)
  wanted = 'nonce-2'
  assert.equal((await network.fetch({ path: '/c' })).status, 200)
  assert.deepEqual(server.asked.map(nonceOf), [undefined, 'nonce-1', 'nonce-1', 'nonce-1', 'nonce-2'])
  assert.deepEqual([server.asked[0]?.body, server.asked[1]?.body], ['{"text":"once"}', '{"text":"once"}'])
})

test('a server that never has enough of nonces is asked twice, not for ever', async (t) => {
  let number = 0
  const server = await listen(t, (response) => {
    number += 1
    const headers = { 'dpop-nonce': `nonce-${number}`, 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
    json(response, 401, {}, headers)
  })
  const tokens = { accessToken: ACCESS, dpopKey: newKey() }
  const { networks } = openRoom(t, { provider: BOUND, tokens, options: LOCAL })
  const network = networks.open(identityAt({ server: server.url }))
  await assert.rejects(network.fetch({ path: '/a' }), { code: 'relink_required' })
  assert.equal(server.asked.length, 2)
})

test('a bound token is renewed where the home server says, with a proof and the nonce it wants', async (t) => {
  const server = await listen(t, (response, asked) => {
    const origin = `http://${asked.headers.host}`
    if (asked.url === '/.well-known/oauth-protected-resource') {
      return json(response, 200, { authorization_servers: [origin] })
    }
    if (asked.url === '/.well-known/oauth-authorization-server') {
      return json(response, 200, { issuer: origin, token_endpoint: `${origin}/oauth/token` })
    }
    if (asked.url !== '/oauth/token') return json(response, 200, {})
    const headers = { 'dpop-nonce': 'token-nonce' }
    if (nonceOf(asked) !== 'token-nonce') return json(response, 400, { error: 'use_dpop_nonce' }, headers)
    json(
      response,
      200,
      { access_token: 'bound-access-token', refresh_token: 'bound-refresh', expires_in: 60 },
      headers,
    )
  })
  const tokens = { accessToken: ACCESS, refreshToken: REFRESH, expiresAt: Date.now() - 1, dpopKey: newKey() }
  const { networks, store } = openRoom(t, { provider: BOUND, tokens, options: LOCAL })
  await networks.open(identityAt({ server: server.url })).fetch({ path: '/a' })
  const toToken = server.asked.filter(({ url }) => url === '/oauth/token')
  assert.deepEqual(toToken.map(nonceOf), [undefined, 'token-nonce'])
  assert.equal(claimsOf(toToken[1]!).ath, undefined)
  assert.deepEqual(Object.fromEntries(new URLSearchParams(toToken[1]?.body)), {
    grant_type: 'refresh_token',
    refresh_token: REFRESH,
    client_id: 'client',
  })
  assert.equal(server.asked.at(-1)?.headers.authorization, 'DPoP bound-access-token')
  assert.deepEqual(store.rows.get(7)?.tokens.dpopKey, tokens.dpopKey)
})

test('a home server that names a stranger’s metadata, or fails to answer, disconnects nobody', async (t) => {
  let status = 200
  const server = await listen(t, (response, asked) => {
    const origin = `http://${asked.headers.host}`
    if (asked.url === '/.well-known/oauth-protected-resource') {
      return json(response, status, { authorization_servers: [origin] })
    }
    json(response, 200, { issuer: 'https://stranger.example', token_endpoint: `${origin}/oauth/token` })
  })
  const tokens = { accessToken: ACCESS, refreshToken: REFRESH, expiresAt: Date.now() - 1, dpopKey: newKey() }
  const { networks, store } = openRoom(t, { provider: BOUND, tokens, options: LOCAL })
  const network = networks.open(identityAt({ server: server.url }))
  await assert.rejects(network.fetch({ path: '/a' }), { code: 'network_unreadable' })
  status = 401
  await assert.rejects(network.fetch({ path: '/a' }), { code: 'network_unreadable' })
  status = 503
  await assert.rejects(network.fetch({ path: '/a' }), { code: 'network_unavailable' })
  assert.equal(server.asked.filter(({ url }) => url === '/oauth/token').length, 0)
  assert.equal(store.rows.get(7)?.leaseUntil, undefined)
})

const jwt = (exp: number) => `h.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.s`

test('a password session is renewed with its refresh token when the network says ExpiredToken with 400', async (t) => {
  const inTwoHours = Math.floor(Date.now() / 1000) + 7_200
  const fresh = { accessJwt: jwt(inTwoHours), refreshJwt: 'refresh-jwt-2' }
  const server = await listen(t, (response, { url, headers }) => {
    if (url === '/xrpc/com.example.refreshSession') return json(response, 200, fresh)
    if (headers.authorization === `Bearer ${ACCESS}`) return json(response, 400, { error: 'ExpiredToken' })
    json(response, 200, { ok: true })
  })
  const { networks, store } = openRoom(t, {
    provider: BOUND,
    tokens: { accessToken: ACCESS, refreshToken: REFRESH },
    options: LOCAL,
  })
  const network = networks.open(identityAt({ server: server.url }))
  assert.deepEqual((await network.fetch({ path: '/a' })).body, { ok: true })
  assert.deepEqual(
    server.asked.map(({ method, headers }) => [method, headers.authorization]),
    [
      ['GET', `Bearer ${ACCESS}`],
      ['POST', `Bearer ${REFRESH}`],
      ['GET', `Bearer ${fresh.accessJwt}`],
    ],
  )
  assert.deepEqual(store.rows.get(7)?.tokens, {
    accessToken: fresh.accessJwt,
    refreshToken: 'refresh-jwt-2',
    expiresAt: inTwoHours * 1000,
  })
})

test('a password session that has ended asks for a new link', async (t) => {
  for (const [status, error] of [
    [400, 'ExpiredToken'],
    [401, 'AuthMissing'],
  ] as const) {
    const server = await listen(t, (response) => json(response, status, { error }))
    const store = createMemoryStore({ accessToken: ACCESS, refreshToken: REFRESH })
    const { networks } = openRoom(t, { provider: BOUND, store, options: LOCAL })
    const network = networks.open(identityAt({ server: server.url }))
    await assert.rejects(network.fetch({ path: '/a' }), { code: 'relink_required' })
    assert.equal(server.asked.length, 2)
  }
})

test('a key that is none asks for a new link and is not shown', async (t) => {
  const WRONG = [
    {},
    { kty: 'RSA' },
    { ...newKey(), crv: 'P-384' },
    { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', d: 'private-part-of-a-key' },
  ]
  for (const dpopKey of WRONG) {
    const { networks } = openRoom(t, {
      provider: BOUND,
      tokens: { accessToken: ACCESS, dpopKey },
      options: LOCAL,
    })
    const network = networks.open(identityAt({ server: 'http://127.0.0.1:1' }))
    await assert.rejects(network.fetch({ path: '/a' }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'relink_required')
      assert.ok(!inspect(error, { depth: 9 }).includes('private-part'))
      return true
    })
  }
})
