import { GatewayError } from '../core/errors.ts'
import type { Connection, PageOf, PageQuery } from '../core/model.ts'
import { refuseLoginFilter } from './identities.ts'
import { readPage } from './page.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalText, sure, text } from './row.ts'
import type { Context } from './sealed.ts'

const COLUMNS =
  'id, site_id, token, plugin, action, status, reason, callback_uri, user_token, identity_token, provider, nonce_hash, created_at'

/** Connections deleted in one transaction. */
export const PURGE_BATCH = 1000

export function* createConnection(
  _: Context,
  connection: Omit<Connection, 'id'>,
  expiresAt: number,
): Query<Connection> {
  const row = yield* one(
    `insert into connections (site_id, token, plugin, action, status, reason, callback_uri, user_token,
       identity_token, provider, nonce_hash, created_at, expires_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning ${COLUMNS}`,
    connection.siteId,
    connection.token,
    connection.plugin,
    connection.action,
    connection.status,
    connection.reason,
    connection.callbackUri ?? null,
    connection.userToken ?? null,
    connection.identityToken ?? null,
    connection.unlinkedFrom ?? null,
    connection.nonceHash ?? null,
    connection.createdAt,
    expiresAt,
  )
  return toConnection(sure(row))
}

export function* findConnection(siteId: number, token: string): Query<Connection | undefined> {
  const row = yield* one(
    `select ${COLUMNS} from connections where site_id = ? and token = ? and expires_at > {now}`,
    siteId,
    token,
  )
  return row && toConnection(row)
}

export function* listConnections(siteId: number, query: PageQuery): Query<PageOf<Connection>> {
  refuseLoginFilter(query)
  return yield* readPage(
    {
      table: 'connections',
      columns: COLUMNS.replace(/\w+/g, 't.$&'),
      where: 'expires_at > {now}',
      collect: (rows) => rows.map(toConnection),
    },
    siteId,
    query,
  )
}

export function* purgeConnections(_: Context): Query<number> {
  const rows = yield* all(
    `delete from connections where id in
       (select id from connections where expires_at <= {now} order by expires_at limit ${PURGE_BATCH})
     returning id`,
  )
  return rows.length
}

const PLUGINS = ['social_login', 'social_link', 'single_sign_on'] as const
const ACTIONS = ['login', 'link_identity', 'unlink_identity'] as const
const STATUSES = ['success', 'error'] as const

function toConnection(row: Row): Connection {
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    token: text(row, 'token'),
    plugin: oneOf(PLUGINS, text(row, 'plugin')),
    action: oneOf(ACTIONS, text(row, 'action')),
    status: oneOf(STATUSES, text(row, 'status')),
    reason: text(row, 'reason'),
    callbackUri: optionalText(row, 'callback_uri'),
    userToken: optionalText(row, 'user_token'),
    identityToken: optionalText(row, 'identity_token'),
    unlinkedFrom: optionalText(row, 'provider'),
    nonceHash: optionalText(row, 'nonce_hash'),
    createdAt: number(row, 'created_at'),
  }
}

function oneOf<T extends string>(known: readonly T[], value: string): T {
  const found = known.find((one) => one === value)
  if (found === undefined) throw new GatewayError('internal', `A connection holds the unknown word ${value}.`)
  return found
}
