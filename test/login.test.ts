// Logins and links through a browser, from the first click to the connection that the site reads: the shipped
// connectors against the networks' own dialogues in the sandbox.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type House, openHouse } from './support/house.ts'
import {
  CALLBACK,
  direct,
  formOf,
  frontOf,
  openVisitor,
  type Shown,
  setUp,
  type Visitor,
} from './support/login.ts'

let house: House
let visitor: Visitor
before(async () => {
  house = await openHouse({ sandbox: true })
  await setUp(house)
})
after(() => house.close())
beforeEach(() => {
  house.sandbox?.reset()
  visitor = openVisitor(frontOf(house.gateway, { startsPerMinute: 10_000 }))
})

/** What the site's server reads of the result that a page hands over. */
async function resultOf(shown: Shown) {
  const { fields } = formOf(shown)
  const { body } = await house.ask(`/connections/${fields.connection_token}.json`)
  return body.response
}

/** A whole login; answers the page that hands the result over. */
async function logIn(
  provider: string,
  {
    query = {},
    form,
    where,
  }: { query?: Record<string, string>; form?: Record<string, string>; where?: string } = {},
): Promise<Shown> {
  const typed: Record<string, string> = where === undefined ? {} : { login_data: where }
  const asked = await visitor.visit(direct(provider, { ...query, ...typed }))
  assert.equal(asked.status, 200, asked.text)
  assert.equal(asked.url.hostname, '127.0.0.1', asked.text)
  return visitor.decide(asked, form)
}

const ACCOUNTS = [
  { provider: 'github', host: 'github.com' },
  { provider: 'twitter', host: 'api.x.com' },
  { provider: 'facebook', host: 'graph.facebook.com' },
  { provider: 'linkedin', host: 'api.linkedin.com' },
  { provider: 'mastodon', host: 'mastodon.example', where: 'mastodon.example' },
  { provider: 'bluesky', host: 'bsky.social', where: 'https://bsky.social' },
]

describe('a login', () => {
  for (const { provider, host, where } of ACCOUNTS) {
    test(`with ${provider} ends at the site, which reads who it is`, async () => {
      const shown = await logIn(provider, { where })
      assert.equal(shown.status, 200, shown.text)
      const { action, method, fields } = formOf(shown)
      assert.deepEqual([action, method, fields.oa_action], [CALLBACK, 'post', 'social_login'])
      const { result } = await resultOf(shown)
      const { subject } = house.sandbox!.grant(host, { account: 3 })
      assert.deepEqual(
        [result.status.flag, result.data.plugin.data.reason],
        ['success', 'user_authenticated'],
      )
      assert.equal(result.data.connection.callback_uri, CALLBACK)
      const { identity } = result.data.user
      assert.equal(identity.provider, provider)
      assert.equal(identity.accounts[0].userid, subject)
      const again = await resultOf(await logIn(provider, { where }))
      assert.equal(again.result.data.user.user_token, result.data.user.user_token)
      const { body } = await house.ask(`/users/${result.data.user.user_token}.json`)
      assert.equal(body.response.result.data.user.num_logins, 2)
    })
  }
})

/** The address that the network sends the browser back to, not opened yet. */
async function answerOf(provider: string, query: Record<string, string> = {}): Promise<URL> {
  const asked = await visitor.visit(direct(provider, query))
  const response = await fetch(asked.url, {
    method: 'POST',
    body: new URLSearchParams({ decision: 'approve', account: '4' }),
    redirect: 'manual',
  })
  return new URL(response.headers.get('location') ?? '')
}

async function countIdentities(): Promise<number> {
  const { body } = await house.ask('/identities.json')
  return body.response.result.data.identities.pagination.total_entries
}

