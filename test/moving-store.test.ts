// Users brought from another service, as the store keeps them. On both databases.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import type { MovedIdentity, MovedUser } from '../src/core/moving.ts'
import { databases } from './support/databases.ts'
import { accountOf, openStoreHouse, type StoreHouse } from './support/stores.ts'

const DAY = Date.UTC(2019, 4, 1)

function userOf(rest: Partial<MovedUser> = {}): MovedUser {
  return { where: 'here:1', token: randomUUID(), createdAt: DAY, loginCount: 3, identities: [], ...rest }
}

function identityOf(subject: string, rest: Partial<MovedIdentity> = {}): MovedIdentity {
  const profile = { subject, displayName: `Person ${subject}` }
  return { token: randomUUID(), provider: 'pretend', subject, profile, updatedAt: DAY, ...rest }
}

function bring({ store, site }: StoreHouse, users: readonly MovedUser[], place = 'p') {
  return store.moving.bring(site, 'a source', { users, problems: [], place, reportBytes: 0 })
}

for (const database of databases) {
  describe(`users brought to the store on ${database.name}`, { concurrency: 4 }, () => {
    test('names, dates, accounts and tokens are what they were, and twice is once', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const tokens = { accessToken: 'a', secret: 's' }
      const user = userOf({
        uid: 'ada',
        lastLoginAt: DAY + 5,
        profile: { firstName: 'Ada' },
        identities: [identityOf('1', { tokens }), identityOf('2')],
      })
      const first = await bring(house, [user, userOf()])
      assert.deepEqual(first.counts, {
        users: 2,
        newUsers: 2,
        newIdentities: 2,
        renewedIdentities: 0,
        tokens: 1,
        problems: 0,
      })
      const stored = await store.users.find(site, user.token ?? '')
      assert.ok(stored)
      assert.deepEqual(
        [stored.uid, stored.createdAt, stored.lastLoginAt, stored.loginCount],
        ['ada', DAY, DAY + 5, 3],
      )
      const identities = await store.identities.ofUser(stored)
      assert.deepEqual(
        identities.map(({ token, subject, updatedAt, refused }) => [
          token,
          subject,
          updatedAt,
          refused?.problem.code,
        ]),
        [
          [user.identities[0]?.token, '1', DAY, undefined],
          [user.identities[1]?.token, '2', DAY, 'relink_required'],
        ],
      )
      const [one, two] = identities
      assert.ok(one && two)
      assert.deepEqual((await store.tokens.of(one))?.tokens, tokens)
      assert.equal(await store.tokens.of(two), undefined)
      assert.deepEqual((await store.userInfo.of(stored)).profile, { firstName: 'Ada' })

      const before = await house.raw('select * from users order by id')
      const identitiesBefore = await house.raw('select * from identities order by id')
      const again = await bring(house, [user])
      assert.deepEqual(again.counts, { ...first.counts, users: 3 })
      assert.deepEqual(await house.raw('select * from users order by id'), before)
      assert.deepEqual(await house.raw('select * from identities order by id'), identitiesBefore)
    })

    test('a user of the site by uid is found, and the later of two tellings of an account stays', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const linked = await store.identities.link(site, accountOf('1'))
      await store.userInfo.rename(linked.user, 'ada')
      const fresh = { accessToken: 'fresh' }
      const old = identityOf('1', { tokens: { accessToken: 'old' }, token: linked.identity.token })
      await bring(house, [userOf({ token: undefined, uid: 'ada', identities: [old] })])
      assert.equal((await store.tokens.of(linked.identity))?.tokens.accessToken, 'access-of-1')
      const later = { ...old, tokens: fresh, updatedAt: Date.now() + 60_000 }
      const { counts } = await bring(house, [userOf({ token: undefined, uid: 'ada', identities: [later] })])
      assert.deepEqual([counts.newUsers, counts.renewedIdentities, counts.tokens], [0, 1, 1])
      assert.deepEqual((await store.tokens.of(linked.identity))?.tokens, fresh)
      const user = await store.users.find(site, linked.user.token)
      assert.deepEqual([user?.createdAt, user?.loginCount], [DAY, 3])
    })

    test('tokens that come later, in the same step or the next one, end the wish to be linked again', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const user = userOf()
      const [one, two] = [identityOf('1'), identityOf('2')]
      const withTokens = (identity: MovedIdentity) => ({ ...identity, tokens: { accessToken: 't' } })
      const { counts } = await bring(house, [
        { ...user, identities: [one, two] },
        { where: 'here:2', token: user.token, identities: [withTokens(one)] },
      ])
      assert.deepEqual([counts.newUsers, counts.newIdentities, counts.tokens], [1, 2, 1])
      const next = await bring(house, [{ where: 'here:3', token: user.token, identities: [withTokens(two)] }])
      assert.deepEqual([next.counts.renewedIdentities, next.counts.tokens], [1, 2])
      for (const { token = '' } of [one, two]) {
        const identity = await store.identities.find(site, token)
        assert.ok(identity)
        assert.equal(identity.refused, undefined)
        assert.equal((await store.tokens.of(identity))?.tokens.accessToken, 't')
      }
    })

    test('what belongs to somebody else is left out and told', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const eve = await store.identities.link(site, accountOf('1'))
      await store.userInfo.rename(eve.user, 'eve')
      const stolen = identityOf('9', { token: eve.identity.token })
      const ada = userOf({ uid: 'eve', identities: [identityOf('1'), stolen, identityOf('2')] })
      const { counts, problems } = await bring(house, [ada])
      assert.deepEqual(
        problems.map(({ where, field }) => [where, field]),
        [
          ['here:1', 'uid'],
          ['here:1', 'identity'],
          ['here:1', 'identity_token'],
        ],
      )
      assert.deepEqual([counts.newUsers, counts.newIdentities, counts.problems], [1, 1, 3])
      assert.equal((await store.userInfo.named(site, 'eve'))?.token, eve.user.token)
      assert.equal((await store.identities.find(site, eve.identity.token))?.userToken, eve.user.token)
    })

    test('a trial says the same and changes nothing', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const users = [userOf({ identities: [identityOf('1', { tokens: { accessToken: 'a' } })] }), userOf()]
      const tried = await store.moving.tryOut(site, { users, problems: [], place: 'p' }, undefined)
      assert.deepEqual(await house.raw('select * from users'), [])
      assert.equal(await store.moving.state(site, 'a source'), undefined)
      assert.deepEqual((await bring(house, users)).counts, tried.counts)
      assert.deepEqual((await store.moving.state(site, 'a source'))?.place, 'p')
      await store.moving.forget(site, 'a source')
      assert.equal(await store.moving.state(site, 'a source'), undefined)
    })

    test('sites do not see each other’s users, and friends are found among those who were brought', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const users = [userOf({ uid: 'ada', identities: [identityOf('1')] })]
      await bring(house, users)
      const other = await store.sites.create(
        { ...site, subdomain: 'other', publicKey: 'other', apiKey: 'other', sdkAppId: 1 },
        { secret: 'a', secretKey: 'b' },
      )
      const { counts } = await store.moving.bring(other, 's', {
        users,
        problems: [],
        place: '',
        reportBytes: 0,
      })
      assert.deepEqual([counts.newUsers, counts.newIdentities], [1, 1])
      const { matchKey } = await import('../src/core/match-key.ts')
      const keys = BigInt64Array.of(matchKey({ provider: 'pretend', subject: '1' }))
      const [account, ...more] = await store.people.siteAccounts(site, keys)
      assert.deepEqual([account?.userToken, account?.uid, more.length], [users[0]?.token, 'ada', 0])
    })
  })
}
