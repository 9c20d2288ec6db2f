// Values as XML: same names as in JSON, no attributes, an array as repeated singular children inside the plural.

import { toElementName } from '../xml-name.ts'

/** What an answer is made of; absent members are left out, and null stands only in what a site has stored. */
export type Plain = string | number | bigint | boolean | null | undefined | readonly Plain[] | PlainObject
export interface PlainObject {
  readonly [name: string]: Plain
}

/** An XML 1.0 document in UTF-8 text; an empty value becomes an empty element. */
export function toXml(root: string, value: Plain): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, value)}`
}

function element(name: string, value: Plain): string {
  if (value === undefined) return ''
  const content = contentOf(name, value)
  return content === '' ? `<${name}/>` : `<${name}>${content}</${name}>`
}

function contentOf(name: string, value: Exclude<Plain, undefined>): string {
  if (value === null) return ''
  if (typeof value !== 'object') return escapeText(String(value))
  if (isList(value)) return value.map((item) => element(singular(name), item)).join('')
  return Object.entries(value)
    .map(([member, part]) => element(toElementName(member), part))
    .join('')
}

function isList(value: readonly Plain[] | PlainObject): value is readonly Plain[] {
  return Array.isArray(value)
}

function singular(plural: string): string {
  if (plural.endsWith('ies')) return `${plural.slice(0, -3)}y`
  if (plural.endsWith('sses')) return plural.slice(0, -2)
  return plural.endsWith('s') && plural.length > 1 ? plural.slice(0, -1) : 'item'
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A bare carriage return would be read as a line feed: https://www.w3.org/TR/xml/#sec-line-ends
  '\r': '&#13;',
}

function escapeText(text: string): string {
  return (
    text
      .toWellFormed()
      // What XML 1.0 has no way to say: https://www.w3.org/TR/xml/#charsets
      .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
      .replace(/[&<>"\r]/g, (character) => ESCAPES[character] ?? character)
  )
}
