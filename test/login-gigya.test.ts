// Gigya's redirects: socialize.login and socialize.addConnection in a browser, and the code they may end with.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Front } from '../src/dialects/front.ts'
import type { Transaction } from '../src/dialects/gigya/gigya.ts'
import { toWireRequest } from '../src/dialects/wire-request.ts'
import { type House, openHouse } from './support/house.ts'
import { frontOf, KITH, openVisitor, setUp, type Visitor } from './support/login.ts'

let house: House
let front: Front
let visitor: Visitor
before(async () => {
  house = await openHouse({ sandbox: true })
  await setUp(house)
  front = frontOf(house.gateway, { startsPerMinute: 10_000 })
})
after(() => house.close())
beforeEach(() => {
  house.sandbox?.reset()
  visitor = openVisitor(front)
})

const REDIRECT = 'https://shop.example/gigya?keep=1'
const address = (query: Record<string, string>, method = 'login') =>
  `https://socialize.${KITH}/socialize.${method}?${new URLSearchParams({
    client_id: house.site.apiKey,
    redirect_uri: REDIRECT,
    response_type: 'token',
    x_provider: 'github',
    ...query,
  })}`

async function come(query: Record<string, string>, account = '50', method = 'login'): Promise<URL> {
  const asked = await visitor.visit(address(query, method))
  if (asked.url.hostname !== '127.0.0.1') return asked.url
  return (await visitor.decide(asked, { decision: 'approve', account })).url
}

async function call(method: string, params: Record<string, string>) {
  const body = Buffer.from(new URLSearchParams({ format: 'json', ...params }).toString())
  const headers = { host: `socialize.${KITH}`, 'content-type': 'application/x-www-form-urlencoded' }
  const target = `/socialize.${method}`
  const answer = await front.answer(
    toWireRequest({ method: 'POST', target, headers, body, scheme: 'https', at: Date.now() }),
  )
  return JSON.parse(Buffer.concat([answer.body].flat()).toString())
}

const fragmentOf = ({ hash }: URL) => new URLSearchParams(hash.slice(1))

