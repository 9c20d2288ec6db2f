// The settings of pictures and videos.

import { z } from 'zod'
import { MEDIA_BOUNDS, type MediaBounds } from './media/bounds.ts'
import { LIFE_MAX_MS, number, words } from './setting-kinds.ts'

/** Where files are kept, and every bound of media/bounds.ts. */
export const media = z
  .object({
    dir: words({
      text: 'Folder of pictures and videos; several processes on one database share it.',
      shown: 'media beside the SQLite file',
    }),
    imageBytes: of(
      'imageBytes',
      'bytes',
      'Longest picture that is taken; it is made fit for each network.',
      1,
    ),
    videoBytes: of('videoBytes', 'bytes', 'Longest video that is taken.', 1),
    pixels: of('pixels', 'pixels', 'Pixels of a picture, all of its frames together.', 1),
    fetchMs: of('fetchMs', 'ms', 'How long a picture may take to arrive from its address.', 1),
    videoFetchMs: of('videoFetchMs', 'ms', 'How long a video may take to arrive from its address.', 1),
    fetchesAtOnce: of('fetchesAtOnce', 'files', 'Files fetched at the same time.', 1),
    fetchesPerSite: of('fetchesPerSite', 'files', 'The same, of one site.', 1),
    waiting: of('waiting', 'files', 'Files waiting to be fetched or made fit; more are refused as overload.'),
    paintMs: of('paintMs', 'ms', 'How long one picture may take to be read or made fit.', 1_000),
    folderBytes: of('folderBytes', 'bytes', 'All files together; then those unused the longest go.', 1),
    keepMs: of(
      'keepMs',
      'ms',
      'How long a file is kept since it was last used, once no message waits for it.',
      0,
      LIFE_MAX_MS,
    ),
    addressLifeMs: of(
      'addressLifeMs',
      'ms',
      'How long a public address of a file works.',
      60_000,
      LIFE_MAX_MS,
    ),
    servedAtOnce: of('servedAtOnce', 'files', 'Files handed out at the same time.', 1),
    cardBytes: of('cardBytes', 'bytes', 'How much of a page is read for the card of its link.', 1),
    cardMs: of('cardMs', 'ms', 'How long that page may take.', 1),
    cardMemoryMs: of('cardMemoryMs', 'ms', 'How long a card is remembered.', 1),
    cards: of('cards', 'cards', 'Cards that are remembered.', 1),
  } satisfies Record<keyof MediaBounds | 'dir', z.ZodType>)
  .meta({ title: 'Pictures and videos', prefix: 'MEDIA_' })

function of(key: keyof MediaBounds, unit: string, text: string, min = 0, max?: number) {
  return number(MEDIA_BOUNDS[key], unit, text, { min, max })
}
