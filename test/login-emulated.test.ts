// Logins at networks that somebody else has rebuilt: https://github.com/vercel-labs/emulate

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createEmulator, type Emulator } from 'emulate'
import type { Gateway } from '../src/core/gateway.ts'
import type { OAuth2, Provider } from '../src/core/provider.ts'
import { createNetworks } from '../src/network/networks.ts'
import { NETWORK_DEFAULTS } from '../src/network/options.ts'
import { github } from '../src/providers/github.ts'
import { google } from '../src/providers/google.ts'
import { microsoft } from '../src/providers/microsoft.ts'
import { freePort } from './support/counterparts.ts'
import { type House, openHouse } from './support/house.ts'
import { direct, formOf, frontOf, KITH, openVisitor, setUp } from './support/login.ts'

const CLIENT = { clientId: 'client-1', clientSecret: 'secret-1' }
const backTo = (provider: string) => `http://house.api.${KITH}/socialize/callback/${provider}`

interface Service {
  readonly provider: Provider & { readonly auth: OAuth2 }
  seed(): Record<string, unknown>
  /** The same network, at this address. */
  at(url: string): Pick<Provider, 'api'> & { readonly auth: Partial<OAuth2> }
}

const SERVICES: Readonly<Record<'github' | 'google' | 'microsoft', Service>> = {
  github: {
    provider: github,
    seed: () => ({
      users: [{ login: 'octo', name: 'Octo Cat', email: 'octo@kith.test' }],
      oauth_apps: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          name: 'Kith',
          redirect_uris: [backTo('github')],
        },
      ],
    }),
    at: (url) => ({
      api: url,
      auth: { authorizeUrl: `${url}/login/oauth/authorize`, tokenUrl: `${url}/login/oauth/access_token` },
    }),
  },
  google: {
    provider: google,
    seed: () => ({
      users: [{ email: 'ada@kith.test', name: 'Ada Lovelace' }],
      oauth_clients: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          name: 'Kith',
          redirect_uris: [backTo('google')],
        },
      ],
    }),
    // Its profile stands where Google's older API had it.
    at: (url) => ({
      api: `${url}/oauth2/v2`,
      auth: {
        authorizeUrl: `${url}/o/oauth2/v2/auth`,
        tokenUrl: `${url}/oauth2/token`,
        revokeUrl: `${url}/oauth2/revoke`,
        openId: { issuer: url, keysUrl: `${url}/oauth2/v3/certs` },
      },
    }),
  },
  microsoft: {
    provider: microsoft,
    seed: () => ({
      users: [{ email: 'mikah@kith.test', name: 'Mikah Ollenburg' }],
      oauth_clients: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          name: 'Kith',
          redirect_uris: [backTo('microsoft')],
        },
      ],
    }),
    at: (url) => ({
      api: url,
      auth: {
        authorizeUrl: `${url}/oauth2/v2.0/authorize`,
        tokenUrl: `${url}/oauth2/v2.0/token`,
        openId: { issuer: `${url}/{tenantid}/v2.0`, keysUrl: `${url}/discovery/v2.0/keys` },
      },
    }),
  },
}

let house: House
let gateway: Gateway
const emulators: Emulator[] = []
let close: () => Promise<void>
before(async () => {
  house = await openHouse()
  await setUp(house)
  const providers = new Map<string, Provider>(house.gateway.providers)
  for (const [service, { provider, seed, at }] of Object.entries(SERVICES)) {
    const port = await freePort()
    const name = service as keyof typeof SERVICES
    emulators.push(await createEmulator({ service: name, port, seed: { [service]: seed() } }))
    const there = at(`http://localhost:${port}`)
    providers.set(provider.id, { ...provider, ...there, auth: { ...provider.auth, ...there.auth } })
    await house.store.apps.save(house.site, provider.id, CLIENT)
  }
  const { store, log, meter } = house.gateway
  const options = { ...NETWORK_DEFAULTS, allowInsecure: true, allowAddresses: ['localhost'] }
  const networks = createNetworks({ store, providers, options, log, meter })
  close = networks.close
  const { open, openUnlinked, renewTokens, consents } = networks
  gateway = { ...house.gateway, providers, open, openUnlinked, renewTokens, consents }
})
after(async () => {
  await close()
  await house.close()
  for (const emulator of emulators) await emulator.close()
})

for (const [service, { provider }] of Object.entries(SERVICES)) {
  test(`a login at the rebuilt ${provider.name} ends with who it was`, async () => {
    const visitor = openVisitor(frontOf(gateway))
    const asked = await visitor.begin(direct(provider.id))
    const page = await (await fetch(asked)).text()
    const shown = { url: asked, status: 200, headers: {}, text: page }
    const { action, fields } = formOf(shown)
    const back = await fetch(new URL(action, asked), {
      method: 'POST',
      body: new URLSearchParams(fields),
      redirect: 'manual',
    })
    const end = await visitor.visit(back.headers.get('location') ?? '')
    const { body } = await house.ask(`/connections/${formOf(end).fields.connection_token}.json`)
    const { data } = body.response.result
    assert.equal(data.plugin.data.reason, 'user_authenticated', service)
    assert.ok(data.user.identity.displayName)
  })
}
