// Posting on LinkedIn as a member. There is no `recent`: reading a member's posts needs r_member_social, which LinkedIn
// no longer gives to apps.
// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api

import { z } from 'zod'
import { GatewayError } from '../core/errors.ts'
import type { OpenMedia } from '../core/media-room.ts'
import type { ApiRequest, Network, Provider } from '../core/provider.ts'
import type { Draft, Media, MediaLimits, Publish } from '../core/publish.ts'
import { Id, Text } from './fields.ts'
import { linkedinPublishing, toLittleText } from './linkedin-text.ts'

/** Where pictures go: with our token, and no token of ours goes elsewhere. */
const UPLOADS = 'https://www.linkedin.com/dms-uploads/'
/** How long is waited between two looks at a video. */
const PAUSE_SECONDS = 3

/** The picture of a card, as LinkedIn shows it at most. */
const CARD_IMAGE: MediaLimits = { bytes: 5_000_000, side: 1_200, mimeTypes: ['image/jpeg', 'image/png'] }

/** What was uploaded, in order; `video`: LinkedIn still processes it; `thumbnail`: the picture of a card. */
const Ticket = z.object({
  media: z.array(z.string()),
  video: z.string().optional(),
  thumbnail: z.string().optional(),
})

// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api
const ImageUpload = z.object({ value: z.object({ uploadUrl: z.url(), image: Id }) })

// https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/videos-api
const VideoUpload = z.object({
  value: z.object({
    video: Id,
    uploadToken: z.string().default(''),
    uploadInstructions: z
      .array(
        z.object({
          uploadUrl: z.url(),
          firstByte: z.coerce.number().int().nonnegative(),
          lastByte: z.coerce.number().int().nonnegative(),
        }),
      )
      .min(1),
  }),
})

const Video = z.object({ status: z.string(), processingFailureReason: Text })

export const publish: Publish = {
  ...linkedinPublishing,

  async prepare(draft, network, ticket) {
    const uploaded = ticket === undefined ? await upload(draft, network) : Ticket.parse(ticket)
    const { video, ...rest } = uploaded
    if (video === undefined || (await isAvailable(network, video))) return { prepared: { ticket: rest } }
    return { unfinished: { ticket: uploaded, retryAfterSeconds: PAUSE_SECONDS } }
  },

  async commit(draft, network, prepared) {
    const ticket = Ticket.parse(prepared?.ticket)
    const json = {
      author: authorOf(network),
      commentary: toLittleText(draft.text),
      visibility: 'PUBLIC',
      distribution: { feedDistribution: 'MAIN_FEED', targetEntities: [], thirdPartyDistributionChannels: [] },
      content: contentOf(draft, ticket),
      lifecycleState: 'PUBLISHED',
      isReshareDisabledByAuthor: false,
    }
    const { headers } = await network.fetch(rest({ method: 'POST', path: '/posts', json }))
    const id = headers['x-restli-id'] ?? headers['x-linkedin-id']
    if (id) return { post: { id, url: `https://www.linkedin.com/feed/update/${id}/` } }
    throw new GatewayError('network_unreadable', 'LinkedIn took the post and did not say under which id.')
  },
}

/** https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api#delete-posts */
export const remove: NonNullable<Provider['remove']> = async ({ id }, network) => {
  const headers = { 'x-restli-method': 'DELETE' }
  try {
    await network.fetch(rest({ method: 'DELETE', path: `/posts/${encodeURIComponent(id)}`, headers }))
  } catch (error) {
    if (GatewayError.from(error).code !== 'not_found') throw error
  }
}

async function upload(draft: Draft, network: Network): Promise<z.infer<typeof Ticket>> {
  const [first] = draft.media
  if (first?.kind === 'video') {
    const video = await uploadVideo(draft, first, network)
    return { media: [video], video }
  }
  const media: string[] = []
  // One after another: of each only one lies in memory.
  for (const medium of draft.media) media.push(await uploadPicture(await draft.open(medium), network))
  return { media, thumbnail: await uploadThumbnail(draft, network) }
}

