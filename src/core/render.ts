// A message as one network would show it. Pure: the preview is the same thing.

import { GatewayError, type Problem } from './errors.ts'
import { findLinks } from './marks.ts'
import { mediaProblem } from './media-problem.ts'
import type { Identity } from './model.ts'
import type { Provider } from './provider.ts'
import type { Limits, Media, Message, Publishing, Rendered } from './publish.ts'
import { measure, shorten } from './text.ts'

/** What to do with words that do not fit: refuse the message, or leave words out at the end, and say so. */
export type Fit = 'refuse' | 'shorten'

/** What is needed to render for a network: its name for people, and how it publishes. */
export interface Renderer extends Pick<Provider, 'name'> {
  readonly publish: Publishing
}

/**
 * The message as this identity's network would show it. Fails with `too_large` (naming the count and the limit) or
 * `unsupported`, with the field, when the network would not take it; and with what `refuses` says of the identity.
 */
export function renderFor(
  { name, publish }: Renderer,
  identity: Identity,
  message: Message,
  { fit = 'refuse' }: { readonly fit?: Fit } = {},
): Rendered {
  const limits = typeof publish.limits === 'function' ? publish.limits(identity) : publish.limits
  const fitted = fit === 'shorten' ? withShortAlts(message, limits) : message
  const refusal = publish.refuses?.(identity) ?? whyNot(fitted, limits, name)
  if (refusal) throw GatewayError.of(refusal)

  const show = (shown: Message) => (publish.render ? publish.render(shown, limits) : render(shown, limits))
  const rendered = show(fitted)
  if (isWithin(rendered, limits)) return rendered
  if (fit === 'refuse') throw GatewayError.of(tooLong(rendered, limits, name))

  const words = shorten(fitted.text ?? '', (text) => isWithin(show({ ...fitted, text }), limits))
  if (words === undefined) throw GatewayError.of(tooLong(rendered, limits, name))
  const short = show({ ...fitted, text: words })
  return { ...short, warnings: [...short.warnings, 'The text is too long and was shortened.'] }
}

/**
 * The message as most networks show it: the words, with the link behind them on a line of its own where it cannot
 * travel apart. Its count may be above the limit.
 */
export function render(message: Message, limits: Limits): Rendered {
  const { text = '', link, media } = message
  // No network shows a link's card beside pictures.
  const isApart = limits.link === 'apart' && media.length === 0
  const isAppended = link !== undefined && !isApart && !holdsLink(text, link.url)
  const words = isAppended ? [text, link.url].filter(Boolean).join('\n') : text
  return {
    text: words,
    count: measure(words, limits),
    limit: limits.text,
    bytes: Buffer.byteLength(words),
    link: isApart ? link : undefined,
    media,
    warnings: warningsOf(message, limits, isApart),
  }
}

function holdsLink(text: string, url: string): boolean {
  return findLinks(text).some(({ value }) => value === url)
}

function warningsOf({ link, media }: Message, limits: Limits, isApart: boolean): string[] {
  const warnings: string[] = []
  const shown = isApart ? (limits.card ?? []) : []
  const hidden = (['name', 'caption', 'description'] as const).filter(
    (word) => link?.[word] !== undefined && !shown.includes(word),
  )
  if (hidden.length > 0) warnings.push(`The link’s ${toList(hidden)} will not be shown.`)
  const isUndescribed = ({ kind, alt }: Media) => alt !== undefined && limits[kind]?.alt === undefined
  if (media.some(({ isAnimated, mimeType }) => isAnimated && !limits.image?.mimeTypes.includes(mimeType))) {
    warnings.push('Animated pictures will stand still.')
  }
  if (media.some(isUndescribed)) warnings.push('Descriptions of pictures and videos will not be shown.')
  return warnings
}

function toList(words: readonly string[]): string {
  return [words.slice(0, -1).join(', '), ...words.slice(-1)].filter(Boolean).join(' and ')
}

function isWithin({ count, limit, bytes }: Rendered, limits: Limits): boolean {
  return count <= limit && bytes <= (limits.bytes ?? Number.POSITIVE_INFINITY)
}

function tooLong({ count, limit, bytes }: Rendered, limits: Limits, name: string): Problem {
  const message =
    count > limit
      ? `${name} takes at most ${limit} characters; as it counts, this text has ${count}.`
      : `${name} takes at most ${limits.bytes} bytes; this text has ${bytes}.`
  return { code: 'too_large', message, field: 'text' }
}

function whyNot(message: Message, limits: Limits, name: string): Problem | undefined {
  const { text, link, media } = message
  if (limits.needs === 'media' && media.length === 0) {
    return {
      code: 'unsupported',
      message: `${name} takes no post without a picture or video.`,
      field: 'media',
    }
  }
  if (limits.needs === 'text' && text === undefined && !link) {
    return { code: 'unsupported', message: `${name} takes no post without words.`, field: 'text' }
  }
  const links = new Set(
    findLinks(text ?? '')
      .map(({ value }) => value)
      .concat(link?.url ?? []),
  )
  if (limits.links !== undefined && links.size > limits.links) {
    const counted = `this message has ${links.size}`
    return {
      code: 'too_large',
      message: `${name} takes at most ${limits.links} links; ${counted}.`,
      field: 'text',
    }
  }
  return mediaProblem(media, limits, name)
}

function withShortAlts(message: Message, limits: Limits): Message {
  return { ...message, media: message.media.map((medium) => withShortAlt(medium, limits[medium.kind]?.alt)) }
}

function withShortAlt(medium: Media, max: number | undefined): Media {
  const { alt } = medium
  if (alt === undefined || max === undefined || alt.length <= max) return medium
  return { ...medium, alt: shorten(alt, (text) => text.length <= max) }
}
