// Facebook: videos of Pages, uploaded in pieces. https://developers.facebook.com/docs/video-api/guides/publishing

import { graphError } from './facebook-oauth.ts'
import { asPage, keepPost } from './facebook-pages.ts'
import { mediaTypeOf } from './media-types.ts'
import { fileOf, partsOf, textOf } from './multipart.ts'
import { bytesOf, sizeOf, stateOf, type Upload } from './posts.ts'
import { type Answer, formOf, json } from './wire.ts'
import type { Call, Route } from './world.ts'

const PIECE_BYTES = 4 * 2 ** 20
const MOST_BYTES = 10 * 2 ** 30

export const FACEBOOK_VIDEO_ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/:version/:id/videos',
    run: (call) =>
      asPage(call, (page) => {
        const parts = partsOf(call.asked) ?? []
        const form = formOf(call.asked)
        switch (form.get('upload_phase') ?? textOf(parts, 'upload_phase')) {
          case 'start':
            return start(call, page, Number(form.get('file_size')))
          case 'transfer':
            return transfer(call, page)
          case 'finish':
            return finish(call, page, form)
          default:
            return graphError(400, 100, '(#100) Invalid parameter: upload_phase')
        }
      }),
  },
]

/** A video by its id, once its upload has begun. */
export function videoOf({ world, realm }: Call, id: string): Upload | undefined {
  const upload = world.uploads.find(realm.host, id)
  return upload?.fields.isVideo === true ? upload : undefined
}

/** A video as it is read: how far it is, and the post it has become. */
export function showVideo({ world, realm }: Call, video: Upload): Answer {
  const state = stateOf(video, world.now())
  const post = world.posts.list(realm.host, video.owner).find(({ media }) => media.includes(video.id))
  const done = { status: state === 'ready' ? 'complete' : 'not_started' }
  return json(200, {
    id: video.id,
    status: {
      video_status: STATES[state],
      uploading_phase: { status: state === 'awaited' ? 'in_progress' : 'complete' },
      processing_phase: { status: state === 'failed' ? 'error' : done.status },
      publishing_phase: done,
    },
    permalink_url: `/${video.owner}/videos/${video.id}/`,
    post_id: state === 'ready' ? post?.id.split('_')[1] : undefined,
  })
}

const STATES = {
  awaited: 'upload_complete',
  processing: 'processing',
  ready: 'ready',
  failed: 'error',
} as const

function start({ world, realm }: Call, page: string, size: number): Answer {
  if (!(Number.isInteger(size) && size > 0 && size <= MOST_BYTES)) {
    return graphError(400, 100, '(#100) Param file_size must be the size of the video')
  }
  const upload = world.uploads.add({
    realm: realm.host,
    owner: page,
    mimeType: 'video/mp4',
    totalBytes: size,
    at: world.now(),
    toId: (count) => `124${String(count).padStart(14, '0')}`,
    fields: { isVideo: true },
  })
  return json(200, {
    video_id: upload.id,
    start_offset: '0',
    end_offset: String(Math.min(size, PIECE_BYTES)),
    upload_session_id: `9${upload.id}`,
  })
}

function transfer(call: Call, page: string): Answer {
  const parts = partsOf(call.asked) ?? []
  const upload = sessionOf(call, page, textOf(parts, 'upload_session_id'))
  const piece = fileOf(parts, 'video_file_chunk')
  if (!upload || !piece) return badSession()
  const from = Number(textOf(parts, 'start_offset'))
  const total = upload.totalBytes ?? 0
  if (from !== sizeOf(upload) || piece.bytes.length > PIECE_BYTES) {
    const offsets = {
      start_offset: sizeOf(upload),
      end_offset: Math.min(total, sizeOf(upload) + PIECE_BYTES),
    }
    return graphError(400, 6001, 'There was a problem uploading your video file.', {
      error_subcode: 1_363_037,
      error_data: offsets,
    })
  }
  call.world.uploads.put(upload, from, piece.bytes)
  const next = sizeOf(upload)
  return json(200, { start_offset: String(next), end_offset: String(Math.min(total, next + PIECE_BYTES)) })
}

function finish(call: Call, page: string, form: URLSearchParams): Answer {
  const upload = sessionOf(call, page, form.get('upload_session_id') ?? undefined)
  if (!upload || sizeOf(upload) !== upload.totalBytes || upload.readyAt !== undefined) return badSession()
  if (!mediaTypeOf(bytesOf(upload))?.startsWith('video/')) {
    const text = 'The video file you selected is in a format that we don’t support.'
    return graphError(400, 352, text, { error_subcode: 1_363_024 })
  }
  call.process(upload)
  const text = (form.get('description') ?? '').trim()
  if (!upload.fails) keepPost(call, page, text, { media: [upload.id], fields: { readyAt: upload.readyAt } })
  return json(200, { success: true })
}

function sessionOf(call: Call, page: string, session: string | undefined): Upload | undefined {
  const upload = session?.startsWith('9') ? videoOf(call, session.slice(1)) : undefined
  return upload?.owner === page ? upload : undefined
}

function badSession(): Answer {
  return graphError(400, 6000, 'There was a problem uploading your video file. Please try again.', {
    error_subcode: 1_363_019,
  })
}
