// Delivery in this process: publications under way, their places, and taking up what is due, whoever left it.

import { deliver } from './delivery.ts'
import type { Gateway } from './gateway.ts'
import type { Claimed, Held } from './sharing-store.ts'

/** Pause in which places that get free are gathered, so that one look fills several. */
const BATCH_MS = 3

/** Every bound of publishing; each is configuration with a stated default. */
export interface PublishingBounds {
  /** How long a caller waits for the networks. Default 20 s. */
  readonly deadlineMs: number
  /** Publications delivered at once by one process. Default 64. */
  readonly atOnce: number
  /** How long a dead process can hold up its publications. Default 30 s. */
  readonly leaseMs: number
  /** Tries of one step that come to nothing. Default 5. */
  readonly attemptsMax: number
  /** Pause before the second try; each next one is four times as long. Default 1 s. */
  readonly retryBaseMs: number
  /** The longest of these pauses. Default 5 minutes. */
  readonly retryMaxMs: number
  /** How long a post may take to be seen on its network; only then is it known to be absent. Default 30 s. */
  readonly settleMs: number
  /** How far a network's clock may be from ours. Default 60 s. */
  readonly skewMs: number
  /** Pages of an account's own posts that are looked through for one. Default 10. */
  readonly lookPages: number
  /** How long a network may take to process what it has accepted. Default 1 hour. */
  readonly pendingMaxMs: number
  /** How long a publication may wait for limits of its network to pass. Default 24 hours. */
  readonly waitMaxMs: number
  /** How long a request is known by its Idempotency-Key. Default 24 hours. */
  readonly requestMemoryMs: number
  /** Networks named in one request. Default 50. */
  readonly providersMax: number
  /** Publications of one request. Default 100. */
  readonly publicationsMax: number
  /** How far ahead a message may be scheduled. Default 366 days. */
  readonly aheadMaxMs: number
  /** How long a key holds with which an app publishes for one user. Default 30 days. */
  readonly tokenLifeMs: number
}

/** The stated defaults. */
export const PUBLISHING_BOUNDS: PublishingBounds = {
  deadlineMs: 20_000,
  atOnce: 64,
  leaseMs: 30_000,
  attemptsMax: 5,
  retryBaseMs: 1_000,
  retryMaxMs: 300_000,
  settleMs: 30_000,
  skewMs: 60_000,
  lookPages: 10,
  pendingMaxMs: 3_600_000,
  waitMaxMs: 86_400_000,
  requestMemoryMs: 86_400_000,
  providersMax: 50,
  publicationsMax: 100,
  aheadMaxMs: 366 * 86_400_000,
  tokenLifeMs: 30 * 86_400_000,
}

/** What is under way in this process. */
export interface Deliveries {
  readonly bounds: PublishingBounds
  /** By id of the publication. */
  readonly running: Map<number, Delivery>
  /** Who waits for publications that are not under way here yet, by id: told when one has got on in this process. */
  readonly waiting: Map<number, Set<() => void>>
  /** Places promised to messages that are being stored. */
  reserved: number
  /** There may be something due that nobody has taken. */
  isBehind: boolean
  /** How often a look was asked for: one that is under way may have begun too early. */
  looks: number
  /** The look for what is due that is under way. */
  turn?: Promise<number>
  /** When this process will look by itself, by `performance.now()`. */
  wake?: { readonly at: number; readonly timer: NodeJS.Timeout }
  isStopping: boolean
}

export interface Delivery {
  /** Never rejects. */
  readonly done: Promise<void>
  readonly controller: AbortController
}

/** Nothing is under way yet. Bounds that are not given are at their default. */
export function createDeliveries(bounds: Partial<PublishingBounds> = {}): Deliveries {
  return {
    bounds: { ...PUBLISHING_BOUNDS, ...bounds },
    running: new Map(),
    waiting: new Map(),
    reserved: 0,
    isBehind: false,
    looks: 0,
    isStopping: false,
  }
}

function freePlaces({ bounds, running, reserved }: Deliveries): number {
  return Math.max(0, bounds.atOnce - running.size - reserved)
}

