// Webhooks of a site: who is told what happens.

import { z } from 'zod'
import type { Webhook } from '../../core/webhook-store.ts'
import { addWebhook, enableWebhook, removeWebhook, testWebhook } from '../../core/webhooks.ts'
import { route } from '../dialect.ts'
import type { NativeResult } from './result.ts'

const PATH = '/v1/webhooks'
const ONE = z.object({ id: z.string() })

const list = route({
  method: 'GET',
  path: PATH,
  summary: 'List the webhooks of the site, and how they fare',
  input: z.object({}),
  async run({ gateway, caller }): Promise<NativeResult> {
    const webhooks = await gateway.store.webhooks.list(caller.site)
    return { webhooks: webhooks.map(toView) }
  },
})

const add = route({
  method: 'POST',
  path: PATH,
  summary: 'Add a webhook; its secret is shown this one time',
  input: z.object({ url: z.string(), events: z.array(z.string()).max(100).optional() }),
  async run({ gateway, caller, input: { url, events } }): Promise<NativeResult> {
    const { allowsHttp, bounds } = gateway.webhooks
    const wish = { url, events, max: bounds.perSite, allowsHttp }
    const webhook = await addWebhook(gateway, caller.site, wish)
    return { webhook: { ...toView(webhook), secret: webhook.secret } }
  },
})

const remove = route({
  method: 'DELETE',
  path: `${PATH}/:id`,
  summary: 'Remove a webhook',
  input: ONE,
  async run({ gateway, caller, input: { id } }): Promise<NativeResult> {
    await removeWebhook(gateway, caller.site, id)
    return {}
  },
})

const test = route({
  method: 'POST',
  path: `${PATH}/:id/test`,
  summary: 'Send a test event to a webhook, once, and answer with what it answered',
  input: ONE,
  async run({ gateway, caller, input: { id } }): Promise<NativeResult> {
    return { ...(await testWebhook(gateway, gateway.webhooks, caller.site, id)) }
  },
})

const enable = route({
  method: 'POST',
  path: `${PATH}/:id/enable`,
  summary: 'Have a webhook that was disabled told again, of what happens from now on',
  input: ONE,
  async run({ gateway, caller, input: { id } }): Promise<NativeResult> {
    await enableWebhook(gateway, caller.site, id)
    return {}
  },
})

export const webhooks = [list, add, remove, test, enable]

function toView(webhook: Webhook): Readonly<Record<string, unknown>> {
  const {
    token: id,
    url,
    events,
    isDisabled,
    attempt,
    problem,
    failingSince,
    lastSuccessAt,
    createdAt,
  } = webhook
  const spell = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString())
  return {
    id,
    url,
    events,
    state: isDisabled ? 'disabled' : failingSince === undefined ? 'active' : 'failing',
    attempts: attempt,
    problem: problem && { code: problem.code, message: problem.message },
    failing_since: spell(failingSince),
    last_success: spell(lastSuccessAt),
    created_at: spell(createdAt),
  }
}
