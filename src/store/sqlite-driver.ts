// SQLite under the store: reads on the caller's thread, from a connection that cannot write; writes in the writer's.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { GatewayError } from '../core/errors.ts'
import { createWaitlist } from '../core/waitlist.ts'
import { backupSqlite } from './backup.ts'
import { receiveError, toGatewayError } from './failure.ts'
import { createNonces } from './nonces.ts'
import type { Context } from './sealed.ts'
import { type Connection, connect } from './sqlite.ts'
import type { Call, Outcome, ToWriter, WriterData } from './writer.ts'
import type { Driver, WriteName } from './writes.ts'

export interface SqliteBounds {
  /** Writes waiting or under way; more are `overloaded`. */
  readonly writesWaiting: number
  /** How long to wait for another process's write. */
  readonly busyTimeoutMs: number
  /** Nonces of signed requests kept of five minutes or so, in memory; more are `overloaded`. */
  readonly noncesKept: number
}

/**
 * How old the look for changes by other processes (command-line tools) may be. Our own writer says at once what it has
 * changed; to ask SQLite for each request costs a third of a small answer.
 */
const OTHERS_SEEN_MS = 0.5

interface Waiting {
  resolve(result: unknown): void
  reject(error: GatewayError): void
}

/** Opens a migrated file. `onClose` runs after everything is closed. */
export async function openSqliteDriver(
  file: string,
  context: Context,
  { writesWaiting, busyTimeoutMs, noncesKept }: SqliteBounds,
  onClose: () => void,
): Promise<Driver> {
  const commits = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const data = { file, keys: context.keys.source, busyTimeoutMs, commits }
  const writer = await openWriter(data, writesWaiting)
  const reader = connect(file, { readonly: true, busyTimeoutMs })
  const nonces = createNonces(`${file}.nonces`, noncesKept)
  const version = reader.database.prepare<[], number>('pragma data_version').pluck()
  const versionOfOthers = atMostEvery(OTHERS_SEEN_MS, () => version.get() ?? 0)
  /** One slow query at a time, on a connection of its own that is opened for the first. */
  let slowReader: Connection | undefined
  let slow = Promise.resolve()
  let isClosed = false

  return {
    context,
    async read(query) {
      if (isClosed) throw new GatewayError('internal', 'The store is closed.')
      try {
        return reader.run(query)
      } catch (error) {
        throw toGatewayError(error)
      }
    },
    async readSlowly(query) {
      if (isClosed) throw new GatewayError('internal', 'The store is closed.')
      const before = slow
      const { promise, resolve } = Promise.withResolvers<void>()
      slow = promise
      await before
      try {
        slowReader ??= connect(file, { readonly: true, busyTimeoutMs })
        return await slowReader.runSlowly(query, () => nextTurn())
      } catch (error) {
        throw toGatewayError(error)
      } finally {
        resolve()
      }
    },
    // The writer ran the method of this very name: its answer is of this very type.
    write: (name, ...args) => writer.call(name, args) as ReturnType<Driver['write']> as never,
    async burnNonce(key, keepMs) {
      if (isClosed) throw new GatewayError('internal', 'The store is closed.')
      try {
        return await nonces.burn(key, keepMs)
      } catch (error) {
        throw toGatewayError(error)
      }
    },
    // Both only grow, so their sum moves when either does.
    generation: () => Atomics.load(commits, 0) + versionOfOthers(),
    async ping() {
      await writer.call('settleKeys', [])
    },
    backup: (path) => backupSqlite(file, path),
    async close() {
      if (isClosed) return
      isClosed = true
      await slow
      await writer.close()
      reader.database.close()
      slowReader?.database.close()
      nonces.close()
      onClose()
    },
  }
}

function atMostEvery(ms: number, look: () => number): () => number {
  let seen = 0
  let until = 0
  return () => {
    const now = performance.now()
    if (now < until) return seen
    until = now + ms
    seen = look()
    return seen
  }
}

interface Writer {
  call(name: WriteName, args: readonly unknown[]): Promise<unknown>
  /** Finishes what was asked, then ends the thread. */
  close(): Promise<void>
}

async function openWriter(workerData: WriterData, writesWaiting: number): Promise<Writer> {
  // Beside this file, with its extension: .ts from source, .js once built.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const worker = new Worker(new URL(`./writer${extension}`, import.meta.url), { workerData })
  const waiting = createWaitlist<Waiting>()
  let unsent: Call[] = []
  let ended: GatewayError | undefined

  const ready = Promise.withResolvers<void>()
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.once('message', () => ready.resolve())
  worker.on('message', (outcomes: readonly Outcome[]) => {
    for (const outcome of outcomes) settle(outcome)
    if (waiting.size === 0) worker.unref()
  })
  worker.once('error', (cause) =>
    end(new GatewayError('internal', 'The writer of the database failed.', { cause })),
  )
  worker.once('exit', () => end(new GatewayError('internal', 'The writer of the database has ended.')))
  await ready.promise
  worker.unref()

  function settle(outcome: Outcome): void {
    const call = waiting.take(outcome.id)
    if ('error' in outcome) call?.reject(receiveError(outcome.error))
    else call?.resolve(outcome.result)
  }

  function end(error: GatewayError): void {
    ended ??= error
    ready.reject(error)
    for (const { reject } of waiting.takeAll()) reject(error)
  }

  function flush(): void {
    const calls: ToWriter = unsent
    unsent = []
    worker.postMessage(calls)
  }

  return {
    call(name, args) {
      if (ended) return Promise.reject(ended)
      if (waiting.size >= writesWaiting) {
        return Promise.reject(
          new GatewayError('overloaded', 'Too many changes are waiting for the database.'),
        )
      }
      if (waiting.size === 0) worker.ref()
      // Calls of one turn travel together.
      if (unsent.length === 0) queueMicrotask(flush)
      return new Promise((resolve, reject) => {
        unsent.push({ id: waiting.put({ resolve, reject }), name, args })
      })
    },
    async close() {
      if (unsent.length > 0) flush()
      ended ??= new GatewayError('internal', 'The store is closed.')
      worker.ref()
      const close: ToWriter = 'close'
      worker.postMessage(close)
      await exited
    },
  }
}
