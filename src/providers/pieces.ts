// Files that go to a network one piece after another.

import type { Bytes } from '../core/stretch.ts'

/** The bytes in pieces of at most this size, in order; views, not copies. */
export function piecesOf(bytes: Bytes, size: number): readonly Bytes[] {
  const count = Math.ceil(bytes.length / size)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size))
}
