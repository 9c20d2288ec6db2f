import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { z } from 'zod'
import { GatewayError } from '../../src/core/errors.ts'
import type { Provider } from '../../src/core/provider.ts'
import { parseBody } from '../../src/network/json.ts'
import { ACCESS, identityAt, json, listen, openRoom, PROBE } from './support.ts'

test('a request carries the token, the provider’s headers and a name; the answer is parsed', async (t) => {
  const server = await listen(t, (response) => json(response, 200, { id: 1 }, { 'X-Kept': 'Yes' }))
  const provider = { ...PROBE, version: '7', headers: { 'X-Version': '{version}' } }
  const { networks } = openRoom(t, { provider, base: server.url })
  const answer = await networks.open(identityAt()).fetch({ path: '/me', query: { limit: 2 } })
  assert.deepEqual([answer.status, answer.body, answer.headers['x-kept']], [200, { id: 1 }, 'Yes'])
  const [asked] = server.asked
  assert.equal(asked?.url, '/me?limit=2')
  assert.equal(asked?.headers.authorization, `Bearer ${ACCESS}`)
  assert.equal(asked?.headers['x-version'], '7')
  assert.match(asked?.headers['user-agent'] ?? '', /^Kith\//)
})

test('bodies leave as JSON or as a form', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const { networks } = openRoom(t, { base: server.url })
  const network = networks.open(identityAt())
  await network.fetch({ method: 'POST', path: '/a', json: { text: 'ö' } })
  await network.fetch({ method: 'POST', path: '/b', form: { text: 'a b&c' } })
  const [asJson, asForm] = server.asked
  assert.deepEqual([asJson?.headers['content-type'], asJson?.body], ['application/json', '{"text":"ö"}'])
  assert.deepEqual(
    [asForm?.headers['content-type'], asForm?.body],
    ['application/x-www-form-urlencoded', 'text=a+b%26c'],
  )
})

test('a call answers in the shape that was asked for, or says that the network is unreadable', async (t) => {
  const server = await listen(t, (response) => json(response, 200, { id: 'seven' }))
  const { networks } = openRoom(t, { base: server.url })
  const network = networks.open(identityAt())
  assert.deepEqual(await network.call({ path: '/me' }, z.object({ id: z.string() })), { id: 'seven' })
  await assert.rejects(network.call({ path: '/me' }, z.object({ id: z.number() })), {
    code: 'network_unreadable',
  })
})

test('a token in the query, where the network wants it, replaces the one of a page link', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const provider: Provider = { ...PROBE, auth: { ...PROBE.auth, tokenIn: 'query' } }
  const inQuery = openRoom(t, { provider, base: server.url })
  const inHeader = openRoom(t, { base: server.url })
  const link = { path: `${server.url}/me?access_token=of-yesterday&after=3` }
  await inQuery.networks.open(identityAt()).fetch(link)
  await inHeader.networks.open(identityAt()).fetch(link)
  assert.deepEqual(
    server.asked.map(({ url }) => url),
    [`/me?access_token=${ACCESS}&after=3`, '/me?after=3'],
  )
})

describe('numbers beyond 2^53 keep all their digits', () => {
  const CASES: readonly (readonly [text: string, value: unknown])[] = [
    ['{"id":9007199254740993}', { id: '9007199254740993' }],
    ['{"id": -9223372036854775808}', { id: '-9223372036854775808' }],
    ['[18446744073709551615,1]', ['18446744073709551615', 1]],
    ['{"id":9007199254740991}', { id: 9007199254740991 }],
    ['{"ratio":0.12345678901234567}', { ratio: Number('0.12345678901234567') }],
    ['{"big":1e300}', { big: 1e300 }],
    ['{"id":"9007199254740993"}', { id: '9007199254740993' }],
    ['90071992547409931', '90071992547409931'],
    ['{"a":{"b":[{"c":12345678901234567890}]}}', { a: { b: [{ c: '12345678901234567890' }] } }],
    ['{"__proto__":{"id":90071992547409931}}', JSON.parse('{"__proto__":{"id":"90071992547409931"}}')],
  ]
  for (const [text, value] of CASES) test(text, () => assert.deepEqual(parseBody(text), value))
})

test('what is no JSON is text', () => {
  for (const text of ['<html>a</html>', '', 'ok=1&b=2', '{"cut":', '[1,2', 'nonsense']) {
    assert.equal(parseBody(text), text)
  }
  const deep = `${'['.repeat(200_000)}90071992547409931`
  assert.equal(parseBody(deep), deep)
})

test('a page of HTML with status 200 is unreadable, and is not repeated in the message', async (t) => {
  const server = await listen(t, (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<html>down for maintenance</html>')
  })
  const { networks } = openRoom(t, { base: server.url })
  await assert.rejects(
    networks.open(identityAt()).call({ path: '/me' }, z.object({ id: z.string() })),
    (error) => {
      assert.ok(error instanceof GatewayError)
      assert.equal(error.code, 'network_unreadable')
      assert.ok(!error.message.includes('maintenance'))
      return true
    },
  )
})

