// Users whom a site stores by itself, over OneAll's calls, on both databases.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { checkPassword, hashPassword } from '../src/core/passwords.ts'
import { databases, type TestDatabase } from './support/databases.ts'
import { type House, openHouse } from './support/house.ts'
import { accountOf } from './support/stores.ts'

for (const kind of databases) {
  describe(`cloud storage on ${kind.name}`, () => {
    let house: House
    let database: TestDatabase
    before(async () => {
      database = await kind.open()
      house = await openHouse({ database: database.url })
    })
    after(async () => {
      await house.close()
      await database.close()
    })

    async function call(method: string, path: string, request: object) {
      const { status, body } = await house.ask(`/storage/users${path}.json`, { method, json: { request } })
      return { status, user: body.response.result?.data?.user, info: body.response.request.status.info }
    }
    const create = (user: object) => call('POST', '', { user })
    const lookup = (user: object) => call('POST', '/user/lookup', { user })

    test('a user is stored with what the site says, and found by each name', async () => {
      const identity = {
        displayName: 'Ada',
        emails: [{ value: 'ada@example.com', is_verified: true }],
        customData: { a: 1 },
      }
      const { status, user } = await create({ login: 'Ada@Example.com', externalid: 'x-1', identity })
      assert.equal(status, 201)
      const { identity_token, date_creation, date_last_update, ...told } = user.identity
      const source = { name: 'Storage', key: 'storage' }
      assert.deepEqual(told, { provider: 'storage', source, ...identity })
      assert.match(identity_token, /^[0-9a-f-]{36}$/)
      assert(date_creation && date_last_update)
      assert.deepEqual([user.login, user.externalid], ['Ada@Example.com', 'x-1'])
      for (const name of [
        { user_token: user.user_token },
        { externalid: 'x-1' },
        { login: 'ADA@example.COM' },
      ]) {
        const found = await lookup(name)
        assert.deepEqual([found.status, found.user], [200, user])
      }
      const read = await house.ask(`/users/${user.user_token}.json`)
      assert.equal(read.status, 200)
    })

    test('ids are counted from 100000001, past those that the site has given itself', async () => {
      await create({ externalid: 100_000_002 })
      const ids = (await Promise.all([1, 2, 3].map(() => create({})))).map(({ user }) => user.externalid)
      assert.deepEqual(ids.toSorted(), ['100000001', '100000003', '100000004'])
    })

    test('a password is checked, never shown, and stored as what proves it alone', async () => {
      const login = randomUUID()
      const { user } = await create({ login, password: 'correct horse' })
      assert.equal(JSON.stringify(user).includes('horse'), false)
      assert.equal((await lookup({ login, password: 'correct horse' })).status, 200)
      const wrong = await lookup({ login, password: 'Correct horse' })
      assert.deepEqual([wrong.status, wrong.user, wrong.info], [401, undefined, 'The password is wrong'])
      const stored = await house.store.cloud.find(house.site, { field: 'login', value: login })
      assert.match(stored?.password ?? '', /^scrypt\$65536\$8\$1\$[\w+/=]+\$[\w+/=]+$/)
      // What is changed leaves the password; a new one replaces it.
      await call('PUT', `/${user.user_token}`, { user: { identity: { displayName: 'B' } } })
      assert.equal((await lookup({ login, password: 'correct horse' })).status, 200)
      await call('PUT', `/${user.user_token}`, { user: { password: 'battery' } })
      assert.equal((await lookup({ login, password: 'correct horse' })).status, 401)
      assert.equal((await lookup({ login, password: 'battery' })).status, 200)
    })

    test('a user without a password is opened by none', async () => {
      const { user } = await create({})
      assert.equal((await lookup({ externalid: user.externalid, password: 'x' })).status, 401)
    })

    test('what is stored is replaced, or appended to', async () => {
      const { user } = await create({
        identity: { displayName: 'A', urls: [{ value: 'https://a.example' }] },
      })
      const path = `/${user.user_token}`
      const more = { aboutMe: 'B', urls: [{ value: 'https://b.example' }] }
      const appended = await call('POST', path, { update_mode: 'append', user: { identity: more } })
      assert.equal(appended.status, 200)
      const { displayName, aboutMe, urls, identity_token } = appended.user.identity
      assert.deepEqual(
        [displayName, aboutMe, urls.length, identity_token],
        ['A', 'B', 2, user.identity.identity_token],
      )
      const replaced = await call('PUT', path, { user: { identity: { aboutMe: 'C' } } })
      assert.deepEqual([replaced.user.identity.displayName, replaced.user.identity.aboutMe], [undefined, 'C'])
      assert.equal(replaced.user.externalid, user.externalid)
      const emptied = await call('PUT', path, { user: { identity: [] } })
      assert.deepEqual([emptied.status, emptied.user.identity.aboutMe], [200, undefined])
    })

    test('synchronize finds the user of a name or makes them; a user of a network can be given a store', async () => {
      const sync = (field: string, value: string) =>
        call('PUT', '/user/synchronize', {
          synchronize: { identifier: { field, value }, user: { identity: { note: value } } },
        })
      const login = randomUUID()
      const [first, second] = [await sync('login', login), await sync('login', login)]
      assert.deepEqual([first.status, second.status], [201, 200])
      assert.equal(first.user.user_token, second.user.user_token)
      assert.equal(first.user.login, login)
      const { user } = await house.store.identities.link(
        house.site,
        accountOf(randomUUID(), { provider: 'github' }),
      )
      const given = await sync('user_token', user.token)
      assert.deepEqual([given.status, given.user.user_token], [201, user.token])
      assert.equal((await sync('user_token', randomUUID())).status, 404)
    })

    test('of many who ask for one login at the same time, one has it', async () => {
      const login = randomUUID()
      const made = await Promise.all([1, 2, 3, 4].map(() => create({ login })))
      assert.deepEqual(made.map(({ status }) => status).toSorted(), [201, 409, 409, 409])
      const { user } = await create({ externalid: randomUUID() })
      const taken = await call('PUT', `/${user.user_token}`, { user: { login: login.toUpperCase() } })
      assert.equal(taken.status, 409)
      assert.match(taken.info, /login/)
    })

    test('a user who is deleted takes what is stored along, and refusals leave nobody behind', async () => {
      const { user } = await create({ login: 'gone' })
      const path = `/users/${user.user_token}.json?confirm_deletion=true`
      assert.equal((await house.ask(path, { method: 'DELETE' })).status, 200)
      assert.equal((await lookup({ login: 'gone' })).status, 404)
      const count = async () =>
        (await house.ask('/users.json')).body.response.result.data.users.pagination.total_entries
      const before = await count()
      assert.equal((await create({ externalid: 'x-1' })).status, 409)
      assert.equal(await count(), before)
    })

    describe('and sessions over several sites', () => {
      const MISSING = randomUUID()
      const NONE = { top_realm: '', sub_realm: '' }
      async function session(method: string, path: string, sso_session: object = {}) {
        const confirmed = method === 'DELETE' ? '?confirm_deletion=true' : ''
        const json = method === 'PUT' ? { request: { sso_session } } : undefined
        const { status, body } = await house.ask(`/sso/sessions${path}.json${confirmed}`, { method, json })
        return { status, body, session: body.response.result?.data?.sso_session }
      }
      const begin = (token: string, wish: object = {}) => session('PUT', `/identities/${token}`, wish)
      const tokensOf = async () => {
        const { user } = await create({})
        return { user: user.user_token, identity: user.identity.identity_token }
      }

      test('one is begun for the identity that storing a user answered, read, listed and ended', async () => {
        const { user_token, identity } = (
          await call('PUT', '/user/synchronize', {
            synchronize: {
              identifier: { field: 'login', value: 'sso@example.com' },
              user: { login: 'sso@example.com', password: 'secret', identity: { displayName: 'Ada' } },
            },
          })
        ).user
        const { identity_token } = identity
        const wish = { top_realm: 'example', sub_realm: 'shop', lifetime: 600, data: { a: [1] } }
        const begun = await begin(identity_token, wish)
        assert.equal(begun.status, 201)
        const {
          sso_session_token: token,
          date_creation,
          date_update,
          date_expiration,
          ...rest
        } = begun.session
        const { lifetime, ...kept } = wish
        assert.deepEqual(rest, { user_token, identity_token, ...kept })
        assert.equal(date_update, date_creation)
        assert(Math.abs(Date.parse(date_expiration) - Date.parse(date_creation) - lifetime * 1_000) <= 1_000)
        for (const path of [`/${token}`, `/identities/${identity_token}`]) {
          const read = await session('GET', path)
          assert.deepEqual([read.status, read.session], [200, begun.session])
        }
        const listed = (await session('GET', '')).body.response.result.data.sso_sessions
        assert.deepEqual([listed.entries, listed.pagination.total_entries], [[begun.session], 1])
        // What is stored anew leaves the session; one that is begun anew ends it.
        await call('PUT', `/${user_token}`, { user: { externalid: randomUUID(), identity: {} } })
        assert.equal((await session('GET', `/${token}`)).status, 200)
        const again = await begin(identity_token)
        assert.equal((await session('GET', `/${token}`)).status, 404)
        assert.deepEqual({ ...again.session, ...NONE }, again.session)
        assert.equal((await session('DELETE', `/identities/${identity_token}`)).status, 200)
        assert.equal((await session('DELETE', `/identities/${identity_token}`)).status, 404)
        assert.equal((await session('GET', `/identities/${identity_token}`)).status, 404)
        const last = await begin(identity_token)
        assert.equal((await session('DELETE', `/${last.session.sso_session_token}`)).status, 200)
      })

      test('the older call knows whose the identity is', async () => {
        const [one, other] = [await tokensOf(), await tokensOf()]
        const put = (identity_token: string, user_token: string) =>
          session('PUT', '', { identity_token, user_token })
        assert.equal((await put(one.identity, one.user)).status, 201)
        assert.equal((await put(one.identity, other.user)).status, 404)
        assert.equal((await put(MISSING, one.user)).status, 404)
      })

      test('a user with an identity of a network as well has a session for each', async () => {
        const account = accountOf(randomUUID(), { provider: 'github' })
        const linked = await house.store.identities.link(house.site, account)
        const { user } = await call('PUT', `/${linked.user.token}`, { user: {} })
        const tokens = [linked.identity.token, user.identity.identity_token]
        for (const token of tokens) assert.equal((await begin(token)).status, 201)
        for (const token of tokens) {
          const { session: read } = await session('GET', `/identities/${token}`)
          assert.deepEqual([read.identity_token, read.user_token], [token, linked.user.token])
        }
        await house.store.identities.remove(house.site, linked.identity.token)
        assert.equal((await session('GET', `/identities/${tokens[1]}`)).status, 200)
      })

      test('of many begun at the same time, one is left', async () => {
        const { identity } = await tokensOf()
        const begun = await Promise.all([1, 2, 3, 4].map(() => begin(identity)))
        assert.deepEqual(
          begun.map(({ status }) => status),
          [201, 201, 201, 201],
        )
        const read = begun.map((each) => session('GET', `/${each.session.sso_session_token}`))
        const statuses = (await Promise.all(read)).map(({ status }) => status)
        assert.deepEqual(statuses.toSorted(), [200, 404, 404, 404])
      })

      test('a user who is deleted takes the session along', async () => {
        const { user, identity } = await tokensOf()
        const { session: begun } = await begin(identity)
        const path = `/users/${user}.json?confirm_deletion=true`
        assert.equal((await house.ask(path, { method: 'DELETE' })).status, 200)
        assert.equal((await session('GET', `/${begun.sso_session_token}`)).status, 404)
        assert.equal((await begin(identity)).status, 404)
      })

      test('one whose time has passed is gone', async () => {
        const { identity: token } = await tokensOf()
        const identity = { siteId: house.site.id, token }
        const wish = { topRealm: '', subRealm: '', data: '', lifeMs: 0 }
        const over = await house.store.sso.put(identity, wish)
        assert.equal(await house.store.sso.find(house.site, over.token), undefined)
        assert.equal((await session('GET', `/identities/${token}`)).status, 404)
        assert((await house.store.sso.purge()) >= 1)
      })

      test('another site can neither begin nor see one', async () => {
        const { identity: token } = await tokensOf()
        const wish = { topRealm: '', subRealm: '', data: '', lifeMs: 60_000 }
        const elsewhere = { siteId: house.site.id + 1, token }
        await assert.rejects(house.store.sso.put(elsewhere, wish), { code: 'not_found' })
        await house.store.sso.put({ siteId: house.site.id, token }, wish)
        assert.equal(await house.store.sso.ofIdentity(elsewhere), undefined)
        assert.equal(await house.store.cloud.byIdentity({ id: house.site.id + 1 }, token), undefined)
      })
    })

    const wrong = [
      [{ login: '' }, 400, /login/],
      [{ login: 'x'.repeat(256) }, 400, /login/],
      [{ login: { a: 1 } }, 400, /login/],
      [{ password: 'x'.repeat(1_025) }, 400, /password/],
      [{ identity: ['A'] }, 400, /identity/],
      [{ identity: { note: 'x'.repeat(32_001) } }, 413, /characters/],
      [{ login: 'a\0b' }, 400, /NUL/],
      [{ update_mode: 'merge' }, 400, /update_mode/],
    ] as const
    for (const [user, status, words] of wrong) {
      test(`${JSON.stringify(user).slice(0, 50)} is refused`, async () => {
        const answer = await create(user)
        assert.equal(answer.status, status)
        assert.match(answer.info, words)
      })
    }

    test('a lookup needs a name', async () => {
      assert.equal((await lookup({})).status, 400)
      assert.equal((await lookup({ user_token: 'nobody' })).status, 404)
    })
  })
}

describe('passwords', () => {
  test('the same one is stored differently each time, and known in any form it is typed in', async () => {
    const [one, other] = await Promise.all([hashPassword('caf\u00e9'), hashPassword('caf\u00e9')])
    assert.notEqual(one, other)
    assert(await checkPassword('cafe\u0301', one))
    assert(!(await checkPassword('cafe', one)))
  })

  test('are made beside the main thread', async () => {
    let ticks = 0
    const timer = setInterval(() => ticks++, 5)
    await Promise.all([hashPassword('a'), hashPassword('b'), hashPassword('c')])
    clearInterval(timer)
    assert(ticks >= 3, `${ticks} turns`)
  })
})
