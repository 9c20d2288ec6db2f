// An account's own groups of friends.

import type { Gateway } from './gateway.ts'
import { checkAccount, checkLines, type GraphSite } from './graph.ts'
import { checkBatch, checkGroups, isStorable } from './graph-checks.ts'
import { limitsOf, rulesOf } from './graph-limits.ts'
import type { GraphCode, Group, Line, Outcome } from './graph-model.ts'

/** What became of a call that makes groups: with a code other than `ok`, nothing was done. */
export interface GroupsAdded {
  readonly code: GraphCode
  /** Moves with every change of the account's groups. */
  readonly sequence: number
  /** One per member. */
  readonly outcomes: readonly Outcome[]
}

/** Makes groups, and puts friends into all of them; one that is there already is as good as new. */
export async function addGroups(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  { names, members = [] }: { names: readonly string[]; members?: readonly Line[] },
): Promise<GroupsAdded> {
  const lines = checkLines(site, account, members)
  const limits = limitsOf(site)
  checkBatch(names, limits.batch)
  const code = checkGroups(names, limits)
  if (code) return { code, sequence: 0, outcomes: [] }
  const { isFull, sequence, outcomes } = await store.graph.addGroups(
    site,
    account,
    { names, members: lines },
    rulesOf(site, now()),
  )
  return { code: isFull ? 'groups_full' : 'ok', sequence, outcomes }
}

/** Ends groups; the friends in them stay. Answers the sequence. */
export async function deleteGroups(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  names: readonly string[],
): Promise<number> {
  checkAccount(account)
  checkBatch(names, limitsOf(site).batch)
  return store.graph.removeGroups(site, account, names.filter(isStorable), rulesOf(site, now()))
}

/** The account's groups in the order in which they were made, or those of these names. */
export async function readGroups(
  { store }: Gateway,
  site: GraphSite,
  account: string,
  { names, withMembers = false }: { names?: readonly string[]; withMembers?: boolean } = {},
): Promise<{ readonly groups: readonly Group[]; readonly sequence: number }> {
  checkAccount(account)
  return store.graph.readGroups(site, account, { names, withMembers })
}
