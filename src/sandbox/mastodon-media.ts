// Files on a Mastodon server: https://docs.joinmastodon.org/methods/media/

import { complaint, notFound, signedIn } from './mastodon-access.ts'
import { mediaTypeOf } from './media-types.ts'
import { fileOf, partsOf, textOf } from './multipart.ts'
import { stateOf, type Upload } from './posts.ts'
import type { Token } from './tokens.ts'
import { type Answer, json } from './wire.ts'
import type { Call, Realm, Route } from './world.ts'

/** https://docs.joinmastodon.org/api/rate-limits/ */
const FAMILY = { name: 'media', limit: { limit: 30, windowSeconds: 1_800 } }
const WRITE = { scopes: ['write', 'write:media'], isNeeded: true }

const BYTES = { image: 16_777_216, video: 103_809_024 }
const MOST_DESCRIPTION = 1_500

export const MEDIA_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/api/v2/media', run: upload },
  { method: 'GET', path: '/api/v1/media/:id', run: show },
]

function upload(call: Call): Answer {
  return signedIn(call, { ...WRITE, family: FAMILY }, (token) => {
    const { world, realm, asked } = call
    const parts = partsOf(asked) ?? []
    const file = fileOf(parts, 'file')
    if (!file) return complaint(422, "Validation failed: File can't be blank")
    const type = mediaTypeOf(file.bytes)
    const kind = type?.startsWith('video/') ? 'video' : 'image'
    if (type === undefined) return complaint(422, 'Validation failed: File content type is invalid')
    if (file.bytes.length > BYTES[kind]) {
      return complaint(422, `Validation failed: File must be less than ${BYTES[kind] / 2 ** 20} MB`)
    }
    const alt = textOf(parts, 'description')
    if ([...(alt ?? '')].length > MOST_DESCRIPTION) {
      return complaint(
        422,
        `Validation failed: Description is too long (maximum is ${MOST_DESCRIPTION} characters)`,
      )
    }
    const made = world.uploads.add({
      realm: realm.host,
      owner: ownerOf(realm, token),
      mimeType: type,
      at: world.now(),
      bytes: file.bytes,
      alt,
      toId: (count) => ((BigInt(world.now()) << 16n) | BigInt(count & 0xffff)).toString(),
    })
    if (kind === 'video') call.process(made)
    else made.readyAt = world.now()
    const isReady = stateOf(made, world.now()) === 'ready'
    return json(isReady ? 200 : 202, toAttachment(realm, made, isReady))
  })
}

function show(call: Call): Answer {
  return signedIn(call, WRITE, (token) => {
    const { world, realm, parameters } = call
    const found = world.uploads.find(realm.host, parameters.id ?? '')
    if (!found || found.owner !== ownerOf(realm, token)) return notFound()
    const state = stateOf(found, world.now())
    if (state === 'failed') return complaint(422, 'Error processing thumbnail for uploaded media')
    const isReady = state === 'ready'
    return json(isReady ? 200 : 206, toAttachment(realm, found, isReady))
  })
}

/** https://docs.joinmastodon.org/entities/MediaAttachment/ */
export function toAttachment(realm: Realm, { id, mimeType, alt }: Upload, isReady: boolean) {
  const url = `https://files.${realm.host}/media_attachments/files/${id}/original/a`
  return {
    id,
    type: mimeType.startsWith('video/') ? 'video' : mimeType === 'image/gif' ? 'gifv' : 'image',
    url: isReady ? url : null,
    preview_url: isReady ? url.replace('/original/', '/small/') : null,
    remote_url: null,
    preview_remote_url: null,
    text_url: null,
    meta: {},
    description: alt ?? null,
    blurhash: isReady ? 'UBL_:rOpGG-;~qRjWBay%MofRjj[%MWBj[of' : null,
  }
}

/** The network's id of a token's account. */
export function ownerOf({ ids }: Realm, token: Token | undefined): string {
  return ids.toId(token?.account ?? 0)
}
