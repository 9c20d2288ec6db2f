// Who is asking: the published vectors, every mode, every SDK's way to sign, and what is refused and how.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, createHmac, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Pair } from '../src/dialects/dialect.ts'
import {
  baseStringOf,
  decodeSecret,
  friendshipSignature,
  isSignedBy,
  providerUidSignature,
  sign,
  toTimestamp,
  uidSignature,
} from '../src/dialects/gigya/signature.ts'
import { databases } from './support/databases.ts'
import {
  API_KEY,
  type Asking,
  type GigyaHouse,
  HOST,
  newNonce,
  openGigyaHouse,
  type Params,
  SDKS,
  type Sdk,
  SECRET,
  signAs,
} from './support/gigya.ts'

const sqlite = databases.filter(({ name }) => name === 'sqlite')[0] ?? assert.fail()
const java = SDKS[0] ?? assert.fail()
const AT_SECONDS = 1_395_219_030

/** Signs and sends as an SDK does. */
function send(
  house: GigyaHouse,
  method: string,
  params: Params = {},
  options: Asking & { readonly sdk?: Sdk; readonly secret?: string; readonly seconds?: number } = {},
) {
  const { sdk = java, secret = SECRET, seconds = Math.floor(house.at / 1_000), ...asking } = options
  const { scheme = 'http', host = HOST } = asking
  const all = {
    apiKey: API_KEY,
    timestamp: sdk.timestamp(seconds),
    nonce: newNonce(),
    ...sdk.own,
    ...params,
  }
  const address = `${scheme}://${host}/socialize.${method}`
  const sig = signAs(sdk, { method: asking.method ?? 'POST', address, secret, params: Object.entries(all) })
  return house.ask(`/socialize.${method}`, { ...all, sig }, asking)
}

interface Vector {
  readonly method?: string
  readonly address: string
  readonly params: Params
  readonly secret?: string
}

function check({ method = 'POST', address, params, secret = SECRET }: Vector, signature: string) {
  const { protocol, host, pathname } = new URL(address)
  const scheme = protocol === 'https:' ? ('https' as const) : ('http' as const)
  const signed = { request: { method, scheme, host, target: pathname }, pairs: Object.entries(params) }
  return { holds: isSignedBy(decodeSecret(secret), signature, signed), base: baseStringOf(signed) }
}

