// What a message is made of, as OneAll's clients send it, and the names of its fields in their words.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { MediaInput } from '../../core/media-room.ts'
import type { MessageLink } from '../../core/publish.ts'
import { truth, unlessEmpty } from './input.ts'

// What a form leaves empty is not there.
const words = z
  .string()
  .transform((text) => (text === '' ? undefined : text))
  .optional()

function part<Shape extends z.ZodRawShape>(shape: Shape) {
  return unlessEmpty(z.object(shape).optional())
}

/** No network shows more together. */
const UPLOADS_MAX = 20
const uploads = z
  .array(z.object({ name: words, data: z.string().min(1) }))
  .max(UPLOADS_MAX)
  .optional()

/** `parts` of a request to publish. */
export const PARTS = part({
  text: part({ body: words }),
  picture: part({ url: words, caption: words }),
  video: part({ url: words }),
  link: part({ url: words, name: words, caption: words, description: words }),
  // The README of one client writes it without its last letter.
  uploads,
  upload: uploads,
  flags: part({ enable_tracking: unlessEmpty(truth.optional()) }),
})

export type Parts = NonNullable<z.output<typeof PARTS>>

/** A picture or video as it was sent, and where it stood below the message. */
export interface SentMedia {
  readonly field: string
  readonly input: MediaInput
}

/** The text of a message. */
export function textOf({ text }: Parts): string | undefined {
  return text?.body
}

/** The link of a message; words without an address are `invalid_request`. */
export function linkOf({ link }: Parts): MessageLink | undefined {
  if (!link || Object.values(link).every((value) => value === undefined)) return undefined
  const { url, name, caption, description } = link
  if (url !== undefined) return { url, name, caption, description }
  throw new GatewayError('invalid_request', 'A link has an address.', { field: 'link.url' })
}

/** Pictures and videos in the order in which they are shown: picture, video, uploads. */
export function mediaOf({ picture, video, uploads = [], upload = [] }: Parts): readonly SentMedia[] {
  const media: SentMedia[] = []
  if (picture?.url !== undefined) {
    const { url, caption: alt } = picture
    media.push({ field: 'parts.picture.url', input: { kind: 'image', url, alt } })
  }
  if (video?.url !== undefined) {
    media.push({ field: 'parts.video.url', input: { kind: 'video', url: video.url } })
  }
  for (const [at, { data: base64 }] of [...uploads, ...upload].entries()) {
    media.push({ field: `parts.uploads[${at}].data`, input: { base64 } })
  }
  return media
}

/** Core's name of a field of a message as the caller spelled it; undefined where it is none. */
export function fieldName(field: string, media: readonly Pick<SentMedia, 'field'>[]): string | undefined {
  const [noun = '', at = '0', part] = field.split('.')
  if (noun === 'text') return 'parts.text.body'
  if (noun === 'link') return `parts.${field}`
  if (noun !== 'media') return undefined
  const name = media[Number(at)]?.field ?? 'parts.uploads'
  return part === 'alt' ? name.replace(/url$/, 'caption') : name
}
