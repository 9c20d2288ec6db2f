// Telling webhooks what happens: in order as far as it matters, at least once each, until they say that they have it.

import { GatewayError } from './errors.ts'
import { readFeed } from './feed.ts'
import type { Gateway } from './gateway.ts'
import type { FeedEntry } from './graph-model.ts'
import type { Site } from './model.ts'
import { type HookEvent, toBody, toEvent, toGap, typeOf } from './webhook-events.ts'
import { signHook } from './webhook-signature.ts'
import type { HeldWebhook } from './webhook-store.ts'

type SiteRef = Pick<Site, 'id'>

/** One request to an endpoint: answers with its status; fails as calls of networks do when there was no answer. */
export type CallHook = (
  url: string,
  request: {
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly timeoutMs: number
    readonly signal?: AbortSignal
  },
) => Promise<{ readonly status: number; readonly retryAfterSeconds?: number }>

/** Each is configuration with a stated default (settings.ts). */
export interface WebhookBounds {
  /** Endpoints of a site. Default 10. */
  readonly perSite: number
  /** Endpoints that one process tells at once. Default 16. */
  readonly atOnce: number
  /** Events that one endpoint is told at once. Default 4. */
  readonly perEndpoint: number
  /** How long an endpoint may take to answer. Default 15 s. */
  readonly timeoutMs: number
  /** Pause after the first failure; it doubles with each further one. Default 5 s. */
  readonly retryBaseMs: number
  /** The longest of these pauses. Default 1 hour. */
  readonly retryMaxMs: number
  /** An endpoint that has failed for so long is told no more. Default 24 hours. */
  readonly giveUpMs: number
  /** How often it is looked for what is to be told. Default 500 ms. */
  readonly everyMs: number
  /** How often followed links are told. Default 10 s. */
  readonly clicksEveryMs: number
}

/** The stated defaults. */
export const WEBHOOK_BOUNDS: WebhookBounds = {
  perSite: 10,
  atOnce: 16,
  perEndpoint: 4,
  timeoutMs: 15_000,
  retryBaseMs: 5_000,
  retryMaxMs: 3_600_000,
  giveUpMs: 86_400_000,
  everyMs: 500,
  clicksEveryMs: 10_000,
}

/** What the gateway holds of webhooks. */
export interface Webhooks {
  readonly bounds: WebhookBounds
  readonly call: CallHook
  /** Endpoints may be called over plain http. */
  readonly allowsHttp: boolean
  /** Endpoints being told by this process. */
  readonly telling: Set<Promise<void>>
  /** When followed links were last told of, by `performance.now()`. */
  clicksAt: number
  readonly controller: AbortController
}

/** Nothing is being told yet. Bounds that are not given are at their default. */
export function createWebhooks(
  call: CallHook,
  bounds: Partial<WebhookBounds> = {},
  { allowsHttp = false }: { readonly allowsHttp?: boolean } = {},
): Webhooks {
  return {
    bounds: { ...WEBHOOK_BOUNDS, ...bounds },
    call,
    allowsHttp,
    telling: new Set(),
    clicksAt: Number.NEGATIVE_INFINITY,
    controller: new AbortController(),
  }
}

/** Entries of the feed read at once, and links told of in one event. */
const PAGE = 100
const LINKS_AT_ONCE = 500

/** Tells endpoints what there is to tell, as far as there are places; resolves when they are taken, not told. */
export async function tellWebhooks(gateway: Gateway): Promise<number> {
  const { store, webhooks } = gateway
  const { bounds, telling, controller } = webhooks
  if (performance.now() - webhooks.clicksAt >= bounds.clicksEveryMs) {
    webhooks.clicksAt = performance.now()
    while ((await store.webhooks.announceClicks(LINKS_AT_ONCE)) === LINKS_AT_ONCE);
  }
  const limit = bounds.atOnce - telling.size
  if (limit <= 0 || controller.signal.aborted) return 0
  const held = await store.webhooks.claim({ limit, leaseMs: leaseMs(bounds) })
  for (const each of held) {
    const told = tell(gateway, each).finally(() => telling.delete(told))
    telling.add(told)
  }
  return held.length
}

/** Breaks off what is being told; it will be told again. */
export async function stopWebhooks({ webhooks }: Pick<Gateway, 'webhooks'>): Promise<void> {
  webhooks.controller.abort()
  await Promise.all(webhooks.telling)
}

/** Never rejects. */
async function tell(gateway: Gateway, held: HeldWebhook): Promise<void> {
  const { store, log, webhooks } = gateway
  try {
    await tellAll(gateway, held)
  } catch (error) {
    if (webhooks.controller.signal.aborted) {
      await store.webhooks.release(held).catch((cause: unknown) => log.warn({ error: cause }, LEASE_KEPT))
    } else log.warn({ webhook: held.token, error }, 'a webhook could not be told')
  }
}

