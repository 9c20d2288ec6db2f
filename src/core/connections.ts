// Results of logins, links and unlinks, kept for the site's server to read.

import type { Gateway } from './gateway.ts'
import type { Connection, Site } from './model.ts'

/** Keeps a result for as long as results are kept. */
export function storeConnection(
  { store, bounds, now }: Gateway,
  site: Pick<Site, 'id'>,
  connection: Omit<Connection, 'id' | 'siteId' | 'token' | 'createdAt'>,
): Promise<Connection> {
  const createdAt = now()
  return store.connections.create(
    { ...connection, siteId: site.id, token: crypto.randomUUID(), createdAt },
    { expiresAt: createdAt + bounds.connectionLifeMs },
  )
}
