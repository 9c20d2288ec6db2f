// Whether the process lives, and whether it should be sent requests.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../core/gateway.ts'

export interface Health {
  /** Answers `/healthz` and `/readyz`; false for every other target, which is somebody else's. */
  answer(request: IncomingMessage, response: ServerResponse): boolean
  /** From now on not ready: no new requests are wanted. */
  drain(): void
}

interface HealthParts {
  /** Resolves when the database answers. */
  readonly ping: () => Promise<void>
  /** Told when the database is away, with the reason, and when it is back. */
  readonly log: Log
  /** How long the database may take, in milliseconds. */
  readonly pingMaxMs?: number
  /** How long one look at the database is good for, in milliseconds: nobody can keep it busy by asking. */
  readonly pingEveryMs?: number
}

/** Alive while it can answer at all; ready while the database answers and no end is near. */
export function createHealth({ ping, log, pingMaxMs = 2_000, pingEveryMs = 1_000 }: HealthParts): Health {
  let isDraining = false
  let last: { at: number; readonly isUp: Promise<boolean> } | undefined

  let wasUp = true

  const look = async () => {
    try {
      await within(ping, pingMaxMs)
      if (!wasUp) log.info({}, 'the database answers again')
      wasUp = true
    } catch (error) {
      if (wasUp) log.error({ error }, 'the database cannot be reached; not ready until it can')
      wasUp = false
    }
    return wasUp
  }

  const isUp = () => {
    if (!last || performance.now() - last.at > pingEveryMs) last = { at: performance.now(), isUp: look() }
    return last.isUp
  }

  const ready = async (response: ServerResponse) => {
    if (isDraining) return send(response, 503, 'stopping')
    return (await isUp()) ? send(response, 200, 'ready') : send(response, 503, 'database unreachable')
  }

  return {
    answer(request, response) {
      const path = request.url?.split('?', 1)[0]
      if (path === '/healthz') send(response, 200, 'alive')
      else if (path === '/readyz') void ready(response)
      else return false
      return true
    },
    drain: () => {
      isDraining = true
    },
  }
}

async function within(ping: () => Promise<void>, maxMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It has not answered within ${maxMs} ms.`)), maxMs)
  })
  try {
    await Promise.race([ping(), late])
  } finally {
    clearTimeout(timer)
  }
}

function send(response: ServerResponse, status: number, text: string): void {
  const body = `${JSON.stringify({ status: text })}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}
