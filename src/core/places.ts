// Places to post to that no login leads to: a webhook, a channel that a bot may write in. Whoever has the key adds them.

import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import type { Site } from './model.ts'
import type { Linked, Store } from './store.ts'

export interface NewPlace {
  /** Provider id. */
  readonly provider: string
  /** What the network gave out: an address, or a key. */
  readonly pasted: string
  /** Where the key stands for more than one place. */
  readonly name?: string
  /** Belongs to this user; a new one without it. */
  readonly userToken?: string
}

/**
 * Makes an identity of a place, once its network has said that it is there and may be posted to. `invalid_request` for
 * what is no place or no key, `relink_required` or `permission_missing` when the network refuses, `not_found` and
 * `conflict` as `Store.identities.link` says.
 */
export async function addPlace(
  gateway: Pick<Gateway, 'providers' | 'openUnlinked'> & { readonly store: Pick<Store, 'identities'> },
  site: Pick<Site, 'id'>,
  { provider: id, pasted, name = '', userToken }: NewPlace,
): Promise<Linked> {
  const provider = gateway.providers.get(id)
  const place = provider?.place
  if (!provider || !place) {
    const message =
      'This network has no places that are added by their key: its accounts are linked by a login.'
    throw new GatewayError('invalid_request', message, { field: 'provider' })
  }
  const accessToken = place.key(pasted.trim())
  if (accessToken === undefined) {
    const message = `This is no ${place.asks} of ${provider.name}.`
    throw new GatewayError('invalid_request', message, { field: 'key' })
  }
  if ((place.named === undefined) !== (name === '')) {
    const message = place.named
      ? `The ${place.named} is missing.`
      : `${provider.name} needs no name beside the key.`
    throw new GatewayError('invalid_request', message, { field: 'name' })
  }
  const tokens = { accessToken }
  const network = await gateway.openUnlinked({ site, provider: id, tokens })
  const profile = await place.verify(network, name)
  const { subject } = profile
  const posting = { target: place.target }
  return gateway.store.identities.link(
    site,
    { provider: id, subject, profile, tokens, posting },
    { userToken },
  )
}
