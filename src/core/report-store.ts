// What is asked of the database about which methods were called how often, and by whom on the site's pages.

import type { Site } from './model.ts'

type SiteRef = Pick<Site, 'id'>

/** So many calls of one kind. Days are counted from 1970-01-01, UTC. */
export interface Tally {
  readonly siteId: number
  readonly day: number
  readonly method: string
  /** The wire's own code; 0 is success. */
  readonly code: number
  /** The caller's context id; `''` when there was none. */
  readonly cid: string
  readonly calls: number
}

/** What a report has one row for: a context id and method, a method and code, a day. */
export type ReportBy = 'cid' | 'method' | 'day'

export interface ReportRow {
  readonly day?: number
  readonly cid?: string
  readonly method?: string
  readonly code?: number
  readonly calls: number
  /** Calls among them that did not succeed. */
  readonly failed: number
}

export interface ReportStore {
  /**
   * Adds calls to those counted before, all or none. Of the context ids of one site and day the first `cidsPerDay` are
   * counted by name, the others under OTHER_CID; of sites that are gone nothing is kept.
   */
  add(tallies: readonly Tally[], options: { readonly cidsPerDay: number }): Promise<void>
  /** Days from `from` to `to`, both included; the most called first (days: the earliest), at most `limit` rows. */
  read(
    site: SiteRef,
    query: { readonly by: ReportBy; readonly from: number; readonly to: number; readonly limit: number },
  ): Promise<readonly ReportRow[]>
  /** Deletes what was counted before a day; answers how many rows those were. */
  purge(beforeDay: number): Promise<number>
}

/** Stands for all context ids beyond the bound. */
export const OTHER_CID = '(other)'

/** Codes from here on are failures: below are success, "pending" and "with remarks". */
export const FIRST_FAILURE = 300_000
