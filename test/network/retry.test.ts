import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { GatewayError } from '../../src/core/errors.ts'
import { mayRepeat, pauseMs } from '../../src/network/retry.ts'
import { identityAt, json, listen, openRoom } from './support.ts'

test('a pause has full jitter: anywhere from nothing to a bound that doubles', () => {
  const bounds = { retryBaseMs: 200, retryMaxMs: 2_000 }
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.nat({ max: 20 }), unit, (repeat, chance) => {
      const ms = pauseMs(repeat, bounds, { random: () => chance })
      return ms >= 0 && ms <= Math.min(2_000, 200 * 2 ** repeat)
    }),
  )
  assert.equal(pauseMs(0, bounds, { random: () => 0 }), 0)
  assert.equal(pauseMs(1, bounds, { random: () => 0.5 }), 200)
  assert.equal(pauseMs(9, bounds, { random: () => 1 }), 2_000)
})

test('a pause is never shorter than the network asked for', () => {
  const bounds = { retryBaseMs: 200, retryMaxMs: 2_000 }
  assert.ok(pauseMs(0, bounds, { random: () => 0.9, retryAfterSeconds: 3 }) >= 3_000)
})

test('what may be repeated', () => {
  const failed = (code: ConstructorParameters<typeof GatewayError>[0], status?: number, wasAsked = true) => ({
    error: new GatewayError(code, ''),
    status,
    wasAsked,
  })
  const CASES = [
    ['GET', failed('network_unavailable', 500), true],
    ['GET', failed('network_silent'), true],
    ['GET', failed('network_unreached'), true],
    ['GET', failed('rate_limited', 429), true],
    ['GET', failed('network_rejected', 400), false],
    ['GET', failed('network_unreadable'), false],
    ['GET', failed('rate_limited', undefined, false), false],
    ['GET', failed('overloaded', undefined, false), false],
    ['POST', failed('network_unreached'), true],
    ['POST', failed('rate_limited', 429), true],
    ['POST', failed('network_unavailable', 503), true],
    ['POST', failed('network_unavailable', 500), false],
    ['POST', failed('network_unavailable', 502), false],
    ['POST', failed('network_silent'), false],
    ['DELETE', failed('network_silent'), false],
    ['PUT', failed('network_unavailable', 500), false],
  ] as const
  for (const [method, failure, expected] of CASES) {
    assert.equal(mayRepeat(method, failure), expected, `${method} ${failure.error.code} ${failure.status}`)
  }
})

test('a GET that fails is repeated twice, and no more', async (t) => {
  let failures = 2
  const server = await listen(t, (response) => json(response, failures-- > 0 ? 500 : 200, { ok: true }))
  const { networks, metered } = openRoom(t, { base: server.url })
  assert.deepEqual((await networks.open(identityAt()).fetch({ path: '/me' })).body, { ok: true })
  assert.equal(server.asked.length, 3)
  assert.equal(metered.filter(({ name }) => name === 'kith_network_retries_total').length, 2)
  failures = 9
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'network_unavailable' })
  assert.equal(server.asked.length, 6)
})

test('a POST that was answered with 500 or with silence is sent once', async (t) => {
  const server = await listen(t, (response, { url }) => {
    if (url === '/silent') response.destroy()
    else json(response, 500, {})
  })
  const { networks } = openRoom(t, { base: server.url })
  const post = (path: string) => networks.open(identityAt()).fetch({ method: 'POST', path, json: {} })
  await assert.rejects(post('/broken'), { code: 'network_unavailable' })
  await assert.rejects(post('/silent'), { code: 'network_silent' })
  assert.deepEqual(
    server.asked.map(({ url }) => url),
    ['/broken', '/silent'],
  )
})

test('a POST that was answered with 503 is sent again', async (t) => {
  let failures = 1
  const server = await listen(t, (response) => json(response, failures-- > 0 ? 503 : 200, {}))
  const { networks } = openRoom(t, { base: server.url })
  const { status } = await networks.open(identityAt()).fetch({ method: 'POST', path: '/me', json: {} })
  assert.deepEqual([status, server.asked.length], [200, 2])
})

