// Builds the gateway from its parts; the only file that knows them all.

import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from './config.ts'
import { createDeliveries, stopDeliveries } from './core/deliveries.ts'
import { createFriendMemory } from './core/friend-memory.ts'
import type { Gateway, Log, Meter } from './core/gateway.ts'
import { createLinks } from './core/link-service.ts'
import { createReadings, stopReads } from './core/readings.ts'
import { createReports } from './core/reports.ts'
import { createWebhooks, stopWebhooks } from './core/webhook-telling.ts'
import { createDoorkeeper } from './dialects/access.ts'
import { createBrowser } from './dialects/browser/browser.ts'
import { createVisitor } from './dialects/browser/visitor.ts'
import { createFront, type Front } from './dialects/front.ts'
import { createGigya } from './dialects/gigya/gigya.ts'
import { METHODS } from './dialects/gigya/methods.ts'
import { createShortLinks } from './dialects/links/links.ts'
import { createNative } from './dialects/native/native.ts'
import { createOneAll } from './dialects/oneall/oneall.ts'
import { createTencent } from './dialects/tencent/tencent.ts'
import { createFriendReaders, type OpenReaders } from './friend-readers.ts'
import { type Copied, copyKept } from './media/copy.ts'
import { createMedia } from './media/media.ts'
import { createMediaDoor, type MediaDoor } from './media/serve.ts'
import { createFiles } from './network/files.ts'
import { createHooks, type Hooks } from './network/hooks.ts'
import { createNetworks } from './network/networks.ts'
import { providers } from './providers/index.ts'
import type { Gauges } from './server/metrics.ts'
import { type KeySource, openKeys } from './store/keys.ts'
import { createMemory } from './store/memory.ts'
import { type OpenStore, openStore, parseAddress } from './store/open.ts'
import { createRateLimiter } from './store/rate-limiter.ts'

export interface Assembled {
  readonly gateway: Gateway
  readonly front: Front
  /** Public addresses of pictures and videos. */
  readonly mediaDoor: MediaDoor
  /** What is read before each page of the metrics. */
  gauges(): Gauges
  /** Ends reads with their place stored, then the networks, then the database. */
  close(): Promise<void>
}

interface Surroundings {
  readonly log: Log
  readonly meter: Meter
  readonly now?: () => number
}

/** The whole gateway on its database, without a port. */
export async function assemble(config: Config, surroundings: Surroundings): Promise<Assembled> {
  const store = await openDatabase(config, { role: 'server', log: surroundings.log })
  try {
    return await assembleOn(store, config, surroundings)
  } catch (error) {
    // It would keep its file locked.
    await store.close()
    throw error
  }
}

