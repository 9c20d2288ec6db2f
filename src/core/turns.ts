// One piece of heavy work per turn of the event loop, over the whole process: between two of them other requests are
// served. (Node runs all `setImmediate` callbacks that are waiting in the same turn.)

const waiting: (() => void)[] = []

/** Resolves in a turn of its own, in order of asking; what follows without a pause is done within that turn. */
export function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(next)
  })
}

function next(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(next)
}
