import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openServer } from './support/front-house.ts'
import { sendRaw } from './support/wire.ts'

test('whatever comes over a socket, an HTTP answer with Content-Length goes back and never a 500', async () => {
  const house = await openServer({ bodyMs: 200 })
  const odd = fc.constantFrom(
    '%00',
    '%ff',
    '%',
    '?',
    '&',
    '=',
    '/',
    '//',
    ':',
    '..',
    '\xff',
    ';',
    '#',
    '{',
    '__proto__',
    'a',
  )
  const target = fc.oneof(
    fc.array(odd, { maxLength: 8 }).map((parts) => `/${parts.join('')}`),
    fc.constantFrom(
      '*',
      'http://',
      'http://a',
      'https://[::1]:9/users',
      '//',
      '/users',
      '/users.json?',
      '/first/x',
      'users',
    ),
  )
  const method = fc.constantFrom(
    'GET',
    'POST',
    'PUT',
    'DELETE',
    'PATCH',
    'OPTIONS',
    'HEAD',
    'TRACE',
    'CONNECT',
    'QUERY',
    'get',
    'X',
    '',
  )
  const field = fc.oneof(
    fc.constantFrom(
      'Host: ssl://second.api.example.com',
      'Host: [::1',
      'Host:',
      'Authorization: wrong',
      'Expect: 200-ok',
      'Content-Type: application/x-www-form-urlencoded',
      'Transfer-Encoding: gzip, chunked',
      'X-Forwarded-For: a,,',
      'Cookie: a=b',
      'Set-Cookie: a',
      '__proto__: a',
      'Upgrade: h2c',
      'Connection: close',
      'Connection: upgrade',
      ': a',
      'A',
      'Content-Length: -1',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const json = fc.oneof(
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '{',
      '['.repeat(100),
      '{"__proto__":1}',
      'a=%00&b',
      '"\\u0000"',
      '{"user":{"name":12345678901234567890}}',
    ),
  )
  const request = fc.record({
    method,
    target,
    version: fc.constantFrom('1.1', '1.0', '1.1', '2.0', '0.9'),
    fields: fc.array(field, { maxLength: 4 }),
    body: fc.option(json, { nil: undefined }),
  })
  const check = async ({
    method,
    target,
    version,
    fields,
    body,
  }: typeof request extends fc.Arbitrary<infer T> ? T : never) => {
    const bytes = Buffer.from(body ?? '')
    const length = body === undefined ? [] : [`Content-Length: ${bytes.length}`]
    const head = [`${method} ${target} HTTP/${version}`, ...fields, ...length, 'Connection: close'].join(
      '\r\n',
    )
    const pieces = [Buffer.from(`${head}\r\n\r\n`, 'latin1'), bytes]
    const { answers } = await sendRaw(house.port, Buffer.concat(pieces), {
      untilClosed: true,
      isHead: method === 'HEAD',
      deadlineMs: 4_000,
    })
    const last = answers.at(-1)
    assert.ok(last, `no answer to ${JSON.stringify(head)}`)
    assert.ok(last.headers['content-length'] !== undefined, `no Content-Length: ${JSON.stringify(head)}`)
    assert.ok(last.status !== 500, `500 to ${JSON.stringify(head)}`)
  }
  const batches = fc.array(request, { minLength: 20, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => void (await Promise.all(batch.map(check)))),
    { numRuns: 100, endOnFailure: true },
  )
  await house.close()
})
