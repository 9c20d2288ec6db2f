// Sends bytes as they are over a socket of its own and reads the HTTP answers that come back.

import { once } from 'node:events'
import type { Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface RawAnswer {
  readonly version: string
  readonly status: number
  /** Names in lower case; of doubled ones the last. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Exchange {
  readonly answers: readonly RawAnswer[]
  /** The server ended the connection, and not the deadline. */
  readonly isClosed: boolean
  /** What came and is no whole answer. */
  readonly rest: Buffer
}

interface SendOptions {
  /** Answers to wait for; then the connection is dropped. Default 1. */
  readonly answers?: number
  /** Wait for the server to end the connection as well. */
  readonly untilClosed?: boolean
  /** Default 5 s. */
  readonly deadlineMs?: number
  /** The answers are to HEAD requests: they have no body, whatever their Content-Length. */
  readonly isHead?: boolean
}

/** Listens on a free port of 127.0.0.1 and says which. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Sends these pieces one after the other and gives what came back; never rejects for what the server does. */
export function sendRaw(
  port: number,
  pieces: string | Buffer | readonly (string | Buffer)[],
  { answers: wanted = 1, untilClosed = false, deadlineMs = 5_000, isHead = false }: SendOptions = {},
): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let received: Buffer = Buffer.alloc(0)
    let isClosed = false
    const finish = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ ...parseAnswers(received, isHead), isClosed })
    }
    const timer = setTimeout(finish, deadlineMs)
    socket.on('connect', async () => {
      for (const piece of [pieces].flat()) {
        socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
        await new Promise((next) => setImmediate(next))
      }
    })
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (!untilClosed && parseAnswers(received, isHead).answers.length >= wanted) finish()
    })
    // A reset ends the connection as well; what had come before counts.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      isClosed = true
      finish()
    })
  })
}

/** The whole answers in these bytes, and what is left over. Interim answers (1xx) have no body. */
export function parseAnswers(bytes: Buffer, isHead = false): { answers: RawAnswer[]; rest: Buffer } {
  const answers: RawAnswer[] = []
  for (let start = 0; ; ) {
    const end = bytes.indexOf('\r\n\r\n', start)
    if (end === -1) return { answers, rest: bytes.subarray(start) }
    const [line = '', ...fields] = bytes.toString('latin1', start, end).split('\r\n')
    const [, version = '', status = ''] = /^HTTP\/(\d\.\d) (\d{3})/.exec(line) ?? []
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(':')
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
      }),
    )
    const hasBody = !isHead && Number(status) >= 200
    const length = hasBody ? Number(headers['content-length'] ?? 0) : 0
    if (end + 4 + length > bytes.length) return { answers, rest: bytes.subarray(start) }
    const body = bytes.subarray(end + 4, end + 4 + length)
    answers.push({ version, status: Number(status), headers, body })
    start = end + 4 + length
  }
}
