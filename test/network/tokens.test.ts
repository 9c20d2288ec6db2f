import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import type { OAuth2, Provider } from '../../src/core/provider.ts'
import { expiryOf } from '../../src/network/grants.ts'
import {
  ACCESS,
  type Answer,
  CLIENT_SECRET,
  createMemoryStore,
  identityAt,
  json,
  type LocalServer,
  listen,
  openRoom,
  PROBE,
  REFRESH,
} from './support.ts'

const NEW_ACCESS = 'renewed-access-token-1'
const NEW_REFRESH = 'renewed-refresh-token-1'
const FRESH = { access_token: NEW_ACCESS, refresh_token: NEW_REFRESH, expires_in: 7200 }

const expired = () => ({ accessToken: ACCESS, refreshToken: REFRESH, expiresAt: Date.now() - 1_000 })
const endingSoon = () => ({ accessToken: ACCESS, refreshToken: REFRESH, expiresAt: Date.now() + 30_000 })

/** A network whose token endpoint answers as told and whose API knows the new token only. */
function probe(answer: Answer = (response) => json(response, 200, FRESH)): Answer {
  return async (response, asked) => {
    if (asked.url.startsWith('/token')) return answer(response, asked)
    const isKnown = asked.headers.authorization === `Bearer ${NEW_ACCESS}`
    json(response, isKnown ? 200 : 401, { isKnown })
  }
}

const renewals = ({ asked }: LocalServer) => asked.filter(({ url }) => url.startsWith('/token'))

const withAuth = (auth: Partial<OAuth2>): Provider => ({ ...PROBE, auth: { ...PROBE.auth, ...auth } })

test('a token about to end is renewed first, stored, and then used', async (t) => {
  const server = await listen(t, probe())
  const { networks, store, logged } = openRoom(t, { base: server.url, tokens: endingSoon() })
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
  assert.deepEqual(
    server.asked.map(({ url }) => url),
    ['/token', '/me'],
  )
  const form = Object.fromEntries(new URLSearchParams(server.asked[0]?.body))
  assert.deepEqual(form, {
    grant_type: 'refresh_token',
    refresh_token: REFRESH,
    client_id: 'client',
    client_secret: CLIENT_SECRET,
  })
  const row = store.rows.get(7)!
  assert.deepEqual(
    [row.tokens.accessToken, row.tokens.refreshToken, row.version],
    [NEW_ACCESS, NEW_REFRESH, 2],
  )
  assert.ok(Math.abs(row.tokens.expiresAt! - Date.now() - 7_200_000) < 5_000)
  const seen = inspect(logged, { depth: 9 })
  for (const secret of [ACCESS, REFRESH, NEW_ACCESS, NEW_REFRESH, CLIENT_SECRET])
    assert.ok(!seen.includes(secret))
})

test('a token that lasts, or of which no end is known, is left as it is', async (t) => {
  for (const expiresAt of [undefined, Date.now() + 120_000]) {
    const server = await listen(t, (response) => json(response, 200, {}))
    const { networks } = openRoom(t, {
      base: server.url,
      tokens: { accessToken: ACCESS, refreshToken: REFRESH, expiresAt },
    })
    await networks.open(identityAt()).fetch({ path: '/me' })
    assert.equal(renewals(server).length, 0)
  }
})

test('a refused token is renewed once and the request sent again, a POST too', async (t) => {
  const server = await listen(t, probe())
  const tokens = { accessToken: ACCESS, refreshToken: REFRESH }
  const { networks } = openRoom(t, { base: server.url, tokens })
  const answer = await networks.open(identityAt()).fetch({ method: 'POST', path: '/me', json: { a: 1 } })
  assert.equal(answer.status, 200)
  assert.deepEqual(
    server.asked.map(({ url }) => url),
    ['/me', '/token', '/me'],
  )
})

