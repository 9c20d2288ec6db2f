// Which addresses are short links, and where they lead: asked of the database once and then kept in memory, up to a
// bound. What other processes have removed or changed is known here after STALE_MS at the latest.

import { domainToASCII } from 'node:url'
import { GatewayError } from './errors.ts'
import { isCode } from './link-codes.ts'
import type { LinkStore } from './link-store.ts'
import type { Site } from './model.ts'
import { createTwoGenerations } from './two-generations.ts'

/** Where a short link leads, and whose it is. */
export interface Destination {
  readonly id: number
  readonly siteId: number
  /** As a header may hold it: ASCII, normalized. */
  readonly location: string
}

export interface LinkBook {
  /** The code in an address: undefined when the address is none of ours, `''` when it is ours and leads nowhere. */
  codeIn(host: string, path: string): string | undefined
  /** From memory alone, while it is fresh; undefined: ask `find`. */
  known(code: string, host: string): Destination | undefined
  /** Where a code leads at this host, with the site it belongs to; undefined when nowhere. */
  find(code: string, host: string): Promise<(Destination & { readonly site: Site }) | undefined>
  /** The address of a code of this site, as far as its domain was known at the last `refresh`. */
  addressOf(site: Pick<Site, 'id'>, code: string): string
  /** From now on codes of sites without a domain of their own stand behind this address, as `base` says. */
  moveTo(base: string): void
  /** Whether an address is one of our own short links. */
  isOwn(address: URL): boolean
  isBlocked(address: URL): boolean
  /** Learns what has changed in the database; at once when that is not long ago. */
  refresh(): Promise<void>
  /** Forgets all destinations. */
  forget(): void
  /** Bytes of what is remembered, about. */
  readonly bytes: number
}

export interface LinkBookOptions {
  /** Address that codes of sites without a domain of their own stand behind, without a slash at its end. */
  readonly base: string
  /** The gateway's own address, where it is known. */
  readonly publicUrl?: string
  /** Hosts that no link may lead to, with all below them. */
  readonly blockedHosts: readonly string[]
  /** Destinations kept in memory. */
  readonly memoryBytes: number
}

interface BookParts {
  readonly store: {
    readonly links: Pick<LinkStore, 'follow' | 'version'>
    readonly sites: { list(): Promise<readonly Site[]> }
  }
  readonly warn: (error: unknown) => void
}

/** What is older than this is not believed; from half of it on the database is asked again. */
const STALE_MS = 1_000
/** What an entry costs beside its texts. */
const OVERHEAD_BYTES = 250
const TARGET_MAX = 4_096
/** Below this path codes are found at every host. */
const EVERYWHERE = '/s/'

