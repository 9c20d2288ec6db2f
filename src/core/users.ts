// Users as their site knows them: logins that the site tells of, its own ids, accounts that it brings or takes away.

import { GatewayError, type Problem } from './errors.ts'
import { removeIdentity } from './farewell.ts'
import { expectFriends } from './friend-lists.ts'
import type { Gateway } from './gateway.ts'
import { readAccount, toServer } from './identities.ts'
import type { Identity, Profile, Site, Tokens, User } from './model.ts'
import type { NewIdentity } from './store.ts'
import type { Imported, SignedIn, SiteProfile, VouchedAccount } from './user-info-store.ts'

/** What a network gave to a client of the site, who hands it on. */
export interface ProviderSession {
  /** Provider id. */
  readonly provider: string
  /** Home server, where the network has many. */
  readonly server?: string
  readonly tokens: Tokens
  /** The network's own id of the account, where the client knows it. */
  readonly subject?: string
}

/** An account that the site knows of, without having a token for it. */
export interface NamedAccount {
  readonly provider: string
  readonly server?: string
  readonly profile: Profile
}

type SiteOf = Pick<Site, 'id' | 'settings'>

/** Longest id that a site may give a user, in characters. */
export const UID_LENGTH_MAX = 252

/** The site's own id for a user: 1 to 252 characters of ASCII; `invalid_request` for anything else. */
export function checkUid(uid: string, field: string): string {
  if (uid.length <= UID_LENGTH_MAX && /^[ -~]+$/.test(uid) && uid.trim() === uid) return uid
  throw new GatewayError(
    'invalid_request',
    `${field} must be 1 to ${UID_LENGTH_MAX} ASCII characters without spaces around them`,
    { field },
  )
}

/**
 * A login that the site tells of: the user of this id and of these accounts, made where there is none. Every session is
 * shown to its network first; when one is refused, nothing has changed. The friends are read anew.
 */
export async function signIn(
  gateway: Gateway,
  site: SiteOf,
  login: {
    readonly uid?: string
    readonly sessions?: readonly ProviderSession[]
    readonly profile?: SiteProfile
    readonly sessionMs: number
  },
): Promise<SignedIn> {
  const { uid, sessions = [], profile, sessionMs } = login
  const accounts = await Promise.all(sessions.map((session) => readSession(gateway, site, session)))
  const signedIn = await gateway.store.userInfo.signIn(site, { uid, accounts, profile, sessionMs })
  await expectFriends(gateway, site, signedIn.user)
  return signedIn
}

/**
 * Links accounts to a user who is there already; not a login. When a network refuses a session, nothing has changed.
 * `conflict` when an account belongs to somebody else.
 */
export async function connectAccounts(
  gateway: Gateway,
  site: SiteOf,
  user: User,
  sessions: readonly ProviderSession[],
): Promise<readonly Identity[]> {
  const accounts = await Promise.all(sessions.map((session) => readSession(gateway, site, session)))
  const wish = { uid: user.uid ?? user.token, accounts, mayMakeUser: false }
  const { identities, conflicts } = await gateway.store.userInfo.importAccounts(site, wish)
  if (identities.length > 0) {
    await expectFriends(gateway, site, user, { providers: identities.map(({ provider }) => provider) })
  }
  if (conflicts.length === 0) return identities
  throw new GatewayError('conflict', 'This account belongs to another user of the site.', {
    field: 'account',
  })
}

/** What became of an import: `refused` are sessions that a network did not take, passed over where that was asked. */
export interface ImportedAccounts extends Imported {
  readonly refused: readonly { readonly session: ProviderSession; readonly problem: Problem }[]
}

/**
 * Links accounts that the site vouches for, with tokens where it has them. An account that is named and has a session
 * is one. With `ignoresRefused` sessions that a network does not take are passed over; else they end it all.
 */
export async function importAccounts(
  gateway: Gateway,
  site: SiteOf,
  wish: {
    readonly uid: string
    readonly named: readonly NamedAccount[]
    readonly sessions: readonly ProviderSession[]
    readonly mayMakeUser: boolean
    readonly ignoresRefused: boolean
  },
): Promise<ImportedAccounts> {
  const { uid, sessions, mayMakeUser, ignoresRefused } = wish
  const readings = await Promise.all(
    sessions.map(async (session) => {
      try {
        return { account: await readSession(gateway, site, session) }
      } catch (error) {
        const { problem } = GatewayError.from(error)
        if (!ignoresRefused || problem.code === 'internal') throw error
        return { refused: { session, problem } }
      }
    }),
  )
  const accounts = new Map<string, VouchedAccount>()
  for (const named of wish.named) {
    const account = toVouched(gateway, named)
    accounts.set(keyOf(account), account)
  }
  // What the network itself says of an account counts more than what the site says.
  for (const { account } of readings) if (account) accounts.set(keyOf(account), account)
  const imported = await gateway.store.userInfo.importAccounts(site, {
    uid,
    accounts: [...accounts.values()],
    mayMakeUser,
  })
  const providers = readings.flatMap(({ account }) => (account ? [account.provider] : []))
  if (imported.user && providers.length > 0) await expectFriends(gateway, site, imported.user, { providers })
  return { ...imported, refused: readings.flatMap(({ refused }) => (refused ? [refused] : [])) }
}

function keyOf({ provider, server, subject }: VouchedAccount): string {
  return JSON.stringify([provider, server, subject])
}

function toVouched(gateway: Gateway, { provider: id, server, profile }: NamedAccount): VouchedAccount {
  const provider = gateway.providers.get(id)
  if (!provider) throw new GatewayError('invalid_request', 'This network is not known here.')
  return { provider: id, server: toServer(provider, server), subject: profile.subject, profile }
}

async function readSession(gateway: Gateway, site: SiteOf, session: ProviderSession): Promise<NewIdentity> {
  const { tokens, subject } = session
  const { provider, server, profile } = await readAccount(gateway, site, session)
  if (subject === undefined || subject === profile.subject) {
    return { provider: provider.id, server, subject: profile.subject, profile, tokens }
  }
  throw new GatewayError('conflict', `The session belongs to another ${provider.name} account.`, {
    field: 'subject',
  })
}

/** What becomes of the last account of a user: it goes, it stays known without tokens, or nothing is done. */
export type LastAccount = 'remove' | 'soft' | 'fail'

/**
 * Takes a user's accounts away, those of one network or all; answers how many there were, or `last` when it would have
 * been all of them and that was not wanted.
 */
export async function disconnectAccounts(
  gateway: Gateway,
  user: User,
  provider: string | undefined,
  { lastAccount }: { readonly lastAccount: LastAccount },
): Promise<number | 'last'> {
  const { store, now } = gateway
  const all = await store.identities.ofUser(user)
  const chosen = all.filter((identity) => provider === undefined || identity.provider === provider)
  const takesAll = chosen.length > 0 && chosen.length === all.length
  if (takesAll && lastAccount === 'fail') return 'last'
  const kept = takesAll && lastAccount === 'soft' ? chosen.at(-1) : undefined
  const removed = chosen.filter((identity) => identity !== kept)
  await Promise.all(removed.map(({ token }) => removeIdentity(gateway, { id: user.siteId }, token)))
  if (kept) {
    const problem: Problem = { code: 'relink_required', message: 'The user has disconnected this account.' }
    await store.userInfo.disconnect(kept, { problem, at: now() })
  }
  return chosen.length
}
