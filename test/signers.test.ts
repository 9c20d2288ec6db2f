import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GatewayError } from '../src/core/errors.ts'
import { SIGNER_KEYS_MAX } from '../src/core/signer-store.ts'
import { addKey, dropKey, keyIds, openKeys, promoteKey } from '../src/store/keys.ts'
import { openStore, STORE_BOUNDS } from '../src/store/open.ts'
import { createRateLimiter } from '../src/store/rate-limiter.ts'
import { databases } from './support/databases.ts'
import { openStoreHouse } from './support/stores.ts'

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return GatewayError.from(error).code
  }
  return 'none'
}

for (const kind of databases) {
  describe(`the keys that sites are administered with, on ${kind.name}`, () => {
    test('a site has the key it was made with, and is found by its app id alone', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      const signers = await store.signers.of(site.sdkAppId)
      assert.deepEqual(signers?.site, site)
      assert.deepEqual(signers?.keys, [(await store.sites.secrets(site)).secretKey])
      assert.equal(await store.signers.of(site.sdkAppId + 1), undefined)
      assert.equal(await store.signers.of(2 ** 40), undefined)
    })

    test('a further key counts at once in every process, beside the first one, and is never stored as it is', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      const other = await house.beside()
      await other.signers.of(site.sdkAppId)
      const added = await store.signers.add(site, 'a-second-key')
      assert.match(added.id, /^[0-9a-f]{8}$/)
      assert.equal((await other.signers.of(site.sdkAppId))?.keys[1], 'a-second-key')
      const rows = await house.raw('select * from signer_keys')
      assert.equal(rows.length, 1)
      assert.doesNotMatch(JSON.stringify(rows), /a-second-key/)
      assert.equal(await codeOf(store.signers.add(site, 'a-second-key')), 'conflict')
    })

    test('of the keys any may be retired but the last; then the oldest of the others is the current one', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      const [first] = await store.signers.list(site)
      assert.equal(await codeOf(store.signers.retire(site, first!.id)), 'conflict')
      const second = await store.signers.add(site, 'second')
      const third = await store.signers.add(site, 'third')
      assert.deepEqual(
        (await store.signers.list(site)).map(({ id, isCurrent }) => [id, isCurrent]),
        [
          [first!.id, true],
          [second.id, false],
          [third.id, false],
        ],
      )
      await store.signers.retire(site, first!.id)
      assert.deepEqual((await store.signers.of(site.sdkAppId))?.keys, ['second', 'third'])
      assert.equal((await store.sites.secrets(site)).secretKey, 'second')
      await store.signers.retire(site, third.id)
      assert.deepEqual((await store.signers.of(site.sdkAppId))?.keys, ['second'])
      assert.equal(await codeOf(store.signers.retire(site, third.id)), 'not_found')
      assert.equal(await codeOf(store.signers.retire(site, second.id)), 'conflict')
    })

    test('a site has no more keys than it may', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      for (let key = 1; key < SIGNER_KEYS_MAX; key++) await store.signers.add(site, `key ${key}`)
      assert.equal(await codeOf(store.signers.add(site, 'one too many')), 'conflict')
      assert.equal((await store.signers.of(site.sdkAppId))?.keys.length, SIGNER_KEYS_MAX)
    })

    test('the further keys are sealed anew with the rest, and open when the older key is gone', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site, keysPath } = house
      await store.signers.add(site, 'a-second-key')
      const [old] = keyIds(keysPath)
      promoteKey(keysPath, addKey(keysPath))
      await store.reseal()
      dropKey(keysPath, old!)
      const fresh = await openStore(house.url, { keys: openKeys({ path: keysPath }), role: 'tool' })
      assert.equal((await fresh.signers.of(site.sdkAppId))?.keys[1], 'a-second-key')
      await fresh.close()
    })

    test('the further keys go with their site', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      await store.signers.add(site, 'a-second-key')
      await store.sites.remove(site)
      assert.deepEqual(await house.raw('select * from signer_keys'), [])
      assert.equal(await store.signers.of(site.sdkAppId), undefined)
      assert.equal(await codeOf(store.signers.list(site)), 'not_found')
      assert.equal(await codeOf(store.signers.add(site, 'late')), 'not_found')
    })
  })

  describe(`calls per second, on ${kind.name}`, () => {
    test('a method of a site is counted apart from the others, and a number of its own goes before the common one', async () => {
      await using house = await openStoreHouse(kind)
      const limiter = await createRateLimiter(house.url, { ...STORE_BOUNDS, callsPerSecond: 2 })
      const plain = { id: 1, settings: {} }
      const generous = { id: 2, settings: { callsPerSecond: 4 } }
      const free = { id: 3, settings: { callsPerSecond: 0 } }
      const taken = async (site: typeof plain, method: string, calls = 6) => {
        const answers: boolean[] = []
        for (let call = 0; call < calls; call++) answers.push(await limiter.take(site, method))
        return answers.filter(Boolean).length
      }
      try {
        // Two windows at most, should the first of them end on the way.
        for (const [count, most] of [
          [await taken(plain, 'one'), 2],
          [await taken(plain, 'two'), 2],
          [await taken(generous, 'one'), 4],
        ] as const) {
          assert.ok(count === most || count === Math.min(6, 2 * most), `${count} of ${most}`)
        }
        assert.equal(await taken(free, 'one', 50), 50)
      } finally {
        await limiter.close()
      }
    })
  })
}

test('on postgres two processes share one count', async () => {
  const postgres = databases.find(({ name }) => name === 'postgres')
  assert.ok(postgres)
  await using house = await openStoreHouse(postgres)
  const options = { ...STORE_BOUNDS, callsPerSecond: 10 }
  const limiters = await Promise.all([1, 2].map(() => createRateLimiter(house.url, options)))
  const began = performance.now()
  const calls = Array.from({ length: 60 }, (_, call) =>
    limiters[call % 2]!.take({ id: 1, settings: {} }, 'x'),
  )
  const taken = (await Promise.all(calls)).filter(Boolean).length
  const windows = Math.ceil((performance.now() - began) / 1_000) + 1
  await Promise.all(limiters.map((limiter) => limiter.close()))
  assert.ok(taken >= 10 && taken <= 10 * windows, `${taken} in ${windows} windows at most`)
  assert.ok(taken < 60)
})