/** A book that knows nothing yet; `refresh` it before the first question. */
export function createLinkBook({ store, warn }: BookParts, options: LinkBookOptions): LinkBook {
  let { base } = options
  let shared = toShared(options)
  const blocked = options.blockedHosts.map((host) => asLookedUp(host.replace(/^\*?\./, '')))
  const destinations = createTwoGenerations<string, Destination>(
    options.memoryBytes,
    (code, { location }) => code.length + location.length + OVERHEAD_BYTES,
  )
  /** Whose links a host of a site's own leads to, and each site's own address. */
  let owners = new Map<string, Set<number>>()
  let bases = new Map<number, string>()
  let version: number | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let epoch = 0
  let asking: Promise<void> | undefined
  let isAway = false

  function forget(): void {
    epoch += 1
    destinations.clear()
  }

  function refresh(): Promise<void> {
    if (performance.now() - askedAt < STALE_MS / 2) return Promise.resolve()
    asking ??= ask()
      .then(
        () => {
          isAway = false
        },
        (error) => {
          // Once for each time that the database is away: every visitor asks again.
          if (!isAway) warn(error)
          isAway = true
          throw error
        },
      )
      .finally(() => {
        asking = undefined
      })
    return asking
  }

  async function ask(): Promise<void> {
    const startedAt = performance.now()
    const found = await store.links.version()
    if (found !== version) {
      const sites = await store.sites.list()
      forget()
      owners = new Map()
      bases = new Map()
      for (const { id, settings } of sites) {
        for (const [at, address] of (settings.shortDomains ?? []).entries()) {
          const { hostname, origin } = new URL(address)
          owners.set(hostname, (owners.get(hostname) ?? new Set()).add(id))
          if (at === 0) bases.set(id, origin)
        }
      }
      version = found
    }
    askedAt = startedAt
  }

  /** Asks ahead, so that who follows a link seldom waits for it. */
  function isFresh(): boolean {
    const ageMs = performance.now() - askedAt
    // It is warned of where it is asked.
    if (ageMs > STALE_MS / 2) refresh().catch(() => undefined)
    return ageMs <= STALE_MS
  }

  function codeIn(host: string, path: string): string | undefined {
    isFresh()
    if (path.startsWith(EVERYWHERE)) return codeOr(path.slice(EVERYWHERE.length), '')
    if (owners.has(host)) return codeOr(path.slice(1), '')
    if (host !== shared.host || !path.startsWith(shared.prefix)) return undefined
    return codeOr(path.slice(shared.prefix.length), shared.isApart ? '' : undefined)
  }

  const isOf = (host: string, { siteId }: Destination) => owners.get(host)?.has(siteId) ?? true

  return {
    codeIn,
    known(code, host) {
      if (!isFresh()) return undefined
      const found = destinations.get(code)
      return found && isOf(host, found) ? found : undefined
    },
    async find(code, host) {
      await refresh()
      const before = epoch
      const link = await store.links.follow(code)
      const target = link && toUrl(link.target)
      if (!link || !target || isBlocked(target)) return undefined
      const destination = { id: link.id, siteId: link.site.id, location: target.href }
      // Removed since it was read: what was forgotten must not come back.
      if (before === epoch) destinations.set(code, destination)
      return isOf(host, destination) ? { ...destination, site: link.site } : undefined
    },
    addressOf: ({ id }, code) => `${bases.get(id) ?? base}/${code}`,
    moveTo(address) {
      base = address
      shared = toShared({ ...options, base })
    },
    isOwn({ hostname: spelled, pathname }) {
      const hostname = asLookedUp(spelled)
      const isOurs = owners.has(hostname) || hostname === shared.host || hostname === shared.publicHost
      return isOurs && codeIn(hostname, unescaped(pathname)) !== undefined
    },
    isBlocked,
    refresh,
    forget,
    get bytes() {
      return destinations.weight
    },
  }

  function isBlocked({ hostname: spelled }: URL): boolean {
    const hostname = asLookedUp(spelled)
    return blocked.some((host) => hostname === host || hostname.endsWith(`.${host}`))
  }
}

/** Throws, naming the field, when a short link must not lead there. */
export function checkTarget(book: LinkBook, target: string, field: string): void {
  if (target.length > TARGET_MAX) {
    const message = `An address has at most ${TARGET_MAX} characters; this one has ${target.length}.`
    throw new GatewayError('too_large', message, { field })
  }
  const address = /[\s\p{Cc}\p{Cs}]/u.test(target) ? undefined : toUrl(target)
  if (!address) {
    const message = 'A short link leads to an address that begins with http:// or https://.'
    throw new GatewayError('invalid_request', message, { field })
  }
  if (book.isOwn(address)) {
    throw new GatewayError('invalid_request', 'A short link cannot lead to a short link of ours.', { field })
  }
  if (book.isBlocked(address)) {
    throw new GatewayError('invalid_request', `Short links to ${address.hostname} are not allowed here.`, {
      field,
    })
  }
}

function toUrl(target: string): URL | undefined {
  if (!/^https?:\/\/[^/?#]/i.test(target) || !URL.canParse(target)) return undefined
  return new URL(target)
}

/** A path as the server that is asked reads it; one that is not UTF-8 leads nowhere, and stays as it is. */
function unescaped(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** A host as the name system has it: lower case, in ASCII, without the dot that a whole name may end with. */
function asLookedUp(host: string): string {
  const name = host.toLowerCase().replace(/\.$/, '')
  return domainToASCII(name) || name
}

function codeOr<T>(text: string, otherwise: T): string | T {
  return isCode(text) ? text : otherwise
}

function toShared({ base, publicUrl }: LinkBookOptions) {
  const { hostname: host, pathname } = new URL(base)
  const prefix = pathname.endsWith('/') ? pathname : `${pathname}/`
  const publicHost = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  // A host that has nothing but short links: whatever else is asked there leads nowhere.
  return { host, prefix, publicHost, isApart: prefix === '/' && host !== publicHost }
}
