// Logins under way, on both databases.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Attempt } from '../src/core/login-store.ts'
import { databases } from './support/databases.ts'
import { accountOf, createSite, openStoreHouse, type StoreHouse } from './support/stores.ts'

const ATTEMPT: Attempt = {
  provider: 'github',
  wish: { service: 'login', onto: { kind: 'site', callbackUri: 'https://shop.example/', isPopup: false } },
  memory: {
    redirectUri: 'https://kith.example/socialize/callback/github',
    clientId: 'c',
    verifier: 'secret verifier',
  },
}
const LIFE = { lifeMs: 60_000, atMost: 100 }

for (const kind of databases) {
  describe(`logins under way on ${kind.name}`, () => {
    let house: StoreHouse
    beforeEach(async () => {
      house = await openStoreHouse(kind)
    })
    afterEach(() => house[Symbol.asyncDispose]())

    test('are taken once, by the browser that began them', async () => {
      const { store } = house
      const { site } = house
      const hashes = { key: 'k'.repeat(64), browser: 'b'.repeat(64) }
      await store.logins.begin(site, hashes, ATTEMPT, LIFE)
      assert.equal((await store.logins.siteOf(hashes.key))?.id, site.id)
      assert.equal(await store.logins.take({ ...hashes, browser: 'other' }), undefined)
      assert.equal(await store.logins.take({ ...hashes, key: 'other' }), undefined)
      const taken = await Promise.all([1, 2, 3].map(() => store.logins.take(hashes)))
      assert.deepEqual(
        taken.filter((attempt) => attempt !== undefined),
        [ATTEMPT],
      )
      assert.equal(await store.logins.siteOf(hashes.key), undefined)
    })

    test('end with their time, and are purged', async () => {
      const { store } = house
      const { site } = house
      await store.logins.begin(site, { key: 'short', browser: 'b' }, ATTEMPT, { ...LIFE, lifeMs: -1 })
      assert.equal(await store.logins.siteOf('short'), undefined)
      assert.equal(await store.logins.take({ key: 'short', browser: 'b' }), undefined)
      assert.equal(await store.logins.purge(), 1)
      assert.equal(await store.logins.purge(), 0)
    })

    test('of one site are bounded, and those of another are not counted', async () => {
      const { store } = house
      const { site } = house
      const other = await createSite(store)
      const begin = (key: string, of = site) =>
        store.logins.begin(of, { key, browser: 'b' }, ATTEMPT, { ...LIFE, atMost: 2 })
      await begin('1')
      await begin('2')
      await assert.rejects(begin('3'), { code: 'overloaded' })
      await begin('4', other)
      await store.logins.take({ key: '1', browser: 'b' })
      await begin('3')
    })

    test('end with codes that are exchanged once, by their site', async () => {
      const { store } = house
      const { site } = house
      const other = await createSite(store)
      const { user } = await store.identities.link(site, accountOf('ada'))
      const code = { user, redirectUri: 'https://shop.example/', lifeMs: 60_000 }
      await store.logins.issueCode(site, { ...code, hash: 'one' })
      await store.logins.issueCode(site, { ...code, hash: 'late', lifeMs: -1 })
      assert.equal(await store.logins.redeemCode(other, 'one'), undefined)
      const redeemed = await store.logins.redeemCode(site, 'one')
      assert.deepEqual([redeemed?.user.token, redeemed?.isOver], [user.token, false])
      assert.equal(await store.logins.redeemCode(site, 'one'), undefined)
      assert.equal((await store.logins.redeemCode(site, 'late'))?.isOver, true)
      await assert.rejects(store.logins.issueCode(site, { ...code, hash: 'x', user: { id: 999_999 } }), {
        code: 'not_found',
      })
    })

    test('of an account that has moved to another server find the identity that it had', async () => {
      const { store, site } = house
      const here = accountOf('did:plc:ada', { server: 'https://old.example' })
      const { identity } = await store.identities.link(site, here)
      const { provider, subject } = here
      await store.identities.moveHome(site, { provider, subject, server: 'https://new.example' })
      const again = await store.identities.link(site, { ...here, server: 'https://new.example' })
      assert.deepEqual([again.identity.token, again.isNewIdentity], [identity.token, false])
      const other = await store.identities.link(site, here)
      await store.identities.moveHome(site, { provider, subject, server: 'https://old.example' })
      assert.notEqual(other.identity.token, identity.token)
      assert.equal((await store.identities.find(site, identity.token))?.server, 'https://new.example')
    })

    test('of an account that stands under two old servers move the elder one', async () => {
      const { store, site } = house
      const [one, two] = ['https://one.example', 'https://two.example']
      const elder = await store.identities.link(site, accountOf('did:plc:bob', { server: one }))
      const younger = await store.identities.link(site, accountOf('did:plc:bob', { server: two }))
      const { provider } = elder.identity
      await store.identities.moveHome(site, {
        provider,
        subject: 'did:plc:bob',
        server: 'https://new.example',
      })
      assert.equal((await store.identities.find(site, elder.identity.token))?.server, 'https://new.example')
      assert.equal((await store.identities.find(site, younger.identity.token))?.server, two)
    })

    test('lie sealed', async () => {
      const { store, site } = house
      await store.logins.begin(site, { key: 'k', browser: 'b' }, ATTEMPT, LIFE)
      const [row] = await house.raw('select * from login_attempts')
      assert.doesNotMatch(JSON.stringify(row), /secret verifier|shop\.example/)
    })

    test('with a server we have not registered with yet: one process registers', async () => {
      const { store } = house
      const { site } = house
      const claim = () => store.apps.claim(site, 'mastodon', 'https://one.example', 60_000)
      const claims = await Promise.all([claim(), claim(), claim()])
      assert.equal(claims.filter(Boolean).length, 1)
      const registration = { redirectUri: 'https://kith.example/cb', scopes: ['read'] }
      const app = { clientId: randomUUID(), clientSecret: 'secret', registration }
      await store.apps.save(site, 'mastodon', app, 'https://one.example')
      await store.apps.release(site, 'mastodon', 'https://one.example')
      assert.deepEqual(await store.apps.find(site, 'mastodon', 'https://one.example'), app)
      assert.equal(await claim(), true)
    })
  })
}
