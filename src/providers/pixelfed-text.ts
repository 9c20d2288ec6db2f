// What a post on a Pixelfed server may be: pictures, with words below them.

import type { Limits, Publishing } from '../core/publish.ts'

// Of a server that has changed nothing: https://github.com/pixelfed/pixelfed/blob/dev/config/pixelfed.php
// NOTE: It speaks Mastodon's API but counts every character of a link, and knows no free part of a mention.
const LIMITS: Limits = {
  text: 500,
  unit: 'characters',
  link: 'verbatim',
  needs: 'media',
  images: 4,
  image: { bytes: 15_000_000, mimeTypes: ['image/jpeg', 'image/png', 'image/gif'], alt: 1_000 },
}

export const pixelfedPublishing: Publishing = {
  // Of the limits that the server tells, these are the ones that mean there what they mean on Mastodon.
  limits: ({ publishLimits: own }) =>
    own ? { ...LIMITS, text: own.text, images: own.images, image: own.image ?? LIMITS.image } : LIMITS,
}