describe('a login that does not succeed', () => {
  test('when the person says no, the site is told so and nobody is named', async () => {
    for (const { provider, where } of ACCOUNTS) {
      const shown = await logIn(provider, { where, form: { decision: 'deny' } })
      assert.equal(shown.status, 200, shown.text)
      const { result, request } = await resultOf(shown)
      assert.equal(request.status.code, 200)
      assert.deepEqual([result.status.flag, result.status.code], ['error', 401])
      assert.deepEqual(result.data.plugin.data, {
        action: 'login',
        operation: 'user_profile_read',
        reason: 'access_was_denied',
        status: 'error',
      })
      assert.equal(result.data.user, undefined, provider)
      assert.equal(result.data.connection.status, 'failed')
    }
  })

  test('a network that is out of order is shown as such, and told to the site', async () => {
    const cases = [
      [{ status: 503 }, 'provider_is_unavailable', /GitHub/],
      [{ status: 200, body: '<html>busy</html>' }, 'provider_answer_is_invalid', /GitHub/],
      [{ status: 200, body: '{"access_token":""}' }, 'provider_answer_is_invalid', /GitHub/],
      [{ status: 200, body: '{"error":"bad_verification_code"}' }, 'provider_refused_the_request', /GitHub/],
      [
        { status: 200, body: '{"error":"incorrect_client_credentials"}' },
        'provider_is_not_configured',
        /client id or secret/,
      ],
      [
        { status: 401, body: '{"error":"invalid_client"}' },
        'provider_is_not_configured',
        /client id or secret/,
      ],
    ] as const
    const before = await countIdentities()
    for (const [dial, reason, message] of cases) {
      const address = await answerOf('github')
      house.sandbox?.dial('github.com', dial)
      const shown = await visitor.visit(address.href)
      house.sandbox?.reset()
      assert.match(shown.text, message)
      assert.match(shown.text, /role="alert"/)
      const { result } = await resultOf(shown)
      assert.deepEqual([result.data.plugin.data.reason, result.data.user], [reason, undefined])
    }
    assert.equal(await countIdentities(), before)
  })

  test('whatever a network answers, nothing is stored and the site is told why', async () => {
    const token = (more: object = {}) =>
      JSON.stringify({ access_token: 'abc', token_type: 'bearer', ...more })
    const me = (more: object = {}) => JSON.stringify({ id: 4_004, login: 'x', ...more })
    const INVALID = 'provider_answer_is_invalid'
    const REFUSED = 'provider_refused_the_request'
    const cases: readonly [string, string, string, string][] = [
      ['a token in two lines', token({ access_token: 'a\r\nX-Evil: 1' }), me(), REFUSED],
      ['a token that is none', token({ access_token: ['a'] }), me(), INVALID],
      ['a token of a megabyte', token({ access_token: 'a'.repeat(1_000_000) }), me(), INVALID],
      ['a refresh token of a megabyte', token({ refresh_token: 'a'.repeat(1_000_000) }), me(), INVALID],
      ['nothing', '', me(), INVALID],
      ['a list', '[]', me(), INVALID],
      ['null', 'null', me(), INVALID],
      ['a page as the profile', token(), '<html>', INVALID],
      ['nothing as the profile', token(), '', INVALID],
      ['null as the profile', token(), 'null', INVALID],
      ['a deep profile', token(), '['.repeat(100_000), INVALID],
      ['a hundred megabytes of profile', token(), me({ name: 'x'.repeat(100_000_000) }), INVALID],
      ['a profile of nobody', token(), me({ id: '' }), INVALID],
      ['a profile with half an id', token(), me({ id: 1.5 }), INVALID],
      ['a profile with NUL in its id', token(), me({ id: 'a\u0000' }), INVALID],
      ['a profile with an id of 100 kB', token(), me({ id: 'a'.repeat(100_000) }), INVALID],
    ]
    const before = await countIdentities()
    for (const [name, tokens, profile, reason] of cases) {
      const address = await answerOf('github')
      house.sandbox?.dial('github.com', { status: 200, body: tokens })
      house.sandbox?.dial('api.github.com', { status: 200, body: profile })
      const shown = await visitor.visit(address.href)
      house.sandbox?.reset()
      assert.equal(shown.status, 200, name)
      assert.match(shown.text, /role="alert"/, name)
      const { result } = await resultOf(shown)
      assert.deepEqual([result.data.plugin.data.reason, result.data.user], [reason, undefined], name)
    }
    assert.equal(await countIdentities(), before)
    assert.deepEqual(
      house.logged.filter(({ level }) => level === 'error'),
      [],
    )
  })

  test('what is odd in an answer but not wrong hinders nobody', async () => {
    const odd = { expires_in: 1e300, scope: 'x,'.repeat(100_000) }
    for (const [at, more] of [odd, { expires_in: -5 }, { expires_in: 'soon' }, { scope: [1] }].entries()) {
      const address = await answerOf('github')
      house.sandbox?.dial('github.com', {
        status: 200,
        body: JSON.stringify({ access_token: 'abc', ...more }),
      })
      const name = `${'<script>alert(1)</script>'.repeat(100_000)}`
      house.sandbox?.dial('api.github.com', {
        status: 200,
        body: JSON.stringify({ id: 5_000 + at, login: 'x\u0000y', name, avatar_url: 'javascript:alert(1)' }),
      })
      const { result } = await resultOf(await visitor.visit(address.href))
      house.sandbox?.reset()
      assert.equal(result.data.plugin.data.reason, 'user_authenticated')
      const { identity } = result.data.user
      assert.deepEqual([identity.pictureUrl, identity.preferredUsername], [undefined, 'xy'])
      assert.ok(identity.displayName.length <= 65_536)
    }
  })

  test('a network that hangs, breaks off or is shut is told as that', async () => {
    const hurried = await openHouse({ sandbox: true, network: { requestDeadlineMs: 500 } })
    try {
      await setUp(hurried)
      const own = openVisitor(frontOf(hurried.gateway))
      const cases = [
        [{ hang: true }, 'provider_timeout'],
        [{ dropRate: 1 }, 'provider_timeout'],
        [{ truncatedBody: true }, 'provider_timeout'],
        [{ htmlInsteadOfJson: true }, 'provider_answer_is_invalid'],
        [{ status: 429, retryAfterSeconds: 5 }, 'rate_limit_exceeded'],
      ] as const
      for (const [dial, reason] of cases) {
        const asked = await own.visit(direct('github'))
        const response = await fetch(asked.url, {
          method: 'POST',
          body: new URLSearchParams({ decision: 'approve', account: '4' }),
          redirect: 'manual',
        })
        hurried.sandbox?.dial('github.com', dial)
        const { fields } = formOf(await own.visit(response.headers.get('location') ?? ''))
        hurried.sandbox?.reset()
        const { body } = await hurried.ask(`/connections/${fields.connection_token}.json`)
        const { data } = body.response.result
        assert.deepEqual([data.plugin.data.reason, data.user], [reason, undefined], JSON.stringify(dial))
      }
      assert.equal((await hurried.ask('/users.json')).body.response.result.data.users.entries.length, 0)
    } finally {
      await hurried.close()
    }
  })

  test('an answer of a hundred megabytes is not read to its end', async () => {
    const address = await answerOf('github')
    house.sandbox?.dial('github.com', { status: 200, body: `{"access_token":"${'x'.repeat(11_000_000)}"}` })
    const shown = await visitor.visit(address.href)
    const { result } = await resultOf(shown)
    assert.equal(result.data.plugin.data.reason, 'provider_answer_is_invalid')
  })

  test('a site without an app at the network says so before anybody goes there', async () => {
    const other = await createOther('bare')
    const url = direct('github').replace('house.api', `${other.subdomain}.api`)
    const shown = await visitor.visit(url)
    assert.match(shown.text, /has not been set up for logins with GitHub/)
    assert.deepEqual(visitor.visited.length, 1)
  })

  test('a network that is gone, or unknown, leads nowhere', async () => {
    const gone = await visitor.visit(direct('myspace'))
    assert.match(gone.text, /Myspace is gone/)
    assert.equal((await resultOf(gone)).result.data.plugin.data.reason, 'provider_is_discontinued')
    const unknown = await visitor.visit(direct('nothing'))
    assert.equal(unknown.status, 400)
    assert.match(unknown.text, /not known here/)
  })
})