describe('the published vectors', () => {
  const first = {
    address: 'http://socialize.us1.gigya.com/socialize.getFriendsInfo',
    params: {
      timestamp: '1395219030',
      UID: 'user 1/é~*',
      apiKey: API_KEY,
      detailLevel: 'extended',
      enabledProviders: 'facebook,twitter',
      format: 'json',
      httpStatusCodes: 'false',
      nonce: '1395219030123_42',
      sdk: 'java_3.2.4',
      siteUsersOnly: 'true',
    },
  }

  test('V1 holds, and its base string is the published one', () => {
    const { holds, base } = check(first, '3/NJ8cI2IDQyRTjaqzpDhSgUgqk=')
    assert.equal(holds, true)
    assert.equal(
      base,
      'POST&http%3A%2F%2Fsocialize.us1.gigya.com%2Fsocialize.getFriendsInfo&UID%3Duser%25201%252F%25C3%25A9~%252A%26apiKey%3D3_AbCdEf-gh_12%26detailLevel%3Dextended%26enabledProviders%3Dfacebook%252Ctwitter%26format%3Djson%26httpStatusCodes%3Dfalse%26nonce%3D1395219030123_42%26sdk%3Djava_3.2.4%26siteUsersOnly%3Dtrue%26timestamp%3D1395219030',
    )
  })

  test('V2 holds: upper case sorts before lower case', () => {
    const params = { apiKey: API_KEY, format: 'xml', nonce: 'n-1', timestamp: '1395219030', uid: 'u1' }
    const address = 'https://socialize.us1.gigya.com/socialize.getUserInfo'
    const { holds, base } = check({ method: 'GET', address, params }, 'GZCgZWCHBki/I5P4bL8rhPWKBGY=')
    assert.equal(holds, true)
    assert.match(base, /^GET&https%3A%2F%2F.*timestamp%3D1395219030%26uid%3Du1$/)
  })

  test('V3 holds with the port in the base string and without it', () => {
    const params = {
      UID: 'u1',
      apiKey: API_KEY,
      format: 'json',
      nonce: 'n-2',
      status: 'I feel great & fine',
      timestamp: '1395219030',
    }
    const vector = { address: 'http://socialize.localhost:8080/socialize.setStatus', params }
    assert.equal(check(vector, '52qVanpm9MW3yISGMO0Ldhy9RxE=').holds, true)
    assert.equal(check(vector, 'F3zsDHTLTrGHjfBwWDbW9m69XFc=').holds, true)
  })

  test('V4 holds in standard and in URL-safe base64', () => {
    const params = {
      apiKey: API_KEY,
      format: 'json',
      httpStatusCodes: 'false',
      nonce: '1395219030123_-7',
      oauth_token: 'st2.abc',
      sdk: 'Android_7',
      targetEnv: 'mobile',
      timestamp: '1395219030',
    }
    const address = 'https://socialize.us1.gigya.com/socialize.getUserInfo'
    const vector = { address, params, secret: 'c2Vzc2lvbi1zZWNyZXQteHl6' }
    assert.equal(check(vector, 'KEGKhzvcwLZ4b3ciL5OEWa/4fLw=').holds, true)
    assert.equal(check(vector, 'KEGKhzvcwLZ4b3ciL5OEWa_4fLw=').holds, true)
  })

  test('V5 holds: what is no base64 in a secret does not count', () => {
    const params = {
      apiKey: 'API_KEY',
      nonce: 'GIGYA_USER_ID1255116790',
      timestamp: '1255116790',
      uid: 'GIGYA_USER_ID',
    }
    const address = 'http://socialize.api.gigya.com/socialize.getUserInfo'
    assert.equal(check({ address, params, secret: 'SECRET_KEY' }, 'GqCzS7ByQg8fgJa5T6k1DVFcSDg=').holds, true)
    assert.deepEqual([...decodeSecret('SECRET_KEY')], [0x48, 0x40, 0x91, 0x11, 0x32, 0x84])
  })

  test('one changed character of the request, the key or the signature breaks it', () => {
    const good = '3/NJ8cI2IDQyRTjaqzpDhSgUgqk='
    for (const name of Object.keys(first.params)) {
      const params = { ...first.params, [name]: `${first.params[name as keyof typeof first.params]}x` }
      assert.equal(check({ ...first, params }, good).holds, false, name)
    }
    assert.equal(check({ ...first, params: { ...first.params, extra: '' } }, good).holds, false)
    assert.equal(check({ ...first, method: 'GET' }, good).holds, false)
    assert.equal(check({ ...first, address: first.address.replace('Friends', 'User') }, good).holds, false)
    assert.equal(check({ ...first, secret: 'MDEyMzQ1Njc4OWFiY2RlZjAxMjQ=' }, good).holds, false)
    for (const bad of ['', '=', good.slice(1), `${good}A`, '4/NJ8cI2IDQyRTjaqzpDhSgUgqk=', 'é'.repeat(28)]) {
      assert.equal(check(first, bad).holds, false, bad)
    }
  })

  test('the signatures of answers are the published ones', () => {
    const key = decodeSecret(SECRET)
    assert.deepEqual(uidSignature({ signingKey: key }, 'user 1/é~*', 1_395_219_030_999), {
      UIDSignature: 'ZMceseuxrpIQrR1F0TZ1rQLFS00=',
      signatureTimestamp: '1395219030',
    })
    assert.deepEqual(uidSignature({}, 'user 1/é~*', 0), {})
    const timestamp = toTimestamp(AT_SECONDS * 1_000)
    assert.equal(
      friendshipSignature(key, timestamp, 'friend-7', 'user 1/é~*'),
      '5XkjtOV5Fo/3+3V+fyUa2OXeovQ=',
    )
    assert.equal(
      providerUidSignature(key, timestamp, 'elephant', '109302'),
      sign(key, '1395219030_elephant_109302'),
    )
    assert.equal(
      providerUidSignature(key, timestamp, ['mast', 'odon'].join(''), '109302'),
      'WeEy2ASHMXDf+9kJywxE+21uLlI=',
    )
  })
})

const NAMES = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.]{0,12}$/).filter((name) => name !== 'sig')
const VALUES = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((value) => value.isWellFormed())
const PARAMS = fc
  .uniqueArray(fc.tuple(NAMES, VALUES), { selector: ([name]) => name, maxLength: 8 })
  .map((pairs): Pair[] => pairs)
const HOSTS = fc.constantFrom(
  'socialize.us1.gigya.com',
  'accounts.example:8080',
  'localhost:443',
  'LOCALHOST',
)

for (const sdk of SDKS) {
  test(`whatever ${sdk.name} signs is accepted, and nothing that it has not signed`, () => {
    const secret = fc
      .uint8Array({ minLength: 1, maxLength: 40 })
      .map((b) => Buffer.from(b).toString('base64'))
    fc.assert(
      fc.property(PARAMS, HOSTS, fc.constantFrom('http', 'https'), secret, (params, host, scheme, key) => {
        const address = `${scheme}://${host}/socialize.getUserInfo`
        const signature = signAs(sdk, { method: 'POST', address, secret: key, params })
        const request = { method: 'POST', scheme: 'http' as const, host, target: '/socialize.getUserInfo' }
        const bytes = Buffer.from(key, 'base64')
        assert.equal(isSignedBy(bytes, signature, { request, pairs: params.toReversed() }), true)
        const more: Pair[] = [...params, ['unsigned', 'x']]
        assert.equal(isSignedBy(bytes, signature, { request, pairs: more }), false)
      }),
      { numRuns: 150 },
    )
  })
}