test('a network that refuses the new token as well asks for a new link', async (t) => {
  const server = await listen(t, (response, { url }) => json(response, url === '/token' ? 200 : 401, FRESH))
  const { networks } = openRoom(t, {
    base: server.url,
    tokens: { accessToken: ACCESS, refreshToken: REFRESH },
  })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'relink_required' })
  assert.equal(server.asked.length, 3)
})

test('fifty callers at once cause one renewal', async (t) => {
  const server = await listen(
    t,
    probe(async (response) => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      json(response, 200, FRESH)
    }),
  )
  const store = createMemoryStore(expired())
  const { claimRefresh } = store.tokens
  let claims = 0
  store.tokens.claimRefresh = async (...given) => {
    claims += 1
    return claimRefresh(...given)
  }
  const { networks } = openRoom(t, { base: server.url, store })
  const all = await Promise.all(
    Array.from({ length: 50 }, () => networks.open(identityAt()).fetch({ path: '/me' })),
  )
  assert.ok(all.every(({ status }) => status === 200))
  assert.deepEqual([renewals(server).length, claims], [1, 1])
})

test('several processes cause one renewal; those that lose read what the winner stored', async (t) => {
  const server = await listen(
    t,
    probe(async (response) => {
      await new Promise((resolve) => setTimeout(resolve, 80))
      json(response, 200, FRESH)
    }),
  )
  const store = createMemoryStore(expired())
  const rooms = Array.from({ length: 4 }, () => openRoom(t, { base: server.url, store }))
  const all = await Promise.all(
    rooms.flatMap(({ networks }) => [1, 2, 3].map(() => networks.open(identityAt()).fetch({ path: '/me' }))),
  )
  assert.ok(all.every(({ status }) => status === 200))
  assert.equal(renewals(server).length, 1)
})

test('whoever still holds a working token does not wait for another process', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const store = createMemoryStore(endingSoon())
  await store.tokens.claimRefresh(identityAt(), 1, 60_000)
  const { networks } = openRoom(t, { base: server.url, store })
  const startedAt = performance.now()
  await networks.open(identityAt()).fetch({ path: '/me' })
  assert.ok(performance.now() - startedAt < 500)
  assert.equal(server.asked[0]?.headers.authorization, `Bearer ${ACCESS}`)
})

test('a token renewed elsewhere meanwhile is used without renewing it again', async (t) => {
  const store = createMemoryStore({ accessToken: ACCESS, refreshToken: REFRESH })
  const server = await listen(t, async (response, asked) => {
    if (asked.headers.authorization === `Bearer ${ACCESS}`) {
      await store.tokens.replace(identityAt(), { accessToken: NEW_ACCESS, refreshToken: NEW_REFRESH })
    }
    await probe()(response, asked)
  })
  const { networks } = openRoom(t, { base: server.url, store })
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
  assert.equal(renewals(server).length, 0)
})

test('a refresh token that works once is not sent again when its answer was lost', async (t) => {
  let now = Date.now()
  const server = await listen(
    t,
    probe((response) => {
      response.destroy()
    }),
  )
  const tokens = { accessToken: ACCESS, refreshToken: REFRESH, expiresAt: now - 1 }
  const store = createMemoryStore(tokens, () => now)
  const one = openRoom(t, { base: server.url, store, now: () => now })
  const other = openRoom(t, { base: server.url, store, now: () => now, options: { requestDeadlineMs: 200 } })
  const fetch = (room: typeof one) => room.networks.open(identityAt()).fetch({ path: '/me' })
  await assert.rejects(fetch(one), { code: 'network_silent' })
  now += 30_000
  await assert.rejects(fetch(one), { code: 'network_silent', retryAfterSeconds: 60 })
  await assert.rejects(fetch(other), { code: 'network_silent' })
  assert.equal(renewals(server).length, 1)
  assert.deepEqual(store.rows.get(7)?.tokens, tokens)
})

