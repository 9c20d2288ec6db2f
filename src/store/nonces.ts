// Nonces on SQLite: in a file of their own, without waiting for the disk. They survive the end of the process, however
// it ends; after a power cut they may be lost, and then the age of a request alone decides.

import { rmSync } from 'node:fs'
import { burnNonce, purgeNonces } from './access.ts'
import type { Context } from './sealed.ts'
import { type Connection, connect, createFile } from './sqlite.ts'

export interface Nonces {
  /** Takes a nonce for so long; false when it is taken. Those of one turn of the event loop share a transaction. */
  burn(key: Uint8Array, keepMs: number): Promise<boolean>
  close(): void
}

/** Between two purges so many nonces are burnt, and one purge takes so many: the file does not grow. */
export const BURNT_PER_PURGE = 128
export const PURGED_AT_ONCE = 256

/** Opens `<database>.nonces` when the first nonce comes; a file that is damaged is begun anew. */
export function createNonces(context: Context, path: string, busyTimeoutMs: number): Nonces {
  let connection: Connection | undefined
  let burnt = 0
  let waiting: Waiting[] = []

  function burnAll(some: readonly Waiting[]): readonly boolean[] {
    connection ??= open(path, busyTimeoutMs)
    const { database, run } = connection
    const before = burnt
    burnt += some.length
    const purges = Math.floor(burnt / BURNT_PER_PURGE) - Math.floor(before / BURNT_PER_PURGE)
    database.exec('begin immediate')
    try {
      if (purges > 0) run(purgeNonces(context, purges * PURGED_AT_ONCE))
      const outcomes = some.map(({ key, keepMs }) => run(burnNonce(context, key, keepMs)))
      database.exec('commit')
      return outcomes
    } catch (error) {
      if (database.inTransaction) database.exec('rollback')
      throw error
    }
  }

  function insist(some: readonly Waiting[]): readonly boolean[] {
    try {
      return burnAll(some)
    } catch (error) {
      if (!isDamaged(error)) throw error
      close()
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
      return burnAll(some)
    }
  }

  function flush(): void {
    const some = waiting
    waiting = []
    if (some.length === 0) return
    try {
      const outcomes = insist(some)
      for (const [index, { resolve }] of some.entries()) resolve(outcomes[index] === true)
    } catch (error) {
      for (const { reject } of some) reject(error)
    }
  }

  function close(): void {
    connection?.database.close()
    connection = undefined
  }

  return {
    close() {
      flush()
      close()
    },
    burn(key, keepMs) {
      if (waiting.length === 0) setImmediate(flush)
      return new Promise((resolve, reject) => waiting.push({ key, keepMs, resolve, reject }))
    },
  }
}

interface Waiting {
  readonly key: Uint8Array
  readonly keepMs: number
  resolve(isFresh: boolean): void
  reject(error: unknown): void
}

function open(path: string, busyTimeoutMs: number): Connection {
  createFile(path)
  const connection = connect(path, { busyTimeoutMs })
  try {
    connection.database.pragma('journal_mode = WAL')
    connection.database.pragma('synchronous = OFF')
    connection.database.exec(
      `create table if not exists nonces (key blob primary key, expires_at integer not null) strict, without rowid;
       create index if not exists nonces_by_end on nonces (expires_at)`,
    )
  } catch (error) {
    connection.database.close()
    throw error
  }
  return connection
}

function isDamaged(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB'
}
