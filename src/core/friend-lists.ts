// Where the friends of a user stand. They are the contacts of the same snapshots as everywhere, seen under another rule:
// a login drops the list that was there, and nobody waits for a read; who asks too early is told to come back.

import type { Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import type { Identity, Site, SnapshotHead, User } from './model.ts'
import type { FriendList } from './people-store.ts'
import { startReading } from './readings.ts'

/** A read that takes longer than this counts as failed until it is there, in milliseconds. */
const READ_MAX_MS = 60_000

/** A list that counts. */
export interface ReadyList {
  readonly identity: Identity
  readonly snapshot: SnapshotHead
}

/** What became of each list; lists of networks without contacts are in none of these. */
export interface FriendLists {
  readonly ready: readonly ReadyList[]
  /** Being read, or to be read. */
  readonly pending: readonly Identity[]
  readonly failed: readonly { readonly identity: Identity; readonly problem: Problem }[]
}

/** Sorts lists by what became of them, and starts to read those that are not there, without waiting for them. */
export async function readFriendLists(
  gateway: Gateway,
  user: Pick<User, 'id' | 'siteId'>,
  lists: readonly FriendList[],
): Promise<FriendLists> {
  const ready: ReadyList[] = []
  const pending: Identity[] = []
  const failed: { identity: Identity; problem: Problem }[] = []
  const absent: FriendList[] = []
  for (const list of lists) {
    const { identity } = list
    if (!hasContacts(gateway, identity)) continue
    const state = stateOf(gateway, list)
    if ('snapshot' in state) ready.push({ identity, snapshot: state.snapshot })
    else if ('problem' in state) failed.push({ identity, problem: state.problem })
    else pending.push(identity)
    if ('isAbsent' in state && state.isAbsent) absent.push(list)
    // Joins the read where this process has it; takes up what was left behind where nobody has it.
    if ('isAbsent' in state && !state.isAbsent) startReading(gateway, identity, list.snapshot?.version)
  }
  if (absent.length > 0) await ask(gateway, user, absent, { drops: false })
  return { ready, pending, failed }
}

/**
 * Drops the lists of a user who has just logged in, and starts to read them again. Networks that charge for it are
 * read when somebody asks, unless the site says otherwise (`prefetchContacts`). Never rejects: the login has succeeded.
 */
export async function expectFriends(
  gateway: Gateway,
  site: Pick<Site, 'settings'>,
  user: Pick<User, 'id' | 'siteId'>,
  options: { readonly providers?: readonly string[] } = {},
): Promise<void> {
  try {
    await expectLists(gateway, site, user, options)
  } catch (error) {
    gateway.log.error(
      { error },
      'the friends of a user who has logged in will not be read anew by themselves',
    )
  }
}

async function expectLists(
  gateway: Gateway,
  site: Pick<Site, 'settings'>,
  user: Pick<User, 'id' | 'siteId'>,
  { providers }: { readonly providers?: readonly string[] },
): Promise<void> {
  const { lists } = await gateway.store.people.lists(user)
  const expected = lists.filter(
    ({ identity }) => hasContacts(gateway, identity) && (providers?.includes(identity.provider) ?? true),
  )
  const isPrefetched = ({ identity }: FriendList) => prefetches(gateway, site, identity)
  const unasked = expected
    .filter((list) => !isPrefetched(list))
    .map(({ identity }) => ({ identity, drops: true }))
  if (unasked.length > 0) await gateway.store.people.mark(user, unasked)
  await ask(gateway, user, expected.filter(isPrefetched), { drops: true })
}

async function ask(
  gateway: Gateway,
  user: Pick<User, 'id' | 'siteId'>,
  lists: readonly FriendList[],
  { drops }: { readonly drops: boolean },
): Promise<void> {
  if (lists.length === 0) return
  const askedAt = gateway.now()
  // Written down first: a process that dies in between leaves lists that are still expected.
  await gateway.store.people.mark(
    user,
    lists.map(({ identity }) => ({ identity, drops, askedAt })),
  )
  for (const { identity, snapshot } of lists) startReading(gateway, identity, snapshot?.version)
}

type State =
  | { readonly snapshot: SnapshotHead }
  | { readonly problem: Problem }
  /** Nobody has been asked for it, or too long ago. */
  | { readonly isAbsent: boolean }

function stateOf(gateway: Gateway, { identity, snapshot, dropped, askedAt }: FriendList): State {
  const { contactsMaxAgeMs, outageMemoryMs } = gateway.bounds
  const now = gateway.now()
  const isCurrent = snapshot && snapshot.version !== dropped && now - snapshot.fetchedAt < contactsMaxAgeMs
  if (isCurrent) return { snapshot }
  const { refused } = identity
  const hasEnded = refused !== undefined && (askedAt === undefined || refused.at >= askedAt)
  if (hasEnded && (refused.until === undefined || refused.until > now)) return { problem: refused.problem }
  const waitedMs = askedAt === undefined || hasEnded ? Infinity : now - askedAt
  if (waitedMs < READ_MAX_MS) return { isAbsent: false }
  if (waitedMs < READ_MAX_MS + outageMemoryMs) return { problem: tooLong(gateway, identity) }
  return { isAbsent: true }
}

function tooLong({ providers }: Gateway, { provider }: Identity): Problem {
  const name = providers.get(provider)?.name ?? provider
  return { code: 'network_silent', message: `${name} did not send the list in time.` }
}

function prefetches(
  { providers }: Gateway,
  { settings }: Pick<Site, 'settings'>,
  { provider }: Identity,
): boolean {
  const { prefetchContacts = 'free' } = settings
  return prefetchContacts === 'all' || (prefetchContacts === 'free' && !providers.get(provider)?.charges)
}

/** Whether the network of an identity has contacts to give, and is still there. */
export function hasContacts({ providers }: Pick<Gateway, 'providers'>, { provider: id }: Identity): boolean {
  const provider = providers.get(id)
  return provider?.contacts !== undefined && provider.gone === undefined
}
