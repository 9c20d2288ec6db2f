// What a post on a Mastodon server may be: each server has its own limits, kept with the identity.

import { z } from 'zod'
import { read } from '../core/answers.ts'
import type { Limits, Publishing } from '../core/publish.ts'

// Of a server that has changed nothing: https://docs.joinmastodon.org/methods/instance/#v2
const LIMITS: Limits = {
  text: 500,
  unit: 'graphemes',
  // https://docs.joinmastodon.org/user/posting/#text
  link: 23,
  freeMentionDomain: true,
  images: 4,
  // At most 33,177,600 pixels, which is 5,760 by 5,760; descriptions of 1,500 characters:
  // https://docs.joinmastodon.org/user/posting/#media
  image: {
    bytes: 16_777_216,
    side: 5_760,
    mimeTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'],
    alt: 1_500,
  },
  video: { bytes: 103_809_024, mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm'], alt: 1_500 },
}

export const mastodonPublishing: Publishing = {
  limits: ({ publishLimits }) => publishLimits ?? LIMITS,
}

const Bound = z.number().int().positive().optional().catch(undefined)

// https://docs.joinmastodon.org/entities/V1_Instance/
const Instance = z.object({
  // Before 3.4.2, and still on other software.
  max_toot_chars: Bound,
  configuration: z
    .object({
      statuses: z
        .object({
          max_characters: Bound,
          max_media_attachments: Bound,
          characters_reserved_per_url: Bound,
        })
        .optional(),
      media_attachments: z
        .object({
          supported_mime_types: z.array(z.string()).optional(),
          image_size_limit: Bound,
          image_matrix_limit: Bound,
          video_size_limit: Bound,
          description_limit: Bound,
        })
        .optional(),
    })
    .optional(),
})

/** A server's own limits, to be kept with the identity; what it does not tell is as on any other. */
export const readMastodonLimits = read(() => ({ path: '/instance' }), Instance, toLimits)

function toLimits({ max_toot_chars, configuration }: z.infer<typeof Instance>): Limits {
  const { statuses, media_attachments: media } = configuration ?? {}
  const types = media?.supported_mime_types
  const alt = media?.description_limit
  return {
    ...LIMITS,
    text: statuses?.max_characters ?? max_toot_chars ?? LIMITS.text,
    link: statuses?.characters_reserved_per_url ?? LIMITS.link,
    images: statuses?.max_media_attachments ?? LIMITS.images,
    image: LIMITS.image && {
      ...LIMITS.image,
      bytes: media?.image_size_limit ?? LIMITS.image.bytes,
      side: media?.image_matrix_limit ? Math.floor(Math.sqrt(media.image_matrix_limit)) : LIMITS.image.side,
      mimeTypes: ofKind(types, 'image/') ?? LIMITS.image.mimeTypes,
      alt: alt ?? LIMITS.image.alt,
    },
    video: LIMITS.video && {
      ...LIMITS.video,
      bytes: media?.video_size_limit ?? LIMITS.video.bytes,
      mimeTypes: ofKind(types, 'video/') ?? LIMITS.video.mimeTypes,
      alt: alt ?? LIMITS.video.alt,
    },
  }
}

function ofKind(types: readonly string[] | undefined, prefix: string): string[] | undefined {
  const some = types?.filter((type) => type.startsWith(prefix)) ?? []
  return some.length > 0 ? some : undefined
}
