// The only room with a socket to the networks. Everything that leaves for one goes through `createNetworks`.

import { understand } from '../core/answers.ts'
import type { Consents } from '../core/consent.ts'
import { GatewayError } from '../core/errors.ts'
import type { Log, Meter, UnlinkedAccount } from '../core/gateway.ts'
import { goneProblem } from '../core/gone.ts'
import type { App, Identity, Tokens } from '../core/model.ts'
import type { ApiRequest, ApiResponse, FetchOptions, Network, Provider } from '../core/provider.ts'
import type { Store } from '../core/store.ts'
import { createAuthServers } from './auth-servers.ts'
import { createBreaker } from './breaker.ts'
import { createConsents } from './consent.ts'
import { type Deadline, openDeadline } from './deadline.ts'
import { uploadFailureOf } from './failures.ts'
import { createGate } from './gate.ts'
import { createGuard, type Resolve } from './guard.ts'
import { createLimits, scopeOf } from './limits.ts'
import type { NetworkOptions } from './options.ts'
import { createPlaces, homeServer } from './places.ts'
import { createPool } from './pool.ts'
import { contentOf } from './request.ts'
import { createSend } from './send.ts'
import { signerFor } from './sign.ts'
import { createDpopNonces } from './sign-atproto.ts'
import { createTokenKeeper, type Held } from './tokens.ts'

export interface Networks {
  /** A network seen through a linked identity. Costs nothing until it is asked. */
  open(identity: Identity): Network
  /** A network seen with tokens that belong to no identity yet; they are used as they are and never renewed. */
  openUnlinked(account: UnlinkedAccount): Promise<Network>
  /** Renews an identity's tokens when it is time, or in any case; nothing where its network has no such thing. */
  renewTokens(identity: Identity, options: { readonly force: boolean }): Promise<void>
  /** Logins. */
  readonly consents: Consents
  /** Waits for renewals under way, then closes all connections. */
  close(): Promise<void>
}

export interface NetworkParts {
  readonly store: Pick<Store, 'tokens' | 'apps' | 'limits'>
  readonly providers: ReadonlyMap<string, Provider>
  readonly options: NetworkOptions
  readonly log: Log
  readonly meter: Meter
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Resolves names; the system's resolver when absent. */
  readonly resolve?: Resolve
  /** From 0 to below 1. */
  readonly random?: () => number
}

