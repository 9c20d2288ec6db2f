// Lists of friends as they are read: a page in order of adding, or chosen ones with their profiles.

import type {
  AfterQuery,
  Custom,
  FriendPage,
  Friendship,
  PulledNamed,
  PulledRow,
  PulledRows,
  PullQuery,
} from '../core/graph-model.ts'
import { idOf, noAccount, OWNER, ownerParams } from './graph-accounts.ts'
import { keyOf } from './graph-edges.ts'
import { toGroups } from './graph-ledger.ts'
import { toProfile } from './graph-profiles.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, optionalText, text, toJson } from './row.ts'

type FriendsQuery = AfterQuery & { readonly unless?: { readonly standard: number; readonly custom: number } }

export function* pageFriends(
  siteId: number,
  account: string,
  { after, limit, unless }: FriendsQuery,
): Query<FriendPage> {
  const rows = yield* all(
    `with ${OWNER}, head as (
       select owner.id, coalesce(g.friend_count, 0) as total, coalesce(g.standard_sequence, 0) as standard,
         coalesce(g.custom_sequence, 0) as custom_sequence, coalesce(g.group_names, '[]') as group_names
       from owner left join graphs g on g.user_id = owner.id
     )
     select head.total, head.standard, head.custom_sequence, head.group_names, f.name, f.serial, f.added_at,
       f.remark, f.source, f.wording, f.group_ids, f.custom
     from head left join (
       select f.*, coalesce(u.uid, u.token) as name from friends f join users u on u.id = f.to_id
       where f.from_id = (select id from head where not (standard = ? and custom_sequence = ?)) and f.serial > ?
       order by f.serial limit ?
     ) f on f.from_id = head.id
     order by f.serial`,
    ...ownerParams(siteId, account),
    unless?.standard ?? -1,
    unless?.custom ?? -1,
    after,
    limit + 1,
  )
  const [first] = rows
  if (!first) throw noAccount()
  const groups = groupReader(text(first, 'group_names'))
  const found = rows.filter((row) => optionalNumber(row, 'serial') !== undefined)
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    friends: page.map((row) => ({ account: text(row, 'name'), ...toFriendship(row, groups) })),
    next: last && found.length > limit ? number(last, 'serial') : undefined,
    total: number(first, 'total'),
    standardSequence: number(first, 'standard'),
    customSequence: number(first, 'custom_sequence'),
  }
}

export function* friendsHead(
  siteId: number,
  account: string,
): Query<{ readonly standardSequence: number; readonly total: number } | undefined> {
  const row = yield* one(
    `with ${OWNER}
     select coalesce(g.standard_sequence, 0) as standard, coalesce(g.friend_count, 0) as total
     from owner left join graphs g on g.user_id = owner.id`,
    ...ownerParams(siteId, account),
  )
  return row && { standardSequence: number(row, 'standard'), total: number(row, 'total') }
}

/** Where the account stands, as a row like those of its friends: few columns, for there are many rows. */
const HEAD = `select -1 as "index",
    owner.id || ',' || coalesce(g.standard_sequence + g.custom_sequence + g.group_sequence, 0) || ',' ||
    coalesce(feeds.profiles, 0) as remark, null as source, null as wording,
    coalesce(g.group_names, '[]') as group_ids, null as added_at, null as custom`
const OF_OWNER = 'from owner left join graphs g on g.user_id = owner.id left join feeds on feeds.site_id = ?'

const EDGE = 'f.remark, f.source, f.wording, f.group_ids, f.added_at, f.custom'

const BY_ID = `select item.key - {first}, ${EDGE}`
const OF_IDS = `from {names} cross join friends f
  where f.key = ${keyOf('(select id from owner)', 'cast(item.value as {integer})')}`

const BY_NAME = `select -2 - (item.key - {first}), ${EDGE}, u.id, p.profile
  from {names} join users u on u.is_account = 1 and u.id = ${idOf('item.value')}
  left join friends f on f.key = ${keyOf('(select id from owner)', 'u.id')}
  left join profiles p on p.user_id = f.to_id`

/** Without names, rows have neither user nor profile. */
const ALL_KNOWN = `with ${OWNER} ${HEAD} ${OF_OWNER} union all ${BY_ID} ${OF_IDS}`
const SOME_NAMED = `with ${OWNER} ${HEAD}, cast(null as {integer}) as user_id, cast(null as text) as profile ${OF_OWNER}
  union all ${BY_ID}, null, null ${OF_IDS} union all ${BY_NAME}`

export function* pullFriends(siteId: number, account: string, { ids, names }: PullQuery): Query<PulledRows> {
  const known = [...ownerParams(siteId, account), siteId, toJson(ids)]
  const rows = yield names.length > 0
    ? { sql: SOME_NAMED, params: [...known, toJson(names), siteId, siteId] }
    : { sql: ALL_KNOWN, params: known }
  const head = rows.find((row) => row.index === -1)
  if (!head) throw noAccount()
  const groups = groupReader(text(head, 'group_ids'))
  const byId = new Array<PulledRow | undefined>(ids.length).fill(undefined)
  const byName = new Array<PulledNamed | undefined>(names.length).fill(undefined)
  for (const row of rows) {
    const index = number(row, 'index')
    if (index >= 0) byId[index] = { friend: toFriendship(row, groups) }
    if (index < -1) byName[-2 - index] = toNamed(row, groups)
  }
  const [userId = 0, version = 0, profiles = 0] = text(head, 'remark').split(',').map(Number)
  return { head: { userId, version, profiles }, byId, byName }
}

function toNamed(row: Row, groups: GroupReader): PulledNamed {
  const userId = number(row, 'user_id')
  if (optionalNumber(row, 'added_at') === undefined) return { userId }
  return {
    userId,
    friend: toFriendship(row, groups),
    profile: toProfile(optionalText(row, 'profile') ?? '{}'),
  }
}

type GroupReader = (ids: string | undefined) => readonly string[]

/** Names of the groups that are still there; few friends are in groups that no other is in. */
function groupReader(json: string): GroupReader {
  const names = new Map(toGroups(json))
  const read = new Map<string, readonly string[]>()
  return (ids) => {
    if (ids === undefined) return []
    let found = read.get(ids)
    if (!found) {
      found = fromJson<readonly number[]>(ids).flatMap((id) => names.get(id) ?? [])
      read.set(ids, found)
    }
    return found
  }
}

function toFriendship(row: Row, groups: GroupReader): Omit<Friendship, 'account'> {
  const custom = optionalText(row, 'custom')
  return {
    remark: optionalText(row, 'remark'),
    source: optionalText(row, 'source'),
    wording: optionalText(row, 'wording'),
    groups: groups(optionalText(row, 'group_ids')),
    addedAt: number(row, 'added_at'),
    custom: custom === undefined ? undefined : fromJson<Custom>(custom),
  }
}
