// Apps of our own making: on networks of many servers, each server is told who we are before its first login. One
// process registers at a time. https://docs.joinmastodon.org/methods/apps/#create

import { GatewayError } from '../core/errors.ts'
import type { App, Site } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import type { ConsentParts, Question } from './consent.ts'
import { pause } from './deadline.ts'
import { failureOf } from './failures.ts'
import { textAt } from './json.ts'
import { plainContent } from './request.ts'

/** The sole right to register with a server; outlasts the call. */
const LEASE_MS = 30_000
const PAUSE_MS = 100

/** The site's app at this server: the one that is known, or a new one. */
export async function registeredApp(
  parts: ConsentParts,
  question: Question,
  registerUrl: string,
  server: string,
): Promise<App> {
  const { provider, wish, deadline } = question
  for (;;) {
    const known = await parts.store.apps.find(wish.site, provider.id, server)
    if (known && stillHolds(known, question)) return known
    if (await parts.store.apps.claim(wish.site, provider.id, server, LEASE_MS)) break
    if (!(await pause(PAUSE_MS, deadline))) {
      throw new GatewayError(
        'network_silent',
        `${provider.name} has not taken this site's registration in time.`,
      )
    }
  }
  try {
    // Whoever had the right before may have used it since we looked.
    const made = await parts.store.apps.find(wish.site, provider.id, server)
    if (made && stillHolds(made, question)) return made
    const app = await register(parts, question, registerUrl, server)
    await parts.store.apps.save(wish.site, provider.id, app, server)
    return app
  } finally {
    await parts.store.apps.release(wish.site, provider.id, server)
  }
}

/** An app that an operator has set holds as it is; our own as long as it names the same address and scopes. */
function stillHolds({ registration }: App, { provider, wish }: Question): boolean {
  if (!registration) return true
  const scopes = new Set(registration.scopes)
  return (
    registration.redirectUri === wish.redirectUri &&
    [...allScopes(provider), ...wish.scopes].every((scope) => scopes.has(scope))
  )
}

/** What it may ask for later: a login can only ask for what the app has named. */
function allScopes({ auth }: Provider): readonly string[] {
  return auth && 'scopes' in auth ? [...new Set(Object.values(auth.scopes).flat())] : []
}

async function register(
  { send, places, options }: ConsentParts,
  { provider, wish, deadline }: Question,
  registerUrl: string,
  server: string,
): Promise<App> {
  const { redirectUri } = wish
  const scopes = [...new Set([...allScopes(provider), ...wish.scopes])]
  const form = { client_name: wish.site.name, redirect_uris: redirectUri, scopes: scopes.join(' ') }
  const { body } = await send({
    provider,
    place: places.ofTemplate(provider, server, registerUrl),
    content: plainContent({ method: 'POST', form }, options),
    deadline,
    secrets: [],
    hidesSecrets: false,
    failure: (answer) => failureOf(provider, answer),
  })
  const clientId = textAt(body, 'client_id') ?? ''
  const clientSecret = textAt(body, 'client_secret')
  if (!CREDENTIAL.test(clientId) || (clientSecret !== undefined && !CREDENTIAL.test(clientSecret))) {
    const message = `${new URL(server).host} does not answer as a ${provider.name} server does.`
    throw new GatewayError('network_unreadable', message, { field: 'server' })
  }
  return { clientId, clientSecret, registration: { redirectUri, scopes } }
}

// https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1, and no longer than an address can hold.
const CREDENTIAL = /^[\x20-\x7e]{1,1024}$/

/** The server does not know this app any more: the next login makes another. */
export async function forgetApp(
  { store }: ConsentParts,
  place: { readonly site: Pick<Site, 'id'>; readonly provider: Provider; readonly server: string },
): Promise<void> {
  const { site, provider, server } = place
  const app = await store.apps.find(site, provider.id, server)
  if (!app?.registration) return
  await store.apps.save(site, provider.id, { ...app, registration: { redirectUri: '', scopes: [] } }, server)
}
