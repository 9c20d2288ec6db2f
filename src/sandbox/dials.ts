// How a pretend network misbehaves.

import { mix } from './hash.ts'
import type { Limit } from './limits.ts'

/** What to change about a host until the next reset; absent means as the real one. */
export interface Dial {
  /** How long an answer takes, in milliseconds; the clock starts when the request has been read. */
  readonly latencyMs?: number
  /** Up to this much more, evenly. */
  readonly jitterMs?: number
  /** Part of the requests, 0 to 1, that get `status` (503 without one) in the network's own form. */
  readonly failRate?: number
  /** Without `failRate`, every request gets it. */
  readonly status?: number
  /** The exact body to send with `status`. */
  readonly body?: string
  /** Part of the requests, 0 to 1, whose socket is closed once the request has been read. */
  readonly dropRate?: number
  /** No answer ever comes. */
  readonly hang?: boolean
  /** A proxy's HTML page instead of JSON, with the true status. */
  readonly htmlInsteadOfJson?: boolean
  /** Half of the body, with a Content-Length of the whole; then the socket is closed. */
  readonly truncatedBody?: boolean
  /** Instead of the network's own limits. */
  readonly rateLimit?: Limit
  /** Sent as Retry-After with every refusal and failure. */
  readonly retryAfterSeconds?: number
  /** Only for paths that begin so. */
  readonly path?: string
  /** Only for so many requests; then as if it had not been set. */
  readonly times?: number
}

/** What a dial decides for one request. */
export type Mishap =
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'fail'; readonly status: number }
  | { readonly kind: 'none' }

export interface Dials {
  set(host: string, dial: Dial): void
  /** The dial that holds for this request, counting it; the host's own, else the one of `*`. */
  take(host: string, path: string): Dial | undefined
  mishap(dial: Dial): Mishap
  /** Milliseconds. */
  delay(dial: Dial): number
  clear(): void
}

/** Keeps dials; chance comes from the seed, so that a run can be repeated. */
export function createDials(seed: number): Dials {
  const dials = new Map<string, { dial: Dial; left: number }>()
  let drawn = 0
  const chance = () => mix(seed, ++drawn, 31) / 2 ** 32

  return {
    set: (host, dial) => dials.set(host, { dial, left: dial.times ?? Number.POSITIVE_INFINITY }),
    take(host, path) {
      if (dials.size === 0) return undefined
      const entry = dials.get(host) ?? dials.get('*')
      if (!entry || entry.left <= 0 || !path.startsWith(entry.dial.path ?? '')) return undefined
      entry.left--
      return entry.dial
    },
    mishap(dial) {
      if (dial.hang) return { kind: 'hang' }
      if (dial.dropRate && chance() < dial.dropRate) return { kind: 'drop' }
      const failRate = dial.failRate ?? (dial.status === undefined ? 0 : 1)
      if (failRate > 0 && chance() < failRate) return { kind: 'fail', status: dial.status ?? 503 }
      return { kind: 'none' }
    },
    delay: ({ latencyMs = 0, jitterMs = 0 }) => latencyMs + (jitterMs > 0 ? chance() * jitterMs : 0),
    clear() {
      dials.clear()
      drawn = 0
    },
  }
}
