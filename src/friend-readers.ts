// Threads that read chosen friends while there are many such calls: how many there are, and who takes a call.

import { availableParallelism } from 'node:os'
import type { Log } from './core/gateway.ts'
import type { FriendReaders } from './dialects/tencent/friend-pull.ts'
import { type FriendReader, startFriendReader } from './friend-reader.ts'
import type { ReaderData } from './friend-reader-thread.ts'

export interface ReaderBounds {
  /** Threads at once. */
  readonly threads: number
  /** Calls that one thread may have on its hands. */
  readonly waiting: number
  /** After so long without a call a thread is ended. */
  readonly idleMs: number
}

/** What is kept to unless configuration says otherwise: one core is left to the thread that serves. */
export const READER_BOUNDS: ReaderBounds = {
  threads: Math.min(availableParallelism() - 1, 3),
  waiting: 6,
  idleMs: 60_000,
}

/** Calls within a time from which they are many: below, a thread would make an answer later, not sooner. */
const MANY = { calls: 40, withinMs: 100 }
/** After a thread died, none is started for so long. */
const PAUSE_MS = 10_000

export interface OpenReaders extends FriendReaders {
  /** Threads, those that are starting among them. */
  readonly count: number
  /** Finishes what was asked, then ends the threads. */
  close(): Promise<void>
}

interface Options {
  readonly log: Log
  readonly bounds?: Partial<ReaderBounds>
  readonly many?: typeof MANY
  /** Milliseconds that only grow. */
  readonly now?: () => number
  readonly start?: typeof startFriendReader
}

/** Readers of one database; no thread is started before there are many calls. */
export function createFriendReaders(data: Omit<ReaderData, 'done'>, options: Options): OpenReaders {
  const { log, many = MANY, now = () => performance.now(), start = startFriendReader } = options
  const { threads, waiting, idleMs } = { ...READER_BOUNDS, ...options.bounds }
  const isMany = createRate(many)
  const readers = new Map<FriendReader, { usedAt: number }>()
  const closing = new Set<Promise<void>>()
  let pausedUntil = Number.NEGATIVE_INFINITY
  let isClosed = false
  let sweeping: NodeJS.Timeout | undefined

  function startOne(at: number): void {
    try {
      const reader = start(data, (cause) => {
        readers.delete(reader)
        if (readers.size === 0) stopSweeping()
        if (cause) noteFailure(cause)
      })
      readers.set(reader, { usedAt: at })
      sweeping ??= setInterval(sweep, idleMs).unref()
    } catch (error) {
      // The system has no thread to give.
      noteFailure(error)
    }
  }

  function noteFailure(error: unknown): void {
    pausedUntil = now() + PAUSE_MS
    log.error({ error }, 'a thread that reads friends failed; its calls are done without it')
  }

  function sweep(): void {
    for (const [reader, { usedAt }] of readers) if (now() - usedAt >= idleMs) end(reader)
  }

  function end(reader: FriendReader): void {
    readers.delete(reader)
    if (readers.size === 0) stopSweeping()
    const ended = reader.close()
    closing.add(ended)
    void ended.then(() => closing.delete(ended))
  }

  function stopSweeping(): void {
    clearInterval(sweeping)
    sweeping = undefined
  }

  /** The first that has the least to do, so that few calls are for one thread, and the rest of them can end. */
  function choose(): FriendReader | undefined {
    let best: FriendReader | undefined
    let least = waiting
    for (const reader of readers.keys()) {
      if (!reader.isReady) continue
      const { backlog } = reader
      if (backlog >= least) continue
      best = reader
      least = backlog
    }
    return best
  }

  function isStarting(): boolean {
    for (const { isReady } of readers.keys()) if (!isReady) return true
    return false
  }

  return {
    offer(call) {
      const at = now()
      if (!isMany(at) || isClosed) return undefined
      const reader = choose()
      if (reader) {
        const use = readers.get(reader)
        if (use) use.usedAt = at
        return reader.read(call)
      }
      if (readers.size < threads && at >= pausedUntil && !isStarting()) startOne(at)
      return undefined
    },
    get count() {
      return readers.size
    },
    async close() {
      isClosed = true
      for (const reader of readers.keys()) end(reader)
      await Promise.all(closing)
    },
  }
}

/** Notes calls by their time; answers whether there were so many, this one among them, within that long. */
function createRate({ calls, withinMs }: typeof MANY): (at: number) => boolean {
  const times = new Float64Array(calls).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  return (at) => {
    times[next] = at
    next = (next + 1) % calls
    // The eldest of them.
    return at - (times[next] ?? at) <= withinMs
  }
}
