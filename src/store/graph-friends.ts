// How friendships are taken over, changed and ended. Names are met first, then ledgers are locked, then rows change, and
// the feed comes last.

import type {
  FriendChange,
  GraphCode,
  GraphRules,
  ImportedFriend,
  Line,
  Outcome,
} from '../core/graph-model.ts'
import { appendFeed, entry } from './feed.ts'
import { type Account, idsOf, type Met, meet, namesOf } from './graph-accounts.ts'
import { type Edge, edgesTo, removeBothEdges, said, writeEdges } from './graph-edges.ts'
import { fitGroups, moveList, nextSerial, openLedgers, saveLedgers, takeGroups } from './graph-ledger.ts'
import { all, type Query } from './query.ts'
import { number, sure } from './row.ts'
import type { Context } from './sealed.ts'

export interface MutualRules extends GraphRules {
  readonly isMutual: boolean
}

export function* importFriends(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly ImportedFriend[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const { me, met } = yield* meet(siteId, account, lines)
  const ledgers = yield* openLedgers(context, siteId, [me.id])
  const mine = sure(ledgers.get(me.id))
  const known = yield* edgesTo(me.id, mine.friendCount > 0 ? idsOf(met) : [])
  const serials = new Map(known.map(({ to, serial }) => [to, serial]))
  const edges = new Map<number, Edge>()
  const [added, updated] = [new Set<string>(), new Set<string>()]

  function take({ line, other, flaw }: Met<ImportedFriend>): GraphCode {
    if (flaw) return flaw
    if (other.id === me.id) return 'oneself'
    const known = serials.get(other.id)
    if (known === undefined && mine.friendCount >= rules.limits.friends) return 'friends_full'
    const groups = line.groups ?? []
    if (!fitGroups(mine, groups, rules.limits.groups)) return 'groups_full'
    const serial = known ?? nextSerial(mine)
    if (known === undefined) {
      mine.friendCount += 1
      serials.set(other.id, serial)
      added.add(other.name)
    } else if (!added.has(other.name)) updated.add(other.name)
    edges.set(other.id, {
      from: me.id,
      to: other.id,
      serial,
      addedAt: line.addedAt ?? rules.at,
      remark: said(line.remark),
      source: said(line.source),
      wording: said(line.wording),
      groupIds: takeGroups(mine, groups, rules.at),
      custom: line.custom,
    })
    return 'ok'
  }

  const outcomes = met.map((each) => ({ account: each.line.account, code: take(each) }))
  if (edges.size === 0) return outcomes
  const groups = mine.groups.size > 0
  moveList(mine, rules.at, { standard: true, custom: true, groups })
  yield* writeEdges(context, siteId, [...edges.values()])
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(siteId, [...entry('added', me, added), ...entry('updated', me, updated)], rules)
  return outcomes
}

export function* updateFriends(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly FriendChange[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const { me, met } = yield* meet(siteId, account, lines)
  const ledgers = yield* openLedgers(context, siteId, [me.id])
  const mine = sure(ledgers.get(me.id))
  const edges = new Map((yield* edgesTo(me.id, idsOf(met))).map((edge) => [edge.to, edge]))
  const changed = new Map<number, Edge>()
  const names = new Set<string>()
  const moved = { standard: false, custom: false, groups: false }

  function take({ line, other, flaw }: Met<FriendChange>): GraphCode {
    if (flaw) return flaw
    const edge = edges.get(other.id)
    if (!edge) return 'not_friend'
    const { remark, groups, custom } = line
    if (groups && !fitGroups(mine, groups, rules.limits.groups)) return 'groups_full'
    const after = {
      ...edge,
      remark: remark === undefined ? edge.remark : said(remark),
      groupIds: groups ? takeGroups(mine, groups, rules.at) : edge.groupIds,
      custom: custom ? { ...edge.custom, ...custom } : edge.custom,
    }
    edges.set(other.id, after)
    changed.set(other.id, after)
    names.add(other.name)
    moved.standard ||= remark !== undefined || groups !== undefined
    moved.groups ||= groups !== undefined
    moved.custom ||= custom !== undefined
    return 'ok'
  }

  const outcomes = met.map((each) => ({ account: each.line.account, code: take(each) }))
  if (changed.size === 0) return outcomes
  moveList(mine, rules.at, moved)
  yield* writeEdges(context, siteId, [...changed.values()])
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(siteId, entry('updated', me, names), rules)
  return outcomes
}

export function* removeFriends(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly Line[],
  rules: MutualRules,
): Query<readonly Outcome[]> {
  const { me, met } = yield* meet(siteId, account, lines)
  const gone = yield* endFriendships(context, siteId, me, met, rules)
  return met.map(({ line, other, flaw }) => {
    // Of a friend named twice, the second line finds none.
    const code = flaw ?? (other && gone.delete(other.id) ? 'ok' : 'not_friend')
    return { account: line.account, code }
  })
}

export function* removeAllFriends(
  context: Context,
  siteId: number,
  account: string,
  rules: MutualRules,
): Query<void> {
  const { me } = yield* meet(siteId, account, [])
  // What is added after this, and before the ledger is locked, counts as added after all were removed.
  const rows = yield* all('select to_id from friends where from_id = ?', me.id)
  const ids = rows.map((row) => number(row, 'to_id'))
  const ledgers = yield* openLedgers(context, siteId, rules.isMutual ? [me.id, ...ids] : [me.id])
  const removed = yield* removeBothEdges(me.id, ids, rules.isMutual, ledgers, rules.at)
  // Somebody may have ended my side of them since they were looked up, and left me theirs.
  if (removed.mine.size + removed.theirs.size === 0) return
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(
    siteId,
    [
      ...(removed.mine.size > 0 ? [{ kind: 'removed' as const, account: me.name, others: [] }] : []),
      ...(removed.theirs.size > 0
        ? [{ kind: 'removed' as const, account: me.name, others: [], isReverse: true }]
        : []),
    ],
    rules,
  )
}

/** Removes edges, on both sides where mutual, with ledgers and feed; answers whose friendship ended. */
function* endFriendships(
  context: Context,
  siteId: number,
  me: Account,
  met: readonly Met<Line>[],
  rules: MutualRules,
): Query<Set<number>> {
  const ids = idsOf(met)
  const ledgers = yield* openLedgers(context, siteId, rules.isMutual ? [me.id, ...ids] : [me.id])
  const { mine, theirs } = yield* removeBothEdges(me.id, ids, rules.isMutual, ledgers, rules.at)
  if (mine.size + theirs.size === 0) return new Set()
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(
    siteId,
    [
      ...entry('removed', me, namesOf(met, mine)),
      ...entry('removed', me, namesOf(met, theirs), { isReverse: true }),
    ],
    rules,
  )
  return new Set([...mine, ...theirs])
}
