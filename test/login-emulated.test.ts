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
import { slack } from '../src/providers/slack.ts'
import { freePort } from './support/counterparts.ts'
import { type House, openHouse } from './support/house.ts'
import {
  direct,
  formOf,
  frontOf,
  KITH,
  openVisitor,
  type Shown,
  setUp,
  type Visitor,
} from './support/login.ts'
import { openSlackDoor, type SlackDoor } from './support/slack.ts'

const CLIENT = { clientId: 'client-1', clientSecret: 'secret-1' }
const backTo = (provider: string) => `http://house.api.${KITH}/socialize/callback/${provider}`

interface Service {
  readonly provider: Provider & { readonly auth: OAuth2 }
  seed(): Record<string, unknown>
  /** The same network, at this address. */
  at(url: string): Pick<Provider, 'api'> & { readonly auth: Partial<OAuth2> }
}

const SERVICES: Readonly<Record<'github' | 'google' | 'microsoft' | 'slack', Service>> = {
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
  slack: {
    provider: slack,
    seed: () => ({
      users: [{ name: 'krane', real_name: 'Bront Labradoodle', email: 'krane@kith.test' }],
      strict_scopes: true,
      oauth_apps: [
        {
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          name: 'Kith',
          redirect_uris: [backTo('slack')],
        },
      ],
    }),
    at: (url) => ({
      api: `${url}/api`,
      auth: {
        authorizeUrl: `${url}/openid/connect/authorize`,
        tokenUrl: `${url}/api/openid.connect.token`,
        openId: { issuer: 'https://slack.com', keysUrl: `${url}/openid/connect/keys` },
      },
    }),
  },
}

let house: House
let gateway: Gateway
const emulators: Emulator[] = []
let door: SlackDoor
let close: () => Promise<void>
before(async () => {
  house = await openHouse()
  await setUp(house)
  const providers = new Map<string, Provider>(house.gateway.providers)
  for (const [service, { provider, seed, at }] of Object.entries(SERVICES)) {
    const port = await freePort()
    const name = service as keyof typeof SERVICES
    emulators.push(await createEmulator({ service: name, port, seed: { [service]: seed() } }))
    const inner = `http://localhost:${port}`
    if (provider === slack) door = await openSlackDoor(inner)
    const there = at(provider === slack ? door.url : inner)
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
  await door[Symbol.asyncDispose]()
  for (const emulator of emulators) await emulator.close()
})

/** Goes to the network and says yes there, as the first of its people; where the browser is led back to. */
async function agree(visitor: Visitor, provider: string): Promise<string> {
  const response = await fetch(await visitor.begin(direct(provider)))
  const shown: Shown = { url: new URL(response.url), status: 200, headers: {}, text: await response.text() }
  const { action, fields } = formOf(shown)
  const back = await fetch(new URL(action, shown.url), {
    method: 'POST',
    body: new URLSearchParams(fields),
    redirect: 'manual',
  })
  return back.headers.get('location') ?? ''
}

async function dataOf(end: Shown) {
  const { body } = await house.ask(`/connections/${formOf(end).fields.connection_token}.json`)
  return body.response.result.data
}

for (const [service, { provider }] of Object.entries(SERVICES)) {
  test(`a login at the rebuilt ${provider.name} ends with who it was`, async () => {
    const visitor = openVisitor(frontOf(gateway))
    const data = await dataOf(await visitor.visit(await agree(visitor, provider.id)))
    assert.equal(data.plugin.data.reason, 'user_authenticated', service)
    assert.ok(data.user.identity.displayName)
    const again = openVisitor(frontOf(gateway))
    const later = await dataOf(await again.visit(await agree(again, provider.id)))
    assert.equal(later.user.user_token, data.user.user_token)
  })

  test(`a code that the rebuilt ${provider.name} has not given is refused, and nobody is named`, async () => {
    const visitor = openVisitor(frontOf(gateway))
    const back = new URL(await agree(visitor, provider.id))
    back.searchParams.set('code', 'guessed')
    const data = await dataOf(await visitor.visit(back.href))
    assert.deepEqual([data.plugin.data.reason, data.user], ['provider_refused_the_request', undefined])
  })

  test(`a wrong client secret at the rebuilt ${provider.name} is told as a fault of the set-up`, async () => {
    const visitor = openVisitor(frontOf(gateway))
    const back = await agree(visitor, provider.id)
    await house.store.apps.save(house.site, provider.id, { ...CLIENT, clientSecret: 'wrong' })
    const end = await visitor.visit(back)
    await house.store.apps.save(house.site, provider.id, CLIENT)
    assert.match(end.text, /client id or secret may be wrong/)
    assert.equal((await dataOf(end)).plugin.data.reason, 'provider_is_not_configured')
  })
}

test('a Slack account that is unlinked is logged out there', async () => {
  const visitor = openVisitor(frontOf(gateway))
  const { user } = await dataOf(await visitor.visit(await agree(visitor, 'slack')))
  const identity = await house.store.identities.find(house.site, user.identity.identity_token)
  const { tokens } = (identity && (await house.store.tokens.of(identity))) ?? assert.fail('no tokens')
  const query = { service: 'social_link', user_token: user.user_token, action: 'unlink_identity' }
  await visitor.send(await visitor.visit(direct('slack', query)))
  assert.deepEqual(door.revoked, [tokens.accessToken])
})

test('Slack’s token of one person with the profile of another is no login', async () => {
  const visitor = openVisitor(frontOf(gateway))
  const back = await agree(visitor, 'slack')
  door.signs = 'U000000099'
  const data = await dataOf(await visitor.visit(back))
  door.signs = undefined
  assert.deepEqual([data.plugin.data.reason, data.user], ['provider_answered_for_another_account', undefined])
})