test('when the lease on a lost renewal has ended it is tried once more', async (t) => {
  let now = Date.now()
  let isLost = true
  const server = await listen(
    t,
    probe((response) => {
      if (isLost) response.destroy()
      else json(response, 200, FRESH)
    }),
  )
  const store = createMemoryStore({ ...expired(), expiresAt: now - 1 }, () => now)
  const { networks } = openRoom(t, { base: server.url, store, now: () => now })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'network_silent' })
  isLost = false
  now += 90_001
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
})

test('an answer of 502 leaves a token that works once in doubt too; 503 and 429 do not', async (t) => {
  for (const [status, isKept] of [
    [502, true],
    [500, true],
    [503, false],
    [429, false],
  ] as const) {
    const server = await listen(
      t,
      probe((response) => json(response, status, {}, { 'retry-after': '60' })),
    )
    const { networks, store } = openRoom(t, { base: server.url, tokens: expired() })
    await assert.rejects(
      networks.open(identityAt()).fetch({ path: '/me' }),
      (error: Error & { retryable: boolean }) => {
        return error.retryable
      },
    )
    assert.equal(renewals(server).length, 1, `${status}`)
    assert.equal(store.rows.get(7)?.leaseUntil !== undefined, isKept, `${status}`)
  }
})

test('a refresh token that stays is free to be sent again after silence', async (t) => {
  let isLost = true
  const server = await listen(
    t,
    probe((response) => {
      if (isLost) response.destroy()
      else json(response, 200, { access_token: NEW_ACCESS })
    }),
  )
  const { networks, store } = openRoom(t, {
    provider: withAuth({ refresh: 'stays' }),
    base: server.url,
    tokens: expired(),
  })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'network_silent' })
  isLost = false
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
  assert.equal(store.rows.get(7)?.tokens.refreshToken, REFRESH)
})

describe('a fault at the token endpoint disconnects nobody while the token still works', () => {
  const FAULTS: readonly (readonly [name: string, answer: Answer])[] = [
    ['500', (response) => json(response, 500, {})],
    ['429', (response) => json(response, 429, {})],
    ['silence', (response) => void response.destroy()],
    ['HTML', (response) => void response.end('<html>')],
    ['a wrong client', (response) => json(response, 401, { error: 'invalid_client' })],
  ]
  for (const [name, answer] of FAULTS) {
    test(name, async (t) => {
      const server = await listen(t, (response, asked) => {
        return asked.url === '/token' ? answer(response, asked) : json(response, 200, {})
      })
      const { networks, store } = openRoom(t, { base: server.url, tokens: endingSoon() })
      assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
      assert.equal(store.rows.get(7)?.tokens.refreshToken, REFRESH)
    })
  }
})

test('invalid_grant asks for a new link and gives the lease back', async (t) => {
  const server = await listen(
    t,
    probe((response) => json(response, 400, { error: 'invalid_grant', error_description: `no ${REFRESH}` })),
  )
  const { networks, store } = openRoom(t, { base: server.url, tokens: expired() })
  await assert.rejects(
    networks.open(identityAt()).fetch({ path: '/me' }),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'relink_required')
      assert.ok(!inspect(error, { depth: 9 }).includes(REFRESH))
      return true
    },
  )
  assert.equal(store.rows.get(7)?.leaseUntil, undefined)
})

test('a wrong client secret is the site’s matter and never asks for a new link', async (t) => {
  const server = await listen(
    t,
    probe((response) => json(response, 401, { error: 'invalid_client' })),
  )
  const { networks, store } = openRoom(t, { base: server.url, tokens: expired() })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'network_rejected' })
  store.app = undefined
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), {
    message: 'This site has no client id for Probe.',
  })
})

