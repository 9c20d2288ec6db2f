// What is asked of the database about who may call: Gigya's keys, the tokens we issue, and nonces.

import type { Site, User } from './model.ts'

type SiteRef = Pick<Site, 'id'>

/** A second secret of a site, for one of its servers: it signs, it is a password, or its public half checks JWTs. */
export interface UserKey {
  readonly siteId: number
  /** What callers send as `userKey`, and as `kid` of a JWT. */
  readonly key: string
  /** Base64; absent where the owner keeps a private key. */
  readonly secret?: string
  /** RSA public key, PEM. */
  readonly publicKey?: string
  readonly createdAt: number
}

/** A site with what proves its callers. */
export interface Door {
  readonly site: Site
  /** Partner secret, base64. */
  readonly secret: string
}

/** What a token says of its bearer. */
export interface IssuedToken {
  /** The user key that asked for it; without one it has the rights of the partner secret. */
  readonly userKey?: string
  /** The one user it acts for; an application token has none. */
  readonly user?: User
  /** Key that requests with this token are signed with, base64; only sessions have one. */
  readonly sessionSecret?: string
}

export interface NewToken {
  /** SHA-256 of the token, lower-case hex: the token itself is not kept. */
  readonly hash: string
  /** Its tokens end with it. */
  readonly userKey?: string
  readonly user?: Pick<User, 'id'>
  readonly sessionSecret?: string
  /** Of the database's clock. */
  readonly lifeMs: number
}

/** The user that a caller names: by the site's own id, or by our token where the site has set none. */
export interface Named {
  readonly uid?: string
}

export interface AccessStore {
  /** One query: the site of a Gigya apiKey, its user key of this name, and the user. */
  byApiKey(
    apiKey: string,
    named?: Named & { readonly userKey?: string },
  ): Promise<(Door & { readonly userKey?: UserKey; readonly user?: User }) | undefined>
  /** The same for whoever names a user key alone. */
  byUserKey(key: string): Promise<(Door & { readonly userKey: UserKey }) | undefined>
  /** The same for the bearer of a token that has not ended. */
  byToken(
    hash: string,
    named?: Named,
  ): Promise<(Door & { readonly token: IssuedToken; readonly user?: User }) | undefined>

  /** `not_found` when the user or the user key is gone. Of one user's tokens the newest hundred are kept. */
  issue(site: SiteRef, token: NewToken): Promise<void>
  /** Ends every token that acts for this user; answers how many those were. */
  endTokens(user: Pick<User, 'id' | 'siteId'>): Promise<number>

  addUserKey(site: SiteRef, userKey: Omit<UserKey, 'siteId' | 'createdAt'>): Promise<UserKey>
  /** Without secrets, in order of creation. */
  userKeys(site: SiteRef): Promise<readonly Omit<UserKey, 'secret'>[]>
  /** With the tokens it has asked for; false when there was none. */
  revokeUserKey(site: SiteRef, key: string): Promise<boolean>

  /** Takes a nonce of this site for so long; false when it was taken already, by whatever process. */
  burnNonce(site: SiteRef, nonce: string, keepMs: number): Promise<boolean>

  /** Deletes tokens whose time has passed; answers how many those were. */
  purge(): Promise<number>
}
