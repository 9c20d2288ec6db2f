// A store with processes that tell webhooks, and a receiver that checks every signature with the reference library.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { Gateway } from '../../src/core/gateway.ts'
import {
  createWebhooks,
  stopWebhooks,
  tellWebhooks,
  type WebhookBounds,
} from '../../src/core/webhook-telling.ts'
import { createHooks } from '../../src/network/hooks.ts'
import { NETWORK_DEFAULTS } from '../../src/network/options.ts'
import type { OpenStore } from '../../src/store/open.ts'
import type { DatabaseKind } from './databases.ts'
import { openPostOffices, type PostOffices } from './post-offices.ts'
import { openPublishingGateway, type PublishingGateway } from './publishing.ts'
import { openStoreHouse, type StoreHouse } from './stores.ts'

export interface Received {
  readonly path: string
  readonly id: string
  readonly type: string
  readonly timestamp: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly data: any
}

export interface Receiver {
  /** Of this machine, http. */
  readonly url: string
  /** What came with a right signature, in order. */
  readonly received: Received[]
  /** What came with another one. */
  readonly forged: string[]
  /** By path: the secret of the endpoint there. */
  readonly secrets: Map<string, string>
  /** The status that is answered, or the answer's head; asked for each request. */
  answer: (event: Received) => number | { status: number; headers: Record<string, string> } | Promise<number>
  close(): Promise<void>
}

/** Listens on a free port of 127.0.0.1. */
export async function openReceiver(): Promise<Receiver> {
  const server = createServer(async (request, response) => {
    const path = request.url ?? ''
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const headers = request.headers as Record<string, string>
    try {
      new Webhook(receiver.secrets.get(path) ?? '').verify(body, headers)
    } catch (error) {
      receiver.forged.push(`${path}: ${error}`)
      response.writeHead(400).end()
      return
    }
    const event = { path, id: headers['webhook-id'] ?? '', ...JSON.parse(body) }
    const answer = await receiver.answer(event)
    const { status, headers: more = {} } = typeof answer === 'number' ? { status: answer } : answer
    receiver.received.push(event)
    response.writeHead(status, more).end('thank you')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    forged: [],
    secrets: new Map(),
    answer: () => 204,
    async close() {
      server.closeAllConnections()
      server.close()
      assert.deepEqual(receiver.forged, [])
    },
  }
  return receiver
}

export interface HookProcess {
  readonly gateway: Gateway
  /** Tells all that there is to tell, once. */
  tell(): Promise<void>
  close(): Promise<void>
}

export interface HookHouse extends StoreHouse, HookProcess {
  readonly receiver: Receiver
  readonly offices: PostOffices
  another(): Promise<HookProcess>
  /** Tells until the receiver has so many events. */
  until(count: number): Promise<readonly Received[]>
}

type HookOptions = Partial<WebhookBounds> & {
  readonly now?: () => number
  readonly allowInsecure?: boolean
  readonly allowAddresses?: readonly string[]
}

/** A store of this kind with one process over it; pauses are of milliseconds. */
export async function openHookHouse(kind: DatabaseKind, options: HookOptions = {}): Promise<HookHouse> {
  const house = await openStoreHouse(kind)
  const [receiver, offices] = [await openReceiver(), await openPostOffices()]
  const opened: HookProcess[] = []
  const open = (store: OpenStore) => {
    const process = openProcess(openPublishingGateway(store, offices.url, { now: options.now }), options)
    opened.push(process)
    return process
  }
  const first = open(house.store)
  return {
    ...house,
    ...first,
    receiver,
    offices,
    another: async () => open(await house.beside()),
    async until(count) {
      for (const giveUpAt = performance.now() + 8_000; receiver.received.length < count; ) {
        assert(performance.now() < giveUpAt, `only ${JSON.stringify(receiver.received)}`)
        await first.tell()
        await sleep(5)
      }
      return receiver.received
    },
    async [Symbol.asyncDispose]() {
      for (const process of opened) await process.close()
      await offices.close()
      await receiver.close()
      await house[Symbol.asyncDispose]()
    },
  }
}

function openProcess(
  opened: PublishingGateway,
  { now: _, allowInsecure = true, allowAddresses = ['127.0.0.1'], ...bounds }: HookOptions,
): HookProcess {
  const hooks = createHooks({ ...NETWORK_DEFAULTS, allowInsecure, allowAddresses })
  const quick = { retryBaseMs: 10, retryMaxMs: 50, clicksEveryMs: 0, ...bounds }
  const gateway = { ...opened.gateway, webhooks: createWebhooks(hooks.call, quick) }
  return {
    gateway,
    async tell() {
      await tellWebhooks(gateway)
      await Promise.all(gateway.webhooks.telling)
    },
    async close() {
      await gateway.links.clicks.close()
      await stopWebhooks(gateway)
      await hooks.close()
      await opened.close()
    },
  }
}
