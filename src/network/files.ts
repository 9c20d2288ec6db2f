// Files from anywhere in the web, through the same guard as the networks but without anything that is configured for
// them: an address that a caller names leads to public places only.

import { Agent, type Dispatcher } from 'undici'
import { GatewayError } from '../core/errors.ts'
import type { FetchedFile, FetchFile, FetchFileOptions } from '../core/fetch-file.ts'
import { type Deadline, openDeadline } from './deadline.ts'
import { createGuard, type Resolve } from './guard.ts'
import type { NetworkOptions } from './options.ts'
import { guardedConnector } from './pool.ts'

/** Longest address that is asked for, in characters. */
const ADDRESS_MAX = 4_096

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export interface Files {
  readonly fetchFile: FetchFile
  close(): Promise<void>
}

/** What of the network room's options counts for files. */
export type FileOptions = Pick<
  NetworkOptions,
  | 'allowAddresses'
  | 'connectTimeoutMs'
  | 'connectionsPerOrigin'
  | 'keepAliveMs'
  | 'redirectsMax'
  | 'sandbox'
  | 'userAgent'
>

/** Opens the door to files. `resolve` stands for the system's resolver in tests. */
export function createFiles(options: FileOptions, { resolve }: { readonly resolve?: Resolve } = {}): Files {
  const guard = createGuard({ allow: options.allowAddresses, resolve })
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    connections: options.connectionsPerOrigin,
    keepAliveTimeout: options.keepAliveMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: guardedConnector(options, guard),
  })
  const stage = options.sandbox === undefined ? undefined : createStage(options, options.sandbox)
  return {
    async fetchFile(url, wish) {
      const address = readAddress(url)
      const deadline = openDeadline(wish.deadlineMs)
      try {
        const staged = await stage?.find(address, wish, deadline)
        return staged ?? (await follow(agent, options, { address, wish, deadline }))
      } finally {
        deadline.close()
      }
    },
    close: async () => {
      await Promise.all([agent.destroy(), stage?.close()])
    },
  }
}

/** What the sandbox has of the web; undefined where it has nothing at an address. */
function createStage(options: FileOptions, sandbox: string) {
  const agent = new Agent({ allowH2: false, connections: options.connectionsPerOrigin })
  return {
    async find({ href, host, pathname, search }: URL, wish: FetchFileOptions, deadline: Deadline) {
      const address = readAddress(`${sandbox.replace(/\/+$/, '')}/_web/${host}${pathname}${search}`)
      try {
        const found = await follow(agent, { ...options, redirectsMax: 0 }, { address, wish, deadline })
        return { ...found, url: href }
      } catch (error) {
        if (GatewayError.from(error).code === 'network_rejected') return undefined
        throw error
      }
    },
    close: () => agent.destroy(),
  }
}

interface Errand {
  readonly address: URL
  readonly wish: FetchFileOptions
  readonly deadline: Deadline
}

async function follow(agent: Agent, options: FileOptions, first: Errand): Promise<FetchedFile> {
  let errand = first
  for (let redirects = 0; ; redirects += 1) {
    const { address } = errand
    const { status, headers } = await ask(agent, options, errand)
    if (status === 200) return { url: address.href, contentType: headers['content-type'] ?? '' }
    const location = headers.location
    if (!REDIRECTS.has(status) || location === undefined) {
      throw new GatewayError('network_rejected', `${address.host} answered with status ${status}.`)
    }
    if (redirects >= options.redirectsMax) {
      throw new GatewayError('network_rejected', `${address.host} leads on and on to other addresses.`)
    }
    errand = { ...errand, address: readAddress(location, address) }
  }
}

function readAddress(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (!url || !/^https?:$/.test(url.protocol) || url.href.length > ADDRESS_MAX) {
    const where = base ? `${base.host} leads to something that is not` : 'This is not'
    throw new GatewayError('invalid_request', `${where} an address that begins with http:// or https://.`)
  }
  if (url.username || url.password) {
    throw new GatewayError('invalid_request', 'An address may hold no name and no password.')
  }
  url.hash = ''
  return url
}

