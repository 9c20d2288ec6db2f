// Gateways over one database with pretend networks, and the Gigya API in front: for tests of friends.

import { NO_CONSENTS } from '../../src/core/consent.ts'
import { createDeliveries } from '../../src/core/deliveries.ts'
import { createFriendMemory } from '../../src/core/friend-memory.ts'
import type { Bounds, Gateway } from '../../src/core/gateway.ts'
import { importIdentity } from '../../src/core/identities.ts'
import { createLinks } from '../../src/core/link-service.ts'
import { NO_MEDIA } from '../../src/core/media-room.ts'
import type { Contact, Identity, Site, SiteSettings, User } from '../../src/core/model.ts'
import type { Provider } from '../../src/core/provider.ts'
import { createReadings, stopReads } from '../../src/core/readings.ts'
import { createWebhooks } from '../../src/core/webhook-telling.ts'
import { createDoorkeeper } from '../../src/dialects/access.ts'
import { createFront } from '../../src/dialects/front.ts'
import { getContacts } from '../../src/dialects/gigya/contacts.ts'
import { getFriendsInfo } from '../../src/dialects/gigya/friends.ts'
import { createGigya } from '../../src/dialects/gigya/gigya.ts'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import { createMemory } from '../../src/store/memory.ts'
import type { OpenStore } from '../../src/store/open.ts'
import type { DatabaseKind } from './databases.ts'
import { createPretence, type Pretence, pretend, pretendProviders } from './pretence.ts'
import { createSite, openStoreHouse, type StoreHouse } from './stores.ts'

/** The partner secret of every site in these tests. */
export const SECRET = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM='

export interface FriendsHouse extends AsyncDisposable {
  readonly stores: StoreHouse
  readonly site: Site
  readonly gateway: Gateway
  readonly pretence: Pretence
  /** Moves the clock of all gateways forward. */
  passTime(ms: number): void
  /** A login with an account; its token and its id are `name`. Waits until what it began to read has ended. */
  login(provider: string, name: string, options?: LoginOptions): Promise<Added>
  /** Calls a method of the Gigya API with the partner secret, over https. */
  call(method: string, params?: Readonly<Record<string, string>>): Promise<Called>
  /** The same until it is no longer pending. */
  callUntilThere(method: string, params?: Readonly<Record<string, string>>): Promise<Called>
  /** Keeps the network from answering about an account until the returned function is called. */
  hold(name: string): () => void
  /** Waits for the reads under way in the first gateway. */
  settle(): Promise<void>
  /** Another gateway over the same database. */
  another(): Promise<Gateway>
  /** The site with other switches. */
  switchTo(settings: SiteSettings): Promise<Site>
}

interface LoginOptions {
  readonly to?: Pick<User, 'token'>
  readonly server?: string
  readonly following?: readonly Contact[]
  readonly followers?: readonly Contact[]
  /** Do not wait. */
  readonly hasty?: boolean
}

export interface Added {
  readonly user: User
  readonly identity: Identity
}

export interface Called {
  readonly text: string
  readonly headers: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly json: any
}

/** The pretend networks: facebook's relation has no direction, mastodon's ids are a server's own, tumblr has no contacts. */
export const networks: readonly Provider[] = pretendProviders.map((provider) => {
  if (provider.id !== 'facebook') return provider
  return { ...provider, contacts: { all: provider.contacts?.following, withEmails: true } }
})

