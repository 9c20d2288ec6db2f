// The whole life of a request, the same for every dialect: remembered, or authenticated, parsed, run and wrapped.

import { GatewayError } from '../core/errors.ts'
import type { Gateway, Log, Meter } from '../core/gateway.ts'
import type { Dialect, WireAnswer, WireRequest } from './dialect.ts'
import { parseInput } from './input.ts'
import type { RouteTable } from './routes.ts'

/** A dialect with its routes as a table. */
export interface Face {
  readonly dialect: Dialect
  readonly table: RouteTable
}

/** Answers in the dialect's envelope whatever happens; never throws, never rejects. What is remembered asks for no signal. */
export type Serve = (
  face: Face,
  request: WireRequest,
  signal: () => AbortSignal,
) => WireAnswer | Promise<WireAnswer>

export interface ServeParts {
  readonly gateway: Gateway
  readonly log: Log
  readonly meter: Meter
  /** Requests at once; more are `overloaded`. */
  readonly inFlight: number
  readonly inFlightPerSite: number
}

/** One Serve with its own count of what is in flight; `busy` says how many that is. */
export function createServe(parts: ServeParts): { readonly serve: Serve; busy(): number } {
  const { gateway, log, meter } = parts
  const labels = createLabels()
  const bySite = new Map<number, { busy: number }>()
  let inFlight = 0

  function serve(
    face: Face,
    request: WireRequest,
    signal: () => AbortSignal,
  ): WireAnswer | Promise<WireAnswer> {
    const { dialect } = face
    if (request.flaw) return count(dialect, '(flawed)', fail(dialect, request, request.flaw, signal))
    try {
      const remembered = dialect.remembered?.(request, gateway)
      if (remembered) return count(dialect, '(remembered)', remembered)
    } catch (error) {
      return count(dialect, '(remembered)', fail(dialect, request, error, signal))
    }
    if (inFlight < parts.inFlight) return run(face, request, signal)
    return count(dialect, '(refused)', fail(dialect, request, overloaded(), signal))
  }

  async function run(
    { dialect, table }: Face,
    request: WireRequest,
    signal: () => AbortSignal,
  ): Promise<WireAnswer> {
    const startedAt = performance.now()
    const { route, parameters, methods } = table.match(request.method, pathAsSpelled(request))
    const name = route?.path ?? '(unknown)'
    let site: { busy: number } | undefined
    inFlight++
    let answer: WireAnswer
    try {
      const caller = await dialect.authenticate(request, gateway, route)
      if (!route) throw unknownRoute(request, methods)
      site = enter(caller.site.id)
      const input = parseInput(route, dialect.input(request, route, parameters))
      const result = await route.run({ gateway, caller, input, request, signal: signal() })
      answer = dialect.success(result, request, caller)
    } catch (error) {
      answer = fail(dialect, request, error, signal)
    }
    inFlight--
    if (site) site.busy--
    const told = labels(dialect, name, answer.status)
    const seconds = (performance.now() - startedAt) / 1_000
    meter.seconds('request_seconds', told, seconds)
    meter.count('requests', told)
    log.debug({ requestId: request.id, method: request.method, ...told, seconds }, 'A request was answered.')
    return answer
  }

  /** Counts one more request of a site, or refuses it. */
  function enter(site: number): { busy: number } {
    const count = bySite.get(site) ?? { busy: 0 }
    if (count.busy >= parts.inFlightPerSite) throw overloaded()
    if (count.busy++ === 0) bySite.set(site, count)
    return count
  }

  function fail(
    dialect: Dialect,
    request: WireRequest,
    thrown: unknown,
    signal: () => AbortSignal,
  ): WireAnswer {
    const error = GatewayError.from(thrown)
    if (error.code === 'internal') {
      const fields = { requestId: request.id, dialect: dialect.id, cause: storyOf(error) }
      if (signal().aborted) log.debug(fields, 'A request whose caller has gone away failed.')
      else log.error(fields, 'A request failed for a reason we did not foresee.')
    }
    try {
      return withRetryAfter(dialect.failure(error, request), error)
    } catch (cause) {
      const fields = { requestId: request.id, dialect: dialect.id, cause: storyOf(cause) }
      log.error(fields, 'A dialect could not wrap a failure.')
      return BARE_FAILURE
    }
  }

  function count(dialect: Dialect, name: string, answer: WireAnswer): WireAnswer {
    meter.count('requests', labels(dialect, name, answer.status))
    return answer
  }

  return { serve, busy: () => inFlight }
}

/** What is answered when even a dialect's envelope fails. */
export const BARE_FAILURE: WireAnswer = { status: 500, headers: {}, body: Buffer.alloc(0) }

/** Why something failed, for the log alone: the stacks of the error and of what caused it. */
export function storyOf(error: unknown): string {
  const told: string[] = []
  for (let next = error; next !== undefined && told.length < 4; ) {
    told.push(next instanceof Error ? (next.stack ?? next.message) : String(next))
    next = next instanceof Error ? next.cause : undefined
  }
  return told.join('\ncaused by: ')
}

// A path we know, asked with a method it does not take, is as unknown to these wires as any other: none has a 405.
function unknownRoute({ method }: WireRequest, methods: readonly string[] | undefined): GatewayError {
  const message = methods
    ? `This address does not take ${method}; it takes ${methods.join(', ')}.`
    : 'There is nothing at this address.'
  return new GatewayError('unknown_route', message)
}

function overloaded(): GatewayError {
  return new GatewayError('overloaded', 'Too many requests are being answered at the moment.', {
    retryAfterSeconds: 1,
  })
}

function withRetryAfter(answer: WireAnswer, { retryAfterSeconds }: GatewayError): WireAnswer {
  if (retryAfterSeconds === undefined || answer.headers['Retry-After'] !== undefined) return answer
  return { ...answer, headers: { ...answer.headers, 'Retry-After': String(Math.ceil(retryAfterSeconds)) } }
}

function pathAsSpelled({ target, query, path }: WireRequest): string {
  if (!target.includes('%')) return path
  return query === undefined ? target : target.slice(0, target.length - query.length - 1)
}

type Labels = Readonly<Record<string, string>>

/** The same labels as the same object each time, so that a meter may know them by identity. */
function createLabels() {
  const known = new Map<Dialect, Map<string, Map<number, Labels>>>()
  return (dialect: Dialect, route: string, status: number): Labels => {
    const ofStatus = within(within(known, dialect), route)
    const labels = ofStatus.get(status) ?? { dialect: dialect.id, route, status: String(status) }
    if (!ofStatus.has(status)) ofStatus.set(status, labels)
    return labels
  }
}

function within<Key, InnerKey, Value>(outer: Map<Key, Map<InnerKey, Value>>, key: Key): Map<InnerKey, Value> {
  const inner = outer.get(key) ?? new Map<InnerKey, Value>()
  if (inner.size === 0) outer.set(key, inner)
  return inner
}
