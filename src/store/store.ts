// The port of core/store.ts over either engine: names methods, hands over arguments, invents tokens.

import { hash, randomUUID } from 'node:crypto'
import type { MovedUser } from '../core/moving.ts'
import type { Store } from '../core/store.ts'
import { doorByApiKey, doorByToken, doorByUserKey, listUserKeys, TOKEN_PURGE_BATCH } from './access.ts'
import { findApp, listApps } from './apps.ts'
import { findConnection, listConnections, PURGE_BATCH } from './connections.ts'
import { contactsHeads, snapshotBytes, snapshotHead } from './contacts.ts'
import { createFeedStore, createGraphStore } from './graph.ts'
import { findIdentity, identitiesOfUser, identityBySubject, listIdentities } from './identities.ts'
import { createKnownReads } from './known-reads.ts'
import { limitUntil } from './limits.ts'
import { createLinkStore } from './link-store.ts'
import { LOGIN_PURGE_BATCH, siteOfLogin } from './logins.ts'
import { findMessage, findRequest, listMessages, REQUEST_PURGE_BATCH } from './messages.ts'
import { importState, type MoveNames } from './moving.ts'
import { neededMedia } from './needed-media.ts'
import { friendLists, siteAccounts } from './people.ts'
import { createProfiles } from './profiles.ts'
import { isTaken } from './publications.ts'
import { purgeAll, purgeOldReports } from './purging.ts'
import { abandonedReads } from './reads.ts'
import { readReport } from './reports.ts'
import { resealAll } from './reseal.ts'
import type { NewNames } from './sign-in.ts'
import { listSignerKeys, signersOf } from './signers.ts'
import { listSites, siteByPublicKey, siteBySubdomain, siteSecrets } from './sites.ts'
import { createSnapshotStore } from './snapshots.ts'
import { tokensOf } from './tokens.ts'
import { EXPORTED_PARTS, exportPart } from './user-export.ts'
import { exportUsers, userInfoOf, userNamed } from './user-info.ts'
import { userSettings } from './user-settings.ts'
import { findUser, listUsers } from './users.ts'
import { createVisitorStores } from './visitor-stores.ts'
import { createWebhookStore } from './webhooks.ts'
import type { Driver } from './writes.ts'

