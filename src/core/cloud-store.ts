// What is asked of the database about users whom a site stores by itself, without any network.

import type { Site, User } from './model.ts'

type SiteRef = Pick<Site, 'id'>

/** What a site has said of a user, as it said it. */
export type CloudData = Readonly<Record<string, unknown>>

/** A user with what the site stores for them. */
export interface CloudUser {
  readonly user: User
  /** Lower-case UUID v4, of what is stored. */
  readonly identityToken: string
  /** The site's own id. */
  readonly externalId: string
  readonly login?: string
  /** As core/passwords.ts makes it. */
  readonly password?: string
  readonly data: CloudData
  readonly createdAt: number
  readonly updatedAt: number
}

/** How a stored user is named. */
export interface CloudName {
  readonly field: 'user_token' | 'externalid' | 'login'
  readonly value: string
}

export interface CloudChange {
  readonly externalId?: string
  readonly login?: string
  readonly password?: string
  readonly data: CloudData
  /** Lists are joined and values put beside what is there, instead of in its place. */
  readonly isAppended: boolean
}

/** Longest data of one user, in characters of JSON. */
export const CLOUD_DATA_MAX = 32_000

export interface CloudStore {
  /**
   * Stores for the user of this name, or for a new one without a name (and where a name other than a token names
   * nobody). `not_found` for an unknown token, `conflict` when the id or the login is somebody else's, `too_large`.
   */
  put(
    site: SiteRef,
    name: CloudName | undefined,
    change: CloudChange,
  ): Promise<{ readonly stored: CloudUser; readonly isNew: boolean }>
  find(site: SiteRef, name: CloudName): Promise<CloudUser | undefined>
  /** By `CloudUser.identityToken`. */
  byIdentity(site: SiteRef, identityToken: string): Promise<CloudUser | undefined>
}
