// A thread that reads chosen friends and makes the answers' bytes, so that the thread that serves need not.

import { parentPort, workerData } from 'node:worker_threads'
import { createFriendMemory } from './core/friend-memory.ts'
import type { PullParts } from './core/graph-pull.ts'
import { type PullCall, pullReply } from './dialects/tencent/pull-reply.ts'
import { type SentError, sendError } from './store/failure.ts'
import { openGraphReader } from './store/graph-reader.ts'

export interface ReaderData {
  /** Of SQLite, which a store of this process has open. */
  readonly file: string
  readonly busyTimeoutMs: number
  /** For rendered profiles. */
  readonly memoryBytes: number
  /** Counts in its one element the calls that are done, before their outcomes are told. */
  readonly done: Int32Array<SharedArrayBuffer>
}

/** One call on its way to the thread. */
export interface SentCall extends PullCall {
  readonly id: number
}

/** What became of it. */
export type ReadOutcome =
  | { readonly id: number; readonly reply: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly error: SentError }

/** To the thread: calls, or the wish to end. From it: outcomes; the first, empty list says that it is open. */
export type ToReader = readonly SentCall[] | 'close'

if (parentPort) startReader(parentPort, workerData)

function startReader(port: NonNullable<typeof parentPort>, data: ReaderData): void {
  const { file, busyTimeoutMs, memoryBytes, done } = data
  const graph = openGraphReader(file, { busyTimeoutMs })
  const parts: PullParts = { store: { graph }, friendMemory: createFriendMemory(memoryBytes) }

  async function take(message: ToReader): Promise<void> {
    if (message === 'close') {
      graph.close()
      port.close()
      return
    }
    const outcomes: ReadOutcome[] = []
    for (const call of message) {
      outcomes.push(await outcomeOf(parts, call))
      Atomics.add(done, 0, 1)
    }
    const bytes = outcomes.flatMap((outcome) => ('reply' in outcome ? [outcome.reply.buffer] : []))
    port.postMessage(outcomes, bytes)
  }

  let last = Promise.resolve()
  port.on('message', (message: ToReader) => {
    last = last.then(() => take(message))
  })
  port.postMessage([])
}

async function outcomeOf(parts: PullParts, { id, tags, ...wish }: SentCall): Promise<ReadOutcome> {
  try {
    return { id, reply: owned(await pullReply(parts, { ...wish, isHot: false }, tags)) }
  } catch (error) {
    return { id, error: sendError(error) }
  }
}

/** Bytes that fill their memory and share it with nobody: these alone can be handed over. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
  return isAlone ? new Uint8Array(buffer) : new Uint8Array(bytes)
}
