import { LRUCache } from 'lru-cache'
import type { KeyRing } from './keys.ts'
import { type Place, unseal } from './seal.ts'

/** Values kept open, at most. */
const OPENED_MAX = 1024

/** `unseal` for what nearly every request asks for: a value is opened once, as long as it stays as it is. */
export function unsealOften(keys: KeyRing, place: Place, value: string): string {
  const opened = OPENED.get(keys) ?? new LRUCache<string, string>({ max: OPENED_MAX })
  OPENED.set(keys, opened)
  const name = `${place.join('\n')}\n${value}`
  const known = opened.get(name)
  if (known !== undefined) return known
  const plain = unseal(keys, place, value)
  opened.set(name, plain)
  return plain
}

const OPENED = new WeakMap<KeyRing, LRUCache<string, string>>()
