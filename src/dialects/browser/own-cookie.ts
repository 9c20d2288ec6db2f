// Cookies of our own pages: for this host alone where that is safe to ask for, out of reach of scripts.

import type { WireRequest } from '../dialect.ts'

type Asked = Pick<WireRequest, 'scheme' | 'headers'>

/** Longest value that we give out, in characters. */
const VALUE = /^[\w-]{1,100}$/

/** The value of a cookie; undefined when the browser has none, or one that we cannot have given. */
export function readCookie(request: Asked, name: string): string | undefined {
  const wanted = spelled(request, name)
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [key, value = ''] = pair.trim().split('=', 2)
    if (key === wanted && VALUE.test(value)) return value
  }
  return undefined
}

/** A `Set-Cookie` for so many seconds. */
export function setCookie(request: Asked, name: string, value: string, seconds: number): string {
  // Lax: whoever comes back from a network comes from another site.
  const secure = request.scheme === 'https' ? '; Secure' : ''
  return `${spelled(request, name)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`
}

// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
function spelled({ scheme }: Pick<Asked, 'scheme'>, name: string): string {
  return scheme === 'https' ? `__Host-${name}` : name
}
