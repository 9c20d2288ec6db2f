// One serving process per SQLite file. The lock is one that the system drops when the process ends, however it ends.

import Database from 'better-sqlite3'
import { GatewayError } from '../core/errors.ts'
import { createFile } from './sqlite.ts'

/** Holds `<file>.lock` until the returned function is called; `conflict` when another server holds it. */
export function lockFile(file: string): () => void {
  const path = `${file}.lock`
  createFile(path)
  const database = new Database(path, { timeout: 0 })
  try {
    database.pragma('journal_mode = DELETE')
    database.exec('begin exclusive')
  } catch (cause) {
    database.close()
    throw new GatewayError(
      'conflict',
      `Another Kith already serves ${file}. Stop it first, or serve another file; several processes need PostgreSQL.`,
      { cause },
    )
  }
  return () => database.close()
}
