// The one envelope: HTTP 200 whatever happens, and how it went in the body. Replies about friends and profiles have an
// ErrorDisplay, replies about accounts have none.
// https://www.tencentcloud.com/document/product/1047/34620

import type { GatewayError } from '../../core/errors.ts'
import type { WireAnswer, WireRequest } from '../dialect.ts'
import { numberOf, numberOfFlaw, type Service, serviceOf } from './errors.ts'

/**
 * The members of an answer before those that all have, as JSON without the braces; '' where there are none. Or the
 * bytes of a whole answer, from `toBytes`.
 */
export type Reply = string | Uint8Array

export function toAnswer(reply: Reply, { path }: Pick<WireRequest, 'path'>): WireAnswer {
  const body = typeof reply === 'string' ? toBytes(reply, serviceOf(path)) : reply
  return { status: 200, headers: HEADERS, body }
}

/** A whole answer: what is asked for again and again is made once. */
export function toBytes(members: string, service: Service): Uint8Array {
  const end = hasDisplay(service) ? SUCCESS_WITH_DISPLAY : SUCCESS
  return Buffer.from(members === '' ? `{${end}` : `{${members},${end}`)
}

export function toFailure(
  error: GatewayError,
  { path, flaw }: Pick<WireRequest, 'path' | 'flaw'>,
): WireAnswer {
  const service = serviceOf(path)
  const number = flaw === undefined ? numberOf(error, service) : numberOfFlaw(flaw)
  const display = hasDisplay(service) ? ',"ErrorDisplay":""' : ''
  const info = JSON.stringify(error.message)
  const text = `{"ActionStatus":"FAIL","ErrorCode":${number},"ErrorInfo":${info}${display}}`
  return { status: 200, headers: HEADERS, body: Buffer.from(text) }
}

function hasDisplay(service: Service): boolean {
  return service === 'sns' || service === 'profile'
}

// One known client decodes a body only where its type is JSON.
const HEADERS = { 'content-type': 'application/json; charset=utf-8' }
const SUCCESS = '"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}'
const SUCCESS_WITH_DISPLAY = '"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}'
