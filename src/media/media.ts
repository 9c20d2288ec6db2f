// The media room: takes pictures and videos, keeps them, makes them fit, and gives them public addresses.

import { open, rm, stat } from 'node:fs/promises'
import { GatewayError } from '../core/errors.ts'
import type { FetchFile } from '../core/fetch-file.ts'
import type { Log } from '../core/gateway.ts'
import type { MediaInput, MediaRoom } from '../core/media-room.ts'
import type { Limits, Media, MediaLimits } from '../core/publish.ts'
import { MEDIA_PATH, publicBase, readKey, type SigningKeys, spellKey } from './addresses.ts'
import { MEDIA_BOUNDS, type MediaBounds } from './bounds.ts'
import { createCards } from './cards.ts'
import { stretchOf } from './file-stretch.ts'
import { createFolder, type Folder, nameOfMade, type Shelf } from './folder.ts'
import { FULL_DISK, fullDiskOr } from './full-disk.ts'
import { createPainter } from './painter.ts'
import { extensionOf, SNIFF_BYTES, sniff } from './sniff.ts'
import { createStock } from './stock.ts'
import { createTaking, type Kept } from './taking.ts'

export interface MediaParts {
  /** Where files are kept; made when the first one comes. */
  readonly dir: string
  readonly bounds?: Partial<MediaBounds>
  /** Base of public addresses, such as `https://kith.example`. */
  readonly publicUrl?: string
  readonly fetchFile: FetchFile
  readonly keys: SigningKeys
  /** Hashes of what messages need that are not yet sent. */
  readonly needed: () => Promise<ReadonlySet<string>>
  readonly log: Log
  readonly now: () => number
}

/** A file that may be handed out. */
export interface PublicFile {
  readonly path: string
  readonly name: string
  readonly mimeType: string
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly until: number
}

export interface MediaHouse {
  readonly room: MediaRoom
  readonly bounds: MediaBounds
  /** The file of a public address (its last segment, without ending) whose time has not passed. */
  find(key: string): Promise<PublicFile | undefined>
  close(): Promise<void>
}

/** Pictures and videos of one request. */
const INPUTS_MAX = 20
/** Ends of addresses are rounded up to this, so that one file has one address for a while. */
const ROUND_MS = 3_600_000

