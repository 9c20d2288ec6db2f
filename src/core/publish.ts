// Publishing, as nouns: what a site wants said, what a network would show of it, what became of it.

import type { Problem } from './errors.ts'
import type { Card, OpenMedia } from './media-room.ts'
import type { Identity } from './model.ts'
import type { Network, Paged } from './provider.ts'

/** What a site wants said for a user, before any network has its word. All text is plain text. */
export interface Message {
  readonly text?: string
  readonly link?: MessageLink
  /** In order. */
  readonly media: readonly Media[]
}

export interface MessageLink {
  readonly url: string
  /** The page itself, where `url` is a short link of ours that leads there. */
  readonly target?: string
  readonly name?: string
  readonly caption?: string
  readonly description?: string
}

/** A picture or video that lies on our disk, content-addressed. */
export interface Media {
  /** SHA-256 of its bytes, hex. */
  readonly hash: string
  readonly kind: 'image' | 'video'
  /** Sniffed from the bytes, never believed from a header. */
  readonly mimeType: string
  readonly bytes: number
  readonly width?: number
  readonly height?: number
  readonly durationMs?: number
  /** It moves: an animated picture. */
  readonly isAnimated?: boolean
  readonly alt?: string
  /** The address it was fetched from; absent where it was uploaded. */
  readonly source?: string
}

/** How a network counts and what it takes; facts with their source beside them in the provider's file. */
export interface Limits {
  readonly text: number
  /** `characters`: code points; `utf16`: UTF-16 units; `emojiBytes`: characters, emoji by their UTF-8 bytes. */
  readonly unit: 'characters' | 'graphemes' | 'weighted' | 'utf16' | 'emojiBytes'
  /** A second limit, of UTF-8 bytes, where there is one. */
  readonly bytes?: number
  /** What a link costs in the text: a fixed number, its real length, or nothing because it travels apart. */
  readonly link: number | 'verbatim' | 'apart'
  /** What of a link's own words the network shows beside a link that travels apart; absent: none. */
  readonly card?: readonly ('name' | 'caption' | 'description')[]
  /** At most so many different links. */
  readonly links?: number
  readonly images: number
  /** Pictures and videos may travel together, and a video counts as one of the pictures. Else a video travels alone. */
  readonly mixed?: boolean
  /** Absent: none are taken. */
  readonly image?: MediaLimits
  readonly video?: MediaLimits
  /** The domain of a mention (`@user@host`) costs nothing. */
  readonly freeMentionDomain?: boolean
  /** Posts with nothing but media are refused, or posts without any. */
  readonly needs?: 'text' | 'media'
}

export interface MediaLimits {
  readonly bytes: number
  /** Longest side, in pixels. */
  readonly side?: number
  readonly mimeTypes: readonly string[]
  readonly durationMs?: number
  /** Characters; absent: the network shows no descriptions. */
  readonly alt?: number
}

/** A message as one network would show it. Pure: also the preview. */
export interface Rendered {
  readonly text: string
  /** In the unit of the limits. */
  readonly count: number
  readonly limit: number
  /** UTF-8 bytes of the text. */
  readonly bytes: number
  /** Where the network attaches links apart from the text. */
  readonly link?: MessageLink
  readonly media: readonly Media[]
  /** What the network will not show as asked, each in a sentence. */
  readonly warnings: readonly string[]
  /** Marked parts of the text by UTF-8 byte offsets, where the network wants them. */
  readonly facets?: readonly Facet[]
}

export interface Facet {
  readonly start: number
  readonly end: number
  readonly kind: 'link' | 'mention' | 'tag'
  readonly value: string
}

/** What is handed to a network: the rendered message and a key that is the same each time this publication is tried. */
export interface Draft extends Rendered {
  /** 13-character TID: record key, nonce, guid, idempotency key. */
  readonly key: string
  /** Bytes of a medium, fitted to the network's limits. */
  readonly open: (media: Media) => Promise<OpenMedia>
  /** A public address of a medium, fitted alike, that lives as long as the network needs to fetch it. */
  readonly address: (media: Media) => Promise<string>
  /**
   * What a page says of itself, its picture within these limits, for networks whose link cards are made by whoever
   * posts; undefined when it says nothing or cannot be read, which is no error. What the message says goes before it.
   */
  readonly card?: (url: string, image?: MediaLimits) => Promise<Card | undefined>
  /** Milliseconds since 1970: the same each time this publication is tried. */
  readonly at: number
}

/** Ready to be made visible by one request; JSON, stored before it is used. */
export interface Prepared {
  readonly ticket: unknown
}

/** Not ready yet: asked again with the ticket after the pause. JSON, stored. */
export interface Unfinished {
  readonly ticket: unknown
  readonly retryAfterSeconds: number
}

/** The thing at the network. */
export interface PostRef {
  readonly id: string
  readonly url?: string
}

export interface RecentPost extends PostRef {
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What a network takes from the app for one call. */
export interface Price {
  /** US dollars. */
  readonly usd: number
}

/** What is known of a network's posts before any is made: enough to preview one. */
export type Publishing = Pick<Publish, 'limits' | 'render' | 'price' | 'refuses'>

export interface Publish {
  readonly limits: Limits | ((identity: Pick<Identity, 'publishLimits'>) => Limits)
  /** Only where the default, `render(message, limits)`, is not how the network shows it. */
  render?(message: Message, limits: Limits): Rendered
  /** What the network charges the app for the post; absent: nothing. */
  price?(rendered: Rendered): Price
  /** Why this identity cannot publish at all; undefined when it can. */
  refuses?(identity: Identity): Problem | undefined
  /** Uploads and containers: nobody sees them yet. Called again with the stored ticket. */
  prepare?(
    draft: Draft,
    network: Network,
    ticket: unknown,
  ): Promise<{ prepared: Prepared } | { unfinished: Unfinished }>
  /** Exactly one request, the one that makes the post visible. */
  commit(
    draft: Draft,
    network: Network,
    prepared: Prepared | undefined,
  ): Promise<{ post: PostRef } | { unfinished: Unfinished }>
  /** For networks that take their time afterwards. */
  finish?(ticket: unknown, network: Network): Promise<{ post: PostRef } | { unfinished: Unfinished }>
  /** The account's own latest posts: where to look when an answer never came. */
  readonly recent?: Paged<RecentPost>
  /** `recent` may tell words otherwise than they were sent: an absent post is sure only where no other could be it. */
  readonly retells?: boolean
  /** Posts bear the draft's time, however much later they are written. */
  readonly datesByDraft?: boolean
  /** What the network itself does against doubles, for how long, and which server software is known to honour it. */
  readonly once?: {
    readonly by: 'key' | 'record'
    readonly seconds: number
    readonly software?: readonly string[]
  }
}
