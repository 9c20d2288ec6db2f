// What stands in a body, read by hand: a batch has a thousand lines, and each is looked at once. A body that does not
// have the documented shape is refused whole; what is wrong with one line is that line's affair.

import { GatewayError } from '../../core/errors.ts'
import type { WireRequest } from '../dialect.ts'
import { parseJsonBody } from '../json-body.ts'
import { TencentError } from './errors.ts'

/** Any JSON object of a body. `null` and `''` count as absent where a field is optional. */
export type Fields = Readonly<Record<string, unknown>>

/** The numbers that a shape which is not the documented one has in a service. */
export type WrongShape = 30001 | 40001 | 70402

/** The body, whatever its Content-Type; 60003 unless it is a JSON object. */
export function readBody(request: Pick<WireRequest, 'body'>): Fields {
  const body = parseBody(request)
  if (isObject(body)) return body
  throw new TencentError(60003)
}

function parseBody(request: Pick<WireRequest, 'body'>): unknown {
  try {
    // Nothing here is longer than 32 bits, and a number is never a text, however long it is.
    return parseJsonBody(request, { keepsDigits: false })
  } catch (error) {
    // It names a field where the JSON is sound but holds a NUL: that is a parameter like any other.
    if (error instanceof GatewayError && error.field === undefined) {
      throw new TencentError(60003, { info: error.message })
    }
    throw error
  }
}

/** A required account; 60015 where it is something else than a string. */
export function readAccount(fields: Fields, name: string, wrong: WrongShape): string {
  const account = fields[name]
  if (isAbsent(account)) throw missing(name, wrong)
  return toAccount(account, name)
}

/** A required list of accounts, 1 to `max`. */
export function readAccounts(fields: Fields, name: string, wrong: WrongShape, max: number): string[] {
  const list = readList(fields, name, wrong, max)
  if (list.length === 0) throw missing(name, wrong)
  return list.map((account) => toAccount(account, name))
}

/** A list of at most `max`; empty when absent. */
export function readList(fields: Fields, name: string, wrong: WrongShape, max: number): readonly unknown[] {
  const list = fields[name]
  if (isAbsent(list)) return []
  if (!Array.isArray(list)) throw undecodable(name, 'an array', wrong)
  if (list.length > max) throw tooMany(name, max, wrong)
  return list
}

/** A required list of objects, 1 to `max`. */
export function readItems(fields: Fields, name: string, wrong: WrongShape, max: number): readonly Fields[] {
  const list = readList(fields, name, wrong, max)
  if (list.length === 0) throw missing(name, wrong)
  return list.map((item) => {
    if (isObject(item)) return item
    throw undecodable(name, 'an array of objects', wrong)
  })
}

/** A list of texts of at most `max`; empty when absent. */
export function readTexts(fields: Fields, name: string, wrong: WrongShape, max: number): string[] {
  return readList(fields, name, wrong, max).map((text) => {
    if (typeof text === 'string') return text
    throw undecodable(name, 'an array of strings', wrong)
  })
}

/** An optional text. */
export function readText(fields: Fields, name: string, wrong: WrongShape): string | undefined {
  const text = fields[name]
  if (isAbsent(text)) return undefined
  if (typeof text === 'string') return text
  throw undecodable(name, 'a string', wrong)
}

/** An optional integer from 0 to 2^32 − 1; decimal text will do. */
export function readInteger(fields: Fields, name: string, wrong: WrongShape): number | undefined {
  const value = fields[name]
  if (isAbsent(value)) return undefined
  const integer = toUint32(value)
  if (integer === undefined) throw undecodable(name, 'an integer from 0 to 4294967295', wrong)
  return integer
}

/** The value as an integer from 0 to 2^32 − 1, from a number or from decimal text; undefined for anything else. */
export function toUint32(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  const isUint32 = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number < 2 ** 32
  return isUint32 ? number : undefined
}

/** One of these words, the first when absent. */
export function readWord<const Word extends string>(
  fields: Fields,
  name: string,
  words: readonly [Word, ...Word[]],
  wrong: WrongShape,
): Word {
  const text = readText(fields, name, wrong)
  if (text === undefined) return words[0]
  const word = words.find((each) => each === text)
  if (word === undefined) throw undecodable(name, `one of ${words.filter(Boolean).join(', ')}`, wrong)
  return word
}

/** Whether an optional field was left out, as the known clients do it. */
export function isAbsent(value: unknown): value is undefined | null | '' {
  return value === undefined || value === null || value === ''
}

/** A list of nothing. */
export function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function missing(name: string, wrong: WrongShape): TencentError {
  return new TencentError(wrong, { info: `${DECODE_ERROR[wrong]}: ${name} is missing.` })
}

function toAccount(account: unknown, name: string): string {
  if (typeof account === 'string') return account
  throw new TencentError(60015, { info: `An account in ${name} is not a string.` })
}

function tooMany(name: string, max: number, wrong: WrongShape): TencentError {
  return new TencentError(wrong, { info: `${DECODE_ERROR[wrong]}: ${name} has more than ${max} entries.` })
}

/** A field of another type than documented. */
export function undecodable(name: string, wanted: string, wrong: WrongShape): TencentError {
  return new TencentError(wrong, { info: `${DECODE_ERROR[wrong]}: ${name} must be ${wanted}.` })
}

// How real replies of each service begin: https://cloud.tencent.com/developer/ask/227244
const DECODE_ERROR: Readonly<Record<WrongShape, string>> = {
  30001: 'SNS_DECODE_ERR',
  40001: 'Err_Profile_Comm_Decode_Fail',
  70402: 'Err_Account_Decode_Fail',
}
