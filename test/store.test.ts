import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { GatewayError } from '../src/core/errors.ts'
import { databases } from './support/databases.ts'
import { accountOf, connectionOf, createSite, openStoreHouse } from './support/stores.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof GatewayError && error.code === expected

const TABLES = ['site_secrets', 'users', 'identities', 'tokens', 'snapshots', 'reads', 'connections', 'apps']

for (const database of databases) {
  describe(`the store on ${database.name}`, { concurrency: 4 }, () => {
    test('what was written is read back, by every name it has', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const account = accountOf('1', {
        server: 'https://home.example',
        tokens: { accessToken: 'a', scopes: ['x'] },
      })
      const linked = await store.identities.link(site, account)
      const { user, identity } = linked
      assert.deepEqual([linked.isNewUser, linked.isNewIdentity], [true, true])
      assert.deepEqual(await store.sites.bySubdomain(site.subdomain), site)
      assert.deepEqual(await store.sites.byPublicKey(site.publicKey), site)
      assert.deepEqual(await store.sites.list(), [site])
      assert.deepEqual(await store.users.find(site, user.token), user)
      assert.deepEqual(await store.identities.find(site, identity.token), identity)
      assert.deepEqual(await store.identities.bySubject(site, account), identity)
      assert.deepEqual(await store.identities.ofUser(user), [identity])
      assert.deepEqual(await store.tokens.of(identity), { tokens: account.tokens, version: 1 })
      assert.equal(identity.server, 'https://home.example')
      assert.deepEqual(identity.profile, account.profile)
      assert.equal(await store.identities.bySubject(site, { provider: 'pretend', subject: '1' }), undefined)
    })

    test('a taken subdomain is a conflict and leaves nothing behind', async () => {
      await using house = await openStoreHouse(database)
      const { id: _, ...same } = house.site
      await assert.rejects(house.store.sites.create(same, { secret: 's', secretKey: 'k' }), code('conflict'))
      assert.equal((await house.store.sites.list()).length, 1)
    })

    test('settings of a site are kept, and of no site not found', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      await store.sites.saveSettings(site, { legacy2011: true, allowedDomains: ['a.example'] })
      const found = await store.sites.bySubdomain(site.subdomain)
      assert.deepEqual(found?.settings, { legacy2011: true, allowedDomains: ['a.example'] })
      await assert.rejects(store.sites.saveSettings({ id: 999 }, {}), code('not_found'))
      await assert.rejects(store.sites.secrets({ id: 999 }), code('not_found'))
    })

    test('changes of different settings at the same time all stay, and what is not named is left as it is', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const { changeSettings } = store.sites
      await store.sites.saveSettings(site, { legacy2011: true, feedEntries: 5 })
      const allow = (domain: string) => ({ allow: { domains: [domain], atMost: 2 } })
      await Promise.all([
        changeSettings(site, { set: { showAccessTokens: false } }),
        changeSettings(site, allow('a.example')),
        changeSettings(site, { remove: ['legacy2011'] }),
      ])
      const changed = await changeSettings(site, allow('b.example'))
      const found = await store.sites.bySubdomain(site.subdomain)
      const allowedDomains = ['a.example', 'b.example']
      assert.deepEqual(found?.settings, { feedEntries: 5, showAccessTokens: false, allowedDomains })
      assert.deepEqual(changed, found?.settings)
      await changeSettings(site, allow('a.example'))
      await assert.rejects(changeSettings(site, allow('c.example')), code('forbidden'))
      await assert.rejects(changeSettings({ id: 999 }, allow('c.example')), code('not_found'))
    })

    test('a token of another site finds nothing and changes nothing', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const other = await createSite(store)
      const { user, identity } = await store.identities.link(site, accountOf('1'))
      const stranger = await store.identities.link(other, accountOf('1'))
      assert.notEqual(stranger.user.token, user.token)
      const foreign = { id: identity.id, siteId: other.id }
      assert.equal(await store.users.find(other, user.token), undefined)
      assert.equal(await store.identities.find(other, identity.token), undefined)
      assert.equal(await store.contacts.heads(other, user.token), undefined)
      assert.deepEqual(await store.identities.ofUser({ id: user.id, siteId: other.id }), [])
      assert.equal(await store.tokens.of(foreign), undefined)
      assert.deepEqual(await store.tokens.claimRefresh(foreign, 1, 1000), { outcome: 'changed' })
      await assert.rejects(store.tokens.replace(foreign, { accessToken: 'x' }), code('not_found'))
      await assert.rejects(store.reads.claim(foreign, { leaseMs: 1000 }), code('not_found'))
      await assert.rejects(store.identities.saveProfile(foreign, { subject: '1' }), code('not_found'))
      await assert.rejects(store.identities.relink(foreign, stranger.user.token), code('not_found'))
      await assert.rejects(store.identities.relink(identity, stranger.user.token), code('not_found'))
      await assert.rejects(
        store.identities.link(site, accountOf('2'), { userToken: stranger.user.token }),
        code('not_found'),
      )
      assert.equal(await store.users.remove(other, user.token), false)
      assert.equal(await store.identities.remove(other, identity.token), false)
      assert.deepEqual(await store.identities.find(site, identity.token), identity)
    })

    test('a second login renews profile and tokens, forgets refusals and counts', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const first = await store.identities.link(site, accountOf('1'))
      await store.identities.remember(first.identity, {
        problem: { code: 'permission_missing', message: 'No.' },
        at: 5,
        until: 7,
      })
      const refused = await store.identities.find(site, first.identity.token)
      assert.deepEqual(refused?.refused?.problem.code, 'permission_missing')
      assert.equal(refused?.refused?.until, 7)
      const renewed = accountOf('1', {
        profile: { subject: '1', displayName: 'Renamed' },
        tokens: { accessToken: 'new' },
      })
      const second = await store.identities.link(site, renewed, { userToken: first.user.token })
      assert.deepEqual([second.isNewUser, second.isNewIdentity], [false, false])
      assert.equal(second.user.loginCount, 2)
      assert.equal(second.identity.refused, undefined)
      assert.equal(second.identity.profile.displayName, 'Renamed')
      assert.equal(second.identity.token, first.identity.token)
      assert.deepEqual(await store.tokens.of(second.identity), { tokens: { accessToken: 'new' }, version: 2 })
    })

    test('an account belongs to one user; it moves by relinking, and a user without identities stays', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const ada = await store.identities.link(site, accountOf('ada'))
      const bob = await store.identities.link(site, accountOf('bob'))
      const more = await store.identities.link(site, accountOf('ada2'), { userToken: ada.user.token })
      assert.deepEqual([more.isNewUser, more.isNewIdentity, more.user.id], [false, true, ada.user.id])
      await assert.rejects(
        store.identities.link(site, accountOf('bob'), { userToken: ada.user.token }),
        code('conflict'),
      )
      const moved = await store.identities.relink(bob.identity, ada.user.token)
      assert.deepEqual([moved.userId, moved.userToken], [ada.user.id, ada.user.token])
      assert.deepEqual(await store.identities.ofUser(bob.user), [])
      assert.deepEqual(await store.users.find(site, bob.user.token), bob.user)
      assert.deepEqual(
        (await store.identities.ofUser(ada.user)).map(({ subject }) => subject),
        ['ada', 'bob', 'ada2'],
      )
      await assert.rejects(store.identities.relink(bob.identity, randomUUID()), code('not_found'))
    })

    test('every change of who is linked moves the version of its site, and a login alone does not', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const version = async () => {
        const [row] = await house.raw('select linked_version from sites where id = $1', site.id)
        return row?.linked_version
      }
      const ada = await store.identities.link(site, accountOf('ada'))
      assert.equal(await version(), 1)
      await store.identities.link(site, accountOf('ada'))
      assert.equal(await version(), 1)
      const bob = await store.identities.link(site, accountOf('bob'))
      await store.identities.relink(bob.identity, ada.user.token)
      assert.equal(await version(), 3)
      await store.identities.relink(bob.identity, ada.user.token)
      assert.equal(await version(), 3)
      await store.identities.remove(site, bob.identity.token)
      await store.users.remove(site, ada.user.token)
      await store.users.remove(site, ada.user.token)
      assert.equal(await version(), 5)
    })

    test('identity, user and site take along what hangs on them', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const count = async (table: string) => {
        const [row] = await house.raw(`select count(*) as rows_left from ${table}`)
        return Number(row?.rows_left)
      }
      const other = await store.identities.link(await createSite(store), accountOf('untouched'))
      const before = await Promise.all(TABLES.map(count))
      const furnish = async () => {
        const { user, identity } = await store.identities.link(site, accountOf('1'))
        await read(identity)
        await store.connections.create(connectionOf(site.id, user.token), { expiresAt: Date.now() + 60_000 })
        return { user, identity }
      }
      const read = async (identity: { id: number; siteId: number }) => {
        const claim = await store.reads.claim(identity, { leaseMs: 60_000 })
        assert.ok(claim.outcome === 'mine')
        await store.reads.finish(identity, claim.fence, { contacts: Buffer.from('[]'), ...EMPTY })
      }

      const first = await furnish()
      assert.deepEqual(await Promise.all(['tokens', 'snapshots', 'reads'].map(count)), [2, 1, 1])
      assert.equal(await store.identities.remove(site, first.identity.token), true)
      assert.deepEqual(await Promise.all(['tokens', 'snapshots', 'reads'].map(count)), [1, 0, 0])
      assert.equal(await store.identities.remove(site, first.identity.token), false)
      assert.equal(await store.contacts.bytes(first.identity, 1), undefined)

      assert.equal(await store.users.remove(site, first.user.token), true)
      assert.deepEqual(await Promise.all(TABLES.map(count)), before)

      await furnish()
      await store.apps.save(site, 'pretend', { clientId: 'c', clientSecret: 's' })
      await store.sites.remove(site)
      assert.deepEqual(await Promise.all(TABLES.map(count)), [1, 1, 1, 1, 0, 0, 0, 0])
      assert.deepEqual(
        await store.identities.find({ id: other.user.siteId }, other.identity.token),
        other.identity,
      )
      await assert.rejects(store.identities.link(site, accountOf('1')), code('not_found'))
    })

    test('a number of a removed identity is never given to another', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const first = await store.identities.link(site, accountOf('1'))
      await store.users.remove(site, first.user.token)
      const second = await store.identities.link(site, accountOf('1'))
      assert.ok(second.identity.id > first.identity.id)
      assert.ok(second.user.id > first.user.id)
      assert.notEqual(second.identity.token, first.identity.token)
    })

    test('it answers a ping while open and fails after it was closed', async () => {
      await using house = await openStoreHouse(database)
      const store = await house.beside()
      await store.ping()
      await store.close()
      await assert.rejects(store.ping(), GatewayError)
      await assert.rejects(store.sites.list(), GatewayError)
    })
  })
}

const EMPTY = { count: 0, isTruncated: false, fetchedAt: 1 }
