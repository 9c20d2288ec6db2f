// Clicks on their way to the writer's thread, and who followed as numbers.

import { type ClickBatch, type ClickTally, DEVICES, FOLLOWERS } from '../core/link-store.ts'

/** A batch on its way to the writer's thread, where numbers in a row travel several times quicker than objects. */
export interface SentClicks extends Pick<ClickBatch, 'visits' | 'windowMs' | 'referrersPerLink'> {
  /** Link, hour, follower, device, referrer, count and time of each tally. */
  readonly numbers: Float64Array
  /** Referrers by the number that stands for them. */
  readonly referrers: readonly string[]
}

const NUMBERS_EACH = 7

/** The batch as it is sent. */
export function packClicks({ tallies, visits, windowMs, referrersPerLink }: ClickBatch): SentClicks {
  const numbers = new Float64Array(tallies.length * NUMBERS_EACH)
  const referrers = new Map<string, number>()
  let at = 0
  for (const { linkId, hour, follower, device, referrer, count, lastAt } of tallies) {
    let named = referrers.get(referrer)
    if (named === undefined) {
      named = referrers.size
      referrers.set(referrer, named)
    }
    numbers[at++] = linkId
    numbers[at++] = hour
    numbers[at++] = FOLLOWERS.indexOf(follower)
    numbers[at++] = DEVICES.indexOf(device)
    numbers[at++] = named
    numbers[at++] = count
    numbers[at++] = lastAt
  }
  return { numbers, referrers: [...referrers.keys()], visits, windowMs, referrersPerLink }
}

/** The tallies of a batch as they were. */
export function unpackTallies({ numbers, referrers }: SentClicks): readonly ClickTally[] {
  const tallies: ClickTally[] = []
  for (let at = 0; at < numbers.length; at += NUMBERS_EACH) {
    const [linkId = 0, hour = 0, follower = 0, device = 0, referrer = 0, count = 0, lastAt = 0] =
      numbers.subarray(at, at + NUMBERS_EACH)
    tallies.push({
      linkId,
      hour,
      follower: FOLLOWERS[follower] ?? 'bot',
      device: DEVICES[device] ?? 'other',
      referrer: referrers[referrer] ?? '',
      count,
      lastAt,
    })
  }
  return tallies
}
