// Every bound of the media room, with its default.

export interface MediaBounds {
  /** Longest picture, in bytes, as it comes. */
  readonly imageBytes: number
  /** Longest video, in bytes. */
  readonly videoBytes: number
  /** Pixels of a picture, all of its frames together. */
  readonly pixels: number
  /** How long a picture may take to arrive. */
  readonly fetchMs: number
  /** How long a video may take to arrive. */
  readonly videoFetchMs: number
  /** Files fetched at once by one process. */
  readonly fetchesAtOnce: number
  /** The same, of one site. */
  readonly fetchesPerSite: number
  /** Fetches, and pictures to be fitted, that wait; more are `overloaded`. */
  readonly waiting: number
  /** How long one picture may take to be read, or written anew. */
  readonly paintMs: number
  /** All files together. */
  readonly folderBytes: number
  /** How long a file is kept that no unsent message needs, since it was last asked for. */
  readonly keepMs: number
  /** How long a public address works. */
  readonly addressLifeMs: number
  /** Files handed out at once. */
  readonly servedAtOnce: number
  /** How much of a page is read for its card. */
  readonly cardBytes: number
  /** How long a page may take. */
  readonly cardMs: number
  /** How long a card is remembered. */
  readonly cardMemoryMs: number
  /** Cards remembered. */
  readonly cards: number
}

/** The stated defaults. */
export const MEDIA_BOUNDS: MediaBounds = {
  imageBytes: 20_000_000,
  videoBytes: 100_000_000,
  pixels: 64_000_000,
  fetchMs: 10_000,
  videoFetchMs: 60_000,
  fetchesAtOnce: 16,
  fetchesPerSite: 8,
  waiting: 200,
  paintMs: 20_000,
  folderBytes: 10_000_000_000,
  keepMs: 30 * 86_400_000,
  addressLifeMs: 2 * 86_400_000,
  servedAtOnce: 256,
  cardBytes: 524_288,
  cardMs: 5_000,
  cardMemoryMs: 300_000,
  cards: 1_000,
}
