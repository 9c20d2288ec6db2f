// What a post on LinkedIn may be, and how its words are written on the wire.

import { findLinks } from '../core/marks.ts'
import type { Limits, Message, MessageLink, Publishing } from '../core/publish.ts'
import { render } from '../core/render.ts'
import { replaceSpans } from '../core/text.ts'

const LIMITS: Limits = {
  // Of what is read, not of what is escaped. The bound is the site’s own; counted here in UTF-16 units, which is never
  // less than what it counts: https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api
  text: 3_000,
  unit: 'utf16',
  link: 'apart',
  // An article has a title and a description of our own making.
  card: ['name', 'description'],
  // https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/multiimage-post-api
  images: 20,
  // Fewer than 36,152,320 pixels, and descriptions of 4,086 characters:
  // https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api
  image: {
    bytes: 5_000_000,
    side: 6_012,
    mimeTypes: ['image/jpeg', 'image/png', 'image/gif'],
    alt: 4_086,
  },
  // https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/videos-api
  video: { bytes: 500_000_000, mimeTypes: ['video/mp4'], durationMs: 1_800_000 },
}

export const linkedinPublishing: Publishing = {
  limits: LIMITS,
  render: (message: Message, limits: Limits) => {
    const rendered = render(message, limits)
    return { ...rendered, link: rendered.link && withTitle(rendered.link) }
  },
}

/** An article must have a title; the host stands in for one. */
function withTitle(link: MessageLink): MessageLink {
  return { ...link, name: link.name ?? new URL(link.url).host }
}

// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
const RESERVED = /[\\|{}@[\]()<>#*_~]/g
const HASHTAG = /(?<![\p{L}\p{M}\p{N}_&])[#＃][\p{M}\p{N}_]*\p{L}[\p{L}\p{M}\p{N}_]*/gu

/** Plain words as `commentary` takes them: nothing is markup but hashtags, which become links again. */
export function toLittleText(text: string): string {
  return replaceSpans(text, findLinks(text), escapeReserved, (words) => {
    const tags = [...words.matchAll(HASHTAG)].map(({ 0: tag, index }) => ({
      start: index,
      end: index + tag.length,
    }))
    return replaceSpans(words, tags, toTemplate, escapeReserved)
  })
}

function toTemplate(hashtag: string): string {
  return `{hashtag|\\${hashtag.charAt(0)}|${escapeReserved(hashtag.slice(1))}}`
}

function escapeReserved(words: string): string {
  return words.replace(RESERVED, '\\$&')
}