test('a refusal with status 200, and an answer written as a form, are understood', async (t) => {
  const bodies = ['error=bad_refresh_token', `access_token=${NEW_ACCESS}&expires_in=60&scope=a,b`]
  const server = await listen(
    t,
    probe((response) => void response.end(bodies.shift())),
  )
  const errors: Provider['errors'] = [{ status: 200, body: /bad_refresh_token/, code: 'relink_required' }]
  const { networks, store } = openRoom(t, {
    provider: { ...PROBE, errors },
    base: server.url,
    tokens: expired(),
  })
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'relink_required' })
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
  assert.deepEqual(store.rows.get(7)?.tokens.scopes, ['a', 'b'])
})

test('the client proves itself as the network wants it', async (t) => {
  const server = await listen(t, probe())
  const basic = openRoom(t, {
    provider: withAuth({ clientAuth: 'basic' }),
    base: server.url,
    store: createMemoryStore(expired()),
  })
  basic.store.app = { clientId: 'client id', clientSecret: 'secret:with/marks' }
  await basic.networks.open(identityAt()).fetch({ path: '/me' })
  const renamed = openRoom(t, {
    provider: withAuth({ clientIdParam: 'client_key' }),
    base: server.url,
    tokens: expired(),
  })
  await renamed.networks.open(identityAt()).fetch({ path: '/me' })
  const [byHeader, byName] = renewals(server)
  assert.equal(
    Buffer.from(byHeader!.headers.authorization!.slice(6), 'base64').toString(),
    'client+id:secret%3Awith%2Fmarks',
  )
  assert.deepEqual([...new URLSearchParams(byHeader!.body).keys()], ['grant_type', 'refresh_token'])
  assert.equal(new URLSearchParams(byName!.body).get('client_key'), 'client')
  assert.equal(new URLSearchParams(byName!.body).get('client_id'), null)
})

test('a renewal goes on when its caller has left, and closing waits for it', async (t) => {
  const server = await listen(
    t,
    probe(async (response) => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      json(response, 200, FRESH)
    }),
  )
  const { networks, store } = openRoom(t, { base: server.url, tokens: expired() })
  const request = networks.open(identityAt()).fetch({ path: '/me' }, { signal: AbortSignal.timeout(20) })
  await assert.rejects(request, { code: 'network_silent' })
  await networks.close()
  assert.equal(store.rows.get(7)?.tokens.accessToken, NEW_ACCESS)
})

test('closing does not wait for what another process renews', async (t) => {
  const store = createMemoryStore(expired())
  await store.tokens.claimRefresh(identityAt(), 1, 60_000)
  const { networks } = openRoom(t, { base: 'http://127.0.0.1:1', store })
  const request = networks.open(identityAt()).fetch({ path: '/me' })
  const refused = assert.rejects(request, { code: 'network_silent' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  const startedAt = performance.now()
  await networks.close()
  await refused
  assert.ok(performance.now() - startedAt < 1_000)
})

test('new tokens survive a short fault of the store', async (t) => {
  const server = await listen(t, probe())
  const store = createMemoryStore(expired())
  let faults = 2
  const { finishRefresh } = store.tokens
  store.tokens.finishRefresh = async (...given) => {
    faults -= 1
    if (faults >= 0) throw new Error('The database does not answer.')
    return finishRefresh(...given)
  }
  const { networks } = openRoom(t, { base: server.url, store })
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
  assert.equal(renewals(server).length, 1)
  assert.equal(store.rows.get(7)?.tokens.refreshToken, NEW_REFRESH)
})

test('new tokens are not stored over those of a new link', async (t) => {
  const store = createMemoryStore(expired())
  const server = await listen(
    t,
    probe(async (response) => {
      await store.tokens.replace(identityAt(), { accessToken: NEW_ACCESS, refreshToken: 'of-the-new-link' })
      json(response, 200, { ...FRESH, access_token: 'too-late-access-token' })
    }),
  )
  const { networks } = openRoom(t, { base: server.url, store })
  assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
  assert.equal(store.rows.get(7)?.tokens.refreshToken, 'of-the-new-link')
})

test('a token without any means of renewal asks for a new link when it is refused', async (t) => {
  const server = await listen(t, probe())
  for (const provider of [withAuth({ refresh: 'none' }), PROBE]) {
    const tokens = {
      accessToken: ACCESS,
      expiresAt: Date.now() - 1,
      refreshToken: provider === PROBE ? undefined : REFRESH,
    }
    const { networks } = openRoom(t, { provider, base: server.url, tokens })
    await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'relink_required' })
  }
  assert.equal(renewals(server).length, 0)
})

