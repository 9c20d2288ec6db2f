// An account's groups of friends.

import { addGroups, deleteGroups, readGroups } from '../../core/graph-groups.ts'
import { limitsOf } from '../../core/graph-limits.ts'
import type { Site } from '../../core/model.ts'
import { command } from './command.ts'
import { TencentError } from './errors.ts'
import {
  type Fields,
  isAbsent,
  isEmpty,
  missing,
  readAccount,
  readAccounts,
  readInteger,
  readText,
  readTexts,
} from './fields.ts'
import { toItems } from './outcomes.ts'

const add = command({
  name: 'sns/group_add',
  summary: 'Make groups, and put friends into them',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const names = requireNames(fields, site)
    const others = hasNobody(fields) ? [] : readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
    const members = others.map((other) => ({ account: other }))
    const { code, sequence, outcomes } = await addGroups(gateway, site, account, { names, members })
    if (code === 'groups_full')
      throw new TencentError(30011, { info: 'Err_SNS_GroupAdd_Group_Num_Exceed_Threshold' })
    if (code !== 'ok') throw new TencentError(30001, { info: 'Err_SNS_GroupAdd_Group_Name_Illegal' })
    const items = members.length > 0 ? `${toItems('ResultItem', 'GroupAdd', outcomes)},` : ''
    return `${items}"CurrentSequence":${sequence}`
  },
})

const remove = command({
  name: 'sns/group_delete',
  summary: 'Delete groups; the friends in them stay',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const sequence = await deleteGroups(gateway, site, account, requireNames(fields, site))
    return `"CurrentSequence":${sequence}`
  },
})

const list = command({
  name: 'sns/group_get',
  summary: 'List groups, with their friends where asked for',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const names = readNames(fields, site)
    const withMembers = readText(fields, 'NeedFriend', 30001) === 'Need_Friend_Type_Yes'
    const known = readInteger(fields, 'LastSequence', 30001) ?? 0
    const query = { names: names.length > 0 ? names : undefined, withMembers }
    const { groups: all, sequence } = await readGroups(gateway, site, account, query)
    if (known !== 0 && known === sequence && names.length === 0) return `"CurrentSequence":${sequence}`
    const items = all.map(({ name, size, members }) => {
      const friends = withMembers ? `,"To_Account":${JSON.stringify(members ?? [])}` : ''
      return `{"GroupName":${JSON.stringify(name)},"FriendNumber":${size}${friends}}`
    })
    return `"ResultItem":[${items.join()}],"CurrentSequence":${sequence}`
  },
})

export const groups = [add, remove, list]

function requireNames(fields: Fields, site: Site): string[] {
  const names = readNames(fields, site)
  if (names.length === 0) throw missing('GroupName', 30001)
  return names
}

/** Names of groups; a single one may come as text. */
function readNames(fields: Fields, site: Site): string[] {
  const { GroupName: name } = fields
  if (typeof name === 'string' && name !== '') return [name]
  return readTexts(fields, 'GroupName', 30001, limitsOf(site).batch)
}

/** A known client sends `null` for no friends. */
function hasNobody({ To_Account: others }: Fields): boolean {
  return isAbsent(others) || isEmpty(others)
}
