// kith import: from the live API of another Kith, which speaks OneAll's and Gigya's, and from files.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createProgress } from '../src/commands/import-progress.ts'
import { NO_COUNTS, type OldService } from '../src/core/moving.ts'
import { gigyaItems } from '../src/moving/gigya-live.ts'
import { oneAllItems } from '../src/moving/oneall-live.ts'
import { databases } from './support/databases.ts'
import { everybody, fill, openDoor, openPlace, type Place } from './support/old-service.ts'
import { type Ended, kith, openFolder, startKith } from './support/process.ts'

const QUICK = { KITH_NETWORK_RETRY_BASE_MS: '10' }

/** Runs `kith import` into a place; the report of problems lies in its folder. */
async function bring(
  test: TestContext,
  into: Place,
  args: readonly string[],
  { secret = '', settings = {} }: { secret?: string; settings?: Readonly<Record<string, string>> } = {},
): Promise<Ended & { readonly result: Record<string, unknown>; readonly problems: Problem[] }> {
  const report = join(into.folder, 'problems.ndjson')
  const [kind = '', ...rest] = args
  const line = ['import', kind, into.credentials.subdomain, ...rest, '--problems', report]
  const ended = await kith(test, line, { ...into.settings, ...QUICK, ...settings }, secret)
  return {
    ...ended,
    result: ended.out === '' ? {} : JSON.parse(ended.out),
    problems: existsSync(report) ? problemsIn(report) : [],
  }
}

interface Problem {
  readonly where: string
  readonly field: string
  readonly message: string
}

function problemsIn(report: string): Problem[] {
  const lines = readFileSync(report, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line))
}

const fromOneAll = ({ credentials }: Place, origin: string) => [
  'oneall',
  '--from',
  origin,
  '--public-key',
  credentials.publicKey,
]

test('a site that moves from one Kith to another over OneAll’s wire keeps users, identities and tokens', async (t) => {
  const [old, fresh] = [await openPlace(t, 'Old'), await openPlace(t, 'Fresh')]
  await fill(old, 12)
  const door = await openDoor(t, old)
  const args = fromOneAll(old, door.origin)
  const { privateKey } = old.credentials

  const wrong = await bring(t, fresh, args, { secret: 'not the key' })
  assert.equal(wrong.code, 1)
  assert.match(wrong.err, /refuses the keys \(HTTP 401\)/)

  const tried = await bring(t, fresh, [...args, '--dry-run'], { secret: privateKey })
  assert.equal(tried.code, 0, tried.err)
  assert.deepEqual(await everybody(fresh), [])
  const moved = await bring(t, fresh, args, { settings: { KITH_IMPORT_SECRET: privateKey } })
  assert.equal(moved.code, 0, moved.err)
  const counts = { users: 12, newUsers: 12, newIdentities: 24, renewedIdentities: 0, tokens: 24, problems: 0 }
  assert.deepEqual(moved.result, { ...counts, isWhole: true, isResumed: false, isTrial: false })
  assert.deepEqual(tried.result, { ...counts, isWhole: true, isResumed: false, isTrial: true })
  assert.deepEqual(await everybody(fresh), await everybody(old))
  assert.ok(!`${moved.out}${moved.err}`.includes(privateKey))

  const again = await bring(t, fresh, args, { secret: privateKey })
  assert.deepEqual([again.result.newUsers, again.result.newIdentities, again.result.tokens], [0, 0, 0])
  assert.deepEqual(await everybody(fresh), await everybody(old))
})

