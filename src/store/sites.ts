import { GatewayError } from '../core/errors.ts'
import type { SettingsChange, Site, SiteSecrets, SiteSettings } from '../core/model.ts'
import { moveLinkVersion } from './link-state.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, sure, text, toJson } from './row.ts'
import { unseal } from './seal.ts'
import { type Context, sealed, sitePlace } from './sealed.ts'

/** Columns of a site, in any query. */
export const SITE =
  'id, subdomain, name, public_key, private_key_hash, api_key, sdk_app_id, admin, settings, created_at'

export function* createSite(
  context: Context,
  site: Omit<Site, 'id'>,
  { secret, secretKey }: SiteSecrets,
): Query<Site> {
  const row = yield* one(
    `insert into sites (subdomain, name, public_key, private_key_hash, api_key, sdk_app_id, admin, settings, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing returning ${SITE}`,
    site.subdomain,
    site.name,
    site.publicKey,
    site.privateKeyHash,
    site.apiKey,
    site.sdkAppId,
    site.admin,
    toJson(site.settings),
    site.createdAt,
  )
  if (!row) {
    throw new GatewayError('conflict', `The subdomain ${site.subdomain}, or one of the keys, is taken.`)
  }
  const created = toSite(row)
  yield* one(
    'insert into site_secrets (site_id, secret, secret_key) values (?, ?, ?)',
    created.id,
    yield* sealed(context, sitePlace(created.id, 'secret'), secret),
    yield* sealed(context, sitePlace(created.id, 'secret_key'), secretKey),
  )
  yield* moveLinkVersion()
  return created
}

export function* siteBySubdomain(subdomain: string): Query<Site | undefined> {
  const row = yield* one(`select ${SITE} from sites where subdomain = ?`, subdomain)
  return row && toSite(row)
}

export function* siteByPublicKey(publicKey: string): Query<Site | undefined> {
  const row = yield* one(`select ${SITE} from sites where public_key = ?`, publicKey)
  return row && toSite(row)
}

export function* listSites(): Query<readonly Site[]> {
  const rows = yield* all(`select ${SITE} from sites order by id`)
  return rows.map(toSite)
}

export function* siteSecrets({ keys }: Context, siteId: number): Query<SiteSecrets> {
  const row = yield* one('select secret, secret_key from site_secrets where site_id = ?', siteId)
  if (!row) throw noSite()
  return {
    secret: unseal(keys, sitePlace(siteId, 'secret'), text(row, 'secret')),
    secretKey: unseal(keys, sitePlace(siteId, 'secret_key'), text(row, 'secret_key')),
  }
}

export function* saveSettings(_: Context, siteId: number, settings: SiteSettings): Query<void> {
  const row = yield* one('update sites set settings = ? where id = ? returning id', toJson(settings), siteId)
  if (!row) throw noSite()
  yield* moveLinkVersion()
}

export function* changeSettings(
  context: Context,
  siteId: number,
  { set = {}, remove = [], allow }: SettingsChange,
): Query<SiteSettings> {
  const row = yield* one('select settings from sites where id = ? {lock}', siteId)
  if (!row) throw noSite()
  const before = fromJson<SiteSettings>(text(row, 'settings'))
  const kept = Object.entries({ ...before, ...set }).filter(([name]) => !remove.some((each) => each === name))
  const settings: SiteSettings = { ...Object.fromEntries(kept), ...(allow && allowed(before, allow)) }
  if (toJson(settings) !== toJson(before)) yield* saveSettings(context, siteId, settings)
  return settings
}

function allowed(
  { allowedDomains = [] }: SiteSettings,
  { domains, atMost }: NonNullable<SettingsChange['allow']>,
): Pick<SiteSettings, 'allowedDomains'> {
  const together = [...new Set([...allowedDomains, ...domains])]
  // Known clients look for the word "exceeded".
  if (together.length > atMost && together.length > allowedDomains.length) {
    throw new GatewayError('forbidden', `The maximum of ${atMost} allowed domains has been exceeded`)
  }
  return { allowedDomains: together }
}

export function* removeSite(_: Context, siteId: number): Query<void> {
  yield* one('delete from sites where id = ?', siteId)
  yield* moveLinkVersion()
}

/** Locks a site's row against other changes of who is linked; `not_found` when it is gone. */
export function* lockSite(siteId: number): Query<void> {
  const row = yield* one('select id from sites where id = ? {lock}', siteId)
  if (!row) throw noSite()
}

/** Counts a change of who is linked to what on a site. */
export function* moveLinkedVersion(siteId: number): Query<void> {
  sure(yield* one('update sites set linked_version = linked_version + 1 where id = ? returning id', siteId))
}

function noSite(): GatewayError {
  return new GatewayError('not_found', 'There is no such site.')
}

export function toSite(row: Row): Site {
  return {
    id: number(row, 'id'),
    subdomain: text(row, 'subdomain'),
    name: text(row, 'name'),
    publicKey: text(row, 'public_key'),
    privateKeyHash: text(row, 'private_key_hash'),
    apiKey: text(row, 'api_key'),
    sdkAppId: number(row, 'sdk_app_id'),
    admin: text(row, 'admin'),
    settings: fromJson<SiteSettings>(text(row, 'settings')),
    createdAt: number(row, 'created_at'),
  }
}
