// What webhooks say: entries of a site's feed as events, with what is known of their subject when they are sent.

import type { FeedKind } from './feed-kinds.ts'
import type { Gateway } from './gateway.ts'
import type { FeedEntry } from './graph-model.ts'
import type { ShortLink } from './links.ts'
import type { Site } from './model.ts'
import type { Publication, SharedMessage } from './sharing-store.ts'

type SiteRef = Pick<Site, 'id'>

/** Which kinds of entries are told, and as what. */
const TYPES = {
  published: 'message.published',
  succeeded: 'publication.succeeded',
  failed: 'publication.failed',
  unknown: 'publication.unknown',
  clicked: 'link.clicked',
  linked: 'identity.linked',
  unlinked: 'identity.unlinked',
  contacts: 'contacts.refreshed',
  added: 'friend.added',
  removed: 'friend.removed',
  asked: 'friend.requested',
  deleted: 'user.deleted',
} as const satisfies Partial<Record<FeedKind, string>>

/** Told beside them, whatever an endpoint asks for: by `test`, and when entries were dropped before they were told. */
export const TEST_TYPE = 'webhook.test'
export const GAP_TYPE = 'webhook.gap'

/** Every type that an endpoint can ask for. */
export const EVENT_TYPES: readonly string[] = Object.values(TYPES)

/** One event as it is sent. */
export interface HookEvent {
  /** The same each time it is sent. */
  readonly id: string
  readonly type: string
  /** When it happened; milliseconds since 1970. */
  readonly at: number
  readonly data: Readonly<Record<string, unknown>>
}

/** The type of an entry; undefined where it is none that is told. */
export function typeOf({ kind }: Pick<FeedEntry, 'kind'>): string | undefined {
  const types: Partial<Record<FeedKind, string>> = TYPES
  return types[kind]
}

/** An entry as the event that it is told as. */
export async function toEvent(
  gateway: Gateway,
  site: SiteRef,
  entry: FeedEntry,
  type: string,
): Promise<HookEvent> {
  const { position, at } = entry
  const id = `evt_${site.id}_${position}_${at.toString(36)}`
  return { id, type, at, data: await dataOf(gateway, site, entry) }
}

/** That entries between two positions were dropped before this endpoint could be told. */
export function toGap(site: SiteRef, from: number, to: number, at: number): HookEvent {
  const data = { first_position: from, last_position: to }
  return { id: `evt_${site.id}_gap_${from}_${to}`, type: GAP_TYPE, at, data }
}

/** The body of an event. */
export function toBody({ type, at, data }: HookEvent): string {
  return JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })
}

async function dataOf(gateway: Gateway, site: SiteRef, entry: FeedEntry): Promise<HookEvent['data']> {
  const { kind, account: user, others, isReverse, position } = entry
  const [first = '', second = '', third = ''] = others
  switch (kind) {
    case 'published': {
      const message = await gateway.store.messages.find(site, first)
      const run = Number(second)
      const publications = message?.publications.filter((each) => each.run === run).map(toPublication)
      return { position, user, message: first, run, publications }
    }
    case 'succeeded':
    case 'failed':
    case 'unknown': {
      const message = await gateway.store.messages.find(site, first)
      return { position, user, message: first, publication: ofKey(message, second) }
    }
    case 'clicked':
      return { position, links: await followed(gateway, site, others) }
    case 'linked':
    case 'unlinked':
      return { position, user, identity: first, provider: second }
    case 'contacts':
      return { position, user, identity: first, provider: second, contacts: Number(third) }
    case 'asked':
      return { position, user, friends: others }
    case 'deleted':
      return { position, user }
    default:
      return { position, user, friends: others, in_their_lists: isReverse }
  }
}

function ofKey(message: SharedMessage | undefined, key: string) {
  const publication = message?.publications.find((each) => each.key === key)
  // The message was removed since.
  return publication ? toPublication(publication) : { key }
}

function toPublication({ key, provider, identityToken, state, post, problem, endedAt }: Publication) {
  return {
    key,
    provider,
    identity: identityToken,
    state,
    post,
    problem: problem && { code: problem.code, message: problem.message },
    ended_at: endedAt === undefined ? undefined : new Date(endedAt).toISOString(),
  }
}

/** Links by their codes, with their counts as they stand now; those that were removed since are left out. */
async function followed(gateway: Gateway, site: SiteRef, codes: readonly string[]) {
  await gateway.links.book.refresh()
  const links = await gateway.store.links.ofCodes(site, codes)
  return links.map((link) => toLink({ ...link, address: gateway.links.book.addressOf(site, link.code) }))
}

function toLink({ code, address, target, counts, lastPersonAt }: ShortLink) {
  const { person: people, repeat: repeats, bot: bots, preview: previews } = counts
  const last = lastPersonAt === undefined ? undefined : new Date(lastPersonAt).toISOString()
  return { code, address, target, people, repeats, bots, previews, last_followed_at: last }
}
