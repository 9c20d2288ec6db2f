// Who is meant: names of accounts to users of the site, kept from changing while a write is under way.

import { GatewayError } from '../core/errors.ts'
import type { GraphCode, Line } from '../core/graph-model.ts'
import { all, type Query } from './query.ts'
import { number, optionalText, toJson } from './row.ts'

export interface Account {
  readonly id: number
  /** uid, else token. */
  readonly name: string
}

/** A line with the account it means, or with what is wrong with it. */
export type Met<T extends Line> =
  | { readonly line: T; readonly other: Account; readonly flaw?: undefined }
  | { readonly line: T; readonly other?: undefined; readonly flaw: GraphCode }

/** The id of a user by any of its names, for a query about one site; takes the site's id twice. */
export function idOf(name: string): string {
  return `coalesce(
    (select named.id from users named where named.site_id = ? and named.uid = ${name}),
    (select named.id from users named where named.site_id = ? and named.token = ${name}))`
}

/** The account acted for, as a table `owner` of one row or none; takes the site's id and the name, see `ownerParams`. */
export const OWNER = `owner as (
  select o.id from users o where o.is_account = 1 and o.id = ${idOf('?')}
)`

/** What `OWNER` takes. */
export function ownerParams(siteId: number, account: string): readonly (string | number)[] {
  return [siteId, account, siteId, account]
}

/**
 * Users by name, in the order of the names; undefined where there is none. `stay`: they stay accounts until the end of
 * the transaction; `change`: nobody else changes them until then. Locks are taken in order of id.
 */
export function* findUsers(
  siteId: number,
  names: readonly string[],
  lock: 'stay' | 'change',
): Query<readonly ((Account & { readonly isAccount: boolean }) | undefined)[]> {
  const rows = yield* all(
    `select item.key - {first} as "index", u.id, nullif(coalesce(u.uid, u.token), item.value) as name, u.is_account
     from {names} cross join users u where u.id = ${idOf('item.value')} {${lock}}`,
    toJson(names),
    siteId,
    siteId,
  )
  const found = new Array<(Account & { readonly isAccount: boolean }) | undefined>(names.length).fill(
    undefined,
  )
  for (const row of rows) {
    const index = number(row, 'index')
    // Nearly everybody is named by the name that is looked for: that text is here already.
    const name = optionalText(row, 'name') ?? names[index] ?? ''
    found[index] = { id: number(row, 'id'), name, isAccount: number(row, 'is_account') === 1 }
  }
  return found
}

/** The account acted for and the lines' own; all of them stay accounts until the end of the transaction. */
export function* meet<T extends Line>(
  siteId: number,
  account: string,
  lines: readonly T[],
): Query<{ readonly me: Account; readonly met: readonly Met<T>[] }> {
  const names = lines.flatMap(({ account, flaw }) => (flaw ? [] : [account]))
  const [me, ...others] = yield* findUsers(siteId, [account, ...names], 'stay')
  if (!me?.isAccount) throw noAccount()
  const next = others.values()
  return {
    me,
    met: lines.map((line): Met<T> => {
      if (line.flaw) return { line, flaw: line.flaw }
      const other = next.next().value
      return other?.isAccount ? { line, other } : { line, flaw: 'no_account' }
    }),
  }
}

/** The ids of the lines' accounts, each once. */
export function idsOf(met: readonly Met<Line>[]): number[] {
  return [...new Set(met.flatMap(({ other }) => (other ? [other.id] : [])))]
}

/** The names of those of the lines' accounts. */
export function namesOf(met: readonly Met<Line>[], ids: ReadonlySet<number>): ReadonlySet<string> {
  return new Set(met.flatMap(({ other }) => (other && ids.has(other.id) ? [other.name] : [])))
}

export function noAccount(): GatewayError {
  return new GatewayError('not_found', 'There is no such account.', { field: 'account' })
}
