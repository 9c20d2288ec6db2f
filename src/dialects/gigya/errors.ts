// Gigya's error codes: their fixed texts, and which of them a failure of the house is.

import { type ErrorCode, GatewayError } from '../../core/errors.ts'

// The table that clients copied: https://github.com/graze/gigya-client/blob/master/src/Response/ErrorCode.php
export const MESSAGES = {
  0: 'OK',
  100001: 'Data pending',
  200001: 'Operation canceled',
  200008: 'OK with errors',
  200009: 'Accounts linked',
  206001: 'Account pending registration',
  206002: 'Account pending verification',
  206003: 'Account missing loginID',
  301001: 'Invalid data center',
  400001: 'Invalid request format',
  400002: 'Missing required parameter',
  400003: 'Unique identifier exists',
  400004: 'Invalid parameter format',
  400006: 'Invalid parameter value',
  400008: 'Invalid authentication header',
  400009: 'Validation',
  400011: 'Invalid redirect URI',
  400012: 'Invalid response type',
  400013: 'Unsupported grant type',
  400014: 'Invalid grant',
  400015: 'Code expired',
  400030: 'Operation not allowed',
  400093: 'Invalid ApiKey parameter',
  400096: 'Not supported',
  400106: 'Not connected',
  400120: 'Invalid site domain',
  400122: 'Provider configuration error',
  400124: 'Limit reached',
  403000: 'Forbidden',
  403002: 'Request has expired',
  403003: 'Invalid request signature',
  403004: 'Duplicate nonce',
  403005: 'Unauthorized user',
  403006: 'Secret Sent Over Http',
  403007: 'Permission denied',
  403009: 'Provider session expired',
  403010: 'Invalid Secret',
  403011: 'Session has expired',
  403012: 'No valid session',
  403015: 'Missing request referrer',
  403017: 'Unexpected provider user',
  403022: 'Permission not requested',
  403023: 'No user permission',
  403024: 'Provider limit reached',
  403025: 'Invalid token',
  403035: 'No user cookie',
  403036: 'Unauthorized partner',
  403040: 'No login ticket',
  403047: 'Login ID does not exist',
  403048: 'API Rate Limit Exceeded',
  404000: 'Not found',
  404001: 'Friend not found',
  404003: 'UID not found',
  405001: 'Invalid API method',
  409001: 'Identity exists',
  410000: 'Gone',
  413001: 'Request entity too large',
  500000: 'General security warning',
  500001: 'General Server error',
  500002: 'Server login error',
  500023: 'Provider error',
  500026: 'Network error',
  500028: 'Database error',
  500031: 'No provider application',
  504001: 'Timeout',
  504002: 'Request Timeout',
} as const

/** A code of Gigya's table. */
export type GigyaCode = keyof typeof MESSAGES

interface Details {
  readonly field?: string
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
  /** Further members of the answer, such as `baseString`. */
  readonly extra?: Readonly<Record<string, unknown>>
}

/** A failure that Gigya has a code of its own for; the details say why (`errorDetails`), its text when absent. */
export class GigyaError extends GatewayError {
  readonly number: GigyaCode
  readonly extra: Readonly<Record<string, unknown>>

  constructor(number: GigyaCode, details: string = MESSAGES[number], { extra = {}, ...rest }: Details = {}) {
    super(houseCode(number), details, rest)
    this.name = 'GigyaError'
    this.number = number
    this.extra = extra
  }
}

/** 400002 in Gigya's words. */
export function missing(name: string): GigyaError {
  return new GigyaError(400002, `Missing required parameter : ${name}`, { field: name })
}

/** The same failure in the words of this wire; `isAbsent` says whether a field that is wrong was not even sent. */
export function toGigyaError(error: GatewayError, isAbsent: (field: string) => boolean): GigyaError {
  if (error instanceof GigyaError) return error
  const { code, message, field, retryAfterSeconds } = error
  if (code === 'invalid_request' && field !== undefined && isAbsent(field)) return missing(field)
  if (code === 'invalid_request' && field === undefined) return new GigyaError(400001, message)
  const isNamed = code !== 'invalid_request' || field === undefined || message.includes(field)
  const details = isNamed ? message : `${field.slice(0, FIELD_SHOWN)}: ${message}`
  return new GigyaError(NUMBERS[code], details, { field, retryAfterSeconds, cause: error })
}

/** A caller may have made a name up. */
const FIELD_SHOWN = 100

/** What a code's answer says in `statusCode`. */
export function statusCodeOf(number: GigyaCode): number {
  return number === 0 ? 200 : Math.floor(number / 1_000)
}

/** What stands in `statusReason` beside it. */
export function statusReasonOf(statusCode: number): string {
  return REASONS[statusCode] ?? 'Error'
}

/** The number of each failure of the house, for problems inside an answer (`providerErrorCodes`) too. */
export const NUMBERS: Readonly<Record<ErrorCode, GigyaCode>> = {
  invalid_request: 400006,
  unauthenticated: 403000,
  forbidden: 403007,
  unknown_route: 405001,
  not_found: 404000,
  conflict: 409001,
  discontinued: 410000,
  too_large: 413001,
  unsupported: 400096,
  relink_required: 403009,
  permission_missing: 403023,
  network_rejected: 500023,
  throttled: 403048,
  rate_limited: 403024,
  network_unavailable: 500023,
  network_unreached: 500023,
  network_unreadable: 500023,
  overloaded: 403048,
  network_silent: 504001,
  internal: 500001,
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Continue',
  200: 'OK',
  206: 'Partial Content',
  301: 'Moved Permanently',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
  504: 'Gateway Timeout',
}

/** Only for the log and for Retry-After; the wire shows the number. */
function houseCode(number: GigyaCode): ErrorCode {
  if (number === 100001) return 'overloaded'
  if (number === 403048) return 'throttled'
  if (number === 500001 || number === 500028) return 'internal'
  return HOUSE_CODES[statusCodeOf(number)] ?? 'invalid_request'
}

const HOUSE_CODES: Readonly<Record<number, ErrorCode>> = {
  403: 'forbidden',
  404: 'not_found',
  405: 'unknown_route',
  409: 'conflict',
  410: 'discontinued',
  413: 'too_large',
  500: 'network_rejected',
  504: 'network_silent',
}