/** Opens the room. Nothing is started, and no folder made, before the first file comes. */
export function createMedia(parts: MediaParts): MediaHouse {
  const { fetchFile, keys, publicUrl, log, now } = parts
  const bounds = { ...MEDIA_BOUNDS, ...parts.bounds }
  const folder = createFolder(parts.dir, now)
  const stock = createStock({ folder, bounds, needed: parts.needed, now })
  const painter = createPainter({ pixels: bounds.pixels, ms: bounds.paintMs }, { waitingMax: bounds.waiting })
  const taking = createTaking({ fetchFile, folder, stock, painter, bounds })
  const fetchPicture = (url: string) => taking.fetch(url, 'image')
  const readCard = createCards({ fetchFile, fetchPicture, bounds, log })
  const making = new Map<string, Promise<void>>()

  /** A full disk is for whoever runs this to know. */
  function noted(error: unknown): unknown {
    const seen = fullDiskOr(error)
    if (seen instanceof GatewayError && seen.message === FULL_DISK) log.error({ dir: parts.dir }, FULL_DISK)
    return seen
  }

  async function takeOne(site: { readonly id: number }, input: MediaInput, index: number): Promise<Media> {
    const { kind, alt } = input
    try {
      const isUpload = input.base64 !== undefined
      const kept = isUpload
        ? await taking.decode(input.base64, kind, site.id)
        : await taking.fetch(input.url, kind, site.id)
      return { ...kept, alt }
    } catch (error) {
      throw onField(noted(error), `media.${index}.${input.base64 === undefined ? 'url' : 'base64'}`)
    }
  }

  async function fitted(media: Kept, limits: MediaLimits | undefined): Promise<Found> {
    if (!limits)
      throw new GatewayError('unsupported', 'This network takes no such files.', { field: 'media' })
    const kept = await folder.use('kept', media.hash)
    if (kept === undefined)
      throw new GatewayError('not_found', 'The file is kept no longer.', { field: 'media' })
    const isFit = media.kind === 'video' || isWithin(media, limits)
    if (isFit) return { shelf: 'kept', name: media.hash, path: kept, mimeType: media.mimeType }
    const { bytes, side, mimeTypes } = limits
    const name = nameOfMade(media.hash, [bytes, side ?? 0, mimeTypes])
    const known = await folder.use('made', name)
    if (known === undefined) await madeOnce(name, kept, limits)
    const path = known ?? (await folder.use('made', name))
    if (path === undefined) throw new GatewayError('internal', 'A picture was lost while it was made fit.')
    return { shelf: 'made', name, path, mimeType: await mimeTypeOf(path) }
  }

  function madeOnce(name: string, from: string, limits: MediaLimits): Promise<void> {
    const work = making.get(name) ?? make(name, from, limits).finally(() => making.delete(name))
    making.set(name, work)
    return work
  }

  async function make(name: string, from: string, limits: MediaLimits): Promise<void> {
    let draft: string | undefined
    try {
      draft = await folder.draft()
      await painter.fit(from, draft, limits)
      await stock.admit(name, (await stat(draft)).size)
      await folder.keep('made', name, draft)
    } catch (error) {
      throw onField(noted(error), 'media')
    } finally {
      if (draft !== undefined) await rm(draft, { force: true })
    }
  }

  const openFile = async (media: Kept, limits: MediaLimits | undefined) => {
    const { path, mimeType } = await fitted(media, limits)
    return { bytes: stretchOf(path, (await stat(path)).size), mimeType }
  }

  const room: MediaRoom = {
    async take(site, inputs) {
      if (inputs.length > INPUTS_MAX) {
        const message = `A message takes at most ${INPUTS_MAX} pictures and videos; it has ${inputs.length}.`
        throw new GatewayError('too_large', message, { field: 'media' })
      }
      return Promise.all(inputs.map((input, index) => takeOne(site, input, index)))
    },
    open: (media, limits: Limits) => openFile(media, limits[media.kind]),
    async address(media, limits) {
      const base = publicBase(publicUrl)
      const { shelf, name, mimeType } = await fitted(media, limits[media.kind])
      const until = Math.ceil((now() + bounds.addressLifeMs) / ROUND_MS) * ROUND_MS
      return `${base}${MEDIA_PATH}${spellKey(keys, { shelf, name, until })}.${extensionOf(mimeType)}`
    },
    async card(url, image) {
      const card = await readCard(url)
      if (!card?.image || !image) return card && { ...card, image: undefined }
      try {
        return { ...card, image: await openFile(card.image, image) }
      } catch (error) {
        log.debug({ error }, 'the picture of a card could not be made fit')
        return { ...card, image: undefined }
      }
    },
    purge: stock.purge,
  }

  return {
    room,
    bounds,
    find: (key) => findPublic(folder, readKey(keys, key), now()),
    close: painter.close,
  }
}

interface Found {
  readonly shelf: Shelf
  readonly name: string
  readonly path: string
  readonly mimeType: string
}

function isWithin({ bytes, width = 0, height = 0, mimeType }: Kept, limits: MediaLimits): boolean {
  const side = Math.max(width, height)
  return bytes <= limits.bytes && side <= (limits.side ?? side) && limits.mimeTypes.includes(mimeType)
}

async function findPublic(
  folder: Folder,
  wanted: ReturnType<typeof readKey>,
  now: number,
): Promise<PublicFile | undefined> {
  if (!wanted || wanted.until <= now) return undefined
  const { shelf, name, until } = wanted
  const path = await folder.use(shelf, name)
  if (path === undefined) return undefined
  const [mimeType, { size }] = await Promise.all([mimeTypeOf(path), stat(path)])
  return { path, name, mimeType, bytes: size, until }
}

async function mimeTypeOf(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0)
    const sniffed = sniff(buffer.subarray(0, bytesRead))
    return sniffed && sniffed.kind !== 'other' ? sniffed.mimeType : 'application/octet-stream'
  } finally {
    await file.close()
  }
}

/** The same failure as one of the caller's own field, since it is the caller who named the file. */
function onField(error: unknown, field: string): GatewayError {
  const { code, message, cause, retryAfterSeconds } = GatewayError.from(error)
  const isOurs = code === 'internal' || code === 'overloaded'
  const told = isOurs || code === 'too_large' ? code : 'invalid_request'
  return new GatewayError(told, message, {
    field: isOurs ? undefined : field,
    cause: cause ?? error,
    retryAfterSeconds,
  })
}
