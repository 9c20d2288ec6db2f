// Web addresses in running text, as the networks that count an address as a fixed number find them. In linear time.

import { type Names, NEVER, readNames } from './host-names.ts'
import { lookupLength } from './punycode.ts'
import { topLevelDomainAt } from './top-level-domains.ts'

/** A stretch of text, in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** What one network takes for an address. Each expression is tested against one UTF-16 unit. */
export interface AddressGrammar {
  /** Sticky, and matches the scheme with its `//`. */
  readonly scheme: RegExp
  /** Names without a scheme count too: `example.com`. */
  readonly withoutScheme: boolean
  /** Parentheses are looked at apart. */
  readonly path: RegExp
  readonly pathEnd: RegExp
  /** A path may end with parentheses wherever they stand; otherwise only right behind a possible end. */
  readonly endsWithParentheses: boolean
  readonly query: RegExp
  readonly queryEnd: RegExp
}

const LATIN =
  '\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0253\u0254\u0256\u0257\u0259\u025b\u0263\u0268\u026f\u0272\u0289\u028b' +
  '\u02bb\u0300-\u036f\u1e00-\u1eff'

/**
 * X's: names without a scheme count, paths hold Latin and Cyrillic letters.
 * https://github.com/twitter/twitter-text/blob/master/conformance/extract.yml
 */