describe('socialize.login', () => {
  test('with response_type=token puts a token of the user into the fragment', async () => {
    const end = await come({ state: 'st&te', x_session_expiration: '600' })
    assert.ok(end.href.startsWith(`${REDIRECT}#`))
    const given = fragmentOf(end)
    assert.deepEqual(
      [given.get('state'), given.get('status'), given.get('expires_in')],
      ['st&te', 'ok', '600'],
    )
    const info = await call('getUserInfo', { oauth_token: given.get('access_token') ?? '' })
    assert.equal(info.errorCode, 0)
    assert.equal(info.isLoggedIn, true)
    assert.equal(info.loginProvider, 'github')
    const again = fragmentOf(await come({}))
    const same = await call('getUserInfo', { oauth_token: again.get('access_token') ?? '' })
    assert.equal(same.UID, info.UID)
  })

  test('with x_secret_type=oauth1 gives the secret that sessions sign with', async () => {
    const given = fragmentOf(await come({ x_secret_type: 'oauth1' }))
    assert.equal(Buffer.from(given.get('x_access_token_secret') ?? '', 'base64').length, 32)
  })

  test('with response_type=code gives a code that is exchanged once, by its site, for its address', async () => {
    const secret = (await house.store.sites.secrets(house.site)).secret
    const client = { client_id: house.site.apiKey, client_secret: secret, grant_type: 'authorization_code' }
    const codeOf = async () =>
      (await come({ response_type: 'code', state: 's' })).searchParams.get('code') ?? ''
    const code = await codeOf()
    const token = await call('getToken', { ...client, code, redirect_uri: REDIRECT })
    assert.equal(token.errorCode, 0, JSON.stringify(token))
    const info = await call('getUserInfo', { oauth_token: token.access_token })
    assert.equal(info.identities[0].provider, 'github')
    assert.equal((await call('getToken', { ...client, code, redirect_uri: REDIRECT })).errorCode, 400006)
    const elsewhere = { ...client, code: await codeOf(), redirect_uri: 'https://shop.example/other' }
    assert.equal((await call('getToken', elsewhere)).errorCode, 400011)
    assert.equal((await call('getToken', { ...client, redirect_uri: REDIRECT })).errorCode, 400002)
    assert.equal(
      (await call('getToken', { ...client, code: 'guess', redirect_uri: REDIRECT })).errorCode,
      400006,
    )
  })

  test('sends what went wrong to the redirect_uri, as a number and its text', async () => {
    const refused = await visitor.decide(await visitor.visit(address({})), { decision: 'deny' })
    assert.equal(fragmentOf(refused.url).get('error_description'), '200001 - Operation canceled')
    const table: [Record<string, string>, string][] = [
      [{ x_provider: 'nothing' }, '400006 - Invalid parameter value'],
      [{ x_provider: '' }, '400002 - Missing required parameter'],
      [{ response_type: 'id_token' }, '400012 - Invalid response type'],
      [{ x_provider: 'orkut' }, '410000 - Gone'],
      [{ x_session_expiration: '-5' }, '400006 - Invalid parameter value'],
      [{ x_session_expiration: '1e9' }, '400006 - Invalid parameter value'],
    ]
    for (const [query, expected] of table) {
      const end = await come({ ...query, state: 'kept' })
      assert.equal(fragmentOf(end).get('error_description'), expected)
      assert.equal(fragmentOf(end).get('state'), 'kept')
    }
  })

  test('goes to no address that the site has not named, and tells it nothing', async () => {
    for (const redirect_uri of [
      'https://evil.example/',
      'https://shop.example@evil.example/',
      'gsapi://a#b',
      'x://y',
      '',
    ]) {
      const shown = await visitor.visit(address({ redirect_uri }))
      assert.equal(shown.status, 400, redirect_uri)
      assert.equal(shown.headers.location, undefined)
    }
    assert.equal((await visitor.visit(address({ client_id: 'nobody' }))).status, 400)
    for (const redirect_uri of [
      'gigya://evil/',
      'gigya://gsapi',
      'gigya://gsapi/a#b',
      'gigya:gsapi/',
      'xgigya://gsapi/',
    ]) {
      assert.equal((await visitor.visit(address({ redirect_uri }))).status, 400, redirect_uri)
    }
  })

  test('goes back to the addresses that the apps of each SDK listen to', async () => {
    for (const redirect_uri of [
      'gsapi://login_result',
      'gsapi://gsapi/login_result',
      'gigya://gsapi/com.example.shop/login_result',
    ]) {
      const app = await come({ redirect_uri, x_secret_type: 'oauth1', x_loginMode: 'standard', gmid: 'g' })
      assert.ok(app.href.startsWith(`${redirect_uri}#access_token=`), app.href)
      const given = fragmentOf(app)
      assert.equal(given.get('status'), 'ok')
      const ended = await visitor.decide(await visitor.visit(address({ redirect_uri })), { decision: 'deny' })
      // As the SDK for Android takes it apart: plus signs go, what stands before the dash is a number.
      const [number] = (/error_description=([^&]*)/.exec(ended.url.hash)?.[1] ?? '')
        .replaceAll('+', '')
        .split('-')
      assert.equal(number, '200001')
    }
  })

  test('finds the names of its parameters in any case, and the older names of some', async () => {
    const query = new URLSearchParams({
      CLIENT_ID: house.site.apiKey,
      Redirect_Uri: REDIRECT,
      response_Type: 'token',
      X_Provider: 'github',
      x_sessionExpiration: '700',
      x_force_authentication: 'true',
    })
    const asked = await visitor.visit(`https://socialize.${KITH}/Socialize.LOGIN?${query}`)
    const end = (await visitor.decide(asked, { decision: 'approve', account: '50' })).url
    assert.equal(fragmentOf(end).get('expires_in'), '700')
    const twice = await visitor.visit(`${address({})}&CLIENT_ID=another`)
    assert.equal(twice.status, 400)
  })

  test('takes the form of an app, and leaves what servers post to the API', async () => {
    const headers = { host: `socialize.${KITH}`, 'content-type': 'application/x-www-form-urlencoded' }
    const post = (params: Record<string, string>) =>
      front.answer(
        toWireRequest({
          method: 'POST',
          target: '/socialize.login',
          headers,
          body: Buffer.from(new URLSearchParams(params).toString()),
          scheme: 'https',
          at: Date.now(),
        }),
      )
    const form = Object.fromEntries(new URL(address({})).searchParams)
    const begun = await post(form)
    assert.equal(begun.status, 302)
    assert.ok(begun.headers.location)
    const { redirect_uri: _, ...without } = form
    const told = JSON.parse(Buffer.concat([(await post(without)).body].flat()).toString())
    assert.equal(told.errorCode, 400096)
  })

  test('gives tokens the configured life, where the client names no other', async () => {
    const usual = Number(fragmentOf(await come({})).get('expires_in'))
    assert.equal(usual, 90 * 86_400)
    const short = openVisitor(frontOf(house.gateway, { sessionLifeMs: 900_000 }))
    const asked = await short.visit(address({}))
    const end = (await short.decide(asked, { decision: 'approve', account: '50' })).url
    assert.equal(fragmentOf(end).get('expires_in'), '900')
  })

  test('tells the reports of each end, with the context id cut to 100 characters', async () => {
    const noted: Transaction[] = []
    const own = openVisitor(frontOf(house.gateway, { note: (told) => noted.push(told) }))
    const end = async (query: Record<string, string>, decision: { decision: string; account?: string }) =>
      own.decide(await own.visit(address(query)), decision)
    await end({ x_cid: 'x'.repeat(120) }, { decision: 'approve', account: '64' })
    await end({ cid: 'footer', x_provider: 'twitter' }, { decision: 'deny' })
    await own.visit(address({ x_provider: 'nothing' }))
    await own.visit(address({ redirect_uri: 'https://evil.example/' }))
    assert.deepEqual(
      noted.map(({ site, method, errorCode, cid }) => [site.id, method, errorCode, cid]),
      [
        [house.site.id, 'login', 0, 'x'.repeat(100)],
        [house.site.id, 'login', 200001, 'footer'],
        [house.site.id, 'login', 400006, ''],
      ],
    )
  })

  test('names the network that failed as this API names it', async () => {
    const end = await come({ x_provider: 'yahoojapan' })
    assert.deepEqual(
      [fragmentOf(end).get('provider'), fragmentOf(end).get('error_description')],
      ['yahoo-japan', '500031 - No provider application'],
    )
  })
})

