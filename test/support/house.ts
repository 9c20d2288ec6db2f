// A whole gateway for a test, as `serve` assembles it but without a port: a real store, the shipped connectors, and the
// sandbox or real counterparts for networks.

import { createHash, randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Assembled, assemble } from '../../src/assemble.ts'
import { type Config, readConfig } from '../../src/config.ts'
import type { Bounds, Gateway, Log, Meter } from '../../src/core/gateway.ts'
import type { Site } from '../../src/core/model.ts'
import type { Store } from '../../src/core/store.ts'
import type { Front } from '../../src/dialects/front.ts'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { newRing } from '../../src/store/keys.ts'

const SILENT: Meter = { count: () => {}, seconds: () => {}, gauge: () => {} }

interface HouseOptions {
  /** Address of an empty database; without it, a new SQLite file that goes when the house is closed. */
  readonly database?: string
  /** Put the sandbox in the place of all networks. */
  readonly sandbox?: boolean
  /** API roots of real counterparts, by provider id. */
  readonly bases?: Config['bases']
  /** What the address guard lets pass, beside the sandbox and `bases`. */
  readonly allowAddresses?: readonly string[]
  /** Home servers may be `http:`. */
  readonly allowInsecure?: boolean
  /** Further options of the network room that differ from the defaults. */
  readonly network?: Partial<Config['network']>
  /** Bounds that differ from the defaults. */
  readonly bounds?: Partial<Bounds>
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** The gateway, its only site and the way in to it. */
export interface House {
  readonly gateway: Gateway
  readonly front: Front
  readonly store: Store
  readonly site: Site
  /** `Authorization` of the site for the OneAll API. */
  readonly authorization: string
  /** There when it was asked for. */
  readonly sandbox?: Sandbox
  /** Every line that was logged. */
  readonly logged: readonly Logged[]
  /** Asks the OneAll API as the site. */
  ask(target: string, request?: { method?: string; json?: object }): Promise<Answered>
  /** Ends the gateway as a server told to stop does; database and sandbox stay. */
  stop(): Promise<void>
  /** One more gateway on the same database: another process on PostgreSQL, the next start on SQLite. */
  another(): Promise<Assembled>
  /** Ends reads, networks, store and sandbox, in this order, and removes what was temporary. */
  close(): Promise<void>
}

interface Logged {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

interface Answered {
  readonly status: number
  /** The parsed JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly body: any
}

/** Builds a house with everything at its default but what is named. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const { now = Date.now } = options
  const folder = await mkdtemp(join(tmpdir(), 'kith-house-'))
  const sandbox = options.sandbox ? await startSandbox() : undefined
  const { log, logged } = createEar()
  const plain = configOf(options, options.database ?? join(folder, 'kith.db'), sandbox)
  const config = { ...plain, media: { ...plain.media, dir: join(folder, 'media') } }
  const surroundings = { log, meter: SILENT, now }
  const { gateway, front, close } = await assemble(config, surroundings)
  const others: Assembled[] = []
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= close()
    return stopped
  }
  const { store } = gateway
  const { site, authorization } = await createSite(store, now())
  return {
    gateway,
    front,
    store,
    site,
    authorization,
    sandbox,
    logged,
    async ask(target, { method = 'GET', json } = {}) {
      const headers = {
        host: `${site.subdomain}.api.localhost`,
        authorization,
        'content-type': 'application/json',
      }
      const body = json && Buffer.from(JSON.stringify(json))
      const answer = await front.answer(toWireRequest({ method, target, headers, body, at: now() }))
      return { status: answer.status, body: JSON.parse(Buffer.concat([answer.body].flat()).toString()) }
    },
    stop,
    async another() {
      const other = await assemble(config, surroundings)
      others.push(other)
      return other
    },
    async close() {
      await Promise.all([stop(), ...others.map((other) => other.close())])
      await sandbox?.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

// Loaded only where it is wanted.
async function startSandbox(): Promise<Sandbox> {
  const { openSandbox } = await import('../../src/sandbox/sandbox.ts')
  return openSandbox()
}

function configOf(options: HouseOptions, databaseUrl: string, sandbox: Sandbox | undefined): Config {
  const defaults = readConfig({})
  const { bases = {}, allowAddresses = [], allowInsecure = false } = options
  return {
    ...defaults,
    bases,
    data: { ...defaults.data, databaseUrl, keys: newRing() },
    bounds: { ...defaults.bounds, ...options.bounds },
    network: {
      ...defaults.network,
      allowAddresses: [...allowAddresses],
      allowInsecure,
      sandbox: sandbox?.url,
      ...options.network,
    },
  }
}

async function createSite(
  store: Store,
  createdAt: number,
): Promise<{ readonly site: Site; readonly authorization: string }> {
  const [publicKey, privateKey] = [randomUUID(), randomUUID()]
  const site = {
    subdomain: 'house',
    name: 'House',
    publicKey,
    privateKeyHash: createHash('sha256').update(privateKey).digest('hex'),
    apiKey: '3_house',
    sdkAppId: 1_400_000_000,
    admin: 'administrator',
    // Tests say themselves when contacts are read.
    settings: { prefetchContacts: 'none' as const },
    createdAt,
  }
  const secrets = { secret: randomUUID(), secretKey: randomUUID() }
  const authorization = `Basic ${Buffer.from(`${publicKey}:${privateKey}`).toString('base64')}`
  return { site: await store.sites.create(site, secrets), authorization }
}

function createEar(): { readonly log: Log; readonly logged: readonly Logged[] } {
  const logged: Logged[] = []
  const at =
    (level: string) =>
    (fields: Readonly<Record<string, unknown>>, message: string): void => {
      logged.push({ level, message, fields })
    }
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, logged }
}
