// What a login at each network still lacks: the app, its secret, the addresses, and whether the network knows the app.

import type { Config } from '../config.ts'
import { toServer } from '../core/identities.ts'
import { scopesFor } from '../core/login.ts'
import type { Site } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import type { Store } from '../core/store.ts'
import { openAppCheck } from '../outside.ts'
import { providers } from '../providers/index.ts'

/** What `kith provider check` says of one network. */
export interface CheckedProvider {
  readonly provider: string
  readonly server?: string
  /** `itself`: Kith registers there by itself, or nothing needs to be registered. */
  readonly app: 'set' | 'missing' | 'itself'
  /** To be entered at the network, exactly so. */
  readonly redirect?: string
  /** Those that this site asks for. */
  readonly scopes: readonly string[]
  /** What the network says of the app. */
  readonly network?: string
  /** What is to be done before somebody can log in; empty when all is in place. */
  readonly missing: readonly string[]
}

/** Of the gateway and the site, whatever the network. */
export interface CheckedSite {
  readonly publicUrl?: string
  readonly allowedDomains: readonly string[]
  readonly missing: readonly string[]
}

export interface Checked {
  readonly site: CheckedSite
  readonly providers: readonly CheckedProvider[]
}

interface CheckWish {
  /** Without it: every network that has an app, or needs none. */
  readonly asked?: readonly Provider[]
  readonly server?: string
  /** No network is asked. */
  readonly isOffline: boolean
}

/** Nothing is missing anywhere. */
export function isClean({ site, providers: checked }: Checked): boolean {
  return site.missing.length === 0 && checked.every(({ missing }) => missing.length === 0)
}

/** Looks at the site, and at the networks asked for; asks those that can be asked without a user. */
export async function checkProviders(
  store: Pick<Store, 'apps'>,
  config: Config,
  site: Site,
  { asked, server, isOffline }: CheckWish,
): Promise<Checked> {
  const { publicUrl } = config.server
  const chosen: CheckedProvider[] = []
  const asker = openAppCheck(config)
  try {
    const apps = await store.apps.list(site)
    for (const provider of asked ?? providers.filter(({ auth, gone }) => auth && !gone)) {
      const own = apps.filter((app) => app.provider === provider.id)
      if (!asked && own.length === 0 && needsApp(provider)) continue
      const servers = server === undefined ? own.map((app) => app.server) : [toServer(provider, server)]
      for (const each of servers.length > 0 ? servers : [undefined]) {
        const app = await store.apps.find(site, provider.id, each)
        const checked = describe(provider, site, { publicUrl, server: each, app })
        const verdict =
          isOffline || !app || !checked.redirect
            ? undefined
            : await asker.check(provider, app, { server: each, redirect: checked.redirect })
        const refusal = `${provider.name} refuses the app: compare client id, secret and redirect address`
        chosen.push({
          ...checked,
          network: verdict && `${verdict.state} (${verdict.said})`,
          missing: verdict?.state === 'refused' ? [...checked.missing, refusal] : checked.missing,
        })
      }
    }
  } finally {
    await asker.close()
  }
  return { site: describeSite(site, publicUrl), providers: chosen }
}

/** Where a network sends people back to; of networks of many servers each has an address of its own. */
export function redirectOf(publicUrl: string, { id, auth }: Provider, server?: string): string {
  const tail = server && auth?.type === 'oauth2' ? `/${encodeURIComponent(new URL(server).host)}` : ''
  return `${publicUrl.replace(/\/+$/, '')}/socialize/callback/${id}${tail}`
}

function describeSite({ settings }: Site, publicUrl: string | undefined): CheckedSite {
  const { allowedDomains = [] } = settings
  const missing: string[] = []
  if (publicUrl === undefined) missing.push('set KITH_PUBLIC_URL: networks send people back to it')
  else if (!publicUrl.startsWith('https://') && !isLocal(publicUrl)) {
    missing.push('KITH_PUBLIC_URL must begin with https://: networks send people to no other address')
  }
  if (allowedDomains.length === 0) {
    missing.push('name the hosts of the site: kith site set <subdomain> allowedDomains shop.example')
  }
  return { publicUrl, allowedDomains, missing }
}

function describe(
  provider: Provider,
  site: Site,
  found: {
    readonly publicUrl?: string
    readonly server?: string
    readonly app?: { readonly clientId: string; readonly clientSecret?: string }
  },
): CheckedProvider {
  const { publicUrl, server, app } = found
  const missing: string[] = []
  if (!app && needsApp(provider)) {
    missing.push(
      `register an app (docs/providers/${provider.id}.md), then: kith provider set ${site.subdomain} ${provider.id} --client-id <id>`,
    )
  }
  // OAuth 1 signs with it; of OAuth 2, those that want it in a header know no app without one.
  const { auth } = provider
  const needsSecret = auth?.type === 'oauth1' || (auth?.type === 'oauth2' && auth.clientAuth === 'basic')
  if (app && needsSecret && app.clientSecret === undefined) {
    missing.push('the app has no secret: store it again without --public')
  }
  const comesBack = auth !== undefined && auth.type !== 'bot' && auth.type !== 'webhook'
  return {
    provider: provider.id,
    server,
    app: app ? 'set' : needsApp(provider) ? 'missing' : 'itself',
    redirect: comesBack && publicUrl !== undefined ? redirectOf(publicUrl, provider, server) : undefined,
    scopes: scopesFor(provider, site),
    missing,
  }
}

function needsApp({ auth }: Provider): boolean {
  return auth?.type === 'oauth1' || (auth?.type === 'oauth2' && auth.registerUrl === undefined)
}

function isLocal(address: string): boolean {
  return /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/]|$)/.test(address)
}
