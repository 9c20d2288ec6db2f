// Short links: list, make, read with who followed them, delete.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { ClickTally } from '../../core/link-store.ts'
import { createLink, findLink, listLinks, removeLink, type ShortLink } from '../../core/links.ts'
import { route } from '../dialect.ts'
import { type Reply, toDate } from './envelope.ts'
import { PAGING, requireConfirmation, toPageQuery, yes } from './input.ts'
import { SUCCESS } from './statuses.ts'
import { toPage } from './wire.ts'
import type { PlainObject } from './xml.ts'

const list = route({
  method: 'GET',
  path: '/shorturls',
  summary: 'List the site’s short links',
  input: z.object(PAGING),
  async run({ gateway, caller, input }): Promise<Reply> {
    const page = await listLinks(gateway, caller.site, toPageQuery(input))
    return { status: SUCCESS, data: { shorturls: toPage(page, toShorturl) } }
  },
})

const ADDRESS = 'request.shorturl.original_url'

const create = route({
  method: 'POST',
  path: '/shorturls',
  summary: 'Make a short link',
  input: z.object({ request: z.object({ shorturl: z.object({ original_url: z.string() }) }) }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const { original_url: url } = input.request.shorturl
    try {
      const link = await createLink(gateway, caller.site, { url, field: ADDRESS })
      return { status: SUCCESS, data: { shorturl: toShorturl(link) } }
    } catch (error) {
      const { code, field, message, cause } = GatewayError.from(error)
      if (field !== ADDRESS) throw error
      throw new GatewayError(code, `'${field}': ${message}`, { field, cause })
    }
  },
})

const read = route({
  method: 'GET',
  path: '/shorturls/:shorturl_token',
  summary: 'Read a short link with who followed it',
  input: z.object({ shorturl_token: z.string() }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const { referrals, ...link } = await findLink(gateway, caller.site, input.shorturl_token)
    const entries = referrals.filter(({ follower }) => follower === 'person').map(toReferral)
    const shorturl = { ...toShorturl(link), referrals: { count: entries.length, entries } }
    return { status: SUCCESS, data: { shorturl } }
  },
})

const remove = route({
  method: 'DELETE',
  path: '/shorturls/:shorturl_token',
  summary: 'Delete a short link: from now on it leads nowhere',
  input: z.object({ shorturl_token: z.string(), confirm_deletion: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    requireConfirmation(input.confirm_deletion)
    await removeLink(gateway, caller.site, input.shorturl_token)
    return { status: SUCCESS }
  },
})

export const shorturls = [list, create, read, remove]

/** A short link as it stands in lists and beside publications. */
export function toShorturl({
  code,
  target,
  address,
  createdAt,
  counts,
  lastPersonAt,
}: ShortLink): PlainObject {
  return {
    shorturl_token: code,
    original_url: target,
    short_url: address,
    date_creation: toDate(createdAt),
    date_last_referral: lastPersonAt === undefined ? undefined : toDate(lastPersonAt),
    num_referrals: counts.person,
  }
}

/** The people of one hour, from one host, on one kind of device; addresses are not kept. */
function toReferral({ referrer, device, count, lastAt }: ClickTally): PlainObject {
  return { page: referrer, ip_address: '', date_creation: toDate(lastAt), num_referrals: count, device }
}
