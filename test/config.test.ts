import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { configurationPage } from '../scripts/docs.ts'
import { allSettings, effectiveValues, providerSettings, readConfig } from '../src/config.ts'
import { GatewayError } from '../src/core/errors.ts'
import { NETWORK_DEFAULTS } from '../src/network/options.ts'

function complaintOf(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    assert.ok(error instanceof GatewayError)
    assert.equal(error.code, 'invalid_request')
    return error.message
  }
  return assert.fail('the configuration was accepted')
}

test('an empty environment gives every default', () => {
  const config = readConfig({ HOME: '/root', PATH: '/bin' })
  assert.equal(config.server.port, 8_080)
  assert.equal(config.server.metricsPort, 9_464)
  assert.equal(config.data.databaseUrl, './data/kith.db')
  assert.deepEqual(config.bounds, {
    contactsMaxAgeMs: 86_400_000,
    contactsPerIdentity: 10_000,
    fanOutDeadlineMs: 8_000,
    readMaxMs: 600_000,
    outageMemoryMs: 60_000,
    readsAtOnce: 32,
    readsBytes: 8 * 1024 * 1024,
    readsWaiting: 10_000,
    connectionLifeMs: 3_600_000,
    loginLifeMs: 600_000,
    loginsAtOnce: 20_000,
  })
  assert.equal(config.memory.piecesBytes, 268_435_456)
  assert.equal(config.memory.answersBytes, 67_108_864)
  assert.deepEqual({ ...config.network, sandbox: undefined }, { ...NETWORK_DEFAULTS, sandbox: undefined })
})

test('values are read as what they are', () => {
  const config = readConfig({
    KITH_PORT: '0',
    KITH_METRICS_PORT: 'off',
    KITH_TRUSTED_PROXIES: '10.0.0.1, 192.168.0.0/16,',
    KITH_ALLOW_INSECURE: 'true',
    KITH_LOG_LEVEL: 'debug',
    KITH_HTTP_BODY_BYTES: '2048',
    KITH_SANDBOX: 'http://127.0.0.1:9',
    KITH_HOST: '',
  })
  assert.equal(config.server.port, 0)
  assert.equal(config.server.metricsPort, 'off')
  assert.equal(config.server.host, undefined)
  assert.deepEqual(config.server.trustedProxies, ['10.0.0.1', '192.168.0.0/16'])
  assert.equal(config.network.allowInsecure, true)
  assert.equal(config.network.sandbox, 'http://127.0.0.1:9')
  assert.equal(config.server.logLevel, 'debug')
  assert.equal(config.front.bodyBytes, 2_048)
})

test('a name that is none is an error and names the nearest that is', () => {
  assert.match(complaintOf({ KITH_PROT: '1' }), /^KITH_PROT is no setting; the nearest that is: KITH_PORT\.$/)
  assert.match(complaintOf({ KITH_DATABSE_URL: 'x' }), /KITH_DATABASE_URL/)
})

test('all that is wrong is said at once', () => {
  const complaint = complaintOf({
    KITH_PORT: 'eighty',
    KITH_HTTP_PAIRS: '0',
    KITH_LOG_LEVEL: 'loud',
    KITH_X: '1',
  })
  assert.match(complaint, /^KITH_PORT must be a whole number from 0 to 65535 \(port\)\.$/m)
  assert.match(complaint, /^KITH_HTTP_PAIRS must be a whole number from 1 up \(pairs\)\.$/m)
  assert.match(complaint, /^KITH_LOG_LEVEL must be one of silent, error, warn, info, debug\.$/m)
  assert.match(complaint, /^KITH_X is no setting/m)
})

for (const value of ['-1', '65536', '80.5', 'x', '1e9', 'NaN', '0x', 'Infinity']) {
  test(`${value} is no port`, () => {
    assert.match(complaintOf({ KITH_PORT: value }), /^KITH_PORT must be/)
    assert.match(complaintOf({ KITH_METRICS_PORT: value }), /^KITH_METRICS_PORT must be/)
  })
}

