// A bounded number of requests under way per origin, and a bounded number waiting.

import { GatewayError } from '../core/errors.ts'
import type { Deadline } from './deadline.ts'

export interface Gate {
  /**
   * Runs the work when the origin has room. `overloaded` when too many wait already, or when the deadline ends in the
   * queue: then nothing was asked.
   */
  pass<T>(origin: string, deadline: Deadline, work: () => Promise<T>): Promise<T>
}

interface Queue {
  underWay: number
  readonly waiting: Set<() => void>
}

export function createGate(bounds: { readonly atOnce: number; readonly waiting: number }): Gate {
  const queues = new Map<string, Queue>()

  const enter = async (origin: string, queue: Queue, deadline: Deadline) => {
    if (queue.underWay < bounds.atOnce) {
      queue.underWay += 1
      return
    }
    if (queue.waiting.size >= bounds.waiting) throw overloaded(origin)
    await new Promise<void>((resolve, reject) => {
      const onEnd = () => {
        queue.waiting.delete(turn)
        reject(overloaded(origin))
      }
      // The place passes from hand to hand: `underWay` stays as it is.
      const turn = () => {
        deadline.signal.removeEventListener('abort', onEnd)
        resolve()
      }
      queue.waiting.add(turn)
      deadline.signal.addEventListener('abort', onEnd, { once: true })
      if (deadline.signal.aborted) onEnd()
    })
  }

  const leave = (origin: string, queue: Queue) => {
    const [next] = queue.waiting
    if (next) {
      queue.waiting.delete(next)
      next()
      return
    }
    queue.underWay -= 1
    if (queue.underWay === 0) queues.delete(origin)
  }

  return {
    async pass(origin, deadline, work) {
      const queue = queues.get(origin) ?? { underWay: 0, waiting: new Set<() => void>() }
      queues.set(origin, queue)
      await enter(origin, queue, deadline)
      try {
        return await work()
      } finally {
        leave(origin, queue)
      }
    },
  }
}

function overloaded(origin: string): GatewayError {
  return new GatewayError('overloaded', `Too many requests are waiting for ${new URL(origin).host}.`, {
    retryAfterSeconds: 5,
  })
}
