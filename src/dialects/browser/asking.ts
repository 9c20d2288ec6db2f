// The page that asks for a person's server or handle, on networks where that decides whom to ask for access.

import type { Provider } from '../../core/provider.ts'
import type { WireRequest } from '../dialect.ts'
import { html } from './html.ts'
import { type Page, page } from './page.ts'
import { fill, speechOf } from './speech.ts'

/** What a person has said of where their account is. */
export interface Whereabouts {
  readonly server?: string
  readonly account?: string
}

/** Whether people must say where their account is. */
export function asksWhere({ server, auth }: Provider): boolean {
  return server !== undefined && (server.default === undefined || auth?.type === 'atproto')
}

/** `name@server`, `server` and the address of a page there as a server; on the AT Protocol an address is a server, all else a handle. */
export function readWhere(provider: Provider, typed: string): Whereabouts {
  const text = typed.trim()
  if (provider.auth?.type === 'atproto')
    return /^https?:\/\//i.test(text) ? { server: text } : { account: text }
  const [, scheme = '', host = ''] = /^(https?:\/\/)?([^/]*)/i.exec(text) ?? []
  return { server: scheme + host.slice(host.lastIndexOf('@') + 1) }
}

/** Asks, keeping all that the address says already. */
export function askWhere(
  request: WireRequest,
  provider: Provider,
  { typed = '', complaint }: { readonly typed?: string; readonly complaint?: string } = {},
): Page {
  const { lang, words } = speechOf(request)
  const names = { network: provider.name }
  const isHandle = provider.auth?.type === 'atproto'
  const asked = fill(isHandle ? words.page.askHandle : words.page.askServer, names)
  const example = isHandle ? 'name.example.com' : 'server.example'
  const kept = request.pairs
    .filter(([name]) => name !== 'login_data')
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const title = fill(words.plugin.social_login_with, names)
  const alert = complaint === undefined ? undefined : html`<p role="alert" id="why">${complaint}</p>`
  return page({
    status: complaint === undefined ? 200 : 422,
    lang,
    title,
    main: html`<h1>${title}</h1>${alert}<form method="get" action="${request.path}">${kept}<label for="where">${asked}</label><input type="text" id="where" name="login_data" value="${typed}" placeholder="${example}" required maxlength="253" autofocus autocapitalize="none" autocorrect="off" spellcheck="false" autocomplete="url"${complaint ? { html: ' aria-invalid="true" aria-describedby="why"' } : undefined}><button>${words.page.goOn}</button></form>`,
  })
}
