// The whole way in a real Chromium that blocks cookies of other sites: a page of a shop, the plugin, the network's own
// consent page (in the sandbox), the way back, and what the shop's server reads of it.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { describeBrowser, hearPage, openStreet, type Posted, type Street } from './support/browser.ts'
import { setUp } from './support/login.ts'

describeBrowser('a login in a browser', () => {
  let street: Street
  let context: BrowserContext
  let page: Page
  let heard: string[]

  before(async () => {
    street = await openStreet()
    await setUp(street.house, { allowedDomains: ['shop.localhost'] })
  })
  beforeEach(async () => {
    await context?.close()
    street.house.sandbox?.reset()
    context = await street.visit()
    page = await context.newPage()
    heard = hearPage(page)
  })
  after(() => street?.close())

  /** A page with one widget. */
  function showWidget(plugin: string, commands: readonly unknown[][] = []) {
    const all = [
      ['set_callback_uri', `${street.shop}/callback?source=plugin`],
      ...commands,
      ['do_render_ui', 'box'],
    ]
    const pushes = all.map((command) => `_oneall.push(${JSON.stringify([plugin, ...command])});`).join('')
    const script = `<script>var _oneall = window._oneall || [];${pushes}</script>`
    return street.show(
      `<div id="box"></div>${script}<script async src="${street.kith}/socialize/library.js"></script>`,
    )
  }
  async function popupBy(name: string, on = page): Promise<Page> {
    const button = on.getByRole('button', { name, exact: true })
    const [popup] = await Promise.all([on.waitForEvent('popup'), button.click()])
    await popup.waitForLoadState()
    return popup
  }
  /** Says yes as one of the sandbox's people; answers what the shop is sent. */
  async function approve(window: Page, account = 3): Promise<Posted> {
    await window.selectOption('#account', String(account))
    await window.fill('#contacts', '5')
    const [sent] = await Promise.all([street.nextPost(), window.click('button[value=approve]')])
    return sent
  }
  /** What the shop's server reads. */
  async function read({ form }: Posted) {
    const { status, body } = await street.house.ask(`/connections/${form.connection_token}.json`)
    assert.equal(status, 200)
    return body.response.result
  }
  const arrive = () => page.getByRole('heading', { name: 'The shop knows you.' }).waitFor()
  async function logIn(account = 3): Promise<string> {
    await page.goto(showWidget('social_login'))
    const result = await read(await approve(await popupBy('Log in with GitHub'), account))
    await arrive()
    return result.data.user.user_token
  }

  test('a visitor logs in, and is the same user at the next time', async () => {
    await page.goto(showWidget('social_login'))
    const popup = await popupBy('Log in with GitHub')
    assert.equal(new URL(popup.url()).hostname, '127.0.0.1')
    const closed = popup.waitForEvent('close')
    const sent = await approve(popup)
    await closed
    assert.deepEqual(
      [sent.path, sent.query, sent.form.oa_action],
      ['/callback', { source: 'plugin' }, 'social_login'],
    )
    const { status, data } = await read(sent)
    assert.equal(status.flag, 'success')
    assert.equal(data.plugin.data.reason, 'user_authenticated')
    assert.equal(data.user.identity.provider, 'github')
    await arrive()
    assert.equal(await logIn(), data.user.user_token)
    assert.deepEqual(
      heard.filter((line) => line.startsWith('uncaught') || line.includes('Kith')),
      [],
    )
  })

  test('the page itself asks the gateway for one script, with no cookie, though the visitor has some', async () => {
    await context.addCookies([{ name: 'kith-visit', value: 'x', url: street.kith, sameSite: 'Lax' }])
    const asked: string[] = []
    street.intercept = ({ url, headers }) => {
      if (headers['sec-fetch-dest'] !== 'document') asked.push(`${url} ${headers.cookie}`)
      return false
    }
    await page.goto(showWidget('social_login'))
    const popup = await popupBy('Log in with GitHub')
    await approve(popup)
    await arrive()
    assert.deepEqual(asked, ['/socialize/library.js undefined'])
  })

  test('whoever says no at the network comes back without a user', async () => {
    await page.goto(showWidget('social_login'))
    const popup = await popupBy('Log in with LinkedIn')
    const [sent] = await Promise.all([street.nextPost(), popup.click('button[value=deny]')])
    const { status, data } = await read(sent)
    assert.equal(status.flag, 'error')
    assert.deepEqual([data.plugin.data.status, data.plugin.data.reason], ['error', 'access_was_denied'])
    assert.equal(data.user, undefined)
  })

  test('a closed window changes nothing, and the visitor can try again', async () => {
    await page.goto(showWidget('social_login'))
    await (await popupBy('Log in with GitHub')).close()
    await page.getByRole('status').filter({ hasText: 'The window is closed.' }).waitFor()
    const { status } = await read(await approve(await popupBy('Log in with GitHub')))
    assert.equal(status.flag, 'success')
  })

  test('two tabs of one visitor at once end as whom each of them chose', async () => {
    const address = showWidget('social_login')
    const other = await context.newPage()
    await Promise.all([page.goto(address), other.goto(address)])
    const first = await popupBy('Log in with GitHub')
    const second = await popupBy('Log in with GitHub', other)
    const two = await read(await approve(second, 5))
    const one = await read(await approve(first, 4))
    const subjectOf = ({ data }: Awaited<ReturnType<typeof read>>) => data.user.identity.accounts[0].userid
    const grantOf = (account: number) => street.house.sandbox?.grant('github.com', { account }).subject
    assert.deepEqual([subjectOf(one), subjectOf(two)], [grantOf(4), grantOf(5)])
  })

  test('in the same window, a page without plugin and script leads there and back', async () => {
    const bare = await street.visit({ javaScriptEnabled: false })
    const tab = await bare.newPage()
    await tab.goto(
      `${street.kith}/login?callback_uri=${encodeURIComponent(`${street.shop}/callback?source=page`)}`,
    )
    await tab.getByRole('link', { name: 'Log in with GitHub' }).click()
    await tab.selectOption('#account', '7')
    await tab.click('button[value=approve]')
    const [sent] = await Promise.all([
      street.nextPost(),
      tab.getByRole('button', { name: /Continue/ }).click(),
    ])
    assert.deepEqual([sent.query, (await read(sent)).status.flag], [{ source: 'page' }, 'success'])
    await bare.close()
  })

  test('a network of many servers asks for the server in the window first', async () => {
    await page.goto(showWidget('social_login'))
    const popup = await popupBy('Log in with Mastodon')
    await popup.getByRole('textbox').fill('mastodon.example')
    await popup.getByRole('button', { name: 'Continue' }).click()
    await popup.waitForSelector('#account')
    const { data } = await read(await approve(popup))
    assert.equal(data.user.identity.provider, 'mastodon')
  })

  test('a visitor links a network, sees it linked, and unlinks it', async () => {
    const user = await logIn(8)
    const link = (linked: readonly string[]) =>
      showWidget('social_link', [
        ['set_user_token', user],
        ['set_linked_providers', linked],
      ])
    await page.goto(link(['github']))
    assert.equal(await page.getByRole('button', { name: 'Link GitHub', exact: true }).count(), 0)
    const linked = await read(await approve(await popupBy('Link Facebook'), 8))
    await arrive()
    assert.equal(linked.data.plugin.data.action, 'link_identity')
    assert.equal(linked.data.user.user_token, user)
    const keys = linked.data.user.identities.map(({ provider }: { provider: string }) => provider)
    assert.deepEqual(keys.toSorted(), ['facebook', 'github'])

    await page.goto(link(keys))
    const popup = await popupBy('Unlink Facebook')
    const [sent] = await Promise.all([
      street.nextPost(),
      popup.getByRole('button', { name: /^Unlink / }).click(),
    ])
    const { data } = await read(sent)
    assert.deepEqual([data.plugin.data.action, data.plugin.data.status], ['unlink_identity', 'success'])
    assert.deepEqual(
      data.user.identities.map(({ provider }: { provider: string }) => provider),
      ['github'],
    )
  })

  test('a page that names the user alone shows what is linked, where the site allows it', async () => {
    const user = await logIn(8)
    const { store, site } = street.house
    const settings = (await store.sites.bySubdomain(site.subdomain))?.settings ?? {}
    await page.goto(showWidget('social_link', [['set_user_token', user]]))
    await page.getByRole('button', { name: 'Link GitHub', exact: true }).waitFor()
    await store.sites.saveSettings(site, { ...settings, showsLinkedToPages: true })
    // A fresh visitor: the script is kept for some minutes.
    const other = await (await street.visit()).newPage()
    await other.goto(showWidget('social_link', [['set_user_token', user]]))
    await other.getByRole('button', { name: 'Unlink GitHub', exact: true }).waitFor()
    await other.goto(showWidget('social_link', [['set_user_token', crypto.randomUUID()]]))
    await other.getByRole('button', { name: 'Link GitHub', exact: true }).waitFor()
    await other.context().close()
    await store.sites.saveSettings(site, settings)
  })

  test('an account of somebody else cannot be linked, and the site is told', async () => {
    await logIn(1)
    const user = await logIn(2)
    await page.goto(showWidget('social_link', [['set_user_token', user]]))
    const popup = await popupBy('Link GitHub')
    await popup.selectOption('#account', '1')
    await popup.click('button[value=approve]')
    await popup.getByRole('alert').filter({ hasText: 'belongs to somebody else' }).waitFor()
    const [sent] = await Promise.all([
      street.nextPost(),
      popup.getByRole('button', { name: /Continue/ }).click(),
    ])
    const { status, data } = await read(sent)
    assert.deepEqual([status.code, data.plugin.data.reason], [400, 'identity_is_linked_to_another_user'])
    assert.equal(data.user, undefined)
  })

  test('who is logged in on one page is logged in on another, asked once for each tab', async () => {
    await logIn(6)
    const connections = await street.house.ask('/connections.json?order_direction=desc')
    const [{ connection_token: last }] = connections.body.response.result.data.connections.entries
    const { data } = await read({ form: { connection_token: last } } as unknown as Posted)
    const { status, body } = await street.house.ask(
      `/sso/sessions/identities/${data.user.identity.identity_token}.json`,
      { method: 'PUT', json: { request: { sso_session: { top_realm: 'shops' } } } },
    )
    assert.equal(status, 201)
    const token = body.response.result.data.sso_session.sso_session_token
    const single = (...commands: unknown[][]) => {
      const pushes = commands.map(
        (command) => `_oneall.push(${JSON.stringify(['single_sign_on', ...command])});`,
      )
      return street.show(
        `<script>var _oneall = window._oneall || [];${pushes.join('')}</script>
        <script src="${street.kith}/socialize/library.js"></script>`,
      )
    }
    const asks = single(
      ['set_sso_realm', 'shops', ''],
      ['do_check_for_sso_session', `${street.shop}/sso`, true],
    )
    // Nobody is known yet: the page comes back, once.
    const visited: string[] = []
    page.on('framenavigated', (frame) => visited.push(new URL(frame.url()).pathname))
    await page.goto(asks)
    await page.waitForURL(asks)
    await page.waitForTimeout(300)
    assert.equal(visited.filter((path) => path === new URL(asks).pathname).length, 2)

    await page.goto(single(['do_register_sso_session', token]))
    await page.waitForTimeout(300)
    const other = await context.newPage()
    const [sent] = await Promise.all([street.nextPost(), other.goto(asks).catch(() => undefined)])
    assert.deepEqual([sent.path, sent.form.oa_action], ['/sso', 'single_sign_on'])
    assert.equal((await read(sent)).data.user.user_token, data.user.user_token)
  })

  test('a page that is not the site’s gets no login, and the visitor is told', async () => {
    await page.goto(showWidget('social_login', [['set_callback_uri', 'http://evil.localhost/']]))
    const popup = await popupBy('Log in with GitHub')
    await popup.getByRole('alert').filter({ hasText: 'evil.localhost' }).waitFor()
  })

  test('a mailed address lets its user link, unlink and finish', async () => {
    const user = await logIn(9)
    const { invite } = await import('../src/core/invitations.ts')
    const { gateway, site, store } = street.house
    const fresh = (await store.sites.bySubdomain(site.subdomain)) ?? site
    const wish = { userToken: user, callbackUri: `${street.shop}/page-0` }
    const { path } = await invite(gateway, fresh, wish)
    const phone = await street.visit({ viewport: { width: 360, height: 740 }, isMobile: true })
    const tab = await phone.newPage()
    await tab.goto(street.kith + path)
    await tab.getByRole('button', { name: 'Link your accounts' }).click()
    await tab.getByText('✓ Linked').waitFor()
    await tab.getByRole('link', { name: 'Link LinkedIn' }).click()
    await tab.selectOption('#account', '9')
    await tab.click('button[value=approve]')
    await tab.getByRole('link', { name: 'Unlink LinkedIn' }).waitFor()
    assert.equal(new URL(tab.url()).pathname, '/login/result')
    await tab.getByRole('link', { name: 'Unlink GitHub' }).click()
    await tab.getByRole('button', { name: /^Unlink / }).click()
    await tab.getByRole('link', { name: 'Link GitHub', exact: true }).waitFor()
    const found = await store.users.find(site, user)
    assert(found)
    const identities = await store.identities.ofUser(found)
    assert.deepEqual(
      identities.map(({ provider }) => provider),
      ['linkedin'],
    )
    await tab.getByRole('link', { name: 'Done' }).click()
    await tab.waitForURL(`${street.shop}/page-0`)
    await tab.goto(street.kith + path)
    await tab.getByRole('heading', { name: 'This address no longer works' }).waitFor()
    await phone.close()
  })

  test('a network that cuts the tie between the windows loses nobody: the form goes out in the window', async () => {
    // https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Cross-Origin-Opener-Policy
    await context.route(/^http:\/\/127\.0\.0\.1:\d+\/github/, async (route) => {
      const response = await route.fetch({ maxRedirects: 0 })
      const headers = { ...response.headers(), 'cross-origin-opener-policy': 'same-origin' }
      await route.fulfill({ response, headers })
    })
    await page.goto(showWidget('social_login'))
    const popup = await popupBy('Log in with GitHub')
    const sent = await approve(popup)
    assert.deepEqual(
      [sent.path, sent.query, sent.form.oa_action],
      ['/callback', { source: 'plugin' }, 'social_login'],
    )
    assert.equal((await read(sent)).status.flag, 'success')
    await popup.getByRole('heading', { name: 'The shop knows you.' }).waitFor()
    await page.getByRole('status').filter({ hasText: 'The window is closed.' }).waitFor()
  })

  test('who comes back without cookies is told so, the shop hears nothing, and nobody is made', async () => {
    const users = async () =>
      (await street.house.ask('/users.json')).body.response.result.data.users.pagination
    const before = await users()
    await page.goto(showWidget('social_login'))
    const popup = await popupBy('Log in with GitHub')
    await context.clearCookies()
    const sent = street.posted.length
    await popup.selectOption('#account', '11')
    await popup.click('button[value=approve]')
    await popup.getByRole('heading', { name: 'This login cannot be finished here' }).waitFor()
    await popup.getByRole('alert').filter({ hasText: 'without cookies' }).waitFor()
    assert.equal(street.posted.length, sent)
    assert.deepEqual(await users(), before)
    await popup.close()
    await page.getByRole('status').filter({ hasText: 'The window is closed.' }).waitFor()
  })

  test('what a network calls somebody runs nowhere: it is text on every page of ours', async () => {
    const name = `<img src=x onerror="alert('name')"><script>alert(1)</script>`
    await page.goto(showWidget('social_login'))
    const popup = await popupBy('Log in with GitHub')
    await popup.selectOption('#account', '12')
    street.house.sandbox?.dial('api.github.com', {
      status: 200,
      body: JSON.stringify({
        id: 91,
        login: name,
        name,
        avatar_url: 'javascript:alert(2)',
        html_url: 'data:,x',
      }),
    })
    const [sent] = await Promise.all([street.nextPost(), popup.click('button[value=approve]')])
    street.house.sandbox?.reset()
    const { data } = await read(sent)
    await arrive()
    assert.equal(data.user.identity.displayName, name)
    assert.equal(JSON.stringify(data).includes('javascript:'), false)
    const alerts: string[] = []
    page.on('dialog', (dialog) => {
      alerts.push(dialog.message())
      void dialog.dismiss()
    })
    const query = new URLSearchParams({
      service: 'social_link',
      action: 'unlink_identity',
      user_token: data.user.user_token,
      callback_uri: `${street.shop}/callback`,
    })
    await page.goto(`${street.kith}/socialize/connect/direct/github/?${query}`)
    await page.getByRole('button', { name: `Unlink @${name}` }).waitFor()
    assert.equal(await page.locator('img, script').count(), 0)
    assert.deepEqual(alerts, [])
  })

  test('our own pages fit a phone, are read out by name, and work by keyboard alone', async () => {
    const phone = await street.visit({
      viewport: { width: 320, height: 568 },
      isMobile: true,
      locale: 'de-DE',
    })
    const tab = await phone.newPage()
    const fits = () =>
      tab.evaluate(`({
        wide: document.documentElement.scrollWidth <= innerWidth,
        small: [...document.querySelectorAll('button, input:not([type=hidden])')].filter((each) => {
          return each.getBoundingClientRect().height < 44
        }).length,
        lang: document.documentElement.lang,
      })`)
    const query = new URLSearchParams({ service: 'social_login', callback_uri: `${street.shop}/callback` })
    await tab.goto(`${street.kith}/socialize/connect/direct/mastodon/?${query}`)
    assert.deepEqual(await fits(), { wide: true, small: 0, lang: 'de' })
    assert.match(
      await tab.locator('main').ariaSnapshot(),
      /heading "Anmelden mit Mastodon" \[level=1\].*textbox "Ihr Server bei Mastodon".*button "Weiter"/s,
    )
    // The field has the focus.
    await tab.keyboard.type('not a server')
    await tab.keyboard.press('Enter')
    const alert = tab.getByRole('alert')
    await alert.waitFor()
    const field = tab.getByRole('textbox')
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    assert.equal(await field.getAttribute('aria-describedby'), await alert.getAttribute('id'))
    assert.deepEqual(await fits(), { wide: true, small: 0, lang: 'de' })
    await tab.keyboard.press('ControlOrMeta+a')
    await tab.keyboard.type('mastodon.example')
    await tab.keyboard.press('Tab')
    await tab.keyboard.press('Enter')
    await tab.selectOption('#account', '13')
    const [sent] = await Promise.all([street.nextPost(), tab.click('button[value=approve]')])
    const { data } = await read(sent)
    await tab.getByRole('heading', { name: 'The shop knows you.' }).waitFor()

    query.set('service', 'social_link')
    query.set('action', 'unlink_identity')
    query.set('user_token', data.user.user_token)
    await tab.goto(`${street.kith}/socialize/connect/direct/mastodon/?${query}`)
    assert.deepEqual(await fits(), { wide: true, small: 0, lang: 'de' })
    await tab.getByRole('button', { name: / trennen$/ }).waitFor()
    await tab.keyboard.press('Tab')
    assert.equal(await tab.locator('button:focus').count(), 1)
    assert.equal(await tab.evaluate(`getComputedStyle(document.activeElement).outlineStyle`), 'solid')
    const [gone] = await Promise.all([street.nextPost(), tab.keyboard.press('Enter')])
    assert.equal((await read(gone)).data.plugin.data.reason, 'identity_unlinked')
    await tab.getByRole('heading', { name: 'The shop knows you.' }).waitFor()

    query.set('service', 'social_login')
    query.delete('action')
    await tab.goto(`${street.kith}/socialize/connect/direct/myspace/?${query}`)
    await tab.getByRole('alert').filter({ hasText: 'Dieses Netzwerk gibt es nicht mehr.' }).waitFor()
    assert.deepEqual(await fits(), { wide: true, small: 0, lang: 'de' })
    await phone.close()
  })
})
