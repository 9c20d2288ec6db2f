// One piece of heavy work per turn of the event loop, over the whole process: between two of them other requests are
// served. (Node runs all `setImmediate` callbacks that are waiting in the same turn.)

interface Waiting {
  readonly since: number
  readonly resolve: () => void
}

const waiting: Waiting[] = []
/** Work that nobody waits for yet. */
const waitingLater: Waiting[] = []
let isGoing = false

/**
 * Resolves in a turn of its own; what follows without a pause is done within that turn. Who has been under way longest
 * goes first (`since`, of `performance.now()`; now where absent): of many answers that are there at once, the one of the
 * slowest network is what a caller waits for.
 */
export function ownTurn(since = performance.now()): Promise<void> {
  if (!isGoing) {
    // Nothing heavy was done in this turn yet: it is as good as the next.
    isGoing = true
    setImmediate(next)
    return Promise.resolve()
  }
  return new Promise((resolve) => {
    const place = waiting.findLastIndex((one) => one.since <= since) + 1
    waiting.splice(place, 0, { since, resolve })
  })
}

/**
 * The same for work that nobody waits for yet: after all that `ownTurn` was asked for, and when requests have not left for
 * a moment, so that answers that come together are all followed by their next requests first. At once where much waits,
 * since what waits holds memory.
 */
export function laterTurn(): Promise<void> {
  if (isCrowded() || waitingLater.length >= LATER_MAX) return Promise.resolve()
  const since = performance.now()
  calmAt = since + CALM_MS
  return new Promise((resolve) => {
    waitingLater.push({ since, resolve })
    if (!isGoing) beginLater()
  })
}

const LATER_MAX = 16
const CALM_MS = 2
/** Who has waited so long, in milliseconds, goes first. */
const RESTLESS_MAX_MS = 20
let calmAt = 0
let isToBegin = false

/** Whether so much waits that more should not be fetched before its turn: what waits holds memory. */
export function isCrowded(): boolean {
  return waiting.length >= CROWD
}

const CROWD = 16

function beginLater(): void {
  if (!isToBegin) setTimeout(begin, CALM_MS)
  isToBegin = true
}

function begin(): void {
  isToBegin = false
  if (isGoing) return
  isGoing = true
  next()
}

function next(): void {
  const turn = overdueOne() ?? waiting.shift() ?? calmOne()
  if (turn) {
    setImmediate(next)
    turn.resolve()
    return
  }
  isGoing = false
  if (waitingLater.length > 0) beginLater()
}

function overdueOne(): Waiting | undefined {
  const [first] = waitingLater
  return first && performance.now() - first.since > RESTLESS_MAX_MS ? waitingLater.shift() : undefined
}

function calmOne(): Waiting | undefined {
  return performance.now() >= calmAt ? waitingLater.shift() : undefined
}
