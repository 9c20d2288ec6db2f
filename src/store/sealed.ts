// The sealed columns, and how their values are renewed when another key becomes the current one.

import type { Engine } from './engine.ts'
import type { KeyRing } from './keys.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, sure, text } from './row.ts'
import { keyIdOf, type Place, seal, unseal } from './seal.ts'

/** What queries need beside SQL. */
export interface Context {
  readonly engine: Engine
  readonly keys: KeyRing
}

interface SealedColumn {
  readonly table: string
  readonly column: string
  /** Integer column that orders and names the rows. */
  readonly id: string
  /** Columns that the place is made of. */
  readonly place: string
  row(row: Row): string
}

/** Stable identity of an identity's row, as sealed values are bound to it. */
export function identityPlace(siteId: number, identityId: number): Place {
  return ['tokens', `${siteId}/${identityId}`, 'sealed']
}

/** Where a secret of a site lies. */
export function sitePlace(siteId: number, column: 'secret' | 'secret_key'): Place {
  return ['site_secrets', `${siteId}`, column]
}

/** Where the secret of a user key lies. */
export function userKeyPlace(siteId: number, key: string): Place {
  return ['user_keys', `${siteId}/${key}`, 'secret']
}

/** Where the secret of a session lies. */
export function sessionPlace(siteId: number, hash: string): Place {
  return ['access_tokens', `${siteId}/${hash}`, 'session_secret']
}

/** Where the client secret of an app lies. */
export function appPlace(siteId: number, provider: string, server: string): Place {
  return ['apps', `${siteId}/${provider}/${server}`, 'client_secret']
}

/** Where a login under way lies. */
export function attemptPlace(siteId: number, keyHash: string): Place {
  return ['login_attempts', `${siteId}/${keyHash}`, 'sealed']
}

/** Where a further key of a site's administrators lies. */
export function signerPlace(siteId: number, fingerprint: string): Place {
  return ['signer_keys', `${siteId}/${fingerprint}`, 'sealed']
}

/** Where the secret of a webhook lies. */
export function webhookPlace(siteId: number, token: string): Place {
  return ['webhooks', `${siteId}/${token}`, 'sealed']
}

const siteColumn = (column: 'secret' | 'secret_key'): SealedColumn => ({
  table: 'site_secrets',
  column,
  id: 'site_id',
  place: 'site_id',
  row: (row) => sitePlace(number(row, 'site_id'), column)[1],
})

/** Every sealed column; a new one that is missing here would lose its key. */
export const SEALED: readonly SealedColumn[] = [
  siteColumn('secret'),
  siteColumn('secret_key'),
  {
    table: 'tokens',
    column: 'sealed',
    id: 'identity_id',
    place: 'site_id, identity_id',
    row: (row) => identityPlace(number(row, 'site_id'), number(row, 'identity_id'))[1],
  },
  {
    table: 'apps',
    column: 'client_secret',
    id: 'id',
    place: 'site_id, provider, server',
    row: (row) => appPlace(number(row, 'site_id'), text(row, 'provider'), text(row, 'server'))[1],
  },
  {
    table: 'user_keys',
    column: 'secret',
    id: 'id',
    place: 'site_id, key',
    row: (row) => userKeyPlace(number(row, 'site_id'), text(row, 'key'))[1],
  },
  {
    table: 'access_tokens',
    column: 'session_secret',
    id: 'id',
    place: 'site_id, hash',
    row: (row) => sessionPlace(number(row, 'site_id'), text(row, 'hash'))[1],
  },
  {
    table: 'webhooks',
    column: 'sealed',
    id: 'id',
    place: 'site_id, token',
    row: (row) => webhookPlace(number(row, 'site_id'), text(row, 'token'))[1],
  },
  {
    table: 'signer_keys',
    column: 'sealed',
    id: 'id',
    place: 'site_id, fingerprint',
    row: (row) => signerPlace(number(row, 'site_id'), text(row, 'fingerprint'))[1],
  },
  {
    table: 'login_attempts',
    column: 'sealed',
    id: 'id',
    place: 'site_id, key_hash',
    row: (row) => attemptPlace(number(row, 'site_id'), text(row, 'key_hash'))[1],
  },
]

/**
 * Seals inside the transaction that will store the value: whoever promotes a key waits for such transactions to end,
 * so that afterwards nothing new is sealed with the old one.
 */
export function* sealed({ keys }: Context, place: Place, plain: string): Query<string> {
  yield* all('{sealing}')
  return seal(keys, place, plain)
}

/** Waits until every transaction that may have sealed with a key no longer current has ended. */
export function* settleKeys(): Query<void> {
  yield* all('{resealing}')
}

const BATCH = 200

/** Re-seals a column's next rows after an id; answers how many, and where to go on, or undefined at the end. */
export function* resealBatch(
  context: Context,
  index: number,
  after: number,
): Query<{ readonly resealed: number; readonly last: number | undefined }> {
  const target = SEALED[index]
  if (!target) return { resealed: 0, last: undefined }
  const { table, column, id } = target
  const rows = yield* all(
    `select ${id} as reseal_id, ${column} as value, ${target.place} from ${table} where ${id} > ? order by ${id} limit ${BATCH}`,
    after,
  )
  yield* all('{sealing}')
  const current = context.keys.current().id
  let resealed = 0
  for (const row of rows) {
    const { value } = row
    if (typeof value !== 'string' || keyIdOf(value) === current) continue
    const place: Place = [table, target.row(row), column]
    const changed = yield* all(
      `update ${table} set ${column} = ? where ${id} = ? and ${column} = ? returning 1 as one`,
      seal(context.keys, place, unseal(context.keys, place, value)),
      number(row, 'reseal_id'),
      value,
    )
    resealed += changed.length
  }
  const last = rows.at(-1)
  return { resealed, last: last && rows.length === BATCH ? number(last, 'reseal_id') : undefined }
}

/** Whether any value of a column names a key. */
export function* namesKey(index: number, keyId: string): Query<boolean> {
  const target = SEALED[index]
  if (!target) return false
  const { table, column } = target
  const rows = yield* all(`select 1 as one from ${table} where ${column} like ? limit 1`, `v1.${keyId}.%`)
  return rows.length > 0
}

/** The keys of some sealed values, at least one per column that has any: to notice a lost ring at the start. */
export function* someKeys(): Query<readonly string[]> {
  const columns = SEALED.map(({ table, column }, index) => {
    return `(select ${column} from ${table} where ${column} is not null limit 1) as value_${index}`
  })
  const row = sure(yield* one(`select ${columns.join(', ')}`))
  return Object.values(row).flatMap((value) => (typeof value === 'string' ? [keyIdOf(value)] : []))
}
