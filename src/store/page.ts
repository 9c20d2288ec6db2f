// One page of a list in one statement: counted, clamped and read under the same snapshot of the database.

import type { PageOf, PageQuery } from '../core/model.ts'
import type { Query, Row } from './query.ts'
import { number } from './row.ts'

/** Entries on one page at most. */
export const PAGE_MAX = 1000

interface PageSpec<T> {
  /** Table with columns site_id, created_at and id, all in one index. */
  readonly table: string
  /** What to read, from the table as `t` and the joins. */
  readonly columns: string
  readonly joins?: string
  /** A further condition, on the table alone. */
  readonly where?: string
  /** Order of the rows within one entry. */
  readonly within?: string
  /** Rows of the page, in order, as entries. */
  collect(rows: readonly Row[]): readonly T[]
}

const COLUMNS = { createdAt: 'created_at', lastLoginAt: 'last_login_at' } as const
const OPERATORS = { gt: '>', lt: '<' } as const

/**
 * A page of a site's rows in order of creation. The page is clamped to 1…totalPages, the size to 1…1,000. Only an
 * index is walked to find the place; whole rows are read for the page alone.
 */
export function* readPage<T>(spec: PageSpec<T>, siteId: number, query: PageQuery): Query<PageOf<T>> {
  const { filter } = query
  const direction = query.direction === 'desc' ? 'desc' : 'asc'
  const size = clamp(query.size, PAGE_MAX)
  const page = clamp(query.page, Number.MAX_SAFE_INTEGER / PAGE_MAX)
  const conditions = [
    'site_id = ?',
    spec.where,
    filter && `${COLUMNS[filter.field]} ${OPERATORS[filter.operator]} ?`,
  ]
    .filter(Boolean)
    .join(' and ')
  const values = filter ? [siteId, clampTime(filter.value)] : [siteId]
  const start = (page - 1) * size
  const rows = yield {
    sql: `with total as (select count(*) as entries from ${spec.table} where ${conditions}),
      spot as (
        select case when entries > ? then ? when entries = 0 then 0 else (entries - 1) / cast(? as {integer}) * cast(? as {integer}) end as start from total
      ),
      chosen as (
        select id from ${spec.table} where ${conditions} order by created_at ${direction}, id ${direction}
        limit ? offset (select start from spot)
      )
      select ${spec.columns}, (select entries from total) as total_entries
      from chosen join ${spec.table} t on t.id = chosen.id ${spec.joins ?? ''}
      order by t.created_at ${direction}, t.id ${direction}${spec.within ? `, ${spec.within}` : ''}`,
    params: [...values, start, start, size, size, ...values, size],
  }
  const totalEntries = rows[0] ? number(rows[0], 'total_entries') : 0
  const totalPages = Math.max(1, Math.ceil(totalEntries / size))
  return {
    entries: spec.collect(rows),
    page: Math.min(page, totalPages),
    size,
    direction,
    totalPages,
    totalEntries,
  }
}

function clamp(value: number, max: number): number {
  return value >= 1 ? Math.floor(Math.min(value, max)) : 1
}

/** Any number as a time that both engines can compare. */
function clampTime(value: number): number {
  if (Number.isNaN(value)) return 0
  return Math.trunc(Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))
}
