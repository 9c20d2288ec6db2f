// Friends as they are: who has whom, and page by page.

import { checkFriends, pageFriends } from '../../core/graph.ts'
import { limitsOf } from '../../core/graph-limits.ts'
import type { Friendship, Related, Relation } from '../../core/graph-model.ts'
import { command } from './command.ts'
import { missing, readAccount, readAccounts, readInteger, readWord } from './fields.ts'
import { toItems } from './outcomes.ts'
import { FRIEND_CUSTOM, FRIEND_TAGS, listed, toTags } from './tags.ts'

const CHECK_TYPES = ['', 'CheckResult_Type_Both', 'CheckResult_Type_Single'] as const

const RELATIONS: Readonly<Record<Relation, string>> = {
  both: 'CheckResult_Type_BothWay',
  mine: 'CheckResult_Type_AWithB',
  theirs: 'CheckResult_Type_BWithA',
  none: 'CheckResult_Type_NoRelation',
}

const check = command({
  name: 'sns/friend_check',
  summary: 'Check who has whom',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const others = readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
    const type = readWord(fields, 'CheckType', CHECK_TYPES, 30001)
    if (type === '') throw missing('CheckType', 30001)
    const lines = others.map((other) => ({ account: other }))
    const isMutual = type === 'CheckResult_Type_Both'
    const related = await checkFriends(gateway, site, account, lines, { isMutual })
    const more = ({ relation }: Related) => `,"Relation":"${RELATIONS[relation]}"`
    return toItems('InfoItem', 'FriendCheck', related, { more })
  },
})

const page = command({
  name: 'sns/friend_get',
  summary: 'Page all friends of an account',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const after = readInteger(fields, 'StartIndex', 30001) ?? 0
    const standard = readInteger(fields, 'StandardSequence', 30001) ?? 0
    const custom = readInteger(fields, 'CustomSequence', 30001) ?? 0
    // A known client sends the first page's sequences with the second: only the first page can be unchanged.
    const unless = after === 0 ? { standard, custom } : undefined
    const list = await pageFriends(gateway, site, account, { after, unless })
    const hasStandard = !unless || standard !== list.standardSequence
    const hasCustom = !unless || custom !== list.customSequence
    const items =
      hasStandard || hasCustom ? list.friends.map((friend) => toPageItem(friend, hasStandard, hasCustom)) : []
    const data = items.length > 0 ? `"UserDataItem":[${items.join()}],` : ''
    const isComplete = list.next === undefined || !(hasStandard || hasCustom)
    return (
      `${data}"StandardSequence":${list.standardSequence},"CustomSequence":${list.customSequence},` +
      `"FriendNum":${list.total},"CompleteFlag":${isComplete ? 1 : 0},` +
      `"NextStartIndex":${isComplete ? 0 : list.next}`
    )
  },
})

export const friendLists = [check, page]

function toPageItem(friend: Friendship, hasStandard: boolean, hasCustom: boolean): string {
  const standard = hasStandard ? toTags(FRIEND_TAGS.map(([tag, value]) => [tag, value(friend)])) : ''
  const own = hasCustom ? Object.entries(friend.custom ?? {}) : []
  const custom = toTags(own.map(([keyword, value]) => [FRIEND_CUSTOM + keyword, value]))
  return `{"To_Account":${JSON.stringify(friend.account)},"ValueItem":[${listed(standard, custom)}]}`
}
