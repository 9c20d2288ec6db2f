// Files handed out piece by piece, so that a long video costs no more memory than a short one.

import { open } from 'node:fs/promises'
import { GatewayError } from '../core/errors.ts'
import type { Stretch } from '../core/stretch.ts'

/** Read at once, in bytes. */
const PIECE_BYTES = 262_144

/** So many bytes of a file, from `offset` on; the file is open only while it is read. */
export function stretchOf(path: string, length: number, offset = 0): Stretch {
  return {
    length,
    subarray(start, end) {
      const from = Math.min(start, length)
      return stretchOf(path, Math.max(0, Math.min(end, length) - from), offset + from)
    },
    [Symbol.asyncIterator]: () => readPieces(path, offset, offset + length),
  }
}

async function* readPieces(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, 'r').catch((cause) => {
    throw new GatewayError('not_found', 'The file is kept no longer.', { field: 'media', cause })
  })
  try {
    for (let at = start; at < end; ) {
      const room = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at))
      const { bytesRead } = await file.read(room, 0, room.length, at)
      if (bytesRead === 0)
        throw new GatewayError('internal', 'A file of the media folder has become shorter.')
      yield room.subarray(0, bytesRead)
      at += bytesRead
    }
  } finally {
    await file.close()
  }
}
