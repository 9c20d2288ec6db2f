import type { FeedKind } from '../core/feed-kinds.ts'
import type { AfterQuery, FeedEntry, FeedPage } from '../core/graph-model.ts'
import { all, one, type Query, type Row } from './query.ts'
import { fromJson, number, optionalNumber, sure, text, toJson } from './row.ts'

/** A change on its way into the feed. */
export type NewEntry = Pick<FeedEntry, 'kind' | 'account' | 'others'> & { readonly isReverse?: boolean }

/** One entry, or none where it would name nobody. */
export function entry(
  kind: FeedKind,
  { name }: { readonly name: string },
  others: ReadonlySet<string>,
  { isReverse = false } = {},
): readonly NewEntry[] {
  return others.size === 0 ? [] : [{ kind, account: name, others: [...others], isReverse }]
}

/** Changes of what others see of an account: what is kept in memory of it is read again. */
const OF_PROFILES: readonly FeedKind[] = ['profile', 'imported', 'deleted']

/** Entries are dropped when the position passes a multiple of this, not with every write. */
const DROP_EVERY = 256

/**
 * The last statements of a transaction: whoever has the counter's row writes until the commit, so that the order of
 * positions is the order of commits.
 */
export function* appendFeed(
  siteId: number,
  entries: readonly NewEntry[],
  { at, feedEntries }: { readonly at: number; readonly feedEntries: number },
): Query<void> {
  if (entries.length === 0) return
  const ofProfiles = entries.some(({ kind }) => OF_PROFILES.includes(kind))
  const row = yield* one(
    `insert into feeds (site_id, position, profiles) values (?, ?, ?)
     on conflict (site_id) do update set
       position = feeds.position + excluded.position,
       profiles = case when excluded.profiles > 0 then feeds.position + excluded.position else feeds.profiles end
     returning position`,
    siteId,
    entries.length,
    ofProfiles ? entries.length : 0,
  )
  const last = number(sure(row), 'position')
  const first = last - entries.length + 1
  const lines = entries.map(({ kind, account, others, isReverse = false }, index) => [
    first + index,
    kind,
    account,
    JSON.stringify(others),
    isReverse ? 1 : 0,
  ])
  yield* all(
    `insert into feed_entries (site_id, position, kind, account, others, is_reverse, at)
     select cast(? as {integer}), cast(item.value ->> 0 as {integer}), item.value ->> 1, item.value ->> 2, item.value ->> 3,
       cast(item.value ->> 4 as {integer}), cast(? as {integer})
     from {lines}`,
    siteId,
    at,
    toJson(lines),
  )
  if (Math.floor(last / DROP_EVERY) === Math.floor((first - 1) / DROP_EVERY)) return
  yield* all('delete from feed_entries where site_id = ? and position <= ?', siteId, last - feedEntries)
}

export function* readFeed(siteId: number, { after, limit }: AfterQuery): Query<FeedPage> {
  const rows = yield* all(
    `select f.position as newest,
       (select min(position) from feed_entries where site_id = f.site_id) as oldest,
       e.position, e.kind, e.account, e.others, e.is_reverse, e.at
     from feeds f left join (
       select * from feed_entries where site_id = ? and position > ? order by position limit ?
     ) e on e.site_id = f.site_id
     where f.site_id = ? order by e.position`,
    siteId,
    after,
    limit,
    siteId,
  )
  const [first] = rows
  if (!first) return { entries: [], newest: 0, hasGap: after > 0 }
  const newest = number(first, 'newest')
  // An entry is there for every position from the oldest to the newest.
  const oldest = optionalNumber(first, 'oldest') ?? newest + 1
  return {
    entries: rows.flatMap((row) => (optionalNumber(row, 'position') === undefined ? [] : [toEntry(row)])),
    newest,
    hasGap: after + 1 < oldest || after > newest,
  }
}

function toEntry(row: Row): FeedEntry {
  return {
    position: number(row, 'position'),
    // Written by appendFeed alone.
    kind: text(row, 'kind') as FeedKind,
    account: text(row, 'account'),
    others: fromJson<readonly string[]>(text(row, 'others')),
    isReverse: number(row, 'is_reverse') === 1,
    at: number(row, 'at'),
  }
}
