// A write that must not be lost because the database was too busy, or being handed over, at that one moment.

import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from './errors.ts'

/** How often such a write is tried, and the pause after the first time: it doubles, and all are 3.1 s. */
const ATTEMPTS = 6
const PAUSE_MS = 100

/** Does it again, in all six times within about three seconds, while it fails with `overloaded` or `conflict`. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const { code } = GatewayError.from(error)
      if (attempt >= ATTEMPTS || (code !== 'overloaded' && code !== 'conflict')) throw error
      await sleep(PAUSE_MS * 2 ** (attempt - 1))
    }
  }
}
