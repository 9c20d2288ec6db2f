// Bodies that nobody should send: every field of every method wrong in every way, and texts at their bounds.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { databases, type TestDatabase } from './support/databases.ts'
import { openTencentHouse, type TencentHouse } from './support/tencent.ts'

type Service = 'sns' | 'profile' | 'im_open_login_svc'

/** What a service says of a parameter that is not as documented, and of an account that there is not. */
const CODES: Record<Service, { readonly wrong: number; readonly nobody: number }> = {
  sns: { wrong: 30001, nobody: 30003 },
  profile: { wrong: 40001, nobody: 40003 },
  im_open_login_svc: { wrong: 70402, nobody: 70107 },
}

type Kind = 'account' | 'accounts' | 'items' | 'texts' | 'text' | 'integer' | 'word' | 'tag'

interface Method {
  readonly name: string
  /** As it should be. */
  readonly body: object
  /** Each field by its path, and what it is; with `?` it may be left out. */
  readonly fields: Readonly<Record<string, Kind | `${Kind}?`>>
  readonly max?: readonly [field: string, most: number]
}

const From = { From_Account: 'ada' }
const item = { To_Account: 'bob', AddSource: 'AddSource_Type_Web', Remark: 'r', AddWording: 'w' }
const items = { 'AddFriendItem.0.Remark': 'text?', 'AddFriendItem.0.AddWording': 'text?' } as const

