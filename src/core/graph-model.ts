// The nouns of the site's own friends. Accounts are users of the site, named by their uid or their token; every answer
// about an account names it as the caller did, every list by its uid (else its token).

import type { FeedKind } from './feed-kinds.ts'

/**
 * What became of one line of a batch. `ok` and `pending` (a request waits for the other side) are successes; the rest
 * say why the line was left alone.
 */
export type GraphCode =
  | 'ok'
  | 'pending'
  /** There is no account of this name. */
  | 'no_account'
  /** One is not one's own friend. */
  | 'oneself'
  | 'bad_source'
  | 'bad_value'
  | 'too_long'
  /** A custom field that the site does not have, or whose keyword is none. */
  | 'unknown_field'
  | 'already_friend'
  | 'not_friend'
  /** The account may not send requests. */
  | 'may_not_ask'
  | 'blocked_by_me'
  | 'blocked_by_them'
  | 'friends_full'
  | 'their_friends_full'
  | 'groups_full'
  | 'pending_full'
  /** The other side refuses all requests. */
  | 'denied'
  | 'blocks_full'
  | 'already_blocked'
  | 'not_blocked'
  /** There is no request of this account to answer. */
  | 'no_request'

/** One line's answer, in the order of the lines. */
export interface Outcome {
  /** As the caller spelled it. */
  readonly account: string
  readonly code: GraphCode
}

/** Fields that the site made up, by keyword. */
export type Custom = Readonly<Record<string, string | number>>

/** One line of a batch. */
export interface Line {
  readonly account: string
  /** What the caller's own reading found wrong with this line: kept in its place, changes nothing. */
  readonly flaw?: GraphCode
}

/** A friend to be made. An empty text is as good as none. */
export interface NewFriend extends Line {
  readonly remark?: string
  /** Letters alone, without a wire's prefix. */
  readonly source?: string
  readonly wording?: string
  /** Groups of the adding side; made where they are missing. */
  readonly groups?: readonly string[]
}

/** A friend as another system had it; written over one that is there. */
export interface ImportedFriend extends NewFriend {
  /** Milliseconds since 1970; now when absent. */
  readonly addedAt?: number
  readonly custom?: Custom
}

/** What shall be different; what is absent stays. */
export interface FriendChange extends Line {
  /** Empty: none. */
  readonly remark?: string
  /** Instead of the groups it is in; made where they are missing. */
  readonly groups?: readonly string[]
  readonly custom?: Custom
}

/** One account in another's list. What was never set is absent. */
export interface Friendship {
  /** The friend. */
  readonly account: string
  readonly remark?: string
  readonly source?: string
  readonly wording?: string
  /** Names, in the order in which the groups were made. */
  readonly groups: readonly string[]
  readonly addedAt: number
  readonly custom?: Custom
}

export type Relation = 'both' | 'mine' | 'theirs' | 'none'

/** Whether one has the other; `none` where `code` is not `ok`. */
export interface Related extends Outcome {
  readonly relation: Relation
}

/** Which page: what comes after a position, 0 for the first. */
export interface AfterQuery {
  readonly after: number
  readonly limit: number
}

export interface FriendPage {
  readonly friends: readonly Friendship[]
  /** Position to go on after; absent on the last page. */
  readonly next?: number
  /** All friends of the account. */
  readonly total: number
  /** Below 2^31, moved by every write to the list; 0 only where there never was one. */
  readonly standardSequence: number
  /** The same, of custom fields. */
  readonly customSequence: number
}

export interface Block {
  readonly account: string
  readonly addedAt: number
}

export interface BlockPage {
  readonly blocks: readonly Block[]
  readonly next?: number
  readonly sequence: number
}

export interface Group {
  readonly name: string
  readonly size: number
  /** Friends in it, in the order in which they were added; there when asked for. */
  readonly members?: readonly string[]
}

/** Somebody who would be a friend, waiting to be answered. */
export interface Pending {
  /** Who asked. */
  readonly account: string
  readonly wording?: string
  readonly source?: string
  readonly askedAt: number
}

export interface PendingPage {
  readonly pendings: readonly Pending[]
  readonly next?: number
  readonly total: number
}

export type Allows = 'any' | 'confirm' | 'none'

