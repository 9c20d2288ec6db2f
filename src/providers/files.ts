// Files in the request that posts.

import { GatewayError } from '../core/errors.ts'
import type { Part } from '../core/provider.ts'
import type { Draft, Media } from '../core/publish.ts'

/** A part that is a file. */
export type FilePart = Extract<Part, { readonly fileName: string }>

/**
 * A medium as a part of this name, fitted to the network's limits. When it cannot be opened nothing has been sent, and
 * the error says so.
 */
export async function toFilePart(draft: Draft, medium: Media, name: string): Promise<FilePart> {
  try {
    const { bytes, mimeType } = await draft.open(medium)
    return { name, bytes, mimeType, fileName: `${medium.kind}.${ENDINGS[mimeType] ?? 'bin'}` }
  } catch (error) {
    throw GatewayError.undone(error)
  }
}

/** Endings that networks look at. */
const ENDINGS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'image/avif': 'avif',
  'video/mp4': 'mp4',
  'video/quicktime': 'mov',
  'video/webm': 'webm',
}
