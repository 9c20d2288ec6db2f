import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../src/core/errors.ts'
import { databases } from './support/databases.ts'
import { accountOf, connectionOf, createSite, openStoreHouse } from './support/stores.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof GatewayError && error.code === expected

const EMPTY = { count: 0, isTruncated: false, fetchedAt: 1 }

for (const database of databases) {
  describe(`rows of the store on ${database.name}`, { concurrency: 4 }, () => {
    test('one contacts call knows the user and the state of each identity in order of creation', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const { user } = await store.identities.link(site, accountOf('1'))
      for (const subject of ['2', '3', '4']) {
        await store.identities.link(site, accountOf(subject), { userToken: user.token })
      }
      const before = await store.contacts.heads(site, user.token)
      const second = before?.heads[1]?.identity
      assert.ok(second)
      const claim = await store.reads.claim(second, { leaseMs: 60_000 })
      assert.ok(claim.outcome === 'mine')
      const contacts = Buffer.from('[{"displayName":"Å"}]')
      const head = await store.reads.finish(second, claim.fence, {
        contacts,
        count: 1,
        isTruncated: true,
        fetchedAt: 123,
      })
      assert.ok(head)
      const after = await store.contacts.heads(site, user.token)
      assert.deepEqual(after?.user, await store.users.find(site, user.token))
      assert.deepEqual(
        after?.heads.map(({ identity }) => identity),
        await store.identities.ofUser(user),
      )
      assert.deepEqual(
        after?.heads.map(({ snapshot }) => snapshot),
        [
          undefined,
          { version: head.version, count: 1, isTruncated: true, fetchedAt: 123 },
          undefined,
          undefined,
        ],
      )
      assert.deepEqual(await store.contacts.head(second), head)
      assert.deepEqual(Buffer.from((await store.contacts.bytes(second, head.version)) ?? []), contacts)
      assert.equal(await store.contacts.bytes(second, head.version - 1), undefined)
      assert.equal(await store.contacts.heads(site, randomUUID()), undefined)
    })

    test('a user without identities has no heads', async () => {
      await using house = await openStoreHouse(database)
      const { user, identity } = await house.store.identities.link(house.site, accountOf('1'))
      await house.store.identities.remove(house.site, identity.token)
      const found = await house.store.contacts.heads(house.site, user.token)
      assert.deepEqual(found, { user, heads: [] })
    })

    test('versions of a snapshot only rise', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const { identity } = await store.identities.link(site, accountOf('1'))
      const versions: number[] = []
      for (let round = 0; round < 5; round++) {
        const claim = await store.reads.claim(identity, { leaseMs: 60_000 })
        assert.ok(claim.outcome === 'mine')
        const head = await store.reads.finish(identity, claim.fence, {
          contacts: Buffer.from('[]'),
          ...EMPTY,
        })
        versions.push(head?.version ?? 0)
      }
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((one, other) => one - other),
      )
    })

    test('the match key is the exact 64-bit number of provider and subject, whatever the server', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const accounts = ['1', '2', '3', '4', '5', '6'].map((subject) =>
        accountOf(subject, { server: subject === '6' ? 'https://home.example' : undefined }),
      )
      for (const account of accounts) await store.identities.link(site, account)
      const rows = await house.raw('select cast(match_key as text) as match_key from identities order by id')
      const expected = accounts.map(({ provider, subject }) => {
        const digest = createHash('sha256').update([provider, subject].join('\0')).digest()
        return BigInt.asIntN(64, BigInt(`0x${digest.subarray(0, 8).toString('hex')}`)).toString()
      })
      assert.deepEqual(
        rows.map(({ match_key }) => match_key),
        expected,
      )
      assert.ok(expected.some((key) => !Number.isSafeInteger(Number(key))))
    })

    test('NUL in a text is refused, wherever it stands', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const { identity } = await store.identities.link(site, accountOf('1'))
      const refused = code('invalid_request')
      await assert.rejects(store.users.find(site, 'a\0b'), refused)
      await assert.rejects(store.identities.link(site, accountOf('a\0b')), refused)
      await assert.rejects(store.limits.block('a\0b', Date.now() + 1000), refused)
      await assert.rejects(store.identities.saveProfile(identity, { subject: '1', about: 'a\0b' }), refused)
      const innocent = { subject: '1', about: 'the text \\u0000 and \\\\u0000' }
      assert.deepEqual((await store.identities.saveProfile(identity, innocent)).profile, innocent)
    })

    test('connections end by the clock of the database', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const gone = await store.connections.create(connectionOf(site.id), { expiresAt: Date.now() - 1 })
      const valid = await store.connections.create(connectionOf(site.id), { expiresAt: Date.now() + 60_000 })
      assert.equal(await store.connections.find(site, gone.token), undefined)
      assert.deepEqual(await store.connections.find(site, valid.token), valid)
      assert.equal(await store.connections.find(await createSite(store), valid.token), undefined)
      const listed = await store.connections.list(site, { page: 1, size: 10, direction: 'asc' })
      assert.deepEqual([listed.entries, listed.totalEntries], [[valid], 1])
      assert.equal(await store.connections.purge(), 1)
      assert.equal(await store.connections.purge(), 0)
      assert.deepEqual(await store.connections.find(site, valid.token), valid)
    })

    test('a connection knows from which network an identity was unlinked', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const unlinked = { action: 'unlink_identity', reason: 'identity_unlinked' } as const
      for (const more of [
        { ...unlinked, unlinkedFrom: 'twitter' },
        unlinked,
        { ...unlinked, reason: 'more than a word' },
        { reason: 'more than a word' },
      ]) {
        const made = await store.connections.create(
          { ...connectionOf(site.id), ...more },
          { expiresAt: Date.now() + 60_000 },
        )
        assert.deepEqual(await store.connections.find(site, made.token), made)
        assert.deepEqual(
          [made.reason, made.unlinkedFrom],
          [more.reason, 'unlinkedFrom' in more ? 'twitter' : undefined],
        )
      }
    })

    test('an app is kept per site, provider and server', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      await store.apps.save(site, 'pretend', { clientId: 'one', clientSecret: 'secret' })
      await store.apps.save(site, 'pretend', { clientId: 'two' }, 'https://home.example')
      assert.deepEqual(await store.apps.find(site, 'pretend'), {
        clientId: 'one',
        clientSecret: 'secret',
        registration: undefined,
      })
      assert.deepEqual(await store.apps.find(site, 'pretend', 'https://home.example'), {
        clientId: 'two',
        clientSecret: undefined,
        registration: undefined,
      })
      await store.apps.save(site, 'pretend', { clientId: 'three', clientSecret: 'other' })
      assert.deepEqual(await store.apps.find(site, 'pretend'), {
        clientId: 'three',
        clientSecret: 'other',
        registration: undefined,
      })
      assert.equal(await store.apps.find(await createSite(store), 'pretend'), undefined)
    })

    test('of two blocks the longer one counts, and one that has passed is ignored and deleted', async () => {
      await using house = await openStoreHouse(database)
      const { limits } = house.store
      const later = Date.now() + 60_000
      await limits.block('app:1', later)
      await limits.block('app:1', later - 30_000.5)
      assert.equal(await limits.until('app:1'), later)
      await limits.block('app:2', Date.now() + 20)
      await pause(30)
      assert.equal(await limits.until('app:2'), undefined)
      await limits.block('app:3', later)
      assert.deepEqual(await house.raw('select scope from limits order by scope'), [
        { scope: 'app:1' },
        { scope: 'app:3' },
      ])
    })
  })
}
