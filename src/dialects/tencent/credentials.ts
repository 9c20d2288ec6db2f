// Who is asking: an administrator of an app, proved by a UserSig. Checked in this order: command, sdkappid, presence of
// identifier and usersig, the usersig, the right to administer, how often; the body comes after all of them.

import type { Gateway } from '../../core/gateway.ts'
import type { RateLimiter } from '../../core/limiter.ts'
import type { Signers } from '../../core/signer-store.ts'
import type { Doorkeeper } from '../access.ts'
import { queryPairs } from '../decode.ts'
import type { Caller, Route, WireRequest } from '../dialect.ts'
import { serviceOf, TencentError } from './errors.ts'
import { isSignedWith, lastSecondOf, parseUserSig } from './usersig.ts'

type Authenticate = (request: WireRequest, gateway: Gateway, route: Route | undefined) => Promise<Caller>

interface Guards {
  readonly doorkeeper: Doorkeeper
  readonly limiter: RateLimiter
  /** UserSigs remembered until they expire. */
  readonly signaturesKept: number
}

/** A UserSig that was found right. */
interface Checked {
  readonly identifier: string
  readonly sdkAppId: number
  /** The one that made it: as soon as the site no longer has it, this counts for nothing. */
  readonly key: string
  readonly lastSecond: number
}

/** Answers who calls, or throws the TencentError that says why not. */
export function createAuthenticate({ doorkeeper, limiter, signaturesKept }: Guards): Authenticate {
  const checked = new Map<string, Checked>()
  const signersOf = createSigners()

  function wrong(request: WireRequest, number: 60006 | 70003 | 70009 | 70013 | 70014): TencentError {
    const { code, retryAfterSeconds } = doorkeeper.wrongKey(request.address, '')
    return code === 'throttled' ? new TencentError(70050, { retryAfterSeconds }) : new TencentError(number)
  }

  function check(request: WireRequest, claims: Claims, { site, keys }: Signers): void {
    const now = Math.floor(request.at / 1_000)
    const known = checked.get(claims.usersig)
    const isKnown =
      known?.identifier === claims.identifier && known.sdkAppId === site.sdkAppId && keys.includes(known.key)
    if (isKnown && now <= known.lastSecond) return
    if (known) checked.delete(claims.usersig)
    const sig = parseUserSig(claims.usersig)
    if (!sig) throw wrong(request, 70003)
    if (sig.sdkAppId !== site.sdkAppId) throw wrong(request, 70014)
    if (sig.identifier !== claims.identifier) throw wrong(request, 70013)
    const key = keys.find((each) => isSignedWith(sig, each))
    if (key === undefined) throw wrong(request, 70009)
    const lastSecond = lastSecondOf(sig)
    // It was right once: nobody is guessing.
    if (now > lastSecond) throw new TencentError(70001)
    makeRoom(checked, signaturesKept)
    if (signaturesKept > 0) {
      checked.set(claims.usersig, { identifier: sig.identifier, sdkAppId: sig.sdkAppId, key, lastSecond })
    }
  }

  return async (request, gateway, route) => {
    if (!route) throw new TencentError(60009)
    const { sdkAppId, ...claims } = readClaims(request)
    const signers = sdkAppId === undefined ? undefined : await signersOf(gateway, sdkAppId)
    if (!signers) throw wrong(request, 60006)
    if (claims.identifier === '' || claims.usersig === undefined) throw new TencentError(60004)
    if (claims.usersig === '') throw new TencentError(70002)
    check(request, { identifier: claims.identifier, usersig: claims.usersig }, signers)
    const { site } = signers
    if (claims.identifier !== site.admin && !site.settings.admins?.includes(claims.identifier)) {
      throw new TencentError(NO_ADMIN[serviceOf(request.path)])
    }
    if (!(await limiter.take(site, route.path))) throw new TencentError(60007, { retryAfterSeconds: 1 })
    return { site, by: 'partner' }
  }
}

interface Claims {
  readonly identifier: string
  readonly usersig: string
}

const NO_ADMIN = { sns: 30004, profile: 40004, account: 70403, other: 60010 } as const

/** What the query claims; 60012 without a sdkappid, no number for one that is none. */
function readClaims({ query, pairs }: WireRequest) {
  let sdkAppId: string | undefined
  let identifier = ''
  let usersig: string | undefined
  // In a UserSig, and in a name, a plus is a plus.
  for (const [name, value] of query?.includes('+') ? queryPairs(query, { plusIsSpace: false }) : pairs) {
    if (name === 'sdkappid') sdkAppId ??= value
    else if (name === 'identifier') identifier ||= value
    else if (name === 'usersig') usersig ??= value
  }
  if (!sdkAppId) throw new TencentError(60012)
  const number = /^\d{1,10}$/.test(sdkAppId) ? Number(sdkAppId) : undefined
  return { sdkAppId: number, identifier, usersig }
}

/** Asks the store for an app's signers, once for each state of the database where that can be told. */
function createSigners() {
  const kept = new Map<number, { readonly generation: number; readonly signers: Signers }>()
  return async ({ store }: Gateway, sdkAppId: number): Promise<Signers | undefined> => {
    const generation = store.generation?.()
    const known = kept.get(sdkAppId)
    if (generation !== undefined && known?.generation === generation) return known.signers
    const signers = await store.signers.of(sdkAppId)
    if (generation === undefined || !signers) return signers
    makeRoom(kept, SIGNERS_KEPT)
    kept.set(sdkAppId, { generation, signers })
    return signers
  }
}

const SIGNERS_KEPT = 1_000

/** Room for one more: what was put in first goes first. */
function makeRoom(map: Map<unknown, unknown>, max: number): void {
  for (const oldest of map.keys()) {
    if (map.size < max) return
    map.delete(oldest)
  }
}
