// What can be done to a message afterwards: failed parts begun anew, posts taken back from their networks.

import { wakeIn } from './deliveries.ts'
import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { linksOf } from './links.ts'
import type { Site } from './model.ts'
import { renderOn } from './plan.ts'
import { findMessage } from './sharing.ts'
import type { Publication, SharedMessage } from './sharing-store.ts'

type SiteRef = Pick<Site, 'id'>

/**
 * Begins the failed publications of a message anew, in the background; what is unknown is left alone, since it may be
 * there. Those whose identity is gone, or that their network would not take, stay as they are.
 */
export async function retryFailed(gateway: Gateway, site: SiteRef, token: string): Promise<SharedMessage> {
  const message = await findMessage(gateway, site, token)
  const failed = message.publications.filter(({ state }) => state === 'failed')
  const links = await linksOf(gateway, site, failed)
  const again = await Promise.all(
    failed.map(async ({ id, key, identityToken }) => {
      const identity = identityToken && (await gateway.store.identities.find(site, identityToken))
      if (!identity || identity.userId !== message.userId) return []
      const { message: words, flags } = message
      const known = links.get(key) ?? []
      const { rendered, ...anew } = renderOn(gateway, site, identity, words, flags, known)
      return rendered ? [{ id, key, rendered, marks: anew.marks, links: anew.links }] : []
    }),
  )
  await gateway.store.publications.retry(message, again.flat(), gateway.now())
  wakeIn(gateway, 0)
  return findMessage(gateway, site, token)
}

/** What became of one publication when its message was removed; without a problem it is not, or no longer, there. */
export interface Removal {
  readonly publication: Publication
  readonly problem?: Problem
}

/**
 * Removes a message; what is not yet sent will not be. Posts stay on their networks unless they are to be removed too
 * (`remote`): then the message is kept as long as one of them may still be there, to be tried again.
 */
export async function removeMessage(
  gateway: Gateway,
  site: SiteRef,
  token: string,
  { remote = false }: { readonly remote?: boolean } = {},
): Promise<{ readonly isRemoved: boolean; readonly removals: readonly Removal[] }> {
  const { store } = gateway
  const found = await findMessage(gateway, site, token)
  if (!remote) return { isRemoved: await store.messages.remove(site, token), removals: [] }
  await store.publications.cancel(found, gateway.now())
  const { publications } = await findMessage(gateway, site, token)
  const removals = await Promise.all(publications.map((publication) => takeBack(gateway, site, publication)))
  const isGone = removals.every(({ problem }) => problem === undefined)
  return { isRemoved: isGone && (await store.messages.remove(site, token)), removals }
}

async function takeBack(gateway: Gateway, site: SiteRef, publication: Publication): Promise<Removal> {
  const { state, post, provider: id, removedAt, identityToken } = publication
  if (state === 'failed' || state === 'cancelled' || removedAt !== undefined) return { publication }
  try {
    if (state !== 'published' || !post) {
      throw new GatewayError('conflict', 'It is not known whether the message is there, or where.')
    }
    const provider = gateway.providers.get(id)
    if (!provider?.remove) {
      const name = provider?.name ?? id
      throw new GatewayError('unsupported', `${name} does not let posts be removed through its API.`)
    }
    const identity = identityToken && (await gateway.store.identities.find(site, identityToken))
    if (!identity) throw new GatewayError('not_found', 'The account is no longer linked.')
    await provider.remove(post, gateway.open(identity))
    await gateway.store.publications.markRemoved(publication, gateway.now())
    return { publication }
  } catch (error) {
    const failure = GatewayError.from(error)
    if (failure.code === 'internal') {
      gateway.log.error({ publication: publication.key, error: failure.cause }, 'removing a post failed')
    }
    return { publication, problem: failure.problem }
  }
}
