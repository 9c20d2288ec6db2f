// What can go wrong, in Tencent's numbers: public ones below 70000, then accounts, friends (30000) and profiles (40000).
// https://www.tencentcloud.com/document/product/1047/34348

import { type ErrorCode, GatewayError } from '../../core/errors.ts'

/** Which numbers and which envelope a path has: friends, profiles, accounts, or what is nobody's. */
export type Service = 'sns' | 'profile' | 'account' | 'other'

/** The service of `/v4/<name>/<command>`. */
export function serviceOf(path: string): Service {
  return SERVICES.get(path.slice(4, path.indexOf('/', 4))) ?? 'other'
}

const SERVICES: ReadonlyMap<string, Service> = new Map([
  ['sns', 'sns'],
  ['profile', 'profile'],
  ['im_open_login_svc', 'account'],
])

/** A refusal of the whole call that has a number of its own. */
export class TencentError extends GatewayError {
  readonly number: number

  constructor(number: keyof typeof REFUSALS, { info, about, retryAfterSeconds }: Words = {}) {
    const [code, text] = REFUSALS[number]
    const told = about === undefined ? text : `${text}: ${shortened(about)}`
    super(code, info ?? told, { retryAfterSeconds })
    this.number = Number(number)
  }
}

interface Words {
  /** ErrorInfo, where the number alone does not say enough. */
  readonly info?: string
  /** What of the request it is about, after the text of the number; cut where it is very long. */
  readonly about?: string
  readonly retryAfterSeconds?: number
}

/** The beginning of a text that came with the request, for ErrorInfo; no half of a sign, which some parsers refuse. */
export function shortened(text: string): string {
  return text.slice(0, 100).toWellFormed()
}

const REFUSALS = {
  30001: ['invalid_request', 'Err_SNS_Invalid_Parameter'],
  30004: ['forbidden', 'Err_SNS_Not_Admin: the identifier is no administrator of this app.'],
  30011: ['conflict', 'Err_SNS_Group_Num_Exceed_Threshold'],
  40001: ['invalid_request', 'Err_Profile_Comm_Decode_Fail'],
  40002: ['invalid_request', 'Err_Profile_To_Account_Missing'],
  40004: ['forbidden', 'Err_Profile_Not_Admin: the identifier is no administrator of this app.'],
  40009: ['invalid_request', 'Err_Profile_Unknown_Tag'],
  40601: ['invalid_request', 'Err_Profile_Value_Too_Long'],
  40605: ['invalid_request', 'Err_Profile_Invalid_Value'],
  40610: ['invalid_request', 'Err_Profile_Invalid_Value_Type'],
  60003: ['invalid_request', 'The body is not a JSON object.'],
  60004: ['unauthenticated', 'The parameter identifier or usersig is missing.'],
  60006: ['unauthenticated', 'There is no app with this sdkappid.'],
  60007: ['throttled', 'This method is called too often for this app.'],
  60009: ['unknown_route', 'There is no such command: check the address; the method is POST.'],
  60010: ['forbidden', 'The identifier is no administrator of this app.'],
  60012: ['unauthenticated', 'The parameter sdkappid is missing.'],
  60015: ['invalid_request', 'An account is not a string.'],
  70001: ['unauthenticated', 'The usersig has expired.'],
  70002: ['unauthenticated', 'The usersig is empty.'],
  70003: ['unauthenticated', 'The usersig cannot be read.'],
  70009: ['unauthenticated', 'The usersig is not signed with a key of this app.'],
  70013: ['unauthenticated', 'The usersig is of another identifier.'],
  70014: ['unauthenticated', 'The usersig is of another sdkappid.'],
  70050: ['throttled', 'Too many wrong usersigs came from this address.'],
  70402: ['invalid_request', 'A parameter is not as documented.'],
  70403: ['forbidden', 'The identifier is no administrator of this app.'],
} as const satisfies Record<number, readonly [ErrorCode, string]>

/** The number of any error on a path of this service. */
export function numberOf(error: GatewayError, service: Service): number {
  if (error instanceof TencentError) return error.number
  return NUMBERS[error.code][service]
}

/** The number of what is wrong with the HTTP of a request: with its address, or with its size and pace. */
export function numberOfFlaw({ code }: GatewayError): 60002 | 60008 {
  return code === 'invalid_request' ? 60002 : 60008
}

type Numbers = Readonly<Record<Service, number>>

const each = (number: number): Numbers => ({ sns: number, profile: number, account: number, other: number })
const WRONG: Numbers = { sns: 30001, profile: 40001, account: 70402, other: 60003 }
const ABSENT: Numbers = { sns: 30003, profile: 40003, account: 70107, other: 60009 }
const DENIED: Numbers = { sns: 30004, profile: 40004, account: 70403, other: 60010 }
const BUSY: Numbers = { sns: 30007, profile: 40006, account: 70202, other: 60008 }
const BROKEN: Numbers = { sns: 30006, profile: 40006, account: 70500, other: 60008 }

/** Every code has its numbers: a new code does not compile until it has. */
const NUMBERS: Record<ErrorCode, Numbers> = {
  invalid_request: WRONG,
  unauthenticated: each(60004),
  forbidden: DENIED,
  unknown_route: each(60009),
  not_found: ABSENT,
  conflict: WRONG,
  discontinued: each(60009),
  too_large: WRONG,
  unsupported: WRONG,
  relink_required: WRONG,
  permission_missing: DENIED,
  network_rejected: BROKEN,
  throttled: each(60007),
  rate_limited: BUSY,
  network_unavailable: BUSY,
  network_unreached: BUSY,
  network_unreadable: BROKEN,
  overloaded: BUSY,
  network_silent: BUSY,
  internal: BROKEN,
}
