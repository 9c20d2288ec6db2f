import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { deleteFriends, pageFriends } from '../src/core/graph.ts'
import type { AccountProfile } from '../src/core/graph-model.ts'
import { saveProfile } from '../src/core/profiles.ts'
import { databases } from './support/databases.ts'
import { befriend, graphGateway, listOf, names, openGraph, PLAIN, pull, take } from './support/graph.ts'
import { storm, stormAccounts } from './support/graph-storm.ts'

const STORM_MS = 1_500
const IMPORTER = join(import.meta.dirname, 'support', 'graph-process.ts')

for (const kind of databases) {
  describe(`many at once in the friend graph on ${kind.name}`, () => {
    test('16 writers and 16 readers lose no update, see no wrong sequence and meet no error', async () => {
      const wish = { accounts: 12, writers: 16, readers: 16 }
      await using graph = await openGraph(kind, stormAccounts(wish), { feedEntries: 1e6 })
      const until = performance.now() + STORM_MS
      const places = [graph]
      // On PostgreSQL, of two processes.
      if (kind.name === 'postgres') {
        places.push({ ...graph, gateway: graphGateway(await graph.house.beside()) })
      }
      const { writes, reads } = await storm(places, { ...wish, goesOn: () => performance.now() < until })
      assert.ok(writes > 50 && reads > 50, `${writes} writes, ${reads} reads`)
      const [row] = await graph.house.raw(
        `select count(*) as wrong from graphs g where friend_count <> (select count(*) from friends where from_id = g.user_id)
           or block_count <> (select count(*) from blocks where from_id = g.user_id)
           or pending_count <> (select count(*) from pendings where to_id = g.user_id)`,
      )
      assert.equal(Number(row?.wrong), 0)
    })

    test('of friends that stay, no page skips or doubles one while others come and go', async () => {
      const everybody = names('f', 40)
      await using graph = await openGraph(kind, ['alice', ...everybody])
      const { gateway, site } = graph
      const stays = everybody.filter((_, index) => index % 2 === 0)
      const goes = everybody.filter((_, index) => index % 2 === 1)
      const change = fc.record({ isAdded: fc.boolean(), account: fc.constantFrom(...goes) })
      const property = fc.asyncProperty(
        fc.integer({ min: 1, max: 7 }),
        fc.array(change, { maxLength: 12 }),
        async (limit, changes) => {
          await take(graph, 'alice', stays)
          const seen: string[] = []
          const left = changes.values()
          for (let after: number | undefined = 0; after !== undefined; ) {
            const page: Awaited<ReturnType<typeof pageFriends>> = await pageFriends(gateway, site, 'alice', {
              after,
              limit,
            })
            seen.push(...page.friends.map(({ account }) => account))
            after = page.next
            const { value } = left.next()
            if (value?.isAdded) await take(graph, 'alice', [value.account])
            else if (value) await deleteFriends(gateway, site, 'alice', [value], { isMutual: false })
          }
          const kept = seen.filter((account) => stays.includes(account))
          assert.deepEqual(kept.toSorted(), stays.toSorted())
        },
      )
      await fc.assert(property, { numRuns: 25 })
    })

    test('what an import has answered is there after kill -9', async () => {
      await using graph = await openGraph(kind, ['alice'])
      const { house, site } = graph
      await house.store.close()
      const child = spawn(process.execPath, [IMPORTER, house.url, house.keysPath, String(site.id)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let answered: string[] = []
      for await (const chunk of child.stdout) {
        const text = String(chunk)
        answered.push(
          ...text
            .slice(0, text.lastIndexOf('\n') + 1)
            .split('\n')
            .filter(Boolean),
        )
        if (answered.length < 20) continue
        child.kill('SIGKILL')
        break
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      const gateway = graphGateway(await house.beside({ role: 'server' }))
      const { friends, total } = await listOf({ gateway, site }, 'alice')
      const there = new Set(friends.map(({ account }) => account))
      assert.deepEqual(
        answered.filter((account) => !there.has(account)),
        [],
      )
      assert.ok(answered.length >= 20)
      assert.equal(total, friends.length)
      // Nothing half written: each call of the process makes ten.
      assert.equal(total % 10, 0)
      answered = []
    })

    test('a read while a profile changes shows the old one or the new one, with its own version', async () => {
      await using graph = await openGraph(kind, ['alice', ...names('f', 5)])
      const { gateway, site } = graph
      await take(graph, 'alice', names('f', 5))
      const profiles: AccountProfile[] = Array.from({ length: 30 }, (_, level) => ({ level }))
      const last = new Map<string, number>()
      let isDone = false
      const reader = async () => {
        while (!isDone) {
          for (const one of await pull(graph, 'alice', names('f', 5))) {
            const level = one.profile.level ?? -1
            assert.ok(level >= (last.get(one.account) ?? -1), 'a profile went back')
            last.set(one.account, level)
          }
          await turn()
        }
      }
      const readers = [reader()]
      for (const profile of profiles) await saveProfile(gateway, site, 'f3', profile)
      isDone = true
      await Promise.all(readers)
      assert.equal((await pull(graph, 'alice', ['f3']))[0].profile.level, 29)
    })

    test('memory is bounded, and forgetting changes no answer', async () => {
      const everybody = names('f', 60)
      await using graph = await openGraph(kind, [...names('a', 3), ...everybody])
      const small = graphGateway(graph.house.store, { memoryBytes: 4_000 })
      const none = graphGateway(graph.house.store, { memoryBytes: 0 })
      for (const account of names('a', 3)) await befriend(graph, account, everybody)
      for (let times = 0; times < 30; times += 1) {
        const account = `a${times % 3}`
        const some = everybody.slice(times, times + 25)
        const view = { ...PLAIN, key: `view ${times % 7}` }
        const answers = await Promise.all(
          [graph.gateway, small, none].map((gateway) =>
            pull({ gateway, site: graph.site }, account, some, view),
          ),
        )
        assert.deepEqual(answers[1], answers[0])
        assert.deepEqual(answers[2], answers[0])
        assert.equal(answers[0]?.length, 25)
        assert.ok(small.friendMemory.bytes <= 4_000)
        assert.equal(none.friendMemory.bytes, 0)
      }
      assert.ok(graph.gateway.friendMemory.bytes > 10_000)
    })
  })
}
