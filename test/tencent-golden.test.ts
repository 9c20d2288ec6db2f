// What the Tencent dialect says, byte for byte, the same on both databases. Renew with `--test-update-snapshots`.

import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { databases, type TestDatabase } from './support/databases.ts'
import { openTencentHouse, type TencentHouse } from './support/tencent.ts'

type Step = readonly [name: string, body: object]

const golden = (name: string) => join(import.meta.dirname, 'golden', `tencent-${name}.txt`)
const toItem = (account: string, more: object = {}) => ({
  To_Account: account,
  AddSource: 'AddSource_Type_Web',
  ...more,
})

for (const kind of databases) {
  describe(`the Tencent API says what it always said, on ${kind.name}`, () => {
    let database: TestDatabase
    let tencent: TencentHouse

    before(async () => {
      database = await kind.open()
      tencent = await openTencentHouse({ database: database.url })
    })
    after(async () => {
      await tencent.close()
      await database.close()
    })

    async function compare(t: TestContext, name: string, steps: readonly Step[]): Promise<void> {
      const told: string[] = []
      for (const [command, body] of steps) {
        const { status, text } = await tencent.call(command, body)
        told.push(`${command} ${JSON.stringify(body)}\n${status} ${text}\n`)
      }
      t.assert.fileSnapshot(hideTimes(told.join('\n')), golden(name), { serializers: [String] })
    }

    /** Accounts of their own for every test. */
    const importAll = async (...accounts: readonly string[]) => {
      await tencent.call('im_open_login_svc/multiaccount_import', { Accounts: accounts })
    }

    test('accounts', async (t) => {
      await compare(t, 'accounts', [
        [
          'im_open_login_svc/account_import',
          { UserID: 'acc1', Nick: 'Ally', FaceUrl: 'https://example.com/a.png' },
        ],
        ['im_open_login_svc/account_import', { Identifier: 'acc2', Nick: null, FaceUrl: '', Type: 0 }],
        ['im_open_login_svc/account_import', { UserID: 'acc1', Nick: 'Ally again' }],
        ['im_open_login_svc/account_import', { UserID: 'x'.repeat(33) }],
        ['im_open_login_svc/account_import', { UserID: 'acc3', Nick: 'n'.repeat(501) }],
        ['im_open_login_svc/multiaccount_import', { Accounts: ['acc4', 'acc5'] }],
        [
          'im_open_login_svc/multiaccount_import',
          { AccountList: [{ UserID: 'acc6', Nick: 'Six' }, { UserID: 'y'.repeat(33) }] },
        ],
        [
          'im_open_login_svc/account_check',
          { CheckItem: [{ UserID: 'acc1' }, { UserID: 'acc3' }, { UserID: 'acc6' }] },
        ],
        [
          'profile/portrait_get',
          { To_Account: ['acc1', 'acc2', 'acc6'], TagList: ['Tag_Profile_IM_Nick', 'Tag_Profile_IM_Image'] },
        ],
        ['im_open_login_svc/account_delete', { DeleteItem: [{ UserID: 'acc1' }, { UserID: 'acc3' }] }],
        ['im_open_login_svc/account_check', { CheckItem: [{ UserID: 'acc1' }] }],
        ['im_open_login_svc/kick', { UserID: 'acc2' }],
        ['sns/friend_get', { From_Account: 'acc1', StartIndex: 0 }],
      ])
    })

    test('the example of the seed', async (t) => {
      await importAll('UserID_1', 'UserID_2', 'UserID_3', 'UserID_4')
      const custom = (value: string) => [{ Tag: 'Tag_Profile_Custom_Test', Value: value }]
      const nick = (value: string) => [{ Tag: 'Tag_Profile_IM_Nick', Value: value }]
      const TagList = [
        'Tag_Profile_Custom_Test',
        'Tag_Profile_IM_Image',
        'Tag_Profile_IM_Nick',
        'Tag_SNS_Custom_Test',
        'Tag_SNS_IM_Remark',
        'Tag_SNS_IM_Group',
      ]
      await compare(t, 'seed', [
        [
          'profile/portrait_set',
          { From_Account: 'UserID_2', ProfileItem: [...nick('nick_2'), ...custom('custom_profile_2')] },
        ],
        [
          'profile/portrait_set',
          { From_Account: 'UserID_3', ProfileItem: [...nick('nick_3'), ...custom('custom_profile_3')] },
        ],
        [
          'sns/friend_import',
          {
            From_Account: 'UserID_1',
            AddFriendItem: [
              toItem('UserID_2', {
                Remark: 'remark_2',
                GroupName: ['group1', 'group2'],
                CustomItem: [{ Tag: 'Tag_SNS_Custom_Test', Value: 'custom_sns_2' }],
              }),
              toItem('UserID_3', { Remark: 'remark_3' }),
            ],
          },
        ],
        ['sns/friend_get_list', { From_Account: 'UserID_1', To_Account: ['UserID_2'], TagList }],
        [
          'sns/friend_get_list',
          { From_Account: 'UserID_1', To_Account: ['UserID_2', 'UserID_3', 'UserID_4'], TagList },
        ],
        ['sns/friend_get_list', { From_Account: 'UserID_1', To_Account: ['nobody', 'UserID_1'], TagList }],
        ['sns/friend_get_list', { From_Account: 'UserID_1', To_Account: ['UserID_2'], TagList: [] }],
        ['sns/friend_get_list', { From_Account: 'UserID_1', To_Account: ['UserID_2'] }],
        [
          'sns/friend_get_list',
          { From_Account: 'UserID_1', To_Account: ['UserID_2'], TagList: ['Tag_SNS_IM_Shoe'] },
        ],
        ['sns/friend_get_list', { From_Account: 'UserID_4', To_Account: ['UserID_1'], TagList }],
        ['sns/friend_get_list', { From_Account: 'nobody', To_Account: ['UserID_1'], TagList }],
      ])
    })

    test('friends', async (t) => {
      await importAll('alice', 'bob', 'carol', 'dave', 'erin', 'mallory')
      const allow = (account: string, value: string): Step => [
        'profile/portrait_set',
        { From_Account: account, ProfileItem: [{ Tag: 'Tag_Profile_IM_AllowType', Value: value }] },
      ]
      const both = { CheckType: 'CheckResult_Type_Both' }
      const everybody = ['bob', 'carol', 'dave', 'erin', 'mallory', 'nobody', 'alice']
      await compare(t, 'friends', [
        allow('carol', 'AllowType_Type_NeedConfirm'),
        allow('dave', 'AllowType_Type_DenyAny'),
        ['sns/black_list_add', { From_Account: 'mallory', To_Account: ['alice'] }],
        [
          'sns/friend_add',
          {
            From_Account: 'alice',
            AddFriendItem: [
              toItem('bob', { Remark: 'Bobby', GroupName: 'work', AddWording: 'hi, it’s me' }),
              ...['carol', 'dave', 'mallory', 'nobody', 'alice', 'bob'].map((account) => toItem(account)),
              { To_Account: 'erin', AddSource: 'Web' },
            ],
            AddType: 'Add_Type_Both',
          },
        ],
        ['sns/friend_add', { From_Account: 'alice', AddFriendItem: [toItem('dave')], ForceAddFlags: 1 }],
        [
          'sns/friend_add',
          { From_Account: 'alice', AddFriendItem: [toItem('erin')], AddType: 'Add_Type_Single' },
        ],
        ['sns/friend_check', { From_Account: 'alice', To_Account: everybody, ...both }],
        [
          'sns/friend_check',
          { From_Account: 'alice', To_Account: ['bob', 'carol'], CheckType: 'CheckResult_Type_Single' },
        ],
        ['sns/friend_check', { From_Account: 'erin', To_Account: ['alice'], ...both }],
        [
          'sns/friend_update',
          {
            From_Account: 'alice',
            UpdateItem: [
              {
                To_Account: 'bob',
                SnsItem: [
                  { Tag: 'Tag_SNS_IM_Remark', Value: 'Bob W' },
                  { Tag: 'Tag_SNS_IM_Group', Value: ['gym', 'work'] },
                  { Tag: 'Tag_SNS_Custom_Vip', Value: 'silver' },
                  { Tag: 'Tag_SNS_Custom_Age', Value: 7 },
                ],
              },
              { To_Account: 'carol', SnsItem: [{ Tag: 'Tag_SNS_IM_Remark', Value: 'C' }] },
              { To_Account: 'dave', SnsItem: [{ Tag: 'Tag_SNS_IM_AddTime', Value: 1 }] },
              { To_Account: 'erin', SnsItem: [{ Tag: 'Tag_SNS_IM_Group', Value: 'gym' }] },
            ],
          },
        ],
        ['sns/friend_get', { From_Account: 'alice', StartIndex: 0, StandardSequence: 0, CustomSequence: 0 }],
        ['sns/friend_get', { From_Account: 'bob', StartIndex: 0 }],
        ['sns/friend_get', { From_Account: 'mallory', StartIndex: 0 }],
        [
          'sns/friend_delete',
          { From_Account: 'alice', To_Account: ['bob', 'carol', 'nobody'], DeleteType: 'Delete_Type_Both' },
        ],
        ['sns/friend_delete', { From_Account: 'alice', To_Account: ['dave'] }],
        ['sns/friend_check', { From_Account: 'alice', To_Account: everybody, ...both }],
        ['sns/friend_delete_all', { From_Account: 'dave', DeleteType: 'Delete_Type_Both' }],
        ['sns/friend_delete_all', { From_Account: 'alice' }],
        ['sns/friend_get', { From_Account: 'alice', StartIndex: 0 }],
        [
          'sns/friend_import',
          {
            From_Account: 'alice',
            AddFriendItem: [
              toItem('bob', { RemarkTime: 1, GroupName: ['gym'], AddTime: 1_600_000_000 }),
              toItem('bob', { Remark: 'again', CustomItem: [{ Tag: 'Tag_SNS_Custom_Vip', Value: 0 }] }),
              toItem('carol', { CustomItem: [{ Tag: 'Tag_SNS_IM_Remark', Value: 'x' }] }),
              toItem('dave', { CustomItem: [{ Tag: 'Tag_SNS_Custom_Nine9', Value: 'x' }] }),
              toItem('nobody'),
            ],
          },
        ],
        ['sns/friend_get', { From_Account: 'alice', StartIndex: 0 }],
      ])
    })

    test('groups', async (t) => {
      await importAll('ann', 'ben', 'cyd')
      await compare(t, 'groups', [
        ['sns/group_get', { From_Account: 'ann' }],
        ['sns/friend_import', { From_Account: 'ann', AddFriendItem: [toItem('ben')] }],
        ['sns/group_add', { From_Account: 'ann', GroupName: ['work', 'gym'], To_Account: null }],
        ['sns/group_add', { From_Account: 'ann', GroupName: ['club'], To_Account: ['ben', 'cyd', 'nobody'] }],
        ['sns/group_add', { From_Account: 'ann', GroupName: [''] }],
        ['sns/group_add', { From_Account: 'ann', GroupName: ['g'.repeat(31)] }],
        [
          'sns/group_add',
          { From_Account: 'ann', GroupName: Array.from({ length: 30 }, (_, at) => `group ${at}`) },
        ],
        ['sns/group_get', { From_Account: 'ann', NeedFriend: 'Need_Friend_Type_Yes' }],
        [
          'sns/group_get',
          { From_Account: 'ann', NeedFriend: '', GroupName: ['club', 'none'], LastSequence: 0 },
        ],
        ['sns/group_delete', { From_Account: 'ann', GroupName: ['gym', 'none'] }],
        ['sns/group_get', { From_Account: 'ann', NeedFriend: 'Need_Friend_Type_No' }],
        ['sns/group_get', { From_Account: 'nobody' }],
      ])
    })

    test('blocks', async (t) => {
      await importAll('una', 'vic', 'wes', 'xia')
      await compare(t, 'blocks', [
        ['sns/friend_add', { From_Account: 'una', AddFriendItem: [toItem('vic')] }],
        ['sns/black_list_add', { From_Account: 'una', To_Account: ['vic', 'wes', 'wes', 'nobody', 'una'] }],
        [
          'sns/friend_check',
          { From_Account: 'una', To_Account: ['vic'], CheckType: 'CheckResult_Type_Both' },
        ],
        ['sns/friend_add', { From_Account: 'una', AddFriendItem: [toItem('vic')], ForceAddFlags: 1 }],
        ['sns/friend_add', { From_Account: 'vic', AddFriendItem: [toItem('una')] }],
        [
          'sns/black_list_check',
          { From_Account: 'vic', To_Account: ['una', 'wes'], CheckType: 'BlackCheckResult_Type_Both' },
        ],
        [
          'sns/black_list_check',
          {
            From_Account: 'una',
            To_Account: ['vic', 'xia', 'nobody'],
            CheckType: 'BlackCheckResult_Type_Single',
          },
        ],
        ['sns/black_list_get', { From_Account: 'una', StartIndex: 0, MaxLimited: 30, LastSequence: 0 }],
        ['sns/black_list_get', { From_Account: 'xia', StartIndex: 0, MaxLimited: 30, LastSequence: 0 }],
        ['sns/black_list_delete', { From_Account: 'una', To_Account: ['vic', 'xia'] }],
        ['sns/black_list_get', { From_Account: 'una', StartIndex: 0, MaxLimited: 30, LastSequence: 12 }],
      ])
    })

    test('profiles', async (t) => {
      await importAll('pia', 'quin')
      const every = {
        Tag_Profile_IM_Nick: 'Pia “P” \\ ☕',
        Tag_Profile_IM_Gender: 'Gender_Type_Female',
        Tag_Profile_IM_BirthDay: 20_190_419,
        Tag_Profile_IM_Location: 'sz',
        Tag_Profile_IM_SelfSignature: 'hello\nworld',
        Tag_Profile_IM_AllowType: 'AllowType_Type_NeedConfirm',
        Tag_Profile_IM_Language: '1',
        Tag_Profile_IM_Image: 'https://example.com/p.png',
        Tag_Profile_IM_MsgSettings: 1,
        Tag_Profile_IM_AdminForbidType: 'AdminForbid_Type_SendOut',
        Tag_Profile_IM_Level: 2_147_483_647,
        Tag_Profile_IM_Role: 0,
        Tag_Profile_Custom_Shoe: '44',
      }
      const items = (fields: object) => Object.entries(fields).map(([Tag, Value]) => ({ Tag, Value }))
      const set = (fields: object): Step => [
        'profile/portrait_set',
        { From_Account: 'pia', ProfileItem: items(fields) },
      ]
      const TagList = Object.keys(every).reverse()
      await compare(t, 'profiles', [
        set(every),
        ['profile/portrait_get', { To_Account: ['pia', 'nobody', 'quin'], TagList, From_Account: 'quin' }],
        ['sns/friend_add', { From_Account: 'pia', AddFriendItem: [toItem('quin')] }],
        set({ Tag_Profile_IM_Nick: '', Tag_Profile_IM_Level: 7 }),
        set({ Tag_Profile_IM_Nick: 'half', Tag_Profile_IM_Gender: 'Gender_Type_Other' }),
        set({ Tag_Profile_IM_Nick: 'x'.repeat(501) }),
        set({ Tag_Profile_IM_Nick: 7 }),
        set({ Tag_Profile_IM_Level: 'seven' }),
        set({ Tag_Profile_IM_Shoe: '44' }),
        set({ Tag_Profile_Custom_Shoe: 44 }),
        set({}),
        [
          'profile/portrait_get',
          { To_Account: ['pia'], TagList: ['Tag_Profile_IM_Nick', 'Tag_Profile_IM_Level'] },
        ],
        ['profile/portrait_get', { To_Account: ['pia'], TagList: ['Tag_SNS_IM_Remark'] }],
        ['profile/portrait_get', { TagList: ['Tag_Profile_IM_Nick'] }],
        ['profile/portrait_set', { From_Account: 'nobody', ProfileItem: items({ Tag_Profile_IM_Level: 1 }) }],
      ])
    })
  })
}

/** Times of now, and sequences that began with a time, as `…`. */
function hideTimes(text: string): string {
  return text
    .replaceAll(/"Tag_SNS_IM_AddTime","Value":(?!1600000000\b)1\d{9}/g, '"Tag_SNS_IM_AddTime","Value":…')
    .replaceAll(/Sequence":[1-9]\d{7,}/g, 'Sequence":…')
    .replaceAll(/"AddBlackTimeStamp":1\d{9}/g, '"AddBlackTimeStamp":…')
}
