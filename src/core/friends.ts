// Contacts of all networks as one list of people. Several accounts are one person when they belong to one user of the
// site; who that is, is asked anew whenever links of the site have changed.

import { hash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { snapshotBytes } from './contacts.ts'
import type { ReadyList } from './friend-lists.ts'
import type { Gateway } from './gateway.ts'
import { createKeyedHash } from './keyed-hash.ts'
import { matchKey } from './match-key.ts'
import type { Identity, Site, User } from './model.ts'
import type { SiteAccount } from './people-store.ts'
import { isMutual, type PortableContact, parseContacts } from './portable.ts'
import type { SiteFriend } from './site-friends.ts'

/** A person whom a user knows. */
export interface Friend {
  /** The site's own id, or our token where the site has set none; made from the account for who is no user. */
  readonly uid: string
  readonly isSiteUser: boolean
  /** The uid is the site's own. */
  readonly isSiteUid: boolean
  /** In the order in which the user's identities were linked; none of a friend in the site's own graph alone. */
  readonly accounts: readonly FriendAccount[]
  /** Of a friend in the site's own graph. */
  readonly own?: SiteFriend
}

export interface FriendAccount {
  /** Provider id. */
  readonly provider: string
  readonly contact: PortableContact
}

/** What friends are made of, and a name for it: lists of one name are the same. */
export interface FriendSources {
  readonly name: string
  readonly lists: readonly ReadyList[]
  /** Those of the contacts that belong to users of the site: an array of SiteAccount, as JSON. */
  readonly siteAccounts: Uint8Array
}

/** Contacts worked on in one turn of the event loop. */
const SLICE = 1_000
/** Accounts asked for in one query: beyond what four full lists hold, there are several. */
const ACCOUNTS_AT_ONCE = 20_000

/**
 * Finds who of the contacts in these lists is a user of the site, in one query; `linkedVersion` is what the lists were
 * found under. Undefined when one of the lists was replaced meanwhile.
 */
export async function findSources(
  gateway: Gateway,
  site: Pick<Site, 'id' | 'settings'>,
  lists: readonly ReadyList[],
  linkedVersion: number,
): Promise<FriendSources | undefined> {
  const names = lists.map((list) => nameOf(gateway, site, list))
  const known = `friends:site-accounts:${site.id}:${linkedVersion}:${names.join(',')}`
  const kept = gateway.memory.get(known)
  const matched = kept ?? (await matchAccounts(gateway, site, lists))
  if (!matched) return undefined
  if (!kept) gateway.memory.set(known, matched)
  const digest = Buffer.from(matched.subarray(0, DIGEST_BYTES)).toString('base64url')
  return { name: `${names.join(',')}:${digest}`, lists, siteAccounts: matched.subarray(DIGEST_BYTES) }
}

const DIGEST_BYTES = 32

/** The people behind the lists, in order, without the user; undefined when a list was replaced meanwhile. */
export async function toFriends(
  gateway: Gateway,
  site: Pick<Site, 'id' | 'settings'>,
  user: Pick<User, 'id'>,
  { lists, siteAccounts }: FriendSources,
): Promise<readonly Friend[] | undefined> {
  const { secret } = await gateway.store.sites.secrets(site)
  const toGeneratedUid = createKeyedHash('sha256', Buffer.from(secret, 'base64'))
  const accounts: readonly SiteAccount[] = JSON.parse(Buffer.from(siteAccounts).toString())
  const owners = new Map(accounts.map((account) => [accountName(gateway, account), account]))
  const friends = new Map<string | number, Friend & { accounts: FriendAccount[] }>()
  const seen = new Set<string>()
  for (const { identity, ...list } of lists) {
    const contacts = await contactsOf(gateway, site, { identity, ...list })
    if (!contacts) return undefined
    for (const [index, contact] of contacts.entries()) {
      if (index % SLICE === 0) await turn()
      const name = accountName(gateway, { ...identity, subject: contact.provider_properties.id })
      if (seen.has(name)) continue
      seen.add(name)
      const owner = owners.get(name)
      // Nobody is their own friend.
      if (owner?.userId === user.id) continue
      const account = { provider: identity.provider, contact }
      const friend = owner && friends.get(owner.userId)
      if (friend) friend.accounts.push(account)
      else friends.set(owner?.userId ?? name, { ...named(owner, name, toGeneratedUid), accounts: [account] })
    }
  }
  return [...friends.values()]
}

/** The same people with those of the site's own graph: who stands in both is one friend. */
export function withSiteFriends(
  friends: readonly Friend[],
  siteFriends: readonly SiteFriend[],
): readonly Friend[] {
  const own = new Map(siteFriends.map((friend) => [friend.uid, friend]))
  const both = friends.map((friend) => {
    const known = friend.isSiteUser ? own.get(friend.uid) : undefined
    if (known) own.delete(friend.uid)
    return known ? { ...friend, own: known } : friend
  })
  const others = [...own.values()].map((friend) => {
    return { uid: friend.uid, isSiteUser: true, isSiteUid: friend.isSiteUid, accounts: [], own: friend }
  })
  return [...both, ...others]
}

function named(owner: SiteAccount | undefined, name: string, toGeneratedUid: (name: string) => string) {
  if (!owner) return { uid: `_gid_${toGeneratedUid(`friend\0${name}`)}`, isSiteUser: false, isSiteUid: false }
  return { uid: owner.uid ?? owner.userToken, isSiteUser: true, isSiteUid: owner.uid !== undefined }
}

/** The SHA-256 of the site's accounts behind the contacts of all lists, and the accounts as JSON, always in one order. */
async function matchAccounts(
  gateway: Gateway,
  site: Pick<Site, 'id' | 'settings'>,
  lists: readonly ReadyList[],
): Promise<Uint8Array | undefined> {
  const keys: bigint[] = []
  for (const list of lists) {
    const some = await keysOf(gateway, site, list)
    if (!some) return undefined
    for (const key of some) keys.push(key)
  }
  const accounts: SiteAccount[] = []
  for (let from = 0; from < keys.length; from += ACCOUNTS_AT_ONCE) {
    const some = BigInt64Array.from(keys.slice(from, from + ACCOUNTS_AT_ONCE))
    accounts.push(...(await gateway.store.people.siteAccounts(site, some)))
    await turn()
  }
  const inOrder = accounts
    .map((account) => ({ account, name: accountName(gateway, account) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
  const json = Buffer.from(JSON.stringify(inOrder.map(({ account }) => account)))
  return Buffer.concat([hash('sha256', json, 'buffer'), json])
}

async function keysOf(
  gateway: Gateway,
  site: Pick<Site, 'settings'>,
  list: ReadyList,
): Promise<BigInt64Array | undefined> {
  const known = `friends:keys:${nameOf(gateway, site, list)}`
  const kept = gateway.memory.get(known)
  if (kept) return new BigInt64Array(new Uint8Array(kept).buffer)
  const contacts = await contactsOf(gateway, site, list)
  if (!contacts) return undefined
  const keys = new BigInt64Array(contacts.length)
  const { provider } = list.identity
  for (const [index, contact] of contacts.entries()) {
    if (index % SLICE === 0) await turn()
    keys[index] = matchKey({ provider, subject: contact.provider_properties.id })
  }
  gateway.memory.set(known, new Uint8Array(keys.buffer))
  return keys
}

/** Those contacts of a list who are friends. */
async function contactsOf(
  gateway: Gateway,
  site: Pick<Site, 'settings'>,
  { identity, snapshot }: ReadyList,
): Promise<readonly PortableContact[] | undefined> {
  const bytes = await snapshotBytes(gateway, identity, snapshot)
  if (!bytes) return undefined
  const contacts = parseContacts(bytes)
  return needsMutual(gateway, site, identity) ? contacts.filter(isMutual) : contacts
}

function needsMutual(
  { providers }: Gateway,
  { settings }: Pick<Site, 'settings'>,
  { provider }: Identity,
): boolean {
  const { following, followers } = providers.get(provider)?.contacts ?? {}
  return following !== undefined && followers !== undefined && (settings.friendsNeedMutual ?? true)
}

/** Names the friends of one list: the same name, the same friends. */
function nameOf(gateway: Gateway, site: Pick<Site, 'settings'>, { identity, snapshot }: ReadyList): string {
  return `${identity.id}.${snapshot.version}${needsMutual(gateway, site, identity) ? 'm' : ''}`
}

/** Names an account over all home servers of its network. */
function accountName(
  { providers }: Pick<Gateway, 'providers'>,
  { provider, server = '', subject }: Pick<Identity, 'provider' | 'server' | 'subject'>,
): string {
  const home = providers.get(provider)?.server?.sharesIds ? '' : server
  return `${provider}\0${home}\0${subject}`
}
