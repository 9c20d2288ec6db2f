// All that the pretend networks share: their accounts, apps, tokens, codes, limits.

import { createDials, type Dials } from './dials.ts'
import type { Ids } from './ids.ts'
import { createLimits, type Limit, type Limits, type Spent } from './limits.ts'
import { createPages, type Pages } from './pages.ts'
import type { Person } from './people.ts'
import { createPosts, createUploads, type Posts, type Upload, type Uploads } from './posts.ts'
import { createRequests, type Requests } from './requests.ts'
import { createTokens, type Tokens } from './tokens.ts'
import type { Answer, Asked } from './wire.ts'

/** Memory for list pages, 64 MiB. */
const PAGE_BYTES = 64 * 2 ** 20
/** Part of a list that also stands in the other direction, when nothing is said. */
export const USUAL_MUTUAL_SHARE = 0.4

/** One pretend network: its hosts and what they answer. */
export interface Pretence {
  /** Real hosts; the first stands for all. None: any host not otherwise known. */
  readonly hosts: readonly string[]
  ids(seed: number, accounts: number, host: string): Ids
  /** What a token may do when nothing is said. */
  readonly scopes: readonly string[]
  /** Scopes that only apps with special leave may ask for. */
  readonly restrictedScopes?: readonly string[]
  /** Life of an access token; without it tokens do not end. */
  readonly accessSeconds?: number
  readonly hasRefresh: boolean
  /** Accounts have app passwords. */
  readonly hasPasswords?: boolean
  /** Places that an account may post to beside its own, each with tokens of its own. */
  places?(realm: Realm, account: number): readonly { readonly id: string; readonly name: string }[]
  readonly routes: readonly Route[]
  clientId(secret: string): string
  tokenText(kind: 'access' | 'refresh' | 'code', secret: string, claims: Claims): string
  /** A failure in the network's own form, for dials and unknown paths. */
  failure(status: number, world: World): Answer
}

export interface Claims {
  readonly subject: string
  readonly scopes: readonly string[]
  readonly issuedAt: number
  readonly expiresAt?: number
  readonly count: number
}

export interface Route {
  readonly method: string
  /** `:name` matches one segment. */
  readonly path: string
  /** Only on this host, where a network has several. */
  readonly host?: string
  run(call: Call): Answer
}

/** One request to one realm. */
export interface Call {
  readonly world: World
  readonly realm: Realm
  readonly asked: Asked
  readonly parameters: Readonly<Record<string, string>>
  /** Counts against the dialled limit, else against the network's own. */
  spend(key: string, limit: Limit): Spent
  /** Begins to process what was uploaded, for as long as is dialled; nothing when it has begun. */
  process(upload: Upload): void
}

export interface App {
  readonly clientId: string
  /** None: a public client. */
  readonly clientSecret?: string
  readonly name: string
  /** None: any. */
  readonly redirectUris?: readonly string[]
  /** May ask for restricted scopes too. */
  readonly isPartner: boolean
  /** All it may ever ask for, where that is said at registration. */
  readonly scopes?: readonly string[]
}

/** One network, or one server of a network with many. */
export interface Realm {
  readonly host: string
  readonly pretence: Pretence
  readonly seed: number
  readonly ids: Ids
  readonly apps: Map<string, App>
  /** The app whose name grants bear. */
  readonly app: App
  /** Account of the next grant that names none. */
  nextAccount: number
  lastPerson?: Person
}

export interface World {
  readonly seed: number
  readonly accounts: number
  now(): number
  readonly tokens: Tokens
  readonly limits: Limits
  readonly dials: Dials
  readonly requests: Requests
  readonly pages: Pages
  readonly posts: Posts
  readonly uploads: Uploads
  readonly realms: Map<string, Realm>
  /** Codes and pushed requests of OAuth, by their text; what they hold is known to oauth2.ts and atproto.ts. */
  readonly codes: Map<string, unknown>
}

/** An empty world; the same seed gives the same answers. */
export function createWorld(seed: number, accounts: number, now: () => number): World {
  return {
    seed,
    accounts,
    now,
    tokens: createTokens(now),
    limits: createLimits(now),
    dials: createDials(seed),
    requests: createRequests(),
    pages: createPages(PAGE_BYTES),
    posts: createPosts(),
    uploads: createUploads(),
    realms: new Map(),
    codes: new Map(),
  }
}
