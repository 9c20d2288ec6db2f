// After a login: which of the places that an account may post to, such as pages, the site may use.

import { hash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Onto } from '../../core/login.ts'
import type { Choice } from '../../core/login-store.ts'
import type { Connection, Identity, Site } from '../../core/model.ts'
import { linkTargets, readTargets, wantsTargets } from '../../core/targets.ts'
import { route, type WireRequest } from '../dialect.ts'
import { handOver } from './hand-over.ts'
import { html } from './html.ts'
import { dead, type Page, page } from './page.ts'
import { baseOf, endCookie, loginCookie, readCookie } from './places.ts'
import { fill, speechOf } from './speech.ts'

interface Done {
  readonly site: Site
  readonly identity: Identity
  readonly connection: Connection
  readonly onto: Exclude<Onto, { kind: 'client' }>
  readonly lang?: string
  /** Of the login, which goes on. */
  readonly cookie: { readonly mark: string; readonly secret: string }
}

/** The page that offers the places; undefined when there is nothing to choose. */
export async function offerChoice(
  gateway: Gateway,
  request: WireRequest,
  { site, identity, connection, onto, lang: begun, cookie }: Done,
): Promise<Page | undefined> {
  const provider = gateway.providers.get(identity.provider)
  if (!provider || !wantsTargets(provider, site)) return undefined
  const targets = await readTargets(gateway, identity)
  if (targets.length === 0) return undefined
  const state = randomBytes(32).toString('base64url')
  const { loginLifeMs: lifeMs, loginsAtOnce: atMost } = gateway.bounds
  const { provider: id, server, userToken } = identity
  await gateway.store.logins.begin(
    site,
    { key: hash('sha256', state), browser: hash('sha256', cookie.secret) },
    {
      provider: id,
      wish: { service: 'link', lang: begun, onto },
      memory: { redirectUri: '', clientId: '' },
      choice: { connectionToken: connection.token, identity: { provider: id, server, userToken }, targets },
    },
    { lifeMs, atMost },
  )
  const boxes = targets.map(
    ({ profile }) =>
      html`<p><label><input type="checkbox" name="target_${profile.subject}" value="1"> ${profile.displayName ?? profile.subject}</label></p>`,
  )
  const { lang, words } = speechOf({ pairs: [], headers: request.headers }, { lang: begun })
  const { choose: title, chooseWhy, goTo } = words.page
  const names = { site: site.name, network: provider.name }
  const base = baseOf(gateway, request)
  return page({
    lang,
    title,
    headers: { 'set-cookie': loginCookie(base, { ...cookie, lifeMs }) },
    main: html`<h1>${title}</h1><p>${fill(chooseWhy, names)}</p><form method="post" action="/socialize/choice"><input type="hidden" name="state" value="${state}"><input type="hidden" name="login" value="${cookie.mark}">${boxes}<button>${fill(goTo, names)}</button></form>`,
  })
}

const choose = route({
  method: 'POST',
  path: '/socialize/choice',
  summary: 'Choose the places that a site may post to',
  input: z.record(z.string(), z.string()),
  async run({ gateway, caller: { site }, input, request }): Promise<Page> {
    const { state = '', login: mark = '' } = input
    const base = baseOf(gateway, request)
    const secret = /^[0-9a-f]{12}$/.test(mark) ? readCookie(base, request, mark) : undefined
    const hashes = { key: hash('sha256', state), browser: hash('sha256', secret ?? '') }
    const attempt = secret === undefined ? undefined : await gateway.store.logins.take(hashes)
    if (!attempt?.choice || attempt.wish.onto.kind === 'client') return over(request)
    return settle(gateway, site, attempt.choice, {
      onto: attempt.wish.onto,
      lang: attempt.wish.lang,
      request,
      input,
      headers: { 'set-cookie': endCookie(base, mark) },
    })
  },
})

export const choices = [choose]

async function settle(
  gateway: Gateway,
  site: Site,
  { connectionToken, identity, targets }: Choice,
  given: {
    readonly onto: Exclude<Onto, { kind: 'client' }>
    readonly lang?: string
    readonly request: WireRequest
    readonly input: Readonly<Record<string, string>>
    readonly headers: Readonly<Record<string, string>>
  },
): Promise<Page> {
  const connection = await gateway.store.connections.find(site, connectionToken)
  if (!connection) return over(given.request)
  const chosen = targets.filter(({ profile }) => given.input[`target_${profile.subject}`] !== undefined)
  try {
    await linkTargets(gateway, site, identity, chosen)
  } catch (error) {
    // The user may be gone meanwhile; the login itself is told all the same.
    if (GatewayError.from(error).code !== 'not_found') throw error
  }
  const { lang, request, headers } = given
  const speech = speechOf({ pairs: [], headers: request.headers }, { lang })
  return handOver(given.onto, { site, connection, speech, headers })
}

function over({ headers }: WireRequest): Page {
  const { lang, words } = speechOf({ pairs: [], headers })
  const { choiceOver, choiceOverWhy } = words.page
  return dead(400, lang, choiceOver, html`<p role="alert">${choiceOverWhy}</p>`)
}
