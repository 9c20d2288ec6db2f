// Posting on X: upload in pieces, wait until X has processed it, one request that makes the post visible.
// https://docs.x.com/x-api/media/quickstart/media-upload-chunked

import { z } from 'zod'
import { byCursor, paged } from '../core/answers.ts'
import { GatewayError } from '../core/errors.ts'
import type { Network, Provider } from '../core/provider.ts'
import type { Draft, Media, PostRef, Publish, RecentPost } from '../core/publish.ts'
import { Id, Text } from './fields.ts'
import { piecesOf } from './pieces.ts'
import { toCharacters } from './plain-text.ts'
import { twitterPublishing } from './twitter-text.ts'

/** At most 5 MB: https://docs.x.com/x-api/media/quickstart/best-practices */
const PIECE_BYTES = 4 * 2 ** 20
/** Where X does not say when to ask again. */
const USUAL_PAUSE_SECONDS = 2

const Created = z.object({ data: z.object({ id: Id }) })

const Uploaded = z.object({
  data: z.object({
    id: Id,
    processing_info: z
      .object({
        state: z.string(),
        check_after_secs: z.number().nonnegative().optional(),
        error: z.object({ name: Text, message: Text }).optional(),
      })
      .optional(),
  }),
})

type Processing = z.infer<typeof Uploaded>['data']['processing_info']

/** What was uploaded, in order, and what of it X still processes. */
const Ticket = z.object({ media: z.array(z.string()), waiting: z.array(z.string()) })

export const publish: Publish = {
  ...twitterPublishing,

  async prepare(draft, network, ticket) {
    const { media, waiting } = ticket === undefined ? await upload(draft, network) : Ticket.parse(ticket)
    const states = await Promise.all(waiting.map((id) => askState(network, id)))
    const open = waiting.filter((_, at) => !isDone(states[at]))
    if (open.length === 0) return { prepared: { ticket: { media, waiting: [] } } }
    const pauses = states.map((state) => state?.check_after_secs ?? USUAL_PAUSE_SECONDS)
    return { unfinished: { ticket: { media, waiting: open }, retryAfterSeconds: Math.min(...pauses) } }
  },

  // https://docs.x.com/x-api/posts/create-post
  async commit({ text }, network, prepared) {
    const { media } = Ticket.parse(prepared?.ticket)
    const json = { ...(text && { text }), ...(media.length > 0 && { media: { media_ids: media } }) }
    const { data } = await network.call({ method: 'POST', path: '/tweets', json }, Created)
    return { post: refOf(data.id) }
  },

  // https://docs.x.com/x-api/users/get-posts
  recent: paged({
    first: ({ subject }) => ({
      path: `/users/${encodeURIComponent(subject)}/tweets`,
      query: { max_results: 100, 'tweet.fields': 'created_at,entities' },
    }),
    body: z.object({
      data: z
        .array(
          z.object({
            id: Id,
            text: z.string(),
            created_at: z.iso.datetime(),
            entities: z
              .object({
                urls: z
                  .array(
                    z.object({
                      url: z.string(),
                      expanded_url: z.string().optional(),
                      media_key: z.string().optional(),
                    }),
                  )
                  .optional(),
              })
              .optional(),
          }),
        )
        .default([]),
      meta: z.object({ next_token: z.string().optional() }),
    }),
    items: ({ data }) => data.map(toRecent),
    next: byCursor('pagination_token', ({ meta }) => meta.next_token),
  }),
}

/** https://docs.x.com/x-api/posts/delete-post */
export const remove: NonNullable<Provider['remove']> = async ({ id }, network) => {
  try {
    await network.fetch({ method: 'DELETE', path: `/tweets/${encodeURIComponent(id)}` })
  } catch (error) {
    if (GatewayError.from(error).code !== 'not_found') throw error
  }
}

async function upload(draft: Draft, network: Network): Promise<z.infer<typeof Ticket>> {
  const media: string[] = []
  const waiting: string[] = []
  // One after another: of each only one lies in memory.
  for (const medium of draft.media) {
    const { id, isOpen } = await uploadOne(draft, medium, network)
    media.push(id)
    if (isOpen) waiting.push(id)
  }
  return { media, waiting }
}

async function uploadOne(draft: Draft, medium: Media, network: Network) {
  const { bytes, mimeType } = await draft.open(medium)
  const json = { media_type: mimeType, total_bytes: bytes.length, media_category: categoryOf(draft, medium) }
  const started = await network.call({ method: 'POST', path: '/media/upload/initialize', json }, Created)
  const { id } = started.data
  const path = `/media/upload/${encodeURIComponent(id)}`
  for (const [at, piece] of piecesOf(bytes, PIECE_BYTES).entries()) {
    await network.fetch({
      method: 'POST',
      path: `${path}/append`,
      parts: [
        { name: 'segment_index', value: String(at) },
        { name: 'media', bytes: piece, mimeType: 'application/octet-stream', fileName: 'media' },
      ],
    })
  }
  const { data } = await network.call({ method: 'POST', path: `${path}/finalize` }, Uploaded)
  if (medium.alt && medium.kind === 'image') {
    // https://docs.x.com/x-api/media/create-media-metadata
    const described = { id, metadata: { alt_text: { text: medium.alt } } }
    await network.fetch({ method: 'POST', path: '/media/metadata', json: described })
  }
  return { id, isOpen: !isDone(data.processing_info) }
}

function categoryOf({ media }: Draft, { kind, isAnimated }: Media): string {
  if (kind === 'video') return 'tweet_video'
  // A moving picture stands alone, as a video does.
  return isAnimated && media.length === 1 ? 'tweet_gif' : 'tweet_image'
}

async function askState(network: Network, id: string): Promise<Processing> {
  const query = { command: 'STATUS', media_id: id }
  const { data } = await network.call({ path: '/media/upload', query }, Uploaded)
  return data.processing_info
}

/** Without a word about processing there is none. */
function isDone(processing: Processing): boolean {
  if (processing?.state !== 'failed') return processing === undefined || processing.state === 'succeeded'
  throw new GatewayError('network_rejected', 'X could not process what was uploaded.', {
    cause: processing.error,
  })
}

// Links come back as t.co, what is attached as one more of them, and `&`, `<` and `>` as HTML:
// https://docs.x.com/x-api/fundamentals/data-dictionary
function toRecent({
  id,
  text,
  created_at,
  entities,
}: {
  readonly id: string
  readonly text: string
  readonly created_at: string
  readonly entities?: {
    readonly urls?: readonly {
      readonly url: string
      readonly expanded_url?: string
      readonly media_key?: string
    }[]
  }
}): RecentPost {
  const words = (entities?.urls ?? []).reduce(
    (shown, { url, expanded_url = url, media_key }) =>
      shown.replace(url, () => (media_key ? '' : expanded_url)),
    text,
  )
  return { ...refOf(id), text: toCharacters(words), at: Date.parse(created_at) }
}

function refOf(id: string): PostRef {
  return { id, url: `https://x.com/i/web/status/${encodeURIComponent(id)}` }
}