for (const kind of databases) {
  describe(`on ${kind.name}`, () => {
    test('each SDK is understood, with partner secret and with a user key', async () => {
      await using house = await openGigyaHouse(kind)
      await house.stores.store.access.addUserKey(house.site, { key: 'server-2', secret: 'c2Vjb25k' })
      for (const sdk of SDKS) {
        for (const asking of [
          {},
          { method: 'GET' },
          { scheme: 'https' as const },
          { host: `${HOST}:8080` },
        ]) {
          const { json } = await send(house, 'getUserInfo', { UID: 'user 1/é~*' }, { sdk, ...asking })
          assert.equal(json.errorCode, 0, `${sdk.name}: ${JSON.stringify(json)}`)
          assert.deepEqual([json.mode, json.by, json.UID], ['signed', 'partner', 'user 1/é~*'])
          assert.equal(json.UIDSignature, 'ZMceseuxrpIQrR1F0TZ1rQLFS00=')
        }
        const { json } = await send(
          house,
          'getUserInfo',
          { userKey: 'server-2' },
          { sdk, secret: 'c2Vjb25k' },
        )
        assert.deepEqual([json.errorCode, json.by, json.userKey], [0, 'userKey', 'server-2'])
        assert.equal('UIDSignature' in json, false)
      }
    })

    test('a nonce works once, and of ten at the same time exactly one wins', async () => {
      await using house = await openGigyaHouse(kind)
      const nonce = newNonce()
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => send(house, 'getUserInfo', { nonce, UID: house.ben.token })),
      )
      const codes = answers.map(({ json }) => json.errorCode).sort((one, other) => one - other)
      assert.deepEqual(codes, [0, ...Array(9).fill(403004)])
      const again = await send(house, 'getUserInfo', { nonce })
      assert.deepEqual([again.json.errorCode, again.json.errorMessage], [403004, 'Duplicate nonce'])
      assert.match(again.json.errorDetails, /make a new one for each attempt/)
    })

    test('a refused request burns no nonce', async () => {
      await using house = await openGigyaHouse(kind)
      const nonce = newNonce()
      assert.equal((await send(house, 'getUserInfo', { nonce }, { seconds: 1 })).json.errorCode, 403002)
      assert.equal(
        (await send(house, 'getUserInfo', { nonce }, { secret: 'd3Jvbmc=' })).json.errorCode,
        403003,
      )
      assert.equal((await send(house, 'getUserInfo', { nonce })).json.errorCode, 0)
    })

    test('a nonce of one site is free for another', async () => {
      await using house = await openGigyaHouse(kind)
      const { store } = house.stores
      assert.equal(await store.access.burnNonce({ id: 1 }, 'n', 1_000), true)
      assert.equal(await store.access.burnNonce({ id: 2 }, 'n', 1_000), true)
      assert.equal(await store.access.burnNonce({ id: 1 }, 'n', 1_000), false)
      assert.equal(await store.access.burnNonce({ id: 1 }, 'x'.repeat(10_000), 1_000), true)
    })

    test('a nonce whose time has passed may come again, and nonces are known to all who serve', async () => {
      await using house = await openGigyaHouse(kind)
      const one = house.stores.store.access
      // A file of SQLite has one server.
      const other = kind.name === 'sqlite' ? one : (await house.stores.beside()).access
      assert.equal(await one.burnNonce({ id: 1 }, 'shared', 60_000), true)
      assert.equal(await other.burnNonce({ id: 1 }, 'shared', 60_000), false)
      const race = Array.from({ length: 10 }, (_, index) =>
        (index % 2 ? one : other).burnNonce({ id: 1 }, 'race', 60_000),
      )
      assert.equal((await Promise.all(race)).filter(Boolean).length, 1)
      for (let count = 0; count < 300; count++) await one.burnNonce({ id: 1 }, `old ${count}`, -1)
      for (let count = 0; count < 300; count++) await one.burnNonce({ id: 1 }, `new ${count}`, 60_000)
      assert.equal(await one.burnNonce({ id: 1 }, 'old 1', 60_000), true)
      assert.equal(await one.burnNonce({ id: 1 }, 'new 1', 60_000), false)
      if (kind.name === 'sqlite') return
      // Two shared ones, 300 new ones, and the old one that came again: the others went by themselves.
      assert.equal((await house.stores.raw('select key from nonces')).length, 303)
    })

    test('getToken names its client in three ways, and the token calls in three', async () => {
      await using house = await openGigyaHouse(kind)
      await house.stores.store.access.addUserKey(house.site, { key: 'server-2', secret: 'c2Vjb25k' })
      const basic = `Basic ${Buffer.from(`${API_KEY}:${SECRET}`).toString('base64')}`
      const ways: [Params, Params, string][] = [
        [{}, { authorization: basic }, 'partner'],
        [{ client_id: API_KEY, client_secret: SECRET }, {}, 'partner'],
        [{ client_id: 'server-2', client_secret: 'c2Vjb25k' }, {}, 'userKey'],
        [{ client_id: API_KEY, userKey: 'server-2', secret: 'c2Vjb25k' }, {}, 'userKey'],
      ]
      for (const [params, headers, by] of ways) {
        const { json } = await house.ask(
          '/socialize.getToken',
          { grant_type: 'none', ...params },
          { scheme: 'https', headers },
        )
        assert.equal(json.errorCode, 0, JSON.stringify(json))
        assert.match(json.access_token, /^st2\.[\w-]{43}$/)
        assert.equal(json.expires_in, 3_600)
        const token = json.access_token
        const UID = house.ben.token
        const calls: [Params, Params][] = [
          [{ oauth_token: token, UID }, {}],
          [{ UID }, { authorization: `OAuth ${token}` }],
          [{ UID }, { authorization: `Bearer ${token}` }],
        ]
        for (const [body, header] of calls) {
          const called = await house.ask('/socialize.getUserInfo', body, { scheme: 'https', headers: header })
          assert.deepEqual([called.json.errorCode, called.json.mode, called.json.by], [0, 'token', 'token'])
          assert.equal(called.json.UID, UID)
          assert.equal('UIDSignature' in called.json, by === 'partner')
        }
      }
      const kept = await house.stores.raw('select hash, session_secret from access_tokens')
      assert.equal(kept.length, 4)
      assert.ok(kept.every(({ hash }) => /^[0-9a-f]{64}$/.test(String(hash))))
    })

    test('getToken with a site UID is a login, and its token acts for this user alone', async () => {
      await using house = await openGigyaHouse(kind)
      const params = { client_id: API_KEY, client_secret: SECRET, grant_type: 'none' }
      const ask = (more: Params) =>
        house.ask('/socialize.getToken', { ...params, ...more }, { scheme: 'https' })
      const { json } = await ask({ x_siteUID: 'new one', x_userInfo: '{"nickname":"N"}' })
      assert.deepEqual([json.errorCode, json.expires_in], [0, 90 * 86_400], JSON.stringify(json))
      const token = { oauth_token: json.access_token }
      const own = await house.ask('/socialize.getFriendsInfo', token, { scheme: 'https' })
      assert.deepEqual([own.json.UID, own.json.by], ['new one', 'session'])
      const foreign = { ...token, UID: house.ben.token }
      const other = await house.ask('/socialize.getFriendsInfo', foreign, { scheme: 'https' })
      assert.equal(other.json.errorCode, 403005)
      const again = await ask({ x_siteUID: 'new one', x_sessionExpiration: '600' })
      assert.equal(again.json.expires_in, 600)
      const rows = await house.stores.raw('select login_count from users where uid = $1', 'new one')
      assert.deepEqual(rows, [{ login_count: 2 }])
      assert.equal((await ask({ x_siteUID: 'é' })).json.errorCode, 400006)
      assert.equal((await ask({ x_siteUID: 'u', x_userInfo: '[' })).json.errorCode, 400006)
    })

    test('a session acts for its user alone, signed over http and bare over https', async () => {
      await using house = await openGigyaHouse(kind)
      const { json: session } = await house.askSafely('/socialize.notifyLogin', { UID: house.ben.token })
      const { sessionToken: oauth_token, sessionSecret: secret } = session
      const [row] = await house.stores.raw('select session_secret from access_tokens')
      assert.ok(!String(row?.session_secret).includes(secret))

      for (const sdk of SDKS) {
        const { json } = await send(house, 'getUserInfo', { oauth_token }, { sdk, secret })
        assert.deepEqual([json.errorCode, json.mode, json.UID], [0, 'session', house.ben.token], sdk.name)
      }
      const bare = await house.ask('/socialize.getUserInfo', { oauth_token }, { scheme: 'https' })
      assert.deepEqual([bare.json.mode, bare.json.by], ['token', 'session'])
      const own = await send(house, 'getFriendsInfo', { oauth_token, UID: house.ben.token }, { secret })
      assert.equal(own.json.errorCode, 0)
      const foreign = await send(house, 'getFriendsInfo', { oauth_token, UID: 'user 1/é~*' }, { secret })
      assert.equal(foreign.json.errorCode, 403005)
      const server = await send(house, 'notifyLogin', { oauth_token, UID: house.ben.token }, { secret })
      assert.equal(server.json.errorCode, 403007)
      const partner = await send(house, 'getUserInfo', { oauth_token }, { secret: SECRET })
      assert.equal(partner.json.errorCode, 403003)
      const nonce = newNonce()
      const codes = []
      for (let count = 0; count < 2; count++) {
        codes.push((await send(house, 'getUserInfo', { oauth_token, nonce }, { secret })).json.errorCode)
      }
      assert.deepEqual(codes, [0, 403004])
      assert.equal(await house.stores.store.access.endTokens(house.ben), 1)
      const after = await send(house, 'getUserInfo', { oauth_token }, { secret })
      assert.equal(after.json.errorCode, 403025)
    })

    test('a revoked user key takes its tokens along, and a removed user theirs', async () => {
      await using house = await openGigyaHouse(kind)
      const { access, users } = house.stores.store
      await access.addUserKey(house.site, { key: 'k', secret: 'c2Vjb25k' })
      const client = { client_id: 'k', client_secret: 'c2Vjb25k', grant_type: 'client_credentials' }
      const { json } = await house.ask('/socialize.getToken', client, { scheme: 'https' })
      const { json: session } = await house.askSafely('/socialize.notifyLogin', { UID: house.ben.token })
      assert.equal((await house.stores.raw('select id from access_tokens')).length, 2)
      assert.deepEqual(
        (await access.userKeys(house.site)).map(({ key, ...rest }) => [key, 'secret' in rest]),
        [['k', false]],
      )
      assert.equal(await access.revokeUserKey(house.site, 'k'), true)
      assert.equal(await access.revokeUserKey(house.site, 'k'), false)
      await users.remove(house.site, house.ben.token)
      assert.equal((await house.stores.raw('select id from access_tokens')).length, 0)
      for (const oauth_token of [json.access_token, session.sessionToken]) {
        const called = await house.ask('/socialize.getUserInfo', { oauth_token }, { scheme: 'https' })
        assert.equal(called.json.errorCode, 403025)
      }
      const again = await house.ask('/socialize.getToken', client, { scheme: 'https' })
      assert.equal(again.json.errorCode, 400093)
    })

    test('tokens end, are purged, and only the newest hundred of a user are kept', async () => {
      await using house = await openGigyaHouse(kind)
      const { access } = house.stores.store
      const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
      await access.issue(house.site, { hash: hashOf('ended'), lifeMs: -1 })
      const { json } = await house.ask(
        '/socialize.getUserInfo',
        { oauth_token: 'ended' },
        { scheme: 'https' },
      )
      assert.equal(json.errorCode, 403025)
      assert.equal(await access.purge(), 1)
      for (let count = 0; count < 101; count++) {
        await access.issue(house.site, { hash: hashOf(String(count)), user: house.ben, lifeMs: 60_000 })
      }
      assert.equal(await access.byToken(hashOf('0')), undefined)
      assert.equal((await access.byToken(hashOf('1')))?.token.user?.id, house.ben.id)
      assert.equal(await access.endTokens(house.ben), 100)
      await assert.rejects(
        access.issue(house.site, { hash: hashOf('x'), user: { id: 999 }, lifeMs: 1 }),
        /no such user/,
      )
      await assert.rejects(
        access.issue(house.site, { hash: hashOf('x'), userKey: 'none', lifeMs: 1 }),
        /no such user key/,
      )
    })

    test('secrets of user keys and sessions are sealed anew with a new key', async () => {
      await using house = await openGigyaHouse(kind)
      const { store } = house.stores
      await store.access.addUserKey(house.site, { key: 'k', secret: 'c2Vjb25k' })
      await house.askSafely('/socialize.notifyLogin', { UID: house.ben.token })
      const { addKey, promoteKey } = await import('../src/store/keys.ts')
      promoteKey(house.stores.keysPath, addKey(house.stores.keysPath))
      const resealed = await store.reseal()
      assert.ok(resealed >= 4, `${resealed} values were sealed anew`)
      assert.equal((await store.access.byUserKey('k'))?.userKey.secret, 'c2Vjb25k')
    })

    test('a UID is the site’s own id first, then our token, and never another site’s', async () => {
      await using house = await openGigyaHouse(kind)
      const { store, raw } = house.stores
      await raw('update users set uid = $1 where id = $2', house.ben.token, house.ada.id)
      const { json } = await house.askSafely('/socialize.getUserInfo', { UID: house.ben.token })
      assert.equal(json.UID, house.ben.token)
      assert.equal((await store.access.byApiKey(API_KEY, { uid: house.ben.token }))?.user?.id, house.ada.id)
      assert.equal((await store.access.byApiKey(API_KEY, { uid: house.ada.token }))?.user?.id, house.ada.id)
      assert.equal(
        (await store.access.byApiKey(house.stores.site.apiKey, { uid: house.ada.token }))?.user,
        undefined,
      )
      assert.equal(await store.access.byApiKey('nobody'), undefined)
    })
  })
}

