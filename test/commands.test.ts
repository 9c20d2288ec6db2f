import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toLabel } from '../src/commands/credentials.ts'
import { kith, openFolder } from './support/process.ts'

test('a site is created with credentials for every wire API, listed, changed and removed', async (t) => {
  const folder = openFolder(t)
  const settings = { KITH_DATABASE_URL: join(folder, 'data', 'kith.db') }
  const site = (args: readonly string[]) => kith(t, ['site', ...args], settings)

  const first = await site(['create', 'Café Zürich & Co.'])
  assert.equal(first.code, 0, first.err)
  const credentials = JSON.parse(first.out)
  assert.deepEqual(Object.keys(credentials), [
    'subdomain',
    'publicKey',
    'privateKey',
    'apiKey',
    'secret',
    'sdkAppId',
    'secretKey',
    'admin',
  ])
  assert.equal(credentials.subdomain, 'cafe-zurich-co')
  assert.equal(credentials.sdkAppId, 1_400_000_000)
  assert.match(first.err, /private key/)

  const taken = await site(['create', 'Café Zürich & Co.'])
  assert.deepEqual([taken.code, taken.out], [1, ''])
  const second = JSON.parse((await site(['create', 'Second', '--subdomain', 'two'])).out)
  assert.equal(second.sdkAppId, 1_400_000_001)

  const { out: listed } = await site(['list'])
  assert.deepEqual(
    JSON.parse(listed).map(({ name }: { name: string }) => name),
    ['Café Zürich & Co.', 'Second'],
  )
  const secrets = [credentials.privateKey, credentials.secret, credentials.secretKey]
  for (const secret of secrets) assert.ok(!listed.includes(secret))
  const stored = readdirSync(join(folder, 'data')).map((name) =>
    readFileSync(join(folder, 'data', name), 'latin1'),
  )
  for (const secret of secrets) assert.ok(stored.every((bytes) => !bytes.includes(secret)))

  assert.deepEqual(JSON.parse((await site(['set', 'two', 'showAccessTokens', 'true'])).out), {
    showAccessTokens: true,
  })
  assert.deepEqual(
    JSON.parse((await site(['set', 'two', 'allowedDomains', 'Shop.example, *.shop.example'])).out),
    {
      showAccessTokens: true,
      allowedDomains: ['shop.example', '*.shop.example'],
    },
  )
  assert.equal((await site(['set', 'two', 'showAccessTokens', 'yes'])).code, 2)
  assert.equal((await site(['set', 'two', 'constructor', 'true'])).code, 2)
  assert.equal((await site(['set', 'two', 'allowedDomains', 'https://x'])).code, 2)

  const unsure = await site(['remove', 'two'])
  assert.deepEqual([unsure.code, unsure.out], [2, ''])
  assert.equal((await site(['remove', 'two', '--yes'])).code, 0)
  const gone = await site(['remove', 'two', '--yes'])
  assert.deepEqual([gone.code, gone.err], [1, 'There is no site "two"; there are: cafe-zurich-co.\n'])
})

test('the secret of an app comes from standard input or the environment and lies sealed', async (t) => {
  const folder = openFolder(t)
  const settings = { KITH_DATABASE_URL: join(folder, 'kith.db') }
  await kith(t, ['site', 'create', 'Shop'], settings)
  const args = ['provider', 'set', 'shop', 'github', '--client-id', 'id-1']
  const piped = await kith(t, args, settings, 'piped-s3cret\n')
  assert.equal(piped.code, 0, piped.err)
  const named = await kith(t, args, { ...settings, KITH_CLIENT_SECRET: 'named-s3cret' })
  assert.equal(named.code, 0, named.err)
  assert.equal((await kith(t, [...args, '--public'], settings)).code, 0)
  const missing = await kith(t, args, settings)
  assert.deepEqual(
    [missing.code, missing.err.split('\n')[0]],
    [2, 'The client secret is missing: give it on standard input, or say --public.'],
  )
  for (const name of readdirSync(folder)) {
    assert.doesNotMatch(readFileSync(join(folder, name), 'latin1'), /s3cret/)
  }
  assert.equal(
    (await kith(t, ['provider', 'set', 'shop', 'nowhere', '--client-id', 'x'], settings, 's')).code,
    2,
  )
  assert.equal((await kith(t, [...args, '--server', 'x.example'], settings, 's')).code, 2)
  assert.equal(
    (await kith(t, ['provider', 'set', 'nobody', 'github', '--client-id', 'x'], settings, 's')).code,
    1,
  )
})

test('keys are rotated, the database is copied, and no file is open to others', async (t) => {
  const folder = openFolder(t)
  const settings = { KITH_DATABASE_URL: join(folder, 'kith.db') }
  await kith(t, ['site', 'create', 'Shop'], settings)
  const before = JSON.parse((await kith(t, ['keys', 'list'], settings)).out)
  const { out, err } = await kith(t, ['keys', 'rotate'], settings)
  const rotated = JSON.parse(out)
  assert.match(err, /open with the keys of their time/)
  assert.deepEqual(rotated.retired, [before.current])
  assert.deepEqual(JSON.parse((await kith(t, ['keys', 'list'], settings)).out), {
    current: rotated.current,
    others: [],
  })
  const copy = join(folder, 'copy.db')
  assert.equal((await kith(t, ['backup', copy], settings)).code, 0)
  const fromCopy = await kith(t, ['site', 'list'], { KITH_DATABASE_URL: copy })
  assert.equal(JSON.parse(fromCopy.out).length, 1)
  for (const name of ['kith.db', 'kith.keys', 'copy.db'])
    assert.equal(statSync(join(folder, name)).mode & 0o077, 0)
})

