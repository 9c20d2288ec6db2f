// A front over small dialects that show what they were given.

import { createServer } from 'node:http'
import { z } from 'zod'
import { GatewayError } from '../../src/core/errors.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import type { Site } from '../../src/core/model.ts'
import { type Dialect, route, type WireAnswer, type WireRequest } from '../../src/dialects/dialect.ts'
import { createFront, type FrontOptions, serverOptions } from '../../src/dialects/front.ts'
import { parseJsonBody } from '../../src/dialects/json-body.ts'
import { hostName } from '../../src/dialects/wire-request.ts'
import { listen, type RawAnswer } from './wire.ts'

/** When every request of these tests arrives. */
export const AT = Date.UTC(2026, 10, 21)
/** A site whose private key is 'private'. */
export const site = (id: number): Site => ({
  id,
  subdomain: `site${id}`,
  name: 'Site',
  publicKey: 'public',
  // SHA-256 of 'private'.
  privateKeyHash: '715dc8493c36579a5b116995100f635e3572fdf8703e708ef1a08d943b36774e',
  apiKey: 'api',
  sdkAppId: 1,
  admin: 'admin',
  settings: {},
  createdAt: AT,
})

/** What a test may hold back and look at. */
export interface Scene {
  readonly logged: {
    readonly level: string
    readonly fields: Record<string, unknown>
    readonly message: string
  }[]
  readonly counted: Record<string, string>[]
  readonly signals: AbortSignal[]
  hold: Promise<void> | undefined
}

function wrap(request: WireRequest, status: number, fields: object): WireAnswer {
  const { id, method, target, path, query, scheme, host, address, pairs, at } = request
  const length = request.body.length
  const seen = { id, method, target, path, query, scheme, host, address, pairs, at, length }
  const text = JSON.stringify({ ...fields, seen })
  return { status, headers: { 'Content-Type': 'application/json' }, body: Buffer.from(text) }
}

/** A small dialect that shows what it was given. */
function createEcho(id: string, owns: (request: WireRequest) => boolean, scene: Scene): Dialect {
  return {
    id,
    owns,
    stem: (path) => (path.endsWith('.json') ? path.slice(0, -5) : path),
    remembered(request) {
      if (request.path === '/remembered-badly') throw new Error('a fault of the memory')
      if (request.path !== '/remembered') return undefined
      return { status: 200, headers: {}, body: [Buffer.alloc(200_000, 'a'), Buffer.alloc(100_000, 'b')] }
    },
    async authenticate(request) {
      if (request.headers.authorization === 'wrong') throw new GatewayError('unauthenticated', 'Who are you?')
      return { site: site(request.headers.authorization === 'other' ? 2 : 1), by: 'partner' }
    },
    input: (request, _route, parameters) => {
      const body = request.method === 'POST' ? parseJsonBody(request) : {}
      return { ...(typeof body === 'object' ? body : {}), ...parameters }
    },
    routes: [
      route({
        method: ['GET', 'DELETE'],
        path: '/users/:user_token',
        summary: 'One',
        input: z.object({ user_token: z.string() }),
        run: async ({ input }) => ({ input }),
      }),
      route({
        method: 'GET',
        path: '/users',
        summary: 'All',
        input: z.object({}),
        run: async ({ request }) => ({ by: id, agent: request.headers['user-agent'] }),
      }),
      route({
        method: 'POST',
        path: '/users',
        summary: 'Make',
        input: z.object({ user: z.object({ name: z.string(), age: z.number().optional() }) }),
        run: async ({ input }) => ({ input }),
      }),
      route({
        method: 'GET',
        path: '/slow',
        summary: 'Waits',
        input: z.object({}),
        run: async ({ signal }) => {
          scene.signals.push(signal)
          await scene.hold
          return { done: true }
        },
      }),
      route({
        method: 'GET',
        path: '/bug',
        summary: 'Fails',
        input: z.object({}),
        run: async () => {
          throw new Error('a fault of ours', { cause: new Error('the reason beneath') })
        },
      }),
      route({
        method: 'GET',
        path: '/worse',
        summary: 'Fails in its envelope',
        input: z.object({}),
        run: async () => {
          throw new GatewayError('conflict', 'unwrappable')
        },
      }),
      route({
        method: 'GET',
        path: '/split',
        summary: 'Answers with a header that is none',
        input: z.object({}),
        run: async () => ({ header: 'a\r\nb: c' }),
      }),
    ],
    success(result, request) {
      const answer = wrap(request, 200, { result })
      const header = (result as { header?: string }).header
      return header === undefined ? answer : { ...answer, headers: { 'X-Odd': header } }
    },
    failure(error, request) {
      if (error.message === 'unwrappable') throw new Error('a fault of the envelope')
      return wrap(request, error.status, {
        by: id,
        code: error.code,
        message: error.message,
        field: error.field,
      })
    },
  }
}

/** A front over three echoes: `first` by path, `second` by host, `last` for the rest. */
export function openFront(options: FrontOptions = {}) {
  const scene: Scene = { logged: [], counted: [], signals: [], hold: undefined }
  const note = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    scene.logged.push({ level, fields, message })
  }
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const meter = {
    count: (_name: string, labels: Readonly<Record<string, string>> = {}) => scene.counted.push(labels),
    seconds: () => undefined,
    gauge: () => undefined,
  }
  // The front itself asks the gateway for the time, the log and the meter alone.
  const gateway = { log, meter, now: () => AT } as unknown as Gateway
  const dialects = [
    createEcho('first', ({ path }) => path.startsWith('/first/'), scene),
    createEcho('second', (request) => hostName(request) === 'second.api.example.com', scene),
    createEcho('last', () => false, scene),
  ]
  return { scene, front: createFront({ dialects, gateway, options: { fallback: 'last', ...options } }) }
}

/** The same on a free port. */
export async function openServer(options: FrontOptions = {}) {
  const { scene, front } = openFront(options)
  const server = createServer(serverOptions({ headMs: 2_000 }))
  front.attach(server)
  const port = await listen(server)
  return {
    scene,
    front,
    server,
    port,
    async close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** An answer's body as a value. */
export const json = ({ body }: Pick<RawAnswer, 'body'>) => JSON.parse(body.toString())
/** A GET as it goes over the wire. */
export const get = (target: string, ...fields: string[]) =>
  `GET ${[`${target} HTTP/1.1`, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`
