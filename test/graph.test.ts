import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readFeed } from '../src/core/feed.ts'
import {
  addFriends,
  checkFriends,
  deleteAllFriends,
  deleteFriends,
  importFriends,
  pageFriends,
  updateFriends,
} from '../src/core/graph.ts'
import { addBlocks, checkBlocks, deleteBlocks, pageBlocks } from '../src/core/graph-blocks.ts'
import { addGroups, deleteGroups, readGroups } from '../src/core/graph-groups.ts'
import { limitsOf } from '../src/core/graph-limits.ts'
import { acceptPendings, declinePendings, listPendings } from '../src/core/graph-pendings.ts'
import {
  checkAccounts,
  deleteAccounts,
  importAccounts,
  readProfiles,
  saveProfile,
} from '../src/core/profiles.ts'
import { databases } from './support/databases.ts'
import {
  befriend,
  codes,
  type GraphHouse,
  listOf,
  names,
  openGraph,
  pull,
  relationsOf,
  take,
} from './support/graph.ts'
import { accountOf } from './support/stores.ts'

const lines = (accounts: readonly string[]) => accounts.map((account) => ({ account }))

for (const kind of databases) {
  describe(`the friend graph on ${kind.name}`, { concurrency: 4 }, () => {
    test('friends are added on both sides, with what was said about them on the adding side', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'])
      const { gateway, site } = graph
      const line = { account: 'bob', remark: 'Bobby', source: 'Web', wording: 'it’s me', groups: ['work'] }
      assert.deepEqual(await addFriends(gateway, site, 'alice', [line]), [{ account: 'bob', code: 'ok' }])
      const [bob] = (await listOf(graph, 'alice')).friends
      assert.deepEqual(
        { ...bob, addedAt: 0 },
        {
          account: 'bob',
          remark: 'Bobby',
          source: 'Web',
          wording: 'it’s me',
          groups: ['work'],
          addedAt: 0,
          custom: undefined,
        },
      )
      const [alice] = (await listOf(graph, 'bob')).friends
      assert.deepEqual(
        { ...alice, addedAt: 0 },
        {
          account: 'alice',
          remark: undefined,
          source: 'Web',
          wording: 'it’s me',
          groups: [],
          addedAt: 0,
          custom: undefined,
        },
      )
    })

    test('a line that fails leaves the others alone, and outcomes keep their order', async () => {
      await using graph = await openGraph(kind, ['alice', ...names('f', 3)])
      const { gateway, site } = graph
      const outcomes = await addFriends(gateway, site, 'alice', [
        { account: 'f0' },
        { account: 'nobody' },
        { account: 'alice' },
        { account: 'f0' },
        { account: 'f1', source: 'not letters' },
        { account: 'f2', remark: 'é'.repeat(48) },
        { account: 'f1', remark: `${'é'.repeat(48)}x` },
        { account: 'NUL\0' },
        { account: '\ud800' },
        { account: 'x', flaw: 'bad_value' },
      ])
      assert.deepEqual(codes(outcomes), [
        'ok',
        'no_account',
        'oneself',
        'already_friend',
        'bad_source',
        'ok',
        'too_long',
        'no_account',
        'no_account',
        'bad_value',
      ])
      assert.deepEqual(await relationsOf(graph, 'alice', names('f', 3)), ['both', 'none', 'both'])
    })

    test('a one-way friend is one side’s own business, and a two-way add completes the pair', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'])
      const { gateway, site } = graph
      await saveProfile(gateway, site, 'bob', { allows: 'none' })
      assert.deepEqual(await befriend(graph, 'alice', ['bob']), ['denied'])
      assert.deepEqual(await befriend(graph, 'alice', ['bob'], { isMutual: false }), ['ok'])
      assert.deepEqual(await relationsOf(graph, 'alice', ['bob']), ['mine'])
      assert.deepEqual(await relationsOf(graph, 'bob', ['alice']), ['theirs'])
      assert.deepEqual(await befriend(graph, 'bob', ['alice']), ['ok'])
      assert.deepEqual(await relationsOf(graph, 'bob', ['alice']), ['both'])
      assert.equal((await listOf(graph, 'alice')).total, 1)
    })

    test('who must confirm is asked, and accepts or declines', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'])
      const { gateway, site } = graph
      await saveProfile(gateway, site, 'bob', { allows: 'confirm' })
      const line = { account: 'bob', remark: 'B', groups: ['gym'], wording: 'please', source: 'App' }
      assert.deepEqual(codes(await addFriends(gateway, site, 'alice', [line, line])), ['pending', 'pending'])
      assert.deepEqual(await befriend(graph, 'carol', ['bob']), ['pending'])
      const pending = await listPendings(gateway, site, 'bob')
      assert.deepEqual([pending.total, pending.next], [2, undefined])
      assert.deepEqual(
        pending.pendings.map(({ account, wording, source }) => [account, wording, source]),
        [
          ['alice', 'please', 'App'],
          ['carol', undefined, undefined],
        ],
      )
      const first = await listPendings(gateway, site, 'bob', { limit: 1 })
      const second = await listPendings(gateway, site, 'bob', { limit: 1, after: first.next })
      assert.deepEqual(
        [first, second].flatMap(({ pendings }) => pendings.map(({ account }) => account)),
        ['alice', 'carol'],
      )
      const accepted = await acceptPendings(gateway, site, 'bob', [
        { account: 'alice', remark: 'A' },
        { account: 'alice' },
      ])
      assert.deepEqual(codes(accepted), ['ok', 'no_request'])
      assert.deepEqual(
        codes(await declinePendings(gateway, site, 'bob', lines(['carol', 'carol', 'alice']))),
        ['ok', 'no_request', 'no_request'],
      )
      assert.deepEqual(await relationsOf(graph, 'bob', ['alice', 'carol']), ['both', 'none'])
      const [bob] = (await listOf(graph, 'alice')).friends
      assert.deepEqual([bob?.remark, bob?.groups, bob?.wording], ['B', ['gym'], 'please'])
      assert.equal((await listOf(graph, 'bob')).friends[0]?.remark, 'A')
      assert.equal((await listPendings(gateway, site, 'bob')).total, 0)
    })

    test('two who ask each other are friends; force needs no answer', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'], { graphAllows: 'confirm' })
      assert.deepEqual(await befriend(graph, 'alice', ['bob']), ['pending'])
      assert.deepEqual(await befriend(graph, 'bob', ['alice']), ['ok'])
      assert.deepEqual(await relationsOf(graph, 'bob', ['alice']), ['both'])
      assert.equal((await listPendings(graph.gateway, graph.site, 'bob')).total, 0)
      assert.deepEqual(await befriend(graph, 'alice', ['carol'], { isForced: true }), ['ok'])
    })

    test('who had asked, and is added by the other one, finds the remark and the groups of the request', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'], { graphAllows: 'confirm' })
      const { gateway, site } = graph
      const request = { account: 'bob', remark: 'B', groups: ['gym'], source: 'App', wording: 'please' }
      assert.deepEqual(codes(await addFriends(gateway, site, 'alice', [request])), ['pending'])
      const back = { account: 'alice', remark: 'A', source: 'Web' }
      assert.deepEqual(codes(await addFriends(gateway, site, 'bob', [back])), ['ok'])
      const [bob] = (await listOf(graph, 'alice')).friends
      assert.deepEqual([bob?.account, bob?.remark, bob?.groups, bob?.source], ['bob', 'B', ['gym'], 'Web'])
      const [alice] = (await listOf(graph, 'bob')).friends
      assert.deepEqual([alice?.account, alice?.remark, alice?.groups], ['alice', 'A', []])
    })

    test('who may not ask asks nobody, unless forced', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'])
      await saveProfile(graph.gateway, graph.site, 'alice', { forbidden: 'sending' })
      assert.deepEqual(await befriend(graph, 'alice', ['bob']), ['may_not_ask'])
      assert.deepEqual(await befriend(graph, 'alice', ['bob'], { isForced: true }), ['ok'])
    })

    test('a block ends the friendship and every request, both ways, even forced ones', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'])
      const { gateway, site } = graph
      await befriend(graph, 'alice', ['bob'])
      await saveProfile(gateway, site, 'alice', { allows: 'confirm' })
      await befriend(graph, 'carol', ['alice'])
      const blocked = await addBlocks(
        gateway,
        site,
        'alice',
        lines(['bob', 'carol', 'bob', 'alice', 'nobody']),
      )
      assert.deepEqual(codes(blocked), ['ok', 'ok', 'already_blocked', 'oneself', 'no_account'])
      assert.deepEqual(await relationsOf(graph, 'alice', ['bob']), ['none'])
      assert.equal((await listPendings(gateway, site, 'alice')).total, 0)
      assert.deepEqual(await befriend(graph, 'alice', ['bob'], { isForced: true }), ['blocked_by_me'])
      assert.deepEqual(await befriend(graph, 'bob', ['alice'], { isMutual: false }), ['blocked_by_them'])
      assert.deepEqual(
        (await checkBlocks(gateway, site, 'bob', lines(['alice', 'carol']), { isMutual: true })).map(
          ({ relation }) => relation,
        ),
        ['theirs', 'none'],
      )
      const first = await pageBlocks(gateway, site, 'alice', { limit: 1 })
      const second = await pageBlocks(gateway, site, 'alice', { limit: 1, after: first.next })
      assert.deepEqual(
        [...first.blocks, ...second.blocks].map(({ account }) => account),
        ['bob', 'carol'],
      )
      assert.equal(second.next, undefined)
      assert.ok(first.sequence > 0)
      assert.deepEqual(codes(await deleteBlocks(gateway, site, 'alice', lines(['bob', 'bob', 'nobody']))), [
        'ok',
        'not_blocked',
        'no_account',
      ])
      assert.deepEqual(await befriend(graph, 'bob', ['alice'], { isForced: true }), ['ok'])
    })

    test('a site may let friends stay friends behind a block', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'], { keepFriendsOnBlock: true })
      await befriend(graph, 'alice', ['bob'])
      await addBlocks(graph.gateway, graph.site, 'alice', lines(['bob']))
      assert.deepEqual(await relationsOf(graph, 'alice', ['bob']), ['both'])
    })

    test('an import writes over what is there, on one side, whatever the other one allows', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'], { graphAllows: 'none' })
      const { gateway, site } = graph
      const whole = {
        account: 'bob',
        remark: 'B',
        source: 'Import',
        groups: ['work', 'gym', 'work'],
        addedAt: 1_600_000_000_000,
        custom: { Vip: 'gold', Age: 7 },
      }
      assert.deepEqual(codes(await importFriends(gateway, site, 'alice', [whole, { account: 'carol' }])), [
        'ok',
        'ok',
      ])
      const [bob] = (await listOf(graph, 'alice')).friends
      assert.deepEqual(bob, { ...whole, groups: ['work', 'gym'], wording: undefined })
      assert.deepEqual(await relationsOf(graph, 'alice', ['bob', 'carol']), ['mine', 'mine'])
      await importFriends(gateway, site, 'alice', [{ account: 'bob', remark: 'again' }])
      const again = (await listOf(graph, 'alice')).friends
      assert.deepEqual(
        again.map(({ account, remark, groups, custom }) => [account, remark, groups, custom]),
        [
          ['bob', 'again', [], undefined],
          ['carol', undefined, [], undefined],
        ],
      )
    })

    test('an update changes what it names, and nothing else', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'])
      const { gateway, site } = graph
      const start = { account: 'bob', remark: 'B', groups: ['work'], custom: { Vip: 'gold' } }
      await importFriends(gateway, site, 'alice', [start])
      const changed = await updateFriends(gateway, site, 'alice', [
        { account: 'bob', custom: { Age: 'old' } },
        { account: 'bob', groups: ['gym'] },
        { account: 'carol', remark: 'no friend' },
        { account: 'nobody', remark: 'no account' },
      ])
      assert.deepEqual(codes(changed), ['ok', 'ok', 'not_friend', 'no_account'])
      const [bob] = (await listOf(graph, 'alice')).friends
      assert.deepEqual([bob?.remark, bob?.groups, bob?.custom], ['B', ['gym'], { Vip: 'gold', Age: 'old' }])
      await updateFriends(gateway, site, 'alice', [{ account: 'bob', remark: '' }])
      assert.equal((await listOf(graph, 'alice')).friends[0]?.remark, undefined)
    })

    test('a friendship ends on one side or on both, and all of them at once', async () => {
      await using graph = await openGraph(kind, ['alice', ...names('f', 4)])
      const { gateway, site } = graph
      await befriend(graph, 'alice', names('f', 4))
      const one = await deleteFriends(gateway, site, 'alice', lines(['f0', 'f0', 'nobody', 'alice']), {
        isMutual: false,
      })
      assert.deepEqual(codes(one), ['ok', 'not_friend', 'no_account', 'not_friend'])
      assert.deepEqual(await relationsOf(graph, 'alice', ['f0']), ['theirs'])
      const both = await deleteFriends(gateway, site, 'alice', lines(['f0', 'f1']), { isMutual: true })
      assert.deepEqual(codes(both), ['ok', 'ok'])
      assert.deepEqual(await relationsOf(graph, 'alice', ['f0', 'f1']), ['none', 'none'])
      await deleteAllFriends(gateway, site, 'alice', { isMutual: false })
      assert.deepEqual(await relationsOf(graph, 'alice', ['f2', 'f3']), ['theirs', 'theirs'])
      await befriend(graph, 'alice', ['f2'])
      await deleteAllFriends(gateway, site, 'alice', { isMutual: true })
      assert.deepEqual(await relationsOf(graph, 'alice', ['f2', 'f3']), ['none', 'theirs'])
      assert.equal((await listOf(graph, 'alice')).total, 0)
    })

    test('each bound of a site refuses the line that goes beyond it', async () => {
      const graphLimits = { friends: 2, groups: 1, blocks: 1, pendings: 1, batch: 5 }
      await using graph = await openGraph(kind, ['alice', 'eve', ...names('f', 4)], { graphLimits })
      const { gateway, site } = graph
      const some = [
        { account: 'f0', groups: ['a'] },
        { account: 'f1', groups: ['b'] },
        { account: 'f1' },
        { account: 'f2' },
      ]
      assert.deepEqual(codes(await addFriends(gateway, site, 'alice', some)), [
        'ok',
        'groups_full',
        'ok',
        'friends_full',
      ])
      assert.deepEqual(await befriend(graph, 'f2', ['alice']), ['their_friends_full'])
      assert.deepEqual(await take(graph, 'f2', ['alice', 'f0', 'f1', 'f0']), [
        'ok',
        'ok',
        'friends_full',
        'ok',
      ])
      assert.deepEqual(codes(await addBlocks(gateway, site, 'f3', lines(['f0', 'f1']))), [
        'ok',
        'blocks_full',
      ])
      await saveProfile(gateway, site, 'f3', { allows: 'confirm' })
      assert.deepEqual(await befriend(graph, 'eve', ['f3']), ['pending'])
      assert.deepEqual(await befriend(graph, 'f1', ['f3']), ['pending_full'])
      assert.equal((await addGroups(gateway, site, 'alice', { names: ['a', 'c'] })).code, 'groups_full')
      await assert.rejects(befriend(graph, 'alice', names('f', 6)), { code: 'invalid_request' })
    })

    test('groups are made, filled and ended, and friends outlive them', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'])
      const { gateway, site } = graph
      await take(graph, 'alice', ['bob'])
      const made = await addGroups(gateway, site, 'alice', {
        names: ['work', 'gym'],
        members: lines(['bob', 'carol', 'nobody']),
      })
      assert.deepEqual([made.code, codes(made.outcomes)], ['ok', ['ok', 'not_friend', 'no_account']])
      assert.deepEqual((await readGroups(gateway, site, 'alice', { withMembers: true })).groups, [
        { name: 'work', size: 1, members: ['bob'] },
        { name: 'gym', size: 1, members: ['bob'] },
      ])
      const sequence = await deleteGroups(gateway, site, 'alice', ['work', 'never'])
      assert.ok(sequence > made.sequence)
      assert.deepEqual((await listOf(graph, 'alice')).friends[0]?.groups, ['gym'])
      const again = await addGroups(gateway, site, 'alice', { names: ['work'] })
      assert.ok(again.sequence > sequence)
      assert.deepEqual((await readGroups(gateway, site, 'alice', { names: ['work', 'none'] })).groups, [
        { name: 'work', size: 0, members: undefined },
      ])
      for (const name of ['', 'x'.repeat(31), 'NUL\0']) {
        assert.notEqual((await addGroups(gateway, site, 'alice', { names: [name] })).code, 'ok')
      }
      assert.equal((await addGroups(gateway, site, 'alice', { names: ['👩‍👩‍👧x👍'.slice(0, 9)] })).code, 'ok')
    })

    test('chosen friends come with their profiles, in the order asked', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol', 'dave'])
      const { gateway, site } = graph
      await importFriends(gateway, site, 'alice', [
        { account: 'bob', remark: 'B', groups: ['work'], custom: { Vip: 'gold' } },
        { account: 'dave' },
      ])
      await saveProfile(gateway, site, 'bob', { nick: 'Bob', level: 3, custom: { Test: 'yes' } })
      for (const round of ['from the database', 'from memory', 'from the list kept']) {
        const [dave, carol, nobody, bob, odd] = await pull(graph, 'alice', [
          'dave',
          'carol',
          'nobody',
          'bob',
          '\0',
        ])
        assert.deepEqual([carol, nobody, odd], ['not_friend', 'no_account', 'no_account'], round)
        assert.deepEqual(
          [bob.friend.remark, bob.friend.groups, bob.friendCustom],
          ['B', ['work'], { Vip: 'gold' }],
          round,
        )
        assert.deepEqual(
          [bob.profile, bob.profileCustom],
          [{ nick: 'Bob', level: 3 }, { Test: 'yes' }],
          round,
        )
        assert.deepEqual([dave.account, dave.profile], ['dave', { nick: '' }], round)
      }
    })

    test('a write of another process is seen by the next read', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'])
      const { gateway, site, house } = graph
      const other = { ...gateway, store: await house.beside({ role: 'tool' }) }
      await take(graph, 'alice', ['bob'])
      const seen = async () => {
        const [bob] = await pull(graph, 'alice', ['bob'])
        return typeof bob === 'string' ? bob : [bob.friend.remark, bob.friend.groups, bob.profile.nick]
      }
      // Thrice: from the database, from memory, from the list that is kept of an account in demand.
      for (let times = 0; times < 3; times += 1) assert.deepEqual(await seen(), [undefined, [], ''])
      await updateFriends(other, site, 'alice', [{ account: 'bob', remark: 'B', groups: ['work'] }])
      assert.deepEqual(await seen(), ['B', ['work'], ''])
      await saveProfile(other, site, 'bob', { nick: 'Bob' })
      assert.deepEqual(await seen(), ['B', ['work'], 'Bob'])
      await deleteGroups(other, site, 'alice', ['work'])
      assert.deepEqual(await seen(), ['B', [], 'Bob'])
      await deleteFriends(other, site, 'alice', lines(['bob']), { isMutual: false })
      assert.equal(await seen(), 'not_friend')
      await deleteAccounts(other, site, lines(['bob']))
      assert.equal(await seen(), 'no_account')
      await importAccounts(other, site, [{ account: 'bob', nick: 'new' }])
      await take({ gateway: other, site }, 'alice', ['bob'])
      assert.deepEqual(await seen(), [undefined, [], 'new'])
    })

    test('sequences move with every write and never go back, whatever is deleted', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'])
      const { gateway, site, house } = graph
      assert.deepEqual(await sequences(graph), [0, 0])
      let last = [0, 0]
      const moved = async (what: string, which: readonly boolean[]) => {
        const now = await sequences(graph)
        for (const [index, isMoved] of which.entries()) {
          const [before = 0, after = 0] = [last[index], now[index]]
          assert.ok(isMoved ? after > before : after === before, `${what}: ${last} → ${now}`)
          assert.ok(after < 2 ** 31)
        }
        last = now
      }
      await take(graph, 'alice', ['bob'])
      await moved('import', [true, true])
      await updateFriends(gateway, site, 'alice', [{ account: 'bob', remark: 'x' }])
      await moved('remark', [true, false])
      await updateFriends(gateway, site, 'alice', [{ account: 'bob', custom: { A: 'x' } }])
      await moved('custom', [false, true])
      await deleteAllFriends(gateway, site, 'alice', { isMutual: true })
      await moved('delete all', [true, true])
      await befriend(graph, 'bob', ['alice'])
      await moved('added by the other', [true, true])
      await deleteAccounts(gateway, site, lines(['bob']))
      await moved('the other is deleted', [true, true])
      await deleteAccounts(gateway, site, lines(['alice']))
      await importAccounts(gateway, site, lines(['alice']))
      await moved('deleted and made anew', [true, true])
      const user = await house.raw("select token from users where uid = 'alice'")
      await house.store.users.remove(site, String(user[0]?.token))
      await importAccounts(gateway, site, lines(['alice', 'bob']))
      // A minute later: the numbers of one who is made anew go on from the clock.
      await take({ gateway: { ...gateway, now: () => Date.now() + 60_000 }, site }, 'alice', ['bob'])
      await moved('removed with all, and made anew', [true, true])
    })

    test('a list whose sequences have not moved is not read again', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'])
      const { gateway, site } = graph
      await take(graph, 'alice', ['bob'])
      const [standard = 0, custom = 0] = await sequences(graph)
      const same = await pageFriends(gateway, site, 'alice', { unless: { standard, custom } })
      assert.deepEqual([same.friends, same.total, same.next], [[], 1, undefined])
      const other = await pageFriends(gateway, site, 'alice', { unless: { standard, custom: custom - 1 } })
      assert.equal(other.friends.length, 1)
    })

    test('every name of a user is a name of the account', async () => {
      await using graph = await openGraph(kind, ['bob'])
      const { gateway, site, house } = graph
      const { user } = await house.store.identities.link(site, accountOf('alice'))
      assert.deepEqual(await befriend(graph, user.token, ['bob']), ['ok'])
      assert.deepEqual(
        (await listOf(graph, 'bob')).friends.map(({ account }) => account),
        [user.token],
      )
      await house.store.userInfo.rename({ siteId: site.id, id: user.id }, 'alice')
      assert.deepEqual(
        (await listOf(graph, 'bob')).friends.map(({ account }) => account),
        ['alice'],
      )
      assert.deepEqual(await relationsOf(graph, 'bob', ['alice', user.token]), ['both', 'both'])
      assert.deepEqual(codes(await importAccounts(gateway, site, [{ account: user.token, nick: 'A' }])), [
        'ok',
      ])
      assert.equal((await readProfiles(gateway, site, ['alice']))[0]?.profile?.nick, 'A')
    })

    test('a deleted account is out of every list, and its user keeps everything else', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'])
      const { gateway, site, house } = graph
      const { user } = await house.store.identities.link(site, accountOf('x'))
      await befriend(graph, user.token, ['alice', 'bob'])
      await addBlocks(gateway, site, 'carol', lines([user.token]))
      await saveProfile(gateway, site, user.token, { nick: 'X' })
      assert.deepEqual(
        codes(await deleteAccounts(gateway, site, lines([user.token, user.token, 'nobody']))),
        ['ok', 'no_account', 'no_account'],
      )
      assert.deepEqual(codes(await checkAccounts(gateway, site, [user.token, 'alice', '\0'])), [
        'no_account',
        'ok',
        'no_account',
      ])
      assert.equal((await listOf(graph, 'alice')).total, 0)
      assert.deepEqual((await pageBlocks(gateway, site, 'carol')).blocks, [])
      await assert.rejects(listOf(graph, user.token), { code: 'not_found', field: 'account' })
      assert.equal((await house.store.identities.ofUser(user)).length, 1)
      await importAccounts(gateway, site, lines([user.token]))
      assert.deepEqual((await readProfiles(gateway, site, [user.token]))[0]?.profile, { nick: '' })
      assert.equal((await listOf(graph, user.token)).total, 0)
    })

    test('a user who is removed leaves every list, and the counts are right', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob', 'carol'])
      const { gateway, site, house } = graph
      await befriend(graph, 'bob', ['alice', 'carol'])
      await addBlocks(gateway, site, 'carol', lines(['bob']))
      const [row] = await house.raw("select token from users where uid = 'bob'")
      assert.equal(await house.store.users.remove(site, String(row?.token)), true)
      assert.equal((await listOf(graph, 'alice')).total, 0)
      assert.deepEqual(await countsOf(graph), { friends: 0, counted: 0, blocks: 0, blocksCounted: 0 })
      assert.deepEqual((await readFeed(gateway, site)).entries.at(-1)?.kind, 'deleted')
    })

    test('profiles keep what is not named, and are all or nothing', async () => {
      await using graph = await openGraph(kind, ['alice'])
      const { gateway, site } = graph
      await saveProfile(gateway, site, 'alice', { nick: 'A', level: 1, custom: { One: '1' } })
      await saveProfile(gateway, site, 'alice', { level: 2, custom: { Two: '2' } })
      const bad = await saveProfile(gateway, site, 'alice', { nick: 'B', location: 'x'.repeat(17) })
      assert.deepEqual(bad, { code: 'too_long', field: 'location' })
      assert.deepEqual(await saveProfile(gateway, site, 'alice', { custom: { TooLongAKey: 'x' } }), {
        code: 'unknown_field',
        field: 'TooLongAKey',
      })
      assert.deepEqual(await saveProfile(gateway, site, 'alice', { level: 2 ** 32 }), {
        code: 'bad_value',
        field: 'level',
      })
      const [alice, nobody] = await readProfiles(gateway, site, ['alice', 'nobody'])
      assert.deepEqual(alice?.profile, { nick: 'A', level: 2, custom: { One: '1', Two: '2' } })
      assert.equal(nobody?.code, 'no_account')
      await assert.rejects(saveProfile(gateway, site, 'nobody', { nick: 'x' }), { code: 'not_found' })
    })

    test('accounts are made once, with names within their bound', async () => {
      await using graph = await openGraph(kind)
      const { gateway, site } = graph
      const long = 'é'.repeat(16)
      const some = [
        { account: 'a', nick: 'A' },
        { account: 'a', image: 'https://pictures.example/a.jpg' },
        { account: `${long}x` },
        { account: long },
        { account: '' },
        { account: '__proto__' },
        { account: 'o\'hara "the" one\n' },
        { account: 'NUL\0' },
      ]
      assert.deepEqual(codes(await importAccounts(gateway, site, some)), [
        'ok',
        'ok',
        'too_long',
        'ok',
        'bad_value',
        'ok',
        'ok',
        'bad_value',
      ])
      assert.deepEqual((await readProfiles(gateway, site, ['a']))[0]?.profile, {
        nick: 'A',
        image: 'https://pictures.example/a.jpg',
      })
      assert.deepEqual(await befriend(graph, '__proto__', ['o\'hara "the" one\n']), ['ok'])
      await Promise.all(names('r', 8).map(() => importAccounts(gateway, site, lines(['z', 'y', 'x']))))
      const rows = await graph.house.raw("select uid from users where uid in ('x', 'y', 'z')")
      assert.equal(rows.length, 3)
      await assert.rejects(importAccounts(gateway, site, lines(names('n', 101))), { code: 'invalid_request' })
    })

    test('an account acted for that is none fails the whole call', async () => {
      await using graph = await openGraph(kind, ['bob'])
      const { gateway, site } = graph
      const calls: readonly (() => Promise<unknown>)[] = [
        () => befriend(graph, 'nobody', ['bob']),
        () => take(graph, '\0', ['bob']),
        () => updateFriends(gateway, site, 'nobody', []),
        () => deleteAllFriends(gateway, site, 'nobody', { isMutual: true }),
        () => checkFriends(gateway, site, 'nobody', [], { isMutual: true }),
        () => listOf(graph, 'nobody'),
        () => pull(graph, 'nobody', ['bob']),
        () => addBlocks(gateway, site, 'nobody', []),
        () => pageBlocks(gateway, site, 'nobody'),
        () => readGroups(gateway, site, 'nobody'),
        () => listPendings(gateway, site, 'nobody'),
      ]
      for (const call of calls) await assert.rejects(call, { code: 'not_found', field: 'account' })
    })

    test('the feed tells every change once, in order, and says when it has forgotten some', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'], { feedEntries: 100 })
      const { gateway, site } = graph
      const { newest: start } = await readFeed(gateway, site)
      await befriend(graph, 'alice', ['bob'])
      await updateFriends(gateway, site, 'alice', [{ account: 'bob', remark: 'B' }])
      await deleteFriends(gateway, site, 'alice', lines(['bob']), { isMutual: false })
      await addBlocks(gateway, site, 'bob', lines(['alice']))
      const { entries, newest, hasGap } = await readFeed(gateway, site, { after: start })
      assert.deepEqual(
        entries.map(({ kind, account, others, isReverse }) => [kind, account, others.join(), isReverse]),
        [
          ['added', 'alice', 'bob', false],
          ['added', 'alice', 'bob', true],
          ['updated', 'alice', 'bob', false],
          ['removed', 'alice', 'bob', false],
          ['blocked', 'bob', 'alice', false],
          ['removed', 'bob', 'alice', false],
        ],
      )
      assert.deepEqual(
        entries.map(({ position }) => position - start),
        [1, 2, 3, 4, 5, 6],
      )
      assert.deepEqual([newest, hasGap], [start + 6, false])
      assert.equal((await readFeed(gateway, site, { after: start + 4, limit: 1 })).entries.length, 1)
      for (let times = 0; times < 300; times += 1) await saveProfile(gateway, site, 'alice', { level: times })
      assert.equal((await readFeed(gateway, site, { after: start })).hasGap, true)
      const kept = await graph.house.raw('select count(*) as kept from feed_entries')
      assert.ok(Number(kept[0]?.kept) <= 100 + 256)
      const last = await readFeed(gateway, site, { after: start + 305 })
      assert.deepEqual([last.entries.length, last.hasGap], [1, false])
    })

    test('sites know nothing of each other’s accounts', async () => {
      await using graph = await openGraph(kind, ['alice', 'bob'])
      const { gateway, house } = graph
      const { createSite } = await import('./support/stores.ts')
      const other = { ...(await createSite(house.store)), settings: {} }
      await assert.rejects(befriend({ gateway, site: other }, 'alice', ['bob']), { code: 'not_found' })
      await importAccounts(gateway, other, lines(['alice']))
      assert.deepEqual(await befriend({ gateway, site: other }, 'alice', ['bob']), ['no_account'])
    })
  })
}

test('bounds of a site are its own over the defaults, and never beyond what the house bears', () => {
  const limits = limitsOf({ settings: { graphLimits: { friends: 1e12, groups: 0, remarkBytes: 10 } } })
  assert.deepEqual(
    [limits.friends, limits.groups, limits.remarkBytes, limits.blocks],
    [1_000_000, 1, 10, 1_000],
  )
})

async function sequences(graph: GraphHouse): Promise<number[]> {
  const { standardSequence, customSequence } = await listOf(graph, 'alice')
  return [standardSequence, customSequence]
}

/** What the ledgers count and what there is. */
export async function countsOf({ house }: GraphHouse): Promise<Record<string, unknown>> {
  const [row] = await house.raw(
    `select (select count(*) from friends) as friends, (select cast(coalesce(sum(friend_count), 0) as bigint) from graphs) as counted,
       (select count(*) from blocks) as blocks, (select cast(coalesce(sum(block_count), 0) as bigint) from graphs) as "blocksCounted"`,
  )
  return { ...row }
}
