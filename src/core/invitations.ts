// Addresses that a site sends to a user, by mail for example: whoever opens one may link accounts to that user, once.

import { hash, randomBytes } from 'node:crypto'
import type { Gateway } from './gateway.ts'
import type { Visitor } from './invitation-store.ts'
import { checkCallback } from './login.ts'
import type { Site } from './model.ts'
import type { Store } from './store.ts'

/** How long an address waits to be opened, in milliseconds. */
export const INVITATION_MS = 86_400_000

/** How long a visit lasts after it was opened, in milliseconds. */
export const VISIT_MS = 3_600_000

/** An address as it is sent. */
export interface Invitation {
  /** Below the origin of the gateway: `/login/link/…`. */
  readonly path: string
  readonly expiresAt: number
}

/**
 * A new address for a user of the site. `not_found` when there is none; `invalid_request` for a page to come back to
 * that is not on the site's domains.
 */
export async function invite(
  { store, now }: Pick<Gateway, 'now'> & { readonly store: Pick<Store, 'invitations'> },
  site: Site,
  { userToken, callbackUri }: { readonly userToken: string; readonly callbackUri?: string },
): Promise<Invitation> {
  if (callbackUri !== undefined) checkCallback(site, callbackUri)
  const token = randomBytes(32).toString('base64url')
  const lifeMs = INVITATION_MS
  await store.invitations.create(site, { hash: hash('sha256', token), userToken, callbackUri, lifeMs })
  // One host may stand for all sites: the address says which one is meant.
  const path = `/login/link/${token}?site=${encodeURIComponent(site.subdomain)}`
  return { path, expiresAt: now() + lifeMs }
}

/** Whether the address with this token would open. */
export function isInvitation({ store }: Gateway, site: Site, token: string): Promise<boolean> {
  return store.invitations.isOpen(site, hash('sha256', token))
}

/** Uses the address and answers the secret of the visit, for the browser alone; undefined when it does not open. */
export async function openInvitation(
  { store }: Gateway,
  site: Site,
  token: string,
): Promise<string | undefined> {
  const secret = randomBytes(32).toString('base64url')
  const visit = { hash: hash('sha256', token), visitHash: hash('sha256', secret), lifeMs: VISIT_MS }
  return (await store.invitations.open(site, visit)) ? secret : undefined
}

/** Whose visit this secret stands for; undefined when it is over. */
export async function visitorOf(
  { store }: Gateway,
  site: Site,
  secret: string | undefined,
): Promise<Visitor | undefined> {
  return secret ? store.invitations.visitor(site, hash('sha256', secret)) : undefined
}
