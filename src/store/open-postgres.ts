// PostgreSQL under the store: migrated by one process at a time.

import { MIGRATION_LOCK } from './engine.ts'
import { toGatewayError } from './failure.ts'
import { migrate } from './migrate.ts'
import type { StoreOptions } from './open.ts'
import {
  createSender,
  openPool,
  openPostgresDriver,
  type PostgresBounds,
  transact,
} from './postgres-driver.ts'
import { all, type Query } from './query.ts'
import type { Context } from './sealed.ts'
import type { Driver } from './writes.ts'

/** Migrates the database, alone among all processes, and opens it. */
export async function openPostgres(
  url: string,
  { keys, log }: Pick<StoreOptions, 'keys' | 'log'>,
  bounds: PostgresBounds,
): Promise<Driver> {
  const context: Context = { engine: 'postgres', keys }
  const pool = openPool(url, bounds, log)
  try {
    await transact(pool, createSender(false), migrateAlone())
  } catch (error) {
    await pool.end()
    throw toGatewayError(error)
  }
  return openPostgresDriver(pool, context, bounds, log)
}

/** Waits its turn, however long another process migrates. */
function* migrateAlone(): Query<number> {
  yield* all('set local statement_timeout = 0')
  yield* all('set local lock_timeout = 0')
  yield* all(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
  return yield* migrate('postgres')
}