test('limits of the old service are waited for, faults asked again, and who is gone meanwhile is told', async (t) => {
  const [old, fresh] = [await openPlace(t, 'Old'), await openPlace(t, 'Fresh')]
  await fill(old, 6)
  const door = await openDoor(t, old)
  const times: number[] = []
  const gone = door.asked
  door.instead = ({ url = '' }: IncomingMessage, answer: ServerResponse) => {
    const times429 = gone.filter((each) => each === url).length
    if (url.startsWith('/users.json') && times429 === 1) {
      times.push(performance.now())
      answer.writeHead(429, { 'retry-after': '1' }).end()
      return true
    }
    if (url.startsWith('/users.json') && times429 === 2) {
      times.push(performance.now())
      answer.writeHead(503).end('<html>busy</html>')
      return true
    }
    return false
  }
  const moved = await bring(t, fresh, fromOneAll(old, door.origin), { secret: old.credentials.privateKey })
  assert.equal(moved.code, 0, moved.err)
  const [refused = 0, next = 0] = times
  assert.ok(next - refused >= 990, `${next - refused} ms`)
  assert.match(moved.err, /asked too often; waiting 1 s/)
  assert.deepEqual(await everybody(fresh), await everybody(old))

  const other = await openPlace(t, 'Other')
  let isFirst = true
  door.instead = ({ url = '' }, answer) => {
    const isHit = isFirst && url.startsWith('/users/')
    if (isHit) {
      isFirst = false
      answer.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    }
    return isHit
  }
  const partly = await bring(t, other, fromOneAll(old, door.origin), { secret: old.credentials.privateKey })
  assert.deepEqual([partly.code, partly.result.users, partly.result.problems], [0, 5, 1])
  assert.deepEqual(
    partly.problems.map(({ field }) => field),
    ['user_token'],
  )

  door.instead = (_, answer) => {
    answer.writeHead(502).end()
    return true
  }
  const down = await bring(t, other, fromOneAll(old, door.origin), {
    secret: old.credentials.privateKey,
    settings: { KITH_IMPORT_REPEATS_MAX: '2' },
  })
  assert.equal(down.code, 1)
  assert.match(
    down.err,
    /keeps answering HTTP 502\. What was brought so far is stored: run the same line again/,
  )
})

test('tokens that the details of a user do not show are asked for one by one', async (t) => {
  const [old, fresh] = [await openPlace(t, 'Old'), await openPlace(t, 'Fresh')]
  await fill(old, 3)
  const door = await openDoor(t, old)
  const secret = old.credentials.privateKey
  const without = await openPlace(t, 'Without')
  const hide = async () =>
    old.inStore(async (store, site) =>
      store.sites.saveSettings(site, { ...site.settings, showAccessTokens: false }),
    )
  await hide()
  const bare = await bring(t, without, fromOneAll(old, door.origin), { secret })
  assert.equal(bare.result.tokens, 0)
  assert.equal(door.asked.filter((url) => url.startsWith('/identities/')).length, 6)
  const identities = await without.inStore((store, site) =>
    store.identities.list(site, { page: 1, size: 10, direction: 'asc' }),
  )
  assert.ok(identities.entries.every(({ refused }) => refused?.problem.code === 'relink_required'))
  door.asked.length = 0
  await bring(t, fresh, [...fromOneAll(old, door.origin), '--without-tokens'], { secret })
  assert.equal(door.asked.filter((url) => url.startsWith('/identities/')).length, 0)
})

