// Counts every call of a method by site, day, outcome and context id: in memory for a moment, then in the database.

import type { Log, Meter } from './gateway.ts'
import type { Site } from './model.ts'
import { OTHER_CID, type ReportStore, type Tally } from './report-store.ts'

export interface Reports {
  /** Counts one call; never throws. */
  note(call: NotedCall): void
  /** The context ids that called most since midnight UTC, by this process; for the metrics. */
  busiest(): readonly BusyCaller[]
  /** Stores what was counted until now; a failure is logged, and its calls are stored with the next ones. */
  flush(): Promise<void>
  /** Stores what is left and counts nothing more. */
  close(): Promise<void>
}

export interface NotedCall {
  readonly site: Pick<Site, 'id' | 'subdomain'>
  readonly method: string
  /** The wire's own, 0 for success. */
  readonly errorCode: number
  /** `''` where the caller gave none. */
  readonly cid: string
}

export interface BusyCaller {
  /** Subdomain. */
  readonly site: string
  readonly cid: string
  readonly method: string
  readonly calls: number
}

/** Each is configuration with a stated default (settings.ts). */
export interface ReportBounds {
  /** How long calls are counted in memory before they are stored. Default 500 ms. */
  readonly flushMs: number
  /** Context ids counted by name, per site and day; the others are one. Default 1,000. */
  readonly cidsPerDay: number
  /** Kinds of calls (site, day, method, outcome, context id) in memory; beyond, context ids are one. Default 20,000. */
  readonly talliesWaiting: number
  /** Days that are kept. Default 400. */
  readonly keepDays: number
}

export const REPORT_DEFAULTS: ReportBounds = {
  flushMs: 500,
  cidsPerDay: 1_000,
  talliesWaiting: 20_000,
  keepDays: 400,
}

interface ReportParts {
  readonly store: { readonly reports: ReportStore }
  readonly log: Log
  readonly meter: Meter
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const DAY_MS = 86_400_000
/** Callers told apart in memory per day, and how many of them the metrics show. */
const CALLERS_KEPT = 1_000
const CALLERS_SHOWN = 50
/** Tallies stored in one transaction, so that no other write waits for long. */
const BATCH = 500

/** Days since 1970-01-01, UTC, of a time in milliseconds. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / DAY_MS)
}

/** Counting over this store; the first call after a pause starts the clock of the next flush. */
export function createReports({ store, log, meter, now }: ReportParts, bounds = REPORT_DEFAULTS): Reports {
  const labels = createLabels()
  const callers = createCallers()
  let waiting = new Map<string, Tally & { calls: number }>()
  let timer: NodeJS.Timeout | undefined
  let flushing = Promise.resolve()
  let isClosed = false

  function note({ site, method, errorCode: code, cid }: NotedCall): void {
    if (isClosed) return
    const day = dayOf(now())
    meter.count('gigya_calls', labels(method, code))
    callers.count(day, { site: site.subdomain, cid, method })
    add({ siteId: site.id, day, method, code, cid, calls: 1 })
    timer ??= setTimeout(() => void flush(), bounds.flushMs).unref()
  }

  function add(tally: Tally): void {
    const key = `${tally.siteId} ${tally.day} ${tally.method} ${tally.code} ${tally.cid}`
    const known = waiting.get(key)
    if (known) known.calls += tally.calls
    else if (waiting.size < bounds.talliesWaiting || tally.cid === OTHER_CID) waiting.set(key, { ...tally })
    else add({ ...tally, cid: OTHER_CID })
  }

  /** One at a time, so that what failed is in memory again before the next begins. */
  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    flushing = flushing.then(storeWaiting)
    return flushing
  }

  async function storeWaiting(): Promise<void> {
    // In one order for all processes: none waits for a row that another holds while holding one that it wants.
    const tallies = [...waiting].sort(byKey).map(([, tally]) => tally)
    waiting = new Map()
    for (let start = 0; start < tallies.length; start += BATCH) {
      const batch = tallies.slice(start, start + BATCH)
      try {
        await store.reports.add(batch, bounds)
      } catch (error) {
        log.warn({ error, tallies: tallies.length - start }, 'counted calls could not be stored yet')
        for (const tally of tallies.slice(start)) add(tally)
        if (!isClosed) timer ??= setTimeout(() => void flush(), bounds.flushMs).unref()
        return
      }
    }
  }

  return {
    note,
    busiest: () => callers.busiest(dayOf(now())),
    flush,
    async close() {
      isClosed = true
      await flush()
    },
  }
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}

/** The same labels as the same object each time: the meter adds up what it knows by identity. */
function createLabels() {
  const known = new Map<string, Map<number, Readonly<Record<string, string>>>>()
  return (method: string, code: number): Readonly<Record<string, string>> => {
    const ofCode = known.get(method) ?? new Map<number, Readonly<Record<string, string>>>()
    if (ofCode.size === 0) known.set(method, ofCode)
    const labels = ofCode.get(code) ?? { method, result: String(code) }
    if (!ofCode.has(code)) ofCode.set(code, labels)
    return labels
  }
}

/** Calls of this day by caller: the first CALLERS_KEPT by name, the rest of a method as one. */
function createCallers() {
  let today = -1
  const callers = new Map<string, BusyCaller & { calls: number }>()

  function count(day: number, caller: Omit<BusyCaller, 'calls'>): void {
    if (day > today) {
      today = day
      callers.clear()
    }
    const key = `${caller.site} ${caller.method} ${caller.cid}`
    const known = callers.get(key)
    if (known) known.calls += 1
    else if (callers.size < CALLERS_KEPT || caller.cid === OTHER_CID)
      callers.set(key, { ...caller, calls: 1 })
    else count(day, { ...caller, site: OTHER_CID, cid: OTHER_CID })
  }

  return {
    count,
    busiest: (day: number): readonly BusyCaller[] =>
      day > today
        ? []
        : [...callers.values()].sort((one, other) => other.calls - one.calls).slice(0, CALLERS_SHOWN),
  }
}
