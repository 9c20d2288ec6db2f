// Addresses that the result of a login may be sent to: pages on the domains that the site has named, and nowhere else.

import { GatewayError } from './errors.ts'

/** Longest address of a callback, in characters. */
const ADDRESS_MAX = 2_048

/**
 * The address when it is one of a page on an allowed domain or below it; `invalid_request` with the field `callback_uri`
 * and the reason otherwise. A domain without a port stands for its usual ports, on this machine for any. `own` is an
 * origin of ours, of which pages below `/login` are allowed.
 */
export function callbackHost(
  allowed: readonly string[],
  address: string,
  { own }: { readonly own?: string } = {},
): URL {
  if (address === '') throw refusal('is missing')
  if (address.length > ADDRESS_MAX) throw refusal(`is longer than ${ADDRESS_MAX} characters`)
  // What browsers and servers read differently: https://url.spec.whatwg.org/#url-parsing takes a backslash for a slash
  // and drops tabs and line ends.
  if (/[\s\p{Cc}\\]/u.test(address)) throw refusal('has spaces, control characters or backslashes in it')
  const url = /^https?:\/\/[^/]/i.test(address) ? URL.parse(address) : null
  if (!url) throw refusal('is not an address that begins with http:// or https://')
  const authority = address.slice(address.indexOf('//') + 2).split(/[/?#]/, 1)[0] ?? ''
  if (url.username || url.password || authority.includes('@')) throw refusal('has a user name in it')
  if (address.includes('#')) throw refusal('has a fragment')
  if (url.hostname.startsWith('[')) throw refusal('names a host by its IPv6 address')
  if (url.hostname.endsWith('.')) throw refusal('has a host that ends with a dot')
  const isOwn = own !== undefined && url.origin === own && /^\/login(?:\/|$)/.test(url.pathname)
  if (isOwn || allowed.some((domain) => covers(domain.toLowerCase(), url))) return url
  throw refusal(`is on ${url.hostname}, which is not among the allowed domains of this site`)
}

/** `*.example.com` is all below it; `example.com` that too. */
function covers(domain: string, { hostname, port, protocol }: URL): boolean {
  const [name = '', wantedPort] = domain.split(':')
  const isOurs = port === (wantedPort ?? '') || (wantedPort === usualPort(protocol) && port === '')
  if (!isOurs && !(wantedPort === undefined && isThisMachine(hostname))) return false
  if (name.startsWith('*.')) return hostname.endsWith(name.slice(1))
  return hostname === name || hostname.endsWith(`.${name}`)
}

function usualPort(protocol: string): string {
  return protocol === 'https:' ? '443' : '80'
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname.endsWith('.localhost')
}

function refusal(why: string): GatewayError {
  return new GatewayError('invalid_request', `callback_uri ${why}.`, { field: 'callback_uri' })
}
