// Clients of OneAll at a listening server: its own Node library as it is published, and the exact requests of those that
// do not run on Node, with what each of them reads from the answer.

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { exchange as exchangeAt } from './support/exchange.ts'
import { type OneAllHouse, openOneAllHouse } from './support/oneall.ts'
import { people } from './support/pretence.ts'

let house: OneAllHouse
let server: { port: number; close(): Promise<void> }
let ada = { user: '', identity: '' }
let grace = { user: '', identity: '' }
let connection = ''

before(async () => {
  house = await openOneAllHouse()
  server = await house.listen()
  ada = await house.add('twitter', 'ada', { contacts: people(3) })
  await house.add('facebook', 'ada-f', { userToken: ada.user })
  grace = await house.add('twitter', 'grace')
  const { json } = await house.ask('/connections.json')
  connection = json.response.result.data.connections.entries[0].connection_token
})

after(async () => {
  await server.close()
  await house.close()
})

const exchange = (...sent: Parameters<typeof exchangeAt> extends [number, ...infer Sent] ? Sent : never) =>
  exchangeAt(server.port, ...sent)

describe('the published Node library', () => {
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  type Told = { data?: any; status: { code: number; flag: string }; resStatus?: { code: number } }
  type Callback = (error: Error | null, told: Told) => void
  type Call = (...parameters: (string | number | object | null | undefined | Callback)[]) => void
  type Library = Record<
    'user' | 'identity' | 'connection' | 'provider' | 'sharingMessage' | 'sso',
    Record<string, Call>
  >

  const open = (privatekey = house.keys.split(':')[1]): Library => {
    const require = createRequire(import.meta.url)
    // The library binds its calls to the first configuration that it meets in a process: each needs its own copy.
    for (const file of Object.keys(require.cache)) {
      if (/[\\/]oneall[\\/](index|lib)/.test(file)) delete require.cache[file]
    }
    const OneAll = require('oneall')
    return new OneAll({
      endpoint: `http://127.0.0.1:${server.port}`,
      publickey: house.site.publicKey,
      privatekey,
    })
  }
  const call = (ask: Call | undefined, ...parameters: Parameters<Call>) =>
    new Promise<Told>((resolve, reject) =>
      ask?.(...parameters, (error: Error | null, told: Told) => (error ? reject(error) : resolve(told))),
    )

  test('lists and reads users, also with a page that is null', async () => {
    const { user } = open()
    for (const page of [1, null, undefined]) {
      const { data, status } = await call(user.getAll, page)
      assert.deepEqual([status.code, data.count, data.entries[0].user_token], [200, 2, ada.user])
    }
    const { data } = await call(user.get, ada.user)
    assert.deepEqual([data.user_token, data.identities.length, data.num_logins], [ada.user, 2, 2])
  })

  test('reads contacts of a user and of an identity', async () => {
    const { user, identity } = open()
    const ofUser = await call(user.getContacts, ada.user, { disable_cache: true })
    const [first] = ofUser.data.entries
    assert.deepEqual([ofUser.status.code, ofUser.data.count, first.contacts.entries.length], [200, 2, 3])
    assert.equal(first.contacts.entries[0].preferredUsername, 'friend_0')
    const ofIdentity = await call(identity.getContacts, ada.identity)
    assert.deepEqual([ofIdentity.status.code, ofIdentity.data.entries.length], [200, 3])
  })

  test('lists, reads, renews, moves and deletes identities', async () => {
    const { user, identity } = open()
    assert.equal((await call(identity.getAll, 1)).data.count, 3)
    const { data } = await call(identity.get, ada.identity)
    assert.deepEqual([data.identity_token, data.user.user_token], [ada.identity, ada.user])
    assert.equal((await call(identity.synchronize, ada.identity)).data.displayName, 'Ms ada')
    const moved = await call(identity.reLink, grace.identity, ada.user)
    assert.deepEqual([moved.status.code, moved.resStatus?.code], [200, 200])
    assert.equal(moved.data.user.identities.length, 3)
    const deleted = await call(identity.del, grace.identity)
    assert.deepEqual([deleted.status.code, deleted.data], [200, undefined])
    assert.equal((await call(identity.get, grace.identity)).status.code, 404)
    assert.equal((await call(user.del, grace.user)).status.code, 200)
    assert.equal((await call(user.get, grace.user)).status.code, 404)
  })

  test('reads connections and providers', async () => {
    const library = open()
    assert.equal((await call(library.connection.getAll, 1)).data.entries[0].connection_token, connection)
    const { data, resStatus } = await call(library.connection.getUser, connection)
    assert.deepEqual([resStatus?.code, data.user_token, data.identity.provider], [200, ada.user, 'twitter'])
    const { data: providers } = await call(library.provider.getAll)
    assert.equal(providers.entries[0].key, 'facebook')
  })

  test('begins a session over several sites, and lists those that there are', async () => {
    const { sso } = open()
    const made = await call(sso.create, ada.user, ada.identity, { top_realm: 'example', lifetime: 60 })
    assert.deepEqual([made.status.code, made.data.identity_token], [201, ada.identity])
    const { data } = await call(sso.getAll, null)
    assert.deepEqual([data.count, data.entries[0].top_realm], [1, 'example'])
  })

  test('hears of wrong keys, and of what is not there, in the envelope', async () => {
    const wrong = await call(open('wrong').user.getAll, 1)
    assert.deepEqual([wrong.status.code, wrong.status.flag], [401, 'error'])
    const unknown = await call(open().sharingMessage.get, '00000000-0000-4000-8000-000000000000')
    assert.deepEqual([unknown.status.code, unknown.status.flag], [404, 'error'])
  })
})