test('killed in the middle and run again, an import ends as one that was never killed', async (t) => {
  const [old, fresh] = [await openPlace(t, 'Old'), await openPlace(t, 'Fresh')]
  await fill(old, 40)
  const door = await openDoor(t, old)
  const args = fromOneAll(old, door.origin)
  const report = join(fresh.folder, 'problems.ndjson')
  const settings = {
    ...fresh.settings,
    KITH_IMPORT_SECRET: old.credentials.privateKey,
    KITH_IMPORT_USERS_AT_ONCE: '5',
    KITH_IMPORT_REQUESTS_AT_ONCE: '2',
  }
  // The first to be read is told as gone each time: the report must hold it once.
  let bad: string | undefined
  door.instead = ({ url = '' }, answer) => {
    if (url.startsWith('/users/')) bad ??= url
    if (url !== bad) return false
    answer.writeHead(404).end('{}')
    return true
  }
  // The first is killed within a step of five users, the others after one.
  for (const seen of [9, 20, 20]) {
    door.asked.length = 0
    const [kind = '', ...rest] = args
    const running = startKith(t, ['import', kind, 'fresh', ...rest, '--problems', report], settings)
    while (door.asked.length < seen) {
      assert.equal(running.child.exitCode, null, running.err())
      await sleep(1)
    }
    running.child.kill('SIGKILL')
    await running.ended
  }
  const ended = await bring(t, fresh, args, { settings })
  assert.equal(ended.code, 0, ended.err)
  assert.equal(ended.result.isResumed, true)
  assert.deepEqual(
    [ended.result.users, ended.result.newUsers, ended.result.newIdentities, ended.result.problems],
    [39, 39, 78, 1],
  )
  assert.equal(ended.problems.length, 1)
  const expected = (await everybody(old)).filter(
    (user) => !bad?.includes((user as { readonly token: string }).token),
  )
  assert.deepEqual(await everybody(fresh), expected)
})

test('a site that moves over Gigya’s wire keeps its UIDs, and its accounts ask to be linked again', async (t) => {
  const [old, fresh] = [await openPlace(t, 'Old'), await openPlace(t, 'Fresh')]
  await fill(old, 7)
  const door = await openDoor(t, old, { KITH_ALLOW_SECRET_OVER_HTTP: 'true' })
  const { apiKey, secret } = old.credentials
  const args = ['gigya', '--from', door.origin, '--api-key', apiKey]
  const wrong = await bring(t, fresh, args, { secret: 'c2VjcmV0' })
  assert.equal(wrong.code, 1)
  assert.match(wrong.err, /The old service answers exportUsers with 4\d{5}/)
  const moved = await bring(t, fresh, args, { secret })
  assert.equal(moved.code, 0, moved.err)
  assert.deepEqual([moved.result.newUsers, moved.result.newIdentities, moved.result.tokens], [7, 7, 0])
  // No export tells the home server of a Mastodon account.
  assert.equal(moved.result.problems, 7)
  assert.ok(moved.problems.every(({ field }) => field === 'identities.server'))
  await fresh.inStore(async (store, site) => {
    const ada = await store.userInfo.named(site, 'user-4')
    assert.ok(ada)
    const [identity] = await store.identities.ofUser(ada)
    assert.equal(identity?.subject, '1000000000000000004')
    assert.equal(identity.refused?.problem.code, 'relink_required')
  })
  const again = await bring(t, fresh, args, { secret })
  assert.deepEqual([again.result.newUsers, again.result.newIdentities], [0, 0])
})

test('accounts.search is walked by its cursor, and one that is lost begins anew', async (t) => {
  const [old, fresh] = [await openPlace(t, 'Old'), await openPlace(t, 'Fresh')]
  const door = await openDoor(t, old)
  const forms: Record<string, string>[] = []
  door.instead = (asking, answer) => {
    let text = ''
    asking.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    asking.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(text))
      forms.push(form)
      answer
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(search(form, forms.length)))
    })
    return true
  }
  const args = [
    'gigya',
    '--from',
    door.origin,
    '--api-key',
    '3_key',
    '--user-key',
    'app',
    '--method',
    'accounts.search',
  ]
  const moved = await bring(t, fresh, args, { secret: 's' })
  assert.equal(moved.code, 0, moved.err)
  assert.deepEqual(
    forms.map(({ openCursor, cursorId, userKey }) => [openCursor, cursorId, userKey]),
    [
      ['true', undefined, 'app'],
      [undefined, 'c1', 'app'],
      ['true', undefined, 'app'],
      [undefined, 'c1', 'app'],
      [undefined, 'c2', 'app'],
    ],
  )
  assert.deepEqual([moved.result.newUsers, moved.result.newIdentities, moved.result.problems], [4, 2, 1])
  assert.deepEqual(
    moved.problems.map(({ field }) => field),
    ['identities'],
  )
  await fresh.inStore(async (store, site) => {
    const one = await store.userInfo.named(site, '0a1b')
    assert.ok(one)
    assert.equal(one.createdAt, Date.parse('2014-03-19T10:00:00Z'))
    assert.deepEqual((await store.userInfo.of(one)).profile, {
      firstName: 'Ada',
      email: 'ada@example.com',
      birthday: '--12-31',
    })
    const identities = await store.identities.ofUser(one)
    assert.deepEqual(
      identities.map(({ provider, subject, profile }) => [provider, subject, profile.displayName]),
      [['facebook', '42', 'Ada L']],
    )
  })
})

