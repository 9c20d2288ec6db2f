// Logins whose network signs who it was (OpenID Connect), and those of OAuth 1.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Gateway } from '../src/core/gateway.ts'
import { createNetworks } from '../src/network/networks.ts'
import { NETWORK_DEFAULTS } from '../src/network/options.ts'
import { twitter } from '../src/providers/twitter.ts'
import { type House, openHouse } from './support/house.ts'
import { direct, formOf, frontOf, openVisitor, type Shown, setUp, type Visitor } from './support/login.ts'
import { CLIENT, type Issuer, openIssuer } from './support/open-id.ts'

describe('a login that the network signs', () => {
  let house: House
  let issuer: Issuer
  let visitor: Visitor
  let aheadMs = 0
  before(async () => {
    issuer = await openIssuer()
    house = await openHouse({ network: { sandbox: issuer.url }, now: () => Date.now() + aheadMs })
    await setUp(house)
    await house.store.apps.save(house.site, 'google', CLIENT)
  })
  after(async () => {
    await house.close()
    await issuer[Symbol.asyncDispose]()
  })
  beforeEach(() => {
    Object.assign(issuer, { claims: {}, signing: 'right', subject: '1001', key: undefined })
    visitor = openVisitor(frontOf(house.gateway, { startsPerMinute: 10_000 }))
  })

  const resultOf = async (shown: Shown) => {
    const { body } = await house.ask(`/connections/${formOf(shown).fields.connection_token}.json`)
    return body.response.result
  }
  const logIn = async () => resultOf(await visitor.visit(direct('google')))

  test('is one of the account that it has signed', async () => {
    const { data } = await logIn()
    assert.equal(data.plugin.data.reason, 'user_authenticated')
    assert.equal(data.user.identity.accounts[0].userid, '1001')
    assert.equal(data.user.identity.displayName, 'Ada <b>')
    const again = await logIn()
    assert.equal(again.data.user.user_token, data.user.user_token)
    assert.equal(issuer.keyReads, 1)
  })

  test('with keys that have changed reads them again', async () => {
    await logIn()
    await issuer.turnKeys()
    // Within a minute of the last look an unknown key is no reason to look again.
    assert.equal((await logIn()).data.plugin.data.reason, 'provider_refused_the_request')
    aheadMs = 61_000
    assert.equal((await logIn()).data.plugin.data.reason, 'user_authenticated')
  })

  const WRONG: readonly [string, Partial<Pick<Issuer, 'claims' | 'signing' | 'key'>>, string][] = [
    ['whose key is no key', { key: { kty: 'RSA', n: '!!', e: 'AQAB' } }, 'provider_answer_is_invalid'],
    ['whose key is too short', { key: { kty: 'RSA', n: 'AQ', e: 'AQAB' } }, 'provider_answer_is_invalid'],
    ['whose key is half missing', { key: { kty: 'RSA' } }, 'provider_answer_is_invalid'],
    ['whose key is a secret', { key: { kty: 'oct', k: 'AQ' } }, 'provider_refused_the_request'],
    ['whose key is nothing', { key: null }, 'provider_refused_the_request'],
    ['for another app', { claims: { aud: 'client-2' } }, 'provider_refused_the_request'],
    ['by another issuer', { claims: { iss: 'https://evil.example' } }, 'provider_refused_the_request'],
    ['for another login', { claims: { nonce: 'another' } }, 'provider_refused_the_request'],
    ['for no login', { claims: { nonce: undefined } }, 'provider_refused_the_request'],
    ['that is over', { claims: { exp: 1_600_000_000 } }, 'provider_refused_the_request'],
    ['without an end', { claims: { exp: undefined } }, 'provider_refused_the_request'],
    ['about nobody', { claims: { sub: undefined } }, 'provider_refused_the_request'],
    ['that nobody has signed', { signing: 'none' }, 'provider_refused_the_request'],
    ['signed with the public key as a secret', { signing: 'shared secret' }, 'provider_refused_the_request'],
    ['signed with another key', { signing: 'other key' }, 'provider_refused_the_request'],
    ['signed with a key that is not shown', { signing: 'unknown key' }, 'provider_refused_the_request'],
    [
      'about another account than the profile',
      { claims: { sub: '2002' } },
      'provider_answered_for_another_account',
    ],
  ]
  for (const [name, fault, reason] of WRONG) {
    test(`is refused with a token ${name}`, async () => {
      const fresh = await openHouse({ network: { sandbox: issuer.url } })
      try {
        await setUp(fresh)
        await fresh.store.apps.save(fresh.site, 'google', CLIENT)
        visitor = openVisitor(frontOf(fresh.gateway))
        Object.assign(issuer, fault)
        const { fields } = formOf(await visitor.visit(direct('google')))
        const { body } = await fresh.ask(`/connections/${fields.connection_token}.json`)
        const { data } = body.response.result
        assert.deepEqual([data.plugin.data.reason, data.user], [reason, undefined])
        assert.equal((await fresh.ask('/users.json')).body.response.result.data.users.entries.length, 0)
      } finally {
        await fresh.close()
      }
    })
  }
})

