// Requests of friendship that wait for an answer.

import type { AfterQuery, GraphCode, GraphRules, Line, Outcome, PendingPage } from '../core/graph-model.ts'
import { appendFeed, entry } from './feed.ts'
import { idsOf, type Met, meet, namesOf, noAccount, OWNER, ownerParams } from './graph-accounts.ts'
import { addEdges, type Edge, edgesTo, keyOf, said } from './graph-edges.ts'
import { fitGroups, grow, type Ledgers, openLedgers, saveLedgers, takeGroups } from './graph-ledger.ts'
import { all, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, optionalText, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** A row of `pendings`. */
export interface NewPending {
  /** Who must answer. */
  readonly to: number
  /** Who asked. */
  readonly from: number
  readonly serial: number
  readonly askedAt: number
  readonly remark?: string
  readonly source?: string
  readonly wording?: string
  readonly groups?: readonly string[]
}

type Accepted = Line & { readonly remark?: string }

/** Writes requests, over those that wait already. */
export function* writePendings(siteId: number, pendings: readonly NewPending[]): Query<void> {
  if (pendings.length === 0) return
  // Of an account asked twice in one call, the last words count.
  const lines = new Map(pendings.map((pending) => [pending.to, toLine(pending)]))
  yield* all(
    `insert into pendings (site_id, to_id, from_id, serial, asked_at, remark, source, wording, group_names)
     select cast(? as {integer}), cast(item.value ->> 0 as {integer}), cast(item.value ->> 1 as {integer}),
       cast(item.value ->> 2 as {integer}), cast(item.value ->> 3 as {integer}), item.value ->> 4,
       item.value ->> 5, item.value ->> 6, item.value ->> 7
     from {lines} where true
     on conflict (to_id, from_id) do update set
       asked_at = excluded.asked_at, remark = excluded.remark, source = excluded.source,
       wording = excluded.wording, group_names = excluded.group_names`,
    siteId,
    toJson([...lines.values()]),
  )
}

/** Removes requests and counts them in the ledgers of those who were asked. */
export function* deletePendings(
  pairs: readonly Pick<NewPending, 'to' | 'from'>[],
  ledgers: Ledgers,
): Query<readonly Pick<NewPending, 'to' | 'from'>[]> {
  if (pairs.length === 0) return []
  const rows = yield* all(
    `delete from pendings where (to_id, from_id) in (
       select cast(item.value ->> 0 as {integer}), cast(item.value ->> 1 as {integer}) from {lines}
     ) returning to_id, from_id`,
    toJson(pairs.map(({ to, from }) => [to, from])),
  )
  return rows.map((row) => {
    const to = number(row, 'to_id')
    const ledger = sure(ledgers.get(to))
    ledger.pendingCount -= 1
    ledger.isChanged = true
    return { to, from: number(row, 'from_id') }
  })
}

export function* acceptPendings(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly Accepted[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const { at, limits } = rules
  const { me, met } = yield* meet(siteId, account, lines)
  const ids = idsOf(met)
  const ledgers = yield* openLedgers(context, siteId, [me.id, ...ids])
  const mine = sure(ledgers.get(me.id))
  const asks = new Map((yield* pendingsTo(me.id, ids)).map((pending) => [pending.from, pending]))
  const isMyFriend = new Set((yield* edgesTo(me.id, [...asks.keys()])).map(({ to }) => to))
  const isTheirFriend = yield* edgesFrom(me.id, [...asks.keys()])
  const edges: Edge[] = []
  const accepted = new Set<number>()

  function take({ line, other, flaw }: Met<Accepted>): GraphCode {
    if (flaw) return flaw
    const pending = asks.get(other.id)
    if (!pending || accepted.has(other.id)) return 'no_request'
    const theirs = sure(ledgers.get(other.id))
    if (!isMyFriend.has(other.id) && mine.friendCount >= limits.friends) return 'friends_full'
    if (!isTheirFriend.has(other.id) && theirs.friendCount >= limits.friends) return 'their_friends_full'
    const { source, wording, remark, groups = [] } = pending
    if (!isMyFriend.has(other.id)) {
      const words = { remark: said(line.remark), source, wording }
      edges.push({ ...words, from: me.id, to: other.id, serial: grow(mine, at), addedAt: at })
    }
    if (!isTheirFriend.has(other.id)) {
      // They may have made other groups since they asked.
      const groupIds = fitGroups(theirs, groups, limits.groups) ? takeGroups(theirs, groups, at) : []
      const words = { remark, source, wording, groupIds }
      edges.push({ ...words, from: other.id, to: me.id, serial: grow(theirs, at), addedAt: at })
    }
    accepted.add(other.id)
    return 'ok'
  }

  const outcomes = met.map((each) => ({ account: each.line.account, code: take(each) }))
  if (accepted.size === 0) return outcomes
  yield* deletePendings(
    [...accepted].map((from) => ({ to: me.id, from })),
    ledgers,
  )
  yield* addEdges(context, siteId, edges)
  yield* saveLedgers(siteId, ledgers)
  const [added, reversed] = [
    new Set([...accepted].filter((id) => !isMyFriend.has(id))),
    new Set([...accepted].filter((id) => !isTheirFriend.has(id))),
  ]
  yield* appendFeed(
    siteId,
    [
      ...entry('added', me, namesOf(met, added)),
      ...entry('added', me, namesOf(met, reversed), { isReverse: true }),
    ],
    rules,
  )
  return outcomes
}

export function* declinePendings(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly Line[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const { me, met } = yield* meet(siteId, account, lines)
  const ledgers = yield* openLedgers(context, siteId, [me.id])
  const gone = yield* deletePendings(
    idsOf(met).map((from) => ({ to: me.id, from })),
    ledgers,
  )
  const declined = new Set(gone.map(({ from }) => from))
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(siteId, entry('declined', me, namesOf(met, declined)), rules)
  return met.map(({ line, other, flaw }) => {
    const code = flaw ?? (other && declined.delete(other.id) ? 'ok' : 'no_request')
    return { account: line.account, code }
  })
}

export function* pagePendings(
  siteId: number,
  account: string,
  { after, limit }: AfterQuery,
): Query<PendingPage> {
  const rows = yield* all(
    `with ${OWNER}
     select coalesce(g.pending_count, 0) as total, p.serial, p.asked_at, p.source, p.wording, p.name
     from owner left join graphs g on g.user_id = owner.id
     left join (
       select p.to_id, p.serial, p.asked_at, p.source, p.wording, coalesce(u.uid, u.token) as name
       from pendings p join users u on u.id = p.from_id
       where p.to_id = (select id from owner) and p.serial > ? order by p.serial limit ?
     ) p on p.to_id = owner.id
     order by p.serial`,
    ...ownerParams(siteId, account),
    after,
    limit + 1,
  )
  const [first] = rows
  if (!first) throw noAccount()
  const found = rows.filter((row) => optionalNumber(row, 'serial') !== undefined)
  const page = found.slice(0, limit)
  const last = page.at(-1)
  return {
    pendings: page.map((row) => ({
      account: text(row, 'name'),
      wording: optionalText(row, 'wording'),
      source: optionalText(row, 'source'),
      askedAt: number(row, 'asked_at'),
    })),
    next: last && found.length > limit ? number(last, 'serial') : undefined,
    total: number(first, 'total'),
  }
}

/** The requests of some to one account. */
export function* pendingsTo(toId: number, fromIds: readonly number[]): Query<readonly NewPending[]> {
  const rows = yield* all(
    `select p.to_id, p.from_id, p.serial, p.asked_at, p.remark, p.source, p.wording, p.group_names
     from {names} cross join pendings p where p.to_id = ? and p.from_id = cast(item.value as {integer})`,
    toJson(fromIds),
    toId,
  )
  return rows.map(toPending)
}

/** Which of these have an edge to the account. */
function* edgesFrom(toId: number, fromIds: readonly number[]): Query<ReadonlySet<number>> {
  const rows = yield* all(
    `select f.from_id from {names} cross join friends f
     where f.key = ${keyOf('cast(item.value as {integer})', 'cast(? as {integer})')}`,
    toJson(fromIds),
    toId,
  )
  return new Set(rows.map((row) => number(row, 'from_id')))
}

function toLine(pending: NewPending): readonly (number | string | null)[] {
  const { to, from, serial, askedAt, remark, source, wording, groups } = pending
  return [
    to,
    from,
    serial,
    askedAt,
    remark ?? null,
    source ?? null,
    wording ?? null,
    groups ? JSON.stringify(groups) : null,
  ]
}

function toPending(row: Row): NewPending {
  const groups = optionalText(row, 'group_names')
  return {
    to: number(row, 'to_id'),
    from: number(row, 'from_id'),
    serial: number(row, 'serial'),
    askedAt: number(row, 'asked_at'),
    remark: optionalText(row, 'remark'),
    source: optionalText(row, 'source'),
    wording: optionalText(row, 'wording'),
    groups: groups === undefined ? undefined : fromJson<readonly string[]>(groups),
  }
}
