// Readings of contacts under way. The row stays when a read ends, so that a fence never comes twice: `lease_until` is
// null when nobody reads, in the future while somebody does, in the past when a read was left behind.

import { GatewayError } from '../core/errors.ts'
import type { Identity, Snapshot, SnapshotHead } from '../core/model.ts'
import type { ReadProgress } from '../core/store.ts'
import { HEAD, toSnapshotHead } from './contacts.ts'
import { noteContacts } from './events.ts'
import { toIdentity } from './identities.ts'
import { Again, all, one, type Query } from './query.ts'
import { number, optionalNumber, optionalText, sure, toJson } from './row.ts'
import type { Context } from './sealed.ts'

export type ReadClaim =
  | {
      readonly outcome: 'mine'
      readonly fence: number
      readonly startedAt: number
      readonly progress?: ReadProgress
    }
  | { readonly outcome: 'taken'; readonly startedAt: number; readonly leaseUntil: number }

/** Of a lease that was given back, keeping what was read: long past. */
const GIVEN_BACK = 0

export function* claimRead(
  _: Context,
  siteId: number,
  identityId: number,
  leaseMs: number,
): Query<ReadClaim> {
  const claimed = yield* one(
    `insert into reads (identity_id, site_id, fence, started_at, lease_until)
     select id, site_id, 1, {now}, {now} + cast(? as bigint) from identities where site_id = ? and id = ?
     on conflict (identity_id) do update set
       fence = reads.fence + 1,
       started_at = case when reads.lease_until is null then excluded.started_at else reads.started_at end,
       lease_until = excluded.lease_until
     where reads.lease_until is null or reads.lease_until <= {now}
     returning fence, started_at, progress`,
    leaseMs,
    siteId,
    identityId,
  )
  if (claimed) {
    return {
      outcome: 'mine',
      fence: number(claimed, 'fence'),
      startedAt: number(claimed, 'started_at'),
      progress: optionalText(claimed, 'progress'),
    }
  }
  const taken = yield* one(
    'select started_at, lease_until from reads where site_id = ? and identity_id = ?',
    siteId,
    identityId,
  )
  if (!taken) throw new GatewayError('not_found', 'There is no such identity.')
  const leaseUntil = optionalNumber(taken, 'lease_until')
  // It ended between the two statements.
  if (leaseUntil === undefined) throw new Again()
  return { outcome: 'taken', startedAt: number(taken, 'started_at'), leaseUntil }
}

export function* checkpointRead(
  _: Context,
  siteId: number,
  identityId: number,
  fence: number,
  leaseMs: number,
  progress: ReadProgress | undefined,
): Query<boolean> {
  const rows = yield* all(
    `update reads set lease_until = {now} + ?, progress = coalesce(?, progress)
     where site_id = ? and identity_id = ? and fence = ? and lease_until > ${GIVEN_BACK} returning fence`,
    leaseMs,
    progress ?? null,
    siteId,
    identityId,
    fence,
  )
  return rows.length > 0
}

export function* finishRead(
  _: Context,
  siteId: number,
  identityId: number,
  fence: number,
  snapshot: Omit<Snapshot, 'version'>,
): Query<SnapshotHead | undefined> {
  if (!(yield* endRead(siteId, identityId, fence))) return undefined
  // The version is a time that never goes back: it does not repeat, even in a database restored from a backup.
  const head = yield* one(
    `insert into snapshots (identity_id, site_id, version, contact_count, is_truncated, fetched_at, contacts)
     values (?, ?, {now}, ?, ?, ?, ?)
     on conflict (identity_id) do update set
       version = case when snapshots.version < excluded.version then excluded.version else snapshots.version + 1 end,
       contact_count = excluded.contact_count, is_truncated = excluded.is_truncated,
       fetched_at = excluded.fetched_at, contacts = excluded.contacts
     returning ${HEAD}`,
    identityId,
    siteId,
    snapshot.count,
    snapshot.isTruncated ? 1 : 0,
    snapshot.fetchedAt,
    snapshot.contacts,
  )
  yield* all(
    'update identities set refused = null where site_id = ? and id = ? and refused is not null',
    siteId,
    identityId,
  )
  yield* noteContacts(siteId, identityId, snapshot.count)
  return toSnapshotHead(sure(head))
}

export function* failRead(
  _: Context,
  siteId: number,
  identityId: number,
  fence: number,
  refused: Identity['refused'],
): Query<void> {
  if (!(yield* endRead(siteId, identityId, fence)) || !refused) return
  yield* all(
    'update identities set refused = ? where site_id = ? and id = ?',
    toJson(refused),
    siteId,
    identityId,
  )
}

export function* releaseRead(_: Context, siteId: number, identityId: number, fence: number): Query<void> {
  yield* all(
    `update reads set lease_until = ${GIVEN_BACK}
     where site_id = ? and identity_id = ? and fence = ? and lease_until is not null`,
    siteId,
    identityId,
    fence,
  )
}

/** Gives back every lease: for a start as the only process, when all who held one are dead. */
export function* releaseAllReads(): Query<void> {
  yield* all(`update reads set lease_until = ${GIVEN_BACK} where lease_until > ${GIVEN_BACK}`)
}

export function* abandonedReads(limit: number): Query<readonly Identity[]> {
  const rows = yield* all(
    `select i.id, i.site_id, i.user_id, u.token as user_token, i.token, i.provider, i.server, i.subject,
       i.profile, i.refused, i.created_at, i.updated_at
     from reads r
     join identities i on i.site_id = r.site_id and i.id = r.identity_id
     join users u on u.site_id = i.site_id and u.id = i.user_id
     where r.lease_until <= {now} order by r.lease_until, r.identity_id limit ?`,
    limit,
  )
  return rows.map(toIdentity)
}

function* endRead(siteId: number, identityId: number, fence: number): Query<boolean> {
  const rows = yield* all(
    `update reads set lease_until = null, progress = null
     where site_id = ? and identity_id = ? and fence = ? and lease_until > ${GIVEN_BACK} returning fence`,
    siteId,
    identityId,
    fence,
  )
  return rows.length > 0
}
