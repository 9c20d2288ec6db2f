// A network's answer as an error of ours. The network's own words go into the cause, never into the message.

import { type ErrorCode, GatewayError } from '../core/errors.ts'
import type { ApiResponse, ErrorRule, Provider } from '../core/provider.ts'
import { mask, textAt } from './json.ts'

export interface AnswerText {
  readonly response: ApiResponse
  readonly text: string
  /** When to come back, where the network said so; a limit always ends some time. */
  readonly retryAfterSeconds: (code: ErrorCode) => number | undefined
  /** Never to appear in an error. */
  readonly secrets: readonly string[]
}

/** What is wrong with an API answer, or undefined when nothing is: the provider's rules first, then the status. */
export function failureOf(provider: Provider, answer: AnswerText): GatewayError | undefined {
  const ruled = ruledFailure(provider, answer)
  if (ruled) return ruled
  const { response } = answer
  if (response.status >= 200 && response.status < 300) return undefined
  const code = saysExpired(provider, response) ? 'relink_required' : codeOf(response.status)
  return failure(provider, code, answer)
}

/** What is wrong with the answer to an upload: it was shown no token, so none can have been refused. */
export function uploadFailureOf(provider: Provider, answer: AnswerText): GatewayError | undefined {
  const refusal = failureOf(provider, answer)
  const isAboutAccess = refusal?.code === 'relink_required' || refusal?.code === 'permission_missing'
  return isAboutAccess ? failure(provider, 'network_rejected', answer) : refusal
}

/** What the provider's own rules say about an answer. */
export function ruledFailure(provider: Provider, answer: AnswerText): GatewayError | undefined {
  const rule = provider.errors?.find((candidate) => matches(candidate, answer))
  return rule && failure(provider, rule.code, answer, rule.message)
}

/**
 * AT Protocol says with 400, not 401, that a token has expired.
 * https://atproto.com/specs/xrpc#error-responses
 */
export function saysExpired(provider: Provider, { status, body }: ApiResponse): boolean {
  if (provider.auth?.type !== 'atproto' || status !== 400) return false
  const error = textAt(body, 'error')
  return error === 'ExpiredToken' || error === 'InvalidToken'
}

/** An error of this code about this answer. */
export function failure(
  provider: Provider,
  code: ErrorCode,
  { response, text, retryAfterSeconds, secrets }: AnswerText,
  message = sentence(provider.name, code),
): GatewayError {
  const cause = new Error(`HTTP ${response.status}: ${mask(text, secrets).slice(0, CAUSE_CHARACTERS)}`)
  return new GatewayError(code, message, { retryAfterSeconds: retryAfterSeconds(code), cause })
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return 'relink_required'
  if (status === 403) return 'permission_missing'
  if (status === 404) return 'not_found'
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'network_unavailable'
  return 'network_rejected'
}

function matches(rule: ErrorRule, { response, text }: AnswerText): boolean {
  const { status, headers } = response
  // A rule without a status speaks of refusals only; politely failing networks are named with status 200.
  if (rule.status === undefined ? status >= 200 && status < 300 : rule.status !== status) return false
  if (rule.body && text.slice(0, RULE_CHARACTERS).search(rule.body) < 0) return false
  if (!rule.header) return true
  const [name, value] = rule.header
  return (headers[name.toLowerCase()] ?? '').search(value) >= 0
}

// Errors are short; a rule is not to search through megabytes.
const RULE_CHARACTERS = 65_536
const CAUSE_CHARACTERS = 500

function sentence(name: string, code: ErrorCode): string {
  switch (code) {
    case 'relink_required':
      return `${name} no longer accepts the access that was granted; the account must be linked again.`
    case 'permission_missing':
      return `${name} says that a permission for this is missing.`
    case 'not_found':
      return `${name} knows nothing under this address.`
    case 'rate_limited':
      return `${name} does not take more requests for now.`
    case 'network_unavailable':
      return `${name} has a fault and could not answer.`
    case 'network_unreadable':
      return `${name} answered in a form it does not document.`
    default:
      return `${name} refused the request.`
  }
}
