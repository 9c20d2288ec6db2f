// How two accounts become friends: who may, who must be asked, and what is written on both sides.

import type { Allows, GraphCode, GraphRules, NewFriend, Outcome } from '../core/graph-model.ts'
import { appendFeed, entry } from './feed.ts'
import { type Account, idsOf, type Met, meet } from './graph-accounts.ts'
import { addEdges, type Edge, keyOf, said } from './graph-edges.ts'
import {
  fitGroups,
  grow,
  type Ledger,
  nextSerial,
  openLedgers,
  saveLedgers,
  takeGroups,
} from './graph-ledger.ts'
import { deletePendings, type NewPending, pendingsTo, writePendings } from './graph-pendings.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalText, sure, toJson } from './row.ts'
import type { Context } from './sealed.ts'

export interface AddRules extends GraphRules {
  readonly isMutual: boolean
  readonly isForced: boolean
}

/** What is between the account and another one. */
interface Between {
  isMyFriend: boolean
  isTheirFriend: boolean
  readonly isBlockedByMe: boolean
  readonly isBlockedByThem: boolean
  /** They wait for the account's answer. */
  asks: boolean
  /** The account waits for theirs. */
  isAsked: boolean
  readonly allows?: Allows
}

export function* addFriends(
  context: Context,
  siteId: number,
  account: string,
  lines: readonly NewFriend[],
  rules: AddRules,
): Query<readonly Outcome[]> {
  const { at, limits, isMutual, isForced } = rules
  const { me, met } = yield* meet(siteId, account, lines)
  const ids = idsOf(met)
  const ledgers = yield* openLedgers(context, siteId, isMutual ? [me.id, ...ids] : [me.id])
  const mine = sure(ledgers.get(me.id))
  const between = yield* readBetween(me.id, ids)
  const requests = yield* requestsOf(me.id, between, isMutual)
  const mayAsk = isForced || (yield* isFree(me.id))
  const edges: Edge[] = []
  const asked: NewPending[] = []
  const answered: { to: number; from: number }[] = []
  const [added, reversed, waiting] = [new Set<string>(), new Set<string>(), new Set<string>()]

  function take({ line, other, flaw }: Met<NewFriend>): GraphCode {
    if (flaw) return flaw
    if (other.id === me.id) return 'oneself'
    const state = sure(between.get(other.id))
    if (state.isMyFriend) return 'already_friend'
    if (!mayAsk) return 'may_not_ask'
    if (state.isBlockedByMe) return 'blocked_by_me'
    if (state.isBlockedByThem) return 'blocked_by_them'
    if (mine.friendCount >= limits.friends) return 'friends_full'
    const theirs = isMutual ? sure(ledgers.get(other.id)) : undefined
    if (theirs && !state.isTheirFriend && theirs.friendCount >= limits.friends) return 'their_friends_full'
    if (!fitGroups(mine, line.groups ?? [], limits.groups)) return 'groups_full'
    if (!theirs) {
      befriend(line, other, state, undefined)
      return 'ok'
    }
    const allows = isForced || state.isTheirFriend || state.asks ? 'any' : (state.allows ?? rules.allows)
    if (allows === 'none') return 'denied'
    if (allows === 'confirm') return ask(line, other, state, theirs)
    befriend(line, other, state, theirs)
    return 'ok'
  }

  function befriend(line: NewFriend, other: Account, state: Between, theirs: Ledger | undefined): void {
    const said = wordsOf(line)
    edges.push({
      ...said,
      from: me.id,
      to: other.id,
      serial: grow(mine, at),
      addedAt: at,
      groupIds: takeGroups(mine, line.groups ?? [], at),
    })
    added.add(other.name)
    state.isMyFriend = true
    if (!theirs) return
    if (!state.isTheirFriend) {
      const { source, wording } = said
      const edge = { from: other.id, to: me.id, serial: grow(theirs, at), addedAt: at, source, wording }
      // Who had asked before is given what the request said of remark and groups.
      const { remark, groups = [] } = requests.get(other.id) ?? {}
      const groupIds = fitGroups(theirs, groups, limits.groups) ? takeGroups(theirs, groups, at) : []
      edges.push({ ...edge, remark, groupIds })
      reversed.add(other.name)
      state.isTheirFriend = true
    }
    if (state.isAsked) answered.push({ to: other.id, from: me.id })
    if (state.asks) answered.push({ to: me.id, from: other.id })
    state.isAsked = state.asks = false
  }

  function ask(line: NewFriend, other: Account, state: Between, theirs: Ledger): GraphCode {
    if (!state.isAsked) {
      if (theirs.pendingCount >= limits.pendings) return 'pending_full'
      theirs.pendingCount += 1
      state.isAsked = true
    }
    asked.push({
      ...wordsOf(line),
      to: other.id,
      from: me.id,
      serial: nextSerial(theirs),
      askedAt: at,
      groups: line.groups,
    })
    waiting.add(other.name)
    return 'pending'
  }

  const outcomes = met.map((each) => ({ account: each.line.account, code: take(each) }))
  if (edges.length + asked.length === 0) return outcomes
  yield* addEdges(context, siteId, edges)
  yield* deletePendings(answered, ledgers)
  yield* writePendings(siteId, asked)
  yield* saveLedgers(siteId, ledgers)
  yield* appendFeed(
    siteId,
    [
      ...entry('added', me, added),
      ...entry('added', me, reversed, { isReverse: true }),
      ...entry('asked', me, waiting),
    ],
    rules,
  )
  return outcomes
}

