// X: uploading in pieces. https://docs.x.com/x-api/media/quickstart/media-upload-chunked

import { mediaTypeOf } from './media-types.ts'
import { fileOf, partsOf, textOf } from './multipart.ts'
import { bytesOf, sizeOf, stateOf, type Upload } from './posts.ts'
import type { Token } from './tokens.ts'
import { type Answer, json, objectOf } from './wire.ts'
import type { Call, Route } from './world.ts'
import { invalid, problem, signedIn } from './x-answers.ts'

const SCOPES = ['media.write']
const MOST_PIECE_BYTES = 5 * 2 ** 20
const DAY_SECONDS = 86_400

/** https://docs.x.com/x-api/media/introduction */
const CATEGORIES: Readonly<Record<string, { readonly bytes: number; readonly types: RegExp }>> = {
  tweet_image: { bytes: 5 * 2 ** 20, types: /^image\/(jpeg|png|webp|gif|bmp|tiff)$/ },
  tweet_gif: { bytes: 15 * 2 ** 20, types: /^image\/gif$/ },
  tweet_video: { bytes: 512 * 2 ** 20, types: /^video\/(mp4|quicktime|webm)$/ },
  amplify_video: { bytes: 512 * 2 ** 20, types: /^video\/(mp4|quicktime|webm)$/ },
}

export const X_MEDIA_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/2/media/upload/initialize', run: initialize },
  { method: 'POST', path: '/2/media/upload/:id/append', run: append },
  { method: 'POST', path: '/2/media/upload/:id/finalize', run: finalize },
  { method: 'GET', path: '/2/media/upload', run: status },
  { method: 'POST', path: '/2/media/metadata', run: describe },
]

function initialize(call: Call): Answer {
  return signedIn(call, 'initialize', SCOPES, (token) => {
    const { world, realm, asked } = call
    const fields = objectOf(asked.body)
    const category = String(fields.media_category)
    const rule = CATEGORIES[category]
    const type = String(fields.media_type)
    const total = Number(fields.total_bytes)
    if (!rule) return invalid('media_category', category, 'The media_category is not one of the known ones.')
    if (!rule.types.test(type)) return invalid('media_type', type, 'media type unrecognized.')
    if (!(Number.isInteger(total) && total >= 1 && total <= rule.bytes)) {
      return invalid(
        'total_bytes',
        String(fields.total_bytes),
        'File size exceeds the limit of this category.',
      )
    }
    const upload = world.uploads.add({
      realm: realm.host,
      owner: ownerOf(call, token),
      mimeType: type,
      totalBytes: total,
      at: world.now(),
      toId: (count) => snowflakeAt(world.now(), count),
      fields: { category },
    })
    return json(200, { data: shown(upload) })
  })
}

function append(call: Call): Answer {
  return signedIn(call, 'append', SCOPES, (token) => {
    const { world, asked } = call
    const upload = uploadOf(call, token, call.parameters.id)
    if (!upload) return unknownMedia(call.parameters.id ?? '')
    const parts = partsOf(asked) ?? []
    const place = Number(textOf(parts, 'segment_index'))
    const piece = fileOf(parts, 'media')
    if (!(Number.isInteger(place) && place >= 0 && place <= 999)) {
      return invalid('segment_index', textOf(parts, 'segment_index') ?? '', 'segment_index must be 0 to 999.')
    }
    if (!piece) return invalid('media', '', 'Missing media field.')
    if (piece.bytes.length > MOST_PIECE_BYTES) return problem(413, 'Request Entity Too Large')
    world.uploads.put(upload, place, piece.bytes)
    return json(200, { data: { expires_at: Math.floor(world.now() / 1000) + DAY_SECONDS } })
  })
}

function finalize(call: Call): Answer {
  return signedIn(call, 'finalize', SCOPES, (token) => {
    const upload = uploadOf(call, token, call.parameters.id)
    if (!upload) return unknownMedia(call.parameters.id ?? '')
    if (sizeOf(upload) !== upload.totalBytes) {
      return invalid('id', upload.id, 'Segments do not add up to provided total file size.')
    }
    if (mediaTypeOf(bytesOf(upload)) !== upload.mimeType) {
      return invalid('id', upload.id, 'The media is not of the announced type.')
    }
    if (upload.mimeType.startsWith('video/') || upload.fields.category === 'tweet_gif') call.process(upload)
    else upload.readyAt = call.world.now()
    const processing = processingOf(call, upload)
    // A picture is ready at once, and nothing is said of processing.
    const isNamed = processing && processing.state !== 'succeeded'
    return json(200, {
      data: { ...shown(upload), size: sizeOf(upload), ...(isNamed && { processing_info: processing }) },
    })
  })
}

function status(call: Call): Answer {
  return signedIn(call, 'status', SCOPES, (token) => {
    const id = call.asked.query.get('media_id') ?? ''
    if (call.asked.query.get('command') !== 'STATUS')
      return invalid('command', '', 'The command is not known.')
    const upload = uploadOf(call, token, id)
    if (!upload) return unknownMedia(id)
    return json(200, { data: { ...shown(upload), processing_info: processingOf(call, upload) } })
  })
}

function describe(call: Call): Answer {
  return signedIn(call, 'metadata', SCOPES, (token) => {
    const { id, metadata } = objectOf(call.asked.body)
    const upload = uploadOf(call, token, String(id))
    if (!upload) return unknownMedia(String(id))
    const alt = objectOf(JSON.stringify(metadata)).alt_text
    const { text } = objectOf(JSON.stringify(alt))
    if (typeof text !== 'string' || text.length > 1000) {
      return invalid('metadata.alt_text.text', String(text), 'The text must have 1 to 1000 characters.')
    }
    upload.alt = text
    return json(200, { data: { id, associated_metadata: { alt_text: { text } } } })
  })
}

/** An upload of this account. */
export function uploadOf({ world, realm }: Call, token: Token, id: string | undefined): Upload | undefined {
  const upload = world.uploads.find(realm.host, id ?? '')
  return upload && token.account !== undefined && upload.owner === realm.ids.toId(token.account)
    ? upload
    : undefined
}

/** 19 digits that hold a time (milliseconds since 1970) and a number: https://docs.x.com/fundamentals/x-ids */
export function snowflakeAt(at: number, count: number): string {
  return ((BigInt(at - 1_288_834_974_657) << 22n) | BigInt(count & 0x3fffff)).toString()
}

function ownerOf({ realm }: Call, { account = 0 }: Token): string {
  return realm.ids.toId(account)
}

function shown({ id, mimeType, at }: Upload) {
  const kind = mimeType.startsWith('video/') ? 13 : 3
  return {
    id,
    media_key: `${kind}_${id}`,
    expires_after_secs: DAY_SECONDS,
    expires_at: Math.floor(at / 1000) + DAY_SECONDS,
  }
}

function processingOf({ world }: Call, upload: Upload) {
  switch (stateOf(upload, world.now())) {
    case 'awaited':
      return undefined
    case 'processing':
      return { state: 'in_progress', check_after_secs: 1, progress_percent: 8 }
    case 'failed': {
      const error = { code: 1, name: 'InvalidMedia', message: 'Unsupported video format' }
      return { state: 'failed', progress_percent: 12, error }
    }
    default:
      return { state: 'succeeded', progress_percent: 100 }
  }
}

function unknownMedia(id: string): Answer {
  return invalid('id', id, 'Your media IDs are invalid.')
}
