// Whether a network takes these pictures and videos, before anything is sent.

import type { Problem } from './errors.ts'
import type { Limits, Media, MediaLimits } from './publish.ts'

/**
 * Why a network of this name does not take these media, naming what it takes; undefined when it does. Pictures are
 * fitted before they are uploaded, so only their number and their descriptions can be wrong; videos go as they are.
 */
export function mediaProblem(media: readonly Media[], limits: Limits, name: string): Problem | undefined {
  return (
    numberProblem(media, limits, name) ??
    first(media.map((medium, at) => mediumProblem(medium, limits, name, at)))
  )
}

function numberProblem(media: readonly Media[], limits: Limits, name: string): Problem | undefined {
  const videos = media.filter(({ kind }) => kind === 'video').length
  if (videos > 0 && media.length > 1 && !limits.mixed) {
    return refusal('unsupported', `${name} takes a video only by itself.`, 'media')
  }
  if (media.length > Math.max(limits.images, videos)) {
    const takes = limits.images === 0 ? 'no pictures' : `at most ${limits.images} pictures`
    return refusal('too_large', `${name} takes ${takes}; this message has ${media.length}.`, 'media')
  }
  return undefined
}

function mediumProblem(medium: Media, limits: Limits, name: string, at: number): Problem | undefined {
  const field = `media.${at}`
  const taken = limits[medium.kind]
  if (!taken) {
    return refusal(
      'unsupported',
      `${name} takes no ${medium.kind === 'video' ? 'videos' : 'pictures'}.`,
      field,
    )
  }
  const altLength = medium.alt?.length ?? 0
  if (altLength > (taken.alt ?? altLength)) {
    const counted = `this one has ${altLength}`
    return refusal(
      'too_large',
      `${name} takes at most ${taken.alt} characters of description; ${counted}.`,
      `${field}.alt`,
    )
  }
  return medium.kind === 'video' ? videoProblem(medium, taken, name, field) : undefined
}

function videoProblem(video: Media, taken: MediaLimits, name: string, field: string): Problem | undefined {
  const takes = `${name} takes videos ${toWords(taken)}`
  if (!taken.mimeTypes.includes(video.mimeType)) {
    return refusal('unsupported', `${takes}; this one is ${video.mimeType}.`, field)
  }
  if (video.bytes > taken.bytes) {
    return refusal('too_large', `${takes}; this one has ${toMegabytes(video.bytes)}.`, field)
  }
  const durationMs = video.durationMs ?? 0
  if (durationMs > (taken.durationMs ?? durationMs)) {
    return refusal('too_large', `${takes}; this one lasts ${Math.ceil(durationMs / 1000)} seconds.`, field)
  }
  const side = Math.max(video.width ?? 0, video.height ?? 0)
  if (side > (taken.side ?? side)) {
    return refusal('too_large', `${takes}; this one is ${side} pixels on its longest side.`, field)
  }
  return undefined
}

function toWords({ bytes, side, mimeTypes, durationMs }: MediaLimits): string {
  const bounds = [
    `of ${mimeTypes.join(', ')}`,
    `up to ${toMegabytes(bytes)}`,
    durationMs === undefined ? '' : `up to ${durationMs / 1000} seconds`,
    side === undefined ? '' : `up to ${side} pixels on the longest side`,
  ]
  return bounds.filter(Boolean).join(', ')
}

function toMegabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toLocaleString('en', { maximumFractionDigits: 1 })} MB`
}

function refusal(code: Problem['code'], message: string, field: string): Problem {
  return { code, message, field }
}

function first<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined)
}
