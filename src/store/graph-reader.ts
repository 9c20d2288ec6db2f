// Chosen friends from a SQLite file, for a thread that does nothing else: a connection of its own that cannot write.

import type { GraphStore } from '../core/graph-store.ts'
import { toGatewayError } from './failure.ts'
import { pullFriends } from './graph-pages.ts'
import { connect } from './sqlite.ts'
import type { SqliteBounds } from './sqlite-driver.ts'

export interface GraphReader extends Pick<GraphStore, 'pull'> {
  close(): void
}

/**
 * Opens a file that a store has open: that one has migrated and locked it. Each call sees what was committed before it,
 * by whomever. https://www.sqlite.org/isolation.html
 */
export function openGraphReader(
  file: string,
  { busyTimeoutMs }: Pick<SqliteBounds, 'busyTimeoutMs'>,
): GraphReader {
  const { database, run } = connect(file, { readonly: true, busyTimeoutMs })
  return {
    async pull(site, account, query) {
      try {
        return run(pullFriends(site.id, account, query))
      } catch (error) {
        throw toGatewayError(error)
      }
    },
    close: () => database.close(),
  }
}
