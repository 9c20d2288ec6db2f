// The front of the wire APIs on node:http: reads a request once under limits, lets its dialect answer, writes the answer.

import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { GatewayError } from '../core/errors.ts'
import type { Gateway, Log, Meter } from '../core/gateway.ts'
import { type BodyReader, createBodyReader } from './body.ts'
import type { Dialect, WireAnswer, WireRequest } from './dialect.ts'
import { createPendings } from './pendings.ts'
import { createSight } from './proxies.ts'
import { createRouteTable } from './routes.ts'
import { BARE_FAILURE, createServe, type Face, storyOf } from './serve.ts'
import { toWireRequest } from './wire-request.ts'
import { refuseBadly, writeAnswer } from './write-answer.ts'

export interface FrontOptions {
  /** Id of the dialect that answers where none owns the address; the first one when absent. */
  readonly fallback?: string
  /** Addresses or CIDR ranges whose X-Forwarded headers are believed. Default none. */
  readonly proxies?: readonly string[]
  /** Of one request. Default 1 MiB. */
  readonly bodyBytes?: number
  /** Of all requests whose bodies are being read. Default 64 MiB. */
  readonly bodyBytesAtOnce?: number
  /** How long one body may take to arrive. Default 10 s. */
  readonly bodyMs?: number
  /** Of one request that may carry pictures and videos. Default 32 MiB. */
  readonly uploadBytes?: number
  /** Of all such requests whose bodies are being read. Default 128 MiB. */
  readonly uploadBytesAtOnce?: number
  /** How long one such body may take to arrive. Default 60 s. */
  readonly uploadMs?: number
  /** Default 8 KiB; the whole head is bounded by `serverOptions`. */
  readonly pathBytes?: number
  /** Names and values in query and form together. Default 1,000. */
  readonly pairs?: number
  /** Requests being answered at once; more are `overloaded`. Default 1,000. */
  readonly inFlight?: number
  /** Of one site. Default 500. */
  readonly inFlightPerSite?: number
}

export interface Front {
  /** Answers what comes over a socket. */
  readonly listener: RequestListener
  /** The same without a socket; never throws, never rejects. */
  answer(request: WireRequest, signal?: AbortSignal): WireAnswer | Promise<WireAnswer>
  /** Listens on this server, also to what is no proper request. `listener` may be one that first takes some paths. */
  attach(server: Server | SecureServer, listener?: RequestListener): void
  /** From now on every answer closes its connection; resolves when nothing is in flight. */
  drain(): Promise<void>
}

interface FrontParts {
  readonly dialects: readonly Dialect[]
  readonly gateway: Gateway
  readonly options?: FrontOptions
  readonly log?: Log
  readonly meter?: Meter
}

/** Options for `createServer`: heads of 64 KiB so that an over-long path gets an envelope, odd hosts let through. */
export function serverOptions({
  headBytes = 65_536,
  headMs = 10_000,
  uploadMs = UPLOAD_MS,
  keepAliveMs = 65_000,
} = {}) {
  return {
    maxHeaderSize: headBytes,
    headersTimeout: headMs,
    // Bodies have bounds of their own, which end sooner.
    requestTimeout: headMs + uploadMs + 10_000,
    connectionsCheckingInterval: 5_000,
    keepAliveTimeout: keepAliveMs,
    requireHostHeader: false,
    noDelay: true,
  } satisfies ServerOptions
}

