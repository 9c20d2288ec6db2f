// Reads the XML that our writers make; fails on anything that is none.

import assert from 'node:assert/strict'

export interface XmlElement {
  readonly name: string
  /** Of an element without children. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

// https://www.w3.org/TR/xml/#NT-Name
const NAME = String.raw`[A-Za-z_:][\w.:-]*`
const TOKEN = new RegExp(String.raw`<(/?)(${NAME})((?: [\w:]+="[^"<]*")*)( ?/)?>|([^<]+)`, 'y')
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The root of a document. */
export function readXml(text: string): XmlElement {
  const head =
    /^<\?xml version="1\.0" encoding="utf-8"\?>\n/i.exec(text)?.[0] ?? assert.fail('There is no head.')
  const roots: Draft[] = []
  const open: Draft[] = []
  TOKEN.lastIndex = head.length
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex
    const [, closes, name, , isEmpty, chars] =
      TOKEN.exec(text) ?? assert.fail(`No XML from ${text.slice(at, at + 40)}`)
    const parent = open.at(-1)
    if (chars !== undefined) (parent ?? assert.fail('Text stands outside.')).text += plain(chars)
    else if (closes) assert.equal(open.pop()?.name, name)
    else {
      const element = { name: name ?? '', text: '', children: [] }
      ;(parent?.children ?? roots).push(element)
      if (!isEmpty) open.push(element)
    }
  }
  assert.equal(open.length, 0)
  assert.equal(roots.length, 1)
  return roots[0] ?? assert.fail()
}

interface Draft {
  readonly name: string
  text: string
  readonly children: Draft[]
}

function plain(text: string): string {
  // A bare carriage return is read as a line feed.
  const normal = text.replace(/\r\n?/g, '\n')
  return normal.replace(/&(?:#(\d+)|(\w+));|&/g, (all, digits, entity) => {
    if (digits !== undefined) return String.fromCodePoint(Number(digits))
    return ENTITIES[entity] ?? assert.fail(`${all} is no entity.`)
  })
}
