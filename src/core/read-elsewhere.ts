// What has become of an identity's contacts since a caller looked.

import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import type { Identity } from './model.ts'
import type { ReadOutcome } from './readings.ts'

interface Wish {
  readonly gateway: Gateway
  readonly identity: Identity
  /** Version of the snapshot that the caller has seen. */
  readonly known: number | undefined
}

/** What another read has found since the caller looked, if anything. */
export async function readElsewhere({ gateway, identity, known }: Wish): Promise<ReadOutcome | undefined> {
  const { store } = gateway
  const head = await store.contacts.head(identity)
  if (head && head.version !== known) {
    const contacts = await store.contacts.bytes(identity, head.version)
    if (contacts) return { snapshot: head, contacts }
  }
  const { refused } = await stillThere(gateway, identity)
  if (refused && refused.at !== identity.refused?.at) return { problem: refused.problem }
  return undefined
}

/** The identity as it is by now; `not_found` when it is gone. */
export async function stillThere({ store }: Gateway, { siteId, token }: Identity): Promise<Identity> {
  const identity = await store.identities.find({ id: siteId }, token)
  if (identity) return identity
  throw new GatewayError('not_found', 'The identity has been deleted.')
}
