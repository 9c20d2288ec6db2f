import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { databases, type TestDatabase } from './support/databases.ts'
import { type Asking, openTencentHouse, type TencentHouse, TLSSigAPI } from './support/tencent.ts'

const KICK = 'im_open_login_svc/kick'

for (const kind of databases) {
  describe(`who may call the Tencent API, on ${kind.name}`, () => {
    let database: TestDatabase
    let tencent: TencentHouse
    const kick = (asking: Asking = {}, body: unknown = { UserID: 'ada' }) => tencent.call(KICK, body, asking)
    const sign = (identifier: string, key = tencent.key, sdkAppId = tencent.house.site.sdkAppId) =>
      new TLSSigAPI.Api(sdkAppId, key).genUserSig(identifier, 3_600)
    const expired = () =>
      new TLSSigAPI.Api(tencent.house.site.sdkAppId, tencent.key).genUserSig('administrator', -10)

    before(async () => {
      database = await kind.open()
      tencent = await openTencentHouse({ database: database.url })
    })
    after(async () => {
      await tencent.close()
      await database.close()
    })

    test('a right usersig of the administrator is let in, with exactly the envelope of accounts', async () => {
      const { status, headers, text } = await kick()
      assert.equal(status, 200)
      assert.equal(headers['content-type'], 'application/json; charset=utf-8')
      assert.equal(text, '{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}')
    })

    const refused: readonly (readonly [what: string, code: number, asking: () => Asking])[] = [
      ['no sdkappid', 60012, () => ({ parameters: { sdkappid: undefined } })],
      ['an empty sdkappid', 60012, () => ({ parameters: { sdkappid: '' } })],
      ['a sdkappid that is no number', 60006, () => ({ parameters: { sdkappid: '14e8' } })],
      ['a sdkappid of nobody', 60006, () => ({ parameters: { sdkappid: '4294967295' } })],
      ['a sdkappid beyond all', 60006, () => ({ parameters: { sdkappid: '9'.repeat(30) } })],
      ['no identifier', 60004, () => ({ parameters: { identifier: undefined } })],
      ['an empty identifier', 60004, () => ({ parameters: { identifier: '' } })],
      ['no usersig', 60004, () => ({ parameters: { usersig: undefined } })],
      ['an empty usersig', 70002, () => ({ parameters: { usersig: '' } })],
      ['a usersig that is none', 70003, () => ({ parameters: { usersig: 'xxx' } })],
      ['half a usersig', 70003, () => ({ parameters: { usersig: tencent.usersig.slice(0, 80) } })],
      ['a usersig that had expired when it was made', 70001, () => ({ parameters: { usersig: expired() } })],
      [
        'a usersig of another key',
        70009,
        () => ({ parameters: { usersig: sign('administrator', 'another') } }),
      ],
      ['a usersig of another identifier', 70013, () => ({ parameters: { usersig: sign('somebody') } })],
      [
        'a usersig of another app',
        70014,
        () => ({ parameters: { usersig: sign('administrator', tencent.key, 7) } }),
      ],
      [
        'a right usersig of somebody who is no administrator',
        70403,
        () => ({ parameters: { identifier: 'somebody', usersig: sign('somebody') } }),
      ],
      ['a GET', 60009, () => ({ method: 'GET' })],
    ]

    for (const [what, code, asking] of refused) {
      test(`${what} is ${code}, with HTTP 200`, async () => {
        const { status, json } = await kick({ address: `192.0.2.${code % 200}`, ...asking() })
        assert.equal(status, 200)
        assert.equal(json.ActionStatus, 'FAIL')
        assert.equal(json.ErrorCode, code)
        assert.equal(typeof json.ErrorInfo, 'string')
        assert.equal('ErrorDisplay' in json, false)
      })
    }

    test('who is no administrator hears it in the numbers of the service', async () => {
      const asking = { parameters: { identifier: 'somebody', usersig: sign('somebody') } }
      const friends = await tencent.call('sns/friend_get', {}, asking)
      assert.equal(friends.json.ErrorCode, 30004)
      assert.equal(friends.json.ErrorDisplay, '')
      const profiles = await tencent.call('profile/portrait_get', {}, asking)
      assert.equal(profiles.json.ErrorCode, 40004)
      assert.equal(profiles.json.ErrorDisplay, '')
    })

    test('a command that there is not is 60009, whoever asks', async () => {
      for (const name of [
        'sns/friend_steal',
        'sns',
        '',
        'constructor/x',
        '__proto__/x',
        'openim/sendmsg',
        'sns/friend_get/x',
      ]) {
        const { json, status } = await tencent.call(name, {}, { query: '' })
        assert.equal(json.ErrorCode, 60009, name)
        assert.equal(status, 200)
      }
    })

    test('an address that is no address is 60002, and what is too long 60008', async () => {
      assert.equal((await tencent.call('sns/friend_get%00', {})).json.ErrorCode, 60002)
      assert.equal((await tencent.call('sns/friend_get%ff', {})).json.ErrorCode, 60002)
      assert.equal((await kick({ query: 'sdkappid=%ff' })).json.ErrorCode, 60002)
      assert.equal((await tencent.call('x'.repeat(9_000), {})).json.ErrorCode, 60008)
      assert.equal((await kick({ query: 'a=1&'.repeat(2_000) })).json.ErrorCode, 60008)
    })

    const right = () => {
      const { sdkAppId, admin } = tencent.house.site
      return { app: `sdkappid=${sdkAppId}`, who: `identifier=${admin}`, sig: `usersig=${tencent.usersig}` }
    }
    const spellings: readonly (readonly [what: string, query: () => string])[] = [
      ['without random', () => `${right().sig}&${right().who}&${right().app}&contenttype=json`],
      [
        'with a random beyond 64 bits',
        () => `${right().app}&${right().who}&${right().sig}&random=179529568978506380000`,
      ],
      ['with empty pairs between', () => `&&${right().app}&&${right().who}&&${right().sig}&`],
      ['with strangers among the parameters', () => `apn=1&${right().app}&${right().who}&${right().sig}&x`],
      [
        'with every sign of the usersig escaped',
        () => {
          const escaped = [...tencent.usersig].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join('')
          return `${right().app}&${right().who}&usersig=${escaped}`
        },
      ],
      [
        'with the usersig in plain base64, its plus signs as they are',
        () => {
          const plain = tencent.usersig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=')
          return `${right().app}&${right().who}&usersig=${plain}&x=+`
        },
      ],
    ]
    for (const [what, query] of spellings) {
      test(`a query ${what} is understood`, async () => {
        assert.equal((await kick({ query: query() })).json.ErrorCode, 0)
      })
    }

    test('a usersig holds in its last second and not in the one after, remembered or not', async () => {
      const old = await openTencentHouse()
      try {
        const usersig = new TLSSigAPI.Api(old.house.site.sdkAppId, old.key).genUserSig('administrator', 100)
        const parameters = { usersig }
        const ask = async () => (await old.call(KICK, { UserID: 'ada' }, { parameters })).json.ErrorCode
        assert.equal(await ask(), 0)
        old.passTime(98_900)
        assert.equal(await ask(), 0)
        old.passTime(2_200)
        assert.equal(await ask(), 70001)
        assert.equal(await ask(), 70001)
      } finally {
        await old.close()
      }
    })

    test('an account that the site lists may administer too, until it no longer does', async () => {
      const { store, site } = tencent.house
      const ask = async () => {
        const parameters = { identifier: 'root', usersig: sign('root') }
        return (await kick({ parameters })).json.ErrorCode
      }
      assert.equal(await ask(), 70403)
      await store.sites.saveSettings(site, { callsPerSecond: 0, admins: ['boss', 'root'] })
      assert.equal(await ask(), 0)
      await store.sites.saveSettings(site, { callsPerSecond: 0 })
      assert.equal(await ask(), 70403)
    })

    test('a key is rolled without a refused call, and what the old one signed ends with it', async () => {
      const { store, site } = tencent.house
      const ask = async (usersig: string) => (await kick({ parameters: { usersig } })).json.ErrorCode
      const [old] = await store.signers.list(site)
      const added = await store.signers.add(site, 'the-new-key')
      const [before, after] = [tencent.usersig, sign(site.admin, 'the-new-key')]
      assert.deepEqual([await ask(before), await ask(after)], [0, 0])
      await store.signers.retire(site, old!.id)
      assert.deepEqual([await ask(before), await ask(after)], [70009, 0])
      assert.deepEqual(
        (await store.signers.list(site)).map(({ id }) => id),
        [added.id],
      )
      await store.signers.add(site, tencent.key)
      await store.signers.retire(site, added.id)
      assert.deepEqual([await ask(before), await ask(after)], [0, 70009])
    })

    test('twenty wrong usersigs from one address are answered 70050 for a while; right ones go on working', async () => {
      const address = '203.0.113.9'
      const wrong = { address, parameters: { usersig: sign('administrator', 'guessed') } }
      for (let guess = 0; guess < 20; guess++) assert.equal((await kick(wrong)).json.ErrorCode, 70009)
      const { json, status } = await kick(wrong)
      assert.equal(json.ErrorCode, 70050)
      assert.equal(status, 200)
      assert.equal((await kick({ ...wrong, address: '203.0.113.10' })).json.ErrorCode, 70009)
      assert.equal((await kick({ address })).json.ErrorCode, 0)
      tencent.passTime(61_000)
      assert.equal((await kick(wrong)).json.ErrorCode, 70009)
    })

    test('a site may call each method so often in a second, and a refused call is 60007 before its body is read', async () => {
      const { store, site } = tencent.house
      await store.sites.saveSettings(site, { callsPerSecond: 3 })
      const began = performance.now()
      const calls = Array.from({ length: 12 }, () => kick({}, 'no JSON'))
      const codes = (await Promise.all(calls)).map(({ json }) => json.ErrorCode)
      const windows = Math.ceil((performance.now() - began) / 1_000) + 1
      const passed = codes.filter((code) => code === 60003).length
      assert.ok(passed >= 3 && passed <= 3 * windows, `${passed} of 12`)
      assert.equal(codes.filter((code) => code === 60007).length, 12 - passed)
      assert.ok(passed < 12)
      assert.equal((await tencent.call('im_open_login_svc/account_check', 'no JSON')).json.ErrorCode, 60003)
      await new Promise((resolve) => setTimeout(resolve, 1_050))
      assert.equal((await kick()).json.ErrorCode, 0)
      await store.sites.saveSettings(site, { callsPerSecond: 0 })
      for (let call = 0; call < 5; call++) assert.equal((await kick()).json.ErrorCode, 0)
    })

    const bodies: readonly (readonly [what: string, body: string | Uint8Array, code: number])[] = [
      ['nothing', '', 60003],
      ['white space', ' \n', 60003],
      ['no JSON', '{"UserID":', 60003],
      ['a list', '[]', 60003],
      ['a text', '"UserID"', 60003],
      ['null', 'null', 60003],
      ['what is not UTF-8', Uint8Array.from([0x7b, 0xff, 0x7d]), 60003],
      ['what is nested too deep', `{"UserID":${'['.repeat(100)}${']'.repeat(100)}}`, 60003],
      ['a name with a NUL', '{"UserID":"a\\u0000b"}', 70402],
      ['a name that is a number', '{"UserID":7}', 60015],
      ['no name', '{}', 70402],
      ['an empty name', '{"UserID":""}', 70402],
      ['a name that is null', '{"UserID":null}', 70402],
      ['a form', 'UserID=ada', 60003],
    ]
    for (const [what, body, code] of bodies) {
      test(`a body that is ${what} is ${code}`, async () => {
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        for (const asking of [{}, { headers }]) {
          const { json, status } = await kick(asking, body)
          assert.equal(json.ErrorCode, code)
          assert.equal(status, 200)
        }
      })
    }

    test('a body is JSON under any type or none, with fields nobody knows, also of a name like __proto__', async () => {
      const body = '{"__proto__":{"UserID":7},"constructor":1,"UserID":"ada","Extra":[{}]}'
      for (const type of [
        'application/x-www-form-urlencoded',
        'text/plain',
        'application/json; charset=utf-8',
        undefined,
      ]) {
        const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
        assert.equal((await kick({ headers }, body)).json.ErrorCode, 0, type)
      }
    })
  })
}
