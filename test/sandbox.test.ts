import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openSandbox, type Sandbox } from '../src/sandbox/sandbox.ts'
import { readReal, textIn, WALKS, walkList } from './support/sandbox-walks.ts'

let sandbox: Sandbox
let now = Date.UTC(2026, 10, 21)

before(async () => {
  sandbox = await openSandbox({ now: () => now })
})
after(() => sandbox.close())
beforeEach(() => sandbox.reset())

describe('lists', () => {
  for (const walk of WALKS) {
    for (const list of walk.lists) {
      test(`${walk.name}: every contact of ${list} stands in exactly one page`, async () => {
        const grant = sandbox.grant(walk.host, { contacts: 1000, scopes: walk.scopes })
        const { ids, pages } = await walkList(sandbox, walk, grant, list)
        assert.equal(ids.length, 1000)
        assert.equal(new Set(ids).size, 1000)
        assert.equal(pages, walk.pagesFor1000)
        assert.ok(!ids.includes(grant.subject), 'nobody follows themselves')
      })
    }
    test(`${walk.name}: an empty list is one page without a next one`, async () => {
      const grant = sandbox.grant(walk.host, { contacts: 0, scopes: walk.scopes })
      assert.deepEqual(await walkList(sandbox, walk, grant, 'following'), { ids: [], pages: 1 })
    })
  }

  for (const walk of WALKS.filter(({ lists }) => lists.length === 2)) {
    test(`${walk.name}: exactly the mutual share stands in both lists`, async () => {
      const grant = sandbox.grant(walk.host, { contacts: 200, mutualShare: 0.25 })
      const following = new Set((await walkList(sandbox, walk, grant, 'following')).ids)
      const followers = (await walkList(sandbox, walk, grant, 'followers')).ids
      assert.equal(followers.filter((id) => following.has(id)).length, 50)
    })
  }

  test('a full last page of Mastodon leads to an empty one', async () => {
    const walk = WALKS.find(({ name }) => name === 'Mastodon')!
    const grant = sandbox.grant(walk.host, { contacts: 160 })
    assert.equal((await walkList(sandbox, walk, grant, 'following')).pages, 3)
  })

  test('next pages are addresses of the real network, and Facebook’s bear the token', async () => {
    const facebook = sandbox.grant('graph.facebook.com', { contacts: 30 })
    const friends = await readReal(
      sandbox,
      'https://graph.facebook.com/v25.0/me/friends',
      facebook.accessToken,
    )
    const next = new URL(textIn(friends.body, 'paging', 'next') ?? '')
    assert.equal(next.origin, 'https://graph.facebook.com')
    assert.equal(next.pathname, `/v25.0/${facebook.subject}/friends`)
    assert.equal(next.searchParams.get('access_token'), facebook.accessToken)

    const github = sandbox.grant('api.github.com', { contacts: 30 })
    const page = await readReal(
      sandbox,
      'https://api.github.com/user/following?per_page=10',
      github.accessToken,
    )
    assert.equal(
      page.headers.get('link'),
      '<https://api.github.com/user/following?per_page=10&page=2>; rel="next", ' +
        '<https://api.github.com/user/following?per_page=10&page=3>; rel="last"',
    )
  })

  test('LinkedIn’s projection brings the person behind a connection', async () => {
    const { accessToken } = sandbox.grant('api.linkedin.com', { scopes: ['r_1st_connections'], contacts: 3 })
    const projection = '(elements*(to~(id,localizedFirstName,localizedLastName)),paging)'
    const url = `https://api.linkedin.com/v2/connections?q=viewer&projection=${encodeURIComponent(projection)}`
    const { body } = await readReal(sandbox, url, accessToken)
    const [element] = Object(body).elements
    assert.deepEqual(Object.keys(element), ['to', 'to~'])
    assert.deepEqual(Object.keys(element['to~']), ['id', 'localizedFirstName', 'localizedLastName'])
    assert.equal(element.to, `urn:li:person:${element['to~'].id}`)
    assert.equal(Object(body).paging.total, 3)
  })
})

