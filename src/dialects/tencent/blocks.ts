// Whom an account has blocked.

import { addBlocks, checkBlocks, deleteBlocks, pageBlocks } from '../../core/graph-blocks.ts'
import { limitsOf } from '../../core/graph-limits.ts'
import type { Related, Relation } from '../../core/graph-model.ts'
import { command } from './command.ts'
import { missing, readAccount, readAccounts, readInteger, readWord, undecodable } from './fields.ts'
import { toItems } from './outcomes.ts'

const add = command({
  name: 'sns/black_list_add',
  summary: 'Block accounts',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const others = readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
    const outcomes = await addBlocks(gateway, site, account, others.map(toLine))
    return toItems('ResultItem', 'BlackListAdd', outcomes)
  },
})

const remove = command({
  name: 'sns/black_list_delete',
  summary: 'Unblock accounts',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const others = readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
    const outcomes = await deleteBlocks(gateway, site, account, others.map(toLine))
    return toItems('ResultItem', 'BlackListDelete', outcomes)
  },
})

const page = command({
  name: 'sns/black_list_get',
  summary: 'Page the accounts that are blocked',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const after = readInteger(fields, 'StartIndex', 30001) ?? 0
    const limit = readInteger(fields, 'MaxLimited', 30001)
    if (limit === undefined) throw missing('MaxLimited', 30001)
    if (limit < 1) throw undecodable('MaxLimited', 'at least 1', 30001)
    // A caller who says what they know is told all the same: known clients send a later page's request with it.
    readInteger(fields, 'LastSequence', 30001)
    const size = Math.min(limit, limitsOf(site).batch)
    const {
      blocks: list,
      next = 0,
      sequence,
    } = await pageBlocks(gateway, site, account, { after, limit: size })
    const items = list.map(({ account: other, addedAt }) => {
      return `{"To_Account":${JSON.stringify(other)},"AddBlackTimeStamp":${Math.floor(addedAt / 1_000)}}`
    })
    // The misspelling is the wire's name; one known client reads the right spelling.
    return (
      `"BlackListItem":[${items.join()}],"StartIndex":${next},` +
      `"CurruentSequence":${sequence},"CurrentSequence":${sequence}`
    )
  },
})

const CHECK_TYPES = ['', 'BlackCheckResult_Type_Both', 'BlackCheckResult_Type_Single'] as const

const RELATIONS: Readonly<Record<Relation, string>> = {
  both: 'BlackCheckResult_Type_BothWay',
  mine: 'BlackCheckResult_Type_AWithB',
  theirs: 'BlackCheckResult_Type_BWithA',
  none: 'BlackCheckResult_Type_NO',
}

const check = command({
  name: 'sns/black_list_check',
  summary: 'Check who blocks whom',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const others = readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
    const type = readWord(fields, 'CheckType', CHECK_TYPES, 30001)
    if (type === '') throw missing('CheckType', 30001)
    const isMutual = type === 'BlackCheckResult_Type_Both'
    const related = await checkBlocks(gateway, site, account, others.map(toLine), { isMutual })
    const more = ({ relation }: Related) => `,"Relation":"${RELATIONS[relation]}"`
    return toItems('BlackListCheckItem', 'BlackListCheck', related, { more })
  },
})

export const blocks = [add, remove, page, check]

function toLine(account: string): { readonly account: string } {
  return { account }
}
