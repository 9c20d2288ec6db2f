// What is done again and again beside the requests.

import { resumePublishing } from '../core/deliveries.ts'
import type { Gateway } from '../core/gateway.ts'
import { purgeClicks } from '../core/link-service.ts'
import { resumeReads } from '../core/readings.ts'
import { dayOf, REPORT_DEFAULTS } from '../core/reports.ts'
import { type ToNotice, takeSnapshots } from '../core/snapshots.ts'
import { tellWebhooks } from '../core/webhook-telling.ts'

interface Rhythm {
  /** How long counted calls are kept, in days. */
  readonly keepReportDays?: number
  /** How often reads that a dead process left behind are looked for, in milliseconds. */
  readonly resumeEveryMs?: number
  /** How often publications that are due, or left behind, are looked for, in milliseconds. */
  readonly publishEveryMs?: number
  /** How often snapshots of messages whose turn it is are looked for, in milliseconds. */
  readonly snapshotsEveryMs?: number
  /** What sites are told of a finished snapshot; without it none are taken. */
  readonly toNotice?: ToNotice
  /** How often new friends are looked for that are worth being put in order, in milliseconds. */
  readonly friendsEveryMs?: number
  /** How often visits of short links that are too old to matter are forgotten, in milliseconds. */
  readonly clicksEveryMs?: number
  /** How often results of logins whose time has passed are deleted, in milliseconds. */
  readonly purgeEveryMs?: number
}

/** Begins at once; a failure is logged and tried again at the next turn. `stop` waits for what is being done. */
export function startUpkeep(
  gateway: Gateway,
  {
    resumeEveryMs = 5_000,
    publishEveryMs = 1_000,
    snapshotsEveryMs = 1_000,
    toNotice,
    friendsEveryMs = 5_000,
    clicksEveryMs = 60_000,
    purgeEveryMs = 3_600_000,
    keepReportDays = REPORT_DEFAULTS.keepDays,
  }: Rhythm = {},
): { stop(): Promise<void> } {
  const stopping = new AbortController()
  const telling = new Set<Promise<void>>()
  const tasks = [
    repeat(gateway, 'taking up reads that were left behind', resumeEveryMs, () => resumeReads(gateway)),
    repeat(gateway, 'taking up publications', publishEveryMs, async () => {
      await resumePublishing(gateway)
      // Everyday work: the metrics count it.
      return 0
    }),
    repeat(gateway, 'taking snapshots of messages', snapshotsEveryMs, async () => {
      if (toNotice) await takeSnapshots(gateway, toNotice, { telling, signal: stopping.signal })
      return 0
    }),
    repeat(gateway, 'forgetting requests to publish', purgeEveryMs, () => gateway.store.messages.purge()),
    repeat(gateway, 'telling webhooks', gateway.webhooks.bounds.everyMs, async () => {
      await tellWebhooks(gateway)
      return 0
    }),
    repeat(gateway, 'putting new friends in order', friendsEveryMs, () => gateway.store.graph.settle()),
    repeat(gateway, 'forgetting visits of short links', clicksEveryMs, async () => {
      await purgeClicks(gateway)
      return 0
    }),
    repeat(gateway, 'deleting files that nobody needs', purgeEveryMs, () => gateway.media.purge()),
    repeat(gateway, 'deleting logins that were not finished', purgeEveryMs, () =>
      gateway.store.logins.purge(),
    ),
    repeat(gateway, 'deleting results of logins', purgeEveryMs, () => gateway.store.connections.purge()),
    repeat(gateway, 'deleting addresses to link accounts at', purgeEveryMs, () =>
      gateway.store.invitations.purge(),
    ),
    repeat(gateway, 'deleting sessions over several sites', purgeEveryMs, () => gateway.store.sso.purge()),
    repeat(gateway, 'deleting tokens that have ended', purgeEveryMs, () => gateway.store.access.purge()),
    repeat(gateway, 'deleting old counts of calls', purgeEveryMs, () =>
      gateway.store.reports.purge(dayOf(gateway.now()) - keepReportDays),
    ),
  ]
  return {
    async stop() {
      stopping.abort()
      await Promise.all(tasks.map((task) => task.stop()))
      await Promise.all(telling)
    },
  }
}

/** One turn at a time, however long it takes. */
function repeat(
  { log }: Gateway,
  what: string,
  everyMs: number,
  work: () => Promise<number>,
): { stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let turn = Promise.resolve()

  const once = async () => {
    try {
      const count = await work()
      if (count > 0) log.info({ count }, what)
    } catch (error) {
      log.warn({ error }, `${what} did not succeed`)
    }
    if (!isStopped) timer = setTimeout(start, everyMs)
    timer?.unref()
  }
  const start = () => {
    turn = once()
  }
  start()

  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
      return turn
    },
  }
}
