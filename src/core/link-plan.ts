// The links of a message made short: for each publication its own, so that who followed is known by network.

import { GatewayError } from './errors.ts'
import type { Gateway } from './gateway.ts'
import { checkTarget } from './link-book.ts'
import { newCode } from './link-codes.ts'
import type { NewLink } from './link-store.ts'
import { linksOf, replaceLinks } from './message-links.ts'
import type { Site } from './model.ts'
import type { Message } from './publish.ts'
import type { MessageFlags } from './sharing-store.ts'

/**
 * Makes sure, before anything is planned, that the links of a message can be made short. `invalid_request` or
 * `too_large`, naming the field, when one leads to a blocked host or there are too many; short links of our own are left
 * as they are.
 */
export async function checkLinks(
  { links }: Pick<Gateway, 'links'>,
  message: Message,
  { tracksLinks = false }: MessageFlags,
): Promise<void> {
  if (!tracksLinks) return
  await links.book.refresh()
  const targets = targetsOf({ links }, message)
  const { perMessage } = links.bounds
  if (targets.length > perMessage) {
    const counted = `this message has ${targets.length}`
    throw new GatewayError('too_large', `At most ${perMessage} links of a message are tracked; ${counted}.`, {
      field: 'text',
    })
  }
  for (const target of targets) checkTarget(links.book, target, fieldOf(message, target))
}

/** The message with short links in place of its own, which of them are new, and their addresses. */
export function trackLinks(
  { links }: Pick<Gateway, 'links'>,
  site: Pick<Site, 'id'>,
  message: Message,
  { tracksLinks = false }: MessageFlags,
  known: readonly NewLink[] = [],
): { readonly tracked: Message; readonly marks: readonly string[]; readonly links: readonly NewLink[] } {
  if (!tracksLinks) return { tracked: message, marks: [], links: [] }
  const codes = new Map(known.map(({ target, code }) => [target, code]))
  const added: NewLink[] = []
  const addresses = new Map<string, string>()
  for (const target of targetsOf({ links }, message)) {
    const code = codes.get(target) ?? newCode()
    if (!codes.has(target)) added.push({ code, target })
    addresses.set(target, links.book.addressOf(site, code))
  }
  const short = replaceLinks(message, addresses)
  const isShort = message.link !== undefined && addresses.has(message.link.url)
  const link = short.link && isShort ? { ...short.link, target: message.link?.url } : short.link
  return { tracked: { ...short, link }, marks: [...addresses.values()], links: added }
}

function targetsOf({ links }: Pick<Gateway, 'links'>, message: Message): readonly string[] {
  return linksOf(message).filter((url) => URL.canParse(url) && !links.book.isOwn(new URL(url)))
}

function fieldOf({ text, link }: Message, target: string): string {
  if (text?.includes(target)) return 'text'
  return link?.url === target ? 'link.url' : 'link.description'
}
