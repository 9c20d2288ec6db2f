// One thread that reads friends, seen from the thread that serves.

import { Worker } from 'node:worker_threads'
import { createWaitlist } from './core/waitlist.ts'
import type { PullCall } from './dialects/tencent/pull-reply.ts'
import type { ReaderData, ReadOutcome, SentCall, ToReader } from './friend-reader-thread.ts'
import { receiveError } from './store/failure.ts'

export interface FriendReader {
  /** It has been opened, and takes calls. */
  readonly isReady: boolean
  /** Calls that it was given and has not done, at this very moment. */
  readonly backlog: number
  /** The reply, or undefined where the thread ended before it came to the call. */
  read(call: PullCall): Promise<Uint8Array | undefined>
  /** Finishes what was asked, then ends the thread. */
  close(): Promise<void>
}

interface Waiting {
  resolve(reply: Uint8Array | undefined): void
  reject(error: Error): void
}

/** Starts a thread; `onEnd` is told why it has ended, or nothing where it was asked to. */
export function startFriendReader(
  data: Omit<ReaderData, 'done'>,
  onEnd: (cause: Error | undefined) => void,
): FriendReader {
  const done = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const workerData: ReaderData = { ...data, done }
  // Beside this file, with its extension: .ts from source, .js once built.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
  const worker = new Worker(new URL(`./friend-reader-thread${extension}`, import.meta.url), { workerData })
  const waiting = createWaitlist<Waiting>()
  let unsent: SentCall[] = []
  let taken = 0
  let isReady = false
  let isClosing = false
  let failure: Error | undefined

  worker.unref()
  worker.on('message', (outcomes: readonly ReadOutcome[]) => {
    isReady = true
    for (const outcome of outcomes) settle(outcome)
    if (waiting.size === 0 && !isClosing) worker.unref()
  })
  worker.once('error', (cause) => {
    failure = cause instanceof Error ? cause : new Error(String(cause))
  })
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      isReady = false
      for (const { resolve: leave } of waiting.takeAll()) leave(undefined)
      if (!isClosing) failure ??= new Error(`The thread ended with ${code}.`)
      onEnd(failure)
      resolve()
    })
  })

  function settle(outcome: ReadOutcome): void {
    const call = waiting.take(outcome.id)
    if ('error' in outcome) call?.reject(receiveError(outcome.error))
    else call?.resolve(outcome.reply)
  }

  function flush(): void {
    const calls: ToReader = unsent
    unsent = []
    worker.postMessage(calls)
  }

  return {
    get isReady() {
      return isReady && !isClosing
    },
    get backlog() {
      // Both are counted in 32 bits.
      return (taken - Atomics.load(done, 0)) | 0
    },
    read({ siteId, account, others, tags }) {
      if (waiting.size === 0) worker.ref()
      taken = (taken + 1) | 0
      // Calls of one turn travel together.
      if (unsent.length === 0) queueMicrotask(flush)
      return new Promise((resolve, reject) => {
        unsent.push({ id: waiting.put({ resolve, reject }), siteId, account, others, tags })
      })
    },
    async close() {
      isClosing = true
      if (unsent.length > 0) flush()
      worker.ref()
      const close: ToReader = 'close'
      worker.postMessage(close)
      await exited
    },
  }
}
