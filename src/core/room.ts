// Memory for reads under way. However long the lists are, what they hold together stays near one bound: above it only the
// eldest reads go on, so that some end and give their room to the others.

/** Reads that go on whatever is held: with none, all might wait for each other. */
const ELDEST = 8

export interface Room {
  /** Notes that this read holds so many bytes more. */
  hold(read: object, bytes: number): void
  /** Gives back all that this read holds. */
  leave(read: object): void
  /** Resolves when this read may take in more; at once unless too much is held. Rejects when the signal is aborted. */
  enter(read: object, signal: AbortSignal): Promise<void>
  readonly bytes: number
}

interface Waiting {
  readonly read: object
  resolve(): void
}

export function createRoom(bytesMax: number): Room {
  /** What each read holds, eldest first. */
  const held = new Map<object, number>()
  const waiting = new Set<Waiting>()
  let bytes = 0

  const mayGoOn = (read: object) => {
    if (bytes < bytesMax) return true
    let place = 0
    for (const elder of held.keys()) {
      if (elder === read) return true
      if (++place === ELDEST) return false
    }
    return held.size < ELDEST
  }

  return {
    hold(read, more) {
      held.set(read, (held.get(read) ?? 0) + more)
      bytes += more
    },
    leave(read) {
      bytes -= held.get(read) ?? 0
      held.delete(read)
      for (const one of [...waiting]) if (mayGoOn(one.read)) one.resolve()
    },
    async enter(read, signal) {
      if (mayGoOn(read)) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const one: Waiting = { read, resolve }
      const onAbort = () => reject(signal.reason)
      waiting.add(one)
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        signal.throwIfAborted()
        await promise
      } finally {
        waiting.delete(one)
        signal.removeEventListener('abort', onAbort)
      }
    },
    get bytes() {
      return bytes
    },
  }
}
