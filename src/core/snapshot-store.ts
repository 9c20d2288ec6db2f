// What is asked of the database about snapshots: how a message fared at one moment.

import type { PageOf, PageQuery, Site } from './model.ts'

type SiteRef = Pick<Site, 'id'>

/** How one publication fared. */
export interface PublicationCount {
  /** Key of the publication. */
  readonly key: string
  /** Its links, with the people who had followed each. */
  readonly links: readonly { readonly target: string; readonly people: number }[]
}

export interface MessageSnapshot {
  readonly id: number
  readonly siteId: number
  /** Lower-case UUID v4; OneAll's `sharing_analytics_snapshot_token`. */
  readonly token: string
  readonly messageToken: string
  readonly pingbackUri?: string
  readonly createdAt: number
  /** When it was taken; absent: it will be. */
  readonly finishedAt?: number
  readonly counts: readonly PublicationCount[]
}

/** A snapshot whose turn it is: to be taken, or to be told of. */
export interface DueSnapshot extends MessageSnapshot {
  /** How often its site was told in vain. */
  readonly attempts: number
}

export interface MessageSnapshotStore {
  /** `open`: one of this message is still to be taken, and is answered instead. `not_found` when there is no such message. */
  begin(
    site: SiteRef,
    wish: { readonly messageToken: string; readonly pingbackUri?: string; readonly now: number },
  ): Promise<{ readonly outcome: 'begun' | 'open'; readonly snapshot: MessageSnapshot }>
  find(site: SiteRef, token: string): Promise<MessageSnapshot | undefined>
  /** Without counts. */
  list(site: SiteRef, query: PageQuery): Promise<PageOf<MessageSnapshot>>
  /** False when there was none. */
  remove(site: SiteRef, token: string): Promise<boolean>
  /** Takes those whose turn it is, for so long; in order of due time. */
  claim(options: { readonly limit: number; readonly leaseMs: number }): Promise<readonly DueSnapshot[]>
  /** Stores what was counted; a site that wants to be told is due at once. */
  finish(
    snapshot: Pick<MessageSnapshot, 'siteId' | 'id'>,
    counts: MessageSnapshot['counts'],
    now: number,
  ): Promise<void>
  /** Its site was told (`again` absent), or is to be told once more after this pause. */
  told(snapshot: Pick<MessageSnapshot, 'siteId' | 'id'>, again?: { readonly inMs: number }): Promise<void>
}
