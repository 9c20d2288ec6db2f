// Logins and imports that a site tells of: the user by the site's own id, several accounts, all or nothing.

import { GatewayError } from '../core/errors.ts'
import type { Identity, User } from '../core/model.ts'
import type { Imported, SignedIn, SignIn, VouchedAccount } from '../core/user-info-store.ts'
import { noteIdentity } from './events.ts'
import { identityBySubject } from './identities.ts'
import { countLogin, createIdentity, createUser, link } from './link.ts'
import { one, type Query } from './query.ts'
import { sure, toJson } from './row.ts'
import type { Context } from './sealed.ts'
import { lockSite, moveLinkedVersion } from './sites.ts'
import { putTokens } from './tokens.ts'
import { beginSession, noUser, renameUser, userNamed } from './user-info.ts'

/** What a new user and new identities would be called. */
export interface NewNames {
  readonly user: string
  readonly identities: readonly string[]
}

export function* signIn(
  context: Context,
  siteId: number,
  { uid, accounts, profile, sessionMs }: SignIn,
  names: NewNames,
): Query<SignedIn> {
  const known = uid === undefined ? undefined : yield* userNamed(siteId, uid)
  // One new name or link at a time per site: whoever waited here finds what the other has made.
  if (!known || accounts.length > 0) yield* lockSite(siteId)
  let user = known ?? (uid === undefined ? undefined : yield* userNamed(siteId, uid))
  let isNewUser = false
  const identities: Identity[] = []
  for (const [at, account] of accounts.entries()) {
    const isLogin = at === 0
    const newTokens = { user: names.user, identity: names.identities[at] ?? '' }
    const linked = yield* linkTo(context, siteId, account, newTokens, user, isLogin)
    // Somebody whom the site knows by another id already.
    if (uid !== undefined && !user && linked.user.uid !== undefined) throw belongsToAnother()
    user ??= linked.user
    isNewUser ||= linked.isNewUser
    identities.push(linked.identity)
  }
  if (!user) {
    user = yield* createUser(siteId, names.user, uid)
    isNewUser = true
  } else if (accounts.length === 0) {
    user = yield* countLogin(siteId, user.id)
  }
  if (uid !== undefined && user.uid === undefined && user.token !== uid) {
    user = yield* renameUser(context, siteId, user.id, uid)
  }
  yield* beginSession(user, identities[0], profile, sessionMs)
  return { user, identities, isNewUser }
}

function* linkTo(
  context: Context,
  siteId: number,
  account: SignIn['accounts'][number],
  names: { readonly user: string; readonly identity: string },
  user: User | undefined,
  isLogin: boolean,
) {
  const found = yield* identityBySubject(siteId, account)
  if (found && user && found.userId !== user.id) throw belongsToAnother()
  return yield* link(context, siteId, account, names, user?.token, isLogin)
}

export function* importAccounts(
  context: Context,
  siteId: number,
  wish: {
    readonly uid: string
    readonly accounts: readonly VouchedAccount[]
    readonly mayMakeUser: boolean
  },
  names: NewNames,
): Query<Imported> {
  const { uid, accounts, mayMakeUser } = wish
  yield* lockSite(siteId)
  const known = yield* userNamed(siteId, uid)
  if (!known && !mayMakeUser) throw noUser()
  const found: (Identity | undefined)[] = []
  for (const account of accounts) found.push(yield* identityBySubject(siteId, account))
  const isFree = (identity: Identity | undefined) => !identity || identity.userId === known?.id
  const conflicts = accounts.filter((_, at) => !isFree(found[at]))
  if (!known && accounts.length > 0 && conflicts.length === accounts.length) {
    return { identities: [], isNewUser: false, conflicts }
  }
  const user = known ?? (yield* createUser(siteId, names.user, uid))
  const identities: Identity[] = []
  let hasNewLink = false
  for (const [at, account] of accounts.entries()) {
    const identity = found[at]
    if (!isFree(identity)) continue
    if (identity) yield* renewProfile(identity, account)
    else yield* createIdentity(siteId, user, account, names.identities[at] ?? '')
    hasNewLink ||= !identity
    const stored = sure(yield* identityBySubject(siteId, account))
    if (account.tokens) yield* putTokens(context, stored, account.tokens)
    identities.push(stored)
  }
  if (hasNewLink) yield* moveLinkedVersion(siteId)
  const before = new Set(found.map((identity) => identity?.id))
  for (const identity of identities) {
    if (!before.has(identity.id)) yield* noteIdentity(siteId, 'linked', identity)
  }
  return { user, identities, isNewUser: !known, conflicts }
}

function* renewProfile({ siteId, id }: Identity, { profile, tokens }: VouchedAccount): Query<void> {
  yield* one(
    `update identities set profile = ?, updated_at = {now},
       refused = case when cast(? as {integer}) = 1 then null else refused end
     where site_id = ? and id = ?`,
    toJson(profile),
    tokens ? 1 : 0,
    siteId,
    id,
  )
}

function belongsToAnother(): GatewayError {
  return new GatewayError('conflict', 'An account belongs to another user of the site.', { field: 'account' })
}
