// What can be measured from outside: every metric by name, with its labels and what it says.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Log, Meter } from '../core/gateway.ts'

interface Metric {
  readonly kind: 'counter' | 'gauge' | 'seconds'
  readonly help: string
  readonly labels: readonly string[]
}

/**
 * Every metric that any room may count, by the name it uses; another name is refused with a line in the log. On the
 * page all begin with `kith_`, and counters end with `_total`.
 */
export const METRICS: Readonly<Record<string, Metric>> = {
  requests: {
    kind: 'counter',
    help: 'Requests answered; those from memory and those refused have their reason in parentheses as route.',
    labels: ['dialect', 'route', 'status'],
  },
  request_seconds: {
    kind: 'seconds',
    help: 'Time from reading a request to its answer, of those that were run.',
    labels: ['dialect', 'route', 'status'],
  },
  kith_contacts_lists_total: {
    kind: 'counter',
    help: 'Lists of contacts answered, by where they came from.',
    labels: ['provider', 'from'],
  },
  kith_gigya_busiest: {
    kind: 'gauge',
    help: 'Calls of the Gigya API since midnight UTC, of the context ids that call most.',
    labels: ['site', 'cid', 'method'],
  },
  gigya_calls: {
    kind: 'counter',
    help: 'Calls of the Gigya API, by its own error code.',
    labels: ['method', 'result'],
  },
  kith_network_seconds: {
    kind: 'seconds',
    help: 'Time a network took to answer one request.',
    labels: ['provider', 'outcome'],
  },
  kith_network_errors_total: {
    kind: 'counter',
    help: 'Requests to a network that failed, by the code of the failure.',
    labels: ['provider', 'code'],
  },
  kith_network_retries_total: { kind: 'counter', help: 'Requests asked again.', labels: ['provider'] },
  kith_breaker_open: {
    kind: 'gauge',
    help: 'Origins of a network that failed again and again and are left alone.',
    labels: ['provider'],
  },
  kith_reads_running: { kind: 'gauge', help: 'Reads of contacts under way in this process.', labels: [] },
  kith_reads_waiting: { kind: 'gauge', help: 'Reads of contacts that wait for a place.', labels: [] },
  kith_publications_total: {
    kind: 'counter',
    help: 'Publications that came to their end, by what became of them.',
    labels: ['provider', 'outcome'],
  },
  kith_publications_running: {
    kind: 'gauge',
    help: 'Publications being delivered by this process.',
    labels: [],
  },
  kith_clicks_total: {
    kind: 'counter',
    help: 'Followed short links, by who followed.',
    labels: ['follower'],
  },
  kith_clicks_lost_total: {
    kind: 'counter',
    help: 'Followed short links that were not counted, for want of room while the database takes nothing.',
    labels: [],
  },
  kith_webhooks_total: {
    kind: 'counter',
    help: 'Events sent to webhooks, by what became of them.',
    labels: ['outcome'],
  },
  kith_friends_readers: { kind: 'gauge', help: 'Threads that read chosen friends.', labels: [] },
  kith_memory_bytes: { kind: 'gauge', help: 'Bytes of rendered pieces kept in memory.', labels: [] },
}

/** From a cached answer in memory to the longest a network is waited for. */
const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Values by name; one with labels as rows, which are all there is of it. */
export type Gauges = Readonly<Record<string, number | readonly GaugeRow[]>>

export interface GaugeRow {
  readonly labels: Labels
  readonly value: number
}

export interface Metrics {
  readonly meter: Meter
  /** Read before each page: gauges that nobody reports by themselves. */
  observe(gauges: () => Gauges): void
  /** The page in Prometheus' text format. */
  page(): Promise<{ readonly type: string; readonly text: string }>
}

/** A fresh registry with the process' own metrics (event loop, memory, handles) and all of METRICS. */
export function createMetrics(log: Log): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const made = new Map(Object.entries(METRICS).map(([name, metric]) => [name, make(registry, name, metric)]))
  const observers: (() => Gauges)[] = []
  const tallies = new Map<string, Map<Labels, number>>()
  const strangers = new Set<string>()

  const of = <T>(name: string, kind: new (...parts: never[]) => T): T | undefined => {
    const metric = made.get(name)
    if (metric instanceof kind) return metric
    if (!strangers.has(name)) log.warn({ metric: name }, 'a metric of this name and kind is not in the list')
    strangers.add(name)
    return undefined
  }

  /** Measuring must never fail what is measured. */
  const guarded = (name: string, measure: () => void) => {
    try {
      measure()
    } catch (error) {
      if (!strangers.has(name)) log.warn({ metric: name, error }, 'a metric could not be counted')
      strangers.add(name)
    }
  }

  const settle = (name: string, tally: Map<Labels, number>) => {
    for (const [labels, value] of tally) guarded(name, () => of(name, Counter)?.inc(labels, value))
    tally.clear()
  }

  const show = (name: string, value: Gauges[string]) => {
    const gauge = of(name, Gauge)
    if (typeof value === 'number') return gauge?.set(value)
    gauge?.reset()
    for (const row of value) guarded(name, () => gauge?.set(row.labels, row.value))
  }

  /** On the path of every request: labels that are known by identity are added up here and settled later. */
  const count: Meter['count'] = (name, labels = NO_LABELS, by = 1) => {
    const tally = tallies.get(name)
    if (!tally) tallies.set(name, new Map([[labels, by]]))
    else if (tally.size >= TALLY_MAX && !tally.has(labels)) settle(name, tally.set(labels, by))
    else tally.set(labels, (tally.get(labels) ?? 0) + by)
  }

  return {
    meter: {
      count,
      seconds: (name, labels, value) => guarded(name, () => of(name, Histogram)?.observe(labels, value)),
      gauge: (name, labels, value) => guarded(name, () => of(name, Gauge)?.set(labels, value)),
    },
    observe: (gauges) => void observers.push(gauges),
    async page() {
      for (const [name, tally] of tallies) settle(name, tally)
      for (const observer of observers) {
        for (const [name, value] of Object.entries(observer())) show(name, value)
      }
      return { type: registry.contentType, text: await registry.metrics() }
    },
  }
}

type Labels = Readonly<Record<string, string>>

const NO_LABELS: Labels = {}

/** Counts added up before they are settled, per metric. */
const TALLY_MAX = 1_000

function make(registry: Registry, name: string, { kind, help, labels }: Metric): Counter | Gauge | Histogram {
  const prefixed = name.startsWith('kith_') ? name : `kith_${name}`
  const spelled = kind === 'counter' && !name.endsWith('_total') ? `${prefixed}_total` : prefixed
  const settings = { name: spelled, help, labelNames: [...labels], registers: [registry] }
  if (kind === 'counter') return new Counter(settings)
  if (kind === 'gauge') return new Gauge(settings)
  return new Histogram({ ...settings, buckets: SECONDS })
}
