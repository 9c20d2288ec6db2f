// What a post on Bluesky may be. Nothing in its words is a link by itself: each is marked, by UTF-8 bytes.

import { findLinks, withoutOverlap } from '../core/marks.ts'
import type { Facet, Limits, Message, Publishing } from '../core/publish.ts'
import { render } from '../core/render.ts'
import { countGraphemes } from '../core/text.ts'
import { isPublicName } from '../core/top-level-domains.ts'
import { findAddresses, SHORTENED_ADDRESSES } from '../core/web-addresses.ts'

const LIMITS: Limits = {
  // https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
  text: 300,
  unit: 'graphemes',
  bytes: 3_000,
  // A card beside the words: https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/external.json
  link: 'apart',
  card: ['name', 'description'],
  // https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/images.json; the bound of descriptions
  // is the app's: https://github.com/bluesky-social/social-app/blob/main/src/lib/constants.ts
  images: 4,
  image: { bytes: 2_000_000, mimeTypes: ['image/jpeg', 'image/png', 'image/webp'], alt: 2_000 },
  // https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/video.json, and three minutes:
  // https://bsky.social/about/blog; of the bytes, what a home server takes as a file:
  // https://github.com/bluesky-social/pds/blob/main/installer.sh
  video: { bytes: 50_000_000, mimeTypes: ['video/mp4'], durationMs: 180_000, alt: 1_000 },
}

export const blueskyPublishing: Publishing = {
  limits: LIMITS,
  render: (message: Message, limits: Limits) => {
    const rendered = render(message, limits)
    return { ...rendered, facets: toFacets(rendered.text) }
  },
}

// https://docs.bsky.app/docs/advanced-guides/post-richtext, and what the apps take for each:
// https://github.com/bluesky-social/atproto/blob/main/packages/api/src/rich-text/detection.ts
const HANDLE = /(?<![^\s(])@([a-z0-9.-]+)\b/gi
const TAG = /(?<!\S)[#＃](?!\ufe0f)((?:(?!\u20e2)[^\s\u00ad\u2060\u200a-\u200d])+)/g
const TICKER = /(?<![^\s(])\$[a-z][a-z0-9]{0,4}(?=\s|$|[.,;:!?)"'’])/gi

// https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/richtext/facet.json
const TAG_GRAPHEMES = 64

/** The links, mentions and tags of a text, in order and without overlap. A mention's value is the handle: no DID yet. */
export function toFacets(text: string): Facet[] {
  const links = findLinks(text).map(({ start, end, value }) => ({ kind: 'link' as const, start, end, value }))
  const names = findAddresses(text, SHORTENED_ADDRESSES)
    .map(({ start, end }) => ({
      kind: 'link' as const,
      start,
      end,
      value: `https://${text.slice(start, end)}`,
    }))
    .filter(({ value }) => !/^https:\/\/https?:/i.test(value))
  const mentions = found(text, HANDLE).filter(({ value }) => isPublicName(value) || /\.test$/i.test(value))
  const tags = found(text, TAG).flatMap(toTag)
  const tickers = [...text.matchAll(TICKER)].map(({ 0: ticker, index }) => ({
    kind: 'tag' as const,
    start: index,
    end: index + ticker.length,
    value: ticker.toUpperCase(),
  }))
  const marks = withoutOverlap<Facet>([
    ...links,
    ...names,
    ...mentions.map((mention) => ({ kind: 'mention' as const, ...mention })),
    ...tags,
    ...tickers,
  ])
  return toBytes(text, marks)
}

interface Found {
  readonly start: number
  readonly end: number
  /** Without the sign before it. */
  readonly value: string
}

function found(text: string, pattern: RegExp): Found[] {
  return [...text.matchAll(pattern)].map(({ 0: whole, 1: value = '', index }) => ({
    start: index,
    end: index + whole.length,
    value,
  }))
}

function toTag({ start, value }: Found): Facet[] {
  const tag = value.replace(/\p{P}+$/u, '')
  if (!/[^\d\p{P}]/u.test(tag) || countGraphemes(tag) > TAG_GRAPHEMES) return []
  return [{ kind: 'tag', start, end: start + 1 + tag.length, value: tag }]
}

/** The same marks with their places in UTF-8 bytes instead of UTF-16 units. */
function toBytes(text: string, marks: readonly Facet[]): Facet[] {
  let at = 0
  let bytes = 0
  const bytesAt = (place: number): number => {
    bytes += Buffer.byteLength(text.slice(at, place))
    at = place
    return bytes
  }
  return marks.map((mark) => ({ ...mark, start: bytesAt(mark.start), end: bytesAt(mark.end) }))
}
