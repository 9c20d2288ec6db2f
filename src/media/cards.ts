// Cards of links, from what their pages say of themselves. Whatever goes wrong, there is only no card.

import { LRUCache } from 'lru-cache'
import { GatewayError } from '../core/errors.ts'
import type { FetchFile } from '../core/fetch-file.ts'
import type { Log } from '../core/gateway.ts'
import type { MediaBounds } from './bounds.ts'
import { type PageWords, readPage } from './page-words.ts'
import type { Kept } from './taking.ts'

/** A page's own words, its picture kept. */
export interface PageCard {
  readonly title?: string
  readonly description?: string
  readonly image?: Kept
}

/** The card of an address; undefined when its page says nothing or cannot be read. Never rejects. */
export type ReadCard = (url: string) => Promise<PageCard | undefined>

export interface CardParts {
  readonly fetchFile: FetchFile
  /** Keeps a picture. */
  readonly fetchPicture: (url: string) => Promise<Kept>
  readonly bounds: MediaBounds
  readonly log: Log
}

/** What was not there is asked for again sooner. */
const NOTHING_SHARE = 5

/** Remembers cards for a while; one page is read once, however many ask for it. */
export function createCards(parts: CardParts): ReadCard {
  const { bounds } = parts
  const memory = new LRUCache<string, Promise<PageCard | undefined>>({
    max: bounds.cards,
    ttl: bounds.cardMemoryMs,
  })
  return (url) => {
    const known = memory.get(url)
    if (known) return known
    const card = read(parts, url)
    memory.set(url, card)
    void card.then((found) => {
      if (!found) memory.set(url, card, { ttl: Math.ceil(bounds.cardMemoryMs / NOTHING_SHARE) })
    })
    return card
  }
}

async function read(parts: CardParts, url: string): Promise<PageCard | undefined> {
  try {
    const { title, description, image } = await fetchPage(parts, url)
    const picture = image === undefined ? undefined : await pictureOf(parts, image)
    return title || description || picture ? { title, description, image: picture } : undefined
  } catch (error) {
    note(parts, url, error)
    return undefined
  }
}

async function fetchPage({ fetchFile, bounds }: CardParts, url: string): Promise<PageWords> {
  const pieces: Uint8Array[] = []
  const { contentType, url: last } = await fetchFile(url, {
    bytesMax: bounds.cardBytes,
    isCut: true,
    deadlineMs: bounds.cardMs,
    accept: 'text/html,application/xhtml+xml',
    take: (piece) => void pieces.push(piece),
  })
  if (!/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(contentType)) return {}
  const words = readPage(Buffer.concat(pieces), contentType)
  return { ...words, image: words.image && URL.parse(words.image, last)?.href }
}

async function pictureOf(parts: CardParts, url: string): Promise<Kept | undefined> {
  try {
    return await parts.fetchPicture(url)
  } catch (error) {
    note(parts, url, error)
    return undefined
  }
}

function note({ log }: CardParts, url: string, error: unknown): void {
  const { code, message, cause } = GatewayError.from(error)
  const fields = { host: URL.parse(url)?.host, code, message }
  // The rest of an address may be meant for few.
  if (code === 'internal') log.error({ ...fields, error: cause }, 'the card of a link could not be made')
  else log.debug(fields, 'a link has no card')
}