describe('bounds', () => {
  const refused: readonly (readonly [host: string, url: string, scopes?: string[]])[] = [
    ['api.x.com', 'https://api.x.com/2/users/{id}/following?max_results=1001'],
    ['api.x.com', 'https://api.x.com/2/users/{id}/following?max_results=0'],
    ['api.x.com', 'https://api.x.com/2/users/{id}/following?max_results=ten'],
    ['api.x.com', 'https://api.x.com/2/users/{id}/following?pagination_token=ABCDEFGHIJKLMNOP'],
    ['api.x.com', 'https://api.x.com/2/users/me?user.fields=shoe_size'],
    ['bsky.social', 'https://bsky.social/xrpc/app.bsky.graph.getFollows?actor={id}&limit=101'],
    ['bsky.social', 'https://bsky.social/xrpc/app.bsky.graph.getFollows?actor={id}&limit=0'],
    ['bsky.social', 'https://bsky.social/xrpc/app.bsky.graph.getFollows?limit=10'],
    ['graph.facebook.com', 'https://graph.facebook.com/v25.0/me?fields=id,shoe_size'],
    ['graph.facebook.com', 'https://graph.facebook.com/v25.0/me/friends?after=nonsense'],
    ['api.linkedin.com', 'https://api.linkedin.com/v2/connections?start=0', ['r_1st_connections']],
    ['api.linkedin.com', 'https://api.linkedin.com/rest/connections?q=viewer', ['r_1st_connections']],
  ]
  for (const [host, url, scopes] of refused) {
    test(`${url} is refused with 400`, async () => {
      const { accessToken, subject } = sandbox.grant(host, { scopes })
      assert.equal((await readReal(sandbox, url.replace('{id}', subject), accessToken)).status, 400)
    })
  }

  test('Mastodon and GitHub silently bring the page size within their bounds', async () => {
    const mastodon = sandbox.grant('mastodon.example', { contacts: 300 })
    const accounts = `https://mastodon.example/api/v1/accounts/${mastodon.subject}/following`
    assert.equal((await readReal(sandbox, `${accounts}?limit=500`, mastodon.accessToken)).items.length, 80)
    assert.equal((await readReal(sandbox, accounts, mastodon.accessToken)).items.length, 40)
    const github = sandbox.grant('api.github.com', { contacts: 300 })
    const users = 'https://api.github.com/user/following'
    assert.equal((await readReal(sandbox, `${users}?per_page=500`, github.accessToken)).items.length, 100)
    assert.equal((await readReal(sandbox, users, github.accessToken)).items.length, 30)
  })

  test('X and Facebook send only the fields asked for', async () => {
    const x = sandbox.grant('api.x.com')
    const users = `https://api.x.com/2/users/${x.subject}/following?max_results=1`
    const plain = await readReal(sandbox, users, x.accessToken)
    assert.deepEqual(Object.keys(Object(plain.body).data[0]).sort(), ['id', 'name', 'username'])
    const more = await readReal(sandbox, `${users}&user.fields=verified`, x.accessToken)
    assert.deepEqual(Object.keys(Object(more.body).data[0]).sort(), ['id', 'name', 'username', 'verified'])
    const facebook = sandbox.grant('graph.facebook.com')
    const me = 'https://graph.facebook.com/v25.0/me'
    const own = await readReal(sandbox, `${me}?fields=id,picture.width(200){url}`, facebook.accessToken)
    assert.deepEqual(Object.keys(own.body).sort(), ['id', 'picture'])
    assert.deepEqual(Object.keys(Object(own.body).picture.data), ['url'])
  })
})

