// The site's own friends: added, imported, changed, removed, checked, listed. Every batch answers one outcome per line,
// in order. `not_found` with the field `account` when the account acted for is none; `invalid_request` when a batch is
// longer than the site takes.

import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { checkBatch, checkFriend, isStorable } from './graph-checks.ts'
import { limitsOf, rulesOf } from './graph-limits.ts'
import type {
  FriendChange,
  FriendPage,
  ImportedFriend,
  Line,
  NewFriend,
  Outcome,
  Related,
} from './graph-model.ts'
import type { Site } from './model.ts'

/** What the functions of the graph need to know of the site. */
export type GraphSite = Pick<Site, 'id' | 'settings'>

/** Whose lists: both sides', or the account's alone. */
export interface Sides {
  readonly isMutual: boolean
}

/**
 * Adds friends: on both sides where the other one allows it or `isForced`, else `pending` or `denied`; not mutual, on
 * the account's side alone, whatever the other one allows. Nobody is added against a block.
 */
export async function addFriends(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  friends: readonly NewFriend[],
  { isMutual = true, isForced = false }: { isMutual?: boolean; isForced?: boolean } = {},
): Promise<readonly Outcome[]> {
  const lines = check(site, account, friends)
  return store.graph.addFriends(site, account, lines, { ...rulesOf(site, now()), isMutual, isForced })
}

/** Takes friends over from elsewhere: on one side, without asking, over what is there. */
export async function importFriends(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  friends: readonly ImportedFriend[],
): Promise<readonly Outcome[]> {
  return store.graph.importFriends(site, account, check(site, account, friends), rulesOf(site, now()))
}

/** Changes remarks, groups and custom fields of friends. */
export async function updateFriends(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  changes: readonly FriendChange[],
): Promise<readonly Outcome[]> {
  return store.graph.updateFriends(site, account, check(site, account, changes), rulesOf(site, now()))
}

/** Ends friendships; mutual, a line is `ok` where either side had the other. */
export async function deleteFriends(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  friends: readonly Line[],
  { isMutual }: Sides,
): Promise<readonly Outcome[]> {
  const lines = checkLines(site, account, friends)
  return store.graph.removeFriends(site, account, lines, { ...rulesOf(site, now()), isMutual })
}

/** Ends all friendships of the account; its groups stay. */
export async function deleteAllFriends(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  { isMutual }: Sides,
): Promise<void> {
  checkAccount(account)
  return store.graph.removeAllFriends(site, account, { ...rulesOf(site, now()), isMutual })
}

/** Who is whose friend; not mutual, only whether the account has the other: `mine` or `none`. */
export async function checkFriends(
  { store }: Gateway,
  site: GraphSite,
  account: string,
  others: readonly Line[],
  { isMutual }: Sides,
): Promise<readonly Related[]> {
  const lines = checkLines(site, account, others)
  return relate(lines, (names) => store.graph.checkFriends(site, account, names, { isMutual }))
}

/**
 * One page of an account's friends, in the order in which they were added. `after` is a position: friends that stay
 * are neither skipped nor doubled while the list changes. With `unless` the sequences that the caller has: where
 * neither has moved, no friends are read.
 */
export async function pageFriends(
  { store }: Gateway,
  site: GraphSite,
  account: string,
  {
    after = 0,
    limit = limitsOf(site).pageSize,
    unless,
  }: { after?: number; limit?: number; unless?: { standard: number; custom: number } } = {},
): Promise<FriendPage> {
  checkAccount(account)
  return store.graph.pageFriends(site, account, { after, limit: pageLimit(site, limit), unless })
}

/** The lines, each with what is wrong with it. */
export function checkLines<T extends Line>(
  site: GraphSite,
  account: string,
  lines: readonly T[],
): readonly T[] {
  checkAccount(account)
  checkBatch(lines, limitsOf(site).batch)
  return lines.map(checkLine)
}

/** The line with what is wrong with its name. */
export function checkLine<T extends Line>(line: T): T {
  return line.flaw || isStorable(line.account) ? line : missing(line)
}

/** `not_found` for a name that no account can have. */
export function checkAccount(account: string): void {
  if (!isStorable(account)) throw noAccount()
}

/** Asks for the relations of the lines without flaw, and puts all in order. */
export async function relate(
  lines: readonly Line[],
  ask: (names: readonly string[]) => Promise<readonly Related[]>,
): Promise<readonly Related[]> {
  const found = (await ask(lines.filter(({ flaw }) => !flaw).map(({ account }) => account))).values()
  return lines.map(({ account, flaw }) => {
    if (flaw) return { account, code: flaw, relation: 'none' }
    const next = found.next()
    if (next.done) throw new GatewayError('internal', 'A line has no answer.')
    return next.value
  })
}

/** How many entries a page has: at least one, at most what the site takes in one call. */
export function pageLimit(site: GraphSite, limit: number): number {
  const max = Math.max(limitsOf(site).batch, limitsOf(site).pageSize)
  return limit >= 1 ? Math.floor(Math.min(limit, max)) : 1
}

function check<T extends Line & Omit<ImportedFriend, 'account'>>(
  site: GraphSite,
  account: string,
  lines: readonly T[],
): readonly T[] {
  return checkLines(site, account, lines).map((line) => {
    const flaw = checkFriend(site, line)
    return flaw === line.flaw ? line : { ...line, flaw }
  })
}

function missing<T extends Line>(line: T): T {
  return { ...line, account: line.account, flaw: 'no_account' }
}

function noAccount(): GatewayError {
  return new GatewayError('not_found', 'There is no such account.', { field: 'account' })
}
