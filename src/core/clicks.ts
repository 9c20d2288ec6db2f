// Counts who follows short links: in memory for a moment, then in the database. Nobody's address is kept: of a visitor at
// a link there is a number, made under a key of the day, that tells neither.

import { hash } from 'node:crypto'
import type { Log, Meter } from './gateway.ts'
import {
  type ClickTally,
  DEVICES,
  type Device,
  FOLLOWERS,
  type Follower,
  type LinkStore,
  type Visit,
} from './link-store.ts'
import { createTwoGenerations } from './two-generations.ts'

/** Each is configuration with a stated default (settings.ts). */
export interface ClickBounds {
  /** Within it a visitor counts once at a link. Default 30 minutes. */
  readonly windowMs: number
  /** How long clicks are counted in memory before they are stored. Default 500 ms. */
  readonly flushMs: number
  /** Hosts of referrers counted by name, per link; the others are one. Default 100. */
  readonly referrersPerLink: number
  /** Visits remembered by one process. Default 500,000. */
  readonly visitsInMemory: number
  /** Visits of one window that one process tells the others of, through the database. Default 500,000. */
  readonly visitsStored: number
  /** Kinds of clicks (link, hour, follower, device, referrer) in memory; more are counted without device and referrer. Default 50,000. */
  readonly talliesWaiting: number
}

export const CLICK_DEFAULTS: ClickBounds = {
  windowMs: 1_800_000,
  flushMs: 500,
  referrersPerLink: 100,
  visitsInMemory: 500_000,
  visitsStored: 500_000,
  talliesWaiting: 50_000,
}

/** One request for a short link. */
export interface Click {
  readonly linkId: number
  readonly follower: Exclude<Follower, 'repeat'>
  readonly device: Device
  /** Host; `''` where none was told. */
  readonly referrer: string
  readonly address: string
  readonly userAgent: string
}

export interface Clicks {
  /** Counts one click; never throws, never waits. */
  note(click: Click): void
  /** Stores what was counted until now; a failure is logged, and its clicks are stored with the next ones. */
  flush(): Promise<void>
  /** Stores what is left and counts nothing more. */
  close(): Promise<void>
}

interface ClickParts {
  readonly store: { readonly links: Pick<LinkStore, 'addClicks' | 'visitorKey'> }
  readonly log: Log
  readonly meter: Meter
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Kinds stored in one transaction, so that no other write waits for long. */
const BATCH = 2_000
/** Visits told to the others that may come at once. */
const BURST = 20_000

type Tally = { -readonly [Key in keyof ClickTally]: ClickTally[Key] } & {
  visits?: [visit: number, at: number][]
}

/** Counting over this store; the first click after a pause starts the clock of the next flush. */
export function createClicks({ store, log, meter, now }: ClickParts, bounds = CLICK_DEFAULTS): Clicks {
  const seen = createTwoGenerations<number, number>(bounds.visitsInMemory)
  const allowance = createAllowance(bounds)
  let waiting = new Map<number | string, Tally>()
  let keyOf = createKeys()
  let keyOfDay: { readonly day: number; readonly key: string } | undefined
  let timer: NodeJS.Timeout | undefined
  let flushing = Promise.resolve()
  let isClosed = false

  function note(click: Click): void {
    if (isClosed) return
    const at = now()
    const { linkId, device, referrer } = click
    const hour = Math.floor(at / HOUR_MS)
    if (click.follower === 'person') {
      const visit = visitOf(click, at)
      const before = seen.get(visit)
      const isRepeat = before !== undefined && at - before < bounds.windowMs
      if (!isRepeat) seen.set(visit, at)
      const follower = isRepeat ? 'repeat' : 'person'
      const tally = add({ linkId, hour, follower, device, referrer, count: 1, lastAt: at })
      if (tally && !isRepeat && allowance.take(at)) {
        tally.visits ??= []
        tally.visits.push([visit, at])
      }
    } else {
      add({ linkId, hour, follower: click.follower, device: 'other', referrer: '', count: 1, lastAt: at })
    }
    meter.count('kith_clicks_total', LABELS[click.follower])
    timer ??= setTimeout(() => void flush(), bounds.flushMs).unref()
  }

  /**
   * The first 48 bits of a hash of key and visit: one in 10^14 for two visits to be taken for one. The key has one length
   * and most of the hash is thrown away: there is nothing to lengthen, and an HMAC, at three times the cost, adds nothing.
   */
  function visitOf({ linkId, address, userAgent }: Click, at: number): number {
    const day = Math.floor(at / DAY_MS)
    if (keyOfDay?.day !== day) {
      keyOfDay = { day, key: Buffer.from(store.links.visitorKey(day)).toString('base64') }
    }
    const hashed = hash('sha256', `${keyOfDay.key} ${linkId} ${networkOf(address)} ${userAgent}`)
    return Number.parseInt(hashed.slice(0, 12), 16)
  }

  /** Where it is counted; undefined when there was no room for it. */
  function add(tally: Tally): Tally | undefined {
    const { device, referrer } = tally
    const key = keyOf(tally)
    const known = waiting.get(key)
    if (known) {
      known.count += tally.count
      known.lastAt = Math.max(known.lastAt, tally.lastAt)
      for (const visit of tally.visits ?? []) {
        known.visits ??= []
        known.visits.push(visit)
      }
      return known
    }
    if (waiting.size < bounds.talliesWaiting) {
      waiting.set(key, tally)
      return tally
    }
    if (device !== 'other' || referrer !== '') return add({ ...tally, device: 'other', referrer: '' })
    // Twice as many links followed as there is room for, while the database takes nothing.
    if (waiting.size < 2 * bounds.talliesWaiting) {
      waiting.set(key, tally)
      return tally
    }
    meter.count('kith_clicks_lost_total', {}, tally.count)
    return undefined
  }

  /** One at a time, so that what failed is in memory again before the next begins. */
  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    flushing = flushing.then(storeWaiting)
    return flushing
  }

