import type { FriendList, FriendListMark, SiteAccount } from '../core/people-store.ts'
import { toSnapshotHead } from './contacts.ts'
import { toIdentityWith } from './identities.ts'
import type { ToProfile } from './profiles.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalNumber, optionalText, text } from './row.ts'
import type { Context } from './sealed.ts'

export function* friendLists(
  siteId: number,
  userId: number,
  toProfile: ToProfile,
): Query<{ readonly linkedVersion: number; readonly lists: readonly FriendList[] }> {
  const rows = yield* all(
    `select site.linked_version, i.id, i.site_id, i.user_id, u.token as user_token, i.token, i.provider, i.server,
       i.subject, i.profile, i.refused, i.created_at, i.updated_at,
       s.version, s.contact_count, s.is_truncated, s.fetched_at, f.dropped_version, f.asked_at
     from identities i
     join users u on u.site_id = i.site_id and u.id = i.user_id
     join sites site on site.id = i.site_id
     left join snapshots s on s.identity_id = i.id
     left join friend_lists f on f.identity_id = i.id
     where i.site_id = ? and i.user_id = ? order by i.id`,
    siteId,
    userId,
  )
  const [first] = rows
  return {
    linkedVersion: first ? number(first, 'linked_version') : 0,
    lists: rows.map((row) => toFriendList(row, toProfile)),
  }
}

export function* siteAccounts(siteId: number, keys: BigInt64Array): Query<readonly SiteAccount[]> {
  // Neighbours in the index are looked up one after the other; SQLite keeps to the order of a cross join.
  const sorted = keys.toSorted()
  const rows = yield* all(
    `select i.provider, i.server, i.subject, i.user_id, u.token, u.uid
     from identities i cross join users u
     where i.site_id = ? and i.match_key {among} and u.site_id = i.site_id and u.id = i.user_id`,
    siteId,
    sorted.join(','),
  )
  return rows.map(toSiteAccount)
}

export function* markFriendLists(
  _: Context,
  siteId: number,
  userId: number,
  marks: readonly FriendListMark[],
): Query<void> {
  for (const { identity, drops, askedAt } of marks) {
    yield* one(
      `insert into friend_lists (identity_id, site_id, dropped_version, asked_at)
       select i.id, i.site_id, ${drops ? 'coalesce(s.version, 0)' : '0'}, cast(? as bigint)
       from identities i left join snapshots s on s.identity_id = i.id
       where i.site_id = ? and i.user_id = ? and i.id = ?
       on conflict (identity_id) do update set
         ${drops ? 'dropped_version = excluded.dropped_version,' : ''} asked_at = excluded.asked_at`,
      askedAt ?? null,
      siteId,
      userId,
      identity.id,
    )
  }
}

function toFriendList(row: Row, toProfile: ToProfile): FriendList {
  return {
    identity: toIdentityWith(toProfile, row),
    snapshot: optionalNumber(row, 'version') === undefined ? undefined : toSnapshotHead(row),
    dropped: optionalNumber(row, 'dropped_version'),
    askedAt: optionalNumber(row, 'asked_at'),
  }
}

function toSiteAccount(row: Row): SiteAccount {
  return {
    provider: text(row, 'provider'),
    server: text(row, 'server') || undefined,
    subject: text(row, 'subject'),
    userId: number(row, 'user_id'),
    userToken: text(row, 'token'),
    uid: optionalText(row, 'uid'),
  }
}
