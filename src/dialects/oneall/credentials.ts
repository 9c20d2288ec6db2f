// Who is asking: the host names the site where it can, the keys prove it.

import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Site } from '../../core/model.ts'
import { type Doorkeeper, sameSecret, verifyPrivateKey } from '../access.ts'
import { readBasicKeys } from '../basic-keys.ts'
import type { Caller, Route, WireRequest } from '../dialect.ts'
import { hostName } from '../wire-request.ts'
import { formatOf } from './envelope.ts'
import { findPublisher } from './publish-tokens.ts'

/** `Route.access` of a route that anybody may call where the host names the site. */
export const OPEN = 'open'
/** `Route.access` of a route that an app may call with the nonce that it began its login with. */
export const NONCE = 'nonce'
/** `Route.access` of a route that anybody may call where the site allows anonymous imports. */
export const IMPORT = 'import'
/** `Route.access` of a route that takes a key for publishing for one user, beside the site's own keys. */
export const PUBLISH = 'publish'

type Authenticate = (
  request: WireRequest,
  gateway: Gateway,
  route: Pick<Route, 'access'> | undefined,
) => Promise<Caller>

/** Checked credentials that are remembered while the database does not change; at so many, all are forgotten. */
const CALLERS_KEPT = 10_000

/**
 * Answers who calls: `unknown_route` for an address without a known format, `not_found` where the host names a site
 * that is none, `unauthenticated` for missing, foreign and wrong keys, `throttled` after too many wrong ones. Right keys
 * are remembered while the database stands where `generationOf` (or the store) says.
 */
export function createAuthenticate(
  doorkeeper: Doorkeeper,
  generationOf: (request: WireRequest) => number | undefined,
): Authenticate {
  const known = new Map<string, { readonly generation: number; readonly caller: Caller }>()

  return async (request, gateway, route) => {
    if (!formatOf(request.path)) throw new GatewayError('unknown_route', 'This resource does not exist.')
    const { authorization = '' } = request.headers
    const key = `${authorization}\n${request.host}`
    const generation = generationOf(request) ?? gateway.store.generation?.()
    const kept = authorization === '' ? undefined : known.get(key)
    if (kept && kept.generation === generation) return kept.caller

    const label = siteLabel(request)
    const named = label === undefined ? undefined : await gateway.store.sites.bySubdomain(label)
    if (label !== undefined && !named) {
      throw new GatewayError('not_found', 'No site has been found for the specified subdomain')
    }
    if (named && route?.access === NONCE && readNonce(authorization)) return { site: named, by: 'nonce' }
    if (authorization === '' && named && isOpen(named, route)) return { site: named, by: 'anonymous' }
    const publisher = route?.access === PUBLISH ? await findPublisher(gateway, authorization) : 'none'
    if (publisher !== 'none') {
      if (publisher && (!named || named.id === publisher.site.id)) return publisher
      throw doorkeeper.wrongKey(request.address, 'The key for publishing is wrong or has ended.')
    }
    const keys = readBasicKeys(authorization)
    if (!keys) throw new GatewayError('unauthenticated', 'The public and the private key are missing.')
    const site = named ?? (await gateway.store.sites.byPublicKey(keys.publicKey))
    if (!site || !sameSecret(site.publicKey, keys.publicKey) || !verifyPrivateKey(site, keys.privateKey)) {
      throw doorkeeper.wrongKey(request.address, 'The public or the private key is wrong.')
    }
    const caller: Caller = { site, by: 'partner' }
    if (generation === undefined) return caller
    if (known.size >= CALLERS_KEPT) known.clear()
    known.set(key, { generation, caller })
    return caller
  }
}

/** The nonce of `Authorization: OneAllNonce <nonce>`; undefined for any other scheme. */
export function readNonce(authorization = ''): string | undefined {
  return /^OneAllNonce\s+([\x21-\x7e]{1,255})$/i.exec(authorization.trim())?.[1]
}

function isOpen(site: Site, route: Pick<Route, 'access'> | undefined): boolean {
  return route?.access === OPEN || (route?.access === IMPORT && site.settings.anonymousImport === true)
}

/** The first label of `<label>.api.<rest>`; undefined for any other host. */
function siteLabel(request: Pick<WireRequest, 'host'>): string | undefined {
  const [label, api, rest] = hostName(request).split('.', 3)
  return label && api === 'api' && rest ? label : undefined
}
