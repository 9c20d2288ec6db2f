// A read of one identity's contacts is a job: callers wait for it at most their deadline, it goes on afterwards,
// keeps its place, and can be taken over by another process or the next start.

import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, GatewayError, type Problem } from './errors.ts'
import type { Bounds, Gateway } from './gateway.ts'
import { letGo } from './let-go.ts'
import type { Identity, SnapshotHead } from './model.ts'
import {
  askFirst,
  fromProgress,
  type Lists,
  pagesOf,
  type Run,
  readLists,
  toProgress,
  type Waits,
} from './pages.ts'
import { joinPages } from './portable.ts'
import { readElsewhere, stillThere } from './read-elsewhere.ts'
import { createRoom, type Room } from './room.ts'
import { createSlots, type Slots } from './slots.ts'
import { whileBusy } from './while-busy.ts'

/** Longest that a dead process can hold up the others, in milliseconds. */
const LEASE_MS = 30_000
/** How often a read renews its lease. */
const RENEW_MS = 8_000
/** A read that lasts longer stores its place; each next time after twice as long, up to the maximum. */
const PLACE_MS = 12_000
const PLACE_MAX_MS = 60_000

/** The reads under way in this process, and the places for them. */
export interface Readings {
  readonly ofIdentity: Map<number, Reading>
  readonly slots: Slots
  /** Memory that they share. */
  readonly room: Room
  /** Aborted when the process is about to end: reads store their place and give their leases back. */
  readonly stopping: AbortController
}

export interface Reading {
  /** Never rejects. */
  readonly done: Promise<ReadOutcome>
  /** Contacts that have arrived until now. */
  arrived(): { readonly contacts: Uint8Array; readonly count: number }
  /**
   * The outcome; the network's limit as soon as the read waits for one to pass; undefined when neither has come after
   * so many milliseconds. The read goes on all the same.
   */
  within(deadlineMs: number): Promise<ReadOutcome | { readonly waitsFor: Problem } | undefined>
}

export type ReadOutcome =
  | { readonly snapshot: SnapshotHead; readonly contacts: Uint8Array }
  | { readonly problem: Problem }

export function createReadings(
  bounds: Pick<Bounds, 'readsAtOnce' | 'readsWaiting' | 'readsBytes'>,
): Readings {
  return {
    ofIdentity: new Map(),
    slots: createSlots(bounds.readsAtOnce, bounds.readsWaiting),
    room: createRoom(bounds.readsBytes),
    stopping: new AbortController(),
  }
}

/**
 * Joins the read of this identity that is under way, or starts one. `known` is the version of the snapshot that the
 * caller has seen: another one that is there by now, read by whomever, is as good as a read of our own. One that was left
 * behind may have a place to go on from.
 */
export function startReading(
  gateway: Gateway,
  identity: Identity,
  known: number | undefined,
  { isLeftBehind = false } = {},
): Reading {
  const { ofIdentity } = gateway.readings
  const running = ofIdentity.get(identity.id)
  if (running) return running
  const lists: Lists = {}
  const state: Waits = { listeners: new Set() }
  const done = runReading({ gateway, identity, known, isLeftBehind, lists, state }).finally(() =>
    ofIdentity.delete(identity.id),
  )
  const reading: Reading = {
    done,
    arrived: () => joinPages(pagesOf(lists), gateway.bounds.contactsPerIdentity),
    async within(deadlineMs) {
      if (state.waitsFor) return { waitsFor: state.waitsFor }
      const { promise, resolve } = Promise.withResolvers<{ waitsFor: Problem } | undefined>()
      const timer = setTimeout(() => resolve(undefined), deadlineMs)
      const listener = (waitsFor: Problem) => resolve({ waitsFor })
      state.listeners.add(listener)
      try {
        return await Promise.race([done, promise])
      } finally {
        clearTimeout(timer)
        state.listeners.delete(listener)
      }
    },
  }
  ofIdentity.set(identity.id, reading)
  return reading
}

