// What is refused, by which number, and how it is told.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { databases, type TestDatabase } from './support/databases.ts'
import { openTencentHouse, type TencentHouse } from './support/tencent.ts'

const friend = { To_Account: 'bob', AddSource: 'AddSource_Type_Web' }

for (const kind of databases) {
  describe(`refusals over the Tencent API, on ${kind.name}`, () => {
    let database: TestDatabase
    let tencent: TencentHouse
    const codeOf = async (name: string, body: unknown) => {
      const { status, json } = await tencent.call(name, body)
      assert.equal(status, 200)
      return json.ErrorCode as number
    }

    before(async () => {
      database = await kind.open()
      tencent = await openTencentHouse({ database: database.url })
      await tencent.call('im_open_login_svc/multiaccount_import', { Accounts: ['ada', 'bob'] })
      await tencent.call('sns/friend_import', { From_Account: 'ada', AddFriendItem: [friend] })
    })
    after(async () => {
      await tencent.close()
      await database.close()
    })

    test('a number is no text and no name, however many digits it has', async () => {
      const long = '12345678901234567890'
      const cases: readonly (readonly [name: string, body: string, code: number])[] = [
        ['sns/friend_get', `{"From_Account":${long},"StartIndex":0}`, 60015],
        ['sns/friend_check', `{"From_Account":"ada","To_Account":[${long}],"CheckType":"x"}`, 60015],
        ['profile/portrait_get', `{"To_Account":[${long}],"TagList":["Tag_Profile_IM_Nick"]}`, 60015],
        ['im_open_login_svc/account_import', `{"UserID":${long}}`, 60015],
        ['im_open_login_svc/account_import', `{"UserID":"ada","Nick":${long}}`, 70402],
        [
          'sns/friend_import',
          `{"From_Account":"ada","AddFriendItem":[{"To_Account":"bob","Remark":${long}}]}`,
          30001,
        ],
        ['sns/group_add', `{"From_Account":"ada","GroupName":[${long}]}`, 30001],
        [
          'profile/portrait_set',
          `{"From_Account":"ada","ProfileItem":[{"Tag":"Tag_Profile_IM_Nick","Value":${long}}]}`,
          40610,
        ],
      ]
      for (const [name, body, code] of cases) assert.equal(await codeOf(name, body), code, body)
      assert.equal(
        await codeOf('sns/friend_get', '{"From_Account":"ada","StartIndex":99999999999999999999}'),
        30001,
      )
    })

    test('a custom field of an odd name is refused, and none is set by the way', async () => {
      for (const keyword of ['__proto__', 'Nine9', '', 'constructor', 'Ä', 'a b', 'ABCDEFGHI']) {
        const [SnsItem, CustomItem] = [0, 1].map(() => [{ Tag: `Tag_SNS_Custom_${keyword}`, Value: 'x' }])
        const update = { From_Account: 'ada', UpdateItem: [{ To_Account: 'bob', SnsItem }] }
        const { json: updated } = await tencent.call('sns/friend_update', update)
        assert.equal(updated.ResultItem[0].ResultCode, 30001, keyword)
        const take = { From_Account: 'ada', AddFriendItem: [{ ...friend, CustomItem }] }
        const { json: imported } = await tencent.call('sns/friend_import', take)
        assert.equal(imported.ResultItem[0].ResultCode, 30001, keyword)
        const set = {
          From_Account: 'ada',
          ProfileItem: [{ Tag: `Tag_Profile_Custom_${keyword}`, Value: 'x' }],
        }
        assert.equal(await codeOf('profile/portrait_set', set), 40009, keyword)
      }
    })

    test('a refusal names the field or the tag it is about, and no more of a long one than its beginning', async () => {
      const infoOf = async (name: string, body: object) =>
        (await tencent.call(name, body)).json.ErrorInfo as string
      const check = { From_Account: 'ada', To_Account: ['bob'] }
      assert.match(await infoOf('sns/friend_check', { ...check, To_Account: [7] }), /\bTo_Account\b/)
      assert.match(
        await infoOf('sns/friend_check', { ...check, CheckType: 'x' }),
        /one of CheckResult_Type_Both,/,
      )
      assert.match(await infoOf('im_open_login_svc/kick', {}), /\bUserID\b/)
      const set = (Tag: string, Value: unknown) =>
        infoOf('profile/portrait_set', { From_Account: 'ada', ProfileItem: [{ Tag, Value }] })
      assert.match(await set('Tag_Profile_Custom_Shoe', 'x'.repeat(501)), /: Tag_Profile_Custom_Shoe$/)
      assert.match(await set('Tag_Profile_IM_Location', 'x'.repeat(17)), /: Tag_Profile_IM_Location$/)
      const long = await set(`Tag ${'😀'.repeat(500)}`, 'x')
      assert.ok(long.isWellFormed())
      assert.ok(long.length < 150, long)
    })

    test('a line that fails for one of its fields says for which', async () => {
      const custom = (Tag: string, Value: unknown) => ({ CustomItem: [{ Tag, Value }] })
      const wrong: readonly (readonly [field: string, line: object])[] = [
        ['Remark', { Remark: 'x'.repeat(97) }],
        ['AddWording', { Remark: 'x', AddWording: 'x'.repeat(257) }],
        ['GroupName', { GroupName: ['work', 'x'.repeat(31)] }],
        ['GroupName', { GroupName: [''] }],
        ['AddTime', { AddTime: 2 ** 31 }],
        ['Tag_SNS_Custom_Vip', custom('Tag_SNS_Custom_Vip', 'x'.repeat(501))],
        ['Tag_SNS_Custom_Vip', custom('Tag_SNS_Custom_Vip', null)],
        ['Tag_SNS_Custom_"', custom('Tag_SNS_Custom_"', 'x')],
        ['Tag_Else', custom('Tag_Else', 'x')],
      ]
      const AddFriendItem = wrong.map(([, line]) => ({ ...friend, ...line }))
      const { json } = await tencent.call('sns/friend_import', { From_Account: 'ada', AddFriendItem })
      const told = json.ResultItem.map(({ ResultInfo }: { ResultInfo: string }) => ResultInfo.split(': ')[1])
      assert.deepEqual(
        told,
        wrong.map(([field]) => field),
      )
      const tags: readonly (readonly [tag: string, value: unknown])[] = [
        ['Tag_SNS_IM_Remark', 'x'.repeat(97)],
        ['Tag_SNS_IM_Remark', 7],
        ['Tag_SNS_IM_Group', ['x'.repeat(31)]],
        ['Tag_SNS_IM_Group', 7],
        ['Tag_SNS_Custom_Vip', []],
        ['Tag_SNS_IM_AddTime', 7],
      ]
      const UpdateItem = tags.map(([Tag, Value]) => ({ To_Account: 'bob', SnsItem: [{ Tag, Value }] }))
      const { json: updated } = await tencent.call('sns/friend_update', { From_Account: 'ada', UpdateItem })
      assert.deepEqual(
        updated.ResultItem.map(({ ResultInfo }: { ResultInfo: string }) => ResultInfo.split(': ')[1]),
        tags.map(([tag]) => tag),
      )
    })

    test('an empty list of accounts to make is none where names are given the older way', async () => {
      const body = { AccountList: [], Accounts: ['ada'] }
      assert.equal(await codeOf('im_open_login_svc/multiaccount_import', body), 0)
    })

    test('nobody to look at is 40002, and text that is none is refused as such', async () => {
      const nobody = { To_Account: [], TagList: ['Tag_Profile_IM_Nick'] }
      assert.equal(await codeOf('profile/portrait_get', nobody), 40002)
      const half = { UserID: 'ada', Nick: '\ud800' }
      assert.equal(await codeOf('im_open_login_svc/account_import', half), 70402)
    })
  })
}
