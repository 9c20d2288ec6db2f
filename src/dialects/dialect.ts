// The seam to the callers. A dialect is a table of routes, one way to authenticate, and one envelope.

import type { ZodType } from 'zod'
import type { GatewayError } from '../core/errors.ts'
import type { Gateway } from '../core/gateway.ts'
import type { Site, User } from '../core/model.ts'
import type { Doorkeeper } from './access.ts'

/** What every dialect may be built with: `createOneAll(tools)`; one doorkeeper counts for all of them. */
export interface FrontTools {
  readonly doorkeeper: Doorkeeper
}

export interface Dialect<Result = unknown> {
  readonly id: string
  /** Is this address ours? Clients can move the host but not the path, so wire dialects share the root. */
  owns(request: WireRequest): boolean
  /** An answer kept whole, when nothing it depends on has changed: the hot path, before anything else. */
  remembered?(request: WireRequest, gateway: Gateway): WireAnswer | undefined
  /** Who is asking? Throws `unauthenticated` when nobody we know. The route is undefined for an unknown path. */
  authenticate(request: WireRequest, gateway: Gateway, route: Route<Result> | undefined): Promise<Caller>
  /** What the route's schema sees: names, empty values and booleans as the dialect's clients are known to send them. */
  input(request: WireRequest, route: Route<Result>, parameters: Readonly<Record<string, string>>): unknown
  readonly routes: readonly Route<Result>[]
  /** Whether a POST to this path, as spelled and without query, may carry pictures and videos. Asked for every body. */
  takesUploads?(path: string): boolean
  /** The path without what does not name the route, such as `.json`; the whole path when absent. */
  stem?(path: string): string
  success(result: Result, request: WireRequest, caller: Caller): WireAnswer
  failure(error: GatewayError, request: WireRequest): WireAnswer
}

export interface Route<Result = unknown> {
  readonly method: Method | readonly Method[]
  /** Without extension; `:name` matches one segment. */
  readonly path: string
  readonly summary: string
  readonly input: ZodType
  readonly output?: ZodType
  /** Which credentials it takes; the dialect's own when absent. */
  readonly access?: string
  run(call: Call<unknown>): Promise<Result>
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Call<Input> {
  readonly gateway: Gateway
  readonly caller: Caller
  readonly input: Input
  readonly request: WireRequest
  /** Aborted when the caller has gone away. */
  readonly signal: AbortSignal
}

/** Who is asking, and by what right. */
export interface Caller {
  readonly site: Site
  readonly user?: User
  readonly by: 'partner' | 'userKey' | 'session' | 'token' | 'nonce' | 'publishToken' | 'anonymous'
}

/** A request as it came over the wire, read once under the limits of the front. */
export interface WireRequest {
  /** 32 lower-case hex digits: in the log, in Gigya's callId, sent along to jobs. */
  readonly id: string
  readonly method: string
  /** Path and query exactly as spelled; an absolute-form target has lost its origin (see `host`). */
  readonly target: string
  /** Decoded once, without query; never contains NUL. */
  readonly path: string
  /** The query as spelled, without `?`; undefined when there was none. */
  readonly query?: string
  readonly scheme: 'http' | 'https'
  /** As spelled by the client, port included; '' when there was none. */
  readonly host: string
  /** Of the client: the peer, or what a configured proxy says. */
  readonly address: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /**
   * Query, then form body: name and value decoded, `+` as a space, doubled ones kept, in order. A body is a form when
   * its Content-Type says so and it does not begin with `{`; where a `+` is a plus, `queryPairs` reads `query` again.
   */
  readonly pairs: readonly Pair[]
  /** When the request arrived, in milliseconds since 1970. */
  readonly at: number
  /** What is wrong with the request itself; the front answers it with `failure`, and nothing else sees it. */
  readonly flaw?: GatewayError
}

export type Pair = readonly [name: string, value: string]

/**
 * What goes back. A large body in pieces is written in one go and never copied together. The front adds Content-Length,
 * Date, Connection and, where an error names a time, Retry-After.
 */
export interface WireAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | readonly Uint8Array[]
}

/** Keeps `input` and `run` agreed on one type. */
export function route<Input, Result>(
  spec: Omit<Route<Result>, 'input' | 'run'> & {
    input: ZodType<Input>
    run(call: Call<Input>): Promise<Result>
  },
): Route<Result> {
  // The schema has checked the input before `run` sees it: dialects/serve.ts.
  return spec as Route<Result>
}
