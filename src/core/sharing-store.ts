// What is asked of the database about messages and their publications. A publication is held by one process at a time,
// and of one identity only one is held; whoever holds it has its fence, and a write under an old fence changes nothing.

import type { Problem } from './errors.ts'
import type { NewLink } from './link-store.ts'
import type { Identity, PageOf, PageQuery, Site, User } from './model.ts'
import type { Message, PostRef, Rendered } from './publish.ts'

type SiteRef = Pick<Site, 'id'>

/**
 * `committing`: the visible request may have left. `pending`: the network has it and takes its time. `unknown`: whether
 * it is there cannot be told. The last four are final.
 */
export type PublicationState =
  | 'queued'
  | 'preparing'
  | 'committing'
  | 'pending'
  | 'published'
  | 'failed'
  | 'unknown'
  | 'cancelled'

/** What was asked for beside the words. */
export interface MessageFlags {
  /** Links are replaced by short ones whose clicks are counted. */
  readonly tracksLinks?: boolean
  /** A text that does not fit is shortened instead of refused. */
  readonly fit?: 'shorten'
}

/** What became of a message on one network. */
export interface Publication {
  readonly id: number
  readonly siteId: number
  /** 13-character TID, the same each time it is tried. */
  readonly key: string
  /** Which publishing of the message it belongs to, from 1. */
  readonly run: number
  readonly provider: string
  /** Absent where the user has no identity on this network. */
  readonly identityToken?: string
  readonly state: PublicationState
  /** Why it failed, why it is unknown, or what holds it up. */
  readonly problem?: Problem
  readonly post?: PostRef
  /** As the network shows it; absent when it could not be rendered. */
  readonly rendered?: Rendered
  /** Tries that came to nothing. */
  readonly attempt: number
  /** When it is taken up again; absent at its end. */
  readonly dueAt?: number
  /** When it is, or was, to be sent. */
  readonly sendAt: number
  /** When it came to its end. */
  readonly endedAt?: number
  /** When it was taken back from the network. */
  readonly removedAt?: number
}

export interface MessageHead {
  readonly id: number
  readonly siteId: number
  /** Lower-case UUID v4; OneAll's `sharing_message_token`. */
  readonly token: string
  readonly userId: number
  readonly userToken: string
  readonly createdAt: number
  /** When one of its publications last came through. */
  readonly lastPublishedAt?: number
}

export interface SharedMessage extends MessageHead {
  readonly message: Message
  readonly flags: MessageFlags
  /** In order of runs, and within one as they were asked for. */
  readonly publications: readonly Publication[]
}

export interface NewPublication {
  readonly key: string
  readonly provider: string
  readonly identity?: Identity
  /** Absent: `problem` says why, and it has failed from the beginning. */
  readonly rendered?: Rendered
  /** Texts that are in this publication's post and in no other: its own short links. */
  readonly marks?: readonly string[]
  /** Its own short links, stored together with it. */
  readonly links?: readonly NewLink[]
  readonly problem?: Problem
}

/** One publishing of a message, new or once more. */
export interface NewRun {
  readonly publications: readonly NewPublication[]
  readonly now: number
  readonly sendAt: number
  /** Of these at most so many are held at once by the caller, to be delivered now. */
  readonly hold: { readonly limit: number; readonly leaseMs: number }
  /** The caller's own name for this request; with the hash of what it asked. */
  readonly request?: { readonly key: string; readonly hash: string; readonly keepMs: number }
}

export interface NewMessage extends NewRun {
  readonly user: Pick<User, 'id'>
  readonly message: Message
  readonly flags: MessageFlags
}

/** `repeated`: the same request was taken before. `conflict`: its key was, with other content. */
export type Accepted =
  | {
      readonly outcome: 'created'
      readonly token: string
      readonly run: number
      readonly held: readonly HeldKey[]
    }
  | { readonly outcome: 'repeated'; readonly token: string; readonly run: number }
  | { readonly outcome: 'conflict' }

/** A publication that was taken to be delivered, by its key. */
export interface HeldKey {
  readonly key: string
  readonly id: number
  readonly fence: number
}