/** As the documented API answers; the second call meets a cursor that is not known any more. */
function search({ cursorId }: Record<string, string>, call: number) {
  if (call === 2) return { errorCode: 400_006, errorMessage: 'Invalid parameter value: cursorId' }
  const envelope = { errorCode: 0, statusCode: 200, totalCount: 4 }
  const ada = {
    UID: '0a1b',
    created: '2014-03-19T10:00:00.000Z',
    lastLoginTimestamp: 1_395_223_200_000,
    profile: { firstName: 'Ada', email: 'ada@example.com', birthMonth: 12, birthDay: 31, age: 0 },
    identities: [
      { provider: 'site', providerUID: '0a1b' },
      { provider: 'Facebook', providerUID: '42', nickname: 'Ada\u0007 L', email: 'ada@example.com' },
    ],
  }
  if (cursorId === undefined) return { ...envelope, results: [ada, { UID: '_gid_2+/=' }], nextCursorId: 'c1' }
  if (cursorId === 'c1') {
    const ben = { UID: 'ben', identities: [{ provider: 'hyves', providerUID: 7 }] }
    return { ...envelope, results: [ben], nextCursorId: 'c2' }
  }
  return { ...envelope, results: [{ UID: 'eve', socialProviders: 'twitter' }] }
}

test('nobody is lost who moves over the edge of a page, whoever leaves and comes meanwhile', async () => {
  const users = Array.from({ length: 1_003 }, (_, at) => `user-${at}`)
  let leaveBefore = ['page=2', 'page=3', 'page=3']
  const service: OldService = {
    async ask({ path }) {
      const [, page] = /page=(\d+)/.exec(path) ?? []
      if (page === undefined) return { status: 200, body: {} }
      if (path.includes(leaveBefore[0] ?? 'nothing')) {
        leaveBefore = leaveBefore.slice(1)
        users.push(`new-${users.shift()}`)
      }
      const entries = users.slice((Number(page) - 1) * 500, Number(page) * 500)
      const pagination = { current_page: page, total_pages: 3, total_entries: users.length }
      const list = { pagination, entries: entries.map((token) => ({ user_token: token })) }
      return { status: 200, body: { response: { result: { data: { users: list } } } } }
    },
    close: async () => undefined,
  }
  const read = async (from?: string, max = Number.POSITIVE_INFINITY) => {
    const found: string[] = []
    let place = from
    for await (const item of oneAllItems(service, { atOnce: 4, withTokens: false }, from)) {
      found.push(String((item.found?.value as { readonly user_token?: string } | undefined)?.user_token))
      place = item.place
      if (found.length >= max) break
    }
    return { found, place }
  }
  const { found } = await read()
  assert.deepEqual(leaveBefore, ['page=3'])
  assert.deepEqual(
    users.filter((user) => !found.includes(user)),
    [],
  )
  assert.equal(new Set(found).size, found.length)

  // The same between two runs.
  const first = await read(undefined, 502)
  for (let times = 0; times < 5; times += 1) users.push(`new-${users.shift()}`)
  leaveBefore = []
  const rest = await read(first.place)
  const all = [...first.found, ...rest.found]
  assert.deepEqual(
    users.filter((user) => !all.includes(user)),
    [],
  )
})

