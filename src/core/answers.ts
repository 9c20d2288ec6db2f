// How providers turn requests and answers into reads: one helper per shape that networks have.

import type { ZodType } from 'zod'
import { GatewayError } from './errors.ts'
import type { Identity } from './model.ts'
import type { ApiRequest, ApiResponse, Paged, Read, ResponseHead } from './provider.ts'

/** One request, one answer of a known shape. */
export function read<T, Body>(
  request: (identity: Pick<Identity, 'subject' | 'server'>) => ApiRequest,
  body: ZodType<Body>,
  to: (body: Body) => T,
): Read<T> {
  return { request, parse: (response) => to(understand(response, body)) }
}

interface PagedSpec<T, Body> {
  first(identity: Pick<Identity, 'subject' | 'server'>): ApiRequest
  body: ZodType<Body>
  items(body: Body): readonly T[]
  next: Next<Body> | NextInHead
}

/** Says what to ask after this answer, or nothing at the end. */
export type Next<Body> = (body: Body, response: ApiResponse, request: ApiRequest) => ApiRequest | undefined

/** The same where the head of the answer says it. */
export interface NextInHead {
  inHead(head: ResponseHead, request: ApiRequest): ApiRequest | undefined
}

/** One request per page, of a known shape. A page that leads to itself ends the list. */
export function paged<T, Body>({ first, body, items, next }: PagedSpec<T, Body>): Paged<T> {
  const onward = (following: ApiRequest | undefined, request: ApiRequest) =>
    following && sameRequest(following, request) ? undefined : following
  const nextInHead: Paged<T>['nextInHead'] =
    'inHead' in next ? (head, request) => onward(next.inHead(head, request), request) : undefined
  return {
    first,
    nextInHead,
    parse(response, request) {
      const page = understand(response, body)
      const following = 'inHead' in next ? next.inHead(response, request) : next(page, response, request)
      return { items: items(page), next: onward(following, request) }
    },
  }
}

/** The answer holds a token for the next page, which goes into a query parameter. */
export function byCursor<Body>(parameter: string, cursor: (body: Body) => string | undefined): Next<Body> {
  return (body, _response, request) => {
    const value = cursor(body)
    return value ? { ...request, query: { ...request.query, [parameter]: value } } : undefined
  }
}

/** The answer holds the whole address of the next page. */
export function byUrl<Body>(url: (body: Body) => string | undefined): Next<Body> {
  return (body, _response, request) => {
    const next = url(body)
    return next ? { ...request, path: next, query: undefined } : undefined
  }
}

/** The next page is in the `Link` header (RFC 8288). */
export function byLink(): NextInHead {
  return {
    inHead({ headers }, request) {
      const next = linkTo(headers.link ?? '', 'next')
      return next ? { ...request, path: next, query: undefined } : undefined
    },
  }
}

/** Pages are counted by items; a page that is not full is the last. */
export function byOffset<Body>(
  parameter: string,
  size: number,
  count: (body: Body) => { readonly onPage: number; readonly total?: number },
): Next<Body> {
  return (body, _response, request) => {
    const { onPage, total } = count(body)
    const offset = Number(request.query?.[parameter] ?? 0) + onPage
    const isLast = onPage === 0 || (total === undefined ? onPage < size : offset >= total)
    return isLast ? undefined : { ...request, query: { ...request.query, [parameter]: offset } }
  }
}

/** A network's answer as the shape it documents; `network_unreadable` when it is another. */
export function understand<Body>(response: ApiResponse, body: ZodType<Body>): Body {
  const result = body.safeParse(response.body)
  if (result.success) return result.data
  throw new GatewayError('network_unreadable', 'The network answered in a form it does not document.', {
    cause: result.error,
  })
}

/** Whether two requests of one list are for the same page. */
export function sameRequest(one: ApiRequest, other: ApiRequest): boolean {
  return one.path === other.path && JSON.stringify(one.query) === JSON.stringify(other.query)
}

/** The target of the first link with this relation in a `Link` header (RFC 8288), as it was spelled. */
export function linkTo(header: string, relation: string): string | undefined {
  for (const [, url, parameters] of header.matchAll(/<([^>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,]+))/i.exec(parameters ?? '')
    if ((relations?.[1] ?? relations?.[2])?.split(/\s+/).includes(relation)) return url
  }
  return undefined
}
