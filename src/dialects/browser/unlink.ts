// Unlinking through a browser: a page that names the account, and a button. An address alone takes nothing away.

import { GatewayError } from '../../core/errors.ts'
import { unlinkIdentity } from '../../core/farewell.ts'
import { checkCallback, type Onto } from '../../core/login.ts'
import type { Identity, User } from '../../core/model.ts'
import type { Provider } from '../../core/provider.ts'
import { type Call, route } from '../dialect.ts'
import { findProvider } from '../oneall/wire.ts'
import { handOver } from './hand-over.ts'
import { html } from './html.ts'
import { type Page, page } from './page.ts'
import { baseOf } from './places.ts'
import { fill, speechOf } from './speech.ts'
import { CONNECT_INPUT, type ConnectInput } from './wish.ts'

/** Names the accounts that can be unlinked, each with its button. */
export async function unlinkPage(call: Call<ConnectInput>, provider: Provider, onto: Onto): Promise<Page> {
  if (onto.kind !== 'site') {
    throw new GatewayError('invalid_request', 'An app unlinks accounts through the server of its site.', {
      field: 'action',
    })
  }
  const { request } = call
  const { site } = call.caller
  const { identities } = await linkedTo(call, provider)
  const kept = request.pairs
    .filter(([name]) => name !== 'identity_token')
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const { lang, words } = speechOf(request)
  const names = { site: site.name, network: provider.name }
  const title = fill(words.plugin.unlink_with, names)
  const buttons = identities.map((identity) => {
    const label = fill(words.page.unlinkAccount, { account: nameOf(identity) })
    return html`<form method="post" action="${request.path}">${kept}<input type="hidden" name="identity_token" value="${identity.token}"><button>${label}</button></form>`
  })
  const { unlinkNone, unlinkWhy, back } = words.page
  const what = fill(identities.length === 0 ? unlinkNone : unlinkWhy, names)
  return page({
    lang,
    title,
    main: html`<h1>${title}</h1><p>${what}</p>${buttons}<p class="soft"><a class="quiet" href="${onto.callbackUri}">${fill(back, names)}</a></p>`,
  })
}

function nameOf({ profile, subject }: Identity): string {
  return profile.username ? `@${profile.username}` : (profile.displayName ?? subject)
}

async function linkedTo(
  { gateway, caller: { site }, input }: Call<ConnectInput>,
  provider: Provider,
): Promise<{ readonly user: User; readonly identities: readonly Identity[] }> {
  const user = input.user_token ? await gateway.store.users.find(site, input.user_token) : undefined
  if (!user) {
    throw new GatewayError('not_found', 'The user to unlink from is not known here.', { field: 'user_token' })
  }
  const all = await gateway.store.identities.ofUser(user)
  const identities = all.filter(
    (identity) =>
      identity.provider === provider.id && (!input.identity_token || identity.token === input.identity_token),
  )
  return { user, identities }
}

/** The button of the page. */
export const unlink = route({
  method: 'POST',
  path: '/socialize/connect/direct/:provider',
  summary: 'Unlink an account',
  input: CONNECT_INPUT,
  async run(call): Promise<Page> {
    const { gateway, input, request } = call
    const { site } = call.caller
    const provider = findProvider(gateway, input.provider)
    const isUnlink = input.service === 'social_link' && input.action === 'unlink_identity'
    if (!provider || !isUnlink || !input.identity_token) {
      throw new GatewayError('invalid_request', 'There is nothing to unlink.', { field: 'action' })
    }
    const own = baseOf(gateway, request)
    const callbackUri = checkCallback(site, input.callback_uri, { own }).href
    const { user, identities } = await linkedTo(call, provider)
    const [identity] = identities
    if (!identity) throw new GatewayError('not_found', 'This account is not linked any more.')
    const connection = await unlinkIdentity(gateway, site, { user, identity, callbackUri })
    const onto = { kind: 'site', callbackUri, isPopup: input.display === 'popup' } as const
    return handOver(onto, { site, connection, speech: speechOf(request) })
  },
})
