// What browsers fetch without credentials: the plugin script and the hosted pages, as they go over the wire.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { GatewayError } from '../src/core/errors.ts'
import { INVITATIONS_PER_USER } from '../src/core/invitation-store.ts'
import { chooseLanguage, LANGUAGES } from '../src/dialects/browser/words/words.ts'
import { toWireRequest } from '../src/dialects/wire-request.ts'
import { databases } from './support/databases.ts'
import { type House, openHouse } from './support/house.ts'
import { kith, openFolder } from './support/process.ts'
import { accountOf, openStoreHouse } from './support/stores.ts'

const LIBRARY = '/socialize/library.js'

describe('what browsers fetch without credentials', () => {
  let house: House
  before(async () => {
    house = await openHouse()
    const app = { clientId: 'a-client-id', clientSecret: 'a-client-secret' }
    await house.store.apps.save(house.site, 'github', app)
    const settings = { ...house.site.settings, allowedDomains: ['shop.example'] }
    await house.store.sites.saveSettings(house.site, settings)
  })
  after(() => house.close())

  async function ask(
    target: string,
    headers: Readonly<Record<string, string>> = {},
    { method = 'GET', body = '' } = {},
  ) {
    const all = { host: `${house.site.subdomain}.api.localhost`, ...headers }
    const request = toWireRequest({
      method,
      target,
      headers: body ? { ...all, 'content-type': 'application/x-www-form-urlencoded' } : all,
      body: Buffer.from(body),
      at: Date.now(),
    })
    const answer = await house.front.answer(request)
    const bytes = Buffer.concat([answer.body].flat())
    const named = Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), value])
    return { status: answer.status, headers: Object.fromEntries(named), bytes, text: bytes.toString() }
  }
  /** What the script knows of its site. */
  const siteIn = (text: string) => JSON.parse(/const SITE = (.*)\n/.exec(text)?.[1] ?? '')

  describe('the script', () => {
    test('has less than 15 KB compressed, and says the same uncompressed', async () => {
      const packed = await ask(LIBRARY, { 'accept-encoding': 'br, gzip' })
      assert.equal(packed.headers['content-encoding'], 'gzip')
      assert(packed.bytes.length < 15_000, `${packed.bytes.length} bytes`)
      const plain = await ask(LIBRARY)
      assert.equal(plain.headers['content-encoding'], undefined)
      assert.equal(gunzipSync(packed.bytes).toString(), plain.text)
      const refused = await ask(LIBRARY, { 'accept-encoding': 'gzip;q=0' })
      assert.equal(refused.headers['content-encoding'], undefined)
      assert.equal(plain.headers.vary, 'Accept-Encoding')
    })

    test('is JavaScript without imports, exports or comments, which only a browser runs', async () => {
      const { text, headers } = await ask(LIBRARY)
      assert.equal(headers['content-type'], 'text/javascript; charset=utf-8')
      assert.doesNotMatch(text, /^(import|export)\b/m)
      assert.doesNotMatch(text, /^\/[/*]/m)
      assert.throws(() => runInNewContext(text), { message: 'document is not defined' })
    })

    test('is not sent again to whoever has it, and changes with what the site offers', async () => {
      const first = await ask(LIBRARY)
      const again = await ask(LIBRARY, { 'if-none-match': `"other", W/${first.headers.etag}` })
      assert.deepEqual([again.status, again.text], [304, ''])
      assert.equal(again.headers.etag, first.headers.etag)
      assert.match(String(first.headers['cache-control']), /public, max-age=\d+/)
      await house.store.apps.save(house.site, 'linkedin', { clientId: 'x' })
      const changed = await ask(LIBRARY, { 'if-none-match': String(first.headers.etag) })
      assert.equal(changed.status, 200)
      assert(siteIn(changed.text).providers.some(({ key }: { key: string }) => key === 'linkedin'))
    })

    test('names the networks that the site can use, and nothing of its keys', async () => {
      const { text } = await ask(LIBRARY)
      const keys = siteIn(text).providers.map(({ key }: { key: string }) => key)
      assert(keys.includes('github') && keys.includes('mastodon') && keys.includes('bluesky'))
      assert(!keys.includes('facebook') && !keys.includes('orkut') && !keys.includes('telegram'))
      for (const secret of ['a-client-id', 'a-client-secret', house.site.publicKey, house.site.apiKey]) {
        assert(!text.includes(secret))
      }
    })

    test('speaks every language, or the one that was asked for with English behind it', async () => {
      const wordsFor = async (query: string) => {
        const { words, language } = siteIn((await ask(LIBRARY + query)).text)
        return [language, Object.keys(words)]
      }
      assert.deepEqual(await wordsFor(''), ['', ['en', 'de', 'es', 'fr']])
      assert.deepEqual(await wordsFor('?lang=ES-mx'), ['es', ['en', 'es']])
      assert.deepEqual(await wordsFor('?lang=tlh'), ['', ['en', 'de', 'es', 'fr']])
      assert.deepEqual(await wordsFor('?lang=constructor'), ['', ['en', 'de', 'es', 'fr']])
    })

    test('knows its site by the host, else by the query, and says so where there is none', async () => {
      assert.equal(siteIn((await ask(LIBRARY)).text).site, '')
      const named = await ask(`${LIBRARY}?site=${house.site.subdomain}`, { host: 'kith.example' })
      assert.equal(siteIn(named.text).site, house.site.subdomain)
      const cases = [
        ['kith.example', '', /names no site/],
        ['kith.example', '?site=nobody', /no such site/],
        ['nobody.api.kith.example', `?site=${house.site.subdomain}`, /no such site/],
      ] as const
      for (const [host, query, message] of cases) {
        const { status, text, headers } = await ask(LIBRARY + query, { host })
        assert.equal(status, 404)
        assert.match(text, message)
        assert.equal(headers['cache-control'], 'no-store')
      }
    })

    test('holds nothing that could end a script element, whatever the host is called', async () => {
      const { text } = await ask(`${LIBRARY}?site=${house.site.subdomain}`, { host: '</script><b>"' })
      assert(!text.includes('</script'))
    })

    test('knows the origins that a login ends at', async () => {
      const { origins } = siteIn((await ask(LIBRARY)).text)
      assert.deepEqual(origins, [`http://${house.site.subdomain}.api.localhost`])
      const local = await ask(`${LIBRARY}?site=${house.site.subdomain}`, { host: 'localhost:8080' })
      assert.deepEqual(siteIn(local.text).origins.toSorted(), [
        'http://127.0.0.1:8080',
        'http://localhost:8080',
      ])
    })
  })

  describe('the hosted page', () => {
    const callback = 'https://shop.example/callback?a=1&b=2'
    const page = (uri: string, headers = {}) => ask(`/login?callback_uri=${encodeURIComponent(uri)}`, headers)

    test('is a list of plain links under a strict policy', async () => {
      const { status, text, headers } = await page(callback)
      assert.equal(status, 200)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe|script-src/)
      assert.doesNotMatch(text, /<script|style="|onclick/)
      assert.equal(headers['cache-control'], 'no-store')
      const link = /href="([^"]*\/github\/[^"]*)"/.exec(text)?.[1] ?? ''
      const url = new URL(link.replaceAll('&#38;', '&'), 'http://kith')
      assert.equal(url.pathname, '/socialize/connect/direct/github/')
      assert.deepEqual(Object.fromEntries(url.searchParams), {
        service: 'social_login',
        callback_uri: callback,
      })
    })

    test('is in the visitor’s language', async () => {
      assert.match(
        (await page(callback, { 'accept-language': 'de-CH, en;q=0.5' })).text,
        /<html lang="de">.*Bei House/s,
      )
      const french = await ask(`/login/?lang=fr&callback_uri=${callback}`)
      assert.match(french.text, /Se connecter à House/)
      // What comes after the click speaks it too.
      assert.match(french.text, /connect\/direct\/\w+\/\?[^"]*lang=fr/)
    })

    test('is none for an address to come back to that the site has not named', async () => {
      const strangers = [
        '',
        'https://evil.example/',
        'https://shop.example@evil.example/',
        'javascript:alert(1)',
        '//shop.example',
      ]
      for (const uri of strangers) {
        const { status, text } = await page(uri)
        assert.equal(status, 400, uri)
        assert.match(text, /callback_uri/)
        assert.doesNotMatch(text, /connect\/direct/)
      }
    })

    test('shows script in an address as text', async () => {
      const { text } = await page('https://shop.example/"><script>alert(1)</script>')
      assert.doesNotMatch(text, /<script>alert/)
    })
  })

  describe('what a user has linked', () => {
    const asked = (user: string, headers = {}) => ask(`/socialize/linked.json?user_token=${user}`, headers)
    const own = { origin: 'https://www.shop.example' }
    const allow = async (showsLinkedToPages: boolean) => {
      const { settings } = (await house.store.sites.bySubdomain(house.site.subdomain))!
      await house.store.sites.saveSettings(house.site, { ...settings, showsLinkedToPages })
    }

    test('is told to no page unless the site has said so, and then to its own pages alone', async () => {
      const { user } = await house.store.identities.link(
        house.site,
        accountOf(randomUUID(), { provider: 'github' }),
      )
      const silent = await asked(user.token, own)
      assert.equal(silent.status, 403)
      assert.equal(siteIn((await ask(LIBRARY)).text).asksLinked, false)
      await allow(true)
      assert.equal(siteIn((await ask(LIBRARY)).text).asksLinked, true)
      const told = await asked(user.token.toUpperCase(), own)
      assert.deepEqual([told.status, JSON.parse(told.text)], [200, { providers: ['github'] }])
      assert.equal(told.headers['access-control-allow-origin'], own.origin)
      assert.equal(told.headers['cache-control'], 'no-store')
      const strangers = [
        {},
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: 'https://shop.example.evil.example' },
      ]
      for (const headers of strangers) {
        const { status, headers: answered, text } = await asked(user.token, headers)
        assert.equal(status, 400)
        assert.equal(answered['access-control-allow-origin'], undefined)
        assert(!text.includes('github'))
      }
      assert.equal((await asked(randomUUID(), own)).status, 404)
      await allow(false)
    })
  })

  describe('an address to link accounts', () => {
    const form = { method: 'POST' }
    async function newUser() {
      const account = accountOf(randomUUID(), { provider: 'github' })
      const { user } = await house.store.identities.link(house.site, account)
      return user
    }
    async function newAddress(user: string, body: object = {}) {
      const answer = await house.front.answer(
        toWireRequest({
          method: 'POST',
          target: `/v1/users/${user}/link-addresses`,
          headers: {
            host: 'kith.example',
            authorization: house.authorization,
            'content-type': 'application/json',
          },
          body: Buffer.from(JSON.stringify(body)),
          at: Date.now(),
        }),
      )
      return { status: answer.status, body: JSON.parse(Buffer.concat([answer.body].flat()).toString()) }
    }
    const pathOf = (address: string) => new URL(address).pathname

    test('opens once, after any number of looks, for a page with what is linked and what is not', async () => {
      const user = await newUser()
      const made = await newAddress(user.token, { callback_uri: 'https://shop.example/profile' })
      assert.equal(made.status, 201)
      assert.match(
        made.body.address,
        new RegExp(`^http://kith.example/login/link/[\\w-]{43}\\?site=${house.site.subdomain}$`),
      )
      assert(Math.abs(Date.parse(made.body.expires_at) - Date.now() - 86_400_000) < 60_000)
      const path = pathOf(made.body.address)
      for (let look = 0; look < 3; look++) {
        const shown = await ask(path)
        assert.equal(shown.status, 200)
        assert.match(shown.text, /<form method="post"><button>/)
        assert.equal(shown.headers['set-cookie'], undefined)
      }
      const opened = await ask(path, {}, form)
      assert.equal(opened.status, 303)
      assert.equal(opened.headers.location, '/login/accounts')
      const cookie = String(opened.headers['set-cookie'])
      assert.match(cookie, /^kith-visit=[\w-]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/)

      const visit = { cookie: `a=b; ${cookie.split(';', 1)[0]}` }
      const { text, status } = await ask('/login/accounts', visit)
      assert.equal(status, 200)
      assert.match(text, /GitHub<span class="linked">✓ Linked/)
      assert.match(text, /aria-label="Unlink GitHub"/)
      assert.match(text, /Link Mastodon/)
      assert.match(text, /href="https:\/\/shop\.example\/profile"/)
      assert(text.includes(user.token))

      // Whoever did not unlink after all comes back by a link.
      const back = await ask('/login/result', visit)
      assert.equal(back.status, 200)
      assert.doesNotMatch(back.text, /role="alert"/)

      for (const answer of [await ask(path), await ask(path, {}, form), await ask('/login/accounts')]) {
        assert.equal(answer.status, 404)
        assert.doesNotMatch(answer.text, new RegExp(user.token))
      }
    })

    test('shows how a link has ended, in words and never as HTML', async () => {
      const user = await newUser()
      const opened = await ask(pathOf((await newAddress(user.token)).body.address), {}, form)
      const visit = { cookie: String(opened.headers['set-cookie']).split(';', 1)[0] ?? '' }
      const connection = {
        siteId: house.site.id,
        token: randomUUID(),
        plugin: 'social_link' as const,
        action: 'link_identity' as const,
        status: 'error' as const,
        reason: 'identity_is_<b>linked</b>_to_another_user',
        createdAt: Date.now(),
      }
      await house.store.connections.create(connection, { expiresAt: Date.now() + 60_000 })
      const told = await ask('/login/result', visit, {
        ...form,
        body: `connection_token=${connection.token}`,
      })
      assert.match(
        told.text,
        /role="alert">Something went wrong: <span lang="en">identity is &#60;b&#62;linked/,
      )
      const known = { ...connection, token: randomUUID(), reason: 'access_was_denied' }
      await house.store.connections.create(known, { expiresAt: Date.now() + 60_000 })
      const german = await ask(
        '/login/result',
        { ...visit, 'accept-language': 'de' },
        { ...form, body: `connection_token=${known.token}` },
      )
      assert.match(german.text, /role="alert">Sie haben keinen Zugriff erlaubt\.</)
      const unknown = await ask('/login/result', visit, { ...form, body: 'connection_token=none' })
      assert.match(unknown.text, /role="alert"/)
    })

    test('is made for a user of the site alone, to come back to its own pages alone', async () => {
      const user = await newUser()
      const cases = [
        [randomUUID(), {}, 404, 'user_token'],
        ['nobody', {}, 400, 'user'],
        [user.token, { callback_uri: 'https://evil.example/' }, 400, 'callback_uri'],
        [user.token, { callback_uri: 7 }, 400, 'callback_uri'],
      ] as const
      for (const [token, body, status, field] of cases) {
        const answer = await newAddress(token, body)
        assert.deepEqual([answer.status, answer.body.error.field], [status, field])
      }
    })

    test('is opened by its own page alone, not by a form on a page elsewhere', async () => {
      const path = pathOf((await newAddress((await newUser()).token)).body.address)
      for (const from of ['cross-site', 'same-site', 'none']) {
        const { status, headers } = await ask(path, { 'sec-fetch-site': from }, form)
        assert.deepEqual([status, headers['set-cookie']], [403, undefined])
      }
      assert.equal((await ask(path, { 'sec-fetch-site': 'same-origin' }, form)).status, 303)
    })

    test('a cookie that we did not give opens nothing', async () => {
      for (const value of ['', 'x', 'a'.repeat(43), '"; drop table', 'a'.repeat(5_000)]) {
        assert.equal((await ask('/login/accounts', { cookie: `kith-visit=${value}` })).status, 404)
      }
    })
  })
})

describe('the languages', () => {
  test('have every text, with the same names to fill in', () => {
    const blanks = (text: string) => text.match(/\{\w+\}/g)?.toSorted() ?? []
    const { en } = LANGUAGES
    for (const [language, words] of Object.entries(LANGUAGES)) {
      for (const part of ['plugin', 'page', 'trouble'] as const) {
        const ours = Object.entries(words[part])
        assert.deepEqual(ours.map(([name]) => name).toSorted(), Object.keys(en?.[part] ?? {}).toSorted())
        for (const [name, text] of ours) {
          const english = Object.entries(en?.[part] ?? {}).find(([each]) => each === name)?.[1] ?? ''
          assert.deepEqual(blanks(text), blanks(english), `${language} ${name}`)
          assert(text.trim() === text && text !== '')
        }
      }
    }
  })

  const cases = [
    ['es', 'de', 'es'],
    ['xx', 'de-AT, fr;q=0.9', 'de'],
    [undefined, 'fr;q=0.2, es;q=0.8, xx', 'es'],
    [undefined, 'de;q=0, *', 'en'],
    [undefined, '', 'en'],
    ['__proto__', 'constructor;q=1', 'en'],
    ['DE_ch', '', 'de'],
  ] as const
  for (const [asked, header, expected] of cases) {
    test(`"${asked}" and "${header}" are answered in ${expected}`, () => {
      assert.equal(chooseLanguage(asked, header), expected)
    })
  }
})

for (const kind of databases) {
  describe(`invitations on ${kind.name}`, () => {
    const day = 86_400_000
    const invitation = (userToken: string, lifeMs = day) => ({ hash: randomUUID(), userToken, lifeMs })

    test('are used once, however many try at the same time', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      const { user } = await store.identities.link(site, accountOf('1'))
      const { hash, ...rest } = invitation(user.token)
      await store.invitations.create(site, { hash, ...rest, callbackUri: 'https://shop.example/' })
      assert(await store.invitations.isOpen(site, hash))
      const visits = ['one', 'two', 'three']
      const opened = await Promise.all(
        visits.map((visitHash) => store.invitations.open(site, { hash, visitHash, lifeMs: day })),
      )
      assert.equal(opened.filter(Boolean).length, 1)
      assert(!(await store.invitations.isOpen(site, hash)))
      const visitors = await Promise.all(visits.map((visit) => store.invitations.visitor(site, visit)))
      const [visitor, ...others] = visitors.filter((each) => each !== undefined)
      assert.deepEqual(others, [])
      assert.deepEqual(visitor, { user, callbackUri: 'https://shop.example/' })
    })

    test('end with their time, with their user, and open at their own site alone', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      const { user } = await store.identities.link(site, accountOf('1'))
      const over = invitation(user.token, 0)
      await store.invitations.create(site, over)
      assert(!(await store.invitations.isOpen(site, over.hash)))
      assert(!(await store.invitations.open(site, { hash: over.hash, visitHash: 'v', lifeMs: day })))
      assert.equal(await store.invitations.purge(), 1)

      const good = invitation(user.token)
      await store.invitations.create(site, good)
      const other = { id: site.id + 1 }
      assert(!(await store.invitations.isOpen(other, good.hash)))
      assert(!(await store.invitations.open(other, { hash: good.hash, visitHash: 'v', lifeMs: day })))
      assert(await store.invitations.open(site, { hash: good.hash, visitHash: 'v', lifeMs: day }))
      assert.equal(await store.invitations.visitor(other, 'v'), undefined)
      await store.users.remove(site, user.token)
      assert.equal(await store.invitations.visitor(site, 'v'), undefined)
      await assert.rejects(store.invitations.create(site, invitation(user.token)), (error) => {
        return GatewayError.from(error).code === 'not_found'
      })
      assert.equal(await store.invitations.purge(), 0)
    })

    test('of one user give way to newer ones', async () => {
      await using house = await openStoreHouse(kind)
      const { store, site } = house
      const { user } = await store.identities.link(site, accountOf('1'))
      const all = Array.from({ length: INVITATIONS_PER_USER + 3 }, () => invitation(user.token))
      for (const each of all) await store.invitations.create(site, each)
      const open = await Promise.all(all.map(({ hash }) => store.invitations.isOpen(site, hash)))
      assert.deepEqual(open.indexOf(true), 3)
      assert.equal(open.filter(Boolean).length, INVITATIONS_PER_USER)
    })
  })
}

test('kith user link prints an address for a user, and says what is wrong', async (context) => {
  const settings = {
    KITH_DATABASE_URL: `${openFolder(context)}/kith.db`,
    KITH_PUBLIC_URL: 'https://kith.example',
  }
  const run = (...args: string[]) => kith(context, args, settings)
  await run('site', 'create', 'Shop', '--subdomain', 'shop')
  const unknown = await run('user', 'link', 'shop', randomUUID())
  assert.deepEqual([unknown.code, unknown.err], [1, 'The site has no such user.\n'])
  const { openStore } = await import('../src/store/open.ts')
  const { openKeys } = await import('../src/store/keys.ts')
  const keys = openKeys({ path: settings.KITH_DATABASE_URL.replace('kith.db', 'kith.keys') })
  const store = await openStore(settings.KITH_DATABASE_URL, { keys, role: 'tool' })
  const site = await store.sites.bySubdomain('shop')
  assert(site)
  const { user } = await store.identities.link(site, accountOf('1'))
  await store.close()
  const done = await run('user', 'link', 'shop', user.token.toUpperCase())
  assert.equal(done.code, 0, done.err)
  assert.match(JSON.parse(done.out).address, /^https:\/\/kith\.example\/login\/link\/[\w-]{43}\?site=shop$/)
  const stranger = await run('user', 'link', 'shop', user.token, '--callback', 'https://evil.example/')
  assert.match(stranger.err, /callback_uri is on evil\.example, which is not among the allowed domains/)
})
