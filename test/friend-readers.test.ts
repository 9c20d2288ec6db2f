// Threads that read chosen friends: the same answers as without them, as fresh, whatever becomes of a thread.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, mock, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { GatewayError } from '../src/core/errors.ts'
import type { Gateway, Log } from '../src/core/gateway.ts'
import { addFriends, deleteFriends, importFriends, updateFriends } from '../src/core/graph.ts'
import { wishFor } from '../src/core/graph-pull.ts'
import { deleteAccounts, importAccounts, saveProfile } from '../src/core/profiles.ts'
import { toFailure } from '../src/dialects/tencent/envelope.ts'
import { createFriendPull, type FriendReaders } from '../src/dialects/tencent/friend-pull.ts'
import type { PullCall } from '../src/dialects/tencent/pull-reply.ts'
import type { startFriendReader } from '../src/friend-reader.ts'
import { createFriendReaders, type OpenReaders, READER_BOUNDS } from '../src/friend-readers.ts'
import { databases } from './support/databases.ts'
import { type GraphHouse, graphGateway, names, openGraph } from './support/graph.ts'
import { openTencentHouse } from './support/tencent.ts'

const SQLITE = databases.find(({ name }) => name === 'sqlite')!
const TAGS = [
  'Tag_SNS_IM_Remark',
  'Tag_SNS_IM_Group',
  'Tag_SNS_IM_AddSource',
  'Tag_SNS_IM_AddWording',
  'Tag_SNS_IM_AddTime',
  'Tag_SNS_Custom_Vip',
  'Tag_Profile_IM_Nick',
  'Tag_Profile_IM_Gender',
  'Tag_Profile_IM_BirthDay',
  'Tag_Profile_Custom_Shoe',
]
const ODD_NAMES = ['😀', 'e\u0301', "o'neil", 'say "hi"', '__proto__', 'toString', ' ', 'back\\slash', 'a,b']

function createEar(): { readonly log: Log; readonly logged: string[] } {
  const logged: string[] = []
  const hear = (_: object, message: string) => void logged.push(message)
  return { log: { debug: hear, info: hear, warn: hear, error: hear }, logged }
}

interface Readers extends AsyncDisposable {
  readonly readers: OpenReaders
  readonly logged: readonly string[]
  /** Every thread that was started. */
  readonly threads: readonly Worker[]
  /** What a thread answers. */
  read(call: PullCall): Promise<Buffer>
}

/** Readers that take every call from the first one on, with one thread that is ready. */
async function openReaders({ house }: GraphHouse, now?: () => number): Promise<Readers> {
  const { log, logged } = createEar()
  const threads: Worker[] = []
  const note = (worker: Worker) => void threads.push(worker)
  process.on('worker', note)
  const data = { file: house.url, busyTimeoutMs: 5_000, memoryBytes: 1e6 }
  const bounds = { threads: 1, waiting: 1_000 }
  const readers = createFriendReaders(data, { log, bounds, many: { calls: 1, withinMs: 1 }, now })
  await ready(readers)
  return {
    readers,
    logged,
    threads,
    async read(call) {
      const reply = await readers.offer(call)
      assert.ok(reply, 'a thread takes the call')
      return Buffer.from(reply)
    },
    async [Symbol.asyncDispose]() {
      await readers.close()
      process.off('worker', note)
    },
  }
}

/** Resolves when a thread takes calls. */
async function ready(readers: OpenReaders): Promise<void> {
  const call = { siteId: 0, account: 'nobody', others: [], tags: [] }
  for (;;) {
    const offered = readers.offer(call)
    if (offered) return assert.rejects(offered, { code: 'not_found' })
    await pause(5)
  }
}

