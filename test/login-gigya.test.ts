// Gigya's redirects: socialize.login and socialize.addConnection in a browser, and the code they may end with.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Front } from '../src/dialects/front.ts'
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
    const app = await come({ redirect_uri: 'gsapi://gsapi/login_result' })
    assert.match(app.href, /^gsapi:\/\/gsapi\/login_result#access_token=/)
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

  test('refuses an account of somebody else, and a token that acts for nobody', async () => {
    await come({ x_provider: 'twitter' }, '61')
    const token = fragmentOf(await come({}, '62')).get('access_token') ?? ''
    const end = await come({ oauth_token: token, provider: 'twitter', x_provider: '' }, '61', 'addConnection')
    assert.equal(fragmentOf(end).get('error_description'), '409001 - Identity exists')
    const wrong = await visitor.visit(address({ oauth_token: 'st2.guess' }, 'addConnection'))
    assert.equal(wrong.status, 403)
  })
})