describe('errors', () => {
  interface Case {
    readonly name: string
    readonly url: string
    readonly status: number
    readonly body: Readonly<Record<string, unknown>>
  }
  const unknownToken: readonly Case[] = [
    {
      name: 'X',
      url: 'https://api.x.com/2/users/me',
      status: 401,
      body: { title: 'Unauthorized', type: 'about:blank', status: 401, detail: 'Unauthorized' },
    },
    {
      name: 'Mastodon',
      url: 'https://mastodon.example/api/v1/accounts/verify_credentials',
      status: 401,
      body: { error: 'The access token is invalid' },
    },
    {
      name: 'Bluesky',
      url: 'https://bsky.social/xrpc/com.atproto.server.getSession',
      status: 400,
      body: { error: 'InvalidToken', message: 'Token could not be verified' },
    },
    {
      name: 'GitHub',
      url: 'https://api.github.com/user',
      status: 401,
      body: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' },
    },
    {
      name: 'LinkedIn',
      url: 'https://api.linkedin.com/v2/userinfo',
      status: 401,
      body: {
        status: 401,
        serviceErrorCode: 65600,
        code: 'INVALID_ACCESS_TOKEN',
        message: 'Invalid access token',
      },
    },
  ]
  for (const { name, url, status, body } of unknownToken) {
    test(`${name} says in its own form that it does not know the token`, async () => {
      const reading = await readReal(sandbox, url, 'nonsense')
      assert.equal(reading.status, status)
      assert.deepEqual(reading.body, body)
    })
  }

  test('Facebook names code, type and trace', async () => {
    const { status, body } = await readReal(sandbox, 'https://graph.facebook.com/v25.0/me', 'nonsense')
    const { code, type, fbtrace_id: trace } = Object(body).error
    assert.deepEqual({ status, code, type }, { status: 400, code: 190, type: 'OAuthException' })
    assert.match(trace, /^A[\w-]{22}$/)
  })

  test('expired and revoked tokens are told apart where the network tells them apart', async () => {
    const expiring = sandbox.grant('graph.facebook.com', { expiresInSeconds: 60 })
    const me = 'https://graph.facebook.com/v25.0/me'
    now += 61_000
    const expired = await readReal(sandbox, me, expiring.accessToken)
    assert.equal(Object(expired.body).error.error_subcode, 463)
    const revoked = sandbox.grant('graph.facebook.com')
    sandbox.revoke('graph.facebook.com', revoked.account)
    assert.equal(Object((await readReal(sandbox, me, revoked.accessToken)).body).error.error_subcode, 458)

    const session = sandbox.grant('bsky.social', { expiresInSeconds: 60 })
    now += 61_000
    const answer = await readReal(
      sandbox,
      'https://bsky.social/xrpc/com.atproto.server.getSession',
      session.accessToken,
    )
    assert.equal(answer.body.error, 'ExpiredToken')
  })

  test('LinkedIn refuses connections to an ordinary app', async () => {
    const { accessToken } = sandbox.grant('api.linkedin.com')
    const url = 'https://api.linkedin.com/v2/connections?q=viewer&start=0&count=50'
    const { status, body } = await readReal(sandbox, url, accessToken)
    assert.equal(status, 403)
    assert.equal(body.serviceErrorCode, 100)
    assert.equal(body.message, 'Not enough permissions to access: GET-viewer /connections')
  })

  test('a token without the scope is refused', async () => {
    const cases = [
      ['api.x.com', 'https://api.x.com/2/users/{id}/followers', ['users.read', 'tweet.read']],
      [
        'mastodon.example',
        'https://mastodon.example/api/v1/accounts/{id}/followers',
        ['profile', 'read:follows'],
      ],
      ['graph.facebook.com', 'https://graph.facebook.com/v25.0/me/friends', ['public_profile']],
    ] as const
    for (const [host, url, scopes] of cases) {
      const { accessToken, subject } = sandbox.grant(host, { scopes })
      assert.equal((await readReal(sandbox, url.replace('{id}', subject), accessToken)).status, 403, host)
    }
  })

  test('X answers 200 and names the user it could not find', async () => {
    const { accessToken } = sandbox.grant('api.x.com')
    const { status, body } = await readReal(sandbox, 'https://api.x.com/2/users/1/following', accessToken)
    assert.equal(status, 200)
    assert.equal(Object(body).errors[0].type, 'https://api.x.com/2/problems/resource-not-found')
  })

  test('GitHub turns away a request without a User-Agent', async () => {
    const { accessToken } = sandbox.grant('api.github.com')
    const { status } = await readReal(sandbox, 'https://api.github.com/user', accessToken, {
      'user-agent': '',
    })
    assert.equal(status, 403)
  })

  test('a host that is none has no network', async () => {
    assert.equal((await fetch(`${sandbox.url}/nowhere/api/v1/x`)).status, 404)
    assert.equal((await fetch(`${sandbox.url}/`)).status, 404)
  })
})