/** The command as its route runs it, with these readers. */
function asking(gateway: Gateway, site: GraphHouse['site'], readers?: FriendReaders) {
  const { run } = createFriendPull(readers)
  return async (account: string, others: readonly string[], tags: readonly string[] = TAGS) => {
    const input = { From_Account: account, To_Account: others, TagList: tags }
    // The command looks at nothing else.
    const call = { gateway, caller: { site }, input } as unknown as Parameters<typeof run>[0]
    try {
      return Buffer.from(await run(call)).toString()
    } catch (error) {
      assert.ok(error instanceof GatewayError)
      return Buffer.concat([toFailure(error, { path: '/v4/sns/friend_get_list' }).body].flat()).toString()
    }
  }
}

/** An account with friends of every kind, beside accounts that are none. */
async function furnish(graph: GraphHouse): Promise<void> {
  const { gateway, site } = graph
  const lines = [...names('friend', 60), ...ODD_NAMES].map((account, index) => ({
    account,
    remark: index % 3 === 0 ? `Remark ❤️ "${account}"` : undefined,
    groups: index % 2 === 0 ? ['work', 'Fußball ⚽'] : undefined,
    source: index % 4 === 0 ? 'Web' : undefined,
    wording: index % 5 === 0 ? 'hi\n\u{1F984}' : undefined,
    custom: index % 7 === 0 ? { Vip: index % 2 === 0 ? index : `very ${index}` } : undefined,
  }))
  for (let from = 0; from < lines.length; from += 50) {
    await importFriends(gateway, site, 'owner', lines.slice(from, from + 50))
  }
  for (const [index, { account }] of lines.entries()) {
    if (index % 3 !== 0) continue
    const profile = { nick: `Nick ${account} 🎉`, birthday: index, custom: { Shoe: `size ${index}` } }
    await saveProfile(gateway, site, account, { ...profile, gender: 'female' })
  }
}

