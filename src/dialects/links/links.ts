// Short links as a dialect: an address that is one leads to its target, and whoever follows is counted on the way.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Destination } from '../../core/link-book.ts'
import { type Dialect, route, type WireAnswer, type WireRequest } from '../dialect.ts'
import { createRequestNote } from '../request-note.ts'
import { hostName } from '../wire-request.ts'
import { createFollowers, createReferrers } from './followers.ts'

const EMPTY = Buffer.alloc(0)

/** The dialect of short links; it comes before all others, since a short domain has nothing else. */
export function createShortLinks({ links }: Pick<Gateway, 'links'>): Dialect<Destination> {
  const { book, clicks } = links
  const followedBy = createFollowers()
  const referrerOf = createReferrers()
  const found = createRequestNote<Destination>()
  // Whose a request is, and what it leads to, is asked one right after the other. Of others nothing is held.
  let seen: Looked | undefined

  function look(request: WireRequest): Looked {
    if (seen?.request === request) return seen
    const host = hostName(request)
    const looked = { request, host, code: book.codeIn(host, request.path) }
    seen = looked.code === undefined ? undefined : looked
    return looked
  }

  function lead(request: WireRequest, { id: linkId, location }: Destination): WireAnswer {
    const { method, headers, address } = request
    const { follower, device } = followedBy(method, headers)
    const userAgent = headers['user-agent'] ?? ''
    clicks.note({ linkId, follower, device, referrer: referrerOf(headers.referer), address, userAgent })
    // Nobody between here and the visitor may keep it, or clicks would go uncounted.
    return { status: 302, headers: { Location: location, 'Cache-Control': 'private' }, body: EMPTY }
  }

  const follow = route<unknown, Destination>({
    method: 'GET',
    path: '/short-link',
    summary: 'Follow a short link',
    input: z.unknown(),
    async run({ request }) {
      const destination = found.get(request)
      if (destination) return destination
      throw nowhere()
    },
  })

  return {
    id: 'links',
    owns: (request) => look(request).code !== undefined,
    remembered(request) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return undefined
      const { host, code } = look(request)
      const destination = code ? book.known(code, host) : undefined
      return destination && lead(request, destination)
    },
    async authenticate(request, _gateway, asked) {
      const host = hostName(request)
      const code = book.codeIn(host, request.path)
      const destination = asked && code ? await book.find(code, host) : undefined
      if (!destination) throw nowhere()
      found.set(request, destination)
      return { site: destination.site, by: 'anonymous' }
    },
    input: () => ({}),
    routes: [follow],
    // Every address that is ours is the one route.
    stem: () => '/short-link',
    success: (destination, request) => lead(request, destination),
    failure: toPage,
  }
}

interface Looked {
  readonly request: WireRequest
  readonly host: string
  readonly code?: string
}

function nowhere(): GatewayError {
  return new GatewayError('not_found', 'This link leads nowhere. It may have been removed, or mistyped.')
}

function toPage(error: GatewayError): WireAnswer {
  const words = error.status < 500 || error.retryable ? error.message : 'Something went wrong on our side.'
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${error.status}</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 32rem; margin: 20vh auto 0; padding: 0 1rem }</style>
<p>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</p>
</html>
`
  return { status: error.status, headers: PAGE_HEADERS, body: Buffer.from(html) }
}

const PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'private, no-store',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  'X-Content-Type-Options': 'nosniff',
}
