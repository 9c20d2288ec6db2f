// The nouns. One word each, everywhere: type, table, variable, route.
// Times are milliseconds since 1970 (`…At`); ids are integers inside and text (`token`) on the wire.

import type { Problem } from './errors.ts'
import type { Allows, GraphLimits } from './graph-model.ts'
import type { Capability } from './provider.ts'
import type { Limits } from './publish.ts'

/** A customer of this gateway: one subdomain, one set of keys, its own users. */
export interface Site {
  readonly id: number
  /** First label of the OneAll host `<subdomain>.api.<rest>`. */
  readonly subdomain: string
  readonly name: string
  /** OneAll public key (UUID); the private key is kept as a SHA-256 only. */
  readonly publicKey: string
  readonly privateKeyHash: string
  /** Gigya apiKey. */
  readonly apiKey: string
  /** Tencent SDKAppID, and the account that may administer it. */
  readonly sdkAppId: number
  readonly admin: string
  readonly settings: SiteSettings
  readonly createdAt: number
}

/** Switches of one site; absent means the default written beside it. */
export interface SiteSettings {
  /** Hand out networks' access tokens to callers with server credentials. Default false. */
  readonly showAccessTokens?: boolean
  /** OneAll 2011 forms: `identities: {identity: […]}` and keys with a trailing space. Default false. */
  readonly legacy2011?: boolean
  /** `PUT /users.json` without credentials. Default false. */
  readonly anonymousImport?: boolean
  /** OneAll answers 203 for freshly read identity contacts. Default false: 200. */
  readonly freshContacts203?: boolean
  /** Hosts a browser may be sent back to after a login. Default none. */
  readonly allowedDomains?: readonly string[]
  /**
   * What the site uses of a network (by id, `*` for all others), beside the profile: a login asks for no more. Default
   * contacts, where the network does not give them to approved apps alone.
   */
  readonly uses?: Readonly<Record<string, readonly Capability[]>>
  /** Tell the site's pages, for a user's token, which networks are linked: `social_link` shows it. Default false. */
  readonly showsLinkedToPages?: boolean
  /** Gigya calls that name no format are answered in XML, as before 2012. Default false: JSON. */
  readonly gigyaXml?: boolean
  /** On networks whose relation has a direction, a friend is somebody who follows back. Default true. */
  readonly friendsNeedMutual?: boolean
  /** Networks whose contacts are read right after a login, unasked: those that cost nothing are `free`. Default free. */
  readonly prefetchContacts?: 'none' | 'free' | 'all'
  /** Friends of the site's own graph stand beside those of the networks. Default true. */
  readonly graphFriends?: boolean
  /** Bounds of the site's own friend graph; the defaults stand in core/graph-model.ts. */
  readonly graphLimits?: Partial<GraphLimits>
  /** Who may add an account that has not said: `any`, after `confirm`ation, `none`. Default any. */
  readonly graphAllows?: Allows
  /** To block somebody leaves the friendship alone. Default false: it ends, on both sides. */
  readonly keepFriendsOnBlock?: boolean
  /** Keywords of custom fields of friends. Default: every keyword of letters. */
  readonly friendFields?: readonly string[]
  /** Keywords of custom fields of profiles. Default: every keyword of letters. */
  readonly profileFields?: readonly string[]
  /** Addresses (scheme and host) that short links stand at; new ones at the first. Default: the shared one. */
  readonly shortDomains?: readonly string[]
  /** Entries of the feed of changes that are kept. Default 100,000. */
  readonly feedEntries?: number
  /** Accounts that may administer the site by signature, beside its own `admin`. Default none. */
  readonly admins?: readonly string[]
  /** Calls of one Tencent method per second; 0 is no limit. Default: the configured one, 200. */
  readonly callsPerSecond?: number
}

/** A change of some settings of a site. */
export interface SettingsChange {
  readonly set?: SiteSettings
  /** Back to their defaults. */
  readonly remove?: readonly (keyof SiteSettings)[]
  /** Added to `allowedDomains`, which may then be so many; `forbidden` when they would be more. */
  readonly allow?: { readonly domains: readonly string[]; readonly atMost: number }
}

/** The secrets of a site that must be readable again, to check or make signatures. */
export interface SiteSecrets {
  /** Gigya partner secret, base64. */
  readonly secret: string
  /** Tencent UserSig key. */
  readonly secretKey: string
}

/** A person as the site knows them. */
export interface User {
  readonly id: number
  readonly siteId: number
  /** Lower-case UUID v4; OneAll's `user_token`. */
  readonly token: string
  /** The site's own id for this user, where it set one. */
  readonly uid?: string
  readonly createdAt: number
  readonly lastLoginAt: number
  readonly loginCount: number
}

