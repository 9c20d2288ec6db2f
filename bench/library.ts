// The plugin script as a visitor on a slow phone meets it: what it weighs, and how long until its buttons can be used.
// Needs Chromium (Debian: apt-get install chromium).

import { setTimeout as pause } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { hearPage, missingBrowser, openStreet, type Street } from '../test/support/browser.ts'
import { type Figure, median, percentile, rounded } from './figure.ts'

const REPEATS = 7
const WEIGHT_MAX = 15_000
const INTERACTIVE_MAX_MS = 1_500
// What Lighthouse calls slow 4G and a mid-tier phone:
// https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md
const NET = {
  latency: 150,
  downloadThroughput: (1.6 * 1_024 * 1_024) / 8,
  uploadThroughput: (750 * 1_024) / 8,
}
const CPU_SLOWDOWN = 4

/** Weight of the script, and time to its first usable button, beside the same page without it. */
export async function plugin(): Promise<readonly Figure[]> {
  const missing = missingBrowser()
  if (missing !== undefined) throw new Error(missing)
  const street = await openStreet({ sandbox: false })
  try {
    const { store, site } = street.house
    const networks = ['twitter', 'facebook', 'linkedin', 'github']
    for (const id of networks) await store.apps.save(site, id, { clientId: 'x' })
    return await measure(street)
  } finally {
    await street.close()
  }
}

async function measure(street: Street): Promise<readonly Figure[]> {
  const callback = `${street.shop}/callback`
  const withPlugin = street.show(
    `<h1>Shop</h1><div id="box"></div><script>
      var _oneall = window._oneall || [];
      _oneall.push(['social_login', 'set_callback_uri', '${callback}']);
      _oneall.push(['social_login', 'set_event', 'on_widget_loaded', () => requestAnimationFrame(() =>
        setTimeout(() => { window.ready = performance.now() }))]);
      _oneall.push(['social_login', 'do_render_ui', 'box']);
    </script>`,
    `<script async src="${street.kith}/socialize/library.js"></script>`,
  )
  const without = street.show(
    `<h1>Shop</h1><div id="box"></div><script>
      requestAnimationFrame(() => setTimeout(() => { window.ready = performance.now() }))
    </script>`,
  )
  const times = { withPlugin: [] as number[], without: [] as number[], again: [] as number[] }
  let weight = 0
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    times.without.push((await visit(street.browser, [without])).at(-1)?.ready ?? 0)
    const visits = await visit(street.browser, [withPlugin, withPlugin])
    times.withPlugin.push(visits[0]?.ready ?? 0)
    times.again.push(visits[1]?.ready ?? 0)
    weight = visits[0]?.bytes ?? 0
  }
  const [plain, first, again] = [median(times.without), median(times.withPlugin), median(times.again)]
  return [
    {
      what: 'plugin script, as it comes over the wire',
      measured: `${(weight / 1_000).toFixed(1)} KB`,
      asked: '< 15 KB',
      isMet: weight > 0 && weight < WEIGHT_MAX,
      detail: 'gzip, head of the answer included; all four languages; one file, nothing loaded after it',
    },
    {
      what: 'plugin on a slow phone, from the click on a link to usable buttons',
      measured: `${rounded(first, 0)} ms (${rounded(first / plain)} of the same page without it)`,
      asked: `< ${INTERACTIVE_MAX_MS.toLocaleString('en')} ms`,
      isMet: first < INTERACTIVE_MAX_MS,
      detail: `Chromium at 1.6 Mbit/s, 150 ms a round trip, ${CPU_SLOWDOWN} times slower; the page alone ${rounded(plain, 0)} ms, the next page ${rounded(again, 0)} ms; slowest of ${REPEATS} ${rounded(percentile(times.withPlugin, 100), 0)} ms`,
    },
  ]
}

/** Goes to these pages one after the other as one visitor who was never here. */
async function visit(
  browser: Browser,
  addresses: readonly string[],
): Promise<readonly { readonly ready: number; readonly bytes: number }[]> {
  const context = await browser.newContext({ viewport: { width: 390, height: 800 }, isMobile: true })
  const page = await context.newPage()
  const heard = hearPage(page)
  const client = await context.newCDPSession(page)
  await client.send('Network.enable')
  await client.send('Network.emulateNetworkConditions', { offline: false, ...NET })
  await client.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWDOWN })
  const seen: { ready: number; bytes: number }[] = []
  for (const address of addresses) {
    await page.goto(address)
    await page.waitForFunction('window.ready')
    const ready = Number(await page.evaluate('window.ready'))
    const bytes = Number(
      await page.evaluate(
        `performance.getEntriesByType('resource').find((each) => each.name.endsWith('library.js'))?.transferSize ?? 0`,
      ),
    )
    seen.push({ ready, bytes })
    await pause(50)
  }
  const wrong = heard.filter((line) => line.startsWith('uncaught'))
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  await context.close()
  return seen
}
