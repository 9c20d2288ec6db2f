// The OneAll dialect behind its front, over a real store and pretend networks that answer from a table.

import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_CONSENTS } from '../../src/core/consent.ts'
import { createDeliveries } from '../../src/core/deliveries.ts'
import { createFriendMemory } from '../../src/core/friend-memory.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import { createLinks } from '../../src/core/link-service.ts'
import { NO_MEDIA } from '../../src/core/media-room.ts'
import type { Contact, Identity, Site } from '../../src/core/model.ts'
import { createReadings, stopReads } from '../../src/core/readings.ts'
import { createWebhooks } from '../../src/core/webhook-telling.ts'
import { createDoorkeeper } from '../../src/dialects/access.ts'
import { createFront, type Front, serverOptions } from '../../src/dialects/front.ts'
import { createOneAll } from '../../src/dialects/oneall/oneall.ts'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import { newRing, openKeys } from '../../src/store/keys.ts'
import { createMemory } from '../../src/store/memory.ts'
import { openStore } from '../../src/store/open.ts'
import { createPretence, type Pretence, pretend, pretendProviders } from './pretence.ts'

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly host?: string
  readonly keys?: string | null
  readonly address?: string
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The parsed JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly json: any
}

export interface OneAllHouse {
  readonly gateway: Gateway
  readonly front: Front
  readonly site: Site
  /** `public:private` of the site. */
  readonly keys: string
  readonly pretence: Pretence
  /** Asks without a socket. */
  ask(target: string, asking?: Asking): Promise<Answered>
  /** Imports an account; the token is `<name>`, the account's id `<name>` too. */
  add(
    provider: string,
    name: string,
    options?: { userToken?: string; contacts?: readonly Contact[] },
  ): Promise<Added>
  createSite(subdomain: string, settings?: Site['settings']): Promise<{ site: Site; keys: string }>
  /** Moves the clock of the gateway forward. */
  passTime(ms: number): void
  /** Listens on a port of 127.0.0.1. */
  listen(): Promise<{ port: number; close(): Promise<void> }>
  close(): Promise<void>
}

export interface Added {
  readonly user: string
  readonly identity: string
}

/** A house with one site, `acme`, and nobody in it. */
export async function openOneAllHouse(
  options: {
    settings?: Site['settings']
    rememberedBytes?: number
    withoutGeneration?: boolean
    fanOutDeadlineMs?: number
  } = {},
): Promise<OneAllHouse> {
  const folder = await mkdtemp(join(tmpdir(), 'kith-oneall-'))
  const store = await openStore(join(folder, 'kith.db'), { keys: openKeys({ text: newRing() }) })
  if (options.withoutGeneration) Object.assign(store, { generation: undefined })
  let ahead = 0
  const now = () => Date.now() + ahead
  const pretence = createPretence()
  const bounds = {
    contactsMaxAgeMs: 86_400_000,
    contactsPerIdentity: 10_000,
    fanOutDeadlineMs: options.fanOutDeadlineMs ?? 8_000,
    readMaxMs: 600_000,
    outageMemoryMs: 60_000,
    readsAtOnce: 32,
    readsBytes: 8 * 1024 * 1024,
    readsWaiting: 10_000,
    connectionLifeMs: 3_600_000,
    loginLifeMs: 600_000,
    loginsAtOnce: 20_000,
  }
  const quiet = () => undefined
  const failures: unknown[] = []
  const gateway: Gateway = {
    store,
    providers: new Map(pretendProviders.map((provider) => [provider.id, provider])),
    open: (identity) =>
      pretend(pretence, identity, async () => (await store.tokens.of(identity))?.tokens.accessToken),
    async openUnlinked({ provider, server, tokens, subject = '' }) {
      const identity = { provider, server, subject } as Identity
      return pretend(pretence, identity, async () => tokens.accessToken)
    },
    renewTokens: async () => undefined,
    consents: NO_CONSENTS,
    readings: createReadings(bounds),
    deliveries: createDeliveries(),
    media: NO_MEDIA,
    webhooks: createWebhooks(async () => ({ status: 204 })),
    links: createLinks(
      {
        store,
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
        meter: { count: quiet, seconds: quiet, gauge: quiet },
        now,
      },
      { base: 'http://localhost/s' },
    ),
    bounds,
    memory: createMemory(32 * 1_024 * 1_024),
    friendMemory: createFriendMemory(0),
    log: { debug: quiet, info: quiet, warn: quiet, error: (fields) => failures.push(fields) },
    meter: { count: quiet, seconds: quiet, gauge: quiet },
    now,
  }
  const oneAll = createOneAll(
    { doorkeeper: createDoorkeeper({}, now) },
    { rememberedBytes: options.rememberedBytes },
  )
  const front = createFront({ dialects: [oneAll], gateway, options: { fallback: 'oneall' } })

  const createSite = async (subdomain: string, settings: Site['settings'] = {}) => {
    const privateKey = randomUUID()
    const created = await store.sites.create(
      {
        subdomain,
        name: subdomain,
        publicKey: randomUUID(),
        privateKeyHash: createHash('sha256').update(privateKey).digest('hex'),
        apiKey: `3_${subdomain}`,
        sdkAppId: 1_400_000_000 + sites++,
        admin: 'administrator',
        // Tests say themselves when contacts are read.
        settings: { prefetchContacts: 'none', ...settings },
        createdAt: now(),
      },
      { secret: 'secret', secretKey: 'secret' },
    )
    return { site: created, keys: `${created.publicKey}:${privateKey}` }
  }
  let sites = 0
  const { site, keys } = await createSite('acme', options.settings)

  const ask = async (target: string, asking: Asking = {}): Promise<Answered> => {
    const { method = 'GET', body, host = 'acme.api.kith.example', address = '192.0.2.1' } = asking
    const headers: Record<string, string> = { host, ...asking.headers }
    const shown = asking.keys === undefined ? keys : asking.keys
    if (shown !== null) headers.authorization ??= `Basic ${Buffer.from(shown).toString('base64')}`
    const bytes = Buffer.isBuffer(body)
      ? body
      : Buffer.from(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body))
    const request = toWireRequest({ method, target, headers, body: bytes, address, at: now() })
    const answer = await front.answer(request)
    const text = Buffer.concat(
      answer.body instanceof Uint8Array ? [answer.body] : [...answer.body],
    ).toString()
    const isJson = answer.headers['content-type']?.startsWith('application/json')
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: isJson ? JSON.parse(text) : undefined,
    }
  }

  return {
    gateway,
    front,
    site,
    keys,
    pretence,
    ask,
    createSite,
    passTime: (ms) => {
      ahead += ms
    },
    async add(provider, name, { userToken, contacts = [] } = {}) {
      pretence.contacts.set(name, { following: contacts })
      const source = { key: provider, server: provider === 'mastodon' ? 'mastodon.example' : undefined }
      const identity = { source: { ...source, access_token: { key: name } } }
      const body = { request: { user: { user_token: userToken, identity } } }
      const { json, text } = await ask('/users.json', { method: 'PUT', body })
      const user = json.response.result?.data.user
      if (!user) throw new Error(text)
      return { user: user.user_token, identity: user.identity.identity_token }
    },
    async listen() {
      const server = createServer(serverOptions())
      front.attach(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('no port')
      const close = async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      return { port: bound.port, close }
    },
    async close() {
      await stopReads(gateway)
      await store.close()
      await rm(folder, { recursive: true, force: true })
      if (failures.length > 0) throw new AggregateError(failures, 'something unforeseen was logged')
    },
  }
}
