// A user with identities, as details and logins show them.

import type { CloudUser } from '../../core/cloud-store.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Connection, Identity, Tokens, User } from '../../core/model.ts'
import type { Caller, WireRequest } from '../dialect.ts'
import { formatOf } from './envelope.ts'
import {
  toConnection,
  toIdentities,
  toIdentity,
  toIdentityHead,
  toStoredIdentity,
  toStoredIdentityHead,
  toUserHead,
} from './wire.ts'
import type { PlainObject } from './xml.ts'

/** For whom something is shown. */
export interface View {
  readonly gateway: Gateway
  readonly caller: Caller
  readonly request: WireRequest
}

/** A user with all identities in full; `identity` is the one that changed last. */
export async function toUserDetails(
  view: View,
  user: User,
  identities: readonly Identity[],
): Promise<PlainObject> {
  const entries = await toShownIdentities(view, identities)
  const newest = identities.reduce(
    (best, { updatedAt }, at) => (updatedAt >= (identities[best]?.updatedAt ?? 0) ? at : best),
    0,
  )
  return {
    ...toUserHead(user),
    uuid: user.token,
    identity: entries[newest],
    identities: toIdentities(entries, { legacy: isLegacy(view) }),
  }
}

/** Identities in full; with the networks' tokens for a caller with keys, where the site has switched that on. */
export function toShownIdentities(
  { gateway, caller }: View,
  identities: readonly Identity[],
): Promise<PlainObject[]> {
  const showTokens = showsTokens(caller)
  const tokensOf = async (identity: Identity): Promise<Tokens | undefined> =>
    showTokens ? (await gateway.store.tokens.of(identity))?.tokens : undefined
  return Promise.all(
    identities.map(async (identity) => toIdentity(gateway, identity, await tokensOf(identity))),
  )
}

/** How long an answer with identities may be kept in memory, by `Reply.keepUntil`: not at all with tokens in it. */
export function keepIdentities(caller: Caller): number | undefined {
  return showsTokens(caller) ? undefined : Number.POSITIVE_INFINITY
}

function showsTokens({ by, site }: Caller): boolean {
  return by === 'partner' && site.settings.showAccessTokens === true
}

/**
 * The user a login or a link ended with: the identity used in full, the others by name. Where no network's was used, it
 * may be what the site stores of the user.
 */
export async function toLoggedInUser(
  view: View,
  userToken: string,
  identities: readonly Identity[],
  used: Identity | undefined,
  stored?: CloudUser,
): Promise<PlainObject> {
  const [shown] = used ? await toShownIdentities(view, [used]) : []
  const identity = shown ?? (stored && toStoredIdentity(stored))
  const heads = identities.map((each) => toIdentityHead(view.gateway, each))
  if (stored) heads.push(toStoredIdentityHead(stored))
  return {
    uuid: userToken,
    user_token: userToken,
    identity,
    identities: toIdentities(heads, { legacy: isLegacy(view) }),
  }
}

/** What a connection says of itself. */
export function toConnectionData(connection: Connection): PlainObject {
  const { plugin, action, reason, status } = connection
  const isLogin = action === 'login'
  const operation = isLogin ? 'user_profile_read' : action
  return {
    action: isLogin ? 'authenticate_user' : action,
    plugin: { key: plugin, name: plugin, data: { action, operation, reason, status } },
    connection: toConnection(connection),
  }
}

/** Whether the site's clients read the JSON of 2011; XML wraps in that way by itself. */
export function isLegacy({ caller, request }: Pick<View, 'caller' | 'request'>): boolean {
  return caller.site.settings.legacy2011 === true && formatOf(request.path) !== 'xml'
}