async function createOther(subdomain: string) {
  const { publicKey } = house.site
  const site = {
    ...house.site,
    subdomain,
    publicKey: `${publicKey}-${subdomain}`,
    apiKey: `3_${subdomain}`,
    sdkAppId: 1_400_000_001 + subdomain.length,
    settings: { allowedDomains: ['shop.example'], prefetchContacts: 'none' as const },
  }
  return house.store.sites.create(site, { secret: 's', secretKey: 'k' })
}

describe('what does not belong together', () => {
  const refused = async (shown: Shown) => {
    assert.ok(shown.status >= 400, `${shown.status} ${shown.text}`)
    assert.match(shown.text, /begin again/)
    assert.doesNotMatch(shown.text, /<form/)
  }

  test('a state that was never given out, or is empty, or comes twice', async () => {
    const address = await answerOf('github')
    const before = await countIdentities()
    for (const change of [
      (url: URL) => url.searchParams.set('state', 'A'.repeat(43)),
      (url: URL) => url.searchParams.set('state', ''),
      (url: URL) => url.searchParams.delete('state'),
    ]) {
      const forged = new URL(address)
      change(forged)
      await refused(await visitor.visit(forged.href))
    }
    const doubled = new URL(address)
    doubled.searchParams.append('code', 'another')
    assert.equal((await visitor.visit(doubled.href)).status, 400)
    assert.equal(await countIdentities(), before)
    assert.equal((await visitor.visit(address.href)).status, 200)
  })

  test('an answer that comes again', async () => {
    const address = await answerOf('github')
    const kept = new Map(visitor.cookies)
    assert.match((await visitor.visit(address.href)).text, /on your way back/)
    for (const [name, value] of kept) visitor.cookies.set(name, value)
    await refused(await visitor.visit(address.href))
  })

  test('an answer in another browser, or in one without cookies; the login itself goes on', async () => {
    const address = await answerOf('github')
    const stranger = openVisitor(frontOf(house.gateway))
    await refused(await stranger.visit(address.href))
    await stranger.visit(direct('github'))
    await refused(await stranger.visit(address.href))
    for (const [name] of visitor.cookies) stranger.cookies.set(name, 'guessed')
    await refused(await stranger.visit(address.href))
    assert.match((await visitor.visit(address.href)).text, /on your way back/)
  })

  test('the state of one login with the code of another browser', async () => {
    const victim = openVisitor(frontOf(house.gateway))
    const asked = await victim.visit(direct('github'))
    const mine = await answerOf('github')
    const swapped = new URL(mine)
    const state = asked.url.searchParams.get('state') ?? ''
    swapped.searchParams.set('state', state)
    // The code was asked for with another challenge, so the network refuses it.
    const shown = await victim.visit(swapped.href)
    const { result } = await resultOf(shown)
    assert.deepEqual(
      [result.data.plugin.data.reason, result.data.user],
      ['provider_refused_the_request', undefined],
    )
  })

  test('the code of another site', async () => {
    const other = await createOther('second')
    const app = house.sandbox!.app('github.com')
    await house.store.apps.save(other, 'github', app)
    const thief = openVisitor(frontOf(house.gateway))
    const asked = await thief.visit(direct('github').replace('house.api', 'second.api'))
    const mine = await answerOf('github')
    mine.hostname = 'second.api.kith.test'
    mine.searchParams.set('state', asked.url.searchParams.get('state') ?? '')
    const shown = await thief.visit(mine.href)
    assert.match(shown.text, /did not accept the login/)
    assert.equal(
      (await house.store.identities.list(other, { page: 1, size: 10, direction: 'asc' })).totalEntries,
      0,
    )
  })

  test('the answer of one network at the address of another', async () => {
    const address = await answerOf('github')
    address.pathname = address.pathname.replace('github', 'linkedin')
    const shown = await visitor.visit(address.href)
    const { result } = await resultOf(shown)
    assert.equal(result.data.plugin.data.reason, 'provider_answered_for_another_account')
  })

  test('the answer of one server of a network at the address of another', async () => {
    const address = await answerOf('mastodon', { login_data: 'one.example' })
    assert.equal(address.pathname, '/socialize/callback/mastodon/one.example')
    address.pathname = '/socialize/callback/mastodon/two.example'
    const shown = await visitor.visit(address.href)
    assert.equal(
      (await resultOf(shown)).result.data.plugin.data.reason,
      'provider_answered_for_another_account',
    )
  })

  test('an issuer other than the one that was asked, or none where it must be named', async () => {
    for (const iss of ['https://evil.example', undefined]) {
      const address = await answerOf('bluesky', { login_data: 'https://bsky.social' })
      if (iss) address.searchParams.set('iss', iss)
      else address.searchParams.delete('iss')
      const shown = await visitor.visit(address.href)
      const { result } = await resultOf(shown)
      assert.equal(result.data.plugin.data.reason, 'provider_answered_for_another_account', String(iss))
    }
  })

  test('a login that has taken too long', async () => {
    const hurried = { ...house.gateway, bounds: { ...house.gateway.bounds, loginLifeMs: 1 } }
    visitor = openVisitor(frontOf(hurried))
    const address = await answerOf('github')
    await refused(await visitor.visit(address.href))
  })

  test('more logins than the site may have under way', async () => {
    const narrow = { ...house.gateway, bounds: { ...house.gateway.bounds, loginsAtOnce: 1 } }
    visitor = openVisitor(frontOf(narrow))
    await visitor.visit(direct('github'))
    const shown = await visitor.visit(direct('github'))
    assert.equal((await resultOf(shown)).result.data.plugin.data.reason, 'service_is_overloaded')
  })

  test('more logins than one address may begin within a minute', async () => {
    visitor = openVisitor(frontOf(house.gateway, { startsPerMinute: 2 }))
    const statuses = []
    for (let at = 0; at < 3; at += 1) statuses.push((await visitor.visit(direct('github'))).status)
    assert.deepEqual(statuses, [200, 200, 429])
  })
})