const LEASE_KEPT = 'a lease of a webhook could not be given back; it will expire'

async function tellAll(gateway: Gateway, held: HeldWebhook): Promise<void> {
  const { store, webhooks, now } = gateway
  const { perEndpoint } = webhooks.bounds
  const site = { id: held.siteId }
  let { position } = held
  for (;;) {
    const { entries, hasGap } = await readFeed(gateway, site, { after: position, limit: PAGE })
    const [first] = entries
    if (!first) return store.webhooks.release(held)
    if (hasGap) {
      const problem = await send(gateway, held, toGap(site, position + 1, first.position - 1, now()))
      if (problem) return giveBack(gateway, held, position, problem)
    }
    for (let start = 0; start < entries.length; start += perEndpoint) {
      const some = entries.slice(start, start + perEndpoint)
      const problems = await Promise.all(some.map((entry) => sendEntry(gateway, held, site, entry)))
      const failed = problems.findIndex((problem) => problem !== undefined)
      const problem = problems[failed]
      if (problem) return giveBack(gateway, held, (some[failed]?.position ?? position + 1) - 1, problem)
      position = some.at(-1)?.position ?? position
      const options = { leaseMs: leaseMs(webhooks.bounds), now: now() }
      if (!(await store.webhooks.advance(held, position, options))) return
    }
  }
}

async function sendEntry(
  gateway: Gateway,
  held: HeldWebhook,
  site: SiteRef,
  entry: FeedEntry,
): Promise<GatewayError | undefined> {
  const type = typeOf(entry)
  if (type === undefined || (held.events.length > 0 && !held.events.includes(type))) return undefined
  return send(gateway, held, await toEvent(gateway, site, entry, type))
}

/** What went wrong, if anything. */
async function send(
  { webhooks, meter, now }: Gateway,
  { url, secret }: HeldWebhook,
  event: HookEvent,
): Promise<GatewayError | undefined> {
  const { call, bounds, controller } = webhooks
  const { signal } = controller
  signal.throwIfAborted()
  const failure = await call(url, { ...signed(secret, event, now(), bounds), signal }).then(
    problemOf,
    GatewayError.from,
  )
  signal.throwIfAborted()
  meter.count('kith_webhooks_total', { outcome: failure?.code ?? 'ok' })
  return failure
}

/** The request that an event is sent as. */
export function signed(secret: string, event: HookEvent, at: number, { timeoutMs }: WebhookBounds) {
  const body = toBody(event)
  const headers = signHook(secret, { id: event.id, seconds: Math.floor(at / 1_000), body })
  return { headers, body, timeoutMs }
}

function problemOf({
  status,
  retryAfterSeconds,
}: {
  readonly status: number
  readonly retryAfterSeconds?: number
}): GatewayError | undefined {
  if (status >= 200 && status < 300) return undefined
  const message = `The endpoint answered with status ${status}.`
  // 410: it asks to be told no more.
  if (status === 410) return new GatewayError('discontinued', message)
  return new GatewayError('network_unavailable', message, { retryAfterSeconds })
}

async function giveBack(
  { store, webhooks, log, now }: Gateway,
  held: HeldWebhook,
  position: number,
  failure: GatewayError,
): Promise<void> {
  const { retryBaseMs, retryMaxMs, giveUpMs } = webhooks.bounds
  const at = now()
  // What was told since the last failure begins the count anew.
  const isFirst = position > held.position || held.failingSince === undefined
  const since = isFirst ? at : (held.failingSince ?? at)
  const attempt = isFirst ? 0 : held.attempt
  const isDisabled = failure.code === 'discontinued' || at - since >= giveUpMs
  const longest = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(attempt, 30))
  // Between half of it and the whole: endpoints that failed together do not all come again together.
  const pauseMs = Math.max((failure.retryAfterSeconds ?? 0) * 1_000, longest * (0.5 + Math.random() / 2))
  const dueInMs = Math.min(pauseMs, giveUpMs)
  const problem =
    failure.code === 'internal'
      ? { code: failure.code, message: 'Something went wrong on our side.' }
      : failure.problem
  if (failure.code === 'internal')
    log.error({ webhook: held.token, error: failure.cause }, 'telling failed unforeseen')
  if (isDisabled) log.warn({ webhook: held.token, site: held.siteId }, 'a webhook is told no more')
  await store.webhooks.fail(held, { position, problem, dueInMs, isDisabled, now: at })
}

/** Longer than one round of requests may take. */
function leaseMs({ timeoutMs }: WebhookBounds): number {
  return 2 * timeoutMs + 10_000
}
