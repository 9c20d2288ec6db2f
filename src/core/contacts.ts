// Reads a user's contacts from all linked networks at once: one list per identity, each with its own result,
// from the snapshot while it is fresh.

import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { goneProblem } from './gone.ts'
import type { Identity, Site, SnapshotHead, User } from './model.ts'
import { startReading } from './readings.ts'
import type { ContactsHead } from './store.ts'

export interface ContactList {
  readonly identity: Identity
  /** Portable-Contacts JSON array, UTF-8; `[]` when nothing was read. */
  readonly contacts: Uint8Array
  /** Names these very bytes: equal (identity, version) means equal bytes. Undefined when this is no snapshot. */
  readonly version?: number
  readonly count: number
  /** The network has more than the bound; these are the first. */
  readonly isTruncated: boolean
  readonly fromCache: boolean
  /** Of the last good snapshot, else of this attempt; milliseconds since 1970. */
  readonly updatedAt: number
  /** Why this list could not be read; the other lists do not care. */
  readonly problem?: Problem
  /** The deadline has passed, the read goes on: `contacts` holds what has arrived. */
  readonly isReading?: boolean
}

interface ReadOptions {
  /** Ask the networks, however young the snapshots are. */
  readonly fresh?: boolean
}

const NOTHING = Buffer.from('[]')

/** All lists of a user, in the order the identities were linked; `not_found` when the site has no such user. */
export async function readContacts(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  userToken: string,
  { fresh = false }: ReadOptions = {},
): Promise<{ readonly user: User; readonly lists: readonly ContactList[] }> {
  const found = await gateway.store.contacts.heads(site, userToken)
  if (!found) throw new GatewayError('not_found', 'No user has been found for the specified user_token')
  const lists = await Promise.all(found.heads.map((head) => readList(gateway, head, fresh)))
  return { user: found.user, lists }
}

/** The list of one identity; `not_found` when the site has none of this token. */
export async function readIdentityContacts(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  identityToken: string,
  { fresh = false }: ReadOptions = {},
): Promise<ContactList> {
  const identity = await gateway.store.identities.find(site, identityToken)
  if (!identity) {
    throw new GatewayError('not_found', 'No identity has been found for the specified identity_token')
  }
  const snapshot = await gateway.store.contacts.head(identity)
  return readList(gateway, { identity, snapshot }, fresh)
}

/** The lists of a user when every one can be answered without asking a network; undefined otherwise. */
export async function cachedContacts(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  userToken: string,
): Promise<{ readonly user: User; readonly lists: readonly ContactList[] } | undefined> {
  const found = await gateway.store.contacts.heads(site, userToken)
  if (!found) return undefined
  const lists = await Promise.all(found.heads.map((head) => fromMemory(gateway, head)))
  return lists.every((list) => list !== undefined) ? { user: found.user, lists } : undefined
}

async function readList(gateway: Gateway, head: ContactsHead, fresh: boolean): Promise<ContactList> {
  try {
    const missing = missingCapability(gateway, head.identity)
    if (missing) return failed(gateway, head, missing)
    const known = fresh ? undefined : await fromMemory(gateway, head)
    return known ?? (await fromNetwork(gateway, head))
  } catch (error) {
    const failure = GatewayError.from(error)
    if (failure.code === 'internal') {
      gateway.log.error({ identity: head.identity.token, error: failure.cause }, 'a list of contacts failed')
    }
    return failed(gateway, head, failure.problem)
  }
}

function missingCapability({ providers }: Gateway, { provider: id }: Identity): Problem | undefined {
  const provider = providers.get(id)
  const gone = provider && goneProblem(provider)
  if (gone) return gone
  if (provider?.contacts) return undefined
  return { code: 'unsupported', message: `${provider?.name ?? id} does not offer contacts.` }
}

/** What is known without asking: a refusal, a fresh snapshot, or an outage a moment ago. */
async function fromMemory(gateway: Gateway, head: ContactsHead): Promise<ContactList | undefined> {
  const { identity, snapshot } = head
  const { refused } = identity
  const now = gateway.now()
  if (refused && refused.until === undefined) return failed(gateway, head, refused.problem, refused.at)
  if (snapshot && now - snapshot.fetchedAt < gateway.bounds.contactsMaxAgeMs) {
    const contacts = await snapshotBytes(gateway, identity, snapshot)
    if (contacts) {
      gateway.meter.count('kith_contacts_lists_total', { provider: identity.provider, from: 'cache' })
      return toList(identity, snapshot, contacts, true)
    }
  }
  if (refused?.until !== undefined && refused.until > now) {
    const { problem } = refused
    const secondsLeft = Math.ceil((refused.until - now) / 1_000)
    const retryAfterSeconds = Math.max(secondsLeft, problem.retryAfterSeconds ?? 0)
    return failed(gateway, head, { ...problem, retryAfterSeconds }, refused.at)
  }
  return undefined
}

async function fromNetwork(gateway: Gateway, head: ContactsHead): Promise<ContactList> {
  const { identity } = head
  const reading = startReading(gateway, identity, head.snapshot?.version)
  const outcome = await reading.within(gateway.bounds.fanOutDeadlineMs)
  if (!outcome || 'waitsFor' in outcome) {
    const name = gateway.providers.get(identity.provider)?.name ?? identity.provider
    const silent: Problem = {
      code: 'network_silent',
      message: `${name} did not answer in time; the contacts are still being read.`,
      retryAfterSeconds: 5,
    }
    const { contacts, count } = reading.arrived()
    return { ...failed(gateway, head, outcome?.waitsFor ?? silent), contacts, count, isReading: true }
  }
  if ('problem' in outcome) return failed(gateway, head, outcome.problem)
  const from = 'network'
  gateway.meter.count('kith_contacts_lists_total', { provider: identity.provider, from })
  return toList(identity, outcome.snapshot, outcome.contacts, false)
}

/** The bytes of this very snapshot, kept in memory; undefined when it was replaced meanwhile. */
export async function snapshotBytes(
  { memory, store }: Gateway,
  identity: Identity,
  { version }: SnapshotHead,
): Promise<Uint8Array | undefined> {
  const key = `contacts:${identity.id}:${version}`
  const kept = memory.get(key)
  if (kept) return kept
  const contacts = await store.contacts.bytes(identity, version)
  if (contacts) memory.set(key, contacts)
  return contacts
}

function toList(
  identity: Identity,
  { version, count, isTruncated, fetchedAt }: SnapshotHead,
  contacts: Uint8Array,
  fromCache: boolean,
): ContactList {
  return { identity, contacts, version, count, isTruncated, fromCache, updatedAt: fetchedAt }
}

/** `attemptedAt`: when the network was asked, where that was not now. */
function failed(
  gateway: Gateway,
  { identity, snapshot }: ContactsHead,
  problem: Problem,
  attemptedAt: number = gateway.now(),
): ContactList {
  const from = problem.code
  gateway.meter.count('kith_contacts_lists_total', { provider: identity.provider, from })
  const updatedAt = snapshot?.fetchedAt ?? attemptedAt
  return { identity, contacts: NOTHING, count: 0, isTruncated: false, fromCache: false, updatedAt, problem }
}
