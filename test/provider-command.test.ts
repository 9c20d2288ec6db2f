// kith provider: an operator sets a network up, and is told what is still missing.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createAppCheck } from '../src/network/app-check.ts'
import { NETWORK_DEFAULTS } from '../src/network/options.ts'
import { providers, providersById } from '../src/providers/index.ts'
import { openSandbox } from '../src/sandbox/sandbox.ts'
import { kith, openFolder } from './support/process.ts'

interface Checked {
  readonly site: { readonly missing: readonly string[] }
  readonly providers: readonly {
    readonly provider: string
    readonly server?: string
    readonly app: string
    readonly redirect?: string
    readonly scopes: readonly string[]
    readonly network?: string
    readonly missing: readonly string[]
  }[]
}

async function openShop(test: TestContext, more: Readonly<Record<string, string>> = {}) {
  const settings = { KITH_DATABASE_URL: join(openFolder(test), 'kith.db'), ...more }
  await kith(test, ['site', 'create', 'Shop'], settings)
  const run = (args: readonly string[], input = '', extra: Readonly<Record<string, string>> = {}) =>
    kith(test, args, { ...settings, ...extra }, input)
  const check = async (args: readonly string[], extra: Readonly<Record<string, string>> = {}) => {
    const { out, err, code } = await run(['provider', 'check', 'shop', ...args], '', extra)
    assert.notEqual(out, '', err)
    return { code, err, checked: JSON.parse(out) as Checked }
  }
  return { run, check }
}

