// Where a network's addresses really are: templates filled in, other roots by configuration, the sandbox.

import { GatewayError } from '../core/errors.ts'
import type { ApiRequest, Provider } from '../core/provider.ts'
import type { NetworkOptions } from './options.ts'

/** An address as the network names it, and the one that is asked. They differ in the sandbox only. */
export interface Place {
  readonly named: URL
  readonly asked: URL
}

export interface Places {
  /** The address of an API request, with the `key` that may belong into it. `invalid_request` when it leaves the API, `network_unreadable` when a page link does. */
  ofRequest(provider: Provider, server: string | undefined, request: ApiRequest, key?: string): Place
  /** An address from a provider's description, or one the network gave; templates are filled in. */
  ofTemplate(provider: Provider, server: string | undefined, template: string): Place
  /** Where a redirect leads, when it stays within the origin. */
  ofRedirect(from: Place, location: string): Place | undefined
  /** `name:port` of every address that configuration names. */
  readonly configuredHosts: readonly string[]
}

export function createPlaces(options: NetworkOptions): Places {
  const sandbox = options.sandbox?.replace(/\/+$/, '')
  const bases = new Map(Object.entries(options.bases ?? {}))
  const fixedBases = [...bases.values()].filter((base) => !/\{(?!token\})/.test(base))
  const configured = [...(sandbox ? [sandbox] : []), ...fixedBases].map((address) => parse(address))
  const directOrigins = new Set(fixedBases.map((base) => parse(base).origin))

  const toPlace = (named: URL): Place => {
    named.hash = ''
    const isDirect = !sandbox || named.protocol !== 'https:' || directOrigins.has(named.origin)
    if (isDirect) return { named, asked: named }
    return { named, asked: parse(`${sandbox}/${named.host}${named.pathname}${named.search}`) }
  }
  // The sandbox may name itself in a link; then its first segment is the host.
  const toNamed = (address: string): URL | null => {
    if (!sandbox || !address.startsWith(`${sandbox}/`)) return URL.parse(address)
    return URL.parse(`https://${address.slice(sandbox.length + 1)}`)
  }

  const fill = (provider: Provider, server: string | undefined, template: string) => {
    const version = options.versions?.[provider.id] ?? provider.version ?? ''
    const filled = template.replaceAll('{version}', version)
    if (!filled.includes('{server}')) return filled
    return filled.replaceAll('{server}', homeServer(provider, server, options.allowInsecure))
  }
  const rootOf = (
    provider: Provider,
    server: string | undefined,
    { host, key = '' }: { readonly host?: string; readonly key?: string },
  ) => {
    if (host === undefined) {
      return withKey(provider, fill(provider, server, bases.get(provider.id) ?? provider.api), key)
    }
    const template = provider.hosts?.[host]
    if (template !== undefined) return fill(provider, server, template)
    throw new GatewayError('invalid_request', `${provider.name} has no host "${host}".`)
  }
  // A network that is really elsewhere still names its own addresses.
  const ofUpload = (provider: Provider, address: string) => {
    const named = toNamed(address)
    const isSecure = named?.protocol === 'https:' || (named?.protocol === 'http:' && options.allowInsecure)
    const isPlain = named && !named.username && !named.password
    if (named && isPlain && isSecure && named.href.length <= options.addressMaxCharacters)
      return toPlace(named)
    const message = `${provider.name} names an address for an upload that is not written as https://…`
    throw new GatewayError('network_unreadable', message)
  }
  const rebase = (provider: Provider, server: string | undefined, address: string) => {
    const base = bases.get(provider.id)
    if (base === undefined) return address
    const real = fill(provider, server, provider.api)
    const isBelow = address === real || address.startsWith(`${real}/`) || address.startsWith(`${real}?`)
    return isBelow ? fill(provider, server, base) + address.slice(real.length) : address
  }

  return {
    configuredHosts: configured.map(({ hostname, port, protocol }) => {
      return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`
    }),
    ofTemplate: (provider, server, template) => {
      return toPlace(parse(rebase(provider, server, fill(provider, server, template))))
    },
    ofRequest(provider, server, request, key) {
      if (request.upload !== undefined) return ofUpload(provider, request.upload)
      const root = parse(rootOf(provider, server, { host: request.host, key }))
      const isLink = /^https?:/i.test(request.path)
      const named = isLink
        ? toNamed(rebase(provider, server, request.path))
        : URL.parse(joined(root, request.path))
      if (!named || named.origin !== root.origin || named.username || named.password) {
        if (isLink) throw stranger(provider)
        throw outside(provider)
      }
      if (!isLink && !isBelow(named.pathname, root.pathname)) throw outside(provider)
      for (const [name, value] of Object.entries(request.query ?? {})) {
        if (value !== undefined) named.searchParams.append(name, String(value))
      }
      if (named.href.length > options.addressMaxCharacters) {
        if (isLink) throw stranger(provider)
        throw outside(provider)
      }
      return toPlace(named)
    },
    ofRedirect(from, location) {
      const isAbsolute = /^[a-z][a-z\d+.-]*:/i.test(location)
      const named = isAbsolute ? toNamed(location) : URL.parse(location, from.named.href)
      if (!named || named.origin !== from.named.origin || named.username || named.password) return undefined
      return toPlace(named)
    },
  }
}

/** The origin of an identity's home server; `invalid_request` when there is none or it is no origin. */
export function homeServer(provider: Provider, server: string | undefined, allowInsecure: boolean): string {
  const address = server ?? provider.server?.default
  if (address === undefined) {
    throw new GatewayError('invalid_request', `${provider.name} needs the address of the home server.`)
  }
  const url = URL.parse(address)
  const isSecure = url?.protocol === 'https:' || (url?.protocol === 'http:' && allowInsecure)
  if (url && isSecure && url.href === `${url.origin}/`) return url.origin
  throw new GatewayError(
    'invalid_request',
    `The home server of a ${provider.name} account must be written as https://name, without a path.`,
    { field: 'server' },
  )
}

/** The root with the key in its place; keys are plain segments of a path, so that none leads elsewhere. */
function withKey(provider: Provider, root: string, key: string): string {
  if (!root.includes('{token}')) return root
  if (/^[\w:-]+(?:\/[\w:-]+)*$/.test(key)) return root.replaceAll('{token}', key)
  throw new GatewayError('relink_required', `The stored key for ${provider.name} cannot be used.`)
}

function joined(root: URL, path: string): string {
  const base = root.href.replace(/\/+$/, '')
  return path === '' || path.startsWith('/') || path.startsWith('?') ? base + path : `${base}/${path}`
}

function isBelow(path: string, root: string): boolean {
  const folder = root.replace(/\/+$/, '')
  return path === folder || path.startsWith(`${folder}/`)
}

function parse(address: string): URL {
  const url = URL.parse(address)
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new GatewayError('network_rejected', 'An address of the network is not written as https://…')
}

function stranger(provider: Provider): GatewayError {
  return new GatewayError('network_unreadable', `${provider.name} names a next page in another place.`)
}

function outside(provider: Provider): GatewayError {
  return new GatewayError('invalid_request', `The request leads out of the API of ${provider.name}.`)
}
