// LinkedIn: posts, pictures and videos of members.
// https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api, …/images-api, …/videos-api

import { secretOf } from './hash.ts'
import { complaint, signedIn, versioned } from './linkedin-access.ts'
import { mediaTypeOf } from './media-types.ts'
import { bytesOf, sizeOf, stateOf, type Upload } from './posts.ts'
import { type Answer, json, objectOf } from './wire.ts'
import type { Call, Realm, Route } from './world.ts'

const WRITE = 'w_member_social'
const MOST_TEXT = 3_000
const PART_BYTES = 4 * 2 ** 20
const MOST_IMAGE_PIXELS_BYTES = 5_000_000
const MOST_VIDEO_BYTES = 500 * 2 ** 20
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const UPLOADS = 'https://www.linkedin.com/dms-uploads'

export const LINKEDIN_POST_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/rest/posts', run: (call) => versioned(call) ?? create(call) },
  { method: 'GET', path: '/rest/posts', run: (call) => versioned(call) ?? read(call) },
  { method: 'DELETE', path: '/rest/posts/:urn', run: (call) => versioned(call) ?? remove(call) },
  { method: 'POST', path: '/rest/images', run: (call) => versioned(call) ?? beginImage(call) },
  { method: 'POST', path: '/rest/videos', run: (call) => versioned(call) ?? video(call) },
  { method: 'GET', path: '/rest/videos/:urn', run: (call) => versioned(call) ?? showVideo(call) },
  { method: 'PUT', path: '/dms-uploads/image/:name', run: putImage },
  { method: 'PUT', path: '/dms-uploads/video/:name/:part', run: putPart },
]

function create(call: Call): Answer {
  return signedIn(call, WRITE, 'partnerApiPostsExternal.CREATE', (_token, account) => {
    const { world, realm, asked } = call
    const fields = objectOf(asked.body)
    const owner = memberOf(realm, account)
    if (fields.author !== owner)
      return complaint(403, 100, 'Field Value validation failed in REQUEST_BODY: /author')
    const missing = ['commentary', 'visibility', 'distribution', 'lifecycleState'].find(
      (name) => !(name in fields),
    )
    if (missing !== undefined) return invalid(`/${missing} :: field is required but not found`)
    const text = toPlain(String(fields.commentary))
    if (text === undefined) return invalid('/commentary :: is not little text')
    if (text.length > MOST_TEXT) return invalid(`/commentary :: length of text (${text.length}) exceeds 3000`)
    const content = objectOf(JSON.stringify(fields.content ?? {}))
    const article = objectOf(JSON.stringify(content.article ?? {}))
    if (content.article !== undefined && !(isText(article.source) && isText(article.title))) {
      return invalid('/content/article/title :: field is required but not found')
    }
    const thumbnail = article.thumbnail === undefined ? [] : [String(article.thumbnail)]
    const media = mediaOf(content)
    if (text === '' && media.length === 0 && content.article === undefined)
      return invalid('/commentary :: is empty')
    const uploads = [...media, ...thumbnail].map((urn) => world.uploads.find(realm.host, urn))
    if (!uploads.every((upload) => upload?.owner === owner && stateOf(upload, world.now()) === 'ready')) {
      return invalid('/content/media/id :: is not AVAILABLE')
    }
    const double = doubleOf(call, owner, text, media)
    if (double !== undefined) {
      const error = { description: 'Duplicate post is detected', input: {}, code: 'DUPLICATE_POST' }
      return json(422, {
        errorDetailType: 'com.linkedin.common.error.BadRequest',
        message: `Content is a duplicate of ${double}`,
        errorDetails: { inputErrors: [error] },
        status: 422,
      })
    }
    const { id } = world.posts.add({
      realm: realm.host,
      owner,
      at: world.now(),
      text,
      media,
      toId: (count) => `urn:li:share:${7_100_000_000_000_000_000n + BigInt(count)}`,
      fields: { article: content.article, commentary: fields.commentary },
    })
    return { status: 201, headers: { 'x-restli-id': id, 'x-linkedin-id': id }, body: '' }
  })
}

/** Only apps that may read for members are told, and none is given leave any more. */
function read(call: Call): Answer {
  return signedIn(call, 'r_member_social', 'partnerApiPostsExternal.FINDER-author', () =>
    json(200, { elements: [] }),
  )
}

