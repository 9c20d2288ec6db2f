// A provider's request as one that can be sent.

import { GatewayError } from '../core/errors.ts'
import type { ApiRequest, Provider } from '../core/provider.ts'
import type { Bytes } from '../core/stretch.ts'
import { multipartOf } from './multipart.ts'
import type { NetworkOptions } from './options.ts'

export interface Content {
  readonly method: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Text, or bytes in pieces that are written one after another. */
  readonly body?: string | readonly Bytes[]
}

/**
 * Method, headers and body of an API request; the request's own headers win over the provider's, and an upload has only
 * its own. `too_large` for a body above the bound.
 */
export function contentOf(provider: Provider, request: ApiRequest, options: NetworkOptions): Content {
  const version = options.versions?.[provider.id] ?? provider.version ?? ''
  const shared = request.upload === undefined ? provider.headers : undefined
  const headers = Object.entries({ ...shared, ...request.headers }).map(
    ([name, value]) => [name.toLowerCase(), value.replaceAll('{version}', version)] as const,
  )
  const content = plainContent({ ...request, headers: Object.fromEntries(headers) }, options)
  if (lengthOf(content.body) <= options.requestMaxBytes) return content
  const message = `At most ${options.requestMaxBytes} bytes are sent to ${provider.name} in one request.`
  throw new GatewayError('too_large', message)
}

function lengthOf(body: Content['body'] = ''): number {
  if (typeof body === 'string') return Buffer.byteLength(body)
  return body.reduce((total, piece) => total + piece.length, 0)
}

/** The same for what is asked beside the API; header names in lower case. */
export function plainContent(
  request: Pick<ApiRequest, 'method' | 'headers' | BodyKind>,
  { userAgent }: Pick<NetworkOptions, 'userAgent'>,
): Content {
  const body = bodyOf(request)
  return {
    method: request.method ?? 'GET',
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(body && { 'content-type': body.type }),
      // Else bytes would go without their length, in chunks, which not every upload server takes.
      ...(body && typeof body.content !== 'string' && { 'content-length': String(lengthOf(body.content)) }),
      ...request.headers,
    },
    body: body?.content,
  }
}

/** Media type of a form body. */
export const FORM = 'application/x-www-form-urlencoded'

type BodyKind = 'json' | 'form' | 'raw' | 'parts'

function bodyOf({ json, form, raw, parts }: Pick<ApiRequest, BodyKind>) {
  if (json !== undefined) return { type: 'application/json', content: JSON.stringify(json) }
  if (form !== undefined) return { type: FORM, content: new URLSearchParams(form).toString() }
  if (raw !== undefined) return { type: raw.mimeType, content: [raw.bytes] }
  return parts && multipartOf(parts)
}