test('the public address of the gateway is a host’s, without a path', () => {
  for (const path of ['/kith', '/?a', '#a', '?a', '//kith']) {
    assert.match(
      complaintOf({ KITH_PUBLIC_URL: `https://x.example${path}` }),
      /^KITH_PUBLIC_URL must have no path/,
    )
  }
  for (const address of ['https://x.example', 'http://x.example:8080/']) {
    assert.equal(readConfig({ KITH_PUBLIC_URL: address }).server.publicUrl, address)
  }
})

test('nothing that a timer waits for is longer than a timer can wait', () => {
  const tooLong = '2147483648'
  assert.match(
    complaintOf({ KITH_STOP_MAX_MS: tooLong }),
    /^KITH_STOP_MAX_MS must be .* to 2147483647 \(ms\)/,
  )
  assert.match(complaintOf({ KITH_WEBHOOKS_EVERY_MS: tooLong }), /^KITH_WEBHOOKS_EVERY_MS must be/)
  assert.equal(readConfig({ KITH_MEDIA_KEEP_MS: tooLong }).media.keepMs, 2_147_483_648)
  for (const { name, schema } of allSettings()) {
    const value = schema.parse(undefined)
    if (typeof value === 'number') assert.ok(schema.safeParse(String(value)).success, name)
  }
})

test('settings that contradict each other are refused', () => {
  assert.match(complaintOf({ KITH_TLS_CERT: '/a' }), /go together/)
  assert.match(complaintOf({ KITH_KEYS: '{}', KITH_KEYS_FILE: '/a' }), /exclude each other/)
})

test('a network has its own address and version only where it has a version', () => {
  const withVersion = providerSettings().filter(({ kind }) => kind === 'versions')
  assert.ok(withVersion.length > 0)
  for (const { name, kind, provider } of providerSettings()) {
    assert.deepEqual(readConfig({ [name]: 'value' })[kind], { [provider]: 'value' })
  }
})

test('no secret is ever shown', () => {
  const secrets = {
    KITH_KEYS: '{"current":"a","keys":{"a":"c2VjcmV0"}}',
    KITH_CLIENT_SECRET: 'plain-words',
    KITH_DATABASE_URL: 'postgres://kith:pass%40word@db.example:5432/kith?sslpassword=more',
  }
  const shown = effectiveValues(readConfig(secrets))
  assert.equal(shown.KITH_KEYS, '[hidden]')
  assert.equal(shown.KITH_CLIENT_SECRET, '[hidden]')
  assert.equal(shown.KITH_DATABASE_URL, 'postgres://kith:[hidden]@db.example:5432/kith')
  assert.equal(effectiveValues(readConfig({})).KITH_DATABASE_URL, './data/kith.db')
  assert.equal(
    effectiveValues(readConfig({ KITH_DATABASE_URL: 'postgres://u:p@w/x:y@z' })).KITH_DATABASE_URL,
    'postgres://u:[hidden]@w/x:y@z',
  )
  const complaint = complaintOf({ ...secrets, KITH_KEYS_FILE: '/keys', KITH_PORT: 'hunter2' })
  for (const secret of ['c2VjcmV0', 'plain-words', 'pass%40word', 'hunter2']) {
    assert.ok(!complaint.includes(secret))
  }
})

test('every setting has a name of its own and says what it does', () => {
  const names = [...allSettings(), ...providerSettings()].map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const { name, text, schema } of allSettings()) {
    assert.match(name, /^KITH_[A-Z0-9_]+$/)
    assert.match(text, /^\S.{10,}\.$/, name)
    assert.ok(schema.safeParse(undefined).success, name)
  }
})

test('docs/configuration.md is what the settings say', () => {
  const page = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8')
  assert.equal(page, configurationPage(), 'run: npm run docs')
})
