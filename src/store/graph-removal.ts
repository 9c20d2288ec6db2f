// An account that goes: out of everybody's lists, with their sequences moved.

import { appendFeed } from './feed.ts'
import { edgesToAny } from './graph-backwards.ts'
import { removeEdgesOfAny, removeEdgesToAny } from './graph-edges.ts'
import { moveList, openLedgers, saveLedgers, shrink } from './graph-ledger.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalText, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** Enough to be dropped with the next write that drops. */
const KEEPS_ALL = Number.MAX_SAFE_INTEGER

/**
 * Removes all that the graph knows of these users, who are locked: edges, blocks and requests in both directions,
 * profiles, groups. Their sequences stay, moved, for an account that comes back under the same name.
 */
export function* clearAccounts(
  context: Context,
  siteId: number,
  ids: readonly number[],
  at: number,
): Query<void> {
  const list = toJson(ids)
  const these = '(select cast(item.value as {integer}) from {names})'
  const incoming = yield* edgesToAny(context, ids)
  const rows = yield* all(
    `select from_id as id from blocks where to_id in ${these}
     union select to_id from pendings where from_id in ${these}`,
    list,
    list,
  )
  const others = [...incoming.map(({ from }) => from), ...rows.map(idIn)]
  const ledgers = yield* openLedgers(context, siteId, [...ids, ...others])
  const losers = yield* removeEdgesToAny(context, ids, incoming)
  for (const [id, by] of countsOf(losers)) shrink(sure(ledgers.get(id)), by, at)
  const blockers = yield* all(`delete from blocks where to_id in ${these} returning from_id as id`, list)
  for (const [id, by] of countsOf(blockers.map(idIn))) {
    const ledger = sure(ledgers.get(id))
    ledger.blockCount -= by
    moveList(ledger, at, { blocks: true })
  }
  const asked = yield* all(`delete from pendings where from_id in ${these} returning to_id as id`, list)
  for (const [id, by] of countsOf(asked.map(idIn))) {
    const ledger = sure(ledgers.get(id))
    ledger.pendingCount -= by
    ledger.isChanged = true
  }
  yield* removeEdgesOfAny(context, ids)
  yield* all(`delete from blocks where from_id in ${these}`, list)
  yield* all(`delete from pendings where to_id in ${these}`, list)
  yield* all(`delete from profiles where user_id in ${these}`, list)
  for (const id of ids) {
    const ledger = sure(ledgers.get(id))
    if (ledger.standardSequence + ledger.groupSequence + ledger.blockSequence === 0) continue
    Object.assign(ledger, { friendCount: 0, blockCount: 0, pendingCount: 0 })
    ledger.groups.clear()
    moveList(ledger, at, { standard: true, custom: true, groups: true, blocks: true })
  }
  yield* saveLedgers(siteId, ledgers)
}

/** Before a user is removed with all that is theirs: others' lists first, which no foreign key could count. */
export function* forgetUser(context: Context, siteId: number, userId: number): Query<void> {
  const row = yield* one('select uid, token, {now} as at from users where id = ? {lock}', userId)
  if (!row) return
  const at = number(row, 'at')
  yield* clearAccounts(context, siteId, [userId], at)
  const account = optionalText(row, 'uid') ?? text(row, 'token')
  yield* appendFeed(siteId, [{ kind: 'deleted', account, others: [] }], { at, feedEntries: KEEPS_ALL })
}

/** After a user was given another name, or none. */
export function* noteName(siteId: number, userId: number): Query<void> {
  const row = yield* one('select coalesce(uid, token) as name, {now} as at from users where id = ?', userId)
  if (!row) return
  const entry = { kind: 'profile', account: text(row, 'name'), others: [] } as const
  yield* appendFeed(siteId, [entry], { at: number(row, 'at'), feedEntries: KEEPS_ALL })
}

function idIn(row: Row): number {
  return number(row, 'id')
}

function countsOf(ids: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  return counts
}
