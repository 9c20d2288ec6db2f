// A question to the database as a generator: it yields SQL and is given rows. It cannot wait for anything else, so no
// transaction is ever held while something slow goes on; and who drives it decides on the engine.

import { GatewayError } from '../core/errors.ts'

/** What SQL takes as a parameter. */
export type Param = string | number | bigint | null | Uint8Array

/** One row, columns by name as the database gave them. */
export type Row = Readonly<Record<string, unknown>>

export interface Statement {
  /** With `?` for parameters and `{words}` of engine.ts. The set of texts is finite: each is prepared and kept. */
  readonly sql: string
  readonly params: readonly Param[]
  /** Nothing follows, whatever the answer: alone it needs no transaction around it. */
  readonly isLast?: boolean
  /** Run once for each of these instead, in their order; there are no rows to answer. */
  readonly each?: readonly (readonly Param[])[]
  /** What stands for `{tuples}` once for each row; `params` are those of all rows, there are no rows to answer. */
  readonly tuple?: string
}

/** A store method: yields statements, is given their rows, returns its answer. */
export type Query<T> = Generator<Statement, T, readonly Row[]>

/** Rows of one statement. */
export function* all(sql: string, ...params: readonly Param[]): Query<readonly Row[]> {
  return yield { sql, params }
}

/** The only row of one statement, or undefined. */
export function* one(sql: string, ...params: readonly Param[]): Query<Row | undefined> {
  const rows = yield { sql, params }
  return rows[0]
}

/** One statement again and again: on SQLite in two thirds of the time that the same rows take as one JSON text. */
export function* each(sql: string, rows: readonly (readonly Param[])[]): Query<void> {
  yield { sql, params: [], each: rows }
}

/** Thrown by a query that met a row somebody else had just changed: the driver begins it again. */
export class Again extends Error {}

/**
 * Many rows of one `insert … values {tuples}`, in their order, all their parameters in one list: a quarter less time
 * than one by one.
 */
export function* tuples(sql: string, tuple: string, params: readonly Param[]): Query<void> {
  if (params.length > 0) yield { sql, tuple, params }
}

/** Rows of one run: with more, nothing is won. */
const ROWS_A_RUN = 20

/** What to run for a statement: itself, or as often as its rows want. Of one text, only two come of it. */
export function runsOf({
  sql,
  params,
  each,
  tuple,
}: Statement): readonly Pick<Statement, 'sql' | 'params'>[] {
  if (each) return each.map((row) => ({ sql, params: row }))
  if (tuple === undefined) return [{ sql, params }]
  const width = tuple.split('?').length - 1
  const many = sql.replace('{tuples}', new Array<string>(ROWS_A_RUN).fill(tuple).join())
  const single = sql.replace('{tuples}', tuple)
  const runs: Pick<Statement, 'sql' | 'params'>[] = []
  for (let at = 0; at < params.length; ) {
    const isMany = params.length - at >= ROWS_A_RUN * width
    const end = at + (isMany ? ROWS_A_RUN * width : width)
    runs.push({ sql: isMany ? many : single, params: params.slice(at, end) })
    at = end
  }
  return runs
}

/**
 * Parameters as both engines take them: numbers are integers everywhere, so fractions are cut off. Fails with
 * `invalid_request` when a text holds NUL, which PostgreSQL cannot store.
 */
export function bindable(params: readonly Param[]): readonly Param[] {
  let cut: Param[] | undefined
  for (let index = 0; index < params.length; index += 1) {
    const param = params[index]
    if (typeof param === 'string') {
      if (!param.includes('\0')) continue
      throw new GatewayError('invalid_request', 'Text must not contain the character NUL.')
    }
    if (typeof param !== 'number' || Number.isSafeInteger(param)) continue
    if (!Number.isSafeInteger(Math.trunc(param))) {
      throw new GatewayError('invalid_request', 'A number is out of range.')
    }
    cut ??= [...params]
    cut[index] = Math.trunc(param)
  }
  return cut ?? params
}
