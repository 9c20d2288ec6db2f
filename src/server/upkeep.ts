// What is done again and again beside the requests.

import { resumePublishing } from '../core/deliveries.ts'
import type { Gateway } from '../core/gateway.ts'
import { resumeReads } from '../core/readings.ts'
import { dayOf, REPORT_DEFAULTS } from '../core/reports.ts'

interface Rhythm {
  /** How long counted calls are kept, in days. */
  readonly keepReportDays?: number
  /** How often reads that a dead process left behind are looked for, in milliseconds. */
  readonly resumeEveryMs?: number
  /** How often publications that are due, or left behind, are looked for, in milliseconds. */
  readonly publishEveryMs?: number
  /** How often results of logins whose time has passed are deleted, in milliseconds. */
  readonly purgeEveryMs?: number
}

/** Begins at once; a failure is logged and tried again at the next turn. `stop` waits for what is being done. */
export function startUpkeep(
  gateway: Gateway,
  {
    resumeEveryMs = 5_000,
    publishEveryMs = 1_000,
    purgeEveryMs = 3_600_000,
    keepReportDays = REPORT_DEFAULTS.keepDays,
  }: Rhythm = {},
): { stop(): Promise<void> } {
  const tasks = [
    repeat(gateway, 'taking up reads that were left behind', resumeEveryMs, () => resumeReads(gateway)),
    repeat(gateway, 'taking up publications', publishEveryMs, async () => {
      await resumePublishing(gateway)
      // Everyday work: the metrics count it.
      return 0
    }),
    repeat(gateway, 'forgetting requests to publish', purgeEveryMs, () => gateway.store.messages.purge()),
    repeat(gateway, 'deleting results of logins', purgeEveryMs, () => gateway.store.connections.purge()),
    repeat(gateway, 'deleting tokens that have ended', purgeEveryMs, () => gateway.store.access.purge()),
    repeat(gateway, 'deleting old counts of calls', purgeEveryMs, () =>
      gateway.store.reports.purge(dayOf(gateway.now()) - keepReportDays),
    ),
  ]
  return {
    async stop() {
      await Promise.all(tasks.map((task) => task.stop()))
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
