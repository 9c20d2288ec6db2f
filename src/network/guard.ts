// Which addresses may be connected to. Asked after name resolution, for every address of the name, on every connect:
// the socket is opened to one of the addresses that were looked at, so a name cannot change in between.

import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { GatewayError } from '../core/errors.ts'

export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>

export interface Guard {
  /** Throws `network_rejected` when the host is a literal address that must not be connected to. */
  literal(hostname: string, port: string): void
  /** Resolves a name for a socket; fails with `network_rejected` when one of its addresses is refused. */
  lookup(port: string): LookupFunction
}

export function createGuard({
  allow,
  resolve = resolveAll,
}: {
  /** Names, `name:port`, addresses and CIDR blocks. */
  readonly allow: readonly string[]
  readonly resolve?: Resolve
}): Guard {
  const isAllowedName = nameRule(allow)
  const isAllowedAddress = blockRule(allow)
  const check = (address: string) => {
    const range = refusedRange(address)
    if (range && !isAllowedAddress(address)) throw refusal(range)
  }
  return {
    literal(hostname, port) {
      if (!isAllowedName(hostname, port)) check(hostname)
    },
    lookup: (port) => (hostname, options, done) => {
      const look = async () => {
        const addresses = await resolve(hostname)
        if (!isAllowedName(hostname, port)) for (const { address } of addresses) check(address)
        const wanted = addresses.filter(({ family }) => !options.family || family === options.family)
        if (wanted.length > 0) return wanted
        throw Object.assign(new Error('The name has no address.'), { code: 'ENOTFOUND' })
      }
      look().then(
        (addresses) => {
          if (options.all) return done(null, [...addresses])
          return done(null, addresses[0]?.address ?? '', addresses[0]?.family)
        },
        (error: NodeJS.ErrnoException) => done(error, ''),
      )
    },
  }
}

/**
 * The name of the range for which an address is refused, or undefined when it may be connected to. IPv4 within IPv6
 * (mapped, 6to4, NAT64) is judged as the IPv4 address that it leads to.
 * https://www.iana.org/assignments/iana-ipv6-special-registry/
 */
export function refusedRange(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return 'unreadable'
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (parsed instanceof ipaddr.IPv4) return range === 'unicast' ? undefined : range
  const inner = embedded(parsed, range)
  if (inner) {
    const innerRange = inner.range()
    return innerRange === 'unicast' ? undefined : innerRange
  }
  if (range !== 'unicast') return range
  // Only 2000::/3 has been given out for use in public: https://www.rfc-editor.org/rfc/rfc4291#section-2.4
  const isGlobal = ((parsed.parts[0] ?? 0) & 0xe000) === 0x2000
  return isGlobal ? undefined : 'unassigned'
}

function embedded(address: ipaddr.IPv6, range: string): ipaddr.IPv4 | undefined {
  const bytes = address.toByteArray()
  if (range === 'ipv4Mapped') return address.toIPv4Address()
  if (range === '6to4') return new ipaddr.IPv4(bytes.slice(2, 6))
  // The well-known prefix only; 64:ff9b:1::/48 is for local use: https://www.rfc-editor.org/rfc/rfc8215
  if (range === 'rfc6052' && bytes.slice(4, 12).every((byte) => byte === 0)) {
    return new ipaddr.IPv4(bytes.slice(12))
  }
  return undefined
}

function refusal(range: string): GatewayError {
  return new GatewayError(
    'network_rejected',
    `The address of the network is refused: it is in the range "${range}", which is not public.`,
  )
}

function nameRule(allow: readonly string[]): (hostname: string, port: string) => boolean {
  const names = new Set(allow.map((entry) => entry.toLowerCase()))
  return (hostname, port) => {
    const name = hostname.toLowerCase()
    const withPort = name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`
    return names.has(name) || names.has(withPort)
  }
}

function blockRule(allow: readonly string[]): (address: string) => boolean {
  const blocks = allow.map(toBlock).filter((block) => block !== undefined)
  return (address) => {
    if (!ipaddr.isValid(address)) return false
    const parsed = ipaddr.process(address)
    return blocks.some(([block, bits]) => parsed.kind() === block.kind() && parsed.match(block, bits))
  }
}

function toBlock(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry)
  if (!ipaddr.isValid(entry)) return undefined
  const address = ipaddr.parse(entry)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

async function resolveAll(hostname: string): Promise<readonly ResolvedAddress[]> {
  return lookup(hostname, { all: true })
}
