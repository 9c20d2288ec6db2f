// What PostgreSQL's planner knows of tables that have just begun to fill. Its own upkeep looks once a minute; until then
// a statement that was planned over empty tables keeps that plan, and reads all publications of a site to find three:
// 38 messages a second where 200 are asked for. https://www.postgresql.org/docs/current/sql-prepare.html#SQL-PREPARE-NOTES

import type pg from 'pg'
import type { Log } from '../core/gateway.ts'

/** How often is looked whether some table has grown a lot, while there are writes. */
const EVERY_MS = 1_000

/** Tables of which more has changed than was there at the last count; beyond that PostgreSQL's own upkeep is enough. */
const GROWN = `select quote_ident(schemaname) || '.' || quote_ident(relname) as name from pg_stat_user_tables
  where schemaname = current_schema() and n_mod_since_analyze > 100 and n_mod_since_analyze > n_live_tup / 2`

export interface Statistics {
  /** Something was written. */
  note(): void
  /** Ends the watch; resolves when nothing is under way any more. */
  stop(): Promise<void>
}

/** Has tables counted that have grown much; a failure is logged and tried again. */
export function keepStatistics(pool: pg.Pool, log: Log | undefined): Statistics {
  let timer: NodeJS.Timeout | undefined
  let counting = Promise.resolve()
  let isStopped = false

  async function count(): Promise<void> {
    timer = undefined
    try {
      const { rows } = await pool.query<{ name: string }>(GROWN)
      // Who counts a table already does it for all.
      if (rows.length > 0)
        await pool.query(`analyze (skip_locked) ${rows.map(({ name }) => name).join(', ')}`)
    } catch (error) {
      if (!isStopped) log?.warn({ error }, 'The tables of the database could not be counted.')
    }
  }

  return {
    note() {
      if (isStopped || timer !== undefined) return
      timer = setTimeout(() => {
        counting = count()
      }, EVERY_MS)
      timer.unref()
    },
    async stop() {
      isStopped = true
      clearTimeout(timer)
      await counting
    },
  }
}
