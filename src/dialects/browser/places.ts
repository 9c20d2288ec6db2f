// Which address this gateway goes by in browsers, and the cookies that bind a login to one of them.

import type { Gateway } from '../../core/gateway.ts'
import { scopesFor } from '../../core/login.ts'
import type { Site } from '../../core/model.ts'
import type { Provider } from '../../core/provider.ts'
import type { WireRequest } from '../dialect.ts'
import { hostName } from '../wire-request.ts'

/** Set on the way to our own name, so that a proxy that hides it is not sent round and round. */
export const HOP = 'kith_hop'

/** The first label of `<label>.api.<rest>`, else what the query names as `site`; '' where nothing does. */
export function siteNameOf(request: WireRequest): string {
  const [label, api, rest] = hostName(request).split('.', 3)
  if (label && api === 'api' && rest) return label
  return firstValue(request, 'site') ?? ''
}

/** The first value of this name that is not empty. */
export function firstValue({ pairs }: Pick<WireRequest, 'pairs'>, wanted: string): string | undefined {
  return pairs.find(([name, value]) => name === wanted && value !== '')?.[1]
}

/** `https://name`, where browsers are sent back to: the configured one, or the one that this browser has used. */
export function baseOf({ publicUrl }: Gateway, request: WireRequest, provider?: Provider): string {
  const base = publicUrl ?? `${request.scheme}://${request.host.toLowerCase()}`
  // An OAuth client of the AT Protocol without a name of its own comes back to an address of this machine, not to the
  // word localhost: https://atproto.com/specs/oauth#localhost-client-development
  return provider?.auth?.type === 'atproto'
    ? base.replace(/^http:\/\/localhost(?=:|$)/, 'http://127.0.0.1')
    : base
}

/** Where to send a browser first that is here under another name; undefined where it is right. */
export function hopTo(base: string, request: WireRequest, site: Site): string | undefined {
  const host = request.host.toLowerCase()
  if (new URL(base).host === host || firstValue(request, HOP)) return undefined
  const query = new URLSearchParams(
    request.pairs.flatMap(([name, value]): [string, string][] => (name === 'site' ? [] : [[name, value]])),
  )
  query.set('site', site.subdomain)
  query.set(HOP, '1')
  return `${base}${request.path}?${query}`
}

/** Where a network sends the browser back to; each server of a network with many has an address of its own. */
export function redirectUriOf(base: string, provider: Provider, server: string | undefined): string {
  const isMany = provider.server !== undefined && provider.auth?.type === 'oauth2'
  const tail = isMany && server ? `/${encodeURIComponent(new URL(server).host)}` : ''
  return `${base}/socialize/callback/${provider.id}${tail}`
}

/** The document by which networks without a form for apps know us. */
export function clientUriOf(
  base: string,
  {
    provider,
    site,
    redirectUri,
  }: { readonly provider: Provider; readonly site: Site; readonly redirectUri: string },
): string {
  if (base.startsWith('https://')) return `${base}/socialize/client/${provider.id}.json`
  const query = new URLSearchParams({ redirect_uri: redirectUri, scope: scopesFor(provider, site).join(' ') })
  return `http://localhost?${query}`
}

/** The cookie of a login under way: for this host alone where that is safe to ask for. */
export function loginCookie(
  base: string,
  { mark, secret, lifeMs }: { readonly mark: string; readonly secret: string; readonly lifeMs: number },
): string {
  const secure = base.startsWith('https:') ? '; Secure' : ''
  const maxAge = Math.floor(lifeMs / 1_000)
  return `${cookieName(base, mark)}=${secret}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`
}

/** Takes the cookie away again. */
export function endCookie(base: string, mark: string): string {
  return loginCookie(base, { mark, secret: '', lifeMs: 0 })
}

/** The secret of a login under way that this browser has; undefined when it has none. */
export function readCookie(base: string, { headers }: WireRequest, mark: string): string | undefined {
  const name = cookieName(base, mark)
  for (const pair of (headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim() || undefined
  }
  return undefined
}

// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
function cookieName(base: string, mark: string): string {
  return `${base.startsWith('https:') ? '__Host-' : ''}kith-login-${mark}`
}
