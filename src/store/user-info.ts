// What a site says of its users: their names there, their profile, their session. One row per user, made when needed.

import { GatewayError } from '../core/errors.ts'
import type { Identity, User } from '../core/model.ts'
import type { ExportedUser, SiteProfile, UserInfo } from '../core/user-info-store.ts'
import { noteName } from './graph-removal.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, optionalText, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import { lockSite, moveLinkedVersion } from './sites.ts'
import { toUser, USER } from './users.ts'

export function* userNamed(siteId: number, uid: string): Query<User | undefined> {
  const row = yield* one(
    `select ${USER} from users where site_id = ? and (uid = ? or token = ?)
     order by case when uid = ? then 0 else 1 end limit 1`,
    siteId,
    uid,
    uid,
    uid,
  )
  return row && toUser(row)
}

export function* userInfoOf(siteId: number, userId: number): Query<UserInfo> {
  const row = yield* one(
    `select profile, login_identity, case when session_until > {now} then 1 else 0 end as is_logged_in
     from user_info where site_id = ? and user_id = ?`,
    siteId,
    userId,
  )
  if (!row) return { profile: {}, isLoggedIn: false }
  return {
    profile: fromJson<SiteProfile>(text(row, 'profile')),
    isLoggedIn: number(row, 'is_logged_in') === 1,
    loginIdentityId: optionalNumber(row, 'login_identity'),
  }
}

export function* renameUser(
  _: Context,
  siteId: number,
  userId: number,
  uid: string | undefined,
): Query<User> {
  // Names are given one at a time per site: of two that want the same one, the second finds it taken.
  yield* lockSite(siteId)
  const user = yield* one(`select ${USER} from users where site_id = ? and id = ? {lock}`, siteId, userId)
  if (!user) throw noUser()
  if (optionalText(user, 'uid') === uid) return toUser(user)
  const other = uid === undefined ? undefined : yield* userNamed(siteId, uid)
  if (other && other.id !== userId) throw taken()
  const row = yield* one(
    `update users set uid = ? where site_id = ? and id = ? returning ${USER}`,
    uid ?? null,
    siteId,
    userId,
  )
  if (!row) throw noUser()
  yield* moveLinkedVersion(siteId)
  yield* noteName(siteId, userId)
  return toUser(row)
}

/** Begins a session; keeps the profile where none is given. */
export function* beginSession(
  { siteId, id }: Pick<User, 'id' | 'siteId'>,
  loginIdentity: Pick<Identity, 'id'> | undefined,
  profile: SiteProfile | undefined,
  sessionMs: number,
): Query<void> {
  const json = profile && toJson(profile)
  yield* one(
    `insert into user_info (user_id, site_id, profile, login_identity, session_until)
     values (?, ?, ?, ?, {now} + cast(? as bigint))
     on conflict (user_id) do update set
       profile = coalesce(cast(? as text), user_info.profile),
       login_identity = excluded.login_identity, session_until = excluded.session_until
     where user_info.site_id = excluded.site_id`,
    id,
    siteId,
    json ?? '{}',
    loginIdentity?.id ?? null,
    sessionMs,
    json ?? null,
  )
}

export function* saveSiteProfile(
  _: Context,
  siteId: number,
  userId: number,
  profile: SiteProfile,
): Query<void> {
  const row = yield* one(
    `insert into user_info (user_id, site_id, profile) values (?, ?, ?)
     on conflict (user_id) do update set profile = excluded.profile
     where user_info.site_id = excluded.site_id returning user_id`,
    userId,
    siteId,
    toJson(profile),
  )
  if (!row) throw noUser()
}

export function* endSession(_: Context, siteId: number, userId: number): Query<void> {
  yield* all('update user_info set session_until = null where site_id = ? and user_id = ?', siteId, userId)
}

export function* disconnectIdentity(
  _: Context,
  siteId: number,
  identityId: number,
  reason: NonNullable<Identity['refused']>,
): Query<void> {
  const rows = yield* all(
    'update identities set refused = ? where site_id = ? and id = ? returning id',
    toJson(reason),
    siteId,
    identityId,
  )
  if (rows.length === 0) return
  yield* all('delete from tokens where site_id = ? and identity_id = ?', siteId, identityId)
  yield* all('delete from snapshots where site_id = ? and identity_id = ?', siteId, identityId)
  // A read under way has lost its lease: what it finds is not stored.
  yield* all(
    `update reads set fence = fence + 1, lease_until = null, progress = null
     where site_id = ? and identity_id = ?`,
    siteId,
    identityId,
  )
}

export function* exportUsers(siteId: number, after: number, limit: number): Query<readonly ExportedUser[]> {
  const rows = yield* all(
    `select u.id, u.token, u.uid, i.provider, i.server, i.subject
     from (select id, token, uid from users where site_id = ? and id > ? order by id limit ?) u
     left join identities i on i.site_id = ? and i.user_id = u.id
     order by u.id, i.id`,
    siteId,
    after,
    limit,
    siteId,
  )
  return toExported(rows)
}

/** One row per identity, or one without, becomes one user. */
function toExported(rows: readonly Row[]): readonly ExportedUser[] {
  const users: (ExportedUser & { identities: ExportedUser['identities'][number][] })[] = []
  for (const row of rows) {
    const id = number(row, 'id')
    let user = users.at(-1)
    if (user?.id !== id) {
      user = { id, token: text(row, 'token'), uid: optionalText(row, 'uid'), identities: [] }
      users.push(user)
    }
    const provider = optionalText(row, 'provider')
    if (provider === undefined) continue
    user.identities.push({
      provider,
      server: text(row, 'server') || undefined,
      subject: text(row, 'subject'),
    })
  }
  return users
}

export function noUser(): GatewayError {
  return new GatewayError('not_found', 'There is no such user.', { field: 'uid' })
}

function taken(): GatewayError {
  return new GatewayError('conflict', 'Another user of the site has this name.', { field: 'uid' })
}
