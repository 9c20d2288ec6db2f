// Who followed short links: added up by link, hour, follower, device and referrer, many clicks in one transaction.

import {
  type ClickBatch,
  type ClickTally,
  DEVICES,
  FOLLOWERS,
  type Follower,
  OTHER_REFERRER,
  type StoredLink,
  type Visit,
} from '../core/link-store.ts'
import { type SentClicks, unpackTallies } from './click-batches.ts'
import type { Engine } from './engine.ts'
import { all, each, one, type Query, type Row } from './query.ts'
import { number, optionalNumber, text, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** Visits forgotten, or links looked at, in one transaction. */
export const CLICK_PURGE_BATCH = 5_000

export function* addClicks({ engine }: Context, sent: SentClicks): Query<void> {
  const batch = { ...sent, tallies: unpackTallies(sent) }
  const ids = [...new Set(batch.tallies.map(({ linkId }) => linkId))].toSorted((one, other) => one - other)
  // Locked in order of id, and those that are gone found out.
  const rows = yield* all(`select id from links where id {among} order by id {lock}`, ids.join(','))
  const there = new Set(rows.map((row) => number(row, 'id')))
  const known = yield* knownVisits(batch)
  const judged = withoutKnown(batch, known).filter(({ linkId, count }) => there.has(linkId) && count > 0)
  const tallies = yield* withBoundedReferrers(judged, batch.referrersPerLink)
  if (tallies.length === 0) return
  yield* writeTallies(engine, merge(tallies))
  yield* writeTotals(engine, totalsOf(tallies))
  // Only of sites that want to be told.
  const followed = tallies.filter(({ follower }) => follower === 'person').map(({ linkId }) => linkId)
  yield* all(
    `insert into clicked_links (site_id, link_id)
     select l.site_id, l.id from links l
     where l.id {among} and exists (select 1 from webhooks w where w.site_id = l.site_id and w.is_disabled = 0)
     order by l.site_id, l.id on conflict (site_id, link_id) do nothing`,
    followed.join(','),
  )
}

type Line = readonly (number | string)[]

const COUNTED = `on conflict (link_id, hour, follower, device, referrer) do update set
  clicks = clicks.clicks + excluded.clicks,
  last_at = case when clicks.last_at < excluded.last_at then excluded.last_at else clicks.last_at end`

function* writeTallies(engine: Engine, lines: readonly Line[]): Query<void> {
  const columns = 'link_id, hour, follower, device, referrer, clicks, last_at'
  if (engine === 'sqlite') {
    yield* each(`insert into clicks (${columns}) values (?, ?, ?, ?, ?, ?, ?) ${COUNTED}`, lines)
    return
  }
  yield* all(
    `insert into clicks (${columns})
     select cast(item.value ->> 0 as {integer}), cast(item.value ->> 1 as {integer}), cast(item.value ->> 2 as {integer}),
       cast(item.value ->> 3 as {integer}), item.value ->> 4, cast(item.value ->> 5 as {integer}),
       cast(item.value ->> 6 as {integer})
     from {lines} where true order by item.key ${COUNTED}`,
    toJson(lines),
  )
}

/** Lines of link, people, repeats, bots, previews and when somebody came last. */
function* writeTotals(engine: Engine, lines: readonly (readonly number[])[]): Query<void> {
  if (engine === 'sqlite') {
    yield* each(
      `update links set people = people + ?, repeats = repeats + ?, bots = bots + ?, previews = previews + ?,
         last_person_at = max(coalesce(last_person_at, 0), ?) where id = ?`,
      lines.filter(hasPerson).map(([id = 0, ...counts]) => [...counts, id]),
    )
    yield* each(
      'update links set repeats = repeats + ?, bots = bots + ?, previews = previews + ? where id = ?',
      lines.filter((line) => !hasPerson(line)).map(([id = 0, , ...counts]) => [...counts.slice(0, 3), id]),
    )
    return
  }
  yield* all(
    `update links set people = people + v.person, repeats = repeats + v.again, bots = bots + v.bot,
       previews = previews + v.preview,
       last_person_at = case when v.last_at > coalesce(last_person_at, 0) then v.last_at else last_person_at end
     from (
       select cast(item.value ->> 0 as {integer}) as link_id, cast(item.value ->> 1 as {integer}) as person,
         cast(item.value ->> 2 as {integer}) as again, cast(item.value ->> 3 as {integer}) as bot,
         cast(item.value ->> 4 as {integer}) as preview, cast(item.value ->> 5 as {integer}) as last_at
       from {lines}
     ) v where links.id = v.link_id`,
    toJson(lines),
  )
}

function hasPerson([, people = 0]: readonly number[]): boolean {
  return people > 0
}

/** Those of the visits that were counted within the window before, here or by another process. */
function* knownVisits({ visits, windowMs }: ClickBatch): Query<readonly Visit[]> {
  const newest = new Map(visits.map((visit) => [visit.visit, visit]))
  if (newest.size === 0) return []
  const lines = [...newest.values()].toSorted((one, other) => one.visit - other.visit)
  const rows = yield* all(
    `insert into link_visits (visit, seen_at)
     select cast(item.value ->> 0 as {integer}), cast(item.value ->> 1 as {integer}) from {lines} where true
     order by item.key
     on conflict (visit) do update set seen_at = excluded.seen_at where link_visits.seen_at <= excluded.seen_at - ?
     returning visit`,
    toJson(lines.map(({ visit, at }) => [visit, at])),
    windowMs,
  )
  if (rows.length === lines.length) return []
  const counted = new Set(rows.map((row) => number(row, 'visit')))
  return visits.filter(({ visit }) => !counted.has(visit))
}

/** Persons whose visit is known already are repeats. */
function withoutKnown({ tallies }: ClickBatch, known: readonly Visit[]): readonly ClickTally[] {
  if (known.length === 0) return tallies
  const again = new Map<number, number>()
  for (const { tally } of known) again.set(tally, (again.get(tally) ?? 0) + 1)
  return tallies.flatMap((tally, at) => {
    const count = again.get(at) ?? 0
    return count === 0
      ? [tally]
      : [
          { ...tally, count: tally.count - count },
          { ...tally, follower: 'repeat' as const, count },
        ]
  })
}

/** The tallies with OTHER_REFERRER for all hosts beyond a link's bound. */
function* withBoundedReferrers(tallies: readonly ClickTally[], max: number): Query<readonly ClickTally[]> {
  const pairs = new Map<string, readonly [linkId: number, referrer: string]>()
  for (const { linkId, referrer } of tallies) {
    if (referrer !== '') pairs.set(`${linkId} ${referrer}`, [linkId, referrer])
  }
  if (pairs.size === 0) return tallies
  const rows = yield* all(
    `select r.link_id, r.referrer from {lines}
     join link_referrers r on r.link_id = cast(item.value ->> 0 as {integer}) and r.referrer = item.value ->> 1`,
    toJson([...pairs.values()]),
  )
  const named = new Set(rows.map((row) => `${number(row, 'link_id')} ${text(row, 'referrer')}`))
  const unnamed = [...pairs].filter(([key]) => !named.has(key)).map(([, pair]) => pair)
  for (const [linkId, referrer] of yield* nameReferrers(unnamed, max)) named.add(`${linkId} ${referrer}`)
  return tallies.map((tally) => {
    const isNamed = tally.referrer === '' || named.has(`${tally.linkId} ${tally.referrer}`)
    return isNamed ? tally : { ...tally, referrer: OTHER_REFERRER }
  })
}

type Pair = readonly [linkId: number, referrer: string]

/** Names as many as there is room for; answers which. The rows of their links are locked. */
function* nameReferrers(pairs: readonly Pair[], max: number): Query<readonly Pair[]> {
  if (pairs.length === 0) return []
  const rows = yield* all(
    `select link_id, count(*) as referrers from link_referrers where link_id {among} group by link_id`,
    [...new Set(pairs.map(([linkId]) => linkId))].join(','),
  )
  const counts = new Map(rows.map((row) => [number(row, 'link_id'), number(row, 'referrers')]))
  const added = pairs.filter(([linkId, referrer]) => {
    const count = counts.get(linkId) ?? 0
    if (count >= max || referrer === OTHER_REFERRER) return false
    counts.set(linkId, count + 1)
    return true
  })
  if (added.length === 0) return []
  yield* all(
    `insert into link_referrers (link_id, referrer)
     select cast(item.value ->> 0 as {integer}), item.value ->> 1 from {lines} where true
     on conflict (link_id, referrer) do nothing`,
    toJson(added),
  )
  return added
}

/** One line for each row of the table: two of the same row cannot be added in one statement. */
function merge(tallies: readonly ClickTally[]): readonly (readonly (number | string)[])[] {
  const merged = new Map<string, ClickTally>()
  for (const tally of tallies) {
    const { linkId, hour, follower, device, referrer } = tally
    const key = `${linkId} ${hour} ${follower} ${device} ${referrer}`
    const known = merged.get(key)
    const count = (known?.count ?? 0) + tally.count
    merged.set(key, { ...tally, count, lastAt: Math.max(known?.lastAt ?? 0, tally.lastAt) })
  }
  // Neighbours in the table one after another.
  const inOrder = [...merged.values()].sort((one, other) => one.linkId - other.linkId)
  return inOrder.map(({ linkId, hour, follower, device, referrer, count, lastAt }) => [
    linkId,
    hour,
    FOLLOWERS.indexOf(follower),
    DEVICES.indexOf(device),
    referrer,
    count,
    lastAt,
  ])
}

function totalsOf(tallies: readonly ClickTally[]): readonly (readonly number[])[] {
  const totals = new Map<number, { counts: Record<Follower, number>; lastPersonAt: number }>()
  for (const { linkId, follower, count, lastAt } of tallies) {
    const total = totals.get(linkId) ?? {
      counts: { person: 0, repeat: 0, bot: 0, preview: 0 },
      lastPersonAt: 0,
    }
    total.counts[follower] += count
    if (follower === 'person') total.lastPersonAt = Math.max(total.lastPersonAt, lastAt)
    totals.set(linkId, total)
  }
  return [...totals].map(
    ([
      linkId,
      {
        counts: { person, repeat, bot, preview },
        lastPersonAt,
      },
    ]) => [linkId, person, repeat, bot, preview, lastPersonAt],
  )
}

export function* clicksOf(
  { id, siteId }: Pick<StoredLink, 'id' | 'siteId'>,
  limit: number,
): Query<readonly ClickTally[]> {
  const rows = yield* all(
    `select c.link_id, c.hour, c.follower, c.device, c.referrer, c.clicks, c.last_at
     from clicks c join links l on l.id = c.link_id where l.id = ? and l.site_id = ?
     order by c.hour desc, c.last_at desc, c.follower, c.device, c.referrer limit ?`,
    id,
    siteId,
    limit,
  )
  return rows.map(toTally)
}

export function* purgeVisits(_: Context, before: number): Query<number> {
  const rows = yield* all(
    `delete from link_visits where visit in
       (select visit from link_visits where seen_at < ? order by seen_at limit ${CLICK_PURGE_BATCH} {skip})
     returning 1 as gone`,
    before,
  )
  return rows.length
}

/**
 * Forgets hours before one of the next links after an id; answers the last of them, or undefined at the end. Without an
 * index by hour, which every click would have to keep.
 */
export function* purgeHours(
  _: Context,
  after: number,
  before: number,
): Query<{ readonly gone: number; readonly last: number | undefined }> {
  const next = yield* one(
    `select max(id) as last from (select id from links where id > ? order by id limit ${CLICK_PURGE_BATCH}) next_ones`,
    after,
  )
  const last = next && optionalNumber(next, 'last')
  if (last === undefined) return { gone: 0, last }
  const rows = yield* all(
    'delete from clicks where link_id > ? and link_id <= ? and hour < ? returning 1 as gone',
    after,
    last,
    before,
  )
  return { gone: rows.length, last }
}

function toTally(row: Row): ClickTally {
  return {
    linkId: number(row, 'link_id'),
    hour: number(row, 'hour'),
    // Written by addClicks alone.
    follower: FOLLOWERS[number(row, 'follower')] ?? 'bot',
    device: DEVICES[number(row, 'device')] ?? 'other',
    referrer: text(row, 'referrer'),
    count: number(row, 'clicks'),
    lastAt: number(row, 'last_at'),
  }
}
