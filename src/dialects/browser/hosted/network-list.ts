// The networks as links: what works without any script.

import { type Html, html } from '../html.ts'
import type { Offered } from '../offered.ts'
import type { Words } from '../words/words.ts'

/** Where a login or link leads and what it is for. */
export interface Way {
  readonly service: 'social_login' | 'social_link'
  readonly callbackUri: string
  readonly userToken?: string
  /** Subdomain of the site where the host does not name it; else ''. */
  readonly site: string
  /** The language that the visitor has asked for; without it the browser's. */
  readonly lang?: string
  /** Provider ids of the networks that are linked. */
  readonly linked: ReadonlySet<string>
}

/** Rules of a page with a list of networks. */
export const LIST_STYLE = `
main>p:first-of-type{color:var(--soft)}
ul{list-style:none;margin:0;padding:0;display:grid;gap:.6rem}
li{display:flex;align-items:center;border:1px solid var(--line);border-radius:.7rem}
.row{flex:1;min-width:0;display:flex;align-items:center;gap:.8rem;padding:.5rem .75rem;min-height:3.25rem;
  color:inherit;text-decoration:none;border-radius:.65rem}
a.row:hover,a.unlink:hover{background:var(--paper)}
.mark{flex:none;width:2.1rem;height:2.1rem;border-radius:.5rem;font-weight:700;forced-color-adjust:none;
  box-shadow:0 0 0 1px rgba(255,255,255,.2)}
.linked{display:block;font-size:.85rem;color:var(--soft)}
a.unlink{margin-inline-end:.35rem;padding:.5rem .7rem;border-radius:.5rem;color:var(--accent);font-size:.9rem}
`

/** One row per network; a linked one can be unlinked instead. */
export function networkList(networks: readonly Offered[], way: Way, { plugin }: Words): Html {
  if (networks.length === 0) return html`<p role="alert">${plugin.none}</p>`
  const rows = networks.map((network) => {
    return way.linked.has(network.id) ? linkedRow(network, way, plugin) : openRow(network, way, plugin)
  })
  return html`<ul>${rows}</ul>`
}

function openRow(network: Offered, way: Way, plugin: Words['plugin']): Html {
  const isLink = way.service === 'social_link'
  const label = fill(isLink ? plugin.social_link_with : plugin.social_login_with, network)
  const address = addressOf(network, way, isLink ? 'link_identity' : undefined)
  return html`<li><a class="row" href="${address}">${markOf(network)}<span>${label}</span></a></li>`
}

function linkedRow(network: Offered, way: Way, plugin: Words['plugin']): Html {
  const address = addressOf(network, way, 'unlink_identity')
  const label = fill(plugin.unlink_with, network)
  const name = html`<span>${network.name}<span class="linked">✓ ${plugin.linked}</span></span>`
  const unlink = html`<a class="unlink" href="${address}" aria-label="${label}">${plugin.unlink}</a>`
  return html`<li><span class="row">${markOf(network)}${name}</span>${unlink}</li>`
}

// Under the policy of our pages colours cannot stand in a style attribute; a picture carries them.
function markOf({ mark, color, ink }: Offered): Html {
  const letters = html`<text x="16" y="22" text-anchor="middle" font-size="17" fill="${ink}">${mark}</text>`
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="${color}"/>${letters}</svg>`
}

function addressOf({ key }: Offered, way: Way, action: string | undefined): string {
  const query = new URLSearchParams({ service: way.service, callback_uri: way.callbackUri })
  if (way.site) query.set('site', way.site)
  if (way.userToken) query.set('user_token', way.userToken)
  if (action) query.set('action', action)
  if (way.lang) query.set('lang', way.lang)
  return `/socialize/connect/direct/${encodeURIComponent(key)}/?${query}`
}

function fill(text: string, { name }: Offered): string {
  return text.replace('{network}', name)
}
