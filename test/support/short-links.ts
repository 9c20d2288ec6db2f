// Short links over a real store and over HTTP, with pretend networks to publish to.

import { once } from 'node:events'
import { request as ask, createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Gateway } from '../../src/core/gateway.ts'
import type { LinkBounds } from '../../src/core/link-service.ts'
import { createLinks } from '../../src/core/link-service.ts'
import { createFront } from '../../src/dialects/front.ts'
import { createShortLinks } from '../../src/dialects/links/links.ts'
import type { OpenStore } from '../../src/store/open.ts'
import type { DatabaseKind } from './databases.ts'
import { openPostOffices, type PostOffices } from './post-offices.ts'
import { openPublishingGateway } from './publishing.ts'
import { openStoreHouse, type StoreHouse } from './stores.ts'

export const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** One process with a port. */
export interface LinkProcess {
  readonly gateway: Gateway
  /** Follows an address of ours; the `Host` is that of the address. */
  follow(address: string, options?: Following): Promise<Followed>
  /** Stores what was counted, and ends. */
  close(): Promise<void>
}

export interface Following {
  readonly method?: string
  readonly agent?: string
  /** The visitor's address, as the proxy in front says. */
  readonly from?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Followed {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

export interface LinkHouse extends StoreHouse, LinkProcess {
  readonly offices: PostOffices
  another(options?: LinkOptions): Promise<LinkProcess>
}

type LinkOptions = Partial<LinkBounds> & { readonly now?: () => number; readonly base?: string }

/** A store of this kind with one process over it. */
export async function openLinkHouse(kind: DatabaseKind, options: LinkOptions = {}): Promise<LinkHouse> {
  const house = await openStoreHouse(kind)
  const offices = await openPostOffices()
  const opened: LinkProcess[] = []
  const another = async (more: LinkOptions = options, store: OpenStore = house.store) => {
    const process = await openProcess(store, offices, more)
    opened.push(process)
    return process
  }
  const first = await another()
  return {
    ...house,
    ...first,
    offices,
    another: async (more) => another(more, await house.beside()),
    async [Symbol.asyncDispose]() {
      for (const process of opened) await process.close()
      await offices.close()
      await house[Symbol.asyncDispose]()
    },
  }
}

async function openProcess(
  store: OpenStore,
  offices: PostOffices,
  { now = Date.now, base = 'https://kith.example/s', ...bounds }: LinkOptions,
): Promise<LinkProcess> {
  const opened = openPublishingGateway(store, offices.url, { now })
  const links = createLinks(
    { ...opened.gateway, store },
    { base, publicUrl: 'https://kith.example', ...bounds },
  )
  await links.book.refresh()
  const gateway = { ...opened.gateway, links }
  const front = createFront({
    dialects: [createShortLinks(gateway)],
    gateway,
    options: { proxies: ['127.0.0.1'] },
  })
  const server = createServer()
  front.attach(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  let closing: Promise<void> | undefined
  return {
    gateway,
    follow: (address, following) => follow(port, address, following),
    close() {
      closing ??= (async () => {
        server.closeAllConnections()
        server.close()
        await links.clicks.close()
        await opened.close()
      })()
      return closing
    },
  }
}

async function follow(
  port: number,
  address: string,
  { method = 'GET', agent = FIREFOX, from = '203.0.113.7', headers = {} }: Following = {},
): Promise<Followed> {
  const { host, pathname, search } = new URL(address)
  const sent = ask({
    port,
    host: '127.0.0.1',
    path: pathname + search,
    method,
    headers: { host, 'user-agent': agent, 'x-forwarded-for': from, ...headers },
  })
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}
