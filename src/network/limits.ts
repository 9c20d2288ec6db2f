// The networks' own limits: read from their answers, remembered until they end, shared through the store.

import { GatewayError } from '../core/errors.ts'
import type { Log } from '../core/gateway.ts'
import type { Identity } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import type { Store } from '../core/store.ts'
import { createBoundedMap } from './bounded-map.ts'
import type { NetworkOptions } from './options.ts'

type Headers = Readonly<Record<string, string>>

export interface Limits {
  /** Throws `rate_limited` while the network lets us do nothing in this scope. */
  check(provider: Provider, scope: string | undefined): Promise<void>
  /** Reads an answer's headers; remembers a limit that is met, also when the answer was a refusal for it. */
  note(scope: string | undefined, answer: LimitSignals): Promise<void>
  /** Whether an answer's headers say that this request was the last for now. */
  isSpent(provider: Provider, headers: Headers): boolean
}

export interface LimitSignals {
  readonly provider: Provider
  readonly headers: Headers
  /** The body of the answer. */
  readonly text?: string
  /** The answer was a refusal because of a limit. */
  readonly isRefusal: boolean
}

export function createLimits(parts: {
  readonly store: Pick<Store, 'limits'>
  readonly options: NetworkOptions
  readonly now: () => number
  readonly log: Log
}): Limits {
  const { store, options, now, log } = parts
  const known = createBoundedMap<{ readonly until: number; readonly askedAt: number }>(50_000)

  const untilOf = async (scope: string) => {
    const memory = known.find(scope)
    const isRecent = memory && now() - memory.askedAt < options.limitsRecheckMs
    if (memory && (isRecent || memory.until > now())) return memory.until
    const until = (await store.limits.until(scope)) ?? 0
    known.save(scope, { until, askedAt: now() })
    return until
  }

  const isSpent = ({ rateLimit }: Provider, headers: Headers) =>
    rateLimit !== undefined && Number.parseFloat(headers[rateLimit.remaining] ?? '1') <= 0

  return {
    isSpent,
    async check(provider, scope) {
      if (scope === undefined) return
      const until = await untilOf(scope)
      if (until <= now()) return
      throw new GatewayError('rate_limited', `${provider.name} does not take more requests for now.`, {
        retryAfterSeconds: Math.ceil((until - now()) / 1000),
      })
    },
    async note(scope, { provider, headers, text, isRefusal }) {
      if (scope === undefined) return
      if (!isRefusal && !isSpent(provider, headers)) return
      const waitMs =
        limitWaitMs(provider, headers, { now: now(), isRefusal, text }) ?? options.limitFallbackMs
      if (waitMs <= 0) return
      const until = now() + Math.min(waitMs, options.limitMaxMs)
      known.save(scope, { until, askedAt: now() })
      log.info(
        { provider: provider.id, scope, until: new Date(until).toISOString() },
        'limit of a network met',
      )
      try {
        await store.limits.block(scope, until)
      } catch (error) {
        // The answer is here, and this process knows the limit: neither may be lost because the others do not.
        log.warn({ provider: provider.id, scope, error }, 'a limit of a network could not be stored')
      }
    },
  }
}

/** Whose limit it is, as the store keeps it; undefined for an account that is not linked yet. */
export function scopeOf(provider: Provider, identity: Identity): string | undefined {
  const place = [provider.id, identity.server ?? ''].join(' ')
  switch (provider.rateLimit?.scope) {
    case 'server':
      return `${place} server`
    case 'app':
      return `${place} app ${identity.siteId}`
    default:
      return identity.id > 0 ? `${place} identity ${identity.siteId}:${identity.id}` : undefined
  }
}

/** Milliseconds until the network wants to hear from us again; undefined when it does not say. */
export function limitWaitMs(
  provider: Pick<Provider, 'rateLimit' | 'retryAfter'>,
  headers: Headers,
  {
    now,
    isRefusal,
    text = '',
  }: { readonly now: number; readonly isRefusal: boolean; readonly text?: string },
): number | undefined {
  const asked = isRefusal ? retryAfterMs(headers, now) : undefined
  if (asked !== undefined) return asked
  const seconds = isRefusal ? provider.retryAfter?.({ headers, text }, now) : undefined
  if (seconds !== undefined && Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const { rateLimit } = provider
  const reset = rateLimit && headers[rateLimit.reset]
  if (!rateLimit || reset === undefined) return undefined
  const at = rateLimit.as === 'iso' ? Date.parse(reset) : Number.parseFloat(reset) * 1000
  if (!Number.isFinite(at)) return undefined
  return Math.max(0, rateLimit.as === 'seconds' ? at : at - now)
}

/** `Retry-After` in milliseconds from now, given as seconds or as a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
export function retryAfterMs(headers: Headers, now: number): number | undefined {
  const value = headers['retry-after']?.trim()
  if (value === undefined || value === '') return undefined
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
