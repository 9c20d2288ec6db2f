import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../src/core/errors.ts'
import type { Identity } from '../src/core/model.ts'
import type { Store } from '../src/core/store.ts'
import { databases } from './support/databases.ts'
import { accountOf, openStoreHouse, type StoreHouse } from './support/stores.ts'

const SNAPSHOT = { contacts: Buffer.from('[{"id":"1"}]'), count: 1, isTruncated: false, fetchedAt: 1 }
const LONG_MS = 60_000
/** Long enough to be seen, short enough to wait for. */
const SHORT_MS = 40

for (const database of databases) {
  describe(`two processes and the store on ${database.name}`, { concurrency: 4 }, () => {
    test('many first logins of one account at once make one user and one identity', async () => {
      await using house = await openStoreHouse(database)
      const { site } = house
      const stores = [house.store, await house.beside()]
      const logins = await Promise.all(
        Array.from({ length: 24 }, (_, index) => stores[index % 2]!.identities.link(site, accountOf('1'))),
      )
      assert.equal(new Set(logins.map(({ user }) => user.token)).size, 1)
      assert.equal(new Set(logins.map(({ identity }) => identity.token)).size, 1)
      assert.equal(logins.filter(({ isNewUser }) => isNewUser).length, 1)
      assert.equal(logins.filter(({ isNewIdentity }) => isNewIdentity).length, 1)
      const user = await house.store.users.find(site, logins[0]!.user.token)
      assert.equal(user?.loginCount, 24)
      assert.deepEqual(await house.raw('select count(*) as entries from users'), [{ entries: 1 }])
    })

    test('logins, moves and removals of the same accounts at once end in a whole state', async () => {
      await using house = await openStoreHouse(database)
      const { site } = house
      const stores = [house.store, await house.beside()]
      const target = await house.store.identities.link(site, accountOf('target'))
      const expected = ['not_found', 'conflict', 'overloaded']
      const work = Array.from({ length: 60 }, async (_, index) => {
        const store = stores[index % 2]!
        const account = accountOf(`${index % 3}`)
        const { user, identity } = await store.identities.link(site, account)
        if (index % 4 === 1) await store.identities.relink(identity, target.user.token)
        if (index % 4 === 2 && user.id !== target.user.id) await store.users.remove(site, user.token)
        if (index % 4 === 3) await store.identities.remove(site, identity.token)
      })
      for (const outcome of await Promise.allSettled(work)) {
        if (outcome.status === 'fulfilled') continue
        assert.ok(
          outcome.reason instanceof GatewayError && expected.includes(outcome.reason.code),
          outcome.reason,
        )
      }
      const [row] = await house.raw(
        `select (select count(*) from identities) as identities, (select count(*) from tokens) as tokens,
           (select count(*) from identities i join users u on u.id = i.user_id) as owned`,
      )
      assert.equal(row?.identities, row?.tokens)
      assert.equal(row?.identities, row?.owned)
    })

    test('one of many may refresh, and the others are told that somebody does', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          stores[index % 2]!.tokens.claimRefresh(identity, 1, LONG_MS),
        ),
      )
      assert.equal(claims.filter(({ outcome }) => outcome === 'mine').length, 1)
      assert.equal(claims.filter(({ outcome }) => outcome === 'taken').length, 9)
    })

    test('the new pair is stored once, and who comes after must read again', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const [one, other] = stores
      const fence = await claimedRefresh(one, identity, 1, LONG_MS)
      assert.equal(await one.tokens.finishRefresh(identity, fence + 1, { accessToken: 'foreign' }), false)
      assert.equal(await one.tokens.finishRefresh(identity, fence, { accessToken: 'new' }), true)
      assert.equal(await one.tokens.finishRefresh(identity, fence, { accessToken: 'again' }), false)
      assert.deepEqual(await other.tokens.claimRefresh(identity, 1, LONG_MS), { outcome: 'changed' })
      assert.deepEqual(await other.tokens.of(identity), { tokens: { accessToken: 'new' }, version: 2 })
    })

    test('an expired refresh is taken over, and its first holder has lost', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const [one, other] = stores
      const lost = await claimedRefresh(one, identity, 1, SHORT_MS)
      await pause(SHORT_MS + 20)
      const fence = await claimedRefresh(other, identity, 1, LONG_MS)
      assert.notEqual(fence, lost)
      assert.equal(await one.tokens.finishRefresh(identity, lost, { accessToken: 'late' }), false)
      await one.tokens.releaseRefresh(identity, lost)
      assert.deepEqual(await one.tokens.claimRefresh(identity, 1, LONG_MS), { outcome: 'taken' })
      assert.equal(await other.tokens.finishRefresh(identity, fence, { accessToken: 'new' }), true)
    })

    test('an expired refresh that nobody took over still stores its pair', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const fence = await claimedRefresh(stores[0], identity, 1, SHORT_MS)
      await pause(SHORT_MS + 20)
      assert.equal(await stores[0].tokens.finishRefresh(identity, fence, { accessToken: 'late' }), true)
    })

    test('a released refresh is free at once', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const fence = await claimedRefresh(stores[0], identity, 1, LONG_MS)
      await stores[0].tokens.releaseRefresh(identity, fence)
      assert.equal(await stores[0].tokens.finishRefresh(identity, fence, { accessToken: 'late' }), false)
      await claimedRefresh(stores[1], identity, 1, LONG_MS)
    })

    test('tokens replaced during a refresh win over it', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const fence = await claimedRefresh(stores[0], identity, 1, LONG_MS)
      await stores[1].tokens.replace(identity, { accessToken: 'linked again' })
      assert.equal(await stores[0].tokens.finishRefresh(identity, fence, { accessToken: 'late' }), false)
      assert.deepEqual(await stores[0].tokens.of(identity), {
        tokens: { accessToken: 'linked again' },
        version: 2,
      })
    })

    test('one of many reads a list, and the others know since when and until when', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const claims = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          stores[index % 2]!.reads.claim(identity, { leaseMs: LONG_MS }),
        ),
      )
      const mine = claims.filter((claim) => claim.outcome === 'mine')
      const taken = claims.filter((claim) => claim.outcome === 'taken')
      assert.deepEqual([mine.length, taken.length], [1, 9])
      for (const claim of taken) {
        assert.equal(claim.startedAt, mine[0]!.startedAt)
        const left = claim.leaseUntil - Date.now()
        assert.ok(left > LONG_MS - 5000 && left <= LONG_MS, `${left} ms`)
      }
    })

    test('a read left behind is found, and goes on elsewhere with its progress', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const [one, other] = stores
      const lost = await claimedRead(one, identity, LONG_MS)
      const stored = { leaseMs: LONG_MS, progress: '{"page":3}' }
      assert.equal(await one.reads.checkpoint(identity, lost.fence, stored), true)
      assert.deepEqual(await other.reads.abandoned(10), [])
      assert.equal(await one.reads.checkpoint(identity, lost.fence, { leaseMs: SHORT_MS }), true)
      await pause(SHORT_MS + 20)
      assert.deepEqual(await other.reads.abandoned(10), [identity])
      assert.deepEqual(await other.reads.abandoned(0), [])
      const taken = await claimedRead(other, identity, LONG_MS)
      assert.equal(taken.progress, '{"page":3}')
      assert.equal(taken.startedAt, lost.startedAt)
      assert.ok(taken.fence > lost.fence)

      assert.equal(await one.reads.checkpoint(identity, lost.fence, { leaseMs: LONG_MS }), false)
      assert.equal(await one.reads.finish(identity, lost.fence, SNAPSHOT), undefined)
      await one.reads.fail(identity, lost.fence, { problem: { code: 'internal', message: 'late' }, at: 1 })
      await one.reads.release(identity, lost.fence)
      assert.deepEqual(await one.reads.abandoned(10), [])
      assert.equal((await one.identities.find(house.site, identity.token))?.refused, undefined)
      assert.equal(await one.contacts.head(identity), undefined)

      const head = await other.reads.finish(identity, taken.fence, SNAPSHOT)
      assert.deepEqual(await one.contacts.head(identity), head)
    })

    test('a checkpoint without progress keeps what was stored', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const { fence } = await claimedRead(stores[0], identity, LONG_MS)
      await stores[0].reads.checkpoint(identity, fence, { leaseMs: LONG_MS, progress: 'kept' })
      await stores[0].reads.checkpoint(identity, fence, { leaseMs: LONG_MS })
      await stores[0].reads.release(identity, fence)
      assert.equal((await claimedRead(stores[1], identity, LONG_MS)).progress, 'kept')
    })

    test('a released read is free at once, and its holder can no longer change it', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const [one, other] = stores
      const { fence, startedAt } = await claimedRead(one, identity, LONG_MS)
      await one.reads.release(identity, fence)
      assert.equal(await one.reads.checkpoint(identity, fence, { leaseMs: LONG_MS }), false)
      assert.equal(await one.reads.finish(identity, fence, SNAPSHOT), undefined)
      assert.deepEqual(await other.reads.abandoned(10), [identity])
      assert.equal((await claimedRead(other, identity, LONG_MS)).startedAt, startedAt)
    })

    test('a finished read starts anew, and a fence of the last one is worth nothing', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const [one, other] = stores
      await one.identities.remember(identity, { problem: { code: 'network_silent', message: '…' }, at: 1 })
      const first = await claimedRead(one, identity, LONG_MS)
      await one.reads.checkpoint(identity, first.fence, { leaseMs: LONG_MS, progress: 'old' })
      await one.reads.finish(identity, first.fence, SNAPSHOT)
      assert.equal((await one.identities.find(house.site, identity.token))?.refused, undefined)
      assert.deepEqual(await one.reads.abandoned(10), [])
      await pause(2)
      const second = await claimedRead(other, identity, LONG_MS)
      assert.equal(second.progress, undefined)
      assert.ok(second.startedAt > first.startedAt)
      assert.ok(second.fence > first.fence)
      assert.equal(await one.reads.finish(identity, first.fence, SNAPSHOT), undefined)
    })

    test('a failed read keeps the last good list and remembers why, where told to', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const [one] = stores
      const first = await claimedRead(one, identity, LONG_MS)
      const head = await one.reads.finish(identity, first.fence, SNAPSHOT)
      const second = await claimedRead(one, identity, LONG_MS)
      const refused = { problem: { code: 'relink_required', message: 'Link again.' } as const, at: 9 }
      await one.reads.fail(identity, second.fence, refused)
      assert.deepEqual((await one.identities.find(house.site, identity.token))?.refused, refused)
      const third = await claimedRead(one, identity, LONG_MS)
      await one.reads.fail(identity, third.fence, undefined)
      assert.deepEqual((await one.identities.find(house.site, identity.token))?.refused, refused)
      assert.deepEqual(await one.contacts.head(identity), head)
      await one.identities.remember(identity, undefined)
      assert.equal((await one.identities.find(house.site, identity.token))?.refused, undefined)
    })

    test('a removed identity ends its read', async () => {
      await using house = await openStoreHouse(database)
      const { identity, stores } = await twoStores(house)
      const { fence } = await claimedRead(stores[0], identity, LONG_MS)
      await stores[1].identities.remove(house.site, identity.token)
      assert.equal(await stores[0].reads.checkpoint(identity, fence, { leaseMs: LONG_MS }), false)
      assert.equal(await stores[0].reads.finish(identity, fence, SNAPSHOT), undefined)
      await assert.rejects(stores[0].reads.claim(identity, { leaseMs: LONG_MS }), { code: 'not_found' })
    })
  })
}

async function twoStores(
  house: StoreHouse,
): Promise<{ identity: Identity; stores: readonly [Store, Store] }> {
  const { identity } = await house.store.identities.link(house.site, accountOf('1'))
  return { identity, stores: [house.store, await house.beside()] }
}

async function claimedRefresh(
  store: Store,
  identity: Identity,
  version: number,
  leaseMs: number,
): Promise<number> {
  const claim = await store.tokens.claimRefresh(identity, version, leaseMs)
  assert.ok(claim.outcome === 'mine', claim.outcome)
  return claim.fence
}

async function claimedRead(store: Store, identity: Identity, leaseMs: number) {
  const claim = await store.reads.claim(identity, { leaseMs })
  assert.ok(claim.outcome === 'mine', claim.outcome)
  return claim
}
