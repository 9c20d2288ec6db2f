// What a request went through before it came here: believed only where a configured proxy says it.

import { BlockList, isIP } from 'node:net'
import { createTwoGenerations } from '../core/two-generations.ts'

/** Addresses of which is remembered whether they are a proxy's: to look through the ranges costs microseconds. */
const REMEMBERED = 50_000
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
  const known = createTwoGenerations<string, Who>(REMEMBERED)
  const whoIs = (address: string): Who => {
    const before = known.get(address)
    if (before !== undefined) return before
    const family = isIP(address)
    const isTrusted = family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4')
    const who = isTrusted ? 'proxy' : family === 0 ? 'nobody' : 'client'
    if (address.length <= ADDRESS_LENGTH) known.set(address, who)
    return who
  }

  return (peer, headers) => {
    const address = plainAddress(peer)
    if (whoIs(address) !== 'proxy') return { address }
    const scheme = lastOf(headers['x-forwarded-proto'])?.toLowerCase()
    return {
      address: clientOf(headers['x-forwarded-for'] ?? '', address, whoIs),
      scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined,
      host: lastOf(headers['x-forwarded-host']),
    }
  }
}

/** What an address is to us; `nobody` is none. */
type Who = 'proxy' | 'client' | 'nobody'

/** From the right, the first address that is not one of our proxies'. */
function clientOf(header: string, peer: string, whoIs: (address: string) => Who): string {
  let nearest = peer
  for (let end = header.length; end >= 0; ) {
    const comma = end === 0 ? -1 : header.lastIndexOf(',', end - 1)
    const address = plainAddress(header.slice(comma + 1, end).trim())
    const who = whoIs(address)
    if (who === 'nobody') return nearest
    nearest = address
    if (who === 'client') return nearest
    end = comma
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