/** Opens the room. Throws `invalid_request` for options that contradict one another. */
export function createNetworks(parts: NetworkParts): Networks {
  const { store, providers, options, log, meter, now = Date.now, random = Math.random } = parts
  checkOptions(options)
  const places = createPlaces(options)
  const guard = createGuard({
    allow: [...options.allowAddresses, ...places.configuredHosts],
    resolve: parts.resolve,
  })
  const pool = createPool(options, guard)
  const gate = createGate({ atOnce: options.connectionsPerOrigin, waiting: options.waitingPerOrigin })
  const { breakerFailures: failures, breakerOpenMs: openMs } = options
  const breaker = createBreaker({ failures, openMs, now, log, meter })
  const limits = createLimits({ store, options, now, log })
  const send = createSend({ pool, gate, breaker, limits, places, options, log, meter, now, random })
  const nonces = createDpopNonces()
  const authServers = createAuthServers({ send, places, options, now })
  const keeper = createTokenKeeper({ store, send, places, authServers, nonces, options, log, now, random })

  const ask = async (
    { provider, identity, tokens, app }: Access,
    request: ApiRequest,
    { deadline, heard }: Terms,
  ): Promise<ApiResponse> => {
    const secrets = [...keysIn(tokens), tokens.refreshToken, tokens.secret, app?.clientSecret]
    return send({
      provider,
      place: places.ofRequest(provider, identity.server, request, tokens.accessToken),
      content: contentOf(provider, request, options),
      deadline,
      signer: signerFor(provider, { tokens, app, nonces, now }),
      scope: scopeOf(provider, identity),
      secrets: secrets.filter((secret) => secret !== undefined),
      hidesSecrets: true,
      heard,
    })
  }

  // The address itself is the leave to write there, and no token of ours is shown to it.
  const upload = (provider: Provider, request: ApiRequest, address: string, deadline: Deadline) =>
    send({
      provider,
      place: places.ofRequest(provider, undefined, request),
      content: contentOf(provider, request, options),
      deadline,
      secrets: [address],
      hidesSecrets: true,
      hidesPath: true,
      failure: (answer) => uploadFailureOf(provider, answer),
    })

  const askLinked = async (identity: Identity, request: ApiRequest, terms: Terms) => {
    const { deadline } = terms
    const provider = livingProvider(providers, identity.provider)
    if (request.upload !== undefined) return upload(provider, request, request.upload, deadline)
    const app = await appFor(store, provider, { siteId: identity.siteId, server: identity.server })
    const askWith = ({ tokens }: Held) => ask({ provider, identity, tokens, app }, request, terms)
    const held = await beforehand(keeper.ready(identity, provider, deadline))
    try {
      return await askWith(held)
    } catch (error) {
      const isRefused = error instanceof GatewayError && error.code === 'relink_required'
      if (!isRefused || !keeper.canRenew(provider, held)) throw error
    }
    return askWith(await beforehand(keeper.renewed(identity, provider, held, deadline)))
  }

  const networkOf = (
    identity: Identity,
    answer: (request: ApiRequest, terms: Terms) => Promise<ApiResponse>,
  ): Network => {
    const fetch: Network['fetch'] = async (request, { signal, heard } = {}) => {
      const deadline = openDeadline(deadlineMsOf(request, options), signal)
      try {
        return await answer(request, { deadline, heard })
      } finally {
        deadline.close()
      }
    }
    return { identity, fetch, call: async (request, shape) => understand(await fetch(request), shape) }
  }

  return {
    consents: createConsents({ store, providers, send, places, authServers, nonces, options, log, now }),
    open: (identity) => networkOf(identity, (request, terms) => askLinked(identity, request, terms)),
    async openUnlinked(account) {
      const { site, tokens } = account
      const provider = livingProvider(providers, account.provider)
      const isMany = provider.server !== undefined
      const server = isMany ? homeServer(provider, account.server, options.allowInsecure) : account.server
      const app = account.app ?? (await appFor(store, provider, { siteId: site.id, server }))
      const identity = unlinkedIdentity({ ...account, server }, now())
      return networkOf(identity, (request, terms) => ask({ provider, identity, tokens, app }, request, terms))
    },
    async renewTokens(identity, { force }) {
      await keeper.renew(identity, livingProvider(providers, identity.provider), { force })
    },
    async close() {
      await keeper.close()
      await pool.close()
    },
  }
}

interface Terms extends Pick<FetchOptions, 'heard'> {
  readonly deadline: Deadline
}

interface Access {
  readonly provider: Provider
  readonly identity: Identity
  readonly tokens: Tokens
  readonly app?: App
}

/** What fails before the request itself leaves says nothing of the request but that it did not leave. */
async function beforehand<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw GatewayError.undone(error)
  }
}

// Only OAuth 1 signs with the app's secret; a renewal looks it up by itself.
async function appFor(
  store: Pick<Store, 'apps'>,
  provider: Provider,
  { siteId, server }: { readonly siteId: number; readonly server?: string },
): Promise<App | undefined> {
  return provider.auth?.type === 'oauth1' ? store.apps.find({ id: siteId }, provider.id, server) : undefined
}

/** The token; and its last part, since a key that stands in an address has the account's own id before it. */
function keysIn({ accessToken }: Tokens): readonly string[] {
  return [accessToken, accessToken.slice(accessToken.search(/[^:/]*$/))]
}

function deadlineMsOf({ raw, parts }: ApiRequest, options: NetworkOptions): number {
  return raw || parts ? options.uploadDeadlineMs : options.requestDeadlineMs
}

function livingProvider(providers: ReadonlyMap<string, Provider>, id: string): Provider {
  const provider = providers.get(id)
  if (!provider) throw new GatewayError('unsupported', 'This network is not known here.')
  const gone = goneProblem(provider)
  if (gone) throw GatewayError.of(gone)
  return provider
}

function unlinkedIdentity(account: UnlinkedAccount, now: number): Identity {
  const subject = account.subject ?? ''
  return {
    id: 0,
    siteId: account.site.id,
    userId: 0,
    userToken: '',
    token: '',
    provider: account.provider,
    server: account.server,
    subject,
    profile: { subject },
    createdAt: now,
    updatedAt: now,
  }
}

function checkOptions({ refreshLeaseMs, refreshDeadlineMs }: NetworkOptions): void {
  // What may follow the network's answer: the new pair is stored, also through a short fault of the store.
  const storingMs = 10_000
  if (refreshLeaseMs >= refreshDeadlineMs + storingMs) return
  throw new GatewayError(
    'invalid_request',
    `refreshLeaseMs must be at least ${storingMs} ms longer than refreshDeadlineMs.`,
  )
}
