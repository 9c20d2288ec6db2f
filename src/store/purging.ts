// Deleting what has had its time.

import { REPORT_PURGE_BATCH } from './reports.ts'
import type { Driver } from './writes.ts'

/** In batches, so that no other write waits for long. */
export async function purgeAll(purgeBatch: () => Promise<number>, batch: number): Promise<number> {
  let total = 0
  for (;;) {
    const purged = await purgeBatch()
    total += purged
    if (purged < batch) return total
  }
}

/** In batches, so that no other write waits for long. */
export async function purgeOldReports(driver: Driver, beforeDay: number): Promise<number> {
  let total = 0
  for (;;) {
    const { days, rows } = await driver.write('purgeReports', beforeDay)
    total += rows
    if (days < REPORT_PURGE_BATCH) return total
  }
}
