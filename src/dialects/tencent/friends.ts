// Friends: added, imported, changed, deleted.

import {
  addFriends,
  deleteAllFriends,
  deleteFriends,
  importFriends,
  updateFriends,
} from '../../core/graph.ts'
import { limitsOf } from '../../core/graph-limits.ts'
import type { Custom, FriendChange, GraphCode, ImportedFriend, NewFriend } from '../../core/graph-model.ts'
import { command } from './command.ts'
import {
  type Fields,
  isAbsent,
  isEmpty,
  isObject,
  missing,
  readAccount,
  readAccounts,
  readInteger,
  readItems,
  readText,
  readTexts,
  readWord,
  undecodable,
} from './fields.ts'
import { aboutOf, ITEM_NAMES, type Read, TAG_NAMES } from './friend-flaws.ts'
import { toItems } from './outcomes.ts'
import { FRIEND_CUSTOM, GROUP_TAG, REMARK_TAG, SOURCE_PREFIX } from './tags.ts'

const add = command({
  name: 'sns/friend_add',
  summary: 'Add friends, on one side or on both',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const items = readItems(fields, 'AddFriendItem', 30001, limitsOf(site).batch)
    const type = readWord(fields, 'AddType', ['Add_Type_Both', 'Add_Type_Single'], 30001)
    const lines = items.map(toNewFriend)
    const outcomes = await addFriends(gateway, site, account, lines, {
      isMutual: type === 'Add_Type_Both',
      isForced: readInteger(fields, 'ForceAddFlags', 30001) === 1,
    })
    return toItems('ResultItem', 'FriendAdd', outcomes, { about: aboutOf(site, lines, ITEM_NAMES) })
  },
})

const take = command({
  name: 'sns/friend_import',
  summary: 'Import friends, on one side',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const items = readItems(fields, 'AddFriendItem', 30001, limitsOf(site).batch)
    const lines = items.map(toImportedFriend)
    const outcomes = await importFriends(gateway, site, account, lines)
    return toItems('ResultItem', 'FriendImport', outcomes, { about: aboutOf(site, lines, ITEM_NAMES) })
  },
})

const update = command({
  name: 'sns/friend_update',
  summary: 'Change remarks, groups and custom fields',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const items = readItems(fields, 'UpdateItem', 30001, limitsOf(site).batch)
    const lines = items.map(toChange)
    const outcomes = await updateFriends(gateway, site, account, lines)
    return toItems('ResultItem', 'FriendUpdate', outcomes, { about: aboutOf(site, lines, TAG_NAMES) })
  },
})

const DELETE_TYPES = ['Delete_Type_Single', 'Delete_Type_Both'] as const

const remove = command({
  name: 'sns/friend_delete',
  summary: 'Delete friends, on one side or on both',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const others = readAccounts(fields, 'To_Account', 30001, limitsOf(site).batch)
    const isMutual = readWord(fields, 'DeleteType', DELETE_TYPES, 30001) === 'Delete_Type_Both'
    const lines = others.map((other) => ({ account: other }))
    const outcomes = await deleteFriends(gateway, site, account, lines, { isMutual })
    return toItems('ResultItem', 'FriendDelete', outcomes)
  },
})

const removeAll = command({
  name: 'sns/friend_delete_all',
  summary: 'Delete all friends of an account',
  async run({ gateway, site, fields }) {
    const account = readAccount(fields, 'From_Account', 30001)
    const isMutual = readWord(fields, 'DeleteType', DELETE_TYPES, 30001) === 'Delete_Type_Both'
    await deleteAllFriends(gateway, site, account, { isMutual })
    return ''
  },
})

export const friends = [add, take, update, remove, removeAll]

function toNewFriend(item: Fields): NewFriend {
  const source = readText(item, 'AddSource', 30001)
  return {
    account: readAccount(item, 'To_Account', 30001),
    source: source?.slice(SOURCE_PREFIX.length),
    remark: readText(item, 'Remark', 30001),
    wording: readText(item, 'AddWording', 30001),
    groups: readGroups(item),
    flaw: isSource(source) ? undefined : 'bad_source',
  }
}

function isSource(source: string | undefined): boolean {
  return source?.startsWith(SOURCE_PREFIX) === true && source.length > SOURCE_PREFIX.length
}

