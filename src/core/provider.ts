// The seam to the networks. A provider is data and pure functions; it never opens a socket and never sees a token.

import type { ZodType } from 'zod'
import type { ErrorCode } from './errors.ts'
import type { Contact, Identity, Posting, Profile } from './model.ts'
import type { PostRef, Publish } from './publish.ts'
import type { Bytes } from './stretch.ts'

export interface Provider {
  /** Stable, lower case, stored in the database: never rename. */
  readonly id: string
  /** As people write it. */
  readonly name: string
  /** Where a wire API knows it by another key or name, by dialect id: OneAll's 'Twitter', Gigya's 'messenger'. */
  readonly wireNames?: Readonly<
    Record<string, { readonly key?: string; readonly name?: string; readonly aliases?: readonly string[] }>
  >
  /** How its button looks: the colour that people know it by (`#rrggbb`) and a letter or two; no logo. */
  readonly look?: { readonly color: string; readonly mark: string }
  /** The network is gone: since when (`YYYY-MM-DD`, where it is known), and what its users can do now. Then it has nothing else. */
  readonly gone?: { readonly since?: string; readonly instead: string }
  /** Where the network documents its API. */
  readonly docs: string
  /** Root of the API. `{server}` stands for the identity's home server, `{version}` for the API version. */
  readonly api: string
  /** Further roots that an ApiRequest may name with `host`. */
  readonly hosts?: Readonly<Record<string, string>>
  /** Version of the API where its name carries one; configuration may name another. */
  readonly version?: string
  /** Sent with every API request; `{version}` is filled in. */
  readonly headers?: Readonly<Record<string, string>>
  /** The network has many home servers; `default` is the one meant when none is named. */
  readonly server?: {
    readonly default?: string
    /** An account has the same id on all of them. */
    readonly sharesIds?: boolean
  }
  readonly auth?: Auth
  readonly errors?: readonly ErrorRule[]
  /** Where the network says how much is left and when to come back, if not in `Retry-After`. */
  readonly rateLimit?: RateLimit
  /** How long to stay away after a refusal for a limit, in seconds, where the network says so elsewhere; `now` in ms. */
  readonly retryAfter?: (refusal: Refusal, now: number) => number | undefined
  /** Reading costs money: never prefetched unless the site says so. */
  readonly charges?: boolean

  /** A capability is present or absent; there is no "supports" flag to forget. */
  readonly profile?: Read<Profile>
  /** Lists are read at the same time and joined by id; a relation without direction is `all`. */
  readonly contacts?: Contacts
  readonly publish?: Publish
  /** Takes a post back; resolves when it is gone, also when it was gone before. */
  readonly remove?: (post: PostRef, network: Network) => Promise<void>
  /** Makes the network forget what it has granted, where that is a call of its API. */
  readonly forget?: ApiRequest
  /** Places that a person may post to through the account: offered after a login of a site that posts. */
  readonly targets?: Paged<Target>
  /** What the account's home server takes and runs; asked when it is linked. What cannot be learned is left out. */
  readonly home?: (network: Network) => Promise<Posting>
  /** Places are not linked by a login but added by whoever has their key: `auth` is `KeyInAddress`. */
  readonly place?: AddedPlace
}

/** A place to post to that a person's account leads to. */
export interface Target {
  readonly kind: NonNullable<Posting['target']>
  readonly profile: Profile
  /** Its own, which is used instead of the person's. */
  readonly accessToken: string
}

/** A place to post to that its key, or a bot's key and its name, stands for. */
export interface AddedPlace {
  readonly target: NonNullable<Posting['target']>
  /** What the key is, for people: `address of a webhook`. */
  readonly asks: string
  /** The key in what people paste; undefined when there is none in it. */
  readonly key: (pasted: string) => string | undefined
  /** How people name the place, where its key is a bot's that has many: `@name of a channel`. */
  readonly named?: string
  /** The place as the network tells of it; fails when the key is none, or may not post there. */
  readonly verify: (network: Network, name: string) => Promise<Profile>
}

export interface Contacts {
  /** Those the user follows. */
  readonly following?: Paged<Contact>
  /** Those who follow the user. */
  readonly followers?: Paged<Contact>
  readonly all?: Paged<Contact>
  /** The network tells e-mail addresses. */
  readonly withEmails?: boolean
}

export type Capability = 'profile' | 'contacts' | 'publish' | 'remove'

export type Auth = OAuth1 | OAuth2 | Atproto | KeyInAddress

export interface OAuth1 {
  readonly type: 'oauth1'
  readonly requestUrl: string
  readonly authorizeUrl: string
  readonly tokenUrl: string
}

