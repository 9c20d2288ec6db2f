// A bounded number of things at once, and a bounded number waiting.

import { GatewayError } from './errors.ts'

export interface Slots {
  /** Resolves with the function that gives the slot back; throws `overloaded` when too many wait. */
  take(): Promise<() => void>
  readonly taken: number
  readonly waiting: number
}

export function createSlots(atOnce: number, waitingMax: number): Slots {
  const queue: (() => void)[] = []
  let taken = 0
  const give = () => {
    const next = queue.shift()
    if (next) next()
    else taken -= 1
  }
  const once = () => {
    let isGiven = false
    return () => {
      if (isGiven) return
      isGiven = true
      give()
    }
  }
  return {
    async take() {
      if (taken < atOnce) {
        taken += 1
        return once()
      }
      if (queue.length >= waitingMax) {
        throw new GatewayError('overloaded', 'Too many others are waiting; try again shortly.', {
          retryAfterSeconds: 5,
        })
      }
      // The slot passes from hand to hand: `taken` stays as it is.
      await new Promise<void>((resolve) => queue.push(resolve))
      return once()
    },
    get taken() {
      return taken
    },
    get waiting() {
      return queue.length
    },
  }
}