/** Goes on with reads that a dead process left behind; answers how many it took up. */
export async function resumeReads(gateway: Gateway): Promise<number> {
  const abandoned = await gateway.store.reads.abandoned(gateway.bounds.readsAtOnce)
  await Promise.all(
    abandoned.map(async (identity) => {
      const head = await gateway.store.contacts.head(identity)
      startReading(gateway, identity, head?.version, { isLeftBehind: true })
    }),
  )
  return abandoned.length
}

/** Ends all reads of this process, each with its place stored; resolves when they have ended. */
export async function stopReads(gateway: Gateway): Promise<void> {
  gateway.readings.stopping.abort()
  await Promise.all([...gateway.readings.ofIdentity.values()].map(({ done }) => done))
}

interface Wish extends Pick<Run, 'gateway' | 'identity' | 'lists' | 'state'> {
  readonly known: number | undefined
  readonly isLeftBehind: boolean
}

async function runReading(wish: Wish): Promise<ReadOutcome> {
  const { gateway, identity } = wish
  const { stopping } = gateway.readings
  try {
    const giveUpAt = performance.now() + gateway.bounds.readMaxMs
    let { isLeftBehind } = wish
    for (let pauseMs = 25; performance.now() < giveUpAt; pauseMs = Math.min(pauseMs * 2, 400)) {
      const outcome = await readHere({ ...wish, isLeftBehind })
      if (outcome) return outcome
      // Whoever holds it may leave it behind; and nobody is asked again at each look.
      isLeftBehind = true
      await sleep(pauseMs, undefined, { signal: stopping.signal })
      const found = await readElsewhere(wish)
      if (found) return found
    }
    throw new GatewayError('network_silent', 'Another process has not finished reading these contacts.')
  } catch (error) {
    if (stopping.signal.aborted) return { problem: STOPPING }
    const failure = GatewayError.from(error)
    if (failure.code === 'internal') {
      gateway.log.error({ identity: identity.token, error: failure.cause }, 'reading contacts failed')
    }
    return { problem: failure.problem }
  }
}

const STOPPING: Problem = {
  code: 'overloaded',
  message: 'This process is stopping; try again.',
  retryAfterSeconds: 1,
}

/** Reads if no other process does; a place is taken first, so that a lease never waits for one. */
async function readHere(wish: Wish): Promise<ReadOutcome | undefined> {
  const { gateway, identity, lists } = wish
  const { store, readings, bounds } = gateway
  const release = await readings.slots.take()
  const ended = new AbortController()
  const signal = AbortSignal.any([ended.signal, readings.stopping.signal])
  let tooLong: NodeJS.Timeout | undefined
  try {
    // Where one process serves there is nobody to be first: the network is asked while the lease is on its way to disk.
    const isAlone = store.engine === 'sqlite'
    const foundBefore = isAlone ? await readElsewhere(wish) : undefined
    if (foundBefore) return foundBefore
    const early = isAlone && !wish.isLeftBehind ? askFirst({ ...wish, signal }) : undefined
    const claimed = await store.reads.claim(identity, { leaseMs: LEASE_MS })
    if (claimed.outcome === 'taken') return undefined
    const { fence, startedAt, progress } = claimed
    const found = isAlone ? undefined : await readElsewhere(wish)
    if (found) {
      // Somebody has finished between the caller's look and our claim.
      await store.reads.fail(identity, fence, undefined)
      return found
    }
    Object.assign(lists, fromProgress(progress))
    const arrived = Object.values(lists).flatMap(({ pages }) => pages)
    for (const { bytes } of arrived) readings.room.hold(lists, bytes.length)
    tooLong = setTimeout(() => ended.abort(), Math.max(0, startedAt + bounds.readMaxMs - Date.now()))
    return await readAll({ ...wish, fence, signal, early }, ended)
  } finally {
    // Nothing that was asked for ahead goes on.
    ended.abort()
    clearTimeout(tooLong)
    readings.room.leave(lists)
    release()
  }
}

