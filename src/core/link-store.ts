// What is asked of the database about short links and who followed them.

import type { PageOf, PageQuery, Site } from './model.ts'

type SiteRef = Pick<Site, 'id'>

/**
 * Who followed a link. `repeat`: a person who was counted a short while ago; `preview`: a machine that shows a card. Their
 * places stand for them in the database: never change the order.
 */
export const FOLLOWERS = ['person', 'repeat', 'bot', 'preview'] as const
export type Follower = (typeof FOLLOWERS)[number]

/** The same holds for their order. */
export const DEVICES = ['desktop', 'mobile', 'tablet', 'other'] as const
export type Device = (typeof DEVICES)[number]

/** A link before it is stored. */
export interface NewLink {
  readonly code: string
  /** Where it leads, as it was given. */
  readonly target: string
}

export interface StoredLink extends NewLink {
  readonly id: number
  readonly siteId: number
  /** The publication that it was made for. */
  readonly publicationKey?: string
  readonly createdAt: number
  readonly counts: Readonly<Record<Follower, number>>
  /** When a person last followed it. */
  readonly lastPersonAt?: number
}

/** So many clicks of one kind. */
export interface ClickTally {
  readonly linkId: number
  /** Hours since 1970, UTC. */
  readonly hour: number
  readonly follower: Follower
  readonly device: Device
  /** Host of the page that it was followed from; `''` where none was told, OTHER_REFERRER beyond the bound. */
  readonly referrer: string
  readonly count: number
  /** When the last of them was; milliseconds since 1970. */
  readonly lastAt: number
}

/** A visitor at a link, by a number that tells neither: to be counted once over all processes. */
export interface Visit {
  /** 48 bits of a keyed hash. */
  readonly visit: number
  readonly at: number
  /** Index of the tally of persons that counts it. */
  readonly tally: number
}

/** Stands for all hosts of referrers beyond the bound of a link. */
export const OTHER_REFERRER = '(other)'

export interface LinkStore {
  /** Fails with `conflict`, field `code`, when the code is taken. */
  create(site: SiteRef, link: NewLink, now: number): Promise<StoredLink>
  find(site: SiteRef, code: string): Promise<StoredLink | undefined>
  list(site: SiteRef, query: PageQuery): Promise<PageOf<StoredLink>>
  /** In order of making. */
  ofPublications(site: SiteRef, keys: readonly string[]): Promise<readonly StoredLink[]>
  /** Those that there are, in order of making. */
  ofCodes(site: SiteRef, codes: readonly string[]): Promise<readonly StoredLink[]>
  /** With its counts; false when there was none. */
  remove(site: SiteRef, code: string): Promise<boolean>
  /** Clicks of one link, the newest hours first. */
  clicks(link: Pick<StoredLink, 'id' | 'siteId'>, limit: number): Promise<readonly ClickTally[]>
  /** Whose link a code is, with the site it belongs to. */
  follow(
    code: string,
  ): Promise<{ readonly site: Site; readonly id: number; readonly target: string } | undefined>
  /** Moves with every removal of a link and every change of a site: what was read before may no longer hold. */
  version(): Promise<number>
  /**
   * Adds clicks to those counted before, all or none. A visit that was stored within `windowMs` before is counted as a
   * repeat. Of the referrers of a link the first `referrersPerLink` are counted by name. Links that are gone are passed over.
   */
  addClicks(batch: ClickBatch): Promise<void>
  /** Forgets visits before one time and clicks of hours before another (never what a link has in all); how many rows. */
  purge(before: { readonly visitsAt: number; readonly hour: number }): Promise<number>
  /** Key of the visitors' hashes of one day (days since 1970, UTC), the same in all processes with the same key ring. */
  visitorKey(day: number): Uint8Array
}

export interface ClickBatch {
  readonly tallies: readonly ClickTally[]
  readonly visits: readonly Visit[]
  readonly windowMs: number
  readonly referrersPerLink: number
}