/** A store over a driver; closing the store closes the driver. */
export function createStore(driver: Driver): Store {
  const { context } = driver
  const toProfile = createProfiles()
  const read = createKnownReads(driver)
  return {
    engine: context.engine,
    generation: driver.generation,

    sites: {
      create: (site, secrets) => driver.write('createSite', site, secrets),
      bySubdomain: (subdomain) => driver.read(siteBySubdomain(subdomain)),
      byPublicKey: (publicKey) => driver.read(siteByPublicKey(publicKey)),
      list: () => driver.read(listSites()),
      secrets: (site) => driver.read(siteSecrets(context, site.id)),
      saveSettings: (site, settings) => driver.write('saveSettings', site.id, settings),
      changeSettings: (site, change) => driver.write('changeSettings', site.id, change),
      remove: (site) => driver.write('removeSite', site.id),
    },

    users: {
      find: (site, token) => driver.read(findUser(site.id, token)),
      list: (site, query) => driver.read(listUsers(site.id, query)),
      async everything({ siteId, id }) {
        const parts = EXPORTED_PARTS.map(
          async (part) => [part, await driver.read(exportPart(part, siteId, id))] as const,
        )
        return Object.fromEntries(await Promise.all(parts))
      },
      remove: (site, token) => driver.write('removeUser', site.id, token),
    },

    identities: {
      ofUser: (user) => driver.read(identitiesOfUser(user.siteId, user.id)),
      find: (site, token) => driver.read(findIdentity(site.id, token)),
      bySubject: (site, account) => driver.read(identityBySubject(site.id, account)),
      list: (site, query) => driver.read(listIdentities(site.id, query)),
      link: (site, account, { userToken } = {}) =>
        driver.write('link', site.id, account, { user: randomUUID(), identity: randomUUID() }, userToken),
      moveHome: (site, { provider, server, subject }) =>
        driver.write('moveHome', site.id, { provider, server, subject }),
      relink: ({ siteId, id }, userToken) => driver.write('relinkIdentity', siteId, id, userToken),
      remove: (site, token) => driver.write('removeIdentity', site.id, token),
      saveProfile: ({ siteId, id }, profile, posting) =>
        driver.write('saveProfile', siteId, id, profile, posting),
      remember: ({ siteId, id }, refused) => driver.write('rememberRefusal', siteId, id, refused),
    },

    tokens: {
      of: ({ siteId, id }) => driver.read(tokensOf(context, siteId, id)),
      claimRefresh: ({ siteId, id }, version, leaseMs) =>
        driver.write('claimRefresh', siteId, id, version, leaseMs),
      finishRefresh: ({ siteId, id }, fence, tokens) =>
        driver.write('finishRefresh', siteId, id, fence, tokens),
      releaseRefresh: ({ siteId, id }, fence) => driver.write('releaseRefresh', siteId, id, fence),
      replace: ({ siteId, id }, tokens) => driver.write('replaceTokens', siteId, id, tokens),
    },

    contacts: {
      heads: (site, userToken) => driver.read(contactsHeads(site.id, userToken, toProfile)),
      head: ({ siteId, id }) => driver.read(snapshotHead(siteId, id)),
      bytes: ({ siteId, id }, version) => driver.read(snapshotBytes(siteId, id, version)),
    },

    reads: {
      claim: ({ siteId, id }, { leaseMs }) => driver.write('claimRead', siteId, id, leaseMs),
      checkpoint: ({ siteId, id }, fence, { leaseMs, progress }) =>
        driver.write('checkpointRead', siteId, id, fence, leaseMs, progress),
      // Bytes travel to a thread with all of the memory they are a part of: only these shall.
      finish: ({ siteId, id }, fence, { contacts, ...snapshot }) =>
        driver.write('finishRead', siteId, id, fence, { ...snapshot, contacts: new Uint8Array(contacts) }),
      fail: ({ siteId, id }, fence, refused) => driver.write('failRead', siteId, id, fence, refused),
      release: ({ siteId, id }, fence) => driver.write('releaseRead', siteId, id, fence),
      abandoned: (limit) => driver.read(abandonedReads(limit)),
    },

    connections: {
      create: (connection, { expiresAt }) => driver.write('createConnection', connection, expiresAt),
      find: (site, token) => driver.read(findConnection(site.id, token)),
      list: (site, query) => driver.read(listConnections(site.id, query)),
      purge: () => purgeAll(() => driver.write('purgeConnections'), PURGE_BATCH),
    },

    apps: {
      find: (site, provider, server = '') => driver.read(findApp(context, site.id, provider, server)),
      list: (site) => driver.read(listApps(site.id)),
      save: (site, provider, app, server = '') => driver.write('saveApp', site.id, provider, app, server),
      claim: (site, provider, server, leaseMs) =>
        driver.write('claimApp', site.id, provider, server, leaseMs),
      release: (site, provider, server) => driver.write('releaseApp', site.id, provider, server),
    },

    logins: {
      begin: (site, hashes, attempt, options) =>
        driver.write('beginLogin', site.id, hashes, attempt, options),
      siteOf: (keyHash) => driver.read(siteOfLogin(keyHash)),
      take: (hashes) => driver.write('takeLogin', hashes),
      issueCode: (site, { user, ...code }) =>
        driver.write('issueCode', site.id, { ...code, userId: user.id }),
      redeemCode: (site, hash) => driver.write('redeemCode', site.id, hash),
      purge: () => purgeAll(() => driver.write('purgeLogins'), LOGIN_PURGE_BATCH),
    },

    ...createVisitorStores(driver),

    signers: {
      of: (sdkAppId) => driver.read(signersOf(context, sdkAppId)),
      list: (site) => driver.read(listSignerKeys(context, site.id)),
      add: (site, key) => driver.write('addSignerKey', site.id, key),
      retire: (site, id) => driver.write('retireSignerKey', site.id, id),
    },

    graph: createGraphStore(driver, read),
    feed: createFeedStore(driver),
    links: createLinkStore(driver),
    webhooks: createWebhookStore(driver),

    limits: {
      until: (scope) => driver.read(limitUntil(scope)),
      block: (scope, until) => driver.write('blockUntil', scope, until),
    },

    access: {
      byApiKey: (apiKey, { uid, userKey } = {}) =>
        read(['door', apiKey, uid, userKey], () => doorByApiKey(context, apiKey, uid, userKey)),
      byUserKey: (key) => driver.read(doorByUserKey(context, key)),
      byToken: (tokenHash, { uid } = {}) => driver.read(doorByToken(context, tokenHash, uid)),
      issue: (site, token) =>
        driver.write('issueToken', site.id, { ...token, user: token.user && { id: token.user.id } }),
      endTokens: ({ siteId, id }) => driver.write('endTokens', siteId, id),
      addUserKey: (site, userKey) => driver.write('addUserKey', site.id, userKey),
      userKeys: (site) => driver.read(listUserKeys(site.id)),
      revokeUserKey: (site, key) => driver.write('revokeUserKey', site.id, key),
      burnNonce: ({ id }, nonce, keepMs) => driver.burnNonce(nonceKey(id, nonce), keepMs),
      purge: () => purgeAll(() => driver.write('purgeTokens'), TOKEN_PURGE_BATCH),
    },

    people: {
      lists: ({ siteId, id }) => read(['friends', siteId, id], () => friendLists(siteId, id, toProfile)),
      siteAccounts: (site, keys) => driver.readSlowly(siteAccounts(site.id, keys)),
      mark: ({ siteId, id }, marks) =>
        driver.write(
          'markFriendLists',
          siteId,
          id,
          marks.map(({ identity, ...mark }) => ({ ...mark, identity: { id: identity.id } })),
        ),
    },

    userInfo: {
      named: (site, uid) => driver.read(userNamed(site.id, uid)),
      signIn: (site, wish) => driver.write('signIn', site.id, wish, newNames(wish.accounts)),
      rename: ({ siteId, id }, uid) => driver.write('renameUser', siteId, id, uid),
      of: ({ siteId, id }) => driver.read(userInfoOf(siteId, id)),
      saveProfile: ({ siteId, id }, profile) => driver.write('saveSiteProfile', siteId, id, profile),
      endSession: ({ siteId, id }) => driver.write('endSession', siteId, id),
      importAccounts: (site, wish) => driver.write('importAccounts', site.id, wish, newNames(wish.accounts)),
      disconnect: ({ siteId, id }, reason) => driver.write('disconnectIdentity', siteId, id, reason),
      export: (site, { after, limit }) => driver.read(exportUsers(site.id, after, limit)),
      settings: ({ siteId, id }, group) => driver.read(userSettings(siteId, id, group)),
      saveSettings: ({ siteId, id }, group, settings) =>
        driver.write('saveUserSettings', siteId, id, group, settings),
      removeSettings: ({ siteId, id }, group, names) =>
        driver.write('removeUserSettings', siteId, id, group, names),
    },

    messages: {
      repeated: (site, request) => driver.read(findRequest(site.id, request)),
      create: (site, message) => driver.write('createMessage', site.id, message, randomUUID()),
      addRun: (site, token, run) => driver.write('addRun', site.id, token, run),
      find: (site, token) => driver.read(findMessage(site.id, token)),
      list: (site, query) => driver.read(listMessages(site.id, query)),
      remove: (site, token) => driver.write('removeMessage', site.id, token),
      purge: () => purgeAll(() => driver.write('purgeRequests'), REQUEST_PURGE_BATCH),
    },

    publications: {
      claim: ({ limit, leaseMs }) => driver.write('claimPublications', limit, leaseMs),
      save: ({ siteId, id, fence }, progress, then) =>
        driver.write('savePublication', { siteId, id, fence }, progress, then),
      isTaken: ({ siteId, id }, postId) => driver.read(isTaken(siteId, id, postId)),
      renew: ({ siteId, id, fence }, leaseMs) => driver.write('renewPublication', siteId, id, fence, leaseMs),
      release: ({ siteId, id, fence }) => driver.write('releasePublication', { siteId, id, fence }),
      cancel: ({ siteId, id }, now) => driver.write('cancelPublications', siteId, id, now),
      retry: ({ siteId, id }, again, now) => driver.write('retryPublications', siteId, id, again, now),
      neededMedia: () => neededMedia(driver),
      markRemoved: ({ siteId, id }, now) => driver.write('markRemoved', siteId, id, now),
    },

    messageSnapshots: createSnapshotStore(driver, randomUUID),

    reports: {
      add: (tallies, { cidsPerDay }) => driver.write('addTallies', tallies, cidsPerDay),
      read: (site, { by, from, to, limit }) => driver.read(readReport(site.id, by, from, to, limit)),
      purge: (beforeDay) => purgeOldReports(driver, beforeDay),
    },

    moving: {
      state: (site, source) => driver.read(importState(site.id, source)),
      bring: (site, source, step) => driver.write('bringUsers', site.id, source, step, moveNames(step.users)),
      tryOut: (site, step, before) => driver.write('tryUsers', site.id, step, moveNames(step.users), before),
      forget: (site, source) => driver.write('forgetImport', site.id, source),
    },

    reseal: () => resealAll(driver),
    ping: () => driver.ping(),
    close: () => driver.close(),
  }
}

/** Tokens for a user and these accounts, in case they are new. */
function newNames(accounts: readonly unknown[]): NewNames {
  return { user: randomUUID(), identities: accounts.map(() => randomUUID()) }
}

/** Tokens for all of them, in case they have none. */
function moveNames(users: readonly MovedUser[]): MoveNames {
  return {
    users: users.map(() => randomUUID()),
    identities: users.map(({ identities }) => identities.map(() => randomUUID())),
  }
}

/** Half a SHA-256: 16 bytes for a nonce of any length. */
function nonceKey(siteId: number, nonce: string): Uint8Array {
  return new Uint8Array(hash('sha256', `${siteId}\0${nonce}`, 'buffer').subarray(0, 16))
}
