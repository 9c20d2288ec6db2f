// What a page says of itself in its head: Open Graph, Twitter's card, its title. https://ogp.me

import { shorten } from '../core/text.ts'

/** What a page says, as plain text; the picture's address as it is spelled. */
export interface PageWords {
  readonly title?: string
  readonly description?: string
  readonly image?: string
}

const TITLE_MAX = 300
const DESCRIPTION_MAX = 1_000
/** No address is longer: of what is looked at behind the bound, so much decides where a text may be cut before it. */
const MARK_MAX = 8_192

/** Reads as much of a page as there is; never fails. `contentType` is the header, which may name the character set. */
export function readPage(bytes: Uint8Array, contentType: string): PageWords {
  const head = readHead(decodePage(bytes, contentType))
  const meta = (...names: readonly string[]) => names.map((name) => head.meta.get(name)).find(Boolean)
  const image = meta('og:image:secure_url', 'og:image', 'og:image:url', 'twitter:image', 'twitter:image:src')
  return {
    title: toPlain(meta('og:title', 'twitter:title') ?? head.title, TITLE_MAX),
    description: toPlain(meta('og:description', 'twitter:description', 'description'), DESCRIPTION_MAX),
    image: image && decodeEntities(image),
  }
}

// The label in the head counts only where it stands early: https://html.spec.whatwg.org/multipage/parsing.html
const LABEL_BYTES = 1_024

function decodePage(bytes: Uint8Array, contentType: string): string {
  const early = Buffer.from(bytes.subarray(0, LABEL_BYTES)).toString('latin1')
  const label =
    /charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(contentType) ??
    /charset\s*=\s*["']?([\w.:-]{1,40})/i.exec(early)
  try {
    return new TextDecoder(label?.[1] ?? 'utf-8').decode(bytes)
  } catch {
    // A character set that nobody knows.
    return new TextDecoder().decode(bytes)
  }
}

interface Head {
  readonly title?: string
  /** The first value of each name; names in lower case. */
  readonly meta: ReadonlyMap<string, string>
}

const TAG = /[a-z][a-z0-9-]*/iy
/** Elements whose content is no markup. */
const RAW = new Set(['script', 'style', 'noscript', 'template', 'textarea'])

/** One pass, whatever the page is; ends where the head does. */
function readHead(page: string): Head {
  // Only letters that keep their place: `İ` in lower case is two units, and all behind it would have moved.
  const lower = page.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  const meta = new Map<string, string>()
  let title: string | undefined
  for (let at = page.indexOf('<'); at !== -1; ) {
    if (page.startsWith('<!--', at)) {
      at = next(page, page.indexOf('-->', at + 4))
      continue
    }
    TAG.lastIndex = at + 1
    const name = TAG.exec(lower)?.[0]
    if (name === 'body') break
    const { attributes, end } = name ? readAttributes(page, TAG.lastIndex) : { attributes: NONE, end: at + 1 }
    if (name === 'meta') note(meta, attributes)
    if (name === 'title' || (name && RAW.has(name))) {
      const close = lower.indexOf(`</${name}`, end)
      if (name === 'title' && close !== -1) title ??= page.slice(end, close)
      at = next(page, close)
    } else {
      at = next(page, end)
    }
  }
  return { title, meta }
}

function next(page: string, from: number): number {
  return from === -1 ? -1 : page.indexOf('<', from)
}

const NONE: ReadonlyMap<string, string> = new Map()

function note(meta: Map<string, string>, attributes: ReadonlyMap<string, string>): void {
  const name = (attributes.get('property') ?? attributes.get('name'))?.toLowerCase()
  const content = attributes.get('content')
  if (name && content && !meta.has(name)) meta.set(name, content.trim())
}

const SPACE = /[\s/]*/y
const NAME = /[^\s=>"'/]+/y
const EQUALS = /\s*=\s*/y
const BARE = /[^\s>]+/y

/** The attributes of a tag from here to its end. */
function readAttributes(
  page: string,
  from: number,
): { attributes: ReadonlyMap<string, string>; end: number } {
  const attributes = new Map<string, string>()
  let at = from
  while (at < page.length) {
    at += take(SPACE, page, at)?.length ?? 0
    if (page[at] === '>') return { attributes, end: at + 1 }
    const name = take(NAME, page, at)
    if (name === undefined) {
      at += 1
      continue
    }
    at += name.length
    const equals = take(EQUALS, page, at)
    if (equals === undefined) continue
    at += equals.length
    const quote = page[at]
    const isQuoted = quote === '"' || quote === "'"
    const close = isQuoted ? page.indexOf(quote, at + 1) : -1
    if (isQuoted && close === -1) return { attributes, end: page.length }
    const value = isQuoted ? page.slice(at + 1, close) : (take(BARE, page, at) ?? '')
    if (!attributes.has(name.toLowerCase())) attributes.set(name.toLowerCase(), value)
    at = isQuoted ? close + 1 : at + value.length
  }
  return { attributes, end: page.length }
}

function take(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

function toPlain(text: string | undefined, max: number): string | undefined {
  const plain = decodeEntities(text ?? '')
    // Control characters, halves of characters, and what can show a text as another one.
    .replace(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u202a-\u202e\u2066-\u2069\ufeff]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  if (plain === '') return undefined
  if (plain.length <= max) return plain
  return shorten(plain.slice(0, max * 4 + MARK_MAX), (shown) => shown.length <= max)
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  copy: '©',
  reg: '®',
  trade: '™',
  hellip: '…',
  mdash: '—',
  ndash: '–',
  lsquo: '‘',
  rsquo: '’',
  ldquo: '“',
  rdquo: '”',
  laquo: '«',
  raquo: '»',
  middot: '·',
  bull: '•',
  euro: '€',
  auml: 'ä',
  ouml: 'ö',
  uuml: 'ü',
  Auml: 'Ä',
  Ouml: 'Ö',
  Uuml: 'Ü',
  szlig: 'ß',
  eacute: 'é',
  egrave: 'è',
  agrave: 'à',
  ccedil: 'ç',
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' '
  })
}
