// Users brought from another service, by the hundreds: what is there already is read in a few statements, the rest is
// decided in memory (moving-plan.ts) and written in a few more. One transaction, with the place to go on from.

import { matchKey } from '../core/match-key.ts'
import { type MovedUser, type MoveState, type MoveStep, NO_COUNTS } from '../core/moving.ts'
import { type Known, type Plan, planMove, toIdentityLine } from './moving-plan.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, sure, text, toJson } from './row.ts'
import { seal } from './seal.ts'
import { type Context, identityPlace } from './sealed.ts'
import { lockSite, moveLinkedVersion } from './sites.ts'
import { putTokens } from './tokens.ts'
import { renameUser } from './user-info.ts'
import { toUser } from './users.ts'

/** What new users and identities would be called, in the order of the step. */
export interface MoveNames {
  readonly users: readonly string[]
  readonly identities: readonly (readonly string[])[]
}

export function* importState(siteId: number, source: string): Query<MoveState | undefined> {
  const row = yield* one('select state from imports where site_id = ? and source = ?', siteId, source)
  return row && fromJson<MoveState>(text(row, 'state'))
}

export function* forgetImport(_: Context, siteId: number, source: string): Query<void> {
  yield* all('delete from imports where site_id = ? and source = ?', siteId, source)
}

export function* bringUsers(
  context: Context,
  siteId: number,
  source: string,
  step: MoveStep & { readonly reportBytes: number },
  names: MoveNames,
): Query<MoveState> {
  yield* lockSite(siteId)
  const before = yield* importState(siteId, source)
  const plan = planMove(yield* knownOf(siteId, step.users), step.users, names)
  yield* writeUsers(context, siteId, plan)
  yield* writeIdentities(context, siteId, plan)
  if (plan.newIdentities.length > 0) yield* moveLinkedVersion(siteId)
  const state = stateAfter(before, step, plan, step.reportBytes)
  yield* all(
    `insert into imports (site_id, source, state, updated_at) values (?, ?, ?, {now})
     on conflict (site_id, source) do update set state = excluded.state, updated_at = excluded.updated_at`,
    siteId,
    source,
    toJson(state),
  )
  return state
}

/** What `bringUsers` would do, without doing it. */
export function* tryUsers(
  _: Context,
  siteId: number,
  step: MoveStep,
  names: MoveNames,
  before: MoveState | undefined,
): Query<MoveState> {
  const plan = planMove(yield* knownOf(siteId, step.users), step.users, names)
  return stateAfter(before, step, plan, 0)
}

function stateAfter(
  before: MoveState | undefined,
  { users, problems: unread, place }: MoveStep,
  plan: Plan,
  reportBytes: number,
): MoveState {
  const { counts } = before ?? { counts: NO_COUNTS }
  const problems = [...unread, ...plan.problems]
  return {
    place,
    reportBytes,
    problems,
    counts: {
      users: counts.users + users.length,
      newUsers: counts.newUsers + plan.newUsers.length,
      newIdentities: counts.newIdentities + plan.newIdentities.length,
      renewedIdentities: counts.renewedIdentities + plan.renewals.length,
      tokens: counts.tokens + plan.tokens,
      problems: counts.problems + problems.length,
    },
  }
}

/** All that the database has by any of the names in these users. */
function* knownOf(siteId: number, users: readonly MovedUser[]): Query<Known> {
  const uids = users.flatMap(({ uid }) => (uid === undefined ? [] : [uid]))
  const tokens = users.flatMap(({ token }) => (token === undefined ? [] : [token]))
  const identities = users.flatMap((user) => user.identities)
  const identityTokens = identities.flatMap(({ token }) => (token === undefined ? [] : [token]))
  const accounts = identities.map(({ provider, server = '', subject }) => [provider, server, subject])
  const user = 'u.id, u.site_id, u.token, u.uid, u.created_at, u.last_login_at, u.login_count'
  const byToken = yield* all(
    `select distinct ${user} from {names} cross join users u where u.site_id = ? and u.token = item.value`,
    toJson([...tokens, ...uids]),
    siteId,
  )
  const byUid = yield* all(
    `select distinct ${user} from {names} cross join users u where u.site_id = ? and u.uid = item.value`,
    toJson(uids),
    siteId,
  )
  const identity = `i.id, i.user_id, i.token, i.provider, i.server, i.subject, i.updated_at, u.token as user_token,
    case when t.identity_id is null then 0 else 1 end as has_tokens`
  const joins = `join users u on u.site_id = i.site_id and u.id = i.user_id
    left join tokens t on t.identity_id = i.id`
  const byAccount = yield* all(
    `select ${identity} from {lines} cross join identities i ${joins} where i.site_id = ?
       and i.provider = item.value ->> 0 and i.server = item.value ->> 1 and i.subject = item.value ->> 2`,
    toJson(accounts),
    siteId,
  )
  const byName = yield* all(
    `select ${identity} from {names} cross join identities i ${joins} where i.site_id = ? and i.token = item.value`,
    toJson(identityTokens),
    siteId,
  )
  return {
    users: [...byToken, ...byUid].map(toUser),
    identities: [...byAccount, ...byName].map(toKnownIdentity),
  }
}