describe('clients in other languages', () => {
  const basic = () => `Authorization: Basic ${Buffer.from(house.keys).toString('base64')}`

  test('a PHP page over fsockopen, in HTTP/1.0 and with ssl:// in its Host, reads to the end of the connection', async () => {
    const { head, body, isClosed } = await exchange([
      'GET /users.json HTTP/1.0',
      'Host: ssl://acme.api.kith.example',
      basic(),
    ])
    assert.match(head, /^HTTP\/1\.[01] 200 /)
    assert.match(head, new RegExp(`content-length: ${body.length}\r\n`, 'i'))
    assert.doesNotMatch(head, /transfer-encoding/i)
    assert.equal(isClosed, true)
    assert.equal(JSON.parse(body.toString()).response.request.status.code, 200)
  })

  test('a PHP page over fsockopen sends JSON without a Content-Type', async () => {
    const body = '{"request":{"synchronize":{"update_user_data":"1","force_token_update":"0"}}}'
    const { head, json } = await exchange(
      [
        `PUT /identities/${ada.identity}/synchronize.json HTTP/1.0`,
        'Host: ssl://acme.api.kith.example',
        basic(),
        `Content-Length: ${body.length}`,
      ],
      body,
    )
    assert.match(head, / 200 /)
    assert.equal(json.response.result.data.identity.source.key, 'twitter')
  })

  test('a PHP page over curl sends JSON as a form and expects 100-continue', async () => {
    const source = { key: 'twitter', access_token: { key: 'curl', padding: 'x'.repeat(2_000) } }
    const body = JSON.stringify({ request: { user: { identity: { source } } } })
    const { interim, head, json } = await exchange(
      [
        'PUT /users.json HTTP/1.1',
        'Host: acme.api.kith.example',
        basic(),
        'Accept: */*',
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
        'Expect: 100-continue',
        'Connection: close',
      ],
      body,
      { waitForContinue: true },
    )
    assert.match(interim, /^HTTP\/1\.1 100 /)
    assert.match(head, / 201 /)
    assert.equal(json.response.result.data.user.identity.provider_identity_uid, 'curl')
  })

  test('a blog’s plugin tells right keys, wrong keys and an unknown subdomain apart', async () => {
    const ping = async (host: string, authorization: string) => {
      const lines = ['GET /tools/ping.json HTTP/1.1', `Host: ${host}`, authorization, 'Connection: close']
      return Number((await exchange(lines)).head.split(' ', 2)[1])
    }
    const wrong = `Authorization: Basic ${Buffer.from('a:b').toString('base64')}`
    assert.equal(await ping('acme.api.kith.example', basic()), 200)
    assert.equal(await ping('acme.api.kith.example', wrong), 401)
    assert.equal(await ping('acne.api.kith.example', basic()), 404)
  })

  test('a blog’s plugin logs in who stands in data.user of HTTP 200, by provider, name and token', async () => {
    const { head, json } = await exchange([
      `GET /connections/${connection}.json HTTP/1.1`,
      'Host: acme.api.kith.example',
      basic(),
      'Connection: close',
    ])
    assert.match(head, / 200 /)
    const { plugin, user } = json.response.result.data
    assert.deepEqual(
      [plugin.key, plugin.data.action, plugin.data.status],
      ['social_login', 'login', 'success'],
    )
    assert.deepEqual([user.uuid, user.user_token], [ada.user, ada.user])
    assert.deepEqual(user.identity.source, { name: 'Twitter', key: 'twitter' })
    assert.equal(user.identity.emails[0].is_verified, true)
    assert.match(user.identity.id, /^https:/)
  })

  test('the Perl client ends its addresses with a question mark and wants application/json', async () => {
    const { head, json } = await exchange([
      `GET /connection/${connection}.json? HTTP/1.1`,
      'Host: acme.api.kith.example',
      basic(),
      'TE: deflate,gzip;q=0.3',
      'Connection: TE, close',
    ])
    assert.match(head, /content-type: application\/json/i)
    assert.equal(json.response.result.data.user.user_token, ada.user)
  })

  test('the Python client sends a Content-Type without a body, and pages until current_page is total_pages', async () => {
    const page = async (number: number) => {
      const lines = [
        `GET /users.json?page=${number}&entries_per_page=1 HTTP/1.1`,
        'Host: acme.api.kith.example',
        basic(),
        'Content-Type: application/json',
        'Connection: close',
      ]
      return (await exchange(lines)).json.response.result.data.users
    }
    const seen = []
    for (let number = 1; number < 10; number++) {
      const { pagination, entries } = await page(number)
      seen.push(...entries)
      if (pagination.current_page === pagination.total_pages) break
    }
    const { json } = await exchange([
      'GET /users.json HTTP/1.1',
      'Host: localhost',
      basic(),
      'Connection: close',
    ])
    assert.equal(seen.length, json.response.result.data.users.pagination.total_entries)
  })

  test('the .NET client reads 2011’s results, a 64-bit key and the body of an error', async () => {
    const ask = (token: string) =>
      exchange([
        `GET /users/${token}/contacts.json HTTP/1.1`,
        'Host: acme.api.kith.example',
        basic(),
        'Connection: close',
      ])
    const { json, body } = await ask(ada.user)
    const { action, results } = json.response.result.data
    assert.deepEqual([action, results[0].read_from_cache], ['read_user_contacts', true])
    assert.match(body.toString(), /"provider_properties":\{"key":1700000000000000001,/)
    // Its parser takes a sign where the zone is, and nothing else.
    assert.match(
      results[0].cache_date_last_update,
      /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/,
    )
    const unknown = await ask('00000000-0000-4000-8000-000000000000')
    assert.deepEqual(
      [unknown.json.response.request.status.code, unknown.json.response.result],
      [404, undefined],
    )
  })

  test('the iOS client unlinks with a body on DELETE', async () => {
    const identity = { source: { key: 'twitter', access_token: { key: 'ios' } } }
    const send = (method: string, user: object) => {
      const body = JSON.stringify({ request: { user } })
      const lines = [
        `${method} /users.json HTTP/1.1`,
        'Host: acme.api.kith.example',
        basic(),
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Connection: close',
      ]
      return exchange(lines, body)
    }
    const imported = await send('PUT', { action: 'import_from_access_token', identity })
    assert.deepEqual(
      [imported.head.includes(' 201 '), imported.json.response.request.status.flag],
      [true, 'success'],
    )
    const removed = await send('DELETE', { action: 'delete_by_access_token', identity })
    assert.deepEqual([removed.head.includes(' 200 '), removed.json.response.result], [true, undefined])
  })

  test('a phone’s nonce is no credential yet', async () => {
    const { head, json } = await exchange([
      `GET /connection/${connection}.json HTTP/1.1`,
      'Host: acme.api.kith.example',
      'Authorization: OneAllNonce 6d1f2a3b-0000-4000-8000-000000000000',
      'Connection: close',
    ])
    assert.match(head, / 401 .*www-authenticate: Basic realm=/is)
    assert.equal(json.response.request.status.code, 401)
  })

  test('a body that is too long is refused in the envelope', async () => {
    const body = `{"request":"${'x'.repeat(2 * 1_024 * 1_024)}"}`
    const { json } = await exchange(
      ['PUT /users.json HTTP/1.1', 'Host: acme.api.kith.example', basic(), `Content-Length: ${body.length}`],
      body,
    )
    assert.deepEqual([json.response.request.status.flag, json.response.request.status.code], ['error', 413])
  })
})
