// From an address or an upload to a file that is kept: fetched once, known by its bytes, read to its end, cleaned.

import { type FileHandle, open, rm, stat } from 'node:fs/promises'
import { GatewayError } from '../core/errors.ts'
import type { FetchFile } from '../core/fetch-file.ts'
import type { MediaInput } from '../core/media-room.ts'
import type { Media } from '../core/publish.ts'
import { createSlots, type Slots } from '../core/slots.ts'
import type { MediaBounds } from './bounds.ts'
import { readMovie } from './boxes.ts'
import { type Folder, hashFile } from './folder.ts'
import { fullDiskOr } from './full-disk.ts'
import type { Painter } from './painter.ts'
import { createPieceWriter } from './piece-writer.ts'
import { SNIFF_BYTES, type Sniffed, sniff } from './sniff.ts'
import type { Stock } from './stock.ts'
import { readWebm } from './webm.ts'

/** A file that is kept, whatever it shows in which message. */
export type Kept = Omit<Media, 'alt'>

export interface Taking {
  /** Of one site; errors name no field. */
  fetch(url: string, kind: Media['kind'] | undefined, siteId?: number): Promise<Kept>
  decode(base64: string, kind: Media['kind'] | undefined, siteId: number): Promise<Kept>
}

export interface TakingParts {
  readonly fetchFile: FetchFile
  readonly folder: Folder
  readonly stock: Stock
  readonly painter: Painter
  readonly bounds: MediaBounds
}

const ACCEPT =
  'image/jpeg,image/png,image/webp,image/gif,image/avif,video/mp4,video/quicktime,video/webm;q=0.9,*/*;q=0.1'
const TAKEN = 'JPEG, PNG, GIF, WebP and AVIF pictures, MP4, QuickTime and WebM videos'

export function createTaking(parts: TakingParts): Taking {
  const { bounds } = parts
  const all = createSlots(bounds.fetchesAtOnce, bounds.waiting)
  const slotsOf = createSiteSlots(bounds)
  /** By kind and address; what waits, by the site too, since it waits in its site's places. */
  const begun = new Map<string, Promise<Kept>>()
  const waiting = new Map<string, Promise<Kept>>()

  async function fetch(url: string, kind: MediaInput['kind'], siteId?: number): Promise<Kept> {
    const key = `${kind ?? ''} ${url}`
    const ownKey = `${siteId ?? ''} ${key}`
    const now = () => once(begun, key, () => fetchNow(parts, url, kind))
    return begun.get(key) ?? once(waiting, ownKey, () => inPlace(siteId, now))
  }

  /** In a place of the site's and one of all. */
  async function inPlace(siteId: number | undefined, work: () => Promise<Kept>): Promise<Kept> {
    const giveBack = siteId === undefined ? undefined : await slotsOf(siteId).take()
    try {
      const leave = await all.take()
      try {
        return await work()
      } finally {
        leave()
      }
    } finally {
      giveBack?.()
    }
  }

  return { fetch, decode: (base64, kind, siteId) => inPlace(siteId, () => decode(parts, base64, kind)) }
}

/** The work of this key, which is begun when there is none. */
function once(works: Map<string, Promise<Kept>>, key: string, begin: () => Promise<Kept>): Promise<Kept> {
  const work = works.get(key) ?? begin().finally(() => works.delete(key))
  works.set(key, work)
  return work
}

/** Slots of each site that is fetching. */
function createSiteSlots({ fetchesPerSite, waiting }: MediaBounds): (siteId: number) => Slots {
  const bySite = new Map<number, Slots>()
  return (siteId) => {
    for (const [id, slots] of bySite) if (slots.taken === 0 && id !== siteId) bySite.delete(id)
    const slots = bySite.get(siteId) ?? createSlots(fetchesPerSite, waiting)
    bySite.set(siteId, slots)
    return slots
  }
}

async function fetchNow(parts: TakingParts, url: string, kind: MediaInput['kind']): Promise<Kept> {
  const { fetchFile, bounds } = parts
  return fromDraft(parts, async (file) => {
    const writer = createPieceWriter(file)
    const seen: Uint8Array[] = []
    let size = 0
    let sniffed: Known | undefined
    await fetchFile(url, {
      bytesMax: kind === 'image' ? bounds.imageBytes : Math.max(bounds.imageBytes, bounds.videoBytes),
      deadlineMs: kind === 'image' ? bounds.fetchMs : bounds.videoFetchMs,
      accept: ACCEPT,
      take(piece) {
        size += piece.length
        if (!sniffed) {
          seen.push(piece)
          if (size >= SNIFF_BYTES) sniffed = recognize(Buffer.concat(seen), kind)
        }
        if (sniffed) checkSize(sniffed, size, bounds)
        writer.write(piece)
      },
    })
    await writer.finish()
    sniffed ??= recognize(Buffer.concat(seen), kind)
    checkSize(sniffed, size, bounds)
    return sniffed
  })
}

