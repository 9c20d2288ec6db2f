// A real browser before a whole gateway: Kith on one origin, a shop's pages on another, and what the shop was sent.

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { test } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { serverOptions } from '../../src/dialects/front.ts'
import { describeCounterpart, findProgram } from './counterparts.ts'
import { type House, openHouse } from './house.ts'
import { listen } from './wire.ts'

/** What the shop's server was sent by a form. */
export interface Posted {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly form: Readonly<Record<string, string>>
  readonly origin: string | undefined
}

export interface Street {
  readonly house: House
  readonly browser: Browser
  /** Origin of the gateway under the name of its site. */
  readonly kith: string
  /** Origin of the shop: another site, to a browser. */
  readonly shop: string
  /** All forms so far, in order. */
  readonly posted: readonly Posted[]
  /** Answers what the gateway would have; false leaves it to the gateway. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Puts a page into the shop's window; answers its address. */
  show(body: string, head?: string): string
  /** A fresh visitor, without anybody's cookies. */
  visit(options?: Parameters<Browser['newContext']>[0]): Promise<BrowserContext>
  /** The next form that the shop is sent. */
  nextPost(after?: number): Promise<Posted>
  close(): Promise<void>
}

/** Why there is no browser on this machine; undefined when there is one. */
export function missingBrowser(): string | undefined {
  return findProgram('chromium') ? undefined : 'Chromium is not installed.'
}

/** A suite in a browser: it takes half a minute, so that it runs where counterparts are required (`.ci/run`) alone. */
export function describeBrowser(name: string, suite: () => void): void {
  const isWanted = process.env.KITH_REQUIRE_COUNTERPARTS === '1'
  if (isWanted) describeCounterpart(name, missingBrowser(), suite)
  else test(name, { skip: 'It takes half a minute: set KITH_REQUIRE_COUNTERPARTS=1.' }, () => assert.fail())
}

/** A Chromium without a window, which keeps cookies from all sites but the one that is visited. */
export function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  // As root, Chromium refuses to run with its sandbox; all it sees here is ours.
  const all = ['--no-sandbox', '--disable-dev-shm-usage', '--test-third-party-cookie-phaseout', ...args]
  return chromium.launch({ executablePath: findProgram('chromium'), args: all })
}

/** Opens house, shop and browser. */
export async function openStreet(options: Parameters<typeof openHouse>[0] = {}): Promise<Street> {
  const house = await openHouse({ sandbox: true, ...options })
  const posted: Posted[] = []
  const pages = new Map<string, string>()
  const kithServer = createServer(serverOptions())
  house.front.attach(kithServer, (request, response) => {
    if (!street.intercept(request, response)) house.front.listener(request, response)
  })
  const shopServer = createServer((request, response) => void serveShop(request, response, pages, posted))
  // A browser that does not start leaves nothing behind.
  const browser = await launchBrowser().catch(async (error: unknown) => {
    await house.close()
    throw error
  })
  const [kithPort, shopPort] = [await listen(kithServer), await listen(shopServer)]

  const street: Street = {
    house,
    browser,
    kith: `http://${house.site.subdomain}.api.localhost:${kithPort}`,
    shop: `http://shop.localhost:${shopPort}`,
    posted,
    intercept: () => false,
    show(body, head = '') {
      const path = `/page-${pages.size}`
      pages.set(
        path,
        `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">${head}</head><body>${body}</body></html>`,
      )
      return `${street.shop}${path}`
    },
    visit: (context) => browser.newContext({ viewport: { width: 900, height: 640 }, ...context }),
    async nextPost(after = posted.length) {
      for (let tries = 0; tries < 400; tries++) {
        const next = posted[after]
        if (next) return next
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
      throw new Error('The shop was sent no form within ten seconds.')
    },
    async close() {
      await browser.close()
      await Promise.all([closed(kithServer), closed(shopServer)])
      await house.close()
    },
  }
  return street
}

/** Everything that the page says to its author. */
export function hearPage(page: Page): string[] {
  const heard: string[] = []
  page.on('console', (message) => heard.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => heard.push(`uncaught: ${error.message}`))
  return heard
}

async function serveShop(
  request: IncomingMessage,
  response: ServerResponse,
  pages: ReadonlyMap<string, string>,
  posted: Posted[],
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://shop.localhost')
  if (request.method === 'POST') {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(Buffer.from(piece))
    posted.push({
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      form: Object.fromEntries(new URLSearchParams(Buffer.concat(pieces).toString())),
      origin: request.headers.origin,
    })
  }
  const text =
    request.method === 'POST' ? '<!doctype html><h1>The shop knows you.</h1>' : pages.get(url.pathname)
  response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' })
  response.end(text ?? 'nothing here')
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