async function readAll(run: Run, ended: AbortController): Promise<ReadOutcome> {
  const { gateway, identity, lists, fence } = run
  const checkpoints = keepPlace(run, ended)
  let hasPages = true
  try {
    await readLists(run)
    checkpoints.stop()
    const { contacts, count, isCut } = joinPages(pagesOf(lists), gateway.bounds.contactsPerIdentity)
    const isTruncated = isCut || Object.values(lists).some((list) => list.next !== undefined || list.isCut)
    hasPages = false
    for (const list of Object.values(lists)) for (const { bytes } of list.pages.splice(0)) letGo(bytes)
    const snapshot = { contacts, count, isTruncated, fetchedAt: gateway.now() }
    const head = await whileBusy(() => gateway.store.reads.finish(identity, fence, snapshot))
    if (!head) throw new GatewayError('not_found', 'The identity was changed or deleted while it was read.')
    return { snapshot: head, contacts }
  } catch (error) {
    checkpoints.stop()
    return await giveUp(run, error, { hasPages })
  }
}

/** Renews the lease, and stores the place ever more seldom: the longer a list, the more there is to write. */
function keepPlace({ gateway, identity, lists, fence }: Run, ended: AbortController): { stop(): void } {
  let placeAfterMs = PLACE_MS
  let placedAt = performance.now()
  let isStopped = false
  let timer: NodeJS.Timeout
  const keep = async () => {
    try {
      const isPlaced = performance.now() - placedAt >= placeAfterMs
      const progress = isPlaced ? toProgress(lists) : undefined
      const isOurs = await gateway.store.reads.checkpoint(identity, fence, { leaseMs: LEASE_MS, progress })
      if (!isOurs) return ended.abort()
      if (isPlaced) {
        placedAt = performance.now()
        placeAfterMs = Math.min(placeAfterMs * 2, PLACE_MAX_MS)
      }
    } catch (error) {
      gateway.log.warn({ identity: identity.token, error }, 'the place of a read could not be stored')
    }
    next()
  }
  // Not all at the same moment: many reads begin together.
  const next = () => {
    if (!isStopped) timer = setTimeout(keep, RENEW_MS * (0.75 + Math.random() / 2))
  }
  next()
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

async function giveUp(
  run: Run,
  error: unknown,
  { hasPages }: { readonly hasPages: boolean },
): Promise<ReadOutcome> {
  const { gateway, identity, lists, fence, signal } = run
  const { store, readings, bounds } = gateway
  if (readings.stopping.signal.aborted) {
    // Without its pages a place would be a list that has ended and is empty: then the one stored before stands.
    if (hasPages) {
      await store.reads.checkpoint(identity, fence, { leaseMs: LEASE_MS, progress: toProgress(lists) })
    }
    await store.reads.release(identity, fence)
    return { problem: STOPPING }
  }
  const failure = signal.aborted
    ? new GatewayError('network_silent', 'The network did not send the whole list in time.', { cause: error })
    : GatewayError.from(error)
  const at = gateway.now()
  const memory = MEMORY[failure.code] ?? 'outage'
  const forMs = Math.min(bounds.outageMemoryMs, (failure.retryAfterSeconds ?? Infinity) * 1_000)
  const until = memory === 'refusal' ? undefined : at + forMs
  await store.reads.fail(
    identity,
    fence,
    memory === 'none' ? undefined : { problem: failure.problem, at, until },
  )
  if (failure.code === 'internal') throw failure
  await stillThere(gateway, identity)
  return { problem: failure.problem }
}

/** What is remembered of a failed read, and for how long; an outage where nothing is said. */
const MEMORY: Partial<Record<ErrorCode, 'refusal' | 'none'>> = {
  relink_required: 'refusal',
  permission_missing: 'refusal',
  discontinued: 'refusal',
  overloaded: 'none',
  internal: 'none',
  not_found: 'none',
}