/** LinkedIn does not look at the page itself: without this, a card has no picture. */
async function uploadThumbnail({ link, card }: Draft, network: Network): Promise<string | undefined> {
  const said = link && (await card?.(link.url, CARD_IMAGE))
  if (!said?.image) return undefined
  try {
    return await uploadPicture(said.image, network)
  } catch (error) {
    const failure = GatewayError.from(error)
    // A picture that LinkedIn does not like costs the picture, not the post.
    if (failure.code === 'network_rejected') return undefined
    throw failure
  }
}

async function uploadPicture({ bytes, mimeType }: OpenMedia, network: Network): Promise<string> {
  const json = { initializeUploadRequest: { owner: authorOf(network) } }
  const query = { action: 'initializeUpload' }
  const { value } = await network.call(rest({ method: 'POST', path: '/images', query, json }), ImageUpload)
  const raw = { bytes, mimeType }
  const isTheirs = value.uploadUrl.startsWith(UPLOADS)
  await network.fetch({
    method: 'PUT',
    ...(isTheirs ? { host: 'uploads', path: value.uploadUrl } : { path: '', upload: value.uploadUrl }),
    raw,
  })
  return value.image
}

async function uploadVideo(draft: Draft, medium: Media, network: Network): Promise<string> {
  const { bytes } = await draft.open(medium)
  const request = { owner: authorOf(network), fileSizeBytes: bytes.length }
  const json = { initializeUploadRequest: { ...request, uploadCaptions: false, uploadThumbnail: false } }
  const query = { action: 'initializeUpload' }
  const { value } = await network.call(rest({ method: 'POST', path: '/videos', query, json }), VideoUpload)
  const { video, uploadToken, uploadInstructions } = value
  const uploadedPartIds: string[] = []
  for (const { uploadUrl, firstByte, lastByte } of uploadInstructions) {
    const raw = { bytes: bytes.subarray(firstByte, lastByte + 1), mimeType: 'application/octet-stream' }
    const { headers } = await network.fetch({ method: 'PUT', path: '', upload: uploadUrl, raw })
    if (!headers.etag)
      throw new GatewayError('network_unreadable', 'LinkedIn did not name a piece of a video.')
    uploadedPartIds.push(headers.etag)
  }
  await network.fetch(
    rest({
      method: 'POST',
      path: '/videos',
      query: { action: 'finalizeUpload' },
      json: { finalizeUploadRequest: { video, uploadToken, uploadedPartIds } },
    }),
  )
  return video
}

async function isAvailable(network: Network, video: string): Promise<boolean> {
  const { status, processingFailureReason } = await network.call(
    rest({ path: `/videos/${encodeURIComponent(video)}` }),
    Video,
  )
  if (status !== 'PROCESSING_FAILED') return status === 'AVAILABLE'
  throw new GatewayError('network_rejected', 'LinkedIn could not process the video.', {
    cause: processingFailureReason,
  })
}

function contentOf(
  { media, link }: Draft,
  { media: ids, thumbnail }: z.infer<typeof Ticket>,
): object | undefined {
  const [id] = ids
  // https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/multiimage-post-api
  if (ids.length > 1)
    return { multiImage: { images: ids.map((each, at) => ({ id: each, altText: media[at]?.alt })) } }
  if (id !== undefined) {
    const [medium] = media
    return { media: { id, ...(medium?.kind === 'image' && { altText: medium.alt }) } }
  }
  return link && { article: { source: link.url, title: link.name, description: link.description, thumbnail } }
}

function authorOf({ identity }: Network): string {
  return `urn:li:person:${identity.subject}`
}

/** https://learn.microsoft.com/en-us/linkedin/marketing/versioning */
function rest(request: ApiRequest): ApiRequest {
  const headers = {
    'linkedin-version': '{version}',
    'x-restli-protocol-version': '2.0.0',
    ...request.headers,
  }
  return { ...request, host: 'rest', headers }
}
