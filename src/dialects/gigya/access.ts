// Who is asking. Eight ways to say so, one order of checks: site, transport, time, signature, nonce, user.
// https://developers.gigya.com/display/GD/REST+APIs+with+the+Gigya+Authorization+Method

import { hash } from 'node:crypto'
import type { Door, UserKey } from '../../core/access-store.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Site, User } from '../../core/model.ts'
import { type Doorkeeper, sameSecret } from '../access.ts'
import type { WireRequest } from '../dialect.ts'
import { readBasic, readBearer } from './authorization.ts'
import { type GigyaCode, GigyaError, missing } from './errors.ts'
import { looksLikeJwt, readJwt } from './jwt.ts'
import type { GigyaCaller, GigyaMethod, Lives, Mode } from './method.ts'
import { parametersOf } from './parameters.ts'
import { baseStringOf, decodeSecret, isSignedBy } from './signature.ts'

export interface AccessOptions {
  readonly doorkeeper: Doorkeeper
  /** Hosts that clients may have signed where a proxy changes the Host header. */
  readonly publicHosts: readonly string[]
  /** Secrets and tokens are taken over plain http too. */
  readonly isSecretOverHttpAllowed: boolean
  readonly lives: Lives
  /** Told as soon as it is known whose site it is, whatever happens then. */
  meet(request: WireRequest, site: Site): void
}

/** A request on its way through the checks. */
interface Visit {
  readonly request: WireRequest
  readonly gateway: Gateway
  readonly method: GigyaMethod
  readonly options: AccessOptions
  /** The value of a parameter; an empty one counts as absent. */
  param(name: string): string | undefined
  /** Whom the caller names, where the method is about a user. */
  readonly uid?: string
}

interface Proven extends Door {
  readonly mode: Mode
  readonly by: GigyaCaller['by']
  /** The user key behind it. */
  readonly key?: string
  /** Whom the caller named, if we know them. */
  readonly user?: User
  /** The one whom it may act for alone. */
  readonly bound?: User
}

/** Answers who calls this method; throws the GigyaError of the first check that fails. */
export async function authenticate(
  request: WireRequest,
  gateway: Gateway,
  method: GigyaMethod,
  options: AccessOptions,
): Promise<GigyaCaller> {
  const { get } = parametersOf(request)
  const param = (name: string) => get(name) || undefined
  const uid = method.user === 'none' ? undefined : param('UID')
  const visit: Visit = { request, gateway, method, options, param, uid }
  const proven = method.access === 'client' ? await proveClient(visit) : await prove(visit)
  const { site, mode, by, key } = proven
  if (by === 'anonymous' && method.access !== 'anyone') {
    throw new GigyaError(403035, 'The request has no credentials: sig, secret or a token')
  }
  if (by === 'session' && method.access === 'server') {
    throw new GigyaError(403007, 'This method is for servers: a token of one user may not call it')
  }
  const user = by === 'anonymous' ? undefined : userOf(visit, proven)
  // Whoever has a user key alone could not check them: clients would take them for forged.
  const isSigned = by !== 'anonymous' && key === undefined
  const signingKey = isSigned ? decodeSecret(proven.secret) : undefined
  const isPrivate = request.scheme === 'https' || options.isSecretOverHttpAllowed
  return { site, mode, by, user, signingKey, userKey: key, lives: options.lives, isPrivate }
}

function userOf({ method, uid }: Visit, { user, bound }: Proven): User | undefined {
  if (bound) {
    if (uid === undefined || uid === bound.uid || uid === bound.token) return bound
    throw strange(uid)
  }
  if (uid !== undefined && !user) throw strange(uid)
  if (!user && method.user === 'required') throw missing('UID')
  return user
}

const SHOWN = 300

function strange(uid: string): GigyaError {
  return new GigyaError(403005, `The user ${uid.slice(0, SHOWN)} is not valid for this site`, {
    field: 'UID',
  })
}

