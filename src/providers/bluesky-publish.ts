// Posts on Bluesky: records under a key of our own. https://docs.bsky.app/docs/advanced-guides/posts

import { z } from 'zod'
import { byCursor, paged } from '../core/answers.ts'
import { GatewayError } from '../core/errors.ts'
import type { OpenMedia } from '../core/media-room.ts'
import type { Network } from '../core/provider.ts'
import type { Draft, Facet, MediaLimits, MessageLink, PostRef, Publish, RecentPost } from '../core/publish.ts'

// https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
const COLLECTION = 'app.bsky.feed.post'
const MOST_ON_A_PAGE = 100

// https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/embed/external.json
const THUMB: MediaLimits = {
  bytes: 1_000_000,
  side: 2_000,
  mimeTypes: ['image/jpeg', 'image/png', 'image/webp'],
}

// https://github.com/bluesky-social/atproto/blob/main/lexicons/com/atproto/repo/uploadBlob.json
const Blob = z.object({ blob: z.record(z.string(), z.unknown()) })
const Did = z.object({ did: z.string() })
const Written = z.object({ uri: z.string() })
const Records = z.object({
  cursor: z.string().optional(),
  records: z.array(
    z.object({ uri: z.string(), value: z.object({ text: z.string(), createdAt: z.string() }) }),
  ),
})
const Ticket = z.object({ record: z.record(z.string(), z.unknown()) })

/** The whole record, with files uploaded and mentioned handles looked up; nobody sees them yet. */
async function prepare(draft: Draft, network: Network): ReturnType<NonNullable<Publish['prepare']>> {
  const [embed, facets] = await Promise.all([embedOf(draft, network), facetsOf(draft, network)])
  const record = {
    $type: COLLECTION,
    text: draft.text,
    createdAt: new Date(draft.at).toISOString(),
    facets: facets.length > 0 ? facets : undefined,
    embed,
  }
  return { prepared: { ticket: { record } } }
}

/**
 * NOTE: `putRecord`, not `createRecord`: the same record under the same key is written once, and the second time answered
 * like the first; `createRecord` answers it with 500, as it does a fault.
 * https://github.com/bluesky-social/atproto/blob/main/packages/pds/src/api/com/atproto/repo/putRecord.ts
 */
async function commit(
  { key }: Draft,
  network: Network,
  prepared: { readonly ticket: unknown } | undefined,
): Promise<{ post: PostRef }> {
  const { record } = Ticket.parse(prepared?.ticket)
  const json = { repo: network.identity.subject, collection: COLLECTION, rkey: key, record }
  const request = { method: 'POST', path: '/com.atproto.repo.putRecord', json } as const
  const { uri } = await network.call(request, Written)
  return { post: toPost(uri) }
}

function toPost(uri: string): PostRef {
  const [, , did = '', , key = ''] = uri.split('/')
  return { id: uri, url: `https://bsky.app/profile/${did}/post/${key}` }
}

async function embedOf(draft: Draft, network: Network): Promise<object | undefined> {
  const [first] = draft.media
  if (first?.kind === 'video') {
    return {
      $type: 'app.bsky.embed.video',
      video: await uploaded(draft.open(first), network),
      alt: first.alt,
    }
  }
  if (first) {
    const images = await Promise.all(
      draft.media.map(async (medium) => ({
        image: await uploaded(draft.open(medium), network),
        alt: medium.alt ?? '',
        aspectRatio:
          medium.width && medium.height ? { width: medium.width, height: medium.height } : undefined,
      })),
    )
    return { $type: 'app.bsky.embed.images', images }
  }
  return draft.link && cardOf(draft, draft.link, network)
}

/** What the message says of the link goes before what the page says of itself. */
async function cardOf(draft: Draft, link: MessageLink, network: Network): Promise<object> {
  const card = await draft.card?.(link.url, THUMB)
  const external = {
    uri: link.url,
    title: link.name ?? card?.title ?? link.url,
    description: link.description ?? card?.description ?? '',
    thumb: card?.image && (await uploaded(card.image, network)),
  }
  return { $type: 'app.bsky.embed.external', external }
}

async function uploaded(opened: OpenMedia | Promise<OpenMedia>, network: Network): Promise<unknown> {
  const raw = await opened
  const request = { method: 'POST', path: '/com.atproto.repo.uploadBlob', raw } as const
  return (await network.call(request, Blob)).blob
}

// https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/richtext/facet.json
async function facetsOf({ facets = [] }: Draft, network: Network): Promise<object[]> {
  const features = await Promise.all(facets.map((facet) => featureOf(facet, network)))
  return facets.flatMap(({ start, end }, at) => {
    const feature = features[at]
    return feature ? [{ index: { byteStart: start, byteEnd: end }, features: [feature] }] : []
  })
}

async function featureOf({ kind, value }: Facet, network: Network): Promise<object | undefined> {
  if (kind === 'link') return { $type: 'app.bsky.richtext.facet#link', uri: value }
  if (kind === 'tag') return { $type: 'app.bsky.richtext.facet#tag', tag: value }
  const did = await didOf(value, network)
  return did === undefined ? undefined : { $type: 'app.bsky.richtext.facet#mention', did }
}

/** Undefined for a handle that nobody has: it stays plain words. */
async function didOf(handle: string, network: Network): Promise<string | undefined> {
  try {
    const request = { path: '/com.atproto.identity.resolveHandle', query: { handle } }
    return (await network.call(request, Did)).did
  } catch (error) {
    const { code } = GatewayError.from(error)
    if (code === 'network_rejected' || code === 'not_found' || code === 'network_unreadable') return undefined
    throw error
  }
}

/** The account's own records; they are there as soon as they are written, unlike what the app view shows. */
const recent = paged<RecentPost, z.infer<typeof Records>>({
  first: ({ subject }) => ({
    path: '/com.atproto.repo.listRecords',
    query: { repo: subject, collection: COLLECTION, limit: MOST_ON_A_PAGE },
  }),
  body: Records,
  items: ({ records }) =>
    records.map(({ uri, value }) => {
      return { ...toPost(uri), text: value.text, at: Date.parse(value.createdAt) || 0 }
    }),
  next: byCursor('cursor', ({ cursor }) => cursor),
})

/** How a record is made and found again. */
export const publishRecord: Pick<Publish, 'prepare' | 'commit' | 'recent' | 'datesByDraft' | 'once'> = {
  prepare,
  commit,
  recent,
  datesByDraft: true,
  // A key is taken for good.
  once: { by: 'record', seconds: Number.POSITIVE_INFINITY },
}

/** Deletes a post; a server answers the same for one that is not there. */
export async function removeRecord({ id }: PostRef, network: Network): Promise<void> {
  const [, , repo, collection, rkey] = id.split('/')
  const json = { repo, collection, rkey }
  await network.fetch({ method: 'POST', path: '/com.atproto.repo.deleteRecord', json })
}
