// What the OneAll dialect says, byte for byte, in JSON and XML. Renew with `node --test --test-update-snapshots`.

import { randomUUID } from 'node:crypto'
import { after, before, type TestContext, test } from 'node:test'
import { compareOneAll, NOBODY, type OneAllCase } from './support/golden.ts'
import { type Asking, type OneAllHouse, openOneAllHouse } from './support/oneall.ts'
import { people } from './support/pretence.ts'

type Case = OneAllCase<Asking>

let house: OneAllHouse
let ada = { user: '', identity: '' }
let grace = { user: '', identity: '' }
let nobody = { user: '', identity: '' }

before(async () => {
  house = await openOneAllHouse()
  ada = await house.add('facebook', 'ada')
  await house.add('twitter', 'ada-x', { userToken: ada.user, contacts: people(2) })
  house.pretence.failures.set('ada', 'relink_required')
  grace = await house.add('twitter', 'grace', { contacts: people(3, 'colleague') })
  await house.add('tumblr', 'grace-t', { userToken: grace.user })
  nobody = await house.add('mastodon', 'alan')
  await house.ask(`/identities/${nobody.identity}.json?confirm_deletion=true`, { method: 'DELETE' })
})

after(() => house.close())

test('users are told as they always were', async (t) => {
  await compare(t, 'users', [
    { path: '/users' },
    { path: '/users', query: '?page=2&entries_per_page=1&order_direction=desc' },
    { path: '/users', query: '?filters=date_last_login:gt:2099-01-01' },
    { path: '/users', query: '?filters=shoe_size:gt:44' },
    { path: `/users/${ada.user}` },
    { path: `/users/${nobody.user}` },
    { path: `/users/${NOBODY}` },
    { path: `/users/${ada.user}`, asking: { method: 'DELETE' } },
    { path: `/users/${NOBODY}`, query: '?confirm_deletion=true', asking: { method: 'DELETE' } },
  ])
})

test('contacts are told in both shapes, and every failure in its own part', async (t) => {
  await compare(t, 'contacts', [
    { path: `/users/${ada.user}/contacts`, query: '?disable_cache=true' },
    { path: `/users/${ada.user}/contacts` },
    { path: `/users/${grace.user}/contacts` },
    { path: `/users/${nobody.user}/contacts` },
    { path: `/users/${NOBODY}/contacts` },
    { path: `/identities/${grace.identity}/contacts` },
    {
      path: `/identities/${grace.identity}/contacts`,
      query: '?page=2&entries_per_page=2&order_direction=desc',
    },
    { path: `/identities/${ada.identity}/contacts` },
    { path: `/identities/${NOBODY}/contacts` },
  ])
})

test('identities are told as they always were', async (t) => {
  const linkTo = (user_token: unknown) => ({ method: 'PUT', body: { request: { user: { user_token } } } })
  const one = `/identities/${grace.identity}`
  await compare(t, 'identities', [
    { path: '/identities', query: '?entries_per_page=2' },
    { path: one },
    { path: `/identities/${NOBODY}` },
    { path: one, asking: { method: 'DELETE' } },
    { path: `/identities/${NOBODY}`, query: '?confirm_deletion=true', asking: { method: 'DELETE' } },
    { path: `${one}/link`, asking: linkTo(grace.user) },
    { path: `${one}/link`, asking: linkTo(NOBODY) },
    { path: `${one}/link`, asking: linkTo(7) },
    { path: `${one}/synchronize`, asking: { method: 'PUT', body: { request: {} } } },
    { path: `/identities/${ada.identity}/synchronize`, asking: { method: 'PUT', body: { request: {} } } },
  ])
})

