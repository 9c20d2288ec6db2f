// Reads bodies under bounds: bytes of one, time for one, bytes of all that are under way.

import type { IncomingMessage } from 'node:http'
import { GatewayError } from '../core/errors.ts'

export interface BodyReader {
  hasBody(message: IncomingMessage): boolean
  /** Says so before a byte of it is read. */
  isTooLong(message: IncomingMessage): boolean
  /** The whole body, or what is wrong with it; undefined when the caller went away. What is too much is let go by. */
  read(message: IncomingMessage): Promise<Buffer | GatewayError | undefined>
  /** The connection cannot be used for a next request: this one's body never came. */
  isUnreadable(message: IncomingMessage): boolean
}

interface BodyLimits {
  readonly bodyBytes?: number
  readonly bodyBytesAtOnce?: number
  readonly bodyMs?: number
}

/** A reader whose bodies share one budget of memory. */
export function createBodyReader(limits: BodyLimits): BodyReader {
  const { bodyBytes = 1_048_576, bodyBytesAtOnce = 67_108_864, bodyMs = 10_000 } = limits
  const unreadable = new WeakSet<IncomingMessage>()
  let bytesAtOnce = 0

  const isTooLong = ({ headers }: IncomingMessage) => Number(headers['content-length'] ?? 0) > bodyBytes

  function read(message: IncomingMessage): Promise<Buffer | GatewayError | undefined> {
    return new Promise((resolve) => {
      const chunks: Buffer[] = []
      let length = 0
      const timer = setTimeout(() => {
        unreadable.add(message)
        finish(new GatewayError('invalid_request', `The body did not arrive within ${bodyMs / 1_000} s.`))
      }, bodyMs)

      function finish(result: Buffer | GatewayError | undefined): void {
        clearTimeout(timer)
        bytesAtOnce -= length
        message.off('data', take).off('end', end).off('close', close)
        // The rest is let go by, so that the connection stays of use and the caller reads the answer.
        if (!message.complete) message.resume()
        resolve(result)
      }

      function take(chunk: Buffer): void {
        length += chunk.length
        bytesAtOnce += chunk.length
        chunks.push(chunk)
        if (length > bodyBytes) finish(tooLarge())
        else if (bytesAtOnce > bodyBytesAtOnce) finish(overloaded())
      }

      const end = () => finish(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, length))
      const close = () => finish(undefined)
      message.on('data', take).on('end', end).on('close', close)
      if (isTooLong(message)) {
        if (message.headers.expect !== undefined) unreadable.add(message)
        finish(tooLarge())
      }
    })
  }

  function tooLarge(): GatewayError {
    return new GatewayError('too_large', `The body is longer than ${bodyBytes} bytes.`)
  }

  return {
    read,
    isTooLong,
    hasBody: ({ headers }) =>
      headers['transfer-encoding'] !== undefined ||
      (headers['content-length'] !== undefined && headers['content-length'] !== '0'),
    isUnreadable: (message) => unreadable.has(message),
  }
}

function overloaded(): GatewayError {
  return new GatewayError('overloaded', 'Too many bodies are being read at the moment.', {
    retryAfterSeconds: 1,
  })
}
