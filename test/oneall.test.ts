// How the OneAll dialect behaves: who may ask, what is forgiven, what is kept, what is never said.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { toDate } from '../src/dialects/oneall/envelope.ts'
import { type OneAllHouse, openOneAllHouse } from './support/oneall.ts'
import { assertWellFormed } from './support/xml.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

let house: OneAllHouse
beforeEach(async () => {
  house = await openOneAllHouse()
})
afterEach(() => house.close())

describe('credentials', () => {
  const ping = '/tools/ping.json'

  test('a host of the form <label>.api.<rest> names the site; any other leaves that to the public key', async () => {
    const other = await house.createSite('other')
    const table: [host: string, keys: string | null, status: number][] = [
      ['acme.api.kith.example', house.keys, 200],
      ['ACME.Api.kith.example:8443', house.keys, 200],
      ['ssl://acme.api.kith.example', house.keys, 200],
      ['acme.api.kith.example', other.keys, 401],
      ['other.api.kith.example', other.keys, 200],
      ['nobody.api.kith.example', house.keys, 404],
      ['nobody.api.kith.example', null, 404],
      ['localhost:8080', house.keys, 200],
      ['[::1]:8080', other.keys, 200],
      ['', house.keys, 200],
      ['localhost', null, 401],
      ['localhost', `${NOBODY}:${NOBODY}`, 401],
    ]
    for (const [host, keys, status] of table) {
      const answer = await house.ask(ping, { host, keys })
      assert.deepEqual([host, answer.status], [host, status])
      if (status === 401) assert.match(answer.headers['www-authenticate'] ?? '', /^Basic realm="/)
    }
  })

  test('whatever is no pair of right keys is 401 in the same words', async () => {
    const [publicKey, privateKey] = house.keys.split(':')
    const encode = (text: string) => Buffer.from(text).toString('base64')
    for (const authorization of [
      'Basic',
      'Basic !!!',
      `Basic ${encode('nocolon')}`,
      `Basic ${encode(':')}`,
      `Basic ${encode(`${publicKey}:`)}`,
      `Basic ${encode(`${publicKey}:${privateKey} `)}`,
      `Basic ${encode(`\0:${privateKey}`)}`,
      `Bearer ${encode(house.keys)}`,
      'OneAllNonce 42',
      'OneAllPublishToken 42',
    ]) {
      const { status, json } = await house.ask(ping, { headers: { authorization } })
      assert.equal(status, 401, authorization)
      assert.equal(json.response.result, undefined)
      assert.equal(
        json.response.request.status.info,
        'Authentication credentials are missing or incorrect: http://docs.oneall.com/api/basic/authentication/',
      )
    }
  })

  test('the scheme is known in any case, with any number of spaces behind it', async () => {
    for (const scheme of ['bASIC ', 'Basic   ']) {
      const authorization = scheme + Buffer.from(house.keys).toString('base64')
      assert.equal((await house.ask(ping, { headers: { authorization } })).status, 200)
    }
  })

  test('twenty wrong keys within a minute are refused for a while, right ones from there are not', async () => {
    const wrong = () => house.ask(ping, { keys: `${house.site.publicKey}:wrong`, address: '192.0.2.9' })
    const statuses = []
    for (let tries = 0; tries < 21; tries++) statuses.push((await wrong()).status)
    assert.deepEqual(statuses, [...Array(20).fill(401), 429])
    assert.equal((await house.ask(ping, { address: '192.0.2.9' })).status, 200)
    assert.equal((await house.ask(ping, { keys: 'x:y', address: '192.0.2.10' })).status, 401)
    house.passTime(61_000)
    assert.equal((await wrong()).status, 401)
  })

  test('a token of another site is as unknown as any other', async () => {
    const { user, identity } = await house.add('twitter', 'ada')
    const { keys } = await house.createSite('other')
    const options = { keys, host: 'localhost' }
    const link = { method: 'PUT', body: { request: { user: { user_token: user } } }, ...options }
    const asked = [
      await house.ask(`/users/${user}.json`, options),
      await house.ask(`/users/${user}/contacts.json`, options),
      await house.ask(`/users/${user}.json?confirm_deletion=true`, { method: 'DELETE', ...options }),
      await house.ask(`/identities/${identity}.json`, options),
      await house.ask(`/identities/${identity}/contacts.json`, options),
      await house.ask(`/identities/${identity}/link.json`, link),
      await house.ask(`/identities/${identity}/synchronize.json`, { method: 'PUT', ...options }),
    ]
    assert.deepEqual(new Set(asked.map(({ status }) => status)), new Set([404]))
    assert.equal((await house.ask(`/users/${user}.json`)).status, 200)
  })

  test('nobody imports without keys unless the site allows it, and then sees no token', async () => {
    const body = {
      request: { user: { identity: { source: { key: 'twitter', access_token: { key: 'ada' } } } } },
    }
    assert.equal((await house.ask('/users.json', { method: 'PUT', body, keys: null })).status, 401)
    await house.createSite('open', { anonymousImport: true, showAccessTokens: true })
    const options = { method: 'PUT', body, keys: null, host: 'open.api.kith.example' }
    const imported = await house.ask('/users.json', options)
    assert.equal(imported.status, 201)
    assert.equal(imported.json.response.result.data.user.identity.source.access_token, undefined)
    assert.equal((await house.ask('/users.json', { keys: null, host: 'open.api.kith.example' })).status, 401)
  })

  test('the networks of a site are told without keys where the host names it', async () => {
    assert.equal((await house.ask('/providers.json', { keys: null })).status, 200)
    assert.equal((await house.ask('/providers.json', { keys: null, host: 'localhost' })).status, 401)
  })

  test('a network’s token is told only where the site says so', async () => {
    const { user, identity } = await house.add('twitter', 'a-secret-token')
    const tell = async () => {
      const answers = [
        await house.ask(`/users/${user}.json`),
        await house.ask(`/identities/${identity}.json`),
      ]
      return answers.map(({ json }) => {
        const { data } = json.response.result
        return (data.identity ?? data.user.identities[0]).source.access_token
      })
    }
    assert.deepEqual(await tell(), [undefined, undefined])
    await house.gateway.store.sites.saveSettings(house.site, { showAccessTokens: true })
    assert.deepEqual(await tell(), [{ key: 'a-secret-token' }, { key: 'a-secret-token' }])
  })
})

describe('what clients are forgiven', () => {
  test('a body is JSON whatever its Content-Type says, null is absent, truth has six spellings', async () => {
    const { identity } = await house.add('twitter', 'ada')
    const path = `/identities/${identity}/synchronize.json`
    const send = (body: unknown, headers?: Record<string, string>) =>
      house.ask(path, { method: 'PUT', body, headers })
    const type = 'application/x-www-form-urlencoded'
    for (const told of ['1', 1, true, 'true', '0', 0, false, 'FALSE', null]) {
      const body = { request: { synchronize: { update_user_data: told, force_token_update: null } } }
      for (const headers of [undefined, { 'content-type': type }, { 'content-type': 'text/plain' }]) {
        assert.equal((await send(body, headers)).status, 200, JSON.stringify(body))
      }
    }
    for (const body of [undefined, '', ' \r\n', {}, { request: null }, { request: {} }, '\ufeff{}']) {
      assert.equal((await send(body)).status, 200, JSON.stringify(body))
    }
    for (const request of [[], { synchronize: [] }, { synchronize: null }]) {
      assert.equal((await send({ request })).status, 200, JSON.stringify(request))
    }
    for (const told of ['yes', 2, [], {}]) {
      const { status, json } = await send({ request: { synchronize: { update_user_data: told } } })
      assert.deepEqual([status, json.response.request.status.flag], [400, 'error'])
      assert.match(json.response.request.status.info, /update_user_data/)
    }
  })

  test('a bare question mark, empty and doubled values and unknown parameters do no harm', async () => {
    await house.add('twitter', 'ada')
    for (const query of [
      '?',
      '?page=',
      '?page=&page=1',
      '?page=0',
      '?entries_per_page=9999',
      '?a=b&&&=',
      '?page=%zz',
    ]) {
      const { status, json } = await house.ask(`/users.json${query}`)
      const { pagination } = json.response.result.data.users
      assert.deepEqual(
        [query, status, pagination.current_page, pagination.entries_per_page],
        [query, 200, 1, 250],
      )
      assert.equal(json.response.request.resource, `/users.json${query}`)
    }
  })

  test('domains are added to those that there are, up to a bound', async () => {
    const put = async (allowed_domains: readonly string[]) => {
      const body = { request: { allowed_domains } }
      const { status, json } = await house.ask('/site/allowed-domains.json', { method: 'PUT', body })
      return {
        status,
        entries: json.response.result?.data.allowed_domains.entries,
        told: json.response.request,
      }
    }
    assert.deepEqual((await put(['shop.example'])).entries, ['shop.example'])
    assert.deepEqual((await put(['Forum.example', 'SHOP.example'])).entries, [
      'shop.example',
      'forum.example',
    ])
    assert.deepEqual((await put([])).entries, ['shop.example', 'forum.example'])
    const many = await put(Array.from({ length: 999 }, (_, at) => `${at}.example`))
    assert.deepEqual([many.status, /exceeded/.test(many.told.status.info)], [403, true])
    assert.equal((await put([])).entries.length, 2)
  })

  test('a token is found in upper case too', async () => {
    const { user } = await house.add('twitter', 'ada')
    assert.equal((await house.ask(`/users/${user.toUpperCase()}.json`)).status, 200)
  })

  test('only a request with confirm_deletion=true deletes', async () => {
    const { user } = await house.add('twitter', 'ada')
    const remove = (query: string) => house.ask(`/users/${user}.json${query}`, { method: 'DELETE' })
    for (const query of [
      '',
      '?',
      '?confirm_deletion=',
      '?confirm_deletion=false',
      '?Confirm_Deletion=true',
    ]) {
      assert.equal((await remove(query)).status, 400, query)
    }
    const { status, json } = await remove('?confirm_deletion=true')
    assert.deepEqual([status, json.response.result], [200, undefined])
    assert.equal((await remove('?confirm_deletion=true')).status, 404)
  })
})

describe('lists', () => {
  test('a client that reads until current_page is total_pages sees everybody once, whatever it asks for', async () => {
    for (let at = 0; at < 7; at++) await house.add('twitter', `person-${at}`)
    for (const [size, direction] of [
      [3, 'asc'],
      [7, 'desc'],
      [500, 'asc'],
    ] as const) {
      const seen: string[] = []
      for (let page = 1; page < 20; page++) {
        const query = `?page=${page}&entries_per_page=${size}&order_direction=${direction}`
        const { users } = (await house.ask(`/users.json${query}`)).json.response.result.data
        seen.push(...users.entries.map((entry: { user_token: string }) => entry.user_token))
        assert.equal(users.count, users.entries.length)
        if (users.pagination.current_page === users.pagination.total_pages) break
      }
      assert.deepEqual([seen.length, new Set(seen).size], [7, 7])
    }
  })

  test('an empty list has one page and an array', async () => {
    for (const list of ['users', 'identities', 'connections']) {
      const { [list]: told } = (await house.ask(`/${list}.json`)).json.response.result.data
      assert.deepEqual([told.pagination.total_pages, told.count, told.entries], [1, 0, []])
    }
  })

  test('users can be picked by the date of their last login', async () => {
    await house.add('twitter', 'ada')
    const count = async (filter: string) =>
      (await house.ask(`/users.json?filters=${encodeURIComponent(filter)}`)).json.response.result.data.users
        .count
    assert.equal(await count('date_last_login:gt:2020-01-14'), 1)
    assert.equal(await count('date_last_login:lt:14 Jan 2020 12:13'), 0)
    assert.equal(await count('date_creation:gt:2020-01-14T12:13:00+01:00'), 1)
  })

  test('no entry has a member that hides a method of the Python client', async () => {
    const { user } = await house.add('twitter', 'ada')
    const data = async (path: string) => (await house.ask(path)).json.response.result.data
    const entry = async (list: string) => (await data(`/${list}.json`))[list].entries[0]
    assert(!('user' in (await entry('users'))))
    assert(!('connection' in (await entry('connections'))))
    assert(!('contacts' in (await data(`/users/${user}.json`)).user))
    for (const list of ['users', 'identities', 'connections']) {
      const { text } = await house.ask(`/${list}.json`)
      assert.doesNotMatch(text, /"(keys|self|items|get|values|oneall)":/)
    }
  })
})

describe('a site of 2011', () => {
  test('reads wrapped identities and a name that ends in a space, in JSON only', async () => {
    const { user } = await house.add('twitter', 'ada')
    await house.gateway.store.sites.saveSettings(house.site, { legacy2011: true })
    const details = await house.ask(`/users/${user}.json`)
    assert.equal(details.json.response.result.data.user.identities.identity.length, 1)
    const contacts = await house.ask(`/users/${user}/contacts.json`)
    const [result] = contacts.json.response.result.data.results
    assert.deepEqual([result['read_from_cache '], result.read_from_cache], [false, false])
    for (const path of [`/users/${user}.xml`, `/users/${user}/contacts.xml`]) {
      const { text } = await house.ask(path)
      assertWellFormed(text)
      assert.doesNotMatch(text, /<identity><identity>/)
    }
  })
})

describe('dates', () => {
  test('have two digits for the day, English names and a zone with its sign', () => {
    assert.equal(toDate(Date.UTC(2011, 11, 2, 18, 11, 42, 999)), 'Fri, 02 Dec 2011 18:11:42 +0000')
  })
})
