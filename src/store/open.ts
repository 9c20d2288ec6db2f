// The way in: from an address and a key ring to a store that is migrated, locked and ready.

import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/gateway.ts'
import type { Store } from '../core/store.ts'
import { toGatewayError } from './failure.ts'
import type { KeyRing } from './keys.ts'
import { lockFile } from './lock.ts'
import { migrate } from './migrate.ts'
import type { PostgresBounds } from './postgres-driver.ts'
import { releaseAllReads } from './reads.ts'
import { someKeys } from './sealed.ts'
import { connect, createFile } from './sqlite.ts'
import { openSqliteDriver, type SqliteBounds } from './sqlite-driver.ts'
import { createStore } from './store.ts'
import type { Driver } from './writes.ts'

export interface StoreOptions extends Partial<PostgresBounds & SqliteBounds> {
  readonly keys: KeyRing
  /** Of a SQLite file there may be one server, and tools beside it. Default 'server'. */
  readonly role?: 'server' | 'tool'
  readonly log?: Log
}

/** A store that can also be copied while it is open. */
export interface OpenStore extends Store {
  /** Writes a copy of a SQLite database to a new file; `unsupported` on PostgreSQL. The key ring is not in it. */
  backup(path: string): Promise<void>
}

/** What is kept to unless configuration says otherwise. */
export const STORE_BOUNDS = {
  writesWaiting: 100_000,
  busyTimeoutMs: 5_000,
  noncesKept: 4_000_000,
  poolSize: 10,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 10_000,
  lockTimeoutMs: 5_000,
  preparedStatements: true,
} as const satisfies PostgresBounds & SqliteBounds

/** Where a database lies: a path, `sqlite:path`, or `postgres://…`. */
export type Address = { readonly file: string } | { readonly postgres: string }

/** What an address means; `invalid_request` when it is neither a path nor an address of PostgreSQL. */
export function parseAddress(url: string): Address {
  if (/^postgres(ql)?:\/\//.test(url)) return { postgres: url }
  const path = url.replace(/^sqlite:/, '')
  if (path === '' || path.includes('\0') || path.startsWith(':') || /^[a-z][a-z0-9+.-]+:\/\//i.test(path)) {
    // The address itself may hold a password.
    throw new GatewayError('invalid_request', 'A database is a path, sqlite:<path> or postgres://<address>.')
  }
  return { file: resolve(path) }
}

/**
 * Opens the database, brings its schema forward and makes sure that its sealed values can be opened. A second server
 * of one SQLite file fails with `conflict`, and so does a database written by a newer Kith.
 */
export async function openStore(url: string, options: StoreOptions): Promise<OpenStore> {
  const driver = await openDriver(url, options)
  return { ...createStore(driver), backup: (path) => driver.backup(path) }
}

/** What `openStore` stands on. */
export async function openDriver(url: string, options: StoreOptions): Promise<Driver> {
  const address = parseAddress(url)
  const bounds = { ...STORE_BOUNDS, ...withoutUndefined(options) }
  const driver =
    'file' in address
      ? await openSqlite(address.file, options, bounds)
      : await openOnPostgres(address.postgres, options, bounds)
  try {
    await checkKeys(driver)
  } catch (error) {
    await driver.close()
    throw error
  }
  return driver
}

async function openSqlite(file: string, { keys, role }: StoreOptions, bounds: SqliteBounds): Promise<Driver> {
  mkdirSync(dirname(file), { recursive: true })
  createFile(file)
  const unlock = role === 'tool' ? () => undefined : lockFile(file)
  try {
    prepareSqlite(file, bounds, { isAlone: role !== 'tool' })
    return await openSqliteDriver(file, { engine: 'sqlite', keys }, bounds, unlock)
  } catch (error) {
    unlock()
    throw error instanceof Error && 'code' in error && error.code === 'SQLITE_NOTADB'
      ? new GatewayError('invalid_request', `${file} is not a SQLite database.`, { cause: error })
      : toGatewayError(error)
  }
}

/** Loads what PostgreSQL needs where it is needed: elsewhere it would be memory for nothing. */
async function openOnPostgres(url: string, options: StoreOptions, bounds: PostgresBounds): Promise<Driver> {
  const { openPostgres } = await import('./open-postgres.ts')
  return openPostgres(url, options, bounds)
}

function prepareSqlite(
  file: string,
  { busyTimeoutMs }: SqliteBounds,
  { isAlone }: { readonly isAlone: boolean },
): void {
  const { database, run } = connect(file, { busyTimeoutMs })
  try {
    database.pragma('page_size = 4096')
    if (database.pragma('journal_mode = WAL', { simple: true }) !== 'wal') {
      throw new GatewayError('internal', `${file} is on a file system that cannot hold a write-ahead log.`)
    }
    database.exec('begin exclusive')
    run(migrate('sqlite'))
    if (isAlone) run(releaseAllReads())
    database.exec('commit')
  } finally {
    if (database.inTransaction) database.exec('rollback')
    database.close()
  }
}

/** A lost key ring shows at the start, not at the first login. */
async function checkKeys({ context, read }: Driver): Promise<void> {
  const ids = await read(someKeys())
  const missing = ids.find((id) => !context.keys.find(id))
  if (missing === undefined) return
  throw new GatewayError(
    'conflict',
    `The database holds values sealed with key ${missing}, which is not in the key ring. Give it the key ring it was written with.`,
  )
}

function withoutUndefined(options: StoreOptions): Partial<StoreOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
