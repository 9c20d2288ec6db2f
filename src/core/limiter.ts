// How often a site may call: a port, since counting over several processes is the database's business.

import type { Site } from './model.ts'

export interface RateLimiter {
  /**
   * Counts one call of this method; false when the site has used up what it may call in this second. The site's
   * `callsPerSecond` goes before the configured one, and 0 is no limit.
   */
  take(site: Pick<Site, 'id' | 'settings'>, method: string): Promise<boolean>
  close(): Promise<void>
}
