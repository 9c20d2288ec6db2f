// How long a text is, in the units of the networks, and where it may be cut.

import { findMarks, withoutOverlap } from './marks.ts'
import type { Limits } from './publish.ts'
import { findAddresses, RESERVED_ADDRESSES, SHORTENED_ADDRESSES, type Span } from './web-addresses.ts'

type Measure = Pick<Limits, 'unit' | 'link' | 'freeMentionDomain'>

const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' })
const WORDS = new Intl.Segmenter('und', { granularity: 'word' })

/** The length of a text as a network counts it, in the unit of its limits. */
export function measure(text: string, { unit, link, freeMentionDomain = false }: Measure): number {
  if (unit === 'weighted') return weigh(text, typeof link === 'number' ? link : undefined)
  return UNITS[unit](typeof link === 'number' ? withFlatLinks(text, link, freeMentionDomain) : text)
}

const UNITS: Record<Exclude<Limits['unit'], 'weighted'>, (text: string) => number> = {
  characters: countCharacters,
  graphemes: countGraphemes,
  utf16: (text) => text.length,
  emojiBytes: (text) => {
    let count = countCharacters(text)
    for (const [emoji] of text.matchAll(EMOJI)) count += Buffer.byteLength(emoji) - countCharacters(emoji)
    return count
  },
}

// Beside those recommended for interchange X knows keycaps without a selector, and selectors behind some that need
// none, as keyboards write them.
const EMOJI =
  /[\p{Emoji_Presentation}&&[\u231a-\u2b55\u{1f004}\u{1f200}-\u{1f251}]]\ufe0f|\p{RGI_Emoji}|[0-9#*]\u20e3/gv

// Code points that weigh 1; all others weigh 2.
// https://github.com/twitter/twitter-text/blob/master/config/v3.json
const LIGHT: readonly (readonly [from: number, to: number])[] = [
  [0, 0x10ff],
  [0x2000, 0x200d],
  [0x2010, 0x201f],
  [0x2032, 0x2037],
]

/**
 * X's count: composed (NFC), Latin and its neighbours 1, everything else 2, an emoji 2 however many code points it has,
 * an address what it costs. https://docs.x.com/fundamentals/counting-characters
 */
function weigh(text: string, link: number | undefined): number {
  const composed = text.normalize('NFC')
  const addresses = link === undefined ? [] : findAddresses(composed, SHORTENED_ADDRESSES)
  const words = replaceSpans(composed, addresses, () => '\n')
  const emoji = words.match(EMOJI)?.length ?? 0
  let weight = addresses.length * ((link ?? 0) - 1) + emoji * 2
  for (const character of words.replace(EMOJI, '')) weight += isLight(character.codePointAt(0) ?? 0) ? 1 : 2
  return weight
}

function isLight(codePoint: number): boolean {
  return LIGHT.some(([from, to]) => codePoint >= from && codePoint <= to)
}

// https://github.com/mastodon/mastodon/blob/main/app/models/account.rb
const REMOTE_MENTION =
  /(?<![=\/\p{L}\p{M}\p{Nd}\p{Pc}])@[a-z0-9_]+(?:[.\-]+[a-z0-9_]+)*(@[\p{L}\p{M}\p{Nd}\p{Pc}]+(?:[.\-]+[\p{L}\p{M}\p{Nd}\p{Pc}]+)*)/giv
const NO_MENTION_BEFORE = /[@＠]|:\/\//y

/**
 * Mastodon's text to count: every address as long as it costs, and of `@user@host` the first part.
 * https://github.com/mastodon/mastodon/blob/main/app/validators/status_length_validator.rb
 */
function withFlatLinks(text: string, link: number, freeMentionDomain: boolean): string {
  const addresses = findAddresses(text, RESERVED_ADDRESSES)
  const mentions = freeMentionDomain ? findRemoteMentions(text) : []
  return replaceSpans(text, withoutOverlap([...addresses, ...mentions]), (value) =>
    value.startsWith('@') ? value.slice(0, value.indexOf('@', 1)) : 'x'.repeat(link),
  )
}

function findRemoteMentions(text: string): Span[] {
  return [...text.matchAll(REMOTE_MENTION)]
    .map(({ 0: found, index }) => ({ start: index, end: index + found.length }))
    .filter(({ end }) => {
      NO_MENTION_BEFORE.lastIndex = end
      return !NO_MENTION_BEFORE.test(text)
    })
}

/** A text with some of its stretches, in order and without overlap, written otherwise, and perhaps the rest as well. */
export function replaceSpans(
  text: string,
  spans: readonly Span[],
  replacement: (value: string) => string,
  rest: (words: string) => string = (words) => words,
): string {
  let written = ''
  let at = 0
  for (const { start, end } of spans) {
    written += rest(text.slice(at, start)) + replacement(text.slice(start, end))
    at = end
  }
  return written + rest(text.slice(at))
}

function countCharacters(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at += 1) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) count -= 1
  }
  return count
}

