import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GatewayError } from '../../src/core/errors.ts'
import type { Provider } from '../../src/core/provider.ts'
import { limitWaitMs, retryAfterMs, scopeOf } from '../../src/network/limits.ts'
import { providers } from '../../src/providers/index.ts'
import { ACCESS, createMemoryStore, identityAt, json, listen, openRoom, PROBE } from './support.ts'

const NOW = Date.parse('2026-11-21T10:00:00Z')

const LIMITED = {
  ...PROBE,
  rateLimit: { remaining: 'x-remaining', reset: 'x-reset', as: 'unix', scope: 'identity' },
} as const satisfies Provider

describe('when to come back is read from seconds, dates and each network’s own header', () => {
  const limit = (as: 'unix' | 'iso' | 'seconds') => ({ rateLimit: { ...LIMITED.rateLimit, as } })
  const CASES = [
    ['unix', { 'x-reset': String(NOW / 1000 + 90) }, 90_000],
    ['iso', { 'x-reset': '2026-11-21T10:05:00.000Z' }, 300_000],
    ['seconds', { 'x-reset': '12.5' }, 12_500],
    ['unix', { 'x-reset': String(NOW / 1000 - 90) }, 0],
    ['unix', { 'x-reset': 'soon' }, undefined],
    ['unix', {}, undefined],
    ['unix', { 'retry-after': '7', 'x-reset': String(NOW / 1000 + 90) }, 7_000],
  ] as const
  for (const [as, headers, expected] of CASES) {
    test(`${as} ${JSON.stringify(headers)}`, () => {
      assert.equal(limitWaitMs(limit(as), headers, { now: NOW, isRefusal: true }), expected)
    })
  }
  test('where a network says it elsewhere, that counts, behind Retry-After and before its header', () => {
    const provider = { ...limit('seconds'), retryAfter: ({ text }: { text: string }) => Number(text) }
    const at = { now: NOW, isRefusal: true, text: '20' }
    assert.equal(limitWaitMs(provider, { 'x-reset': '5' }, at), 20_000)
    assert.equal(limitWaitMs(provider, { 'x-reset': '5', 'retry-after': '3' }, at), 3_000)
    assert.equal(limitWaitMs(provider, { 'x-reset': '5' }, { ...at, text: 'soon' }), 5_000)
    assert.equal(limitWaitMs(provider, { 'x-reset': '5' }, { ...at, isRefusal: false }), 5_000)
  })

  const usage = (minutes: number) =>
    JSON.stringify({
      1: [{ type: 'pages', call_count: 100, estimated_time_to_regain_access: minutes }],
      2: [{ type: 'pages', estimated_time_to_regain_access: 0 }],
    })
  const REFUSALS = [
    ['telegram', {}, '{"ok":false,"error_code":429,"parameters":{"retry_after":35}}', 35_000],
    ['telegram', {}, '{"ok":false,"error_code":429}', undefined],
    ['facebook', { 'x-business-use-case-usage': usage(19) }, '{}', 19 * 60_000],
    ['facebook', { 'x-business-use-case-usage': usage(0) }, '{}', undefined],
    ['facebook', {}, '{}', undefined],
    ['linkedin', {}, 'Resource level throttle MEMBER DAY limit for calls is reached.', 14 * 3_600_000],
    ['linkedin', {}, 'Too many requests', undefined],
  ] as const
  for (const [id, headers, text, expected] of REFUSALS) {
    test(`${id} ${JSON.stringify(headers)} ${text}`, () => {
      const provider = providers.find((each) => each.id === id)
      assert.ok(provider)
      assert.equal(limitWaitMs(provider, headers, { now: NOW, isRefusal: true, text }), expected)
    })
  }

  test('Retry-After as a date', () => {
    assert.equal(retryAfterMs({ 'retry-after': 'Sat, 21 Nov 2026 10:00:30 GMT' }, NOW), 30_000)
    assert.equal(retryAfterMs({ 'retry-after': 'Sat, 21 Nov 2026 09:00:00 GMT' }, NOW), 0)
    assert.equal(retryAfterMs({ 'retry-after': 'later' }, NOW), undefined)
    assert.equal(retryAfterMs({ 'retry-after': '-5' }, Date.parse('2026-11-21')), 0)
  })
})

test('a limit belongs to the identity, the site’s app or the server', () => {
  const scoped = (scope: 'identity' | 'app' | 'server') => ({
    ...LIMITED,
    rateLimit: { ...LIMITED.rateLimit, scope },
  })
  const one = identityAt({ id: 1, server: 'https://a.example' })
  const other = identityAt({ id: 2, server: 'https://a.example' })
  const elsewhere = identityAt({ id: 2, server: 'https://b.example' })
  assert.notEqual(scopeOf(scoped('identity'), one), scopeOf(scoped('identity'), other))
  assert.equal(scopeOf(scoped('app'), one), scopeOf(scoped('app'), other))
  assert.notEqual(scopeOf(scoped('app'), one), scopeOf(scoped('app'), { ...other, siteId: 2 }))
  assert.equal(scopeOf(scoped('server'), one), scopeOf(scoped('server'), { ...other, siteId: 2 }))
  assert.notEqual(scopeOf(scoped('server'), one), scopeOf(scoped('server'), elsewhere))
  assert.equal(scopeOf(scoped('identity'), identityAt({ id: 0 })), undefined)
})

