// Sessions over several sites: OneAll's calls for the site's server, and what its pages and browsers make of them.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { toWireRequest } from '../src/dialects/wire-request.ts'
import { databases } from './support/databases.ts'
import { type House, openHouse } from './support/house.ts'
import { accountOf, openStoreHouse } from './support/stores.ts'
import { assertWellFormed } from './support/xml.ts'

const MISSING = randomUUID()

describe('sessions over several sites', () => {
  let house: House
  before(async () => {
    house = await openHouse()
    const settings = { ...house.site.settings, allowedDomains: ['shop.example', 'blog.example'] }
    await house.store.sites.saveSettings(house.site, settings)
  })
  after(() => house.close())

  async function newIdentity() {
    const account = accountOf(randomUUID(), { provider: 'github' })
    return house.store.identities.link(house.site, account)
  }
  async function begin(identity: string, session: object = {}) {
    const json = { request: { sso_session: session } }
    const { status, body } = await house.ask(`/sso/sessions/identities/${identity}.json`, {
      method: 'PUT',
      json,
    })
    return { status, body, session: body.response.result?.data?.sso_session }
  }
  async function visit(target: string, headers: Readonly<Record<string, string>> = {}) {
    const answer = await house.front.answer(
      toWireRequest({
        method: 'GET',
        target,
        headers: { host: 'house.api.kith.example', ...headers },
        scheme: 'https',
        at: Date.now(),
      }),
    )
    const named = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])
    const text = Buffer.concat([answer.body].flat()).toString()
    return { status: answer.status, headers: Object.fromEntries(named), text }
  }
  const query = (values: Readonly<Record<string, string>>) => new URLSearchParams(values).toString()
  const BACK = 'https://shop.example/page?a=1'
  const REFERER = { referer: 'https://shop.example/' }
  const registered = async (token: string) => {
    const address = `/socialize/sso/register?${query({ sso_session_token: token, back_uri: BACK })}`
    const { headers } = await visit(address, REFERER)
    return String(headers['set-cookie'] ?? '').split(';', 1)[0] ?? ''
  }
  const check = (cookie: string, more: Readonly<Record<string, string>> = {}) => {
    const values = { callback_uri: 'https://blog.example/cb?x=1', back_uri: BACK, ...more }
    return visit(`/socialize/sso/check?${query(values)}`, { cookie })
  }

  describe('by the site’s server', () => {
    test('are begun for an identity, read, listed and ended', async () => {
      const { user, identity } = await newIdentity()
      const wish = { top_realm: 'example', sub_realm: 'shop', lifetime: '600', data: { cart: [1, '2'] } }
      const { status, session } = await begin(identity.token, wish)
      assert.equal(status, 201)
      const { sso_session_token: token, date_creation, date_expiration, ...rest } = session
      const lasts = Date.parse(date_expiration) - Date.parse(date_creation)
      assert(Math.abs(lasts - 600_000) <= 1_000)
      assert.deepEqual(
        { ...rest, date_update: undefined },
        {
          user_token: user.token,
          identity_token: identity.token,
          top_realm: 'example',
          sub_realm: 'shop',
          data: { cart: [1, '2'] },
          date_update: undefined,
        },
      )
      for (const path of [`/sso/sessions/${token}.json`, `/sso/sessions/identities/${identity.token}.json`]) {
        const { status: read, body } = await house.ask(path)
        assert.equal(read, 200)
        assert.deepEqual(body.response.result.data.sso_session, session)
      }
      const { body } = await house.ask('/sso/sessions.json')
      const { entries, pagination } = body.response.result.data.sso_sessions
      assert.deepEqual(entries, [session])
      assert.equal(pagination.total_entries, 1)

      const unsure = await house.ask(`/sso/sessions/${token}.json`, { method: 'DELETE' })
      assert.equal(unsure.status, 400)
      const confirmed = `/sso/sessions/identities/${identity.token}.json?confirm_deletion=true`
      assert.equal((await house.ask(confirmed, { method: 'DELETE' })).status, 200)
      assert.equal((await house.ask(confirmed, { method: 'DELETE' })).status, 404)
      assert.equal((await house.ask(`/sso/sessions/${token}.json`)).status, 404)
    })

    test('are begun by the older call too, for the user’s own identity alone', async () => {
      const [one, other] = [await newIdentity(), await newIdentity()]
      const put = (sso_session: object) =>
        house.ask('/sso/sessions.json', { method: 'PUT', json: { request: { sso_session } } })
      const identity_token = one.identity.token
      assert.equal((await put({ identity_token, user_token: one.user.token })).status, 201)
      assert.equal((await put({ identity_token, user_token: other.user.token })).status, 404)
      assert.equal((await put({ user_token: one.user.token })).status, 400)
    })

    test('an identity has one: a new one ends the one before', async () => {
      const { identity } = await newIdentity()
      const first = (await begin(identity.token)).session.sso_session_token
      const second = (await begin(identity.token)).session.sso_session_token
      assert.notEqual(first, second)
      assert.equal((await house.ask(`/sso/sessions/${first}.json`)).status, 404)
      assert.equal((await house.ask(`/sso/sessions/${second}.json`)).status, 200)
    })

    test('end with their identity', async () => {
      const { identity } = await newIdentity()
      const { sso_session_token: token } = (await begin(identity.token)).session
      await house.store.identities.remove(house.site, identity.token)
      assert.equal((await house.ask(`/sso/sessions/${token}.json`)).status, 404)
    })

    test('what PHP writes for nothing counts as nothing', async () => {
      const { identity } = await newIdentity()
      for (const request of [
        [],
        { sso_session: [] },
        { sso_session: '' },
        { sso_session: { lifetime: '' } },
      ]) {
        const answer = await house.ask(`/sso/sessions/identities/${identity.token}.json`, {
          method: 'PUT',
          json: { request },
        })
        const { date_creation, date_expiration } = answer.body.response.result.data.sso_session
        assert.equal(Date.parse(date_expiration) - Date.parse(date_creation), 86_400_000)
      }
    })

    test('whatever their data is, in XML it is XML', async () => {
      const { identity } = await newIdentity()
      const shelves = [
        [
          { '1': 2, 'a b': '', '<x>': 'y' },
          '<_x0031_>2</_x0031_><a_x0020_b/><_x003C_x_x003E_>y</_x003C_x_x003E_>',
        ],
        [[null, [1, null]], '<data><item/><item><item>1</item><item/></item></data>'],
        [{ s: [1] }, '<data><s><item>1</item></s></data>'],
        ['<&>', '<data>&lt;&amp;&gt;</data>'],
      ] as const
      for (const [data, written] of shelves) {
        await begin(identity.token, { data })
        const target = `/sso/sessions/identities/${identity.token}.xml`
        const { status, text } = await visit(target, { authorization: house.authorization })
        assert.equal(status, 200)
        assertWellFormed(text)
        assert(text.includes(written), text)
      }
    })

    const wrong = [
      ['no such identity', MISSING, {}, 404, undefined],
      ['no token', 'nobody', {}, 404, undefined],
      ['no lifetime', undefined, { lifetime: 0 }, 400, 'lifetime'],
      ['a lifetime that is a list', undefined, { lifetime: [600] }, 400, 'lifetime'],
      ['a lifetime without end', undefined, { lifetime: 1e12 }, 400, 'lifetime'],
      ['a realm that is no text', undefined, { top_realm: {} }, 400, 'top_realm'],
      ['too much data', undefined, { data: 'x'.repeat(10_001) }, 400, 'data'],
    ] as const
    for (const [name, token, session, status, field] of wrong) {
      test(`${name} is refused`, async () => {
        const identity = token ?? (await newIdentity()).identity.token
        const answer = await begin(identity, session)
        assert.equal(answer.status, status)
        if (field) assert.match(answer.body.response.request.status.info, new RegExp(field))
      })
    }
  })

  describe('in a browser', () => {
    test('a page registers one, and another page of the realm gets a login out of it', async () => {
      const { user, identity } = await newIdentity()
      const { session } = await begin(identity.token, { top_realm: 'example' })
      const address = { sso_session_token: session.sso_session_token, back_uri: `${BACK}#part` }
      const { status, headers } = await visit(`/socialize/sso/register?${query(address)}`, REFERER)
      assert.deepEqual([status, headers.location], [302, BACK])
      assert.match(
        String(headers['set-cookie']),
        /^__Host-kith-sso-\d+=[0-9a-f-]{36}; Path=\/; .*HttpOnly; SameSite=Lax; Secure$/,
      )
      const cookie = String(headers['set-cookie']).split(';', 1)[0] ?? ''
      const shown = await check(cookie, { top_realm: 'example', sub_realm: 'blog' })
      assert.equal(shown.status, 200)
      assert.match(shown.text, /<form method="post" action="https:\/\/blog\.example\/cb\?x=1">/)
      assert.match(shown.text, /name="oa_action" value="single_sign_on"/)
      const token = /name="connection_token" value="([^"]+)"/.exec(shown.text)?.[1]
      const { body } = await house.ask(`/connections/${token}.json`)
      const { status: outcome, data } = body.response.result
      assert.deepEqual([outcome.flag, data.plugin.key], ['success', 'single_sign_on'])
      assert.deepEqual(
        [data.user.user_token, data.user.identity.identity_token],
        [user.token, identity.token],
      )
    })

    test('a user whom the site stores by itself is told with what it stores of them', async () => {
      const identity = {
        preferredUsername: 'ada',
        displayName: 'Ada',
        emails: [{ value: 'ada@example.com', is_verified: true }],
      }
      const json = { request: { user: { login: randomUUID(), password: 'secret', identity } } }
      const { user } = (await house.ask('/storage/users.json', { method: 'POST', json })).body.response.result
        .data
      const { session } = await begin(user.identity.identity_token, { top_realm: 'stored' })
      const shown = await check(await registered(session.sso_session_token), { top_realm: 'stored' })
      assert.equal(shown.status, 200)
      const token = /name="connection_token" value="([^"]+)"/.exec(shown.text)?.[1]
      const { body } = await house.ask(`/connections/${token}.json`)
      const { status: outcome, data } = body.response.result
      assert.deepEqual([outcome.flag, data.plugin.key], ['success', 'single_sign_on'])
      assert.deepEqual(data.user, {
        uuid: user.user_token,
        user_token: user.user_token,
        identity: { ...user.identity, provider: 'storage', source: { name: 'Storage', key: 'storage' } },
        identities: [{ identity_token: user.identity.identity_token, provider: 'storage' }],
      })
      const { text } = await visit(`/connections/${token}.xml`, { authorization: house.authorization })
      assertWellFormed(text)
      assert(text.includes('<displayName>Ada</displayName>'), text)

      await house.ask(`/users/${user.user_token}.json?confirm_deletion=true`, { method: 'DELETE' })
      assert.equal(
        (await check(await registered(session.sso_session_token), { top_realm: 'stored' })).status,
        302,
      )
      assert.equal((await house.ask(`/connections/${token}.json`)).status, 404)
    })

    test('a visitor without one, with one that is over or of another realm goes back as they came', async () => {
      const { identity } = await newIdentity()
      const { session } = await begin(identity.token, { top_realm: 'example', sub_realm: 'shop' })
      const cookie = await registered(session.sso_session_token)
      const name = cookie.split('=', 1)[0]
      const cases = [
        ['', { top_realm: 'example' }],
        [`${name}=${MISSING}`, { top_realm: 'example' }],
        [`${name}=<script>`, { top_realm: 'example' }],
        [cookie, { top_realm: 'other' }],
        [cookie, {}],
        [cookie, { top_realm: 'example', sub_realm: 'blog' }],
      ] as const
      for (const [given, realm] of cases) {
        const { status, headers } = await check(given, realm)
        assert.deepEqual([status, headers.location], [302, BACK])
      }
      assert.equal((await check(cookie, { top_realm: 'example', sub_realm: 'shop' })).status, 200)
      await house.store.sso.remove(house.site, session.sso_session_token)
      assert.equal((await check(cookie, { top_realm: 'example' })).status, 302)
    })

    test('a stranger’s page can neither register one, nor send anybody or anything to itself', async () => {
      const { identity } = await newIdentity()
      const { session } = await begin(identity.token)
      const token = session.sso_session_token
      const register = (back: string, headers: Readonly<Record<string, string>>) =>
        visit(`/socialize/sso/register?${query({ sso_session_token: token, back_uri: back })}`, headers)
      const refused = [
        await register(BACK, {}),
        await register(BACK, { referer: 'https://evil.example/' }),
        await register(BACK, { referer: 'https://blog.example.evil.example/' }),
        await register('https://evil.example/', { referer: 'https://evil.example/' }),
        await register('javascript:alert(1)', REFERER),
        await check(await registered(token), { back_uri: 'https://evil.example/' }),
        await check(await registered(token), { callback_uri: 'https://evil.example/' }),
        await check(await registered(token), { callback_uri: 'https://shop.example@evil.example/' }),
      ]
      for (const { status, headers, text } of refused) {
        assert([400, 403].includes(status), `${status}`)
        assert.equal(headers['set-cookie'], undefined)
        assert.equal(headers.location, undefined)
        assert(!text.includes(token))
      }
    })

    test('a session that does not exist leaves no cookie', async () => {
      assert.equal(await registered(MISSING), '')
      assert.equal(await registered('x"; drop'), '')
    })
  })
})

