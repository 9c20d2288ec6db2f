// What is asked of the database about the site's own friends. Every write is one transaction whose lines succeed or
// fail one by one; `not_found` (field `account`) when the account acted for is none.

import type {
  AccountProfile,
  AfterQuery,
  BlockPage,
  FeedPage,
  FriendChange,
  FriendPage,
  GraphRules,
  Group,
  ImportedFriend,
  Line,
  NewAccount,
  NewFriend,
  Outcome,
  PendingPage,
  PulledRows,
  PullQuery,
  Related,
} from './graph-model.ts'
import type { Site } from './model.ts'

type SiteRef = Pick<Site, 'id'>

export interface GraphStore {
  addFriends(
    site: SiteRef,
    account: string,
    friends: readonly NewFriend[],
    options: GraphRules & { readonly isMutual: boolean; readonly isForced: boolean },
  ): Promise<readonly Outcome[]>
  importFriends(
    site: SiteRef,
    account: string,
    friends: readonly ImportedFriend[],
    rules: GraphRules,
  ): Promise<readonly Outcome[]>
  updateFriends(
    site: SiteRef,
    account: string,
    changes: readonly FriendChange[],
    rules: GraphRules,
  ): Promise<readonly Outcome[]>
  removeFriends(
    site: SiteRef,
    account: string,
    friends: readonly Line[],
    options: GraphRules & { readonly isMutual: boolean },
  ): Promise<readonly Outcome[]>
  removeAllFriends(
    site: SiteRef,
    account: string,
    options: GraphRules & { readonly isMutual: boolean },
  ): Promise<void>
  checkFriends(
    site: SiteRef,
    account: string,
    others: readonly string[],
    options: { readonly isMutual: boolean },
  ): Promise<readonly Related[]>
  /** Where the account's list stands; undefined when there is no such account. */
  friendsHead(
    site: Pick<Site, 'id'>,
    account: string,
  ): Promise<{ readonly standardSequence: number; readonly total: number } | undefined>
  /** In the order in which they were added. With both sequences given and unmoved, no friends are read. */
  pageFriends(
    site: SiteRef,
    account: string,
    query: AfterQuery & { readonly unless?: { readonly standard: number; readonly custom: number } },
  ): Promise<FriendPage>
  /** See `PullQuery`. */
  pull(site: SiteRef, account: string, query: PullQuery): Promise<PulledRows>

  block(
    site: SiteRef,
    account: string,
    others: readonly Line[],
    rules: GraphRules,
  ): Promise<readonly Outcome[]>
  unblock(
    site: SiteRef,
    account: string,
    others: readonly Line[],
    rules: GraphRules,
  ): Promise<readonly Outcome[]>
  pageBlocks(site: SiteRef, account: string, query: AfterQuery): Promise<BlockPage>
  checkBlocks(
    site: SiteRef,
    account: string,
    others: readonly string[],
    options: { readonly isMutual: boolean },
  ): Promise<readonly Related[]>

  /** `isFull`: nothing was done, there would be too many groups. */
  addGroups(
    site: SiteRef,
    account: string,
    groups: { readonly names: readonly string[]; readonly members: readonly Line[] },
    rules: GraphRules,
  ): Promise<{ readonly isFull: boolean; readonly sequence: number; readonly outcomes: readonly Outcome[] }>
  /** Names that are none are passed over. Answers the sequence. */
  removeGroups(site: SiteRef, account: string, names: readonly string[], rules: GraphRules): Promise<number>
  readGroups(
    site: SiteRef,
    account: string,
    query: { readonly names?: readonly string[]; readonly withMembers: boolean },
  ): Promise<{ readonly groups: readonly Group[]; readonly sequence: number }>

  /** Requests that wait for the account, oldest first. */
  pagePendings(site: SiteRef, account: string, query: AfterQuery): Promise<PendingPage>
  /** Both become friends, or `no_request`, `friends_full`, `their_friends_full`. */
  acceptPendings(
    site: SiteRef,
    account: string,
    others: readonly (Line & { readonly remark?: string })[],
    rules: GraphRules,
  ): Promise<readonly Outcome[]>
  declinePendings(
    site: SiteRef,
    account: string,
    others: readonly Line[],
    rules: GraphRules,
  ): Promise<readonly Outcome[]>

  readProfiles(
    site: SiteRef,
    accounts: readonly string[],
  ): Promise<readonly (Outcome & { readonly profile?: AccountProfile })[]>
  /** Changes what is given, leaves the rest. */
  saveProfile(site: SiteRef, account: string, profile: AccountProfile, rules: GraphRules): Promise<void>

  /** Makes users where there are none; gives new nicknames and images to those that are there. */
  importAccounts(
    site: SiteRef,
    accounts: readonly NewAccount[],
    rules: GraphRules,
  ): Promise<readonly Outcome[]>
  /** With graph and profile, and out of everybody's lists; never identities, tokens, messages, or the user. */
  removeAccounts(site: SiteRef, accounts: readonly Line[], rules: GraphRules): Promise<readonly Outcome[]>
  /** `no_account` where there is none. */
  checkAccounts(site: SiteRef, accounts: readonly string[]): Promise<readonly Outcome[]>
  /**
   * Puts new friends where they belong in the long run, once there are `worth` of them, in steps between which others
   * write; answers how many. Nothing looks different before and after.
   */
  settle(options?: { readonly worth?: number }): Promise<number>
}

export interface FeedStore {
  /** In order of position; at most `limit` entries. */
  read(site: SiteRef, query: AfterQuery): Promise<FeedPage>
}
