// Who an account will have nothing to do with.

import type { Gateway } from './gateway.ts'
import { checkAccount, checkLines, type GraphSite, pageLimit, relate, type Sides } from './graph.ts'
import { limitsOf, rulesOf } from './graph-limits.ts'
import type { BlockPage, Line, Outcome, Related } from './graph-model.ts'

/** Blocks accounts. Unless the site keeps friends, both sides of a friendship end; no request gets through after. */
export async function addBlocks(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  others: readonly Line[],
): Promise<readonly Outcome[]> {
  return store.graph.block(site, account, checkLines(site, account, others), rulesOf(site, now()))
}

/** Ends blocks; no friendship comes back. */
export async function deleteBlocks(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  others: readonly Line[],
): Promise<readonly Outcome[]> {
  return store.graph.unblock(site, account, checkLines(site, account, others), rulesOf(site, now()))
}

/** One page of those whom the account blocks, in the order in which they were blocked. */
export async function pageBlocks(
  { store }: Gateway,
  site: GraphSite,
  account: string,
  { after = 0, limit = limitsOf(site).pageSize }: { after?: number; limit?: number } = {},
): Promise<BlockPage> {
  checkAccount(account)
  return store.graph.pageBlocks(site, account, { after, limit: pageLimit(site, limit) })
}

/** Who blocks whom; not mutual, only whether the account blocks the other: `mine` or `none`. */
export async function checkBlocks(
  { store }: Gateway,
  site: GraphSite,
  account: string,
  others: readonly Line[],
  { isMutual }: Sides,
): Promise<readonly Related[]> {
  const lines = checkLines(site, account, others)
  return relate(lines, (names) => store.graph.checkBlocks(site, account, names, { isMutual }))
}
