// A network that fails again and again is left alone for a while, then tried with one request.

import { GatewayError } from '../core/errors.ts'
import type { Log, Meter } from '../core/gateway.ts'
import type { Provider } from '../core/provider.ts'
import { createBoundedMap } from './bounded-map.ts'

/** How a request went: `unknown` says nothing about the network (its caller left, or we did not ask). */
export type Verdict = 'well' | 'failed' | 'unknown'

export interface Breaker {
  /**
   * Asks leave for one request; the answer takes its verdict. Throws `network_unavailable`, naming until when, while
   * the origin is left alone.
   */
  enter(provider: Pick<Provider, 'id' | 'name'>, origin: string): (verdict: Verdict) => void
}

interface State {
  readonly provider: string
  failures: number
  openUntil?: number
  isOnTrial: boolean
}

export function createBreaker(parts: {
  readonly failures: number
  readonly openMs: number
  readonly now: () => number
  readonly log: Log
  readonly meter: Meter
}): Breaker {
  const { now, log, meter } = parts
  // Only origins that fail are kept.
  const states = createBoundedMap<State>(10_000)

  const showOpen = (provider: string) => {
    let open = 0
    for (const state of states.values()) if (state.provider === provider && state.openUntil) open += 1
    meter.gauge('kith_breaker_open', { provider }, open)
  }

  return {
    enter(provider, origin) {
      const key = `${provider.id} ${origin}`
      const state = states.find(key)
      if (state?.openUntil !== undefined && (state.isOnTrial || now() < state.openUntil)) {
        throw leftAlone(provider, state.openUntil, { now: now(), failures: parts.failures })
      }
      const isTrial = state?.openUntil !== undefined
      if (state && isTrial) state.isOnTrial = true

      const open = (failing: State) => {
        failing.openUntil = now() + parts.openMs
        states.save(key, failing)
        showOpen(provider.id)
        log.warn({ provider: provider.id, origin, openMs: parts.openMs }, 'network left alone')
      }
      const close = (failed: State) => {
        states.remove(key)
        if (failed.openUntil === undefined) return
        showOpen(provider.id)
        log.info({ provider: provider.id, origin }, 'network answers again')
      }
      return (verdict) => {
        const current = states.find(key)
        if (isTrial && current) current.isOnTrial = false
        if (verdict === 'unknown') return
        // What began before the origin was left alone says nothing about how it is now.
        if (!isTrial && current?.openUntil !== undefined) return
        if (verdict === 'well') {
          if (current) close(current)
          return
        }
        const failing: State = current ?? { failures: 0, isOnTrial: false, provider: provider.id }
        failing.failures += 1
        if (isTrial || failing.failures >= parts.failures) open(failing)
        else states.save(key, failing)
      }
    },
  }
}

function leftAlone(
  { name }: Pick<Provider, 'name'>,
  openUntil: number,
  { now, failures }: { readonly now: number; readonly failures: number },
): GatewayError {
  const until = new Date(Math.max(openUntil, now)).toISOString()
  return new GatewayError(
    'network_unavailable',
    `${name} failed ${failures} times in a row and is left alone until ${until}.`,
    { retryAfterSeconds: Math.max(1, Math.ceil((openUntil - now) / 1000)) },
  )
}
