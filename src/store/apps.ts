import type { App } from '../core/model.ts'
import { one, type Query } from './query.ts'
import { optionalText, text } from './row.ts'
import { unseal } from './seal.ts'
import { appPlace, type Context, sealed } from './sealed.ts'

export function* findApp(
  { keys }: Context,
  siteId: number,
  provider: string,
  server: string,
): Query<App | undefined> {
  const row = yield* one(
    'select client_id, client_secret from apps where site_id = ? and provider = ? and server = ?',
    siteId,
    provider,
    server,
  )
  if (!row) return undefined
  const secret = optionalText(row, 'client_secret')
  return {
    clientId: text(row, 'client_id'),
    clientSecret: secret === undefined ? undefined : unseal(keys, appPlace(siteId, provider, server), secret),
  }
}

export function* saveApp(
  context: Context,
  siteId: number,
  provider: string,
  { clientId, clientSecret }: App,
  server: string,
): Query<void> {
  yield* one(
    `insert into apps (site_id, provider, server, client_id, client_secret) values (?, ?, ?, ?, ?)
     on conflict (site_id, provider, server) do update set
       client_id = excluded.client_id, client_secret = excluded.client_secret`,
    siteId,
    provider,
    server,
    clientId,
    clientSecret === undefined
      ? null
      : yield* sealed(context, appPlace(siteId, provider, server), clientSecret),
  )
}
