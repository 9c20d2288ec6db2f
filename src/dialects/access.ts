// Who may knock, and how often: secrets compared in constant time, wrong keys counted by address.

import { hash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { GatewayError } from '../core/errors.ts'
import type { Site } from '../core/model.ts'

/** Counts wrong credentials by address: IPv4 whole, IPv6 by its first 64 bits. Right ones are never its business. */
export interface Doorkeeper {
  noteWrongKey(address: string): void
  isRefused(address: string): boolean
  /**
   * Notes a wrong key and gives the error to throw: `unauthenticated` with this message, or `throttled` with the
   * seconds that are left, while the address is refused.
   */
  wrongKey(address: string, message: string): GatewayError
}

export interface DoorkeeperOptions {
  /** Wrong keys within the window that earn a refusal. Default 20. */
  readonly wrongKeys?: number
  /** Default 60 s. */
  readonly windowMs?: number
  /** How long an address is refused. Default 60 s. */
  readonly refusedMs?: number
  /** Addresses remembered; the one that was wrong longest ago is forgotten first. Default 10,000. */
  readonly addresses?: number
}

interface Visitor {
  /** When the last wrong keys came, oldest first. */
  wrongAt: number[]
  refusedUntil: number
}

/** A doorkeeper by this clock (milliseconds), with all its memory bounded. */
export function createDoorkeeper(options: DoorkeeperOptions, now: () => number): Doorkeeper {
  const { wrongKeys = 20, windowMs = 60_000, refusedMs = 60_000, addresses = 10_000 } = options
  const visitors = new Map<string, Visitor>()

  const refusedForMs = (address: string) => (visitors.get(toDoor(address))?.refusedUntil ?? 0) - now()

  function noteWrongKey(address: string): void {
    const door = toDoor(address)
    const at = now()
    const visitor = visitors.get(door) ?? { wrongAt: [], refusedUntil: 0 }
    if (visitor.refusedUntil > at) return
    // Put in again, so that the Map's order is the order of the last wrong key.
    visitors.delete(door)
    visitors.set(door, visitor)
    visitor.wrongAt = visitor.wrongAt.filter((earlier) => earlier > at - windowMs)
    visitor.wrongAt.push(at)
    if (visitor.wrongAt.length >= wrongKeys) {
      visitor.wrongAt = []
      visitor.refusedUntil = at + refusedMs
    }
    for (const oldest of visitors.keys()) {
      if (visitors.size <= addresses) break
      visitors.delete(oldest)
    }
  }

  return {
    noteWrongKey,
    isRefused: (address) => refusedForMs(address) > 0,
    wrongKey(address, message) {
      const refusedMs = refusedForMs(address)
      if (refusedMs > 0) {
        return new GatewayError('throttled', 'Too many wrong credentials came from this address.', {
          retryAfterSeconds: Math.ceil(refusedMs / 1_000),
        })
      }
      noteWrongKey(address)
      return new GatewayError('unauthenticated', message)
    },
  }
}

/** Whether two secrets are the same, in a time that does not tell where they differ. */
export function sameSecret(one: string, other: string): boolean {
  // No early end: what `timingSafeEqual` does, without two Buffers for each look at a key.
  let difference = one.length ^ other.length
  for (let at = 0; at < one.length; at++) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}

/** Whether this is the site's private key, of which only the SHA-256 (lower-case hex) is kept. */
export function verifyPrivateKey(site: Pick<Site, 'privateKeyHash'>, key: string): boolean {
  return sameSecret(site.privateKeyHash, hash('sha256', key))
}

// One household or one server has a whole /64: https://www.rfc-editor.org/rfc/rfc6177
function toDoor(address: string): string {
  if (!isIPv6(address)) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  const embedded = /(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  if (
    embedded !== undefined &&
    before.length === 0 &&
    after.length === 2 &&
    after[0]?.toLowerCase() === 'ffff'
  ) {
    return embedded
  }
  const missing = tail === undefined ? 0 : 8 - before.length - after.length - (embedded === undefined ? 0 : 1)
  const groups = [...before, ...Array<string>(Math.max(missing, 0)).fill('0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
