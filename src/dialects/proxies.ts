// What a request went through before it came here: believed only where a configured proxy says it.

import { BlockList, isIP } from 'node:net'
import { createTwoGenerations } from '../core/two-generations.ts'

/** Addresses of which is remembered whether they are a proxy's: to look through the ranges costs microseconds. */
const REMEMBERED = 10_000
/** The longest there are, with a zone: others are none. */
const ADDRESS_LENGTH = 64

export interface Seen {
  readonly address: string
  readonly scheme?: 'http' | 'https'
  readonly host?: string
}

/** What is to be believed of address, scheme and host, given the peer and the request's headers. */
export type Sight = (peer: string, headers: Readonly<Record<string, string>>) => Seen

/**
 * Believes X-Forwarded-For, -Proto and -Host of these peers (addresses or CIDR ranges) and nobody else; throws on a
 * range that is none. Of a list only what the nearest proxy wrote counts: the rest may be the client's invention.
 */
export function createSight(proxies: readonly string[]): Sight {
  if (proxies.length === 0) return (peer) => ({ address: plainAddress(peer) })
  const trusted = toBlockList(proxies)
  const known = createTwoGenerations<string, boolean>(REMEMBERED)
  const isTrusted = (address: string) => {
    const before = known.get(address)
    if (before !== undefined) return before
    const is = isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
    if (address.length <= ADDRESS_LENGTH) known.set(address, is)
    return is
  }

  return (peer, headers) => {
    const address = plainAddress(peer)
    if (!isTrusted(address)) return { address }
    const scheme = lastOf(headers['x-forwarded-proto'])?.toLowerCase()
    return {
      address: clientOf(headers['x-forwarded-for'], address, isTrusted),
      scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
      host: lastOf(headers['x-forwarded-host']),
    }
  }
}

/** From the right, the first address that is not one of our proxies'. */
function clientOf(header: string | undefined, peer: string, isTrusted: (address: string) => boolean): string {
  let nearest = peer
  for (const entry of (header ?? '').split(',').reverse()) {
    const address = plainAddress(entry.trim())
    if (isIP(address) === 0) return nearest
    nearest = address
    if (!isTrusted(address)) return nearest
  }
  return nearest
}

function lastOf(header: string | undefined): string | undefined {
  const last = header?.slice(header.lastIndexOf(',') + 1).trim()
  return last === '' ? undefined : last
}

// A socket that listens on both families shows IPv4 as `::ffff:192.0.2.1`.
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function toBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address)
    const prefix = bits === undefined ? (family === 6 ? 128 : 32) : Number(bits)
    if (
      family === 0 ||
      bits === '' ||
      !Number.isInteger(prefix) ||
      prefix < 0 ||
      prefix > (family === 6 ? 128 : 32)
    ) {
      throw new Error(`'${range}' is no address and no CIDR range.`)
    }
    list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}
