// multipart/form-data as it arrives. https://www.rfc-editor.org/rfc/rfc7578

import type { Asked } from './wire.ts'

/** Parts of one body, at most. */
const MOST_PARTS = 100

export interface Part {
  readonly name: string
  readonly fileName?: string
  readonly mimeType?: string
  readonly bytes: Buffer
}

/** The parts of a multipart body in order; undefined when it is none, or broken. */
export function partsOf({ headers, bytes }: Pick<Asked, 'headers' | 'bytes'>): readonly Part[] | undefined {
  const type = headers['content-type'] ?? ''
  const boundary = /^multipart\/form-data\s*;.*\bboundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type)
  const name = boundary?.[1] ?? boundary?.[2]
  if (name === undefined) return undefined
  const mark = Buffer.from(`\r\n--${name}`)
  const parts: Part[] = []
  let at = bytes.indexOf(mark.subarray(2)) === 0 ? mark.length - 2 : -1
  while (at >= 0 && parts.length < MOST_PARTS) {
    if (bytes.subarray(at, at + 2).toString() === '--') return parts
    const head = bytes.indexOf('\r\n\r\n', at)
    const end = head < 0 ? -1 : bytes.indexOf(mark, head + 2)
    if (end < 0) return undefined
    const part = toPart(bytes.subarray(at, head).toString(), bytes.subarray(head + 4, end))
    if (!part) return undefined
    parts.push(part)
    at = end + mark.length
  }
  return undefined
}

/** The text of a part that is no file. */
export function textOf(parts: readonly Part[], name: string): string | undefined {
  return parts.find((part) => part.name === name && part.fileName === undefined)?.bytes.toString()
}

/** The first file of this name, or of any. */
export function fileOf(parts: readonly Part[], name?: string): Part | undefined {
  return parts.find((part) => part.fileName !== undefined && (name === undefined || part.name === name))
}

function toPart(head: string, bytes: Buffer): Part | undefined {
  const disposition = /^content-disposition:\s*form-data\b(.*)$/im.exec(head)?.[1] ?? ''
  const name = parameterOf(disposition, 'name')
  const mimeType = /^content-type:\s*([^\r\n]+)$/im.exec(head)?.[1]?.trim()
  return name === undefined
    ? undefined
    : { name, fileName: parameterOf(disposition, 'filename'), mimeType, bytes }
}

function parameterOf(disposition: string, name: string): string | undefined {
  const value = new RegExp(`;\\s*${name}="([^"]*)"`, 'i').exec(disposition)?.[1]
  return value?.replaceAll(/%(22|0D|0A)/gi, (escaped) => decodeURIComponent(escaped))
}
