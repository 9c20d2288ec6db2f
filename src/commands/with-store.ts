// The database for a command that looks or changes something and ends; a serving process may be at work beside it.

import { openDatabase } from '../assemble.ts'
import { type Config, readConfig } from '../config.ts'
import { GatewayError } from '../core/errors.ts'
import type { Site } from '../core/model.ts'
import { createLog } from '../server/log.ts'
import type { OpenStore } from '../store/open.ts'

/** Opens the configured database, does the work, and closes it however the work ends. */
export async function withStore<T>(work: (store: OpenStore, config: Config) => Promise<T>): Promise<T> {
  const config = readConfig()
  const log = createLog('warn', 2)
  const store = await openDatabase(config, { role: 'tool', log })
  try {
    return await work(store, config)
  } finally {
    await store.close()
    log.flush()
  }
}

/** The site of this subdomain; `not_found` naming those there are. */
export async function siteNamed({ sites }: Pick<OpenStore, 'sites'>, subdomain: string): Promise<Site> {
  const site = await sites.bySubdomain(subdomain)
  if (site) return site
  const known = (await sites.list()).slice(0, 10).map((each) => each.subdomain)
  const others = known.length > 0 ? `there are: ${known.join(', ')}` : 'there is none yet'
  throw new GatewayError('not_found', `There is no site "${subdomain}"; ${others}.`)
}
