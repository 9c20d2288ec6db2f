// A browser without a window: it keeps cookies, follows redirects, and fills in forms; our pages are answered by the
// front, those of the networks by the sandbox.

import type { Gateway } from '../../src/core/gateway.ts'
import type { Site } from '../../src/core/model.ts'
import { createDoorkeeper } from '../../src/dialects/access.ts'
import { type BrowserOptions, createBrowser } from '../../src/dialects/browser/browser.ts'
import { createFront, type Front } from '../../src/dialects/front.ts'
import { createGigya } from '../../src/dialects/gigya/gigya.ts'
import { METHODS } from '../../src/dialects/gigya/methods.ts'
import { createOneAll } from '../../src/dialects/oneall/oneall.ts'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import type { House } from './house.ts'

export interface Shown {
  readonly url: URL
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

export interface Visitor {
  /** Opens an address, and goes where it leads. */
  visit(url: string, headers?: Readonly<Record<string, string>>): Promise<Shown>
  /** Goes as far as our own addresses lead; where the browser is sent then. */
  begin(url: string): Promise<URL>
  /** Sends the only form of a page, or that with this button, with these values in it, and goes where it leads. */
  send(shown: Shown, values?: Readonly<Record<string, string>>): Promise<Shown>
  /** Posts these values to where the form of a page goes. */
  post(shown: Shown, values: Readonly<Record<string, string>>): Promise<Shown>
  /** Says yes or no on a consent page of the sandbox. */
  decide(shown: Shown, form?: Readonly<Record<string, string>>): Promise<Shown>
  /** `host name=value`. */
  readonly cookies: Map<string, string>
  /** Every address that was opened. */
  readonly visited: string[]
}

export const KITH = 'kith.test'

/** A front of the house's dialects over a gateway that may differ from the house's own. */
export function frontOf(gateway: Gateway, options: BrowserOptions = {}): Front {
  const doorkeeper = createDoorkeeper({}, gateway.now)
  const dialects = [
    createBrowser(gateway.now, options),
    createGigya({ doorkeeper }, { methods: METHODS, secretOverHttp: true }),
    createOneAll({ doorkeeper }),
  ]
  return createFront({ dialects, gateway, options: { fallback: 'oneall' } })
}

/** A browser that knows `*.kith.test` as the gateway; everything else is fetched. */
export function openVisitor(
  front: Front,
  now: () => number = Date.now,
  ownHosts: readonly string[] = [],
): Visitor {
  const cookies = new Map<string, string>()
  const visited: string[] = []

  const isOurs = ({ host, hostname }: URL) =>
    hostname === KITH || hostname.endsWith(`.${KITH}`) || ownHosts.includes(host)

  async function once(url: URL, method: string, body: URLSearchParams | undefined, more: Headers = {}) {
    visited.push(url.href)
    if (isOurs(url)) {
      const own = [...cookies].filter(([key]) => key.startsWith(`${url.host} `))
      const cookie = own.map(([key, value]) => `${key.slice(url.host.length + 1)}=${value}`).join('; ')
      const headers = {
        host: url.host,
        ...(cookie && { cookie }),
        ...(body && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...more,
      }
      const scheme = url.protocol === 'https:' ? 'https' : 'http'
      const bytes = body && Buffer.from(body.toString())
      const target = url.pathname + url.search
      const request = toWireRequest({
        method,
        target,
        headers,
        body: bytes,
        scheme,
        address: '192.0.2.1',
        at: now(),
      })
      const answer = await front.answer(request)
      keep(url, answer.headers['set-cookie'])
      const text = Buffer.concat([answer.body].flat()).toString()
      return { url, status: answer.status, headers: answer.headers, text }
    }
    const response = await fetch(url, { method, body, redirect: 'manual' })
    return {
      url,
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text: await response.text(),
    }
  }

  function keep({ host }: URL, header: string | undefined): void {
    const [pair = '', ...attributes] = header?.split('; ') ?? []
    const at = pair.indexOf('=')
    if (at < 0) return
    const key = `${host} ${pair.slice(0, at)}`
    if (attributes.includes('Max-Age=0')) cookies.delete(key)
    else cookies.set(key, pair.slice(at + 1))
  }

  async function follow(first: Shown): Promise<Shown> {
    let shown = first
    for (let hops = 0; hops < 10; hops += 1) {
      const { location } = shown.headers
      if (location === undefined || shown.status < 300 || shown.status > 399) return shown
      const next = new URL(location, shown.url)
      const isElsewhere = !isOurs(next) && next.hostname !== '127.0.0.1'
      if (isElsewhere) return { ...shown, url: next }
      shown = await once(next, 'GET', undefined)
    }
    throw new Error('The redirects do not end.')
  }

  return {
    cookies,
    visited,
    visit: async (url, headers) => follow(await once(new URL(url), 'GET', undefined, headers)),
    async begin(url) {
      let next = new URL(url)
      for (let hops = 0; hops < 10 && isOurs(next); hops += 1) {
        const { headers, text } = await once(next, 'GET', undefined)
        if (headers.location === undefined) throw new Error(`Nobody is sent on:\n${text}`)
        next = new URL(headers.location, next)
      }
      return next
    },
    async send(shown, values = {}) {
      const { action, method, fields } = formOf(shown)
      const all = new URLSearchParams({ ...fields, ...values })
      const url = new URL(action, shown.url)
      if (method === 'post') return follow(await once(url, 'POST', all))
      url.search = all.toString()
      return follow(await once(url, 'GET', undefined))
    },
    async post(shown, values) {
      return follow(await once(new URL(formOf(shown).action, shown.url), 'POST', new URLSearchParams(values)))
    },
    async decide(shown, form = { decision: 'approve', account: '3', contacts: '12' }) {
      return follow(await once(shown.url, 'POST', new URLSearchParams(form)))
    },
  }
}

type Headers = Readonly<Record<string, string>>

/** The first form of a page. */
export function formOf({ text }: Shown): {
  readonly action: string
  readonly method: string
  readonly fields: Record<string, string>
} {
  const form = /<form([^>]*)>(.*?)<\/form>/s.exec(text)
  if (!form) throw new Error(`There is no form:\n${text}`)
  const [, tag = '', inside = ''] = form
  const fields: Record<string, string> = {}
  for (const [input] of inside.matchAll(/<input[^>]*>/g)) {
    const name = attributeOf(input, 'name')
    if (name !== undefined) fields[name] = attributeOf(input, 'value') ?? ''
  }
  return { action: attributeOf(tag, 'action') ?? '', method: attributeOf(tag, 'method') ?? 'get', fields }
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return value?.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
}

export const CALLBACK = 'https://shop.example/cb?oa_social_login_source=plugin'

/** Where a login begins. */
export function direct(provider: string, query: Readonly<Record<string, string>> = {}): string {
  const all = new URLSearchParams({ service: 'social_login', callback_uri: CALLBACK, ...query })
  return `http://house.api.${KITH}/socialize/connect/direct/${provider}/?${all}`
}

/** A house whose site may send people back to shop.example, with apps at the networks of the sandbox. */
export async function setUp(house: House, settings: Site['settings'] = {}): Promise<void> {
  const { store, site, sandbox } = house
  await store.sites.saveSettings(site, { ...site.settings, allowedDomains: ['shop.example'], ...settings })
  if (!sandbox) return
  const apps = {
    github: 'github.com',
    twitter: 'api.x.com',
    facebook: 'graph.facebook.com',
    linkedin: 'api.linkedin.com',
  }
  for (const [provider, host] of Object.entries(apps)) {
    const { clientId, clientSecret } = sandbox.app(host, { isPartner: true })
    await store.apps.save(site, provider, { clientId, clientSecret })
  }
}
