// The settings of webhooks.

import { z } from 'zod'
import { WEBHOOK_BOUNDS, type WebhookBounds } from './core/webhook-telling.ts'
import { LIFE_MAX_MS, number } from './setting-kinds.ts'

/** Every bound of core/webhooks.ts. */
export const webhooks = z
  .object({
    perSite: of('perSite', 'webhooks', 'Webhooks of a site.'),
    atOnce: of('atOnce', 'webhooks', 'Webhooks that one process tells at the same time.', 1),
    perEndpoint: of(
      'perEndpoint',
      'events',
      'Events that one webhook is told at the same time; 1 keeps order.',
      1,
    ),
    timeoutMs: of('timeoutMs', 'ms', 'How long a webhook may take to answer.', 1),
    retryBaseMs: of('retryBaseMs', 'ms', 'Pause after the first failure; it doubles with each further one.'),
    retryMaxMs: of('retryMaxMs', 'ms', 'The longest of these pauses.'),
    giveUpMs: of('giveUpMs', 'ms', 'A webhook that has failed for so long is told no more.', 0, LIFE_MAX_MS),
    everyMs: of('everyMs', 'ms', 'How often it is looked for what is to be told.', 10),
    clicksEveryMs: of('clicksEveryMs', 'ms', 'How often webhooks are told of followed links.'),
  } satisfies Record<keyof WebhookBounds, z.ZodType>)
  .meta({ title: 'Webhooks', prefix: 'WEBHOOKS_' })

function of(key: keyof WebhookBounds, unit: string, text: string, min = 0, max?: number) {
  return number(WEBHOOK_BOUNDS[key], unit, text, { min, max })
}
