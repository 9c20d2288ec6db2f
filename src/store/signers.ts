import { hash } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import { SIGNER_KEYS_MAX, type SignerKey, type Signers } from '../core/signer-store.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalText, sure, text } from './row.ts'
import { unseal } from './seal.ts'
import { type Context, sealed, signerPlace, sitePlace } from './sealed.ts'
import { lockSite, SITE, toSite } from './sites.ts'

export function* signersOf(context: Context, sdkAppId: number): Query<Signers | undefined> {
  const rows = yield* all(
    `select ${SITE}, secret_key, fingerprint, sealed from sites
     join (select site_id as secret_site, secret_key from site_secrets) s on secret_site = sites.id
     left join (select site_id as key_site, id as key_id, fingerprint, sealed from signer_keys) k on key_site = sites.id
     where sdk_app_id = ? order by key_id`,
    sdkAppId,
  )
  const [first] = rows
  if (!first) return undefined
  const site = toSite(first)
  const current = unseal(context.keys, sitePlace(site.id, 'secret_key'), text(first, 'secret_key'))
  const others = rows.flatMap((row) => {
    const fingerprint = optionalText(row, 'fingerprint')
    return fingerprint === undefined ? [] : [unsealKey(context, site.id, fingerprint, row)]
  })
  return { site, keys: [current, ...others] }
}

export function* listSignerKeys(context: Context, siteId: number): Query<readonly SignerKey[]> {
  const rows = yield* all(
    `select secret_key, fingerprint, created_at from site_secrets
     left join (select site_id as key_site, id as key_id, fingerprint, created_at from signer_keys) k
       on key_site = site_id
     where site_id = ? order by key_id`,
    siteId,
  )
  const [first] = rows
  if (!first) throw noSite()
  const current = unseal(context.keys, sitePlace(siteId, 'secret_key'), text(first, 'secret_key'))
  const others = rows.flatMap((row): SignerKey[] => {
    const id = optionalText(row, 'fingerprint')
    return id === undefined ? [] : [{ id, createdAt: number(row, 'created_at'), isCurrent: false }]
  })
  return [{ id: fingerprintOf(current), isCurrent: true }, ...others]
}

export function* addSignerKey(context: Context, siteId: number, key: string): Query<SignerKey> {
  yield* lockSite(siteId)
  const kept = yield* all('select fingerprint from signer_keys where site_id = ?', siteId)
  // The current one is beside them.
  if (kept.length + 1 >= SIGNER_KEYS_MAX) {
    throw new GatewayError('conflict', `A site has at most ${SIGNER_KEYS_MAX} keys; retire one first.`)
  }
  const id = fingerprintOf(key)
  const row = yield* one(
    `insert into signer_keys (site_id, fingerprint, sealed, created_at) values (?, ?, ?, {now})
     on conflict (site_id, fingerprint) do nothing returning created_at`,
    siteId,
    id,
    yield* sealed(context, signerPlace(siteId, id), key),
  )
  if (!row) throw new GatewayError('conflict', 'The site has this key already.')
  return { id, createdAt: number(row, 'created_at'), isCurrent: false }
}

export function* retireSignerKey(context: Context, siteId: number, id: string): Query<void> {
  yield* lockSite(siteId)
  const removed = yield* one(
    'delete from signer_keys where site_id = ? and fingerprint = ? returning id',
    siteId,
    id,
  )
  if (removed) return
  const secrets = yield* one('select secret_key from site_secrets where site_id = ?', siteId)
  if (!secrets) throw noSite()
  const current = unseal(context.keys, sitePlace(siteId, 'secret_key'), text(secrets, 'secret_key'))
  if (fingerprintOf(current) !== id) throw new GatewayError('not_found', `The site has no key ${id}.`)
  yield* promoteOldest(context, siteId)
}

/** Puts the oldest of the other keys in the place of the current one. */
function* promoteOldest(context: Context, siteId: number): Query<void> {
  const next = yield* one(
    'select id, fingerprint, sealed from signer_keys where site_id = ? order by id limit 1',
    siteId,
  )
  if (!next) throw new GatewayError('conflict', 'This is the last key of the site; add another one first.')
  const key = unsealKey(context, siteId, text(next, 'fingerprint'), next)
  const place = sitePlace(siteId, 'secret_key')
  yield* all(
    'update site_secrets set secret_key = ? where site_id = ?',
    yield* sealed(context, place, key),
    siteId,
  )
  sure(
    yield* one(
      'delete from signer_keys where site_id = ? and id = ? returning id',
      siteId,
      number(next, 'id'),
    ),
  )
}

function unsealKey({ keys }: Context, siteId: number, fingerprint: string, row: Row): string {
  return unseal(keys, signerPlace(siteId, fingerprint), text(row, 'sealed'))
}

function fingerprintOf(key: string): string {
  return hash('sha256', key).slice(0, 8)
}

function noSite(): GatewayError {
  return new GatewayError('not_found', 'There is no such site.')
}
