// The links of a message: which there are, and the same message with others in their place.

import { findLinks } from './marks.ts'
import type { Message } from './publish.ts'
import { replaceSpans } from './text.ts'

/** The different `http` and `https` addresses of a message's text, link and link description, in that order. */
export function linksOf({ text = '', link }: Message): string[] {
  const described = findLinks(link?.description ?? '')
  return [
    ...new Set([
      ...findLinks(text).map(({ value }) => value),
      ...(link ? [link.url] : []),
      ...described.map(({ value }) => value),
    ]),
  ]
}

/** The message with each address that the map knows replaced by what it is mapped to, wherever `linksOf` finds it. */
export function replaceLinks(message: Message, replacements: ReadonlyMap<string, string>): Message {
  const { text, link } = message
  return {
    ...message,
    text: text === undefined ? undefined : replaceIn(text, replacements),
    link: link && {
      ...link,
      url: replacements.get(link.url) ?? link.url,
      description: link.description === undefined ? undefined : replaceIn(link.description, replacements),
    },
  }
}

function replaceIn(text: string, replacements: ReadonlyMap<string, string>): string {
  return replaceSpans(text, findLinks(text), (address) => replacements.get(address) ?? address)
}