test('when nothing remains the network is left alone until the reset, without being asked', async (t) => {
  let now = NOW
  const server = await listen(t, (response) => {
    json(response, 200, {}, { 'x-remaining': '0', 'x-reset': String(NOW / 1000 + 60) })
  })
  const { networks, store } = openRoom(t, { provider: LIMITED, base: server.url, now: () => now })
  const network = networks.open(identityAt())
  assert.equal((await network.fetch({ path: '/me' })).status, 200)
  now += 10_500
  await assert.rejects(network.fetch({ path: '/me' }), { code: 'rate_limited', retryAfterSeconds: 50 })
  assert.equal(server.asked.length, 1)
  assert.deepEqual([...store.blocks.values()], [NOW + 60_000])
  now = NOW + 60_001
  store.blocks.clear()
  assert.equal((await network.fetch({ path: '/me' })).status, 200)
  assert.equal(server.asked.length, 2)
})

test('a limit that lasts is told at once, and not waited for in the middle of a request', async (t) => {
  const server = await listen(t, (response) => json(response, 429, {}, { 'retry-after': '4' }))
  const { networks } = openRoom(t, { provider: LIMITED, base: server.url })
  const startedAt = performance.now()
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), {
    code: 'rate_limited',
    retryAfterSeconds: 4,
  })
  assert.ok(performance.now() - startedAt < 2_000)
  assert.equal(server.asked.length, 1)
})

test('an answer counts, and its limit holds here, also when the limit cannot be stored', async (t) => {
  const server = await listen(t, (response) => {
    json(response, 200, { id: '7' }, { 'x-remaining': '0', 'x-reset': String(NOW / 1000 + 60) })
  })
  const store = createMemoryStore({ accessToken: ACCESS })
  const block = () => Promise.reject(new GatewayError('overloaded', 'The database does not answer.'))
  const limits = { ...store.limits, block }
  const { networks } = openRoom(t, {
    provider: LIMITED,
    base: server.url,
    store: { ...store, limits },
    now: () => NOW,
  })
  const network = networks.open(identityAt())
  assert.deepEqual((await network.fetch({ method: 'POST', path: '/posts' })).body, { id: '7' })
  await assert.rejects(network.fetch({ path: '/me' }), { code: 'rate_limited' })
  assert.equal(server.asked.length, 1)
})

test('a limit that another process met counts here within seconds', async (t) => {
  let now = NOW
  const server = await listen(t, (response) => json(response, 200, {}))
  const store = createMemoryStore({ accessToken: ACCESS })
  let lookups = 0
  const until = async (scope: string) => {
    lookups += 1
    return store.limits.until(scope)
  }
  const limits = { ...store.limits, until }
  const { networks } = openRoom(t, {
    provider: LIMITED,
    base: server.url,
    store: { ...store, limits },
    now: () => now,
  })
  const network = networks.open(identityAt())
  for (let time = 0; time < 5; time += 1) await network.fetch({ path: '/me' })
  assert.equal(lookups, 1)
  await store.limits.block(scopeOf(LIMITED, identityAt())!, NOW + 60_000)
  now += 3_000
  await assert.rejects(network.fetch({ path: '/me' }), { code: 'rate_limited', retryAfterSeconds: 57 })
  assert.equal(server.asked.length, 5)
  assert.equal((await networks.open(identityAt({ id: 7, siteId: 2 })).fetch({ path: '/me' })).status, 200)
})

test('a refusal without any header keeps away for a minute; a mad one for no more than a day', async (t) => {
  const answers: Record<string, string>[] = [{}, { 'x-reset': '99999999999999' }]
  for (const headers of answers) {
    const server = await listen(t, (response) => json(response, 429, {}, headers))
    const { networks, store } = openRoom(t, { provider: LIMITED, base: server.url, now: () => NOW })
    const waitMs = 'x-reset' in headers ? 86_400_000 : 60_000
    await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), {
      code: 'rate_limited',
      retryAfterSeconds: waitMs / 1000,
    })
    assert.deepEqual([...store.blocks.values()], [NOW + waitMs])
    assert.equal(server.asked.length, 1)
  }
})

test('a short limit is waited out within the deadline', async (t) => {
  let refusals = 1
  const server = await listen(t, (response) =>
    json(response, refusals-- > 0 ? 429 : 200, {}, { 'retry-after': '1' }),
  )
  const { networks } = openRoom(t, { provider: LIMITED, base: server.url })
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
  assert.equal(server.asked.length, 2)
})

test('a limit that a network tells politely is a limit too', async (t) => {
  const server = await listen(t, (response) => {
    json(response, 403, {}, { 'x-remaining': '0', 'x-reset': String(NOW / 1000 + 30) })
  })
  const errors: Provider['errors'] = [{ status: 403, header: ['x-remaining', /^0$/], code: 'rate_limited' }]
  const { networks } = openRoom(t, { provider: { ...LIMITED, errors }, base: server.url, now: () => NOW })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), (error) => {
    assert.ok(error instanceof GatewayError)
    assert.deepEqual([error.code, error.retryAfterSeconds], ['rate_limited', 30])
    return true
  })
  assert.equal(server.asked.length, 1)
})
