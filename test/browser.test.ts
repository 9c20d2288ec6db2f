// The plugin script in a real Chromium that blocks cookies of other sites: what a page writes, what a visitor does, and
// what the page's server is sent. The network is pretended here; test/browser-login.test.ts goes the whole way.

import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { BrowserContext, Page } from 'playwright-core'
import { offeredNetworks } from '../src/dialects/browser/offered.ts'
import { describeBrowser, hearPage, openStreet, type Street } from './support/browser.ts'
import { createPretendDance, type PretendDance, tokenFor } from './support/pretend-dance.ts'

const NETWORKS = ['twitter', 'facebook', 'linkedin', 'github']

describeBrowser('the plugin in a browser', () => {
  let street: Street
  let dance: PretendDance
  const contexts: BrowserContext[] = []

  before(async () => {
    street = await openStreet()
    const { store, site } = street.house
    for (const id of NETWORKS) await store.apps.save(site, id, { clientId: `client-of-${id}` })
  })
  beforeEach(async () => {
    dance = createPretendDance()
    street.intercept = dance.answer
    await Promise.all(contexts.splice(0).map((context) => context.close()))
  })
  after(() => street?.close())

  const tag = () => `<script async src="${street.kith}/socialize/library.js"></script>`
  /** A page as it stands on many sites: the queue, the script, the pushes. */
  const pageOf = (commands: readonly unknown[][], { head = '', body = '<div id="box"></div>' } = {}) => {
    const pushes = commands.map((command) => `_oneall.push(${JSON.stringify(command)});`).join('')
    return street.show(
      `${body}<script>var _oneall = window._oneall || [];${pushes}</script>`,
      `${head}<script>var _oneall = window._oneall || [];</script>${tag()}`,
    )
  }
  const callback = () => `${street.shop}/callback?oa_social_login_source=login&a=1%262`
  const loginCommands = () => [
    ['social_login', 'set_callback_uri', callback()],
    ['social_login', 'set_providers', ['github', 'twitter']],
    ['social_login', 'do_render_ui', 'box'],
  ]
  async function open(address: string, options: Parameters<Street['visit']>[0] = {}, prepare = '') {
    const context = await street.visit(options)
    contexts.push(context)
    if (prepare) await context.addInitScript(prepare)
    const page = await context.newPage()
    const heard = hearPage(page)
    await page.goto(address)
    return { context, page, heard }
  }
  /** Clicks and answers the window that opens. */
  async function popupOf(page: Page, click: () => Promise<void>): Promise<Page> {
    const [popup] = await Promise.all([page.waitForEvent('popup'), click()])
    await popup.waitForLoadState()
    return popup
  }
  const choose = (page: Page, name: string) => page.getByRole('button', { name }).click()

  describe('login', () => {
    test('a visitor picks a network, agrees, and the site is sent a form with the connection', async () => {
      const { page, heard } = await open(pageOf(loginCommands()))
      const names = await page
        .getByRole('group', { name: 'Log in with' })
        .getByRole('button')
        .allTextContents()
      assert.deepEqual(names, ['GGitHub', 'XX'])
      const popup = await popupOf(page, () => choose(page, 'Log in with GitHub'))
      assert.equal(await page.getByRole('status').textContent(), 'Go on in the window of GitHub.')
      const [sent] = await Promise.all([street.nextPost(), popup.click('#yes')])
      assert.deepEqual(dance.asked, [
        {
          provider: 'github',
          query: { service: 'social_login', callback_uri: callback(), display: 'popup' },
        },
      ])
      const token = tokenFor(1)
      assert.deepEqual(sent, {
        path: '/callback',
        query: { oa_social_login_source: 'login', a: '1&2' },
        form: {
          connection_token: token,
          oa_action: 'social_login',
          oa_social_login_token: token,
          identity_vault_key: token,
        },
        origin: street.shop,
      })
      await page.getByRole('heading', { name: 'The shop knows you.' }).waitFor()
      assert(popup.isClosed() || (await popup.waitForEvent('close')))
      assert.deepEqual(
        heard.filter((line) => !line.includes('404')),
        [],
      )
    })

    test('a page that says false to the redirect is handed the token, and no form is sent', async () => {
      const { page } = await open(pageOf(loginCommands()))
      await page.evaluate(`{
        window.told = []
        const note = (name) => (event) => { told.push([name, event.connection.connection_token]) }
        _oneall.push(['social_login', 'set_event', 'on_login_end', note('end')])
        _oneall.push(['social_login', 'add_event', 'on_login_redirect', note('redirect')])
        _oneall.push(['social_login', 'add_event', 'on_login_redirect', () => false])
      }`)
      const before = street.posted.length
      const popup = await popupOf(page, () => choose(page, 'GitHub'))
      await Promise.all([popup.waitForEvent('close'), popup.click('#yes')])
      const told = await page.evaluate('told')
      assert.deepEqual(told, [
        ['end', tokenFor(1)],
        ['redirect', tokenFor(1)],
      ])
      assert.equal(street.posted.length, before)
    })

    test('where windows are blocked, and where the page wants none, the page itself goes', async () => {
      const blocked = 'const open = window.open; window.open = (a, t) => (t === "_blank" ? null : open(a, t))'
      const same = [['social_login', 'set_same_window', true], ...loginCommands()]
      const cases = [
        { address: pageOf(loginCommands()), prepare: blocked },
        { address: pageOf(same), prepare: '' },
      ]
      for (const { address, prepare } of cases) {
        const { page, context } = await open(address, {}, prepare)
        await choose(page, 'GitHub')
        await page.waitForURL(/\/socialize\/connect\/direct\/github\/\?/)
        assert.equal(dance.asked.at(-1)?.query.display, undefined)
        assert.equal(context.pages().length, 1)
        const [sent] = await Promise.all([street.nextPost(), page.click('#yes')])
        assert.equal(sent.form.oa_action, 'from_popup')
        assert.equal(sent.query.oa_social_login_source, 'login')
      }
    })

    test('a closed window is noticed, said, and the next try succeeds', async () => {
      const { page } = await open(pageOf(loginCommands()))
      const popup = await popupOf(page, () => choose(page, 'GitHub'))
      await popup.close()
      const status = page.getByRole('status')
      await status.filter({ hasText: 'The window is closed.' }).waitFor()
      const again = await popupOf(page, () => choose(page, 'Log in with X'))
      const [sent] = await Promise.all([street.nextPost(), again.click('#yes')])
      assert.equal(sent.form.connection_token, tokenFor(2))
    })

    test('two tabs at once each get what was agreed in their own window', async () => {
      const { page: one, context } = await open(pageOf(loginCommands()))
      const two = await context.newPage()
      await two.goto(
        pageOf([['social_login', 'set_callback_uri', `${street.shop}/two`], ...loginCommands().slice(1)]),
      )
      const first = await popupOf(one, () => choose(one, 'GitHub'))
      const second = await popupOf(two, () => choose(two, 'GitHub'))
      const count = street.posted.length
      await second.click('#yes')
      const fromTwo = await street.nextPost(count)
      await first.click('#yes')
      const fromOne = await street.nextPost(count + 1)
      assert.deepEqual(
        [fromTwo, fromOne].map(({ path, form }) => [path, form.connection_token]),
        [
          ['/two', tokenFor(2)],
          ['/callback', tokenFor(1)],
        ],
      )
    })

    test('a message of another window or origin, or with something else in it, is not believed', async () => {
      const { page, context } = await open(pageOf(loginCommands()))
      const popup = await popupOf(page, () => choose(page, 'GitHub'))
      const before = street.posted.length
      const forged = JSON.stringify({ kith: 'connection', connection_token: tokenFor(99) })
      // From the page itself, and from a frame of the gateway's own origin that is not the window.
      await page.evaluate(`postMessage(${forged}, '*')`)
      await page.evaluate(`new Promise((resolve) => {
        const frame = document.createElement('iframe')
        frame.src = ${JSON.stringify(`${street.kith}/socialize/library.js`)}
        frame.onload = resolve
        document.body.append(frame)
      })`)
      const frame = page.frames().find((each) => each !== page.mainFrame())
      assert.equal(new URL(frame?.url() ?? '').origin, street.kith)
      await frame?.evaluate(`parent.postMessage(${forged}, '*')`)
      // From the window, but without a token in it.
      await popup.evaluate(`opener.postMessage({ kith: 'connection', connection_token: '<b>' }, '*')`)
      // From the window after it went to a foreign origin.
      const elsewhere = new URL(street.show('elsewhere'))
      elsewhere.hostname = 'elsewhere.localhost'
      await Promise.all([
        popup.waitForURL(elsewhere.href),
        popup.evaluate(`location.href = ${JSON.stringify(elsewhere.href)}`),
      ])
      await popup.evaluate(`opener.postMessage(${forged}, '*')`)
      await page.waitForTimeout(150)
      assert.equal(street.posted.length, before)
      assert.equal(context.pages().length, 2)
    })

    test('a page elsewhere than the callback is sent nothing by the window', async () => {
      const { page } = await open(
        pageOf(loginCommands().with(0, ['social_login', 'set_callback_uri', 'http://other.localhost/x'])),
      )
      const popup = await popupOf(page, () => choose(page, 'GitHub'))
      const target = popup.waitForURL('http://other.localhost/x').then(
        () => 'arrived',
        () => 'unreachable',
      )
      await popup.click('#yes')
      assert.equal(await target, 'unreachable')
      assert.equal(await page.getByRole('status').textContent(), 'Go on in the window of GitHub.')
    })

    test('an address to come back to that is none opens no window', async () => {
      const commands = loginCommands().with(0, ['social_login', 'set_callback_uri', 'javascript:alert(1)'])
      const { page, heard, context } = await open(pageOf(commands))
      await choose(page, 'GitHub')
      assert.equal(context.pages().length, 1)
      assert(heard.some((line) => line.includes('is no address to come back to')))
    })

    test('the page’s own address serves where no other is named, without its fragment', async () => {
      const { page } = await open(`${pageOf(loginCommands().slice(1))}?x=1#part`)
      await popupOf(page, () => choose(page, 'GitHub'))
      assert.match(dance.asked[0]?.query.callback_uri ?? '', /\/page-\d+\?x=1$/)
    })
  })

  describe('link', () => {
    const linkCommands = () => [
      ['social_link', 'set_callback_uri', callback()],
      ['social_link', 'set_user_token', 'the-user'],
      ['social_link', 'set_linked_providers', ['github']],
      ['social_link', 'set_force_re_authentication', true],
      ['social_link', 'do_render_ui', 'box'],
    ]

    test('a visitor links a further network', async () => {
      const { page } = await open(pageOf(linkCommands()))
      const popup = await popupOf(page, () => choose(page, 'Link Facebook'))
      const [sent] = await Promise.all([street.nextPost(), popup.click('#yes')])
      assert.equal(sent.form.oa_action, 'social_link')
      assert.deepEqual(dance.asked[0], {
        provider: 'facebook',
        query: {
          service: 'social_link',
          callback_uri: callback(),
          user_token: 'the-user',
          force_reauth: 'true',
          action: 'link_identity',
          display: 'popup',
        },
      })
    })

    test('what is linked is shown as such, with a way to unlink it', async () => {
      const { page } = await open(pageOf(linkCommands()))
      await page.getByText('✓ Linked').waitFor()
      assert.equal(await page.getByRole('button', { name: 'Link GitHub', exact: true }).count(), 0)
      const popup = await popupOf(page, () => choose(page, 'Unlink GitHub'))
      assert.equal(dance.asked[0]?.query.action, 'unlink_identity')
      const [sent] = await Promise.all([street.nextPost(), popup.click('#yes')])
      assert.equal(sent.form.oa_action, 'social_link')
    })
  })

  describe('any page', () => {
    test('the form of 2011 and the dialog work by keyboard alone', async () => {
      const address = street.show(
        `<button id="box">Log in…</button><script>
          function build() {
            oneall.api.plugins.social_login.build('box', { providers: ['github'], callback_uri: '${callback()}',
              grid_size_x: 1, grid_size_y: 1, modal: true })
          }</script><script src="${street.kith}/socialize/library.js" onload="build()"></script>`,
      )
      const { page } = await open(address)
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog', { name: 'Log in with' }).waitFor()
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      assert.equal(await page.evaluate('document.activeElement.id'), 'box')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      const popup = await popupOf(page, () => page.keyboard.press('Enter'))
      const [sent] = await Promise.all([street.nextPost(), popup.click('#yes')])
      assert.equal(sent.form.connection_token, tokenFor(1))
    })

    test('a page’s own rules reach nothing inside, its custom style sheet does', async () => {
      const head = `<style>*{display:none!important;color:lime!important;font-size:60px!important}
        html,body,#box,kith-networks{display:block!important}
        button,ul,li{all:unset!important;position:fixed!important}</style>`
      const custom = `data:text/css,.provider{background:rgb(1,2,3)}`
      const commands = [['social_login', 'set_custom_css_uri', custom], ...loginCommands()]
      const { page } = await open(pageOf(commands, { head }))
      const button = page.getByRole('button', { name: 'Log in with GitHub' })
      await button.waitFor()
      const style = await page.evaluate(`{
        const { display, position, fontSize } = getComputedStyle(
          document.querySelector('kith-networks').shadowRoot.querySelector('button'))
        ;({ display, position, fontSize })
      }`)
      assert.deepEqual(style, { display: 'flex', position: 'static', fontSize: '18px' })
      const background = `getComputedStyle(
        document.querySelector('kith-networks').shadowRoot.querySelector('.provider')).backgroundColor`
      await page.waitForFunction(`${background} === 'rgb(1, 2, 3)'`)
    })

    test('a page that allows no styles but its files shows the networks all the same', async () => {
      const policy = `<meta http-equiv="Content-Security-Policy"
        content="style-src 'self'; script-src 'unsafe-inline' ${street.kith}">`
      const { page, heard } = await open(pageOf(loginCommands(), { head: policy }))
      const button = page.getByRole('button', { name: 'Log in with GitHub' })
      await button.waitFor()
      const display = `getComputedStyle(document.querySelector('kith-networks').shadowRoot.querySelector('button')).display`
      assert.equal(await page.evaluate(display), 'flex')
      assert.deepEqual(
        heard.filter((line) => line.includes('Content Security Policy')),
        [],
      )
    })

    test('on narrow screens nothing sticks out and everything can be hit', async () => {
      const commands = [
        ['social_login', 'set_grid_sizes', [8, 2]],
        ['social_login', 'do_render_ui', 'box'],
        ['social_login', 'set_grid_sizes', [2, 9]],
        ['social_login', 'do_render_ui', 'other'],
        ['social_link', 'set_linked_providers', ['twitter', 'github']],
        ['social_link', 'do_render_ui', 'third'],
      ]
      const body = '<div id="box"></div><div id="other"></div><div id="third"></div>'
      const { page } = await open(pageOf(commands, { body }), { isMobile: true, hasTouch: true })
      await page.getByRole('button', { name: 'Unlink X' }).waitFor()
      for (const width of [280, 320, 390]) {
        await page.setViewportSize({ width, height: 700 })
        assert.equal(await page.evaluate('document.documentElement.scrollWidth'), width)
        const boxes = await Promise.all(
          (await page.getByRole('button').all()).map((each) => each.boundingBox()),
        )
        assert(boxes.length > 15)
        // https://www.w3.org/TR/WCAG22/#target-size-minimum
        assert(boxes.every((box) => box && box.width >= 24 && box.height >= 24 && box.x >= 0))
      }
    })

    test('the text has the page’s own colour and font, light or dark; pictures of it are kept to be looked at', async () => {
      const folder = join(tmpdir(), 'kith-screenshots')
      const style = '<style>:root{color-scheme:light dark}body{font-family:monospace}</style>'
      const commands = [...loginCommands(), ['social_link', 'set_linked_providers', ['github']]]
      const body = '<div id="box"></div><p></p><div id="other"></div>'
      const address = pageOf([...commands, ['social_link', 'do_render_ui', 'other']], { head: style, body })
      const colors: unknown[] = []
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page } = await open(address, { colorScheme })
        await page.getByText('✓ Linked').waitFor()
        const [inside, outside] = (await page.evaluate(`[
          document.querySelector('kith-networks').shadowRoot.querySelector('button'), document.body,
        ].map((element) => [getComputedStyle(element).color, getComputedStyle(element).fontFamily])`)) as string[][]
        assert.deepEqual(inside, outside)
        colors.push(outside?.[0])
        await page.screenshot({ path: join(folder, `plugin-${colorScheme}.png`), fullPage: true })
      }
      assert.equal(new Set(colors).size, 2)
    })

    test('what does not fit the grid waits behind a button that hands its focus on', async () => {
      const commands = [
        ['social_login', 'set_grid_sizes', [2, 1]],
        ['social_login', 'do_render_ui', 'box'],
      ]
      const { page } = await open(pageOf(commands))
      const buttons = page.getByRole('button', { name: /^Log in with/ })
      await buttons.first().waitFor()
      assert.equal(await buttons.count(), 2)
      await choose(page, 'More networks')
      assert.equal(
        await buttons.count(),
        (await offeredNetworks(street.house.gateway, street.house.site)).length,
      )
      const focused = await page.evaluate(
        `document.querySelector('kith-networks').shadowRoot.activeElement.getAttribute('aria-label')`,
      )
      assert.match(String(focused), /^Log in with/)
    })

    test('the texts are in the visitor’s language, and English in all others', async () => {
      const cases = [
        ['de-AT', 'Anmelden mit GitHub', 'de'],
        ['pt-BR', 'Log in with GitHub', 'en'],
      ] as const
      const address = pageOf(loginCommands())
      for (const [locale, name, language] of cases) {
        const { page } = await open(address, { locale })
        await page.getByRole('button', { name }).waitFor()
        assert.equal(await page.locator('kith-networks').getAttribute('lang'), language)
      }
    })

    test('the page can ask for a language by address, which the pages behind it speak then, too', async () => {
      const address = street.show(
        `<div id="box"></div><script>var _oneall=[['social_login','do_render_ui','box']]</script>
        <script src="${street.kith}/socialize/library.js?lang=es"></script>`,
      )
      const { page } = await open(address, { locale: 'de-DE' })
      await popupOf(page, () => choose(page, 'Iniciar sesión con GitHub'))
      assert.equal(dance.asked[0]?.query.lang, 'es')
    })

    test('a command that is wrong is told to the page’s author and stops none after it', async () => {
      const commands = [
        ['social_login', 'no_such_method'],
        ['constructor', 'name'],
        ['social_login', 'set_providers', ['orkut', 'github', '__proto__']],
        ['social_login', 'do_render_ui', 'nowhere'],
        ['social_login', 'do_render_ui', 'box'],
      ]
      const { page, heard } = await open(pageOf(commands))
      await page.getByRole('button', { name: 'Log in with GitHub' }).waitFor()
      await page.waitForFunction(`document.readyState === 'complete'`)
      const told = heard.filter((line) => line.startsWith('warning: Kith:'))
      assert.deepEqual(told.toSorted(), [
        'warning: Kith: the page has no element with the id "nowhere".',
        'warning: Kith: the site has no network "__proto__".',
        'warning: Kith: the site has no network "orkut".',
        'warning: Kith: there is no "name" of "constructor".',
        'warning: Kith: there is no "no_such_method" of "social_login".',
      ])
      assert.equal(await page.getByRole('button').count(), 1)
    })

    test('names from the page are shown as text', async () => {
      const evil = '"><img src=x onerror="window.broken=1">'
      const commands = [
        ['social_login', 'set_callback_uri', `${street.shop}/cb?x=${evil}`],
        ['social_login', 'set_providers', [evil, 'github']],
        ['social_login', 'do_render_ui', 'box'],
      ]
      const { page } = await open(pageOf(commands))
      await popupOf(page, () => choose(page, 'GitHub'))
      assert.equal(await page.evaluate(`'broken' in window`), false)
    })

    test('the script on a page twice does its work once', async () => {
      const { page, heard } = await open(pageOf(loginCommands(), { head: tag() }))
      await page.getByRole('button', { name: 'Log in with GitHub' }).waitFor()
      assert.equal(await page.getByRole('button').count(), 2)
      assert(heard.some((line) => line.includes('twice')))
    })
  })
})
