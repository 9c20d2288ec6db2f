// What lets us call a network. A refresh is fenced: only the holder of the newest lease may store what it got.

import { GatewayError } from '../core/errors.ts'
import type { Identity, Tokens } from '../core/model.ts'
import { all, one, type Query } from './query.ts'
import { fromJson, number, text, toJson } from './row.ts'
import { unseal } from './seal.ts'
import { type Context, identityPlace, sealed } from './sealed.ts'

type IdentityRef = Pick<Identity, 'id' | 'siteId'>

export type RefreshClaim =
  | { readonly outcome: 'mine'; readonly fence: number }
  | { readonly outcome: 'taken' | 'changed' }

export function* tokensOf(
  { keys }: Context,
  siteId: number,
  identityId: number,
): Query<{ tokens: Tokens; version: number } | undefined> {
  const row = yield* one(
    'select sealed, version from tokens where site_id = ? and identity_id = ?',
    siteId,
    identityId,
  )
  if (!row) return undefined
  const plain = unseal(keys, identityPlace(siteId, identityId), text(row, 'sealed'))
  return { tokens: fromJson<Tokens>(plain), version: number(row, 'version') }
}

/** Stores tokens, first or new ones; whoever is refreshing the old ones loses the lease. */
export function* putTokens(context: Context, identity: IdentityRef, tokens: Tokens): Query<void> {
  yield* one(
    `insert into tokens (identity_id, site_id, version, fence, sealed) values (?, ?, 1, 1, ?)
     on conflict (identity_id) do update set
       sealed = excluded.sealed, version = tokens.version + 1, fence = tokens.fence + 1, lease_until = null`,
    identity.id,
    identity.siteId,
    yield* sealTokens(context, identity, tokens),
  )
}

export function* replaceTokens(
  context: Context,
  siteId: number,
  identityId: number,
  tokens: Tokens,
): Query<void> {
  const found = yield* one('select id from identities where site_id = ? and id = ?', siteId, identityId)
  if (!found) throw new GatewayError('not_found', 'There is no such identity.')
  yield* putTokens(context, { id: identityId, siteId }, tokens)
}

export function* claimRefresh(
  _: Context,
  siteId: number,
  identityId: number,
  version: number,
  leaseMs: number,
): Query<RefreshClaim> {
  const claimed = yield* one(
    `update tokens set fence = fence + 1, lease_until = {now} + ?
     where site_id = ? and identity_id = ? and version = ? and (lease_until is null or lease_until <= {now})
     returning fence`,
    leaseMs,
    siteId,
    identityId,
    version,
  )
  if (claimed) return { outcome: 'mine', fence: number(claimed, 'fence') }
  const row = yield* one(
    'select version from tokens where site_id = ? and identity_id = ?',
    siteId,
    identityId,
  )
  return { outcome: row && number(row, 'version') === version ? 'taken' : 'changed' }
}

export function* finishRefresh(
  context: Context,
  siteId: number,
  identityId: number,
  fence: number,
  tokens: Tokens,
): Query<boolean> {
  // An expired lease that nobody took over still counts: the old pair may be worth nothing by now.
  const rows = yield* all(
    `update tokens set sealed = ?, version = version + 1, lease_until = null
     where site_id = ? and identity_id = ? and fence = ? and lease_until is not null returning version`,
    yield* sealTokens(context, { id: identityId, siteId }, tokens),
    siteId,
    identityId,
    fence,
  )
  return rows.length > 0
}

export function* releaseRefresh(_: Context, siteId: number, identityId: number, fence: number): Query<void> {
  yield* all(
    'update tokens set lease_until = null where site_id = ? and identity_id = ? and fence = ?',
    siteId,
    identityId,
    fence,
  )
}

function* sealTokens(context: Context, { id, siteId }: IdentityRef, tokens: Tokens): Query<string> {
  return yield* sealed(context, identityPlace(siteId, id), toJson(tokens))
}