describe('a login of OAuth 1', () => {
  let house: House
  let gateway: Gateway
  let visitor: Visitor
  let close: () => Promise<void>
  before(async () => {
    house = await openHouse({ sandbox: true })
    await setUp(house)
    const old = {
      ...twitter,
      auth: {
        type: 'oauth1' as const,
        requestUrl: 'https://api.x.com/oauth/request_token',
        authorizeUrl: 'https://api.x.com/oauth/authorize',
        tokenUrl: 'https://api.x.com/oauth/access_token',
      },
    }
    const providers = new Map([...house.gateway.providers, [old.id, old]])
    const { store, log, meter } = house.gateway
    const options = { ...NETWORK_DEFAULTS, sandbox: house.sandbox!.url }
    const networks = createNetworks({ store, providers, options, log, meter })
    close = networks.close
    const { open, openUnlinked, renewTokens, consents } = networks
    gateway = { ...house.gateway, providers, open, openUnlinked, renewTokens, consents }
  })
  after(async () => {
    await close()
    await house.close()
  })
  beforeEach(() => {
    visitor = openVisitor(frontOf(gateway))
  })

  const resultOf = async (shown: Shown) => {
    const { body } = await house.ask(`/connections/${formOf(shown).fields.connection_token}.json`)
    return body.response.result.data
  }

  test('ends at the site, with a token and its secret', async () => {
    const asked = await visitor.visit(direct('twitter'))
    assert.match(asked.url.pathname, /\/oauth\/authorize$/, asked.text)
    const data = await resultOf(await visitor.decide(asked, { decision: 'approve', account: '7' }))
    assert.equal(data.plugin.data.reason, 'user_authenticated')
    const identity = await house.store.identities.find(house.site, data.user.identity.identity_token)
    const held = await house.store.tokens.of(identity!)
    assert.ok(held?.tokens.secret)
    assert.equal(identity?.subject, house.sandbox!.grant('api.x.com', { account: 7 }).subject)
  })

  test('that the person refuses is told as such', async () => {
    const asked = await visitor.visit(direct('twitter'))
    const data = await resultOf(await visitor.decide(asked, { decision: 'deny' }))
    assert.deepEqual([data.plugin.data.reason, data.user], ['access_was_denied', undefined])
  })

  test('with a token of somebody else, or in another browser, is none', async () => {
    const asked = await visitor.visit(direct('twitter'))
    const response = await fetch(asked.url, {
      method: 'POST',
      body: new URLSearchParams({ decision: 'approve', account: '8' }),
      redirect: 'manual',
    })
    const address = new URL(response.headers.get('location') ?? '')
    const stranger = openVisitor(frontOf(gateway))
    assert.equal((await stranger.visit(address.href)).status, 400)
    const forged = new URL(address)
    forged.searchParams.set('oauth_token', 'guessed')
    assert.equal((await visitor.visit(forged.href)).status, 404)
    assert.equal((await visitor.visit(address.href)).status, 200)
    assert.equal((await visitor.visit(address.href)).status, 404)
  })
})
