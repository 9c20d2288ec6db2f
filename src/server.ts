// Opens the doors: the wire APIs and health on one port, metrics on another; and closes them in good order.

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { isIPv6 } from 'node:net'
import { GatewayError } from './core/errors.ts'
import type { Log } from './core/gateway.ts'
import { type Front, serverOptions } from './dialects/front.ts'
import type { MediaDoor } from './media/serve.ts'
import { createHealth } from './server/health.ts'
import type { Metrics } from './server/metrics.ts'
import { type CertificateFiles, readCertificate, reloadCertificate } from './server/tls.ts'

export interface ServerOptions {
  /** 0 takes a free port. */
  readonly port: number
  /** Address to listen on; all of the machine when absent. */
  readonly host?: string
  readonly tls?: CertificateFiles
  /** Bounds of a request's head and of idle connections. */
  readonly head?: Parameters<typeof serverOptions>[0]
  /** 0 takes a free port. */
  readonly metricsPort: number | 'off'
  readonly metricsHost: string
  /** What to change when the port is taken. */
  readonly portSetting?: string
  /** How long what is in flight may take when stopping, in milliseconds. */
  readonly stopMaxMs: number
}

export interface RunningServer {
  /** Where it can be reached from this machine, such as `http://127.0.0.1:8080`. */
  readonly url: string
  readonly metricsUrl?: string
  /** Not ready, nothing new, finish what is in flight, close. */
  stop(): Promise<void>
}

interface ServerParts {
  readonly front: Front
  /** Takes public addresses of files before the front sees them. */
  readonly mediaDoor?: MediaDoor
  readonly ping: () => Promise<void>
  readonly metrics?: Metrics
  readonly log: Log
}

/** Resolves when both ports are open; `invalid_request` in one clear sentence when one cannot be. */
export async function startServer(
  { front, mediaDoor, ping, metrics, log }: ServerParts,
  options: ServerOptions,
): Promise<RunningServer> {
  const { tls, host } = options
  const health = createHealth({ ping, log })
  const server = tls
    ? createTlsServer({ ...serverOptions(options.head), ...readCertificate(tls) })
    : createServer(serverOptions(options.head))
  front.attach(server, (request, response) => {
    if (health.answer(request, response) || mediaDoor?.answer(request, response)) return
    front.listener(request, response)
  })
  const reload = tls && 'setSecureContext' in server ? reloadCertificate(server, tls, { log }) : undefined
  let port: number
  let page: { server: Server; url: string } | undefined
  try {
    port = await listen(server, options.port, host, options.portSetting ?? 'KITH_PORT')
    page = await openPage(metrics, options, log)
  } catch (error) {
    server.close()
    reload?.stop()
    throw error
  }

  return {
    url: `${tls ? 'https' : 'http'}://${spellHost(host)}:${port}`,
    metricsUrl: page?.url,
    async stop() {
      health.drain()
      reload?.stop()
      await Promise.all([close(server, front, options.stopMaxMs, log), page && closeNow(page.server)])
    },
  }
}

/** Stops accepting, lets what is in flight finish within the time, then ends what is left. */
async function close(server: Server, front: Front, maxMs: number, log: Log): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const late = setTimeout(() => {
    log.warn({ maxMs }, 'requests were still in flight when the time was over')
    server.closeAllConnections()
  }, maxMs)
  await front.drain()
  // Answered connections say so themselves; those that wait for their next request would wait for ever.
  server.closeIdleConnections()
  await closed
  clearTimeout(late)
}

function closeNow(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function openPage(
  metrics: Metrics | undefined,
  { metricsPort, metricsHost }: ServerOptions,
  log: Log,
): Promise<{ server: Server; url: string } | undefined> {
  if (!metrics || metricsPort === 'off') return undefined
  const server = createPageServer(metrics, log)
  const port = await listen(server, metricsPort, metricsHost, 'KITH_METRICS_PORT')
  return { server, url: `http://${spellHost(metricsHost)}:${port}/metrics` }
}

function createPageServer(metrics: Metrics, log: Log): Server {
  return createServer(async (request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('The metrics are at /metrics.\n')
      return
    }
    try {
      const { type, text } = await metrics.page()
      response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text)
    } catch (error) {
      log.error({ error }, 'the metrics could not be written')
      response.writeHead(500).end()
    }
  })
}

/** Resolves with the port taken. */
async function listen(
  server: Server,
  port: number,
  host: string | undefined,
  setting: string,
): Promise<number> {
  server.listen({ port, host })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new GatewayError('invalid_request', whyNot(cause, port, host, setting), { cause })
  }
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}

function whyNot(error: unknown, port: number, host: string | undefined, setting: string): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const place = host ? `Port ${port} of ${host}` : `Port ${port}`
  if (code === 'EADDRINUSE') return `${place} is taken by another process; choose another with ${setting}.`
  if (code === 'EACCES')
    return `${place} may not be opened by this user; choose one from 1024 up with ${setting}.`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `This machine has no address ${host}.`
  return `${place} cannot be opened (${code || 'unknown reason'}).`
}

/** How a browser or curl on this machine would say it. */
function spellHost(host: string | undefined): string {
  if (!host || host === '::' || host === '0.0.0.0') return '127.0.0.1'
  return isIPv6(host) ? `[${host}]` : host
}
