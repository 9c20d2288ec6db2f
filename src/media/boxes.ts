// MP4 and QuickTime: how long and how large a video is, and where it says it was taken.
// https://developer.apple.com/documentation/quicktime-file-format, ISO/IEC 14496-12.

import type { FileHandle } from 'node:fs/promises'

/** What is known of a video; what the file does not say is absent. Milliseconds and pixels, as it is shown. */
export interface VideoFacts {
  readonly durationMs?: number
  readonly width?: number
  readonly height?: number
}

/** Boxes looked at in one file, on all levels together; one that has more is no video that a player would take. */
const BOXES_MAX = 100_000
/**
 * Bytes of the index, which is held in memory while it is read, for each file that is taken at the same time. A sample
 * costs up to 24 bytes (size, time, order, key frame, place): four hours at 30 pictures a second, with sound, are 14 MB.
 */
const MOVIE_MAX = 16_000_000

/** Places are counted from the beginning of what it was read from. */
interface Box {
  readonly type: string
  readonly typeAt: number
  /** Of its content. */
  readonly start: number
  readonly end: number
}

/**
 * Reads the index of a movie and blanks what it says of place and maker (user data, metadata), which are no part of
 * what is shown. Answers undefined for a file that no player could show: without index or picture, or cut off.
 */
export async function readMovie(file: FileHandle): Promise<VideoFacts | undefined> {
  const { size } = await file.stat()
  const budget: Budget = { left: BOXES_MAX }
  let movie: Box | undefined
  let at = 0
  for (; at < size; budget.left -= 1) {
    if (budget.left === 0) return undefined
    const head = Buffer.alloc(Math.min(32, size - at))
    await file.read(head, 0, head.length, at)
    const box = boxAt(head, at, size - at)
    if (!box) return undefined
    if (box.type === 'moov') movie ??= box
    if (box.type === 'uuid' && head.subarray(8, 24).equals(XMP)) await blank(file, box)
    at = box.end
  }
  if (!movie || movie.end - movie.start > MOVIE_MAX) return undefined
  const bytes = Buffer.alloc(movie.end - movie.start)
  await file.read(bytes, 0, bytes.length, movie.start)
  const boxes = boxesIn(bytes, { start: 0, end: bytes.length }, IN_MOVIE, budget)
  const tracks = boxes
    .filter(({ type }) => type === 'trak')
    .map((track) => boxesIn(bytes, track, IN_TRACK, budget))
  const facts = factsOf(bytes, boxes, tracks, budget)
  // What was not looked at may tell of place and maker.
  if (budget.left === 0) return undefined
  const talkative = [boxes, ...tracks].flat().filter(({ type }) => type === 'udta' || type === 'meta')
  for (const box of talkative) await blank(file, box, movie.start)
  return facts
}

/** How many boxes may still be looked at. */
interface Budget {
  left: number
}

const IN_MOVIE = new Set(['mvhd', 'mvex', 'trak', 'udta', 'meta'])
const IN_TRACK = new Set(['tkhd', 'mdia', 'udta', 'meta'])

/** https://developer.adobe.com/xmp/docs/ part 3: the box of this name holds XMP. */
const XMP = Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex')

/** The box becomes free space of the same length, its content nothing; `offset` is where its places count from. */
async function blank(file: FileHandle, { typeAt, start, end }: Box, offset = 0): Promise<void> {
  await file.write('free', offset + typeAt, 'latin1')
  for (let at = start; at < end; at += NOTHING.length) {
    await file.write(NOTHING, 0, Math.min(NOTHING.length, end - at), offset + at)
  }
}

const NOTHING = Buffer.alloc(65_536)

