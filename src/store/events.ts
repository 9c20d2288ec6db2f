// What webhooks tell beside changes of the graph: entries of the feed, written in the transaction of their cause, and only
// while somebody is to be told.

import { rulesOf } from '../core/graph-limits.ts'
import type { SiteSettings } from '../core/model.ts'
import { appendFeed, type NewEntry } from './feed.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, text } from './row.ts'

/** Appends entries, as the last statements of a transaction, if the site has a webhook that is told. */
export function* appendEvents(siteId: number, toEntries: () => Query<readonly NewEntry[]>): Query<boolean> {
  const row = yield* one(
    `select s.settings, {now} as at from webhooks w join sites s on s.id = w.site_id
     where w.site_id = ? and w.is_disabled = 0 limit 1`,
    siteId,
  )
  if (!row) return false
  const settings = fromJson<SiteSettings>(text(row, 'settings'))
  yield* appendFeed(siteId, yield* toEntries(), rulesOf({ settings }, number(row, 'at')))
  return true
}

/** An identity has come to a user, or gone from one. */
export function* noteIdentity(
  siteId: number,
  kind: 'linked' | 'unlinked',
  identity: { readonly token: string; readonly provider: string; readonly userId: number },
): Query<void> {
  yield* appendEvents(siteId, function* () {
    const account = yield* accountOf(siteId, identity.userId)
    return account === undefined ? [] : [{ kind, account, others: [identity.token, identity.provider] }]
  })
}

/** A list of contacts was read anew. */
export function* noteContacts(siteId: number, identityId: number, count: number): Query<void> {
  yield* appendEvents(siteId, function* () {
    const row = yield* one(
      'select token, provider, user_id from identities where site_id = ? and id = ?',
      siteId,
      identityId,
    )
    const account = row && (yield* accountOf(siteId, number(row, 'user_id')))
    if (!row || account === undefined) return []
    return [{ kind: 'contacts', account, others: [text(row, 'token'), text(row, 'provider'), String(count)] }]
  })
}

function* accountOf(siteId: number, userId: number): Query<string | undefined> {
  const row = yield* one(
    'select coalesce(uid, token) as account from users where site_id = ? and id = ?',
    siteId,
    userId,
  )
  return row && text(row, 'account')
}

const KINDS: ReadonlyMap<unknown, 'succeeded' | 'failed' | 'unknown'> = new Map([
  ['published', 'succeeded'],
  ['failed', 'failed'],
  ['unknown', 'unknown'],
])

/** Publications have come to their end, or were cancelled; all are of one message. */
export function* noteEnds(siteId: number, ids: readonly number[]): Query<void> {
  if (ids.length === 0) return
  const isTold = yield* appendEvents(siteId, function* () {
    const rows = yield* endsOf(siteId, ids)
    return rows.flatMap((row) => {
      const kind = KINDS.get(row.state)
      if (!kind) return []
      return [{ kind, account: text(row, 'account'), others: [text(row, 'message'), text(row, 'key')] }]
    })
  })
  if (!isTold) return
  // Whoever comes here has the site's counter, and sees what those before have written: one of them is the last.
  yield* appendEvents(siteId, function* () {
    const rows = yield* endsOf(siteId, ids)
    const runs = new Map(rows.map((row) => [`${row.message} ${row.run}`, row]))
    return [...runs.values()].flatMap((row) => {
      if (number(row, 'open') > 0 || number(row, 'published') === 0) return []
      const others = [text(row, 'message'), String(number(row, 'run'))]
      return [{ kind: 'published' as const, account: text(row, 'account'), others }]
    })
  })
}

function endsOf(siteId: number, ids: readonly number[]): Query<readonly Row[]> {
  return all(
    `select p.state, p.key, p.run, m.token as message, coalesce(u.uid, u.token) as account,
       (select count(*) from publications o where o.site_id = p.site_id and o.message_id = p.message_id
          and o.run = p.run and o.ended_at is null) as open,
       (select count(*) from publications o where o.site_id = p.site_id and o.message_id = p.message_id
          and o.run = p.run and o.state = 'published') as published
     from publications p join messages m on m.site_id = p.site_id and m.id = p.message_id
     join users u on u.site_id = m.site_id and u.id = m.user_id
     where p.site_id = ? and p.id {among} order by p.id`,
    siteId,
    ids.join(','),
  )
}
