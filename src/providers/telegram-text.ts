// What a post in a Telegram channel may be: words sent as they are, without markup.

import type { Limits, Message, Publishing } from '../core/publish.ts'
import { render } from '../core/render.ts'

const LIMITS: Limits = {
  // What a character is, is not said; UTF-16 units are never fewer: https://core.telegram.org/bots/api#sendmessage
  text: 4_096,
  unit: 'utf16',
  link: 'verbatim',
  // https://core.telegram.org/bots/api#sendmediagroup
  images: 10,
  mixed: true,
  // Width and height together are at most 10,000: https://core.telegram.org/bots/api#sendphoto
  image: { bytes: 10_000_000, side: 5_000, mimeTypes: ['image/jpeg', 'image/png', 'image/webp'] },
  // https://core.telegram.org/bots/api#sendvideo
  video: { bytes: 50_000_000, mimeTypes: ['video/mp4'] },
}

// https://core.telegram.org/bots/api#sendphoto
const CAPTION = 1_024

export const telegramPublishing: Publishing = {
  limits: LIMITS,
  // Words beside pictures are their caption.
  render: (message: Message, limits: Limits) =>
    render(message, message.media.length > 0 ? { ...limits, text: Math.min(limits.text, CAPTION) } : limits),
}
