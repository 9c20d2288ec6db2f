// WebM: how long and how large a video is. https://www.rfc-editor.org/rfc/rfc8794, https://www.rfc-editor.org/rfc/rfc9559

import type { FileHandle } from 'node:fs/promises'
import type { VideoFacts } from './boxes.ts'

/** What describes the video stands at the beginning. */
const HEAD_BYTES = 1_048_576

const SEGMENT = 0x18538067
const INFO = 0x1549a966
const TIMESTAMP_SCALE = 0x2ad7b1
const DURATION = 0x4489
const TRACKS = 0x1654ae6b
const TRACK = 0xae
const VIDEO = 0xe0
const WIDTH = 0xb0
const HEIGHT = 0xba

interface Element {
  readonly id: number
  readonly start: number
  readonly end: number
}

/** What the head of a WebM file says; undefined when it has no picture. */
export async function readWebm(file: FileHandle): Promise<VideoFacts | undefined> {
  const bytes = Buffer.alloc(Math.min(HEAD_BYTES, (await file.stat()).size))
  await file.read(bytes, 0, bytes.length, 0)
  const segment = elementsIn(bytes, 0, bytes.length).find(({ id }) => id === SEGMENT)
  if (!segment) return undefined
  const parts = elementsIn(bytes, segment.start, segment.end)
  const video = within(bytes, parts, TRACKS)
    .filter(({ id }) => id === TRACK)
    .flatMap(({ start, end }) => elementsIn(bytes, start, end))
    .find(({ id }) => id === VIDEO)
  if (!video) return undefined
  const picture = elementsIn(bytes, video.start, video.end)
  const info = within(bytes, parts, INFO)
  const scale = numberOf(bytes, info, TIMESTAMP_SCALE) ?? 1_000_000
  const duration = floatOf(bytes, info, DURATION)
  return {
    durationMs: duration === undefined ? undefined : Math.round((duration * scale) / 1_000_000),
    width: numberOf(bytes, picture, WIDTH),
    height: numberOf(bytes, picture, HEIGHT),
  }
}

function within(bytes: Buffer, elements: readonly Element[], wanted: number): readonly Element[] {
  const found = elements.find(({ id }) => id === wanted)
  return found ? elementsIn(bytes, found.start, found.end) : []
}

function numberOf(bytes: Buffer, elements: readonly Element[], wanted: number): number | undefined {
  const found = elements.find(({ id }) => id === wanted)
  const length = found ? found.end - found.start : 0
  return found && length >= 1 && length <= 6 ? bytes.readUIntBE(found.start, length) : undefined
}

function floatOf(bytes: Buffer, elements: readonly Element[], wanted: number): number | undefined {
  const found = elements.find(({ id }) => id === wanted)
  if (!found) return undefined
  const length = found.end - found.start
  const value =
    length === 4 ? bytes.readFloatBE(found.start) : length === 8 ? bytes.readDoubleBE(found.start) : -1
  return Number.isFinite(value) && value > 0 ? value : undefined
}

/** The elements of one level, as far as these bytes reach. */
function elementsIn(bytes: Buffer, from: number, to: number): Element[] {
  const elements: Element[] = []
  for (let at = from; at < to && elements.length < 10_000; ) {
    const id = readVariable(bytes, at, to, { withMarker: true })
    const size = id && readVariable(bytes, id.next, to, { withMarker: false })
    if (!id || !size) break
    // A length of ones only means: until the end.
    const end = size.isUnknown ? to : Math.min(to, size.next + size.value)
    elements.push({ id: id.value, start: size.next, end })
    at = end
  }
  return elements
}

function readVariable(
  bytes: Buffer,
  at: number,
  to: number,
  { withMarker }: { readonly withMarker: boolean },
) {
  const first = bytes[at] ?? 0
  const length = Math.clz32(first) - 23
  if (first === 0 || at + length > to) return undefined
  const lead = withMarker ? first : first & (0xff >> length)
  let value = lead
  let isUnknown = lead === 0xff >> length
  for (let each = 1; each < length; each += 1) {
    const byte = bytes[at + each] ?? 0
    value = value * 256 + byte
    isUnknown &&= byte === 0xff
  }
  return { value, next: at + length, isUnknown }
}
