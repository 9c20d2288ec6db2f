// What a file is, by its first bytes; what a header or a name says of it is never asked.

import type { Media } from '../core/publish.ts'

/** How many bytes are enough to tell. */
export const SNIFF_BYTES = 512

/** What a file is: one that is taken, or one that is known well enough to say why not. */
export type Sniffed =
  | { readonly kind: Media['kind']; readonly mimeType: string; readonly extension: string }
  | { readonly kind: 'other'; readonly name: string }

const JPEG = { kind: 'image', mimeType: 'image/jpeg', extension: 'jpg' } as const
const PNG = { kind: 'image', mimeType: 'image/png', extension: 'png' } as const
const GIF = { kind: 'image', mimeType: 'image/gif', extension: 'gif' } as const
const WEBP = { kind: 'image', mimeType: 'image/webp', extension: 'webp' } as const
const AVIF = { kind: 'image', mimeType: 'image/avif', extension: 'avif' } as const
const MP4 = { kind: 'video', mimeType: 'video/mp4', extension: 'mp4' } as const
const MOV = { kind: 'video', mimeType: 'video/quicktime', extension: 'mov' } as const
const WEBM = { kind: 'video', mimeType: 'video/webm', extension: 'webm' } as const

/** What these first bytes begin; undefined for what is nothing that we know. */
export function sniff(head: Uint8Array): Sniffed | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, SNIFF_BYTES)).toString(
    'latin1',
  )
  if (text.startsWith('\xff\xd8\xff')) return JPEG
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return PNG
  if (/^GIF8[79]a/.test(text)) return GIF
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return WEBP
  if (text.slice(4, 8) === 'ftyp') return sniffBrands(text)
  // Older QuickTime files name no brand: https://developer.apple.com/documentation/quicktime-file-format
  if (/^(moov|mdat|wide|free|skip|pnot)$/.test(text.slice(4, 8))) return MOV
  if (text.startsWith('\x1a\x45\xdf\xa3')) {
    return text.includes('webm') ? WEBM : { kind: 'other', name: 'a Matroska video' }
  }
  return sniffOther(text)
}

/** https://mp4ra.org/registered-types/brands: the first brand is the main one, others follow. */
function sniffBrands(text: string): Sniffed {
  const size = Buffer.from(text.slice(0, 4), 'latin1').readUInt32BE()
  const brands = text.slice(8, 12) + text.slice(16, Math.max(16, size))
  const names = new Set(brands.match(/[\s\S]{4}/g))
  const main = text.slice(8, 12)
  if (names.has('avif') || names.has('avis')) return AVIF
  if (/^(hei[cxms]|hev[cxms]|mif1|msf1)$/.test(main)) return { kind: 'other', name: 'a HEIC picture' }
  if (main === 'qt  ') return MOV
  if (/^(M4A |M4B |M4P )$/.test(main)) return { kind: 'other', name: 'a sound file' }
  return MP4
}

function sniffOther(text: string): Sniffed | undefined {
  const words = text
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase()
  // A comment ends at the first `-->`: that there is one way to read many of them keeps this linear.
  if (/^(<\?xml[^>]*>\s*)?(<!--(?:(?!-->)[\s\S])*-->\s*)*(<!doctype svg[^>]*>\s*)?<svg[\s>]/.test(words)) {
    return { kind: 'other', name: 'an SVG drawing' }
  }
  if (/^(<!doctype html|<html|<head|<body|<script|<!--|<\?xml|<meta|<title)/.test(words)) {
    return { kind: 'other', name: 'a web page' }
  }
  if (text.startsWith('%PDF')) return { kind: 'other', name: 'a PDF document' }
  if (text.startsWith('BM')) return { kind: 'other', name: 'a BMP picture' }
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return { kind: 'other', name: 'a TIFF picture' }
  if (text.startsWith('PK\x03\x04') || text.startsWith('\x1f\x8b'))
    return { kind: 'other', name: 'an archive' }
  if (/^[{[]/.test(words)) return { kind: 'other', name: 'JSON' }
  return undefined
}

/** The file name's ending for one of our media types. */
export function extensionOf(mimeType: string): string {
  const known = [JPEG, PNG, GIF, WEBP, AVIF, MP4, MOV, WEBM].find((each) => each.mimeType === mimeType)
  return known?.extension ?? 'bin'
}
