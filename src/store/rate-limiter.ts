// Calls per second, counted in memory where one process serves, and in PostgreSQL where there may be several.

import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible'
import type { Log } from '../core/gateway.ts'
import type { RateLimiter } from '../core/limiter.ts'
import { parseAddress } from './open.ts'
import { openPool, type PostgresBounds } from './postgres-driver.ts'

interface LimiterOptions extends PostgresBounds {
  /** Of one method on one site, where the site has no number of its own; 0 is no limit. */
  readonly callsPerSecond: number
  readonly log?: Log
}

/** A limiter over the database at this address; on PostgreSQL with a small pool of its own. */
export function createRateLimiter(databaseUrl: string, options: LimiterOptions): RateLimiter {
  const address = parseAddress(databaseUrl)
  const bounds = { ...options, poolSize: Math.min(options.poolSize, POOL_SIZE) }
  const pool = 'postgres' in address ? openPool(address.postgres, bounds, options.log) : undefined
  // One counter per limit: there are few, since sites choose from round numbers, and forgetting one harms nobody.
  const counters = new Map<number, RateLimiterMemory | RateLimiterPostgres>()

  function counterOf(points: number): RateLimiterMemory | RateLimiterPostgres {
    const known = counters.get(points)
    if (known) return known
    const inMemory = new RateLimiterMemory({ points, duration: 1 })
    const counter = pool
      ? new RateLimiterPostgres({
          storeClient: pool,
          storeType: 'pool',
          tableName: 'call_counts',
          tableCreated: true,
          keyPrefix: '',
          points,
          duration: 1,
          // Whoever has used up the second is refused without asking again.
          inMemoryBlockOnConsumed: points,
          // A database that cannot count shall not refuse everybody; what it is needed for itself fails by itself.
          insuranceLimiter: inMemory,
        })
      : inMemory
    if (counters.size >= COUNTERS_MAX) counters.clear()
    counters.set(points, counter)
    return counter
  }

  return {
    async take({ id, settings }, method) {
      const points = settings.callsPerSecond ?? options.callsPerSecond
      if (points <= 0) return true
      try {
        await counterOf(points).consume(`${id}:${method}`)
        return true
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return false
        throw refused
      }
    },
    async close() {
      await pool?.end()
    },
  }
}

const POOL_SIZE = 4
const COUNTERS_MAX = 100
