import {
  CLOUD_DATA_MAX,
  type CloudChange,
  type CloudData,
  type CloudName,
  type CloudUser,
} from '../core/cloud-store.ts'
import { GatewayError } from '../core/errors.ts'
import type { User } from '../core/model.ts'
import { createUser } from './link.ts'
import { one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalText, sure, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import { lockSite } from './sites.ts'
import { findUser, toUser, USER } from './users.ts'

/** The first id that is given to a user whose site names none; OneAll's. */
const FIRST_ID = 100_000_001

const COLUMNS = `${USER.split(',')
  .map((column) => `u.${column.trim()}`)
  .join(', ')},
  c.identity_token, c.external_id, c.login, c.password, c.data, c.created_at as stored_at, c.updated_at as changed_at`
const TABLES = 'cloud_users c join users u on u.site_id = c.site_id and u.id = c.user_id'
const BY = { user_token: 'u.token', externalid: 'c.external_id', login: 'c.login_key' } as const

export function* findCloudUser(siteId: number, { field, value }: CloudName): Query<CloudUser | undefined> {
  const row = yield* one(
    `select ${COLUMNS} from ${TABLES} where c.site_id = ? and ${BY[field]} = ?`,
    siteId,
    field === 'login' ? toKey(value) : value,
  )
  return row && toCloudUser(row)
}

export function* cloudUserOf(siteId: number, identityToken: string): Query<CloudUser | undefined> {
  const row = yield* one(
    `select ${COLUMNS} from ${TABLES} where c.site_id = ? and c.identity_token = ?`,
    siteId,
    identityToken,
  )
  return row && toCloudUser(row)
}

function toCloudUser(row: Row): CloudUser {
  return {
    user: toUser(row),
    identityToken: text(row, 'identity_token'),
    externalId: text(row, 'external_id'),
    login: optionalText(row, 'login'),
    password: optionalText(row, 'password'),
    data: fromJson<CloudData>(text(row, 'data')),
    createdAt: number(row, 'stored_at'),
    updatedAt: number(row, 'changed_at'),
  }
}

export function* putCloudUser(
  _: Context,
  siteId: number,
  name: CloudName | undefined,
  change: CloudChange,
  names: { readonly user: string; readonly identity: string },
): Query<{ stored: CloudUser; isNew: boolean }> {
  // One at a time per site: ids are counted, and two may want the same login.
  yield* lockSite(siteId)
  const before = name && (yield* findCloudUser(siteId, name))
  const user = before?.user ?? (yield* userFor(siteId, name, names.user))
  const named = { ...(name && name.field !== 'user_token' ? nameAs(name) : {}), ...withoutAbsent(change) }
  const externalId = named.externalId ?? before?.externalId ?? (yield* nextId(siteId))
  const login = named.login ?? before?.login
  yield* requireFree(siteId, user, { field: 'externalid', value: externalId })
  if (login !== undefined) yield* requireFree(siteId, user, { field: 'login', value: login })
  const data = toJson(change.isAppended && before ? joined(before.data, change.data) : change.data)
  if (data.length > CLOUD_DATA_MAX) {
    throw new GatewayError('too_large', `What is stored of a user may be ${CLOUD_DATA_MAX} characters long.`)
  }
  yield* one(
    `insert into cloud_users (user_id, site_id, identity_token, external_id, login, login_key, password, data, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, {now}, {now})
     on conflict (user_id) do update set external_id = excluded.external_id, login = excluded.login,
       login_key = excluded.login_key, password = coalesce(excluded.password, cloud_users.password),
       data = excluded.data, updated_at = excluded.updated_at`,
    user.id,
    siteId,
    names.identity,
    externalId,
    login ?? null,
    login === undefined ? null : toKey(login),
    change.password ?? null,
    data,
  )
  const stored = sureOf(yield* findCloudUser(siteId, { field: 'user_token', value: user.token }))
  return { stored, isNew: before === undefined }
}

/** Logins differ by more than case. */
function toKey(login: string): string {
  return login.normalize('NFKC').toLowerCase()
}

function* userFor(siteId: number, name: CloudName | undefined, token: string): Query<User> {
  if (name?.field !== 'user_token') return yield* createUser(siteId, token)
  const user = yield* findUser(siteId, name.value)
  if (user) return user
  throw new GatewayError('not_found', 'No user has been found for the specified user_token')
}

function nameAs({ field, value }: CloudName): Pick<CloudChange, 'externalId' | 'login'> {
  return field === 'login' ? { login: value } : { externalId: value }
}

function withoutAbsent({ externalId, login }: CloudChange): Pick<CloudChange, 'externalId' | 'login'> {
  return { ...(externalId === undefined ? {} : { externalId }), ...(login === undefined ? {} : { login }) }
}

function* nextId(siteId: number): Query<string> {
  for (;;) {
    const row = sure(
      yield* one(
        `insert into cloud_counters (site_id, last) values (?, ${FIRST_ID})
         on conflict (site_id) do update set last = cloud_counters.last + 1 returning last`,
        siteId,
      ),
    )
    const id = String(number(row, 'last'))
    // A site may have given this id by itself.
    if (!(yield* findCloudUser(siteId, { field: 'externalid', value: id }))) return id
  }
}

function* requireFree(siteId: number, user: User, name: CloudName): Query<void> {
  const owner = yield* findCloudUser(siteId, name)
  if (!owner || owner.user.id === user.id) return
  throw new GatewayError('conflict', `Another user has this ${name.field}.`, { field: name.field })
}

function joined(before: CloudData, data: CloudData): CloudData {
  const names = new Set([...Object.keys(before), ...Object.keys(data)])
  return Object.fromEntries(
    [...names].map((name) => {
      const [one, other] = [before[name], data[name]]
      if (Array.isArray(one) && Array.isArray(other)) return [name, [...one, ...other]]
      return [name, other ?? one]
    }),
  )
}

function sureOf<T>(value: T | undefined): T {
  if (value !== undefined) return value
  throw new Error('A row that was just written is not there.')
}
