// What networks say against a request for tokens, in their own words and in the standard's: is it the app that they do not
// know, or the code? https://www.rfc-editor.org/rfc/rfc6749#section-5.2

import { parseBody, textAt } from './json.ts'

// https://docs.slack.dev/reference/methods/openid.connect.token/
// https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
const CODE =
  /invalid_grant|bad_verification_code|verification code|authorization[ _]code|invalid[ _]code|code (?:is |was )?(?:invalid|expired|not found)/i
const APP =
  /invalid_client(?:_id)?\b|unauthorized_client|bad_client_secret|incorrect_client_credentials|client (?:id|secret|credentials|authentication)|validating application|unknown (?:app|client)|app(?:lication)? (?:not found|does not exist)/i

/** Whether these words refuse the app: its id or its secret. */
export function refusesApp(said: string): boolean {
  return APP.test(said)
}

/** Whether these words refuse the code, and so accept the app. */
export function refusesCode(said: string): boolean {
  return CODE.test(said)
}

const SAID_MAX = 300

/** The error of an answer, else its beginning; on one line of at most 300 characters. */
export function saidIn(text: string): string {
  const body = parseBody(text)
  const isForm = typeof body === 'string' && /^[\w.-]+=/.test(body)
  const answer = isForm ? Object.fromEntries(new URLSearchParams(body)) : body
  const inner = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined
  const words = [
    textAt(answer, 'error'),
    textAt(answer, 'error_description'),
    textAt(inner, 'message'),
    textAt(answer, 'message'),
  ]
  const told = words.filter(Boolean).join(': ') || text
  return told
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, SAID_MAX)
}
