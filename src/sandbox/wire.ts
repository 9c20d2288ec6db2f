// What comes in and what goes out, once the real host is known.

import type { IncomingHttpHeaders } from 'node:http'

export interface Asked {
  readonly method: string
  /** The real host, lower case. */
  readonly host: string
  /** Below the real host, as spelled. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The body as text; '' for one that is none: files, and forms with files. */
  readonly body: string
  /** The body as it arrived. */
  readonly bytes: Buffer
  /** Where the request came from. */
  readonly address: string
  /** The address that the sandbox itself saw, without query; what clients sign who do not know of it is `realUrl`. */
  readonly sandboxUrl: string
  readonly realUrl: string
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** An answer in JSON; `type` defaults to application/json in UTF-8. */
export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  type = 'application/json; charset=utf-8',
): Answer {
  return { status, headers: { 'content-type': type, ...headers }, body: JSON.stringify(value) }
}

/** The same answer with more headers. */
export function withHeaders(answer: Answer, headers: Readonly<Record<string, string>>): Answer {
  return { ...answer, headers: { ...answer.headers, ...headers } }
}

/** Sends the browser on. */
export function redirect(to: string): Answer {
  return { status: 302, headers: { location: to, 'content-type': 'text/html; charset=utf-8' }, body: '' }
}

/** A page without scripts or outside resources. */
export function page(status: number, title: string, body: string): Answer {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      // NOTE no form-action: browsers apply it to the redirect that follows, which leads to the client.
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
    body:
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
      '<meta name="viewport" content="width=device-width">' +
      '<style>body{font:1rem/1.5 sans-serif;max-width:32rem;margin:2rem auto;padding:0 1rem}' +
      'label,button,select,input{display:block;margin:.5rem 0;font:inherit}</style></head>' +
      `<body><main><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`,
  }
}

/** Text that may stand in HTML, also inside quotes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** The fields of a form, or of a JSON object whose values are texts and numbers; empty for anything else. */
export function formOf({ headers, body }: Pick<Asked, 'headers' | 'body'>): URLSearchParams {
  if (!headers['content-type']?.includes('json')) return new URLSearchParams(body)
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries(objectOf(body))) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === 'string' || typeof one === 'number') fields.append(name, String(one))
    }
  }
  return fields
}

/** A JSON object; empty when the text is none. */
export function objectOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    // Whoever asked gets the network's own complaint about the missing fields.
    return {}
  }
}

/** The token of an Authorization header of this scheme, letter case of the scheme aside. */
export function credentialOf({ headers }: Pick<Asked, 'headers'>, scheme: string): string | undefined {
  const header = headers.authorization
  if (header?.slice(0, scheme.length + 1).toLowerCase() !== `${scheme.toLowerCase()} `) return undefined
  return header.slice(scheme.length + 1).trim()
}

/** A whole number of the query; undefined when absent, NaN when it is none. */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  return /^-?\d{1,9}$/.test(text) ? Number(text) : Number.NaN
}
