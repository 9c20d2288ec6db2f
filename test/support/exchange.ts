// One HTTP exchange over a bare socket, for requests that no HTTP library would send.

import { once } from 'node:events'
import { connect } from 'node:net'

export interface Exchanged {
  /** What came before the final answer, such as 100. */
  readonly interim: string
  readonly head: string
  readonly body: Buffer
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly json: any
  /** Whether the server ended the connection by itself. */
  readonly isClosed: boolean
}

/** Sends these very lines and bytes to a port of 127.0.0.1 and reads one answer. */
export async function exchange(
  port: number,
  lines: readonly string[],
  body = '',
  { waitForContinue = false } = {},
): Promise<Exchanged> {
  const socket = connect(port, '127.0.0.1')
  let received = Buffer.alloc(0)
  let isClosed = false
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk])
  })
  // A server that refuses a long body may close before it has read it all.
  socket.on('error', () => socket.destroy())
  socket.on('end', () => {
    isClosed = true
  })
  await once(socket, 'connect')
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (waitForContinue) await until(() => received.includes('\r\n\r\n'))
  socket.write(body)
  const isHttp10 = lines[0]?.endsWith('HTTP/1.0')
  await until(() => isWhole(received) && (isClosed || !isHttp10))
  socket.destroy()
  const { interim, head, rest } = split(received)
  return { interim, head, body: rest, json: JSON.parse(rest.toString()), isClosed }
}

function isWhole(received: Buffer): boolean {
  const { head, rest } = split(received)
  const length = /content-length: (\d+)/i.exec(head)?.[1]
  return length !== undefined && rest.length >= Number(length)
}

function split(received: Buffer): { interim: string; head: string; rest: Buffer } {
  let start = 0
  if (received.subarray(0, 12).toString() === 'HTTP/1.1 100') start = received.indexOf('\r\n\r\n') + 4
  const end = received.indexOf('\r\n\r\n', start)
  const interim = received.subarray(0, start).toString()
  if (end === -1) return { interim, head: '', rest: Buffer.alloc(0) }
  return { interim, head: `${received.subarray(start, end)}\r\n`, rest: received.subarray(end + 4) }
}

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('The server has not answered within five seconds.')
}