describe('where the result may go', () => {
  const statusOf = async (callback_uri: string) => {
    const shown = await visitor.visit(direct('github', { callback_uri }))
    return shown.url.hostname === '127.0.0.1' ? 'sent on' : shown.status
  }

  test('pages on the domains of the site and below them, and nowhere else', async () => {
    const connections = async () =>
      (await house.ask('/connections.json')).body.response.result.data.connections
    const before = (await connections()).pagination.total_entries
    for (const uri of [
      'https://shop.example/cb',
      'http://shop.example/cb',
      'https://www.shop.example/cb?a=1&b=2',
      'https://shop.example:443/cb',
      'https://SHOP.example/cb',
    ]) {
      assert.equal(await statusOf(uri), 'sent on', uri)
    }
    for (const uri of [
      '',
      'shop.example',
      '//shop.example/cb',
      '/cb',
      'https://evil.example/cb',
      'https://evilshop.example/cb',
      'https://shop.example.evil.example/cb',
      'https://shop.example@evil.example/cb',
      'https://user:pass@shop.example/cb',
      'https://@shop.example/cb',
      'https://evil.example\\@shop.example/cb',
      'https://shop.example\\.evil.example/cb',
      'https://evil.example/shop.example',
      'https://evil.example?shop.example',
      'https://evil.example#shop.example',
      'https://shop.example/cb#fragment',
      'https://shop.example./cb',
      'https://shop.example:8443/cb',
      'https://[::1]/cb',
      'https://[::ffff:127.0.0.1]/cb',
      'https://127.0.0.1/cb',
      'https:shop.example/cb',
      'https:///shop.example/cb',
      'javascript://shop.example/%0aalert(1)',
      'data:text/html,shop.example',
      'ftp://shop.example/cb',
      'https://shop.example/cb\n',
      ' https://shop.example/cb',
      'https://shop\t.example/cb',
      `https://shop.example/${'a'.repeat(2_100)}`,
      'oneall://github',
    ]) {
      assert.equal(await statusOf(uri), 400, uri)
    }
    assert.equal((await connections()).pagination.total_entries, before)
  })

  test('a domain with a star is all below it, one with a port that port alone', async () => {
    const { store, site } = house
    const settings = (await store.sites.bySubdomain('house'))?.settings
    await store.sites.saveSettings(site, {
      ...settings,
      allowedDomains: ['*.star.example', 'dev.example:3000', 'localhost'],
    })
    const table = {
      'https://a.star.example/': 'sent on',
      'https://star.example/': 400,
      'http://dev.example:3000/': 'sent on',
      'http://dev.example/': 400,
      'http://localhost:5173/cb': 'sent on',
    }
    for (const [uri, expected] of Object.entries(table)) assert.equal(await statusOf(uri), expected, uri)
    await store.sites.saveSettings(site, { ...settings })
  })

  test('a page that says no more than it must, in text alone', async () => {
    const evil = `https://shop.example/cb?q="><script>alert(1)</script>`
    const address = await answerOf('github', { callback_uri: evil })
    const shown = await visitor.visit(address.href)
    assert.doesNotMatch(shown.text, /<script>alert/)
    const policy = shown.headers['content-security-policy'] ?? ''
    assert.match(policy, /default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/)
    assert.match(policy, /frame-ancestors 'none'; base-uri 'none'/)
    assert.deepEqual(
      [shown.headers['cache-control'], shown.headers['referrer-policy'], shown.headers['x-frame-options']],
      ['no-store', 'origin', 'DENY'],
    )
    const asked = await visitor.visit(direct('mastodon', { callback_uri: 'https://shop.example/"><b>' }))
    assert.doesNotMatch(asked.text, /"><b>/)
  })
})