test('a body over the bound is unreadable, whether its length is told or not', async (t) => {
  const server = await listen(t, (response, { url }) => {
    if (url === '/told') response.setHeader('content-length', 3_000_000)
    response.writeHead(200)
    response.on('error', () => undefined)
    for (let chunk = 0; chunk < 30; chunk += 1) response.write('x'.repeat(100_000))
    response.end()
  })
  const { networks } = openRoom(t, { base: server.url, options: { bodyMaxBytes: 1_000_000 } })
  for (const path of ['/told', '/untold']) {
    await assert.rejects(networks.open(identityAt()).fetch({ path }), { code: 'network_unreadable' })
  }
})

describe('the status of an answer is its error', () => {
  const CASES: readonly (readonly [status: number, code: string])[] = [
    [400, 'network_rejected'],
    [401, 'relink_required'],
    [403, 'permission_missing'],
    [404, 'not_found'],
    [409, 'network_rejected'],
    [422, 'network_rejected'],
    [429, 'rate_limited'],
    [500, 'network_unavailable'],
    [503, 'network_unavailable'],
    [304, 'network_rejected'],
  ]
  for (const [status, code] of CASES) {
    test(`${status} is ${code}`, async (t) => {
      const server = await listen(t, (response) => json(response, status, status === 304 ? '' : { a: 1 }))
      const { networks } = openRoom(t, { base: server.url })
      await assert.rejects(networks.open(identityAt()).fetch({ method: 'POST', path: '/me' }), { code })
    })
  }
})

test('the provider’s rules come first, and only those that name status 200 see good answers', async (t) => {
  const errors: Provider['errors'] = [
    { body: /captcha/, code: 'permission_missing', message: 'Probe wants a captcha.' },
    { status: 200, body: /"error_code":6\b/, code: 'rate_limited' },
    { status: 403, header: ['X-Reason', /duplicate/], code: 'conflict' },
  ]
  const server = await listen(t, (response, { url }) => {
    if (url === '/fine') return json(response, 200, { text: 'captcha' })
    if (url === '/captcha') return json(response, 418, { text: 'captcha' })
    if (url === '/polite') return json(response, 200, { error_code: 6 }, { 'retry-after': '77' })
    return json(response, 403, {}, { 'x-reason': 'a duplicate' })
  })
  const { networks } = openRoom(t, { provider: { ...PROBE, errors }, base: server.url })
  const fetch = (path: string) => networks.open(identityAt()).fetch({ path })
  assert.equal((await fetch('/fine')).status, 200)
  await assert.rejects(fetch('/captcha'), { code: 'permission_missing', message: 'Probe wants a captcha.' })
  await assert.rejects(fetch('/twice'), { code: 'conflict' })
  await assert.rejects(fetch('/polite'), { code: 'rate_limited', retryAfterSeconds: 77 })
})

test('no secret and no query reaches an error or the log', async (t) => {
  const server = await listen(t, (response, { headers }) => {
    json(response, 400, {
      echo: headers.authorization,
      again: encodeURIComponent(ACCESS),
      long: 'y'.repeat(2_000),
    })
  })
  const { networks, logged } = openRoom(t, { base: server.url })
  const request = { path: '/me', query: { private: 'words-of-the-user' } }
  await assert.rejects(networks.open(identityAt()).fetch(request), (error: Error) => {
    assert.ok(error.cause instanceof Error)
    assert.ok(error.cause.message.length < 600)
    const seen = inspect(error, { depth: 9 }) + inspect(logged, { depth: 9 })
    assert.ok(!seen.includes(ACCESS) && !seen.includes('words-of-the-user'))
    assert.ok(!error.message.includes('echo'))
    return true
  })
})

test('a provider does not see a token that the network quotes, as spelled or as in an address', async (t) => {
  const token = 'a|token/with=marks+inside'
  const server = await listen(t, (response) =>
    json(response, 200, {
      token,
      next: `https://a.example/?access_token=${encodeURIComponent(token)}`,
    }),
  )
  const { networks } = openRoom(t, { base: server.url, tokens: { accessToken: token } })
  const { body } = await networks.open(identityAt()).fetch({ path: '/me' })
  assert.deepEqual(body, { token: '***', next: 'https://a.example/?access_token=***' })
})

test('a redirect within the origin is followed for a GET, at most three times', async (t) => {
  const server = await listen(t, (response, { url }) => {
    const step = Number(url.slice(2))
    if (step === 0) return json(response, 200, { arrived: true })
    response.writeHead(307, { location: `/s${step - 1}` })
    response.end()
  })
  const { networks } = openRoom(t, { base: server.url })
  const fetch = (path: string, method?: 'POST') => networks.open(identityAt()).fetch({ method, path })
  assert.deepEqual((await fetch('/s3')).body, { arrived: true })
  await assert.rejects(fetch('/s4'), { code: 'network_rejected' })
  await assert.rejects(fetch('/s1', 'POST'), { code: 'network_rejected' })
})