async function assembleOn(
  store: OpenStore,
  config: Config,
  { log, meter, now = Date.now }: Surroundings,
): Promise<Assembled> {
  const { bounds, bases, versions } = config
  const byId = new Map(providers.map((provider) => [provider.id, provider]))
  const options = { ...config.network, bases, versions }
  const networks = createNetworks({ store, providers: byId, options, log, meter, now })
  const memory = createMemory(config.memory.piecesBytes)
  const friendMemory = createFriendMemory(config.memory.friendsBytes)
  const readings = createReadings(bounds)
  const deliveries = createDeliveries(config.publishing)
  const files = createFiles(config.network)
  const media = createMedia({
    dir: mediaDir(config),
    bounds: config.media,
    publicUrl: config.server.publicUrl,
    fetchFile: files.fetchFile,
    keys: openKeys(keySource(config)),
    needed: () => store.publications.neededMedia(),
    log,
    now,
  })
  const links = createLinks({ store, log, meter, now }, { ...config.links, ...linkAddresses(config) })
  await links.book.refresh()
  const hooks = openHooks(config)
  const webhooks = createWebhooks(hooks.call, config.webhooks, { allowsHttp: config.network.allowInsecure })
  const { open, openUnlinked, renewTokens, consents } = networks
  const gateway: Gateway = {
    store,
    providers: byId,
    open,
    openUnlinked,
    renewTokens,
    consents,
    publicUrl: config.server.publicUrl?.replace(/\/+$/, ''),
    readings,
    deliveries,
    media: media.room,
    links,
    webhooks,
    bounds,
    memory,
    friendMemory,
    log,
    meter,
    now,
  }
  const doorkeeper = createDoorkeeper(config.front, now)
  const { callsPerSecond } = config.tencent
  const limiter = await createRateLimiter(config.data.databaseUrl, { ...config.store, callsPerSecond, log })
  const readers = openFriendReaders(config, log)
  const reports = createReports({ store, log, meter, now }, config.reports)
  const dialects = [
    createShortLinks(gateway),
    // Before the logins, whose paths begin alike.
    createVisitor(),
    // Before Gigya, whose redirects for browsers are here.
    createBrowser(now, {
      startsPerMinute: config.login.startsPerMinute,
      sessionLifeMs: config.gigya.sessionLifeMs,
      secretOverHttp: config.gigya.secretOverHttp,
      note: reports.note,
    }),
    // Before OneAll, to which Gigya's old host `socialize.api.<domain>` would look like a site.
    createGigya({ doorkeeper }, { ...config.gigya, methods: METHODS, note: reports.note }),
    createTencent({ doorkeeper, limiter, readers }, config.tencent),
    createNative({ doorkeeper }),
    createOneAll({ doorkeeper }, { rememberedBytes: config.memory.answersBytes }),
  ]
  const front = createFront({
    dialects,
    gateway,
    options: { ...config.front, proxies: config.server.trustedProxies, fallback: 'oneall' },
  })
  return {
    gateway,
    front,
    mediaDoor: createMediaDoor({ find: media.find, now, log, servedAtOnce: config.media.servedAtOnce }),
    gauges: () => ({
      kith_reads_running: readings.slots.taken,
      kith_reads_waiting: readings.slots.waiting,
      kith_publications_running: deliveries.running.size,
      kith_friends_readers: readers?.count ?? 0,
      kith_memory_bytes: memory.bytes + friendMemory.bytes + links.book.bytes,
      kith_gigya_busiest: reports
        .busiest()
        .map(({ calls, ...labels }) => ({ labels: { ...labels }, value: calls })),
    }),
    async close() {
      await Promise.all([stopReads(gateway), stopDeliveries(gateway), links.clicks.close()])
      await stopWebhooks(gateway)
      await hooks.close()
      await Promise.all([networks.close(), files.close(), media.close()])
      await limiter.close()
      await reports.close()
      await readers?.close()
      await store.close()
    },
  }
}

/** The door to webhooks, as the configuration allows it. */
export function openHooks({ network }: Config): Hooks {
  return createHooks(network)
}

/** Threads beside the one that serves, where the database is a file that they can open too. */
function openFriendReaders({ data, store, memory, friends }: Config, log: Log): OpenReaders | undefined {
  const address = parseAddress(data.databaseUrl)
  if (!('file' in address) || friends.threads === 0) return undefined
  const { busyTimeoutMs } = store
  const thread = { file: address.file, busyTimeoutMs, memoryBytes: memory.friendsBytes }
  return createFriendReaders(thread, { log, bounds: friends })
}

/** Where short links stand: at an address of their own, or below the gateway's. */
function linkAddresses({ links, server }: Config) {
  const { publicUrl, port } = server
  const root = publicUrl?.replace(/\/+$/, '') ?? `http://localhost:${port}`
  return { base: links.shortUrl ?? `${root}/s`, publicUrl }
}

/** The configured database; a server alone holds its SQLite file, tools may come beside it. */
export function openDatabase(
  config: Config,
  { role, log }: { readonly role: 'server' | 'tool'; readonly log: Log },
): Promise<OpenStore> {
  const source = keySource(config)
  if ('path' in source) mkdirSync(dirname(source.path), { recursive: true })
  return openStore(config.data.databaseUrl, { ...config.store, keys: openKeys(source), role, log })
}

/** Where the keys are: a text, a file, or `kith.keys` beside the SQLite file (in ./data for PostgreSQL). */
export function keySource({ data }: Config): KeySource {
  if (data.keys) return { text: data.keys }
  if (data.keysFile) return { path: data.keysFile }
  const address = parseAddress(data.databaseUrl)
  return { path: join('file' in address ? dirname(address.file) : './data', 'kith.keys') }
}

/** Copies the pictures and videos that were taken into a folder beside a copy of the database, or back from there. */
export function copyMedia(
  config: Config,
  { folder, isBack = false }: { readonly folder: string; readonly isBack?: boolean },
): Promise<Copied> {
  const dir = mediaDir(config)
  return isBack ? copyKept(folder, dir) : copyKept(dir, folder)
}

/** Where pictures and videos lie: `media` beside the SQLite file (in ./data for PostgreSQL), unless it is named. */
function mediaDir({ data, media }: Config): string {
  if (media.dir) return media.dir
  const address = parseAddress(data.databaseUrl)
  return join('file' in address ? dirname(address.file) : './data', 'media')
}
