// MP4 and QuickTime: how long and how large a video is, and where it says it was taken.
// https://developer.apple.com/documentation/quicktime-file-format, ISO/IEC 14496-12.

import type { FileHandle } from 'node:fs/promises'

/** What is known of a video; what the file does not say is absent. Milliseconds and pixels, as it is shown. */
export interface VideoFacts {
  readonly durationMs?: number
  readonly width?: number
  readonly height?: number
}

/** Boxes looked at on one level, and bytes of the index: far above what a player would take. */
const BOXES_MAX = 100_000
const MOVIE_MAX = 64_000_000

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
  let movie: Box | undefined
  let at = 0
  for (let count = 0; at < size && count < BOXES_MAX; count += 1) {
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
  for (const box of talkative(bytes)) await blank(file, box, movie.start)
  return factsOf(bytes)
}

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

function talkative(movie: Buffer): readonly Box[] {
  const boxes = boxesIn(movie, 0, movie.length)
  const inTracks = boxes
    .filter(({ type }) => type === 'trak')
    .flatMap(({ start, end }) => boxesIn(movie, start, end))
  return [...boxes, ...inTracks].filter(({ type }) => type === 'udta' || type === 'meta')
}

function factsOf(movie: Buffer): VideoFacts | undefined {
  const boxes = boxesIn(movie, 0, movie.length)
  const track = boxes
    .filter(({ type }) => type === 'trak')
    .map((box) => boxesIn(movie, box.start, box.end))
    .find((inner) => handlerOf(movie, inner) === 'vide')
  const header = track?.find(({ type }) => type === 'tkhd')
  if (!header) return undefined
  return { durationMs: durationOf(movie, boxes), ...sizeOf(movie.subarray(header.start, header.end)) }
}

function handlerOf(movie: Buffer, track: readonly Box[]): string | undefined {
  const media = track.find(({ type }) => type === 'mdia')
  const handler = media && boxesIn(movie, media.start, media.end).find(({ type }) => type === 'hdlr')
  return handler && movie.toString('latin1', handler.start + 8, handler.start + 12)
}

function durationOf(movie: Buffer, boxes: readonly Box[]): number | undefined {
  const header = boxes.find(({ type }) => type === 'mvhd')
  if (!header || header.end - header.start < 32) return undefined
  const isLong = movie[header.start] === 1
  const scale = movie.readUInt32BE(header.start + (isLong ? 20 : 12))
  const told = isLong
    ? Number(movie.readBigUInt64BE(header.start + 24))
    : movie.readUInt32BE(header.start + 16)
  const isUnknown = told === 0 || (!isLong && told === 0xffffffff)
  const duration = isUnknown ? fragmentsOf(movie, boxes) : told
  return scale > 0 && duration ? Math.round((duration * 1_000) / scale) : undefined
}

/** A movie in fragments says its length beside them, if at all. */
function fragmentsOf(movie: Buffer, boxes: readonly Box[]): number | undefined {
  const extends_ = boxes.find(({ type }) => type === 'mvex')
  const header = extends_ && boxesIn(movie, extends_.start, extends_.end).find(({ type }) => type === 'mehd')
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

function boxesIn(bytes: Buffer, from: number, to: number): Box[] {
  const boxes: Box[] = []
  for (let at = from; at + 8 <= to && boxes.length < BOXES_MAX; ) {
    const box = boxAt(bytes.subarray(at, to), at, to - at)
    if (!box) break
    boxes.push(box)
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