describe('threads that read friends', () => {
  test('answer byte for byte what the thread that serves answers', async () => {
    await using graph = await openGraph(SQLITE, ['owner', 'stranger', ...names('friend', 60), ...ODD_NAMES])
    await furnish(graph)
    await using open = await openReaders(graph)
    const { gateway, site } = graph
    const far = asking(gateway, site, open.readers)
    const lists = [
      names('friend', 60),
      ODD_NAMES,
      ['stranger', 'owner', 'nobody', 'friend1', 'friend1', '\ud800', 'friend0', 'nobody'],
      ['friend3'],
      [...names('friend', 60), ...ODD_NAMES, 'stranger', 'nobody'],
    ]
    for (const tags of [TAGS, TAGS.slice(0, 1), TAGS.slice(6), TAGS.toReversed()]) {
      for (const others of lists) {
        const near = asking(graphGateway(graph.house.store), site)
        const text = await near('owner', others, tags)
        assert.match(text, /"ActionStatus":"OK"/)
        const call = { siteId: site.id, account: 'owner', others, tags }
        // The second time, what it has in memory is shown.
        for (const time of ['first', 'second']) assert.equal(String(await open.read(call)), text, time)
        assert.equal(await far('owner', others, tags), text)
      }
    }
  })

  test('answer the same errors, and the next call as if nothing had been', async () => {
    await using graph = await openGraph(SQLITE, ['owner', 'friend0'])
    const { gateway, site } = graph
    await using open = await openReaders(graph)
    const [near, far] = [asking(gateway, site), asking(gateway, site, open.readers)]
    const unknown = await near('nobody', ['friend0'])
    assert.match(unknown, /"ErrorCode":30003/)
    // Asked for the first time: an account that is hot stays here.
    assert.equal(await far('nobody-else', ['friend0']), unknown)
    const refused = open.readers.offer({
      siteId: site.id,
      account: 'nobody',
      others: ['friend0'],
      tags: TAGS,
    })
    await assert.rejects(refused!, { code: 'not_found', field: 'account' })
    assert.match(await far('owner', ['friend0']), /"ResultCode":30001/)
    assert.deepEqual(open.logged, [])
  })

  test('see every change that was answered before the call came', async () => {
    await using graph = await openGraph(SQLITE, ['owner', 'friend0', 'friend1'])
    const { gateway, site } = graph
    await using open = await openReaders(graph)
    const others = ['friend0', 'friend1']
    const seen = async () =>
      String(await open.read({ siteId: site.id, account: 'owner', others, tags: TAGS }))
    await importFriends(gateway, site, 'owner', [{ account: 'friend0' }])
    for (let time = 0; time < 300; time += 1) {
      const remark = `remark-${time}-`
      await updateFriends(gateway, site, 'owner', [{ account: 'friend0', remark }])
      assert.ok((await seen()).includes(remark), remark)
      if (time % 3 !== 0) continue
      await saveProfile(gateway, site, 'friend0', { nick: `nick-${time}-` })
      assert.ok((await seen()).includes(`nick-${time}-`), `nick ${time}`)
      await addFriends(gateway, site, 'owner', [{ account: 'friend1' }])
      assert.doesNotMatch(await seen(), /Fail_Account/)
      await deleteFriends(gateway, site, 'owner', [{ account: 'friend1' }], { isMutual: false })
      assert.match(await seen(), /"Fail_Account":\["friend1"\]/)
    }
  })

  test('see that accounts have gone and come again', async () => {
    await using graph = await openGraph(SQLITE, ['owner', 'friend0'])
    const { gateway, site } = graph
    await using open = await openReaders(graph)
    const call = { siteId: site.id, account: 'owner', others: ['friend0'], tags: TAGS }
    await importFriends(gateway, site, 'owner', [{ account: 'friend0', remark: 'first' }])
    assert.match(String(await open.read(call)), /first/)
    await deleteAccounts(gateway, site, [{ account: 'friend0' }])
    assert.match(String(await open.read(call)), /"ResultCode":30003/)
    await importAccounts(gateway, site, [{ account: 'friend0' }])
    assert.match(String(await open.read(call)), /"ResultCode":30001/)
    await deleteAccounts(gateway, site, [{ account: 'owner' }])
    await assert.rejects(open.read(call), { code: 'not_found' })
  })

  test('lose no call when they die, and are started again after a pause', async () => {
    let ahead = 0
    await using graph = await openGraph(SQLITE, ['owner', ...names('friend', 60)])
    const { gateway, site } = graph
    await importFriends(
      gateway,
      site,
      'owner',
      names('friend', 50).map((account) => ({ account })),
    )
    await using open = await openReaders(graph, () => performance.now() + ahead)
    const { readers, threads } = open
    const others = names('friend', 60)
    const expected = String(await open.read({ siteId: site.id, account: 'owner', others, tags: TAGS }))
    // A memory of its own for each, where the account is not hot.
    let handedBack = 0
    const counting: FriendReaders = {
      async offer(call) {
        const reply = await readers.offer(call)
        if (!reply) handedBack += 1
        return reply
      },
    }
    const calls = Array.from({ length: 100 }, () =>
      asking(graphGateway(graph.house.store), site, counting)('owner', others),
    )
    await Promise.all([threads[0]!.terminate(), ...calls])
    for (const text of await Promise.all(calls)) assert.equal(text, expected)
    assert.ok(handedBack > 0, 'it died in the middle')
    assert.deepEqual(open.logged, ['a thread that reads friends failed; its calls are done without it'])
    assert.equal(readers.count, 0)
    assert.equal(readers.offer({ siteId: site.id, account: 'owner', others, tags: TAGS }), undefined)
    assert.equal(threads.length, 1)
    ahead += 10_000
    await ready(readers)
    assert.equal(threads.length, 2)
    assert.equal(await asking(graphGateway(graph.house.store), site, readers)('owner', others), expected)
  })

  test('finish what was asked before they are closed, and take nothing after', async () => {
    await using graph = await openGraph(SQLITE, ['owner', 'friend0'])
    const { site } = graph
    await using open = await openReaders(graph)
    const call = { siteId: site.id, account: 'owner', others: ['friend0'], tags: TAGS }
    const calls = Array.from({ length: 50 }, () => open.read(call))
    await open.readers.close()
    for (const reply of await Promise.all(calls)) assert.match(String(reply), /"ActionStatus":"OK"/)
    assert.equal(open.readers.offer(call), undefined)
    assert.equal(open.readers.count, 0)
    assert.equal(open.threads[0]!.threadId, -1)
  })

  test('keep no process from ending', async () => {
    await using graph = await openGraph(SQLITE, ['owner'])
    const call = { siteId: graph.site.id, account: 'owner', others: ['x'], tags: TAGS }
    const script = fileURLToPath(new URL('support/reader-process.ts', import.meta.url))
    const ended = spawnSync(process.execPath, [script, graph.house.url, JSON.stringify(call)], {
      encoding: 'utf8',
      timeout: 10_000,
    })
    assert.equal(ended.status, 0, ended.stderr)
    assert.match(ended.stdout, /"ActionStatus":"OK"/)
  })
})

