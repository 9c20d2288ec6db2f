// What goes over the wire: addresses, parameters, formats, errors; and what must hold for any input at all.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ERRORS } from '../src/core/errors.ts'
import type { Dialect } from '../src/dialects/dialect.ts'
import { MESSAGES } from '../src/dialects/gigya/errors.ts'
import { toTruth } from '../src/dialects/gigya/parameters.ts'
import { toXmlDocument, toXmlMembers } from '../src/dialects/gigya/xml.ts'
import { databases } from './support/databases.ts'
import { API_KEY, openGigyaHouse, SECRET } from './support/gigya.ts'
import { readXml, type XmlElement } from './support/read-xml.ts'
import { sendRaw } from './support/wire.ts'

const sqlite = databases.filter(({ name }) => name === 'sqlite')[0] ?? assert.fail()

describe('addresses', () => {
  test('the path alone names the method, at any host, in any case, with and without namespace', async () => {
    await using house = await openGigyaHouse(sqlite)
    const hosts = [
      'socialize.us1.gigya.com',
      'accounts.eu1.gigya.com',
      'localhost:8080',
      'socialize.api.gigya.com',
      '',
    ]
    for (const host of hosts) {
      for (const path of [
        '/socialize.getUserInfo',
        '/getUserInfo',
        '/SOCIALIZE.getuserinfo',
        '/GetUserInfo',
      ]) {
        const { json } = await house.askSafely(path, {}, { host })
        assert.equal(json.errorCode, 0, `${host}${path}`)
      }
    }
  })

  test('a path may be spelled with escapes', async () => {
    await using house = await openGigyaHouse(sqlite)
    for (const path of ['/socialize%2EgetUserInfo', '/%73ocialize.getUserInf%6F', '/getUser%49nfo']) {
      assert.equal((await house.askSafely(path)).json.errorCode, 0, path)
    }
    assert.equal((await house.askSafely('/socialize.getUserInfo%2F')).json.errorCode, 405001)
  })

  test('a server that asks for what only browsers do is told so in its format', async () => {
    await using house = await openGigyaHouse(sqlite)
    const { json } = await house.askSafely('/socialize.login', { UID: house.ben.token })
    assert.deepEqual([json.errorCode, json.statusCode], [400096, 400])
    assert.match(json.errorDetails, /^login is for browsers: a GET with client_id, redirect_uri/)
    const { text } = await house.askSafely('/socialize.LOGIN', { format: 'xml' })
    assert.match(text, /<errorCode>400096<\/errorCode>/)
  })

  test('an unknown method, another product and another HTTP method answer 405001 in the format asked', async () => {
    await using house = await openGigyaHouse(sqlite)
    for (const target of [
      '/socialize.getWeather',
      '/accounts.getAccountInfo',
      '/ids.getAccount',
      '/socialize.',
    ]) {
      const { json, status } = await house.askSafely(target)
      assert.deepEqual(
        [status, json.errorCode, json.errorMessage],
        [200, 405001, 'Invalid API method'],
        target,
      )
      const { text } = await house.askSafely(target, { format: 'xml' })
      assert.match(text, /^<\?xml.*?>\n<[a-z]+\.[A-Za-z]+Response [\s\S]*<errorCode>405001<\/errorCode>/)
    }
    for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
      const { json } = await house.askSafely('/socialize.getUserInfo', {}, { method })
      assert.equal(json.errorCode, 405001)
      assert.match(json.errorDetails, new RegExp(`takes GET and POST, not ${method}`))
    }
    assert.equal((await house.askSafely('/socialize.getUserInfo', {}, { method: 'HEAD' })).json.errorCode, 0)
    const named = await house.askSafely('/socialize.<script>', { format: 'xml' })
    assert.ok(!named.text.includes('script'))
  })

  test('what other wires own is left to them', async () => {
    const others: Dialect = {
      id: 'others',
      owns: () => true,
      routes: [],
      input: () => ({}),
      authenticate: async () => assert.fail(),
      success: () => assert.fail(),
      failure: () => ({ status: 404, headers: {}, body: Buffer.from('others') }),
    }
    await using house = await openGigyaHouse(sqlite, { others: [others] })
    const theirs = [
      '/users.json',
      '/connections.xml',
      '/reports.json',
      '/users/x/socialize.getUserInfo',
      '/',
      '*',
    ]
    for (const target of [...theirs, '/v4/sns/friend_add', '/getNothing', '/socialised.getUserInfo']) {
      assert.equal((await house.askSafely(target)).text, 'others', target)
    }
  })

  test('an absolute-form target is served, and every answer has a date and a charset', async () => {
    await using house = await openGigyaHouse(sqlite, { secretOverHttp: true })
    const { port, close } = await house.listen()
    const body = `apiKey=${API_KEY}&secret=${encodeURIComponent(SECRET)}&format=json`
    const head = [
      'POST http://socialize.us1.gigya.com/socialize.getUserInfo HTTP/1.1',
      `Host: 127.0.0.1:${port}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
    ]
    const { answers } = await sendRaw(port, `${head.join('\r\n')}\r\n\r\n${body}`)
    const [answer] = answers
    assert.equal(answer?.body[0], 0x7b)
    assert.equal(JSON.parse(String(answer?.body)).errorCode, 0)
    assert.equal(answer?.headers['content-type'], 'application/json; charset=utf-8')
    assert.match(
      String(answer?.headers.date),
      /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/,
    )
    await close()
  })
})

describe('parameters', () => {
  test('query and form are one set, names are found in any case, unknown ones are ignored', async () => {
    await using house = await openGigyaHouse(sqlite)
    const query = { APIKEY: API_KEY, gmid: 'x', 'odd[]': '1' }
    const params = { Secret: SECRET, uid: house.ben.token, DETAILLEVEL: 'extended', targetEnv: 'mobile' }
    const { json } = await house.ask('/socialize.getUserInfo', params, { query, scheme: 'https' })
    assert.equal(json.UID, house.ben.token)
    assert.equal(json.input.detailLevel, 'extended')
  })

  test('truth has as many spellings as there are SDKs', async () => {
    const table: [string, boolean | undefined][] = [
      ...['true', 'True', 'TRUE', '1', 'yes', ' true '].map((text): [string, boolean] => [text, true]),
      ...['false', 'False', '0', '', 'no'].map((text): [string, boolean] => [text, false]),
      ...['2', 'null', 'perhaps', '-1'].map((text): [string, undefined] => [text, undefined]),
    ]
    for (const [text, value] of table) assert.equal(toTruth(text), value, text)
    await using house = await openGigyaHouse(sqlite)
    const python = await house.askSafely('/socialize.getUserInfo', { siteUsersOnly: 'True' })
    assert.equal(python.json.input.siteUsersOnly, true)
    const php = await house.askSafely('/socialize.getUserInfo', { siteUsersOnly: '' })
    assert.equal(php.json.input.siteUsersOnly, false)
  })

  test('one value twice is one value, two values are 400006', async () => {
    await using house = await openGigyaHouse(sqlite)
    const twice = await house.askSafely(
      '/socialize.getUserInfo',
      { format: 'json' },
      { query: { FORMAT: 'json' } },
    )
    assert.equal(twice.json.errorCode, 0)
    for (const name of ['apiKey', 'secret', 'UID', 'format', 'detailLevel', 'callback']) {
      const params = { format: 'jsonp', callback: 'f', [name]: 'one' }
      const { text } = await house.askSafely('/socialize.getUserInfo', params, { query: { [name]: 'two' } })
      assert.match(text, /"errorCode":400006/, name)
    }
    const ignored = await house.askSafely('/socialize.getUserInfo', { gmid: '1' }, { query: { gmid: '2' } })
    assert.equal(ignored.json.errorCode, 0)
  })

  test('lists take spaces, empty words and ten thousand entries', async () => {
    await using house = await openGigyaHouse(sqlite)
    const spaced = await house.askSafely('/socialize.getUserInfo', { enabledProviders: ' a , b,,' })
    assert.deepEqual(spaced.json.input.enabledProviders, ['a', 'b'])
    const empty = await house.askSafely('/socialize.getUserInfo', { enabledProviders: ' , ' })
    assert.equal('enabledProviders' in empty.json.input, false)
    const words = Array.from({ length: 10_000 }, (_, index) => `_gid_${index}+/=`)
    const many = await house.askSafely('/socialize.getUserInfo', { enabledProviders: words.join() })
    assert.equal(many.json.input.enabledProviders.length, 10_000)
  })

  test('a missing parameter is named, and so is a wrong one', async () => {
    await using house = await openGigyaHouse(sqlite)
    const UID = house.ben.token
    const missing = await house.askSafely('/socialize.setStatus', { UID })
    assert.deepEqual(
      [missing.json.errorCode, missing.json.errorMessage, missing.json.errorDetails],
      [400002, 'Missing required parameter', 'Missing required parameter : status'],
    )
    const empty = await house.askSafely('/socialize.setStatus', { UID, status: '' })
    assert.deepEqual([empty.json.errorCode, empty.json.errorMessage], [400006, 'Invalid parameter value'])
    assert.match(empty.json.errorDetails, /status/)
    const json = await house.askSafely('/socialize.getAnswer', { answer: '{"a":' })
    assert.match(json.json.errorDetails, /'answer' is not valid: must be JSON/)
    for (const answer of ['{"a":"\\u0000"}', '{"a\\u0000":1}', '{"a":[{"b":"x\\u0000"}]}']) {
      const nul = await house.askSafely('/socialize.getAnswer', { answer })
      assert.equal(nul.json.errorCode, 400006, answer)
      assert.match(nul.json.errorDetails, /'answer' is not valid: must be JSON without the character NUL/)
    }
    const deep = await house.askSafely('/socialize.getAnswer', { answer: `{"a":${'['.repeat(100)}` })
    assert.equal(deep.json.errorCode, 400006)
  })

  test('a value that is no text is named, by no more of its name than fits', async () => {
    await using house = await openGigyaHouse(sqlite)
    for (const [name, shown] of [
      ['UID', 'UID'],
      ['x'.repeat(5_000), 'x'.repeat(100)],
    ] as const) {
      const body = Buffer.from(`apiKey=${API_KEY}&${name}=%E9`)
      const { json } = await house.askRaw({ target: '/socialize.getUserInfo', body })
      assert.equal(json.errorCode, 400006)
      assert.equal(json.errorDetails, `${shown}: The value of a parameter is not UTF-8 text without NUL.`)
    }
  })

  test('a body that is no form is not read, and the answer says so', async () => {
    await using house = await openGigyaHouse(sqlite)
    const target = '/socialize.getUserInfo'
    const given = new URLSearchParams({ apiKey: API_KEY, secret: SECRET, UID: house.ben.token }).toString()
    const part = `--x\r\nContent-Disposition: form-data; name="apiKey"\r\n\r\n${API_KEY}\r\n--x--\r\n`
    const form = 'application/x-www-form-urlencoded'
    for (const [type, body] of [
      ['multipart/form-data; boundary=x', part],
      ['application/json', JSON.stringify({ apiKey: API_KEY })],
      [form, JSON.stringify({ apiKey: API_KEY })],
      ['text/plain', given],
    ] as const) {
      const { json } = await house.askRaw({ target, body: Buffer.from(body), type })
      assert.equal(json.errorCode, 400002, type)
      assert.equal(
        json.errorDetails,
        `Missing required parameter : apiKey (parameters are read from the address and from a body of ${form})`,
      )
    }
    // Whoever has said all in the address may send what he likes beside it.
    const beside = { target: `${target}?${given}`, body: Buffer.from('{}'), type: 'application/json' }
    assert.equal((await house.askRaw(beside)).json.errorCode, 0)
    const bare = await house.askRaw({ target, body: Buffer.from('a=1') })
    assert.equal(bare.json.errorDetails, 'Missing required parameter : apiKey')
  })
})

describe('envelopes', () => {
  const AT = '2014-03-19T08:50:30.000Z'

  test('json has the method’s fields first, then the common ones', async () => {
    await using house = await openGigyaHouse(sqlite)
    const params = { answer: '{"UID":"u","friends":[]}', context: 'a "b"' }
    const { json, text, status } = await house.askSafely('/socialize.getAnswer', params)
    const names = [
      'UID',
      'friends',
      'statusCode',
      'errorCode',
      'statusReason',
      'callId',
      'time',
      'apiVersion',
      'context',
    ]
    assert.deepEqual(Object.keys(json), names)
    assert.match(json.callId, /^[0-9a-f]{32}$/)
    const { callId, ...rest } = json
    const common = {
      statusCode: 200,
      errorCode: 0,
      statusReason: 'OK',
      time: AT,
      apiVersion: 2,
      context: 'a "b"',
    }
    assert.deepEqual(rest, { UID: 'u', friends: [], ...common })
    assert.equal(status, 200)
    assert.ok(text.startsWith('{"UID"') && callId)
    const none = await house.askSafely('/socialize.getAnswer')
    assert.deepEqual(Object.keys(none.json), names.slice(2, -1))
  })

  test('an error has its code, its fixed text and its details', async () => {
    await using house = await openGigyaHouse(sqlite)
    const { json } = await house.askSafely('/socialize.getFailure', { code: '100001' })
    const { callId: _, ...rest } = json
    assert.deepEqual(rest, {
      errorCode: 100001,
      errorMessage: 'Data pending',
      errorDetails: 'as told <&{',
      statusCode: 100,
      statusReason: 'Continue',
      time: AT,
      apiVersion: 2,
    })
    assert.deepEqual(Object.keys(json).slice(0, 3), ['errorCode', 'errorMessage', 'errorDetails'])
  })

  test('jsonp is the same in the caller’s words, and nothing but a name may be one', async () => {
    await using house = await openGigyaHouse(sqlite)
    const ask = (callback: string) => house.askSafely('/socialize.getAnswer', { format: 'jsonp', callback })
    for (const callback of ['cb', 'gigya._["x"]'.replaceAll('"', ''), '$.a[0].b', 'a'.repeat(100)]) {
      const { text, headers } = await ask(callback)
      assert.ok(text.startsWith(`${callback}({"statusCode":200,`) && text.endsWith('});'), text)
      assert.equal(headers['content-type'], 'text/javascript; charset=utf-8')
      assert.equal(headers['x-content-type-options'], 'nosniff')
    }
    for (const callback of ['a b', 'alert(1)//', '<x>', 'a'.repeat(101), 'é', "a'", 'a;b', '\u2028']) {
      const { json, headers } = await ask(callback)
      assert.equal(json.errorCode, 400006, callback)
      assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    }
    assert.equal((await ask('')).json.errorCode, 400002)
    const ends = { answer: '{"a":"x\u2028y\u2029z"}', context: '\u2028' }
    const script = await house.askSafely('/socialize.getAnswer', { ...ends, format: 'jsonp', callback: 'cb' })
    assert.ok(!/[\u2028\u2029]/.test(script.text), script.text)
    const { a, context } = JSON.parse(script.text.slice(3, -2))
    assert.deepEqual([a, context], ['x\u2028y\u2029z', '\u2028'])
    assert.match((await house.askSafely('/socialize.getAnswer', ends)).text, /x\u2028y/)
    const failed = await house.askSafely('/socialize.getFailure', {
      code: '500001',
      format: 'jsonp',
      callback: 'cb',
      httpStatusCodes: 'true',
    })
    assert.equal(failed.status, 200)
    assert.match(failed.text, /^cb\(\{"errorCode":500001.*\}\);$/)
  })

  test('xml has the root, the order and the wrappers that the SDKs read', async () => {
    await using house = await openGigyaHouse(sqlite)
    const answer = {
      friends: [
        {
          UID: '_gid_f7Qk2=',
          isSiteUser: false,
          identities: [{ provider: 'x', nickname: '' }],
          nickname: 'A & {B}',
        },
        { UID: '2', identities: [] },
      ],
      providerErrorCodes: [{ errorCode: 403009 }],
    }
    const { text, headers } = await house.askSafely('/getAnswer', {
      answer: JSON.stringify(answer),
      format: 'XML',
      context: '{"a":1}',
    })
    assert.equal(headers['content-type'], 'text/xml; charset=utf-8')
    assert.equal(
      text.replace(/<callId>[0-9a-f]{32}</, '<callId>…<'),
      '<?xml version="1.0" encoding="utf-8"?>\n' +
        '<socialize.getAnswerResponse xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:com:gigya:api http://socialize-api.gigya.com/schema" xmlns="urn:com:gigya:api">' +
        `<statusCode>200</statusCode><errorCode>0</errorCode><statusReason>OK</statusReason><callId>…</callId><time>${AT}</time><apiVersion>2</apiVersion><context>&#123;"a":1}</context>` +
        '<friends><friend><UID>_gid_f7Qk2=</UID><isSiteUser>false</isSiteUser><identities><identity><provider>x</provider><nickname /></identity></identities><nickname>A &amp; &#123;B}</nickname></friend>' +
        '<friend><UID>2</UID><identities /></friend></friends>' +
        '<providerErrorCodes><providerErrorCode><errorCode>403009</errorCode></providerErrorCode></providerErrorCodes>' +
        '</socialize.getAnswerResponse>',
    )
  })

  test('in xml the first errorCode is the call’s, whatever the method answers', async () => {
    await using house = await openGigyaHouse(sqlite)
    const { text } = await house.askSafely('/socialize.getFailure', { code: '403005', format: 'xml' })
    assert.equal(/<errorCode>([^<]*)</.exec(text)?.[1], '403005')
    assert.match(
      text,
      /<errorMessage>Unauthorized user<\/errorMessage><errorDetails>as told &lt;&amp;&#123;<\/errorDetails>/,
    )
  })

  test('bytes that a method has rendered stand among the common fields in every format', async () => {
    await using house = await openGigyaHouse(sqlite)
    const ask = (params: Record<string, string>) => house.askSafely('/socialize.getRendered', params)
    assert.match((await ask({})).text, /^\{"friends":\[\],"statusCode":200,"errorCode":0,.*\}$/)
    assert.deepEqual((await ask({})).json.friends, [])
    assert.match((await ask({ format: 'jsonp', callback: 'f' })).text, /^f\(\{"friends":\[\],.*\}\);$/)
    assert.match(
      (await ask({ format: 'xml' })).text,
      /<\/apiVersion><friends \/><\/socialize\.getRenderedResponse>$/,
    )
  })

  test('HTTP says 200 unless it is asked to say more', async () => {
    await using house = await openGigyaHouse(sqlite)
    const statusOf = async (code: string, httpStatusCodes: string, format = 'json') =>
      (await house.askSafely('/socialize.getFailure', { code, httpStatusCodes, format })).status
    for (const [code, status] of [
      ['403005', 403],
      ['500001', 500],
      ['405001', 405],
      ['504001', 504],
      ['100001', 200],
    ] as const) {
      for (const no of ['false', 'False', '', '0']) assert.equal(await statusOf(code, no), 200)
      for (const yes of ['true', 'True', '1']) assert.equal(await statusOf(code, yes), status)
      assert.equal(await statusOf(code, 'true', 'xml'), status)
    }
    assert.equal(await statusOf('403005', 'perhaps'), 200)
  })

  test('an unknown format is 400006 in json', async () => {
    await using house = await openGigyaHouse(sqlite)
    const { json } = await house.askSafely('/socialize.getAnswer', { format: 'yaml' })
    assert.deepEqual(
      [json.errorCode, json.errorDetails],
      [400006, 'Invalid parameter value : format must be json, jsonp or xml'],
    )
    assert.equal((await house.askSafely('/socialize.getAnswer', { format: '' })).json.errorCode, 0)
  })

  test('a site may be answered in XML where its callers name no format', async () => {
    await using house = await openGigyaHouse(sqlite)
    await house.stores.store.sites.saveSettings(house.site, { gigyaXml: true })
    assert.match((await house.askSafely('/socialize.getAnswer')).text, /^<\?xml/)
    assert.match((await house.askSafely('/socialize.getFailure', { code: '403005' })).text, /^<\?xml/)
    assert.equal((await house.askSafely('/socialize.getAnswer', { format: 'json' })).json.errorCode, 0)
    assert.match((await house.askSafely('/socialize.getRendered')).text, /<friends \/>/)
  })

  test('each failure of the house has a code of Gigya, in a text of Gigya', async () => {
    await using house = await openGigyaHouse(sqlite)
    const codes: Record<string, number> = {}
    for (const code of Object.keys(ERRORS)) {
      const { json, headers } = await house.askSafely('/socialize.getFailure', { code })
      codes[code] = json.errorCode
      assert.equal(json.errorMessage, MESSAGES[json.errorCode as keyof typeof MESSAGES])
      assert.equal(json.statusCode, Math.floor(json.errorCode / 1_000))
      assert.equal(headers['Retry-After'], '7')
    }
    assert.deepEqual(codes, {
      invalid_request: 400001,
      unauthenticated: 403000,
      forbidden: 403007,
      unknown_route: 405001,
      not_found: 404000,
      conflict: 409001,
      discontinued: 410000,
      too_large: 413001,
      unsupported: 400096,
      relink_required: 403009,
      permission_missing: 403023,
      network_rejected: 500023,
      throttled: 403048,
      rate_limited: 403024,
      network_unavailable: 500023,
      network_unreached: 500023,
      network_unreadable: 500023,
      overloaded: 403048,
      network_silent: 504001,
      internal: 500001,
    })
    const sent = await house.askSafely('/socialize.getFailure', { code: 'invalid_request', field: 'code' })
    assert.equal(sent.json.errorCode, 400006)
    const absent = await house.askSafely('/socialize.getFailure', { code: 'invalid_request', field: 'token' })
    assert.equal(absent.json.errorCode, 400002)
  })

  test('what nobody foresaw is 500001 and tells nothing', async () => {
    await using house = await openGigyaHouse(sqlite)
    const { json, text } = await house.askSafely('/socialize.getFault')
    assert.deepEqual([json.errorCode, json.errorMessage], [500001, 'General Server error'])
    assert.ok(!text.includes('a fault of ours'))
    assert.match(house.logged.join(), /a fault of ours/)
  })

  test('every call of a known site is told to the reports, with its context id cut to 100 characters', async () => {
    await using house = await openGigyaHouse(sqlite)
    await house.askSafely('/socialize.getUserInfo', { cid: 'widget' })
    await house.askSafely('/getuserinfo', { cid: 'x'.repeat(200), UID: 'nobody' })
    await house.askSafely('/socialize.getUserInfo', { secret: 'wrong' })
    await house.askSafely('/socialize.getUserInfo', { apiKey: 'nobody' })
    await house.askSafely('/socialize.getWeather')
    const told = house.noted.map(({ site, method, errorCode, cid }) => [site.id, method, errorCode, cid])
    assert.deepEqual(told, [
      [house.site.id, 'getUserInfo', 0, 'widget'],
      [house.site.id, 'getUserInfo', 403005, 'x'.repeat(100)],
      [house.site.id, 'getUserInfo', 403010, ''],
    ])
  })
})

describe('whatever comes', () => {
  test('broken text, NUL and too much of it answer in the envelope', async () => {
    await using house = await openGigyaHouse(sqlite)
    const target = '/socialize.getUserInfo'
    const bodies: [Buffer, number][] = [
      [Buffer.from('apiKey=%ff'), 400006],
      [Buffer.from('%00=1'), 400001],
      [Buffer.from('a=%00'), 400006],
      [Buffer.from('a=1&'.repeat(1_001)), 413001],
      [Buffer.from('{"apiKey":"x"}'), 400002],
      [Buffer.from('&&&=&=='), 400002],
    ]
    for (const [body, code] of bodies) {
      const { json } = await house.askRaw({ target, body })
      assert.equal(json.errorCode, code, String(body.subarray(0, 20)))
    }
    const long = await house.askRaw({ method: 'GET', target: `/socialize.${'x'.repeat(9_000)}` })
    assert.equal(long.json.errorCode, 413001)
  })

  test('what cannot be read as a whole is answered in the format that it asks for', async () => {
    await using house = await openGigyaHouse(sqlite)
    const target = '/socialize.getUserInfo'
    const form = 'application/x-www-form-urlencoded'
    for (const body of ['format=XML&a=%ff', 'a=%ff&FORMAT=x%6Dl', `${'a=1&'.repeat(1_001)}format=xml`]) {
      const { text } = await house.askRaw({ target, body: Buffer.from(body), type: form })
      assert.match(text, /<errorCode>4(00006|13001)<\/errorCode>/, body.slice(0, 40))
    }
    const asked = `${target}?format=jsonp&callback=app.cb`
    const script = await house.askRaw({ target: asked, body: Buffer.from('a=%ff'), type: form })
    assert.match(script.text, /^app\.cb\(\{"errorCode":400006,.*\}\);$/)
    const told = await house.askRaw({ target: `${target}?httpStatusCodes=1&x=%ff`, method: 'GET' })
    assert.deepEqual([told.status, told.json.errorCode], [400, 400006])
    for (const odd of [
      'format=%ff&a=%ff',
      'xformat=xml&a=%ff',
      'format=yaml&a=%ff',
      'format=jsonp&callback=a(&a=%ff',
    ]) {
      const { json } = await house.askRaw({ target, body: Buffer.from(odd), type: form })
      assert.equal(json.errorCode, 400006, odd)
    }
  })

  test('no bytes at all are a fault of ours, and every answer is one of the three formats', async () => {
    await using house = await openGigyaHouse(sqlite)
    const names = [
      'apiKey',
      'secret',
      'sig',
      'UID',
      'format',
      'callback',
      'timestamp',
      'nonce',
      'oauth_token',
      'userKey',
    ]
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(API_KEY, SECRET, 'xml', 'jsonp', ''),
    )
    const form = fc
      .array(fc.tuple(fc.oneof(fc.constantFrom(...names), fc.string()), texts), { maxLength: 12 })
      .map((pairs) => Buffer.from(new URLSearchParams(pairs).toString()))
    const bodies = fc.oneof(
      form,
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    )
    const paths = fc.oneof(
      fc.constantFrom('/socialize.getUserInfo', '/socialize.getToken', '/getFriendsInfo', '/accounts.login'),
      fc.string({ unit: 'binary-ascii' }).map((text) => `/socialize.${text}`),
    )
    const methods = fc.constantFrom('GET', 'POST', 'PUT', 'HEAD')
    await fc.assert(
      fc.asyncProperty(paths, bodies, methods, async (target, body, method) => {
        const { text, json, status } = await house.askRaw({ target, body, method })
        const code = json ? json.errorCode : Number(/"?errorCode"?[>:](\d+)/.exec(text)?.[1])
        assert.ok(Number.isInteger(code) && code !== 500001, text)
        assert.ok(status === 200 || status === Math.floor(code / 1_000), String(status))
        if (text.startsWith('<')) {
          readXml(text)
          assert.ok(!text.includes('{'))
        } else if (!json) assert.match(text, /^[\w$.[\]]+\(\{.*\}\);$/s)
      }),
      { numRuns: 1_000 },
    )
  })

  test('any answer comes back from its xml, name by name and text by text', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.string({ unit: fc.constantFrom('{', '<', '&', '\r', '\n', ']]>', '\0', '\ud800', '\ufffe', '"') }),
      fc.integer(),
      fc.boolean(),
    )
    const names = fc.oneof(
      fc.constantFrom(
        'friends',
        'identities',
        'UID',
        's',
        'address',
        'a b',
        '',
        '1',
        'ünï',
        '_x0020_',
        'a:b',
        '{',
        '__proto__',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }).filter((name) => name.isWellFormed()),
    )
    const { value } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
      object: fc.dictionary(names, tie('value'), { maxKeys: 5 }),
    }))
    fc.assert(
      fc.property(fc.dictionary(names, value, { maxKeys: 5 }), (answer) => {
        const text = Buffer.concat(toXmlDocument('socialize.test', [toXmlMembers(answer)])).toString()
        assert.doesNotMatch(text, /\{|[^\t\n\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u)
        assertSame(readXml(text), answer)
      }),
      { numRuns: 500 },
    )
  })
})

/** What XML can say of a text. */
function sayable(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
}

function assertSame(element: XmlElement, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    assert.equal(element.text, sayable(String(value)))
    assert.deepEqual(element.children, [])
  } else if (Array.isArray(value)) {
    assert.equal(element.children.length, value.length)
    for (const [index, item] of value.entries()) assertSame(element.children[index] ?? assert.fail(), item)
    assert.ok(new Set(element.children.map(({ name }) => name)).size <= 1)
  } else {
    const members = Object.entries(value)
    assert.deepEqual(
      element.children.map(({ name }) => decodeName(name)),
      members.map(([name]) => (name === '' ? '_' : name)),
    )
    for (const [index, [, part]] of members.entries())
      assertSame(element.children[index] ?? assert.fail(), part)
  }
}

function decodeName(name: string): string {
  return name.replace(/_x([0-9A-F]{2,8})_/g, (_, digits) => String.fromCodePoint(Number.parseInt(digits, 16)))
}
