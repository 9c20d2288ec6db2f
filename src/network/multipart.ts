// multipart/form-data. https://www.rfc-editor.org/rfc/rfc7578

import { randomBytes } from 'node:crypto'
import type { Part } from '../core/provider.ts'
import type { Bytes } from '../core/stretch.ts'

/** The parts in order, with the media type that names their boundary; bytes are not copied. */
export function multipartOf(parts: readonly Part[]): {
  readonly type: string
  readonly content: readonly Bytes[]
} {
  const boundary = `kith-${randomBytes(24).toString('hex')}`
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\n${headOf(part)}\r\n\r\n`),
    'bytes' in part ? part.bytes : Buffer.from(part.value),
    Buffer.from('\r\n'),
  ])
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    content: [...pieces, Buffer.from(`--${boundary}--\r\n`)],
  }
}

function headOf(part: Part): string {
  const name = `Content-Disposition: form-data; name="${escapeName(part.name)}"`
  if (!('bytes' in part)) return name
  const type = part.mimeType.replaceAll(/[\r\n]/g, '')
  return `${name}; filename="${escapeName(part.fileName)}"\r\nContent-Type: ${type}`
}

/** As browsers write names: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
function escapeName(name: string): string {
  return name.replaceAll(/["\r\n]/g, encodeURIComponent)
}