export async function openFriendsHouse(
  kind: DatabaseKind,
  {
    providers = networks,
    bounds = {},
  }: { readonly providers?: readonly Provider[]; readonly bounds?: Partial<Bounds> } = {},
): Promise<FriendsHouse> {
  const stores = await openStoreHouse(kind)
  const made = await createSite(stores.store)
  const site = await siteWithSecret(stores.store, made)
  const pretence = createPretence()
  let ahead = 0
  const now = () => Date.now() + ahead
  const errors: unknown[] = []
  const opened: Gateway[] = []

  const open = (store: OpenStore): Gateway => {
    const gateway = openGateway({ store, providers, pretence, bounds, now, errors })
    opened.push(gateway)
    return gateway
  }
  const gateway = open(stores.store)
  const gigya = createGigya(
    { doorkeeper: createDoorkeeper({}, now) },
    { methods: [getFriendsInfo, getContacts] },
  )
  const front = createFront({ dialects: [gigya], gateway, options: {} })
  const settle = async () => {
    await Promise.all([...gateway.readings.ofIdentity.values()].map(({ done }) => done))
  }

  const house = {
    stores,
    site,
    gateway,
    pretence,
    settle,
    hold(name: string) {
      const { promise, resolve } = Promise.withResolvers<void>()
      pretence.holds.set(name, promise)
      return resolve
    },
    passTime: (ms: number) => {
      ahead += ms
    },
    async login(provider: string, name: string, options: LoginOptions = {}): Promise<Added> {
      const { to, server, following = [], followers = following, hasty = false } = options
      pretence.contacts.set(name, { following, followers })
      const tokens = { accessToken: name }
      const account = { provider, server, tokens, userToken: to?.token }
      const { user, identity } = await importIdentity(gateway, house.site, account)
      if (!hasty) await settle()
      return { user, identity }
    },
    async call(method: string, params: Readonly<Record<string, string>> = {}): Promise<Called> {
      const all = { apiKey: house.site.apiKey, secret: SECRET, ...params }
      const answer = await front.answer(
        toWireRequest({
          method: 'POST',
          target: `/socialize.${method}`,
          headers: { host: 'socialize.example', 'content-type': 'application/x-www-form-urlencoded' },
          body: Buffer.from(new URLSearchParams(all).toString()),
          scheme: 'https',
          address: '192.0.2.1',
          at: now(),
        }),
      )
      const text = Buffer.concat([answer.body].flat()).toString()
      return { text, headers: answer.headers, json: text.startsWith('{') ? JSON.parse(text) : undefined }
    },
    async callUntilThere(method: string, params: Readonly<Record<string, string>> = {}): Promise<Called> {
      for (let tries = 0; tries < 50; tries += 1) {
        const called = await house.call(method, params)
        if (called.json?.errorCode !== 100001 && !called.text.includes('100001')) return called
        await settle()
      }
      throw new Error('it stays pending')
    },
    another: async () => open(await stores.beside()),
    async switchTo(settings: SiteSettings): Promise<Site> {
      await stores.store.sites.saveSettings(site, settings)
      house.site = { ...site, settings }
      return house.site
    },
    async [Symbol.asyncDispose]() {
      for (const each of opened) await stopReads(each)
      await stores[Symbol.asyncDispose]()
      if (errors.length > 0) throw new AggregateError(errors, 'something unforeseen was logged')
    },
  }
  return house
}

// The site that the support of stores makes has no base64 for a secret.
async function siteWithSecret(store: OpenStore, { id: _, ...site }: Site): Promise<Site> {
  const keys = { publicKey: `${site.publicKey}-g`, apiKey: `${site.apiKey}g`, sdkAppId: site.sdkAppId + 1 }
  const subdomain = `${site.subdomain}-g`
  return store.sites.create({ ...site, ...keys, subdomain }, { secret: SECRET, secretKey: 'key' })
}

interface Parts {
  readonly store: OpenStore
  readonly providers: readonly Provider[]
  readonly pretence: Pretence
  readonly bounds: Partial<Bounds>
  readonly now: () => number
  readonly errors: unknown[]
}

function openGateway({ store, providers, pretence, bounds: own, now, errors }: Parts): Gateway {
  const quiet = () => undefined
  const bounds: Bounds = {
    contactsMaxAgeMs: 86_400_000,
    contactsPerIdentity: 20_000,
    fanOutDeadlineMs: 8_000,
    readMaxMs: 600_000,
    outageMemoryMs: 60_000,
    readsAtOnce: 32,
    readsBytes: 8 * 1024 * 1024,
    readsWaiting: 10_000,
    connectionLifeMs: 3_600_000,
    loginLifeMs: 600_000,
    loginsAtOnce: 20_000,
    ...own,
  }
  return {
    store,
    providers: new Map(providers.map((provider) => [provider.id, provider])),
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
    log: { debug: quiet, info: quiet, warn: quiet, error: (fields) => errors.push(fields) },
    meter: { count: quiet, seconds: quiet, gauge: quiet },
    now,
  }
}
