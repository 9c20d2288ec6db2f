// Text as it stands in a target or a form: percent escapes, plus signs, bytes beyond ASCII.

import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../core/errors.ts'
import type { Pair, WireRequest } from './dialect.ts'

const PERCENT = 0x25
const PLUS = 0x2b
const SPACE = 0x20

/** Pairs that one query or one form may hold, unless the front's options say otherwise. */
export const PAIRS_DEFAULT = 1_000

interface Spelling {
  /** `+` means a space, as in forms. Default true. */
  readonly plusIsSpace?: boolean
  /** More than so many pairs are `too_large`. Default 1,000. */
  readonly limit?: number
}

/** A query's names and values, decoded, doubled ones kept; `invalid_request` on NUL and on what is not UTF-8. */
export function queryPairs(query: string | undefined, spelling?: Spelling): readonly Pair[] {
  return query ? readPairs(query, spelling) : NO_PAIRS
}

/** A form body's names and values; none where the body is not a form, whatever its Content-Type pretends. */
export function formPairs(request: Pick<WireRequest, 'headers' | 'body'>, spelling?: Spelling) {
  return isForm(request) ? readPairs(request.body.toString('latin1'), spelling) : NO_PAIRS
}

/**
 * Bytes (as latin1 text) with their percent escapes undone, read as UTF-8; undefined when they are not UTF-8. An escape
 * that is none stays as it is spelled.
 */
export function decode(text: string, { plusIsSpace = false } = {}): string | undefined {
  if (isPlain(text, plusIsSpace)) return text
  const bytes = toBytes(text, plusIsSpace)
  return isUtf8(bytes) ? bytes.toString() : undefined
}

/** Like `decode`, with U+FFFD for what is not UTF-8 and for NUL: for showing, not for looking up. */
export function decodeLoosely(text: string): string {
  return toBytes(text, false).toString().replaceAll('\0', '\ufffd')
}

const NO_PAIRS: readonly Pair[] = []

function isForm({ headers, body }: Pick<WireRequest, 'headers' | 'body'>): boolean {
  if (body.length === 0) return false
  // OneAll's and Tencent's PHP clients send JSON under curl's default type, a form.
  const type = headers['content-type']
  if (type === undefined || !type.toLowerCase().startsWith('application/x-www-form-urlencoded')) return false
  let first = 0
  while (isBlank(body[first])) first++
  return body[first] !== 0x7b
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function readPairs(text: string, { plusIsSpace = true, limit = PAIRS_DEFAULT }: Spelling = {}): Pair[] {
  const pairs: Pair[] = []
  for (let start = 0; start <= text.length; ) {
    const ampersand = text.indexOf('&', start)
    const end = ampersand === -1 ? text.length : ampersand
    if (end > start) {
      if (pairs.length === limit)
        throw new GatewayError('too_large', `There are more than ${limit} parameters.`)
      pairs.push(readPair(text.slice(start, end), plusIsSpace))
    }
    start = end + 1
  }
  return pairs
}

function readPair(text: string, plusIsSpace: boolean): Pair {
  const equals = text.indexOf('=')
  const name = decode(equals === -1 ? text : text.slice(0, equals), { plusIsSpace })
  if (name === undefined || name.includes('\0')) {
    throw new GatewayError('invalid_request', 'The name of a parameter is not UTF-8 text without NUL.')
  }
  const value = equals === -1 ? '' : decode(text.slice(equals + 1), { plusIsSpace })
  if (value !== undefined && !value.includes('\0')) return [name, value]
  throw new GatewayError('invalid_request', 'The value of a parameter is not UTF-8 text without NUL.', {
    field: name,
  })
}

function isPlain(text: string, plusIsSpace: boolean): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === PERCENT || code > 0x7f || (plusIsSpace && code === PLUS)) return false
  }
  return true
}

function toBytes(text: string, plusIsSpace: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(text.length)
  let length = 0
  for (let at = 0; at < text.length; at++) {
    let byte = text.charCodeAt(at)
    if (byte === PERCENT) {
      const escaped = hexDigit(text.charCodeAt(at + 1)) * 16 + hexDigit(text.charCodeAt(at + 2))
      if (!Number.isNaN(escaped)) {
        byte = escaped
        at += 2
      }
    } else if (plusIsSpace && byte === PLUS) byte = SPACE
    bytes[length++] = byte
  }
  return bytes.subarray(0, length)
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN
}
