// The one envelope of every answer, in JSON or XML as the address asks.

import type { GatewayError } from '../../core/errors.ts'
import type { WireAnswer, WireRequest } from '../dialect.ts'
import { type Status, toStatus } from './statuses.ts'
import { type PlainObject, toXml } from './xml.ts'

/** What a route answers. */
export interface Reply {
  /** Of the request; its code is the HTTP status too, unless `httpStatus` is given. */
  readonly status: Status
  readonly httpStatus?: number
  /** Of the result, where it differs from the request's; then there is data too. */
  readonly outcome?: Status
  readonly data?: PlainObject | Bulk
  /** When the answer was made, in milliseconds since 1970; the arrival of the request when absent. */
  readonly at?: number
  /** Nothing but a change of the database makes this answer wrong before this time; absent when something else does. */
  readonly keepUntil?: number
}

/** Much data, as JSON in pieces that are handed out as they lie; parsed only where XML is asked for. */
export interface Bulk {
  readonly json: readonly Uint8Array[]
  plain(): PlainObject
}

export type Format = 'json' | 'xml'

/** The format that the path ends in; undefined for any other ending. */
export function formatOf(path: string): Format | undefined {
  if (path.endsWith('.json')) return 'json'
  return path.endsWith('.xml') ? 'xml' : undefined
}

/** The format an answer is to have: JSON where the address names none that we know. */
function formatFor({ path, target }: Pick<WireRequest, 'path' | 'target'>): Format {
  // Of an over-long path only the beginning is kept, and the format stands at the end.
  return formatOf(path) ?? formatOf(target.split('?', 1)[0] ?? '') ?? 'json'
}

/** `D, d M Y H:i:s O` in UTC: `Tue, 20 Dec 2011 18:11:42 +0000`. */
export function toDate(at: number): string {
  return new Date(at).toUTCString().replace('GMT', '+0000')
}

/** The answer to a request that was understood. */
export function toAnswer(reply: Reply, request: WireRequest): WireAnswer {
  const format = formatFor(request)
  const body = format === 'xml' ? toXmlBody(reply, request) : toJsonBody(reply, request)
  return { status: reply.httpStatus ?? reply.status.code, headers: HEADERS[format], body }
}

/** The answer to a request that was refused; it has no result. */
export function toFailure(error: GatewayError, request: WireRequest): WireAnswer {
  const format = formatFor(request)
  const status = toStatus(error)
  const headers: Record<string, string> = { ...HEADERS[format] }
  if (error.code === 'unauthenticated') headers['www-authenticate'] = 'Basic realm="Kith", charset="UTF-8"'
  const body = format === 'xml' ? toXmlBody({ status }, request) : toJsonBody({ status }, request)
  return { status: status.code, headers, body }
}

/** The first piece of every JSON answer: all of it that depends on the time. */
export function dateLine(at: number): Uint8Array {
  const second = Math.floor(at / 1_000)
  if (second !== lastSecond) {
    lastSecond = second
    lastDateLine = Buffer.from(`{"response":{"request":{"date":"${toDate(at)}"`)
  }
  return lastDateLine
}

// Thousands of answers name the same second.
let lastSecond = Number.NaN
let lastDateLine: Uint8Array = Buffer.alloc(0)

const HEADERS: Readonly<Record<Format, Readonly<Record<string, string>>>> = {
  // A known client parses a body only when it finds exactly `application/json` in here.
  json: { 'content-type': 'application/json; charset=utf-8' },
  xml: { 'content-type': 'application/xml; charset=utf-8' },
}

/** A longer address is cut where it is repeated. */
const RESOURCE_MAX = 2_048

function toJsonBody({ status, outcome, data, at }: Reply, request: WireRequest): readonly Uint8Array[] {
  const resource = JSON.stringify(resourceOf(request))
  const date = dateLine(at ?? request.at)
  const head = `,"resource":${resource},"status":${JSON.stringify(status)}}`
  if (!data) return [date, Buffer.from(`${head}}}`)]
  const result = `${head},"result":{${outcome ? `"status":${JSON.stringify(outcome)},` : ''}"data":`
  if (isBulk(data)) return [date, Buffer.from(result), ...data.json, END]
  return [date, Buffer.from(`${result}${JSON.stringify(data)}}}}`)]
}

const END = Buffer.from('}}}')

function toXmlBody({ status, outcome, at, data }: Reply, request: WireRequest): Uint8Array {
  const date = toDate(at ?? request.at)
  const plain = data && isBulk(data) ? data.plain() : data
  const response = {
    request: { date, resource: resourceOf(request), status: { ...status } },
    result: plain && { status: outcome && { ...outcome }, data: plain },
  }
  return Buffer.from(toXml('response', response))
}

function resourceOf({ target }: WireRequest): string {
  return target.length > RESOURCE_MAX ? target.slice(0, RESOURCE_MAX) : target
}

function isBulk(data: PlainObject | Bulk): data is Bulk {
  return typeof data.plain === 'function'
}
