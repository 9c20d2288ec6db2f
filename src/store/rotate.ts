// Changing the key that values are sealed with, while a server goes on using the same database and key ring.

import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../core/errors.ts'
import { addKey, dropKey, keyIds, openKeys, promoteKey } from './keys.ts'
import { openDriver, type StoreOptions } from './open.ts'
import { resealAll } from './reseal.ts'
import { namesKey, SEALED } from './sealed.ts'
import type { Driver } from './writes.ts'

export interface Rotation {
  /** Id of the key that is now the current one. */
  readonly current: string
  readonly resealed: number
  /** Ids of the keys taken out of the ring. */
  readonly retired: readonly string[]
}

interface RotateOptions extends Omit<StoreOptions, 'keys' | 'role'> {
  readonly url: string
  /** File of the key ring. One that comes as text is changed by whoever gives it. */
  readonly keysPath: string
  /** Between adding the new key and using it. Servers read the ring when they meet the key; this is for good measure. */
  readonly graceMs?: number
}

/**
 * Adds a key, makes it the current one, seals everything anew with it and takes the older keys out of the ring. Can be
 * begun again after an interruption at any point. An older key that is still needed is kept, with `conflict`.
 */
export async function rotateKeys({
  url,
  keysPath,
  graceMs = 1000,
  ...options
}: RotateOptions): Promise<Rotation> {
  const driver = await openDriver(url, { ...options, keys: openKeys({ path: keysPath }), role: 'tool' })
  try {
    const current = addKey(keysPath)
    await pause(graceMs)
    promoteKey(keysPath, current)
    // Whoever sealed with the older key has stored it by now, and is seen below.
    await driver.write('settleKeys')
    const resealed = await resealAll(driver)
    const retired = keyIds(keysPath).filter((id) => id !== current)
    for (const id of retired) await retireKey(driver, keysPath, id)
    return { current, resealed, retired }
  } finally {
    await driver.close()
  }
}

/** Takes a key that is not current out of the ring; `conflict` while a sealed value names it. */
export async function retireKey(driver: Driver, keysPath: string, id: string): Promise<void> {
  const named = await Promise.all(SEALED.map((_, index) => driver.read(namesKey(index, id))))
  if (named.includes(true)) {
    throw new GatewayError('conflict', `Key ${id} stays: there are values sealed with it.`)
  }
  dropKey(keysPath, id)
}
