// How often which method was called with which outcome, per site, day and context id.

import { FIRST_FAILURE, OTHER_CID, type ReportBy, type ReportRow, type Tally } from '../core/report-store.ts'
import { all, one, type Query, type Row } from './query.ts'
import { number, text } from './row.ts'
import type { Context } from './sealed.ts'

export function* addTallies(_: Context, tallies: readonly Tally[], cidsPerDay: number): Query<void> {
  const names = new Map<string, string>()
  for (const tally of tallies) {
    const { siteId, day, method, code, calls } = tally
    const key = `${siteId} ${day} ${tally.cid}`
    const cid = names.get(key) ?? (yield* nameOf(tally, cidsPerDay))
    names.set(key, cid)
    yield* one(
      `insert into reports (site_id, day, method, code, cid, calls)
       select id, cast(? as {integer}), cast(? as text), cast(? as {integer}), cast(? as text), cast(? as {integer})
       from sites where id = ?
       on conflict (site_id, day, method, code, cid) do update set calls = reports.calls + excluded.calls`,
      day,
      method,
      code,
      cid,
      calls,
      siteId,
    )
  }
}

/** The context id, or what stands for those beyond the bound. */
function* nameOf({ siteId, day, cid }: Tally, cidsPerDay: number): Query<string> {
  if (cid === '' || cid === OTHER_CID) return cid
  if (yield* isNamed(siteId, day, cid)) return cid
  const added = yield* one(
    `insert into report_cids (site_id, day, cid)
     select id, cast(? as {integer}), cast(? as text) from sites
     where id = ? and (select count(*) from report_cids where site_id = ? and day = ?) < ?
     on conflict do nothing returning cid`,
    day,
    cid,
    siteId,
    siteId,
    day,
    cidsPerDay,
  )
  // Another process may have added it in between.
  return added || (yield* isNamed(siteId, day, cid)) ? cid : OTHER_CID
}

function* isNamed(siteId: number, day: number, cid: string): Query<boolean> {
  const row = yield* one(
    'select 1 as one from report_cids where site_id = ? and day = ? and cid = ?',
    siteId,
    day,
    cid,
  )
  return row !== undefined
}

const KEYS = { cid: 'cid, method', method: 'method, code', day: 'day' } as const
export function* readReport(
  siteId: number,
  by: ReportBy,
  from: number,
  to: number,
  limit: number,
): Query<readonly ReportRow[]> {
  const rows = yield* all(
    `select ${KEYS[by]}, cast(sum(calls) as {integer}) as calls,
       cast(sum(case when code >= ${FIRST_FAILURE} then calls else 0 end) as {integer}) as failed
     from reports where site_id = ? and day >= ? and day <= ?
     group by ${KEYS[by]} order by ${by === 'day' ? '' : 'cast(sum(calls) as {integer}) desc, '}${KEYS[by]} limit ?`,
    siteId,
    from,
    to,
    limit,
  )
  return rows.map((row) => toReportRow(row, by))
}

function toReportRow(row: Row, by: ReportBy): ReportRow {
  const counts = { calls: number(row, 'calls'), failed: number(row, 'failed') }
  if (by === 'day') return { day: number(row, 'day'), ...counts }
  if (by === 'method') return { method: text(row, 'method'), code: number(row, 'code'), ...counts }
  return { cid: text(row, 'cid'), method: text(row, 'method'), ...counts }
}

/** Days of sites that are deleted in one transaction. */
export const REPORT_PURGE_BATCH = 20

export function* purgeReports(
  _: Context,
  beforeDay: number,
): Query<{ readonly days: number; readonly rows: number }> {
  const days = yield* all(
    `select distinct site_id, day from reports where day < ? limit ${REPORT_PURGE_BATCH}`,
    beforeDay,
  )
  let rows = 0
  for (const row of days) {
    const [siteId, day] = [number(row, 'site_id'), number(row, 'day')]
    const gone = yield* all(
      'delete from reports where site_id = ? and day = ? returning 1 as one',
      siteId,
      day,
    )
    yield* all('delete from report_cids where site_id = ? and day = ?', siteId, day)
    rows += gone.length
  }
  return { days: days.length, rows }
}
