// What is asked of the database to show a user's contacts as friends.

import type { Identity, Site, SnapshotHead, User } from './model.ts'

/** Where the list of friends of one identity stands. */
export interface FriendList {
  readonly identity: Identity
  /** The last good list of contacts, however old. */
  readonly snapshot?: SnapshotHead
  /** This version of it no longer counts: the user has logged in since. */
  readonly dropped?: number
  /** When a read was last asked for, in milliseconds since 1970. */
  readonly askedAt?: number
}

/** An account that belongs to a user of the site. */
export interface SiteAccount extends Pick<Identity, 'provider' | 'server' | 'subject' | 'userId'> {
  readonly userToken: string
  /** The site's own id for the user, where it set one. */
  readonly uid?: string
}

/** What happens to the list of one identity. */
export interface FriendListMark {
  readonly identity: Pick<Identity, 'id'>
  /** The version that is there no longer counts. */
  readonly drops: boolean
  /** A read is asked for now, or is not. */
  readonly askedAt?: number
}

export interface PeopleStore {
  /** One query: all lists of a user in the order of linking, and how often links of the site have changed. */
  lists(user: Pick<User, 'id' | 'siteId'>): Promise<{
    readonly linkedVersion: number
    readonly lists: readonly FriendList[]
  }>
  /** One query: the site's accounts with these match keys (core/match-key.ts), in no order. */
  siteAccounts(site: Pick<Site, 'id'>, keys: BigInt64Array): Promise<readonly SiteAccount[]>
  /** Marks lists of one user; identities that are gone are passed over. */
  mark(user: Pick<User, 'id' | 'siteId'>, marks: readonly FriendListMark[]): Promise<void>
}
