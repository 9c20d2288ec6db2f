import { GatewayError } from '../core/errors.ts'
import { INVITATIONS_PER_USER, type Visitor } from '../core/invitation-store.ts'
import { all, one, type Query } from './query.ts'
import { number, optionalText } from './row.ts'
import type { Context } from './sealed.ts'
import { toUser, USER } from './users.ts'

/** Addresses deleted in one transaction. */
export const INVITATION_PURGE_BATCH = 1000

export function* createInvitation(
  _: Context,
  siteId: number,
  invitation: {
    readonly hash: string
    readonly userToken: string
    readonly callbackUri?: string
    readonly lifeMs: number
  },
): Query<void> {
  const { hash, userToken, callbackUri, lifeMs } = invitation
  const user = yield* one('select id from users where site_id = ? and token = ? {lock}', siteId, userToken)
  if (!user) throw new GatewayError('not_found', 'The site has no such user.', { field: 'user_token' })
  const userId = number(user, 'id')
  yield* all(
    `delete from invitations where id in
       (select id from invitations where site_id = ? and user_id = ?
        order by id desc limit 1000 offset ${INVITATIONS_PER_USER - 1})`,
    siteId,
    userId,
  )
  yield* one(
    `insert into invitations (site_id, user_id, hash, callback_uri, expires_at)
     values (?, ?, ?, ?, {now} + cast(? as bigint))`,
    siteId,
    userId,
    hash,
    callbackUri ?? null,
    lifeMs,
  )
}

export function* isInvitationOpen(siteId: number, hash: string): Query<boolean> {
  const row = yield* one(
    'select id from invitations where site_id = ? and hash = ? and visit_hash is null and expires_at > {now}',
    siteId,
    hash,
  )
  return row !== undefined
}

export function* openInvitation(
  _: Context,
  siteId: number,
  { hash, visitHash, lifeMs }: { readonly hash: string; readonly visitHash: string; readonly lifeMs: number },
): Query<boolean> {
  const row = yield* one(
    `update invitations set visit_hash = ?, expires_at = {now} + cast(? as bigint)
     where site_id = ? and hash = ? and visit_hash is null and expires_at > {now} returning id`,
    visitHash,
    lifeMs,
    siteId,
    hash,
  )
  return row !== undefined
}

const VISITOR = USER.split(',').map((column) => `u.${column.trim()}`)

export function* visitorOf(siteId: number, visitHash: string): Query<Visitor | undefined> {
  const row = yield* one(
    `select ${VISITOR.join(', ')}, i.callback_uri from invitations i
     join users u on u.site_id = i.site_id and u.id = i.user_id
     where i.site_id = ? and i.visit_hash = ? and i.expires_at > {now}`,
    siteId,
    visitHash,
  )
  return row && { user: toUser(row), callbackUri: optionalText(row, 'callback_uri') }
}

export function* purgeInvitations(_: Context): Query<number> {
  const rows = yield* all(
    `delete from invitations where id in
       (select id from invitations where expires_at <= {now} order by expires_at limit ${INVITATION_PURGE_BATCH})
     returning id`,
  )
  return rows.length
}
