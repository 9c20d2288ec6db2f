// Pages of our own for sites that have none: a plain list of links, no script.

import { z } from 'zod'
import type { GatewayError } from '../../../core/errors.ts'
import { checkCallback } from '../../../core/login.ts'
import { route, type WireAnswer, type WireRequest } from '../../dialect.ts'
import { html } from '../html.ts'
import { offeredNetworks } from '../offered.ts'
import { page, toWireAnswer } from '../page.ts'
import { baseOf } from '../places.ts'
import { alertOf, fill, speechOf } from '../speech.ts'
import { carriedSite } from '../visited-site.ts'
import { accounts, openLink, result, showLink } from './accounts.ts'
import { LIST_STYLE, networkList } from './network-list.ts'

const login = route({
  method: 'GET',
  path: '/login',
  summary: 'A page to log in with',
  input: z.object({
    callback_uri: z.string().max(2_048).default(''),
    lang: z.string().max(35).optional(),
  }),
  async run({ gateway, caller: { site }, input, request }): Promise<WireAnswer> {
    checkCallback(site, input.callback_uri, { own: baseOf(gateway, request) })
    const { lang, words } = speechOf(request)
    const title = fill(words.page.login, { site: site.name })
    const list = networkList(
      await offeredNetworks(gateway, site),
      {
        service: 'social_login',
        callbackUri: input.callback_uri,
        site: carriedSite(request, site),
        lang: input.lang,
        linked: new Set(),
      },
      words,
    )
    const main = html`<h1>${title}</h1><p>${words.page.loginWhy}</p>${list}`
    return toWireAnswer(page({ lang, title, main, style: LIST_STYLE }))
  },
})

export const hostedRoutes = [login, showLink, openLink, accounts, result]

/** What went wrong as a page, in the visitor's language where we have the words. */
export function toErrorPage({ status, message }: GatewayError, request: WireRequest): WireAnswer {
  const speech = speechOf(request)
  const { wrong } = speech.words.page
  const main = html`<h1>${wrong}</h1>${alertOf(speech, message)}`
  return toWireAnswer(page({ status, lang: speech.lang, title: wrong, main }))
}