test('a search that is asked for anew is read from its first user', async () => {
  const results = [3, 1, 2].map((at) => ({ UID: `u${at}` }))
  const service: OldService = {
    ask: async () => ({ status: 200, body: { errorCode: 0, results } }),
    close: async () => undefined,
  }
  const wish = { method: 'accounts.search', apiKey: 'a', secret: 's' } as const
  const place = JSON.stringify({ next: '', before: 0, done: 2 })
  const found = await Array.fromAsync(gigyaItems(service, wish, place))
  assert.equal(found.length, 3)
})

test('answers saved from OneAll are read in any order, and whatever is wrong with one costs that one', async (t) => {
  const [old, fresh] = [await openPlace(t, 'Old'), await openPlace(t, 'Fresh')]
  await fill(old, 3)
  const door = await openDoor(t, old)
  const folder = join(fresh.folder, 'saved')
  mkdirSync(folder)
  const { publicKey, privateKey } = old.credentials
  const authorization = `Basic ${Buffer.from(`${publicKey}:${privateKey}`).toString('base64')}`
  const save = async (path: string, name: string) => {
    const text = await (await fetch(`${door.origin}${path}`, { headers: { authorization } })).text()
    writeFileSync(join(folder, name), text)
    return JSON.parse(text).response.result.data
  }
  const { users } = await save('/users.json', '1-users.json')
  const { identities } = await save('/identities.json', '2-identities.json')
  const details: unknown[] = []
  for (const { user_token: token } of users.entries)
    details.push(await save(`/users/${token}.json`, `u-${token}.json`))
  const [first] = identities.entries
  await save(`/identities/${first.identity_token}.json`, 'z.json')
  const lines = [
    JSON.stringify({ user: { user_token: 'no uuid', identities: [] } }),
    '{"broken": ',
    '',
    '"text"',
    JSON.stringify({
      user_token: '11111111-1111-4111-8111-111111111111',
      num_logins: 'many',
      date_creation: 'noon',
    }),
    JSON.stringify({
      user_token: '22222222-2222-4222-8222-222222222222',
      date_creation: 'Tue, 20 Dec 2011 13:38:21  0200',
      num_logins: '8',
      identities: {
        identity: [{ identity_token: 'x', provider: 'hyves', provider_identity_uid: 'old one' }],
      },
    }),
    JSON.stringify({
      user_token: '33333333-3333-4333-8333-333333333333',
      identities: [
        {
          provider: 'livejournal',
          provider_identity_uid: 'W1',
          displayName: 'Wi\u0000lma',
          source: { key: 'livejournal', access_token: { key: 'tok\nen' } },
        },
      ],
    }),
    `{"user_token": "${'x'.repeat(5_000)}"}`,
  ]
  writeFileSync(join(folder, 'more.ndjson'), `\uFEFF${lines.join('\r\n')}`)
  writeFileSync(join(folder, 'readme.txt'), 'not read')
  const settings = { KITH_IMPORT_LINE_CHARACTERS: '4096' }
  const moved = await bring(t, fresh, ['oneall', '--files', folder], { settings })
  assert.equal(moved.code, 0, moved.err)
  assert.deepEqual(
    moved.problems.map(({ where, field }) => [where, field]),
    [
      ['more.ndjson:1', 'user_token'],
      ['more.ndjson:2', ''],
      ['more.ndjson:4', 'user_token'],
      ['more.ndjson:5', 'date_creation'],
      ['more.ndjson:5', 'num_logins'],
      ['more.ndjson:6', 'provider_identity_uid'],
      ['more.ndjson:7', 'source.access_token.key'],
      ['more.ndjson:8', ''],
    ],
  )
  assert.equal(statSync(join(fresh.folder, 'problems.ndjson')).mode & 0o077, 0)
  assert.deepEqual([moved.result.newUsers, moved.result.newIdentities, moved.result.tokens], [6, 7, 6])
  const found = await everybody(fresh)
  for (const user of await everybody(old)) {
    const { token } = user as { readonly token: string }
    const same = found.find((each) => (each as { readonly token: string }).token === token)
    assert.deepEqual(same, user)
  }
  await fresh.inStore(async (store, site) => {
    const two = await store.users.find(site, '22222222-2222-4222-8222-222222222222')
    assert.deepEqual([two?.createdAt, two?.loginCount], [Date.parse('2011-12-20T11:38:21Z'), 8])
    const wilma = await store.identities.bySubject(site, { provider: 'livejournal', subject: 'W1' })
    assert.equal(wilma?.profile.displayName, 'Wilma')
    assert.equal(wilma.refused?.problem.code, 'relink_required')
  })
})

