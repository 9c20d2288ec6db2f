import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { toWireRequest } from '../src/dialects/wire-request.ts'
import { AT, get, json, openFront, openServer } from './support/front-house.ts'
import { sendRaw } from './support/wire.ts'

describe('over a socket', () => {
  let house: Awaited<ReturnType<typeof openServer>>
  before(async () => {
    house = await openServer({ bodyBytes: 2_000, bodyMs: 300, pairs: 10 })
  })
  after(() => house.close())
  const send = async (bytes: Parameters<typeof sendRaw>[1], options?: Parameters<typeof sendRaw>[2]) => {
    const { answers, isClosed, rest } = await sendRaw(house.port, bytes, options)
    assert.equal(rest.length, 0)
    const [answer] = answers
    assert.ok(answer, 'no answer came')
    return { ...answer, answers, isClosed }
  }

  test('an answer has Content-Length and Date, is not chunked, and keeps the connection', async () => {
    const { answers } = await send(get('/users') + get('/users/a.json'), { answers: 2 })
    for (const { status, headers, body } of answers) {
      assert.equal(status, 200)
      assert.equal(headers['content-length'], String(body.length))
      assert.match(headers.date ?? '', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
      assert.equal(headers['transfer-encoding'], undefined)
      assert.equal(headers.connection, 'keep-alive')
    }
    assert.deepEqual(json(answers[1]!).result, { input: { user_token: 'a' } })
  })

  test('a remembered answer in pieces arrives whole', async () => {
    const { body } = await send(get('/remembered'))
    assert.equal(body.length, 300_000)
    assert.equal(body.subarray(199_999, 200_001).toString(), 'ab')
  })

  test('HTTP/1.0 is answered with Content-Length and closed, or kept when asked', async () => {
    const closed = await send('GET /users HTTP/1.0\r\n\r\n', { untilClosed: true })
    assert.equal(closed.status, 200)
    assert.ok(closed.isClosed)
    assert.equal(closed.headers['content-length'], String(closed.body.length))
    const kept = 'GET /users HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
    assert.equal((await send(kept + kept, { answers: 2 })).answers.length, 2)
  })

  test('a request without Host is answered', async () => {
    assert.equal(json(await send('GET /users HTTP/1.1\r\n\r\n')).seen.host, '')
  })

  test('a request with two hosts is refused: a proxy may have read the other one', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await send(
        `${method} /users HTTP/1.1\r\nHost: a\r\nHOST: b\r\nContent-Length: 0\r\n\r\n`,
      )
      assert.deepEqual([answer.status, json(answer).code], [400, 'invalid_request'])
    }
    const body = '{"user":{"name":"a"}}'
    const head = `POST /users HTTP/1.1\r\nHost: a\r\nhost: a\r\nContent-Length: ${body.length}`
    assert.equal((await send(`${head}\r\n\r\n${body}`)).status, 400)
  })

  test('a Host that begins with ssl:// leads to its dialect and is kept as spelled', async () => {
    const answer = json(await send('GET /users HTTP/1.1\r\nHost: ssl://Second.api.example.com:443\r\n\r\n'))
    assert.equal(answer.result.by, 'second')
    assert.equal(answer.seen.host, 'ssl://Second.api.example.com:443')
  })

  test('a whole address as target names host and path', async () => {
    const target = 'http://second.api.example.com:8080/users?a=1'
    const { seen, result } = json(await send(`GET ${target} HTTP/1.1\r\nHost: proxy\r\n\r\n`))
    assert.deepEqual(
      [result.by, seen.host, seen.target],
      ['second', 'second.api.example.com:8080', '/users?a=1'],
    )
  })

  for (const target of ['*', '/nothing', '//users', '/users/', '/users/a/b', '/%zz', '/users%']) {
    test(`${target} is unknown_route in the fallback's envelope`, async () => {
      const answer = await send(`${target === '*' ? 'OPTIONS' : 'GET'} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
      assert.deepEqual([answer.status, json(answer).code, json(answer).by], [404, 'unknown_route', 'last'])
    })
  }

  test('an address with a method it does not take says which it takes', async () => {
    const answer = await send('PATCH /users/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}')
    assert.equal(answer.status, 404)
    assert.match(json(answer).message, /PATCH; it takes GET, DELETE/)
  })

  test('HEAD has the head of GET and no body', async () => {
    const answer = await send('HEAD /users/abc HTTP/1.1\r\nHost: a\r\n\r\n', { isHead: true })
    assert.equal(answer.status, 200)
    assert.ok(Number(answer.headers['content-length']) > 100)
    assert.equal(answer.body.length, 0)
  })

  test('a trailing question mark, empty pairs and doubled ones are no harm', async () => {
    assert.deepEqual(json(await send(get('/users?'))).seen.pairs, [])
    const { seen } = json(await send(get('/users?a=1&&a=2&b&=c&d=%zz&e=x+y%20z%2B&f=%C3%A4')))
    const pairs = [
      ['a', '1'],
      ['a', '2'],
      ['b', ''],
      ['', 'c'],
      ['d', '%zz'],
      ['e', 'x y z+'],
      ['f', 'ä'],
    ]
    assert.deepEqual(seen.pairs, pairs)
  })

  test('a form body follows the query in the pairs, and JSON under a form type does not', async () => {
    const post = (body: string) =>
      send(
        `POST /users?q=1 HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
      )
    assert.deepEqual(json(await post('q=2&name=a+b')).seen.pairs, [
      ['q', '1'],
      ['q', '2'],
      ['name', 'a b'],
    ])
    const answer = json(await post(' {"user":{"name":"a=b&c"}}'))
    assert.deepEqual(answer.seen.pairs, [['q', '1']])
    assert.deepEqual(answer.result.input, { user: { name: 'a=b&c' } })
  })

  test('a chunked body is read whole', async () => {
    const head = 'POST /users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'
    const answer = await send([head, '10\r\n{"user":{"name":\r\n', '5\r\n"a"}}\r\n', '0\r\n\r\n'])
    assert.deepEqual(json(answer).result.input, { user: { name: 'a' } })
  })

  test('Expect: 100-continue is told to go on, and to stop when the body is too long', async () => {
    const head = (length: number) =>
      `POST /users HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
    const { answers } = await send([head(21), '{"user":{"name":"a"}}'], { answers: 2 })
    assert.deepEqual(
      answers.map(({ status }) => status),
      [100, 200],
    )
    const refused = await send(head(5_000), { untilClosed: true })
    assert.deepEqual([refused.status, json(refused).code, refused.isClosed], [413, 'too_large', true])
  })

  test('a body that is too long is too_large, and the connection is of use afterwards', async () => {
    const long = `POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`
    const { answers } = await send(long + get('/users'), { answers: 2 })
    assert.deepEqual(
      answers.map(({ status }) => status),
      [413, 200],
    )
    const chunk = `7d0\r\n${'x'.repeat(2_000)}\r\n`
    const chunked = `POST /users HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`
    const second = await send(chunked + get('/users'), { answers: 2 })
    assert.deepEqual(
      second.answers.map(({ status }) => status),
      [413, 200],
    )
  })

  test('a body that does not come in time is answered and the connection closed', async () => {
    const answer = await send('POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n{', {
      untilClosed: true,
    })
    assert.deepEqual([answer.status, answer.headers.connection], [400, 'close'])
    assert.match(json(answer).message, /did not arrive within 0.3 s/)
  })

  test('a path that is too long is too_large in the envelope; a head that is, gets a bare 431', async () => {
    const long = await send(get(`/first/${'a'.repeat(9_000)}`))
    assert.deepEqual([long.status, json(long).by], [413, 'first'])
    const longer = await send(get(`/${'a'.repeat(100_000)}`), { untilClosed: true })
    assert.deepEqual([longer.status, longer.headers['content-length']], [431, '0'])
  })

  for (const [what, target] of [
    ['NUL in the path', '/first/%00'],
    ['broken UTF-8 in the path', '/first/%ff'],
    ['NUL in a parameter', '/first/a?b=%00'],
    ['broken UTF-8 in a parameter', '/first/a?%c3=b'],
  ] as const) {
    test(`${what} is invalid_request in the envelope of its dialect`, async () => {
      const answer = await send(get(target))
      assert.deepEqual([answer.status, json(answer).code, json(answer).by], [400, 'invalid_request', 'first'])
    })
  }

  test('too many parameters are too_large', async () => {
    assert.equal((await send(get(`/users?${'a&'.repeat(10)}`))).status, 200)
    assert.equal((await send(get(`/users?${'a&'.repeat(11)}`))).status, 413)
  })

  for (const bytes of [
    '\r\n\x00\x00\r\n\r\n',
    'GET\r\n\r\n',
    'get /users HTTP/1.1\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nA B: c\r\n\r\n',
    'POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n',
    'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ]) {
    test(`${JSON.stringify(bytes)} gets a bare 400 and a closed connection`, async () => {
      const answer = await send(bytes, { untilClosed: true })
      assert.deepEqual([answer.status, answer.headers['content-length'], answer.isClosed], [400, '0', true])
    })
  }

  test('CONNECT gets a bare 405', async () => {
    assert.equal((await send('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', { untilClosed: true })).status, 405)
  })

  test('an Upgrade is answered as the plain request that it is', async () => {
    assert.equal((await send(get('/users', 'Connection: Upgrade', 'Upgrade: websocket'))).status, 200)
  })

  test('what is no part of a schema is named', async () => {
    const post = (body: string) =>
      send(`POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    const missing = json(await post('{"user":{}}'))
    assert.deepEqual([missing.field, missing.message], ['user.name', "'user.name' is missing."])
    const wrong = json(await post('{"user":{"name":"a","age":"b"}}'))
    assert.equal(wrong.message, "'user.age' is not valid: expected number, received string.")
    assert.equal(json(await post('{"user":')).message, 'The body is not JSON: it ends before it is complete.')
  })

  test('a fault of ours says one sentence to the caller and all to the log', async () => {
    const answer = await send(get('/bug'))
    assert.deepEqual([answer.status, json(answer).message], [500, 'Something went wrong on our side.'])
    const line = house.scene.logged.find(
      ({ level, fields }) => level === 'error' && fields.requestId === json(answer).seen.id,
    )
    assert.match(String(line?.fields.cause), /a fault of ours[\s\S]*caused by[\s\S]*the reason beneath/)
    assert.equal((await send(get('/remembered-badly'))).status, 500)
  })

  test('an envelope that fails is a bare 500 and a line in the log', async () => {
    const answer = await send(get('/worse'))
    assert.deepEqual([answer.status, answer.body.length], [500, 0])
    assert.ok(
      house.scene.logged.some(({ fields }) => String(fields.cause).includes('a fault of the envelope')),
    )
  })

  test('a header that would split the answer is a bare 500', async () => {
    const answer = await send(get('/split'))
    assert.deepEqual([answer.status, answer.headers.b], [500, undefined])
  })

  test('the caller’s going away aborts the signal', async () => {
    let release = () => {}
    house.scene.hold = new Promise((resolve) => {
      release = resolve
    })
    await sendRaw(house.port, get('/slow'), { deadlineMs: 100 })
    const signal = house.scene.signals.at(-1)
    assert.ok(signal)
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
    release()
    house.scene.hold = undefined
    assert.equal((await send(get('/slow'))).status, 200)
    assert.equal(house.scene.signals.at(-1)?.aborted, false)
  })

  test('each request has an id of 32 hex digits of its own and is counted', async () => {
    const ids = new Set<string>()
    for (let turn = 0; turn < 3; turn++) ids.add(json(await send(get('/users'))).seen.id)
    assert.equal(ids.size, 3)
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/)
    assert.ok(
      house.scene.counted.some(
        ({ dialect, route, status }) => `${dialect} ${route} ${status}` === 'last /users 200',
      ),
    )
    const lines = house.scene.logged.filter(({ fields }) => ids.has(String(fields.requestId)))
    assert.deepEqual(
      lines.map(({ level, fields }) => `${level} ${fields.method} ${fields.route} ${fields.status}`),
      Array(3).fill('debug GET /users 200'),
    )
  })
})

test('without a socket the front answers the same', async () => {
  const { front } = openFront()
  const answer = await front.answer(toWireRequest({ method: 'GET', target: '/users/%61%2Fb.json', at: AT }))
  assert.equal(answer.status, 200)
  assert.deepEqual(json({ body: Buffer.concat([answer.body].flat()) }).result.input, { user_token: 'a/b' })
})

test('a fallback that is no dialect is refused at once', () => {
  assert.throws(() => openFront({ fallback: 'nobody' }), /no dialect 'nobody'/)
})
