// Sessions over several sites: whose they may be, and what a browser meets.

import { storeConnection } from './connections.ts'
import type { Gateway } from './gateway.ts'
import type { Connection, Site } from './model.ts'
import type { SsoIdentity, SsoSession } from './sso-store.ts'

/** Whose session may be begun under this token: an identity of a network, or what the site stores of a user. */
export async function ssoIdentity(
  { store }: Gateway,
  site: Pick<Site, 'id'>,
  token: string,
): Promise<(SsoIdentity & { readonly userToken: string }) | undefined> {
  const identity = await store.identities.find(site, token)
  if (identity) return identity
  const stored = await store.cloud.byIdentity(site, token)
  return stored && { siteId: stored.user.siteId, token, userToken: stored.user.token }
}

/** The session when pages of this realm share it: the top realm is the same, and the lower one where both name one. */
export async function sharedSession(
  { store }: Gateway,
  site: Pick<Site, 'id'>,
  token: string | undefined,
  realm: { readonly top: string; readonly sub: string },
): Promise<SsoSession | undefined> {
  const session = token ? await store.sso.find(site, token) : undefined
  if (!session || session.topRealm !== realm.top) return undefined
  return realm.sub === '' || session.subRealm === '' || session.subRealm === realm.sub ? session : undefined
}

/** The login that a session stands for, for the site's server to read. */
export function recordSharedLogin(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  { userToken, identityToken }: SsoSession,
  callbackUri: string,
): Promise<Connection> {
  return storeConnection(gateway, site, {
    plugin: 'single_sign_on',
    action: 'login',
    status: 'success',
    reason: 'user_authenticated',
    callbackUri,
    userToken,
    identityToken,
  })
}
