// Accounts: users of the site, made and removed by the site.

import { checkText } from '../../core/graph-checks.ts'
import { limitsOf } from '../../core/graph-limits.ts'
import type { NewAccount } from '../../core/graph-model.ts'
import type { Site } from '../../core/model.ts'
import { checkAccounts, deleteAccounts, importAccounts } from '../../core/profiles.ts'
import { command } from './command.ts'
import { TencentError } from './errors.ts'
import { type Fields, isAbsent, isEmpty, readAccount, readAccounts, readItems, readText } from './fields.ts'

const take = command({
  name: 'im_open_login_svc/account_import',
  summary: 'Import one account',
  async run({ gateway, site, fields }) {
    const account = toNewAccount(site, fields, readUserId(fields))
    if (account.flaw === 'too_long') {
      throw new TencentError(40601, { info: 'Err_Profile_Value_Too_Long: Nick or FaceUrl.' })
    }
    if (account.flaw) throw new TencentError(70402, { info: 'Nick or FaceUrl is no text that can be kept.' })
    const [outcome] = await importAccounts(gateway, site, [account])
    if (outcome?.code !== 'ok')
      throw new TencentError(70402, { info: 'The UserID is too long or not usable.' })
    return ''
  },
})

const takeMany = command({
  name: 'im_open_login_svc/multiaccount_import',
  summary: 'Import accounts',
  async run({ gateway, site, fields }) {
    const { accountBatch } = limitsOf(site)
    const accounts =
      isAbsent(fields.AccountList) || isEmpty(fields.AccountList)
        ? readAccounts(fields, 'Accounts', 70402, accountBatch).map((account) => ({ account }))
        : readItems(fields, 'AccountList', 70402, accountBatch).map((item) =>
            toNewAccount(site, item, readUserId(item)),
          )
    const outcomes = await importAccounts(gateway, site, accounts)
    const failed = outcomes.filter(({ code }) => code !== 'ok').map(({ account }) => account)
    return `"FailAccounts":${JSON.stringify(failed)}`
  },
})

const remove = command({
  name: 'im_open_login_svc/account_delete',
  summary: 'Delete accounts with graph and profile',
  async run({ gateway, site, fields }) {
    const items = readItems(fields, 'DeleteItem', 70402, limitsOf(site).accountBatch)
    const lines = items.map((item) => ({ account: readUserId(item) }))
    const results = (await deleteAccounts(gateway, site, lines)).map(({ account, code }) => {
      const [number, info] = code === 'ok' ? [0, ''] : [70107, 'Err_TLS_PT_Open_Login_Account_Not_Exist']
      return `{"ResultCode":${number},"ResultInfo":"${info}","UserID":${JSON.stringify(account)}}`
    })
    return `"ResultItem":[${results.join()}]`
  },
})

const check = command({
  name: 'im_open_login_svc/account_check',
  summary: 'Check which accounts there are',
  async run({ gateway, site, fields }) {
    const items = readItems(fields, 'CheckItem', 70402, limitsOf(site).accountBatch)
    const results = (await checkAccounts(gateway, site, items.map(readUserId))).map(({ account, code }) => {
      const status = code === 'ok' ? 'Imported' : 'NotImported'
      return `{"UserID":${JSON.stringify(account)},"ResultCode":0,"ResultInfo":"","AccountStatus":"${status}"}`
    })
    return `"ResultItem":[${results.join()}]`
  },
})

/** Nobody is logged in here, so there is nobody to be thrown out. */
const kick = command({
  name: 'im_open_login_svc/kick',
  summary: 'Answer that an account is logged out',
  async run({ fields }) {
    readUserId(fields)
    return ''
  },
})

export const accounts = [take, takeMany, remove, check, kick]

/** `UserID`, or `Identifier` as older clients call it. */
function readUserId(fields: Fields): string {
  const isOld = isAbsent(fields.UserID) && !isAbsent(fields.Identifier)
  return readAccount(fields, isOld ? 'Identifier' : 'UserID', 70402)
}

function toNewAccount(site: Site, fields: Fields, account: string): NewAccount {
  const nick = readText(fields, 'Nick', 70402)
  const image = readText(fields, 'FaceUrl', 70402)
  const { valueBytes } = limitsOf(site)
  return { account, nick, image, flaw: checkText(nick, valueBytes) ?? checkText(image, valueBytes) }
}
