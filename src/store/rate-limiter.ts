// Calls per second, counted in memory where one process serves, and in PostgreSQL where there may be several.

import type { RateLimiterPostgres } from 'rate-limiter-flexible'
import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js'
import RateLimiterRes from 'rate-limiter-flexible/lib/RateLimiterRes.js'
import type { Log } from '../core/gateway.ts'
import type { RateLimiter } from '../core/limiter.ts'
import { parseAddress } from './open.ts'
import type { PostgresBounds } from './postgres-driver.ts'

interface LimiterOptions extends PostgresBounds {
  /** Of one method on one site, where the site has no number of its own; 0 is no limit. */
  readonly callsPerSecond: number
  readonly log?: Log
}

/** A limiter over the database at this address; on PostgreSQL with a small pool of its own. */
export async function createRateLimiter(databaseUrl: string, options: LimiterOptions): Promise<RateLimiter> {
  const address = parseAddress(databaseUrl)
  const shared = 'postgres' in address ? await openShared(address.postgres, options) : undefined
  // One counter per limit: there are few, since sites choose from round numbers, and forgetting one harms nobody.
  const counters = new Map<number, RateLimiterMemory | RateLimiterPostgres>()

  function counterOf(points: number): RateLimiterMemory | RateLimiterPostgres {
    const known = counters.get(points)
    if (known) return known
    const inMemory = new RateLimiterMemory({ points, duration: 1 })
    const counter = shared
      ? new shared.Limiter({
          storeClient: shared.pool,
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
      await shared?.pool.end()
    },
  }
}

/** What counting in PostgreSQL needs, loaded only then. */
async function openShared(url: string, options: LimiterOptions) {
  const [{ openPool }, { default: Limiter }] = await Promise.all([
    import('./postgres-driver.ts'),
    import('rate-limiter-flexible/lib/RateLimiterPostgres.js'),
  ])
  const bounds = { ...options, poolSize: Math.min(options.poolSize, POOL_SIZE) }
  return { pool: openPool(url, bounds, options.log), Limiter }
}

const POOL_SIZE = 4
const COUNTERS_MAX = 100
