// Snapshots: how a message has fared, counted at one moment in the background; whoever wants to be told is.

import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { linksOf } from './links.ts'
import type { PageOf, PageQuery, Site } from './model.ts'
import { findMessage } from './sharing.ts'
import type { DueSnapshot, MessageSnapshot } from './snapshot-store.ts'

type SiteRef = Pick<Site, 'id'>

/** Snapshots taken in one turn, and how long a dead process can hold one up. */
const AT_ONCE = 16
/** Sites told at the same time: those that do not answer hold up nobody before that. */
const TELLING_MAX = 64
const LEASE_MS = 60_000
/** How often a site is told in vain, and the pause after the first time; each next one is four times as long. */
const TOLD_MAX = 6
const PAUSE_MS = 10_000
const DEADLINE_MS = 10_000
/** Characters of an address to be told at. */
const ADDRESS_MAX = 2_048

/**
 * Begins a snapshot of a message; one that is still to be taken is answered instead (`open`). `not_found` when there is no
 * such message, `invalid_request` for an address to be told at that is not http or https.
 */
export async function beginSnapshot(
  { store, now }: Gateway,
  site: SiteRef,
  { messageToken, pingbackUri }: { readonly messageToken: string; readonly pingbackUri?: string },
): Promise<{ readonly outcome: 'begun' | 'open'; readonly snapshot: MessageSnapshot }> {
  if (pingbackUri !== undefined && !isAddress(pingbackUri)) {
    const message = 'This is not an address that begins with http:// or https://.'
    throw new GatewayError('invalid_request', message, { field: 'pingback_uri' })
  }
  return store.messageSnapshots.begin(site, { messageToken, pingbackUri, now: now() })
}

/** `not_found` when the site has no snapshot of this token. */
export async function findSnapshot(
  { store }: Gateway,
  site: SiteRef,
  token: string,
): Promise<MessageSnapshot> {
  const snapshot = await store.messageSnapshots.find(site, token)
  if (snapshot) return snapshot
  throw noSnapshot()
}

/** Snapshots of a site in order of creation, without what was counted. */
export function listSnapshots(
  { store }: Gateway,
  site: SiteRef,
  query: PageQuery,
): Promise<PageOf<MessageSnapshot>> {
  return store.messageSnapshots.list(site, query)
}

/** `not_found` when there was none. */
export async function removeSnapshot({ store }: Gateway, site: SiteRef, token: string): Promise<void> {
  if (!(await store.messageSnapshots.remove(site, token))) throw noSnapshot()
}

/** What a site is told about a finished snapshot, in the words of the wire that it asked over. */
export type ToNotice = (
  gateway: Gateway,
  snapshot: MessageSnapshot,
) => Promise<{ readonly body: string; readonly headers: Readonly<Record<string, string>> }>

/** How sites are told: `telling` holds those being told, none of which rejects; when it is aborted they are left. */
export interface Telling {
  readonly telling: Set<Promise<void>>
  readonly signal: AbortSignal
}

/**
 * Takes the snapshots whose turn it is and tells their sites; answers how many were looked at. It waits for those that
 * are told unless it is given where they are to be noted.
 */
export async function takeSnapshots(
  gateway: Gateway,
  toNotice: ToNotice,
  { telling, signal }: Partial<Telling> = {},
): Promise<number> {
  const noted = telling ?? new Set<Promise<void>>()
  const limit = Math.min(AT_ONCE, TELLING_MAX - noted.size)
  if (limit <= 0 || signal?.aborted) return 0
  const due = await gateway.store.messageSnapshots.claim({ limit, leaseMs: LEASE_MS })
  await Promise.all(
    due.map((snapshot) =>
      orLeave(gateway, snapshot, async () => {
        const taken = snapshot.finishedAt === undefined ? await take(gateway, snapshot) : snapshot
        if (taken.pingbackUri === undefined) return
        const told = orLeave(gateway, snapshot, () =>
          tell(gateway, { ...snapshot, ...taken }, toNotice, signal),
        ).finally(() => noted.delete(told))
        noted.add(told)
      }),
    ),
  )
  if (!telling) await Promise.all(noted)
  return due.length
}

async function orLeave(gateway: Gateway, { token }: DueSnapshot, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    // Its lease ends by itself, and somebody tries again.
    gateway.log.warn({ snapshot: token, error }, 'a snapshot could not be taken')
  }
}

async function take(gateway: Gateway, snapshot: DueSnapshot): Promise<MessageSnapshot> {
  const site = { id: snapshot.siteId }
  const { publications } = await findMessage(gateway, site, snapshot.messageToken)
  const links = await linksOf(gateway, site, publications)
  const counts = publications.map(({ key }) => ({
    key,
    links: (links.get(key) ?? []).map(({ target, counts: { person: people } }) => ({ target, people })),
  }))
  const finishedAt = gateway.now()
  await gateway.store.messageSnapshots.finish(snapshot, counts, finishedAt)
  return { ...snapshot, counts, finishedAt }
}

async function tell(
  gateway: Gateway,
  snapshot: DueSnapshot,
  toNotice: ToNotice,
  signal?: AbortSignal,
): Promise<void> {
  const { pingbackUri = '', attempts } = snapshot
  const notice = await toNotice(gateway, snapshot)
  let problem: unknown
  let cause: unknown
  try {
    const request = { ...notice, timeoutMs: DEADLINE_MS, signal }
    const { status } = await gateway.webhooks.call(pingbackUri, request)
    if (status < 300) return await gateway.store.messageSnapshots.told(snapshot)
    problem = status
  } catch (error) {
    // We broke it off ourselves: it is told again when its lease has ended.
    if (signal?.aborted) return
    const failure = GatewayError.from(error)
    problem = failure.code
    cause = failure.cause
  }
  gateway.log.info(
    { snapshot: snapshot.token, problem, error: cause },
    'a site could not be told of its snapshot',
  )
  const isOver = attempts + 1 >= TOLD_MAX
  await gateway.store.messageSnapshots.told(snapshot, isOver ? undefined : { inMs: PAUSE_MS * 4 ** attempts })
}

function isAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && !url.username && text.length <= ADDRESS_MAX
}

function noSnapshot(): GatewayError {
  const token = 'sharing_analytics_snapshot_token'
  return new GatewayError(
    'not_found',
    `No sharing analytics snapshot has been found for the specified ${token}`,
  )
}
