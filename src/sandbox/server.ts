// The HTTP of the sandbox: bare, since it stands in benchmarks as the network.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Dial } from './dials.ts'
import { answerFor, failureFor, realmOf } from './router.ts'
import { webAt } from './web.ts'
import type { Answer, Asked } from './wire.ts'
import type { Realm, World } from './world.ts'

/** Bodies of requests, at most: what the largest upload in one request needs. */
const MOST_BODY_BYTES = 128 * 2 ** 20
/** Bodies that are no text. */
const FILES = /^(?:multipart|image|video|audio)\/|^application\/octet-stream/i
const NOTHING = Buffer.alloc(0)
/** Longer than any client keeps an idle connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 120_000

/** What the sandbox's own doors answer. */
export type Control = (method: string, path: string, query: URLSearchParams, body: string) => Answer

/** Serves a world; answers that wait when the server closes are dropped. */
export function createSandboxServer(world: World, control: Control): Server {
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, outgoing) => {
    const target = targetOf(incoming)
    if (incoming.method === 'GET') respond(target, NOTHING, incoming, outgoing)
    else readBody(incoming, (body) => respond(target, body, incoming, outgoing))
  })
  server.on('close', () => {
    for (const timer of timers) clearTimeout(timer)
  })

  function respond(target: Target, body: Buffer, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { name, path, query } = target
    const method = incoming.method ?? 'GET'
    const realm = realmOf(world, name.toLowerCase())
    if (name === '_web') send(outgoing, webAt(path))
    else if (name === '_control') send(outgoing, control(method, path, query, body.toString()))
    else if (!realm) send(outgoing, { status: 404, headers: {}, body: `There is no network at "${name}".\n` })
    else settle(realm, toAsked(target, method, body, incoming), outgoing)
  }

  function settle(realm: Realm, asked: Asked, outgoing: ServerResponse): void {
    world.requests.count(asked.host, asked.path)
    const dial = world.dials.take(asked.host, asked.path, asked.method)
    if (dial) misbehave(realm, asked, outgoing, dial)
    else send(outgoing, answerFor(world, realm, asked, undefined))
  }

  function misbehave(realm: Realm, asked: Asked, outgoing: ServerResponse, dial: Dial): void {
    const mishap = world.dials.mishap(dial)
    if (mishap.kind === 'drop') outgoing.destroy()
    if (mishap.kind === 'drop' || mishap.kind === 'hang') return
    const toAnswer = () => {
      const isFailure = mishap.kind === 'fail'
      return isFailure ? failureFor(world, realm, mishap.status, dial) : answerFor(world, realm, asked, dial)
    }
    // Real networks are machines of their own: what one of them has to think about holds up none of the others.
    const startedAt = performance.now()
    const ready = asked.method === 'GET' ? toAnswer() : undefined
    const tookMs = performance.now() - startedAt
    const finish = () => {
      const answer = ready ?? toAnswer()
      if (mishap.kind === 'lose') outgoing.destroy()
      else if (dial.answerMs) later(() => sendDialled(outgoing, answer, dial), dial.answerMs)
      else sendDialled(outgoing, answer, dial)
    }
    const delay = world.dials.delay(dial) - tookMs
    if (delay > 0) later(finish, delay)
    else finish()
  }

  function later(work: () => void, delay: number): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, delay)
    timers.add(timer)
  }

  return server
}

interface Target {
  /** The real host as spelled, `_control`, or `_web`. */
  readonly name: string
  readonly path: string
  readonly query: URLSearchParams
}

function targetOf({ url = '/' }: IncomingMessage): Target {
  const mark = url.indexOf('?')
  const whole = mark < 0 ? url : url.slice(0, mark)
  const slash = whole.indexOf('/', 1)
  return {
    name: slash < 0 ? whole.slice(1) : whole.slice(1, slash),
    path: slash < 0 ? '/' : whole.slice(slash),
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
  }
}

function toAsked(
  { name, path, query }: Target,
  method: string,
  bytes: Buffer,
  incoming: IncomingMessage,
): Asked {
  const host = name.toLowerCase()
  const isFile = FILES.test(incoming.headers['content-type'] ?? '')
  return {
    method,
    host,
    path,
    query,
    headers: incoming.headers,
    body: isFile ? '' : bytes.toString(),
    bytes,
    address: incoming.socket.remoteAddress ?? '',
    sandboxUrl: `http://${incoming.headers.host}/${name}${path}`,
    realUrl: `https://${host}${path}`,
  }
}

function readBody(incoming: IncomingMessage, then: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MOST_BODY_BYTES) incoming.destroy()
    else chunks.push(chunk)
  })
  incoming.on('end', () => then(Buffer.concat(chunks)))
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  outgoing.end(body)
}

const PROXY_PAGE = '<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>'

function sendDialled(outgoing: ServerResponse, answer: Answer, dial: Dial): void {
  if (dial.truncatedBody) {
    const whole = Buffer.from(answer.body)
    outgoing.writeHead(answer.status, { ...answer.headers, 'content-length': whole.length })
    outgoing.write(whole.subarray(0, Math.floor(whole.length / 2)), () => outgoing.destroy())
  } else if (dial.htmlInsteadOfJson) {
    send(outgoing, {
      ...answer,
      headers: { ...answer.headers, 'content-type': 'text/html' },
      body: PROXY_PAGE,
    })
  } else {
    send(outgoing, answer)
  }
}