test('an identity without tokens asks for a new link', async (t) => {
  const { networks, store } = openRoom(t, { base: 'http://127.0.0.1:1' })
  store.rows.clear()
  await assert.rejects(networks.open(identityAt()).fetch({ path: '/me' }), { code: 'relink_required' })
})

describe('tokens that are extended', () => {
  const provider = withAuth({
    refresh: 'extends',
    extend: {
      grant: 'long_exchange',
      tokenParam: 'exchange_token',
      url: 'https://api.probe.example/1/token',
    },
  })
  const inDays = (days: number) => ({ accessToken: ACCESS, expiresAt: Date.now() + days * 86_400_000 })

  test('are extended while they still work', async (t) => {
    const server = await listen(
      t,
      probe((response) => json(response, 200, { access_token: NEW_ACCESS, expires_in: '5184000' })),
    )
    const { networks, store } = openRoom(t, { provider, base: server.url, tokens: inDays(20) })
    assert.equal((await networks.open(identityAt()).fetch({ path: '/me' })).status, 200)
    const [renewal] = renewals(server)
    assert.equal(renewal?.method, 'GET')
    const { searchParams } = new URL(renewal!.url, server.url)
    assert.equal(searchParams.get('grant_type'), 'long_exchange')
    assert.equal(searchParams.get('exchange_token'), ACCESS)
    assert.ok(store.rows.get(7)!.tokens.expiresAt! > Date.now() + 59 * 86_400_000)
  })

  test('are left alone while they last, and when they have ended', async (t) => {
    const server = await listen(t, (response) => json(response, 200, {}))
    for (const days of [55, -1]) {
      const { networks } = openRoom(t, { provider, base: server.url, tokens: inDays(days) })
      await networks.open(identityAt()).fetch({ path: '/me' })
    }
    assert.equal(renewals(server).length, 0)
  })

  test('go on working when the extension is refused, which is then not asked for each time', async (t) => {
    const server = await listen(t, (response, { url }) =>
      json(response, url.startsWith('/token') ? 400 : 200, {}),
    )
    const { networks } = openRoom(t, { provider, base: server.url, tokens: inDays(20) })
    for (let time = 0; time < 3; time += 1) await networks.open(identityAt()).fetch({ path: '/me' })
    assert.equal(renewals(server).length, 1)
    assert.equal(server.asked.length, 4)
  })
})

test('tokens are renewed on demand', async (t) => {
  const server = await listen(t, probe())
  const tokens = { accessToken: ACCESS, refreshToken: REFRESH, expiresAt: Date.now() + 3_600_000 }
  const { networks, store } = openRoom(t, { base: server.url, tokens })
  await networks.renewTokens(identityAt(), { force: false })
  assert.equal(store.rows.get(7)?.version, 1)
  await networks.renewTokens(identityAt(), { force: true })
  assert.equal(store.rows.get(7)?.tokens.accessToken, NEW_ACCESS)
})

test('a lease shorter than the renewal it guards is refused', (t) => {
  assert.throws(() => openRoom(t, { options: { refreshLeaseMs: 9_000 } }), { code: 'invalid_request' })
})

test('the end of a JWT is read from the token', () => {
  const jwt = (claims: unknown) => `a.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c`
  assert.equal(expiryOf(jwt({ exp: 1_700_000_000 })), 1_700_000_000_000)
  for (const token of [jwt({}), jwt({ exp: 'soon' }), jwt(null), 'opaque', 'a.b.c', 'a.%%%.c']) {
    assert.equal(expiryOf(token), undefined, token)
  }
})
