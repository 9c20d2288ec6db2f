// Records of a repository, and blobs: lexicons com.atproto.repo.*

import { createHash } from 'node:crypto'
import { actorToIndex, complaint, counted, invalid } from './bluesky-actors.ts'
import { mediaTypeOf } from './media-types.ts'
import type { Post } from './posts.ts'
import { type Answer, json, numberIn, objectOf } from './wire.ts'
import type { Call, Route } from './world.ts'

/** https://github.com/bluesky-social/pds/blob/main/installer.sh */
const MOST_BLOB_BYTES = 52_428_800
/** Bytes of a picture in a post, and of the picture of a card. */
const MOST_IMAGE_BYTES = 2_000_000
const MOST_THUMB_BYTES = 1_000_000

export const RECORD_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/xrpc/com.atproto.repo.uploadBlob', run: uploadBlob },
  { method: 'POST', path: '/xrpc/com.atproto.repo.createRecord', run: createRecord },
  { method: 'POST', path: '/xrpc/com.atproto.repo.putRecord', run: putRecord },
  { method: 'POST', path: '/xrpc/com.atproto.repo.deleteRecord', run: deleteRecord },
  { method: 'GET', path: '/xrpc/com.atproto.repo.getRecord', run: getRecord },
  { method: 'GET', path: '/xrpc/com.atproto.repo.listRecords', run: listRecords },
]

/** Runs for the token's own account; its DID comes along. */
function own(call: Call, run: (did: string) => Answer): Answer {
  return counted(call, (token) =>
    token?.account === undefined
      ? complaint(401, 'AuthMissing', 'Authentication Required')
      : run(call.realm.ids.toId(token.account)),
  )
}

function uploadBlob(call: Call): Answer {
  return own(call, (did) => {
    const { world, realm, asked } = call
    const { bytes } = asked
    if (bytes.length === 0) return invalid('Request has no body')
    if (bytes.length > MOST_BLOB_BYTES) return complaint(413, 'PayloadTooLarge', 'request entity too large')
    const cid = cidOf(0x55, bytes)
    // The type is sniffed; what was said counts where that tells nothing.
    const mimeType = mediaTypeOf(bytes) ?? asked.headers['content-type'] ?? 'application/octet-stream'
    world.uploads.add({ realm: realm.host, owner: did, mimeType, at: world.now(), bytes, toId: () => cid })
    return json(200, { blob: { $type: 'blob', ref: { $link: cid }, mimeType, size: bytes.length } })
  })
}

/** As the network's own home server: a key that is taken breaks the commit, which is told like a fault of its own. */
function createRecord(call: Call): Answer {
  return write(call, (before) =>
    before ? complaint(500, 'InternalServerError', 'Internal Server Error') : undefined,
  )
}

/** The same record again is left as it is. */
function putRecord(call: Call): Answer {
  return write(call, () => undefined)
}

function write(call: Call, refuse: (before: Post | undefined) => Answer | undefined): Answer {
  return own(call, (did) => {
    const { world, realm, asked } = call
    const { repo, collection, rkey = tid(world.now()), record } = objectOf(asked.body)
    const value = fieldsOf(record)
    if (repo !== did) return complaint(401, 'AuthRequired', 'Authentication Required')
    if (typeof collection !== 'string' || typeof rkey !== 'string' || !KEY.test(rkey)) {
      return invalid('Invalid record key')
    }
    const problem = problemOf(call, did, value)
    if (problem) return problem
    const uri = `at://${did}/${collection}/${rkey}`
    const cid = cidOf(0x71, Buffer.from(JSON.stringify(value)))
    const before = world.posts.find(realm.host, uri)
    const refusal = refuse(before)
    if (refusal) return refusal
    const answer = { uri, cid, validationStatus: 'valid' }
    if (before?.fields.cid === cid) return json(200, answer)
    if (before) world.posts.remove(realm.host, uri)
    world.posts.add({
      realm: realm.host,
      owner: did,
      at: world.now(),
      text: String(value.text ?? ''),
      media: blobsIn(value),
      key: rkey,
      toId: () => uri,
      fields: { cid, value, collection },
    })
    return json(200, {
      ...answer,
      commit: { cid: cidOf(0x71, Buffer.from(uri + cid)), rev: tid(world.now()) },
    })
  })
}

const KEY = /^[\w.:~-]{1,512}$/
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })

