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

/** Jobs that wait beyond `waitingMax` are `overloaded`. */
export function createPainter(bounds: PaintBounds, { waitingMax }: { readonly waitingMax: number }): Painter {
  const waiting = new Map<number, Waiting>()
  let thread: Worker | undefined
  let lastId = 0

  function end(died: Worker, cause: unknown): void {
    if (thread === died) thread = undefined
    const error = new GatewayError('internal', 'A picture could not be read on our side.', { cause })
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }

  function start(): Worker {
    const worker = new Worker(new URL('./painter-thread.ts', import.meta.url))
    worker.on('message', (outcome: PaintOutcome) => {
      const { resolve, reject } = waiting.get(outcome.id) ?? {}
      waiting.delete(outcome.id)
      // It keeps nobody from ending who waits for nothing.
      if (waiting.size === 0) worker.unref()
      if ('code' in outcome) reject?.(toError(outcome))
      // Each job answers with its own kind of result: painter-thread.ts.
      else resolve?.(outcome.result as never)
    })
    worker.on('error', (error) => end(worker, error))
    worker.on('exit', (code) => end(worker, new Error(`The painter ended with ${code}.`)))
    return worker
  }

  function paint<Job extends keyof Painted>(job: PaintJob & { readonly job: Job }): Promise<Painted[Job]> {
    if (waiting.size >= waitingMax) {
      const error = new GatewayError('overloaded', 'Too many pictures are waiting; try again shortly.', {
        retryAfterSeconds: 5,
      })
      return Promise.reject(error)
    }
    thread ??= start()
    thread.ref()
    lastId += 1
    const id = lastId
    const { promise, resolve, reject } = Promise.withResolvers<Painted[Job]>()
    waiting.set(id, { resolve, reject })
    thread.postMessage({ ...job, id, bounds })
    return promise
  }

  return {
    clean: (from, to) => paint({ job: 'clean', from, to }),
    fit: (from, to, { bytes, side, mimeTypes }) =>
      paint({ job: 'fit', from, to, limits: { bytes, side, mimeTypes: [...mimeTypes] } }),
    async close() {
      const ended = thread
      thread = undefined
      await ended?.terminate()
    },
  }
}

function toError(outcome: Extract<PaintOutcome, { readonly code: string }>): GatewayError {
  const { code, message } = outcome
  if (code === 'overloaded') return new GatewayError(code, message, { retryAfterSeconds: FULL_DISK_SECONDS })
  if (code !== 'internal') return new GatewayError(code, message)
  return new GatewayError('internal', 'Something went wrong on our side.', { cause: new Error(message) })
}
