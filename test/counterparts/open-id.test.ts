// Logins at a real issuer of OpenID Connect: the shipped connector of a network that signs, with that network's addresses
// changed for the issuer's.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Gateway } from '../../src/core/gateway.ts'
import type { Provider } from '../../src/core/provider.ts'
import { createNetworks } from '../../src/network/networks.ts'
import { NETWORK_DEFAULTS } from '../../src/network/options.ts'
import { google } from '../../src/providers/google.ts'
import { describeCounterpart } from '../support/counterparts.ts'
import { type House, openHouse } from '../support/house.ts'
import {
  direct,
  formOf,
  frontOf,
  KITH,
  openVisitor,
  type Shown,
  setUp,
  type Visitor,
} from '../support/login.ts'
import { missingForOidc, type OpenIdIssuer, openOidc } from '../support/oidc.ts'

describeCounterpart('A login at an issuer of OpenID Connect', missingForOidc(), () => {
  const closing: (() => Promise<void>)[] = []
  let issuer: OpenIdIssuer
  let house: House
  let gateway: Gateway
  let visitor: Visitor

  before(async () => {
    issuer = await openOidc(`http://house.api.${KITH}/socialize/callback/${google.id}`)
    closing.unshift(issuer.close)
    house = await openHouse()
    closing.unshift(house.close)
    await setUp(house)
    const { clientId, clientSecret, issuer: at } = issuer
    await house.store.apps.save(house.site, google.id, { clientId, clientSecret })
    const there: Provider = {
      ...google,
      api: at,
      auth: {
        ...google.auth,
        authorizeUrl: `${at}/auth`,
        tokenUrl: `${at}/token`,
        revokeUrl: `${at}/token/revocation`,
        openId: { issuer: at, keysUrl: `${at}/jwks` },
      },
      profile: {
        request: () => ({ path: '/me' }),
        parse: (answer) => google.profile.parse(answer),
      },
    }
    const providers = new Map([...house.gateway.providers, [there.id, there]])
    const { store, log, meter } = house.gateway
    const options = { ...NETWORK_DEFAULTS, allowInsecure: true, allowAddresses: ['127.0.0.1'] }
    const networks = createNetworks({ store, providers, options, log, meter })
    closing.unshift(networks.close)
    const { open, openUnlinked, renewTokens, consents } = networks
    gateway = { ...house.gateway, providers, open, openUnlinked, renewTokens, consents }
  })
  after(async () => {
    for (const close of closing) await close()
  })
  beforeEach(() => {
    visitor = openVisitor(frontOf(gateway))
  })

  const answerAs = async (name: string | undefined) => {
    const asked = await visitor.begin(direct(google.id))
    return { asked, back: await issuer.agree(asked.href, name) }
  }
  async function dataOf(shown: Shown) {
    const { body } = await house.ask(`/connections/${formOf(shown).fields.connection_token}.json`)
    return body.response.result.data
  }
  const reasonOf = async (address: URL) => {
    const data = await dataOf(await visitor.visit(address.href))
    assert.equal(data.user, undefined)
    return data.plugin.data.reason
  }

  test('ends with who has signed in, the same user at the next time', async () => {
    const { asked, back } = await answerAs('ada')
    // The issuer insists on it.
    assert.equal(asked.searchParams.get('code_challenge_method'), 'S256')
    assert.equal(back.searchParams.get('iss'), issuer.issuer)
    const data = await dataOf(await visitor.visit(back.href))
    assert.equal(data.plugin.data.reason, 'user_authenticated')
    const { identity } = data.user
    assert.equal(identity.accounts[0].userid, 'ada')
    assert.equal(identity.displayName, 'Name of ada <b>')
    assert.deepEqual(identity.emails, [{ value: 'ada@issuer.test', is_verified: true }])
    assert.equal(JSON.stringify(data).includes('javascript:'), false)
    const again = await dataOf(await visitor.visit((await answerAs('ada')).back.href))
    assert.equal(again.user.user_token, data.user.user_token)
    const other = await dataOf(await visitor.visit((await answerAs('bob')).back.href))
    assert.notEqual(other.user.user_token, data.user.user_token)
  })

  test('that is cancelled there names nobody', async () => {
    assert.equal(await reasonOf((await answerAs(undefined)).back), 'access_was_denied')
  })

  test('whose answer names another issuer is refused before the code is shown to anybody', async () => {
    const { back } = await answerAs('ada')
    back.searchParams.set('iss', 'http://127.0.0.1:1')
    assert.equal(await reasonOf(back), 'provider_answered_for_another_account')
  })

  test('with the code of another login is refused, and so is a code that comes again', async () => {
    const first = await answerAs('ada')
    const second = await answerAs('bob')
    const swapped = new URL(second.back)
    swapped.searchParams.set('code', first.back.searchParams.get('code') ?? '')
    assert.equal(await reasonOf(swapped), 'provider_refused_the_request')
    const third = await answerAs('ada')
    const used = new URL(third.back)
    await visitor.visit(used.href)
    const fourth = await answerAs('ada')
    fourth.back.searchParams.set('code', used.searchParams.get('code') ?? '')
    assert.equal(await reasonOf(fourth.back), 'provider_refused_the_request')
  })

  test('of a site with a wrong secret is told as a fault of the set-up', async () => {
    const { back } = await answerAs('ada')
    const { clientId, clientSecret } = issuer
    await house.store.apps.save(house.site, google.id, { clientId, clientSecret: 'wrong' })
    assert.equal(await reasonOf(back), 'provider_is_not_configured')
    await house.store.apps.save(house.site, google.id, { clientId, clientSecret })
  })

  test('is forgotten by the issuer when it is unlinked', async () => {
    const { user } = await dataOf(await visitor.visit((await answerAs('eve')).back.href))
    const identity = await house.store.identities.find(house.site, user.identity.identity_token)
    const { tokens } = (identity && (await house.store.tokens.of(identity))) ?? assert.fail('no tokens')
    const asEve = { headers: { authorization: `Bearer ${tokens.accessToken}` } }
    assert.equal((await fetch(`${issuer.issuer}/me`, asEve)).status, 200)
    const query = { service: 'social_link', user_token: user.user_token, action: 'unlink_identity' }
    const page = await visitor.visit(direct(google.id, query))
    assert.equal((await dataOf(await visitor.send(page))).plugin.data.reason, 'identity_unlinked')
    assert.equal((await fetch(`${issuer.issuer}/me`, asEve)).status, 401)
  })
})
