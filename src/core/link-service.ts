// The service of short links as the gateway holds it: the book, the counting, and the bounds of both.

import { CLICK_DEFAULTS, type ClickBounds, type Clicks, createClicks } from './clicks.ts'
import type { Gateway } from './gateway.ts'
import { createLinkBook, type LinkBook, type LinkBookOptions } from './link-book.ts'

export interface LinkBounds extends ClickBounds, Pick<LinkBookOptions, 'blockedHosts' | 'memoryBytes'> {
  /** Different links of one message that are made short; more are refused. Default 20. */
  readonly perMessage: number
  /** Days that clicks are known by hour, device and referrer. Default 400. */
  readonly keepDays: number
}

/** The stated defaults. */
export const LINK_DEFAULTS: LinkBounds = {
  ...CLICK_DEFAULTS,
  blockedHosts: [],
  memoryBytes: 64 * 1_024 * 1_024,
  perMessage: 20,
  keepDays: 400,
}

export interface Links {
  readonly book: LinkBook
  readonly clicks: Clicks
  readonly bounds: LinkBounds
}

/** Short links over this store; the book knows nothing until it is refreshed. */
export function createLinks(
  { store, log, meter, now }: Pick<Gateway, 'store' | 'log' | 'meter' | 'now'>,
  { base, publicUrl, ...given }: Partial<LinkBounds> & Pick<LinkBookOptions, 'base' | 'publicUrl'>,
): Links {
  const bounds = { ...LINK_DEFAULTS, ...given }
  const warn = (error: unknown) => log.warn({ error }, 'changes of short links could not be asked for')
  return {
    book: createLinkBook({ store, warn }, { base, publicUrl, ...bounds }),
    clicks: createClicks({ store, log, meter, now }, bounds),
    bounds,
  }
}

const HOUR_MS = 3_600_000

/** Forgets visits and hours whose time has passed; answers how many rows. */
export function purgeClicks({ store, links, now }: Gateway): Promise<number> {
  const { windowMs, keepDays } = links.bounds
  const at = now()
  return store.links.purge({ visitsAt: at - windowMs, hour: Math.floor(at / HOUR_MS) - 24 * keepDays })
}
