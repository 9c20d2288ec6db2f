// Rendered pieces in memory, up to a bound in bytes; the least recently used go first.

import { LRUCache } from 'lru-cache'
import type { Memory } from '../core/gateway.ts'

/** What one entry costs beside its bytes and its key: map entries, list nodes, the buffer's own head. */
const OVERHEAD_BYTES = 200

/** A bounded Memory of at most `maxBytes`, keys and overhead counted; 0 keeps nothing. */
export function createMemory(maxBytes: number): Memory & { readonly bytes: number } {
  if (maxBytes <= 0) return { get: () => undefined, set: () => undefined, bytes: 0 }
  const pieces = new LRUCache<string, Uint8Array>({
    maxSize: maxBytes,
    sizeCalculation: (piece, key) => piece.byteLength + key.length * 2 + OVERHEAD_BYTES,
  })
  return {
    get: (key) => pieces.get(key),
    set: (key, piece) => void pieces.set(key, piece),
    get bytes() {
      return pieces.calculatedSize
    },
  }
}
