// A message as a caller sent it, made fit to be shown by anybody, or refused as a whole.

import { GatewayError } from './errors.ts'
import type { Media, Message, MessageLink } from './publish.ts'

/** Bounds of a message, far above every network's own; longer ones are refused before anything is counted. */
export interface MessageBounds {
  /** UTF-16 units of the text. Default 100,000. */
  readonly text?: number
  /** UTF-16 units of an address. Default 4,096. */
  readonly address?: number
  /** UTF-16 units of a link's name, caption or description, and of the description of a picture. Default 10,000. */
  readonly words?: number
  /** Pictures and videos. Default 20. */
  readonly media?: number
}

/**
 * The message without white space around its texts, with newlines for other line ends and without byte order marks;
 * texts of nothing but white space are absent. Fails with `invalid_request` or `too_large`, naming the field (`text`,
 * `link.url`, `media.0.alt`): for control characters, halves of characters, noncharacters, overrides of direction
 * (which can show a text as another one), addresses that are not http or https, and messages of nothing.
 */
export function cleanMessage(
  message: Message,
  { text = 100_000, address = 4_096, words = 10_000, media = 20 }: MessageBounds = {},
): Message {
  if (message.media.length > media) {
    const counted = `it has ${message.media.length}`
    throw new GatewayError('too_large', `A message takes at most ${media} pictures and videos; ${counted}.`, {
      field: 'media',
    })
  }
  const cleaned: Message = {
    text: cleanText(message.text, 'text', text),
    link: message.link && cleanLink(message.link, address, words),
    media: message.media.map((medium, index) => cleanMedia(medium, `media.${index}.alt`, words)),
  }
  if (cleaned.text === undefined && !cleaned.link && cleaned.media.length === 0) {
    throw new GatewayError('invalid_request', 'The message says nothing: it has no text, link or picture.', {
      field: 'text',
    })
  }
  return cleaned
}

function cleanLink(
  { url, name, caption, description }: MessageLink,
  address: number,
  words: number,
): MessageLink {
  return {
    url: cleanAddress(url, 'link.url', address),
    name: cleanText(name, 'link.name', words),
    caption: cleanText(caption, 'link.caption', words),
    description: cleanText(description, 'link.description', words),
  }
}

function cleanMedia(medium: Media, field: string, words: number): Media {
  return { ...medium, alt: cleanText(medium.alt, field, words) }
}

function cleanAddress(url: string, field: string, max: number): string {
  const address = cleanText(url, field, max) ?? ''
  if (/\s/.test(address) || !/^https?:\/\/[^/]/i.test(address) || !URL.canParse(address)) {
    throw new GatewayError('invalid_request', 'A link is an address that begins with http:// or https://.', {
      field,
    })
  }
  return address
}

function cleanText(text: string | undefined, field: string, max: number): string | undefined {
  if (text === undefined) return undefined
  if (text.length > max) {
    const message = `At most ${max} UTF-16 units are taken here; there are ${text.length}.`
    throw new GatewayError('too_large', message, { field })
  }
  const cleaned = text
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, '\n')
    .replaceAll('\ufeff', '')
    .trim()
  const flaw = FLAWS.find(({ pattern }) => pattern.test(cleaned))
  if (flaw) {
    const found = flaw.pattern.exec(cleaned)?.[0].codePointAt(0) ?? 0
    const name = `U+${found.toString(16).toUpperCase().padStart(4, '0')}`
    throw new GatewayError('invalid_request', `A text may hold no ${flaw.what}; this one holds ${name}.`, {
      field,
    })
  }
  return /[^\s\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(cleaned) ? cleaned : undefined
}

// The u flag sees a half that stands alone as a character of the category Cs.
const FLAWS = [
  { what: 'half of a character', pattern: /\p{Cs}/u },
  { what: 'control character other than tab and newline', pattern: /[\p{Cc}--[\t\n]]/v },
  { what: 'noncharacter', pattern: /\p{Noncharacter_Code_Point}/u },
  { what: 'override of the direction of writing', pattern: /[\u202d\u202e]/ },
] as const