export const SHORTENED_ADDRESSES: AddressGrammar = {
  scheme: /https?:\/\//iy,
  withoutScheme: true,
  path: new RegExp(`[a-z0-9!*';:=+,.$/%#\\[\\]\\-\\u2013_~@|&\\u0400-\\u04ff${LATIN}]`, 'i'),
  pathEnd: new RegExp(`[a-z0-9=_#/+\\-\\u0400-\\u04ff${LATIN}]`, 'i'),
  endsWithParentheses: false,
  query: /[a-z0-9!?*'@();:&=+$/%#[\]\-_.,~|]/i,
  queryEnd: /[a-z0-9\-_&=#/]/i,
}

/**
 * Mastodon's: a scheme is needed, paths hold nearly everything.
 * https://github.com/mastodon/mastodon/blob/main/config/initializers/twitter_regex.rb
 */
export const RESERVED_ADDRESSES: AddressGrammar = {
  scheme: /(?:https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini):\/\//iy,
  withoutScheme: false,
  path: /[^\p{White_Space}<>()?]/u,
  pathEnd: /[^\p{White_Space}()?!*"'「」<>;:=,.$%[\]~&|@]/u,
  endsWithParentheses: true,
  query: /[a-z0-9!?*'();:&=+$/%#[\]\-_.,~|@^\u00a0-\uffef]/i,
  queryEnd: /[a-z0-9_&=#/\-\u00a0-\uffef]/i,
}

const BEFORE = new RegExp(`[^A-Za-z0-9@＠$#＃${NEVER}]`)
const BEFORE_NAME = /[-_./]/
const LATIN_LABELS = new RegExp(`(?:[-a-z0-9${LATIN}]+\\.)+`, 'iy')
const PORT = /:\d+/y
const SHORT = /https?:\/\/t\.co\/([a-z0-9]+)(?:\?[a-z0-9!?*'@();:&=+$/%#[\]\-_.,~|]*[a-z0-9\-_&=#/])?/iy

// https://github.com/twitter/twitter-text/blob/master/CHANGELOG.md
const ADDRESS_MAX = 4_096
const LABEL_MAX = 63
const SHORT_NAME_MAX = 40

/** The addresses in a text, in order and without overlap. */
export function findAddresses(text: string, grammar: AddressGrammar): Span[] {
  const found: Span[] = []
  if (!text.includes('.')) return found
  const names = readNames(text)
  let at = 0
  const tryAt = (start: number): boolean => {
    const match = matchAt(text, start, grammar, names)
    if (!match) return false
    found.push(...match.spans)
    at = match.end
    return true
  }
  // At the very beginning nothing need stand before; but what stands there may be what stands before.
  if (!(BEFORE.test(text.charAt(0)) && tryAt(1))) tryAt(0)
  while (at < text.length) {
    if (!BEFORE.test(text.charAt(at)) || !tryAt(at + 1)) at += 1
  }
  return found
}

interface Match {
  readonly spans: readonly Span[]
  /** Where the search goes on. */
  readonly end: number
}

function matchAt(text: string, start: number, grammar: AddressGrammar, names: Names): Match | undefined {
  grammar.scheme.lastIndex = start
  const scheme = grammar.scheme.exec(text)?.[0] ?? ''
  if (!scheme && !grammar.withoutScheme) return undefined
  const nameStart = start + scheme.length
  const nameEnd = names.endOf(nameStart)
  if (nameEnd === undefined) return undefined

  PORT.lastIndex = nameEnd
  const portEnd = nameEnd + (PORT.exec(text)?.[0].length ?? 0)
  const pathEnd = endOfPath(text, portEnd, grammar)
  const end = endOfQuery(text, pathEnd, grammar)
  const name = text.slice(nameStart, nameEnd)
  const isTooLong = (scheme || 'https://').length + end - start > ADDRESS_MAX || !hasShortLabels(name)
  if (isTooLong || (grammar.withoutScheme && isMixed(name))) return { spans: [], end }
  if (scheme) return { spans: cutShort(text, { start, end }), end }
  if (start > 0 && BEFORE_NAME.test(text.charAt(start - 1))) return { spans: [], end }
  return { spans: withoutScheme(text, nameStart, nameEnd, pathEnd > portEnd ? end : nameEnd), end }
}

/** X takes nothing for part of a t.co address but its name and a query. */
function cutShort(text: string, span: Span): Span[] {
  SHORT.lastIndex = span.start
  const short = SHORT.exec(text)
  if (!short || span.start + short[0].length > span.end) return [span]
  if ((short[1] ?? '').length > SHORT_NAME_MAX) return []
  return [{ start: span.start, end: span.start + short[0].length }]
}

/**
 * Without a scheme only names of Latin letters count, each by itself; path and query belong to the last one. X takes the
 * first place behind the name before where the same letters stand, which need not be where it found the name.
 */
function withoutScheme(text: string, start: number, end: number, wholeEnd = end): Span[] {
  const name = text.slice(start, end)
  const spans: Span[] = []
  let taken = 0
  for (let at = 0; at < name.length; ) {
    LATIN_LABELS.lastIndex = at
    const labels = LATIN_LABELS.exec(name)?.[0]
    const last = labels && endOfLastName(name, at, at + labels.length)
    if (last) {
      const place = name.indexOf(name.slice(at, last), taken)
      taken = place + last - at
      spans.push({ start: start + place, end: start + taken })
    }
    at = last || at + (labels?.length ?? 1)
  }
  const last = spans.pop()
  return last ? [...spans, wholeEnd > end ? { ...last, end: wholeEnd } : last] : []
}

function endOfLastName(name: string, start: number, labelsEnd: number): number | undefined {
  for (let dot = labelsEnd - 1; dot > start; dot = name.lastIndexOf('.', dot - 1)) {
    const length = topLevelDomainAt(name, dot + 1)
    if (length > 0) return dot + 1 + length
  }
  return undefined
}

/** X takes no name that says it is spelled in ASCII where not one part of it is. */
function isMixed(name: string): boolean {
  return name.startsWith('xn--') && withoutScheme(name, 0, name.length).length === 0
}

function hasShortLabels(name: string): boolean {
  return name.split('.').every((label) => label.length <= 2 * LABEL_MAX && lookupLength(label) <= LABEL_MAX)
}

/** A path: `/`, then letters and balanced parentheses, up to the last one that a path may end with. */
function endOfPath(text: string, start: number, grammar: AddressGrammar): number {
  if (text[start] !== '/') return start
  let end = start + 1
  for (let at = end; at < text.length; ) {
    const closed = text[at] === '(' ? endOfParentheses(text, at, grammar.path) : undefined
    if (closed === undefined && !grammar.path.test(charAt(text, at))) break
    const next = closed ?? at + charAt(text, at).length
    const mayEnd = closed === undefined ? grammar.pathEnd.test(charAt(text, at)) : end === at
    if (mayEnd || (closed !== undefined && grammar.endsWithParentheses)) end = next
    at = next
  }
  return end
}

/** `(…)`, or with one more pair inside, none of them empty; undefined where it is neither. */
function endOfParentheses(text: string, open: number, inside: RegExp): number | undefined {
  const inner = skip(text, open + 1, inside)
  if (text[inner] === ')') return inner > open + 1 ? inner + 1 : undefined
  if (text[inner] !== '(') return undefined
  const close = skip(text, inner + 1, inside)
  if (text[close] !== ')' || close === inner + 1) return undefined
  const end = skip(text, close + 1, inside)
  return text[end] === ')' ? end + 1 : undefined
}

function endOfQuery(text: string, start: number, { query, queryEnd }: AddressGrammar): number {
  if (text[start] !== '?') return start
  let end = skip(text, start + 1, query)
  while (end > start + 1 && !queryEnd.test(text.charAt(end - 1))) end -= 1
  return end > start + 1 ? end : start
}

function skip(text: string, start: number, letters: RegExp): number {
  let at = start
  while (at < text.length && letters.test(charAt(text, at))) at += charAt(text, at).length
  return at
}

/** The character at a position: both halves of a surrogate pair. */
function charAt(text: string, at: number): string {
  const unit = text.charCodeAt(at)
  return text.slice(at, at + (unit >= 0xd800 && unit <= 0xdbff ? 2 : 1))
}
