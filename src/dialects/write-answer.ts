// Puts an answer on its socket: with Content-Length, never chunked, in one write where it is small.

import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WireAnswer } from './dialect.ts'

/** Up to here head and body travel as one text, which is one write; beyond, the body is written as it lies. */
const SMALL_BYTES = 8_192

/** Writes the whole answer and ends it; throws, with nothing sent, when a header is not one. */
export function writeAnswer(
  response: ServerResponse,
  { status, headers, body }: WireAnswer,
  { isHead = false, isLast = false } = {},
): void {
  const length = lengthOf(body)
  const fields: string[] = []
  for (const name in headers) fields.push(name, headers[name] ?? '')
  // RFC 9110, 8.6: no Content-Length where there can be no body.
  const hasBody = status !== 204 && status !== 304
  if (hasBody) fields.push('Content-Length', String(length))
  if (isLast) fields.push('Connection', 'close')
  response.writeHead(status, fields)
  if (isHead || !hasBody || length === 0) response.end()
  else if (length <= SMALL_BYTES) response.end(toLatin1(body), 'latin1')
  else if (body instanceof Uint8Array) response.end(body)
  else {
    response.cork()
    for (const piece of body) response.write(piece)
    response.end()
    response.uncork()
  }
}

/** A bare answer to what is no HTTP that we can take, as long as no other answer has begun on this socket. */
export function refuseBadly(socket: Duplex, code: string | undefined, isAnswering: boolean): void {
  if (socket.writableEnded) return
  // Nothing more can be told to a socket that has failed.
  socket.on('error', () => socket.destroy())
  if (isAnswering || !socket.writable || code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const date = new Date().toUTCString()
  const status = BARE_STATUS[code ?? ''] ?? '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${status}\r\nDate: ${date}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    'latin1',
  )
  // To close at once, with bytes unread, would be a reset that can overtake the answer.
  socket.resume()
  setTimeout(() => socket.destroy(), LINGER_MS).unref()
}

const LINGER_MS = 500

const BARE_STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  CONNECT: '405 Method Not Allowed',
}

function lengthOf(body: WireAnswer['body']): number {
  if (body instanceof Uint8Array) return body.byteLength
  let length = 0
  for (const piece of body) length += piece.byteLength
  return length
}

/** Bytes as a text of the same length: node:http joins a text with the head, and bytes not. */
function toLatin1(body: WireAnswer['body']): string {
  if (!(body instanceof Uint8Array)) return body.map(toLatin1).join('')
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
}
