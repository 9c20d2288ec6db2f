// A request as plain data, made of what came over the wire; without a socket, so that tests make them too.

import { randomFillSync } from 'node:crypto'
import { GatewayError } from '../core/errors.ts'
import { decode, decodeLoosely, formPairs, PAIRS_DEFAULT, queryPairs } from './decode.ts'
import type { WireRequest } from './dialect.ts'

export interface RequestParts {
  readonly method: string
  /** As spelled: `/path?query`, `*`, or a whole address. */
  readonly target: string
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly scheme?: 'http' | 'https'
  /** Instead of the Host header: what a configured proxy says. */
  readonly host?: string
  readonly address?: string
  readonly at: number
  readonly flaw?: GatewayError
}

interface RequestLimits {
  /** Default 8 KiB. */
  readonly pathBytes?: number
  /** Default 1,000. */
  readonly pairs?: number
}

/** What came over the wire as a WireRequest; never throws: what is wrong with it is its `flaw`. */
export function toWireRequest(parts: RequestParts, limits: RequestLimits = {}): WireRequest {
  const { method, headers = NO_HEADERS, body = EMPTY, scheme = 'http', address = '', at } = parts
  const { pathBytes = 8_192, pairs: limit = PAIRS_DEFAULT } = limits
  const { origin, target } = splitTarget(parts.target)
  const mark = target.indexOf('?')
  const rawPath = mark === -1 ? target : target.slice(0, mark)
  const query = mark === -1 ? undefined : target.slice(mark + 1)

  let flaw = parts.flaw
  let path = rawPath.length > pathBytes ? rawPath.slice(0, pathBytes) : rawPath
  if (path !== rawPath) flaw ??= new GatewayError('too_large', `The path is longer than ${pathBytes} bytes.`)
  const decoded = decode(path)
  if (decoded === undefined || decoded.includes('\0')) {
    flaw ??= new GatewayError('invalid_request', 'The path is not UTF-8 text without NUL.')
    path = decodeLoosely(path)
  } else path = decoded

  let pairs: WireRequest['pairs'] = []
  if (flaw === undefined && (query !== undefined || body.length > 0)) {
    try {
      pairs = queryPairs(query, { limit })
      const form = formPairs({ headers, body }, { limit: limit - pairs.length })
      if (form.length > 0) pairs = pairs.length > 0 ? [...pairs, ...form] : form
    } catch (error) {
      flaw = GatewayError.from(error)
    }
  }
  const host = parts.host ?? origin ?? headers.host ?? ''
  return {
    id: createId(),
    method,
    target,
    path,
    query,
    scheme,
    host,
    address,
    headers,
    body,
    pairs,
    at,
    flaw,
  }
}

/** The host's name alone: lower case, without port, without the `ssl://` that OneAll's PHP client puts before it. */
export function hostName({ host }: Pick<WireRequest, 'host'>): string {
  const lower = host.toLowerCase()
  const start = lower.indexOf('://') === -1 ? 0 : lower.indexOf('://') + 3
  const end = lower[start] === '[' ? lower.indexOf(']', start) + 1 : lower.indexOf(':', start)
  const name = lower.slice(start, end > start ? end : lower.length)
  return name.endsWith('.') ? name.slice(0, -1) : name
}

const EMPTY = Buffer.alloc(0)
const NO_HEADERS: Readonly<Record<string, string>> = {}
const IDS_AT_ONCE = 256
const ID_BYTES = 16
const chance = Buffer.alloc(IDS_AT_ONCE * ID_BYTES)
let idsUsed = IDS_AT_ONCE

/** 32 lower-case hex digits by chance. */
function createId(): string {
  if (idsUsed === IDS_AT_ONCE) {
    randomFillSync(chance)
    idsUsed = 0
  }
  const start = idsUsed++ * ID_BYTES
  return chance.toString('hex', start, start + ID_BYTES)
}

// RFC 9112, 3.2.2: a whole address as target names the host, and the Host header does not.
// https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
function splitTarget(target: string): { origin?: string; target: string } {
  if (target.charCodeAt(0) === 0x2f) return { target }
  const scheme = /^https?:\/\//i.exec(target)
  if (!scheme) return { target }
  const start = scheme[0].length
  const end = target.slice(start).search(/[/?#]/)
  if (end === -1) return { origin: target.slice(start), target: '/' }
  const rest = target.slice(start + end)
  return { origin: target.slice(start, start + end), target: rest.startsWith('/') ? rest : `/${rest}` }
}
