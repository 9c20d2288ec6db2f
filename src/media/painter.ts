// The way to the painter's thread, which is started when the first picture comes.

import { Worker } from 'node:worker_threads'
import { GatewayError } from '../core/errors.ts'
import type { MediaLimits } from '../core/publish.ts'
import type { PaintBounds } from './fit.ts'
import { FULL_DISK_SECONDS } from './full-disk.ts'
import type { Painted, PaintJob, PaintOutcome } from './painter-thread.ts'

export interface Painter {
  /** Reads the whole picture; where it had to be cleaned, the clean one is in `to`. */
  clean(from: string, to: string): Promise<Painted['clean']>
  /** Writes the picture within these limits to `to`; answers its media type. */
  fit(
    from: string,
    to: string,
    limits: Pick<MediaLimits, 'bytes' | 'side' | 'mimeTypes'>,
  ): Promise<Painted['fit']>
  close(): Promise<void>
}

interface Waiting {
  resolve(result: never): void
  reject(error: GatewayError): void
}

/** A thread and the jobs that it has: when it ends, those of the next one go on. */
interface Thread {
  readonly worker: Worker
  readonly waiting: Map<number, Waiting>
}

/** Jobs that wait beyond `waitingMax` are `overloaded`. */
export function createPainter(bounds: PaintBounds, { waitingMax }: { readonly waitingMax: number }): Painter {
  let thread: Thread | undefined
  let lastId = 0

  function end(died: Thread, cause: unknown): void {
    if (thread === died) thread = undefined
    const error = new GatewayError('internal', 'A picture could not be read on our side.', { cause })
    for (const { reject } of died.waiting.values()) reject(error)
    died.waiting.clear()
  }

  function start(): Thread {
    // Beside this file, with its extension: .ts from source, .js once built.
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const worker = new Worker(new URL(`./painter-thread${extension}`, import.meta.url))
    const waiting = new Map<number, Waiting>()
    const started: Thread = { worker, waiting }
    worker.on('message', (outcome: PaintOutcome) => {
      const { resolve, reject } = waiting.get(outcome.id) ?? {}
      waiting.delete(outcome.id)
      // It keeps nobody from ending who waits for nothing.
      if (waiting.size === 0) worker.unref()
      if ('code' in outcome) reject?.(toError(outcome))
      // Each job answers with its own kind of result: painter-thread.ts.
      else resolve?.(outcome.result as never)
    })
    worker.on('error', (error) => end(started, error))
    worker.on('exit', (code) => end(started, new Error(`The painter ended with ${code}.`)))
    return started
  }

  function paint<Job extends keyof Painted>(job: PaintJob & { readonly job: Job }): Promise<Painted[Job]> {
    if (thread && thread.waiting.size >= waitingMax) {
      const error = new GatewayError('overloaded', 'Too many pictures are waiting; try again shortly.', {
        retryAfterSeconds: 5,
      })
      return Promise.reject(error)
    }
    thread ??= start()
    const { worker, waiting } = thread
    worker.ref()
    lastId += 1
    const id = lastId
    const { promise, resolve, reject } = Promise.withResolvers<Painted[Job]>()
    waiting.set(id, { resolve, reject })
    worker.postMessage({ ...job, id, bounds })
    return promise
  }

  return {
    clean: (from, to) => paint({ job: 'clean', from, to }),
    fit: (from, to, { bytes, side, mimeTypes }) =>
      paint({ job: 'fit', from, to, limits: { bytes, side, mimeTypes: [...mimeTypes] } }),
    async close() {
      const ended = thread
      thread = undefined
      await ended?.worker.terminate()
    },
  }
}

function toError(outcome: Extract<PaintOutcome, { readonly code: string }>): GatewayError {
  const { code, message } = outcome
  if (code === 'overloaded') return new GatewayError(code, message, { retryAfterSeconds: FULL_DISK_SECONDS })
  if (code !== 'internal') return new GatewayError(code, message)
  return new GatewayError('internal', 'Something went wrong on our side.', { cause: new Error(message) })
}
