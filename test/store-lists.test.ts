import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { PageOf, PageQuery } from '../src/core/model.ts'
import { databases } from './support/databases.ts'
import { accountOf, createSite, openStoreHouse } from './support/stores.ts'

interface Made {
  readonly token: string
  readonly createdAt: number
  readonly lastLoginAt: number
}

const time = fc.integer({ min: 0, max: 6 })
const query = fc.record({
  page: fc.integer({ min: -1, max: 9 }),
  size: fc.integer({ min: 0, max: 7 }),
  direction: fc.constantFrom('asc' as const, 'desc' as const),
  filter: fc.option(
    fc.record({
      field: fc.constantFrom('createdAt' as const, 'lastLoginAt' as const),
      operator: fc.constantFrom('gt' as const, 'lt' as const),
      value: time,
    }),
    { nil: undefined },
  ),
})

for (const database of databases) {
  describe(`lists of the store on ${database.name}`, () => {
    test('a page holds what a sorted, filtered and cut array would', async () => {
      await using house = await openStoreHouse(database)
      const { store } = house
      const times = fc.array(fc.record({ createdAt: time, lastLoginAt: time }), { maxLength: 15 })
      const sample = fc.tuple(times, fc.array(query, { minLength: 8, maxLength: 8 }))
      await fc.assert(
        fc.asyncProperty(sample, async ([made, queries]) => {
          const site = await createSite(store)
          const users = made.map((user) => ({ ...user, token: randomUUID() }))
          const rows = users.map(
            (_, row) => `(${site.id}, $${row * 3 + 1}, $${row * 3 + 2}, $${row * 3 + 3}, 0)`,
          )
          if (rows.length > 0) {
            await house.raw(
              `insert into users (site_id, token, created_at, last_login_at, login_count) values ${rows.join()}`,
              ...users.flatMap(({ token, createdAt, lastLoginAt }) => [token, createdAt, lastLoginAt]),
            )
          }
          for (const asked of queries) {
            const { entries, ...page } = await store.users.list(site, asked)
            const tokens = entries.map(({ token }) => token)
            assert.deepEqual({ ...page, entries: tokens }, modelPage(users, asked))
          }
        }),
        { numRuns: 40 },
      )
    })

    test('all pages together hold every entry once, in order of creation', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      await Promise.all(
        Array.from({ length: 23 }, (_, index) => store.identities.link(site, accountOf(`${index}`))),
      )
      await store.identities.link(await createSite(store), accountOf('foreign'))
      const users: number[] = []
      const identities: number[] = []
      for (let page = 1; page <= 4; page++) {
        const asked: PageQuery = { page, size: 7, direction: 'asc' }
        const listed = await store.users.list(site, asked)
        assert.deepEqual([listed.page, listed.totalPages, listed.totalEntries], [page, 4, 23])
        users.push(...listed.entries.map(({ id }) => id))
        identities.push(...(await store.identities.list(site, asked)).entries.map(({ id }) => id))
      }
      const ascending = (ids: readonly number[]) => [...new Set(ids)].sort((one, other) => one - other)
      assert.equal(ascending(users).length, 23)
      assert.equal(ascending(identities).length, 23)
    })

    test('a listed user names all identities, in order, and a size bound to the user', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const ada = await store.identities.link(site, accountOf('1'))
      const second = await store.identities.link(site, accountOf('2', { provider: 'other' }), {
        userToken: ada.user.token,
      })
      const bob = await store.identities.link(site, accountOf('3'))
      await store.identities.remove(site, bob.identity.token)
      const { entries } = await store.users.list(site, { page: 1, size: 2, direction: 'asc' })
      assert.deepEqual(
        entries.map(({ token, identities }) => ({ token, identities })),
        [
          {
            token: ada.user.token,
            identities: [
              { token: ada.identity.token, provider: 'pretend' },
              { token: second.identity.token, provider: 'other' },
            ],
          },
          { token: bob.user.token, identities: [] },
        ],
      )
      const first = await store.users.list(site, { page: 1, size: 1, direction: 'asc' })
      assert.deepEqual(first.entries, entries.slice(0, 1))
    })

    test('an empty list has one page, however it is asked', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      for (const page of [1, 7, 0, -3, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
        const asked: PageQuery = { page, size: 250, direction: 'asc' }
        const empty = { entries: [], page: 1, size: 250, direction: 'asc', totalPages: 1, totalEntries: 0 }
        assert.deepEqual(await store.users.list(site, asked), empty)
        assert.deepEqual(await store.identities.list(site, asked), empty)
        assert.deepEqual(await store.connections.list(site, asked), empty)
      }
      const { size } = await store.users.list(site, { page: 1, size: 1e9, direction: 'asc' })
      assert.equal(size, 1000)
    })

    test('only users are filtered by their last login', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const asked: PageQuery = {
        page: 1,
        size: 10,
        direction: 'asc',
        filter: { field: 'lastLoginAt', operator: 'gt', value: 0 },
      }
      await assert.rejects(store.identities.list(site, asked), { code: 'invalid_request' })
      await assert.rejects(store.connections.list(site, asked), { code: 'invalid_request' })
      assert.equal((await store.users.list(site, asked)).totalEntries, 0)
    })
  })
}

/** What a page is, said with arrays. */
function modelPage(made: readonly Made[], { page, size, direction, filter }: PageQuery): PageOf<string> {
  const kept = made.filter((user) => {
    if (!filter) return true
    return filter.operator === 'gt' ? user[filter.field] > filter.value : user[filter.field] < filter.value
  })
  // Sorting is stable, so that equal times stay in order of their ids.
  const ordered = kept.toSorted((one, other) => one.createdAt - other.createdAt)
  if (direction === 'desc') ordered.reverse()
  const wide = Math.max(1, size)
  const totalPages = Math.max(1, Math.ceil(ordered.length / wide))
  const shown = Math.min(Math.max(1, page), totalPages)
  const entries = ordered.slice((shown - 1) * wide, shown * wide).map(({ token }) => token)
  return { entries, page: shown, size: wide, direction, totalPages, totalEntries: ordered.length }
}
