// Which site a browser visits: its host says so, or a parameter where one host serves all.

import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Site } from '../../core/model.ts'
import type { WireRequest } from '../dialect.ts'
import { siteNameOf } from './places.ts'

/** The site of `<subdomain>.api.<rest>`, else of the parameter `site`; `not_found` where neither names one. */
export async function visitedSite(request: WireRequest, { store }: Gateway): Promise<Site> {
  const name = siteNameOf(request).toLowerCase()
  const site = name === '' ? undefined : await store.sites.bySubdomain(name)
  if (site) return site
  const message =
    name === ''
      ? 'The address names no site: use <subdomain>.api.<host>, or the parameter site=<subdomain>.'
      : 'There is no such site here.'
  throw new GatewayError('not_found', message, { field: 'site' })
}

/** The subdomain that has to be carried along in addresses, since the host does not name it; else ''. */
export function carriedSite(request: WireRequest, { subdomain }: Pick<Site, 'subdomain'>): string {
  return siteNameOf({ ...request, pairs: [] }) === '' ? subdomain : ''
}

/** Scheme and host as the browser knows them. */
export function originOf({ scheme, host }: Pick<WireRequest, 'scheme' | 'host'>): string {
  return `${scheme}://${host.toLowerCase()}`
}
