// To whom a message goes, and what each network will be shown: all that is decided before anything is stored.

import { cannotPublish, noPublishing } from './delivery-run.ts'
import { GatewayError, type Problem } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { trackLinks } from './link-plan.ts'
import type { NewLink } from './link-store.ts'
import type { Identity, Site, User } from './model.ts'
import type { Message, Rendered } from './publish.ts'
import { renderFor } from './render.ts'
import type { MessageFlags, NewPublication } from './sharing-store.ts'
import { newTid } from './tid.ts'
import { ownTurn } from './turns.ts'

/** All of a user's identities on these networks (provider ids), or one identity. Tokens, as callers know them. */
export type Target =
  | { readonly user: string; readonly providers: readonly string[] }
  | { readonly identity: string }

/** One place to publish to; without an identity there is a problem instead. */
export interface Place {
  readonly provider: string
  readonly identity?: Identity
  readonly problem?: Problem
}

/** Longest provider id that is kept, in UTF-16 units. */
const PROVIDER_LENGTH_MAX = 64

/** The longest text, in UTF-16 units, that is made ready for many places without a pause: it is shortened hardly anywhere. */
const TEXT_IN_ONE_TURN = 200

/** The places of a target, each once, as they were named; `not_found` when there is no such user or identity. */
export async function findPlaces(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  target: Target,
): Promise<{ readonly user: Pick<User, 'id'>; readonly places: readonly Place[] }> {
  const { store, deliveries } = gateway
  if ('identity' in target) {
    const identity = await store.identities.find(site, target.identity)
    if (!identity) {
      const message = 'No identity has been found for the specified identity_token'
      throw new GatewayError('not_found', message, { field: 'identity_token' })
    }
    return { user: { id: identity.userId }, places: [{ provider: identity.provider, identity }] }
  }
  checkProviders(target.providers, deliveries.bounds.providersMax)
  const user = await store.users.find(site, target.user)
  if (!user) {
    const message = 'No user has been found for the specified user_token'
    throw new GatewayError('not_found', message, { field: 'user_token' })
  }
  const identities = await store.identities.ofUser(user)
  const places = [...new Set(target.providers)].flatMap((id) => placesOn(gateway, identities, id))
  const { publicationsMax } = deliveries.bounds
  if (places.length <= publicationsMax) return { user, places }
  const message = `A message goes to at most ${publicationsMax} identities at once; these are ${places.length}.`
  throw new GatewayError('too_large', message, { field: 'providers' })
}

function checkProviders(providers: readonly string[], max: number): void {
  const field = 'providers'
  if (providers.length === 0) throw new GatewayError('invalid_request', 'No provider is named.', { field })
  if (providers.length > max) {
    const message = `At most ${max} providers are taken at once; these are ${providers.length}.`
    throw new GatewayError('too_large', message, { field })
  }
  if (providers.some((id) => id === '' || id.length > PROVIDER_LENGTH_MAX || /\p{C}/u.test(id))) {
    throw new GatewayError('invalid_request', 'A provider is named by a word that is none.', { field })
  }
}

function placesOn({ providers }: Gateway, identities: readonly Identity[], id: string): readonly Place[] {
  const mine = identities.filter(({ provider }) => provider === id)
  if (mine.length > 0) return mine.map((identity) => ({ provider: id, identity }))
  const name = providers.get(id)?.name ?? id
  const message = `The API could not publish the message: this user has no identity for ${name}`
  return [{ provider: id, problem: { code: 'not_found', message, field: 'providers' } }]
}

/**
 * One publication for each place, with a name of its own and the words that this network will be shown. A long text is
 * measured and shortened for each place in a turn of its own.
 */
export async function planPublications(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  places: readonly Place[],
  message: Message,
  flags: MessageFlags,
): Promise<readonly NewPublication[]> {
  const isLong = (message.text?.length ?? 0) > TEXT_IN_ONE_TURN
  const planned: NewPublication[] = []
  for (const { provider, identity, problem } of places) {
    if (isLong && planned.length > 0) await ownTurn()
    const key = newTid(gateway.now())
    if (!identity) planned.push({ key, provider, problem })
    else planned.push({ key, provider, identity, ...renderOn(gateway, site, identity, message, flags) })
  }
  return planned
}

/**
 * What an identity's network will be shown, or why it would not take the message; with short links of its own where
 * links are tracked, those that there are (`known`) first.
 */
export function renderOn(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  identity: Identity,
  message: Message,
  flags: MessageFlags,
  known: readonly NewLink[] = [],
): Pick<NewPublication, 'rendered' | 'problem' | 'marks' | 'links'> {
  const { tracked, marks, links } = trackLinks(gateway, site, message, flags, known)
  const { rendered, problem } = renderMessage(gateway, identity, tracked, flags)
  return rendered ? { rendered, marks, links } : { problem }
}

function renderMessage(
  { providers }: Gateway,
  identity: Identity,
  message: Message,
  { fit }: MessageFlags,
): { readonly rendered?: Rendered; readonly problem?: Problem } {
  const provider = providers.get(identity.provider)
  if (!provider) return { problem: noPublishing(identity.provider) }
  const refusal = cannotPublish(provider, identity)
  const { name, publish } = provider
  if (refusal || !publish) return { problem: refusal }
  try {
    return { rendered: renderFor({ name, publish }, identity, message, { fit }) }
  } catch (error) {
    const failure = GatewayError.from(error)
    if (failure.code === 'internal') throw failure
    return { problem: failure.problem }
  }
}
