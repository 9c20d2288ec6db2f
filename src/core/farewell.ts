// Accounts that are taken away: gone here first, then the networks are asked to forget the access that was granted.

import { storeConnection } from './connections.ts'
import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import type { Connection, Identity, Site, Tokens, User } from './model.ts'

/** What a network said to the wish that it forget its grant: `none` where it has no such call. */
export interface Revocation {
  readonly provider: string
  readonly outcome: 'revoked' | 'none' | 'failed'
}

/** Networks asked at the same time. */
const AT_ONCE = 8

/** Removes an identity; false when there was none. The network is asked to forget it, whatever comes of that. */
export async function removeIdentity(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  token: string,
): Promise<boolean> {
  const identity = await gateway.store.identities.find(site, token)
  if (!identity) return false
  const held = await hold(gateway, [identity])
  const isRemoved = await gateway.store.identities.remove(site, token)
  if (isRemoved) await revoke(gateway, site, held)
  return isRemoved
}

/** Removes a user with all that is known of them; undefined when there was none, else what the networks said. */
export async function removeUser(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  token: string,
): Promise<readonly Revocation[] | undefined> {
  const user = await gateway.store.users.find(site, token)
  if (!user) return undefined
  const held = await hold(gateway, await gateway.store.identities.ofUser(user))
  const isRemoved = await gateway.store.users.remove(site, token)
  return isRemoved ? revoke(gateway, site, held) : undefined
}

/** Unlinks an identity of a user, and the result of that for the site's server. `not_found` when it is not theirs. */
export async function unlinkIdentity(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  {
    user,
    identity,
    callbackUri,
  }: { readonly user: User; readonly identity: Identity; readonly callbackUri: string },
): Promise<Connection> {
  const isTheirs = identity.userId === user.id
  if (!isTheirs || !(await removeIdentity(gateway, site, identity.token))) {
    throw new GatewayError('not_found', 'This account is not linked any more.')
  }
  return storeConnection(gateway, site, {
    plugin: 'social_link',
    action: 'unlink_identity',
    status: 'success',
    reason: 'identity_unlinked',
    callbackUri,
    userToken: user.token,
    identityToken: identity.token,
    unlinkedFrom: identity.provider,
  })
}

interface Held {
  readonly identity: Identity
  readonly tokens: Tokens
}

/** The access of these identities, while there is still somebody who has it. */
export async function hold(
  { store }: Pick<Gateway, 'store'>,
  identities: readonly Identity[],
): Promise<readonly Held[]> {
  const held = await Promise.all(
    identities.map(async (identity) => {
      const found = await store.tokens.of(identity)
      return found ? [{ identity, tokens: found.tokens }] : []
    }),
  )
  return held.flat()
}

/** Asks the networks to forget, within the time of one call each, a few at once; never fails. */
export async function revoke(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  held: readonly Held[],
): Promise<readonly Revocation[]> {
  const said: Revocation[] = []
  const waiting = [...held]
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      said.push({ provider: next.identity.provider, outcome: await revokeOne(gateway, site, next) })
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, held.length) }, work))
  return said
}

async function revokeOne(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  { identity, tokens }: Held,
): Promise<Revocation['outcome']> {
  const { provider: id, server } = identity
  const provider = gateway.providers.get(id)
  // A page's own access ends with that of its person.
  if (!provider || provider.gone || identity.target) return 'none'
  try {
    if (provider.forget) {
      const network = await gateway.openUnlinked({
        site,
        provider: id,
        server,
        tokens,
        subject: identity.subject,
      })
      await network.fetch(provider.forget)
      return 'revoked'
    }
    return (await gateway.consents.revoke({ site, provider: id, server, tokens })) ? 'revoked' : 'none'
  } catch (error) {
    const { code } = GatewayError.from(error)
    gateway.log.warn({ provider: id, identity: identity.token, code }, 'a network was not told to forget')
    return 'failed'
  }
}
