// The seam to files that lie anywhere in the web: pictures, videos and pages that a caller names.

/** How one file is fetched. */
export interface FetchFileOptions {
  /** Longer ones are `too_large`, or cut there where `isCut`. */
  readonly bytesMax: number
  readonly isCut?: boolean
  /** From asking to the last byte, redirects included. */
  readonly deadlineMs: number
  /** Sent as `Accept`. */
  readonly accept: string
  /** Given each piece, in order, as it comes. What it throws ends the fetch, and is thrown. */
  take(piece: Uint8Array): void
}

/** What is known of a file that was fetched; all of it is only what its host says. */
export interface FetchedFile {
  /** Where it was in the end, after redirects. */
  readonly url: string
  /** `Content-Type` as it was spelled; '' when there was none. */
  readonly contentType: string
}

/**
 * Fetches one file by GET, without cookies, from public addresses only (each redirect is looked at like the first).
 * `invalid_request` for an address that is none, `network_rejected` for one that must not be asked and for an answer
 * other than 200, `too_large`, `network_unreached`, `network_silent`, `network_unreadable`.
 */
export type FetchFile = (url: string, options: FetchFileOptions) => Promise<FetchedFile>
