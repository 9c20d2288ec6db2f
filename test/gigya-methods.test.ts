// The neighbours of getFriendsInfo on the wire: logins, users, connections, settings, imports, sessions. On both databases.

import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { toWireRequest } from '../src/dialects/wire-request.ts'
import { databases } from './support/databases.ts'
import { codesOf, hmac, openMethodsHouse, SECRET, sessions } from './support/gigya-methods.ts'
import { openHouse } from './support/house.ts'

for (const database of databases) {
  describe(`the methods on ${database.name}`, { concurrency: 4 }, () => {
    test('a login the site tells of makes a user once, signs the UID and begins a session', async () => {
      await using house = await openMethodsHouse(database)
      const userInfo = JSON.stringify({
        nickname: 'Ana',
        age: '34',
        gender: 'f',
        photoURL: 'https://a.example/a.png',
      })
      const first = await house.call('notifyLogin', { siteUID: 'site 42', userInfo })
      assert.equal(first.errorCode, 0)
      assert.equal(first.UID, 'site 42')
      assert.equal(first.newUser, true)
      assert.equal(typeof first.signatureTimestamp, 'string')
      assert.equal(first.UIDSignature, hmac(`${first.signatureTimestamp}_site 42`))
      assert.equal(first.cookieName, `glt_${house.site.apiKey}`)
      assert.equal(first.cookiePath, '/')
      assert.equal(first.cookieDomain, '')
      const byCookie = await house.call(
        'getUserInfo',
        {},
        { credentials: { oauth_token: first.cookieValue } },
      )
      assert.equal(byCookie.UID, 'site 42')
      const again = await house.call('notifyLogin', { siteUID: 'site 42' })
      assert.equal(again.newUser, false)
      const info = await house.call('getUserInfo', { UID: 'site 42' })
      assert.deepEqual(
        [
          info.nickname,
          info.age,
          info.gender,
          info.photoURL,
          info.isLoggedIn,
          info.isConnected,
          info.isSiteUID,
        ],
        ['Ana', 34, 'f', 'https://a.example/a.png', true, false, true],
      )
      assert.deepEqual([info.loginProvider, info.loginProviderUID], ['site', 'site 42'])
      assert.deepEqual(info.identities, [])
      assert.equal((await house.gateway.store.userInfo.named(house.site, 'site 42'))?.loginCount, 2)
    })

    test('a mobile client is given a session that signs its requests', async () => {
      await using house = await openMethodsHouse(database)
      const login = await house.call('notifyLogin', {
        siteUID: 'm',
        targetEnv: 'mobile',
        sessionExpiration: '3600',
      })
      assert.equal(login.cookieName, undefined)
      assert.match(login.sessionToken, /^st2\./)
      const params = {
        oauth_token: login.sessionToken,
        nonce: randomUUID(),
        timestamp: `${Math.floor(Date.now() / 1_000)}`,
      }
      const query = Object.entries(params)
        .sort()
        .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
        .join('&')
      const address = encodeURIComponent('http://socialize.example/socialize.getUserInfo')
      const sig = createHmac('sha1', Buffer.from(login.sessionSecret, 'base64'))
        .update(`POST&${address}&${encodeURIComponent(query)}`)
        .digest('base64')
      const info = await house.call('getUserInfo', { sig }, { scheme: 'http', credentials: params })
      assert.equal(info.UID, 'm')
    })

    test('provider sessions become identities with their tokens, and the friends are expected', async () => {
      await using house = await openMethodsHouse(database)
      house.know('ada', [{ id: '1', displayName: 'Bo' }])
      const tokenExpiration = String(Math.floor(Date.now() / 1_000) + 3_600)
      const login = await house.call('notifyLogin', {
        siteUID: 'u1',
        providerSessions: sessions({
          Twitter: { authToken: 'ada', tokenSecret: 'hush', tokenExpiration },
          mastodon: { authToken: 'ada-m', server: 'mastodon.example', tokenSecret: null },
        }),
      })
      assert.equal(login.errorCode, 0, JSON.stringify(login))
      const { store } = house.gateway
      const user = (await store.userInfo.named(house.site, 'u1'))!
      assert.equal(user.loginCount, 1)
      const identities = await store.identities.ofUser(user)
      assert.deepEqual(
        identities.map(({ provider, server, subject }) => [provider, server, subject]).sort(),
        [
          ['mastodon', 'https://mastodon.example', 'ada-m'],
          ['twitter', undefined, 'ada'],
        ],
      )
      const twitter = identities.find(({ provider }) => provider === 'twitter')!
      assert.deepEqual((await store.tokens.of(twitter))?.tokens, {
        accessToken: 'ada',
        secret: 'hush',
        expiresAt: Number(tokenExpiration) * 1_000,
      })
      await house.friends.settle()
      const info = await house.call('getUserInfo', { UID: 'u1', extraFields: 'username,bio' })
      assert.deepEqual(
        [info.isConnected, info.loginProvider, info.loginProviderUID, info.nickname, info.username],
        [true, 'twitter', 'ada', 'Ms ada', 'ada'],
      )
      assert.match(info.capabilities, /^Login, .*Friends/)
      const [shown] = info.identities
      assert.deepEqual(
        [
          shown.provider,
          shown.providerUID,
          shown.isLoginIdentity,
          shown.allowsLogin,
          shown.birthYear,
          shown.email,
        ],
        ['twitter', 'ada', true, true, 1980, 'ada@example.com'],
      )
      assert.deepEqual(
        info.identities.map((each: { isLoginIdentity: boolean }) => each.isLoginIdentity),
        [true, false],
      )
      await house.call('notifyLogin', { siteUID: 'u1' })
      const atSite = await house.call('getUserInfo', { UID: 'u1' })
      assert.equal(atSite.loginProvider, 'site')
      assert.ok(!atSite.identities.some((each: { isLoginIdentity: boolean }) => each.isLoginIdentity))
      assert.equal(shown.isExpiredSession, undefined)
      assert.equal(shown.providerUIDSig, hmac(`${info.signatureTimestamp}_twitter_ada`))
      const one = await house.call('getUserInfo', {
        UID: 'u1',
        disabledProviders: 'TWITTER',
        enabledProviders: '*',
      })
      assert.deepEqual(
        one.identities.map((each: { provider: string }) => each.provider),
        ['mastodon'],
      )
    })

    test('a network that refuses a session ends the login, and nothing has changed', async () => {
      await using house = await openMethodsHouse(database)
      house.friends.pretence.failures.set('bad', 'relink_required')
      const login = await house.call('notifyLogin', {
        siteUID: 'u1',
        providerSessions: sessions({ twitter: { authToken: 'ok' }, facebook: { authToken: 'bad' } }),
      })
      assert.equal(login.errorCode, 403009)
      assert.equal(await house.gateway.store.userInfo.named(house.site, 'u1'), undefined)
      const account = { provider: 'twitter', subject: 'ok' }
      assert.equal(await house.gateway.store.identities.bySubject(house.site, account), undefined)
    })

    test('a login without an id of the site is known by its account, and is given the id later', async () => {
      await using house = await openMethodsHouse(database)
      const providerSessions = sessions({ twitter: { authToken: 'eve', providerUID: 'eve' } })
      const { UID, newUser } = await house.call('notifyLogin', { providerSessions })
      assert.equal(newUser, true)
      assert.match(UID, /^[0-9a-f-]{36}$/)
      const info = await house.call('getUserInfo', { UID })
      assert.deepEqual([info.isSiteUID, info.loginProvider], [false, 'twitter'])
      const named = await house.call('notifyLogin', { siteUID: 'eve-1', providerSessions })
      assert.deepEqual([named.UID, named.newUser], ['eve-1', false])
      const user = await house.gateway.store.userInfo.named(house.site, 'eve-1')
      assert.equal(user?.token, UID)
      assert.deepEqual(
        await codesOf(house, [
          ['getUserInfo', { UID }],
          ['getUserInfo', { UID: 'eve-1' }],
        ]),
        [0, 0],
      )
    })

    test('an account of somebody else is 409001 and stays where it is', async () => {
      await using house = await openMethodsHouse(database)
      const providerSessions = sessions({ twitter: { authToken: 'eve' } })
      await house.call('notifyLogin', { siteUID: 'eve', providerSessions })
      await house.call('notifyLogin', { siteUID: 'bob' })
      assert.deepEqual(
        await codesOf(house, [
          ['notifyLogin', { siteUID: 'mallory', providerSessions }],
          ['notifyLogin', { siteUID: 'bob', providerSessions }],
          ['addConnection', { UID: 'bob', providerSessions }],
        ]),
        [409001, 409001, 409001],
      )
      assert.equal(await house.gateway.store.userInfo.named(house.site, 'mallory'), undefined)
      const eve = await house.call('getUserInfo', { UID: 'eve' })
      assert.equal(eve.identities.length, 1)
    })

    test('ten logins at once of one new id make one user', async () => {
      await using house = await openMethodsHouse(database)
      const logins = await Promise.all(
        Array.from({ length: 10 }, (_, at) =>
          house.call('notifyLogin', {
            siteUID: 'same',
            providerSessions: sessions({ [at % 2 ? 'twitter' : 'facebook']: { authToken: 'same' } }),
          }),
        ),
      )
      assert.deepEqual(
        logins.map(({ errorCode }) => errorCode),
        Array(10).fill(0),
      )
      assert.equal(logins.filter(({ newUser }) => newUser).length, 1)
      const user = await house.gateway.store.userInfo.named(house.site, 'same')
      assert.equal(user?.loginCount, 10)
    })

    test('what is wrong with a login is said with the parameter it is in', async () => {
      await using house = await openMethodsHouse(database)
      const cases: readonly [Record<string, string>, number, RegExp][] = [
        [{}, 400002, /siteUID/],
        [{ siteUID: 'x'.repeat(253) }, 400006, /siteUID/],
        [{ siteUID: 'é' }, 400006, /siteUID/],
        [{ siteUID: 'a', targetEnv: 'toaster' }, 400006, /targetEnv/],
        [{ siteUID: 'a', sessionExpiration: 'soon' }, 400006, /sessionExpiration/],
        [{ siteUID: 'a', userInfo: '[' }, 400006, /userInfo/],
        [{ siteUID: 'a', userInfo: '{"age":"old"}' }, 400006, /age/],
        [{ providerSessions: '{"nowhere":{"authToken":"a"}}' }, 400006, /nowhere/],
        [{ providerSessions: '{"twitter":{}}' }, 400006, /authToken/],
        [{ providerSessions: '{"twitter":{"code":"c"}}' }, 400096, /authToken/],
        [{ providerSessions: '{"mastodon":{"authToken":"a"}}' }, 400006, /server/],
        [{ providerSessions: '{"mastodon":{"authToken":"a","server":"https://x/y"}}' }, 400006, /server/],
        [{ providerSessions: '{"hyves":{"authToken":"a"}}' }, 410000, /2013/],
        [{ providerSessions: '{"twitter":{"authToken":"a","providerUID":"b"}}' }, 403017, /another/],
        [{ providerSessions: '{"__proto__":{"authToken":"a"}}' }, 400002, /siteUID/],
      ]
      for (const [params, code, details] of cases) {
        const answer = await house.call('notifyLogin', params)
        assert.equal(answer.errorCode, code, JSON.stringify([params, answer]))
        assert.match(answer.errorDetails, details)
      }
      const open = { credentials: { apiKey: house.site.apiKey } }
      assert.equal((await house.call('notifyLogin', { siteUID: 'a' }, open)).errorCode, 403035)
    })

    test('an id of the site is given, changed and taken away, and no two users have one', async () => {
      await using house = await openMethodsHouse(database)
      const { store } = house.gateway
      const login = { providerSessions: sessions({ twitter: { authToken: 'ada' } }) }
      const { UID } = await house.call('notifyLogin', login)
      await house.call('notifyLogin', { siteUID: 'taken' })
      const version = async () =>
        (await store.people.lists((await store.userInfo.named(house.site, UID))!)).linkedVersion
      const before = await version()
      assert.deepEqual(
        await codesOf(house, [
          ['setUID', { UID, siteUID: 'taken' }],
          ['setUID', { UID, siteUID: 'ü' }],
          ['setUID', { UID }],
          ['setUID', { UID: 'nobody', siteUID: 'free' }],
          ['setUID', { UID: 'taken', siteUID: UID }],
        ]),
        [400003, 400006, 400002, 403005, 400003],
      )
      assert.equal(await version(), before)
      assert.equal((await house.call('notifyRegistration', { UID, siteUID: 'ada' })).errorCode, 0)
      assert.equal(await version(), before + 1)
      assert.equal((await house.call('setUID', { UID: 'ada', siteUID: 'ada' })).errorCode, 0)
      assert.equal(await version(), before + 1)
      assert.equal((await house.call('linkAccounts', { UID: 'ada', siteUID: 'ada-2' })).errorCode, 0)
      assert.equal((await house.call('getUserInfo', { UID })).UID, 'ada-2')
      assert.equal((await house.call('getUserInfo', { UID: 'ada' })).errorCode, 403005)
      assert.equal((await house.call('unlinkAccounts', { UID: 'ada-2' })).errorCode, 0)
      assert.equal((await house.call('getUserInfo', { UID })).isSiteUID, false)
      assert.equal((await house.call('unlinkAccounts', { UID })).errorCode, 400106)
    })

    test('what the site says of a user comes before what networks say', async () => {
      await using house = await openMethodsHouse(database)
      await house.call('notifyLogin', {
        siteUID: 'u',
        providerSessions: sessions({ twitter: { authToken: 'ada' } }),
      })
      const userInfo = JSON.stringify({
        firstName: 'Ada',
        email: 'ada@site.example',
        birthDay: 10,
        birthMonth: '12',
        birthYear: 1815,
        gender: 'u',
        unknown: true,
      })
      assert.equal((await house.call('setUserInfo', { UID: 'u', userInfo })).errorCode, 0)
      const info = await house.call('getUserInfo', { UID: 'u' })
      assert.deepEqual(
        [
          info.firstName,
          info.email,
          info.nickname,
          info.birthDay,
          info.birthMonth,
          info.birthYear,
          info.gender,
        ],
        ['Ada', 'ada@site.example', 'Ms ada', 10, 12, 1815, 'f'],
      )
      const born = async (birthYear: number | undefined, birthMonth: number, birthDay: number) => {
        const userInfo = JSON.stringify({ birthYear, birthMonth, birthDay })
        return (await house.call('setUserInfo', { UID: 'u', userInfo })).errorCode
      }
      assert.deepEqual(
        [
          await born(2000, 2, 29),
          await born(undefined, 2, 29),
          await born(1, 12, 31),
          await born(1980, 0, 31),
        ],
        [0, 0, 0, 0],
      )
      assert.deepEqual(
        [await born(1900, 2, 29), await born(undefined, 2, 30), await born(1980, 4, 31)],
        [400006, 400006, 400006],
      )
      assert.equal((await house.call('setUserInfo', { UID: 'u', userInfo: '{}' })).errorCode, 0)
      assert.equal((await house.call('getUserInfo', { UID: 'u' })).firstName, undefined)
      assert.equal((await house.call('setUserInfo', { UID: 'u' })).errorCode, 400002)
      const xml = await house.call('getUserInfo', { UID: 'u', format: 'xml' })
      assert.match(xml, /<identities><identity><provider>twitter<\/provider>/)
    })

    test('connections come and go, and the last one as it was asked', async () => {
      await using house = await openMethodsHouse(database)
      await house.call('notifyLogin', { siteUID: 'u' })
      const add = (provider: string) =>
        house.call('addConnection', {
          UID: 'u',
          providerSessions: sessions({ [provider]: { authToken: `${provider}-u` } }),
        })
      const shown = async (params = {}) =>
        (await house.call('getUserInfo', { UID: 'u', ...params })).identities.map(
          (each: { provider: string; isExpiredSession?: boolean }) => [each.provider, each.isExpiredSession],
        )
      assert.equal((await house.call('addConnection', { UID: 'u' })).errorCode, 400096)
      assert.equal((await house.call('removeConnection', { UID: 'u' })).errorCode, 400106)
      assert.equal((await add('twitter')).UID, 'u')
      await add('facebook')
      assert.deepEqual(
        await codesOf(house, [
          ['removeConnection', { UID: 'u', provider: 'tumblr' }],
          ['removeConnection', { UID: 'u', provider: 'nowhere' }],
          ['removeConnection', { UID: 'u', lastIdentityHandling: 'fail' }],
          ['removeConnection', { UID: 'u', lastIdentityHandling: 'maybe' }],
        ]),
        [400106, 400006, 400030, 400006],
      )
      assert.equal((await house.call('removeConnection', { UID: 'u', provider: 'Twitter' })).errorCode, 0)
      assert.deepEqual(await shown(), [['facebook', undefined]])
      const soft = { UID: 'u', provider: 'facebook', lastIdentityHandling: 'soft' }
      assert.equal((await house.call('removeConnection', soft)).errorCode, 0)
      assert.deepEqual(await shown(), [])
      assert.deepEqual(await shown({ includeAllIdentities: 'true' }), [['facebook', true]])
      const user = (await house.gateway.store.userInfo.named(house.site, 'u'))!
      const [identity] = await house.gateway.store.identities.ofUser(user)
      assert.equal(await house.gateway.store.tokens.of(identity!), undefined)
      await add('facebook')
      assert.deepEqual(await shown(), [['facebook', undefined]])
      assert.equal((await house.call('disconnect', { UID: 'u' })).errorCode, 0)
      assert.deepEqual(await shown({ includeAllIdentities: '1' }), [])
    })

    test('a logout ends every session, a deletion everything', async () => {
      await using house = await openMethodsHouse(database)
      const { cookieValue } = await house.call('notifyLogin', {
        siteUID: 'u',
        providerSessions: sessions({ twitter: { authToken: 'ada' } }),
      })
      const session = { credentials: { oauth_token: cookieValue } }
      assert.equal((await house.call('deleteAccount', {}, session)).errorCode, 403007)
      assert.equal((await house.call('logout', {}, session)).connectedProviders, 'twitter')
      assert.equal((await house.call('getUserInfo', {}, session)).errorCode, 403025)
      const info = await house.call('getUserInfo', { UID: 'u' })
      assert.deepEqual([info.isLoggedIn, info.isConnected], [false, true])
      await house.call('setUserSettings', { UID: 'u', settings: '{"a":1}' })
      assert.equal((await house.call('deleteAccount', { UID: 'u' })).errorCode, 0)
      assert.equal((await house.call('getUserInfo', { UID: 'u' })).errorCode, 403005)
      for (const table of ['user_info', 'user_settings', 'identities', 'access_tokens']) {
        const rows = await house.friends.stores.raw(
          `select * from ${table} where site_id = $1`,
          house.site.id,
        )
        assert.deepEqual(rows, [], table)
      }
    })

    test('settings are kept by group, changed one by one and deleted', async () => {
      await using house = await openMethodsHouse(database)
      await house.call('notifyLogin', { siteUID: 'u' })
      const read = async (params = {}) =>
        (await house.call('getUserSettings', { UID: 'u', ...params })).settings
      assert.deepEqual(await read(), {})
      await house.call('setUserSettings', { UID: 'u', settings: '{"a":1,"b":{"c":[true,null]}}' })
      await house.call('setUserSettings', { UID: 'u', settings: '{"a":"two"}', group: 'g 1' })
      await house.call('setUserSettings', { UID: 'u', settings: '{"a":3}' })
      assert.deepEqual(await read(), { a: 3, b: { c: [true, null] } })
      assert.deepEqual(await read({ settings: 'b, z' }), { b: { c: [true, null] } })
      assert.deepEqual(await read({ group: 'g 1' }), { a: 'two' })
      await house.call('delUserSettings', { UID: 'u', settings: 'a' })
      assert.deepEqual(await read(), { b: { c: [true, null] } })
      await house.call('delUserSettings', { UID: 'u', group: 'g 1' })
      assert.deepEqual(await read({ group: 'g 1' }), {})
      const long = JSON.stringify({ long: 'x'.repeat(70_000) })
      assert.deepEqual(
        await codesOf(house, [
          ['setUserSettings', { UID: 'u', settings: long }],
          ['setUserSettings', { UID: 'u' }],
          ['setUserSettings', { UID: 'u', settings: '[1]' }],
          ['setUserSettings', { UID: 'u', settings: '{"a":1}', group: 'g'.repeat(101) }],
          ['getUserSettings', { UID: 'nobody' }],
        ]),
        [413001, 400002, 400006, 400006, 403005],
      )
      assert.deepEqual(await read(), { b: { c: [true, null] } })
    })

    test('getToken with an id of the site is a login of that user alone', async () => {
      await using house = await openMethodsHouse(database)
      const credentials = { client_id: house.site.apiKey, client_secret: SECRET }
      const given = await house.call(
        'getToken',
        { grant_type: 'none', x_siteUID: 'u', x_userInfo: '{"nickname":"U"}', x_sessionExpiration: '600' },
        { credentials },
      )
      assert.deepEqual([given.errorCode, given.expires_in], [0, 600])
      const info = await house.call('getUserInfo', {}, { credentials: { oauth_token: given.access_token } })
      assert.deepEqual([info.UID, info.nickname, info.isLoggedIn], ['u', 'U', true])
      house.friends.passTime(601_000)
      assert.equal((await house.gateway.store.userInfo.named(house.site, 'u'))?.uid, 'u')
    })

    test('a user that another wire has named is the same user', async () => {
      await using house = await openMethodsHouse(database)
      const { UID } = await house.call('notifyLogin', {
        providerSessions: sessions({ twitter: { authToken: 'a' } }),
      })
      await house.friends.stores.raw('update users set uid = $1 where token = $2', 'im-user', UID)
      const login = await house.call('notifyLogin', { siteUID: 'im-user' })
      assert.equal(login.newUser, false)
      assert.equal((await house.call('getUserInfo', { UID: 'im-user' })).identities.length, 1)
    })

    test('a user of another site is nobody here', async () => {
      await using house = await openMethodsHouse(database)
      await using other = await openMethodsHouse(database)
      await house.call('notifyLogin', {
        siteUID: 'u',
        providerSessions: sessions({ twitter: { authToken: 'a' } }),
      })
      const { store } = house.gateway
      const user = (await store.userInfo.named(house.site, 'u'))!
      const stranger = { id: user.id, siteId: user.siteId + 1_000 }
      await assert.rejects(store.userInfo.rename(stranger, 'x'), { code: 'not_found' })
      await assert.rejects(store.userInfo.saveSettings(stranger, '', { a: 1 }), { code: 'not_found' })
      await assert.rejects(store.userInfo.saveProfile(stranger, {}), { code: 'not_found' })
      assert.deepEqual(await store.userInfo.of(stranger), { profile: {}, isLoggedIn: false })
      assert.deepEqual((await other.call('exportUsers')).users, [])
    })
  })
}

