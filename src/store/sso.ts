import { GatewayError } from '../core/errors.ts'
import type { PageOf, PageQuery } from '../core/model.ts'
import type { SsoSession } from '../core/sso-store.ts'
import { readPage } from './page.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, sure, text } from './row.ts'
import type { Context } from './sealed.ts'

/** Sessions deleted in one transaction. */
export const SSO_PURGE_BATCH = 1000

const COLUMNS = `t.id, t.site_id, t.token, t.top_realm, t.sub_realm, t.data, t.created_at, t.updated_at, t.expires_at,
  u.token as user_token, coalesce(i.token, c.identity_token) as identity_token`
// Of whom it is, is the identity's business: it may have moved to another user.
const JOINS = `left join identities i on i.site_id = t.site_id and i.id = t.identity_id
  left join cloud_users c on c.site_id = t.site_id and c.user_id = t.cloud_user_id
  join users u on u.site_id = t.site_id and u.id = coalesce(i.user_id, c.user_id)`

export function* putSsoSession(
  _: Context,
  siteId: number,
  identityToken: string,
  session: Pick<SsoSession, 'token' | 'topRealm' | 'subRealm' | 'data'> & { readonly lifeMs: number },
): Query<SsoSession> {
  const { token, topRealm, subRealm, data, lifeMs } = session
  const owner = yield* lockOwner(siteId, identityToken)
  if (!owner) throw new GatewayError('not_found', 'There is no such identity.')
  yield* one(`delete from sso_sessions where site_id = ? and ${owner.column} = ?`, siteId, owner.id)
  yield* one(
    `insert into sso_sessions (site_id, ${owner.column}, token, top_realm, sub_realm, data, created_at, updated_at, expires_at)
     values (?, ?, ?, ?, ?, ?, {now}, {now}, {now} + cast(? as bigint))`,
    siteId,
    owner.id,
    token,
    topRealm,
    subRealm,
    data,
    lifeMs,
  )
  return toSession(
    sure(
      yield* one(
        `select ${COLUMNS} from sso_sessions t ${JOINS} where t.site_id = ? and t.token = ?`,
        siteId,
        token,
      ),
    ),
  )
}

export function* findSsoSession(siteId: number, token: string): Query<SsoSession | undefined> {
  const row = yield* one(
    `select ${COLUMNS} from sso_sessions t ${JOINS} where t.site_id = ? and t.token = ? and t.expires_at > {now}`,
    siteId,
    token,
  )
  return row && toSession(row)
}

export function* ssoSessionOf(siteId: number, identityToken: string): Query<SsoSession | undefined> {
  const row = yield* one(
    `select ${COLUMNS} from sso_sessions t ${JOINS}
     where t.site_id = ? and t.expires_at > {now} and (
       t.identity_id = (select id from identities where site_id = ? and token = ?)
       or t.cloud_user_id = (select user_id from cloud_users where site_id = ? and identity_token = ?))`,
    siteId,
    siteId,
    identityToken,
    siteId,
    identityToken,
  )
  return row && toSession(row)
}

export function* listSsoSessions(siteId: number, query: PageQuery): Query<PageOf<SsoSession>> {
  if (query.filter?.field === 'lastLoginAt') {
    throw new GatewayError('invalid_request', 'Sessions have no date_last_login.', { field: 'filters' })
  }
  return yield* readPage(
    {
      table: 'sso_sessions',
      columns: COLUMNS,
      joins: JOINS,
      where: 'expires_at > {now}',
      collect: (rows) => rows.map(toSession),
    },
    siteId,
    query,
  )
}

export function* removeSsoSession(_: Context, siteId: number, token: string): Query<boolean> {
  const row = yield* one(
    'delete from sso_sessions where site_id = ? and token = ? and expires_at > {now} returning id',
    siteId,
    token,
  )
  return row !== undefined
}

export function* purgeSsoSessions(_: Context): Query<number> {
  const rows = yield* all(
    `delete from sso_sessions where id in
       (select id from sso_sessions where expires_at <= {now} order by expires_at limit ${SSO_PURGE_BATCH})
     returning id`,
  )
  return rows.length
}

interface Owner {
  readonly column: 'identity_id' | 'cloud_user_id'
  readonly id: number
}

// Whose session it is to be, kept from going and from beginning another meanwhile.
function* lockOwner(siteId: number, identityToken: string): Query<Owner | undefined> {
  const identity = yield* one(
    'select id from identities where site_id = ? and token = ? {lock}',
    siteId,
    identityToken,
  )
  if (identity) return { column: 'identity_id', id: number(identity, 'id') }
  const stored = yield* one(
    'select user_id from cloud_users where site_id = ? and identity_token = ? {lock}',
    siteId,
    identityToken,
  )
  return stored && { column: 'cloud_user_id', id: number(stored, 'user_id') }
}

function toSession(row: Row): SsoSession {
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    token: text(row, 'token'),
    userToken: text(row, 'user_token'),
    identityToken: text(row, 'identity_token'),
    topRealm: text(row, 'top_realm'),
    subRealm: text(row, 'sub_realm'),
    data: text(row, 'data'),
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
    expiresAt: number(row, 'expires_at'),
  }
}
