import { GatewayError } from '../core/errors.ts'
import type { App } from '../core/model.ts'
import type { ListedApp } from '../core/store.ts'
import { all, one, type Query } from './query.ts'
import { fromJson, optionalText, text, toJson } from './row.ts'
import { unseal } from './seal.ts'
import { appPlace, type Context, sealed } from './sealed.ts'

/** Servers of networks with many that one site registers with. */
const SERVERS_MAX = 10_000

export function* findApp(
  { keys }: Context,
  siteId: number,
  provider: string,
  server: string,
): Query<App | undefined> {
  const row = yield* one(
    'select client_id, client_secret, registration from apps where site_id = ? and provider = ? and server = ?',
    siteId,
    provider,
    server,
  )
  if (!row) return undefined
  const secret = optionalText(row, 'client_secret')
  const registration = optionalText(row, 'registration')
  return {
    clientId: text(row, 'client_id'),
    clientSecret: secret === undefined ? undefined : unseal(keys, appPlace(siteId, provider, server), secret),
    registration:
      registration === undefined ? undefined : fromJson<NonNullable<App['registration']>>(registration),
  }
}

export function* listApps(siteId: number): Query<readonly ListedApp[]> {
  const rows = yield* all(
    'select provider, server, client_id, client_secret from apps where site_id = ? order by provider, server',
    siteId,
  )
  return rows.map((row) => ({
    provider: text(row, 'provider'),
    server: text(row, 'server') || undefined,
    clientId: text(row, 'client_id'),
    hasSecret: optionalText(row, 'client_secret') !== undefined,
  }))
}

export function* saveApp(
  context: Context,
  siteId: number,
  provider: string,
  { clientId, clientSecret, registration }: App,
  server: string,
): Query<void> {
  yield* one(
    `insert into apps (site_id, provider, server, client_id, client_secret, registration)
     values (?, ?, ?, ?, ?, ?)
     on conflict (site_id, provider, server) do update set
       client_id = excluded.client_id, client_secret = excluded.client_secret,
       registration = excluded.registration`,
    siteId,
    provider,
    server,
    clientId,
    clientSecret === undefined
      ? null
      : yield* sealed(context, appPlace(siteId, provider, server), clientSecret),
    registration ? toJson(registration) : null,
  )
}

export function* claimApp(
  _: Context,
  siteId: number,
  provider: string,
  server: string,
  leaseMs: number,
): Query<boolean> {
  // Of those who never registered nothing is left when their lease is over: anybody may name servers that are not there.
  yield* all(
    `delete from app_leases where site_id = ? and lease_until <= {now} and not exists (select 1 from apps a
       where a.site_id = app_leases.site_id and a.provider = app_leases.provider and a.server = app_leases.server)`,
    siteId,
  )
  const full = yield* one(
    `select server from app_leases where site_id = ? and (provider <> ? or server <> ?)
     limit 1 offset ${SERVERS_MAX - 1}`,
    siteId,
    provider,
    server,
  )
  if (full) throw new GatewayError('overloaded', 'This site knows too many servers to register with another.')
  const row = yield* one(
    `insert into app_leases (site_id, provider, server, lease_until)
     values (?, ?, ?, {now} + cast(? as bigint))
     on conflict (site_id, provider, server) do update set lease_until = excluded.lease_until
       where app_leases.lease_until <= {now}
     returning server`,
    siteId,
    provider,
    server,
    leaseMs,
  )
  return row !== undefined
}

export function* releaseApp(_: Context, siteId: number, provider: string, server: string): Query<void> {
  yield* one(
    'update app_leases set lease_until = {now} where site_id = ? and provider = ? and server = ?',
    siteId,
    provider,
    server,
  )
}