test('an id that was saved as a number keeps all its digits', async (t) => {
  const fresh = await openPlace(t, 'Fresh')
  const oneAll = join(fresh.folder, 'oneall.ndjson')
  const account = '"provider": "facebook", "source": {"key": "facebook"}'
  writeFileSync(
    oneAll,
    `{"user_token": "44444444-4444-4444-8444-444444444444",
     "identities": [{${account}, "accounts": [{"userid": 100004567890123457}]}]}`.replaceAll('\n', ''),
  )
  const gigya = join(fresh.folder, 'gigya.json')
  const identity = '{"provider": "linkedin", "providerUID": 9007199254740993, "nickname": "L"}'
  writeFileSync(gigya, `{"users": [{"UID": 9007199254740995, "identities": [${identity}]}]}`)
  for (const [kind, file] of Object.entries({ oneall: oneAll, gigya })) {
    const moved = await bring(t, fresh, [kind, '--files', file])
    assert.deepEqual([moved.code, moved.problems], [0, []], moved.err)
  }
  await fresh.inStore(async (store, site) => {
    const accounts = { facebook: '100004567890123457', linkedin: '9007199254740993' }
    for (const [provider, subject] of Object.entries(accounts)) {
      assert.ok(await store.identities.bySubject(site, { provider, subject }), provider)
    }
    const { entries } = await store.users.list(site, { page: 1, size: 10, direction: 'asc' })
    assert.ok(entries.some(({ uid }) => uid === '9007199254740995'))
  })
})

test('a CSV file brings users with several accounts each, whatever its separators and quotes', async (t) => {
  const place = await openPlace(t, 'Fresh')
  const file = join(place.folder, 'users.csv')
  writeFileSync(
    file,
    [
      '\uFEFFUID;provider;providerUID;Server;access_token;display_name;created_at;logins;last-login',
      'ada;github;1;;gh;"Ada ""the first""; of\nLondon";2014-03-19;3;',
      'ada;mastodon;2;mastodon.example;;;;;1395223200',
      'ben;facebook;;;;;;;',
      ';github;3;;;;;;',
      'cy;github;4;;;;someday;-1;',
      'dee;github;1;;;;;;',
      'eve;;;;;;;;',
      'fay;github;5;;;;;;;extra',
      'gus;mastodon;6;not a server;;;;;',
      '',
    ].join('\r\n'),
  )
  const moved = await bring(t, place, ['csv', '--files', file])
  assert.equal(moved.code, 0, moved.err)
  assert.deepEqual(moved.problems.map(({ where, field }) => [where, field]).sort(), [
    ['users.csv:10', ''],
    ['users.csv:11', 'server'],
    ['users.csv:5', 'subject'],
    ['users.csv:6', 'user_token'],
    ['users.csv:7', 'created_at'],
    ['users.csv:7', 'logins'],
    ['users.csv:8', 'identity'],
  ])
  assert.deepEqual([moved.result.newUsers, moved.result.newIdentities, moved.result.tokens], [6, 3, 1])
  await place.inStore(async (store, site) => {
    const ada = await store.userInfo.named(site, 'ada')
    assert.ok(ada)
    assert.deepEqual(
      [ada.createdAt, ada.lastLoginAt, ada.loginCount],
      [Date.UTC(2014, 2, 19), 1_395_223_200_000, 3],
    )
    const [one, two] = await store.identities.ofUser(ada)
    assert.equal(one?.profile.displayName, 'Ada "the first"; of\nLondon')
    assert.deepEqual([two?.server, two?.subject], ['https://mastodon.example', '2'])
  })
  const again = await bring(t, place, ['csv', '--files', file])
  assert.deepEqual([again.result.newUsers, again.result.newIdentities], [0, 0])

  writeFileSync(file, 'uid,shoe size\na,43\n')
  const odd = await bring(t, place, ['csv', '--files', file])
  assert.equal(odd.code, 1)
  assert.match(odd.err, /There is no column "shoe size"; there are: user_token, uid/)
})

