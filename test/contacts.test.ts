import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ContactList, readContacts } from '../src/core/contacts.ts'
import { GatewayError } from '../src/core/errors.ts'
import { expectFriends } from '../src/core/friend-lists.ts'
import type { Gateway } from '../src/core/gateway.ts'
import { importIdentity } from '../src/core/identities.ts'
import type { User } from '../src/core/model.ts'
import { parseContacts } from '../src/core/portable.ts'
import { createReadings, resumeReads } from '../src/core/readings.ts'
import type { GrantOptions } from '../src/sandbox/grants.ts'
import { databases } from './support/databases.ts'
import { type House, openHouse } from './support/house.ts'

const HOSTS = {
  x: 'api.x.com',
  facebook: 'graph.facebook.com',
  github: 'api.github.com',
  bluesky: 'bsky.social',
}
const PROVIDERS: Record<string, string> = {
  [HOSTS.x]: 'twitter',
  [HOSTS.facebook]: 'facebook',
  [HOSTS.github]: 'github',
  [HOSTS.bluesky]: 'bluesky',
}

type HouseWithNetworks = House & Required<Pick<House, 'sandbox'>>

/** Links an account of a sandbox network, to the user where there is one. */
async function link(
  { gateway, site, sandbox }: HouseWithNetworks,
  host: string,
  options: GrantOptions & { user?: User } = {},
) {
  const { user, ...grant } = options
  const { accessToken, refreshToken, server, account } = sandbox.grant(host, {
    expiresInSeconds: 86_400,
    ...grant,
  })
  const tokens = { accessToken, refreshToken }
  const provider = PROVIDERS[host] ?? 'mastodon'
  const linked = await importIdentity(
    gateway,
    site,
    { provider, server, tokens, userToken: user?.token },
    { prefetch: false },
  )
  return { ...linked, account }
}

async function read({ gateway, site }: Pick<House, 'site'> & { gateway: Gateway }, user: User, options = {}) {
  const { lists } = await readContacts(gateway, site, user.token, options)
  return lists
}

const only = (lists: readonly ContactList[]): ContactList => {
  const [list] = lists
  assert(list && lists.length === 1)
  return list
}