describe('rate limits', () => {
  const cases = [
    {
      host: 'api.x.com',
      url: 'https://api.x.com/2/users/{id}/following',
      limit: '300',
      headers: ['x-rate-limit-limit', 'x-rate-limit-remaining', 'x-rate-limit-reset'],
      refusal: 429,
    },
    {
      host: 'mastodon.example',
      url: 'https://mastodon.example/api/v1/accounts/{id}/following',
      limit: '300',
      headers: ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
      refusal: 429,
    },
    {
      host: 'bsky.social',
      url: 'https://bsky.social/xrpc/app.bsky.graph.getFollows?actor={id}',
      limit: '3000',
      headers: ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
      refusal: 429,
    },
    {
      host: 'api.github.com',
      url: 'https://api.github.com/user/following',
      limit: '5000',
      headers: ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'],
      refusal: 403,
    },
  ] as const
  for (const { host, url, limit, headers, refusal } of cases) {
    const [limitHeader, remainingHeader, resetHeader] = headers
    test(`${host} counts, refuses with ${refusal} and forgets at the time it names`, async () => {
      const { accessToken, subject } = sandbox.grant(host)
      const read = () => readReal(sandbox, url.replace('{id}', subject), accessToken)
      assert.equal((await read()).headers.get(limitHeader), limit)
      now += 24 * 3_600_000
      const fresh = sandbox.grant(host)
      const readFresh = () => readReal(sandbox, url.replace('{id}', fresh.subject), fresh.accessToken)
      sandbox.dial(host, { rateLimit: { limit: 2, windowSeconds: 90 } })
      assert.equal((await readFresh()).headers.get(remainingHeader), '1')
      assert.equal((await readFresh()).headers.get(remainingHeader), '0')
      const refused = await readFresh()
      assert.equal(refused.status, refusal)
      const reset = refused.headers.get(resetHeader) ?? ''
      const resetAt = host === 'mastodon.example' ? Date.parse(reset) : Number(reset) * 1000
      assert.ok(Math.abs(resetAt - (now + 90_000)) <= 1000, reset)
      now = resetAt + 1
      assert.equal((await readFresh()).status, 200)
    })
  }

  test('Facebook tells its usage in per cent and refuses the app with code 4', async () => {
    const { accessToken } = sandbox.grant('graph.facebook.com')
    sandbox.dial('graph.facebook.com', { rateLimit: { limit: 2, windowSeconds: 90 } })
    const read = () => readReal(sandbox, 'https://graph.facebook.com/v25.0/me', accessToken)
    assert.equal(JSON.parse((await read()).headers.get('x-app-usage') ?? '').call_count, 50)
    await read()
    const { status, body } = await read()
    assert.deepEqual([status, Object(body).error.code, Object(body).error.is_transient], [403, 4, true])
  })

  test('LinkedIn refuses without telling anything in headers', async () => {
    const { accessToken } = sandbox.grant('api.linkedin.com')
    sandbox.dial('api.linkedin.com', { rateLimit: { limit: 1, windowSeconds: 90 } })
    await readReal(sandbox, 'https://api.linkedin.com/v2/userinfo', accessToken)
    const { status, headers } = await readReal(sandbox, 'https://api.linkedin.com/v2/userinfo', accessToken)
    assert.equal(status, 429)
    assert.deepEqual(
      [...headers.keys()].filter((name) => /limit|retry/.test(name)),
      [],
    )
  })
})

