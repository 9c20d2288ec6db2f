// Identities come and go: imported with a token, refreshed, unlinked. (The browser's way is the login room.)

import { GatewayError } from './errors.ts'
import { removeIdentity } from './farewell.ts'
import { expectFriends } from './friend-lists.ts'
import type { Gateway } from './gateway.ts'
import { goneProblem } from './gone.ts'
import { interruptible } from './interruptible.ts'
import type { Connection, Identity, Posting, Profile, Site, Tokens } from './model.ts'
import type { Network, Provider } from './provider.ts'
import type { Linked } from './store.ts'

export interface ImportedAccount {
  /** Provider id. */
  readonly provider: string
  /** Home server, where the network has many: an origin, or a host name (then https). */
  readonly server?: string
  readonly tokens: Tokens
  /** The account's id where the caller knows it; the import fails when the token belongs to another. */
  readonly subject?: string
  /** Link to this user instead of finding or making one. */
  readonly userToken?: string
}

/**
 * Makes an identity from a token that the network accepts, and the connection that tells of it; the friends that the
 * network tells are expected anew and, unless told otherwise, read at once.
 * `invalid_request` for an unknown network or server, `relink_required` when the network refuses the token,
 * `not_found` and `conflict` as `Store.identities.link` says.
 */
export async function importIdentity(
  gateway: Gateway,
  site: Pick<Site, 'id' | 'settings'>,
  account: ImportedAccount,
  { prefetch = true }: { readonly prefetch?: boolean } = {},
): Promise<Linked & { readonly connection: Connection }> {
  const { provider, server, profile, posting } = await readAccount(gateway, site, account, { asksHome: true })
  if (account.subject && account.subject !== profile.subject) {
    throw new GatewayError('conflict', `The access token belongs to another ${provider.name} account.`)
  }
  const { tokens, userToken } = account
  const { subject } = profile
  const found = { provider: provider.id, server, subject, profile, tokens, posting }
  const linked = await gateway.store.identities.link(site, found, { userToken })
  const connection = await createConnection(gateway, linked, userToken !== undefined)
  // A login drops all lists of friends; a link, that of the account linked.
  const providers = userToken === undefined ? undefined : [provider.id]
  if (prefetch) await expectFriends(gateway, site, linked.user, { providers })
  return { ...linked, connection }
}

/** Reads the profile again and stores it; renews the tokens first when asked to. */
export async function synchronizeIdentity(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  identityToken: string,
  { updateProfile, forceTokenUpdate }: { updateProfile: boolean; forceTokenUpdate: boolean },
): Promise<Identity> {
  const identity = await gateway.store.identities.find(site, identityToken)
  if (!identity) {
    throw new GatewayError('not_found', 'No identity has been found for the specified identity_token')
  }
  const provider = livingProvider(gateway, identity.provider)
  if (forceTokenUpdate) await gateway.renewTokens(identity, { force: true })
  if (!updateProfile) return identity
  const network = gateway.open(identity)
  const [profile, posting] = await Promise.all([
    readProfile(provider, network),
    readPosting(gateway, provider, network),
  ])
  if (profile.subject !== identity.subject) {
    throw new GatewayError('conflict', `The stored token belongs to another ${provider.name} account.`)
  }
  // What could not be learned this time is as it was.
  const { target, publishLimits, software } = identity
  const known = posting && {
    target: posting.target ?? target,
    publishLimits: posting.publishLimits ?? publishLimits,
    software: posting.software ?? software,
  }
  return gateway.store.identities.saveProfile(identity, profile, known)
}

/** Removes the identity that a network's token belongs to; false when the site has none for it. */
export async function unlinkByAccessToken(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  account: Pick<ImportedAccount, 'provider' | 'server' | 'tokens'>,
): Promise<boolean> {
  const { provider, server, profile } = await readAccount(gateway, site, account)
  const { subject } = profile
  const identity = await gateway.store.identities.bySubject(site, { provider: provider.id, server, subject })
  return identity !== undefined && removeIdentity(gateway, site, identity.token)
}

