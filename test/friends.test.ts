// Friends: the contacts of all networks as people, and when the lists count. On both databases.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { readContacts } from '../src/core/contacts.ts'
import { expectFriends, readFriendLists } from '../src/core/friend-lists.ts'
import { findSources, toFriends } from '../src/core/friends.ts'
import type { Gateway } from '../src/core/gateway.ts'
import { createKeyedHash } from '../src/core/keyed-hash.ts'
import { matchKey } from '../src/core/match-key.ts'
import type { Site, User } from '../src/core/model.ts'
import { resumeReads, stopReads } from '../src/core/readings.ts'
import { databases } from './support/databases.ts'
import { type FriendsHouse, networks, openFriendsHouse } from './support/friends.ts'

const MINUTE = 60_000

test('a keyed hash is the HMAC of RFC 2104, for keys and texts of any length', () => {
  const bytes = fc.uint8Array({ maxLength: 150 })
  fc.assert(
    fc.property(
      fc.constantFrom('sha1', 'sha256'),
      bytes,
      fc.string({ unit: 'binary' }),
      (algorithm, key, text) => {
        const expected = createHmac(algorithm, key).update(text, 'utf8').digest('base64')
        assert.equal(createKeyedHash(algorithm, key)(text), expected)
      },
    ),
  )
})

/** The friends of a user whose lists are all there. */
async function friendsOf(gateway: Gateway, site: Site, user: User) {
  const { linkedVersion, lists } = await gateway.store.people.lists(user)
  const { ready, pending, failed } = await readFriendLists(gateway, user, lists)
  assert.deepEqual([pending, failed], [[], []])
  const sources = await findSources(gateway, site, ready, linkedVersion)
  assert.ok(sources)
  const friends = await toFriends(gateway, site, user, sources)
  assert.ok(friends)
  return friends
}

/** Names of networks and ids of the accounts, by friend. */
async function accountsOf(house: FriendsHouse, user: User, site = house.site): Promise<string[]> {
  const friends = await friendsOf(house.gateway, site, user)
  return friends.map(({ accounts }) =>
    accounts.map(({ provider, contact }) => `${provider}/${contact.provider_properties.id}`).join(' '),
  )
}

async function statesOf(gateway: Gateway, user: User) {
  const { lists } = await gateway.store.people.lists(user)
  const { ready, pending, failed } = await readFriendLists(gateway, user, lists)
  return {
    ready: ready.map(({ identity }) => identity.provider),
    pending: pending.map(({ provider }) => provider),
    failed: failed.map(({ identity, problem }) => `${identity.provider} ${problem.code}`),
  }
}

const person = (id: string) => ({ id, displayName: `Person ${id}` })