test('connections are told as they always were, and a failed one never names a user', async (t) => {
  const { store, now } = house.gateway
  const create = (more: object) =>
    store.connections.create(
      {
        siteId: house.site.id,
        token: randomUUID(),
        plugin: 'social_login',
        action: 'login',
        status: 'success',
        reason: 'user_authenticated',
        callbackUri: 'https://shop.example/callback?a=b&c=d',
        userToken: grace.user,
        identityToken: grace.identity,
        createdAt: now(),
        ...more,
      },
      { expiresAt: now() + 60_000 },
    )
  const link = { plugin: 'social_link', action: 'link_identity' }
  const error = { status: 'error', reason: 'user_not_authenticated' }
  const refused = { ...link, status: 'error', reason: 'identity_is_linked_to_another_user' }
  const login = await create({})
  const made = [
    login,
    await create({ ...link, reason: 'identity_linked' }),
    await create(error),
    await create(refused),
  ]
  await compare(t, 'connections', [
    { path: '/connections', query: '?entries_per_page=2' },
    ...made.map(({ token }) => ({ path: `/connections/${token}` })),
    { path: `/connection/${login.token}` },
    { path: `/connection/${NOBODY}` },
    {
      path: `/connection/${login.token}`,
      asking: { keys: null, headers: { authorization: 'OneAllNonce 42' } },
    },
  ])
})

test('an import is told like a login', async (t) => {
  const put = (source: unknown, more: object = {}): Case => ({
    path: '/users',
    asking: { method: 'PUT', body: { request: { user: { ...more, identity: { source } } } } },
  })
  house.pretence.failures.set('expired', 'relink_required')
  await compare(t, 'import', [
    put({ key: 'twitter', access_token: { key: 'newcomer' } }),
    put({ key: 'twitter', access_token: { key: 'ada-x' } }, { user_token: grace.user }),
    put({ key: 'twitter', access_token: { key: 'lost' } }, { user_token: NOBODY }),
    put({ key: 'twitter', access_token: { key: 'expired' } }),
    put({ key: 'twitter', access_token: {} }),
    put({ key: 'nowhere', access_token: { key: 'ada' } }),
    put({ key: 'hyves', access_token: { key: 'ada' } }),
    put({ key: 'mastodon', access_token: { key: 'ada' } }),
    { path: '/users', asking: { method: 'PUT' } },
    { path: '/users', asking: { method: 'DELETE', body: unlink('newcomer') } },
    { path: '/users', asking: { method: 'DELETE', body: unlink('never-linked') } },
  ])
})

const unlink = (key: string) => ({
  request: {
    user: {
      action: 'delete_by_access_token',
      identity: { source: { key: 'twitter', access_token: { key } } },
    },
  },
})

test('the site, its networks and its credentials are told as they always were', async (t) => {
  const put = (allowed_domains: unknown) => ({ method: 'PUT', body: { request: { allowed_domains } } })
  await compare(t, 'site', [
    { path: '/tools/ping' },
    { path: '/providers' },
    { path: '/site' },
    { path: '/site/allowed-domains' },
    { path: '/site/allowed-domains', asking: put(['Shop.example', '*.shop.example', 'localhost:8080']) },
    { path: '/site/allowed-domains', asking: put(['https://shop.example/']) },
  ])
})

test('a request that fails as a whole fails in the envelope', async (t) => {
  const put = (body: unknown) => ({ method: 'PUT', body })
  await compare(t, 'errors', [
    { path: '/tools/ping', asking: { keys: null } },
    { path: '/tools/ping', asking: { keys: `${house.site.publicKey}:wrong` } },
    { path: '/tools/ping', asking: { host: 'unknown.api.kith.example' } },
    { path: '/nowhere' },
    { path: '/push/identities' },
    { path: '/tools/ping', asking: { method: 'POST' } },
    { path: '/users', asking: put('{"request":') },
    { path: '/users', asking: put('[]') },
    { path: '/users', asking: put({ request: 7 }) },
    { path: `/users/${'x'.repeat(9_000)}` },
  ])
})

const compare = (t: TestContext, name: string, cases: readonly Case[]) =>
  compareOneAll(t, name, cases, (target, asking) => house.ask(target, asking))
