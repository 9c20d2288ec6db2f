// The hot path: whole answers, kept while the database does not change.

import type { Gateway } from '../../core/gateway.ts'
import type { WireAnswer, WireRequest } from '../dialect.ts'
import { createRequestNote } from '../request-note.ts'
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
  /**
   * All after the date. Large pieces are lists of contacts that core keeps in its memory: held weakly, they go when
   * they go there.
   */
  rest: readonly (Uint8Array | WeakRef<Uint8Array>)[]
  /** The answer of this second since 1970, the same object for all who ask within it. */
  answer?: WireAnswer
  second: number
  /** How often it was asked for in this second. */
  uses: number
}

/** Pieces from this size on are not copied, and are somebody else's to keep. */
const LARGE_BYTES = 4_096
/** Asked for so often within a second, an answer is worth copying together: one piece is written faster than many. */
const HOT_USES = 32

/** Keeps answers up to so many bytes; never where other processes change the database unseen. */
export function createRemembered(maxBytes: number): Remembered {
  const kept = createBoundedMap<Kept>(maxBytes)
  const generations = createRequestNote<number>()

  return {
    find(request, gateway) {
      if (!isRememberable(request)) return undefined
      const generation = gateway.store.generation?.()
      if (generation === undefined) return undefined
      const key = keyOf(request)
      const found = kept.find(key)
      const holds = found?.generation === generation && gateway.now() < found.until
      const answer = holds ? ofNow(found, gateway.now(), (bytes) => kept.save(key, found, bytes)) : undefined
      if (answer) return answer
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
      const rest = body.slice(1).map((piece) => (piece.length < LARGE_BYTES ? piece : new WeakRef(piece)))
      kept.save(key, { generation, until, headers, rest, second: 0, uses: 0 }, weightOf(key, rest))
    },
  }
}

/** What an entry costs beside its bytes, about. */
const OVERHEAD_BYTES = 1_024

function weightOf(key: string, rest: Kept['rest']): number {
  return rest.reduce(
    (sum, piece) => sum + (piece instanceof WeakRef ? 0 : piece.length),
    key.length + OVERHEAD_BYTES,
  )
}

/**
 * The same answer, naming the second it is given in; undefined when one of its pieces has gone. `grow` is told the
 * bytes of an answer that was copied together.
 */
function ofNow(found: Kept, now: number, grow: (bytes: number) => void): WireAnswer | undefined {
  const second = Math.floor(now / 1_000)
  found.uses = second === found.second ? found.uses + 1 : 1
  if (second === found.second && found.answer && found.uses !== HOT_USES) return found.answer
  found.second = second
  const pieces: Uint8Array[] = []
  for (const piece of found.rest) {
    const bytes = piece instanceof WeakRef ? piece.deref() : piece
    if (!bytes) return undefined
    pieces.push(bytes)
  }
  const isHot = found.uses === HOT_USES && pieces.length > 1
  const rest = isHot ? [Buffer.concat(pieces)] : pieces
  if (isHot) {
    found.rest = rest
    grow((rest[0]?.length ?? 0) + OVERHEAD_BYTES)
  }
  const answer = { status: 200, headers: found.headers, body: [dateLine(now), ...rest] }
  // What is held weakly must not be held by the answer of a second either.
  found.answer = found.rest.some((piece) => piece instanceof WeakRef) ? undefined : answer
  return answer
}

// Who asks, at which host, for what: a wrong key is another key.
function keyOf({ headers, host, target }: WireRequest): string {
  return `${headers.authorization}\n${host}\n${target}`
}

function isRememberable({ method, path, headers }: WireRequest): boolean {
  return method === 'GET' && headers.authorization !== undefined && path.endsWith('.json')
}
