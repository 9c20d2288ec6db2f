// Whether and when a request is repeated.

import type { GatewayError } from '../core/errors.ts'
import type { NetworkOptions } from './options.ts'

export interface Failed {
  readonly error: GatewayError
  /** Of the network's answer, where there was one. */
  readonly status?: number
  /** False when we did not ask the network at all: a limit that is known, an origin left alone, a full queue. */
  readonly wasAsked: boolean
}

/**
 * A GET is repeated when its error may pass. Everything else only when it certainly did nothing: no byte was written,
 * or the network answered 429 or 503.
 */
export function mayRepeat(method: string, failed: Failed): boolean {
  if (!failed.wasAsked || !failed.error.retryable) return false
  return method === 'GET' || didNothing(failed)
}

/** Whether it is certain that the network has done nothing of what was asked. */
export function didNothing({ error, status, wasAsked }: Failed): boolean {
  if (!wasAsked || error.code === 'network_unreached') return true
  return error.code === 'rate_limited' || status === 503
}

/** Exponential with full jitter, in milliseconds; never less than what the network asked for. */
export function pauseMs(
  repeat: number,
  { retryBaseMs, retryMaxMs }: Pick<NetworkOptions, 'retryBaseMs' | 'retryMaxMs'>,
  { random, retryAfterSeconds = 0 }: { readonly random: () => number; readonly retryAfterSeconds?: number },
): number {
  const longest = Math.min(retryMaxMs, retryBaseMs * 2 ** repeat)
  return Math.max(retryAfterSeconds * 1000, random() * longest)
}