/** What is known of an identity as a place to post to. Reads of contacts leave it out. */
export interface Posting {
  /** The place that is posted to, where it is not the person's own account. */
  readonly target?: 'page' | 'channel' | 'webhook'
  /** What the home server takes, where that differs from server to server. */
  readonly publishLimits?: Limits
  /** What the home server runs, in lower case, where it has said so. */
  readonly software?: string
}

/** One account of a user on one network. */
export interface Identity extends Posting {
  readonly id: number
  readonly siteId: number
  readonly userId: number
  /** OneAll's `user_token` of the owner, since nearly every answer names it. */
  readonly userToken: string
  /** Lower-case UUID v4; OneAll's `identity_token`. */
  readonly token: string
  readonly provider: string
  /** Origin of the home server, where the network has many (`https://mastodon.example`). */
  readonly server?: string
  /** The network's own stable id of the account. */
  readonly subject: string
  readonly profile: Profile
  readonly createdAt: number
  readonly updatedAt: number
  /** A refusal (until linked again or asked afresh) or an outage (for a short while), remembered. */
  readonly refused?: { readonly problem: Problem; readonly at: number; readonly until?: number }
}

/** What a network says about the account itself. All text is plain text. */
export interface Profile {
  readonly subject: string
  readonly displayName?: string
  readonly username?: string
  readonly givenName?: string
  readonly familyName?: string
  readonly profileUrl?: string
  readonly pictureUrl?: string
  readonly thumbnailUrl?: string
  readonly about?: string
  readonly location?: string
  readonly gender?: 'male' | 'female'
  /** `YYYY-MM-DD`, or `--MM-DD` without a year. */
  readonly birthday?: string
  readonly language?: string
  readonly emails?: readonly { readonly value: string; readonly isVerified: boolean }[]
  readonly urls?: readonly string[]
}

/** Somebody a user knows on a network. All text is plain text. */
export interface Contact {
  /** The network's own id, as text: 64-bit numbers stay exact. */
  readonly id: string
  readonly displayName?: string
  readonly username?: string
  readonly profileUrl?: string
  readonly thumbnailUrl?: string
  readonly about?: string
  readonly emails?: readonly string[]
}

/** What lets us call a network for an identity. Sealed at rest; never logged. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken?: string
  /** OAuth 1 token secret. */
  readonly secret?: string
  /** When the access token ends, if known. */
  readonly expiresAt?: number
  /** Scopes granted, if told. */
  readonly scopes?: readonly string[]
  /** Private JWK that DPoP-bound tokens are proved with. */
  readonly dpopKey?: Readonly<Record<string, unknown>>
}

/** A registration of a site at a network: needed to refresh tokens. */
export interface App {
  readonly clientId: string
  readonly clientSecret?: string
  /** There when we have registered it ourselves: with which address to come back to, and for which scopes. */
  readonly registration?: { readonly redirectUri: string; readonly scopes: readonly string[] }
}

/** The result of a login or link, for the site's server to read. */
export interface Connection {
  readonly id: number
  readonly siteId: number
  readonly token: string
  readonly plugin: 'social_login' | 'social_link' | 'single_sign_on'
  readonly action: 'login' | 'link_identity' | 'unlink_identity'
  readonly status: 'success' | 'error'
  /** `user_authenticated`, `identity_is_linked_to_another_user`, … */
  readonly reason: string
  readonly callbackUri?: string
  readonly userToken?: string
  readonly identityToken?: string
  /** Network of the identity, where that has gone by the time this is read: it was unlinked. */
  readonly unlinkedFrom?: string
  /** SHA-256 of the nonce that whoever began the login may read it with, lower-case hex. */
  readonly nonceHash?: string
  readonly createdAt: number
}

/** A whole list of contacts, as it was read. */
export interface Snapshot {
  readonly version: number
  /** Portable-Contacts JSON array, UTF-8: handed out as it lies. */
  readonly contacts: Uint8Array
  readonly count: number
  /** The network has more than our bound; these are the first. */
  readonly isTruncated: boolean
  readonly fetchedAt: number
}

/** A snapshot without its bytes. */
export type SnapshotHead = Omit<Snapshot, 'contacts'>

/** One page of a list. */
export interface PageQuery {
  /** From 1; a page past the end is the last one. */
  readonly page: number
  readonly size: number
  readonly direction: 'asc' | 'desc'
  readonly filter?: {
    readonly field: 'createdAt' | 'lastLoginAt'
    readonly operator: 'gt' | 'lt'
    readonly value: number
  }
}

export interface PageOf<T> {
  readonly entries: readonly T[]
  readonly page: number
  readonly size: number
  readonly direction: 'asc' | 'desc'
  /** At least 1. */
  readonly totalPages: number
  readonly totalEntries: number
}
