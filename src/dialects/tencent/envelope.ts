// The one envelope: HTTP 200 whatever happens, and how it went in the body. Replies about friends and profiles have an
// ErrorDisplay, replies about accounts have none.
// https://www.tencentcloud.com/document/product/1047/34620

import type { GatewayError } from '../../core/errors.ts'
import type { WireAnswer, WireRequest } from '../dialect.ts'
import { numberOf, numberOfFlaw, type Service, serviceOf } from './errors.ts'

/** The members of an answer before those that all have, as JSON without the braces; '' where there are none. */
export type Reply = string

export function toAnswer(reply: Reply, { path }: Pick<WireRequest, 'path'>): WireAnswer {
  const end = hasDisplay(serviceOf(path)) ? SUCCESS_WITH_DISPLAY : SUCCESS
  return answer(reply === '' ? `{${end}` : `{${reply},${end}`)
}

export function toFailure(
  error: GatewayError,
  { path, flaw }: Pick<WireRequest, 'path' | 'flaw'>,
): WireAnswer {
  const service = serviceOf(path)
  const number = flaw === undefined ? numberOf(error, service) : numberOfFlaw(flaw)
  const display = hasDisplay(service) ? ',"ErrorDisplay":""' : ''
  const info = JSON.stringify(error.message)
  return answer(`{"ActionStatus":"FAIL","ErrorCode":${number},"ErrorInfo":${info}${display}}`)
}

function answer(text: string): WireAnswer {
  return { status: 200, headers: HEADERS, body: Buffer.from(text) }
}

function hasDisplay(service: Service): boolean {
  return service === 'sns' || service === 'profile'
}

// One known client decodes a body only where its type is JSON.
const HEADERS = { 'content-type': 'application/json; charset=utf-8' }
const SUCCESS = '"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}'
const SUCCESS_WITH_DISPLAY = '"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":"","ErrorDisplay":""}'
