import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GatewayError } from '../../src/core/errors.ts'
import { identityAt, json, listen, openRoom, PROBE } from './support.ts'

const START = Date.parse('2026-11-21T10:00:00Z')

test('five failures in a row leave the network alone for 30 s, then one request tries it', async (t) => {
  let now = START
  let status = 500
  const server = await listen(t, (response) => json(response, status, {}))
  const { networks, metered } = openRoom(t, { base: server.url, now: () => now, options: { retriesMax: 0 } })
  const fetch = () => networks.open(identityAt()).fetch({ path: '/me' })
  for (let failure = 0; failure < 5; failure += 1)
    await assert.rejects(fetch(), { code: 'network_unavailable' })
  now += 10_000
  await assert.rejects(fetch(), {
    code: 'network_unavailable',
    message: 'Probe failed 5 times in a row and is left alone until 2026-11-21T10:00:30.000Z.',
    retryAfterSeconds: 20,
  })
  assert.equal(server.asked.length, 5)

  now = START + 30_000
  await assert.rejects(fetch(), { message: 'Probe has a fault and could not answer.' })
  await assert.rejects(fetch(), { message: /until 2026-11-21T10:01:00/ })
  assert.equal(server.asked.length, 6)

  now = START + 60_000
  status = 200
  assert.equal((await fetch()).status, 200)
  assert.equal((await fetch()).status, 200)
  const gauges = metered.filter(({ name }) => name === 'kith_breaker_open').map(({ value }) => value)
  assert.deepEqual(gauges, [1, 1, 0])
})

test('only one request tries a network that was left alone', async (t) => {
  let now = START
  let status = 500
  const server = await listen(t, async (response) => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    json(response, status, {})
  })
  const options = { retriesMax: 0, breakerFailures: 1 }
  const { networks } = openRoom(t, { base: server.url, now: () => now, options })
  const fetch = () => networks.open(identityAt()).fetch({ path: '/me' })
  await assert.rejects(fetch())
  now += 30_000
  status = 200
  const all = await Promise.allSettled(Array.from({ length: 10 }, fetch))
  assert.equal(all.filter((one) => one.status === 'fulfilled').length, 1)
  assert.equal(server.asked.length, 2)
  assert.equal((await fetch()).status, 200)
})

test('what was asked before the network was left alone changes nothing afterwards', async (t) => {
  const held: (() => void)[] = []
  const server = await listen(t, (response, { url }) => {
    if (url === '/fast') return json(response, 500, {})
    held.push(() => json(response, url === '/well' ? 200 : 500, {}))
  })
  let now = START
  const options = { retriesMax: 0, breakerFailures: 1 }
  const { networks } = openRoom(t, { base: server.url, now: () => now, options })
  const fetch = (path: string) => networks.open(identityAt()).fetch({ path })
  const slow = Promise.allSettled([fetch('/well'), fetch('/ill')])
  while (held.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
  await assert.rejects(fetch('/fast'), { message: 'Probe has a fault and could not answer.' })
  now += 20_000
  for (const answer of held) answer()
  await slow
  await assert.rejects(fetch('/fast'), { message: /left alone until 2026-11-21T10:00:30.000Z/ })
})

test('a refusal is an answer: it ends the row of failures', async (t) => {
  const statuses = [500, 500, 500, 500, 404, 500, 500, 500, 500, 401, 429]
  const server = await listen(t, (response) => json(response, statuses.shift() ?? 200, {}))
  const { networks } = openRoom(t, { base: server.url, options: { retriesMax: 0 } })
  for (const _ of [...statuses]) {
    await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), (error: Error) => {
      return !error.message.includes('left alone')
    })
  }
  assert.equal(server.asked.length, 11)
})

test('what cannot be reached, or is silent, is left alone as well', async (t) => {
  const silent = await listen(t, (response) => {
    response.destroy()
  })
  for (const base of ['http://127.0.0.1:1', silent.url]) {
    const { networks } = openRoom(t, { base, options: { retriesMax: 0, breakerFailures: 2 } })
    const fetch = () => networks.open(identityAt()).fetch({ path: '/me' })
    await assert.rejects(fetch())
    await assert.rejects(fetch())
    await assert.rejects(fetch(), { code: 'network_unavailable', message: /left alone until/ })
  }
})

test('a caller who leaves says nothing about the network', async (t) => {
  let isSilent = true
  const server = await listen(t, (response) => {
    if (!isSilent) json(response, 200, {})
  })
  const { networks } = openRoom(t, { base: server.url, options: { breakerFailures: 1 } })
  const request = networks.open(identityAt()).fetch({ path: '/me' }, { signal: AbortSignal.timeout(20) })
  await assert.rejects(request, { code: 'network_silent' })
  isSilent = false
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
})

test('one server’s failures are not another’s', async (t) => {
  const broken = await listen(t, (response) => json(response, 500, {}))
  const sound = await listen(t, (response) => json(response, 200, {}))
  const provider = { ...PROBE, api: '{server}/1', server: {} }
  const options = { retriesMax: 0, breakerFailures: 1, allowInsecure: true, allowAddresses: ['127.0.0.1'] }
  const { networks } = openRoom(t, { provider, options })
  const at = (server: string) => networks.open(identityAt({ server })).fetch({ path: '/me' })
  await assert.rejects(at(broken.url))
  await assert.rejects(at(broken.url), { message: /left alone/ })
  assert.equal((await at(sound.url)).status, 200)
})

test('when the network is left alone between two tries, the network’s own error is told', async (t) => {
  const server = await listen(t, (response) => json(response, 500, {}))
  const { networks } = openRoom(t, { base: server.url, options: { breakerFailures: 2, retriesMax: 9 } })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), (error) => {
    return error instanceof GatewayError && error.message === 'Probe has a fault and could not answer.'
  })
  assert.equal(server.asked.length, 2)
})
