// What becomes of users that are brought, decided in memory: pure, so that a trial and the real thing agree.

import type { Profile, Tokens, User } from '../core/model.ts'
import type { MovedIdentity, MovedUser, MoveProblem } from '../core/moving.ts'
import type { SiteProfile } from '../core/user-info-store.ts'
import type { MoveNames } from './moving.ts'
import { toJson } from './row.ts'

/** What the database has by any of the names that are brought. */
export interface Known {
  readonly users: readonly User[]
  readonly identities: readonly {
    readonly id: number
    readonly userToken: string
    readonly token: string
    readonly provider: string
    readonly server?: string
    readonly subject: string
    readonly updatedAt: number
    readonly hasTokens: boolean
  }[]
}

/** A user as they are to be; `id` is given when they are stored. */
export interface PlannedUser {
  id?: number
  readonly token: string
  uid?: string
  createdAt?: number
  lastLoginAt?: number
  loginCount: number
}

export interface NewIdentityPlan {
  id?: number
  readonly user: PlannedUser
  readonly token: string
  account: MovedIdentity
}

/** What the later telling of an account changes. */
export interface Renewal {
  readonly id: number
  readonly profile?: Profile
  readonly tokens?: Tokens
  readonly updatedAt: number
}

export interface Plan {
  readonly newUsers: readonly PlannedUser[]
  /** Dates and numbers that have grown. */
  readonly widenedUsers: readonly PlannedUser[]
  /** Who is given the site's own id now. */
  readonly namedUsers: readonly PlannedUser[]
  readonly profiles: readonly { readonly user: PlannedUser; readonly profile: SiteProfile }[]
  readonly newIdentities: readonly NewIdentityPlan[]
  readonly renewals: readonly Renewal[]
  /** Identities whose tokens are stored. */
  readonly tokens: number
  readonly problems: readonly MoveProblem[]
}

/** An account that has an owner, before or by this plan. */
interface Owned {
  readonly owner: string
  readonly token: string
  /** There before; as it is to be. */
  stored?: Known['identities'][number]
  /** Made by this plan. */
  readonly made?: NewIdentityPlan
}

const RELINK = { code: 'relink_required', message: 'Moved here without its token: link this account again.' }

/** Decides on every user in order; who comes twice is one. */
export function planMove(known: Known, users: readonly MovedUser[], names: MoveNames): Plan {
  const byToken = new Map<string, PlannedUser>(known.users.map((user) => [user.token, { ...user }]))
  const byUid = new Map<string, PlannedUser>()
  for (const user of byToken.values()) if (user.uid !== undefined) byUid.set(user.uid, user)
  const accounts = new Map<string, Owned>()
  const identityTokens = new Map<string, string>()
  for (const stored of known.identities) {
    accounts.set(keyOf(stored), { owner: stored.userToken, token: stored.token, stored })
    identityTokens.set(stored.token, keyOf(stored))
  }
  const newUsers: PlannedUser[] = []
  const widened = new Set<PlannedUser>()
  const named = new Set<PlannedUser>()
  const profiles = new Map<PlannedUser, SiteProfile>()
  const newIdentities: NewIdentityPlan[] = []
  const renewals: Renewal[] = []
  const problems: MoveProblem[] = []
  let tokens = 0

  const userOf = (moved: MovedUser, invented: string): PlannedUser => {
    const { uid, where } = moved
    const byName = moved.token === undefined ? undefined : byToken.get(moved.token)
    const byOwnId = uid === undefined ? undefined : (byUid.get(uid) ?? byToken.get(uid))
    const isSomebodyElse = byOwnId && moved.token !== undefined && byOwnId.token !== moved.token
    if (isSomebodyElse) {
      problems.push({ where, field: 'uid', message: `belongs to another user (${byOwnId.token}): left out` })
    }
    const wanted = isSomebodyElse ? undefined : uid
    const found = byName ?? (isSomebodyElse ? undefined : byOwnId)
    if (!found) {
      const user = { token: moved.token ?? invented, uid: wanted, loginCount: 0 }
      newUsers.push(user)
      byToken.set(user.token, user)
      if (wanted !== undefined) byUid.set(wanted, user)
      return user
    }
    if (wanted !== undefined && found.uid === undefined && found.token !== wanted) {
      found.uid = wanted
      byUid.set(wanted, found)
      named.add(found)
    } else if (wanted !== undefined && found.uid !== undefined && found.uid !== wanted) {
      problems.push({ where, field: 'uid', message: `the user is known as ${found.uid} already: left out` })
    }
    return found
  }

  const addIdentity = (user: PlannedUser, moved: MovedIdentity, where: string, invented: string): void => {
    const key = keyOf(moved)
    const owned = accounts.get(key)
    if (owned && owned.owner !== user.token) {
      const message = `${moved.provider} ${moved.subject} belongs to another user (${owned.owner}): left out`
      problems.push({ where, field: 'identity', message })
      return
    }
    if (owned) {
      if (moved.token !== undefined && moved.token !== owned.token) {
        const message = `the account is known by another identity_token (${owned.token}), which stays`
        problems.push({ where, field: 'identity_token', message })
      }
      if (owned.made && moved.tokens && !owned.made.account.tokens) tokens += 1
      if (owned.made) owned.made.account = laterOf(owned.made.account, moved)
      const renewal = owned.stored && renew(owned.stored, moved)
      if (!renewal || !owned.stored) return
      if (renewal.tokens) tokens += 1
      renewals.push(renewal)
      const { updatedAt } = renewal
      owned.stored = {
        ...owned.stored,
        updatedAt,
        hasTokens: owned.stored.hasTokens || Boolean(renewal.tokens),
      }
      return
    }
    const holder = moved.token === undefined ? undefined : identityTokens.get(moved.token)
    if (holder !== undefined) {
      problems.push({ where, field: 'identity_token', message: 'belongs to another account: left out' })
      return
    }
    const token = moved.token ?? invented
    identityTokens.set(token, key)
    const made = { user, token, account: moved }
    accounts.set(key, { owner: user.token, token, made })
    newIdentities.push(made)
    if (moved.tokens) tokens += 1
  }

  for (const [at, moved] of users.entries()) {
    const user = userOf(moved, names.users[at] ?? '')
    if (widen(user, moved)) widened.add(user)
    if (moved.profile && !profiles.has(user)) profiles.set(user, moved.profile)
    for (const [nth, identity] of moved.identities.entries()) {
      addIdentity(user, identity, moved.where, names.identities[at]?.[nth] ?? '')
    }
  }
  return {
    newUsers,
    widenedUsers: [...widened].filter(({ id }) => id !== undefined),
    namedUsers: [...named].filter(({ id }) => id !== undefined),
    profiles: [...profiles].map(([user, profile]) => ({ user, profile })),
    newIdentities,
    renewals,
    tokens,
    problems,
  }
}

