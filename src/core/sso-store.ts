// What is asked of the database about sessions over several sites.

import type { Identity, PageOf, PageQuery, Site } from './model.ts'

type SiteRef = Pick<Site, 'id'>

/** An identity of a network, or what a site stores of a user by itself (`CloudUser.identityToken`). */
export type SsoIdentity = Pick<Identity, 'token' | 'siteId'>

/** That a person is logged in, for all pages of one realm. */
export interface SsoSession {
  readonly id: number
  readonly siteId: number
  /** Lower-case UUID v4; OneAll's `sso_session_token`. Whoever has it is that person. */
  readonly token: string
  readonly userToken: string
  readonly identityToken: string
  /** Pages that share the session name the same realm; '' is one as well. */
  readonly topRealm: string
  readonly subRealm: string
  /** What the site keeps with it, as JSON; '' is nothing. */
  readonly data: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly expiresAt: number
}

export interface SsoStore {
  /**
   * The session of an identity, made anew with a new token: one identity has one. Times are of the database's clock.
   * `not_found` when there is no such identity.
   */
  put(
    identity: SsoIdentity,
    session: Pick<SsoSession, 'topRealm' | 'subRealm' | 'data'> & { readonly lifeMs: number },
  ): Promise<SsoSession>
  /** Undefined when there is none or its time has passed. */
  find(site: SiteRef, token: string): Promise<SsoSession | undefined>
  ofIdentity(identity: SsoIdentity): Promise<SsoSession | undefined>
  list(site: SiteRef, query: PageQuery): Promise<PageOf<SsoSession>>
  /** False when there was none. */
  remove(site: SiteRef, token: string): Promise<boolean>
  /** Deletes those whose time has passed; answers how many those were. */
  purge(): Promise<number>
}
