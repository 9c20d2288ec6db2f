// Every method that changes the database, by name: on SQLite the name and the arguments travel to the writer's thread.

import {
  addUserKey,
  burnNonce,
  endTokens,
  issueToken,
  purgeNonces,
  purgeTokens,
  revokeUserKey,
} from './access.ts'
import { claimApp, releaseApp, saveApp } from './apps.ts'
import { putCloudUser } from './cloud.ts'
import { createConnection, purgeConnections } from './connections.ts'
import { GRAPH_WRITES } from './graph.ts'
import { moveHome, relinkIdentity, rememberRefusal, removeIdentity, saveProfile } from './identities.ts'
import { createInvitation, openInvitation, purgeInvitations } from './invitations.ts'
import { claimPublications, releasePublication, renewPublication } from './jobs.ts'
import { blockUntil } from './limits.ts'
import { link } from './link.ts'
import { LINK_WRITES } from './link-store.ts'
import { beginLogin, issueCode, purgeLogins, redeemCode, takeLogin } from './logins.ts'
import { addRun, createMessage, purgeRequests, removeMessage } from './messages.ts'
import { bringUsers, forgetImport, tryUsers } from './moving.ts'
import { markFriendLists } from './people.ts'
import { cancelPublications, markRemoved, retryPublications, savePublication } from './publications.ts'
import type { Query } from './query.ts'
import { checkpointRead, claimRead, failRead, finishRead, releaseRead } from './reads.ts'
import { addTallies, purgeReports } from './reports.ts'
import { type Context, resealBatch, settleKeys } from './sealed.ts'
import { importAccounts, signIn } from './sign-in.ts'
import { addSignerKey, retireSignerKey } from './signers.ts'
import { changeSettings, createSite, removeSite, saveSettings } from './sites.ts'
import { SNAPSHOT_WRITES } from './snapshots.ts'
import { purgeSsoSessions, putSsoSession, removeSsoSession } from './sso.ts'
import { claimRefresh, finishRefresh, releaseRefresh, replaceTokens } from './tokens.ts'
import { disconnectIdentity, endSession, renameUser, saveSiteProfile } from './user-info.ts'
import { removeUserSettings, saveUserSettings } from './user-settings.ts'
import { removeUser } from './users.ts'
import { WEBHOOK_WRITES } from './webhooks.ts'

export const WRITES = {
  createSite,
  saveSettings,
  changeSettings,
  removeSite,
  removeUser,
  link,
  moveHome,
  relinkIdentity,
  removeIdentity,
  saveProfile,
  rememberRefusal,
  replaceTokens,
  claimRefresh,
  finishRefresh,
  releaseRefresh,
  claimRead,
  checkpointRead,
  finishRead,
  failRead,
  releaseRead,
  createConnection,
  purgeConnections,
  saveApp,
  claimApp,
  releaseApp,
  beginLogin,
  takeLogin,
  issueCode,
  redeemCode,
  purgeLogins,
  createInvitation,
  openInvitation,
  purgeInvitations,
  putCloudUser,
  putSsoSession,
  removeSsoSession,
  purgeSsoSessions,
  markFriendLists,
  addSignerKey,
  retireSignerKey,
  blockUntil,
  ...GRAPH_WRITES,
  ...LINK_WRITES,
  ...WEBHOOK_WRITES,
  issueToken,
  endTokens,
  purgeTokens,
  addUserKey,
  revokeUserKey,
  burnNonce,
  purgeNonces,
  signIn,
  importAccounts,
  bringUsers,
  tryUsers,
  forgetImport,
  renameUser,
  saveSiteProfile,
  endSession,
  disconnectIdentity,
  saveUserSettings,
  removeUserSettings,
  addTallies,
  purgeReports,
  createMessage,
  addRun,
  removeMessage,
  purgeRequests,
  claimPublications,
  savePublication,
  renewPublication,
  releasePublication,
  cancelPublications,
  retryPublications,
  markRemoved,
  ...SNAPSHOT_WRITES,
  resealBatch,
  settleKeys,
} as const

export type WriteName = keyof typeof WRITES

/**
 * Writes that note what a network can be asked for again: on SQLite a commit of these alone is not waited for until the
 * disk has it. A process that dies loses none of them; a power cut may take the last, as if they had not been read yet.
 */
export const REPEATABLE: ReadonlySet<WriteName> = new Set<WriteName>([
  'claimRead',
  'checkpointRead',
  'finishRead',
  'failRead',
  'releaseRead',
])

/** Arguments of a write, without the context. */
export type WriteArgs<Name extends WriteName> =
  Parameters<(typeof WRITES)[Name]> extends [Context, ...infer Args] ? Args : []

/** What a write answers. */
export type WriteResult<Name extends WriteName> =
  ReturnType<(typeof WRITES)[Name]> extends Query<infer Result> ? Result : never

/** The query of a write. Name and arguments belong together: `Driver.write` is the only way in. */
export function writeOf(context: Context, name: WriteName, args: readonly unknown[]): Query<unknown> {
  const method = WRITES[name] as (context: Context, ...args: readonly unknown[]) => Query<unknown>
  return method(context, ...args)
}

/** What the store needs of an engine. */
export interface Driver {
  readonly context: Context
  /** Runs a query of exactly one statement. */
  read<T>(query: Query<T>): Promise<T>
  /** The same, for one that takes long: others have their turns meanwhile. */
  readSlowly<T>(query: Query<T>): Promise<T>
  /** Runs a write as one transaction; what it has answered is on disk, unless it is `REPEATABLE`. */
  write<Name extends WriteName>(name: Name, ...args: WriteArgs<Name>): Promise<WriteResult<Name>>
  /** Takes a nonce for so long; false when it is taken. */
  burnNonce(key: Uint8Array, keepMs: number): Promise<boolean>
  /** See `Store.generation`. */
  generation?(): number
  ping(): Promise<void>
  backup(path: string): Promise<void>
  close(): Promise<void>
}