function remove(call: Call): Answer {
  return signedIn(call, WRITE, 'partnerApiPostsExternal.DELETE', (_token, account) => {
    const { world, realm, parameters } = call
    const post = world.posts.find(realm.host, parameters.urn ?? '')
    if (post && post.owner !== memberOf(realm, account)) {
      return complaint(403, 100, 'Not enough permissions to access: partnerApiPostsExternal.DELETE')
    }
    if (post) world.posts.remove(realm.host, post.id)
    // Also when it was gone before.
    return { status: 204, headers: {}, body: '' }
  })
}

function beginImage(call: Call): Answer {
  return signedIn(call, WRITE, 'images.ACTION-initializeUpload', (_token, account) => {
    if (call.asked.query.get('action') !== 'initializeUpload') return invalid('action :: is not known')
    const owner = memberOf(call.realm, account)
    if (requestOf(call, 'initializeUploadRequest').owner !== owner)
      return invalid('/owner :: is not the member')
    const upload = announce(call, owner, 'image')
    const expiresAt = call.world.now() + HOUR_MS
    const uploadUrl = `${UPLOADS}/image/${nameOf(upload)}?ca=vector_members&cn=uploads&sync=0&v=beta`
    return json(200, { value: { uploadUrlExpiresAt: expiresAt, uploadUrl, image: upload.id } })
  })
}

/** With the member's token, unlike the pieces of videos. */
function putImage(call: Call): Answer {
  return signedIn(call, WRITE, 'dms-uploads', () => {
    const { world, asked, parameters } = call
    const upload = announced(call, parameters.name)
    if (!upload) return complaint(404, 0, 'There is no such upload')
    const isImage = mediaTypeOf(asked.bytes)?.startsWith('image/')
    if (!isImage || asked.bytes.length > MOST_IMAGE_PIXELS_BYTES) return complaint(400, 0, 'Bad picture')
    world.uploads.put(upload, 0, asked.bytes)
    upload.readyAt = world.now()
    return { status: 201, headers: {}, body: '' }
  })
}

function video(call: Call): Answer {
  return signedIn(call, WRITE, `videos.ACTION-${call.asked.query.get('action')}`, (_token, account) => {
    const owner = memberOf(call.realm, account)
    switch (call.asked.query.get('action')) {
      case 'initializeUpload':
        return beginVideo(call, owner)
      case 'finalizeUpload':
        return finishVideo(call, owner)
      default:
        return invalid('action :: is not known')
    }
  })
}

function beginVideo(call: Call, owner: string): Answer {
  const fields = requestOf(call, 'initializeUploadRequest')
  const size = Number(fields.fileSizeBytes)
  if (fields.owner !== owner) return invalid('/owner :: is not the member')
  if (!(Number.isInteger(size) && size > 0 && size <= MOST_VIDEO_BYTES))
    return invalid('/fileSizeBytes :: is no size')
  const upload = announce(call, owner, 'video', size)
  const uploadInstructions = Array.from({ length: Math.ceil(size / PART_BYTES) }, (_, at) => ({
    uploadUrl: `${UPLOADS}/video/${nameOf(upload)}/${at}?ca=vector_feedshare&cn=uploads&m=AQ&app=1`,
    firstByte: at * PART_BYTES,
    lastByte: Math.min(size, (at + 1) * PART_BYTES) - 1,
  }))
  const uploadUrlsExpireAt = call.world.now() + HOUR_MS
  return json(200, { value: { uploadUrlsExpireAt, video: upload.id, uploadInstructions, uploadToken: '' } })
}

/** Whoever knows the address may write there; one that shows a token is told that it does not belong here. */
function putPart(call: Call): Answer {
  const { world, asked, parameters } = call
  const upload = announced(call, parameters.name)
  const part = Number(parameters.part)
  if (!upload || !(part >= 0)) return complaint(404, 0, 'There is no such upload')
  if (asked.headers.authorization !== undefined) return complaint(400, 0, 'An upload carries no token')
  world.uploads.put(upload, part, asked.bytes)
  return { status: 200, headers: { etag: etagOf(upload, part) }, body: '' }
}

