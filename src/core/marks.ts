// What stands out in running text: links, mentions and tags. A text is never cut inside of one.

import { findAddresses, SHORTENED_ADDRESSES, type Span } from './web-addresses.ts'

export interface Mark extends Span {
  readonly kind: 'link' | 'mention' | 'tag'
  /** As it stands in the text. */
  readonly value: string
}

// Neither white space, nor what encloses an address in running text, of whatever script.
const LINK = /(?<![\w@\/])https?:\/\/[\S--[<>"«»“”„‘’‹›「」『』（）［］【】〈〉《》、。，．！？；：…]]+/giv
const TRAILING = /[.,;:!?'"`]/
const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

// Addresses of people, by mail or on whatever network.
const MENTION = /(?<![\w.+\-])[\w.+\-]*[@＠][\p{L}\p{M}\p{N}_.@\-]+/gv

// Longer than what any one network takes for a tag, which are words: what follows one without a space stays with it.
const TAG = /[#＃$][\S--[<>"«»“”„「」『』（）［］【】〈〉《》、。，！？；：…]]+/gv

/** The `http` and `https` links of a text, in order: without the punctuation or the bracket that closes around them. */
export function findLinks(text: string): Mark[] {
  return [...text.matchAll(LINK)].flatMap(({ 0: found, index }) => {
    const value = withoutTail(found)
    return /^https?:\/\/[^/?#]/i.test(value)
      ? [{ kind: 'link' as const, start: index, end: index + value.length, value }]
      : []
  })
}

/** Everything that stands out, by the widest of the networks' rules, in order and without overlap. */
export function findMarks(text: string): Mark[] {
  const bare = findAddresses(text, SHORTENED_ADDRESSES).map((span) => toMark('link', text, span))
  const mentions = spansOf(text, MENTION).map((span) => toMark('mention', text, span))
  const tags = spansOf(text, TAG).map((span) => toMark('tag', text, span))
  return withoutOverlap([...findLinks(text), ...bare, ...mentions, ...tags])
}

/** Marks by their beginning; of two that overlap, the earlier one, and of two that begin together the longer. */
export function withoutOverlap<T extends Span>(spans: readonly T[]): T[] {
  const kept: T[] = []
  for (const span of spans.toSorted((one, other) => one.start - other.start || other.end - one.end)) {
    if (span.start >= (kept.at(-1)?.end ?? 0)) kept.push(span)
  }
  return kept
}

/** An address without the punctuation of the sentence around it; a bracket stays where it was opened inside. */
export function withoutTail(address: string): string {
  const surplus = new Map(
    Object.entries(OPENING).map(([close, open]) => [close, countOf(close, address) - countOf(open, address)]),
  )
  let end = address.length
  while (end > 0) {
    const last = address.charAt(end - 1)
    const closing = surplus.get(last) ?? 0
    if (closing > 0) surplus.set(last, closing - 1)
    else if (!TRAILING.test(last)) break
    end -= 1
  }
  return address.slice(0, end)
}

function countOf(letter: string, text: string): number {
  return text.split(letter).length - 1
}

function spansOf(text: string, pattern: RegExp): Span[] {
  return [...text.matchAll(pattern)].map(({ 0: found, index }) => ({
    start: index,
    end: index + found.length,
  }))
}

function toMark(kind: Mark['kind'], text: string, { start, end }: Span): Mark {
  return { kind, start, end, value: text.slice(start, end) }
}
