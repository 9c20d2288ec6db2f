// The seam to servers of our sites that want to be told something: POSTs to addresses that a caller named.

/** One message to such a server. */
export interface Notice {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** From connecting to the head of the answer. */
  readonly deadlineMs: number
}

/**
 * Sends one notice, to public addresses only, without following redirects; answers the HTTP status. `invalid_request` for
 * an address that is none, `network_unreached` where nothing can have arrived, `network_silent` where it may have.
 */
export type SendNotice = (url: string, notice: Notice) => Promise<number>
