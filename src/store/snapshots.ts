// Snapshots of messages: begun once, taken by whoever has the lease, told until heard.

import { GatewayError } from '../core/errors.ts'
import type { PageOf, PageQuery } from '../core/model.ts'
import type { DueSnapshot, MessageSnapshot, MessageSnapshotStore } from '../core/snapshot-store.ts'
import { readPage } from './page.ts'
import { Again, all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, optionalText, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import type { Driver } from './writes.ts'

const SNAPSHOT = `t.id, t.site_id, t.token, t.pingback_uri, t.counts, t.created_at, t.finished_at, t.attempts,
  m.token as message_token`
const MESSAGE = 'join messages m on m.site_id = t.site_id and m.id = t.message_id'

interface Wish {
  readonly messageToken: string
  readonly pingbackUri?: string
  readonly now: number
  /** For a new one. */
  readonly token: string
}

export function* beginSnapshot(
  _: Context,
  siteId: number,
  { messageToken, pingbackUri, now, token }: Wish,
): Query<{ readonly outcome: 'begun' | 'open'; readonly snapshot: MessageSnapshot }> {
  const message = yield* one('select id from messages where site_id = ? and token = ?', siteId, messageToken)
  if (!message) {
    const words = 'No sharing message has been found for the specified sharing_message_token'
    throw new GatewayError('not_found', words)
  }
  const id = number(message, 'id')
  const open = yield* one(
    `select ${SNAPSHOT} from message_snapshots t ${MESSAGE}
     where t.site_id = ? and t.message_id = ? and t.finished_at is null`,
    siteId,
    id,
  )
  if (open) return { outcome: 'open', snapshot: toSnapshot(open) }
  const begun = yield* one(
    `insert into message_snapshots (site_id, message_id, token, pingback_uri, created_at, due_at)
     values (?, ?, ?, ?, ?, {now}) on conflict (site_id, message_id) where finished_at is null do nothing returning id`,
    siteId,
    id,
    token,
    pingbackUri ?? null,
    now,
  )
  // Somebody has begun one at the same moment: begun again, this finds it.
  if (!begun) throw new Again()
  const snapshot = {
    id: number(begun, 'id'),
    siteId,
    token,
    messageToken,
    pingbackUri,
    createdAt: now,
    counts: [],
  }
  return { outcome: 'begun', snapshot }
}

function* findSnapshot(siteId: number, token: string): Query<MessageSnapshot | undefined> {
  const row = yield* one(
    `select ${SNAPSHOT} from message_snapshots t ${MESSAGE} where t.site_id = ? and t.token = ?`,
    siteId,
    token,
  )
  return row && toSnapshot(row)
}

function* listSnapshots(siteId: number, query: PageQuery): Query<PageOf<MessageSnapshot>> {
  if (query.filter?.field === 'lastLoginAt') {
    throw new GatewayError('invalid_request', 'Only users can be filtered by their last login.')
  }
  const collect = (rows: readonly Row[]) => rows.map(toSnapshot)
  return yield* readPage(
    { table: 'message_snapshots', columns: SNAPSHOT, joins: MESSAGE, collect },
    siteId,
    query,
  )
}

export function* removeSnapshot(_: Context, siteId: number, token: string): Query<boolean> {
  const row = yield* one(
    'delete from message_snapshots where site_id = ? and token = ? returning id',
    siteId,
    token,
  )
  return row !== undefined
}

const DUE = 'due_at <= {now} and (lease_until is null or lease_until <= {now})'

function* isAnyDue(): Query<boolean> {
  return (yield* one(`select id from message_snapshots where ${DUE} limit 1`)) !== undefined
}

export function* claimSnapshots(
  _: Context,
  { limit, leaseMs }: { readonly limit: number; readonly leaseMs: number },
): Query<readonly DueSnapshot[]> {
  const rows = yield* all(
    `update message_snapshots set lease_until = {now} + cast(? as {integer}) where id in (
       select id from message_snapshots where ${DUE}
       order by due_at limit ? {skip}
     ) returning id`,
    leaseMs,
    limit,
  )
  if (rows.length === 0) return []
  const found = yield* all(
    `select ${SNAPSHOT} from message_snapshots t ${MESSAGE} where t.id {among} order by t.due_at`,
    rows.map((row) => row.id).join(','),
  )
  return found.map((row) => ({ ...toSnapshot(row), attempts: number(row, 'attempts') }))
}

export function* finishSnapshot(
  _: Context,
  siteId: number,
  id: number,
  counts: MessageSnapshot['counts'],
  now: number,
): Query<void> {
  yield* one(
    `update message_snapshots set counts = ?, finished_at = ?,
       due_at = case when pingback_uri is null then null else due_at end
     where site_id = ? and id = ? and finished_at is null`,
    toJson(counts),
    now,
    siteId,
    id,
  )
}

export function* toldSnapshot(
  _: Context,
  siteId: number,
  id: number,
  againInMs: number | undefined,
): Query<void> {
  yield* one(
    `update message_snapshots set due_at = {now} + cast(? as {integer}), lease_until = null, attempts = attempts + 1
     where site_id = ? and id = ?`,
    againInMs ?? null,
    siteId,
    id,
  )
}

/** The methods of snapshots that change the database. */
export const SNAPSHOT_WRITES = {
  beginSnapshot,
  removeSnapshot,
  claimSnapshots,
  finishSnapshot,
  toldSnapshot,
} as const

/** Snapshots over a driver; `newToken` names new ones. */
export function createSnapshotStore(driver: Driver, newToken: () => string): MessageSnapshotStore {
  return {
    begin: (site, { messageToken, pingbackUri, now }) =>
      driver.write('beginSnapshot', site.id, { messageToken, pingbackUri, now, token: newToken() }),
    find: (site, token) => driver.read(findSnapshot(site.id, token)),
    list: (site, query) => driver.read(listSnapshots(site.id, query)),
    remove: (site, token) => driver.write('removeSnapshot', site.id, token),
    async claim({ limit, leaseMs }) {
      // A write makes answers that are remembered be made anew: none without need.
      if (!(await driver.read(isAnyDue()))) return []
      return driver.write('claimSnapshots', { limit, leaseMs })
    },
    finish: ({ siteId, id }, counts, now) => driver.write('finishSnapshot', siteId, id, counts, now),
    told: ({ siteId, id }, again) => driver.write('toldSnapshot', siteId, id, again?.inMs),
  }
}

function toSnapshot(row: Row): MessageSnapshot {
  const counts = optionalText(row, 'counts')
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    token: text(row, 'token'),
    messageToken: text(row, 'message_token'),
    pingbackUri: optionalText(row, 'pingback_uri'),
    createdAt: number(row, 'created_at'),
    finishedAt: optionalNumber(row, 'finished_at'),
    counts: counts === undefined ? [] : fromJson<MessageSnapshot['counts']>(counts),
  }
}
