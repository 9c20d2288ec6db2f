// All that the services need from outside. Assembled once, in assemble.ts; assembled again in tests.

import type { Consents } from './consent.ts'
import type { Deliveries } from './deliveries.ts'
import type { FriendMemory } from './friend-memory.ts'
import type { Links } from './link-service.ts'
import type { MediaRoom } from './media-room.ts'
import type { App, Identity, Site, Tokens } from './model.ts'
import type { Network, Provider } from './provider.ts'
import type { Readings } from './readings.ts'
import type { Store } from './store.ts'
import type { Webhooks } from './webhook-telling.ts'

export interface Gateway {
  readonly store: Store
  readonly providers: ReadonlyMap<string, Provider>
  /** Looks at a network through one identity. */
  open(identity: Identity): Network
  /** Looks at a network with tokens that belong to no identity yet: to learn whose they are. */
  openUnlinked(account: UnlinkedAccount): Promise<Network>
  /** Renews an identity's tokens if they are near their end, or now when forced and the network can. */
  renewTokens(identity: Identity, options: { readonly force: boolean }): Promise<void>
  /** Asks people at the networks for access, and gives it back. */
  readonly consents: Consents
  /** Where browsers reach this gateway: `https://name`, without a slash at the end; by whatever host they use when absent. */
  readonly publicUrl?: string
  /** Reads of contacts under way in this process. */
  readonly readings: Readings
  /** Publications under way in this process. */
  readonly deliveries: Deliveries
  /** Pictures and videos. */
  readonly media: MediaRoom
  /** Short links: where they lead, and counting who follows. */
  readonly links: Links
  /** Telling sites what happens. */
  readonly webhooks: Webhooks
  readonly bounds: Bounds
  readonly memory: Memory
  /** Rendered friends of the site's own graph. */
  readonly friendMemory: FriendMemory
  readonly log: Log
  readonly meter: Meter
  /** Milliseconds since 1970. */
  now(): number
}

export interface UnlinkedAccount {
  readonly site: Pick<Site, 'id'>
  readonly provider: string
  readonly server?: string
  readonly tokens: Tokens
  /** Where the network's calls need to know the account before its profile is read. */
  readonly subject?: string
  readonly app?: App
}

/** Every bound the services keep; each is configuration with a stated default (config.ts). */
export interface Bounds {
  /** How long a snapshot counts as fresh. Default 24 hours. */
  readonly contactsMaxAgeMs: number
  /** Contacts kept per identity. Default 10,000. */
  readonly contactsPerIdentity: number
  /** How long a caller waits for a network. Default 8 s. */
  readonly fanOutDeadlineMs: number
  /** How long a read may go on after its caller was answered. Default 10 minutes. */
  readonly readMaxMs: number
  /** How long an outage is remembered. Default 60 s. */
  readonly outageMemoryMs: number
  /** Identity reads at once; more wait. Default 32. */
  readonly readsAtOnce: number
  /** Bytes of contacts that reads under way hold together, about; above it only the eldest go on. Default 8 MiB. */
  readonly readsBytes: number
  /** Identity reads waiting; more are `overloaded`. Default 10,000. */
  readonly readsWaiting: number
  /** How long a connection can be read. Default 1 hour. */
  readonly connectionLifeMs: number
  /** How long a login may take, from the first click to the way back. Default 10 minutes. */
  readonly loginLifeMs: number
  /** Logins of one site under way; more are `overloaded`. Default 20,000. */
  readonly loginsAtOnce: number
}

/** Rendered pieces, kept in memory up to a bound. The key names everything the piece depends on. */
export interface Memory {
  get(key: string): Uint8Array | undefined
  set(key: string, piece: Uint8Array): void
}

export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Counters and durations for the metrics page; names are listed in server/metrics.ts. */
export interface Meter {
  count(name: string, labels?: Readonly<Record<string, string>>, by?: number): void
  seconds(name: string, labels: Readonly<Record<string, string>>, value: number): void
  gauge(name: string, labels: Readonly<Record<string, string>>, value: number): void
}
