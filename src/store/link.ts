// A login: one account of a network becomes one identity of one user, however many processes meet it at once.

import { GatewayError } from '../core/errors.ts'
import { matchKey } from '../core/match-key.ts'
import type { Identity, User } from '../core/model.ts'
import type { Linked, NewIdentity } from '../core/store.ts'
import { noteIdentity } from './events.ts'
import { type Account, identityBySubject } from './identities.ts'
import { Again, one, type Query } from './query.ts'
import { number, sure, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import { lockSite, moveLinkedVersion } from './sites.ts'
import { putTokens } from './tokens.ts'
import { findUser, toUser, USER } from './users.ts'

/** What a new user and a new identity would be called. */
export interface NewTokens {
  readonly user: string
  readonly identity: string
}

export function* link(
  context: Context,
  siteId: number,
  account: NewIdentity,
  names: NewTokens,
  userToken: string | undefined,
  isLogin = true,
): Query<Linked> {
  const known = yield* identityBySubject(siteId, account)
  if (known) return yield* renew(context, known, account, userToken, isLogin)

  // One new link at a time per site: whoever waited here finds what the other has made.
  yield* lockSite(siteId)
  const made = yield* identityBySubject(siteId, account)
  if (made) return yield* renew(context, made, account, userToken, isLogin)

  const user =
    userToken === undefined
      ? yield* createUser(siteId, names.user)
      : yield* countLogin(siteId, yield* userIdOf(siteId, userToken), isLogin)
  yield* createIdentity(siteId, user, account, names.identity)
  const identity = sure(yield* identityBySubject(siteId, account))
  yield* putTokens(context, identity, account.tokens)
  yield* moveLinkedVersion(siteId)
  yield* noteIdentity(siteId, 'linked', identity)
  return { user, identity, isNewUser: userToken === undefined, isNewIdentity: true }
}

function* renew(
  context: Context,
  known: Identity,
  account: NewIdentity,
  userToken: string | undefined,
  isLogin: boolean,
): Query<Linked> {
  const { siteId } = known
  if (userToken !== undefined && userToken !== known.userToken) {
    if (!(yield* findUser(siteId, userToken))) throw noUser()
    throw new GatewayError('conflict', 'This account belongs to another user.')
  }
  const user = yield* countLogin(siteId, known.userId, isLogin)
  const renewed = yield* one(
    `update identities set profile = ?, posting = coalesce(?, posting), refused = null, updated_at = {now}
     where site_id = ? and id = ? and user_id = ? returning id`,
    toJson(account.profile),
    account.posting ? toJson(account.posting) : null,
    siteId,
    known.id,
    known.userId,
  )
  // Removed, or moved to another user, since it was found.
  if (!renewed) throw new Again()
  yield* putTokens(context, known, account.tokens)
  const identity = sure(yield* identityBySubject(siteId, account))
  return { user, identity, isNewUser: false, isNewIdentity: false }
}

/** A user who has just come for the first time. */
export function* createUser(siteId: number, token: string, uid?: string): Query<User> {
  const row = yield* one(
    `insert into users (site_id, token, uid, created_at, last_login_at, login_count)
     values (?, ?, ?, {now}, {now}, 1) returning ${USER}`,
    siteId,
    token,
    uid ?? null,
  )
  return toUser(sure(row))
}

/** Links an account that nobody has; its tokens are stored apart. */
export function* createIdentity(
  siteId: number,
  user: User,
  account: Account & Pick<NewIdentity, 'profile' | 'posting'>,
  token: string,
): Query<void> {
  yield* one(
    `insert into identities
       (site_id, user_id, token, provider, server, subject, match_key, profile, posting, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, {now}, {now})`,
    siteId,
    user.id,
    token,
    account.provider,
    account.server ?? '',
    account.subject,
    matchKey(account),
    toJson(account.profile),
    account.posting ? toJson(account.posting) : null,
  )
}

/** Counts a login, or none where this is a part of one that was counted; the user as they are then. */
export function* countLogin(siteId: number, userId: number, isLogin = true): Query<User> {
  const row = yield* one(
    `update users set last_login_at = {now}, login_count = login_count + cast(? as {integer})
     where site_id = ? and id = ? returning ${USER}`,
    isLogin ? 1 : 0,
    siteId,
    userId,
  )
  // Removed since it was found.
  if (!row) throw new Again()
  return toUser(row)
}

function* userIdOf(siteId: number, token: string): Query<number> {
  const row = yield* one('select id from users where site_id = ? and token = ?', siteId, token)
  if (!row) throw noUser()
  return number(row, 'id')
}

function noUser(): GatewayError {
  return new GatewayError('not_found', 'There is no such user.')
}
