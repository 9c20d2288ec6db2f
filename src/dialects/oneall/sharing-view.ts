// Messages and their publications as OneAll's objects.

import type { Gateway } from '../../core/gateway.ts'
import { linksOf, type ShortLink } from '../../core/links.ts'
import type { Media, Message } from '../../core/publish.ts'
import type { MessageFlags, MessageHead, Publication, SharedMessage } from '../../core/sharing-store.ts'
import { toDate } from './envelope.ts'
import { toPublicationStatus } from './publication-status.ts'
import { toShorturl } from './shorturls.ts'
import { toProvider } from './wire.ts'
import type { PlainObject } from './xml.ts'

/** A message in a list. */
export function toMessageHead({ token, createdAt, lastPublishedAt }: MessageHead): PlainObject {
  return {
    sharing_message_token: token,
    date_creation: toDate(createdAt),
    date_last_published: lastPublishedAt === undefined ? undefined : toDate(lastPublishedAt),
  }
}

/** A message as publishing answers it: what became of it on each network. */
export async function toPublished(gateway: Gateway, message: SharedMessage): Promise<PlainObject> {
  const entries = await toPublications(gateway, message)
  return { ...toMessageHead(message), publications: { count: entries.length, entries } }
}

/** What some clients read as `message`, with a bare list in it, and others as `sharing_message`. */
export async function toBoth(gateway: Gateway, message: SharedMessage): Promise<PlainObject> {
  const entries = await toPublications(gateway, message)
  const head = toMessageHead(message)
  return {
    message: { ...head, publications: entries },
    sharing_message: { ...head, publications: { count: entries.length, entries } },
  }
}

/** A message with all that it is made of. */
export async function toMessageDetails(gateway: Gateway, message: SharedMessage): Promise<PlainObject> {
  return { ...(await toPublished(gateway, message)), parts: toParts(message.message, message.flags) }
}

/** The publications of a message, in order, each with its own short links. */
export async function toPublications(
  gateway: Gateway,
  message: SharedMessage,
): Promise<readonly PlainObject[]> {
  const { flags, publications, siteId: id } = message
  const links = flags.tracksLinks ? await linksOf(gateway, { id }, publications) : undefined
  return publications.map((publication) =>
    toPublication(gateway, message, publication, links?.get(publication.key)),
  )
}

function toPublication(
  gateway: Gateway,
  { userToken }: Pick<MessageHead, 'userToken'>,
  publication: Publication,
  links: readonly ShortLink[] | undefined,
): PlainObject {
  const { identityToken, state, endedAt, post } = publication
  const { key, name } = toProvider(gateway, publication.provider)
  const isPublished = state === 'published' && endedAt !== undefined
  // Nobody was shown the links of what was not sent.
  const isSent = state !== 'failed' && state !== 'cancelled'
  return {
    status: { ...toPublicationStatus(publication, name, gateway.now()) },
    provider: key,
    user_token: userToken,
    identity_token: identityToken,
    date_publication: isPublished ? toDate(endedAt) : undefined,
    post: post && { id: post.id, url: post.url },
    shorturls: isSent && links ? { count: links.length, entries: links.map(toShorturl) } : undefined,
  }
}

function toParts({ text, link, media }: Message, { tracksLinks = false }: MessageFlags): PlainObject {
  const [picture, video] = (['image', 'video'] as const).map((wanted) =>
    media.find(({ kind, source }) => kind === wanted && source !== undefined),
  )
  const uploads = media.filter((medium) => medium !== picture && medium !== video)
  return {
    text: text === undefined ? undefined : { body: text },
    picture: picture && { url: picture.source, caption: picture.alt },
    video: video && { url: video.source },
    link: link && { ...link },
    uploads: uploads.length > 0 ? uploads.map(toUpload) : undefined,
    flags: { enable_tracking: tracksLinks ? 1 : 0 },
  }
}

/** What was uploaded, without its bytes. */
function toUpload({ kind, mimeType, bytes, width, height }: Media): PlainObject {
  return { type: kind, mime_type: mimeType, size: bytes, width, height }
}
