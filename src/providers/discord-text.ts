// What a message on Discord may be. Words are Markdown there; ours are plain, and are escaped on the wire.

import { findLinks } from '../core/marks.ts'
import type { Limits, Message, Publishing } from '../core/publish.ts'
import { render } from '../core/render.ts'
import { measure, replaceSpans } from '../core/text.ts'

const MIB = 1_048_576

const LIMITS: Limits = {
  // Code points: https://docs.discord.com/developers/resources/webhook#execute-webhook and, for what a character is,
  // https://github.com/discord/discord-api-docs/issues/1315
  text: 2_000,
  unit: 'characters',
  link: 'verbatim',
  images: 10,
  mixed: true,
  // https://docs.discord.com/developers/reference#uploading-files, and for descriptions
  // https://docs.discord.com/developers/resources/message#attachment-object
  image: { bytes: 10 * MIB, mimeTypes: ['image/jpeg', 'image/png', 'image/gif', 'image/webp'], alt: 1_024 },
  video: { bytes: 10 * MIB, mimeTypes: ['video/mp4', 'video/quicktime', 'video/webm'], alt: 1_024 },
}

export const discordPublishing: Publishing = {
  limits: LIMITS,
  // What is escaped counts as it is written.
  render: (message: Message, limits: Limits) => {
    const rendered = render(message, limits)
    return { ...rendered, count: measure(toDiscordContent(rendered.text), limits) }
  },
}

// https://docs.discord.com/developers/reference#message-formatting and
// https://support.discord.com/hc/en-us/articles/210298617
const MARKUP = /[\\*_~`|<[]|[#>-](?<=^[ \t]*.)(?=[\s#>])|\.(?<=^[ \t]*\d+.)(?=\s)/gm

/** Plain words as `content` takes them: nothing is markup, and links stay links. */
export function toDiscordContent(text: string): string {
  return replaceSpans(
    text,
    findLinks(text),
    (link) => link,
    (words) => words.replace(MARKUP, '\\$&'),
  )
}