test('Retry-After is waited for where the deadline allows', async (t) => {
  let failures = 1
  const server = await listen(t, (response) => {
    json(response, failures-- > 0 ? 503 : 200, {}, { 'retry-after': '1' })
  })
  const { networks } = openRoom(t, { base: server.url })
  await networks.open(identityAt()).fetch({ path: '/me' })
  const [first, second] = server.asked
  assert.ok(second!.at - first!.at >= 995, `${second!.at - first!.at}`)
})

test('a wait longer than the deadline is not begun: the error says when to come back', async (t) => {
  const later = new Date(Date.now() + 90_000).toUTCString()
  for (const value of ['60', later]) {
    const server = await listen(t, (response) => json(response, 503, {}, { 'retry-after': value }))
    const { networks } = openRoom(t, { base: server.url })
    const startedAt = performance.now()
    await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), (error: GatewayError) => {
      assert.equal(error.code, 'network_unavailable')
      assert.ok(
        error.retryAfterSeconds! >= 60 && error.retryAfterSeconds! <= 90,
        `${error.retryAfterSeconds}`,
      )
      return true
    })
    assert.ok(performance.now() - startedAt < 1_000)
    assert.equal(server.asked.length, 1)
  }
})

test('repeats end with the deadline', async (t) => {
  const server = await listen(t, (response) => json(response, 500, {}))
  const options = { requestDeadlineMs: 100, retryBaseMs: 60_000, retryMaxMs: 60_000 }
  const { networks } = openRoom(t, { base: server.url, options, random: () => 0.5 })
  const startedAt = performance.now()
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'network_unavailable' })
  assert.ok(performance.now() - startedAt < 90)
  assert.equal(server.asked.length, 1)
})

test('a kept connection that the network closes under a GET is no error', async (t) => {
  let requests = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => {
      requests += 1
      // The second request on a kept connection meets a reset, as when a server's idle time ends just then.
      if (requests === 2) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { networks } = openRoom(t, { base: `http://127.0.0.1:${port}` })
  const network = networks.open(identityAt())
  assert.equal((await network.fetch({ path: '/me' })).status, 200)
  assert.equal((await network.fetch({ path: '/me' })).status, 200)
  assert.equal(requests, 3)
})

test('at most 16 requests are under way per origin, and too many waiting are refused', async (t) => {
  let underWay = 0
  let most = 0
  const server = await listen(t, async (response) => {
    underWay += 1
    most = Math.max(most, underWay)
    await new Promise((resolve) => setTimeout(resolve, 20))
    underWay -= 1
    json(response, 200, {})
  })
  const { networks } = openRoom(t, { base: server.url, options: { waitingPerOrigin: 30 } })
  const all = await Promise.allSettled(
    Array.from({ length: 50 }, () => networks.open(identityAt()).fetch({ path: '/me' })),
  )
  const refused = all.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 4)
  for (const { reason } of refused) assert.equal(reason.code, 'overloaded')
  assert.equal(most, 16)
  assert.equal(server.asked.length, 46)
})

test('a request that is still waiting when its time ends was never sent', async (t) => {
  const server = await listen(t, () => undefined)
  const options = { connectionsPerOrigin: 1, requestDeadlineMs: 150 }
  const { networks } = openRoom(t, { base: server.url, options })
  const post = (signal?: AbortSignal) =>
    networks.open(identityAt()).fetch({ method: 'POST', path: '/me' }, { signal })
  const [first, second] = await Promise.allSettled([post(), post(AbortSignal.timeout(40))])
  assert.equal(first.status === 'rejected' && first.reason.code, 'network_silent')
  assert.equal(second.status === 'rejected' && second.reason.code, 'overloaded')
  assert.equal(server.asked.length, 1)
})