export interface OAuth2 {
  readonly type: 'oauth2'
  /** `{server}` and `{version}` are filled in, as in `api`. */
  readonly authorizeUrl: string
  readonly tokenUrl: string
  readonly revokeUrl?: string
  /** Where the app takes back all that a person has granted it, by DELETE with a token of theirs; `{client_id}` is filled in. */
  readonly grantUrl?: string
  /** Where an app registers itself, on networks where every server has its own apps. */
  readonly registerUrl?: string
  /** The scopes each capability needs; a site asks only for what it uses. */
  readonly scopes: Readonly<Partial<Record<Capability, readonly string[]>>>
  readonly scopeSeparator?: string
  readonly pkce?: boolean
  /** What becomes of a refresh token when it is used. */
  readonly refresh?: 'rotates' | 'stays' | 'extends' | 'none'
  readonly clientAuth?: 'body' | 'basic'
  /** Where API requests carry the token. */
  readonly tokenIn?: 'header' | 'query'
  /** Some networks rename `client_id`. */
  readonly clientIdParam?: string
  readonly authorizeParams?: Readonly<Record<string, string>>
  /** What makes the network ask for the password of somebody who is logged in. */
  readonly reauthorizeParams?: Readonly<Record<string, string>>
  /** Capabilities whose scopes are granted to approved apps alone: asked for only where the site names them. */
  readonly needsApproval?: readonly Capability[]
  /** The network signs who it is that has logged in. */
  readonly openId?: OpenId
  /** Networks that extend a token, or trade a short one for a long one: the grant and the parameter it goes in. */
  readonly extend?: { readonly grant: string; readonly tokenParam: string; readonly url: string }
}

/** OpenID Connect: https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation */
export interface OpenId {
  /** `{tenantid}` stands for the `tid` of the token, where each tenant is an issuer of its own. */
  readonly issuer: string
  readonly keysUrl: string
}

/** AT Protocol: OAuth tokens bound by DPoP, or a session made from an app password (then no `dpopKey`). */
export interface Atproto {
  readonly type: 'atproto'
  /** Path of the call that renews a password session, below the home server. */
  readonly refreshPath: string
  readonly scopes: Readonly<Partial<Record<Capability, readonly string[]>>>
  /** Where the documents of `did:plc` are: https://web.plc.directory/spec/v0.1/did-plc */
  readonly directoryUrl: string
  /** Path of the call that finds the DID of a handle, below a home server. */
  readonly handlePath: string
}

/**
 * Networks without a login: whoever knows a bot's key, or the address of a webhook, may post. `api` holds `{token}`,
 * which the network room fills in and masks wherever an address is told.
 */
export interface KeyInAddress {
  readonly type: 'bot' | 'webhook'
}

/** Rate-limit headers, lower case. `unix`: seconds since 1970; `iso`: a timestamp; `seconds`: seconds left. */
export interface RateLimit {
  readonly limit?: string
  readonly remaining: string
  readonly reset: string
  readonly as: 'unix' | 'iso' | 'seconds'
  /** Whose limit it is. */
  readonly scope: 'identity' | 'app' | 'server'
}

/** An answer that refuses for a limit, as it came: header names in lower case. */
export interface Refusal {
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** First rule that matches wins; the HTTP status decides the rest. Name status 200 where a network fails politely. */
export interface ErrorRule {
  readonly status?: number
  /** Tested against the body's text. */
  readonly body?: RegExp
  readonly header?: readonly [name: string, value: RegExp]
  readonly code: ErrorCode
  /** What to tell the caller instead of the general sentence. */
  readonly message?: string
}

/** One call of a network's API, as data. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the root; or a whole address, when the network itself gave it as the next page (same origin as the root). */
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  /** Sent as it is. */
  readonly raw?: { readonly bytes: Bytes; readonly mimeType: string }
  /** Sent as multipart/form-data, in order. */
  readonly parts?: readonly Part[]
  /** A whole address that the network has just given for an upload: called over https, guarded, and without our token. */
  readonly upload?: string
  /** A name in the provider's `hosts`; the API root without it. */
  readonly host?: string
}

/** One part of a multipart body: a field, or a file when it has bytes. */
export type Part =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string
      readonly bytes: Bytes
      readonly mimeType: string
      readonly fileName: string
    }

export interface ApiResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON; integers beyond 2^53 arrive as strings with all their digits. Text where it was no JSON. */
  readonly body: unknown
}

/** An answer without its body. */
export type ResponseHead = Pick<ApiResponse, 'status' | 'headers'>

/** One request, one answer. */
export interface Read<T> {
  request(identity: Pick<Identity, 'subject' | 'server'>): ApiRequest
  /** Throws `network_unreadable` when the answer is not what the network documents. */
  parse(response: ApiResponse): T
}

/** One request per page; each answer says what to ask next. */
export interface Paged<T> {
  first(identity: Pick<Identity, 'subject' | 'server'>): ApiRequest
  parse(response: ApiResponse, request: ApiRequest): Page<T>
  /** What `parse` will say is next, where the head alone tells: the next page can be asked for before this one is read. */
  readonly nextInHead?: (head: ResponseHead, request: ApiRequest) => ApiRequest | undefined
}

export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: ApiRequest
}

export interface FetchOptions {
  readonly signal?: AbortSignal
  /**
   * Told of an answer with 2xx that has come whole, before its body is read; told again when the request is repeated. Not
   * told while many answers wait to be read, nor when the network takes no more requests for now. Says whether it has
   * asked for what comes next: then reading the body can wait a moment.
   */
  readonly heard?: (head: ResponseHead) => boolean
}

/** A network, seen through one identity: the only thing that talks to it. */
export interface Network {
  readonly identity: Identity
  /** Answers with 2xx and a body that no error rule matches; throws a GatewayError otherwise. */
  fetch(request: ApiRequest, options?: FetchOptions): Promise<ApiResponse>
  call<T>(request: ApiRequest, answer: ZodType<T>): Promise<T>
}
