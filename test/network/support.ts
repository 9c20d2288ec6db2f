// A network room for a test: a local server in the network's place, a store in memory, everything that was logged.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import type { Log, Meter } from '../../src/core/gateway.ts'
import type { App, Identity, Tokens } from '../../src/core/model.ts'
import type { Provider } from '../../src/core/provider.ts'
import type { Store } from '../../src/core/store.ts'
import { createNetworks, type NetworkParts, type Networks } from '../../src/network/networks.ts'
import { NETWORK_DEFAULTS, type NetworkOptions } from '../../src/network/options.ts'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly bytes: Buffer
  readonly at: number
}

export type Answer = (response: ServerResponse, asked: Asked) => void | Promise<void>

export interface LocalServer {
  readonly url: string
  readonly port: number
  readonly asked: Asked[]
}

/** Starts a server on a free port; it ends with the test. */
export async function listen(t: TestContext, answer: Answer): Promise<LocalServer> {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const bytes = Buffer.concat(chunks)
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: bytes.toString(), bytes, at: performance.now() }
    asked.push(one)
    await answer(response, one)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, asked }
}

/** Answers with JSON. */
export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

/** A network as simple as can be. */
export const PROBE = {
  id: 'probe',
  name: 'Probe',
  docs: 'https://docs.probe.example',
  api: 'https://api.probe.example/1',
  auth: {
    type: 'oauth2',
    authorizeUrl: 'https://api.probe.example/1/authorize',
    tokenUrl: 'https://api.probe.example/1/token',
    scopes: {},
    refresh: 'rotates',
  },
} as const satisfies Provider

/** An identity at the probe network. */
export function identityAt(differing: Partial<Identity> = {}): Identity {
  return {
    id: 7,
    siteId: 1,
    userId: 3,
    userToken: randomUUID(),
    token: 'identity-token',
    provider: 'probe',
    subject: '42',
    profile: { subject: '42' },
    createdAt: 0,
    updatedAt: 0,
    ...differing,
  }
}

export const ACCESS = 'access-token-that-is-secret'
export const REFRESH = 'refresh-token-that-is-secret'
export const CLIENT_SECRET = 'client-secret-that-is-secret'

export interface TokenRow {
  tokens: Tokens
  version: number
  fence: number
  leaseUntil?: number
}

export interface MemoryStore extends Pick<Store, 'tokens' | 'apps' | 'limits'> {
  readonly rows: Map<number, TokenRow>
  readonly blocks: Map<string, number>
  app?: App
}

/** The three parts of the store that the room uses, with the rules of the real one. */
export function createMemoryStore(tokens: Tokens, now: () => number = Date.now): MemoryStore {
  const rows = new Map<number, TokenRow>([[7, { tokens, version: 1, fence: 0 }]])
  const blocks = new Map<string, number>()
  const store: MemoryStore = {
    rows,
    blocks,
    app: { clientId: 'client', clientSecret: CLIENT_SECRET },
    tokens: {
      async of({ id }) {
        const row = rows.get(id)
        return row && { tokens: row.tokens, version: row.version }
      },
      async claimRefresh({ id }, version, leaseMs) {
        const row = rows.get(id)
        if (!row || row.version !== version) return { outcome: 'changed' }
        if (row.leaseUntil !== undefined && row.leaseUntil > now()) return { outcome: 'taken' }
        row.fence += 1
        row.leaseUntil = now() + leaseMs
        return { outcome: 'mine', fence: row.fence }
      },
      async finishRefresh({ id }, fence, fresh) {
        const row = rows.get(id)
        if (!row || row.fence !== fence || row.leaseUntil === undefined) return false
        rows.set(id, { tokens: fresh, version: row.version + 1, fence: row.fence })
        return true
      },
      async releaseRefresh({ id }, fence) {
        const row = rows.get(id)
        if (row?.fence === fence) row.leaseUntil = undefined
      },
      async replace({ id }, fresh) {
        const row = rows.get(id)
        rows.set(id, { tokens: fresh, version: (row?.version ?? 0) + 1, fence: (row?.fence ?? 0) + 1 })
      },
    },
    apps: {
      find: async () => store.app,
      save: async () => undefined,
      list: async () => [],
      claim: async () => true,
      release: async () => undefined,
    },
    limits: {
      until: async (scope) => blocks.get(scope),
      async block(scope, until) {
        blocks.set(scope, until)
      },
    },
  }
  return store
}

export interface Room {
  readonly networks: Networks
  readonly store: MemoryStore
  readonly logged: unknown[]
  /** Names of meters with their labels, one entry per call. */
  readonly metered: { name: string; labels: Readonly<Record<string, string>>; value: number }[]
}

interface RoomOptions extends Partial<Omit<NetworkParts, 'options' | 'store' | 'providers'>> {
  readonly provider?: Provider
  readonly tokens?: Tokens
  readonly store?: MemoryStore
  /** Stands for the API root of the probe network. */
  readonly base?: string
  readonly options?: Partial<NetworkOptions>
}

/** Opens a room that is closed with the test. Pauses between repeats are short unless the test says otherwise. */
export function openRoom(t: TestContext, given: RoomOptions = {}): Room {
  const { provider = PROBE, tokens = { accessToken: ACCESS }, base, options } = given
  const store = given.store ?? createMemoryStore(tokens, given.now)
  const logged: unknown[] = []
  const metered: Room['metered'] = []
  const networks = createNetworks({
    ...given,
    store,
    providers: new Map([[provider.id, provider]]),
    options: {
      ...NETWORK_DEFAULTS,
      retryBaseMs: 4,
      ...(base !== undefined && { bases: { [provider.id]: base } }),
      ...options,
    },
    log: given.log ?? logInto(logged),
    meter: given.meter ?? meterInto(metered),
  })
  t.after(() => networks.close())
  return { networks, store, logged, metered }
}

function logInto(logged: unknown[]): Log {
  const keep = (fields: unknown, message: string) => {
    logged.push({ fields, message })
  }
  return { debug: keep, info: keep, warn: keep, error: keep }
}

function meterInto(metered: Room['metered']): Meter {
  const keep = (name: string, labels: Readonly<Record<string, string>> = {}, value = 1) => {
    metered.push({ name, labels, value })
  }
  return { count: keep, seconds: keep, gauge: keep }
}
