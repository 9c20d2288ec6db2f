// Friends as they are: who has whom, page by page, and chosen ones with their profiles.

import type { Pulled } from '../../core/friend-memory.ts'
import { checkFriends, pageFriends } from '../../core/graph.ts'
import { limitsOf } from '../../core/graph-limits.ts'
import type { Friendship, Related, Relation } from '../../core/graph-model.ts'
import { pullFriends } from '../../core/graph-pull.ts'
import { command } from './command.ts'
import { toBytes } from './envelope.ts'
import { shortened, TencentError } from './errors.ts'
import { missing, readAccount, readAccounts, readInteger, readTexts, readWord } from './fields.ts'
import { viewOf } from './friend-view.ts'
import { toFailed, toItems, toResult } from './outcomes.ts'
import { FRIEND_CUSTOM, FRIEND_TAGS, isFriendTag, isProfileTag, listed, toTags } from './tags.ts'

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

const pull = command({
  name: 'sns/friend_get_list',
  summary: 'Read chosen friends with their profiles',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const others = readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
    const tags = readTexts(fields, 'TagList', 30001, TAGS_MAX)
    if (tags.length === 0) throw missing('TagList', 30001)
    const stranger = tags.find((tag) => !isFriendTag(site, tag) && !isProfileTag(site, tag))
    if (stranger !== undefined) {
      throw new TencentError(30001, { info: `Err_SNS_FriendGetList_Tag_Illegal: ${shortened(stranger)}` })
    }
    const friends = await pullFriends(gateway, site, account, others, viewOf(tags))
    let reply = replies.get(friends)
    if (reply === undefined) {
      reply = toBytes(toInfoItems(friends), 'sns')
      replies.set(friends, reply)
    }
    return reply
  },
})

/** Who asks for the same again is given the same array: then its reply is there. */
const replies = new WeakMap<readonly Pulled[], Uint8Array>()

function toInfoItems(friends: readonly Pulled[]): string {
  const failed: string[] = []
  let items = ''
  for (const pulled of friends) {
    if ('text' in pulled) {
      items = listed(items, pulled.text)
      continue
    }
    const name = JSON.stringify(pulled.account)
    const [number, info] = toResult('FriendGetList', pulled.code)
    items = listed(items, `{"To_Account":${name},"ResultCode":${number},"ResultInfo":"${info}"}`)
    failed.push(name)
  }
  return `"InfoItem":[${items}]${toFailed(failed)}`
}

/** Tags that one call may name; there are 17 standard ones. */
const TAGS_MAX = 1_000

export const friendLists = [check, page, pull]

function toPageItem(friend: Friendship, hasStandard: boolean, hasCustom: boolean): string {
  const standard = hasStandard ? toTags(FRIEND_TAGS.map(([tag, value]) => [tag, value(friend)])) : ''
  const own = hasCustom ? Object.entries(friend.custom ?? {}) : []
  const custom = toTags(own.map(([keyword, value]) => [FRIEND_CUSTOM + keyword, value]))
  return `{"To_Account":${JSON.stringify(friend.account)},"ValueItem":[${listed(standard, custom)}]}`
}
