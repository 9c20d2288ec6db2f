// Webhooks: addresses of a site that are told what happens there.

import { randomBytes } from 'node:crypto'
import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import type { Site } from './model.ts'
import { EVENT_TYPES, TEST_TYPE } from './webhook-events.ts'
import { newHookSecret } from './webhook-signature.ts'
import type { Webhook } from './webhook-store.ts'
import { signed, WEBHOOK_BOUNDS, type Webhooks } from './webhook-telling.ts'

type SiteRef = Pick<Site, 'id'>

const URL_MAX = 2_048

/**
 * A new endpoint, told of what happens from now on; its secret is known to whoever asks this one time. `invalid_request`,
 * naming the field, for an address that is none or a type that there is not.
 */
export async function addWebhook(
  gateway: Pick<Gateway, 'store' | 'now'>,
  site: SiteRef,
  {
    url,
    events = [],
    max = WEBHOOK_BOUNDS.perSite,
    allowsHttp = false,
  }: { url: string; events?: readonly string[]; max?: number; allowsHttp?: boolean },
): Promise<Webhook & { readonly secret: string }> {
  checkUrl(url, allowsHttp)
  const unknown = events.find((type) => !EVENT_TYPES.includes(type))
  if (unknown !== undefined) {
    const message = `There is no event "${unknown}"; there are: ${EVENT_TYPES.join(', ')}.`
    throw new GatewayError('invalid_request', message, { field: 'events' })
  }
  const secret = newHookSecret()
  const token = `wh_${randomBytes(16).toString('base64url').replaceAll(/[-_]/g, 'x')}`
  const wish = { token, url, events: [...new Set(events)], secret, max, now: gateway.now() }
  return { ...(await gateway.store.webhooks.add(site, wish)), secret }
}

/** `not_found` when the site has no endpoint of this token. */
export async function removeWebhook(
  { store }: Pick<Gateway, 'store'>,
  site: SiteRef,
  token: string,
): Promise<void> {
  if (!(await store.webhooks.remove(site, token))) throw noWebhook()
}

/** Has a disabled endpoint told again, of what happens from now on; `not_found` when there is none. */
export async function enableWebhook(
  { store }: Pick<Gateway, 'store'>,
  site: SiteRef,
  token: string,
): Promise<void> {
  if (!(await store.webhooks.enable(site, token))) throw noWebhook()
}

/** Sends a test event once, now; answers with the endpoint's status, or fails as it did. `not_found` when there is none. */
export async function testWebhook(
  { store, now }: Pick<Gateway, 'store' | 'now'>,
  { call, bounds }: Pick<Webhooks, 'call' | 'bounds'>,
  site: SiteRef,
  token: string,
): Promise<{ readonly status: number }> {
  const hook = await store.webhooks.find(site, token)
  if (!hook) throw noWebhook()
  const at = now()
  const event = { id: `evt_test_${at.toString(36)}`, type: TEST_TYPE, at, data: { webhook: token } }
  const { status } = await call(hook.url, signed(hook.secret, event, at, bounds))
  return { status }
}

function checkUrl(url: string, allowsHttp: boolean): void {
  const field = 'url'
  const isAddress = url.length <= URL_MAX && /^https?:\/\/[^/?#\s]\S*$/i.test(url) && URL.canParse(url)
  if (!isAddress) {
    const message = `A webhook is an address that begins with https://, of at most ${URL_MAX} characters.`
    throw new GatewayError('invalid_request', message, { field })
  }
  const { protocol, username, password } = new URL(url)
  if (protocol !== 'https:' && !allowsHttp) {
    const message = 'A webhook is called over https alone; plain http needs KITH_ALLOW_INSECURE.'
    throw new GatewayError('invalid_request', message, { field })
  }
  if (username !== '' || password !== '') {
    const message = 'The address must not hold a name or password: the signature says who sends.'
    throw new GatewayError('invalid_request', message, { field })
  }
}

function noWebhook(): GatewayError {
  return new GatewayError('not_found', 'The site has no webhook of this id.')
}
