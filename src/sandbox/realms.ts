// One network's part of the world: its apps, the tokens it gives out, its accounts and their lists.

import { mix, numberOf, secretOf } from './hash.ts'
import { type Direction, type List, listOf } from './lists.ts'
import { indexOfUsername, type Person, personAt } from './people.ts'
import type { NewToken, Token } from './tokens.ts'
import { type App, type Pretence, type Realm, USUAL_MUTUAL_SHARE, type World } from './world.ts'

/** Contacts of an account that no grant has named. */
const USUAL_CONTACTS = 150

/** Opens the part of the world that a host stands for. */
export function createRealm(world: World, pretence: Pretence, host: string): Realm {
  const seed = mix(world.seed, numberOf(host))
  const app: App = {
    clientId: pretence.clientId(secretOf(43, 'client', seed)),
    clientSecret: secretOf(43, 'client secret', seed),
    name: 'Sandbox app',
    isPartner: false,
  }
  return {
    host,
    pretence,
    seed,
    ids: pretence.ids(seed, world.accounts, host),
    apps: new Map([[app.clientId, app]]),
    app,
    nextAccount: 0,
  }
}

/** Registers an app with a realm. */
export function registerApp(
  realm: Realm,
  details: Partial<Omit<App, 'clientId'>> & { isPublic?: boolean },
): App {
  const { isPublic = false, name = 'Sandbox app', isPartner = false, redirectUris, scopes } = details
  const count = realm.apps.size
  const app: App = {
    clientId: realm.pretence.clientId(secretOf(43, 'client', realm.seed, count)),
    clientSecret: isPublic ? undefined : secretOf(43, 'client secret', realm.seed, count),
    name,
    redirectUris,
    isPartner,
    scopes,
  }
  realm.apps.set(app.clientId, app)
  return app
}

export interface TokenWish {
  readonly account?: number
  readonly contacts?: number
  readonly mutualShare?: number
  readonly scopes: readonly string[]
  readonly clientId: string
  readonly family?: number
  readonly expiresInSeconds?: number
  readonly hasRefresh?: boolean
  readonly secret?: string
  readonly keyThumbprint?: string
  readonly page?: string
}

/** Gives out a token of this realm in the network's own form. */
export function issueToken(world: World, realm: Realm, wish: TokenWish): Token {
  const { pretence } = realm
  const issuedAt = world.now()
  const seconds = wish.expiresInSeconds ?? pretence.accessSeconds
  const expiresAt = seconds === undefined ? undefined : issuedAt + seconds * 1000
  const count = world.tokens.count()
  const subject = wish.account === undefined ? realm.app.clientId : realm.ids.toId(wish.account)
  const text = (kind: 'access' | 'refresh') =>
    pretence.tokenText(kind, secretOf(86, kind, realm.seed, count), {
      subject,
      scopes: wish.scopes,
      issuedAt,
      expiresAt: kind === 'access' ? expiresAt : undefined,
      count,
    })
  const token: NewToken = {
    realm: realm.host,
    account: wish.account,
    contacts: wish.contacts ?? USUAL_CONTACTS,
    mutualShare: wish.mutualShare ?? USUAL_MUTUAL_SHARE,
    scopes: wish.scopes,
    clientId: wish.clientId,
    accessToken: text('access'),
    refreshToken: (wish.hasRefresh ?? pretence.hasRefresh) ? text('refresh') : undefined,
    secret: wish.secret,
    issuedAt,
    expiresAt,
    family: wish.family,
    keyThumbprint: wish.keyThumbprint,
    page: wish.page,
  }
  return world.tokens.issue(token)
}

/** The account at an index of this realm. */
export function personOf(realm: Realm, index: number): Person {
  // One account is asked for field by field.
  if (realm.lastPerson?.index !== index) realm.lastPerson = personAt(realm.seed, index)
  return realm.lastPerson
}

/** The index of a username of this realm. */
export function usernameToIndex(world: World, realm: Realm, username: string): number | undefined {
  return indexOfUsername(realm.seed, username, world.accounts)
}

/** A list of an account; its own token says how long it is, every other account has the usual number. */
export function listFor(
  world: World,
  realm: Realm,
  index: number,
  direction: Direction,
  token?: Token,
): List {
  const isOwn = token?.account === index
  const contacts = isOwn ? token.contacts : Math.min(USUAL_CONTACTS, Math.floor(world.accounts / 4))
  const mutualShare = isOwn ? token.mutualShare : USUAL_MUTUAL_SHARE
  return listOf({ seed: realm.seed, accounts: world.accounts, index, contacts, mutualShare }, direction)
}

/** One page of a list, each account as `show` says. */
export function pageOf<T>(list: List, offset: number, size: number, show: (index: number) => T): T[] {
  const items: T[] = []
  for (let at = offset; at < Math.min(offset + size, list.size); at++) items.push(show(list.at(at)))
  return items
}

/** How many an account follows and is followed by, as numbers for show; the token's own lists where they are. */
export function countsOf(
  realm: Realm,
  index: number,
  token?: Token,
): { readonly following: number; readonly followers: number; readonly posts: number } {
  const isOwn = token?.account === index
  const contacts = isOwn ? token.contacts : USUAL_CONTACTS
  return { following: contacts, followers: contacts, posts: mix(realm.seed, index, 41) % 5000 }
}