describe('what is refused', () => {
  test('the checks come in their order, each with its code', async () => {
    await using house = await openGigyaHouse(sqlite)
    const http = (params: Params) => house.ask('/socialize.getFriendsInfo', params)
    const table: [string, number, Promise<{ json: { errorCode: number } }>][] = [
      ['no apiKey', 400002, http({})],
      ['unknown apiKey', 400093, http({ apiKey: 'x', secret: 'x' })],
      ['a secret over http', 403006, http({ apiKey: API_KEY, secret: SECRET })],
      ['a token over http', 403025, http({ oauth_token: 'st2.x' })],
      ['no credentials', 403035, http({ apiKey: API_KEY })],
      ['a timestamp without sig', 400002, http({ apiKey: API_KEY, timestamp: '1' })],
      ['a sig without timestamp', 400002, http({ apiKey: API_KEY, sig: 'x' })],
      ['a sig without nonce', 400002, http({ apiKey: API_KEY, sig: 'x', timestamp: '1395219030' })],
      [
        'a date as timestamp',
        400006,
        http({ apiKey: API_KEY, sig: 'x', nonce: 'n', timestamp: '2014-03-19' }),
      ],
      ['an old timestamp', 403002, http({ apiKey: API_KEY, sig: 'x', nonce: 'n', timestamp: '1' })],
      ['a short sig', 403003, http({ apiKey: API_KEY, sig: 'x', nonce: 'n', timestamp: '1395219030' })],
      ['an unknown userKey', 403007, house.askSafely('/socialize.getFriendsInfo', { userKey: 'x' })],
      ['a wrong secret', 403010, house.askSafely('/socialize.getFriendsInfo', { secret: 'x' })],
      [
        'an unknown token',
        403025,
        house.ask('/socialize.getFriendsInfo', { oauth_token: 'x' }, { scheme: 'https' }),
      ],
      ['no UID', 400002, house.askSafely('/socialize.getFriendsInfo')],
      ['an unknown UID', 403005, house.askSafely('/socialize.getFriendsInfo', { UID: 'nobody' })],
      ['a wrong parameter', 400006, house.askSafely('/socialize.getUserInfo', { siteUsersOnly: 'perhaps' })],
      ['a UID of an optional one', 403005, house.askSafely('/socialize.getUserInfo', { UID: 'nobody' })],
    ]
    for (const [what, code, asked] of table) {
      const { json } = await asked
      assert.equal(json.errorCode, code, `${what}: ${JSON.stringify(json)}`)
    }
  })

  test('a secret over http is taken where the configuration says so', async () => {
    await using house = await openGigyaHouse(sqlite, { secretOverHttp: true })
    const { json } = await house.askSafely('/socialize.getUserInfo', {}, { scheme: 'http' })
    assert.deepEqual([json.errorCode, json.mode], [0, 'secret'])
  })

  test('a clock that is off by more than two minutes is told by how much, either way', async () => {
    await using house = await openGigyaHouse(sqlite)
    const codeAt = async (seconds: number) =>
      (await send(house, 'getUserInfo', {}, { seconds: AT_SECONDS + seconds })).json
    for (const seconds of [-120, 0, 120]) assert.equal((await codeAt(seconds)).errorCode, 0)
    const behind = await codeAt(-121)
    assert.deepEqual([behind.errorCode, behind.statusCode], [403002, 403])
    assert.match(behind.errorDetails, /^The timestamp is 121 s behind this server's clock \(1395219030\)/)
    assert.match((await codeAt(300)).errorDetails, /300 s ahead of/)
  })

  test('a wrong signature shows the base string and never the right one', async () => {
    await using house = await openGigyaHouse(sqlite)
    const params = { apiKey: API_KEY, timestamp: '1395219030', nonce: 'n', UID: 'u' }
    const right = signAs(java, {
      method: 'POST',
      address: `http://${HOST}/socialize.getUserInfo`,
      secret: SECRET,
      params: Object.entries(params),
    })
    const wrong = `${right.startsWith('A') ? 'B' : 'A'}${right.slice(1)}`
    const { json, text } = await house.ask('/socialize.getUserInfo', { ...params, sig: wrong })
    assert.equal(json.errorCode, 403003)
    assert.equal(json.errorMessage, 'Invalid request signature')
    assert.equal(
      json.baseString,
      'POST&http%3A%2F%2Fsocialize.us1.gigya.com%2Fsocialize.getUserInfo&UID%3Du%26apiKey%3D3_AbCdEf-gh_12%26nonce%3Dn%26timestamp%3D1395219030',
    )
    assert.ok(!text.includes(right) && !text.includes('expected'))
    const long = await house.ask('/socialize.getUserInfo', { ...params, sig: wrong, fill: ' '.repeat(9_000) })
    assert.equal(long.json.baseString.length, 8_192)
  })

  test('a parameter that was not signed cannot be slipped in, doubled or in another case', async () => {
    await using house = await openGigyaHouse(sqlite)
    const params = { apiKey: API_KEY, timestamp: '1395219030', nonce: newNonce(), UID: house.ben.token }
    const address = `http://${HOST}/socialize.getFriendsInfo`
    const sig = signAs(java, { method: 'POST', address, secret: SECRET, params: Object.entries(params) })
    const target = '/socialize.getFriendsInfo'
    const slip = async (query: Params) =>
      (await house.ask(target, { ...params, sig }, { query })).json.errorCode
    assert.equal(await slip({ siteUsersOnly: 'true' }), 403003)
    assert.equal(await slip({ uid: 'user 1/é~*' }), 400006)
    assert.equal(await slip({ UID: 'user 1/é~*' }), 400006)
    // The same again says nothing new.
    assert.equal(await slip({ UID: house.ben.token }), 0)
  })

  test('ten thousand friends can be asked for in one signed request', async () => {
    await using house = await openGigyaHouse(sqlite)
    const UIDs = Array.from({ length: 10_000 }, (_, index) => `_gid_${index} +/=`).join()
    const params = { UID: house.ben.token, UIDs, detailLevel: 'extended' }
    assert.equal((await send(house, 'getFriendsInfo', params)).json.errorCode, 0)
    assert.equal((await send(house, 'getFriendsInfo', params, { secret: 'd3Jvbmc=' })).json.errorCode, 403003)
  })

  test('a public host that the proxy hides is tried as well', async () => {
    await using house = await openGigyaHouse(sqlite, { publicHosts: ['gigya.example:8443'] })
    const params = { apiKey: API_KEY, timestamp: '1395219030' }
    const ask = async (address: string) => {
      const all = { ...params, nonce: newNonce() }
      const sig = signAs(java, { method: 'POST', address, secret: SECRET, params: Object.entries(all) })
      return (await house.ask('/socialize.getUserInfo', { ...all, sig }, { host: 'socialize.internal' })).json
        .errorCode
    }
    assert.equal(await ask('https://socialize.gigya.example:8443/socialize.getUserInfo'), 0)
    assert.equal(await ask('https://gigya.example:8443/socialize.getUserInfo'), 0)
    assert.equal(await ask('https://elsewhere.example/socialize.getUserInfo'), 403003)
  })

  test('after twenty wrong credentials an address is refused for a while, and right ones go on working', async () => {
    await using house = await openGigyaHouse(sqlite)
    const tries = [
      () => house.askSafely('/socialize.getUserInfo', { secret: 'wrong' }),
      () => send(house, 'getUserInfo', {}, { secret: 'd3Jvbmc=' }),
      () => house.ask('/socialize.getUserInfo', { oauth_token: 'x' }, { scheme: 'https' }),
      () => house.ask('/socialize.getUserInfo', { apiKey: 'x' }),
    ]
    for (let count = 0; count < 20; count++) {
      const { json } = await (tries[count % 4] ?? assert.fail())()
      assert.notEqual(json.errorCode, 403048)
    }
    for (const again of tries) {
      const { json, headers } = await again()
      assert.deepEqual([json.errorCode, json.errorMessage], [403048, 'API Rate Limit Exceeded'])
      assert.equal(headers['Retry-After'], '60')
    }
    assert.equal((await send(house, 'getUserInfo')).json.errorCode, 0)
    assert.equal((await house.askSafely('/socialize.getUserInfo')).json.errorCode, 0)
    const elsewhere = await house.askSafely(
      '/socialize.getUserInfo',
      { secret: 'x' },
      { address: '192.0.2.2' },
    )
    assert.equal(elsewhere.json.errorCode, 403010)
    house.at += 61_000
    assert.equal((await house.askSafely('/socialize.getUserInfo', { secret: 'x' })).json.errorCode, 403010)
  })

  test('an apiKey alone opens what is open to all, and no user', async () => {
    await using house = await openGigyaHouse(sqlite)
    const open = await house.ask('/socialize.getIDs', { apiKey: API_KEY, UID: house.ben.token })
    assert.deepEqual([open.json.errorCode, open.json.gcid], [0, 'anonymous'])
    const closed = await house.ask('/socialize.getUserInfo', { apiKey: API_KEY, userKey: 'x' })
    assert.deepEqual(
      [closed.json.errorCode, closed.json.errorDetails],
      [400002, 'Missing required parameter : secret'],
    )
  })

  test('a token is refused with another site’s apiKey, and a bare one cannot sign', async () => {
    await using house = await openGigyaHouse(sqlite)
    const client = { client_id: API_KEY, client_secret: SECRET, grant_type: 'none' }
    const { json } = await house.ask('/socialize.getToken', client, { scheme: 'https' })
    const oauth_token = json.access_token
    const other = { oauth_token, apiKey: house.stores.site.apiKey }
    const foreign = await house.ask('/socialize.getUserInfo', other, { scheme: 'https' })
    assert.equal(foreign.json.errorCode, 403025)
    const signed = await send(house, 'getUserInfo', { oauth_token })
    assert.equal(signed.json.errorCode, 403025)
  })

  test('getToken answers both kinds of error at once', async () => {
    await using house = await openGigyaHouse(sqlite)
    const right = { client_id: API_KEY, client_secret: SECRET }
    const table: [Params, number, Params?][] = [
      [{}, 400002],
      [{ client_id: API_KEY }, 400002],
      [{ client_id: 'x', client_secret: 'x', grant_type: 'none' }, 400093],
      [{ ...right, client_secret: 'x', grant_type: 'none' }, 403010],
      [right, 400002],
      [{ ...right, grant_type: 'password' }, 400013],
      [{ ...right, grant_type: 'authorization_code' }, 400002],
      [{ ...right, grant_type: 'authorization_code', code: 'x' }, 400002],
      [{ ...right, grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://a.example/' }, 400006],
      [{ ...right, grant_type: 'none', x_sessionExpiration: 'long' }, 400006],
      [{ grant_type: 'none' }, 400008, { authorization: 'Basic !!!' }],
    ]
    for (const [params, code, headers] of table) {
      const asking = { scheme: 'https' as const, headers }
      const { json, status } = await house.ask('/socialize.getToken', { format: 'xml', ...params }, asking)
      assert.equal(json.errorCode, code, JSON.stringify([params, json]))
      assert.equal(json.error, code)
      assert.equal(json.error_description, `${code} - ${json.errorMessage}`)
      assert.equal(status, 200)
    }
    const overHttp = await house.ask('/socialize.getToken', { ...right, grant_type: 'none' })
    assert.equal(overHttp.json.errorCode, 403006)
    const brief = { ...right, grant_type: 'none', x_sessionExpiration: '60' }
    const { json, headers } = await house.ask('/socialize.getToken', brief, { scheme: 'https' })
    assert.equal(json.expires_in, 60)
    assert.equal(headers['cache-control'], 'no-store')
    const lives: [string, number][] = [
      ['-2', 366 * 86_400],
      ['-1', 60],
      ['0', 3_600],
      ['999999999', 366 * 86_400],
    ]
    for (const [x_sessionExpiration, seconds] of lives) {
      const asked = { ...right, grant_type: 'none', x_sessionExpiration }
      const { json: answer } = await house.ask('/socialize.getToken', asked, { scheme: 'https' })
      assert.equal(answer.expires_in, seconds)
    }
  })
})

describe('JWT bearers', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const { privateKey: foreignKey, publicKey: foreignPublic } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
  })
  const pem = (key: typeof publicKey) => key.export({ type: 'spki', format: 'pem' }).toString()

  let lastId = 0
  function jwt(
    options: {
      header?: object
      claims?: object
      key?: typeof privateKey
      /** As .NET writes it. */
      encoding?: 'base64' | 'base64url'
    } = {},
  ): string {
    const { key = privateKey, encoding = 'base64url' } = options
    const header = { alg: 'RS256', typ: 'JWT', kid: 'server', ...options.header }
    const claims = { iat: AT_SECONDS, jti: `id-${++lastId}`, ...options.claims }
    const head = [header, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString(encoding))
      .join('.')
    return `${head}.${signBytes('RSA-SHA256', Buffer.from(head), key).toString(encoding)}`
  }

  async function openJwtHouse() {
    const house = await openGigyaHouse(sqlite)
    const { access } = house.stores.store
    await access.addUserKey(house.site, { key: 'server', publicKey: pem(publicKey) })
    await access.addUserKey(house.site, { key: 'another', publicKey: pem(foreignPublic) })
    await access.addUserKey(house.site, { key: 'secretive', secret: 'c2Vjb25k' })
    await access.addUserKey(house.stores.site, { key: 'stranger', publicKey: pem(publicKey) })
    const ask = async (token: string, params: Params = {}, scheme: 'http' | 'https' = 'https') =>
      (
        await house.ask(
          '/socialize.getUserInfo',
          { apiKey: API_KEY, ...params },
          { scheme, headers: { authorization: `Bearer ${token}` } },
        )
      ).json
    return { house, ask }
  }

  test('are taken in both alphabets, once', async () => {
    const { house, ask } = await openJwtHouse()
    await using _ = house
    for (const encoding of ['base64', 'base64url'] as const) {
      const token = jwt({ encoding, header: { odd: '~~~???' } })
      const first = await ask(token, { UID: house.ben.token })
      assert.deepEqual(
        [first.errorCode, first.mode, first.by, first.userKey],
        [0, 'jwt', 'userKey', 'server'],
      )
      assert.equal(first.UID, house.ben.token)
      assert.equal('UIDSignature' in first, false)
      assert.equal((await ask(token)).errorCode, 403004)
    }
  })

  test('are refused with the code of what is wrong with them', async () => {
    const { house, ask } = await openJwtHouse()
    await using _ = house
    const unsigned = jwt({ header: { alg: 'none' } })
      .split('.')
      .slice(0, 2)
      .join('.')
    const head = jwt().split('.')[0]
    const hmac = jwt({ header: { alg: 'HS256' } })
    const hmacHead = hmac.slice(0, hmac.lastIndexOf('.'))
    const hmacSigned = createHmac('sha256', pem(publicKey)).update(hmacHead).digest('base64url')
    const table: [string, string, number][] = [
      ['alg none', `${unsigned}.`, 400008],
      ['alg none, signed', jwt({ header: { alg: 'none' } }), 400008],
      ['HMAC with the public key', `${hmacHead}.${hmacSigned}`, 400008],
      ['RS512', jwt({ header: { alg: 'RS512' } }), 400008],
      ['critical extensions', jwt({ header: { crit: ['x'] } }), 400008],
      ['no kid', jwt({ header: { kid: undefined } }), 400008],
      ['no jti', jwt({ claims: { jti: undefined } }), 400008],
      ['no JSON', `${head}.x.y`, 400008],
      ['another key of the site', jwt({ header: { kid: 'another' } }), 403003],
      ['signed by another', jwt({ key: foreignKey }), 403003],
      ['no signature', `${jwt().split('.').slice(0, 2).join('.')}.`, 403003],
      ['a key of another site', jwt({ header: { kid: 'stranger' } }), 403007],
      ['an unknown key', jwt({ header: { kid: 'nobody' } }), 403007],
      ['a key that has a secret', jwt({ header: { kid: 'secretive' } }), 403007],
      ['too old', jwt({ claims: { iat: AT_SECONDS - 121 } }), 403002],
      ['too young', jwt({ claims: { iat: AT_SECONDS + 121 } }), 403002],
      ['expired', jwt({ claims: { exp: AT_SECONDS } }), 403002],
    ]
    for (const [what, token, code] of table) {
      const json = await ask(token)
      assert.equal(json.errorCode, code, `${what}: ${JSON.stringify(json)}`)
    }
    assert.equal((await ask(jwt(), {}, 'http')).errorCode, 403025)
    assert.equal((await ask(jwt(), { apiKey: '' })).errorCode, 400002)
    assert.equal((await ask('')).errorCode, 400008)
  })
})

