// Posting on a Facebook Page, with the Page's own token. https://developers.facebook.com/docs/pages-api/posts

import { z } from 'zod'
import { byUrl, paged } from '../core/answers.ts'
import { GatewayError } from '../core/errors.ts'
import type { Network, Part, Provider } from '../core/provider.ts'
import type { Draft, Media, PostRef, Publish, RecentPost } from '../core/publish.ts'
import { withoutSecrets } from './facebook-addresses.ts'
import { facebookPublishing } from './facebook-text.ts'
import { lookAtVideo, pageOf, publishVideo, uploadVideo, VideoTicket } from './facebook-videos.ts'
import { Address, Id, Text } from './fields.ts'

const POSTS_PER_PAGE = 50

/** Pictures that lie there unpublished, or a video of which only the word to publish it is missing. */
const Ticket = z.union([z.object({ pictures: z.array(z.string()) }), VideoTicket])

const Made = z.object({ id: Id })
// `+0000` is no offset that ECMAScript's own form of times knows. What is no time at all is an error: a post whose time
// is unknown would count as absent.
const Time = z
  .string()
  .transform((text) => Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, '$1:$2')))
  .pipe(z.number())

export const publish: Publish = {
  ...facebookPublishing,

  async prepare(draft, network) {
    const [first] = draft.media
    if (first?.kind === 'video') return { prepared: { ticket: await uploadVideo(draft, first, network) } }
    const pictures: string[] = []
    // One after another: of each only one lies in memory.
    for (const medium of draft.media) pictures.push(await uploadPicture(draft, medium, network))
    return { prepared: { ticket: { pictures } } }
  },

  async commit(draft, network, prepared) {
    const ticket = Ticket.parse(prepared?.ticket)
    if ('video' in ticket) return publishVideo(draft, network, ticket)
    const attached = ticket.pictures.map((id, at) => [
      `attached_media[${at}]`,
      JSON.stringify({ media_fbid: id }),
    ])
    const form = {
      ...(draft.text && { message: draft.text }),
      ...(draft.link && { link: draft.link.url }),
      ...Object.fromEntries(attached),
    }
    const { id } = await network.call({ method: 'POST', path: `${pageOf(network)}/feed`, form }, Made)
    return { post: refOf(id) }
  },

  async finish(ticket, network) {
    const state = await lookAtVideo(ticket, network)
    return 'unfinished' in state ? state : { post: { id: state.id, url: state.url ?? refOf(state.id).url } }
  },

  // https://developers.facebook.com/docs/graph-api/reference/page/published_posts
  recent: paged({
    first: ({ subject }) => ({
      path: `/${encodeURIComponent(subject)}/published_posts`,
      query: { fields: 'id,message,created_time,permalink_url', limit: POSTS_PER_PAGE },
    }),
    body: z.object({
      data: z.array(z.object({ id: Id, message: Text, created_time: Time, permalink_url: Address })),
      paging: z.object({ next: z.url().optional() }).optional(),
    }),
    items: ({ data }) => data.map(toRecent),
    next: byUrl(({ paging }) => paging?.next && withoutSecrets(paging.next)),
  }),
}

/** https://developers.facebook.com/docs/pages-api/posts#delete-a-post */
export const remove: NonNullable<Provider['remove']> = async ({ id }, network) => {
  try {
    await network.fetch({ method: 'DELETE', path: `/${encodeURIComponent(id)}` })
  } catch (error) {
    if (GatewayError.from(error).code !== 'not_found') throw error
  }
}

/** https://developers.facebook.com/docs/graph-api/reference/page/photos */
async function uploadPicture(draft: Draft, medium: Media, network: Network): Promise<string> {
  const { bytes, mimeType } = await draft.open(medium)
  const parts: Part[] = [
    { name: 'published', value: 'false' },
    ...(medium.alt ? [{ name: 'alt_text_custom', value: medium.alt }] : []),
    { name: 'source', bytes, mimeType, fileName: mimeType.replace('/', '.') },
  ]
  const { id } = await network.call({ method: 'POST', path: `${pageOf(network)}/photos`, parts }, Made)
  return id
}

function refOf(id: string): PostRef {
  return { id, url: `https://www.facebook.com/${encodeURIComponent(id)}` }
}

function toRecent({
  id,
  message = '',
  created_time,
  permalink_url,
}: {
  readonly id: string
  readonly message?: string
  readonly created_time: number
  readonly permalink_url?: string
}): RecentPost {
  return { id, url: permalink_url ?? refOf(id).url, text: message, at: created_time }
}
