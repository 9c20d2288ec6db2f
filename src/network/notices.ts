// Notices to servers of our sites, through the same guard as the networks.

import { Agent } from 'undici'
import { GatewayError } from '../core/errors.ts'
import type { SendNotice } from '../core/notices.ts'
import { openDeadline } from './deadline.ts'
import type { FileOptions } from './files.ts'
import { createGuard, type Resolve } from './guard.ts'
import { guardedConnector } from './pool.ts'

/** Longest address that is told anything, in characters. */
const ADDRESS_MAX = 4_096
/** Of an answer no more is read than this; it says nothing that matters. */
const ANSWER_MAX_BYTES = 65_536

export interface Notices {
  readonly sendNotice: SendNotice
  close(): Promise<void>
}

/** Opens the door for notices. `resolve` stands for the system's resolver in tests. */
export function createNotices(
  options: FileOptions,
  { resolve }: { readonly resolve?: Resolve } = {},
): Notices {
  const guard = createGuard({ allow: options.allowAddresses, resolve })
  const agent = new Agent({
    allowH2: false,
    pipelining: 1,
    connections: options.connectionsPerOrigin,
    keepAliveTimeout: options.keepAliveMs,
    connect: guardedConnector(options, guard),
  })
  return {
    async sendNotice(url, { headers, body, deadlineMs }) {
      const { origin, pathname, search, host } = readAddress(url)
      const deadline = openDeadline(deadlineMs)
      try {
        const answer = await agent.request({
          origin,
          path: `${pathname}${search}`,
          method: 'POST',
          headers: { ...headers, 'user-agent': options.userAgent },
          body,
          signal: deadline.signal,
        })
        await answer.body.dump({ limit: ANSWER_MAX_BYTES })
        return answer.statusCode
      } catch (cause) {
        if (cause instanceof GatewayError) throw cause
        const isLate = deadline.endedBy() === 'time'
        const message = isLate ? `${host} did not answer in time.` : `${host} could not be told.`
        throw new GatewayError(isLate ? 'network_silent' : 'network_unreached', message, { cause })
      } finally {
        deadline.close()
      }
    },
    close: () => agent.destroy(),
  }
}

function readAddress(text: string): URL {
  const url = URL.parse(text)
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && text.length <= ADDRESS_MAX) {
    return url
  }
  const message = 'This is not an address that begins with http:// or https://, without name and password.'
  throw new GatewayError('invalid_request', message)
}
