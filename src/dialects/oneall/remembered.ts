// The hot path: whole answers, kept while the database does not change.

import type { Gateway } from '../../core/gateway.ts'
import type { WireAnswer, WireRequest } from '../dialect.ts'
import { createBoundedMap } from './bounded.ts'
import { dateLine, type Reply } from './envelope.ts'

export interface Remembered {
  /** The kept answer to this very request, with the date of now; undefined when it must be made anew. */
  find(request: WireRequest, gateway: Gateway): WireAnswer | undefined
  /** What the database stood at when `find` looked for this request; undefined when it had no reason to ask. */
  generationOf(request: WireRequest): number | undefined
  /** Keeps an answer that `find` has not found a moment ago, where its reply says until when it holds. */
  keep(request: WireRequest, reply: Reply, answer: WireAnswer): void
}

interface Kept {
  /** Of the database, before anything was read for this answer. */
  readonly generation: number
  readonly until: number
  readonly headers: WireAnswer['headers']
  /** All after the date; one piece from the second use on. */
  rest: readonly Uint8Array[]
  /** The answer of this second since 1970, the same object for all who ask within it. */
  answer: WireAnswer
  second: number
}

/** Keeps answers up to so many bytes; never where other processes change the database unseen. */
export function createRemembered(maxBytes: number): Remembered {
  const kept = createBoundedMap<Kept>(maxBytes)
  const generations = new WeakMap<WireRequest, number>()

  return {
    find(request, gateway) {
      if (!isRememberable(request)) return undefined
      const generation = gateway.store.generation?.()
      if (generation === undefined) return undefined
      const key = keyOf(request)
      const found = kept.find(key)
      if (found?.generation === generation && gateway.now() < found.until) return ofNow(found, gateway.now())
      if (found) kept.remove(key)
      generations.set(request, generation)
      return undefined
    },

    generationOf: (request) => generations.get(request),

    keep(request, { keepUntil: until }, { headers, body, status }) {
      const generation = generations.get(request)
      if (until === undefined || generation === undefined || status !== 200) return
      if (body instanceof Uint8Array) return
      const key = keyOf(request)
      const rest = body.slice(1)
      const bytes = rest.reduce((sum, { length }) => sum + length, key.length + OVERHEAD_BYTES)
      const answer = { status, headers, body }
      kept.save(key, { generation, until, headers, rest, answer, second: 0 }, bytes)
    },
  }
}

/** What an entry costs beside its bytes, about. */
const OVERHEAD_BYTES = 1_024

/** The same answer, naming the second it is given in. */
function ofNow(found: Kept, now: number): WireAnswer {
  const second = Math.floor(now / 1_000)
  if (second === found.second) return found.answer
  // Whoever is asked for twice is worth copying together: one piece is written faster than many.
  if (found.rest.length > 1) found.rest = [Buffer.concat(found.rest)]
  found.second = second
  found.answer = { status: 200, headers: found.headers, body: [dateLine(now), ...found.rest] }
  return found.answer
}

// Who asks, at which host, for what: a wrong key is another key.
function keyOf({ headers, host, target }: WireRequest): string {
  return `${headers.authorization}\n${host}\n${target}`
}

function isRememberable({ method, path, headers }: WireRequest): boolean {
  return method === 'GET' && headers.authorization !== undefined && path.endsWith('.json')
}