test('an import of a file that is told to stop, or killed, goes on behind its last step', async (t) => {
  const place = await openPlace(t, 'Fresh')
  const file = join(place.folder, 'users.ndjson')
  const users = Array.from({ length: 6_000 }, (_, at) => ({
    user_token: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    identities: [
      { provider: 'github', provider_identity_uid: at % 1_000 === 7 ? 'no id' : `a${at}`, source: {} },
    ],
  }))
  writeFileSync(file, users.map((user) => `${JSON.stringify(user)}\n`).join(''))
  const report = join(place.folder, 'problems.ndjson')
  const args = ['import', 'oneall', 'fresh', '--files', file, '--problems', report]
  const settings = { KITH_IMPORT_USERS_AT_ONCE: '20' }
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const running = startKith(t, args, { ...place.settings, ...settings })
    await place.inStore(async (store, site) => {
      const before = (await store.moving.state(site, `oneall ${file}`))?.counts.users ?? 0
      for (;;) {
        const state = await store.moving.state(site, `oneall ${file}`)
        if ((state?.counts.users ?? 0) > before + 100) break
        assert.equal(running.child.exitCode, null, running.err())
        await sleep(1)
      }
    })
    running.child.kill(signal)
    const { code, out, err } = await running.ended
    if (signal === 'SIGKILL') continue
    assert.equal(code, 0, err)
    assert.equal(JSON.parse(out).isWhole, false)
    assert.match(err, /Stopped\. Run the same line again to go on\./)
    const told = readFileSync(report, 'utf8')
    const tried = await bring(t, place, ['oneall', '--files', file, '--dry-run', '--restart'], { settings })
    assert.deepEqual([tried.code, tried.result.users], [0, 6_000], tried.err)
    assert.ok(told.length > 0 && readFileSync(report, 'utf8').startsWith(told))
    const { moving } = await place.inStore(async (store, site) => ({
      moving: await store.moving.state(site, `oneall ${file}`),
    }))
    assert.ok((moving?.counts.users ?? 0) > 0)
  }
  const ended = await bring(t, place, ['oneall', '--files', file], { settings })
  assert.equal(ended.code, 0, ended.err)
  assert.deepEqual(ended.result, {
    users: 6_000,
    newUsers: 6_000,
    newIdentities: 5_994,
    renewedIdentities: 0,
    tokens: 0,
    problems: 6,
    isWhole: true,
    isResumed: true,
    isTrial: false,
    report,
  })
  assert.deepEqual(
    ended.problems.map(({ where }) => where),
    [8, 1_008, 2_008, 3_008, 4_008, 5_008].map((line) => `users.ndjson:${line}`),
  )
  const again = await bring(t, place, ['oneall', '--files', file, '--restart'], { settings })
  assert.deepEqual([again.result.isResumed, again.result.newUsers, again.problems.length], [false, 0, 6])
})

