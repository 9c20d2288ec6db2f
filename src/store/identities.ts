import { GatewayError } from '../core/errors.ts'
import { matchKey } from '../core/match-key.ts'
import type { Identity, PageOf, PageQuery, Posting, Profile } from '../core/model.ts'
import { noteIdentity } from './events.ts'
import { readPage } from './page.ts'
import { parseProfile, type ToProfile } from './profiles.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalText, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import { lockSite, moveLinkedVersion } from './sites.ts'

/** An account as its network names it. */
export type Account = Pick<Identity, 'provider' | 'server' | 'subject'>

const COLUMNS = `i.id, i.site_id, i.user_id, u.token as user_token, i.token, i.provider, i.server, i.subject,
  i.profile, i.posting, i.refused, i.created_at, i.updated_at`
const IDENTITY = `select ${COLUMNS} from identities i join users u on u.site_id = i.site_id and u.id = i.user_id`

export function* identitiesOfUser(siteId: number, userId: number): Query<readonly Identity[]> {
  const rows = yield* all(`${IDENTITY} where i.site_id = ? and i.user_id = ? order by i.id`, siteId, userId)
  return rows.map(toIdentity)
}

export function* findIdentity(siteId: number, token: string): Query<Identity | undefined> {
  const row = yield* one(`${IDENTITY} where i.site_id = ? and i.token = ?`, siteId, token)
  return row && toIdentity(row)
}

export function* identityBySubject(siteId: number, account: Account): Query<Identity | undefined> {
  const row = yield* one(
    `${IDENTITY} where i.site_id = ? and i.provider = ? and i.server = ? and i.subject = ?`,
    siteId,
    account.provider,
    account.server ?? '',
    account.subject,
  )
  return row && toIdentity(row)
}

export function* listIdentities(siteId: number, query: PageQuery): Query<PageOf<Identity>> {
  refuseLoginFilter(query)
  return yield* readPage(
    {
      table: 'identities',
      columns: COLUMNS.replaceAll('i.', 't.'),
      joins: 'join users u on u.site_id = t.site_id and u.id = t.user_id',
      collect: (rows) => rows.map(toIdentity),
    },
    siteId,
    query,
  )
}

export function* removeIdentity(_: Context, siteId: number, token: string): Query<boolean> {
  const found = yield* one('select id from identities where site_id = ? and token = ?', siteId, token)
  if (!found) return false
  yield* lockSite(siteId)
  const removed = yield* one(
    'delete from identities where site_id = ? and token = ? returning provider, user_id',
    siteId,
    token,
  )
  if (!removed) return false
  yield* moveLinkedVersion(siteId)
  const gone = { token, provider: text(removed, 'provider'), userId: number(removed, 'user_id') }
  yield* noteIdentity(siteId, 'unlinked', gone)
  return true
}

export function* moveHome(
  _: Context,
  siteId: number,
  account: Required<Pick<Identity, 'provider' | 'server' | 'subject'>>,
): Query<void> {
  const { provider, server, subject } = account
  yield* all(
    `update identities set server = ?
     where id = (select min(a.id) from identities a
         where a.site_id = ? and a.match_key = ? and a.provider = ? and a.subject = ? and a.server <> ?)
       and not exists (select 1 from identities o where o.site_id = ? and o.provider = ? and o.server = ?
         and o.subject = ?)`,
    server,
    siteId,
    matchKey(account),
    provider,
    subject,
    server,
    siteId,
    provider,
    server,
    subject,
  )
}

export function* relinkIdentity(
  _: Context,
  siteId: number,
  identityId: number,
  userToken: string,
): Query<Identity> {
  yield* lockSite(siteId)
  const user = yield* one('select id from users where site_id = ? and token = ?', siteId, userToken)
  if (!user) throw new GatewayError('not_found', 'There is no such user.')
  const before = (yield* identityById(siteId, identityId)).userId
  const moved = yield* one(
    'update identities set user_id = ? where site_id = ? and id = ? and user_id <> ? returning id',
    number(user, 'id'),
    siteId,
    identityId,
    number(user, 'id'),
  )
  const identity = yield* identityById(siteId, identityId)
  if (!moved) return identity
  yield* moveLinkedVersion(siteId)
  yield* noteIdentity(siteId, 'unlinked', { ...identity, userId: before })
  yield* noteIdentity(siteId, 'linked', identity)
  return identity
}

export function* saveProfile(
  _: Context,
  siteId: number,
  identityId: number,
  profile: Profile,
  posting: Posting | undefined,
): Query<Identity> {
  yield* all(
    'update identities set profile = ?, posting = coalesce(?, posting), updated_at = {now} where site_id = ? and id = ?',
    toJson(profile),
    posting ? toJson(posting) : null,
    siteId,
    identityId,
  )
  return yield* identityById(siteId, identityId)
}

export function* rememberRefusal(
  _: Context,
  siteId: number,
  identityId: number,
  refused: Identity['refused'],
): Query<void> {
  yield* all(
    'update identities set refused = ? where site_id = ? and id = ?',
    refused ? toJson(refused) : null,
    siteId,
    identityId,
  )
}

/** The identity, or `not_found`. */
export function* identityById(siteId: number, identityId: number): Query<Identity> {
  const row = yield* one(`${IDENTITY} where i.site_id = ? and i.id = ?`, siteId, identityId)
  if (!row) throw new GatewayError('not_found', 'There is no such identity.')
  return toIdentity(row)
}

/** Only users have a last login. */
export function refuseLoginFilter({ filter }: PageQuery): void {
  if (filter?.field === 'lastLoginAt') {
    throw new GatewayError('invalid_request', 'Only users can be filtered by their last login.')
  }
}

export function toIdentity(row: Row): Identity {
  return toIdentityWith(parseProfile, row)
}

/** The same, with another way to read the profile's text. */
export function toIdentityWith(toProfile: ToProfile, row: Row): Identity {
  const refused = optionalText(row, 'refused')
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    userId: number(row, 'user_id'),
    userToken: text(row, 'user_token'),
    token: text(row, 'token'),
    provider: text(row, 'provider'),
    server: text(row, 'server') || undefined,
    subject: text(row, 'subject'),
    profile: toProfile(number(row, 'id'), text(row, 'profile')),
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
    // Reads of contacts do without it.
    ...(typeof row.posting === 'string' ? fromJson<Posting>(row.posting) : undefined),
    refused: refused === undefined ? undefined : fromJson<NonNullable<Identity['refused']>>(refused),
  }
}
