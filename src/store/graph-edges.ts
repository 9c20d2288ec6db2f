// Edges as rows: written and removed many at a time.

import type { Custom } from '../core/graph-model.ts'
import { type Ledgers, shrink } from './graph-ledger.ts'
import { all, each, type Query, type Row } from './query.ts'
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

const WRITTEN_OVER = `on conflict (key) do update set
  added_at = excluded.added_at, remark = excluded.remark, source = excluded.source,
  wording = excluded.wording, group_ids = excluded.group_ids, custom = excluded.custom`

/** Writes edges, over those that are there but for their serials. */
export function* writeEdges({ engine }: Context, siteId: number, edges: readonly Edge[]): Query<void> {
  if (edges.length === 0) return
  // In the order of the table and of its index: neighbours are written one after the other.
  const lines = edges.toSorted((a, b) => a.from - b.from || a.to - b.to).map(toLine)
  if (engine === 'sqlite') {
    yield* each(
      `insert into friends (site_id, key, ${EDGE})
       values (?, ${keyOf('?', '?')}, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${WRITTEN_OVER}`,
      lines.map((line) => [siteId, line[0], line[1], ...line]),
    )
    return
  }
  yield* all(
    `insert into friends (site_id, key, ${EDGE})
     select ${PARAM}, ${keyOf('cast(item.value ->> 0 as {integer})', 'cast(item.value ->> 1 as {integer})')},
       cast(item.value ->> 0 as {integer}), cast(item.value ->> 1 as {integer}),
       cast(item.value ->> 2 as {integer}), cast(item.value ->> 3 as {integer}), item.value ->> 4,
       item.value ->> 5, item.value ->> 6, item.value ->> 7, item.value ->> 8
     from {lines} where true ${WRITTEN_OVER}`,
    siteId,
    toJson(lines),
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
function* removeEdgesTo(fromId: number, toIds: readonly number[]): Query<ReadonlySet<number>> {
  const rows = yield* all(
    `delete from friends where key in (select ${keyOf(PARAM, ITEM)} from {names}) returning to_id`,
    fromId,
    toJson(toIds),
  )
  return new Set(rows.map((row) => number(row, 'to_id')))
}

/** Removes edges from some to one account; answers from whom there were any. */
function* removeEdgesFrom(toId: number, fromIds: readonly number[]): Query<ReadonlySet<number>> {
  const rows = yield* all(
    `delete from friends where key in (select ${keyOf(ITEM, PARAM)} from {names}) returning from_id`,
    toId,
    toJson(fromIds),
  )
  return new Set(rows.map((row) => number(row, 'from_id')))
}

/** Removes edges from one account to some and, where mutual, back; counts them in the ledgers. */
export function* removeBothEdges(
  myId: number,
  ids: readonly number[],
  isMutual: boolean,
  ledgers: Ledgers,
  at: number,
): Query<{ readonly mine: ReadonlySet<number>; readonly theirs: ReadonlySet<number> }> {
  const mine = yield* removeEdgesTo(myId, ids)
  const theirs = isMutual ? yield* removeEdgesFrom(myId, ids) : new Set<number>()
  if (mine.size > 0) shrink(sure(ledgers.get(myId)), mine.size, at)
  for (const id of theirs) shrink(sure(ledgers.get(id)), 1, at)
  return { mine, theirs }
}

/** A text that says something, or nothing. */
export function said(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

function toLine(edge: Edge): readonly [from: number, to: number, ...(number | string | null)[]] {
  const { from, to, serial, addedAt, remark, source, wording, groupIds, custom } = edge
  return [
    from,
    to,
    serial,
    addedAt,
    remark ?? null,
    source ?? null,
    wording ?? null,
    groupIds && groupIds.length > 0 ? `[${groupIds.join()}]` : null,
    custom && Object.keys(custom).length > 0 ? JSON.stringify(custom) : null,
  ]
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
