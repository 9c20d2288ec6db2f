// What the house keeps of each account's list beside the list: sequences, counts, groups. Read under a lock, changed in
// memory, written back whole.

import { all, type Query, type Row } from './query.ts'
import { fromJson, number, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'

export interface Ledger {
  readonly userId: number
  standardSequence: number
  customSequence: number
  groupSequence: number
  blockSequence: number
  lastSerial: number
  lastGroup: number
  friendCount: number
  blockCount: number
  pendingCount: number
  /** Name to id, in order of making. */
  readonly groups: Map<string, number>
  isChanged: boolean
}

/** Ledgers by user id. */
export type Ledgers = ReadonlyMap<number, Ledger>

const COLUMNS = `standard_sequence, custom_sequence, group_sequence, block_sequence, last_serial, last_group,
  friend_count, block_count, pending_count, group_names`

/** 2025-01-01T00:00:00Z in seconds. */
const SEQUENCE_EPOCH = 1_735_689_600

/**
 * The next number of a sequence: one more, and never less than seconds since 2025. So it does not come twice, even
 * after a backup was restored or a user made anew, and stays below 2^31 until 2093.
 */
export function nextSequence(sequence: number, at: number): number {
  return Math.max(sequence + 1, Math.floor(at / 1_000) - SEQUENCE_EPOCH)
}

/** Locks the ledgers of these users, in order of id, against all other writes to their lists. */
export function* openLedgers(
  { engine }: Context,
  siteId: number,
  userIds: readonly number[],
): Query<Ledgers> {
  const ids = toJson([...new Set(userIds)].toSorted((a, b) => a - b))
  // A row that is not there cannot be locked; on SQLite there is nobody to lock it against.
  if (engine === 'postgres') {
    yield* all(
      `insert into graphs (user_id, site_id) select cast(item.value as {integer}), cast(? as {integer}) from {names}
       order by 1 on conflict (user_id) do nothing`,
      siteId,
      ids,
    )
  }
  const rows = yield* all(
    `select user_id, ${COLUMNS} from graphs
     where site_id = ? and user_id in (select cast(item.value as {integer}) from {names})
     order by user_id {lock}`,
    siteId,
    ids,
  )
  const ledgers = new Map(userIds.map((userId) => [userId, emptyLedger(userId)]))
  for (const row of rows) {
    const ledger = toLedger(row)
    ledgers.set(ledger.userId, ledger)
  }
  return ledgers
}

/** Writes back those that have changed. */
export function* saveLedgers(siteId: number, ledgers: Ledgers): Query<void> {
  const lines = [...ledgers.values()].filter(({ isChanged }) => isChanged).map(toLine)
  if (lines.length === 0) return
  yield* all(
    `insert into graphs (user_id, site_id, ${COLUMNS})
     select cast(item.value ->> 0 as {integer}), cast(? as {integer}), cast(item.value ->> 1 as {integer}),
       cast(item.value ->> 2 as {integer}), cast(item.value ->> 3 as {integer}),
       cast(item.value ->> 4 as {integer}), cast(item.value ->> 5 as {integer}),
       cast(item.value ->> 6 as {integer}), cast(item.value ->> 7 as {integer}),
       cast(item.value ->> 8 as {integer}), cast(item.value ->> 9 as {integer}), item.value ->> 10
     from {lines} where true
     on conflict (user_id) do update set
       standard_sequence = excluded.standard_sequence, custom_sequence = excluded.custom_sequence,
       group_sequence = excluded.group_sequence, block_sequence = excluded.block_sequence,
       last_serial = excluded.last_serial, last_group = excluded.last_group,
       friend_count = excluded.friend_count, block_count = excluded.block_count,
       pending_count = excluded.pending_count, group_names = excluded.group_names`,
    siteId,
    toJson(lines),
  )
}

/** Moves the sequences of a list that has changed. */
export function moveList(
  ledger: Ledger,
  at: number,
  { standard = false, custom = false, groups = false, blocks = false },
): void {
  if (standard) ledger.standardSequence = nextSequence(ledger.standardSequence, at)
  if (custom) ledger.customSequence = nextSequence(ledger.customSequence, at)
  if (groups) ledger.groupSequence = nextSequence(ledger.groupSequence, at)
  if (blocks) ledger.blockSequence = nextSequence(ledger.blockSequence, at)
  ledger.isChanged = true
}

/** A number that no entry of this account's lists has had. */
export function nextSerial(ledger: Ledger): number {
  ledger.isChanged = true
  ledger.lastSerial += 1
  return ledger.lastSerial
}

/** An account's list has one friend more: the serial of the edge. */
export function grow(ledger: Ledger, at: number): number {
  ledger.friendCount += 1
  moveList(ledger, at, { standard: true, custom: true })
  return nextSerial(ledger)
}

/** An account's list has lost friends. */
export function shrink(ledger: Ledger, by: number, at: number): void {
  ledger.friendCount -= by
  moveList(ledger, at, { standard: true, custom: true, groups: ledger.groups.size > 0 })
}

/** Whether these groups, with those that are there, are not too many. */
export function fitGroups(ledger: Ledger, names: readonly string[], max: number): boolean {
  if (names.every((name) => ledger.groups.has(name))) return true
  const missing = names.filter((name) => !ledger.groups.has(name))
  return ledger.groups.size + new Set(missing).size <= max
}

/** Ids of groups by name, in order of making; the missing ones are made. */
export function takeGroups(ledger: Ledger, names: readonly string[], at: number): readonly number[] {
  const ids: number[] = []
  for (const name of names) {
    let id = ledger.groups.get(name)
    if (id === undefined) {
      ledger.lastGroup += 1
      id = ledger.lastGroup
      ledger.groups.set(name, id)
      moveList(ledger, at, { groups: true })
    }
    if (!ids.includes(id)) ids.push(id)
  }
  return ids.length < 2 ? ids : ids.sort((a, b) => a - b)
}

/** `group_names` of a row as pairs of id and name. */
export function toGroups(json: string): readonly (readonly [id: number, name: string])[] {
  return fromJson<readonly (readonly [number, string])[]>(json)
}

function emptyLedger(userId: number): Ledger {
  return {
    userId,
    standardSequence: 0,
    customSequence: 0,
    groupSequence: 0,
    blockSequence: 0,
    lastSerial: 0,
    lastGroup: 0,
    friendCount: 0,
    blockCount: 0,
    pendingCount: 0,
    groups: new Map(),
    isChanged: false,
  }
}

function toLedger(row: Row): Ledger {
  return {
    userId: number(row, 'user_id'),
    standardSequence: number(row, 'standard_sequence'),
    customSequence: number(row, 'custom_sequence'),
    groupSequence: number(row, 'group_sequence'),
    blockSequence: number(row, 'block_sequence'),
    lastSerial: number(row, 'last_serial'),
    lastGroup: number(row, 'last_group'),
    friendCount: number(row, 'friend_count'),
    blockCount: number(row, 'block_count'),
    pendingCount: number(row, 'pending_count'),
    groups: new Map(toGroups(text(row, 'group_names')).map(([id, name]) => [name, id])),
    isChanged: false,
  }
}

function toLine(ledger: Ledger): readonly (number | string)[] {
  return [
    ledger.userId,
    ledger.standardSequence,
    ledger.customSequence,
    ledger.groupSequence,
    ledger.blockSequence,
    ledger.lastSerial,
    ledger.lastGroup,
    ledger.friendCount,
    ledger.blockCount,
    ledger.pendingCount,
    JSON.stringify([...ledger.groups].map(([name, id]) => [id, name])),
  ]
}