function finishVideo(call: Call, owner: string): Answer {
  const fields = requestOf(call, 'finalizeUploadRequest')
  const upload = call.world.uploads.find(call.realm.host, String(fields.video))
  if (upload?.owner !== owner) return complaint(404, 0, 'There is no such video')
  const wanted = [...upload.pieces.keys()]
    .sort((one, other) => one - other)
    .map((part) => etagOf(upload, part))
  if (JSON.stringify(fields.uploadedPartIds) !== JSON.stringify(wanted))
    return invalid('/uploadedPartIds :: do not match')
  if (sizeOf(upload) !== upload.totalBytes || mediaTypeOf(bytesOf(upload)) !== 'video/mp4') {
    return invalid('/video :: is incomplete or no MP4')
  }
  call.process(upload)
  return { status: 200, headers: {}, body: '' }
}

const STATES = {
  awaited: 'WAITING_UPLOAD',
  processing: 'PROCESSING',
  ready: 'AVAILABLE',
  failed: 'PROCESSING_FAILED',
}

function showVideo(call: Call): Answer {
  return signedIn(call, WRITE, 'videos.GET', (_token, account) => {
    const { world, realm, parameters } = call
    const upload = world.uploads.find(realm.host, parameters.urn ?? '')
    if (upload?.owner !== memberOf(realm, account)) return complaint(404, 0, 'There is no such video')
    const status = STATES[stateOf(upload, world.now())]
    const reason =
      status === 'PROCESSING_FAILED' ? { processingFailureReason: 'Unsupported video format' } : {}
    return json(200, { id: upload.id, owner: upload.owner, status, ...reason })
  })
}

function announce(
  { world, realm }: Call,
  owner: string,
  kind: 'image' | 'video',
  totalBytes?: number,
): Upload {
  return world.uploads.add({
    realm: realm.host,
    owner,
    mimeType: kind === 'video' ? 'video/mp4' : 'image/*',
    at: world.now(),
    totalBytes,
    toId: (count) => `urn:li:${kind}:C4E${secretOf(16, kind, realm.seed, count)}`,
  })
}

function announced({ world, realm }: Call, name: string | undefined): Upload | undefined {
  const upload = ['image', 'video'].map((kind) => world.uploads.find(realm.host, `urn:li:${kind}:${name}`))
  return upload.find((each) => each !== undefined)
}

function nameOf({ id }: Upload): string {
  return id.replace(/^.*:/, '')
}

function etagOf({ id }: Upload, part: number): string {
  return `/ambry-video/signedId/${secretOf(24, id, part)}.bin`
}

/** The same words without pictures, within a day. */
function doubleOf(
  { world, realm }: Call,
  owner: string,
  text: string,
  media: readonly string[],
): string | undefined {
  if (media.length > 0) return undefined
  const latest = world.posts.list(realm.host, owner, 50)
  const isDouble = (post: (typeof latest)[number]) => post.media.length === 0 && post.text === text
  return latest.find((post) => isDouble(post) && post.at > world.now() - DAY_MS)?.id
}

function mediaOf(content: Readonly<Record<string, unknown>>): string[] {
  const one = objectOf(JSON.stringify(content.media ?? {})).id
  const many = objectOf(JSON.stringify(content.multiImage ?? {})).images
  if (isText(one)) return [one]
  return Array.isArray(many) ? many.map((each) => String(objectOf(JSON.stringify(each)).id)) : []
}

/** What is read of little text; undefined where it is none: a reserved character that nothing escapes. */
function toPlain(text: string): string | undefined {
  const tags = text.replaceAll(
    /\{hashtag\|\\([#＃])\|((?:\\.|[^|{}\\])+)\}/gu,
    (_, mark, words) => `\\${mark}${words}`,
  )
  const bare = tags.replaceAll(/https?:\/\/\S+/g, '').replaceAll(/\\./gs, '')
  return /[|{}@[\]()<>#*_~\\]/.test(bare) ? undefined : tags.replaceAll(/\\(.)/gs, '$1')
}

function memberOf(realm: Realm, account: number): string {
  return `urn:li:person:${realm.ids.toId(account)}`
}

function requestOf({ asked }: Call, name: string): Record<string, unknown> {
  return objectOf(JSON.stringify(objectOf(asked.body)[name] ?? {}))
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function invalid(message: string): Answer {
  return json(422, { status: 422, code: 'INVALID_REQUEST', message: `ERROR :: ${message}` })
}
