// Texts at their bounds, which count bytes of UTF-8, and lines of one batch that fare differently.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { databases, type TestDatabase } from './support/databases.ts'
import { openTencentHouse, type TencentHouse } from './support/tencent.ts'

/** Texts of exactly so many bytes: letters, signs of four bytes each, letters with a combining mark of three together. */
function textsOf(bytes: number): readonly string[] {
  return ['a', '😀', 'e\u0301'].map((unit) => {
    const size = Buffer.byteLength(unit)
    return unit.repeat(bytes / size) + 'z'.repeat(bytes % size)
  })
}

for (const kind of databases) {
  describe(`bounds over the Tencent API, on ${kind.name}`, () => {
    let database: TestDatabase
    let tencent: TencentHouse
    let last = 0

    before(async () => {
      database = await kind.open()
      tencent = await openTencentHouse({ database: database.url })
    })
    after(async () => {
      await tencent.close()
      await database.close()
    })

    /** Fresh accounts, so that no test meets what another left. */
    const importAll = async (count: number) => {
      const Accounts = Array.from({ length: count }, () => `user-${++last}`)
      const { json } = await tencent.call('im_open_login_svc/multiaccount_import', { Accounts })
      assert.deepEqual(json.FailAccounts, [])
      return Accounts
    }
    const resultOf = async (name: string, body: object) => {
      const { json } = await tencent.call(name, body)
      assert.equal(json.ErrorCode, 0, json.ErrorInfo)
      return json.ResultItem[0].ResultCode as number
    }
    const tagsOf = async (from: string, to: string, ...TagList: readonly string[]) => {
      const { json } = await tencent.call('sns/friend_get_list', {
        From_Account: from,
        To_Account: [to],
        TagList,
      })
      const items: readonly { Tag: string; Value: unknown }[] = json.InfoItem[0].SnsProfileItem
      return Object.fromEntries(items.map(({ Tag, Value }) => [Tag, Value]))
    }
    const add = (from: string, to: string, more: object) => {
      const AddFriendItem = [{ To_Account: to, AddSource: 'AddSource_Type_Web', ...more }]
      return resultOf('sns/friend_add', { From_Account: from, AddFriendItem })
    }

    const friendTexts = [
      ['Remark', 96, 'Tag_SNS_IM_Remark'],
      ['AddWording', 256, 'Tag_SNS_IM_AddWording'],
      ['GroupName', 30, 'Tag_SNS_IM_Group'],
    ] as const
    for (const [field, bytes, tag] of friendTexts) {
      test(`${field} has at most ${bytes} bytes, and comes back as it was given`, async () => {
        for (const text of textsOf(bytes)) {
          const [from = '', to = ''] = await importAll(2)
          assert.equal(await add(from, to, { [field]: `${text}a` }), 30001, text)
          assert.equal(await add(from, to, { [field]: text }), 0, text)
          const value = (await tagsOf(from, to, tag))[tag]
          assert.deepEqual(value, field === 'GroupName' ? [text] : text)
        }
      })
    }

    test('a custom field of a friend has at most 500 bytes', async () => {
      for (const text of textsOf(500)) {
        const [from = '', to = ''] = await importAll(2)
        assert.equal(await add(from, to, {}), 0)
        const update = (Value: string) =>
          resultOf('sns/friend_update', {
            From_Account: from,
            UpdateItem: [{ To_Account: to, SnsItem: [{ Tag: 'Tag_SNS_Custom_Abcdefgh', Value }] }],
          })
        assert.equal(await update(`${text}a`), 30001)
        assert.equal(await update(text), 0)
        assert.deepEqual(await tagsOf(from, to, 'Tag_SNS_Custom_Abcdefgh'), { Tag_SNS_Custom_Abcdefgh: text })
      }
    })

    test('a source is AddSource_Type_ and one to eight English letters', async () => {
      const [from = '', ...others] = await importAll(9)
      const wrong = [
        '',
        'Web',
        'AddSource_Type_',
        'AddSource_Type_Abcdefghi',
        'AddSource_Type_Web2',
        'AddSource_Type_é',
        null,
      ]
      for (const [at, AddSource] of wrong.entries()) {
        assert.equal(await add(from, others[at]!, { AddSource }), 30001, String(AddSource))
      }
      assert.equal(await add(from, others[7]!, { AddSource: 'AddSource_Type_Abcdefgh' }), 0)
    })

    const profileTexts = [
      ['Tag_Profile_IM_Nick', 500],
      ['Tag_Profile_IM_SelfSignature', 500],
      ['Tag_Profile_IM_Image', 500],
      ['Tag_Profile_IM_Location', 16],
      ['Tag_Profile_Custom_Abcdefgh', 500],
    ] as const
    for (const [Tag, bytes] of profileTexts) {
      test(`${Tag} has at most ${bytes} bytes`, async () => {
        const [account = ''] = await importAll(1)
        const set = async (Value: unknown) => {
          const body = { From_Account: account, ProfileItem: [{ Tag, Value }] }
          return (await tencent.call('profile/portrait_set', body)).json.ErrorCode
        }
        for (const text of textsOf(bytes)) {
          assert.equal(await set(`${text}a`), 40601)
          assert.equal(await set(text), 0)
          const read = await tencent.call('profile/portrait_get', { To_Account: [account], TagList: [Tag] })
          assert.deepEqual(read.json.UserProfileItem[0].ProfileItem, [{ Tag, Value: text }])
        }
        assert.equal(await set('a\0b'), 40001)
      })
    }

    test('a UserID to be made has at most 32 bytes, and is the same account under every call', async () => {
      const names = [...textsOf(32), "o'neil", 'say "hi"', '__proto__', 'toString', ' ']
      for (const UserID of names) {
        assert.equal(
          (await tencent.call('im_open_login_svc/account_import', { UserID })).json.ErrorCode,
          0,
          UserID,
        )
        const long = `${UserID}${'a'.repeat(33)}`
        assert.equal(
          (await tencent.call('im_open_login_svc/account_import', { UserID: long })).json.ErrorCode,
          70402,
        )
      }
      const [from = ''] = await importAll(1)
      const AddFriendItem = names.map((To_Account) => ({ To_Account, AddSource: 'AddSource_Type_Web' }))
      const added = await tencent.call('sns/friend_add', { From_Account: from, AddFriendItem })
      assert.equal(added.json.Fail_Account, undefined)
      const { json } = await tencent.call('sns/friend_get', { From_Account: from, StartIndex: 0 })
      assert.deepEqual(
        json.UserDataItem.map(({ To_Account }: { To_Account: string }) => To_Account),
        names,
      )
      const TagList = ['Tag_Profile_IM_Nick']
      const listed = await tencent.call('sns/friend_get_list', {
        From_Account: from,
        To_Account: names,
        TagList,
      })
      assert.equal(listed.json.Fail_Account, undefined)
      assert.deepEqual(
        listed.json.InfoItem.map(({ To_Account }: { To_Account: string }) => To_Account),
        names,
      )
    })

    test('the lines of a batch fare one by one, in their order, doubled ones too', async () => {
      const [from = '', one = '', two = ''] = await importAll(3)
      const names = [one, 'nobody', two, one, from]
      const AddFriendItem = names.map((To_Account) => ({ To_Account, AddSource: 'AddSource_Type_Web' }))
      const { json } = await tencent.call('sns/friend_add', { From_Account: from, AddFriendItem })
      assert.deepEqual(
        json.ResultItem.map(({ ResultCode }: { ResultCode: number }) => ResultCode),
        [0, 30003, 0, 30001, 30001],
      )
      assert.deepEqual(json.Fail_Account, ['nobody', one, from])
      const { json: list } = await tencent.call('sns/friend_get', { From_Account: from, StartIndex: 0 })
      assert.equal(list.FriendNum, 2)
    })

    test('a call that is refused as a whole has changed nothing', async () => {
      const [from = '', to = ''] = await importAll(2)
      const good = { To_Account: to, AddSource: 'AddSource_Type_Web' }
      for (const bad of [7, { ...good, To_Account: 7 }, { ...good, Remark: [] }]) {
        const body = { From_Account: from, AddFriendItem: [good, bad] }
        assert.notEqual((await tencent.call('sns/friend_add', body)).json.ErrorCode, 0)
      }
      const { json } = await tencent.call('sns/friend_get', { From_Account: from, StartIndex: 0 })
      assert.deepEqual([json.FriendNum, json.StandardSequence, 'UserDataItem' in json], [0, 0, false])
    })

    test('pages go on after the last friend shown, and only the first page can be unchanged', async () => {
      const { store, site } = tencent.house
      await store.sites.saveSettings(site, { callsPerSecond: 0, graphLimits: { pageSize: 2 } })
      try {
        const [from = '', ...others] = await importAll(6)
        const AddFriendItem = others.map((To_Account) => ({ To_Account, AddSource: 'AddSource_Type_Web' }))
        await tencent.call('sns/friend_import', { From_Account: from, AddFriendItem })
        const page = async (more: object) =>
          (await tencent.call('sns/friend_get', { From_Account: from, ...more })).json
        const first = await page({ StartIndex: 0 })
        const sequences = { StandardSequence: first.StandardSequence, CustomSequence: first.CustomSequence }
        const seen: string[] = []
        for (let next = first; ; next = await page({ StartIndex: next.NextStartIndex, ...sequences })) {
          seen.push(...next.UserDataItem.map(({ To_Account }: { To_Account: string }) => To_Account))
          assert.equal(next.FriendNum, 5)
          assert.equal(next.CompleteFlag === 1, next.NextStartIndex === 0)
          if (next.CompleteFlag !== 0) break
        }
        assert.deepEqual(seen, others)
        const again = await page({ StartIndex: 0, ...sequences })
        assert.equal('UserDataItem' in again, false)
        assert.deepEqual([again.FriendNum, again.CompleteFlag, again.NextStartIndex], [5, 1, 0])
        const custom = await page({
          StartIndex: 0,
          StandardSequence: sequences.StandardSequence,
          CustomSequence: 99,
        })
        assert.deepEqual(custom.UserDataItem?.[0]?.ValueItem, [])
      } finally {
        await store.sites.saveSettings(site, { callsPerSecond: 0 })
      }
    })

    test('a sequence moves with its own data alone', async () => {
      const [from = '', to = ''] = await importAll(2)
      assert.equal(await add(from, to, {}), 0)
      const sequences = async () => {
        const { json } = await tencent.call('sns/friend_get', { From_Account: from, StartIndex: 0 })
        return [json.StandardSequence, json.CustomSequence] as [number, number]
      }
      const update = (Tag: string) =>
        resultOf('sns/friend_update', {
          From_Account: from,
          UpdateItem: [{ To_Account: to, SnsItem: [{ Tag, Value: 'x' }] }],
        })
      const first = await sequences()
      assert.equal(await update('Tag_SNS_IM_Remark'), 0)
      const second = await sequences()
      assert.ok(second[0] > first[0])
      assert.equal(second[1], first[1])
      assert.equal(await update('Tag_SNS_Custom_Vip'), 0)
      const third = await sequences()
      assert.equal(third[0], second[0])
      assert.ok(third[1] > second[1])
      const known = { StandardSequence: second[0], CustomSequence: second[1] }
      const { json } = await tencent.call('sns/friend_get', { From_Account: from, StartIndex: 0, ...known })
      assert.deepEqual(json.UserDataItem, [
        { To_Account: to, ValueItem: [{ Tag: 'Tag_SNS_Custom_Vip', Value: 'x' }] },
      ])
    })

    test('a site may take more accounts in one call than lines of friends', async () => {
      const { store, site } = tencent.house
      await store.sites.saveSettings(site, { callsPerSecond: 0, graphLimits: { batch: 2, accountBatch: 5 } })
      try {
        const names = await importAll(5)
        const items = names.map((UserID) => ({ UserID }))
        const checked = await tencent.call('im_open_login_svc/account_check', { CheckItem: items })
        assert.equal(checked.json.ResultItem.length, 5)
        const deleted = await tencent.call('im_open_login_svc/account_delete', { DeleteItem: items })
        assert.deepEqual(
          deleted.json.ResultItem?.map(({ ResultCode }: { ResultCode: number }) => ResultCode),
          [0, 0, 0, 0, 0],
        )
        const six = { DeleteItem: [...items, { UserID: 'six' }] }
        assert.equal((await tencent.call('im_open_login_svc/account_delete', six)).json.ErrorCode, 70402)
      } finally {
        await store.sites.saveSettings(site, { callsPerSecond: 0 })
      }
    })

    test('a site that lists its custom fields has no others', async () => {
      const { store, site } = tencent.house
      const [from = '', to = ''] = await importAll(2)
      assert.equal(await add(from, to, {}), 0)
      await store.sites.saveSettings(site, {
        callsPerSecond: 0,
        friendFields: ['Vip'],
        profileFields: ['Shoe'],
      })
      try {
        const list = async (tag: string) => {
          const body = { From_Account: from, To_Account: [to], TagList: [tag] }
          return (await tencent.call('sns/friend_get_list', body)).json.ErrorCode
        }
        assert.equal(await list('Tag_SNS_Custom_Vip'), 0)
        assert.equal(await list('Tag_SNS_Custom_Age'), 30001)
        assert.equal(await list('Tag_Profile_Custom_Shoe'), 0)
        assert.equal(await list('Tag_Profile_Custom_Hat'), 30001)
      } finally {
        await store.sites.saveSettings(site, { callsPerSecond: 0 })
      }
    })
  })
}
