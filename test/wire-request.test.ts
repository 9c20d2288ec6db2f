import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { GatewayError } from '../src/core/errors.ts'
import { formPairs, queryPairs } from '../src/dialects/decode.ts'
import { route } from '../src/dialects/dialect.ts'
import { parseJsonBody } from '../src/dialects/json-body.ts'
import { createSight } from '../src/dialects/proxies.ts'
import { createRouteTable } from '../src/dialects/routes.ts'
import { hostName, toWireRequest } from '../src/dialects/wire-request.ts'

describe('the table of routes', () => {
  const spec = (method: 'GET' | 'PUT', path: string) =>
    route({ method, path, summary: path, input: z.unknown(), run: async () => path })

  test('words come before names, and a name is one segment that is not empty', () => {
    const table = createRouteTable({
      routes: [spec('GET', '/a/:b'), spec('GET', '/a/me'), spec('GET', '/:x/me/:y')],
    })
    assert.equal(table.match('GET', '/a/me').route?.path, '/a/me')
    assert.deepEqual(table.match('GET', '/a/you').parameters, { b: 'you' })
    assert.deepEqual(table.match('GET', '/a/me/z').parameters, { x: 'a', y: 'z' })
    assert.equal(table.match('GET', '/a/').route, undefined)
    assert.equal(table.match('GET', 'xa/me').route, undefined)
    assert.deepEqual(table.match('PUT', '/a/me').methods, ['GET'])
  })

  test('two routes for one address are refused', () => {
    assert.throws(
      () => createRouteTable({ routes: [spec('GET', '/a/:b'), spec('GET', '/a/:c')] }),
      /Two routes claim GET/,
    )
  })
})

describe('a JSON body', () => {
  const parse = (text: string | Buffer) => parseJsonBody({ body: Buffer.from(text) })
  const fault = (text: string | Buffer) => {
    try {
      return `no fault: ${JSON.stringify(parse(text))}`
    } catch (error) {
      assert.ok(error instanceof GatewayError)
      assert.equal(error.code, 'invalid_request')
      return error.message
    }
  }

  test('may be absent, and may begin with a byte order mark', () => {
    assert.equal(parse(''), undefined)
    assert.equal(parse(' \r\n'), undefined)
    assert.deepEqual(parse('\ufeff{"a":1}'), { a: 1 })
  })

  test('keeps integers that a number cannot hold, as digits', () => {
    assert.deepEqual(
      parse('{"a":179529568978506380000,"b":[12345678901234567],"c":1.5e300,"d":9007199254740991}'),
      {
        a: '179529568978506380000',
        b: ['12345678901234567'],
        c: 1.5e300,
        d: 9007199254740991,
      },
    )
  })

  test('loses __proto__ however it is spelled', () => {
    for (const text of ['{"__proto__":{"x":1},"a":1}', '{"\\u005f_proto__":{"x":1},"a":1}']) {
      assert.deepEqual(Object.getOwnPropertyNames(parse(text)), ['a'])
    }
  })

  const cases: readonly (readonly [string | Buffer, RegExp])[] = [
    [Buffer.from([0x7b, 0xff, 0x7d]), /not UTF-8/],
    ['['.repeat(65) + ']'.repeat(65), /deeper than 64 levels \(at 64\)/],
    ['{"a":"b\\u0000"}', /'a' holds a NUL/],
    ['{"a":1,}', /unexpected character at 7/],
    ['{"a" 1}', /unexpected character at 5/],
    ['[1 2]', /unexpected character at 3/],
    ['[1}', /unexpected character at 2/],
    ['{"a":tru}', /unexpected character at 5/],
    ['[01]', /unexpected character at 1/],
    ['{"a":"b', /string at 5 does not end/],
    ['["\\x"]', /string at 1 holds/],
    ['{"a":[1,2]', /ends before/],
    ['{} x', /unexpected character at 3/],
    ['a=b', /unexpected character at 0/],
  ]
  for (const [text, message] of cases) {
    test(`${JSON.stringify(text.toString()).slice(0, 40)} is refused with ${message.source}`, () => {
      assert.match(fault(text), message)
    })
  }

  test('as deep as allowed is no harm, and brackets in strings do not count', () => {
    assert.ok(Array.isArray(parse('['.repeat(64) + ']'.repeat(64))))
    assert.deepEqual(parse(JSON.stringify({ a: '['.repeat(200) })), { a: '['.repeat(200) })
  })

  test('every fault that JSON.parse finds is found a place, and no other', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"',
      '1',
      '-',
      'true',
      'null',
      ' ',
      '\\',
      '1e5',
      '.',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const text = parts.join('')
        let isJson = text.trim() === ''
        try {
          JSON.parse(text)
          isJson = true
        } catch {
          // Not JSON: then the body's reader must say so as well.
        }
        assert.equal(fault(text).startsWith('no fault'), isJson, text)
      }),
      { numRuns: 2_000 },
    )
  })
})

test('a plus is a plus where the caller says so', () => {
  assert.deepEqual(queryPairs('usersig=a+b%2B'), [['usersig', 'a b+']])
  assert.deepEqual(queryPairs('usersig=a+b%2B', { plusIsSpace: false }), [['usersig', 'a+b+']])
  assert.deepEqual(formPairs({ headers: {}, body: Buffer.from('a=b') }), [])
})

test('a host’s name is without port, scheme, final dot and capitals', () => {
  for (const [host, name] of [
    ['A.b:80', 'a.b'],
    ['ssl://A.b.', 'a.b'],
    ['[::1]:80', '[::1]'],
    ['[::1', '[::1'],
    ['', ''],
  ]) {
    assert.equal(hostName({ host: host! }), name)
  }
})

describe('forwarded headers', () => {
  const headers = {
    'x-forwarded-for': '6.6.6.6, 203.0.113.7, 10.0.0.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'b.example',
  }

  test('of a configured proxy are believed, from the right', () => {
    const sight = createSight(['10.0.0.0/8', '::1'])
    const seen = { address: '203.0.113.7', scheme: 'https', host: 'b.example' }
    assert.deepEqual(sight('::ffff:10.0.0.1', headers), seen)
    assert.deepEqual(sight('::1', headers), seen)
  })

  test('of anybody else are not', () => {
    assert.deepEqual(createSight(['10.0.0.0/8'])('192.0.2.1', headers), { address: '192.0.2.1' })
    assert.deepEqual(createSight([])('10.0.0.1', headers), { address: '10.0.0.1' })
  })

  test('that are nonsense leave the proxy’s own address', () => {
    const seen = createSight(['10.0.0.1'])('10.0.0.1', { 'x-forwarded-for': 'x', 'x-forwarded-proto': 'ftp' })
    assert.deepEqual(seen, { address: '10.0.0.1', scheme: undefined, host: undefined })
    assert.throws(() => createSight(['10.0.0.0/99']), /no CIDR range/)
  })
})

test('bytes beyond ASCII in a path are read as UTF-8, or are its flaw', () => {
  const read = (target: string) => toWireRequest({ method: 'GET', target, at: 0 })
  assert.equal(read('/\xc3\xa4').path, '/ä')
  const { path, flaw } = read('/a%00\xff')
  assert.deepEqual([path, flaw?.code], ['/a\ufffd\ufffd', 'invalid_request'])
})