for (const database of databases) {
  describe(`friends on ${database.name}`, () => {
    test('follow one another where the relation has a direction, unless the site thinks otherwise', async () => {
      await using house = await openFriendsHouse(database)
      const following = [person('1'), person('2')]
      const followers = [person('2'), person('3')]
      const { user } = await house.login('twitter', 'ada', { following, followers })
      await house.login('facebook', 'ada2', { to: user, following: [person('7')] })
      assert.deepEqual(await accountsOf(house, user), ['twitter/2', 'facebook/7'])
      const site = await house.switchTo({ friendsNeedMutual: false })
      const all = ['twitter/1', 'twitter/2', 'twitter/3', 'facebook/7']
      assert.deepEqual(await accountsOf(house, user, site), all)
    })

    test('are one person when their accounts belong to one user of the site, and never the user', async () => {
      await using house = await openFriendsHouse(database)
      const { user: bo } = await house.login('twitter', 'bo')
      await house.login('facebook', 'bo2', { to: bo })
      const { user: ada } = await house.login('twitter', 'ada', {
        following: ['ann', 'bo', 'cy'].map(person),
      })
      await house.login('facebook', 'ada2', { to: ada, following: ['ann', 'ada2', 'bo2'].map(person) })
      const expected = ['twitter/ann', 'twitter/bo facebook/bo2', 'twitter/cy', 'facebook/ann']
      assert.deepEqual(await accountsOf(house, ada), expected)
      const friends = await friendsOf(house.gateway, house.site, ada)
      assert.deepEqual(friends[1] && { ...friends[1], accounts: [] }, {
        uid: bo.token,
        isSiteUser: true,
        isSiteUid: false,
        accounts: [],
      })
    })

    test('who are seen from two accounts of one network are there once', async () => {
      await using house = await openFriendsHouse(database)
      const { user } = await house.login('twitter', 'ada', { following: ['ann', 'bo'].map(person) })
      await house.login('twitter', 'ada2', { to: user, following: ['bo', 'cy'].map(person) })
      assert.deepEqual(await accountsOf(house, user), ['twitter/ann', 'twitter/bo', 'twitter/cy'])
    })

    test('of another home server are others, unless the network’s ids are the same everywhere', async () => {
      const shared = networks.map((provider) =>
        provider.id === 'mastodon' ? { ...provider, server: { sharesIds: true } } : provider,
      )
      for (const [providers, isSiteUser] of [[networks, false] as const, [shared, true] as const]) {
        await using house = await openFriendsHouse(database, { providers })
        await house.login('mastodon', 'bo', { server: 'two.example' })
        const { user } = await house.login('mastodon', 'ada', {
          server: 'one.example',
          following: [person('bo')],
        })
        const [friend] = await friendsOf(house.gateway, house.site, user)
        assert.equal(friend?.isSiteUser, isSiteUser)
      }
    })

    test('have generated ids that stay, and that tell nothing from site to site', async () => {
      await using house = await openFriendsHouse(database)
      const { user } = await house.login('facebook', 'ada', { following: ['1', '2'].map(person) })
      const uids = (await friendsOf(house.gateway, house.site, user)).map(({ uid }) => uid)
      for (const uid of uids) assert.match(uid, /^_gid_[A-Za-z0-9+/]{43}=$/)
      assert.notEqual(uids[0], uids[1])
      await expectFriends(house.gateway, house.site, user)
      await house.settle()
      assert.deepEqual(
        (await friendsOf(house.gateway, house.site, user)).map(({ uid }) => uid),
        uids,
      )
      const other = await house.stores.store.sites.list()
      const stranger = other.find(({ id }) => id !== house.site.id)
      assert.ok(stranger)
      const { lists } = await house.gateway.store.people.lists(user)
      const { ready } = await readFriendLists(house.gateway, user, lists)
      const sources = await findSources(house.gateway, stranger, ready, 0)
      assert.ok(sources)
      const there = await toFriends(house.gateway, stranger, user, sources)
      assert.notEqual(there?.[0]?.uid, uids[0])
    })

    test('become users of the site, get its ids and leave it without a list being read again', async () => {
      await using house = await openFriendsHouse(database)
      const { user } = await house.login('twitter', 'ada', { following: [person('bo')] })
      const look = async () => {
        const [friend] = await friendsOf(house.gateway, house.site, user)
        return [friend?.isSiteUser, friend?.isSiteUid]
      }
      const calls = house.pretence.calls.length
      assert.deepEqual(await look(), [false, false])
      const { user: bo, identity } = await house.login('twitter', 'bo')
      assert.deepEqual(await look(), [true, false])
      await house.stores.raw('update users set uid = $1 where id = $2', 'site-77', bo.id)
      await house.stores.raw('update sites set linked_version = linked_version + 1')
      assert.deepEqual(await look(), [true, true])
      await house.stores.store.identities.remove(house.site, identity.token)
      assert.deepEqual(await look(), [false, false])
      assert.deepEqual(
        house.pretence.calls.slice(calls).filter((call) => call.startsWith('twitter /f')).length,
        2,
      )
    })

    test('are matched by exact 64-bit keys, and keys that two accounts share are told apart', async () => {
      await using house = await openFriendsHouse(database)
      const ids = Array.from({ length: 40 }, (_, index) => `p${index}`)
      for (const id of ids) await house.login('twitter', id, { hasty: true })
      await house.settle()
      const key = (subject: string) => matchKey({ provider: 'twitter', subject })
      assert.ok(ids.some((id) => !Number.isSafeInteger(Number(key(id)))))
      const keys = BigInt64Array.from(['p3', 'nobody', 'p39', 'p0'].map(key))
      const { store } = house.gateway
      const found = await store.people.siteAccounts(house.site, keys)
      assert.deepEqual(found.map(({ subject }) => subject).sort(), ['p0', 'p3', 'p39'])
      assert.deepEqual(await store.people.siteAccounts(house.site, new BigInt64Array()), [])
      assert.deepEqual(await store.people.siteAccounts({ id: house.site.id + 1_000 }, keys), [])
      // As if `bo` had the key of somebody else by chance.
      const { user: ada } = await house.login('twitter', 'ada', { following: [person('cy')] })
      await house.stores.raw('update identities set match_key = $1 where subject = $2', key('cy'), 'p0')
      await house.stores.raw('update sites set linked_version = linked_version + 1')
      const [friend] = await friendsOf(house.gateway, house.site, ada)
      assert.equal(friend?.isSiteUser, false)
    })

    test('are read when the user logs in, and again at the next login; the contacts stay meanwhile', async () => {
      await using house = await openFriendsHouse(database)
      const { gateway, site, pretence } = house
      const release = house.hold('ada')
      const following = [person('1')]
      const { user } = await house.login('twitter', 'ada', { following, hasty: true })
      assert.deepEqual((await statesOf(gateway, user)).pending, ['twitter'])
      release()
      await house.settle()
      assert.deepEqual((await statesOf(gateway, user)).ready, ['twitter'])
      const calls = pretence.calls.length
      const releaseAgain = house.hold('ada')
      await house.login('twitter', 'ada', { following: [person('1'), person('2')], hasty: true })
      assert.deepEqual((await statesOf(gateway, user)).pending, ['twitter'])
      const { lists } = await readContacts(gateway, site, user.token)
      assert.deepEqual([lists[0]?.fromCache, lists[0]?.count, lists[0]?.problem], [true, 1, undefined])
      releaseAgain()
      await house.settle()
      assert.deepEqual(await accountsOf(house, user), ['twitter/1', 'twitter/2'])
      assert.equal(pretence.calls.slice(calls).filter((call) => call.endsWith('/following')).length, 1)
    })

    test('of the account that is linked alone are read again at a link', async () => {
      await using house = await openFriendsHouse(database)
      const { user } = await house.login('twitter', 'ada')
      const release = house.hold('ada2')
      await house.login('facebook', 'ada2', { to: user, hasty: true })
      assert.deepEqual(await statesOf(house.gateway, user), {
        ready: ['twitter'],
        pending: ['facebook'],
        failed: [],
      })
      release()
    })

    test('are read when somebody asks, and a day later once more', async () => {
      await using house = await openFriendsHouse(database)
      await house.switchTo({ prefetchContacts: 'none' })
      const { user } = await house.login('twitter', 'ada', { following: [person('1')] })
      assert.equal(house.pretence.calls.filter((call) => call !== 'twitter /me').length, 0)
      assert.deepEqual((await statesOf(house.gateway, user)).pending, ['twitter'])
      await house.settle()
      assert.deepEqual((await statesOf(house.gateway, user)).ready, ['twitter'])
      house.passTime(86_400_000 - MINUTE)
      assert.deepEqual((await statesOf(house.gateway, user)).ready, ['twitter'])
      house.passTime(MINUTE)
      assert.deepEqual((await statesOf(house.gateway, user)).pending, ['twitter'])
      await house.settle()
      assert.deepEqual((await statesOf(house.gateway, user)).ready, ['twitter'])
    })

    test('on networks that charge are read unasked only where the site says so', async () => {
      const providers = networks.map((provider) =>
        provider.id === 'twitter' ? { ...provider, charges: true } : provider,
      )
      await using house = await openFriendsHouse(database, { providers })
      const reads = () => house.pretence.calls.filter((call) => call.startsWith('twitter /f')).length
      const { user } = await house.login('twitter', 'ada')
      assert.equal(reads(), 0)
      assert.deepEqual((await statesOf(house.gateway, user)).pending, ['twitter'])
      await house.settle()
      assert.equal(reads(), 2)
      await house.switchTo({ prefetchContacts: 'all' })
      await house.login('twitter', 'ada')
      assert.equal(reads(), 4)
    })

    test('that a network refuses to tell are a failure until the next login', async () => {
      await using house = await openFriendsHouse(database)
      await house.switchTo({ prefetchContacts: 'none' })
      const { user } = await house.login('twitter', 'ada')
      house.pretence.failures.set('ada', 'relink_required')
      await statesOf(house.gateway, user)
      await house.settle()
      assert.deepEqual((await statesOf(house.gateway, user)).failed, ['twitter relink_required'])
      house.passTime(10 * MINUTE)
      assert.deepEqual((await statesOf(house.gateway, user)).failed, ['twitter relink_required'])
      house.pretence.failures.clear()
      await house.switchTo({})
      await house.login('twitter', 'ada')
      assert.deepEqual((await statesOf(house.gateway, user)).ready, ['twitter'])
    })

    test('that a network could not tell for a moment are asked for again after it', async () => {
      await using house = await openFriendsHouse(database)
      await house.switchTo({ prefetchContacts: 'none' })
      const { user } = await house.login('twitter', 'ada')
      house.pretence.failures.set('ada', 'network_unavailable')
      await statesOf(house.gateway, user)
      await house.settle()
      assert.deepEqual((await statesOf(house.gateway, user)).failed, ['twitter network_unavailable'])
      house.pretence.failures.clear()
      house.passTime(MINUTE + 1_000)
      assert.deepEqual((await statesOf(house.gateway, user)).pending, ['twitter'])
      await house.settle()
      assert.deepEqual((await statesOf(house.gateway, user)).ready, ['twitter'])
    })

    test('whose list takes longer than a minute count as failed until it is there', async () => {
      await using house = await openFriendsHouse(database)
      const release = house.hold('ada')
      const { user } = await house.login('twitter', 'ada', { hasty: true, following: [person('1')] })
      house.passTime(MINUTE - 5_000)
      assert.deepEqual((await statesOf(house.gateway, user)).pending, ['twitter'])
      house.passTime(5_000)
      assert.deepEqual((await statesOf(house.gateway, user)).failed, ['twitter network_silent'])
      release()
      await house.settle()
      assert.deepEqual((await statesOf(house.gateway, user)).ready, ['twitter'])
    })

    test('are there after the process that read them has stopped in the middle', async () => {
      await using house = await openFriendsHouse(database)
      const many = Array.from({ length: 450 }, (_, index) => person(String(index)))
      house.pretence.pauses.set('ada', 40)
      const { user } = await house.login('twitter', 'ada', { following: many, hasty: true })
      while (house.pretence.calls.length < 5) await new Promise((resolve) => setTimeout(resolve, 10))
      await stopReads(house.gateway)
      const next = await house.another()
      assert.deepEqual((await statesOf(next, user)).pending, ['twitter'])
      await resumeReads(next)
      await Promise.all([...next.readings.ofIdentity.values()].map(({ done }) => done))
      assert.equal((await friendsOf(next, house.site, user)).length, 450)
      const firstPages = house.pretence.calls.filter((call) => call === 'twitter /following').length
      assert.ok(firstPages < 10, 'pages that were read are not read again')
    })

    test('that were expected are read when the process dies before it has begun', async () => {
      await using house = await openFriendsHouse(database)
      await house.switchTo({ prefetchContacts: 'none' })
      const { user, identity } = await house.login('twitter', 'ada', { following: [person('1')] })
      await house.stores.store.people.mark(user, [{ identity, drops: true, askedAt: house.gateway.now() }])
      const next = await house.another()
      assert.deepEqual((await statesOf(next, user)).pending, ['twitter'])
      await Promise.all([...next.readings.ofIdentity.values()].map(({ done }) => done))
      assert.deepEqual((await statesOf(next, user)).ready, ['twitter'])
    })

    test('of networks without contacts, or that are gone, are in no list', async () => {
      await using house = await openFriendsHouse(database)
      const { user } = await house.login('tumblr', 'ada')
      assert.deepEqual(await statesOf(house.gateway, user), { ready: [], pending: [], failed: [] })
    })
  })
}