describe('accounts', () => {
  const answerOf = async (seed: number) => {
    const other = await openSandbox({ seed })
    const walks = WALKS.map(async (walk) => {
      const grant = other.grant(walk.host, { contacts: 120, scopes: walk.scopes })
      return [grant, await walkList(other, walk, grant, 'following')]
    })
    const answers = await Promise.all(walks)
    await other.close()
    return answers.map(([grant, list]) => [
      { ...Object(grant), expiresAt: 0, accessToken: '', refreshToken: '' },
      list,
    ])
  }

  test('the same seed gives the same accounts and lists, another seed others', async () => {
    const first = await answerOf(7)
    assert.deepEqual(await answerOf(7), first)
    assert.notDeepEqual(await answerOf(8), first)
  })

  test('ids are as the networks make them', () => {
    const shapes = {
      'api.x.com': /^\d{19}$/,
      'graph.facebook.com': /^\d{15}(\d\d)?$/,
      'api.linkedin.com': /^[\w-]{10}$/,
      'mastodon.example': /^\d{18}$/,
      'gotosocial.example': /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
      'bsky.social': /^did:plc:[a-z2-7]{24}$/,
      'api.github.com': /^\d{6,9}$/,
    }
    for (const [host, shape] of Object.entries(shapes)) {
      for (const account of [0, 1, 2, 17, 19_999])
        assert.match(sandbox.grant(host, { account }).subject, shape, host)
    }
    assert.ok(!Number.isSafeInteger(Number(sandbox.grant('api.x.com').subject)), 'beyond what a double holds')
  })

  test('names come in many scripts, some with emoji, some absent', async () => {
    const walk = WALKS.find(({ name }) => name === 'Bluesky')!
    const grant = sandbox.grant(walk.host, { contacts: 100 })
    const { body } = await readReal(sandbox, walk.first(grant, 'following'), grant.accessToken)
    const names: string[] = Object(body).follows.map(({ displayName = '' }) => displayName)
    const scripts = ['Latin', 'Cyrillic', 'Greek', 'Han', 'Hangul', 'Arabic', 'Hebrew', 'Devanagari', 'Thai']
    for (const script of scripts) {
      assert.ok(
        names.some((name) => new RegExp(`\\p{Script=${script}}`, 'u').test(name)),
        script,
      )
    }
    assert.ok(names.some((name) => /\p{Emoji_Presentation}/u.test(name)))
    assert.ok(names.some((name) => /\p{M}/u.test(name)))
  })

  test('a grant that cannot be made says why', () => {
    assert.throws(() => sandbox.grant('api.x.com', { contacts: 19_000 }), /more accounts/)
    assert.throws(() => sandbox.grant('api.x.com', { account: 20_000 }), /account must be/)
    assert.throws(() => sandbox.grant('nowhere'), /is no host/)
  })

  test('ten thousand contacts in both directions fit the default sandbox', async () => {
    const walk = WALKS.find(({ name }) => name === 'X')!
    const grant = sandbox.grant(walk.host, { contacts: 10_001 })
    const [following, followers] = await Promise.all(
      walk.lists.map((list) => walkList(sandbox, walk, grant, list).then(({ ids }) => new Set(ids).size)),
    )
    assert.deepEqual([following, followers], [10_001, 10_001])
  })
})

