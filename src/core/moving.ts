// Users brought from another service, with the names and dates they had there.

import type { Profile, Site, Tokens } from './model.ts'
import type { SiteProfile } from './user-info-store.ts'

/** A user as the other service knew them. Times are milliseconds since 1970. */
export interface MovedUser {
  /** Where this was read, for a person who looks for it: `users-1.json:12`. */
  readonly where: string
  /** Lower-case UUID; a new one is made where the other service had none. */
  readonly token?: string
  /** The site's own id. */
  readonly uid?: string
  readonly createdAt?: number
  readonly lastLoginAt?: number
  readonly loginCount?: number
  readonly profile?: SiteProfile
  readonly identities: readonly MovedIdentity[]
}

/** One account of such a user. */
export interface MovedIdentity {
  /** Lower-case UUID; a new one is made where the other service had none. */
  readonly token?: string
  /** Provider id, also of a network that is not known here. */
  readonly provider: string
  readonly server?: string
  readonly subject: string
  readonly profile: Profile
  readonly createdAt?: number
  /** When profile and tokens were renewed the last time. */
  readonly updatedAt?: number
  /** Without them the account has to be linked again before its network is called. */
  readonly tokens?: Tokens
}

/** Something that was not brought, or not as it was. */
export interface MoveProblem {
  readonly where: string
  /** As the source spells it. */
  readonly field: string
  readonly message: string
}

/** What an import has done so far; an account that is read twice is counted once. */
export interface MoveCounts {
  /** Users read, one for each time they are met. */
  readonly users: number
  readonly newUsers: number
  readonly newIdentities: number
  readonly renewedIdentities: number
  /** Identities whose tokens were stored. */
  readonly tokens: number
  readonly problems: number
}

/** Where an import stands: stored in the same transaction as the users before it. */
export interface MoveState {
  /** Means something to the source alone. */
  readonly place: string
  readonly counts: MoveCounts
  /** Length of the report of problems before the last step, in bytes. */
  readonly reportBytes: number
  /** The problems of the last step. */
  readonly problems: readonly MoveProblem[]
}

/** One step of an import. */
export interface MoveStep {
  readonly users: readonly MovedUser[]
  /** What could not be read. */
  readonly problems: readonly MoveProblem[]
  /** Where it goes on afterwards. */
  readonly place: string
}

export interface MovingStore {
  /** Where an import of this source has stopped; undefined when none is under way. */
  state(site: Pick<Site, 'id'>, source: string): Promise<MoveState | undefined>
  /**
   * One transaction. Who is there already stays: of dates and numbers the wider counts, of an account's profile and
   * tokens the later. What contradicts the database is left out and told. Doing it twice is doing it once.
   */
  bring(
    site: Pick<Site, 'id'>,
    source: string,
    step: MoveStep & { readonly reportBytes: number },
  ): Promise<MoveState>
  /** The same without any change; `before` is what the step before has answered. */
  tryOut(site: Pick<Site, 'id'>, step: MoveStep, before: MoveState | undefined): Promise<MoveState>
  /** The import is over. */
  forget(site: Pick<Site, 'id'>, source: string): Promise<void>
}

/** Nothing done yet. */
export const NO_COUNTS: MoveCounts = {
  users: 0,
  newUsers: 0,
  newIdentities: 0,
  renewedIdentities: 0,
  tokens: 0,
  problems: 0,
}

/** One answer of the service that is left. */
export interface OldAnswer {
  readonly status: number
  /** Parsed JSON; text where it was none. */
  readonly body: unknown
}

/** The service that is left, as its API answers: its limits are waited for, what may pass is asked again. */
export interface OldService {
  /**
   * A GET of a path, or a POST of a form. Fails with `unauthenticated` when the keys are refused, and as a network does
   * when no answer is to be had.
   */
  ask(request: OldRequest): Promise<OldAnswer>
  close(): Promise<void>
}

export interface OldRequest {
  readonly path: string
  readonly form?: Readonly<Record<string, string>>
  /** Whether an answer is a refusal for too many requests, where its status does not say so. */
  readonly isLimited?: (body: unknown) => boolean
}
