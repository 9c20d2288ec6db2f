// Access tokens that work: renewed before they end, by one process at a time, stored before they are used.

import { setMaxListeners } from 'node:events'
import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/gateway.ts'
import type { Identity, Tokens } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import type { Store } from '../core/store.ts'
import { type BoundedMap, createBoundedMap } from './bounded-map.ts'
import { type Deadline, openDeadline, pause, within } from './deadline.ts'
import { type Grant, type GrantParts, type Model, modelOf, relink, renewAtNetwork } from './grants.ts'

/** Tokens as they were read. */
export interface Held {
  readonly tokens: Tokens
  readonly version: number
}

export interface TokenKeeper {
  /** Tokens to be used now; renewed first when they are about to end. `relink_required` when there are none. */
  ready(identity: Identity, provider: Provider, deadline: Deadline): Promise<Held>
  /** Whether a refused token can be exchanged for another. */
  canRenew(provider: Provider, held: Held): boolean
  /** Others than these, which the network refused or which are about to end. */
  renewed(identity: Identity, provider: Provider, held: Held, deadline: Deadline): Promise<Held>
  /** Renews when it is time, or in any case. */
  renew(identity: Identity, provider: Provider, options: { readonly force: boolean }): Promise<void>
  /** Stops waiting for other processes; resolves when no renewal of our own is under way. */
  close(): Promise<void>
}

interface Parts extends GrantParts {
  readonly store: Pick<Store, 'tokens' | 'apps'>
  readonly log: Log
  readonly random: () => number
}

export function createTokenKeeper(parts: Parts): TokenKeeper {
  const { store, options, now } = parts
  const running = new Map<string, Promise<Held>>()
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  // Renewals whose outcome nobody knows: when they may be tried again. Extensions that failed: likewise.
  const unknownUntil = createBoundedMap<number>(50_000)
  const extendAfter = createBoundedMap<number>(50_000)

  const read = async (identity: Identity, provider: Provider) => {
    const held = await store.tokens.of(identity)
    if (held) return held
    throw relink(provider)
  }

  const isDue = (identity: Identity, provider: Provider, { tokens }: Held) => {
    const model = modelOf(provider, tokens)
    if (model === 'none' || tokens.expiresAt === undefined) return false
    const leftMs = tokens.expiresAt - now()
    if (model !== 'extends') return leftMs <= options.refreshAheadMs
    const mayTry = (extendAfter.find(keyOf(identity)) ?? 0) <= now()
    return mayTry && leftMs > 0 && leftMs <= options.extendAheadMs
  }

  /** One renewal per identity in this process; it goes on when its callers have left. */
  const share = (identity: Identity, provider: Provider, stale: Held, isRefused: boolean) => {
    const key = keyOf(identity)
    const known = running.get(key)
    if (known) return known
    const work = renewUnderLease(
      { ...parts, unknownUntil, closing: closing.signal },
      { identity, provider, stale, isRefused },
    ).finally(() => running.delete(key))
    running.set(key, work)
    return work
  }

  const renewed = (
    identity: Identity,
    provider: Provider,
    { held, deadline, isRefused }: { held: Held; deadline: Deadline; isRefused: boolean },
  ) => within(deadline, share(identity, provider, held, isRefused), () => notInTime(provider))

  return {
    async ready(identity, provider, deadline) {
      const held = await read(identity, provider)
      if (!isDue(identity, provider, held)) return held
      try {
        return await renewed(identity, provider, { held, deadline, isRefused: false })
      } catch (error) {
        const problem = GatewayError.from(error)
        const isExtension = modelOf(provider, held.tokens) === 'extends'
        if (isExtension) extendAfter.save(keyOf(identity), now() + options.extendPauseMs)
        const stillWorks = (held.tokens.expiresAt ?? 0) > now()
        if (stillWorks && (isExtension || problem.code !== 'relink_required')) return held
        throw problem
      }
    },
    canRenew: (provider, { tokens }) => ['rotates', 'stays'].includes(modelOf(provider, tokens)),
    renewed: (identity, provider, held, deadline) =>
      renewed(identity, provider, { held, deadline, isRefused: true }),
    async renew(identity, provider, { force }) {
      const held = await read(identity, provider)
      const isPossible = modelOf(provider, held.tokens) !== 'none'
      if (!isPossible || !(force || isDue(identity, provider, held))) return
      await share(identity, provider, held, force)
    },
    async close() {
      closing.abort()
      await Promise.allSettled(running.values())
    },
  }
}

interface Renewal {
  readonly identity: Identity
  readonly provider: Provider
  readonly stale: Held
  /** The network refused the stale token, or it was asked for in any case: waiting is better than using it. */
  readonly isRefused: boolean
}

interface LeaseParts extends Parts {
  readonly unknownUntil: BoundedMap<number>
  readonly closing: AbortSignal
}

