// What a network sent, as a value.

import { parseExactly } from '../core/exact-json.ts'

/**
 * Parsed JSON, integers beyond 2^53 as text with all their digits; the text itself where it is no JSON.
 */
export function parseBody(text: string): unknown {
  if (!/^\s*[[{"\d\-tfn]/.test(text)) return text
  try {
    return parseExactly(text)
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return text
    throw error
  }
}

/** Takes secrets of at least so many characters out of a text, as spelled and as spelled in an address. */
export function mask(text: string, secrets: readonly string[], { shortest = 4 } = {}): string {
  return secrets.reduce((masked, secret) => {
    if (secret.length < shortest) return masked
    const encoded = encodeURIComponent(secret)
    const once = masked.replaceAll(secret, MASK)
    return encoded === secret ? once : once.replaceAll(encoded, MASK)
  }, text)
}

const MASK = '***'

/** A member of an object that is text, or undefined. */
export function textAt(value: unknown, name: string): string | undefined {
  const member = memberAt(value, name)
  return typeof member === 'string' ? member : undefined
}

/** A member of an object that is a number, or a number written as text; undefined otherwise. */
export function numberAt(value: unknown, name: string): number | undefined {
  const member = memberAt(value, name)
  const number = typeof member === 'string' && member.trim() !== '' ? Number(member) : member
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

function memberAt(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