  async function storeWaiting(): Promise<void> {
    const tallies = [...waiting.values()]
    waiting = new Map()
    keyOf = createKeys()
    for (let start = 0; start < tallies.length; start += BATCH) {
      const batch = tallies.slice(start, start + BATCH)
      try {
        await store.links.addClicks({ ...toBatch(batch), ...bounds })
      } catch (error) {
        log.warn({ error, tallies: tallies.length - start }, 'followed links could not be stored yet')
        for (const tally of tallies.slice(start)) add(tally)
        if (!isClosed) timer ??= setTimeout(() => void flush(), bounds.flushMs).unref()
        return
      }
    }
  }

  return {
    note,
    flush,
    async close() {
      isClosed = true
      await flush()
    },
  }
}

/**
 * Names of tallies. Those of one hour are numbers, since one is made for every click; a number has room for 2^31 links
 * and so many referrers. Other hours, while the database takes nothing, and further referrers are told apart by texts.
 */
function createKeys(): (tally: ClickTally) => number | string {
  const referrers = new Map([['', 0]])
  let hourOfNumbers: number | undefined
  return ({ linkId, hour, follower, device, referrer }) => {
    hourOfNumbers ??= hour
    let number = referrers.get(referrer)
    if (number === undefined && referrers.size < REFERRERS_MAX) {
      number = referrers.size
      referrers.set(referrer, number)
    }
    if (number === undefined || hour !== hourOfNumbers || linkId >= LINKS_MAX) {
      return `${linkId} ${hour} ${follower} ${device} ${referrer}`
    }
    const kind = FOLLOWERS.indexOf(follower) * DEVICES.length + DEVICES.indexOf(device)
    return (linkId * KINDS + kind) * REFERRERS_MAX + number
  }
}

const REFERRERS_MAX = 2 ** 17
const LINKS_MAX = 2 ** 31
const KINDS = FOLLOWERS.length * DEVICES.length

const LABELS = {
  person: { follower: 'person' },
  bot: { follower: 'bot' },
  preview: { follower: 'preview' },
} as const

function toBatch(tallies: readonly Tally[]): {
  readonly tallies: readonly ClickTally[]
  readonly visits: readonly Visit[]
} {
  return {
    tallies: tallies.map(({ visits: _, ...tally }) => tally),
    visits: tallies.flatMap(({ visits = [] }, tally) => visits.map(([visit, at]) => ({ visit, at, tally }))),
  }
}

/** So many visits per window, and for a start a burst of them. */
function createAllowance({ visitsStored, windowMs }: ClickBounds): { take(at: number): boolean } {
  const most = Math.min(BURST, visitsStored)
  let left = most
  let since: number | undefined
  return {
    take(at) {
      left = Math.min(most, left + (Math.max(0, at - (since ?? at)) * visitsStored) / windowMs)
      since = at
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}

/** An IPv6 address by its first four groups, which is what one household or machine is given; others whole. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail] = address.split('::', 2)
  const groups = head.split(':').filter(Boolean)
  if (tail === undefined) return groups.slice(0, 4).join(':')
  const behind = tail.split(':').filter(Boolean)
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => '0')
  return [...groups, ...zeros, ...behind].slice(0, 4).join(':')
}
