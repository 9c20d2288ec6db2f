// Pictures and videos of a caller, from what was sent to what a message holds.

import { hash } from 'node:crypto'
import type { Gateway } from './gateway.ts'
import type { MediaInput } from './media-room.ts'
import type { Site } from './model.ts'
import type { Media } from './publish.ts'

/** The media of these inputs, in order, each knowing where it came from. Fails as `MediaRoom.take` does. */
export async function takeMedia(
  { media }: Pick<Gateway, 'media'>,
  site: Pick<Site, 'id'>,
  inputs: readonly MediaInput[],
): Promise<readonly Media[]> {
  if (inputs.length === 0) return []
  const taken = await media.take(site, inputs)
  return taken.map((medium, at) => ({ ...medium, source: inputs[at]?.url }))
}

/** Stands for a medium while nothing is known but what was sent: one and the same for one and the same input. */
export function standIn({ kind = 'image', alt, url, base64 = '' }: MediaInput): Media {
  const name = url === undefined ? hash('sha256', base64) : hash('sha256', url)
  return { hash: name, kind, mimeType: '', bytes: 0, alt, source: url }
}
