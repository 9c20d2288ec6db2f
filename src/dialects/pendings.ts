// Who waits for an answer, by the socket it will go to.

import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Who waits on a socket for an answer that is not there yet. */
export interface Pending {
  readonly response: ServerResponse
  /** Told when the socket closes. */
  readonly abort?: () => void
}

/**
 * Who waits, by socket. A socket has one place for as long as it lives: a map that is set and cleared for every request is
 * made anew all the time, and its elders keep requests beyond the collections of young garbage.
 */
export function createPendings() {
  const places = new WeakMap<Duplex, { pending: Pending | undefined }>()
  let size = 0
  return {
    get size() {
      return size
    },
    get: (socket: Duplex) => places.get(socket)?.pending,
    set(socket: Duplex, pending: Pending) {
      const place = places.get(socket)
      if (place?.pending === undefined) size += 1
      if (place) place.pending = pending
      else places.set(socket, { pending })
    },
    delete(socket: Duplex) {
      const place = places.get(socket)
      if (place?.pending === undefined) return
      place.pending = undefined
      size -= 1
    },
  }
}
