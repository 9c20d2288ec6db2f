import type { SnapshotHead, User } from '../core/model.ts'
import type { ContactsHead } from '../core/store.ts'
import { toIdentityWith } from './identities.ts'
import type { ToProfile } from './profiles.ts'
import { all, one, type Query, type Row } from './query.ts'
import { bytes, number, optionalNumber, optionalText } from './row.ts'

/** Columns of a snapshot without its bytes. */
export const HEAD = 'version, contact_count, is_truncated, fetched_at'

export function* contactsHeads(
  siteId: number,
  userToken: string,
  toProfile: ToProfile,
): Query<{ readonly user: User; readonly heads: readonly ContactsHead[] } | undefined> {
  const rows = yield* all(
    `select u.id as user_id, u.site_id, u.token as user_token, u.uid, u.created_at as user_created_at,
       u.last_login_at, u.login_count,
       i.id, i.token, i.provider, i.server, i.subject, i.profile, i.refused, i.created_at, i.updated_at,
       s.version, s.contact_count, s.is_truncated, s.fetched_at
     from users u
     left join identities i on i.site_id = u.site_id and i.user_id = u.id
     left join snapshots s on s.identity_id = i.id
     where u.site_id = ? and u.token = ? order by i.id`,
    siteId,
    userToken,
  )
  const [first] = rows
  if (!first) return undefined
  const user: User = {
    id: number(first, 'user_id'),
    siteId,
    token: userToken,
    uid: optionalText(first, 'uid'),
    createdAt: number(first, 'user_created_at'),
    lastLoginAt: number(first, 'last_login_at'),
    loginCount: number(first, 'login_count'),
  }
  return {
    user,
    heads: optionalNumber(first, 'id') === undefined ? [] : rows.map((row) => toHead(toProfile, row)),
  }
}

export function* snapshotHead(siteId: number, identityId: number): Query<SnapshotHead | undefined> {
  const row = yield* one(
    `select ${HEAD} from snapshots where site_id = ? and identity_id = ?`,
    siteId,
    identityId,
  )
  return row && toSnapshotHead(row)
}

export function* snapshotBytes(
  siteId: number,
  identityId: number,
  version: number,
): Query<Uint8Array | undefined> {
  const row = yield* one(
    'select contacts from snapshots where site_id = ? and identity_id = ? and version = ?',
    siteId,
    identityId,
    version,
  )
  return row && bytes(row, 'contacts')
}

export function toSnapshotHead(row: Row): SnapshotHead {
  return {
    version: number(row, 'version'),
    count: number(row, 'contact_count'),
    isTruncated: number(row, 'is_truncated') === 1,
    fetchedAt: number(row, 'fetched_at'),
  }
}

function toHead(toProfile: ToProfile, row: Row): ContactsHead {
  return {
    identity: toIdentityWith(toProfile, row),
    snapshot: optionalNumber(row, 'version') === undefined ? undefined : toSnapshotHead(row),
  }
}