/** The origin of a home server as we store it; `invalid_request` for anything that is none. */
export function toServer(provider: Provider, server: string | undefined): string | undefined {
  if (!provider.server) return undefined
  const named = server?.trim() || provider.server.default
  if (!named) {
    throw new GatewayError('invalid_request', `${provider.name} has many servers: name the account's own.`, {
      field: 'server',
    })
  }
  const address = /^https?:\/\//i.test(named) ? named : `https://${named}`
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isOrigin = url && url.pathname === '/' && !url.search && !url.hash && !url.username && !url.password
  // A dot at the end names the same host by another name, and so would the account be another.
  if (!isOrigin || url.hostname === '' || url.hostname.endsWith('.')) {
    throw new GatewayError('invalid_request', `This is not the address of a ${provider.name} server.`, {
      field: 'server',
    })
  }
  return url.origin
}

/**
 * Whose account a token is, as its network says. `invalid_request` for an unknown network or server, `relink_required`
 * when the network refuses the token.
 */
export async function readAccount(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  account: Pick<ImportedAccount, 'provider' | 'server' | 'tokens' | 'subject'>,
  { asksHome = false }: { readonly asksHome?: boolean } = {},
): Promise<{ provider: Provider; server?: string; profile: Profile; posting?: Posting }> {
  const provider = livingProvider(gateway, account.provider)
  const server = toServer(provider, account.server)
  const { tokens, subject } = account
  const network = await gateway.openUnlinked({ site, provider: provider.id, server, tokens, subject })
  const [profile, posting] = await Promise.all([
    readProfile(provider, network),
    asksHome ? readPosting(gateway, provider, network) : undefined,
  ])
  return { provider, server, profile, posting }
}

/** How long a home server may take to say what it takes: somebody waits to be logged in. */
const HOME_MS = 3_000

/** What is known of the account as a place to post to; undefined when nothing could be learned. */
async function readPosting(
  { log }: Gateway,
  provider: Provider,
  network: Network,
): Promise<Posting | undefined> {
  const { target } = provider.place ?? {}
  if (!provider.home) return target && { target }
  try {
    const posting = await provider.home(interruptible(network, AbortSignal.timeout(HOME_MS)))
    return Object.values(posting).some((fact) => fact !== undefined) ? posting : undefined
  } catch (error) {
    // The account is linked all the same: it is published to as to any server of its kind.
    const { code } = GatewayError.from(error)
    log.warn({ provider: provider.id, code }, 'a home server did not say what it takes')
    return undefined
  }
}

function livingProvider({ providers }: Gateway, id: string): Provider {
  const provider = providers.get(id)
  if (!provider) {
    throw new GatewayError('invalid_request', 'This network is not known here.', { field: 'provider' })
  }
  const gone = goneProblem(provider)
  if (gone) throw GatewayError.of(gone)
  return provider
}

async function readProfile(provider: Provider, network: Network): Promise<Profile> {
  if (!provider.profile) {
    throw new GatewayError('unsupported', `${provider.name} does not tell whose a token is.`)
  }
  return provider.profile.parse(await network.fetch(provider.profile.request(network.identity)))
}

function createConnection(
  { store, bounds, now }: Gateway,
  { user, identity }: Linked,
  isLink: boolean,
): Promise<Connection> {
  const createdAt = now()
  return store.connections.create(
    {
      siteId: user.siteId,
      token: crypto.randomUUID(),
      plugin: isLink ? 'social_link' : 'social_login',
      action: isLink ? 'link_identity' : 'login',
      status: 'success',
      reason: isLink ? 'identity_linked' : 'user_authenticated',
      userToken: user.token,
      identityToken: identity.token,
      createdAt,
    },
    { expiresAt: createdAt + bounds.connectionLifeMs },
  )
}
