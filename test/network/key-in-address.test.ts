// Networks whose key stands in the address: a bot's, a webhook's.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Provider } from '../../src/core/provider.ts'
import { identityAt, json, listen, openRoom, PROBE, type Room } from './support.ts'

const BOT = {
  ...PROBE,
  api: 'https://api.probe.example/bot{token}',
  auth: { type: 'bot' },
} as const satisfies Provider
const KEY = '123456:the-key-of-a-bot_that-is-secret'

/** All that was said of the calls: log lines, meters, and the error with its causes. */
function said({ logged, metered }: Room, error?: unknown): string {
  const whole = (value: unknown): unknown =>
    value instanceof Error ? [value.message, value.stack, whole(value.cause)] : value
  return JSON.stringify([logged, metered, whole(error)])
}

test('the key goes into its place in the address, and into no header', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const { networks } = openRoom(t, {
    provider: BOT,
    tokens: { accessToken: KEY },
    base: `${server.url}/bot{token}`,
  })
  await networks.open(identityAt()).fetch({ path: '/getMe', query: { a: 1 } })
  const [asked] = server.asked
  assert.equal(asked?.url, `/bot${KEY}/getMe?a=1`)
  assert.equal(asked.headers.authorization, undefined)
})

test('however a call ends, the key stands in no log, meter or error', async (t) => {
  const answers = [
    { status: 200, body: {} },
    { status: 401, body: { description: `Unauthorized: ${KEY}` } },
    { status: 500, body: `<h1>/bot${KEY}/getMe</h1>` },
    { status: 302, body: '' },
    undefined,
  ]
  for (const answer of answers) {
    const server = await listen(t, (response) => {
      const headers = { location: `https://elsewhere.example/bot${KEY}` }
      if (answer) json(response, answer.status, answer.body, headers)
      else response.destroy()
    })
    const base = `${server.url}/bot{token}`
    const room = openRoom(t, {
      provider: BOT,
      tokens: { accessToken: KEY },
      base,
      options: { retriesMax: 0 },
    })
    const asking = room.networks.open(identityAt()).fetch({ path: '/getMe' })
    const error = await asking.then(
      () => undefined,
      (failure: unknown) => failure,
    )
    assert.equal(error === undefined, answer?.status === 200)
    const text = said(room, error)
    assert.match(text, /network asked/)
    assert(!text.includes('the-key-of-a-bot'), text)
  }
})

test('nobody is there: the key is not told either', async (t) => {
  const room = openRoom(t, {
    provider: BOT,
    tokens: { accessToken: KEY },
    base: 'http://127.0.0.1:1/bot{token}',
    options: { retriesMax: 0 },
  })
  const asking = room.networks.open(identityAt()).fetch({ path: '/getMe' })
  const error = await asking.catch((failure: unknown) => failure)
  assert.equal(Object(error).code, 'network_unreached')
  assert(!said(room, error).includes('the-key-of-a-bot'))
})

test('a key that would lead to another address is not used', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  for (const accessToken of ['../admin', 'a/../../b', 'x?y=', 'x#', 'a//b', '%2e%2e', '@evil.example', '/']) {
    const room = openRoom(t, { provider: BOT, tokens: { accessToken }, base: `${server.url}/bot{token}` })
    await assert.rejects(
      room.networks.open(identityAt()).fetch({ path: '/getMe' }),
      { code: 'relink_required' },
      accessToken,
    )
  }
  assert.deepEqual(server.asked, [])
})
