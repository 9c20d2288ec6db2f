// The site itself, and the check of its credentials.

import { z } from 'zod'
import { route } from '../dialect.ts'
import type { Reply } from './envelope.ts'
import { list } from './input.ts'
import { SUCCESS } from './statuses.ts'

/** Callback domains of one site. */
const DOMAINS_MAX = 1_000

const read = route({
  method: 'GET',
  path: '/site',
  summary: 'Read what the site can do',
  input: z.unknown(),
  async run({ caller }): Promise<Reply> {
    const { subdomain, name } = caller.site
    const features = { has_single_signon: true }
    return { status: SUCCESS, data: { site: { subdomain, name, subscription_plan: { features } } } }
  },
})

const readDomains = route({
  method: 'GET',
  path: '/site/allowed-domains',
  summary: 'Read the domains that a browser may be sent back to',
  input: z.unknown(),
  run: async ({ caller }) => toReply(caller.site.settings.allowedDomains ?? []),
})

// A host name, with `*.` before it for all below it, and a port behind it.
const DOMAIN =
  /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(:\d{1,5})?$/i

// Known clients call this adding, and send the one domain that they stand on: others must not go with it.
const addDomains = route({
  method: 'PUT',
  path: '/site/allowed-domains',
  summary: 'Add domains that a browser may be sent back to',
  input: z.object({
    request: z.object({ allowed_domains: list(z.string().max(255).regex(DOMAIN, 'must be a host name')) }),
  }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const domains = input.request.allowed_domains.map((domain) => domain.toLowerCase())
    const allow = { domains, atMost: DOMAINS_MAX }
    const { allowedDomains = [] } = await gateway.store.sites.changeSettings(caller.site, { allow })
    return toReply(allowedDomains)
  },
})

export const site = [read, readDomains, addDomains]

function toReply(entries: readonly string[]): Reply {
  return { status: SUCCESS, data: { allowed_domains: { count: entries.length, entries } } }
}
