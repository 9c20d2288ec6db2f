// Values as Gigya's XML: same names as in JSON, no attributes, an array as singular children inside the plural. There
// is never a `{` in it: two SDKs take any text with one for JSON.

import { toElementName } from '../xml-name.ts'

/** The members of an object as elements, in order; undefined and null ones are left out. */
export function toXmlMembers(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([name, value]) => element(toElementName(name), value))
    .join('')
}

/** A whole document around members, in pieces; `method` is `socialize.getUserInfo`. */
export function toXmlDocument(
  method: string,
  members: readonly (string | Uint8Array)[],
): readonly Uint8Array[] {
  const root = `${method}Response`
  const head = `<?xml version="1.0" encoding="utf-8"?>\n<${root} ${NAMESPACES}>`
  const parts = [head, ...members, `</${root}>`]
  return parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))
}

const NAMESPACES =
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
  'xsi:schemaLocation="urn:com:gigya:api http://socialize-api.gigya.com/schema" xmlns="urn:com:gigya:api"'

function element(name: string, value: unknown): string {
  if (value === undefined || value === null) return ''
  const content = contentOf(name, value)
  return content === '' ? `<${name} />` : `<${name}>${content}</${name}>`
}

function contentOf(name: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return escapeText(String(value))
  if (!Array.isArray(value)) return toXmlMembers({ ...value })
  const child = singular(name)
  // An item must be counted even when there is nothing in it.
  return value.map((item: unknown) => element(child, item ?? '')).join('')
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
  '{': '&#123;',
  // A bare carriage return would be read as a line feed: https://www.w3.org/TR/xml/#sec-line-ends
  '\r': '&#13;',
}

/** Text between tags, without what XML 1.0 forbids: https://www.w3.org/TR/xml/#charsets */
export function escapeText(text: string): string {
  if (!/[^\t\n\x20-%'-;=?-z|}~]/.test(text)) return text
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>{\r]/g, (character) => ESCAPES[character] ?? '')
}