/** Of dates and numbers the wider; whether any of them has changed. */
function widen(user: PlannedUser, { createdAt, lastLoginAt, loginCount = 0 }: MovedUser): boolean {
  const before = [user.createdAt, user.lastLoginAt, user.loginCount].join()
  if (createdAt !== undefined) user.createdAt = Math.min(user.createdAt ?? createdAt, createdAt)
  if (lastLoginAt !== undefined) user.lastLoginAt = Math.max(user.lastLoginAt ?? lastLoginAt, lastLoginAt)
  user.loginCount = Math.max(user.loginCount, loginCount)
  return before !== [user.createdAt, user.lastLoginAt, user.loginCount].join()
}

/** The later wins; tokens are also taken where there are none yet. Undefined when nothing changes. */
function renew(stored: Known['identities'][number], moved: MovedIdentity): Renewal | undefined {
  const { id, updatedAt, hasTokens } = stored
  if (moved.updatedAt !== undefined && moved.updatedAt > updatedAt) {
    return { id, profile: moved.profile, tokens: moved.tokens, updatedAt: moved.updatedAt }
  }
  return moved.tokens && !hasTokens ? { id, tokens: moved.tokens, updatedAt } : undefined
}

/** Two tellings of a new account in one: the later, with the tokens of either. */
function laterOf(one: MovedIdentity, other: MovedIdentity): MovedIdentity {
  const isLater = (other.updatedAt ?? 0) > (one.updatedAt ?? 0)
  const [later, earlier] = isLater ? [other, one] : [one, other]
  return { ...later, tokens: later.tokens ?? earlier.tokens }
}

/** One row of `identities` as the statement that inserts them takes it, after its site. */
export function toIdentityLine(
  { user, token, account }: NewIdentityPlan,
  matchKey: string,
): readonly unknown[] {
  const { provider, server = '', subject, profile, createdAt = user.createdAt, tokens } = account
  const updatedAt = account.updatedAt ?? createdAt
  const refused = tokens ? undefined : toJson({ problem: RELINK, at: updatedAt ?? 0 })
  return [user.id, token, provider, server, subject, matchKey, toJson(profile), refused, createdAt, updatedAt]
}

function keyOf({
  provider,
  server,
  subject,
}: Pick<MovedIdentity, 'provider' | 'server' | 'subject'>): string {
  return JSON.stringify([provider, server ?? '', subject])
}
