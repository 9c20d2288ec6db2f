// Who has whom: one statement for any number of names.

import type { Related } from '../core/graph-model.ts'
import { idOf, noAccount, OWNER, ownerParams } from './graph-accounts.ts'
import { keyOf } from './graph-edges.ts'
import { all, type Query, type Row } from './query.ts'
import { number, toJson } from './row.ts'

/** Rows of a table of pairs between the account and the named ones, in the order of the names. */
export function* relations(
  table: 'friends' | 'blocks',
  siteId: number,
  account: string,
  names: readonly string[],
  isMutual: boolean,
): Query<readonly Related[]> {
  const exists = (from: string, to: string) => {
    const isPair = table === 'friends' ? `key = ${keyOf(from, to)}` : `from_id = ${from} and to_id = ${to}`
    return `case when exists (select 1 from ${table} where ${isPair}) then 1 else 0 end`
  }
  const me = '(select id from owner)'
  // The first row is the account itself: without one, there is none.
  const rows = yield* all(
    `with ${OWNER}
     select -1 as "index", 1 as is_account, 0 as mine, 0 as theirs from owner
     union all
     select item.key - {first}, coalesce(u.is_account, 0),
       ${exists(me, 'u.id')}, ${isMutual ? exists('u.id', me) : '0'}
     from {names} left join users u on u.id = ${idOf('item.value')}`,
    ...ownerParams(siteId, account),
    toJson(names),
    siteId,
    siteId,
  )
  const found = new Map(rows.map((row) => [number(row, 'index'), row]))
  if (!found.has(-1)) throw noAccount()
  return names.map((name, index) => toRelated(name, found.get(index)))
}

function toRelated(account: string, row: Row | undefined): Related {
  if (!row || number(row, 'is_account') === 0) return { account, code: 'no_account', relation: 'none' }
  const [mine, theirs] = [number(row, 'mine') === 1, number(row, 'theirs') === 1]
  const relation = mine && theirs ? 'both' : mine ? 'mine' : theirs ? 'theirs' : 'none'
  return { account, code: 'ok', relation }
}