/** What an account says of itself. What was never set is absent; a nickname may be empty. */
export interface AccountProfile {
  readonly nick?: string
  readonly gender?: 'unknown' | 'female' | 'male'
  /** As the site packs it, for example 20190419. */
  readonly birthday?: number
  readonly location?: string
  readonly signature?: string
  /** Who may become a friend; the site's `graphAllows` when absent. */
  readonly allows?: Allows
  readonly language?: number
  readonly image?: string
  readonly messageSettings?: number
  /** `sending`: may not ask others. */
  readonly forbidden?: 'none' | 'sending'
  readonly level?: number
  readonly role?: number
  readonly custom?: Readonly<Record<string, string>>
}

export interface NewAccount {
  readonly account: string
  readonly flaw?: GraphCode
  readonly nick?: string
  readonly image?: string
}

/** One change, or several of the same kind that one call made to one account. */
export interface FeedEntry {
  /** Ever higher within a site, in the order in which changes became visible. */
  readonly position: number
  readonly kind: FeedKind
  /** Whose data changed: uid, else token. */
  readonly account: string
  /** With regard to whom. Of the kind `removed`, none means all. */
  readonly others: readonly string[]
  /** The other way round: in the lists of `others` it is `account` that changed. */
  readonly isReverse: boolean
  readonly at: number
}

export interface FeedPage {
  readonly entries: readonly FeedEntry[]
  /** The newest of the site; 0 before the first change. */
  readonly newest: number
  /** Entries after the asked position have been dropped already: read the lists anew. */
  readonly hasGap: boolean
}

/** The bounds of one site, every one filled in; bytes are of UTF-8. */
export interface GraphLimits {
  /** In one list. Default 3,000. */
  readonly friends: number
  /** Of one account. Default 32. */
  readonly groups: number
  /** Default 1,000. */
  readonly blocks: number
  /** Requests waiting for one account. Default 100. */
  readonly pendings: number
  /** Default 30. */
  readonly groupNameBytes: number
  /** Default 96. */
  readonly remarkBytes: number
  /** Default 256. */
  readonly wordingBytes: number
  /** Letters of a source. Default 8. */
  readonly sourceLetters: number
  /** Any other text or custom value. Default 500. */
  readonly valueBytes: number
  /** Letters of a custom field's keyword. Default 8. */
  readonly keywordLetters: number
  /** A location. Default 16. */
  readonly locationBytes: number
  /** The name of an account that is to be made. Default 32. */
  readonly accountBytes: number
  /** Lines of one call. Default 1,000. */
  readonly batch: number
  /** Accounts of one import, deletion or check. Default 100. */
  readonly accountBatch: number
  /** Friends on one page. Default 500. */
  readonly pageSize: number
}

/** What every write is told: by whose clock, under which bounds and switches of the site. */
export interface GraphRules {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly limits: GraphLimits
  /** Of an account that has not said. */
  readonly allows: Allows
  /** A block leaves friendships alone. */
  readonly keepsFriends: boolean
  /** Entries of the feed that are kept. */
  readonly feedEntries: number
}

/** What a pull of some friends asks, in one statement. */
export interface PullQuery {
  /** Users whose names and profiles are in memory: only the edges to them are read. */
  readonly ids: readonly number[]
  /** Of these, all is read. */
  readonly names: readonly string[]
}

/** Where the account stands: what was kept under the same numbers still holds. */
export interface PullHead {
  readonly userId: number
  /** Moves with every change of the account's friends or groups. */
  readonly version: number
  /** Moves with every change of a profile or a name of an account of the site. */
  readonly profiles: number
}

export interface PulledRow {
  readonly friend: Omit<Friendship, 'account'>
}

/** An account that was asked by name. */
export interface PulledNamed {
  readonly userId: number
  /** Absent when it is no friend. */
  readonly friend?: Omit<Friendship, 'account'>
  /** Of a friend. */
  readonly profile?: AccountProfile
}

/** In the order asked: of `ids` undefined where one is no friend, of `names` where one is no account. */
export interface PulledRows {
  readonly head: PullHead
  readonly byId: readonly (PulledRow | undefined)[]
  readonly byName: readonly (PulledNamed | undefined)[]
}