describe('socialize.addConnection', () => {
  test('connects a further network to who is logged in', async () => {
    const token = fragmentOf(await come({}, '60')).get('access_token') ?? ''
    const before = await call('getUserInfo', { oauth_token: token })
    const query = { oauth_token: token, x_provider: '', provider: 'twitter' }
    const end = await come(query, '60', 'addConnection')
    assert.equal(fragmentOf(end).get('status'), 'ok', end.href)
    const info = await call('getUserInfo', { oauth_token: token })
    assert.equal(info.UID, before.UID)
    assert.deepEqual(
      info.identities.map(({ provider }: { provider: string }) => provider),
      ['github', 'twitter'],
    )
  })

  test('takes no token over http, unless the configuration says so', async () => {
    const token = fragmentOf(await come({}, '63')).get('access_token') ?? ''
    const open = address({ oauth_token: token, provider: 'twitter', x_provider: '' }, 'addConnection')
    const refused = await visitor.visit(open.replace('https:', 'http:'))
    assert.equal(refused.status, 403)
    assert.ok(!refused.text.includes(token))
    const lax = openVisitor(frontOf(house.gateway, { secretOverHttp: true }))
    assert.equal((await lax.visit(open.replace('https:', 'http:'))).status, 200)
  })

  test('refuses an account of somebody else, and a token that acts for nobody', async () => {
    await come({ x_provider: 'twitter' }, '61')
    const token = fragmentOf(await come({}, '62')).get('access_token') ?? ''
    const end = await come({ oauth_token: token, provider: 'twitter', x_provider: '' }, '61', 'addConnection')
    assert.equal(fragmentOf(end).get('error_description'), '409001 - Identity exists')
    const wrong = await visitor.visit(address({ oauth_token: 'st2.guess' }, 'addConnection'))
    assert.equal(wrong.status, 403)
  })
})