const METHODS: readonly Method[] = [
  {
    name: 'sns/friend_add',
    body: {
      ...From,
      AddFriendItem: [{ ...item, GroupName: 'g' }],
      AddType: 'Add_Type_Single',
      ForceAddFlags: 0,
    },
    fields: {
      From_Account: 'account',
      AddFriendItem: 'items',
      'AddFriendItem.0.To_Account': 'account',
      ...items,
      'AddFriendItem.0.GroupName': 'text?',
      AddType: 'word?',
      ForceAddFlags: 'integer?',
    },
    max: ['AddFriendItem', 1_000],
  },
  {
    name: 'sns/friend_import',
    body: {
      ...From,
      AddFriendItem: [
        {
          ...item,
          GroupName: ['g'],
          RemarkTime: 1,
          AddTime: 1,
          CustomItem: [{ Tag: 'Tag_SNS_Custom_A', Value: 'x' }],
        },
      ],
    },
    fields: {
      From_Account: 'account',
      AddFriendItem: 'items',
      'AddFriendItem.0.To_Account': 'account',
      ...items,
      'AddFriendItem.0.GroupName': 'texts?',
      'AddFriendItem.0.RemarkTime': 'integer?',
      'AddFriendItem.0.AddTime': 'integer?',
      'AddFriendItem.0.CustomItem.0.Tag': 'tag',
    },
    max: ['AddFriendItem', 1_000],
  },
  {
    name: 'sns/friend_update',
    body: {
      ...From,
      UpdateItem: [{ To_Account: 'bob', SnsItem: [{ Tag: 'Tag_SNS_IM_Remark', Value: 'x' }] }],
    },
    fields: {
      From_Account: 'account',
      UpdateItem: 'items',
      'UpdateItem.0.To_Account': 'account',
      'UpdateItem.0.SnsItem': 'items',
      'UpdateItem.0.SnsItem.0.Tag': 'tag',
    },
    max: ['UpdateItem', 1_000],
  },
  {
    name: 'sns/friend_delete',
    body: { ...From, To_Account: ['bob'], DeleteType: 'Delete_Type_Single' },
    fields: { From_Account: 'account', To_Account: 'accounts', DeleteType: 'word?' },
    max: ['To_Account', 1_000],
  },
  {
    name: 'sns/friend_delete_all',
    body: { ...From, DeleteType: 'Delete_Type_Single' },
    fields: { From_Account: 'account', DeleteType: 'word?' },
  },
  {
    name: 'sns/friend_check',
    body: { ...From, To_Account: ['bob'], CheckType: 'CheckResult_Type_Both' },
    fields: { From_Account: 'account', To_Account: 'accounts', CheckType: 'word' },
    max: ['To_Account', 1_000],
  },
  {
    name: 'sns/friend_get',
    body: { ...From, StartIndex: 0, StandardSequence: 0, CustomSequence: 0 },
    fields: {
      From_Account: 'account',
      StartIndex: 'integer?',
      StandardSequence: 'integer?',
      CustomSequence: 'integer?',
    },
  },
  {
    name: 'sns/friend_get_list',
    body: { ...From, To_Account: ['bob'], TagList: ['Tag_Profile_IM_Nick'] },
    fields: { From_Account: 'account', To_Account: 'accounts', TagList: 'texts' },
    max: ['To_Account', 1_000],
  },
  {
    name: 'sns/black_list_add',
    body: { ...From, To_Account: ['bob'] },
    fields: { From_Account: 'account', To_Account: 'accounts' },
    max: ['To_Account', 1_000],
  },
  {
    name: 'sns/black_list_delete',
    body: { ...From, To_Account: ['bob'] },
    fields: { From_Account: 'account', To_Account: 'accounts' },
    max: ['To_Account', 1_000],
  },
  {
    name: 'sns/black_list_get',
    body: { ...From, StartIndex: 0, MaxLimited: 10, LastSequence: 0 },
    fields: {
      From_Account: 'account',
      StartIndex: 'integer?',
      MaxLimited: 'integer',
      LastSequence: 'integer?',
    },
  },
  {
    name: 'sns/black_list_check',
    body: { ...From, To_Account: ['bob'], CheckType: 'BlackCheckResult_Type_Both' },
    fields: { From_Account: 'account', To_Account: 'accounts', CheckType: 'word' },
    max: ['To_Account', 1_000],
  },
  {
    name: 'sns/group_add',
    body: { ...From, GroupName: ['g'] },
    fields: { From_Account: 'account', GroupName: 'texts' },
    max: ['GroupName', 1_000],
  },
  {
    name: 'sns/group_delete',
    body: { ...From, GroupName: ['g'] },
    fields: { From_Account: 'account', GroupName: 'texts' },
    max: ['GroupName', 1_000],
  },
  {
    name: 'sns/group_get',
    body: { ...From, GroupName: ['g'], NeedFriend: 'Need_Friend_Type_Yes', LastSequence: 0 },
    fields: { From_Account: 'account', GroupName: 'texts?', NeedFriend: 'text?', LastSequence: 'integer?' },
    max: ['GroupName', 1_000],
  },
  {
    name: 'profile/portrait_get',
    body: { To_Account: ['bob'], TagList: ['Tag_Profile_IM_Nick'] },
    fields: { TagList: 'texts' },
    max: ['To_Account', 1_000],
  },
  {
    name: 'profile/portrait_set',
    body: { ...From, ProfileItem: [{ Tag: 'Tag_Profile_IM_Nick', Value: 'x' }] },
    fields: { From_Account: 'account', ProfileItem: 'items' },
  },
  {
    name: 'im_open_login_svc/account_import',
    body: { UserID: 'ada', Nick: 'n', FaceUrl: 'f' },
    fields: { UserID: 'account', Nick: 'text?', FaceUrl: 'text?' },
  },
  {
    name: 'im_open_login_svc/multiaccount_import',
    body: { AccountList: [{ UserID: 'ada', Nick: 'n', FaceUrl: 'f' }] },
    fields: {
      AccountList: 'items',
      'AccountList.0.UserID': 'account',
      'AccountList.0.Nick': 'text?',
      'AccountList.0.FaceUrl': 'text?',
    },
    max: ['AccountList', 100],
  },
  {
    name: 'im_open_login_svc/multiaccount_import',
    body: { Accounts: ['ada'] },
    fields: { Accounts: 'accounts' },
    max: ['Accounts', 100],
  },
  {
    name: 'im_open_login_svc/account_delete',
    body: { DeleteItem: [{ UserID: 'temp' }] },
    fields: { DeleteItem: 'items', 'DeleteItem.0.UserID': 'account' },
    max: ['DeleteItem', 100],
  },
  {
    name: 'im_open_login_svc/account_check',
    body: { CheckItem: [{ UserID: 'ada' }] },
    fields: { CheckItem: 'items', 'CheckItem.0.UserID': 'account' },
    max: ['CheckItem', 100],
  },
  { name: 'im_open_login_svc/kick', body: { UserID: 'ada' }, fields: { UserID: 'account' } },
]

/** Names that nobody has, some of which a database or an object could stumble over. */
const ODD_NAMES = [
  "o'neil",
  'say "hi"',
  'two\nlines',
  '__proto__',
  'constructor',
  ' ',
  '\ud800',
  '%',
  '😀'.repeat(9),
  'x'.repeat(5_000),
]

/** Values of a wrong type, by what the field should be; `account` marks those that are refused as no string. */
const WRONG: Readonly<Record<Kind, readonly unknown[]>> = {
  account: [7, true, {}, ['bob'], 1.5],
  accounts: ['bob', 7, {}, true],
  items: ['bob', 7, {}, [7], ['bob'], [[]], [null]],
  texts: [7, {}, true, [7], [null], [['x']]],
  text: [7, {}, true, [7]],
  integer: ['x', 1.5, -1, 2 ** 32, {}, [], true, '99999999999999999999', 1e300],
  word: ['Type_Nobody_Knows', 7, {}, [], true, 'toString'],
  tag: [7, {}, null, undefined, true],
}

