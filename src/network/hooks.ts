// Requests to webhooks, through the same guard as the networks: an address that a site names leads to public places, or
// to those that the configuration allows.

import { GatewayError } from '../core/errors.ts'
import type { CallHook } from '../core/webhook-telling.ts'
import { openDeadline } from './deadline.ts'
import { createGuard, type Resolve } from './guard.ts'
import { retryAfterMs } from './limits.ts'
import type { NetworkOptions } from './options.ts'
import { createPool } from './pool.ts'

export interface Hooks {
  readonly call: CallHook
  close(): Promise<void>
}

/** An answer is a status; what else it holds is read up to here and thrown away. */
const ANSWER_MAX_BYTES = 65_536

/** Opens the door to webhooks; plain http only where the options allow it. `resolve` stands for the system's in tests. */
export function createHooks(
  options: NetworkOptions,
  { resolve }: { readonly resolve?: Resolve } = {},
): Hooks {
  const guard = createGuard({ allow: options.allowAddresses, resolve })
  const pool = createPool({ ...options, bodyMaxBytes: ANSWER_MAX_BYTES }, guard)
  return {
    async call(url, { headers, body, timeoutMs, signal }) {
      const address = new URL(url)
      if (address.protocol !== 'https:' && !options.allowInsecure) {
        throw new GatewayError('network_rejected', 'A webhook is called over https alone.')
      }
      const deadline = openDeadline(timeoutMs, signal)
      try {
        const call = {
          method: 'POST',
          url: address,
          headers: { 'user-agent': options.userAgent, ...headers },
          body,
          isCut: true,
        }
        const answer = await pool.exchange(call, 'The endpoint', deadline)
        const waitMs = retryAfterMs(answer.headers, Date.now())
        return {
          status: answer.status,
          retryAfterSeconds: waitMs === undefined ? undefined : Math.ceil(waitMs / 1_000),
        }
      } finally {
        deadline.close()
      }
    },
    close: () => pool.close(),
  }
}
