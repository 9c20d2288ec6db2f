// Named values that a site keeps for its users, one row per user and group.

import { GatewayError } from '../core/errors.ts'
import { SETTING_GROUPS_MAX, SETTINGS_LENGTH_MAX, type UserSettings } from '../core/user-info-store.ts'
import { all, one, type Query } from './query.ts'
import { fromJson, number, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import { noUser } from './user-info.ts'

export function* userSettings(siteId: number, userId: number, group: string): Query<UserSettings> {
  const row = yield* one(
    'select settings from user_settings where site_id = ? and user_id = ? and name = ?',
    siteId,
    userId,
    group,
  )
  return row ? fromJson<UserSettings>(text(row, 'settings')) : {}
}

export function* saveUserSettings(
  _: Context,
  siteId: number,
  userId: number,
  group: string,
  settings: UserSettings,
): Query<void> {
  yield* lockUser(siteId, userId)
  const before = yield* userSettings(siteId, userId, group)
  const json = toJson(Object.fromEntries([...Object.entries(before), ...Object.entries(settings)]))
  if (json.length > SETTINGS_LENGTH_MAX) {
    throw new GatewayError('too_large', `A group of settings may be ${SETTINGS_LENGTH_MAX} characters long.`)
  }
  yield* one(
    `insert into user_settings (user_id, site_id, name, settings) values (?, ?, ?, ?)
     on conflict (user_id, name) do update set settings = excluded.settings`,
    userId,
    siteId,
    group,
    json,
  )
  const groups = yield* one('select count(*) as groups from user_settings where user_id = ?', userId)
  if (number(sure(groups), 'groups') > SETTING_GROUPS_MAX) {
    throw new GatewayError('too_large', `A user may have ${SETTING_GROUPS_MAX} groups of settings.`)
  }
}

export function* removeUserSettings(
  _: Context,
  siteId: number,
  userId: number,
  group: string,
  names: readonly string[] | undefined,
): Query<void> {
  yield* lockUser(siteId, userId)
  const before = yield* userSettings(siteId, userId, group)
  const left = Object.entries(before).filter(([name]) => names !== undefined && !names.includes(name))
  if (left.length === 0) {
    yield* all(
      'delete from user_settings where site_id = ? and user_id = ? and name = ?',
      siteId,
      userId,
      group,
    )
    return
  }
  yield* all(
    'update user_settings set settings = ? where site_id = ? and user_id = ? and name = ?',
    toJson(Object.fromEntries(left)),
    siteId,
    userId,
    group,
  )
}

/** One change of a user's settings at a time. */
function* lockUser(siteId: number, userId: number): Query<void> {
  const row = yield* one('select id from users where site_id = ? and id = ? {lock}', siteId, userId)
  if (!row) throw noUser()
}
