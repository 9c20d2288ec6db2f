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
      assert.deepEqual(told, identity)
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
      assert.deepEqual([wrong.status, wrong.user], [401, undefined])
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

    const wrong = [
      [{ login: '' }, 400, /login/],
      [{ login: 'x'.repeat(256) }, 400, /login/],
      [{ login: { a: 1 } }, 400, /login/],
      [{ password: 'x'.repeat(1_025) }, 400, /password/],
      [{ identity: [] }, 400, /identity/],
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
