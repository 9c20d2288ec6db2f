// Writes a file in pieces that come faster than a disk may take them, without keeping all of them in memory.

import { writeSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** Pieces on their way to the disk, in bytes; what comes beyond is written at once, and whoever brings it waits. */
const WAITING_MAX = 4_194_304

export interface PieceWriter {
  write(piece: Uint8Array): void
  /** Resolves when all pieces are written, or fails as one of them did. */
  finish(): Promise<void>
}

/** A writer from the beginning of an open file. */
export function createPieceWriter(file: FileHandle): PieceWriter {
  let position = 0
  let waiting = 0
  let failure: { readonly error: unknown } | undefined
  const underWay = new Set<Promise<void>>()

  async function writeLater(piece: Uint8Array, at: number): Promise<void> {
    try {
      check(piece, (await file.write(piece, 0, piece.length, at)).bytesWritten)
    } catch (error) {
      failure ??= { error }
    }
    waiting -= piece.length
  }

  return {
    write(piece) {
      if (failure) throw failure.error
      const at = position
      position += piece.length
      if (waiting + piece.length > WAITING_MAX) {
        check(piece, writeSync(file.fd, piece, 0, piece.length, at))
        return
      }
      waiting += piece.length
      const work = writeLater(piece, at)
      underWay.add(work)
      void work.then(() => underWay.delete(work))
    },
    async finish() {
      await Promise.all(underWay)
      if (failure) throw failure.error
    },
  }
}

function check({ length }: Uint8Array, written: number): void {
  if (written !== length) throw new Error(`Only ${written} of ${length} bytes were written.`)
}