test('a new site is told everything that is missing, and nothing once it is there', async (t) => {
  const sandbox = await openSandbox({ accounts: 10 })
  t.after(() => sandbox.close())
  const { run, check } = await openShop(t, { KITH_SANDBOX: sandbox.url })
  const bare = await check(['github'])
  assert.equal(bare.code, 1)
  assert.match(bare.checked.site.missing.join(), /KITH_PUBLIC_URL.*allowedDomains/s)
  assert.deepEqual(
    bare.checked.providers.map(({ app, redirect, missing }) => [app, redirect, missing.length]),
    [['missing', undefined, 1]],
  )
  const http = await check(['github'], { KITH_PUBLIC_URL: 'http://kith.example' })
  assert.match(http.checked.site.missing[0] ?? '', /must begin with https:/)

  const url = { KITH_PUBLIC_URL: 'https://kith.example/' }
  await run(['site', 'set', 'shop', 'allowedDomains', 'shop.example'])
  const { clientId, clientSecret = '' } = sandbox.app('github.com')
  const set = await run(['provider', 'set', 'shop', 'github', '--client-id', clientId], `${clientSecret}\n`)
  assert.equal(set.code, 0, set.err)
  const good = await check([], url)
  assert.equal(good.code, 0)
  const github = good.checked.providers.find(({ provider }) => provider === 'github')
  assert.equal(github?.redirect, 'https://kith.example/socialize/callback/github')
  assert.deepEqual(github.scopes, ['read:user'])
  assert.match(github.network ?? '', /^accepted \(HTTP 200: bad_verification_code/)
  // Where Kith registers by itself there is nothing to set; where an app is needed and there is none, nothing is said.
  const others = good.checked.providers.map(({ provider, app }) => `${provider} ${app}`)
  assert.ok(others.includes('bluesky itself') && others.includes('mastodon itself'), others.join())
  assert.ok(!others.some((each) => each.startsWith('twitter')), others.join())

  await run(['provider', 'set', 'shop', 'github', '--client-id', clientId], 'another-s3cret')
  const bad = await check(['github'], url)
  assert.equal(bad.code, 1)
  assert.match(bad.checked.providers[0]?.network ?? '', /^refused \(HTTP 200: incorrect_client_credentials/)
  assert.match(bad.checked.providers[0]?.missing.join() ?? '', /GitHub refuses the app/)
  assert.ok(!JSON.stringify(bad).includes('s3cret'))
  const offline = await check(['github', '--offline'], url)
  assert.deepEqual([offline.code, offline.checked.providers[0]?.network], [0, undefined])

  const list = JSON.parse((await run(['provider', 'list', 'shop'])).out)
  assert.deepEqual(list, [{ provider: 'github', clientId, hasSecret: true }])
})

test('each network of the sandbox that has apps tells a known app from an unknown one', async (t) => {
  const sandbox = await openSandbox({ accounts: 10 })
  t.after(() => sandbox.close())
  const asker = createAppCheck({ ...NETWORK_DEFAULTS, sandbox: sandbox.url })
  t.after(() => asker.close())
  const hosts = {
    github: 'github.com',
    twitter: 'api.x.com',
    facebook: 'graph.facebook.com',
    linkedin: 'www.linkedin.com',
    mastodon: 'mastodon.example',
  }
  for (const [id, host] of Object.entries(hosts)) {
    const provider = providersById.get(id)
    assert.ok(provider)
    const where = {
      redirect: `https://kith.example/socialize/callback/${id}`,
      server: provider.server && `https://${host}`,
    }
    const { clientId, clientSecret } = sandbox.app(host)
    const known = await asker.check(provider, { clientId, clientSecret }, where)
    assert.notEqual(known?.state, 'refused', `${id}: ${known?.said}`)
    const unknown = await asker.check(provider, { clientId: '1234', clientSecret: 'wrong-s3cret' }, where)
    assert.equal(unknown?.state, 'refused', `${id}: ${unknown?.said}`)
    assert.doesNotMatch(`${known?.said}${unknown?.said}`, /s3cret/)
  }
})

test('a network that is down, odd or talks back is told as what it said, on one line and without the secret', async (t) => {
  let body = ''
  let status = 200
  const server = createServer((_, answer) => answer.writeHead(status).end(body)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const port = (server.address() as AddressInfo).port
  const mastodon = providersById.get('mastodon')
  assert.ok(mastodon)
  const options = {
    ...NETWORK_DEFAULTS,
    allowAddresses: ['127.0.0.1'],
    allowInsecure: true,
    requestDeadlineMs: 2_000,
  }
  const asker = createAppCheck(options)
  t.after(() => asker.close())
  const app = { clientId: 'id', clientSecret: 'long-s3cret' }
  const where = { server: `http://127.0.0.1:${port}`, redirect: 'https://kith.example/x' }
  const cases: [number, string, string, RegExp][] = [
    [503, '<html>\n<b>busy</b></html>', 'unknown', /^HTTP 503: busy$/],
    [
      401,
      '{"error":"invalid_client","error_description":"no\\u0007 long-s3cret"}',
      'refused',
      /^HTTP 401: invalid_client: no \*\*\*$/,
    ],
    [
      400,
      'error=invalid_grant&error_description=unknown+code',
      'accepted',
      /^HTTP 400: invalid_grant: unknown code$/,
    ],
    [404, '', 'unknown', /^HTTP 404$/],
    [200, 'x'.repeat(100_000), 'unknown', /^HTTP 200: x{300}$/],
  ]
  for (const [code, text, state, said] of cases) {
    status = code
    body = text
    const verdict = await asker.check(mastodon, app, where)
    assert.deepEqual([verdict?.state, said.test(verdict?.said ?? '')], [state, true], verdict?.said)
  }
  server.close()
  server.closeAllConnections()
  const other = createAppCheck(options)
  t.after(() => other.close())
  const gone = await other.check(mastodon, app, where)
  assert.deepEqual(gone, { state: 'unknown', said: 'Mastodon could not be reached.' })
})

test('a line that cannot be carried out says why', async (t) => {
  const { run } = await openShop(t)
  const cases: [readonly string[], number, RegExp][] = [
    [['provider', 'check'], 2, /The subdomain is missing/],
    [['provider', 'check', 'shop', 'nowhere'], 2, /There is no provider "nowhere"; there are: twitter/],
    [['provider', 'check', 'shop', 'github', 'x'], 2, /"x" is one word too many/],
    [['provider', 'check', 'nobody'], 1, /There is no site "nobody"/],
    [['provider', 'set', 'shop', 'bluesky', '--client-id', 'x'], 2, /has no apps/],
    [
      ['provider', 'set', 'shop', 'mastodon', '--client-id', 'x'],
      1,
      /has many servers: name the account's own/,
    ],
    [['provider', 'list'], 2, /The subdomain is missing/],
  ]
  for (const [args, code, expected] of cases) {
    const ended = await run(args, 'secret')
    assert.deepEqual([ended.code, ended.out], [code, ''], args.join(' '))
    assert.match(ended.err, expected)
  }
})

for (const provider of providers) {
  const { id, auth } = provider
  if (auth?.type !== 'oauth1' && auth?.type !== 'oauth2' && auth?.type !== 'atproto') continue
  test(`the page of ${provider.name} says where to register, which address to enter and which scopes there are`, () => {
    const path = `docs/providers/${id}.md`
    assert.ok(existsSync(path), `${path} is missing`)
    const page = readFileSync(path, 'utf8')
    assert.match(page, /^\*\*Register\.\*\*/m)
    assert.ok(page.includes(`<KITH_PUBLIC_URL>/socialize/callback/${id}`), 'the address is missing')
    if (auth.type === 'oauth1') return
    assert.match(page, /^\*\*Scopes\.\*\*/m)
    const scopes = new Set(Object.values(auth.scopes).flat())
    for (const scope of scopes) assert.ok(page.includes(`\`${scope}\``), `the scope ${scope} is missing`)
  })
}
