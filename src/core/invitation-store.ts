// What is asked of the database about addresses that let a user link accounts on a page of ours.

import type { Site, User } from './model.ts'

type SiteRef = Pick<Site, 'id'>

/** Addresses kept for one user; the oldest give way. */
export const INVITATIONS_PER_USER = 20

export interface InvitationStore {
  /** `not_found` when the site has no such user. Hashes are SHA-256, lower-case hex; times are of the database's clock. */
  create(
    site: SiteRef,
    invitation: {
      readonly hash: string
      readonly userToken: string
      /** Page of the site to go to afterwards. */
      readonly callbackUri?: string
      readonly lifeMs: number
    },
  ): Promise<void>
  /** Whether the address would open: looking at it does not use it. */
  isOpen(site: SiteRef, hash: string): Promise<boolean>
  /** Uses the address, once, for a visit that lasts `lifeMs`; false when it is unknown, used or over. */
  open(
    site: SiteRef,
    visit: { readonly hash: string; readonly visitHash: string; readonly lifeMs: number },
  ): Promise<boolean>
  /** Who is visiting; undefined when the visit is over. */
  visitor(site: SiteRef, visitHash: string): Promise<Visitor | undefined>
  /** Deletes what is over; answers how many those were. */
  purge(): Promise<number>
}

/** A user on a page of ours. */
export interface Visitor {
  readonly user: User
  /** Page of the site to go to afterwards. */
  readonly callbackUri?: string
}
