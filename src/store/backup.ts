// A copy of a live SQLite file, made by a thread of its own: neither readers nor the writer wait for it.

import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { GatewayError } from '../core/errors.ts'

interface BackupData {
  readonly backupOf: string
  readonly path: string
}

/** Writes a whole, compact copy, readable by its owner alone. `conflict` when there is something at the path. */
export async function backupSqlite(file: string, path: string): Promise<void> {
  if (path === '' || path.includes('\0')) throw new GatewayError('invalid_request', 'A backup needs a path.')
  if (existsSync(path)) throw new GatewayError('conflict', `There is something at ${path} already.`)
  const data: BackupData = { backupOf: file, path }
  const worker = new Worker(new URL(import.meta.url), { workerData: data })
  const done = Promise.withResolvers<void>()
  worker.once('error', (cause) =>
    done.reject(new GatewayError('internal', `The backup to ${path} could not be written.`, { cause })),
  )
  worker.once('exit', () => done.resolve())
  await done.promise
}

if (!isMainThread && typeof workerData?.backupOf === 'string') copy(workerData)

function copy({ backupOf, path }: BackupData): void {
  // Made first, since SQLite would make it readable by everybody; an empty file counts as none.
  closeSync(openSync(path, 'wx', 0o600))
  const database = new Database(backupOf, { readonly: true, fileMustExist: true })
  try {
    // One read transaction: https://www.sqlite.org/lang_vacuum.html#vacuuminto
    database.prepare('vacuum into ?').run(path)
    const written = openSync(path, 'r')
    fsyncSync(written)
    closeSync(written)
  } catch (error) {
    rmSync(path)
    throw error
  } finally {
    database.close()
  }
}