// https://github.com/bluesky-social/atproto/blob/main/lexicons/app/bsky/feed/post.json
function problemOf({ world, realm }: Call, did: string, value: Record<string, unknown>): Answer | undefined {
  const { $type, text, createdAt } = value
  const told = (what: string) => invalid(`Invalid ${String($type)} record: ${what}`)
  if ($type !== 'app.bsky.feed.post') return told('Record/$type is not known here')
  if (typeof text !== 'string') return told('Record must have the property "text"')
  if (typeof createdAt !== 'string') return told('Record must have the property "createdAt"')
  if (Buffer.byteLength(text) > 3_000) return told('Record/text must not be longer than 3000 characters')
  if ([...GRAPHEMES.segment(text)].length > 300) {
    return told('Record/text must not be longer than 300 graphemes')
  }
  const isCard = fieldsOf(value.embed).$type === 'app.bsky.embed.external'
  for (const cid of blobsIn(value)) {
    const blob = world.uploads.find(realm.host, cid)
    if (!blob || blob.owner !== did) return invalid(`Could not find blob: ${cid}`, 'BlobNotFound')
    const size = blob.pieces.get(0)?.length ?? 0
    const most = isCard ? MOST_THUMB_BYTES : MOST_IMAGE_BYTES
    if (blob.mimeType.startsWith('image/') && size > most) {
      return invalid(`This file is too large. It is ${size} but the maximum size is ${most}.`, 'BlobTooLarge')
    }
  }
  return undefined
}

/** CIDs of all blobs that a record names. */
function blobsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { $type, ref } = fieldsOf(value)
  if ($type === 'blob') return [String(fieldsOf(ref).$link)]
  return Object.values(value).flatMap(blobsIn)
}

/** It is gone afterwards, whether it was there or not. */
function deleteRecord(call: Call): Answer {
  return own(call, (did) => {
    const { world, realm, asked } = call
    const { repo, collection, rkey } = objectOf(asked.body)
    if (repo !== did) return complaint(401, 'AuthRequired', 'Authentication Required')
    world.posts.remove(realm.host, `at://${did}/${String(collection)}/${String(rkey)}`)
    return json(200, {})
  })
}

function getRecord(call: Call): Answer {
  return counted(call, () => {
    const { world, realm, asked } = call
    const [repo, collection, rkey] = ['repo', 'collection', 'rkey'].map((name) => asked.query.get(name) ?? '')
    const post = world.posts.find(realm.host, `at://${repo}/${collection}/${rkey}`)
    if (post) return json(200, toRecord(post))
    return invalid(`Could not locate record: at://${repo}/${collection}/${rkey}`, 'RecordNotFound')
  })
}

/** Latest key first. */
function listRecords(call: Call): Answer {
  return counted(call, () => {
    const { world, realm, asked } = call
    const size = numberIn(asked.query, 'limit') ?? 50
    if (!(size >= 1 && size <= 100)) return invalid('Error: limit must be 1 to 100')
    const index = actorToIndex(call, asked.query.get('repo') ?? '')
    if (index === undefined) return invalid(`Could not find repo: ${asked.query.get('repo')}`)
    const cursor = asked.query.get('cursor')
    const all = world.posts
      .list(realm.host, realm.ids.toId(index))
      .filter(({ fields }) => fields.collection === asked.query.get('collection'))
      .toSorted((one, other) => ((one.key ?? '') < (other.key ?? '') ? 1 : -1))
    const records = all.filter(({ key = '' }) => cursor === null || key < cursor).slice(0, size)
    const last = records.at(-1)
    return json(200, { records: records.map(toRecord), cursor: last?.key })
  })
}

function toRecord({ id, fields }: Post) {
  return { uri: id, cid: fields.cid, value: fields.value }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/** A CID of version 1 with SHA-256, in base32: https://github.com/multiformats/cid */
function cidOf(codec: number, bytes: Uint8Array): string {
  const digest = createHash('sha256').update(bytes).digest()
  const whole = Buffer.concat([Buffer.from([1, codec, 0x12, 0x20]), digest])
  let bits = ''
  for (const byte of whole) bits += byte.toString(2).padStart(8, '0')
  const letters = bits.match(/.{1,5}/g) ?? []
  return `b${letters.map((five) => BASE32[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')}`
}

const TID = '234567abcdefghijklmnopqrstuvwxyz'

/** https://atproto.com/specs/tid, without a number of its own for the clock. */
function tid(now: number): string {
  let rest = (BigInt(now) * 1000n) << 10n
  let text = ''
  for (let at = 0; at < 13; at += 1) {
    text = TID[Number(rest & 31n)] + text
    rest >>= 5n
  }
  return text
}
