import type { Identity, PageOf, PageQuery, User } from '../core/model.ts'
import { forgetUser } from './graph-removal.ts'
import { readPage } from './page.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, optionalText, text } from './row.ts'
import type { Context } from './sealed.ts'
import { lockSite, moveLinkedVersion } from './sites.ts'

/** Columns of a user, in any query. */
export const USER = 'id, site_id, token, uid, created_at, last_login_at, login_count'

type ListedUser = User & { readonly identities: readonly Pick<Identity, 'token' | 'provider'>[] }

export function* findUser(siteId: number, token: string): Query<User | undefined> {
  const row = yield* one(`select ${USER} from users where site_id = ? and token = ?`, siteId, token)
  return row && toUser(row)
}

export function* listUsers(siteId: number, query: PageQuery): Query<PageOf<ListedUser>> {
  return yield* readPage(
    {
      table: 'users',
      columns: `t.id, t.site_id, t.token, t.uid, t.created_at, t.last_login_at, t.login_count,
        i.token as identity_token, i.provider`,
      joins: 'left join identities i on i.site_id = t.site_id and i.user_id = t.id',
      within: 'i.id',
      collect: toListedUsers,
    },
    siteId,
    query,
  )
}

export function* removeUser(context: Context, siteId: number, token: string): Query<boolean> {
  const found = yield* one('select id from users where site_id = ? and token = ?', siteId, token)
  if (!found) return false
  yield* lockSite(siteId)
  yield* forgetUser(context, siteId, number(found, 'id'))
  const removed = yield* one('delete from users where site_id = ? and token = ? returning id', siteId, token)
  if (!removed) return false
  yield* all('delete from connections where site_id = ? and user_token = ?', siteId, token)
  yield* moveLinkedVersion(siteId)
  return true
}

export function toUser(row: Row): User {
  return {
    id: number(row, 'id'),
    siteId: number(row, 'site_id'),
    token: text(row, 'token'),
    uid: optionalText(row, 'uid'),
    createdAt: number(row, 'created_at'),
    lastLoginAt: number(row, 'last_login_at'),
    loginCount: number(row, 'login_count'),
  }
}

/** One row per identity, or one without, becomes one user. */
function toListedUsers(rows: readonly Row[]): readonly ListedUser[] {
  const users: (User & { identities: Pick<Identity, 'token' | 'provider'>[] })[] = []
  for (const row of rows) {
    let user = users.at(-1)
    if (user?.id !== number(row, 'id')) {
      user = { ...toUser(row), identities: [] }
      users.push(user)
    }
    const token = optionalText(row, 'identity_token')
    if (token !== undefined) user.identities.push({ token, provider: text(row, 'provider') })
  }
  return users
}
