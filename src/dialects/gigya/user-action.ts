// A UserAction as Gigya's clients send it, as a message of ours.
// https://developers.gigya.com/display/GD/socialize.publishUserAction+REST

import { z } from 'zod'
import type { MediaInput } from '../../core/media-room.ts'
import type { Message } from '../../core/publish.ts'

/** Pictures and videos of one action. */
const ITEMS_MAX = 20

const words = z
  .string()
  .nullish()
  .transform((text) => text || undefined)

/** What an action is made of; members that no network shows any more are ignored. */
export const UserAction = z.object({
  title: words,
  subtitle: words,
  userMessage: words,
  description: words,
  linkBack: words,
  mediaItems: z
    .array(z.object({ type: z.string(), src: z.string().min(1) }))
    .max(ITEMS_MAX)
    .nullish()
    .transform((items) => items ?? []),
})

export type UserAction = z.output<typeof UserAction>

/** The words of an action, with its link where it has one; without a link all its words are the text. */
export function toWords({
  title,
  subtitle,
  userMessage,
  description,
  linkBack,
}: UserAction): Omit<Message, 'media'> {
  if (linkBack === undefined) {
    const text = [userMessage, title, subtitle, description].filter(Boolean).join('\n')
    return { text: text || undefined }
  }
  const link = { url: linkBack, name: title, caption: subtitle, description }
  return { text: userMessage ?? title, link }
}

/** The pictures and videos of an action; undefined when one is of a kind that no network takes. */
export function toInputs({ mediaItems }: UserAction): readonly MediaInput[] | undefined {
  const inputs = mediaItems.flatMap(({ type, src: url }): MediaInput[] => {
    const kind = KINDS.get(type.toLowerCase())
    return kind ? [{ kind, url }] : []
  })
  return inputs.length === mediaItems.length ? inputs : undefined
}

const KINDS: ReadonlyMap<string, 'image' | 'video'> = new Map([
  ['image', 'image'],
  ['video', 'video'],
])