function factsOf(
  movie: Buffer,
  boxes: readonly Box[],
  tracks: readonly (readonly Box[])[],
  budget: Budget,
): VideoFacts | undefined {
  const track = tracks.find((inner) => handlerOf(movie, inner, budget) === 'vide')
  const header = track?.find(({ type }) => type === 'tkhd')
  if (!header) return undefined
  return { durationMs: durationOf(movie, boxes, budget), ...sizeOf(movie.subarray(header.start, header.end)) }
}

function handlerOf(movie: Buffer, track: readonly Box[], budget: Budget): string | undefined {
  const media = track.find(({ type }) => type === 'mdia')
  const [handler] = media ? boxesIn(movie, media, new Set(['hdlr']), budget) : []
  return handler && movie.toString('latin1', handler.start + 8, handler.start + 12)
}

function durationOf(movie: Buffer, boxes: readonly Box[], budget: Budget): number | undefined {
  const header = boxes.find(({ type }) => type === 'mvhd')
  if (!header || header.end - header.start < 32) return undefined
  const isLong = movie[header.start] === 1
  const scale = movie.readUInt32BE(header.start + (isLong ? 20 : 12))
  const told = isLong
    ? Number(movie.readBigUInt64BE(header.start + 24))
    : movie.readUInt32BE(header.start + 16)
  const isUnknown = told === 0 || (!isLong && told === 0xffffffff)
  const duration = isUnknown ? fragmentsOf(movie, boxes, budget) : told
  return scale > 0 && duration ? Math.round((duration * 1_000) / scale) : undefined
}

/** A movie in fragments says its length beside them, if at all. */
function fragmentsOf(movie: Buffer, boxes: readonly Box[], budget: Budget): number | undefined {
  const extends_ = boxes.find(({ type }) => type === 'mvex')
  const [header] = extends_ ? boxesIn(movie, extends_, new Set(['mehd']), budget) : []
  if (!header || header.end - header.start < 8) return undefined
  const isLong = movie[header.start] === 1 && header.end - header.start >= 12
  return isLong ? Number(movie.readBigUInt64BE(header.start + 4)) : movie.readUInt32BE(header.start + 4)
}

/** Of a track header: 16.16 fixed point, and turned where its matrix says so. */
function sizeOf(header: Buffer): Pick<VideoFacts, 'width' | 'height'> {
  const matrixAt = header[0] === 1 ? 52 : 40
  if (header.length < matrixAt + 44) return {}
  const width = header.readUInt32BE(matrixAt + 36) >>> 16
  const height = header.readUInt32BE(matrixAt + 40) >>> 16
  if (width === 0 || height === 0) return {}
  const isTurned = header.readInt32BE(matrixAt) === 0 && header.readInt32BE(matrixAt + 4) !== 0
  return isTurned ? { width: height, height: width } : { width, height }
}

/** Those of one level that are of these types, as far as the budget reaches. */
function boxesIn(
  bytes: Buffer,
  { start, end }: Pick<Box, 'start' | 'end'>,
  wanted: ReadonlySet<string>,
  budget: Budget,
): Box[] {
  const boxes: Box[] = []
  for (let at = start; at + 8 <= end && budget.left > 0; budget.left -= 1) {
    const box = boxAt(bytes.subarray(at, Math.min(at + 16, end)), at, end - at)
    if (!box) break
    if (wanted.has(box.type)) boxes.push(box)
    at = box.end
  }
  return boxes
}

/** The box that begins here, its places counted from `offset`; undefined when it is none or reaches beyond the room. */
function boxAt(head: Buffer, offset: number, room: number): Box | undefined {
  if (head.length < 8) return undefined
  const told = head.readUInt32BE(0)
  const isLong = told === 1
  if (isLong && head.length < 16) return undefined
  const length = isLong ? Number(head.readBigUInt64BE(8)) : told === 0 ? room : told
  const headLength = isLong ? 16 : 8
  if (length < headLength || length > room) return undefined
  return {
    type: head.toString('latin1', 4, 8),
    typeAt: offset + 4,
    start: offset + headLength,
    end: offset + length,
  }
}
