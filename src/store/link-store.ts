// The short links' part of the store: names methods, hands over arguments.

import { createHmac } from 'node:crypto'
import type { LinkStore } from '../core/link-store.ts'
import { packClicks } from './click-batches.ts'
import { addClicks, CLICK_PURGE_BATCH, clicksOf, purgeHours, purgeVisits } from './clicks.ts'
import { linkVersion } from './link-state.ts'
import {
  createLink,
  findLink,
  followLink,
  linksOfCodes,
  linksOfPublications,
  listLinks,
  removeLink,
} from './links.ts'
import { purgeAll } from './purging.ts'
import type { Driver } from './writes.ts'

/** The methods of short links that change the database. */
export const LINK_WRITES = { createLink, removeLink, addClicks, purgeVisits, purgeHours } as const

/** Short links over a driver. */
export function createLinkStore(driver: Driver): LinkStore {
  /** Hours are looked through once a day. */
  let purgedDay: number | undefined
  return {
    create: (site, { code, target }, now) => driver.write('createLink', site.id, { code, target }, now),
    find: (site, code) => driver.read(findLink(site.id, code)),
    list: (site, query) => driver.read(listLinks(site.id, query)),
    ofPublications: (site, keys) => driver.read(linksOfPublications(site.id, keys)),
    ofCodes: (site, codes) => driver.read(linksOfCodes(site.id, codes)),
    remove: (site, code) => driver.write('removeLink', site.id, code),
    clicks: (link, limit) => driver.read(clicksOf(link, limit)),
    follow: (code) => driver.read(followLink(code)),
    version: () => driver.read(linkVersion()),
    addClicks: (batch) => driver.write('addClicks', packClicks(batch)),
    async purge({ visitsAt, hour }) {
      const visits = await purgeAll(() => driver.write('purgeVisits', visitsAt), CLICK_PURGE_BATCH)
      const day = Math.floor(hour / 24)
      if (day === purgedDay) return visits
      const hours = await purgeOldHours(driver, hour)
      purgedDay = day
      return visits + hours
    },
    visitorKey: (day) =>
      createHmac('sha256', driver.context.keys.current().secret).update(`visitors of day ${day}`).digest(),
  }
}

async function purgeOldHours(driver: Driver, before: number): Promise<number> {
  let total = 0
  for (let after: number | undefined = 0; after !== undefined; ) {
    const some: { readonly gone: number; readonly last: number | undefined } = await driver.write(
      'purgeHours',
      after,
      before,
    )
    total += some.gone
    after = some.last
  }
  return total
}