for (const { name, open } of databases) {
  test(`a thousand users of a file arrive on ${name}, in more steps than one`, async (t) => {
    const database = await open()
    t.after(() => database.close())
    const folder = openFolder(t)
    const settings = { KITH_DATABASE_URL: database.url, KITH_KEYS_FILE: join(folder, 'kith.keys') }
    await kith(t, ['site', 'create', 'Fresh'], settings)
    const file = join(folder, 'users.csv')
    const rows = Array.from({ length: 1_000 }, (_, at) => `user ${at},github,${at},token ${at},${at + 1}`)
    writeFileSync(file, `uid,provider,subject,access_token,logins\n${rows.join('\n')}\n`)
    const args = ['import', 'csv', 'fresh', '--files', file, '--problems', join(folder, 'problems')]
    const ended = await kith(t, args, settings)
    assert.equal(ended.code, 0, ended.err)
    const first = JSON.parse(ended.out)
    assert.deepEqual(
      [first.newUsers, first.newIdentities, first.tokens, first.problems],
      [1_000, 1_000, 1_000, 0],
    )
    const again = JSON.parse((await kith(t, args, settings)).out)
    assert.deepEqual([again.users, again.newUsers, again.newIdentities, again.tokens], [1_000, 0, 0, 0])
    assert.ok(!existsSync(join(folder, 'problems')))
  })
}

test('progress is a bar on a terminal, and a line every ten seconds elsewhere', () => {
  const show = (isTerminal: boolean) => {
    let time = 0
    let text = ''
    const progress = createProgress({ isTerminal, now: () => time, write: (more) => (text += more) })
    for (let users = 1_000; users <= 16_000; users += 1_000) {
      time += 1_000
      progress.step({ ...NO_COUNTS, users, problems: 2 }, users / 20_000)
    }
    progress.say('Waiting.')
    progress.end()
    return text
  }
  assert.equal(show(false), '50 %, 10000 users, 900/s, 2 problems\nWaiting.\n')
  const bars = show(true).split('\r\x1b[2K')
  assert.equal(bars.length, 17)
  assert.equal(bars[9], `[${'#'.repeat(15)}${' '.repeat(15)}] 50 %, 10000 users, 900/s, 2 problems`)
  assert.equal(bars[16], 'Waiting.\n')
})

test('a line that cannot be carried out says why', async (t) => {
  const place = await openPlace(t, 'Fresh')
  const cases: [readonly string[], number, RegExp][] = [
    [['import'], 2, /oneall, gigya or csv/],
    [['import', 'myspace', 'fresh'], 2, /oneall, gigya or csv/],
    [['import', 'oneall'], 2, /The site is missing/],
    [['import', 'oneall', 'fresh'], 2, /--from is missing\. Name the old service with it/],
    [['import', 'oneall', 'fresh', '--from', 'https://a.example'], 2, /--public-key is missing/],
    [['import', 'csv', 'fresh'], 2, /--files is missing/],
    [['import', 'csv', 'fresh', '--files', 'a', '--from', 'b'], 2, /exclude each other/],
    [['import', 'csv', 'fresh', '--files', join(place.folder, 'none')], 1, /There is no file or folder/],
    [['import', 'csv', 'nobody', '--files', 'a'], 1, /There is no site "nobody"/],
    [
      ['import', 'oneall', 'fresh', '--from', 'https://a.example/x', '--public-key', 'k'],
      1,
      /without a path/,
    ],
    [['import', 'oneall', 'fresh', '--from', 'http://a.example', '--public-key', 'k'], 1, /in the clear/],
  ]
  for (const [args, code, expected] of cases) {
    const problems = args.length > 3 ? ['--problems', join(place.folder, 'problems')] : []
    const ended = await kith(t, [...args, ...problems], place.settings, 'secret')
    assert.deepEqual([ended.code, ended.out], [code, ''], args.join(' '))
    assert.match(ended.err, expected)
  }
  const args = ['import', 'oneall', 'fresh', '--from', 'https://a.example', '--public-key', 'k']
  const ended = await kith(t, args, place.settings)
  assert.match(ended.err, /The private key is missing: give it on standard input or as KITH_IMPORT_SECRET\./)
})