async function renewUnderLease(parts: LeaseParts, renewal: Renewal): Promise<Held> {
  const { store, options, now, random, unknownUntil } = parts
  const { identity, provider, stale, isRefused } = renewal
  const key = keyOf(identity)
  const deadline = openDeadline(options.refreshDeadlineMs, parts.closing)
  try {
    for (;;) {
      const held = await store.tokens.of(identity)
      if (!held) throw relink(provider)
      if (held.version !== stale.version) return held
      const waitMs = (unknownUntil.find(key) ?? 0) - now()
      if (waitMs > 0) throw notInTime(provider, Math.ceil(waitMs / 1000))
      const claim = await store.tokens.claimRefresh(identity, held.version, options.refreshLeaseMs)
      if (claim.outcome === 'mine') {
        return await renewHolding(parts, renewal, claim.fence)
      }
      const stillWorks = !isRefused && (held.tokens.expiresAt ?? 0) > now()
      if (claim.outcome === 'taken' && stillWorks) return held
      const pauseMs = SHORTEST_PAUSE_MS + random() * (LONGEST_PAUSE_MS - SHORTEST_PAUSE_MS)
      if (!(await pause(pauseMs, deadline))) throw notInTime(provider)
    }
  } finally {
    deadline.close()
  }
}

const SHORTEST_PAUSE_MS = 30
const LONGEST_PAUSE_MS = 150

async function renewHolding(parts: LeaseParts, renewal: Renewal, fence: number): Promise<Held> {
  const { store, options, now, log, unknownUntil } = parts
  const { identity, provider, stale } = renewal
  const model = modelOf(provider, stale.tokens)
  const trace: Grant['trace'] = { isSent: false }
  const fields = { provider: provider.id, identity: identity.token, model }
  let fresh: Tokens
  // Its own time: a renewal that has been sent is not to be given up because others had to be waited for.
  const deadline = openDeadline(options.refreshDeadlineMs)
  try {
    const app = await store.apps.find({ id: identity.siteId }, provider.id, identity.server)
    const grant = { identity, provider, tokens: stale.tokens, app, deadline, trace }
    fresh = await renewAtNetwork(parts, grant)
  } catch (error) {
    const problem = GatewayError.from(error)
    if (isOutcomeUnknown(problem, model, trace)) {
      // The token may have been used up. Whoever sent it again now could end the whole grant, so the lease stays
      // until it ends by itself: https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2
      unknownUntil.save(keyOf(identity), now() + options.refreshLeaseMs)
      log.warn({ ...fields, code: problem.code }, 'renewal of access without a known outcome')
    } else {
      await store.tokens.releaseRefresh(identity, fence)
      log.warn({ ...fields, code: problem.code }, 'renewal of access failed')
    }
    throw problem
  } finally {
    deadline.close()
  }
  await storeFirmly(parts, renewal, { fence, fresh })
  log.info(fields, 'access renewed')
  const held = await store.tokens.of(identity)
  if (!held) throw relink(provider)
  return held
}

/** A refresh token that works once is lost when nobody knows whether the network has taken it. */
function isOutcomeUnknown({ code }: GatewayError, model: Model, { isSent, status }: Grant['trace']): boolean {
  if (model !== 'rotates' || !isSent) return false
  if (code === 'network_silent' || code === 'network_unreadable') return true
  return code === 'network_unavailable' && status !== undefined && status !== 503
}

/** The network has given new tokens and may have ended the old: a short fault of the store must not lose them. */
async function storeFirmly(
  { store, options, log }: LeaseParts,
  { identity, provider, stale }: Renewal,
  { fence, fresh }: { readonly fence: number; readonly fresh: Tokens },
): Promise<void> {
  for (let repeat = 0; ; repeat += 1) {
    try {
      if (await store.tokens.finishRefresh(identity, fence, fresh)) return
      // The lease ended too early. Unless others were stored meanwhile, these are the ones that work.
      const again = await store.tokens.claimRefresh(identity, stale.version, options.refreshLeaseMs)
      if (again.outcome === 'mine') await store.tokens.finishRefresh(identity, again.fence, fresh)
      return
    } catch (error) {
      if (repeat >= STORE_REPEATS) throw error
      log.error({ provider: provider.id, identity: identity.token, error }, 'new tokens not stored yet')
      await new Promise((resolve) => setTimeout(resolve, STORE_PAUSE_MS * 2 ** repeat))
    }
  }
}

const STORE_REPEATS = 5
const STORE_PAUSE_MS = 100

function keyOf({ siteId, id }: Identity): string {
  return `${siteId}:${id}`
}

function notInTime({ name }: Provider, retryAfterSeconds?: number): GatewayError {
  return new GatewayError('network_silent', `${name} has not renewed the access in time.`, {
    retryAfterSeconds,
  })
}
