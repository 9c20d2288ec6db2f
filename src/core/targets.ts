// Places that an account may post to, such as pages: offered after a login, and linked as identities when chosen.

import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import type { Identity, Site } from './model.ts'
import type { Provider, Target } from './provider.ts'

/** Places offered to one person, at most. */
const TARGETS_MAX = 100
/** Answers of the network that are read for that. */
const PAGES_MAX = 5

/** Whether the site posts through this network, and so wants to know of its places. */
export function wantsTargets(provider: Provider, { settings }: Pick<Site, 'settings'>): boolean {
  const used = settings.uses?.[provider.id] ?? settings.uses?.['*'] ?? []
  return provider.targets !== undefined && used.includes('publish')
}

/** The places of an account; none when the network does not tell, since the login itself has succeeded. */
export async function readTargets(gateway: Gateway, identity: Identity): Promise<readonly Target[]> {
  const provider = gateway.providers.get(identity.provider)
  if (!provider?.targets) return []
  const network = gateway.open(identity)
  const found: Target[] = []
  try {
    let request = provider.targets.first(identity)
    for (let page = 0; page < PAGES_MAX && found.length < TARGETS_MAX; page += 1) {
      const { items, next } = provider.targets.parse(await network.fetch(request), request)
      found.push(...items)
      if (!next) break
      request = next
    }
  } catch (error) {
    const { code, cause } = GatewayError.from(error)
    gateway.log.warn(
      { provider: provider.id, code, error: cause },
      'a network did not tell its places to post to',
    )
  }
  return found.slice(0, TARGETS_MAX)
}

/** Links the chosen places to the user; those that belong to somebody else are left out. Answers what was linked. */
export async function linkTargets(
  { store, log }: Gateway,
  site: Pick<Site, 'id'>,
  { provider, server, userToken }: Pick<Identity, 'provider' | 'server' | 'userToken'>,
  chosen: readonly Target[],
): Promise<readonly Identity[]> {
  const linked: Identity[] = []
  for (const { kind, profile, accessToken } of chosen) {
    const { subject } = profile
    const account = { provider, server, subject, profile, tokens: { accessToken }, posting: { target: kind } }
    try {
      linked.push((await store.identities.link(site, account, { userToken })).identity)
    } catch (error) {
      const { code } = GatewayError.from(error)
      if (code !== 'conflict') throw error
      log.info({ provider }, 'a place to post to belongs to another user')
    }
  }
  return linked
}
