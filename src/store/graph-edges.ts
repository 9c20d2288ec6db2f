// Edges as rows: written and removed many at a time.

import type { Custom } from '../core/graph-model.ts'
import { forgetEdges, noteEdges, type Pair } from './graph-backwards.ts'
import { type Ledgers, shrink } from './graph-ledger.ts'
import { all, type Param, type Query, type Row, tuples } from './query.ts'
import { fromJson, number, optionalText, sure, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** One row of `friends`. */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly serial: number
  readonly addedAt: number
  readonly remark?: string
  readonly source?: string
  readonly wording?: string
  /** Ascending; those of groups that are gone mean nothing. */
  readonly groupIds?: readonly number[]
  readonly custom?: Custom
}

const EDGE = 'from_id, to_id, serial, added_at, remark, source, wording, group_ids, custom'

/** The key of the edge between two ids, in SQL. */
export function keyOf(from: string, to: string): string {
  return `((${from} << 31) | ${to})`
}

const PARAM = 'cast(? as {integer})'
const ITEM = 'cast(item.value as {integer})'
const FROM_ID = 'cast(item.value ->> 0 as {integer})'
const TO_ID = 'cast(item.value ->> 1 as {integer})'

/** Writes edges that were not there. */
export function* addEdges(context: Context, siteId: number, edges: readonly Edge[]): Query<void> {
  if (edges.length === 0) return
  // In the order of the table: neighbours are written one after the other.
  const sorted = edges.toSorted((a, b) => a.from - b.from || a.to - b.to)
  if (context.engine === 'sqlite') {
    const params: Param[] = []
    for (const edge of sorted) {
      const { from, to, serial, addedAt } = edge
      params.push(siteId, from, to, from, to, serial, addedAt, edge.remark ?? null, edge.source ?? null)
      params.push(edge.wording ?? null, groupsIn(edge), customIn(edge))
    }
    const tuple = `(?, ${keyOf('?', '?')}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
    yield* tuples(`insert into friends (site_id, key, ${EDGE}) values {tuples}`, tuple, params)
  } else {
    yield* all(
      `insert into friends (site_id, key, ${EDGE})
       select ${PARAM}, ${keyOf(FROM_ID, TO_ID)}, ${FROM_ID}, ${TO_ID}, cast(item.value ->> 2 as {integer}),
         cast(item.value ->> 3 as {integer}), item.value ->> 4, item.value ->> 5, item.value ->> 6,
         item.value ->> 7, item.value ->> 8
       from {lines}`,
      siteId,
      toJson(sorted.map(toLine)),
    )
  }
  yield* noteEdges(context, sorted)
}

/** Writes edges over those that are there, but for their serials. */
export function* changeEdges(edges: readonly Edge[]): Query<void> {
  if (edges.length === 0) return
  yield* all(
    `update friends set added_at = line.added_at, remark = line.remark, source = line.source,
       wording = line.wording, group_ids = line.group_ids, custom = line.custom
     from (
       select ${keyOf(FROM_ID, TO_ID)} as key, cast(item.value ->> 3 as {integer}) as added_at,
         item.value ->> 4 as remark, item.value ->> 5 as source, item.value ->> 6 as wording,
         item.value ->> 7 as group_ids, item.value ->> 8 as custom
       from {lines}
     ) as line
     where friends.key = line.key`,
    toJson(edges.map(toLine)),
  )
}

/** The edges from one account to some. */
export function* edgesTo(fromId: number, toIds: readonly number[]): Query<readonly Edge[]> {
  if (toIds.length === 0) return []
  const rows = yield* all(
    `select f.from_id, f.to_id, f.serial, f.added_at, f.remark, f.source, f.wording, f.group_ids, f.custom
     from {names} cross join friends f where f.key = ${keyOf(PARAM, ITEM)}`,
    toJson(toIds),
    fromId,
  )
  return rows.map(toEdge)
}

/** Removes edges from one account to some; answers to whom there were any. */
function* removeEdgesTo(
  context: Context,
  fromId: number,
  toIds: readonly number[],
): Query<ReadonlySet<number>> {
  const rows = yield* all(
    `delete from friends where key in (select ${keyOf(PARAM, ITEM)} from {names}) returning to_id`,
    fromId,
    toJson(toIds),
  )
  const gone = new Set(rows.map((row) => number(row, 'to_id')))
  yield* forgetEdges(
    context,
    Array.from(gone, (to) => ({ from: fromId, to })),
  )
  return gone
}

/** Removes edges from some to one account; answers from whom there were any. */
function* removeEdgesFrom(
  context: Context,
  toId: number,
  fromIds: readonly number[],
): Query<ReadonlySet<number>> {
  const rows = yield* all(
    `delete from friends where key in (select ${keyOf(ITEM, PARAM)} from {names}) returning from_id`,
    toId,
    toJson(fromIds),
  )
  const gone = new Set(rows.map((row) => number(row, 'from_id')))
  yield* forgetEdges(
    context,
    Array.from(gone, (from) => ({ from, to: toId })),
  )
  return gone
}

/** Removes edges from one account to some and, where mutual, back; counts them in the ledgers. */
export function* removeBothEdges(
  context: Context,
  myId: number,
  ids: readonly number[],
  isMutual: boolean,
  ledgers: Ledgers,
  at: number,
): Query<{ readonly mine: ReadonlySet<number>; readonly theirs: ReadonlySet<number> }> {
  const mine = yield* removeEdgesTo(context, myId, ids)
  const theirs = isMutual ? yield* removeEdgesFrom(context, myId, ids) : new Set<number>()
  if (mine.size > 0) shrink(sure(ledgers.get(myId)), mine.size, at)
  for (const id of theirs) shrink(sure(ledgers.get(id)), 1, at)
  return { mine, theirs }
}

/** Removes all edges to these users, which `edgesToAny` has found; answers whose they were. */
export function* removeEdgesToAny(
  context: Context,
  ids: readonly number[],
  found: readonly Pair[],
): Query<readonly number[]> {
  if (context.engine === 'sqlite') {
    const lines = found.map(({ from, to }) => [from, to])
    yield* all(
      `delete from friends where key in (select ${keyOf(FROM_ID, TO_ID)} from {lines})`,
      toJson(lines),
    )
    yield* forgetEdges(context, found)
    return found.map(({ from }) => from)
  }
  // What was taken from a list since is not counted again.
  const rows = yield* all(
    `delete from friends where to_id in (select ${ITEM} from {names}) returning from_id`,
    toJson(ids),
  )
  return rows.map((row) => number(row, 'from_id'))
}

/** Removes all edges from these users. */
export function* removeEdgesOfAny(context: Context, ids: readonly number[]): Query<void> {
  const rows = yield* all(
    `delete from friends where from_id in (select ${ITEM} from {names}) returning from_id, to_id`,
    toJson(ids),
  )
  yield* forgetEdges(
    context,
    rows.map((row) => ({ from: number(row, 'from_id'), to: number(row, 'to_id') })),
  )
}

/** A text that says something, or nothing. */
export function said(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

function toLine(edge: Edge): readonly (number | string | null)[] {
  const { from, to, serial, addedAt, remark, source, wording } = edge
  const words = [remark ?? null, source ?? null, wording ?? null]
  return [from, to, serial, addedAt, ...words, groupsIn(edge), customIn(edge)]
}

function groupsIn({ groupIds }: Edge): string | null {
  return groupIds && groupIds.length > 0 ? `[${groupIds.join()}]` : null
}

function customIn({ custom }: Edge): string | null {
  return custom && Object.keys(custom).length > 0 ? JSON.stringify(custom) : null
}

function toEdge(row: Row): Edge {
  const groupIds = optionalText(row, 'group_ids')
  const custom = optionalText(row, 'custom')
  return {
    from: number(row, 'from_id'),
    to: number(row, 'to_id'),
    serial: number(row, 'serial'),
    addedAt: number(row, 'added_at'),
    remark: optionalText(row, 'remark'),
    source: optionalText(row, 'source'),
    wording: optionalText(row, 'wording'),
    groupIds: groupIds === undefined ? undefined : fromJson<readonly number[]>(groupIds),
    custom: custom === undefined ? undefined : fromJson<Custom>(custom),
  }
}
