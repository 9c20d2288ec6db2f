// The one envelope of every answer, in JSON, JSONP or XML. https://developers.gigya.com/display/GD/Response+Codes+and+Errors

import type { Site } from '../../core/model.ts'
import type { WireAnswer, WireRequest } from '../dialect.ts'
import { type GigyaCode, GigyaError, MESSAGES, missing, statusCodeOf, statusReasonOf } from './errors.ts'
import type { GigyaReply, MemberFormat } from './method.ts'
import { type Parameters, parametersOf, toTruth } from './parameters.ts'
import { toXmlDocument, toXmlMembers } from './xml.ts'

type Format = 'json' | 'jsonp' | 'xml'

/** What an envelope depends on beside what is in it. */
export interface Setting {
  readonly request: WireRequest
  /** With its namespace, as in the path: the root of an XML answer. */
  readonly method: string
  readonly isAlwaysJson?: boolean
  /** Once it is known who asks. */
  readonly site?: Pick<Site, 'settings'>
}

/** The answer to a call that succeeded. */
export function toAnswer(reply: GigyaReply, setting: Setting): WireAnswer {
  return write(reply, { ...setting, number: 0 })
}

/** The answer to a call that did not; `getToken` says it in OAuth's words as well. */
export function toFailure(error: GigyaError, setting: Setting, { inOAuth = false } = {}): WireAnswer {
  const { number, message, extra } = error
  const oauth = { error: number, error_description: `${number} - ${MESSAGES[number]}` }
  const fields = {
    errorMessage: MESSAGES[number],
    errorDetails: message,
    ...extra,
    ...(inOAuth ? oauth : {}),
  }
  return write(fields, { ...setting, number })
}

/** The format that a method's own members are to have. */
export function memberFormat(setting: Pick<Setting, 'request' | 'isAlwaysJson' | 'site'>): MemberFormat {
  return formatOf(setting) === 'xml' ? 'xml' : 'json'
}

/** Refuses formats that there are not, and callbacks that are no names. */
export function checkFormat({ get }: Pick<Parameters, 'get'>): void {
  const format = get('format')
  if (format && !isFormat(format.toLowerCase())) {
    throw new GigyaError(400006, 'Invalid parameter value : format must be json, jsonp or xml', {
      field: 'format',
    })
  }
  const truth = get('httpStatusCodes')
  if (truth !== undefined && toTruth(truth) === undefined) {
    throw new GigyaError(400006, 'Invalid parameter value : httpStatusCodes must be true or false', {
      field: 'httpStatusCodes',
    })
  }
  if (format?.toLowerCase() !== 'jsonp') return
  const callback = get('callback')
  if (!callback) throw missing('callback')
  if (CALLBACK.test(callback)) return
  throw new GigyaError(
    400006,
    'Invalid parameter value : callback must be a name of letters, digits and _ $ . [ ], at most 100 of them',
    { field: 'callback' },
  )
}

// What stands here is executed by a browser.
const CALLBACK = /^[A-Za-z0-9_$.[\]]{1,100}$/

interface Written extends Setting {
  readonly number: GigyaCode
}

function write(reply: GigyaReply, written: Written): WireAnswer {
  const { request, number } = written
  const { peek } = parametersOf(request)
  const format = formatOf(written)
  const statusCode = statusCodeOf(number)
  const isTold = format !== 'jsonp' && toTruth(peek('httpStatusCodes') ?? '') === true
  // 1xx is not final in HTTP, and "data pending" is no failure of the call.
  const status = isTold && statusCode >= 200 ? statusCode : 200
  const body =
    format === 'xml'
      ? toXmlBody(reply, written)
      : toJsonBody(reply, written, format === 'jsonp' ? peek('callback') : undefined)
  return { status, headers: HEADERS[format], body }
}

function formatOf({
  request,
  isAlwaysJson,
  site,
}: Pick<Setting, 'request' | 'isAlwaysJson' | 'site'>): Format {
  if (isAlwaysJson) return 'json'
  const { peek } = parametersOf(request)
  const asked = peek('format')?.toLowerCase()
  if (!asked) return site?.settings.gigyaXml ? 'xml' : 'json'
  if (!isFormat(asked)) return 'json'
  return asked === 'jsonp' && !CALLBACK.test(peek('callback') ?? '') ? 'json' : asked
}

function isFormat(text: string): text is Format {
  return text === 'json' || text === 'jsonp' || text === 'xml'
}

/** `no-store`: RFC 6749, 5.1, asks for it where tokens are, and friends are nobody else's business either. */
const HEADERS: Readonly<Record<Format, Readonly<Record<string, string>>>> = {
  json: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' },
  jsonp: {
    'content-type': 'text/javascript; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  },
  xml: { 'content-type': 'text/xml; charset=utf-8', 'cache-control': 'no-store' },
}

const API_VERSION = 2

function toJsonBody(
  reply: GigyaReply,
  written: Written,
  callback: string | undefined,
): readonly Uint8Array[] {
  const { request, number } = written
  const statusCode = statusCodeOf(number)
  const common = JSON.stringify({
    statusCode,
    ...(number === 0 ? { errorCode: 0 } : {}),
    statusReason: statusReasonOf(statusCode),
    callId: request.id,
    time: new Date(request.at).toISOString(),
    apiVersion: API_VERSION,
    context: parametersOf(request).peek('context'),
  })
  const before = callback === undefined ? '' : `${callback}(`
  const after = callback === undefined ? '' : ');'
  if (isRendered(reply)) {
    const pieces = [Buffer.from(`${before}{`), reply.rendered, Buffer.from(`,${common.slice(1)}${after}`)]
    return callback === undefined ? pieces : pieces.map(asScript)
  }
  const own = JSON.stringify(number === 0 ? reply : { errorCode: number, ...reply })
  const members = own === '{}' ? common : `${own.slice(0, -1)},${common.slice(1)}`
  const bytes = Buffer.from(`${before}${members}${after}`)
  return [callback === undefined ? bytes : asScript(bytes)]
}

// Two characters may stand in JSON and, until 2019, not in a script: https://tc39.es/proposal-json-superset/
function asScript(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!buffer.includes('\u2028') && !buffer.includes('\u2029')) return bytes
  return Buffer.from(buffer.toString().replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029'))
}

function toXmlBody(reply: GigyaReply, { request, number, method }: Written): readonly Uint8Array[] {
  const statusCode = statusCodeOf(number)
  const common = {
    statusCode,
    // The SDKs cut the first of this name out of the text and take it for the call's.
    errorCode: number,
    statusReason: statusReasonOf(statusCode),
    callId: request.id,
    time: new Date(request.at).toISOString(),
    apiVersion: API_VERSION,
    context: parametersOf(request).peek('context'),
  }
  const own = isRendered(reply) ? reply.rendered : toXmlMembers(reply)
  return toXmlDocument(method, [toXmlMembers(common), own])
}

function isRendered(reply: GigyaReply): reply is { readonly rendered: Uint8Array } {
  return reply.rendered instanceof Uint8Array
}
