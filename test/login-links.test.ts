// What comes after the first login: further accounts, the same ones again, accounts taken away; apps; our own name.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { after, before, beforeEach, describe, test } from 'node:test'
import { toChange } from '../src/commands/switches.ts'
import { LANGUAGES } from '../src/dialects/browser/words/words.ts'
import { type House, openHouse } from './support/house.ts'
import {
  direct,
  formOf,
  frontOf,
  KITH,
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

async function resultOf(shown: Shown) {
  const { fields } = formOf(shown)
  const { status, body } = await house.ask(`/connections/${fields.connection_token}.json`)
  assert.equal(status, 200)
  return { ...body.response, fields }
}

async function go(provider: string, account: number, query: Record<string, string> = {}) {
  const asked = await visitor.visit(direct(provider, query))
  if (asked.url.hostname !== '127.0.0.1') return resultOf(asked)
  const shown = await visitor.decide(asked, { decision: 'approve', account: String(account) })
  return resultOf(shown)
}

const link = (userToken: string, more: Record<string, string> = {}) => ({
  service: 'social_link',
  user_token: userToken,
  ...more,
})

describe('a link', () => {
  test('adds an account to the user whom the page names', async () => {
    const user = (await go('github', 10)).result.data.user.user_token
    const { result, fields } = await go('twitter', 10, link(user))
    assert.equal(fields.oa_action, 'social_link')
    assert.deepEqual(result.data.plugin, {
      key: 'social_link',
      name: 'social_link',
      data: {
        action: 'link_identity',
        operation: 'link_identity',
        reason: 'identity_linked',
        status: 'success',
      },
    })
    assert.equal(result.data.user.user_token, user)
    const providers = result.data.user.identities.map(({ provider }: { provider: string }) => provider)
    assert.deepEqual(providers, ['github', 'twitter'])
  })

  test('of an account that belongs to somebody else is refused in the words that clients know', async () => {
    const owner = (await go('github', 11)).result.data.user.user_token
    const other = (await go('twitter', 11)).result.data.user.user_token
    const { request, result } = await go('github', 11, link(other))
    assert.deepEqual([request.status.flag, request.status.code], ['error', 400])
    assert.deepEqual([result.status.flag, result.status.code], ['error', 400])
    assert.equal(result.data.plugin.data.reason, 'identity_is_linked_to_another_user')
    assert.equal(result.data.user, undefined)
    const again = await go('github', 11)
    assert.equal(again.result.data.user.user_token, owner)
  })

  test('to nobody we know is refused before anybody goes to the network', async () => {
    const { result } = await go('github', 12, link('00000000-0000-4000-8000-000000000000'))
    assert.equal(result.data.plugin.data.reason, 'user_not_found')
    assert.equal(visitor.visited.length, 1)
    const wrong = await visitor.visit(direct('github', link('not a token')))
    assert.equal(wrong.status, 400)
    assert.match(wrong.text, /user_token/)
  })

  test('anew of one identity takes no other account', async () => {
    const { result } = await go('github', 13)
    const { user_token: user, identity } = result.data.user
    const again = link(user, { identity_token: identity.identity_token })
    assert.equal((await go('github', 13, again)).result.data.plugin.data.status, 'success')
    const other = await go('github', 14, again)
    assert.equal(other.result.data.plugin.data.reason, 'provider_answered_for_another_account')
    assert.equal((await go('github', 14)).result.data.user.user_token === user, false)
  })

  test('reads the contacts at once, where the site wants that', async () => {
    const settings = (await house.store.sites.bySubdomain('house'))?.settings
    await house.store.sites.saveSettings(house.site, { ...settings, prefetchContacts: 'free' })
    const { result } = await go('github', 15)
    const user = result.data.user.user_token
    await until(async () => {
      const found = await house.store.contacts.heads(house.site, user)
      return found?.heads[0]?.snapshot !== undefined
    })
    await house.store.sites.saveSettings(house.site, { ...settings })
  })

  test('asks for what the site uses, and for no more', async () => {
    const scopeOf = async (provider: string, query = {}) =>
      (await visitor.visit(direct(provider, query))).url.searchParams.get('scope')
    assert.equal(await scopeOf('linkedin'), 'openid profile email')
    assert.equal(await scopeOf('twitter'), 'tweet.read users.read offline.access follows.read')
    assert.equal(
      await scopeOf('linkedin', { scope: 'w_member_social' }),
      'openid profile email w_member_social',
    )
    const settings = (await house.store.sites.bySubdomain('house'))?.settings
    await house.store.sites.saveSettings(house.site, {
      ...settings,
      uses: { '*': [], linkedin: ['contacts'] },
    })
    assert.equal(await scopeOf('linkedin'), 'openid profile email r_1st_connections')
    assert.equal(await scopeOf('twitter'), 'tweet.read users.read offline.access')
    await house.store.sites.saveSettings(house.site, { ...settings })
    const odd = await visitor.visit(direct('twitter', { scope: 'a"b' }))
    assert.equal(odd.url.hostname === '127.0.0.1', false)
  })
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('it did not come to that')
}

test('what a site uses is said per network on the command line', () => {
  assert.deepEqual(toChange('uses', '*=contacts,linkedin=contacts+publish,github='), {
    set: { uses: { '*': ['contacts'], linkedin: ['contacts', 'publish'], github: [] } },
  })
  assert.deepEqual(toChange('uses', 'default'), { remove: ['uses'] })
  for (const wrong of ['github', 'github=stars', '=contacts']) {
    assert.throws(() => toChange('uses', wrong), /is not written as network=contacts\+publish/)
  }
})

describe('an account that is taken away', () => {
  test('by a button of our page, which names it; the network forgets it', async () => {
    const first = await go('twitter', 20)
    const user = first.result.data.user.user_token
    await go('github', 20, link(user))
    const page = await visitor.visit(direct('twitter', link(user, { action: 'unlink_identity' })))
    assert.equal(page.status, 200)
    assert.match(page.text, /Unlink @/)
    const identity = first.result.data.user.identity.identity_token
    assert.ok(await house.store.identities.find(house.site, identity))
    const revoked = house.sandbox!.requests({ path: '/2/oauth2/revoke' })
    const { result, fields } = await resultOf(await visitor.send(page))
    assert.equal(fields.oa_action, 'social_link')
    assert.deepEqual(
      [result.data.plugin.data.action, result.data.plugin.data.reason, result.data.plugin.data.status],
      ['unlink_identity', 'identity_unlinked', 'success'],
    )
    assert.equal(result.data.user.user_token, user)
    // By these, plugins of blogs and forums know what to forget.
    const named = { identity_token: identity, provider: 'twitter' }
    assert.deepEqual(result.data.user.identity, { ...named, source: { name: 'Twitter', key: 'twitter' } })
    assert.deepEqual(
      result.data.user.identities.map(({ provider }: { provider: string }) => provider),
      ['github'],
    )
    assert.equal(house.sandbox!.requests({ path: '/2/oauth2/revoke' }), revoked + 1)
    assert.equal(await house.store.identities.find(house.site, identity), undefined)
    const again = await visitor.send(page)
    assert.equal(again.status, 404)
  })

  test('is gone from the apps that GitHub lists for its person, and its token is none any more', async () => {
    const { user } = (await go('github', 24)).result.data
    const identity = await house.store.identities.find(house.site, user.identity.identity_token)
    const { tokens } = (identity && (await house.store.tokens.of(identity))) ?? assert.fail('no tokens')
    const me = async () =>
      (
        await fetch(`${house.sandbox!.url}/api.github.com/user`, {
          headers: { authorization: `Bearer ${tokens.accessToken}` },
        })
      ).status
    assert.equal(await me(), 200)
    const path = `/identities/${identity!.token}.json?confirm_deletion=true`
    assert.equal((await house.ask(path, { method: 'DELETE' })).status, 200)
    assert.equal(await me(), 401)
    const failed = house.logged.filter(({ message }) => message === 'a network was not told to forget')
    assert.deepEqual(
      failed.filter(({ fields }) => fields.provider === 'github'),
      [],
    )
  })

  test('with its user: each network is told, and one that is down holds nothing up', async () => {
    const user = (await go('twitter', 21)).result.data.user.user_token
    await go('facebook', 21, link(user))
    await go('mastodon', 21, link(user, { login_data: 'mastodon.example' }))
    house.sandbox?.dial('api.x.com', { status: 503 })
    const before = house.sandbox!.requests({ host: 'graph.facebook.com' })
    const { status } = await house.ask(`/users/${user}.json?confirm_deletion=true`, { method: 'DELETE' })
    assert.equal(status, 200)
    assert.equal(house.sandbox!.requests({ path: '/oauth/revoke' }), 1)
    assert.equal(house.sandbox!.requests({ host: 'graph.facebook.com' }), before + 1)
    assert.ok(house.logged.some(({ message }) => message === 'a network was not told to forget'))
    assert.equal((await house.ask(`/users/${user}.json`)).status, 404)
  })

  test('of another user, or of nobody, is not', async () => {
    const mine = (await go('github', 22)).result.data.user.user_token
    const theirs = (await go('github', 23)).result.data.user.identity.identity_token
    const page = await visitor.visit(
      direct('github', link(mine, { action: 'unlink_identity', identity_token: theirs })),
    )
    assert.match(page.text, /No GitHub account is linked/)
    const nobody = await visitor.visit(
      direct('github', { service: 'social_link', action: 'unlink_identity' }),
    )
    assert.equal(nobody.status, 404)
    assert.ok(await house.store.identities.find(house.site, theirs))
  })
})

describe('pages that somebody may post on', () => {
  const usesOf = async (uses: Record<string, ('contacts' | 'publish')[]> | undefined) => {
    const settings = (await house.store.sites.bySubdomain('house'))?.settings
    await house.store.sites.saveSettings(house.site, { ...settings, uses })
  }
  const choose = async (account: number, pick: (names: readonly string[]) => readonly string[]) => {
    const asked = await visitor.visit(direct('facebook'))
    const page = await visitor.decide(asked, { decision: 'approve', account: String(account) })
    const names = [...page.text.matchAll(/name="(target_\d+)"/g)].map(([, name]) => name ?? '')
    const { action, fields } = formOf(page)
    assert.equal(action, '/socialize/choice', page.text)
    for (const name of names) delete fields[name]
    const chosen = Object.fromEntries(pick(names).map((name) => [name, '1']))
    return { page, names, shown: await visitor.post(page, { ...fields, ...chosen }) }
  }

  test('are offered where the site posts, and each that is chosen is an identity of its own', async () => {
    await usesOf({ facebook: ['publish'] })
    const { names, shown } = await choose(32, (all) => all.slice(0, 1))
    assert.equal(names.length, 3)
    const { result } = await resultOf(shown)
    const identities = await house.store.identities.ofUser(
      (await house.store.users.find(house.site, result.data.user.user_token))!,
    )
    assert.deepEqual(
      identities.map(({ target, subject }) => [target, target && `target_${subject}`]),
      [
        [undefined, undefined],
        ['page', names[0]],
      ],
    )
    assert.equal(visitor.cookies.size, 0)
    await usesOf(undefined)
  })

  test('may all be left out, and the choice is made once, in the browser that was asked', async () => {
    await usesOf({ facebook: ['publish'] })
    const { page, names, shown } = await choose(33, () => [])
    const { result } = await resultOf(shown)
    assert.equal(result.data.user.identities.length, 1)
    const { fields } = formOf(page)
    const again = await visitor.post(page, { ...fields, [names[0] ?? '']: '1' })
    assert.ok(again.status >= 400)
    const asked = await visitor.visit(direct('facebook'))
    const second = await visitor.decide(asked, { decision: 'approve', account: '33' })
    const stranger = openVisitor(frontOf(house.gateway))
    const forged = await stranger.post(second, {
      state: formOf(second).fields.state ?? '',
      [names[0] ?? '']: '1',
    })
    assert.equal(forged.status, 400)
    await usesOf(undefined)
  })

  test('belong to a choice that is no login: its state brings nobody back from a network', async () => {
    await usesOf({ facebook: ['publish'] })
    const asked = await visitor.visit(direct('facebook'))
    const page = await visitor.decide(asked, { decision: 'approve', account: '35' })
    const { state = '' } = formOf(page).fields
    const query = new URLSearchParams({ state, code: 'x' })
    // Even where the visitor has called the cookie as that of a login.
    const [secret = ''] = visitor.cookies.values()
    const mark = hash('sha256', state).slice(0, 12)
    visitor.cookies.set(`house.api.${KITH} kith-login-${mark}`, secret)
    const back = await visitor.visit(`http://house.api.${KITH}/socialize/callback/facebook?${query}`)
    assert.equal(back.status, 400)
    assert.match(back.text, /begin again/)
    assert.deepEqual(
      house.logged.filter(({ level }) => level === 'error'),
      [],
    )
    await usesOf(undefined)
  })

  test('are not asked for by a site that does not post', async () => {
    const { result } = await go('facebook', 34)
    assert.equal(result.data.plugin.data.reason, 'user_authenticated')
    assert.equal(house.sandbox!.requests({ path: '/v25.0/me/accounts' }), 0)
  })
})

describe('an app', () => {
  const mobile = (query: Record<string, string>) =>
    `http://house.api.${KITH}/socialize/connect/mobile/github/?${new URLSearchParams(query)}`
  const NONCE = 'b0f2a1c4-6a57-4d0e-8a7e-0c1f6e0d9a11'

  const readWith = async (token: string, nonce: string) => {
    const { toWireRequest } = await import('../src/dialects/wire-request.ts')
    const headers = { host: `house.api.${KITH}`, authorization: `OneAllNonce ${nonce}` }
    const target = `/connection/${token}.json`
    const answer = await house.front.answer(toWireRequest({ method: 'GET', target, headers, at: Date.now() }))
    return { status: answer.status, body: JSON.parse(Buffer.concat([answer.body].flat()).toString()) }
  }

  test('is sent to with a token that its nonce alone can read', async () => {
    const asked = await visitor.visit(mobile({ nonce: NONCE, callback_uri: 'oneall://github?x=1' }))
    const end = await visitor.decide(asked, { decision: 'approve', account: '30' })
    assert.match(end.url.href, /^oneall:\/\/github\?x=1&connection_token=[0-9a-f-]{36}$/)
    const token = end.url.searchParams.get('connection_token') ?? ''
    const { status, body } = await readWith(token, NONCE)
    assert.equal(status, 200)
    assert.equal(body.response.result.data.user.identity.provider, 'github')
    assert.equal((await readWith(token, `${NONCE}x`)).status, 401)
    const ordinary = await go('github', 30)
    assert.equal((await readWith(ordinary.fields.connection_token ?? '', NONCE)).status, 401)
    assert.equal((await house.ask(`/connection/${token}.json`)).status, 200)
  })

  test('hears of a refusal in the same way', async () => {
    const asked = await visitor.visit(mobile({ nonce: NONCE, callback_uri: 'oneall://github' }))
    const end = await visitor.decide(asked, { decision: 'deny' })
    const { body } = await readWith(end.url.searchParams.get('connection_token') ?? '', NONCE)
    assert.equal(body.response.result.data.plugin.data.reason, 'access_was_denied')
    assert.equal(body.response.result.data.user, undefined)
  })

  test('without a nonce, with a short one, or with another address is turned away', async () => {
    const queries: Record<string, string>[] = [
      { callback_uri: 'oneall://github' },
      { callback_uri: 'oneall://github', nonce: 'short' },
      { callback_uri: 'evil://github', nonce: NONCE },
      { callback_uri: 'oneall://github#f', nonce: NONCE },
      { callback_uri: 'oneall://github"><b>', nonce: NONCE },
      { callback_uri: 'https://evil.example/', nonce: NONCE },
    ]
    for (const query of queries) {
      assert.equal((await visitor.visit(mobile(query))).status, 400, JSON.stringify(query))
    }
  })
})

describe('our own name', () => {
  const publicUrl = `https://login.${KITH}`
  beforeEach(() => {
    visitor = openVisitor(frontOf({ ...house.gateway, publicUrl }))
  })

  test('is where every login goes first, so that all sites share one registered address', async () => {
    const asked = await visitor.visit(direct('github'))
    assert.match(
      visitor.visited[1] ?? '',
      /^https:\/\/login\.kith\.test\/socialize\/connect\/direct\/github\/\?/,
    )
    assert.equal(asked.url.searchParams.get('redirect_uri'), `${publicUrl}/socialize/callback/github`)
    const [cookie = ''] = visitor.cookies.keys()
    assert.match(cookie, /^login\.kith\.test __Host-kith-login-[0-9a-f]{12}$/)
    const shown = await visitor.decide(asked, { decision: 'approve', account: '40' })
    assert.equal((await resultOf(shown)).result.status.flag, 'success')
    assert.equal(visitor.cookies.size, 0)
  })

  test('stands in the document that networks without registration read', async () => {
    const shown = await visitor.visit(`${publicUrl}/socialize/client/bluesky.json`)
    const document = JSON.parse(shown.text)
    assert.equal(document.client_id, `${publicUrl}/socialize/client/bluesky.json`)
    assert.deepEqual(document.redirect_uris, [`${publicUrl}/socialize/callback/bluesky`])
    assert.equal(document.dpop_bound_access_tokens, true)
    assert.equal((await visitor.visit(`${publicUrl}/socialize/client/github.json`)).status, 404)
  })

  test('is not sent to again and again by a proxy that changes it', async () => {
    const url = new URL(direct('github', { kith_hop: '1' }))
    assert.equal((await visitor.visit(url.href)).url.hostname, '127.0.0.1')
  })

  test('is named in the query where the host names no site', async () => {
    const url = new URL(direct('github'))
    url.host = `login.${KITH}`
    url.protocol = 'https:'
    assert.equal((await visitor.visit(url.href)).status, 404)
    url.searchParams.set('site', 'house')
    assert.equal((await visitor.visit(url.href)).url.hostname, '127.0.0.1')
  })
})

describe('an address that is opened as anything but a page', () => {
  test('begins no login', async () => {
    for (const target of ['image', 'iframe', 'empty', 'script']) {
      const shown = await visitor.visit(direct('github'), { 'sec-fetch-dest': target })
      assert.equal(shown.status, 403, target)
    }
    assert.equal(visitor.cookies.size, 0)
    assert.equal((await visitor.visit(direct('github'), { 'sec-fetch-dest': 'document' })).status, 200)
  })
})

describe('the page that asks where somebody is', () => {
  test('keeps what is wished, says what is wrong, and goes on with what is right', async () => {
    const page = await visitor.visit(direct('mastodon', { display: 'popup' }))
    assert.match(page.text, /Your Mastodon server/)
    const wrong = await visitor.send(page, { login_data: 'not a server' })
    assert.equal(wrong.status, 422)
    assert.match(wrong.text, /role="alert"/)
    for (const typed of [
      'mastodon.example.',
      'https://me:pw@',
      'mastodon.example#x',
      'javascript:alert(1)',
    ]) {
      assert.equal((await visitor.send(page, { login_data: typed })).status, 422, typed)
    }
    for (const typed of ['https://mastodon.example/@me', 'mastodon.example/@me', ' MASTODON.example ']) {
      const { url } = await visitor.send(page, { login_data: typed })
      assert.match(url.pathname, /^\/mastodon\.example\//, typed)
    }
    const right = await visitor.send(wrong, { login_data: '@me@mastodon.example' })
    assert.equal(right.url.hostname, '127.0.0.1', right.text)
    assert.match(right.url.pathname, /^\/mastodon\.example\//)
  })

  test('finds the server of a handle, and trusts no handle that its account does not know', async () => {
    const page = await visitor.visit(direct('bluesky'))
    const { username, subject } = house.sandbox!.grant('bsky.social', { account: 5 })
    const asked = await visitor.send(page, { login_data: `@${username}.bsky.social` })
    assert.equal(asked.url.hostname, '127.0.0.1', asked.text)
    const shown = await visitor.decide(asked, { decision: 'approve', account: '5' })
    const { result } = await resultOf(shown)
    assert.equal(result.data.user.identity.accounts[0].userid, subject)
    const other = await visitor.decide(await visitor.send(page, { login_data: `${username}.bsky.social` }), {
      decision: 'approve',
      account: '6',
    })
    assert.equal(
      (await resultOf(other)).result.data.plugin.data.reason,
      'provider_answered_for_another_account',
    )
    for (const typed of ['nobody.bsky.social', 'no handle', 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa']) {
      const again = await visitor.send(page, { login_data: typed })
      assert.equal(again.status, 422, typed)
    }
  })

  test('registers with a server once, however many come at the same time', async () => {
    const url = direct('mastodon', { login_data: 'busy.example' })
    const asked = await Promise.all(Array.from({ length: 8 }, () => visitor.visit(url)))
    for (const { url: at, text } of asked) assert.equal(at.hostname, '127.0.0.1', text)
    assert.equal(house.sandbox!.requests({ host: 'busy.example', path: '/api/v1/apps' }), 1)
    const app = await house.store.apps.find(house.site, 'mastodon', 'https://busy.example')
    assert.equal(
      app?.registration?.redirectUri,
      `http://house.api.${KITH}/socialize/callback/mastodon/busy.example`,
    )
  })

  test('takes no registration that is none', async () => {
    const answers = [
      '<html>',
      '',
      'null',
      '{}',
      JSON.stringify({ client_id: 'x'.repeat(1_025), client_secret: 'y' }),
      JSON.stringify({ client_id: 'a\r\nb', client_secret: 'y' }),
      JSON.stringify({ client_id: 'a', client_secret: 'y\n' }),
    ]
    for (const [at, body] of answers.entries()) {
      const server = `odd-${at}.example`
      house.sandbox?.dial(server, { path: '/api/v1/apps', status: 200, body })
      const shown = await visitor.visit(direct('mastodon', { login_data: server }))
      assert.equal(shown.status, 422, body)
      assert.match(shown.text, /does not answer as a Mastodon server does/)
      assert.equal(await house.store.apps.find(house.site, 'mastodon', `https://${server}`), undefined)
    }
  })

  test('registers anew with a server that has forgotten us', async () => {
    const login = { login_data: 'forgetful.example' }
    const asked = await visitor.visit(direct('mastodon', login))
    const app = await house.store.apps.find(house.site, 'mastodon', 'https://forgetful.example')
    house.sandbox?.dial('forgetful.example', { status: 401, body: '{"error":"invalid_client"}' })
    const response = await fetch(asked.url, {
      method: 'POST',
      body: new URLSearchParams({ decision: 'approve', account: '1' }),
      redirect: 'manual',
    })
    house.sandbox?.reset()
    const address = response.headers.get('location')
    if (address) await visitor.visit(address)
    await house.store.apps.save(
      house.site,
      'mastodon',
      { ...app!, registration: { redirectUri: '', scopes: [] } },
      'https://forgetful.example',
    )
    await visitor.visit(direct('mastodon', login))
    const next = await house.store.apps.find(house.site, 'mastodon', 'https://forgetful.example')
    assert.notEqual(next?.clientId, app?.clientId)
  })
})

describe('the pages on the way', () => {
  const IN_FRENCH = { 'accept-language': 'fr-CH, en;q=0.5' }

  test('speak the language of the browser: asking, complaining, refusing', async () => {
    const asked = await visitor.visit(direct('mastodon'), IN_FRENCH)
    assert.match(asked.text, /<html lang="fr">/)
    assert.match(asked.text, /Votre serveur Mastodon/)
    const wrong = await visitor.visit(direct('mastodon', { login_data: 'not a server' }), IN_FRENCH)
    assert.equal(wrong.status, 422)
    assert.match(wrong.text, /Rien n’a été trouvé/)
    const gone = await visitor.visit(direct('myspace'), IN_FRENCH)
    assert.match(gone.text, /Ce réseau n’existe plus/)
    assert.match(gone.text, /Continuer vers House/)
    const nowhere = await visitor.visit(direct('nothing'), IN_FRENCH)
    assert.match(nowhere.text, /Cette adresse n’est pas correcte.*<p role="alert" lang="en">This network/s)
    const lost = `http://house.api.${KITH}/socialize/callback/github?state=x&code=y`
    assert.match((await visitor.visit(lost, IN_FRENCH)).text, /a commencé dans un autre navigateur/)
  })

  test('speak the language that the page has named, also on the way back', async () => {
    const { result } = await go('github', 60)
    const user = result.data.user.user_token
    const asked = await visitor.visit(direct('github', { lang: 'de' }))
    assert.equal(asked.url.hostname, '127.0.0.1')
    const shown = await visitor.decide(asked, { decision: 'approve', account: '60' })
    assert.match(shown.text, /<html lang="de">.*Sie sind auf dem Weg zurück/s)
    const page = await visitor.visit(direct('github', link(user, { action: 'unlink_identity', lang: 'es' })))
    assert.match(page.text, /Desvincular @/)
    assert.match(page.text, /House ya no podrá usar esta cuenta/)
    assert.match((await visitor.send(page)).text, /<html lang="es">.*Continuar a House/s)
    const stranger = (await go('twitter', 61)).result.data.user.user_token
    await go('github', 62)
    const taken = await visitor.visit(direct('github', link(stranger, { lang: 'de' })))
    const refused = await visitor.decide(taken, { decision: 'approve', account: '62' })
    assert.match(refused.text, /gehört hier schon zu jemand anderem/)
  })

  test('take no language from a network, and English for one that nobody here speaks', async () => {
    const asked = await visitor.visit(direct('github', { lang: '"><script>' }))
    const response = await fetch(asked.url, {
      method: 'POST',
      body: new URLSearchParams({ decision: 'approve', account: '60' }),
      redirect: 'manual',
    })
    const shown = await visitor.visit(`${response.headers.get('location')}&lang=de`)
    assert.match(shown.text, /<html lang="en">.*You are on your way back/s)
    const long = await visitor.visit(direct('github', { lang: 'x'.repeat(36) }))
    assert.equal(long.status, 400)
  })

  test('tell each reason that a site can read in every language', async () => {
    const table = await readFile(new URL('../docs/login.md', import.meta.url), 'utf8')
    const [, rows = ''] = table.split('| Reason | |')
    const reasons = [...(rows.split('\n\n', 1)[0] ?? '').matchAll(/`([a-z_]+)`/g)]
      .map(([, reason = '']) => reason)
      .filter((reason) => !/^(?:user_authenticated|identity_\w+ed|user_token|identity_token)$/.test(reason))
    assert.equal(reasons.length, 16)
    for (const [language, { trouble }] of Object.entries(LANGUAGES)) {
      assert.deepEqual(Object.keys(trouble).toSorted(), reasons.toSorted(), language)
    }
  })
})
