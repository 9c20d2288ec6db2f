// The page that a mailed address leads to: its user links accounts there, without a password and without a script.

import { z } from 'zod'
import { GatewayError } from '../../../core/errors.ts'
import { isInvitation, openInvitation, VISIT_MS, visitorOf } from '../../../core/invitations.ts'
import type { Site } from '../../../core/model.ts'
import { route, type WireAnswer, type WireRequest } from '../../dialect.ts'
import { type Html, html } from '../html.ts'
import { offeredNetworks } from '../offered.ts'
import { readCookie, setCookie } from '../own-cookie.ts'
import { page, redirect, toWireAnswer } from '../page.ts'
import { baseOf, hopTo } from '../places.ts'
import { fill } from '../speech.ts'
import { carriedSite } from '../visited-site.ts'
import { chooseLanguage, type Words, wordsOf } from '../words/words.ts'
import { LIST_STYLE, networkList } from './network-list.ts'

const VISIT = 'kith-visit'

const TOKEN = z.object({ token: z.string().max(100) })

/** Looking does not use the address: programs that check mail for bad links look too. */
export const showLink = route({
  method: 'GET',
  path: '/login/link/:token',
  summary: 'Show what an address to link accounts is for',
  input: TOKEN,
  async run({ gateway, caller: { site }, input, request }): Promise<WireAnswer> {
    // The cookie of the visit belongs to the host that networks send browsers back to.
    const hop = hopTo(baseOf(gateway, request), request, site)
    if (hop !== undefined) return toWireAnswer(redirect(hop))
    if (!(await isInvitation(gateway, site, input.token))) return toSpent(request, site)
    const { lang, words, fill } = speak(request, site)
    const { proceed, proceedWhy } = words.page
    const button = html`<form method="post"><button>${proceed}</button></form>`
    const main = html`<h1>${site.name}</h1><p>${fill(proceedWhy)}</p>${button}`
    return toWireAnswer(page({ lang, title: fill(proceed), main }))
  },
})

export const openLink = route({
  method: 'POST',
  path: '/login/link/:token',
  summary: 'Open an address to link accounts, once',
  input: TOKEN,
  async run({ gateway, caller: { site }, input, request }): Promise<WireAnswer> {
    requireOwnForm(request)
    const secret = await openInvitation(gateway, site, input.token)
    if (secret === undefined) return toSpent(request, site)
    const cookie = setCookie(request, VISIT, secret, VISIT_MS / 1_000)
    return toWireAnswer({ ...redirect(accountsPath(request, site), { 'set-cookie': cookie }), status: 303 })
  },
})

// A stranger's page could otherwise open its own invitation in a visitor's browser, who would then link for the stranger.
// https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site
function requireOwnForm({ headers }: WireRequest): void {
  const from = headers['sec-fetch-site']
  if (from === undefined || from === 'same-origin') return
  throw new GatewayError('forbidden', 'This address is opened by the button on its own page.')
}

export const accounts = route({
  method: 'GET',
  path: '/login/accounts',
  summary: 'The accounts of whoever opened an address to link them',
  input: z.object({}),
  run: ({ gateway, caller: { site }, request }) => showAccounts(gateway, site, request),
})

/** Where the browser comes back to after a network: the result, and the accounts as they are now. */
export const result = route({
  method: ['GET', 'POST'],
  path: '/login/result',
  summary: 'Show what became of a link that began on our own page',
  input: z.object({ connection_token: z.string().max(100).default('') }),
  async run({ gateway, caller: { site }, input, request }): Promise<WireAnswer> {
    // Whoever did not unlink after all comes back by a link.
    if (request.method !== 'POST') return showAccounts(gateway, site, request)
    const connection = await gateway.store.connections.find(site, input.connection_token)
    const { words } = speak(request, site)
    if (!connection)
      return showAccounts(gateway, site, request, html`<p role="alert">${words.page.wrong}</p>`)
    if (connection.status === 'success') return showAccounts(gateway, site, request)
    const known = words.trouble[connection.reason]
    const reason = html`${words.page.wrong}: <span lang="en">${connection.reason.replaceAll('_', ' ')}</span>.`
    const told = html`<p role="alert">${known ?? reason}</p>`
    return showAccounts(gateway, site, request, told)
  },
})

async function showAccounts(
  gateway: Parameters<typeof visitorOf>[0],
  site: Site,
  request: WireRequest,
  told?: Html,
): Promise<WireAnswer> {
  const visitor = await visitorOf(gateway, site, readCookie(request, VISIT))
  if (!visitor) return toSpent(request, site)
  const { user, callbackUri } = visitor
  const { lang, words, fill } = speak(request, site)
  const carried = carriedSite(request, site)
  const [identities, networks] = await Promise.all([
    gateway.store.identities.ofUser(user),
    offeredNetworks(gateway, site),
  ])
  const way = {
    service: 'social_link',
    callbackUri: `${baseOf(gateway, request)}/login/result${carried && `?site=${encodeURIComponent(carried)}`}`,
    userToken: user.token,
    site: carried,
    linked: new Set(identities.map(({ provider }) => provider)),
  } as const
  const { link, linkWhy, finish, finishedWhy } = words.page
  const after = callbackUri
    ? html`<a class="button" href="${callbackUri}">${finish}</a>`
    : html`<p class="soft after">${finishedWhy}</p>`
  const main = html`<h1>${fill(link)}</h1><p>${fill(linkWhy)}</p>${told}${networkList(networks, way, words)}${after}`
  return toWireAnswer(page({ lang, title: fill(link), main, style: `${LIST_STYLE}.after{margin:1rem 0 0}` }))
}

function accountsPath(request: WireRequest, site: Site): string {
  const carried = carriedSite(request, site)
  return `/login/accounts${carried && `?site=${encodeURIComponent(carried)}`}`
}

function toSpent(request: WireRequest, site: Site): WireAnswer {
  const { lang, words, fill } = speak(request, site)
  const { spent, spentWhy } = words.page
  const main = html`<h1>${spent}</h1><p role="alert">${fill(spentWhy)}</p>`
  return toWireAnswer(page({ status: 404, lang, title: spent, main }))
}

interface Speech {
  readonly lang: string
  readonly words: Words
  /** A text with the site's name in it. */
  fill(text: string): string
}

function speak({ headers }: WireRequest, { name }: Site): Speech {
  const lang = chooseLanguage(undefined, headers['accept-language'])
  return { lang, words: wordsOf(lang), fill: (text) => fill(text, { site: name }) }
}