function wordsOf({ remark, source, wording }: NewFriend): Pick<Edge, 'remark' | 'source' | 'wording'> {
  return { remark: said(remark), source: said(source), wording: said(wording) }
}

/** The requests of those who wait for the account's answer, by who asked. */
function* requestsOf(
  myId: number,
  between: ReadonlyMap<number, Between>,
  isMutual: boolean,
): Query<ReadonlyMap<number, NewPending>> {
  const asking = isMutual ? [...between].flatMap(([id, { asks }]) => (asks ? [id] : [])) : []
  const requests = asking.length > 0 ? yield* pendingsTo(myId, asking) : []
  return new Map(requests.map((request) => [request.from, request]))
}

/** Whether the account may send requests. */
function* isFree(userId: number): Query<boolean> {
  const row = yield* one('select forbidden from profiles where user_id = ?', userId)
  return !row || optionalText(row, 'forbidden') !== 'sending'
}

function* readBetween(myId: number, ids: readonly number[]): Query<ReadonlyMap<number, Between>> {
  const id = 'cast(item.value as {integer})'
  const me = 'cast(? as {integer})'
  const rows = yield* all(
    `select ${id} as id, mine.serial as mine, theirs.serial as theirs, block.serial as block,
       blocked.serial as blocked, asks.serial as asks, asked.serial as asked, p.allows
     from {names}
     left join friends mine on mine.key = ${keyOf(me, id)}
     left join friends theirs on theirs.key = ${keyOf(id, me)}
     left join blocks block on block.from_id = ? and block.to_id = ${id}
     left join blocks blocked on blocked.from_id = ${id} and blocked.to_id = ?
     left join pendings asks on asks.to_id = ? and asks.from_id = ${id}
     left join pendings asked on asked.to_id = ${id} and asked.from_id = ?
     left join profiles p on p.user_id = ${id}`,
    toJson(ids),
    ...new Array<number>(6).fill(myId),
  )
  return new Map(rows.map((row) => [number(row, 'id'), toBetween(row)]))
}

function toBetween(row: Row): Between {
  return {
    isMyFriend: row.mine !== null,
    isTheirFriend: row.theirs !== null,
    isBlockedByMe: row.block !== null,
    isBlockedByThem: row.blocked !== null,
    asks: row.asks !== null,
    isAsked: row.asked !== null,
    // Written by saveAccountProfile alone.
    allows: optionalText(row, 'allows') as Allows | undefined,
  }
}
