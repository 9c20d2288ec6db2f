import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Provider } from '../../src/core/provider.ts'
import { hmacSha1, signatureBase, signWithOAuth1 } from '../../src/network/sign-oauth1.ts'
import { identityAt, json, listen, openRoom } from './support.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

test('the base string of RFC 5849 section 3.4.1.1: doubled names, empty values, form and query together', () => {
  const call = {
    method: 'POST',
    url: new URL('http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b'),
    headers: FORM,
    body: 'c2&a3=2+q',
  }
  const base = signatureBase(call, [
    ['oauth_consumer_key', '9djdj82h48djs9d2'],
    ['oauth_token', 'kkk9d7dh3k39sjv7'],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', '137131201'],
    ['oauth_nonce', '7d8f3e4a'],
  ])
  assert.equal(
    base,
    'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D' +
      '%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1' +
      '%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
  )
})

test('the signature of RFC 5849 section 1.2', () => {
  const url = new URL('http://photos.example.net/photos?file=vacation.jpg&size=original')
  const base = signatureBase({ method: 'GET', url, headers: {} }, [
    ['oauth_consumer_key', 'dpf43f3p2l4k3l03'],
    ['oauth_token', 'nnch734d00sl2jdk'],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', '137131202'],
    ['oauth_nonce', 'chapoH'],
  ])
  assert.equal(hmacSha1(base, 'kd94hf93k423kf44', 'pfkkdhi9sl3r4s00'), 'MdpQcU8iPSUjWoN/UDMsK2sui9I=')
})

// https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
test('the signature that X publishes', () => {
  const signer = signWithOAuth1({
    app: { clientId: 'xvz1evFS4wEEPTGEFPHBog', clientSecret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw' },
    tokens: {
      accessToken: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
      secret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
    },
    now: () => 1_318_622_958_000,
    nonce: () => 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg',
  })
  const { headers } = signer.sign(
    {
      method: 'POST',
      url: new URL('https://api.twitter.com/1.1/statuses/update.json?include_entities=true'),
      headers: FORM,
      body: 'status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21',
    },
    'https://api.twitter.com',
  )
  assert.match(headers.authorization ?? '', /oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"/)
})

const SIGNED: Provider = {
  id: 'probe',
  name: 'Probe',
  docs: 'https://docs.probe.example',
  api: 'https://api.probe.example/1',
  auth: {
    type: 'oauth1',
    requestUrl: 'https://api.probe.example/1/request',
    authorizeUrl: 'https://api.probe.example/1/authorize',
    tokenUrl: 'https://api.probe.example/1/token',
  },
}

test('a request is signed with the site’s app, anew for each try', async (t) => {
  let failures = 1
  const server = await listen(t, (response) => json(response, failures-- > 0 ? 500 : 200, {}))
  const tokens = { accessToken: 'oauth1-access-token', secret: 'oauth1-token-secret' }
  const { networks, store } = openRoom(t, { provider: SIGNED, base: server.url, tokens })
  await networks.open(identityAt()).fetch({ path: '/me' })
  const [first, second] = server.asked.map(({ headers }) => headers.authorization ?? '')
  assert.match(first!, /^OAuth oauth_consumer_key="client", oauth_nonce="[0-9a-f]{32}"/)
  assert.notEqual(first, second)
  store.app = undefined
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), {
    code: 'network_rejected',
    message: 'This site has no client id for Probe.',
  })
})
