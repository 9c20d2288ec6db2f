import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NETWORK_DEFAULTS, type NetworkOptions } from '../../src/network/options.ts'
import { createPlaces } from '../../src/network/places.ts'
import { PROBE } from './support.ts'

const SERVED = {
  ...PROBE,
  api: '{server}/api/{version}',
  version: 'v1',
  server: { default: 'https://main.example' },
}

function asked(
  path: string,
  options: Partial<NetworkOptions> = {},
  provider = PROBE as typeof SERVED | typeof PROBE,
) {
  const places = createPlaces({ ...NETWORK_DEFAULTS, ...options })
  return places.ofRequest(provider, undefined, { path }).asked.href
}

test('templates are filled with the home server and the version', () => {
  const places = createPlaces({ ...NETWORK_DEFAULTS, versions: { probe: 'v2' } })
  const at = (server?: string) => places.ofRequest(SERVED, server, { path: '/me' }).asked.href
  assert.equal(at(), 'https://main.example/api/v2/me')
  assert.equal(at('https://other.example'), 'https://other.example/api/v2/me')
})

test('a query is added, without what is absent', () => {
  const places = createPlaces(NETWORK_DEFAULTS)
  const query = { q: 'a+b &c', page: 2, deep: true, none: undefined }
  const { asked } = places.ofRequest(PROBE, undefined, { path: '/me', query })
  assert.equal(asked.href, 'https://api.probe.example/1/me?q=a%2Bb+%26c&page=2&deep=true')
})

describe('a request cannot leave the API', () => {
  const PATHS = ['/../admin', '/%2e%2e/admin', '/a/../../admin', '/..\\..\\admin']
  for (const path of PATHS) {
    test(path, () => assert.throws(() => asked(path), { code: 'invalid_request' }))
  }
  test('a path that looks like a host stays a path', () => {
    assert.equal(asked('//evil.example/me'), 'https://api.probe.example/1//evil.example/me')
    assert.equal(asked('@evil.example/me'), 'https://api.probe.example/1/@evil.example/me')
  })
})

test('a page link may not lead to a stranger', () => {
  const STRANGERS = [
    'https://evil.example/1/me?page=2',
    'http://api.probe.example/1/me?page=2',
    'https://api.probe.example:8443/1/me',
    'https://user:word@api.probe.example/1/me',
    'https://api.probe.example.evil.example/1/me',
    'https://api.probe.example@evil.example/1/me',
  ]
  for (const link of STRANGERS) assert.throws(() => asked(link), { code: 'network_unreadable' }, link)
  assert.equal(asked('https://api.probe.example/1/me?page=2'), 'https://api.probe.example/1/me?page=2')
})

test('the sandbox stands for every host, in page links and redirects too', () => {
  const options = { sandbox: 'http://127.0.0.1:4000/' }
  const places = createPlaces({ ...NETWORK_DEFAULTS, ...options })
  assert.equal(asked('/me', options), 'http://127.0.0.1:4000/api.probe.example/1/me')
  const links = [
    'https://api.probe.example/1/me?page=2',
    'http://127.0.0.1:4000/api.probe.example/1/me?page=2',
  ]
  for (const link of links) {
    assert.equal(asked(link, options), 'http://127.0.0.1:4000/api.probe.example/1/me?page=2')
  }
  assert.throws(() => asked('http://127.0.0.1:4000/evil.example/1/me', options), {
    code: 'network_unreadable',
  })
  const token = places.ofTemplate(PROBE, undefined, PROBE.auth.tokenUrl)
  assert.equal(token.asked.href, 'http://127.0.0.1:4000/api.probe.example/1/token')
  const from = places.ofRequest(PROBE, undefined, { path: '/me' })
  const moved = 'http://127.0.0.1:4000/api.probe.example/1/users/42'
  assert.equal(places.ofRedirect(from, '/1/users/42')?.asked.href, moved)
  assert.equal(places.ofRedirect(from, 'https://api.probe.example/1/users/42')?.asked.href, moved)
  assert.equal(places.ofRedirect(from, 'https://evil.example/'), undefined)
  assert.deepEqual(places.configuredHosts, ['127.0.0.1:4000'])
})

test('another base replaces the API root, beside the sandbox too', () => {
  const options = { sandbox: 'http://127.0.0.1:4000', bases: { probe: 'http://127.0.0.1:5000/real' } }
  assert.equal(asked('/me', options), 'http://127.0.0.1:5000/real/me')
  assert.equal(
    asked('https://api.probe.example/1/me?page=2', options),
    'http://127.0.0.1:5000/real/me?page=2',
  )
  const places = createPlaces({ ...NETWORK_DEFAULTS, ...options })
  const token = places.ofTemplate(PROBE, undefined, PROBE.auth.tokenUrl)
  assert.equal(token.asked.href, 'http://127.0.0.1:5000/real/token')
})

test('a host that a request names is the provider’s own', () => {
  const places = createPlaces(NETWORK_DEFAULTS)
  const provider = { ...PROBE, hosts: { upload: 'https://upload.probe.example' } }
  const at = (host: string) => places.ofRequest(provider, undefined, { path: '/a', host }).asked.href
  assert.equal(at('upload'), 'https://upload.probe.example/a')
  assert.throws(() => at('elsewhere'), { code: 'invalid_request' })
})

test('a home server is an origin and nothing more', () => {
  const places = createPlaces(NETWORK_DEFAULTS)
  const WRONG = [
    'https://a.example/path',
    'https://u:p@a.example',
    'ftp://a.example',
    'a.example',
    '',
    'http://a.example',
  ]
  for (const server of WRONG) {
    assert.throws(
      () => places.ofRequest(SERVED, server, { path: '/me' }),
      { code: 'invalid_request' },
      server,
    )
  }
  const nowhere = { ...SERVED, server: {} }
  assert.throws(() => places.ofRequest(nowhere, undefined, { path: '/me' }), { code: 'invalid_request' })
})

test('an address has a bound', () => {
  assert.throws(() => asked(`/${'a'.repeat(10_000)}`), { code: 'invalid_request' })
  const link = `https://api.probe.example/1/me?cursor=${'a'.repeat(10_000)}`
  assert.throws(() => asked(link), { code: 'network_unreadable' })
})
