// Who may call: sites by their Gigya keys, user keys, tokens that we have issued (as hashes).

import type { Door, IssuedToken, NewToken, UserKey } from '../core/access-store.ts'
import { GatewayError } from '../core/errors.ts'
import type { User } from '../core/model.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalNumber, optionalText, text } from './row.ts'
import { type Context, sealed, sessionPlace, sitePlace, userKeyPlace } from './sealed.ts'
import { SITE, toSite } from './sites.ts'
import { unsealOften } from './unseal-often.ts'
import { toUser, USER } from './users.ts'

/** Tokens deleted in one transaction. */
export const TOKEN_PURGE_BATCH = 1000
const TOKENS_PER_USER = 100

const USER_KEY = 'id, site_id, key, secret, public_key, created_at'

// Rows of several tables in one: `s.id as s_id`.
const SITE_PART = partOf('s', SITE)
const USER_PART = partOf('u', USER)
const OWNER_PART = partOf('o', USER)
const KEY_PART = partOf('k', USER_KEY)

/** The user of this name: the site's own id comes first, then our token. Takes the name twice. */
const NAMED = `left join users u on u.id = coalesce(
  (select id from users where site_id = s.id and uid = cast(? as text)),
  (select id from users where site_id = s.id and token = cast(? as text)))`

export function* doorByApiKey(
  context: Context,
  apiKey: string,
  uid: string | undefined,
  userKey: string | undefined,
): Query<(Door & { readonly userKey?: UserKey; readonly user?: User }) | undefined> {
  const row = yield* one(
    `select ${SITE_PART.columns}, c.secret as partner_secret, ${USER_PART.columns}, ${KEY_PART.columns}
     from sites s join site_secrets c on c.site_id = s.id
     ${NAMED}
     left join user_keys k on k.site_id = s.id and k.key = cast(? as text)
     where s.api_key = ?`,
    uid ?? null,
    uid ?? null,
    userKey ?? null,
    apiKey,
  )
  if (!row) return undefined
  return {
    ...toDoor(context, row),
    user: userIn(row),
    userKey: row.k_id === null ? undefined : toUserKey(context, KEY_PART.of(row)),
  }
}

export function* doorByUserKey(
  context: Context,
  key: string,
): Query<(Door & { readonly userKey: UserKey }) | undefined> {
  const row = yield* one(
    `select ${SITE_PART.columns}, c.secret as partner_secret, ${KEY_PART.columns}
     from user_keys k join sites s on s.id = k.site_id join site_secrets c on c.site_id = s.id
     where k.key = ?`,
    key,
  )
  return row && { ...toDoor(context, row), userKey: toUserKey(context, KEY_PART.of(row)) }
}

/** A token's own user where it has one, and not whom the caller names. */
export function* doorByToken(
  context: Context,
  tokenHash: string,
  uid: string | undefined,
): Query<(Door & { readonly token: IssuedToken; readonly user?: User }) | undefined> {
  const row = yield* one(
    `select ${SITE_PART.columns}, c.secret as partner_secret, ${USER_PART.columns}, ${OWNER_PART.columns},
       k.key as user_key, t.session_secret
     from access_tokens t join sites s on s.id = t.site_id join site_secrets c on c.site_id = s.id
     left join user_keys k on k.id = t.user_key_id
     left join users o on o.site_id = t.site_id and o.id = t.user_id
     ${NAMED}
     where t.hash = ? and t.expires_at > {now}`,
    uid ?? null,
    uid ?? null,
    tokenHash,
  )
  if (!row) return undefined
  const secret = optionalText(row, 'session_secret')
  const place = sessionPlace(number(row, 's_id'), tokenHash)
  const token = {
    userKey: optionalText(row, 'user_key'),
    user: row.o_id === null ? undefined : toUser(OWNER_PART.of(row)),
    sessionSecret: secret === undefined ? undefined : unsealOften(context.keys, place, secret),
  }
  return { ...toDoor(context, row), token, user: userIn(row) }
}