function toKnownIdentity(row: Row): Known['identities'][number] {
  return {
    id: number(row, 'id'),
    userToken: text(row, 'user_token'),
    token: text(row, 'token'),
    provider: text(row, 'provider'),
    server: text(row, 'server') || undefined,
    subject: text(row, 'subject'),
    updatedAt: number(row, 'updated_at'),
    hasTokens: number(row, 'has_tokens') === 1,
  }
}

function* writeUsers(context: Context, siteId: number, plan: Plan): Query<void> {
  const lines = plan.newUsers.map(({ token, uid, createdAt, lastLoginAt, loginCount }) => {
    return [token, uid, createdAt, lastLoginAt, loginCount]
  })
  const rows =
    lines.length === 0
      ? []
      : yield* all(
          `insert into users (site_id, token, uid, created_at, last_login_at, login_count)
           select cast(? as {integer}), item.value ->> 0, item.value ->> 1,
             coalesce(cast(item.value ->> 2 as {integer}), {now}),
             coalesce(cast(item.value ->> 3 as {integer}), cast(item.value ->> 2 as {integer}), {now}),
             cast(item.value ->> 4 as {integer})
           from {lines} order by item.key returning id, token`,
          siteId,
          toJson(lines),
        )
  const ids = new Map(rows.map((row) => [text(row, 'token'), number(row, 'id')]))
  for (const user of plan.newUsers) user.id = sure(ids.get(user.token))
  for (const { id, createdAt, lastLoginAt, loginCount } of plan.widenedUsers) {
    yield* all(
      'update users set created_at = ?, last_login_at = ?, login_count = ? where site_id = ? and id = ?',
      createdAt ?? 0,
      lastLoginAt ?? 0,
      loginCount,
      siteId,
      id ?? 0,
    )
  }
  for (const { id, uid } of plan.namedUsers) yield* renameUser(context, siteId, id ?? 0, uid)
  const profiles = plan.profiles.map(({ user, profile }) => [user.id, JSON.stringify(profile)])
  if (profiles.length === 0) return
  yield* all(
    `insert into user_info (user_id, site_id, profile)
     select cast(item.value ->> 0 as {integer}), cast(? as {integer}), item.value ->> 1 from {lines} where true
     on conflict (user_id) do nothing`,
    siteId,
    toJson(profiles),
  )
}

function* writeIdentities(context: Context, siteId: number, plan: Plan): Query<void> {
  const lines = plan.newIdentities.map((identity) => {
    return toIdentityLine(identity, String(matchKey(identity.account)))
  })
  if (lines.length > 0) {
    const rows = yield* all(
      `insert into identities (site_id, user_id, token, provider, server, subject, match_key, profile, refused,
         created_at, updated_at)
       select cast(? as {integer}), cast(item.value ->> 0 as {integer}), item.value ->> 1, item.value ->> 2,
         item.value ->> 3, item.value ->> 4, cast(item.value ->> 5 as {integer}), item.value ->> 6,
         item.value ->> 7, coalesce(cast(item.value ->> 8 as {integer}), {now}),
         coalesce(cast(item.value ->> 9 as {integer}), {now})
       from {lines} order by item.key returning id, token`,
      siteId,
      toJson(lines),
    )
    const ids = new Map(rows.map((row) => [text(row, 'token'), number(row, 'id')]))
    for (const identity of plan.newIdentities) identity.id = sure(ids.get(identity.token))
    yield* sealNew(context, siteId, plan)
  }
  for (const { id, profile, tokens, updatedAt } of plan.renewals) {
    yield* all(
      `update identities set profile = coalesce(cast(? as text), profile), updated_at = ?,
         refused = case when cast(? as {integer}) = 1 then null else refused end
       where site_id = ? and id = ?`,
      profile ? toJson(profile) : null,
      updatedAt,
      tokens ? 1 : 0,
      siteId,
      id,
    )
    if (tokens) yield* putTokens(context, { id, siteId }, tokens)
  }
}

function* sealNew({ keys }: Context, siteId: number, plan: Plan): Query<void> {
  const withTokens = plan.newIdentities.flatMap(({ id = 0, account: { tokens } }) =>
    tokens ? [{ id, tokens }] : [],
  )
  if (withTokens.length === 0) return
  // Once for all of them; the same as `sealed` says for one.
  yield* all('{sealing}')
  const lines = withTokens.map(({ id, tokens }) => [
    id,
    seal(keys, identityPlace(siteId, id), toJson(tokens)),
  ])
  yield* all(
    `insert into tokens (identity_id, site_id, version, fence, sealed)
     select cast(item.value ->> 0 as {integer}), cast(? as {integer}), 1, 1, item.value ->> 1 from {lines}`,
    siteId,
    toJson(lines),
  )
}