/** The front over these dialects; throws when there is none, or when two routes of one claim the same address. */
export function createFront(parts: FrontParts): Front {
  const { dialects, gateway, options = {}, log = gateway.log, meter = gateway.meter } = parts
  const { inFlight = 1_000, inFlightPerSite = 500 } = options
  const faces = dialects.map((dialect): Face => ({ dialect, table: createRouteTable(dialect) }))
  const byDefault = faceOf(faces, options.fallback)
  const { serve, busy } = createServe({ gateway, log, meter, inFlight, inFlightPerSite })
  const sight = createSight(options.proxies ?? [])
  const small = createBodyReader(options)
  const { uploadBytes = UPLOAD_BYTES, uploadBytesAtOnce = 4 * UPLOAD_BYTES, uploadMs = UPLOAD_MS } = options
  const large = createBodyReader({
    bodyBytes: uploadBytes,
    bodyBytesAtOnce: uploadBytesAtOnce,
    bodyMs: uploadMs,
  })
  const uploaders = dialects.flatMap(({ takesUploads }) => takesUploads ?? [])
  const pending = createPendings()
  let isDraining = false
  let whenIdle: (() => void)[] = []
  let unfinished: (() => void)[] = []

  function answer(request: WireRequest, signal: () => AbortSignal): WireAnswer | Promise<WireAnswer> {
    try {
      const face = faces.find(({ dialect }) => dialect.owns(request)) ?? byDefault
      return serve(face, request, signal)
    } catch (error) {
      log.error({ requestId: request.id, cause: storyOf(error) }, 'A dialect could not say what it owns.')
      return BARE_FAILURE
    }
  }

  function readerOf({ method, url = '' }: IncomingMessage): BodyReader {
    if (method !== 'POST' || uploaders.length === 0) return small
    const mark = url.indexOf('?')
    const path = mark === -1 ? url : url.slice(0, mark)
    return uploaders.some((takesUploads) => takesUploads(path)) ? large : small
  }

  function listener(message: IncomingMessage, response: ServerResponse): void {
    const bodies = readerOf(message)
    if (bodies.hasBody(message)) void respondAfterBody(message, response, bodies)
    else respond(message, response, undefined, flawOf(message))
  }

  async function respondAfterBody(message: IncomingMessage, response: ServerResponse, { read }: BodyReader) {
    pending.set(message.socket, { response })
    const body = await read(message)
    if (body === undefined) settle(message)
    else if (body instanceof GatewayError) respond(message, response, undefined, body)
    else respond(message, response, body, flawOf(message))
  }

  function respond(
    message: IncomingMessage,
    response: ServerResponse,
    body: Buffer | undefined,
    flaw: GatewayError | undefined,
  ): void {
    const headers = toHeaders(message)
    const seen = sight(message.socket.remoteAddress ?? '', headers)
    const request = toWireRequest(
      {
        method: message.method ?? '',
        target: message.url ?? '',
        headers,
        body,
        flaw,
        scheme: seen.scheme ?? (message.socket instanceof TLSSocket ? 'https' : 'http'),
        host: seen.host,
        address: seen.address,
        at: gateway.now(),
      },
      options,
    )
    let aborter: AbortController | undefined
    const aborted = () => {
      aborter ??= new AbortController()
      return aborter
    }
    const answered = answer(request, () => aborted().signal)
    if (answered instanceof Promise) {
      pending.set(message.socket, { response, abort: () => aborted().abort() })
      void answered.then((later) => {
        const finish = () => {
          write(message, response, request, later)
          settle(message)
        }
        if (bytesOf(later) < LARGE_BYTES) finish()
        else finishSoon(finish)
      })
    } else {
      write(message, response, request, answered)
      if (body || flaw) settle(message)
    }
  }

  /** With the other large answers of this turn, so that who reads is woken once, and reads while we write. */
  function finishSoon(finish: () => void): void {
    if (unfinished.length === 0) setImmediate(finishAll)
    unfinished.push(finish)
  }

  function finishAll(): void {
    const some = unfinished
    unfinished = []
    for (const finish of some) finish()
  }

  function write(
    message: IncomingMessage,
    response: ServerResponse,
    request: WireRequest,
    what: WireAnswer,
  ): void {
    if (response.destroyed) return
    const isLast = isDraining || readerOf(message).isUnreadable(message)
    try {
      writeAnswer(response, what, { isHead: request.method === 'HEAD', isLast })
    } catch (error) {
      log.error({ requestId: request.id, cause: storyOf(error) }, 'An answer could not be written.')
      if (response.headersSent) response.destroy()
      else writeAnswer(response, BARE_FAILURE, { isLast: true })
    }
  }

  function settle({ socket }: IncomingMessage): void {
    pending.delete(socket)
    if (!isDraining || busy() > 0 || pending.size > 0) return
    for (const resolve of whenIdle) resolve()
    whenIdle = []
  }

  return {
    listener,
    answer: (request, signal = NEVER) => answer(request, () => signal),
    attach(server, ownListener = listener) {
      // A reader that takes nothing for so long is not coming back.
      server.setTimeout(120_000)
      const watch = (socket: Duplex) => {
        socket.once('close', () => pending.get(socket)?.abort?.())
      }
      server.on('connection', watch).on('secureConnection', watch)
      server.on('request', ownListener)
      server.on('checkContinue', (message: IncomingMessage, response: ServerResponse) => {
        if (!readerOf(message).isTooLong(message)) response.writeContinue()
        ownListener(message, response)
      })
      server.on('checkExpectation', ownListener)
      server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
        refuseBadly(socket, error.code, pending.get(socket)?.response.headersSent ?? false)
      })
      server.on('connect', (_message: IncomingMessage, socket: Duplex) => {
        refuseBadly(socket, 'CONNECT', false)
      })
    },
    async drain() {
      isDraining = true
      if (busy() > 0 || pending.size > 0) await new Promise<void>((resolve) => whenIdle.push(resolve))
    },
  }
}

/** From this size on, answers are written at the end of a turn: of 43 KB 19,000 a second go out instead of 13,200. */
const LARGE_BYTES = 16_384

function bytesOf({ body }: WireAnswer): number {
  return body instanceof Uint8Array ? body.length : body.reduce((sum, { length }) => sum + length, 0)
}

function faceOf(faces: readonly Face[], id: string | undefined): Face {
  const face = id === undefined ? faces[0] : faces.find(({ dialect }) => dialect.id === id)
  if (face) return face
  throw new Error(id === undefined ? 'A front needs a dialect.' : `There is no dialect '${id}'.`)
}

const UPLOAD_BYTES = 33_554_432
const UPLOAD_MS = 60_000

const NEVER = new AbortController().signal

// Two hosts could be one for a proxy and the other for us. https://www.rfc-editor.org/rfc/rfc9112#section-3.2
function flawOf({ rawHeaders }: IncomingMessage): GatewayError | undefined {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts > 1 ? new GatewayError('invalid_request', 'The request names more than one host.') : undefined
}

function toHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  // `set-cookie` alone may be a list, and no request has business with it; all others are text: node:http joins them.
  if (headers['set-cookie'] !== undefined) delete headers['set-cookie']
  return headers as Readonly<Record<string, string>>
}
