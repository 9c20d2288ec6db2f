// One errand from asking to answer: limits, a place in the queue, the breaker, proof, redirects, repeats.

import { type ErrorCode, GatewayError } from '../core/errors.ts'
import type { Log, Meter } from '../core/gateway.ts'
import { letGo } from '../core/let-go.ts'
import type { ApiResponse, FetchOptions, Provider } from '../core/provider.ts'
import { isCrowded, laterTurn, ownTurn } from '../core/turns.ts'
import type { Breaker, Verdict } from './breaker.ts'
import { type Deadline, pause } from './deadline.ts'
import { type AnswerText, failureOf } from './failures.ts'
import type { Gate } from './gate.ts'
import { mask, parseBody } from './json.ts'
import { type LimitSignals, type Limits, limitWaitMs, retryAfterMs } from './limits.ts'
import type { NetworkOptions } from './options.ts'
import type { Place, Places } from './places.ts'
import type { HttpAnswer, HttpCall, Pool } from './pool.ts'
import type { Content } from './request.ts'
import { didNothing, type Failed, mayRepeat, pauseMs } from './retry.ts'
import type { Signer } from './sign.ts'

/** Something to be asked of a network. */
export interface Errand {
  readonly provider: Provider
  readonly place: Place
  readonly content: Content
  readonly deadline: Deadline
  readonly signer?: Signer
  /** Of the network's limits; without it none are kept. */
  readonly scope?: string
  /** Taken out of every error; of the body too where `hidesSecrets`. */
  readonly secrets: readonly string[]
  /** The body goes to a provider, which is to see no token; a page link may quote one. */
  readonly hidesSecrets: boolean
  /** The path is a secret too, and is not logged. */
  readonly hidesPath?: boolean
  /** What is wrong with the answer; `failureOf` when absent. */
  readonly failure?: (answer: AnswerText) => GatewayError | undefined
  readonly heard?: FetchOptions['heard']
}

/** Answers with an ApiResponse in which nothing is wrong; throws a GatewayError otherwise. */
export type Send = (errand: Errand) => Promise<ApiResponse>

interface Parts {
  readonly pool: Pool
  readonly gate: Gate
  readonly breaker: Breaker
  readonly limits: Limits
  readonly places: Places
  readonly options: NetworkOptions
  readonly log: Log
  readonly meter: Meter
  readonly now: () => number
  readonly random: () => number
}

type Outcome = { readonly response: ApiResponse } | Failed

export function createSend(parts: Parts): Send {
  const { options, meter, random } = parts
  return async (errand) => {
    const { provider, content, deadline } = errand
    let failed: Failed | undefined
    for (let repeat = 0; ; repeat += 1) {
      const outcome = await tryOnce(parts, errand)
      if ('response' in outcome) return outcome.response
      // Where a repeat did not get to ask, the earlier answer says more.
      failed = failed && !outcome.wasAsked ? failed : outcome
      if (repeat >= options.retriesMax || !mayRepeat(content.method, outcome)) throw toError(failed)
      const { retryAfterSeconds } = outcome.error
      const waitMs = pauseMs(repeat, options, { random, retryAfterSeconds })
      if (waitMs >= deadline.remainingMs()) throw toError(failed)
      // Who asked is told of a limit that lasts, and waits for it, or not, as it sees fit.
      if (outcome.error.code === 'rate_limited' && waitMs > options.retryMaxMs) throw toError(failed)
      if (!(await pause(waitMs, deadline))) throw toError(failed)
      meter.count('kith_network_retries_total', { provider: provider.id })
    }
  }
}

function toError(failed: Failed): GatewayError {
  return didNothing(failed) ? GatewayError.undone(failed.error) : failed.error
}

async function tryOnce(parts: Parts, errand: Errand): Promise<Outcome> {
  const { provider, scope, place, deadline } = errand
  const { gate, breaker, limits, meter } = parts
  const origin = place.named.origin
  const refused = (error: unknown): Failed => {
    const refusal = GatewayError.from(error)
    meter.count('kith_network_errors_total', { provider: provider.id, code: refusal.code })
    return { error: refusal, wasAsked: false }
  }
  try {
    await limits.check(provider, scope)
    return await gate.pass(origin, deadline, async () => {
      let leave: (verdict: Verdict) => void
      try {
        leave = breaker.enter(provider, origin)
      } catch (error) {
        return refused(error)
      }
      let verdict: Verdict = 'unknown'
      try {
        const isHurried = deadline.remainingMs() < parts.options.requestDeadlineMs / 2
        const outcome = await ask(parts, errand)
        verdict = verdictOn(outcome, deadline, isHurried)
        return outcome
      } finally {
        leave(verdict)
      }
    })
  } catch (error) {
    return refused(error)
  }
}

const FAULTS: ReadonlySet<ErrorCode> = new Set(['network_unavailable', 'network_silent', 'network_unreached'])

