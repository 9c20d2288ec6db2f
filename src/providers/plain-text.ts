// HTML as networks send it, as the text a person reads.

/** HTML longer than this many UTF-16 units is cut before it is read: no network's own bound comes near it. */
const HTML_MAX = 20_000

/** A tag, a comment, a stretch of text, or a lone `<`. No branch can fail after its first characters: linear time. */
const PIECE = /<!--.*?(?:-->|$)|<[/!?]?[a-z](?:=\s*"[^"]*(?:"|$)|=\s*'[^']*(?:'|$)|[^>])*(?:>|$)|[^<]+|</gis

const PARAGRAPH = /^<\/?(?:p|h[1-6]|ul|ol|blockquote|pre|table)\b/i
const LINE = /^<(?:br\b|\/(?:div|li|tr)\b)/i

/** The named references that HTML serializers write (https://html.spec.whatwg.org/#escapingString), and `apos`. */
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
}

/**
 * Plain text of at most 20,000 UTF-16 units of HTML: tags are dropped, paragraphs and line breaks become newlines,
 * character references their characters. Never throws.
 */
export function toPlainText(html: string): string {
  return html
    .slice(0, HTML_MAX)
    .replace(PIECE, toText)
    .replace(/ *\n */g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

function toText(piece: string): string {
  if (!piece.startsWith('<') || piece === '<') return toCharacters(piece.replace(/[ \t\r\n\f]+/g, ' '))
  if (PARAGRAPH.test(piece)) return '\n\n'
  return LINE.test(piece) ? '\n' : ''
}

/** Character references as their characters, in one pass: `&amp;lt;` becomes `&lt;` and stays it. */
export function toCharacters(text: string): string {
  return text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]{2,4}));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? whole
    return toCharacter(hex === undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex, 16))
  })
}

function toCharacter(codePoint: number): string {
  const isScalar = codePoint > 0 && codePoint <= 0x10_ffff && (codePoint < 0xd800 || codePoint > 0xdfff)
  return isScalar ? String.fromCodePoint(codePoint) : '\ufffd'
}
