// What can go wrong, as one closed list. Every dialect must give each code a number, or it does not compile.

export const ERRORS = {
  invalid_request: { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  unknown_route: { status: 404, retryable: false },
  not_found: { status: 404, retryable: false },
  conflict: { status: 409, retryable: false },
  /** The network is gone for good. */
  discontinued: { status: 410, retryable: false },
  too_large: { status: 413, retryable: false },
  unsupported: { status: 422, retryable: false },
  relink_required: { status: 422, retryable: false },
  permission_missing: { status: 422, retryable: false },
  network_rejected: { status: 422, retryable: false },
  /** Our own limit, not the network's. */
  throttled: { status: 429, retryable: true },
  /** The network's limit. */
  rate_limited: { status: 429, retryable: true },
  network_unavailable: { status: 502, retryable: true },
  /** No byte of the request was written (DNS, refused, TLS): safe to repeat, whatever the method. */
  network_unreached: { status: 502, retryable: true },
  network_unreadable: { status: 502, retryable: false },
  /** We are at a bound of our own (queue, sockets, memory). */
  overloaded: { status: 503, retryable: true },
  /** Asked, and heard nothing: a POST may or may not have happened. */
  network_silent: { status: 504, retryable: true },
  internal: { status: 500, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>

export type ErrorCode = keyof typeof ERRORS

/** What went wrong, as a value: safe to store, to show and to send. */
export interface Problem {
  readonly code: ErrorCode
  /** For a person who can act on it; never holds a secret. */
  readonly message: string
  readonly retryAfterSeconds?: number
  /** The field of the caller's request that is wrong, spelled as the caller spelled it. */
  readonly field?: string
}

interface Details {
  readonly retryAfterSeconds?: number
  readonly field?: string
  readonly cause?: unknown
  readonly isUndone?: boolean
}

/** The one error of the house: the code is the kind, the message is for the caller, the cause is for the log. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly retryAfterSeconds?: number
  readonly field?: string
  /** What was asked of the network has certainly not been done: it was not asked, or said so. */
  readonly isUndone?: boolean

  constructor(code: ErrorCode, message: string, { retryAfterSeconds, field, cause, isUndone }: Details = {}) {
    super(message, { cause })
    this.name = 'GatewayError'
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
    this.field = field
    this.isUndone = isUndone
  }

  get status(): number {
    return ERRORS[this.code].status
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }

  get problem(): Problem {
    const { code, message, retryAfterSeconds, field } = this
    return { code, message, retryAfterSeconds, field }
  }

  /** Any thrown thing as a GatewayError; what we did not foresee becomes `internal` and says one sentence only. */
  static from(error: unknown): GatewayError {
    if (error instanceof GatewayError) return error
    return new GatewayError('internal', 'Something went wrong on our side.', { cause: error })
  }

  /** The same error, saying that what was asked of the network has certainly not been done. */
  static undone(error: unknown): GatewayError {
    const { code, message, retryAfterSeconds, field, cause } = GatewayError.from(error)
    return new GatewayError(code, message, { retryAfterSeconds, field, cause, isUndone: true })
  }

  /** A stored problem as an error again. */
  static of({ code, message, retryAfterSeconds, field }: Problem): GatewayError {
    return new GatewayError(code, message, { retryAfterSeconds, field })
  }
}