function verdictOn(outcome: Outcome, deadline: Deadline, isHurried: boolean): Verdict {
  if ('response' in outcome || outcome.status !== undefined) {
    return 'error' in outcome && FAULTS.has(outcome.error.code) ? 'failed' : 'well'
  }
  // Our own queue may have left it too little time to answer.
  if (deadline.endedBy() === 'caller' || (deadline.endedBy() === 'time' && isHurried)) return 'unknown'
  return FAULTS.has(outcome.error.code) ? 'failed' : 'unknown'
}

async function ask(parts: Parts, errand: Errand): Promise<Outcome> {
  const { meter, log } = parts
  const { provider, place, content } = errand
  const startedAt = performance.now()
  const told = (outcome: Outcome): Outcome => {
    const seconds = (performance.now() - startedAt) / 1000
    const code = 'error' in outcome ? outcome.error.code : 'ok'
    meter.seconds('kith_network_seconds', { provider: provider.id, outcome: code }, seconds)
    if ('error' in outcome) meter.count('kith_network_errors_total', { provider: provider.id, code })
    const status = 'response' in outcome ? outcome.response.status : outcome.status
    const { host, pathname } = place.named
    const path = errand.hidesPath ? undefined : mask(pathname, errand.secrets, { shortest: 16 })
    log.debug(
      { provider: provider.id, method: content.method, host, path, status, code, seconds },
      'network asked',
    )
    return outcome
  }
  try {
    const answer = await converse(parts, errand)
    // Waiting as bytes takes a tenth of the memory that it takes parsed; and what reads the page goes on in this turn.
    if (isHeard(parts, errand, answer)) await laterTurn()
    else if (answer.body.length > LONG_BYTES) await ownTurn(startedAt)
    return told(await judge(parts, errand, answer))
  } catch (error) {
    return told({ error: GatewayError.from(error), wasAsked: true })
  }
}

/** Whether the next request leaves before this answer is read. */
function isHeard({ limits }: Parts, { provider, heard }: Errand, { status, headers }: HttpAnswer): boolean {
  if (!heard || status < 200 || status > 299 || limits.isSpent(provider, headers) || isCrowded()) return false
  return heard({ status, headers })
}

/** An answer longer than this is parsed in a turn of its own: much parsed at once would hold up everybody else. */
const LONG_BYTES = 16_384

/** The answer to the request itself, after proof was asked for anew and redirects were followed. */
async function converse(parts: Parts, errand: Errand): Promise<HttpAnswer> {
  const { places, options } = parts
  let { place } = errand
  for (let redirects = 0; ; redirects += 1) {
    const answer = await exchangeSigned(parts, errand, place)
    const { location } = answer.headers
    const isRedirect = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined
    if (!isRedirect || errand.content.method !== 'GET') return answer
    const next = places.ofRedirect(place, location)
    if (!next || redirects >= options.redirectsMax) throw strayed(errand.provider)
    place = next
  }
}

async function exchangeSigned(parts: Parts, errand: Errand, place: Place): Promise<HttpAnswer> {
  const { provider, content, deadline, signer } = errand
  const { origin } = place.named
  const call: HttpCall = { ...content, url: place.asked }
  const exchange = () => parts.pool.exchange(signer?.sign(call, origin) ?? call, provider.name, deadline)
  const answer = await exchange()
  if (!signer?.again?.(answer, origin)) return answer
  const second = await exchange()
  signer.again(second, origin)
  return second
}

async function judge(parts: Parts, errand: Errand, answer: HttpAnswer): Promise<Outcome> {
  const { provider, secrets, scope } = errand
  const { status, headers } = answer
  const raw = answer.body.toString('utf8')
  letGo(answer.body)
  const text = errand.hidesSecrets ? mask(raw, secrets, { shortest: 16 }) : raw
  const response: ApiResponse = { status, headers, body: parseBody(text) }
  const judged: AnswerText = {
    response,
    text,
    secrets,
    retryAfterSeconds: (code) =>
      secondsToWait(parts, { provider, headers, text, isRefusal: code === 'rate_limited' }),
  }
  const error = errand.failure ? errand.failure(judged) : failureOf(provider, judged)
  await parts.limits.note(scope, { provider, headers, text, isRefusal: error?.code === 'rate_limited' })
  return error ? { error, status, wasAsked: true } : { response }
}

function secondsToWait({ now, options }: Parts, { provider, headers, text, isRefusal }: LimitSignals) {
  const waitMs = isRefusal
    ? (limitWaitMs(provider, headers, { now: now(), isRefusal, text }) ?? options.limitFallbackMs)
    : retryAfterMs(headers, now())
  return waitMs === undefined ? undefined : Math.ceil(Math.min(waitMs, options.limitMaxMs) / 1000)
}

function strayed({ name }: Provider): GatewayError {
  return new GatewayError('network_rejected', `${name} redirects to another place, which is not followed.`)
}
