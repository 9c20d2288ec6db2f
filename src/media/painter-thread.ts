// The thread in which pictures are read and written: one after another, so that one cannot starve the process.

import { parentPort } from 'node:worker_threads'
import sharp from 'sharp'
import type { MediaLimits } from '../core/publish.ts'
import { cleanPicture, fitPicture, type PaintBounds, type PictureFacts, Unfit } from './fit.ts'

/** What is to be done with a picture: paths of files. */
export type PaintJob = { readonly from: string; readonly to: string } & (
  | { readonly job: 'clean' }
  | { readonly job: 'fit'; readonly limits: Pick<MediaLimits, 'bytes' | 'side' | 'mimeTypes'> }
)

/** One job for the thread. */
export type Paint = PaintJob & { readonly id: number; readonly bounds: PaintBounds }

/** What a job answers. */
export interface Painted {
  readonly clean: PictureFacts & { readonly isChanged: boolean }
  /** The media type. */
  readonly fit: string
}

/** What became of one job. */
export type PaintOutcome =
  | { readonly id: number; readonly result: Painted[keyof Painted] }
  | { readonly id: number; readonly code: Unfit['code'] | 'internal'; readonly message: string }

if (parentPort) startPainter(parentPort)

function startPainter(port: NonNullable<typeof parentPort>): void {
  // The pool of threads behind sharp is shared with files and names of the whole process.
  sharp.concurrency(1)
  sharp.cache(false)
  let last: Promise<void> = Promise.resolve()
  port.on('message', (paint: Paint) => {
    last = last.then(async () => port.postMessage(await outcomeOf(paint)))
  })
}

async function outcomeOf(paint: Paint): Promise<PaintOutcome> {
  const { id, from, to, bounds } = paint
  try {
    if (paint.job === 'clean') return { id, result: await cleanPicture(from, to, bounds) }
    return { id, result: await fitPicture(from, to, paint.limits, bounds) }
  } catch (error) {
    if (error instanceof Unfit) return { id, code: error.code, message: error.message }
    return {
      id,
      code: 'internal',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    }
  }
}
