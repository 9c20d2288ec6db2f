// Everything that is sealed, sealed with the current key.

import { SEALED } from './sealed.ts'
import type { Driver } from './writes.ts'

/** Seals every value anew that is not sealed with the current key, in batches; answers how many. */
export async function resealAll(driver: Driver): Promise<number> {
  let total = 0
  for (const index of SEALED.keys()) {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const batch: { readonly resealed: number; readonly last: number | undefined } = await driver.write(
        'resealBatch',
        index,
        after,
      )
      total += batch.resealed
      after = batch.last
    }
  }
  return total
}
