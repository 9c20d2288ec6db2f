// What is asked of the database about users as their site knows them: its own ids, what it says of them, sessions.

import type { Identity, Profile, Site, Tokens, User } from './model.ts'
import type { NewIdentity } from './store.ts'

type SiteRef = Pick<Site, 'id'>
type UserRef = Pick<User, 'id' | 'siteId'>
type IdentityRef = Pick<Identity, 'id' | 'siteId'>

/** What the site itself says of a user. All text is plain text. */
export interface SiteProfile {
  readonly nickname?: string
  readonly photoUrl?: string
  readonly thumbnailUrl?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly gender?: 'male' | 'female'
  /** In years. */
  readonly age?: number
  /** `YYYY-MM-DD`, or `--MM-DD` without a year. */
  readonly birthday?: string
  readonly email?: string
  readonly country?: string
  readonly state?: string
  readonly city?: string
  readonly zip?: string
  readonly profileUrl?: string
}

/** What is known of a user beside the identities. */
export interface UserInfo {
  readonly profile: SiteProfile
  /** A session has begun and neither ended nor been ended. */
  readonly isLoggedIn: boolean
  /** Identity used at the last login; absent when the site itself had let them in, or nobody has told. */
  readonly loginIdentityId?: number
}

/** A login that the site tells of. */
export interface SignIn {
  /** The site's own id for the user; without it the first account says who it is. */
  readonly uid?: string
  /** Accounts whose tokens the networks have accepted. */
  readonly accounts: readonly NewIdentity[]
  /** Instead of what the site has said before. */
  readonly profile?: SiteProfile
  readonly sessionMs: number
}

export interface SignedIn {
  readonly user: User
  /** In the order of the accounts. */
  readonly identities: readonly Identity[]
  readonly isNewUser: boolean
}

/** An account that the site vouches for. */
export interface VouchedAccount {
  readonly provider: string
  readonly server?: string
  readonly subject: string
  readonly profile: Profile
  readonly tokens?: Tokens
}

export interface Imported {
  /** Absent when every account belongs to somebody else and nobody was made. */
  readonly user?: User
  readonly identities: readonly Identity[]
  readonly isNewUser: boolean
  /** Accounts that belong to another user: left where they are. */
  readonly conflicts: readonly VouchedAccount[]
}

/** A user with the names of the accounts, for an export. */
export interface ExportedUser {
  readonly id: number
  readonly token: string
  readonly uid?: string
  readonly identities: readonly Pick<Identity, 'provider' | 'server' | 'subject'>[]
}

/** Named values that a site keeps for a user. */
export type UserSettings = Readonly<Record<string, unknown>>

export interface UserInfoStore {
  /** The user of this name: the site's own id comes first, then our token. */
  named(site: SiteRef, uid: string): Promise<User | undefined>
  /**
   * Finds or makes the user, links the accounts, begins a session, counts one login. `conflict` (field `account`) when
   * an account belongs to somebody else; then nothing has changed.
   */
  signIn(site: SiteRef, signIn: SignIn): Promise<SignedIn>
  /** Gives a user the site's own id, or takes it away; `conflict` (field `uid`) when another user has that name. */
  rename(user: UserRef, uid: string | undefined): Promise<User>
  of(user: UserRef): Promise<UserInfo>
  /** Replaces what the site says of a user. */
  saveProfile(user: UserRef, profile: SiteProfile): Promise<void>
  endSession(user: UserRef): Promise<void>

  /**
   * Links accounts that the site vouches for; no login. `not_found` (field `uid`) when there is no such user and none
   * may be made.
   */
  importAccounts(
    site: SiteRef,
    wish: {
      readonly uid: string
      readonly accounts: readonly VouchedAccount[]
      readonly mayMakeUser: boolean
    },
  ): Promise<Imported>
  /** Forgets tokens and contacts of an identity; whose account it is stays known, as a refusal that lasts. */
  disconnect(identity: IdentityRef, reason: NonNullable<Identity['refused']>): Promise<void>
  /** In order of creation, from behind an id on; at most `limit`. */
  export(
    site: SiteRef,
    page: { readonly after: number; readonly limit: number },
  ): Promise<readonly ExportedUser[]>

  /** Settings of one group (`''` is the one without a name), empty when there are none. */
  settings(user: UserRef, group: string): Promise<UserSettings>
  /** Changes what is given, leaves the rest; `too_large` beyond the bounds below, and then nothing has changed. */
  saveSettings(user: UserRef, group: string, settings: UserSettings): Promise<void>
  /** Removes these names, or the whole group. */
  removeSettings(user: UserRef, group: string, names: readonly string[] | undefined): Promise<void>
}

/** Groups of settings that one user may have. */
export const SETTING_GROUPS_MAX = 100
/** Length of one group as JSON, in UTF-16 units. */
export const SETTINGS_LENGTH_MAX = 65_536
