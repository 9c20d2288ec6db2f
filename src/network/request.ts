// A provider's request as one that can be sent.

import type { ApiRequest, Provider } from '../core/provider.ts'
import type { NetworkOptions } from './options.ts'

export interface Content {
  readonly method: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** Method, headers and body of an API request; the request's own headers win over the provider's. */
export function contentOf(provider: Provider, request: ApiRequest, options: NetworkOptions): Content {
  const version = options.versions?.[provider.id] ?? provider.version ?? ''
  const headers = Object.entries({ ...provider.headers, ...request.headers }).map(
    ([name, value]) => [name.toLowerCase(), value.replaceAll('{version}', version)] as const,
  )
  return plainContent({ ...request, headers: Object.fromEntries(headers) }, options)
}

/** The same for what is asked beside the API; header names in lower case. */
export function plainContent(
  request: Pick<ApiRequest, 'method' | 'headers' | 'json' | 'form'>,
  { userAgent }: Pick<NetworkOptions, 'userAgent'>,
): Content {
  const body = bodyOf(request)
  return {
    method: request.method ?? 'GET',
    headers: {
      accept: 'application/json',
      'user-agent': userAgent,
      ...(body && { 'content-type': body.type }),
      ...request.headers,
    },
    body: body?.text,
  }
}

/** Media type of a form body. */
export const FORM = 'application/x-www-form-urlencoded'

function bodyOf({ json, form }: Pick<ApiRequest, 'json' | 'form'>) {
  if (json !== undefined) return { type: 'application/json', text: JSON.stringify(json) }
  if (form !== undefined) return { type: FORM, text: new URLSearchParams(form).toString() }
  return undefined
}
