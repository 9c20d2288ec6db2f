// What a file is, by its first bytes.

const MARKS: readonly (readonly [type: string, at: number, mark: string])[] = [
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['video/quicktime', 4, 'ftypqt'],
  ['video/mp4', 4, 'ftyp'],
  ['video/webm', 0, '\x1a\x45\xdf\xa3'],
]

/** The media type of a picture or video; undefined for anything else. */
export function mediaTypeOf(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, 16)
  return MARKS.find(([, at, mark]) => head.startsWith(mark, at))?.[0]
}
