// The ports of what browsers and the site's own users leave behind: invitations, sessions over several sites, cloud
// storage.

import { randomUUID } from 'node:crypto'
import type { Store } from '../core/store.ts'
import { cloudUserOf, findCloudUser } from './cloud.ts'
import { INVITATION_PURGE_BATCH, isInvitationOpen, visitorOf } from './invitations.ts'
import { purgeAll } from './purging.ts'
import { findSsoSession, listSsoSessions, SSO_PURGE_BATCH, ssoSessionOf } from './sso.ts'
import type { Driver } from './writes.ts'

/** These ports over a driver. */
export function createVisitorStores(driver: Driver): Pick<Store, 'invitations' | 'sso' | 'cloud'> {
  return {
    invitations: {
      create: (site, invitation) => driver.write('createInvitation', site.id, invitation),
      isOpen: (site, hash) => driver.read(isInvitationOpen(site.id, hash)),
      open: (site, visit) => driver.write('openInvitation', site.id, visit),
      visitor: (site, visitHash) => driver.read(visitorOf(site.id, visitHash)),
      purge: () => purgeAll(() => driver.write('purgeInvitations'), INVITATION_PURGE_BATCH),
    },

    sso: {
      put: ({ siteId, token }, session) =>
        driver.write('putSsoSession', siteId, token, { ...session, token: randomUUID() }),
      find: (site, token) => driver.read(findSsoSession(site.id, token)),
      ofIdentity: ({ siteId, token }) => driver.read(ssoSessionOf(siteId, token)),
      list: (site, query) => driver.read(listSsoSessions(site.id, query)),
      remove: (site, token) => driver.write('removeSsoSession', site.id, token),
      purge: () => purgeAll(() => driver.write('purgeSsoSessions'), SSO_PURGE_BATCH),
    },

    cloud: {
      put: (site, name, change) =>
        driver.write('putCloudUser', site.id, name, change, { user: randomUUID(), identity: randomUUID() }),
      find: (site, name) => driver.read(findCloudUser(site.id, name)),
      byIdentity: (site, token) => driver.read(cloudUserOf(site.id, token)),
    },
  }
}
