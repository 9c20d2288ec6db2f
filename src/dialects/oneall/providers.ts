// The networks a site can use.

import { z } from 'zod'
import type { Gateway } from '../../core/gateway.ts'
import type { Site } from '../../core/model.ts'
import type { Provider } from '../../core/provider.ts'
import { route } from '../dialect.ts'
import { OPEN } from './credentials.ts'
import type { Reply } from './envelope.ts'
import { SUCCESS } from './statuses.ts'
import { toProvider } from './wire.ts'
import type { PlainObject } from './xml.ts'

const list = route({
  method: 'GET',
  path: '/providers',
  summary: 'List the networks that a site can use',
  access: OPEN,
  input: z.unknown(),
  async run({ gateway, caller }): Promise<Reply> {
    const usable = [...gateway.providers.values()].filter(({ profile }) => profile !== undefined)
    const entries = await Promise.all(usable.map((provider) => toEntry(gateway, caller.site, provider)))
    return { status: SUCCESS, data: { providers: { count: entries.length, entries } } }
  },
})

export const providers = [list]

async function toEntry(gateway: Gateway, site: Site, provider: Provider): Promise<PlainObject> {
  const needsApp = needsRegistration(provider)
  const app = needsApp ? await gateway.store.apps.find(site, provider.id) : undefined
  const isServerAsked = provider.server !== undefined
  return {
    ...toProvider(gateway, provider.id),
    is_configurable: needsApp,
    configuration: { is_required: needsApp, is_completed: !needsApp || app !== undefined },
    authentication: {
      is_user_input_required: isServerAsked,
      user_input_type: isServerAsked ? 'server' : undefined,
    },
  }
}

/** Whether the site must register an app by hand; some networks let us register by ourselves, some need none. */
function needsRegistration({ auth }: Provider): boolean {
  if (!auth || auth.type === 'atproto') return false
  if (auth.type === 'oauth2') return auth.registerUrl === undefined
  return auth.type === 'oauth1'
}
