// One piece of heavy work per turn of the event loop, over the whole process: between two of them other requests are
// served. (Node runs all `setImmediate` callbacks that are waiting in the same turn.)

const waiting: (() => void)[] = []
/** Work that nobody waits for yet: its turns come when no other wants one. */
const waitingLater: (() => void)[] = []
let isGoing = false

/** Resolves in a turn of its own, in order of asking; what follows without a pause is done within that turn. */
export function ownTurn(): Promise<void> {
  return turnOf(waiting)
}

/** The same, after all that `ownTurn` was asked for; at once where many wait, since what waits holds memory. */
export function laterTurn(): Promise<void> {
  return waitingLater.length < LATER_MAX ? turnOf(waitingLater) : Promise.resolve()
}

const LATER_MAX = 8

function turnOf(queue: (() => void)[]): Promise<void> {
  return new Promise((resolve) => {
    queue.push(resolve)
    if (!isGoing) setImmediate(next)
    isGoing = true
  })
}

function next(): void {
  const turn = waiting.shift() ?? waitingLater.shift()
  isGoing = waiting.length + waitingLater.length > 0
  if (isGoing) setImmediate(next)
  turn?.()
}
