// Which networks a user has linked, for the pages of a site that has allowed it: `social_link` shows it.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import { checkCallback } from '../../core/login.ts'
import type { Site } from '../../core/model.ts'
import { route, type WireAnswer } from '../dialect.ts'
import { toProvider } from '../oneall/wire.ts'

/** Where the plugin script asks. */
export const LINKED_PATH = '/socialize/linked.json'

export const linkedRoute = route({
  method: 'GET',
  path: LINKED_PATH,
  summary: 'The keys of the networks that a user has linked',
  input: z.object({ user_token: z.string().max(100) }),
  async run({ gateway, caller: { site }, input, request }): Promise<WireAnswer> {
    const origin = requirePage(site, request.headers.origin)
    const user = await gateway.store.users.find(site, input.user_token.trim().toLowerCase())
    if (!user) throw new GatewayError('not_found', 'There is no such user.', { field: 'user_token' })
    const identities = await gateway.store.identities.ofUser(user)
    const providers = [...new Set(identities.map(({ provider }) => toProvider(gateway, provider).key))]
    return {
      status: 200,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Access-Control-Allow-Origin': origin,
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      },
      body: Buffer.from(JSON.stringify({ providers })),
    }
  },
})

/** The origin of the page that asks, when it is one of the site's and the site has allowed it. */
function requirePage(site: Site, origin = ''): string {
  if (site.settings.showsLinkedToPages !== true) {
    throw new GatewayError('forbidden', 'This site does not tell its pages what is linked.')
  }
  checkCallback(site, `${origin}/`)
  return origin
}
