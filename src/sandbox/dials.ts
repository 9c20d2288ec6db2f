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
  /** Part of the requests, 0 to 1, that are done and whose socket is closed without an answer. */
  readonly loseRate?: number
  /** How long the answer takes, in milliseconds, after the request has been done. */
  readonly answerMs?: number
  /** How long the network processes what was uploaded, in milliseconds. Default 300. */
  readonly processingMs?: number
  /** Processing ends in failure. */
  readonly processingFails?: boolean
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
  /** Only for requests of this method. */
  readonly method?: string
  /** The first so many requests that it would hold for are left alone. */
  readonly skip?: number
  /** Only for so many requests; then as if it had not been set. */
  readonly times?: number
}

/** What a dial decides for one request. */
export type Mishap =
  | { readonly kind: 'hang' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'fail'; readonly status: number }
  | { readonly kind: 'none' }

export interface Dials {
  set(host: string, dial: Dial): void
  /** The dial that holds for this request, counting it: the host's own, or the one of `*` where that does not. */
  take(host: string, path: string, method: string): Dial | undefined
  mishap(dial: Dial): Mishap
  /** Milliseconds. */
  delay(dial: Dial): number
  /** How many requests were dropped, or answers lost, so far. */
  readonly lost: number
  clear(): void
}

/** Keeps dials; chance comes from the seed, so that a run can be repeated. */
export function createDials(seed: number): Dials {
  const dials = new Map<string, { dial: Dial; left: number; skip: number }>()
  let drawn = 0
  let lost = 0
  const chance = () => mix(seed, ++drawn, 31) / 2 ** 32

  return {
    set(host, dial) {
      dials.set(host, { dial, left: dial.times ?? Number.POSITIVE_INFINITY, skip: dial.skip ?? 0 })
    },
    take(host, path, method) {
      if (dials.size === 0) return undefined
      const entry = [dials.get(host), dials.get('*')].find((each) => {
        if (!each || each.left <= 0 || !path.startsWith(each.dial.path ?? '')) return false
        return (each.dial.method ?? method) === method
      })
      if (!entry || entry.skip-- > 0) return undefined
      entry.left--
      return entry.dial
    },
    get lost() {
      return lost
    },
    mishap(dial) {
      if (dial.hang) return { kind: 'hang' }
      if (dial.dropRate && chance() < dial.dropRate) {
        lost++
        return { kind: 'drop' }
      }
      const failRate = dial.failRate ?? (dial.status === undefined ? 0 : 1)
      if (failRate > 0 && chance() < failRate) return { kind: 'fail', status: dial.status ?? 503 }
      if (dial.loseRate && chance() < dial.loseRate) {
        lost++
        return { kind: 'lose' }
      }
      return { kind: 'none' }
    },
    delay: ({ latencyMs = 0, jitterMs = 0 }) => latencyMs + (jitterMs > 0 ? chance() * jitterMs : 0),
    clear() {
      dials.clear()
      drawn = 0
    },
  }
}
