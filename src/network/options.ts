// Every bound and switch of the network room, with its default.

export interface NetworkOptions {
  /** Requests under way at once per origin of a network. */
  readonly connectionsPerOrigin: number
  /** Requests waiting per origin; more are `overloaded`. */
  readonly waitingPerOrigin: number
  /** One call of a network, from asking to the last byte: waiting, repeats and token renewal included. */
  readonly requestDeadlineMs: number
  /** Name resolution, TCP and TLS together. */
  readonly connectTimeoutMs: number
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number
  /** Longest body that is read; more is `network_unreadable`. */
  readonly bodyMaxBytes: number
  /** Longest body of one request; larger files go in pieces, or not at all. */
  readonly requestMaxBytes: number
  /** One request that carries a file, from asking to the last byte. */
  readonly uploadDeadlineMs: number
  /** Longest address that is asked for. */
  readonly addressMaxCharacters: number
  /** Redirects followed for one GET, within its origin. */
  readonly redirectsMax: number
  /** Repeats of one request after its first try. */
  readonly retriesMax: number
  /** Upper bound of the first pause; it doubles with each repeat. */
  readonly retryBaseMs: number
  /** Upper bound of any pause that the network did not ask for. */
  readonly retryMaxMs: number
  /** Failures in a row after which an origin is left alone. */
  readonly breakerFailures: number
  /** How long it is left alone. */
  readonly breakerOpenMs: number
  /** How long this process trusts its own knowledge that a limit is not met, before it asks the store again. */
  readonly limitsRecheckMs: number
  /** How long we stay away after a limit that does not say when it ends. */
  readonly limitFallbackMs: number
  /** The longest that a network can make us stay away. */
  readonly limitMaxMs: number
  /** How long before its end an access token is renewed. */
  readonly refreshAheadMs: number
  /** One renewal, repeats included; goes on when its caller has left. */
  readonly refreshDeadlineMs: number
  /** The sole right to renew; outlasts the renewal and the storing of its result. */
  readonly refreshLeaseMs: number
  /** How long before its end a token that is extended (not refreshed) is extended. */
  readonly extendAheadMs: number
  /** Pause after an extension that did not succeed; the token itself still works. */
  readonly extendPauseMs: number
  /** Sent as `User-Agent`. */
  readonly userAgent: string
  /** Names, `name:port`, addresses and CIDR blocks that the address guard lets pass. For development. */
  readonly allowAddresses: readonly string[]
  /** Home servers may be `http:`. For development. */
  readonly allowInsecure: boolean
  /** Turns `https://<host>/…` into `<sandbox>/<host>/…` for every network. */
  readonly sandbox?: string
  /** Other API roots, by provider id; `{server}` and `{version}` are filled in. */
  readonly bases?: Readonly<Record<string, string>>
  /** Other API versions, by provider id. */
  readonly versions?: Readonly<Record<string, string>>
}

/** The stated defaults. */
export const NETWORK_DEFAULTS = {
  connectionsPerOrigin: 16,
  waitingPerOrigin: 5_000,
  requestDeadlineMs: 8_000,
  connectTimeoutMs: 4_000,
  keepAliveMs: 10_000,
  bodyMaxBytes: 10_000_000,
  requestMaxBytes: 128 * 2 ** 20,
  uploadDeadlineMs: 60_000,
  addressMaxCharacters: 8_192,
  redirectsMax: 3,
  retriesMax: 2,
  retryBaseMs: 200,
  retryMaxMs: 2_000,
  breakerFailures: 5,
  breakerOpenMs: 30_000,
  limitsRecheckMs: 3_000,
  limitFallbackMs: 60_000,
  limitMaxMs: 86_400_000,
  refreshAheadMs: 60_000,
  refreshDeadlineMs: 8_000,
  refreshLeaseMs: 90_000,
  extendAheadMs: 30 * 86_400_000,
  extendPauseMs: 3_600_000,
  userAgent: 'Kith/0.1',
  allowAddresses: [],
  allowInsecure: false,
} as const satisfies NetworkOptions
