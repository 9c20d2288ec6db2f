import type {
  AfterQuery,
  BlockPage,
  GraphCode,
  GraphRules,
  Line,
  Outcome,
  Related,
} from '../core/graph-model.ts'
import { appendFeed, entry } from './feed.ts'
import { idsOf, type Met, meet, namesOf, noAccount, OWNER, ownerParams } from './graph-accounts.ts'
import { removeBothEdges } from './graph-edges.ts'
import { moveList, nextSerial, openLedgers, saveLedgers } from './graph-ledger.ts'
import { deletePendings } from './graph-pendings.ts'
import { relations } from './graph-relations.ts'
import { all, type Query } from './query.ts'
import { number, optionalNumber, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'

export function* blockAccounts(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly Line[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const { at, limits, keepsFriends } = rules
  const { me, met } = yield* meet(siteId, account, lines)
  const ids = idsOf(met)
  // The ledgers of the others too: their friends and their requests change.
  const ledgers = yield* openLedgers(context, siteId, [me.id, ...ids])
  const mine = sure(ledgers.get(me.id))
  const blocked = yield* blockedOf(me.id, ids)
  const added = new Map<number, number>()

  function take({ other, flaw }: Met<Line>): GraphCode {
    if (flaw) return flaw
    if (other.id === me.id) return 'oneself'
    if (blocked.has(other.id) || added.has(other.id)) return 'already_blocked'
    if (mine.blockCount >= limits.blocks) return 'blocks_full'
    mine.blockCount += 1
    added.set(other.id, nextSerial(mine))
    return 'ok'
  }

  const outcomes = met.map((each) => ({ account: each.line.account, code: take(each) }))
  if (added.size === 0) return outcomes
  moveList(mine, at, { blocks: true })
  yield* all(
    `insert into blocks (site_id, from_id, to_id, serial, added_at)
     select cast(? as {integer}), cast(? as {integer}), cast(item.value ->> 0 as {integer}),
       cast(item.value ->> 1 as {integer}), cast(? as {integer})
     from {lines}`,
    siteId,
    me.id,
    at,
    toJson([...added]),
  )
  const others = [...added.keys()]
  const ended = keepsFriends ? undefined : yield* removeBothEdges(context, me.id, others, true, ledgers, at)
  yield* deletePendings(
    others.flatMap((id) => [
      { to: me.id, from: id },
      { to: id, from: me.id },
    ]),
    ledgers,
  )
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(
    siteId,
    [
      ...entry('blocked', me, namesOf(met, new Set(others))),
      ...(ended ? entry('removed', me, namesOf(met, ended.mine)) : []),
      ...(ended ? entry('removed', me, namesOf(met, ended.theirs), { isReverse: true }) : []),
    ],
    rules,
  )
  return outcomes
}

export function* unblockAccounts(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly Line[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const { me, met } = yield* meet(siteId, account, lines)
  const ledgers = yield* openLedgers(context, siteId, [me.id])
  const rows = yield* all(
    `delete from blocks where from_id = ? and to_id in (select cast(item.value as {integer}) from {names})
     returning to_id`,
    me.id,
    toJson(idsOf(met)),
  )
  const gone = new Set(rows.map((row) => number(row, 'to_id')))
  if (gone.size > 0) {
    const mine = sure(ledgers.get(me.id))
    mine.blockCount -= gone.size
    moveList(mine, rules.at, { blocks: true })
    yield* saveLedgers(siteId, ledgers)
    yield* appendFeed(siteId, entry('unblocked', me, namesOf(met, gone)), rules)
  }
  return met.map(({ line, other, flaw }) => {
    const code = flaw ?? (other && gone.delete(other.id) ? 'ok' : 'not_blocked')
    return { account: line.account, code }
  })
}

export function* pageBlocks(siteId: number, account: string, { after, limit }: AfterQuery): Query<BlockPage> {
  const rows = yield* all(
    `with ${OWNER}
     select coalesce(g.block_sequence, 0) as sequence, b.serial, b.added_at, b.name
     from owner left join graphs g on g.user_id = owner.id
     left join (
       select b.from_id, b.serial, b.added_at, coalesce(u.uid, u.token) as name
       from blocks b join users u on u.id = b.to_id
       where b.from_id = (select id from owner) and b.serial > ? order by b.serial limit ?
     ) b on b.from_id = owner.id
     order by b.serial`,
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
    blocks: page.map((row) => ({ account: text(row, 'name'), addedAt: number(row, 'added_at') })),
    next: last && found.length > limit ? number(last, 'serial') : undefined,
    sequence: number(first, 'sequence'),
  }
}

export function checkBlocks(
  siteId: number,
  account: string,
  names: readonly string[],
  isMutual: boolean,
): Query<readonly Related[]> {
  return relations('blocks', siteId, account, names, isMutual)
}

function* blockedOf(fromId: number, ids: readonly number[]): Query<ReadonlySet<number>> {
  const rows = yield* all(
    `select b.to_id from {names} cross join blocks b
     where b.from_id = ? and b.to_id = cast(item.value as {integer})`,
    toJson(ids),
    fromId,
  )
  return new Set(rows.map((row) => number(row, 'to_id')))
}
