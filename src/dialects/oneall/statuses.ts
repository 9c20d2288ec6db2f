// OneAll's words for how a request, or one part of it, fared.

import type { ErrorCode, GatewayError, Problem } from '../../core/errors.ts'

/** The status of a request, or of a result that differs from its request's. */
export interface Status {
  readonly flag: 'success' | 'error' | 'multistatus' | 'scheduled'
  readonly code: number
  readonly info: string
}

/** The status of one identity's part: `message`, not `info`. */
export interface SubStatus {
  readonly flag: string
  readonly code: number
  readonly message: string
}

export const SUCCESS: Status = {
  flag: 'success',
  code: 200,
  info: 'Your request has been processed successfully',
}
export const CREATED: Status = { ...SUCCESS, code: 201 }
export const SCHEDULED: Status = {
  flag: 'scheduled',
  code: 201,
  info: 'Your request has been received and scheduled to be processed',
}
export const FRESHLY_READ: Status = { ...SUCCESS, code: 203 }
export const PARTIAL: Status = {
  flag: 'multistatus',
  code: 207,
  info: 'Your request has partially been processed, multiple results and response codes available',
}
export const FAILED: Status = {
  flag: 'error',
  code: 400,
  info: 'Your request could not be processed due to an error',
}

export const USER_AUTHENTICATED: Status = {
  flag: 'success',
  code: 200,
  info: 'The user successfully authenticated',
}
export const USER_NOT_AUTHENTICATED: Status = {
  flag: 'error',
  code: 401,
  info: 'The user did not authenticate successfully',
}
export const IDENTITY_LINKED: Status = {
  flag: 'success',
  code: 200,
  info: 'The identity has successfully been linked to the specified user',
}

export const IDENTITY_UNLINKED: Status = {
  flag: 'success',
  code: 200,
  info: 'The identity has successfully been unlinked from the specified user',
}

export const PASSWORD_WRONG: Status = { flag: 'error', code: 401, info: 'The password is wrong' }

/** 200 when every part succeeded (or there was none), 207 when some did, 400 when none did. */
export function overallStatus(parts: readonly { readonly problem?: Problem }[]): Status {
  const failures = parts.filter(({ problem }) => problem !== undefined).length
  if (failures === 0) return SUCCESS
  return failures < parts.length ? PARTIAL : FAILED
}

/** The HTTP status of a refused request. A network's refusal is no 401 here: clients take that for wrong keys. */
const REQUEST_CODES: Record<ErrorCode, number> = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  unknown_route: 404,
  not_found: 404,
  conflict: 409,
  discontinued: 410,
  too_large: 413,
  unsupported: 400,
  relink_required: 400,
  permission_missing: 403,
  network_rejected: 400,
  throttled: 429,
  rate_limited: 429,
  network_unavailable: 503,
  network_unreached: 503,
  network_unreadable: 502,
  overloaded: 503,
  network_silent: 504,
  internal: 500,
}

const CREDENTIALS_INFO =
  'Authentication credentials are missing or incorrect: http://docs.oneall.com/api/basic/authentication/'

/** What a refused request answers. */
export function toStatus({ code, message }: Pick<GatewayError, 'code' | 'message'>): Status {
  const info = code === 'unauthenticated' ? CREDENTIALS_INFO : message
  return { flag: 'error', code: REQUEST_CODES[code], info }
}

const REFUSED_MESSAGE = 'The provider refused the request: the user could not be authenticated'

const SUB_RESULTS: Record<ErrorCode, Omit<SubStatus, 'message'> & { readonly message?: string }> = {
  invalid_request: { flag: 'error_request_is_invalid', code: 400 },
  unauthenticated: { flag: 'error_user_is_not_authenticated', code: 401, message: REFUSED_MESSAGE },
  forbidden: { flag: 'error_permission_is_missing', code: 403 },
  unknown_route: { flag: 'error_resource_not_found', code: 404 },
  not_found: { flag: 'error_resource_not_found', code: 404 },
  conflict: { flag: 'error_resource_is_in_conflict', code: 409 },
  discontinued: { flag: 'error_provider_is_discontinued', code: 410 },
  too_large: { flag: 'error_request_is_too_large', code: 413 },
  unsupported: { flag: 'error_provider_not_supported', code: 400 },
  relink_required: { flag: 'error_user_is_not_authenticated', code: 401, message: REFUSED_MESSAGE },
  permission_missing: { flag: 'error_permission_is_missing', code: 403 },
  network_rejected: { flag: 'error_provider_refused_the_request', code: 400 },
  throttled: { flag: 'error_rate_limit_exceeded', code: 429 },
  rate_limited: { flag: 'error_rate_limit_exceeded', code: 429 },
  network_unavailable: { flag: 'error_provider_is_unavailable', code: 503 },
  network_unreached: { flag: 'error_provider_is_unavailable', code: 503 },
  network_unreadable: { flag: 'error_provider_answer_is_invalid', code: 502 },
  overloaded: { flag: 'error_service_is_overloaded', code: 503 },
  network_silent: { flag: 'error_provider_timeout', code: 504 },
  internal: { flag: 'error_internal', code: 500 },
}

/** What the failed part of an answer says; the words of the house where OneAll has none of its own. */
export function toSubStatus(problem: Problem): SubStatus {
  const { flag, code, message = problem.message } = SUB_RESULTS[problem.code]
  return { flag, code, message }
}
