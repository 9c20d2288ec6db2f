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
import { addEdges, changeEdges, type Edge, edgesTo, removeBothEdges, said } from './graph-edges.ts'
import { fitGroups, moveList, nextSerial, openLedgers, saveLedgers, takeGroups } from './graph-ledger.ts'
import { all, type Query } from './query.ts'
import { fromJson, number, sure } from './row.ts'
import type { Context } from './sealed.ts'

export interface MutualRules extends GraphRules {
  readonly isMutual: boolean
}

/** `json` is a list of `ImportedFriend`; answers their codes in order. */
export function* importFriends(
  context: Context,
  siteId: number,
  account: string,
  json: string,
  rules: GraphRules,
): Query<readonly GraphCode[]> {
  const lines = fromJson<readonly ImportedFriend[]>(json)
  const { me, met } = yield* meet(siteId, account, lines)
  const ledgers = yield* openLedgers(context, siteId, [me.id])
  const mine = sure(ledgers.get(me.id))
  const known = yield* edgesTo(me.id, mine.friendCount > 0 ? idsOf(met) : [])
  const serials = new Map(known.map(({ to, serial }) => [to, serial]))
  const [added, updated] = [new Map<number, Edge>(), new Map<number, Edge>()]
  const [addedNames, updatedNames] = [new Set<string>(), new Set<string>()]
  const noGroups: readonly string[] = []

  function take({ line, other, flaw }: Met<ImportedFriend>): GraphCode {
    if (flaw) return flaw
    const to = other.id
    if (to === me.id) return 'oneself'
    // Of a friend named twice, the last line is kept, in the place of the first.
    const known = serials.get(to) ?? added.get(to)?.serial
    if (known === undefined && mine.friendCount >= rules.limits.friends) return 'friends_full'
    const groups = line.groups ?? noGroups
    if (!fitGroups(mine, groups, rules.limits.groups)) return 'groups_full'
    const isNew = !serials.has(to)
    if (known === undefined) mine.friendCount += 1
    const edge: Edge = {
      from: me.id,
      to,
      serial: known ?? nextSerial(mine),
      addedAt: line.addedAt ?? rules.at,
      remark: said(line.remark),
      source: said(line.source),
      wording: said(line.wording),
      groupIds: takeGroups(mine, groups, rules.at),
      custom: line.custom,
    }
    if (isNew) added.set(to, edge)
    else updated.set(to, edge)
    ;(isNew ? addedNames : updatedNames).add(other.name)
    return 'ok'
  }

  const codes = met.map(take)
  if (added.size + updated.size === 0) return codes
  const groups = mine.groups.size > 0
  moveList(mine, rules.at, { standard: true, custom: true, groups })
  yield* addEdges(context, siteId, [...added.values()])
  yield* changeEdges([...updated.values()])
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(siteId, [...entry('added', me, addedNames), ...entry('updated', me, updatedNames)], rules)
  return codes
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
  yield* changeEdges([...changed.values()])
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
  const removed = yield* removeBothEdges(context, me.id, ids, rules.isMutual, ledgers, rules.at)
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
  const { mine, theirs } = yield* removeBothEdges(context, me.id, ids, rules.isMutual, ledgers, rules.at)
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