/** Places that a new message may take at once; none when others have waited longer and places are scarce. */
export function placesFor({ deliveries }: Gateway, publications: number): number {
  const free = freePlaces(deliveries)
  if (deliveries.isStopping || (deliveries.isBehind && free < deliveries.bounds.atOnce / 2)) return 0
  return Math.min(free, publications)
}

/** Delivers a publication that this process holds; resolves when it is given back or at its end. */
export function startDelivery(gateway: Gateway, held: Held): Promise<void> {
  const { deliveries } = gateway
  const controller = new AbortController()
  const done = deliver(gateway, held, controller).then((dueInMs) => {
    deliveries.running.delete(held.id)
    for (const told of deliveries.waiting.get(held.id) ?? []) told()
    if (dueInMs !== undefined) wakeIn(gateway, dueInMs)
    // Its place, and its identity, are free for another one.
    if (deliveries.isBehind) wakeIn(gateway, BATCH_MS)
  })
  deliveries.running.set(held.id, { done, controller })
  return done
}

/** Resolves when each of these publications has got on in this process since it was asked, or after so many milliseconds. */
export async function whenGotOn(
  { deliveries: { running, waiting } }: Gateway,
  ids: readonly number[],
  ms: number,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, Math.max(0, ms))
  const listeners = new Map<number, () => void>()
  const works = ids.map((id) => {
    const here = running.get(id)?.done
    if (here) return here
    return new Promise<void>((told) => {
      listeners.set(id, told)
      const others = waiting.get(id) ?? new Set()
      waiting.set(id, others.add(told))
    })
  })
  try {
    await Promise.race([Promise.all(works), promise])
  } finally {
    clearTimeout(timer)
    for (const [id, told] of listeners) {
      const others = waiting.get(id)
      others?.delete(told)
      if (others?.size === 0) waiting.delete(id)
    }
  }
}

/** Takes up what is due, and what a dead process left behind, as far as there are places; answers how many. */
export function resumePublishing(gateway: Gateway): Promise<number> {
  const { deliveries } = gateway
  deliveries.looks += 1
  deliveries.turn ??= takeUp(gateway).finally(() => {
    deliveries.turn = undefined
  })
  return deliveries.turn
}

async function takeUp(gateway: Gateway): Promise<number> {
  const { store, deliveries } = gateway
  for (let taken = 0; ; ) {
    const limit = freePlaces(deliveries)
    if (limit === 0 || deliveries.isStopping) return taken
    const { looks } = deliveries
    deliveries.reserved += limit
    let claimed: Claimed
    try {
      claimed = await store.publications.claim({ limit, leaseMs: deliveries.bounds.leaseMs })
    } finally {
      deliveries.reserved -= limit
    }
    for (const each of claimed.held) void startDelivery(gateway, each)
    taken += claimed.held.length
    deliveries.isBehind = claimed.isMore
    if (claimed.held.length < limit && looks === deliveries.looks) return taken
  }
}

/** Looks for what is due after this pause, unless it will look earlier. */
export function wakeIn(gateway: Gateway, ms: number): void {
  const { deliveries, log } = gateway
  const at = performance.now() + ms
  if (deliveries.isStopping || (deliveries.wake && deliveries.wake.at <= at)) return
  clearTimeout(deliveries.wake?.timer)
  // Longest pause that a timer knows; what is due later is found by the regular look.
  const timer = setTimeout(look, Math.min(ms, 2_147_483_647))
  timer.unref()
  deliveries.wake = { at, timer }

  async function look(): Promise<void> {
    deliveries.wake = undefined
    try {
      await resumePublishing(gateway)
    } catch (error) {
      log.warn({ error }, 'looking for publications that are due did not succeed')
    }
  }
}

/** Ends delivery in this process: what must not be interrupted is finished, the rest given back as it lies. */
export async function stopDeliveries({ deliveries }: Gateway): Promise<void> {
  deliveries.isStopping = true
  clearTimeout(deliveries.wake?.timer)
  await deliveries.turn?.catch(() => 0)
  const running = [...deliveries.running.values()]
  for (const { controller } of running) controller.abort()
  await Promise.all(running.map(({ done }) => done))
}
