// Who may administer a site by signatures of a shared key, and the keys they sign with.

import type { Site } from './model.ts'

/** A site and the keys that its administrators sign with. */
export interface Signers {
  readonly site: Site
  /** Any of them will do; the one that we sign with ourselves is the first. Never empty. */
  readonly keys: readonly string[]
}

/** A key as it may be shown. */
export interface SignerKey {
  /** First 8 hex digits of the key's SHA-256. */
  readonly id: string
  /** Milliseconds since 1970; absent for a key as old as its site. */
  readonly createdAt?: number
  /** The one that we sign with ourselves. */
  readonly isCurrent: boolean
}

export interface SignerStore {
  /** One query; undefined where no site has this app id. */
  of(sdkAppId: number): Promise<Signers | undefined>
  list(site: Pick<Site, 'id'>): Promise<readonly SignerKey[]>
  /** A further key, valid at once beside the others; `conflict` when the site has as many as it may. */
  add(site: Pick<Site, 'id'>, key: string): Promise<SignerKey>
  /** Takes a key away; `not_found` when there is none of this id, `conflict` when it is the last one. */
  retire(site: Pick<Site, 'id'>, id: string): Promise<void>
}

/** Keys of one site at most. */
export const SIGNER_KEYS_MAX = 10
