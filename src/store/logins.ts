// Logins under way. An attempt is taken by one statement, so that no answer of a network is used twice.

import { GatewayError } from '../core/errors.ts'
import type { Attempt } from '../core/login-store.ts'
import type { Site, User } from '../core/model.ts'
import { all, one, type Query } from './query.ts'
import { fromJson, number, text, toJson } from './row.ts'
import { unseal } from './seal.ts'
import { attemptPlace, type Context, sealed } from './sealed.ts'
import { SITE, toSite } from './sites.ts'
import { toUser, USER } from './users.ts'

/** Attempts or codes deleted in one transaction. */
export const LOGIN_PURGE_BATCH = 1000

export interface Hashes {
  readonly key: string
  readonly browser: string
}

export function* beginLogin(
  context: Context,
  siteId: number,
  { key, browser }: Hashes,
  attempt: Attempt,
  { lifeMs, atMost }: { readonly lifeMs: number; readonly atMost: number },
): Query<void> {
  const full = yield* one(
    `select id from login_attempts where site_id = ? and expires_at > {now}
     order by expires_at limit 1 offset ${Math.max(0, Math.trunc(atMost) - 1)}`,
    siteId,
  )
  if (full) {
    throw new GatewayError('overloaded', 'Too many logins are under way.', { retryAfterSeconds: 60 })
  }
  yield* one(
    `insert into login_attempts (site_id, key_hash, browser_hash, sealed, expires_at)
     values (?, ?, ?, ?, {now} + cast(? as bigint))`,
    siteId,
    key,
    browser,
    yield* sealed(context, attemptPlace(siteId, key), toJson(attempt)),
    lifeMs,
  )
}

export function* siteOfLogin(keyHash: string): Query<Site | undefined> {
  const columns = SITE.split(',').map((column) => `s.${column.trim()}`)
  const row = yield* one(
    `select ${columns.join(', ')} from login_attempts a join sites s on s.id = a.site_id
     where a.key_hash = ? and a.expires_at > {now}`,
    keyHash,
  )
  return row && toSite(row)
}

export function* takeLogin({ keys }: Context, { key, browser }: Hashes): Query<Attempt | undefined> {
  const row = yield* one(
    `delete from login_attempts where key_hash = ? and browser_hash = ? and expires_at > {now}
     returning site_id, sealed`,
    key,
    browser,
  )
  if (!row) return undefined
  return fromJson<Attempt>(unseal(keys, attemptPlace(number(row, 'site_id'), key), text(row, 'sealed')))
}

export function* issueCode(
  _: Context,
  siteId: number,
  code: {
    readonly hash: string
    readonly userId: number
    readonly redirectUri: string
    readonly lifeMs: number
  },
): Query<void> {
  const user = yield* one('select id from users where site_id = ? and id = ? {lock}', siteId, code.userId)
  if (!user) throw new GatewayError('not_found', 'There is no such user.')
  yield* one(
    `insert into login_codes (site_id, hash, user_id, redirect_uri, expires_at)
     values (?, ?, ?, ?, {now} + cast(? as bigint))`,
    siteId,
    code.hash,
    code.userId,
    code.redirectUri,
    code.lifeMs,
  )
}

export function* redeemCode(
  _: Context,
  siteId: number,
  hash: string,
): Query<{ user: User; redirectUri: string; isOver: boolean } | undefined> {
  const row = yield* one(
    `delete from login_codes where site_id = ? and hash = ?
     returning user_id, redirect_uri, case when expires_at > {now} then 0 else 1 end as is_over`,
    siteId,
    hash,
  )
  if (!row) return undefined
  const user = yield* one(
    `select ${USER} from users where site_id = ? and id = ?`,
    siteId,
    number(row, 'user_id'),
  )
  if (!user) return undefined
  return { user: toUser(user), redirectUri: text(row, 'redirect_uri'), isOver: number(row, 'is_over') === 1 }
}

export function* purgeLogins(_: Context): Query<number> {
  const attempts = yield* all(
    `delete from login_attempts where id in
       (select id from login_attempts where expires_at <= {now} order by expires_at limit ${LOGIN_PURGE_BATCH})
     returning id`,
  )
  // An hour longer, so that a late caller hears that the time is over.
  const codes = yield* all(
    `delete from login_codes where id in
       (select id from login_codes where expires_at <= {now} - 3600000
        order by expires_at limit ${LOGIN_PURGE_BATCH})
     returning id`,
  )
  return Math.max(attempts.length, codes.length)
}
