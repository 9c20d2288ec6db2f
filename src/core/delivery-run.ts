// What the steps of a delivery stand on: the lease, the draft, and what an error says.

import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { goneProblem } from './gone.ts'
import { interruptible } from './interruptible.ts'
import type { Identity } from './model.ts'
import type { Network, Provider } from './provider.ts'
import type { Draft, Publish } from './publish.ts'
import type { Held, Progress, Then } from './sharing-store.ts'
import { whileBusy } from './while-busy.ts'

/** A publication with all that its steps need. */
export interface Run {
  readonly gateway: Gateway
  readonly held: Held
  readonly provider: Provider
  readonly publish: Publish
  readonly identity: Identity
  /** For what may be interrupted: all but the visible request. */
  readonly network: Network
  readonly draft: Draft
  readonly signal: AbortSignal
}

/** What a delivery needs, or why there can be none. */
export function toRun(gateway: Gateway, held: Held, signal: AbortSignal): Run | Problem {
  const provider = gateway.providers.get(held.provider)
  const { identity } = held
  if (!identity) return { code: 'not_found', message: 'The account is no longer linked to this user.' }
  const refusal = provider && cannotPublish(provider, identity)
  if (!provider?.publish || refusal) return refusal ?? noPublishing(held.provider)
  const { publish } = provider
  const limits = typeof publish.limits === 'function' ? publish.limits(identity) : publish.limits
  const { media } = gateway
  const { link } = held.rendered
  const draft: Draft = {
    ...held.rendered,
    key: held.key,
    at: held.sendAt,
    open: (medium) => media.open(medium, limits),
    address: (medium) => media.address(medium, limits),
    // A card is made of the page itself: to follow our own short link would be a click that nobody made.
    card: (url, image) => media.card(url === link?.url ? (link.target ?? url) : url, image),
  }
  const network = interruptible(gateway.open(identity), signal)
  return { gateway, held, provider, publish, identity, network, draft, signal }
}

/** Why nothing can be published through this identity; undefined when it can. */
export function cannotPublish(provider: Provider, identity: Identity): Problem | undefined {
  if (provider.publish) return provider.publish.refuses?.(identity)
  return goneProblem(provider) ?? noPublishing(provider.name)
}

/** What is said of a network that takes no messages. */
export function noPublishing(name: string): Problem {
  return { code: 'unsupported', message: `${name} cannot be published to.` }
}

/** Keeps the lease as long as the delivery goes on; aborts it when the lease is lost. */
export function keepLease(
  { store, log, deliveries }: Gateway,
  held: Held,
  controller: AbortController,
): { stop(): void } {
  const { leaseMs } = deliveries.bounds
  const timer = setInterval(renew, leaseMs / 3)
  timer.unref()

  async function renew(): Promise<void> {
    try {
      if (!(await store.publications.renew(held, leaseMs))) controller.abort()
    } catch (error) {
      log.warn({ publication: held.key, error }, 'a lease could not be renewed')
    }
  }
  return { stop: () => clearInterval(timer) }
}

/** Stores a step; `taken` when the post that was found is another publication's. */
export function save(
  { store }: Gateway,
  held: Held,
  progress: Progress,
  then: Then,
): Promise<'saved' | 'lost' | 'taken'> {
  // What the network has answered would be lost with it. `conflict`: two publications wanted one post at the same
  // moment; by now it is known whose it is.
  return whileBusy(() => store.publications.save(held, progress, then))
}

/** Whether a visible request may have left. */
export function isSent({ state }: Progress): boolean {
  return state === 'committing' || state === 'pending'
}

/** Whether the network itself, still, keeps a repeated request from becoming a second post. */
export function mayRepeat({ gateway, publish, identity }: Run, progress: Progress): boolean {
  const { once } = publish
  const { attemptsMax, skewMs } = gateway.deliveries.bounds
  if (!once || progress.committedAt === undefined || progress.attempt >= attemptsMax) return false
  if (once.software && !once.software.includes(identity.software ?? '')) return false
  return gateway.now() - progress.committedAt < once.seconds * 1_000 - skewMs
}

/** After so many tries; never less than what the network asked for. */
export function pauseMs(
  { deliveries }: Gateway,
  attempt: number,
  { retryAfterSeconds = 0 }: Problem,
): number {
  const { retryBaseMs, retryMaxMs } = deliveries.bounds
  return Math.max(retryAfterSeconds * 1_000, Math.min(retryMaxMs, retryBaseMs * 4 ** (attempt - 1)))
}

/** What an error says of the visible request: it was not done, it was refused, or nothing. */
export function verdictOn(failure: GatewayError): 'undone' | 'refused' | 'unsure' {
  switch (failure.code) {
    case 'network_unreached':
    case 'rate_limited':
      return 'undone'
    // Ours, or theirs: either can come after the request has left.
    case 'overloaded':
    case 'throttled':
    case 'network_silent':
    case 'network_unavailable':
    case 'network_unreadable':
    case 'internal':
      return failure.isUndone ? 'undone' : 'unsure'
    default:
      return 'refused'
  }
}

/** Any error as ours; one that nobody foresaw is written down. */
export function logged({ gateway, held }: Run, error: unknown): GatewayError {
  const failure = GatewayError.from(error)
  if (failure.code === 'internal') {
    gateway.log.error({ publication: held.key, error: failure.cause }, 'publishing failed unforeseen')
  }
  return failure
}

/** What is said when a network did not. */
export function silent({ provider }: Run, what: string): Problem {
  return { code: 'network_silent', message: `${provider.name} ${what}` }
}