interface Head {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

/** Asks once; the body is read where the status is 200. */
function ask(agent: Agent, { userAgent }: FileOptions, { address, wish, deadline }: Errand): Promise<Head> {
  const { promise, resolve, reject } = Promise.withResolvers<Head>()
  const { host } = address
  let controller: Dispatcher.DispatchController | undefined
  let head: Head = { status: 0, headers: {} }
  let size = 0
  let isSettled = false
  let isComplete = false

  const settle = (act: () => void) => {
    if (isSettled) return
    isSettled = true
    deadline.signal.removeEventListener('abort', onEnd)
    act()
    // What is still to come is not wanted: the connection ends with it.
    if (!isComplete) controller?.abort(new Error('Nobody reads on.'))
  }
  const fail = (error: unknown) => settle(() => reject(toGatewayError(error, host, controller !== undefined)))
  const onEnd = () => fail(new GatewayError(controller ? 'network_silent' : 'network_unreached', late(host)))
  if (deadline.signal.aborted) {
    reject(new GatewayError('network_unreached', late(host)))
    return promise
  }
  deadline.signal.addEventListener('abort', onEnd, { once: true })

  const dispatch: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (isSettled) started.abort(new Error('Nobody waits any more.'))
    },
    onResponseStart(_controller, status, received) {
      if (status < 200) return
      head = { status, headers: toHeaders(received) }
      const flaw = status === 200 ? flawOf(head, wish, host) : undefined
      if (flaw) fail(flaw)
      else if (status !== 200) settle(() => resolve(head))
    },
    // Never paused: a host that closes when it has sent all of it would count as one that broke off.
    onResponseData(_controller, chunk) {
      if (isSettled) return
      const rest = wish.bytesMax - size
      size += chunk.length
      if (size > wish.bytesMax && !wish.isCut) {
        fail(tooLarge(wish.bytesMax, host))
        return
      }
      try {
        wish.take(chunk.subarray(0, rest))
      } catch (error) {
        settle(() => reject(error))
      }
      if (size >= wish.bytesMax && wish.isCut) settle(() => resolve(head))
    },
    onResponseEnd() {
      isComplete = true
      settle(() => resolve(head))
    },
    onResponseError(_controller, error) {
      fail(error)
    },
  }
  agent.dispatch(
    {
      origin: address.origin,
      path: `${address.pathname}${address.search}`,
      method: 'GET',
      // Packed bodies can be bombs, and pictures gain nothing.
      headers: { accept: wish.accept, 'accept-encoding': 'identity', 'user-agent': userAgent },
    },
    dispatch,
  )
  return promise
}

function flawOf({ headers }: Head, { bytesMax, isCut }: FetchFileOptions, host: string) {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.trim().toLowerCase() !== 'identity') {
    return new GatewayError('network_unreadable', `${host} sends the file packed, though asked not to.`)
  }
  if (!isCut && Number(headers['content-length'] ?? 0) > bytesMax) return tooLarge(bytesMax, host)
  return undefined
}

function tooLarge(bytes: number, host: string): GatewayError {
  return new GatewayError('too_large', `The file at ${host} is longer than ${bytes} bytes.`)
}

function late(host: string): string {
  return `${host} did not send the file in time.`
}

function toHeaders(received: Readonly<Record<string, string | string[] | undefined>>) {
  const entries = Object.entries(received).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? (value[0] ?? '') : (value ?? ''),
  ])
  return Object.fromEntries(entries)
}

function toGatewayError(error: unknown, host: string, wasAsked: boolean): GatewayError {
  if (error instanceof GatewayError) {
    if (error.code !== 'network_rejected') return error
    return new GatewayError('network_rejected', `The address of ${host} is not a public one.`, {
      cause: error,
    })
  }
  const [code, what] = wasAsked
    ? (['network_silent', `${host} broke off before the file was complete.`] as const)
    : (['network_unreached', `${host} could not be reached.`] as const)
  return new GatewayError(code, what, { cause: error })
}