/** A copy of the body with one field replaced, or left out where the value is undefined. */
function put(body: object, path: string, value: unknown): object {
  const copy = structuredClone(body)
  const steps = path.split('.')
  const last = steps.pop()!
  // biome-ignore lint/suspicious/noExplicitAny: bodies are of every shape here.
  const inner = steps.reduce<any>((within, step) => within[step], copy)
  if (value === undefined) delete inner[last]
  else inner[last] = value
  return copy
}

for (const kind of databases) {
  describe(`odd bodies over the Tencent API, on ${kind.name}`, () => {
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
      await tencent.call('im_open_login_svc/multiaccount_import', { Accounts: ['ada', 'bob', 'temp'] })
    })
    after(async () => {
      const failures = tencent.house.logged.filter(({ level }) => level === 'error')
      await tencent.close()
      await database.close()
      assert.deepEqual(failures, [])
    })

    for (const { name, body, fields, max } of METHODS) {
      const { wrong, nobody } = CODES[name.split('/')[0] as Service]

      test(`${name} succeeds where all is as documented`, async () => {
        assert.equal(await codeOf(name, body), 0)
      })

      for (const [path, spec] of Object.entries(fields)) {
        const field = spec.replace('?', '') as Kind
        test(`${name} refuses ${path} of another type`, async () => {
          const expected = field === 'account' ? 60015 : wrong
          for (const value of WRONG[field]) {
            const code = await codeOf(name, put(body, path, value))
            assert.equal(code, expected, `${path}: ${JSON.stringify(value)}`)
          }
        })
        if (field === 'tag') continue
        test(`${name} ${spec.endsWith('?') ? 'does without' : 'refuses a call without'} ${path}`, async () => {
          const expected = spec.endsWith('?') ? 0 : wrong
          for (const value of [undefined, null, '']) {
            assert.equal(await codeOf(name, put(body, path, value)), expected, JSON.stringify(value))
          }
          if (['accounts', 'items'].includes(field))
            assert.equal(await codeOf(name, put(body, path, [])), wrong)
        })
        if (field === 'accounts') {
          test(`${name} refuses ${path} with what is no string among its accounts`, async () => {
            for (const value of [7, null, {}, ['bob']]) {
              assert.equal(await codeOf(name, put(body, path, ['bob', value])), 60015, JSON.stringify(value))
            }
          })
        }
        if (path === 'From_Account') {
          test(`${name} knows no account of an odd name`, async () => {
            for (const account of ODD_NAMES)
              assert.equal(await codeOf(name, put(body, path, account)), nobody, account)
            assert.equal(await codeOf(name, put(body, path, 'a\0b')), wrong)
          })
        }
      }

      if (max) {
        const [path, most] = max
        test(`${name} takes ${most} entries of ${path} and refuses one more`, async () => {
          // biome-ignore lint/suspicious/noExplicitAny: bodies are of every shape here.
          const [one] = (body as any)[path]
          assert.equal(await codeOf(name, put(body, path, Array(most + 1).fill(one))), wrong)
          if (name !== 'sns/group_add')
            assert.equal(await codeOf(name, put(body, path, Array(most).fill(one))), 0)
        })
      }
    }

    test('whatever a field holds, the answer is an envelope and never a failure of ours', async () => {
      const values = fc.oneof(
        fc.jsonValue(),
        fc.constantFrom(...ODD_NAMES),
        fc.constantFrom('ada', 'bob', 0, 2 ** 31),
      )
      const broken = fc.constantFrom(...METHODS).chain(({ name, body, fields }) => {
        const paths = fc.constantFrom(...Object.keys(fields), 'TagList.0', 'To_Account.0', 'GroupName.0')
        return fc.record({ name: fc.constant(name), body: fc.constant(body), path: paths, value: values })
      })
      await fc.assert(
        fc.asyncProperty(broken, async ({ name, body, path, value }) => {
          const [first = ''] = path.split('.')
          if (!(first in body)) return
          const code = await codeOf(name, put(body, path, value))
          assert.ok(Number.isInteger(code))
          assert.ok(!OURS.includes(code), `${name} ${path}: ${JSON.stringify(value)} is ${code}`)
        }),
        { numRuns: kind.name === 'sqlite' ? 1_000 : 200 },
      )
    })
  })
}

/** What is said when something failed on our side. */
const OURS: readonly number[] = [30006, 30007, 40006, 60008, 70202, 70500]