test('a copy holds the pictures and videos too, and is put back with them', async (t) => {
  const folder = openFolder(t)
  const settings = { KITH_DATABASE_URL: join(folder, 'kith.db') }
  await kith(t, ['site', 'create', 'Shop'], settings)
  const name = 'ab'.repeat(32)
  const place = (root: string) => join(root, 'kept', name.slice(0, 2))
  const media = join(folder, 'media')
  mkdirSync(place(media), { recursive: true })
  mkdirSync(join(media, 'made', 'cd'), { recursive: true })
  writeFileSync(join(place(media), name.slice(2)), 'a picture', { mode: 0o600 })
  writeFileSync(join(place(media), 'stray'), 'no picture')
  writeFileSync(join(media, 'made', 'cd', name.slice(2)), 'made of it')
  utimesSync(join(place(media), name.slice(2)), 1_700_000_000, 1_700_000_000)

  const copy = join(folder, 'copy.db')
  const made = await kith(t, ['backup', copy], settings)
  assert.equal(made.code, 0, made.err)
  assert.match(made.err, /1 pictures and videos to .*copy\.db\.media/)
  assert.deepEqual(readdirSync(place(`${copy}.media`)), [name.slice(2)])
  assert.equal(statSync(`${copy}.media`).mode & 0o077, 0)
  const again = await kith(t, ['backup', copy], settings)
  assert.deepEqual([again.code, /copy\.db\.media already/.test(again.err)], [1, true], again.err)

  const taken = await kith(t, ['restore', copy], settings)
  assert.deepEqual([taken.code, /kith\.db already/.test(taken.err)], [1, true], taken.err)
  const elsewhere = join(folder, 'new', 'shop.db')
  const anew = { KITH_DATABASE_URL: elsewhere, KITH_KEYS_FILE: join(folder, 'kith.keys') }
  const restored = await kith(t, ['restore', copy], anew)
  assert.equal(restored.code, 0, restored.err)
  const kept = join(place(join(folder, 'new', 'media')), name.slice(2))
  assert.equal(readFileSync(kept, 'utf8'), 'a picture')
  assert.equal(statSync(kept).mtimeMs, 1_700_000_000_000)
  for (const path of [kept, elsewhere]) assert.equal(statSync(path).mode & 0o077, 0)
  assert.equal(JSON.parse((await kith(t, ['site', 'list'], anew)).out).length, 1)

  const nothing = { KITH_DATABASE_URL: join(folder, 'third', 'kith.db') }
  const missing = await kith(t, ['restore', join(folder, 'none.db')], nothing)
  assert.deepEqual([missing.code, /There is no copy at/.test(missing.err)], [1, true], missing.err)
  const wrong = await kith(t, ['restore', kept], nothing)
  assert.deepEqual([wrong.code, /is no copy of a database/.test(wrong.err)], [1, true], wrong.err)
  const postgres = await kith(t, ['restore', copy], { KITH_DATABASE_URL: 'postgres://127.0.0.1:1/kith' })
  assert.deepEqual([postgres.code, /its own tools/.test(postgres.err)], [1, true], postgres.err)
})

test('a line that is not understood says what is wrong and ends with 2', async (t) => {
  const cases: [readonly string[], RegExp][] = [
    [['dance'], /There is no command "dance"/],
    [['toString'], /There is no command "toString"/],
    [['site'], /create, list, set or remove/],
    [['site', 'create'], /The name is missing/],
    [['site', 'create', 'a', 'b'], /"b" is one word too many/],
    [['site', 'create', 'a', '--loud'], /--loud/],
    [['keys', 'sell'], /list or rotate/],
    [['provider', 'set', 'a', 'github'], /--client-id is missing/],
    [['provider'], /set, list or check/],
    [['serve', 'now'], /"now" is one word too many/],
  ]
  await Promise.all(
    cases.map(async ([args, expected]) => {
      const { code, out, err } = await kith(t, args)
      assert.deepEqual([code, out], [2, ''], args.join(' '))
      assert.match(err, expected)
      assert.doesNotMatch(err, /\n {4}at /)
    }),
  )
})

test('help names every command, and the version is that of the package', async (t) => {
  const { code, out } = await kith(t, ['help'])
  assert.equal(code, 0)
  for (const command of [
    'serve',
    'demo',
    'site create',
    'provider set',
    'provider check',
    'import oneall',
    'keys rotate',
    'backup',
    'restore',
    'config',
    'ready',
  ]) {
    assert.match(out, new RegExp(`^  kith ${command}`, 'm'))
  }
  assert.match((await kith(t, ['--version'])).out, /^\d+\.\d+\.\d+\n$/)
  assert.equal((await kith(t, [])).code, 2)
})

test('the effective settings are printed without secrets', async (t) => {
  const { code, out } = await kith(t, ['config'], { KITH_PORT: '81', KITH_KEYS: 's3cret' })
  assert.equal(code, 0)
  const { KITH_PORT: port, KITH_KEYS: keys } = JSON.parse(out)
  assert.deepEqual([port, keys], [81, '[hidden]'])
})

for (const [name, label] of [
  ['My Shop', 'my-shop'],
  ['  --a--  ', 'a'],
  ['Ÿ'.repeat(80), 'y'.repeat(63)],
  ['東京', ''],
  [`${'a'.repeat(62)} b`, 'a'.repeat(62)],
] as const) {
  test(`"${name}" makes the label "${label}"`, () => {
    assert.equal(toLabel(name), label)
  })
}