for (const kind of databases) {
  test(`sessions on ${kind.name} are their own site’s, follow their identity and end with their time`, async () => {
    await using house = await openStoreHouse(kind)
    const { store, site } = house
    const { identity } = await store.identities.link(site, accountOf('1'))
    const other = await store.identities.link(site, accountOf('2'))
    const wish = { topRealm: '', subRealm: '', data: '' }
    const session = await store.sso.put(identity, { ...wish, lifeMs: 60_000 })
    assert.deepEqual(await store.sso.find(site, session.token), session)
    assert.equal(await store.sso.find({ id: site.id + 1 }, session.token), undefined)
    assert.equal(await store.sso.remove({ id: site.id + 1 }, session.token), false)
    await store.identities.relink(identity, other.user.token)
    assert.equal((await store.sso.find(site, session.token))?.userToken, other.user.token)

    const over = await store.sso.put(other.identity, { ...wish, lifeMs: 0 })
    assert.equal(await store.sso.find(site, over.token), undefined)
    assert.equal(await store.sso.ofIdentity(other.identity), undefined)
    const page = await store.sso.list(site, { page: 1, size: 10, direction: 'asc' })
    assert.deepEqual(
      page.entries.map(({ token }) => token),
      [session.token],
    )
    assert.equal(await store.sso.purge(), 1)
    await store.users.remove(site, other.user.token)
    assert.equal(await store.sso.find(site, session.token), undefined)
  })
}