function toImportedFriend(item: Fields): Read<ImportedFriend> {
  const friend = toNewFriend(item)
  // Known, and of no consequence: when a remark was given is not kept.
  readInteger(item, 'RemarkTime', 30001)
  const seconds = readInteger(item, 'AddTime', 30001) ?? 0
  const { custom, flaw, about } = readCustom(item)
  // Clients hold it in 32 bits with a sign.
  const isLate = seconds >= 2 ** 31
  return {
    ...friend,
    custom,
    addedAt: seconds > 0 && !isLate ? seconds * 1_000 : undefined,
    flaw: friend.flaw ?? (isLate ? 'bad_value' : flaw),
    about: isLate ? 'AddTime' : about,
  }
}

/** One group as text, as `friend_add` has it, or many, as `friend_import` has them: both do for both. */
function readGroups(item: Fields): readonly string[] | undefined {
  const { GroupName: groups } = item
  if (isAbsent(groups)) return undefined
  return typeof groups === 'string' ? [groups] : readTexts(item, 'GroupName', 30001, GROUPS_MAX)
}

/** More than any site can have. */
const GROUPS_MAX = 1_000

function readCustom(item: Fields): { custom?: Custom; flaw?: GraphCode; about?: string } {
  if (isAbsent(item.CustomItem)) return {}
  const custom = new Map<string, string | number>()
  for (const [tag, value] of readTagged(item, 'CustomItem')) {
    if (!tag.startsWith(FRIEND_CUSTOM)) return { flaw: 'unknown_field', about: tag }
    if (!isCustomValue(value)) return { flaw: 'bad_value', about: tag }
    custom.set(tag.slice(FRIEND_CUSTOM.length), value)
  }
  return { custom: toCustom(custom) }
}

function toChange(item: Fields): Read<FriendChange> {
  const account = readAccount(item, 'To_Account', 30001)
  const custom = new Map<string, string | number>()
  let remark: string | undefined
  let groups: readonly string[] | undefined
  if (isAbsent(item.SnsItem) || isEmpty(item.SnsItem)) throw missing('SnsItem', 30001)
  for (const [tag, given] of readTagged(item, 'SnsItem')) {
    const value = given ?? ''
    if (tag === REMARK_TAG) {
      if (typeof value !== 'string') return { account, flaw: 'bad_value', about: tag }
      remark = value
    } else if (tag === GROUP_TAG) {
      groups = toNames(value)
      if (!groups) return { account, flaw: 'bad_value', about: tag }
    } else if (tag.startsWith(FRIEND_CUSTOM)) {
      if (!isCustomValue(value)) return { account, flaw: 'bad_value', about: tag }
      custom.set(tag.slice(FRIEND_CUSTOM.length), value)
    } else return { account, flaw: 'unknown_field', about: tag }
  }
  return { account, remark, groups, custom: toCustom(custom) }
}

/** Keywords as own members, whatever they are called; nothing where there are none, so that no sequence moves. */
function toCustom(custom: ReadonlyMap<string, string | number>): Custom | undefined {
  return custom.size > 0 ? Object.fromEntries(custom) : undefined
}

/** Names of groups; one may come as text, since Tencent's own Java SDK can send nothing else. */
function toNames(value: unknown): readonly string[] | undefined {
  if (value === '') return []
  if (typeof value === 'string') return [value]
  const isList =
    Array.isArray(value) && value.length <= GROUPS_MAX && value.every((name) => typeof name === 'string')
  return isList ? value : undefined
}

function isCustomValue(value: unknown): value is string | number {
  return typeof value === 'string' || (typeof value === 'number' && Math.abs(value) < 2 ** 31)
}

/** A list of tags with their values. */
function* readTagged(item: Fields, name: string): Generator<readonly [tag: string, value: unknown]> {
  const list = item[name]
  if (!Array.isArray(list)) throw undecodable(name, 'an array', 30001)
  for (const entry of list) {
    if (!isObject(entry) || typeof entry.Tag !== 'string') {
      throw undecodable(name, 'an array of objects with Tag and Value', 30001)
    }
    yield [entry.Tag, entry.Value]
  }
}
