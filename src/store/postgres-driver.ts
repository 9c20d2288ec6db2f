// PostgreSQL under the store: the same queries, driven one statement at a time over a pool.

import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/gateway.ts'
import { spell } from './engine.ts'
import { isLostConnection, isLostRace, toGatewayError } from './failure.ts'
import { bindable, type Param, type Query, type Row, runsOf, type Statement } from './query.ts'
import type { Context } from './sealed.ts'
import { keepStatistics } from './statistics.ts'
import { type Driver, writeOf } from './writes.ts'

/** Between two purges so many nonces are burnt, and one purge takes so many: the table does not grow. */
const BURNT_PER_PURGE = 128
const PURGED_AT_ONCE = 256

export interface PostgresBounds {
  /** Connections at once. */
  readonly poolSize: number
  /** Queries waiting for one; more are `overloaded`. */
  readonly writesWaiting: number
  /** How long to wait for a connection. */
  readonly connectTimeoutMs: number
  /** How long one statement may take. */
  readonly statementTimeoutMs: number
  /** How long one statement may wait for a lock. */
  readonly lockTimeoutMs: number
  /** Named statements; off behind a pooler that hands every transaction another connection. */
  readonly preparedStatements: boolean
}

/** How often a transaction that lost a race, or its connection, is begun again. */
const ATTEMPTS = 6

const INT8 = 20

/** A pool whose connections give 64-bit integers as numbers; losing one is logged, never thrown. */
export function openPool(url: string, bounds: PostgresBounds, log: Log | undefined): pg.Pool {
  const types = new pg.TypeOverrides()
  types.setTypeParser(INT8, Number)
  const pool = new pg.Pool({
    connectionString: url,
    types,
    max: bounds.poolSize,
    connectionTimeoutMillis: bounds.connectTimeoutMs,
    statement_timeout: bounds.statementTimeoutMs,
    lock_timeout: bounds.lockTimeoutMs,
    idle_in_transaction_session_timeout: bounds.statementTimeoutMs,
    application_name: 'kith',
    allowExitOnIdle: true,
  })
  const lost = (cause: Error) => log?.warn({ cause: cause.message }, 'A connection to the database was lost.')
  pool.on('error', lost)
  // The pool listens only while a connection is idle; one that is lost in use would end the process.
  pool.on('connect', (client) => client.on('error', lost))
  return pool
}

export function openPostgresDriver(
  pool: pg.Pool,
  context: Context,
  bounds: PostgresBounds,
  log: Log | undefined,
): Driver {
  const sender = createSender(bounds.preparedStatements)
  const statistics = keepStatistics(pool, log)
  let burnt = 0

  function admit(): void {
    if (pool.waitingCount < bounds.writesWaiting) return
    throw new GatewayError('overloaded', 'Too many questions are waiting for the database.')
  }

  const driver: Driver = {
    context,
    async read(query) {
      admit()
      const first = query.next()
      if (first.done) return first.value
      const answer = query.next(await insist(() => sender(pool, first.value)))
      if (answer.done) return answer.value
      throw new GatewayError('internal', 'A read asked more than one statement.')
    },
    // It is the server that takes long.
    readSlowly: (query) => driver.read(query),
    async write(name, ...args) {
      admit()
      statistics.note()
      return (await insist(() => transact(pool, sender, writeOf(context, name, args)))) as never
    },
    async burnNonce(key, keepMs) {
      if (++burnt % BURNT_PER_PURGE === 0) await driver.write('purgeNonces', PURGED_AT_ONCE)
      return driver.write('burnNonce', key, keepMs)
    },
    async ping() {
      await pool.query('select 1').catch((error) => {
        throw toGatewayError(error)
      })
    },
    async backup() {
      throw new GatewayError('unsupported', 'PostgreSQL is backed up with its own tools, such as pg_dump.')
    },
    async close() {
      await statistics.stop()
      if (!pool.ending) await pool.end()
    },
  }
  return driver
}

/** Tries again what left no trace: a lost race, or a connection lost before anything was committed. */
async function insist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= ATTEMPTS || !(isLostRace(error) || isLostConnection(error))) throw toGatewayError(error)
      await pause(Math.random() * 5 * 2 ** attempt)
    }
  }
}

type Sender = (client: pg.Pool | pg.PoolClient, statement: Statement) => Promise<readonly Row[]>

/** Sends statements, each distinct text under a name of its own so that it is planned once per connection. */
export function createSender(isNamed: boolean): Sender {
  const spelled = new Map<string, { readonly text: string; readonly name?: string }>()

  function prepare(sql: string): { readonly text: string; readonly name?: string } {
    const query = { text: spell('postgres', sql), name: isNamed ? `kith_${spelled.size + 1}` : undefined }
    spelled.set(sql, query)
    return query
  }

  async function send(client: pg.Pool | pg.PoolClient, sql: string, params: readonly Param[]) {
    const query = spelled.get(sql) ?? prepare(sql)
    const { rows } = await client.query<Row>({ ...query, values: [...bindable(params)] })
    return rows
  }

  return async (client, statement) => {
    const { sql, params, each, tuple } = statement
    if (!(each ?? tuple)) return send(client, sql, params)
    for (const run of runsOf(statement)) await send(client, run.sql, run.params)
    return []
  }
}

/** Drives a query in one transaction of one connection; a statement alone is one by itself. */
export async function transact<T>(pool: pg.Pool, sender: Sender, query: Query<T>): Promise<T> {
  let step = query.next()
  if (step.done) return step.value
  if (step.value.isLast) {
    const alone = step.value
    step = query.next(await orUnsure(() => sender(pool, alone)))
    if (step.done) return step.value
    throw new GatewayError('internal', 'A write said that its first statement was its last.')
  }
  const client = await pool.connect()
  let failure: Error | undefined
  try {
    await client.query('begin')
    while (!step.done) step = query.next(await sender(client, step.value))
    await orUnsure(() => client.query('commit'))
    return step.value
  } catch (error) {
    // A connection that cannot even roll back is thrown away.
    failure = await client.query('rollback').then(
      () => undefined,
      (broken: Error) => broken,
    )
    throw error
  } finally {
    client.release(failure)
  }
}

/** What commits: when the connection is lost meanwhile, nobody knows whether it has. */
async function orUnsure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!isLostConnection(cause)) throw cause
    const message = 'The database was lost while it stored a change: it may or may not have.'
    throw new GatewayError('internal', message, { cause })
  }
}
