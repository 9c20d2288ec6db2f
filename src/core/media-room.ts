// Pictures and videos, from an address or an upload to what a network takes.

import { GatewayError } from './errors.ts'
import type { Site } from './model.ts'
import type { Limits, Media, MediaLimits } from './publish.ts'
import type { Bytes } from './stretch.ts'

/** A picture or video as a caller names it: where it lies, or its bytes. `kind` absent: whichever it is. */
export type MediaInput = {
  readonly kind?: Media['kind']
  readonly alt?: string
} & (
  | { readonly url: string; readonly base64?: undefined }
  | { readonly base64: string; readonly url?: undefined }
)

/** Bytes with what they are; those of a file are read only as they are sent. */
export interface OpenMedia {
  readonly bytes: Bytes
  readonly mimeType: string
}

/** What a page says of itself; plain text. */
export interface Card {
  readonly title?: string
  readonly description?: string
  /** Fitted to the limits that were named. */
  readonly image?: OpenMedia
}

/** Where pictures and videos are kept and made fit. What `take` has answered is on disk. */
export interface MediaRoom {
  /**
   * Fetches or decodes each input, in order, and keeps it. Fails as a whole, before anything is kept for the message:
   * `invalid_request`, `unsupported` or `too_large`, naming the field (`media.0.url`, `media.1.base64`), `overloaded`.
   */
  take(site: Pick<Site, 'id'>, inputs: readonly MediaInput[]): Promise<readonly Media[]>
  /** Bytes of a medium, fitted to a network's limits; `not_found` when it is kept no longer. */
  open(media: Media, limits: Limits): Promise<OpenMedia>
  /** A public address of the same bytes that lives as long as a network needs to fetch it. */
  address(media: Media, limits: Limits): Promise<string>
  /** What a page says of itself, its picture within these limits; undefined when it says nothing or cannot be read. */
  card(url: string, image?: MediaLimits): Promise<Card | undefined>
  /** Forgets files that nobody needs any more; answers how many. */
  purge(): Promise<number>
}

/** Of a gateway that keeps no pictures and videos. */
export const NO_MEDIA: MediaRoom = {
  take: async (_site, inputs) => (inputs.length === 0 ? [] : refuse()),
  open: async () => refuse(),
  address: async () => refuse(),
  card: async () => undefined,
  purge: async () => 0,
}

function refuse(): never {
  throw new GatewayError('unsupported', 'This gateway keeps no pictures and videos.', { field: 'media' })
}