test('a nonce outlives a process that is killed', async () => {
  await using house = await openGigyaHouse(sqlite)
  const { url, keysPath, store } = house.stores
  await store.close()
  const program = join(import.meta.dirname, 'support', 'nonce-process.ts')
  const child = spawnSync(process.execPath, [program, url, keysPath, '1', '100'])
  assert.equal(child.signal, 'SIGKILL', String(child.stderr))
  const { access } = await house.stores.beside()
  for (const nonce of ['n0', 'n99']) assert.equal(await access.burnNonce({ id: 1 }, nonce, 60_000), false)
  assert.equal(await access.burnNonce({ id: 1 }, 'n100', 60_000), true)
})

test('a nonce file that is damaged is begun anew', async () => {
  await using house = await openGigyaHouse(sqlite)
  writeFileSync(
    `${house.stores.url}.nonces`,
    'this is no database, and longer than the head of one'.repeat(40),
  )
  const { access } = house.stores.store
  assert.equal(await access.burnNonce(house.site, 'n', 60_000), true)
  assert.equal(await access.burnNonce(house.site, 'n', 60_000), false)
})

test('no credential reaches the log', async () => {
  await using house = await openGigyaHouse(sqlite)
  await house.askSafely('/socialize.getFault', { oauth_token: 'st2.secret' })
  await house.askSafely('/socialize.getFault')
  assert.ok(house.logged.length > 0, 'the fault itself is in the log')
  for (const secret of [SECRET, 'st2.secret']) assert.ok(!house.logged.join().includes(secret))
})
