import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { toWireRequest } from '../src/dialects/wire-request.ts'
import { databases, type TestDatabase } from './support/databases.ts'
import { openTencentHouse, type TencentHouse } from './support/tencent.ts'

for (const kind of databases) {
  describe(`friend requests over the native API, on ${kind.name}`, () => {
    let database: TestDatabase
    let tencent: TencentHouse

    before(async () => {
      database = await kind.open()
      tencent = await openTencentHouse({ database: database.url })
      await tencent.call('im_open_login_svc/multiaccount_import', { Accounts: ['ada', 'bob', 'cyd', 'd/e'] })
    })
    after(async () => {
      await tencent.close()
      await database.close()
    })

    const ask = async (
      method: string,
      path: string,
      body?: unknown,
      authorization = tencent.house.authorization,
    ) => {
      const request = {
        method,
        target: `/v1/accounts/${path}`,
        headers: { host: 'kith.example', authorization },
        body:
          body === undefined
            ? undefined
            : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
        at: Date.now(),
      }
      const answer = await tencent.house.front.answer(toWireRequest(request))
      return {
        status: answer.status,
        headers: answer.headers,
        json: JSON.parse(Buffer.concat([answer.body].flat()).toString()),
      }
    }
    const request = (from: string, to: string) =>
      tencent.call('sns/friend_add', {
        From_Account: from,
        AddFriendItem: [{ To_Account: to, AddSource: 'AddSource_Type_Web', AddWording: 'hi' }],
      })
    const relation = async (from: string, to: string) => {
      const body = { From_Account: from, To_Account: [to], CheckType: 'CheckResult_Type_Both' }
      return (await tencent.call('sns/friend_check', body)).json.InfoItem[0].Relation
    }
    const confirms = (account: string) =>
      tencent.call('profile/portrait_set', {
        From_Account: account,
        ProfileItem: [{ Tag: 'Tag_Profile_IM_AllowType', Value: 'AllowType_Type_NeedConfirm' }],
      })

    test('a request that waits is listed, accepted by one and declined by another', async () => {
      await confirms('bob')
      await confirms('d/e')
      assert.equal((await request('ada', 'bob')).json.ResultItem[0].ResultCode, 30539)
      assert.equal((await request('cyd', 'bob')).json.ResultItem[0].ResultCode, 30539)
      const { status, json } = await ask('GET', 'bob/friend-requests')
      assert.equal(status, 200)
      assert.equal(json.total, 2)
      assert.deepEqual(
        json.requests.map(({ from, wording, source }: Record<string, string>) => [from, wording, source]),
        [
          ['ada', 'hi', 'Web'],
          ['cyd', 'hi', 'Web'],
        ],
      )
      assert.ok(Math.abs(Date.parse(json.requests[0].asked_at) - Date.now()) < 60_000)
      const page = await ask('GET', 'bob/friend-requests?limit=1')
      assert.equal(page.json.requests.length, 1)
      const rest = await ask('GET', `bob/friend-requests?limit=1&after=${page.json.next}`)
      assert.deepEqual([rest.json.requests[0].from, rest.json.next], ['cyd', undefined])

      const accepted = await ask('POST', 'bob/friend-requests/accept', {
        requests: [{ from: 'ada', remark: 'A' }, { from: 'nobody' }],
      })
      assert.equal(accepted.status, 200)
      assert.deepEqual(accepted.json.results[0], { from: 'ada', result: 'ok' })
      assert.notEqual(accepted.json.results[1].result, 'ok')
      assert.equal(await relation('ada', 'bob'), 'CheckResult_Type_BothWay')
      const declined = await ask('POST', 'bob/friend-requests/decline', {
        requests: [{ from: 'cyd' }, { from: 'cyd' }],
      })
      assert.deepEqual(declined.json.results, [
        { from: 'cyd', result: 'ok' },
        { from: 'cyd', result: 'no_request' },
      ])
      assert.equal(await relation('cyd', 'bob'), 'CheckResult_Type_NoRelation')
      assert.equal((await ask('GET', 'bob/friend-requests')).json.total, 0)
    })

    test('an account whose name has a slash is named by its escape', async () => {
      await request('ada', 'd/e')
      const { json } = await ask('GET', 'd%2Fe/friend-requests')
      assert.deepEqual([json.total, json.requests[0].from], [1, 'ada'])
    })

    const refused: readonly (readonly [
      what: string,
      method: string,
      path: string,
      body: unknown,
      status: number,
      code: string,
    ])[] = [
      ['an account that there is not', 'GET', 'nobody/friend-requests', undefined, 404, 'not_found'],
      ['a path that there is not', 'GET', 'bob/friends', undefined, 404, 'unknown_route'],
      ['a limit of none', 'GET', 'bob/friend-requests?limit=0', undefined, 400, 'invalid_request'],
      ['a limit beyond all', 'GET', 'bob/friend-requests?limit=1001', undefined, 400, 'invalid_request'],
      ['no body', 'POST', 'bob/friend-requests/accept', undefined, 400, 'invalid_request'],
      ['a body that is no JSON', 'POST', 'bob/friend-requests/accept', '{', 400, 'invalid_request'],
      ['a list for a body', 'POST', 'bob/friend-requests/accept', [], 400, 'invalid_request'],
      ['no requests', 'POST', 'bob/friend-requests/decline', { requests: [] }, 400, 'invalid_request'],
      [
        'a request of nobody',
        'POST',
        'bob/friend-requests/decline',
        { requests: [{}] },
        400,
        'invalid_request',
      ],
      [
        'too many requests',
        'POST',
        'bob/friend-requests/accept',
        { requests: Array(1_001).fill({ from: 'ada' }) },
        400,
        'invalid_request',
      ],
    ]
    for (const [what, method, path, body, status, code] of refused) {
      test(`${what} is ${status} with words for it`, async () => {
        const answer = await ask(method, path, body)
        assert.deepEqual([answer.status, answer.json.error.code], [status, code])
        assert.ok(answer.json.error.message.length > 0)
      })
    }

    test('without the right keys nothing is told, and too many wrong ones are refused for a while', async () => {
      const missing = await ask('GET', 'bob/friend-requests', undefined, '')
      assert.equal(missing.status, 401)
      assert.match(missing.headers['www-authenticate'] ?? '', /^Basic /)
      const wrong = `Basic ${Buffer.from(`${tencent.house.site.publicKey}:wrong`).toString('base64')}`
      const statuses = new Set<number>()
      for (let knock = 0; knock < 21; knock++)
        statuses.add((await ask('GET', 'bob/friend-requests', undefined, wrong)).status)
      assert.deepEqual([...statuses], [401, 429])
      assert.equal((await ask('GET', 'bob/friend-requests')).status, 200)
    })
  })
}
