// Numbers and texts that look random and are the same on every run.

import { createHash } from 'node:crypto'

/** A 32-bit unsigned number that depends on all of its parts (murmur3's finaliser). */
export function mix(one: number, two: number, three = 0): number {
  let hash = Math.imul(one ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(two + 0x7f4a7c15, 0xc2b2ae35) ^ three
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** A 32-bit unsigned number of a text (FNV-1a). */
export function numberOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** `length` characters of base64url that depend on all of the parts; at most 86 characters. */
export function secretOf(length: number, ...parts: readonly (string | number)[]): string {
  return createHash('sha512').update(parts.join('\n')).digest('base64url').slice(0, length)
}