async function prove(visit: Visit): Promise<Proven> {
  const { param, request } = visit
  const bearer = readBearer(request)
  const token = param('oauth_token') ?? bearer
  if (bearer !== undefined && token === bearer && looksLikeJwt(bearer)) return proveByJwt(visit, bearer)
  if (token !== undefined) return proveByToken(visit, token)

  const userKey = param('userKey')
  const door = await openDoor(visit, userKey)
  const secret = param('secret')
  const signature = param('sig')
  if (secret === undefined && signature === undefined) {
    for (const name of ['timestamp', 'nonce']) if (param(name) !== undefined) throw missing('sig')
    if (userKey !== undefined) throw missing('secret')
    return { ...door, mode: 'anonymous', by: 'anonymous' }
  }
  const owner = { by: userKey === undefined ? 'partner' : 'userKey', key: userKey } as const
  if (secret !== undefined) {
    refuseOverHttp(visit, 403006, 'The secret was sent over http: use https, or sign the request')
    const expected = userKey === undefined ? door.secret : secretOf(visit, door.userKey)
    if (!isSecret(expected, secret)) throw wrong(visit, 403010, 'The secret is wrong')
    return { ...door, ...owner, mode: 'secret' }
  }
  const expected = userKey === undefined ? door.secret : secretOf(visit, door.userKey)
  await proveBySignature(visit, door.site, expected, signature ?? '')
  return { ...door, ...owner, mode: 'signed' }
}

/** The site of the apiKey. */
async function openDoor(visit: Visit, userKey: string | undefined) {
  const { gateway, options, param, request, uid } = visit
  const apiKey = param('apiKey')
  if (apiKey === undefined) throw missing('apiKey')
  const door = await gateway.store.access.byApiKey(apiKey, { uid, userKey })
  if (!door) throw wrong(visit, 400093, 'There is no site with this apiKey')
  options.meet(request, door.site)
  return door
}

function secretOf(visit: Visit, userKey: UserKey | undefined): string {
  if (!userKey) throw wrong(visit, 403007, 'There is no such userKey')
  if (userKey.secret !== undefined) return userKey.secret
  throw new GigyaError(403007, 'This userKey has no secret: it signs tokens with its private key')
}

// A `+` that was sent bare has become a space.
function isSecret(expected: string, given: string): boolean {
  return sameSecret(expected, given.replaceAll(' ', '+'))
}

/** Time, signature, nonce: a nonce is burnt only by who could sign, so that a retry after 403002 is not a repeat. */
async function proveBySignature(visit: Visit, site: Site, secret: string, signature: string): Promise<void> {
  const { param, request, options } = visit
  const timestamp = param('timestamp')
  if (timestamp === undefined) throw missing('timestamp')
  const nonce = param('nonce')
  if (nonce === undefined) throw missing('nonce')
  checkTime(toMilliseconds(timestamp), request.at, 'timestamp')
  const signed = { request, pairs: parametersOf(request).pairs, publicHosts: options.publicHosts }
  if (!isSignedBy(decodeSecret(secret), signature, signed)) {
    const baseString = baseStringOf(signed).slice(0, BASE_STRING_MAX)
    throw wrong(visit, 403003, 'Invalid request signature', { baseString })
  }
  await burn(visit, site, nonce)
}

/** A longer one is cut where it is repeated to the caller. */
const BASE_STRING_MAX = 8_192

async function burn({ gateway }: Visit, site: Site, nonce: string): Promise<void> {
  if (await gateway.store.access.burnNonce(site, nonce, NONCE_KEPT_MS)) return
  throw new GigyaError(
    403004,
    'This nonce was used before. Some SDKs sign a request object once: make a new one for each attempt',
  )
}

/** How far a clock may be off: https://github.com/SAP/gigya-dotnet-sdk says two minutes. */
const WINDOW_MS = 120_000
const NONCE_KEPT_MS = 300_000

/** Seconds or, as one library sends them, milliseconds. */
function toMilliseconds(timestamp: string): number {
  const value = Number(timestamp)
  if (!/^\d{1,15}$/.test(timestamp)) {
    const details = 'Invalid parameter value : timestamp must be Unix time in seconds'
    throw new GigyaError(400006, details, { field: 'timestamp' })
  }
  return value >= FIRST_IN_MILLISECONDS ? value : value * 1_000
}

const FIRST_IN_MILLISECONDS = 100_000_000_000

function checkTime(atMs: number, nowMs: number, name: string): void {
  const aheadMs = atMs - nowMs
  if (Math.abs(aheadMs) <= WINDOW_MS) return
  const seconds = Math.round(Math.abs(aheadMs) / 1_000)
  const direction = aheadMs > 0 ? 'ahead of' : 'behind'
  throw new GigyaError(
    403002,
    `The ${name} is ${seconds} s ${direction} this server's clock (${Math.floor(nowMs / 1_000)}); up to ${WINDOW_MS / 1_000} s are taken`,
  )
}

