// Database values to ours and back. A column of another type than promised is our fault, never silently accepted.

import { GatewayError } from '../core/errors.ts'
import type { Row } from './query.ts'

/** A text column. */
export function text(row: Row, column: string): string {
  const value = row[column]
  return typeof value === 'string' ? value : wrong(column)
}

/** An integer column, at most 53 bits. */
export function number(row: Row, column: string): number {
  const value = row[column]
  return typeof value === 'number' ? value : wrong(column)
}

/** A text column that may be null, which becomes undefined. */
export function optionalText(row: Row, column: string): string | undefined {
  const value = row[column]
  if (typeof value === 'string') return value
  return value === null ? undefined : wrong(column)
}

/** An integer column that may be null, which becomes undefined. */
export function optionalNumber(row: Row, column: string): number | undefined {
  const value = row[column]
  if (typeof value === 'number') return value
  return value === null ? undefined : wrong(column)
}

/** A column of bytes. */
export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column]
  return value instanceof Uint8Array ? value : wrong(column)
}

/** JSON written by `toJson` of the same type: the one place where a stored value regains its type unchecked. */
export function fromJson<T extends object>(json: string): T {
  return JSON.parse(json) as T
}

/** A value as JSON; `invalid_request` when a text in it holds NUL. */
export function toJson(value: object): string {
  const json = JSON.stringify(value)
  // An even number of backslashes before it, or none: the escape of NUL and not the text of one.
  if (json.includes('\\u0000') && /(?<!\\)(?:\\\\)*\\u0000/.test(json)) {
    throw new GatewayError('invalid_request', 'Text must not contain the character NUL.')
  }
  return json
}

/** The row that a statement cannot fail to return. */
export function sure<T>(row: T | undefined): T {
  if (row === undefined)
    throw new GatewayError('internal', 'The database returned no row where there must be one.')
  return row
}

function wrong(column: string): never {
  throw new GatewayError('internal', `The database returned an unexpected value for ${column}.`)
}
