// Imports, exports, tokens and the small methods of the Gigya API on the wire. On both databases.

import assert from 'node:assert/strict'
import { createDecipheriv, createHmac, randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { databases } from './support/databases.ts'
import { codesOf, hmac, KEY, openMethodsHouse, sessions } from './support/gigya-methods.ts'

for (const database of databases) {
  describe(`imports and exports on ${database.name}`, { concurrency: 4 }, () => {
    test('accounts are imported with and without sessions, and those of others are named', async () => {
      await using house = await openMethodsHouse(database)
      await house.call('notifyLogin', {
        siteUID: 'eve',
        providerSessions: sessions({ twitter: { authToken: 'eve' } }),
      })
      const identities = JSON.stringify([
        { provider: 'twitter', providerUID: 'eve' },
        {
          provider: 'facebook',
          providerUID: 7001,
          nickname: 'Ana',
          firstName: 'Ana',
          email: 'ana@example.com',
        },
        { provider: 'hyves', providerUID: 'old' },
      ])
      assert.equal((await house.call('importIdentities', { UID: 'ana', identities })).errorCode, 403005)
      const first = await house.call('importIdentities', { UID: 'ana', identities, allowNewUser: 'true' })
      assert.deepEqual(first.identityConflicts, [{ provider: 'twitter', providerUID: 'eve' }])
      assert.deepEqual([first.errorCode, first.UID, first.isImported], [0, 'ana', true])
      const info = await house.call('getUserInfo', { UID: 'ana', includeAllIdentities: 'true' })
      assert.deepEqual(
        info.identities.map((each: { provider: string; providerUID: string; isExpiredSession: boolean }) => [
          each.provider,
          each.providerUID,
          each.isExpiredSession,
        ]),
        [
          ['facebook', '7001', false],
          ['hyves', 'old', true],
        ],
      )
      assert.deepEqual([info.firstName, info.email], ['Ana', 'ana@example.com'])
      assert.equal((await house.gateway.store.userInfo.named(house.site, 'ana'))?.loginCount, 1)

      house.friends.pretence.failures.set('bad', 'relink_required')
      const providerSessions = sessions({ facebook: { authToken: '7001' }, tumblr: { authToken: 'bad' } })
      const strict = { UID: 'ana', identities: '[]', providerSessions, handleInvalidSessions: 'Error' }
      assert.equal((await house.call('importIdentities', strict)).errorCode, 403009)
      const lax = await house.call('importIdentities', { UID: 'ana', identities, providerSessions })
      assert.equal(lax.errorCode, 0)
      assert.deepEqual(
        lax.providerErrorCodes.map((each: { provider: string; errorCode: number }) => [
          each.provider,
          each.errorCode,
        ]),
        [['tumblr', 403009]],
      )
      const renewed = await house.call('getUserInfo', { UID: 'ana', enabledProviders: 'facebook' })
      assert.equal(renewed.identities[0].nickname, 'Ms 7001')
      const only = JSON.stringify([{ provider: 'twitter', providerUID: 'eve' }])
      const refused = await house.call('importIdentities', { UID: 'x', identities: only, allowNewUser: '1' })
      assert.equal(refused.errorCode, 409001)
      assert.deepEqual(refused.identityConflicts, [{ provider: 'twitter', providerUID: 'eve' }])
      assert.equal(await house.gateway.store.userInfo.named(house.site, 'x'), undefined)
      assert.deepEqual(
        await codesOf(house, [
          ['importIdentities', { identities }],
          ['importIdentities', { UID: 'ana' }],
          ['importIdentities', { UID: 'ana', identities: '[{"provider":"nowhere","providerUID":"1"}]' }],
          ['importIdentities', { UID: 'ana', identities: '[{"provider":"twitter"}]' }],
        ]),
        [400002, 400002, 400006, 400006],
      )
    })

    test('users are exported page by page, in JSON and XML', async () => {
      await using house = await openMethodsHouse(database)
      for (const siteUID of ['a', 'b', 'c']) {
        await house.call('notifyLogin', {
          siteUID,
          providerSessions: sessions({ twitter: { authToken: `t-${siteUID}` } }),
        })
      }
      const all = await house.call('exportUsers')
      const entry = (uid: string) => ({
        UID: uid,
        identities: [{ provider: 'twitter', providerUID: `t-${uid}` }],
      })
      assert.deepEqual(all.users, [entry('a'), entry('b'), entry('c')])
      assert.equal(all.nextAfter, undefined)
      const first = await house.call('exportUsers', { limit: '2', fields: 'uid' })
      assert.deepEqual(
        first.users.map(({ UID }: { UID: string }) => UID),
        ['a', 'b'],
      )
      const second = await house.call('exportUsers', { limit: '2', after: String(first.nextAfter) })
      assert.deepEqual([second.users, second.nextAfter], [[entry('c')], undefined])
      assert.match(
        await house.call('exportUsers', { format: 'xml', limit: '1' }),
        /<users><user><UID>a<\/UID><identities><identity><provider>twitter<\/provider>.*<\/users><nextAfter>\d+</,
      )
      assert.deepEqual(
        await codesOf(house, [
          ['exportUsers', { format: 'csv' }],
          ['exportUsers', { limit: '0' }],
          ['exportUsers', { fields: 'shoeSize' }],
        ]),
        [400006, 400006, 400006],
      )
    })

    test('tokens are encrypted so that the holder of the partner secret can read them', async () => {
      await using house = await openMethodsHouse(database)
      const end = Math.floor(Date.now() / 1_000) + 3_600
      await house.call('notifyLogin', {
        siteUID: 'u',
        providerSessions: sessions({
          twitter: { authToken: 'token of ada', tokenSecret: 'sixteen bytes!!!', tokenExpiration: end },
          facebook: { authToken: 'fb' },
        }),
      })
      const ask = (params: Record<string, string>, options = {}) =>
        house.call('getSessionInfo', { UID: 'u', provider: 'twitter', ...params }, options)
      const decrypt = (text: string, iv: string, padded = true) => {
        const decipher = createDecipheriv('aes-256-cbc', KEY, Buffer.from(iv, 'base64')).setAutoPadding(
          padded,
        )
        return Buffer.concat([decipher.update(text, 'base64'), decipher.final()]).toString()
      }
      const usual = await ask({})
      assert.equal(usual.authToken, 'token of ada')
      assert.equal(decrypt(usual.tokenSecret, usual.IV), 'sixteen bytes!!!')
      assert.equal(usual.tokenExpirationUTC, new Date(end * 1_000).toISOString().replace('.000', ''))
      assert.equal(usual.providerUID, 'token of ada')
      assert.notEqual((await ask({})).IV, usual.IV)
      const all = await ask({ encryptAll: 'true', paddingMode: 'zeros', signIDs: '1' })
      assert.equal(decrypt(all.authToken, all.IV, false), 'token of ada\0\0\0\0')
      assert.equal(decrypt(all.tokenSecret, all.IV, false), 'sixteen bytes!!!')
      assert.equal(decrypt(all.providerUID, all.IV, false), 'token of ada\0\0\0\0')
      assert.equal(all.providerUIDSig, hmac(`${all.timestamp}_twitter_token of ada`))
      const clear = await ask({ encrypt: 'False' })
      assert.deepEqual(
        [clear.authToken, clear.tokenSecret, clear.IV],
        ['token of ada', 'sixteen bytes!!!', undefined],
      )
      const plain = await ask({ provider: 'facebook' })
      assert.deepEqual([plain.authToken, plain.tokenSecret, plain.IV], ['fb', undefined, undefined])
      assert.equal((await ask({ provider: 'tumblr' })).errorCode, 400106)
      assert.equal((await ask({ provider: 'nowhere' })).errorCode, 400006)
      assert.equal((await ask({ paddingMode: 'PKCS9' })).errorCode, 400006)
      const { cookieValue } = await house.call('notifyLogin', { siteUID: 'u' })
      assert.equal((await ask({}, { credentials: { oauth_token: cookieValue } })).errorCode, 403007)
    })

    test('a partner secret that is no AES key does no harm where nothing is encrypted', async () => {
      await using house = await openMethodsHouse(database)
      const { store } = house.gateway
      await house.call('notifyLogin', {
        siteUID: 'u',
        providerSessions: sessions({ facebook: { authToken: 'fb' } }),
      })
      const bare = store.sites.secrets
      const secrets = async (site: { id: number }) => ({
        ...(await bare(site)),
        secret: 'dHdlbnR5IGJ5dGVzLCBubyBrZXk=',
      })
      Object.assign(store.sites, { secrets })
      const secret = Buffer.from('a secret of a user key').toString('base64')
      await store.access.addUserKey(house.site, { key: 'key-1', secret })
      const ask = (params: Record<string, string>) => {
        const credentials = { apiKey: house.site.apiKey, userKey: 'key-1', secret }
        return house.call('getSessionInfo', { UID: 'u', provider: 'facebook', ...params }, { credentials })
      }
      const plain = await ask({})
      assert.deepEqual([plain.errorCode, plain.authToken, plain.IV], [0, 'fb', undefined])
      assert.equal((await ask({ encryptAll: 'true' })).errorCode, 400096)
    })

    test('a token in clear does not travel over http', async () => {
      await using house = await openMethodsHouse(database)
      await house.call('notifyLogin', {
        siteUID: 'u',
        providerSessions: sessions({ twitter: { authToken: 'ada', tokenSecret: 'hers' } }),
      })
      const decrypt = (text: string, iv: string) => {
        const decipher = createDecipheriv('aes-256-cbc', KEY, Buffer.from(iv, 'base64'))
        return Buffer.concat([decipher.update(text, 'base64'), decipher.final()]).toString()
      }
      const ask = (more: Record<string, string>) => {
        const params: Record<string, string> = {
          UID: 'u',
          apiKey: house.site.apiKey,
          nonce: randomUUID(),
          provider: 'twitter',
          timestamp: `${Math.floor(Date.now() / 1_000)}`,
          ...more,
        }
        const query = Object.keys(params)
          .sort()
          .map((name) => `${name}=${encodeURIComponent(params[name]!)}`)
          .join('&')
        const address = encodeURIComponent('http://socialize.example/socialize.getSessionInfo')
        const sig = hmac(`POST&${address}&${encodeURIComponent(query)}`)
        return house.call('getSessionInfo', { sig }, { scheme: 'http', credentials: params })
      }
      const wishes: Record<string, string>[] = [{}, { encrypt: 'false' }]
      for (const wish of wishes) {
        const { errorCode, authToken, tokenSecret, providerUID, IV } = await ask(wish)
        assert.deepEqual([errorCode, providerUID], [0, 'ada'])
        assert.deepEqual([decrypt(authToken, IV), decrypt(tokenSecret, IV)], ['ada', 'hers'])
      }
      const all = await ask({ encryptAll: 'true' })
      assert.deepEqual([all.errorCode, decrypt(all.providerUID, all.IV)], [0, 'ada'])
    })

    test('a signature of the last minute is exchanged for one in the caller’s own key', async () => {
      await using house = await openMethodsHouse(database)
      const login = await house.call('notifyLogin', { siteUID: 'u' })
      const secret = Buffer.from('a secret of a user key').toString('base64')
      await house.gateway.store.access.addUserKey(house.site, { key: 'key-1', secret })
      const { UIDSignature, signatureTimestamp } = login
      const asked = { UID: 'u', UIDSignature, signatureTimestamp }
      const credentials = { apiKey: house.site.apiKey, userKey: 'key-1', secret }
      const exchanged = await house.call('exchangeUIDSignature', asked, { credentials })
      assert.equal(exchanged.errorCode, 0, JSON.stringify(exchanged))
      const mine = createHmac('sha1', Buffer.from(secret, 'base64'))
        .update(`${exchanged.signatureTimestamp}_u`)
        .digest('base64')
      assert.equal(exchanged.UIDSignature, mine)
      const old = String(Number(signatureTimestamp) - 100)
      assert.deepEqual(
        await codesOf(house, [
          ['exchangeUIDSignature', { ...asked, UIDSignature: hmac(`${old}_u`), signatureTimestamp: old }],
          ['exchangeUIDSignature', { ...asked, UIDSignature: hmac(`${signatureTimestamp}_v`) }],
          ['exchangeUIDSignature', { UID: 'u', UIDSignature }],
          ['exchangeUIDSignature', asked],
        ]),
        [403002, 400006, 400002, 0],
      )
    })
  })
}

describe('the other methods', () => {
  const [database] = databases

  test('say what networks there are and what devices ask', async () => {
    await using house = await openMethodsHouse(database!)
    const open = { credentials: { apiKey: house.site.apiKey } }
    const { availableProviders } = await house.call('getAvailableProviders', {}, open)
    assert.deepEqual(availableProviders, ['facebook', 'twitter', 'mastodon', 'tumblr'])
    const withFriends = await house.call(
      'getAvailableProviders',
      { requiredCapabilities: 'login,FRIENDS' },
      open,
    )
    assert.deepEqual(withFriends.availableProviders, ['facebook', 'twitter'])
    const wrong = await house.call('getAvailableProviders', { requiredCapabilities: 'Flying' }, open)
    assert.equal(wrong.errorCode, 400006)
    const ids = await house.call('getIDs', {}, open)
    assert.ok(ids.gcid && ids.ucid && ids.gmid && ids.refreshTime > Date.now())
    const config = await house.call('getSDKConfig', { include: 'permissions,ids' }, open)
    assert.ok(config.ids.gmid && config.ids.ucid && config.permissions)
    assert.equal(config.appIds, undefined)
  })

  test('that publish say that nobody is connected, and unknown ones are 405001', async () => {
    await using house = await openMethodsHouse(database!)
    await house.call('notifyLogin', { siteUID: 'u' })
    assert.deepEqual(
      await codesOf(house, [
        ['setStatus', { UID: 'u', status: 's' }],
        ['publishUserAction', { UID: 'u', userAction: '{"title":"t"}' }],
        ['sendNotification', { UID: 'u', recipients: 'v', body: 'b' }],
        ['getRawData', { UID: 'u' }],
        ['getFeed', { UID: 'u' }],
        ['facebookGraphOperation', { UID: 'u' }],
      ]),
      [400106, 400106, 400106, 405001, 405001, 405001],
    )
  })
})
