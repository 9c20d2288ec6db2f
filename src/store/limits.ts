import { all, one, type Query } from './query.ts'
import { number } from './row.ts'
import type { Context } from './sealed.ts'

export function* limitUntil(scope: string): Query<number | undefined> {
  const row = yield* one('select until_at from limits where scope = ? and until_at > {now}', scope)
  return row && number(row, 'until_at')
}

/** Of two blocks of one scope the longer one counts; blocks that have passed are deleted on the way. */
export function* blockUntil(_: Context, scope: string, until: number): Query<void> {
  yield* all('delete from limits where until_at <= {now}')
  yield* one(
    `insert into limits (scope, until_at) values (?, ?)
     on conflict (scope) do update set until_at =
       case when limits.until_at < excluded.until_at then excluded.until_at else limits.until_at end`,
    scope,
    until,
  )
}
