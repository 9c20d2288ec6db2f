// The sockets: one pool per origin, HTTP/1.1, every connect seen by the guard.

import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { Agent, buildConnector, errors } from 'undici'
import { GatewayError } from '../core/errors.ts'
import { letGo } from '../core/let-go.ts'
import { type Bytes, piecesIn } from '../core/stretch.ts'
import { afterDeadline, type Deadline } from './deadline.ts'
import type { Guard } from './guard.ts'
import type { NetworkOptions } from './options.ts'

/** One HTTP request, ready to be written. */
export interface HttpCall {
  readonly method: string
  /** Where it is sent. */
  readonly url: URL
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Text, or bytes in pieces that are written one after another. */
  readonly body?: string | readonly Bytes[]
  /** An answer that is too long is cut there instead of refused: its status is what counts. */
  readonly isCut?: boolean
}

export interface HttpAnswer {
  readonly status: number
  /** Names in lower case; doubled headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Pool {
  /**
   * Sends once and reads the whole answer. `network_unreached` when nothing was written, `network_silent` when
   * something was and no whole answer came, `network_unreadable` when the answer is too long or no HTTP.
   */
  exchange(call: HttpCall, name: string, deadline: Deadline): Promise<HttpAnswer>
  close(): Promise<void>
}

export function createPool(options: NetworkOptions, guard: Guard): Pool {
  // The gate counts requests per network; in the sandbox many networks share one origin.
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: options.keepAliveMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: guardedConnector(options, guard),
  })
  let freeing: Promise<void> | undefined
  // The library keeps a socket to itself for one turn of the event loop after an answer; who asks again within it would
  // open another connection.
  const noteEnd = () => {
    const freed = new Promise<void>((resolve) => {
      // Behind what the library has put there when this call returns.
      queueMicrotask(() =>
        setImmediate(() => {
          if (freeing === freed) freeing = undefined
          resolve()
        }),
      )
    })
    // That of the latest answer: its socket is free last.
    freeing = freed
  }
  return {
    async exchange(call, name, deadline) {
      if (freeing) await freeing
      return exchange(agent, call, { name, deadline, noteEnd, ...options })
    },
    close: () => agent.destroy(),
  }
}

/** Connects to whatever the guard lets pass. */
export function guardedConnector(
  { connectTimeoutMs }: Pick<NetworkOptions, 'connectTimeoutMs'>,
  guard: Guard,
): buildConnector.connector {
  const connectors = new Map<string, buildConnector.connector>()
  const connectorOf = (port: string) => {
    const known = connectors.get(port)
    if (known) return known
    const connector = buildConnector({
      allowH2: false,
      timeout: connectTimeoutMs,
      lookup: guard.lookup(port),
    })
    if (connectors.size < 100) connectors.set(port, connector)
    return connector
  }
  return (target, done) => {
    const port = target.port || (target.protocol === 'https:' ? '443' : '80')
    try {
      // The socket does not resolve what is an address already.
      if (isIP(target.hostname)) guard.literal(target.hostname, port)
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), null)
      return
    }
    connectorOf(port)(target, done)
  }
}

interface Terms {
  readonly name: string
  readonly deadline: Deadline
  readonly bodyMaxBytes: number
  /** Told when an answer is complete, before anybody else. */
  noteEnd(): void
}

function exchange(agent: Agent, call: HttpCall, terms: Terms): Promise<HttpAnswer> {
  const { name, deadline, bodyMaxBytes, noteEnd } = terms
  return new Promise((resolve, reject) => {
    let abort: ((reason: Error) => void) | undefined
    let isWritten = false
    let isSettled = false
    let status = 0
    let headers: Readonly<Record<string, string>> = {}
    let size = 0
    const chunks: Buffer[] = []

    const settle = (act: () => void) => {
      if (isSettled) return
      isSettled = true
      deadline.signal.removeEventListener('abort', onEnd)
      act()
    }
    const fail = (error: GatewayError) => {
      settle(() => reject(error))
      abort?.(error)
    }
    const tooMuch = () => {
      if (!call.isCut) {
        fail(tooLong(name, bodyMaxBytes))
        return
      }
      settle(() => resolve({ status, headers, body: joined(chunks, size) }))
      abort?.(new Error('The rest is not read.'))
    }
    const onEnd = () =>
      fail(afterDeadline(deadline, isWritten ? 'network_silent' : 'network_unreached', name))
    if (deadline.signal.aborted) {
      onEnd()
      return
    }
    deadline.signal.addEventListener('abort', onEnd, { once: true })

    agent.dispatch(
      {
        origin: call.url.origin,
        path: `${call.url.pathname}${call.url.search}`,
        method: call.method,
        headers: { ...call.headers },
        body: typeof call.body === 'object' ? Readable.from(written(call.body)) : call.body,
      },
      {
        // Called when a connection stands and the request is about to be written.
        onRequestStart(controller) {
          abort = (reason) => controller.abort(reason)
          if (isSettled) controller.abort(new Error('Nobody waits any more.'))
          else isWritten = true
        },
        onResponseStart(_controller, statusCode, received) {
          status = statusCode
          headers = toHeaders(received)
          if (Number(headers['content-length'] ?? 0) > bodyMaxBytes) tooMuch()
        },
        onResponseData(_controller, chunk) {
          if (size + chunk.length > bodyMaxBytes) {
            tooMuch()
            return
          }
          size += chunk.length
          chunks.push(chunk)
        },
        onResponseEnd() {
          noteEnd()
          settle(() => resolve({ status, headers, body: joined(chunks, size) }))
        },
        onResponseError(_controller, error) {
          settle(() => reject(toGatewayError(error, isWritten, name)))
        },
      },
    )
  })
}

/** What cannot be read to its end is shorter than its length says, so whoever is asked does nothing of it. */
async function* written(body: readonly Bytes[]): AsyncGenerator<Uint8Array> {
  try {
    yield* piecesIn(body)
  } catch (error) {
    throw GatewayError.undone(error)
  }
}

/** One piece of memory; that of the pieces is given back as soon as the parser has done with them. */
function joined(chunks: readonly Buffer[], size: number): Buffer {
  const [only] = chunks
  if (only && chunks.length === 1) return only
  setImmediate(() => {
    for (const chunk of chunks) letGo(chunk)
  })
  return Buffer.concat(chunks, size)
}

function toHeaders(received: Readonly<Record<string, string | string[] | undefined>>) {
  const entries = Object.entries(received).flatMap(([header, value]) =>
    value === undefined
      ? []
      : [[header.toLowerCase(), Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(entries)
}

function tooLong(name: string, bytes: number): GatewayError {
  return new GatewayError('network_unreadable', `${name} answered with more than ${bytes} bytes.`)
}

// Codes of undici for an answer that is no HTTP, or has too many headers.
const UNREADABLE = /^(UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_|UND_ERR_RESPONSE)/

function toGatewayError(error: Error, isWritten: boolean, name: string): GatewayError {
  if (error instanceof GatewayError) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'UND_ERR_INVALID_ARG') {
    return new GatewayError('network_rejected', `The request to ${name} cannot be written as HTTP.`, {
      cause: error,
    })
  }
  if (!isWritten) {
    return new GatewayError('network_unreached', `${name} could not be reached.`, { cause: error })
  }
  if (error instanceof errors.HTTPParserError || UNREADABLE.test(code)) {
    return new GatewayError('network_unreadable', `${name} answered with something that is not HTTP.`, {
      cause: error,
    })
  }
  return new GatewayError('network_silent', `${name} broke off before its answer was complete.`, {
    cause: error,
  })
}
