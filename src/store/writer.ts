// The thread that writes to SQLite, alone. It takes whatever has queued up, runs each method under its own savepoint,
// commits once for all, and only then answers: a hundred callers share one wait for the disk.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { letGo } from '../core/let-go.ts'
import { type SentError, sendError } from './failure.ts'
import { type KeySource, openKeys } from './keys.ts'
import type { Context } from './sealed.ts'
import { type Connection, connect, LOG_PAGES } from './sqlite.ts'
import { REPEATABLE, type WriteName, writeOf } from './writes.ts'

export interface WriterData {
  readonly file: string
  readonly keys: KeySource
  readonly busyTimeoutMs: number
  /** Counts commits that have changed something in its one element, each before its outcomes are told. */
  readonly commits: Int32Array<SharedArrayBuffer>
}

/** One write on its way to the thread. */
export interface Call {
  readonly id: number
  readonly name: WriteName
  readonly args: readonly unknown[]
}

/** What became of it. */
export type Outcome =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: SentError }

/** To the thread: calls, or the wish to end. From it: outcomes; the first, empty list says that it is open. */
export type ToWriter = readonly Call[] | 'close'

/** Calls that share one commit, at most, and milliseconds after which no other joins: so long the first of them waits. */
const GROUP = 512
const GROUP_MS = 8

/** With so many times the pages of a log it is copied although calls wait. */
const LOGS_MAX = 2

if (parentPort) startWriter(parentPort, workerData)

function startWriter(port: NonNullable<typeof parentPort>, data: WriterData): void {
  const { file, keys, busyTimeoutMs, commits } = data
  const connection = connect(file, { busyTimeoutMs })
  const context: Context = { engine: 'sqlite', keys: openKeys(keys) }
  const copyLog = createLogCopier(connection)
  const waiting: Call[] = []
  // https://www.sqlite.org/lang_corefunc.html#total_changes: rows that this connection has ever changed.
  const changes = connection.database.prepare<[], number>('select total_changes()').pluck()
  let changed = 0
  let isClosing = false

  function take(message: ToWriter): void {
    if (message === 'close') isClosing = true
    else for (const call of message) waiting.push(call)
  }

  port.on('message', (first: ToWriter) => {
    take(first)
    while (waiting.length > 0) {
      // What arrived meanwhile joins the group; a message once received must be taken, or it would be lost.
      while (waiting.length < GROUP) {
        const more = receiveMessageOnPort(port)
        if (!more) break
        take(more.message)
      }
      const outcomes = runGroup(connection, context, waiting.slice(0, GROUP))
      const group = waiting.splice(0, outcomes.length)
      const changedNow = changes.get() ?? 0
      if (changedNow !== changed) Atomics.add(commits, 0, 1)
      changed = changedNow
      port.postMessage(outcomes)
      for (const { args } of group) letGoOf(args)
      copyLog(waiting.length > 0)
    }
    if (!isClosing) return
    connection.database.close()
    port.close()
  })
  port.postMessage([])
}

/**
 * Copies a long log into the file when a group has been answered: the library would do it within the commit, and whoever
 * waits for that would wait for some ten milliseconds more. https://www.sqlite.org/pragma.html#pragma_wal_checkpoint
 */
function createLogCopier({ database }: Connection): (isBusy: boolean) => void {
  database.pragma('wal_autocheckpoint = 0')
  const look = database.prepare<[], { log: number; checkpointed: number }>('pragma wal_checkpoint(noop)')
  const copy = database.prepare('pragma wal_checkpoint(passive)')
  return (isBusy) => {
    const state = look.get()
    const pages = state ? state.log - state.checkpointed : 0
    if (pages < (isBusy ? LOGS_MAX : 1) * LOG_PAGES) return
    try {
      copy.get()
    } catch {
      // All that was committed is in the log, and stays there until the next group tries again; the library, too, would
      // not tell anybody. A disk that is full or broken is told to whoever writes.
    }
  }
}

// They are copies that came with the message.
function letGoOf(args: readonly unknown[]): void {
  for (const arg of args) {
    if (arg instanceof Uint8Array) letGo(arg)
    else if (typeof arg === 'object' && arg !== null && !Array.isArray(arg)) letGoOf(Object.values(arg))
  }
}

/** Runs calls, the first and as many more as there is time for, in one transaction; each fails alone, unless that does. */
function runGroup(
  { database, run }: Connection,
  context: Context,
  calls: readonly Call[],
): readonly Outcome[] {
  function runCall(call: Call): Outcome {
    database.exec('savepoint call')
    try {
      const result = run(writeOf(context, call.name, call.args))
      database.exec('release call')
      return { id: call.id, result }
    } catch (error) {
      // Some errors (a full disk) end the whole transaction: https://www.sqlite.org/lang_transaction.html
      if (!database.inTransaction) throw error
      database.exec('rollback to call; release call')
      return { id: call.id, error: sendError(error) }
    }
  }

  const begun: Call[] = []
  // Within a transaction it cannot be changed: https://www.sqlite.org/pragma.html#pragma_synchronous
  const isRepeatable = calls.every(({ name }) => REPEATABLE.has(name))
  try {
    if (isRepeatable) database.pragma('synchronous = NORMAL')
    database.exec('begin immediate')
    const until = performance.now() + GROUP_MS
    const outcomes: Outcome[] = []
    for (const call of calls) {
      begun.push(call)
      outcomes.push(runCall(call))
      if (performance.now() > until) break
    }
    database.exec('commit')
    return outcomes
  } catch (error) {
    if (database.inTransaction) database.exec('rollback')
    // Where not even a transaction can be begun, no call fares better than another.
    return (begun.length > 0 ? begun : calls).map(({ id }) => ({ id, error: sendError(error) }))
  } finally {
    if (isRepeatable) database.pragma('synchronous = FULL')
  }
}
