// A JSON body as a value, whatever its Content-Type: many clients send JSON under a form's type or under none.

import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../core/errors.ts'
import type { WireRequest } from './dialect.ts'

/**
 * The body's value, undefined when there is no body; `invalid_request` names position or field. Integers that a number
 * cannot hold come as their digits (a string), or as the nearest number where `keepsDigits` is false; `__proto__`
 * members are left out; NUL is refused.
 */
export function parseJsonBody(
  { body }: Pick<WireRequest, 'body'>,
  { depth = 64, keepsDigits = true } = {},
): unknown {
  if (body.length === 0) return undefined
  if (!isUtf8(body)) throw new GatewayError('invalid_request', 'The body is not UTF-8 text.')
  // A byte order mark is no JSON (RFC 8259, 8.1), but some editors' files begin with one.
  const text = body.toString('utf8', body[0] === 0xef ? 3 : 0)
  if (isBlank(text)) return undefined
  checkDepth(text, depth)
  try {
    return JSON.parse(text, NEEDS_CARE.test(text) ? (keepsDigits ? reviveDigits : revive) : undefined)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('invalid_request', `The body is not JSON: ${faultOf(text)}.`)
  }
}

// Digits beyond 2^53, and escapes or names that need a look.
const NEEDS_CARE = /\d{16}|__proto__|\\u00(?:00|5f)/i
const WHOLE_NUMBER = /^-?\d+$/

function revive(name: string, value: unknown): unknown {
  if (name === '__proto__') return undefined
  if (name.includes('\0') || (typeof value === 'string' && value.includes('\0'))) {
    const field = name.replaceAll('\0', '')
    throw new GatewayError('invalid_request', `The member '${field}' holds a NUL character.`, { field })
  }
  return value
}

function reviveDigits(name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const kept = revive(name, value)
  if (typeof kept !== 'number' || Number.isSafeInteger(kept)) return kept
  const source = context?.source
  return source !== undefined && WHOLE_NUMBER.test(source) ? source : kept
}

function isBlank(text: string): boolean {
  const first = text.charCodeAt(0)
  return (text === '' || first <= 0x20) && text.trim() === ''
}

function checkDepth(text: string, most: number): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > most) {
        throw new GatewayError('invalid_request', `The body is nested deeper than ${most} levels (at ${at}).`)
      }
    } else if (code === 0x7d || code === 0x5d) depth--
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Where the string that begins here ends; the text's end when it does not. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null)(?![\w.+-])/iy

/** Where a text that is no JSON stops being JSON, in words; positions count characters from 0. */
function faultOf(text: string): string {
  const open: string[] = []
  let expected: 'value' | 'valueOrEnd' | 'name' | 'nameOrEnd' | 'colon' | 'next' = 'value'
  for (let at = 0; at < text.length; at++) {
    const sign = text.charAt(at)
    if (' \t\n\r'.includes(sign)) continue
    const around = open.at(-1)
    const wantsValue: boolean = expected === 'value' || expected === 'valueOrEnd'
    const closes = sign === '}' ? '{' : sign === ']' ? '[' : undefined
    if (closes !== undefined && around === closes && (expected === 'next' || expected.endsWith('OrEnd'))) {
      open.pop()
      expected = 'next'
    } else if (wantsValue && (sign === '{' || sign === '[')) {
      open.push(sign)
      expected = sign === '{' ? 'nameOrEnd' : 'valueOrEnd'
    } else if (sign === '"' && (wantsValue || expected.startsWith('name'))) {
      const end = endOfString(text, at)
      if (end === text.length) return `the string at ${at} does not end`
      if (!isString(text.slice(at, end + 1))) return `the string at ${at} holds what a string may not hold`
      at = end
      expected = wantsValue ? 'next' : 'colon'
    } else if (expected === 'colon' && sign === ':') expected = 'value'
    else if (expected === 'next' && sign === ',' && around) expected = around === '{' ? 'name' : 'value'
    else {
      SCALAR.lastIndex = at
      if (!wantsValue || !SCALAR.test(text)) return `unexpected character at ${at}`
      at = SCALAR.lastIndex - 1
      expected = 'next'
    }
  }
  return 'it ends before it is complete'
}

function isString(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'string'
  } catch {
    // Not a string: that is the answer.
    return false
  }
}
