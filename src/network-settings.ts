// The settings of calls to the networks.

import { z } from 'zod'
import { NETWORK_DEFAULTS, type NetworkOptions } from './network/options.ts'
import { LIFE_MAX_MS, list, number, toggle, words } from './setting-kinds.ts'

/** Every bound and switch of network/options.ts. */
export const network = z
  .object({
    connectionsPerOrigin: fromNetwork(
      'connectionsPerOrigin',
      'requests',
      'Requests to one origin at the same time.',
      1,
    ),
    waitingPerOrigin: fromNetwork(
      'waitingPerOrigin',
      'requests',
      'Requests waiting for one origin; more are refused.',
    ),
    requestDeadlineMs: fromNetwork('requestDeadlineMs', 'ms', 'One call of a network, repeats included.', 1),
    uploadDeadlineMs: fromNetwork('uploadDeadlineMs', 'ms', 'One call of a network that carries a file.', 1),
    connectTimeoutMs: fromNetwork('connectTimeoutMs', 'ms', 'Name resolution, TCP and TLS together.', 1),
    keepAliveMs: fromNetwork('keepAliveMs', 'ms', 'How long an idle connection is kept.', 1),
    bodyMaxBytes: fromNetwork('bodyMaxBytes', 'bytes', 'Longest answer that is read.', 1),
    requestMaxBytes: fromNetwork('requestMaxBytes', 'bytes', 'Longest body of one request.', 1),
    addressMaxCharacters: fromNetwork(
      'addressMaxCharacters',
      'characters',
      'Longest address that is asked for.',
      1,
    ),
    redirectsMax: fromNetwork(
      'redirectsMax',
      'redirects',
      'Redirects followed for one GET, within its origin.',
    ),
    retriesMax: fromNetwork('retriesMax', 'repeats', 'Repeats of one request after its first try.'),
    retryBaseMs: fromNetwork(
      'retryBaseMs',
      'ms',
      'Upper bound of the first pause; it doubles with each repeat.',
    ),
    retryMaxMs: fromNetwork('retryMaxMs', 'ms', 'Upper bound of any pause that the network did not ask for.'),
    breakerFailures: fromNetwork(
      'breakerFailures',
      'failures',
      'Failures in a row after which an origin is left alone.',
      1,
    ),
    breakerOpenMs: fromNetwork('breakerOpenMs', 'ms', 'How long it is left alone.'),
    limitsRecheckMs: fromNetwork(
      'limitsRecheckMs',
      'ms',
      'How often the database is asked whether a limit is met.',
    ),
    limitFallbackMs: fromNetwork(
      'limitFallbackMs',
      'ms',
      'How long we stay away after a limit that names no end.',
    ),
    limitMaxMs: fromNetwork('limitMaxMs', 'ms', 'The longest that a network can make us stay away.'),
    refreshAheadMs: fromNetwork(
      'refreshAheadMs',
      'ms',
      'How long before its end an access token is renewed.',
    ),
    refreshDeadlineMs: fromNetwork('refreshDeadlineMs', 'ms', 'One renewal, repeats included.', 1),
    refreshLeaseMs: fromNetwork('refreshLeaseMs', 'ms', 'The sole right of one process to renew a token.', 1),
    extendAheadMs: fromNetwork(
      'extendAheadMs',
      'ms',
      'How long before its end a token is extended, where it is extended.',
      0,
      LIFE_MAX_MS,
    ),
    extendPauseMs: fromNetwork('extendPauseMs', 'ms', 'Pause after an extension that did not succeed.'),
    userAgent: z
      .string()
      .default(NETWORK_DEFAULTS.userAgent)
      .meta({ text: 'Sent to the networks as User-Agent.' }),
    allowAddresses: list({
      name: 'KITH_ALLOW_ADDRESSES',
      text: 'Names, addresses and CIDR ranges inside your own net that networks may have; for development.',
    }),
    allowInsecure: toggle('Home servers may be http; for development.', { name: 'KITH_ALLOW_INSECURE' }),
    sandbox: words({
      name: 'KITH_SANDBOX',
      text: 'Base address of a sandbox that stands for all networks: <base>/<host>/… for every https://<host>/…, and has the pictures of OneAll’s examples.',
    }),
  } satisfies Record<Exclude<keyof NetworkOptions, 'bases' | 'versions'>, z.ZodType>)
  .meta({ title: 'Networks', prefix: 'NETWORK_' })

function fromNetwork(
  key: NumberKeys<typeof NETWORK_DEFAULTS>,
  unit: string,
  text: string,
  min = 0,
  max?: number,
) {
  return number(NETWORK_DEFAULTS[key], unit, text, { min, max })
}

type NumberKeys<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T]
