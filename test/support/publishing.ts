// A gateway over a real store and the network room, whose networks are pretend ones that take posts.

import { randomUUID } from 'node:crypto'
import { NO_CONSENTS } from '../../src/core/consent.ts'
import { createDeliveries, type PublishingBounds, stopDeliveries } from '../../src/core/deliveries.ts'
import { createFriendMemory } from '../../src/core/friend-memory.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import { createLinks } from '../../src/core/link-service.ts'
import { NO_MEDIA } from '../../src/core/media-room.ts'
import type { Identity } from '../../src/core/model.ts'
import type { Provider } from '../../src/core/provider.ts'
import { createReadings } from '../../src/core/readings.ts'
import { createWebhooks } from '../../src/core/webhook-telling.ts'
import { createNetworks } from '../../src/network/networks.ts'
import { NETWORK_DEFAULTS, type NetworkOptions } from '../../src/network/options.ts'
import { providers as shipped } from '../../src/providers/index.ts'
import { createMemory } from '../../src/store/memory.ts'
import type { OpenStore } from '../../src/store/open.ts'
import { postProviders } from './post-providers.ts'

export interface PublishingGateway {
  readonly gateway: Gateway
  /** What was logged as an error. */
  readonly errors: unknown[]
  /** As a server that is told to stop; the store stays. */
  close(): Promise<void>
}

/** Quick enough for tests: pauses of milliseconds instead of seconds. */
const QUICK: Partial<PublishingBounds> = { retryBaseMs: 20, retryMaxMs: 100, settleMs: 150, skewMs: 1_000 }

/** Opens a gateway as one process has it. `offices` is the address of the pretend networks, where they are wanted. */
export function openPublishingGateway(
  store: OpenStore,
  offices: string,
  options: {
    readonly bounds?: Partial<PublishingBounds>
    readonly network?: Partial<NetworkOptions>
    readonly now?: () => number
    /** Beside the usual ones; each has an office of its own. */
    readonly providers?: readonly Provider[]
    /** The shipped connectors over a sandbox at this address, and no pretend networks. */
    readonly sandbox?: string
  } = {},
): PublishingGateway {
  const { now = Date.now } = options
  const quiet = () => undefined
  const errors: unknown[] = []
  const log = { debug: quiet, info: quiet, warn: quiet, error: (fields: unknown) => void errors.push(fields) }
  const meter = { count: quiet, seconds: quiet, gauge: quiet }
  const { sandbox } = options
  const all = sandbox ? shipped : [...postProviders, ...(options.providers ?? [])]
  const providers = new Map(all.map((provider) => [provider.id, provider]))
  const bases = sandbox ? {} : Object.fromEntries(all.map(({ id }) => [id, `${offices}/${id}`]))
  const networks = createNetworks({
    store,
    providers,
    options: {
      ...NETWORK_DEFAULTS,
      retriesMax: 0,
      limitsRecheckMs: 0,
      breakerFailures: 1_000_000,
      bases,
      sandbox,
      ...options.network,
    },
    log,
    meter,
    now,
  })
  const bounds = {
    contactsMaxAgeMs: 86_400_000,
    contactsPerIdentity: 10_000,
    fanOutDeadlineMs: 8_000,
    readMaxMs: 600_000,
    outageMemoryMs: 60_000,
    readsAtOnce: 32,
    readsBytes: 8 * 1024 * 1024,
    readsWaiting: 10_000,
    connectionLifeMs: 3_600_000,
    loginLifeMs: 600_000,
    loginsAtOnce: 20_000,
  }
  const { open, openUnlinked, renewTokens } = networks
  const gateway: Gateway = {
    store,
    providers,
    open,
    openUnlinked,
    renewTokens,
    consents: NO_CONSENTS,
    readings: createReadings(bounds),
    deliveries: createDeliveries({ ...QUICK, ...options.bounds }),
    media: NO_MEDIA,
    webhooks: createWebhooks(async () => ({ status: 204 })),
    links: createLinks({ store, log, meter, now }, { base: 'http://localhost/s' }),
    bounds,
    memory: createMemory(0),
    friendMemory: createFriendMemory(0),
    log,
    meter,
    now,
  }
  return {
    gateway,
    errors,
    async close() {
      await stopDeliveries(gateway)
      await networks.close()
    },
  }
}

/** Links an account of a pretend network, to a new user or to this one; its access token is its name. */
export async function linkAccount(
  store: OpenStore,
  site: { readonly id: number },
  provider: string,
  { account = randomUUID(), userToken }: { readonly account?: string; readonly userToken?: string } = {},
): Promise<Identity> {
  const profile = { subject: account }
  const tokens = { accessToken: account }
  const wish = { provider, subject: account, profile, tokens }
  const { identity } = await store.identities.link(site, wish, { userToken })
  return identity
}
