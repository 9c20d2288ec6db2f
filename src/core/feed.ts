// Every change of a site's graph, in one order: what webhooks and incremental sync stand on.

import type { Gateway } from './gateway.ts'
import type { FeedPage } from './graph-model.ts'
import type { Site } from './model.ts'

/** Entries on one page at most; one entry names at most as many accounts as one call may. */
const PAGE_MAX = 1_000

/**
 * What changed after a position, in the order in which it became visible. Entries are dropped when the site has more
 * than it keeps: a reader that comes too late is told by `hasGap` to read the lists anew.
 */
export function readFeed(
  { store }: Gateway,
  site: Pick<Site, 'id'>,
  { after = 0, limit = PAGE_MAX }: { after?: number; limit?: number } = {},
): Promise<FeedPage> {
  return store.feed.read(site, { after, limit: Math.min(Math.max(limit, 1), PAGE_MAX) })
}
