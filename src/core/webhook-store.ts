// What is asked of the database about webhooks: endpoints of sites, how far each has been told, and who tells it.

import type { Problem } from './errors.ts'
import type { Site } from './model.ts'

type SiteRef = Pick<Site, 'id'>

export interface Webhook {
  readonly id: number
  readonly siteId: number
  /** `wh_` and 22 letters and digits. */
  readonly token: string
  readonly url: string
  /** Types that it is told of; none: all. */
  readonly events: readonly string[]
  readonly isDisabled: boolean
  /** Position in the site's feed up to which it has been told. */
  readonly position: number
  /** Since when every try has failed. */
  readonly failingSince?: number
  /** Tries that failed in a row. */
  readonly attempt: number
  /** What went wrong at the last try. */
  readonly problem?: Problem
  readonly lastSuccessAt?: number
  readonly createdAt: number
}

export interface NewWebhook {
  readonly token: string
  readonly url: string
  readonly events: readonly string[]
  /** `whsec_` and the key in base64. */
  readonly secret: string
  /** Endpoints of a site, at most. */
  readonly max: number
  readonly now: number
}

/** An endpoint that this process tells. */
export interface HeldWebhook extends Webhook {
  readonly fence: number
  readonly secret: string
}

export type HookRef = Pick<HeldWebhook, 'id' | 'siteId' | 'fence'>

export interface WebhookStore {
  /** It is told of what happens from now on; `conflict` when the site has as many as it may. */
  add(site: SiteRef, webhook: NewWebhook): Promise<Webhook>
  /** In order of creation. */
  list(site: SiteRef): Promise<readonly Webhook[]>
  /** With its secret. */
  find(site: SiteRef, token: string): Promise<(Webhook & { readonly secret: string }) | undefined>
  /** False when there was none. */
  remove(site: SiteRef, token: string): Promise<boolean>
  /** It is told again, of what happens from now on; false when there was none. */
  enable(site: SiteRef, token: string): Promise<boolean>
  /** Takes endpoints of which there is something to tell, for so long; each is told by one process at a time. */
  claim(options: { readonly limit: number; readonly leaseMs: number }): Promise<readonly HeldWebhook[]>
  /** It was told up to here, and is told on; false when the lease was lost. */
  advance(held: HookRef, position: number, options: { leaseMs: number; now: number }): Promise<boolean>
  /** Gives it back: nothing is left to tell for now. */
  release(held: HookRef): Promise<void>
  /** A try has failed: told up to here, and again after the pause, or never when it is disabled. */
  fail(held: HookRef, failure: HookFailure): Promise<void>
  /** Makes entries of the feed of the links that people have followed since; of so many links at most. Answers how many. */
  announceClicks(limit: number): Promise<number>
}

export interface HookFailure {
  readonly position: number
  readonly problem: Problem
  readonly dueInMs: number
  readonly isDisabled: boolean
  readonly now: number
}
