// Pictures read, cleaned and made fit, with sharp. Runs in the painter's thread alone.

import { stat } from 'node:fs/promises'
import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp'
import type { MediaLimits } from '../core/publish.ts'
import { FULL_DISK, isFullDisk } from './full-disk.ts'

/** What a picture is: pixels as it is shown. */
export interface PictureFacts {
  readonly width: number
  readonly height: number
  readonly isAnimated: boolean
}

/** Bounds of one job. */
export interface PaintBounds {
  /** All frames together. */
  readonly pixels: number
  readonly ms: number
}

/** Why a picture cannot be used, in a sentence for the caller. */
export class Unfit extends Error {
  readonly code: 'invalid_request' | 'too_large' | 'overloaded'

  constructor(code: Unfit['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'Unfit'
    this.code = code
  }
}

/** Beyond these a picture is no longer worth showing. */
const QUALITIES = [90, 75, 60]
const ROUNDS = 6
const PIXELS_PER_BYTE = 10
const SMALLEST_SIDE = 64

/**
 * Reads the whole picture, and writes it anew to `to` where it holds what is nobody's business (place, camera, maker)
 * or must be turned to be seen upright. Answers `isChanged` then. Throws Unfit.
 */
export async function cleanPicture(
  from: string,
  to: string,
  bounds: PaintBounds,
): Promise<PictureFacts & { readonly isChanged: boolean }> {
  const metadata = await readHead(from, bounds)
  const isAnimated = (metadata.pages ?? 1) > 1
  const options = { ...optionsOf(bounds), animated: isAnimated }
  const { width, height } = uprightSize(metadata)
  const timeout = { seconds: Math.ceil(bounds.ms / 1_000) }
  try {
    if (!isTalkative(metadata)) {
      // Every byte is read: a picture that is cut off is found now, not by one network of several.
      await sharp(from, options).timeout(timeout).resize(16, 16, { fit: 'inside' }).raw().toBuffer()
      return { width, height, isAnimated, isChanged: false }
    }
    await encode(sharp(from, options).autoOrient().timeout(timeout), metadata.format, 92).toFile(to)
    return { width, height, isAnimated, isChanged: true }
  } catch (cause) {
    throw (
      unwritten(cause) ??
      new Unfit('invalid_request', 'The picture is broken: it cannot be read to its end.', cause)
    )
  }
}

async function readHead(from: string, bounds: PaintBounds): Promise<Metadata> {
  let metadata: Metadata
  try {
    metadata = await sharp(from, optionsOf(bounds)).metadata()
  } catch (cause) {
    const isHuge = cause instanceof Error && /pixel limit/.test(cause.message)
    if (isHuge) throw tooManyPixels(bounds, cause)
    throw new Unfit('invalid_request', 'The picture is broken: it cannot be read.', cause)
  }
  const { width, height, pages = 1 } = metadata
  if (width * (metadata.pageHeight ?? height) * pages > bounds.pixels) throw tooManyPixels(bounds)
  return metadata
}

function tooManyPixels({ pixels }: PaintBounds, cause?: unknown): Unfit {
  const message = `The picture has too many pixels; at most ${pixels} are taken, all frames together.`
  return new Unfit('too_large', message, cause)
}

function optionsOf({ pixels }: PaintBounds): SharpOptions {
  return { limitInputPixels: pixels, failOn: 'error', sequentialRead: true }
}

function isTalkative({ exif, xmp, iptc, comments, orientation = 1, space }: Metadata): boolean {
  // Networks show CMYK in odd colours, where they take it at all.
  return Boolean(exif ?? xmp ?? iptc ?? comments) || orientation !== 1 || space === 'cmyk'
}

function uprightSize({ width, height, pageHeight = height, orientation = 1 }: Metadata) {
  return orientation >= 5 ? { width: pageHeight, height: width } : { width, height: pageHeight }
}

/**
 * Writes to `to` the picture within these limits, as large and as good as fits; answers its media type. Animation is
 * kept where the network takes its format, and lost where it does not. Throws Unfit when nothing fits.
 */
export async function fitPicture(
  from: string,
  to: string,
  limits: Pick<MediaLimits, 'bytes' | 'side' | 'mimeTypes'>,
  bounds: PaintBounds,
): Promise<string> {
  const metadata = await readHead(from, bounds)
  const { width, height } = uprightSize(metadata)
  const isAnimated = (metadata.pages ?? 1) > 1 && limits.mimeTypes.includes(`image/${metadata.format}`)
  const formats = isAnimated ? [String(metadata.format)] : await formatsFor(from, metadata, limits, bounds)
  const endsAt = performance.now() + bounds.ms
  const longest = Math.max(width, height)
  // Beyond this no photo fits: what is tried first should have a chance.
  const likely = longest * Math.sqrt((limits.bytes * PIXELS_PER_BYTE) / (width * height))
  let side = Math.min(longest, likely, limits.side ?? longest)
  for (let round = 0; round < ROUNDS && (round === 0 || side >= SMALLEST_SIDE); round += 1) {
    let bytes = 0
    // What is smaller is tried in the format that packs best.
    for (const format of round === 0 ? formats : formats.slice(-1)) {
      for (const quality of hasQualities(format) ? QUALITIES : [100]) {
        const leftMs = endsAt - performance.now()
        if (leftMs <= 0) throw new Unfit('too_large', 'The picture takes too long to be made fit.')
        const options = { ...optionsOf(bounds), animated: isAnimated }
        await write(shaped(sharp(from, options), { side, format, quality, ms: leftMs }), to)
        bytes = (await stat(to)).size
        if (bytes <= limits.bytes) return `image/${format}`
      }
    }
    // Bytes go about with the area.
    side *= Math.min(0.9, Math.max(0.3, 0.95 * Math.sqrt(limits.bytes / bytes)))
  }
  const kind = isAnimated ? 'animated picture' : 'picture'
  throw new Unfit('too_large', `The ${kind} cannot be made to fit into ${limits.bytes} bytes.`)
}

interface Shape {
  readonly side: number
  readonly format: string
  readonly quality: number
  readonly ms: number
}

function shaped(picture: Sharp, { side, format, quality, ms }: Shape): Sharp {
  const box = { width: Math.round(side), height: Math.round(side) }
  const small = picture
    .timeout({ seconds: Math.ceil(ms / 1_000) })
    .autoOrient()
    .resize({ ...box, fit: 'inside', withoutEnlargement: true })
  // What cannot be seen through is white, not black.
  return encode(format === 'jpeg' ? small.flatten({ background: 'white' }) : small, format, quality)
}

async function write(picture: Sharp, to: string): Promise<void> {
  try {
    await picture.toFile(to)
  } catch (cause) {
    const message = 'The picture could not be made fit for the network.'
    throw unwritten(cause) ?? new Unfit('invalid_request', message, cause)
  }
}

function unwritten(cause: unknown): Unfit | undefined {
  return isFullDisk(cause) ? new Unfit('overloaded', FULL_DISK, cause) : undefined
}

/** Formats to try, the best first. */
async function formatsFor(
  from: string,
  { hasAlpha }: Metadata,
  { mimeTypes }: Pick<MediaLimits, 'mimeTypes'>,
  bounds: PaintBounds,
): Promise<readonly string[]> {
  const isClear = hasAlpha === true && !(await sharp(from, optionsOf(bounds)).stats()).isOpaque
  const wished = isClear ? ['png', 'webp', 'jpeg'] : ['jpeg', 'webp', 'png']
  const taken = wished.filter((format) => mimeTypes.includes(`image/${format}`))
  if (taken.length > 0) return taken
  throw new Unfit('invalid_request', 'The network takes no picture in a format that can be made.')
}

function hasQualities(format: string): boolean {
  return format === 'jpeg' || format === 'webp' || format === 'avif'
}

/** Without metadata, which sharp leaves out unless asked. */
function encode(picture: Sharp, format: string | undefined, quality: number): Sharp {
  switch (format) {
    case 'png':
      return picture.png({ compressionLevel: 9 })
    case 'gif':
      return picture.gif()
    case 'webp':
      return picture.webp({ quality })
    case 'heif':
    case 'avif':
      return picture.avif({ quality })
    default:
      return picture.jpeg({ quality })
  }
}
