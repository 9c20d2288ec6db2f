// Videos on a Facebook Page: uploaded in pieces, made public by one word, then processed.
// https://developers.facebook.com/docs/video-api/guides/publishing

import { z } from 'zod'
import { GatewayError } from '../core/errors.ts'
import type { Network, Part } from '../core/provider.ts'
import type { Draft, Media, Unfinished } from '../core/publish.ts'
import { Id, Text } from './fields.ts'

/** How long is waited between two looks at a video. */
const PAUSE_SECONDS = 3
/** Pieces of a video are at most so long, whatever Facebook would take. */
const PIECE_BYTES = 8 * 2 ** 20

/** An upload of which only the word to publish it is missing. */
export const VideoTicket = z.object({ video: z.string(), session: z.string() })

const Offset = z.union([z.string(), z.number()]).transform(Number).pipe(z.number().int().nonnegative())
const Session = z.object({
  video_id: Id,
  upload_session_id: Id,
  start_offset: Offset,
  end_offset: Offset,
})
const Transfer = Session.pick({ start_offset: true, end_offset: true })

// https://developers.facebook.com/docs/graph-api/reference/video
const Video = z.object({
  status: z.object({ video_status: Text }),
  post_id: Id.optional(),
  permalink_url: Text,
})

/** Uploads all of a video; nobody sees it yet. */
export async function uploadVideo(draft: Draft, medium: Media, network: Network) {
  const { bytes, mimeType } = await draft.open(medium)
  const path = `${pageOf(network)}/videos`
  const started = await network.call(
    { method: 'POST', host: 'video', path, form: { upload_phase: 'start', file_size: String(bytes.length) } },
    Session,
  )
  const { upload_session_id: session, video_id: video } = started
  let { start_offset: start, end_offset: end } = started
  // Facebook says which piece it wants next, and wants none when it has them all.
  while (start < end && start < bytes.length) {
    const piece = bytes.subarray(start, Math.min(end, start + PIECE_BYTES))
    const parts: Part[] = [
      { name: 'upload_phase', value: 'transfer' },
      { name: 'upload_session_id', value: session },
      { name: 'start_offset', value: String(start) },
      { name: 'video_file_chunk', bytes: piece, mimeType, fileName: 'video' },
    ]
    const next = await network.call({ method: 'POST', host: 'video', path, parts }, Transfer)
    if (next.start_offset <= start) {
      throw new GatewayError('network_unreadable', 'Facebook asks for the same piece of a video again.')
    }
    start = next.start_offset
    end = next.end_offset
  }
  return { video, session }
}

/**
 * Says the word. A session can be finished once: where Facebook refuses the word and has the video under way, an earlier
 * word has come through.
 */
export async function publishVideo(
  { text }: Draft,
  network: Network,
  { video, session }: z.infer<typeof VideoTicket>,
): Promise<{ unfinished: Unfinished }> {
  const form = { upload_phase: 'finish', upload_session_id: session, ...(text && { description: text }) }
  try {
    await network.fetch({ method: 'POST', host: 'video', path: `${pageOf(network)}/videos`, form })
  } catch (error) {
    const isRefused = GatewayError.from(error).code === 'network_rejected'
    if (!isRefused || !(await isUnderWay(network, video))) throw error
  }
  return { unfinished: { ticket: { video }, retryAfterSeconds: PAUSE_SECONDS } }
}

async function isUnderWay(network: Network, video: string): Promise<boolean> {
  const { status } = await askVideo(network, video)
  return status.video_status === 'processing' || status.video_status === 'ready'
}

function askVideo(network: Network, video: string): Promise<z.infer<typeof Video>> {
  const query = { fields: 'status,post_id,permalink_url' }
  return network.call({ path: `/${encodeURIComponent(video)}`, query }, Video)
}

/** How far Facebook is with a video; the id of its post once it is out. */
export async function lookAtVideo(
  ticket: unknown,
  network: Network,
): Promise<{ unfinished: Unfinished } | { id: string; url?: string }> {
  const { video } = VideoTicket.pick({ video: true }).parse(ticket)
  const { status, post_id, permalink_url } = await askVideo(network, video)
  if (status.video_status === 'error' || status.video_status === 'expired') {
    throw new GatewayError('network_rejected', 'Facebook could not process the video.')
  }
  if (status.video_status !== 'ready') {
    return { unfinished: { ticket: { video }, retryAfterSeconds: PAUSE_SECONDS } }
  }
  if (post_id) return { id: `${network.identity.subject}_${post_id}` }
  return { id: video, url: permalink_url && new URL(permalink_url, 'https://www.facebook.com').href }
}

/** Where the API has the Page. */
export function pageOf({ identity }: Network): string {
  return `/${encodeURIComponent(identity.subject)}`
}
