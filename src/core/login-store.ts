// What is asked of the database about logins under way, and about the codes that they end with.

import type { ConsentMemory } from './consent.ts'
import type { LoginWish } from './login.ts'
import type { Identity, Site, User } from './model.ts'
import type { Target } from './provider.ts'

type SiteRef = Pick<Site, 'id'>

/** A login under way: what was wished for, and what the network must be answered with. */
export interface Attempt {
  /** Provider id. */
  readonly provider: string
  readonly wish: LoginWish
  readonly memory: ConsentMemory
  /** There when the login has succeeded, and the person is being asked where the site may post. */
  readonly choice?: Choice
}

/** Places that a person chooses from. */
export interface Choice {
  readonly connectionToken: string
  readonly identity: Pick<Identity, 'provider' | 'server' | 'userToken'>
  readonly targets: readonly Target[]
}

export interface LoginStore {
  /**
   * Keeps an attempt, sealed, for `lifeMs` of the database's clock; `overloaded` when the site has `atMost` under way.
   * Hashes are SHA-256, lower-case hex: of what the network's answer is known by, and of the browser's secret.
   */
  begin(
    site: SiteRef,
    hashes: { readonly key: string; readonly browser: string },
    attempt: Attempt,
    options: { readonly lifeMs: number; readonly atMost: number },
  ): Promise<void>
  /** Whose attempt it is; undefined when it is unknown, used or over. */
  siteOf(keyHash: string): Promise<Site | undefined>
  /** The attempt, once: undefined when it is unknown, used, over, or another browser's (then it stays). */
  take(hashes: { readonly key: string; readonly browser: string }): Promise<Attempt | undefined>

  /** A code that a login has ended with, by its SHA-256; `not_found` when the user is gone. */
  issueCode(
    site: SiteRef,
    code: {
      readonly hash: string
      readonly user: Pick<User, 'id'>
      readonly redirectUri: string
      readonly lifeMs: number
    },
  ): Promise<void>
  /** What the code stands for, once; undefined when it is unknown, used, or another site's. */
  redeemCode(
    site: SiteRef,
    hash: string,
  ): Promise<{ readonly user: User; readonly redirectUri: string; readonly isOver: boolean } | undefined>

  /** Deletes attempts and codes whose time has passed; answers how many those were. */
  purge(): Promise<number>
}