describe('dials', () => {
  const url = 'https://mastodon.example/api/v2/instance'
  const read = () => readReal(sandbox, url)

  test('a dialled status comes in the network’s own form, with Retry-After when dialled', async () => {
    sandbox.dial('mastodon.example', { status: 503, retryAfterSeconds: 7 })
    const { status, headers, body } = await read()
    assert.equal(status, 503)
    assert.equal(headers.get('retry-after'), '7')
    assert.equal(typeof body.error, 'string')
    sandbox.reset()
    assert.equal((await read()).status, 200)
  })

  test('a dial with times and path holds only so often and only there', async () => {
    sandbox.dial('mastodon.example', { status: 500, path: '/api/v2', times: 2 })
    const other = await readReal(sandbox, 'https://mastodon.example/.well-known/oauth-authorization-server')
    assert.equal(other.status, 200)
    assert.deepEqual([(await read()).status, (await read()).status, (await read()).status], [500, 500, 200])
  })

  test('failRate fails about its part of the requests', async () => {
    sandbox.dial('mastodon.example', { failRate: 0.3 })
    const statuses = await Promise.all(Array.from({ length: 200 }, async () => (await read()).status))
    const failed = statuses.filter((status) => status === 503).length
    assert.ok(failed > 35 && failed < 85, `${failed} of 200`)
  })

  test('a dropped request ends without an answer', async () => {
    sandbox.dial('mastodon.example', { dropRate: 1 })
    await assert.rejects(read())
    assert.equal(sandbox.requests({ host: 'mastodon.example' }) >= 1, true)
  })

  test('a hanging request never ends by itself', async () => {
    sandbox.dial('mastodon.example', { hang: true })
    const target = url.replace('https://', `${sandbox.url}/`)
    await assert.rejects(fetch(target, { signal: AbortSignal.timeout(80) }), { name: 'TimeoutError' })
  })

  test('HTML, half a body and an exact body can be had', async () => {
    sandbox.dial('mastodon.example', { htmlInsteadOfJson: true })
    assert.match((await read()).headers.get('content-type') ?? '', /^text\/html/)
    sandbox.dial('mastodon.example', { truncatedBody: true })
    await assert.rejects(read())
    sandbox.dial('mastodon.example', { status: 502, body: 'upstream is away' })
    const response = await fetch(url.replace('https://', `${sandbox.url}/`))
    assert.deepEqual([response.status, await response.text()], [502, 'upstream is away'])
  })

  test('latency delays, and the dial of one host is not that of another', async () => {
    sandbox.dial('*', { latencyMs: 200 })
    sandbox.dial('fast.example', {})
    const timed = async (host: string) => {
      const start = performance.now()
      await readReal(sandbox, `https://${host}/api/v2/instance`)
      return performance.now() - start
    }
    assert.ok((await timed('slow.example')) >= 195)
    assert.ok((await timed('fast.example')) < 150)
  })

  test('requests are counted by host and path until reset', async () => {
    await read()
    await read()
    await readReal(sandbox, 'https://other.example/api/v2/instance')
    assert.equal(sandbox.requests(), 3)
    assert.equal(sandbox.requests({ host: 'mastodon.example' }), 2)
    assert.equal(sandbox.requests({ path: '/api/v2/*' }), 3)
    assert.equal(sandbox.requests({ host: 'mastodon.example', path: '/api/v1/accounts' }), 0)
    sandbox.reset()
    assert.equal(sandbox.requests(), 0)
  })

  test('the doors below /_control do what the functions do', async () => {
    const knock = (path: string, fields: unknown) =>
      fetch(`${sandbox.url}/_control${path}`, { method: 'POST', body: JSON.stringify(fields) })
    const grant = Object(await (await knock('/grant', { host: 'mastodon.example', contacts: 5 })).json())
    const { accessToken, account } = grant
    const verify = 'https://mastodon.example/api/v1/accounts/verify_credentials'
    assert.equal((await readReal(sandbox, verify, accessToken)).body.id, grant.subject)
    assert.equal((await knock('/dial', { host: 'mastodon.example', status: 500, times: 1 })).status, 200)
    assert.equal((await readReal(sandbox, verify, accessToken)).status, 500)
    await knock('/dial', { host: 'mastodon.example', revoke: account })
    assert.equal((await readReal(sandbox, verify, accessToken)).status, 401)
    const counted = await fetch(`${sandbox.url}/_control/requests?host=mastodon.example`)
    assert.deepEqual(await counted.json(), { count: 3 })

    for (const wrong of [
      { host: 'mastodon.example', latency: 5 },
      { host: 'mastodon.example', latencyMs: '5' },
      {},
    ]) {
      assert.equal((await knock('/dial', wrong)).status, 400, JSON.stringify(wrong))
    }
    assert.equal((await knock('/nothing', {})).status, 404)
  })
})
