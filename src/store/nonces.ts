// Nonces on SQLite: in memory, and in a file beside the database to which each is added before it counts as taken. The
// file is not waited for: it survives the end of the process, however it ends; after a power cut the age of a request
// alone decides. docs/decisions/2026-11-22-nonces-beside-the-database.md

import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { GatewayError } from '../core/errors.ts'
import { createNonceTable, type NonceTable, TOLD_BYTES } from './nonce-table.ts'

export interface Nonces {
  /**
   * Takes a nonce for so long; false when it is taken. Those of one turn of the event loop are written together.
   * `overloaded` when there are too many.
   */
  burn(key: Uint8Array, keepMs: number): Promise<boolean>
  close(): void
}

/** How long a file is added to, at least: then the next one begins, and the one before goes when all in it have ended. */
const FILE_MS = 60_000

/** The head of a file, and of what each record after it is: the nonce, and when it ends. */
const HEAD = Buffer.from('kithnon1')
const RECORD_BYTES = TOLD_BYTES + Float64Array.BYTES_PER_ELEMENT

interface Current {
  readonly descriptor: number
  /** Where the next record goes. */
  bytes: number
  readonly since: number
}

interface Waiting {
  readonly key: Uint8Array
  readonly keepMs: number
  resolve(isFresh: boolean): void
  reject(error: unknown): void
}

/**
 * Nonces in `<path>` and `<path>.old`, read when the first one comes; a file that is damaged is begun anew. For one
 * process alone. `most` of them are kept in each of the two.
 */
export function createNonces(path: string, most: number, now: () => number = Date.now): Nonces {
  const oldPath = `${path}.old`
  let file: Current | undefined
  let old: NonceTable = createNonceTable()
  let young: NonceTable = createNonceTable()
  let waiting: Waiting[] = []

  /** What the process before has left moves to the old file, without what has ended. */
  function open(at: number): Current {
    const left = Buffer.concat([oldPath, path].map((each) => recordsIn(each, at)))
    old = createNonceTable()
    for (let from = 0; from < left.length; from += RECORD_BYTES) {
      old.set(left.subarray(from, from + TOLD_BYTES), left.readDoubleLE(from + TOLD_BYTES))
    }
    writeFileSync(`${path}.new`, Buffer.concat([HEAD, left]), { mode: 0o600 })
    renameSync(`${path}.new`, oldPath)
    return begin(at)
  }

  function begin(at: number): Current {
    young = createNonceTable()
    // Whole before anything is added: records after half a head would be taken for damage.
    writeFileSync(path, HEAD, { mode: 0o600 })
    file = { descriptor: openSync(path, 'r+'), bytes: HEAD.length, since: at }
    return file
  }

  /** The file to add to; a new one when that is due. */
  function fileAt(at: number): Current {
    const current = file ?? open(at)
    if (at < current.since + FILE_MS || at < old.lastEnd || young.size === 0) return current
    closeSync(current.descriptor)
    // Until the next one is there, all is to be read anew.
    file = undefined
    renameSync(path, oldPath)
    old = young
    return begin(at)
  }

  function burnAll(some: readonly Waiting[]): readonly boolean[] {
    const at = now()
    const current = fileAt(at)
    const records: Uint8Array[] = []
    const seen = new Set<string>()
    const outcomes = some.map(({ key, keepMs }) => {
      if (old.endOf(key) > at || young.endOf(key) > at) return false
      const name = Buffer.from(key.buffer, key.byteOffset, TOLD_BYTES).toString('latin1')
      if (seen.has(name)) return false
      seen.add(name)
      records.push(toRecord(key, at + keepMs))
      return true
    })
    if (records.length === 0) return outcomes
    if (young.size + records.length > most) {
      throw new GatewayError('overloaded', 'Too many signed requests within a few minutes.')
    }
    const bytes = Buffer.concat(records)
    // At its place: over what a write that failed has left of itself.
    for (let from = 0; from < bytes.length; ) {
      from += writeSync(current.descriptor, bytes, from, bytes.length - from, current.bytes + from)
    }
    current.bytes += bytes.length
    for (const [index, { key, keepMs }] of some.entries()) if (outcomes[index]) young.set(key, at + keepMs)
    return outcomes
  }

  function flush(): void {
    const some = waiting
    waiting = []
    if (some.length === 0) return
    try {
      const outcomes = burnAll(some)
      for (const [index, { resolve }] of some.entries()) resolve(outcomes[index] === true)
    } catch (error) {
      for (const { reject } of some) reject(error)
    }
  }

  return {
    close() {
      flush()
      if (file) closeSync(file.descriptor)
      file = undefined
    },
    burn(key, keepMs) {
      if (waiting.length === 0) setImmediate(flush)
      return new Promise((resolve, reject) => waiting.push({ key, keepMs, resolve, reject }))
    },
  }
}

function toRecord(key: Uint8Array, end: number): Uint8Array {
  const record = Buffer.allocUnsafe(RECORD_BYTES)
  record.set(key.subarray(0, TOLD_BYTES))
  record.writeDoubleLE(end, TOLD_BYTES)
  return record
}

/** The records of a file whose time has not come, one after another; none of a file that is not ours. */
function recordsIn(path: string, at: number): Buffer {
  const bytes = existsSync(path) ? readFileSync(path) : HEAD
  if (!bytes.subarray(0, HEAD.length).equals(HEAD)) return Buffer.alloc(0)
  let kept = HEAD.length
  for (let from = HEAD.length; from + RECORD_BYTES <= bytes.length; from += RECORD_BYTES) {
    if (!(bytes.readDoubleLE(from + TOLD_BYTES) > at)) continue
    bytes.copyWithin(kept, from, from + RECORD_BYTES)
    kept += RECORD_BYTES
  }
  return bytes.subarray(HEAD.length, kept)
}
