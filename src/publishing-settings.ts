// The settings of publishing.

import { z } from 'zod'
import { PUBLISHING_BOUNDS, type PublishingBounds } from './core/deliveries.ts'
import { LIFE_MAX_MS, number } from './setting-kinds.ts'

/** Every bound of core/deliveries.ts. */
export const publishing = z
  .object({
    deadlineMs: of('deadlineMs', 'ms', 'How long a caller waits for the networks.'),
    atOnce: of('atOnce', 'publications', 'Publications delivered at once by one process.', 1),
    leaseMs: of('leaseMs', 'ms', 'How long a dead process can hold up its publications.', 1_000),
    attemptsMax: of('attemptsMax', 'tries', 'Tries of one step that come to nothing.', 1),
    retryBaseMs: of('retryBaseMs', 'ms', 'Pause before the second try; each next one is four times as long.'),
    retryMaxMs: of('retryMaxMs', 'ms', 'The longest of these pauses.'),
    settleMs: of(
      'settleMs',
      'ms',
      'How long a post may take to be seen on its network; only then is it known to be absent.',
    ),
    skewMs: of('skewMs', 'ms', 'How far a network’s clock may be from ours.'),
    lookPages: of(
      'lookPages',
      'pages',
      'Pages of an account’s own posts that are looked through for one.',
      1,
    ),
    pendingMaxMs: of('pendingMaxMs', 'ms', 'How long a network may take to process what it has accepted.'),
    waitMaxMs: of(
      'waitMaxMs',
      'ms',
      'How long a publication may wait for limits of its network to pass.',
      0,
      LIFE_MAX_MS,
    ),
    requestMemoryMs: of(
      'requestMemoryMs',
      'ms',
      'How long a request is known by its Idempotency-Key.',
      1,
      LIFE_MAX_MS,
    ),
    providersMax: of('providersMax', 'networks', 'Networks named in one request.', 1),
    publicationsMax: of('publicationsMax', 'publications', 'Publications of one request.', 1),
    aheadMaxMs: of('aheadMaxMs', 'ms', 'How far ahead a message may be scheduled.', 0, LIFE_MAX_MS),
    tokenLifeMs: of(
      'tokenLifeMs',
      'ms',
      'How long a key holds with which an app publishes for one user (OneAllPublishToken).',
      1,
      LIFE_MAX_MS,
    ),
  } satisfies Record<keyof PublishingBounds, z.ZodType>)
  .meta({ title: 'Publishing', prefix: 'PUBLISHING_' })

function of(key: keyof PublishingBounds, unit: string, text: string, min = 0, max?: number) {
  return number(PUBLISHING_BOUNDS[key], unit, text, { min, max })
}