test('sessions of the shipped connectors lead to friends, and each call is in the report', async () => {
  const house = await openHouse({ sandbox: true })
  try {
    const { front, sandbox, site, store } = house
    assert(sandbox)
    const { secret } = await store.sites.secrets(site)
    const call = async (method: string, params: Record<string, string>) => {
      const body = new URLSearchParams({ apiKey: site.apiKey, secret, cid: 'sidebar', ...params }).toString()
      const headers = { host: 'gw.example', 'content-type': 'application/x-www-form-urlencoded' }
      const request = { method: 'POST', target: `/socialize.${method}`, headers, scheme: 'https' } as const
      const answer = await front.answer(
        toWireRequest({ ...request, body: Buffer.from(body), at: Date.now() }),
      )
      return JSON.parse(Buffer.concat([answer.body].flat()).toString())
    }
    const github = sandbox.grant('api.github.com', { contacts: 30 })
    const mastodon = sandbox.grant('mastodon.example', { contacts: 30 })
    const login = await call('notifyLogin', {
      siteUID: 'site-42',
      providerSessions: sessions({
        github: { authToken: github.accessToken, providerUID: github.subject },
        mastodon: { authToken: mastodon.accessToken, server: mastodon.server },
      }),
    })
    assert.equal(login.errorCode, 0, JSON.stringify(login))
    let friends = await call('getFriendsInfo', { UID: 'site-42' })
    for (let tries = 0; tries < 100 && friends.errorCode === 100001; tries++) {
      await pause(50)
      friends = await call('getFriendsInfo', { UID: 'site-42' })
    }
    assert.equal(friends.errorCode, 0, JSON.stringify(friends).slice(0, 500))
    const networks = new Set(
      friends.friends.flatMap(({ identities }: { identities: { provider: string }[] }) =>
        identities.map(({ provider }) => provider),
      ),
    )
    assert.deepEqual([...networks].sort(), ['github', 'mastodon'])
    const tokens = await call('getSessionInfo', { UID: 'site-42', provider: 'github' })
    assert.equal(tokens.authToken, github.accessToken)
    await house.stop()
    const next = await house.another()
    const today = Math.floor(Date.now() / 86_400_000)
    const query = { by: 'cid', from: today - 1, to: today, limit: 10 } as const
    const rows = await next.gateway.store.reports.read(site, query)
    assert.deepEqual(
      rows.map(({ cid, method, failed }) => [cid, method, failed]).sort(),
      ['getFriendsInfo', 'getSessionInfo', 'notifyLogin'].map((method) => ['sidebar', method, 0]),
    )
  } finally {
    await house.close()
  }
})