/** User-perceived characters: https://unicode.org/reports/tr29/ */
export function countGraphemes(text: string): number {
  if (/^[\x20-\x7e\n]*$/.test(text)) return text.length
  let count = 0
  for (const _ of GRAPHEMES.segment(text)) count += 1
  return count
}

const ELLIPSIS = '…'

/**
 * The longest beginning of a text, with an ellipsis behind it, that fits; undefined where none does. It ends with a
 * word, or inside one that is too long by itself, but never inside a grapheme, a link, a mention or a tag.
 */
export function shorten(text: string, fits: (shortened: string) => boolean): string | undefined {
  const all: Cut[] = []
  const wordEnds: Cut[] = []
  const cuts = findCuts(text)
  const read = (): Cut | undefined => {
    const { value } = cuts.next()
    if (value) all.push(value)
    if (value?.isWordEnd) wordEnds.push(value)
    return value
  }
  const hasAll = (index: number): boolean => {
    while (all.length <= index) if (!read()) return false
    return true
  }
  const hasWordEnd = (index: number): boolean => {
    while (wordEnds.length <= index) {
      const cut = read()
      if (!cut) return false
      // Where words end far apart, none needs to be found behind what does not fit any more.
      const isLookedAt = all.length >= 64 && (all.length & (all.length - 1)) === 0
      if (isLookedAt && !fits(shortenedAt(text, cut))) return wordEnds.length > index
    }
    return true
  }
  return longest(text, wordEnds, hasWordEnd, fits) ?? longest(text, all, hasAll, fits)
}

interface Cut {
  readonly at: number
  readonly isWordEnd: boolean
  /** A link, mention or tag ends here: what follows without a space would belong to it. */
  readonly isMarkEnd: boolean
}

function shortenedAt(text: string, { at, isMarkEnd }: Cut): string {
  return `${text.slice(0, at)}${isMarkEnd ? ' ' : ''}${ELLIPSIS}`
}

/** In order, and looked for only as far as they are asked for: segments are slow to find. */
function* findCuts(text: string): Generator<Cut, undefined> {
  const words = WORDS.segment(text)[Symbol.iterator]()
  let word = words.next()
  const marks = findMarks(text)
  let mark = 0
  for (const { index, segment } of GRAPHEMES.segment(text)) {
    const at = index + segment.length
    while ((marks[mark]?.end ?? text.length) < at) mark += 1
    const { start, end } = marks[mark] ?? { start: text.length, end: text.length }
    const isInside = start < at && at < end
    while (!word.done && endOf(word.value) < at) word = words.next()
    if (!isInside && at < text.length && /\S/.test(segment)) {
      const isWord = !word.done && endOf(word.value) === at && /[^\s\p{P}]/u.test(word.value.segment)
      yield { at, isWordEnd: at === end || isWord, isMarkEnd: at === end }
    }
  }
  return undefined
}

function endOf({ index, segment }: Intl.SegmentData): number {
  return index + segment.length
}

/**
 * Tries short beginnings first, so that a long text costs no more than what is kept of it. `cuts` are those found so
 * far; `has` finds more, up to one of this index.
 */
function longest(
  text: string,
  cuts: readonly Cut[],
  has: (index: number) => boolean,
  fits: (shortened: string) => boolean,
): string | undefined {
  let best: string | undefined
  const tryAt = (index: number): boolean => {
    const cut = has(index) ? cuts[index] : undefined
    if (!cut) return false
    const shortened = shortenedAt(text, cut)
    if (!fits(shortened)) return false
    best = shortened
    return true
  }
  let high = 0
  while (tryAt(high)) high = high * 2 + 1
  let low = high === 0 ? 0 : (high - 1) / 2 + 1
  high = Math.min(high, cuts.length) - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (tryAt(middle)) low = middle + 1
    else high = middle - 1
  }
  return best
}
