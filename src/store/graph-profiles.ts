// What accounts say of themselves, and accounts that come and go.

import type { AccountProfile, GraphCode, GraphRules, Line, NewAccount, Outcome } from '../core/graph-model.ts'
import { appendFeed, type NewEntry } from './feed.ts'
import { findUsers, idOf, noAccount } from './graph-accounts.ts'
import { clearAccounts } from './graph-removal.ts'
import { all, type Query } from './query.ts'
import { fromJson, number, optionalText, sure, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** A profile as it lies in its row. */
export function toProfile(json: string): AccountProfile {
  return fromJson<AccountProfile>(json)
}

export function* readProfiles(
  siteId: number,
  names: readonly string[],
): Query<readonly (Outcome & { readonly profile?: AccountProfile })[]> {
  const rows = yield* all(
    `select item.key - {first} as "index", p.profile
     from {names} join users u on u.is_account = 1 and u.id = ${idOf('item.value')}
     left join profiles p on p.user_id = u.id`,
    toJson(names),
    siteId,
    siteId,
  )
  const found = new Map(rows.map((row) => [number(row, 'index'), optionalText(row, 'profile') ?? '{}']))
  return names.map((account, index) => {
    const json = found.get(index)
    return json === undefined
      ? { account, code: 'no_account' }
      : { account, code: 'ok', profile: toProfile(json) }
  })
}

export function* saveAccountProfile(
  _: Context,
  siteId: number,
  account: string,
  profile: AccountProfile,
  rules: GraphRules,
): Query<void> {
  const [user] = yield* findUsers(siteId, [account], 'change')
  if (!user?.isAccount) throw noAccount()
  const old = (yield* profilesOf([user.id])).get(user.id)
  yield* writeProfiles(siteId, new Map([[user.id, merge(old, profile)]]))
  yield* appendFeed(siteId, [{ kind: 'profile', account: user.name, others: [] }], rules)
}

export function* makeAccounts(
  _: Context,
  siteId: number,
  lines: readonly NewAccount[],
  tokens: readonly string[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const names = [...new Set(lines.flatMap(({ account, flaw }) => (flaw ? [] : [account])))]
  const known = yield* findUsers(siteId, names, 'change')
  const missing = names.filter((name, index) => !known[index] && isShort(name, rules))
  if (missing.length > 0) {
    // In order of the names, so that two that make the same ones wait for each other and not both.
    yield* all(
      `insert into users (site_id, uid, token, created_at, last_login_at, login_count)
       select cast(? as {integer}), item.value ->> 0, item.value ->> 1, {now}, {now}, 0
       from {lines} where true order by item.value ->> 0 on conflict do nothing`,
      siteId,
      toJson(missing.map((name, index) => [name, sure(tokens[index])])),
    )
  }
  const isNew = new Set(missing)
  const users = missing.length > 0 ? yield* findUsers(siteId, names, 'change') : known
  const byName = new Map(names.map((name, index) => [name, users[index]]))
  const old = yield* profilesOf(users.flatMap((user) => (user ? [user.id] : [])))
  const profiles = new Map<number, AccountProfile>()
  const entries = new Map<number, NewEntry>()
  const back: number[] = []

  function take({ account, flaw, nick, image }: NewAccount): GraphCode {
    if (flaw) return flaw
    const user = byName.get(account)
    if (!user) return 'too_long'
    const before = profiles.get(user.id) ?? old.get(user.id)
    const isImported = isNew.has(account) || !user.isAccount
    if (!user.isAccount) back.push(user.id)
    if (!before || nick !== undefined || image !== undefined) {
      profiles.set(user.id, merge(before ?? { nick: '' }, { nick, image }))
      entries.set(user.id, { kind: isImported ? 'imported' : 'profile', account: user.name, others: [] })
    }
    return 'ok'
  }

  const outcomes = lines.map((line) => ({ account: line.account, code: take(line) }))
  if (back.length > 0) {
    yield* all(
      'update users set is_account = 1 where id in (select cast(item.value as {integer}) from {names})',
      toJson(back),
    )
  }
  yield* writeProfiles(siteId, profiles)
  yield* appendFeed(siteId, [...entries.values()], rules)
  return outcomes
}

export function* removeAccounts(
  context: Context,
  siteId: number,
  lines: readonly Line[],
  rules: GraphRules,
): Query<readonly Outcome[]> {
  const names = lines.flatMap(({ account, flaw }) => (flaw ? [] : [account]))
  const users = (yield* findUsers(siteId, names, 'change')).values()
  const removed = new Map<number, string>()
  const outcomes = lines.map(({ account, flaw }): Outcome => {
    if (flaw) return { account, code: flaw }
    const user = users.next().value
    if (!user?.isAccount || removed.has(user.id)) return { account, code: 'no_account' }
    removed.set(user.id, user.name)
    return { account, code: 'ok' }
  })
  if (removed.size === 0) return outcomes
  const ids = [...removed.keys()]
  yield* all(
    'update users set is_account = 0 where id in (select cast(item.value as {integer}) from {names})',
    toJson(ids),
  )
  yield* clearAccounts(context, siteId, ids, rules.at)
  const entries = [...removed.values()].map((account) => ({ kind: 'deleted', account, others: [] }) as const)
  yield* appendFeed(siteId, entries, rules)
  return outcomes
}

export function* checkAccounts(siteId: number, names: readonly string[]): Query<readonly Outcome[]> {
  const rows = yield* all(
    `select item.key - {first} as "index"
     from {names} cross join users u where u.is_account = 1 and u.id = ${idOf('item.value')}`,
    toJson(names),
    siteId,
    siteId,
  )
  const found = new Set(rows.map((row) => number(row, 'index')))
  return names.map((account, index) => ({ account, code: found.has(index) ? 'ok' : 'no_account' }))
}

function isShort(name: string, { limits }: GraphRules): boolean {
  return Buffer.byteLength(name) <= limits.accountBytes
}

function merge(old: AccountProfile | undefined, changes: AccountProfile): AccountProfile {
  const { custom, ...rest } = changes
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return { ...old, ...given, custom: custom ? { ...old?.custom, ...custom } : old?.custom }
}

function* profilesOf(userIds: readonly number[]): Query<ReadonlyMap<number, AccountProfile>> {
  if (userIds.length === 0) return new Map()
  const rows = yield* all(
    `select user_id, profile from profiles
     where user_id in (select cast(item.value as {integer}) from {names})`,
    toJson(userIds),
  )
  return new Map(rows.map((row) => [number(row, 'user_id'), toProfile(String(row.profile))]))
}

function* writeProfiles(siteId: number, profiles: ReadonlyMap<number, AccountProfile>): Query<void> {
  if (profiles.size === 0) return
  const lines = [...profiles].map(([userId, profile]) => [
    userId,
    profile.allows ?? null,
    profile.forbidden ?? null,
    JSON.stringify(profile),
  ])
  yield* all(
    `insert into profiles (site_id, user_id, allows, forbidden, profile)
     select cast(? as {integer}), cast(item.value ->> 0 as {integer}), item.value ->> 1, item.value ->> 2,
       item.value ->> 3
     from {lines} where true
     on conflict (user_id) do update set
       allows = excluded.allows, forbidden = excluded.forbidden, profile = excluded.profile`,
    siteId,
    toJson(lines),
  )
}