describe('calls for threads that read friends', () => {
  const CALL: PullCall = { siteId: 1, account: 'owner', others: ['friend0'], tags: TAGS }

  /** Readers over threads that only take, with a clock that is set by hand. */
  function openIdle(bounds: { threads?: number; waiting?: number; idleMs?: number } = {}) {
    const clock = { now: 0 }
    const started: { isReady: boolean; backlog: number; isClosed: boolean }[] = []
    const start: typeof startFriendReader = () => {
      const thread = { isReady: false, backlog: 0, isClosed: false }
      started.push(thread)
      return {
        get isReady() {
          return thread.isReady
        },
        get backlog() {
          return thread.backlog
        },
        async read() {
          thread.backlog += 1
          return new Uint8Array(started.indexOf(thread))
        },
        async close() {
          thread.isClosed = true
        },
      }
    }
    const { log } = createEar()
    const data = { file: 'none', busyTimeoutMs: 0, memoryBytes: 0 }
    const options = { log, bounds: { threads: 2, waiting: 3, ...bounds }, now: () => clock.now, start }
    const readers = createFriendReaders(data, options)
    return {
      clock,
      started,
      readers,
      /** So many calls, so far apart; how many of them a thread took. */
      call(times: number, apartMs = 1): number {
        let taken = 0
        for (let time = 0; time < times; time += 1) {
          clock.now += apartMs
          if (readers.offer(CALL)) taken += 1
        }
        return taken
      },
    }
  }

  test('start none while there are few of them', () => {
    const { call, clock, started } = openIdle()
    assert.equal(call(1_000, 3), 0)
    clock.now += 100
    assert.equal(call(39, 1), 0)
    assert.deepEqual(started, [])
  })

  test('start one at 40 within 100 ms, and are done here until it is open', () => {
    const { call, started, readers } = openIdle()
    assert.equal(call(40, 2.5), 0)
    assert.equal(started.length, 1)
    assert.equal(call(100), 0)
    assert.equal(started.length, 1)
    started[0]!.isReady = true
    assert.equal(call(1), 1)
    assert.equal(readers.count, 1)
  })

  test('stay here as soon as there are few of them again', () => {
    const { call, clock, started } = openIdle()
    call(40)
    started[0]!.isReady = true
    assert.equal(call(1), 1)
    clock.now += 100
    assert.equal(call(38), 0)
    assert.equal(call(20) > 0, true)
  })

  test('stay here while every thread has as many as it may, and start another', () => {
    const { call, started } = openIdle()
    call(40)
    started[0]!.isReady = true
    assert.equal(call(100), 3)
    assert.equal(started.length, 2)
    started[1]!.isReady = true
    assert.equal(call(100), 3)
    assert.deepEqual(
      started.map(({ backlog }) => backlog),
      [3, 3],
    )
    started[1]!.backlog = 1
    assert.equal(call(1), 1)
    assert.equal(started[1]!.backlog, 2)
    assert.equal(started.length, 2)
  })

  test('leave a thread to end that has had none for a while', async () => {
    mock.timers.enable({ apis: ['setInterval'] })
    try {
      const { call, clock, started, readers } = openIdle({ idleMs: 1_000 })
      call(40)
      started[0]!.isReady = true
      call(1)
      clock.now += 999
      mock.timers.tick(1_000)
      assert.equal(readers.count, 1)
      clock.now += 1
      mock.timers.tick(1_000)
      assert.equal(readers.count, 0)
      assert.equal(started[0]!.isClosed, true)
      await readers.close()
    } finally {
      mock.timers.reset()
    }
  })

  test('of a hot account stay here, and each is noted once', async () => {
    await using graph = await openGraph(SQLITE, ['owner', 'other', 'friend0'])
    const { gateway, site } = graph
    const offered: PullCall[] = []
    const readers: FriendReaders = {
      offer(call) {
        offered.push(call)
        return Promise.resolve(Buffer.from('far'))
      },
    }
    const ask = asking(gateway, site, readers)
    assert.equal(await ask('owner', ['friend0']), 'far')
    assert.match(await ask('owner', ['friend0']), /"ResultCode":30001/)
    assert.equal(await ask('other', ['friend0']), 'far')
    assert.deepEqual(offered, [
      { siteId: site.id, account: 'owner', others: ['friend0'], tags: TAGS },
      { siteId: site.id, account: 'other', others: ['friend0'], tags: TAGS },
    ])
  })

  test('are refused before they are offered, and not noted then', async () => {
    await using graph = await openGraph(SQLITE, ['owner'])
    const { gateway, site } = graph
    const readers: FriendReaders = { offer: () => assert.fail('it was offered') }
    const ask = asking(gateway, { ...site, settings: { graphLimits: { batch: 2 } } }, readers)
    assert.match(await ask('owner', ['a', 'b', 'c']), /"ErrorCode":30001/)
    assert.match(await ask('owner', ['a'], ['Tag_Unheard']), /"ErrorCode":30001/)
    assert.match(await ask('\ud800', ['a']), /"ErrorCode":30003/)
    assert.equal(wishFor(gateway, site, 'owner', []).isHot, false)
  })

  test('in a flood over the wire are answered as they are alone', async () => {
    const tencent = await openTencentHouse()
    const started: Worker[] = []
    const note = (worker: Worker) => void started.push(worker)
    process.on('worker', note)
    try {
      const owners = names('owner', 70)
      const ask = async (account: string) => {
        const body = { From_Account: account, To_Account: ['friend', 'nobody'], TagList: TAGS }
        return (await tencent.call('sns/friend_get_list', body)).text
      }
      for (const Accounts of [owners, ['friend']]) {
        await tencent.call('im_open_login_svc/multiaccount_import', { Accounts })
      }
      for (const [index, account] of owners.entries()) {
        if (index % 2 === 0) continue
        const AddFriendItem = [
          { To_Account: 'friend', AddSource: 'AddSource_Type_Web', Remark: `of ${account}` },
        ]
        await tencent.call('sns/friend_add', { From_Account: account, AddFriendItem })
      }
      const alone = new Map<string, string>()
      for (const account of owners) alone.set(account, await ask(account))
      const until = performance.now() + 1_000
      while (performance.now() < until) {
        const texts = await Promise.all(owners.map(ask))
        // Without sockets nothing else would have its turn.
        await pause(1)
        for (const [index, account] of owners.entries()) assert.equal(texts[index], alone.get(account))
      }
      assert.equal(started.length > 0, READER_BOUNDS.threads > 0)
    } finally {
      process.off('worker', note)
      await tencent.close()
    }
  })
})