/** How far a publication is: all that its holder may change. */
export interface Progress {
  readonly state: PublicationState
  /** Of the provider's own making; JSON. */
  readonly ticket?: unknown
  readonly isPrepared: boolean
  readonly attempt: number
  /** When the first visible request left of which it is not known that it did nothing. */
  readonly committedAt?: number
  /** Until when the last one may have left. */
  readonly lastCommitAt?: number
  readonly problem?: Problem
  readonly post?: PostRef
}

export interface Held {
  readonly siteId: number
  readonly id: number
  readonly fence: number
  readonly key: string
  readonly provider: string
  readonly sendAt: number
  readonly rendered: Rendered
  readonly marks: readonly string[]
  readonly progress: Progress
  /** Its last holder died, or lost it: what that one was doing is not known. */
  readonly isLeft?: boolean
  /** Absent when it was unlinked meanwhile, or belongs to another user by now. */
  readonly identity?: Identity
}

/** `isMore`: others are due that could not be had, for want of a place or because their identity is busy. */
export interface Claimed {
  readonly held: readonly Held[]
  readonly isMore: boolean
}

/** What follows a change: the holder goes on, gives it back until it is due again, or it is at its end. */
export type Then =
  | { readonly holdMs: number }
  | { readonly dueInMs: number }
  | { readonly endedAt: number; readonly isFound?: boolean }

export interface MessageStore {
  /** The request of this key, if it was taken before and is still known. */
  repeated(
    site: SiteRef,
    request: NonNullable<NewRun['request']>,
  ): Promise<Exclude<Accepted, { readonly outcome: 'created' }> | undefined>
  /** Everything in one transaction; `conflict`, field `code`, when the code of a short link is taken. */
  create(site: SiteRef, message: NewMessage): Promise<Accepted>
  /** Publishes a message once more; `not_found` when there is none. */
  addRun(site: SiteRef, token: string, run: NewRun): Promise<Accepted>
  find(site: SiteRef, token: string): Promise<SharedMessage | undefined>
  list(site: SiteRef, query: PageQuery): Promise<PageOf<MessageHead>>
  /** With its publications; what is not yet sent will not be. False when there was none. */
  remove(site: SiteRef, token: string): Promise<boolean>
  /** Forgets requests whose time has passed; answers how many. */
  purge(): Promise<number>
}

export interface PublicationStore {
  /** Takes publications that are due, and those whose holder is dead, in order of due time; one per identity. */
  claim(options: { readonly limit: number; readonly leaseMs: number }): Promise<Claimed>
  /** `lost`: somebody else has it by now, or it is gone. `taken`: the found post belongs to another publication. */
  save(held: HeldRef, progress: Progress, then: Then): Promise<'saved' | 'lost' | 'taken'>
  /** Whether a post is known to be the result of another publication. */
  isTaken(held: HeldRef, postId: string): Promise<boolean>
  /** Keeps the lease; false when it was lost. */
  renew(held: HeldRef, leaseMs: number): Promise<boolean>
  /** Gives it back as it lies in the database, due at once. */
  release(held: HeldRef): Promise<void>
  /** Takes back what is not yet sent; answers how many those were. */
  cancel(message: Pick<MessageHead, 'id' | 'siteId'>, now: number): Promise<number>
  /** Begins failed ones anew, due at once; answers how many were. */
  retry(
    message: Pick<MessageHead, 'id' | 'siteId'>,
    again: readonly RenderedAnew[],
    now: number,
  ): Promise<number>
  /** Hashes of pictures and videos of publications that have not come to their end. */
  neededMedia(): Promise<ReadonlySet<string>>
  /** Remembers that a post was taken back. */
  markRemoved(publication: Pick<Publication, 'id' | 'siteId'>, now: number): Promise<void>
}

/** A failed publication with what its network is shown this time. */
export interface RenderedAnew extends Pick<NewPublication, 'key' | 'marks' | 'links'> {
  readonly id: number
  readonly rendered: Rendered
}

export type HeldRef = Pick<Held, 'siteId' | 'id' | 'fence'>
