// Short links: made, listed, read with who followed them, removed.

import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { checkTarget } from './link-book.ts'
import { newCode } from './link-codes.ts'
import type { ClickTally, StoredLink } from './link-store.ts'
import type { PageOf, PageQuery, Site } from './model.ts'
import type { Publication } from './sharing-store.ts'

type SiteRef = Pick<Site, 'id'>

/** A short link with its address; its code is OneAll's `shorturl_token`, `counts.person` its `num_referrals`. */
export interface ShortLink extends StoredLink {
  /** Such as `https://go.example/Bcd2345F`. */
  readonly address: string
}

/** Who followed a link, by hour, kind of follower, device and the host that they came from. */
export interface FollowedLink extends ShortLink {
  /** The newest hours first, at most REFERRALS_MAX. */
  readonly referrals: readonly ClickTally[]
}

/** Lines about one link's clicks that are read at once. */
export const REFERRALS_MAX = 1_000

/** Codes tried until one is free; two in a row that are taken do not happen by chance. */
const TRIES = 3

/**
 * A new short link to an address. Fails with `invalid_request`, naming the field, when that is not http or https, leads
 * back to a short link of ours, or to a host that is blocked; `too_large` above 4,096 characters.
 */
export async function createLink(
  gateway: Gateway,
  site: SiteRef,
  { url, field = 'original_url' }: { readonly url: string; readonly field?: string },
): Promise<ShortLink> {
  await gateway.links.book.refresh()
  checkTarget(gateway.links.book, url, field)
  const link = await withFreeCode(() =>
    gateway.store.links.create(site, { code: newCode(), target: url }, gateway.now()),
  )
  return withAddress(gateway, site, link)
}

/** Short links of a site in order of creation. */
export async function listLinks(
  gateway: Gateway,
  site: SiteRef,
  query: PageQuery,
): Promise<PageOf<ShortLink>> {
  await gateway.links.book.refresh()
  const page = await gateway.store.links.list(site, query)
  return { ...page, entries: page.entries.map((link) => withAddress(gateway, site, link)) }
}

/** One short link, with who followed it; `not_found` when the site has none of this code. */
export async function findLink(gateway: Gateway, site: SiteRef, code: string): Promise<FollowedLink> {
  await gateway.links.book.refresh()
  const link = await gateway.store.links.find(site, code)
  if (!link) throw noLink()
  const referrals = await gateway.store.links.clicks(link, REFERRALS_MAX)
  return { ...withAddress(gateway, site, link), referrals }
}

/** From now on it leads nowhere (in other processes within a second); `not_found` when there is none of this code. */
export async function removeLink(gateway: Gateway, site: SiteRef, code: string): Promise<void> {
  const isRemoved = await gateway.store.links.remove(site, code)
  gateway.links.book.forget()
  if (!isRemoved) throw noLink()
}

/** The short links of publications, by the publication's key; those without are not in it. */
export async function linksOf(
  gateway: Gateway,
  site: SiteRef,
  publications: readonly Pick<Publication, 'key'>[],
): Promise<ReadonlyMap<string, readonly ShortLink[]>> {
  const byKey = new Map<string, ShortLink[]>()
  if (publications.length === 0) return byKey
  await gateway.links.book.refresh()
  const keys = publications.map(({ key }) => key)
  for (const link of await gateway.store.links.ofPublications(site, keys)) {
    const key = link.publicationKey ?? ''
    const known = byKey.get(key)
    if (known) known.push(withAddress(gateway, site, link))
    else byKey.set(key, [withAddress(gateway, site, link)])
  }
  return byKey
}

/** Does it again when the code of a short link was taken, after `renew` has seen to another one. */
export async function withFreeCode<T>(attempt: () => Promise<T>, renew?: () => Promise<void>): Promise<T> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await attempt()
    } catch (error) {
      const isTaken = error instanceof GatewayError && error.code === 'conflict' && error.field === 'code'
      if (!isTaken || left <= 1) throw error
      await renew?.()
    }
  }
}

function withAddress({ links }: Gateway, site: SiteRef, link: StoredLink): ShortLink {
  return { ...link, address: links.book.addressOf(site, link.code) }
}

function noLink(): GatewayError {
  return new GatewayError('not_found', 'No shorturl has been found for the specified shorturl_token')
}
