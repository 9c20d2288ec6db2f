// One connection to a SQLite file, and how it runs queries: at once, on the thread that asks.

import { closeSync, existsSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import { spell } from './engine.ts'
import { bindable, type Query, type Row, runsOf, type Statement } from './query.ts'

export interface Connection {
  readonly database: Database.Database
  /** Runs a query to its end. The caller holds the transaction, if it needs one. */
  run<T>(query: Query<T>): T
  /** Runs a query of one statement, `pause` by `pause`; meanwhile nothing else may run on this connection. */
  runSlowly<T>(query: Query<T>, pause: () => Promise<unknown>): Promise<T>
}

export interface ConnectionOptions {
  readonly readonly?: boolean
  /** How long to wait for a lock that another process holds. */
  readonly busyTimeoutMs: number
}

/**
 * Makes an empty file that its owner alone can read, where there is none; SQLite's companions inherit the mode. An
 * existing one is never opened: closing it again would drop the locks that this process holds on it,
 * https://www.sqlite.org/howtocorrupt.html#posix_advisory_locks_canceled_by_a_separate_thread_doing_close_
 */
export function createFile(path: string): void {
  if (existsSync(path)) return
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (cause) {
    const isMadeMeanwhile = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    if (!isMadeMeanwhile) throw cause
  }
}

/**
 * Part of the file that readers map into memory: a list of 150 KB takes 52 µs instead of 77, a hundred
 * rows here and there a tenth less. What was touched counts as memory of the process, and the system takes it back when
 * it needs it. https://www.sqlite.org/mmap.html
 */
const MMAP_BYTES = 1024 * 1024 * 1024

/**
 * For who writes: pages that the log may hold before they are copied into the file (32 MB). Many writes change the same
 * pages again and again; with the library's 1,000 an import of friends takes a quarter longer, copying.
 * https://www.sqlite.org/wal.html#ckpt
 */
export const LOG_PAGES = 8_000

/** How long a slow query goes on before others have their turn. */
const TURN_MS = 4

/** Opens a file that `createFile` has made. */
export function connect(file: string, { readonly = false, busyTimeoutMs }: ConnectionOptions): Connection {
  const database = new Database(file, { readonly, fileMustExist: true, timeout: busyTimeoutMs })
  if (readonly) database.pragma(`mmap_size = ${MMAP_BYTES}`)
  else {
    // What is acknowledged survives a power cut (but see `REPEATABLE`); the library's own default in WAL mode would not
    // promise that.
    database.pragma('synchronous = FULL')
    database.pragma(`wal_autocheckpoint = ${LOG_PAGES}`)
  }
  database.pragma('foreign_keys = ON')
  const prepared = new Map<string, Database.Statement<unknown[], Row>>()

  function prepare(sql: string): Database.Statement<unknown[], Row> {
    const statement = database.prepare<unknown[], Row>(spell('sqlite', sql))
    prepared.set(sql, statement)
    return statement
  }

  function statementOf(sql: string): Database.Statement<unknown[], Row> {
    return prepared.get(sql) ?? prepare(sql)
  }

  function rows(asked: Statement): readonly Row[] {
    const { sql, params, each, tuple } = asked
    if (each ?? tuple) {
      for (const run of runsOf(asked)) statementOf(run.sql).run(bindable(run.params))
      return []
    }
    const statement = statementOf(sql)
    const values = bindable(params)
    if (statement.reader) return statement.all(...values)
    statement.run(...values)
    return []
  }

  return {
    database,
    async runSlowly(query, pause) {
      const first = query.next()
      if (first.done) return first.value
      const { sql, params } = first.value
      const found: Row[] = []
      await pause()
      let pausedAt = performance.now()
      for (const row of statementOf(sql).iterate(...bindable(params))) {
        found.push(row)
        if (performance.now() - pausedAt < TURN_MS) continue
        await pause()
        pausedAt = performance.now()
      }
      const last = query.next(found)
      if (last.done) return last.value
      throw new Error('A slow query asked more than one statement.')
    },
    run(query) {
      let step = query.next()
      while (!step.done) step = query.next(rows(step.value))
      return step.value
    },
  }
}