async function decode(parts: TakingParts, base64: string, kind: MediaInput['kind']): Promise<Kept> {
  const { bounds } = parts
  const longest = Math.max(bounds.imageBytes, bounds.videoBytes)
  if (base64.length > (longest * 4) / 3 + 4) {
    throw new GatewayError('too_large', `A file may have at most ${longest} bytes.`)
  }
  const bytes = Buffer.from(base64, 'base64')
  // What is no base64 was left out in silence.
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  if (base64 === '' || bytes.length !== Math.floor(((base64.length - padding) * 3) / 4)) {
    throw new GatewayError('invalid_request', 'The file is not written in base64.')
  }
  const sniffed = recognize(bytes, kind)
  checkSize(sniffed, bytes.length, bounds)
  return fromDraft(parts, async (file) => {
    await file.writeFile(bytes)
    return sniffed
  })
}

/** Keeps what is written to a draft, and clears the draft away. */
async function fromDraft(parts: TakingParts, write: (file: FileHandle) => Promise<Known>): Promise<Kept> {
  let draft: string | undefined
  try {
    draft = await parts.folder.draft()
    const file = await open(draft, 'wx', 0o600)
    let known: Known
    try {
      known = await write(file)
    } finally {
      await file.close()
    }
    return await keep(parts, draft, known)
  } catch (error) {
    throw fullDiskOr(error)
  } finally {
    if (draft !== undefined) await rm(draft, { force: true })
  }
}

type Known = Exclude<Sniffed, { readonly kind: 'other' }>

function recognize(head: Uint8Array, wanted: MediaInput['kind']): Known {
  const sniffed = sniff(head)
  if (sniffed && sniffed.kind !== 'other' && (wanted === undefined || sniffed.kind === wanted)) return sniffed
  const nouns = { image: 'a picture', video: 'a video' }
  const what =
    sniffed?.kind === 'other' ? sniffed.name : sniffed ? nouns[sniffed.kind] : 'nothing that is known'
  const wish = wanted ? nouns[wanted] : 'a picture or video'
  throw new GatewayError('invalid_request', `The file is ${what}, not ${wish} that is taken: ${TAKEN}.`)
}

function checkSize({ kind }: Known, size: number, { imageBytes, videoBytes }: MediaBounds): void {
  const max = kind === 'image' ? imageBytes : videoBytes
  if (size <= max) return
  const noun = kind === 'image' ? 'picture' : 'video'
  throw new GatewayError('too_large', `The ${noun} is longer than ${max} bytes.`)
}

async function keep(parts: TakingParts, draft: string, { kind, mimeType }: Known): Promise<Kept> {
  const { folder, stock } = parts
  const ready = kind === 'image' ? await readyPicture(parts, draft) : await readyVideo(draft, mimeType)
  const { path, ...facts } = ready
  try {
    const [hash, { size: bytes }] = await Promise.all([hashFile(path), stat(path)])
    if ((await folder.use('kept', hash)) === undefined) await stock.admit(hash, bytes)
    await folder.keep('kept', hash, path)
    return { hash, kind, mimeType, bytes, ...facts }
  } finally {
    await rm(path, { force: true })
  }
}

type Ready = Pick<Media, 'width' | 'height' | 'durationMs' | 'isAnimated'> & { readonly path: string }

async function readyPicture({ painter, folder }: TakingParts, draft: string): Promise<Ready> {
  const clean = await folder.draft()
  try {
    const { isChanged, isAnimated, ...size } = await painter.clean(draft, clean)
    return { ...size, isAnimated: isAnimated || undefined, path: isChanged ? clean : draft }
  } catch (error) {
    // Half written, where it failed on the way.
    await rm(clean, { force: true })
    throw error
  }
}

async function readyVideo(path: string, mimeType: string): Promise<Ready> {
  const reading = await open(path, 'r+')
  try {
    const facts = mimeType === 'video/webm' ? await readWebm(reading) : await readMovie(reading)
    if (facts) return { ...facts, path }
    throw new GatewayError(
      'invalid_request',
      'The video is broken: it is cut off, or has no picture or no index.',
    )
  } finally {
    await reading.close()
  }
}