export function* issueToken(context: Context, siteId: number, token: NewToken): Query<void> {
  const { hash, userKey, user, sessionSecret, lifeMs } = token
  if (user && !(yield* one('select id from users where site_id = ? and id = ? {lock}', siteId, user.id))) {
    throw new GatewayError('not_found', 'There is no such user.')
  }
  const owner =
    userKey === undefined
      ? undefined
      : yield* one('select id from user_keys where site_id = ? and key = ? {lock}', siteId, userKey)
  if (userKey !== undefined && !owner) throw new GatewayError('not_found', 'There is no such user key.')
  yield* one(
    `insert into access_tokens (site_id, hash, user_id, user_key_id, session_secret, created_at, expires_at)
     values (?, ?, ?, ?, ?, {now}, {now} + cast(? as bigint))`,
    siteId,
    hash,
    user?.id ?? null,
    owner ? number(owner, 'id') : null,
    sessionSecret === undefined ? null : yield* sealed(context, sessionPlace(siteId, hash), sessionSecret),
    lifeMs,
  )
  if (!user) return
  yield* all(
    `delete from access_tokens where site_id = ? and user_id = ? and id in
       (select id from access_tokens where site_id = ? and user_id = ? order by id desc
        limit 1000 offset ${TOKENS_PER_USER})`,
    siteId,
    user.id,
    siteId,
    user.id,
  )
}

export function* endTokens(_: Context, siteId: number, userId: number): Query<number> {
  const rows = yield* all(
    'delete from access_tokens where site_id = ? and user_id = ? returning id',
    siteId,
    userId,
  )
  return rows.length
}

export function* purgeTokens(_: Context): Query<number> {
  const rows = yield* all(
    `delete from access_tokens where id in
       (select id from access_tokens where expires_at <= {now} order by expires_at limit ${TOKEN_PURGE_BATCH})
     returning id`,
  )
  return rows.length
}

export function* addUserKey(
  context: Context,
  siteId: number,
  { key, secret, publicKey }: Omit<UserKey, 'siteId' | 'createdAt'>,
): Query<UserKey> {
  const row = yield* one(
    `insert into user_keys (site_id, key, secret, public_key, created_at) values (?, ?, ?, ?, {now})
     on conflict do nothing returning ${USER_KEY}`,
    siteId,
    key,
    secret === undefined ? null : yield* sealed(context, userKeyPlace(siteId, key), secret),
    publicKey ?? null,
  )
  if (!row) throw new GatewayError('conflict', 'There is a user key of this name already.')
  return toUserKey(context, row)
}

export function* listUserKeys(siteId: number): Query<readonly Omit<UserKey, 'secret'>[]> {
  const rows = yield* all(
    `select site_id, key, public_key, created_at from user_keys where site_id = ? order by id`,
    siteId,
  )
  return rows.map(toShownKey)
}

export function* revokeUserKey(_: Context, siteId: number, key: string): Query<boolean> {
  const rows = yield* all('delete from user_keys where site_id = ? and key = ? returning id', siteId, key)
  return rows.length > 0
}

/** As it was taken, not as it is: a nonce whose time has passed may come again. */
export function* burnNonce(_: Context, key: Uint8Array, keepMs: number): Query<boolean> {
  const row = yield* one(
    `insert into nonces (key, expires_at) values (?, {now} + cast(? as bigint))
     on conflict (key) do update set expires_at = excluded.expires_at where nonces.expires_at <= {now}
     returning expires_at`,
    key,
    keepMs,
  )
  return row !== undefined
}

/** Some of the nonces whose time has passed: called again and again beside `burnNonce`. */
export function* purgeNonces(_: Context, limit: number): Query<void> {
  yield* all(
    `delete from nonces where key in
       (select key from nonces where expires_at <= {now} order by expires_at limit ? {skip})`,
    limit,
  )
}

function toDoor({ keys }: Context, row: Row): Door {
  const site = toSite(SITE_PART.of(row))
  return { site, secret: unsealOften(keys, sitePlace(site.id, 'secret'), text(row, 'partner_secret')) }
}

function userIn(row: Row): User | undefined {
  return optionalNumber(row, 'u_id') === undefined ? undefined : toUser(USER_PART.of(row))
}

function toUserKey({ keys }: Context, row: Row): UserKey {
  const secret = optionalText(row, 'secret')
  const shown = toShownKey(row)
  const place = userKeyPlace(shown.siteId, shown.key)
  return { ...shown, secret: secret === undefined ? undefined : unsealOften(keys, place, secret) }
}

function toShownKey(row: Row): Omit<UserKey, 'secret'> {
  return {
    siteId: number(row, 'site_id'),
    key: text(row, 'key'),
    publicKey: optionalText(row, 'public_key'),
    createdAt: number(row, 'created_at'),
  }
}

/** The columns of one table under names of their own, and the way back to a row of that table. */
function partOf(alias: string, columns: string): { readonly columns: string; of(row: Row): Row } {
  const names = columns.split(',').map((column) => column.trim())
  return {
    columns: names.map((name) => `${alias}.${name} as ${alias}_${name}`).join(', '),
    of(row) {
      const part: Record<string, unknown> = {}
      for (const name of names) part[name] = row[`${alias}_${name}`]
      return part
    },
  }
}
