// One piece of heavy work per turn of the event loop, over the whole process: between two of them other requests are
// served. (Node runs all `setImmediate` callbacks that are waiting in the same turn.)

interface Waiting {
  readonly since: number
  readonly resolve: () => void
}

const waiting: Waiting[] = []
/** Work that nobody waits for yet: its turns come when no other wants one. */
const waitingLater: Waiting[] = []
let isGoing = false

/**
 * Resolves in a turn of its own; what follows without a pause is done within that turn. Who has been under way longest
 * goes first (`since`, of `performance.now()`; now where absent): of many answers that are there at once, the one of the
 * slowest network is what a caller waits for.
 */
export function ownTurn(since = performance.now()): Promise<void> {
  return turnOf(waiting, since)
}

/** The same, after all that `ownTurn` was asked for; at once where many wait, since what waits holds memory. */
export function laterTurn(): Promise<void> {
  return waitingLater.length < LATER_MAX ? turnOf(waitingLater, performance.now()) : Promise.resolve()
}

const LATER_MAX = 8

function turnOf(queue: Waiting[], since: number): Promise<void> {
  if (!isGoing) {
    // Nothing heavy was done in this turn yet: it is as good as the next.
    isGoing = true
    setImmediate(next)
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    const place = queue.findLastIndex((one) => one.since <= since) + 1
    queue.splice(place, 0, { since, resolve })
  })
}

function next(): void {
  const turn = waiting.shift() ?? waitingLater.shift()
  if (turn) setImmediate(next)
  else isGoing = false
  turn?.resolve()
}