for (const database of databases) {
  describe(`contacts on ${database.name}`, () => {
    async function withHouse(
      work: (house: HouseWithNetworks) => Promise<void>,
      options: Parameters<typeof openHouse>[0] = {},
    ) {
      const place = await database.open()
      const house = await openHouse({ database: place.url, sandbox: true, ...options })
      try {
        assert(house.sandbox)
        await work(house as HouseWithNetworks)
      } finally {
        await house.close()
        await place.close()
      }
    }

    test('one network’s failure is a value in the answer and never another’s', () =>
      withHouse(async (house) => {
        const { user } = await link(house, HOSTS.x, { contacts: 120 })
        await link(house, HOSTS.facebook, { contacts: 30, user })
        house.sandbox.dial(HOSTS.facebook, { status: 401 })
        const [x, facebook] = await read(house, user)
        assert.equal(x?.problem, undefined)
        assert.equal(facebook?.problem?.code, 'relink_required')
        assert.deepEqual([facebook?.count, Buffer.from(facebook?.contacts ?? []).toString()], [0, '[]'])
        const contacts = parseContacts(x?.contacts ?? new Uint8Array())
        assert.equal(contacts.length, x?.count)
        // Both directions were read and joined.
        assert(contacts.some(({ provider_properties: { flags } }) => flags?.includes('follows_this_user,')))
      }))

    test('a second read comes from the snapshot, without a word to the network, until it is a day old', async () => {
      let now = Date.now()
      await withHouse(
        async (house) => {
          const { user } = await link(house, HOSTS.github, { contacts: 250 })
          const first = only(await read(house, user))
          const asked = house.sandbox.requests()
          now += 24 * 3_600_000 - 1
          const second = only(await read(house, user))
          assert.deepEqual([first.fromCache, second.fromCache], [false, true])
          assert.deepEqual(Buffer.from(second.contacts), Buffer.from(first.contacts))
          assert.equal(second.updatedAt, first.updatedAt)
          assert.equal(house.sandbox.requests(), asked)
          now += 1
          const third = only(await read(house, user))
          assert.equal(third.fromCache, false)
          assert.equal(third.updatedAt, now)
        },
        { now: () => now },
      )
    })

    test('a fresh read renews the snapshot; one that fails keeps its date and says so', async () => {
      let now = Date.now()
      await withHouse(
        async (house) => {
          const { user } = await link(house, HOSTS.github, { contacts: 20 })
          const first = only(await read(house, user))
          now += 5_000
          const fresh = only(await read(house, user, { fresh: true }))
          assert.deepEqual([fresh.fromCache, fresh.updatedAt], [false, first.updatedAt + 5_000])
          house.sandbox.dial(HOSTS.github, { status: 503 })
          now += 5_000
          const failed = only(await read(house, user, { fresh: true }))
          assert.equal(failed.problem?.code, 'network_unavailable')
          assert.deepEqual([failed.fromCache, failed.updatedAt, failed.count], [false, fresh.updatedAt, 0])
          // An outage does not take away the list that is there.
          const kept = only(await read(house, user))
          assert.deepEqual([kept.fromCache, kept.count], [true, fresh.count])
        },
        { now: () => now },
      )
    })

    test('a refusal is remembered until somebody asks afresh or links again', () =>
      withHouse(async (house) => {
        const { user, account } = await link(house, HOSTS.x, { contacts: 20 })
        house.sandbox.dial(HOSTS.x, { status: 403 })
        assert.equal(only(await read(house, user)).problem?.code, 'permission_missing')
        house.sandbox.dial(HOSTS.x, {})
        const asked = house.sandbox.requests()
        await sleep(5)
        const remembered = only(await read(house, user))
        assert.equal(remembered.problem?.code, 'permission_missing')
        assert.equal(remembered.updatedAt, remembered.identity.refused?.at, 'the attempt was then, not now')
        assert.equal(house.sandbox.requests(), asked)
        assert.equal(only(await read(house, user, { fresh: true })).problem, undefined)

        house.sandbox.dial(HOSTS.x, { status: 403 })
        assert.equal(only(await read(house, user, { fresh: true })).problem?.code, 'permission_missing')
        house.sandbox.dial(HOSTS.x, {})
        const again = await link(house, HOSTS.x, { contacts: 20, account })
        assert.equal(again.user.token, user.token)
        assert.equal(only(await read(house, user)).problem, undefined)
      }))

    test('an outage is remembered for a minute at most', async () => {
      let now = Date.now()
      await withHouse(
        async (house) => {
          const { user } = await link(house, HOSTS.github, { contacts: 20 })
          house.sandbox.dial(HOSTS.github, { status: 502 })
          assert.equal(only(await read(house, user)).problem?.code, 'network_unavailable')
          const failedAt = now
          house.sandbox.dial(HOSTS.github, {})
          const asked = house.sandbox.requests()
          now += 59_999
          const waiting = only(await read(house, user))
          assert.equal(waiting.problem?.code, 'network_unavailable')
          assert.equal(waiting.problem?.retryAfterSeconds, 1)
          assert.equal(waiting.updatedAt, failedAt, 'the attempt was then, not now')
          assert.equal(house.sandbox.requests(), asked)
          now += 1
          assert.equal(only(await read(house, user)).problem, undefined)
        },
        // The breaker keeps another time: left alone for 30 s by the clock that nobody sets.
        { now: () => now, network: { breakerFailures: 100 } },
      )
    })

    test('a hundred callers of one cold identity cause one read of the network', () =>
      withHouse(async (house) => {
        const { user } = await link(house, HOSTS.bluesky, { contacts: 250 })
        house.sandbox.dial(HOSTS.bluesky, { latencyMs: 50 })
        const before = house.sandbox.requests()
        const answers = await Promise.all(Array.from({ length: 100 }, () => read(house, user)))
        // Two lists of 250 at 100 a page.
        assert.equal(house.sandbox.requests() - before, 6)
        assert.equal(new Set(answers.map((lists) => only(lists).count)).size, 1)
        assert(answers.every((lists) => only(lists).problem === undefined))
      }))

    test('when the deadline passes the caller gets what has arrived, the read goes on, and the next call has it all', () =>
      withHouse(
        async (house) => {
          const { user } = await link(house, HOSTS.bluesky, { contacts: 600, mutualShare: 0 })
          await link(house, HOSTS.github, { contacts: 10, user })
          house.sandbox.dial(HOSTS.bluesky, { latencyMs: 150 })
          const startedAt = performance.now()
          const [slow, quick] = await read(house, user)
          assert(performance.now() - startedAt < 900)
          assert.equal(quick?.problem, undefined)
          assert.equal(slow?.problem?.code, 'network_silent')
          assert.equal(slow?.isReading, true)
          const arrived = parseContacts(slow?.contacts ?? new Uint8Array()).length
          assert.equal(arrived, slow?.count)
          assert(arrived >= 100 && arrived < 1_200, `${arrived} have arrived`)
          const before = house.sandbox.requests({ host: HOSTS.bluesky })
          assert(before < 12)
          await sleep(1_200)
          const [whole] = await read(house, user)
          assert.deepEqual([whole?.fromCache, whole?.count, whole?.problem], [true, 1_200, undefined])
          assert.equal(
            house.sandbox.requests({ host: HOSTS.bluesky }),
            12 + 1,
            'one profile and twelve pages',
          )
        },
        { bounds: { fanOutDeadlineMs: 400 } },
      ))

    // One network names the next page in the body of an answer, the other in its head.
    for (const host of [HOSTS.bluesky, HOSTS.github]) {
      test(`a limit of ${host} met in the middle of a list is told at once, waited out, and the list is whole afterwards`, () =>
        withHouse(async (house) => {
          const { user } = await link(house, host, { contacts: 300, mutualShare: 0 })
          // The window that the import began is another one.
          house.sandbox.reset()
          house.sandbox.dial(host, { rateLimit: { limit: 3, windowSeconds: 6 } })
          const startedAt = performance.now()
          const early = only(await read(house, user))
          assert(performance.now() - startedAt < 4_500, 'nobody waited for the limit to pass')
          assert.equal(early.problem?.code, 'rate_limited')
          assert.deepEqual([early.isReading, early.count > 0 && early.count < 600], [true, true])
          let list = early
          for (let tries = 0; tries < 60 && list.problem; tries += 1) {
            await sleep(250)
            list = only(await read(house, user))
          }
          assert.deepEqual([list.count, list.problem], [600, undefined])
        }))
    }

    test('a list beyond the bound is the first part of it, and says so', () =>
      withHouse(
        async (house) => {
          const { user } = await link(house, HOSTS.github, { contacts: 130, mutualShare: 1 })
          const list = only(await read(house, user))
          assert.deepEqual([list.count, list.isTruncated, list.problem], [120, true, undefined])
          assert.equal(parseContacts(list.contacts).length, 120)
          assert.equal(only(await read(house, user)).isTruncated, true)
        },
        { bounds: { contactsPerIdentity: 120 } },
      ))

    test('a deleted user takes everything along, also what is being read', () =>
      withHouse(async (house) => {
        const { store, site } = house
        const { user, identity } = await link(house, HOSTS.bluesky, { contacts: 300 })
        house.sandbox.dial(HOSTS.bluesky, { latencyMs: 100 })
        const reading = read(house, user)
        await sleep(150)
        assert.equal(await store.users.remove(site, user.token), true)
        assert.equal(only(await reading).problem?.code, 'not_found')
        assert.equal(await store.contacts.head(identity), undefined)
        assert.equal(await store.tokens.of(identity), undefined)
        await assert.rejects(
          read(house, user),
          (error) => error instanceof GatewayError && error.code === 'not_found',
        )
      }))

    test('a user without identities has no lists', () =>
      withHouse(async (house) => {
        const { user, identity } = await link(house, HOSTS.github)
        await house.store.identities.remove(house.site, identity.token)
        assert.deepEqual(await read(house, user), [])
      }))

    test('a list that was read to its end is stored in spite of a database that is busy for a moment', () =>
      withHouse(async (house) => {
        const { user } = await link(house, HOSTS.github, { contacts: 20 })
        const { gateway } = house
        let tries = 0
        const finish: typeof gateway.store.reads.finish = (...all) => {
          tries += 1
          if (tries < 3) throw new GatewayError('overloaded', 'The database does not answer.')
          return gateway.store.reads.finish(...all)
        }
        const store = { ...gateway.store, reads: { ...gateway.store.reads, finish } }
        const list = only(await read({ site: house.site, gateway: { ...gateway, store } }, user))
        assert.deepEqual([list.problem, tries], [undefined, 3])
        assert.ok(list.count > 0)
      }))

    test('a login that has succeeded does not fail because the friends cannot be expected', () =>
      withHouse(async ({ gateway, site, ...house }) => {
        const { user } = await link({ gateway, site, ...house }, HOSTS.github, { contacts: 20 })
        const lists = () => Promise.reject(new GatewayError('overloaded', 'The database does not answer.'))
        const store = { ...gateway.store, people: { ...gateway.store.people, lists } }
        await expectFriends({ ...gateway, store }, site, user)
        assert.ok(house.logged.some(({ level, message }) => level === 'error' && /friends/.test(message)))
      }))

    test('a read whose end could not be stored while stopping is not stored as an empty list', () =>
      withHouse(async (house) => {
        const { user } = await link(house, HOSTS.github, { contacts: 20 })
        const { gateway } = house
        const finish = async () => {
          gateway.readings.stopping.abort()
          throw new GatewayError('internal', 'The writer has ended.')
        }
        const store = { ...gateway.store, reads: { ...gateway.store.reads, finish } }
        const left = only(await read({ site: house.site, gateway: { ...gateway, store } }, user))
        assert.equal(left.problem?.code, 'overloaded')
        const next = { ...gateway, readings: createReadings(gateway.bounds) }
        const list = only(await read({ site: house.site, gateway: next }, user))
        assert.equal(list.problem, undefined)
        assert.ok(list.count > 0)
      }))

    test('a read that a stopping process leaves goes on where it was', () =>
      withHouse(async (house) => {
        const { user } = await link(house, HOSTS.bluesky, { contacts: 1_000, mutualShare: 0 })
        house.sandbox.dial(HOSTS.bluesky, { latencyMs: 60 })
        const reading = read(house, user)
        await sleep(330)
        await house.stop()
        assert.equal(only(await reading).problem?.code, 'overloaded')
        const before = house.sandbox.requests({ host: HOSTS.bluesky }) - 1
        assert(before >= 4 && before < 20, `${before} pages were read`)
        const { gateway } = await house.another()
        assert.equal(await resumeReads(gateway), 1)
        const list = only(await read({ gateway, site: house.site }, user))
        assert.deepEqual([list.count, list.problem], [2_000, undefined])
        const pages = house.sandbox.requests({ host: HOSTS.bluesky }) - 1
        // Twenty pages, and the two that were on their way when the process stopped.
        assert(pages <= 22, `${pages} pages in all`)
      }))

    if (database.name === 'postgres') {
      test('two processes read one cold identity once', () =>
        withHouse(async (house) => {
          const { user } = await link(house, HOSTS.bluesky, { contacts: 300, mutualShare: 0 })
          house.sandbox.dial(HOSTS.bluesky, { latencyMs: 60 })
          const { gateway } = await house.another()
          const other = { gateway, site: house.site }
          const before = house.sandbox.requests()
          const answers = await Promise.all(
            [house, other, house, other].map((process) => read(process, user)),
          )
          assert.deepEqual(
            answers.map((lists) => [only(lists).count, only(lists).problem]),
            Array.from({ length: 4 }, () => [600, undefined]),
          )
          assert.equal(house.sandbox.requests() - before, 6)
        }))
    }
  })
}