async function proveByToken(visit: Visit, token: string): Promise<Proven> {
  const { gateway, options, param, request, uid } = visit
  const signature = param('sig')
  if (signature === undefined) refuseOverHttp(visit, 403025, 'The token was sent over http: use https')
  const found = await gateway.store.access.byToken(hash('sha256', token), { uid })
  if (!found) throw wrong(visit, 403025, 'The token is unknown or has expired')
  options.meet(request, found.site)
  const apiKey = param('apiKey')
  if (apiKey !== undefined && apiKey !== found.site.apiKey) {
    throw new GigyaError(403025, 'The token belongs to another site than the apiKey')
  }
  const { site, secret, user, token: issued } = found
  const proven: Proven = {
    site,
    secret,
    user,
    bound: issued.user,
    mode: 'token',
    by: issued.user ? 'session' : 'token',
    key: issued.userKey,
  }
  if (signature === undefined) return proven
  if (issued.sessionSecret === undefined) {
    throw new GigyaError(403025, 'This token has no secret to sign with: send it over https without sig')
  }
  await proveBySignature(visit, site, issued.sessionSecret, signature)
  return { ...proven, mode: 'session' }
}

async function proveByJwt(visit: Visit, token: string): Promise<Proven> {
  refuseOverHttp(visit, 403025, 'The token was sent over http: use https')
  const { request } = visit
  const jwt = readJwt(token, request.at)
  const door = await openDoor(visit, jwt.keyId)
  if (!door.userKey) throw wrong(visit, 403007, 'There is no such userKey (kid)')
  if (door.userKey.publicKey === undefined) {
    throw new GigyaError(403007, 'This userKey has a secret and no public key: sign the request with it')
  }
  checkTime(jwt.issuedAt * 1_000, request.at, 'iat')
  if (!jwt.isSignedBy(door.userKey.publicKey)) throw wrong(visit, 403003, 'The token has another signature')
  await burn(visit, door.site, `jwt ${jwt.keyId} ${jwt.id}`)
  return { ...door, mode: 'jwt', by: 'userKey', key: jwt.keyId }
}

/** Who is to be given a token: Basic, `client_id` and `client_secret`, or `client_id`, `userKey` and `secret`. */
async function proveClient(visit: Visit): Promise<Proven> {
  const { param, gateway, options, request } = visit
  refuseOverHttp(visit, 403006, 'The secret was sent over http: use https')
  const basic = readBasic(request)
  const clientId = basic?.id ?? param('client_id') ?? param('apiKey')
  const secret = basic?.secret ?? param('client_secret') ?? param('secret')
  if (clientId === undefined) throw missing('client_id')
  if (secret === undefined) throw missing('client_secret')
  const named = basic ? undefined : param('userKey')
  const { access } = gateway.store
  const door =
    (await access.byApiKey(clientId, { userKey: named })) ??
    // One client puts its userKey here.
    (named === undefined ? await access.byUserKey(clientId) : undefined)
  if (!door) throw wrong(visit, 400093, 'There is no site with this client_id')
  options.meet(request, door.site)
  const isPartner = named === undefined && door.userKey === undefined
  const expected = isPartner ? door.secret : secretOf(visit, door.userKey)
  if (!isSecret(expected, secret)) throw wrong(visit, 403010, 'The secret is wrong')
  return { ...door, mode: 'secret', by: isPartner ? 'partner' : 'userKey', key: door.userKey?.key }
}

function refuseOverHttp({ request, options }: Visit, number: GigyaCode, details: string): void {
  if (request.scheme === 'https' || options.isSecretOverHttpAllowed) return
  throw new GigyaError(number, details)
}

/** A wrong credential, or the refusal of an address that has sent too many of them. */
function wrong(
  { options, request }: Visit,
  number: GigyaCode,
  details: string,
  extra: Readonly<Record<string, unknown>> = {},
): GigyaError {
  const { code, message, retryAfterSeconds } = options.doorkeeper.wrongKey(request.address, details)
  if (code === 'throttled') return new GigyaError(403048, message, { retryAfterSeconds })
  return new GigyaError(number, details, { extra })
}
