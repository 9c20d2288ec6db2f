// What a post on X may be, and what it costs.

import type { Limits, Publishing, Rendered } from '../core/publish.ts'
import { findAddresses, SHORTENED_ADDRESSES } from '../core/web-addresses.ts'

// https://docs.x.com/fundamentals/counting-characters. Paying members may write more; whether one pays is not told.
const LIMITS: Limits = {
  text: 280,
  unit: 'weighted',
  link: 23,
  // https://docs.x.com/x-api/media/quickstart/best-practices, and for descriptions
  // https://docs.x.com/x-api/media/create-media-metadata
  images: 4,
  image: {
    bytes: 5_000_000,
    side: 8_192,
    mimeTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'],
    alt: 1_000,
  },
  video: { bytes: 512_000_000, mimeTypes: ['video/mp4', 'video/quicktime'], durationMs: 140_000 },
}

// US dollars for one post: https://docs.x.com/x-api/getting-started/pricing
const POST_USD = 0.015
const POST_WITH_LINK_USD = 0.2

export const twitterPublishing: Publishing = {
  limits: LIMITS,
  price: ({ text }: Rendered) => ({
    usd: findAddresses(text.normalize('NFC'), SHORTENED_ADDRESSES).length > 0 ? POST_WITH_LINK_USD : POST_USD,
  }),
}
