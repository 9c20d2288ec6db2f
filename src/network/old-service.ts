// The API of a service that is left, with the keys that its operator has there. Named by the operator and by nobody else:
// its address passes the guard, and no redirect is followed.

import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError } from '../core/errors.ts'
import type { OldAnswer, OldRequest, OldService } from '../core/moving.ts'
import { openDeadline } from './deadline.ts'
import { createGuard } from './guard.ts'
import { parseBody } from './json.ts'
import { retryAfterMs } from './limits.ts'
import type { NetworkOptions } from './options.ts'
import { createPool, type HttpAnswer } from './pool.ts'
import { plainContent } from './request.ts'
import { pauseMs } from './retry.ts'

export interface OldServiceOptions {
  /** Origin, as `https://acme.api.oneall.com`. */
  readonly origin: string
  readonly authorization?: string
  readonly network: NetworkOptions
  /** One request, in milliseconds. */
  readonly requestMs: number
  /** Repeats of one request that failed for a reason that may pass. */
  readonly repeatsMax: number
  /** The longest that is waited when the service says that it is asked too often, in milliseconds. */
  readonly waitMaxMs: number
  /** Told when the service wants to be left alone for so long. */
  readonly onWait?: (ms: number) => void
}

/** Opens nothing yet. `invalid_request` for an address that is no origin, or would send keys in the clear. */
export function createOldService(options: OldServiceOptions): OldService {
  const origin = readOrigin(options)
  const { network, requestMs, repeatsMax, waitMaxMs, authorization, onWait = () => undefined } = options
  const guard = createGuard({ allow: [...network.allowAddresses, origin.hostname.replace(/^\[|\]$/g, '')] })
  const pool = createPool({ ...network, connectTimeoutMs: requestMs }, guard)
  const name = origin.host
  let quietUntil = 0

  const once = async ({ path, form }: OldRequest): Promise<HttpAnswer> => {
    const headers: Record<string, string> = authorization ? { authorization } : {}
    const method = form ? 'POST' : 'GET'
    const content = plainContent({ method, form, headers }, network)
    const deadline = openDeadline(requestMs)
    try {
      return await pool.exchange({ ...content, url: new URL(path, origin) }, name, deadline)
    } finally {
      deadline.close()
    }
  }

  /** Everybody waits when one was told to. */
  const keepQuiet = async (): Promise<void> => {
    for (let left = quietUntil - Date.now(); left > 0; left = quietUntil - Date.now()) await sleep(left)
  }

  const beQuiet = (headers: HttpAnswer['headers']): void => {
    const ms = Math.min(retryAfterMs(headers, Date.now()) ?? network.limitFallbackMs, waitMaxMs)
    if (quietUntil < Date.now()) onWait(ms)
    quietUntil = Math.max(quietUntil, Date.now() + ms)
  }

  return {
    async ask(request) {
      let waits = 0
      for (let repeat = 0; ; ) {
        await keepQuiet()
        const answer = await once(request).catch(GatewayError.from)
        if (answer instanceof GatewayError) {
          if (!answer.retryable || repeat >= repeatsMax) throw stopped(answer)
        } else {
          const read = toAnswer(answer)
          const isLimited = answer.status === 429 || request.isLimited?.(read.body)
          if (!isLimited && answer.status < 500) return refuseStrangers(read, name)
          if (isLimited) {
            waits += 1
            if (waits > WAITS_MAX) throw tooOften(name)
            beQuiet(answer.headers)
            continue
          }
          if (repeat >= repeatsMax) throw unavailable(name, answer.status)
        }
        await sleep(pauseMs(repeat, { ...network, retryMaxMs: 30_000 }, { random: Math.random }))
        repeat += 1
      }
    },
    close: () => pool.close(),
  }
}

/** Waits for one request, before it is given up. */
const WAITS_MAX = 20

function readOrigin({ origin, network }: OldServiceOptions): URL {
  const url = URL.parse(origin)
  const isOrigin = url && url.href === `${url.origin}/` && /^https?:$/.test(url.protocol)
  if (!isOrigin) {
    throw new GatewayError('invalid_request', 'The old service is named as https://name, without a path.')
  }
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  if (url.protocol === 'https:' || isHere || network.allowInsecure) return url
  throw new GatewayError(
    'invalid_request',
    'The keys would travel in the clear: name the old service as https://…, or set KITH_ALLOW_INSECURE=true.',
  )
}

function toAnswer({ status, body }: HttpAnswer): OldAnswer {
  return { status, body: parseBody(body.toString('utf8')) }
}

function refuseStrangers(answer: OldAnswer, name: string): OldAnswer {
  const { status } = answer
  if (status === 401 || status === 403) {
    throw new GatewayError('unauthenticated', `${name} refuses the keys (HTTP ${status}).`)
  }
  if (status >= 300 && status < 400) {
    throw new GatewayError('network_rejected', `${name} redirects (HTTP ${status}), which is not followed.`)
  }
  return answer
}

function stopped(error: GatewayError): GatewayError {
  const message = `${error.message} What was brought so far is stored: run the same line again to go on.`
  return new GatewayError(error.code, message, { cause: error.cause })
}

function unavailable(name: string, status: number): GatewayError {
  return stopped(new GatewayError('network_unavailable', `${name} keeps answering HTTP ${status}.`))
}

function tooOften(name: string): GatewayError {
  return stopped(new GatewayError('rate_limited', `${name} keeps saying that it is asked too often.`))
}
