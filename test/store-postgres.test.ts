import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GatewayError } from '../src/core/errors.ts'
import { newRing, openKeys } from '../src/store/keys.ts'
import { openStore, parseAddress } from '../src/store/open.ts'
import { databases } from './support/databases.ts'
import { accountOf, openStoreHouse } from './support/stores.ts'

const postgres = databases.filter(({ name }) => name === 'postgres')

for (const database of postgres) {
  describe('a PostgreSQL database', { concurrency: 4 }, () => {
    test('that drops its connections is found again, and the process lives', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const working = Array.from({ length: 40 }, (_, index) =>
        store.identities.link(site, accountOf(`${index}`)),
      )
      const settled = Promise.allSettled(working)
      await house.raw(
        'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
      )
      for (const outcome of await settled) {
        if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'overloaded', outcome.reason)
      }
      await store.identities.link(site, accountOf('after'))
    })

    test('that is not there is said to be, without its password', async () => {
      const keys = openKeys({ text: newRing() })
      await assert.rejects(openStore('postgres://kith:hidden@127.0.0.1:1/kith', { keys }), (error) => {
        assert.ok(error instanceof GatewayError && error.code === 'overloaded')
        assert.ok(!`${error.message}${error.stack}${String(error.cause)}`.includes('hidden'))
        return true
      })
    })

    test('has no generation and no backup of ours', async () => {
      await using house = await openStoreHouse(database)
      assert.equal(house.store.generation, undefined)
      await assert.rejects(house.store.backup('/nowhere'), { code: 'unsupported' })
    })

    test('is used without named statements where a pooler asks for that', async () => {
      await using house = await openStoreHouse(database)
      const store = await house.beside({ preparedStatements: false, poolSize: 1 })
      const { identity } = await store.identities.link(house.site, accountOf('1'))
      assert.deepEqual(await store.identities.find(house.site, identity.token), identity)
    })
  })
}

test('an address is a path or names PostgreSQL, and is never repeated in the error', () => {
  assert.deepEqual(parseAddress('/data/kith.db'), { file: '/data/kith.db' })
  assert.deepEqual(parseAddress('sqlite:/data/kith.db'), { file: '/data/kith.db' })
  assert.deepEqual(parseAddress('postgresql://a/b'), { postgres: 'postgresql://a/b' })
  for (const url of ['', 'sqlite:', ':memory:', 'mysql://kith:hidden@host/kith', 'a\0b']) {
    assert.throws(
      () => parseAddress(url),
      (error) =>
        error instanceof GatewayError &&
        error.code === 'invalid_request' &&
        !error.message.includes('hidden'),
    )
  }
})