test('an answer that does not come is silence after the deadline', async (t) => {
  const server = await listen(t, () => undefined)
  const { networks } = openRoom(t, { base: server.url, options: { requestDeadlineMs: 120 } })
  const startedAt = performance.now()
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), {
    code: 'network_silent',
    message: 'Probe did not answer in time.',
  })
  const ms = performance.now() - startedAt
  assert.ok(ms >= 115 && ms < 1_000, `${ms}`)
})

test('a body that drips does not outlast the deadline', async (t) => {
  const server = await listen(t, (response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write('x'), 20)
    response.on('close', () => clearInterval(drip))
  })
  const { networks } = openRoom(t, { base: server.url, options: { requestDeadlineMs: 150 } })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'network_silent' })
})

test('a caller who leaves is answered at once, with the reason it gave', async (t) => {
  const server = await listen(t, () => undefined)
  const { networks } = openRoom(t, { base: server.url })
  const controller = new AbortController()
  const reason = new GatewayError('network_silent', 'Enough.')
  setTimeout(() => controller.abort(reason), 30)
  const request = networks.open(identityAt()).fetch({ path: '/me' }, { signal: controller.signal })
  await assert.rejects(request, reason)
})

test('nothing listening, an unknown name or a broken TLS is `unreached`: no byte was written', async (t) => {
  const closed = await listen(t, () => undefined)
  const plain = createServer((socket) => socket.end('not TLS at all'))
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
  t.after(() => plain.close())
  const address = plain.address()
  const port = typeof address === 'object' ? address?.port : 0
  const BASES = ['http://127.0.0.1:1', 'http://name.invalid', `https://127.0.0.1:${port}`]
  for (const base of BASES) {
    const { networks } = openRoom(t, { base, resolve: async () => [] })
    const post = networks.open(identityAt()).fetch({ method: 'POST', path: '/me' })
    await assert.rejects(post, { code: 'network_unreached', message: 'Probe could not be reached.' }, base)
  }
  assert.equal(closed.asked.length, 0)
})

test('an answer that is no HTTP is unreadable', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end('220 ready for mail\r\n\r\n'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  const { networks } = openRoom(t, { base: `http://127.0.0.1:${port}` })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'network_unreadable' })
})

test('a token that no header can carry asks for a new link, and is not shown', async (t) => {
  const { networks } = openRoom(t, {
    base: 'http://127.0.0.1:1',
    tokens: { accessToken: 'spread\r\nover-lines' },
  })
  await assert.rejects(
    networks.open(identityAt()).fetch({ path: '/me' }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'relink_required')
      assert.ok(!inspect(error, { depth: 9 }).includes('over-lines'))
      return true
    },
  )
})

test('a network that is gone or unknown is not asked', async (t) => {
  const gone: Provider = {
    id: 'probe',
    name: 'Probe',
    docs: 'https://docs.probe.example',
    api: 'https://api.probe.example',
    gone: { since: '2014-09-30', instead: 'Nothing took its place.' },
  }
  const { networks } = openRoom(t, { provider: gone })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'discontinued' })
  await assert.rejects(networks.open(identityAt({ provider: 'never' })).fetch({ path: '/me' }), {
    code: 'unsupported',
  })
})

test('an account that is not linked yet is asked with its own tokens', async (t) => {
  const server = await listen(t, (response) => json(response, 200, { id: 1 }))
  const { networks } = openRoom(t, { base: server.url })
  const account = { site: { id: 1 }, provider: 'probe', tokens: { accessToken: 'another-access-token' } }
  const network = await networks.openUnlinked(account)
  assert.deepEqual((await network.fetch({ path: '/me' })).body, { id: 1 })
  assert.equal(server.asked[0]?.headers.authorization, 'Bearer another-access-token')
  assert.equal(network.identity.provider, 'probe')
})

test('requests are measured by network and outcome', async (t) => {
  const server = await listen(t, (response, { url }) => json(response, url === '/good' ? 200 : 404, {}))
  const { networks, metered } = openRoom(t, { base: server.url })
  const network = networks.open(identityAt())
  await network.fetch({ path: '/good' })
  await assert.rejects(network.fetch({ path: '/bad' }), { code: 'not_found' })
  const named = (name: string) => metered.filter((entry) => entry.name === name).map(({ labels }) => labels)
  assert.deepEqual(named('kith_network_seconds'), [
    { provider: 'probe', outcome: 'ok' },
    { provider: 'probe', outcome: 'not_found' },
  ])
  assert.deepEqual(named('kith_network_errors_total'), [{ provider: 'probe', code: 'not_found' }])
})
