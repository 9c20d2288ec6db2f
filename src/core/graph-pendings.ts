// Requests of friendship that wait for an answer.

import type { Gateway } from './gateway.ts'
import { checkAccount, checkLines, type GraphSite, pageLimit } from './graph.ts'
import { checkText } from './graph-checks.ts'
import { limitsOf, rulesOf } from './graph-limits.ts'
import type { Line, Outcome, PendingPage } from './graph-model.ts'

/** A request to accept, and what the accepting side calls the new friend. */
export interface Accepted extends Line {
  readonly remark?: string
}

/** One page of the requests that wait for the account's answer, oldest first. */
export async function listPendings(
  { store }: Gateway,
  site: GraphSite,
  account: string,
  { after = 0, limit = limitsOf(site).pageSize }: { after?: number; limit?: number } = {},
): Promise<PendingPage> {
  checkAccount(account)
  return store.graph.pagePendings(site, account, { after, limit: pageLimit(site, limit) })
}

/** Accepts requests: both sides become friends. A line is `no_request` where nobody of that name waits. */
export async function acceptPendings(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  others: readonly Accepted[],
): Promise<readonly Outcome[]> {
  const { remarkBytes } = limitsOf(site)
  const lines = checkLines(site, account, others).map((line) => ({
    ...line,
    flaw: line.flaw ?? checkText(line.remark, remarkBytes),
  }))
  return store.graph.acceptPendings(site, account, lines, rulesOf(site, now()))
}

/** Declines requests; those who asked may ask again. */
export async function declinePendings(
  { store, now }: Gateway,
  site: GraphSite,
  account: string,
  others: readonly Line[],
): Promise<readonly Outcome[]> {
  return store.graph.declinePendings(site, account, checkLines(site, account, others), rulesOf(site, now()))
}
