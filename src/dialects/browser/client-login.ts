// Gigya's two addresses for browsers: `socialize.login`, and `socialize.addConnection` for who is logged in.
// https://developers.gigya.com/display/GD/socialize.login+REST

import { hash } from 'node:crypto'
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { checkCallback, type LoginWish } from '../../core/login.ts'
import { toLoginProblem } from '../../core/login-problem.ts'
import type { Site } from '../../core/model.ts'
import { type Call, route, type WireRequest } from '../dialect.ts'
import { GigyaError, missing } from '../gigya/errors.ts'
import { CID_MAX } from '../gigya/gigya.ts'
import { findNetwork } from '../gigya/networks.ts'
import { parametersOf, toInput } from '../gigya/parameters.ts'
import { toLifeSeconds } from '../gigya/record-login.ts'
import { type ClientOnto, toClientError } from './client-end.ts'
import { begin } from './connect.ts'
import type { Page } from './page.ts'

/** Whether a browser, and not a server, asks one of Gigya's methods: servers add connections with sessions. */
export function isClientLogin(request: WireRequest): boolean {
  const method = methodOf(request.path)
  const isGet = request.method === 'GET' || request.method === 'HEAD'
  if (method === 'login' && isGet) return true
  // An app may send the form of a login: https://www.rfc-editor.org/rfc/rfc6749#section-3.1
  const mayPost = method === 'login' && request.method === 'POST'
  if (!mayPost && !(method === 'addconnection' && isGet)) return false
  return Boolean(sentValue(request, 'redirect_uri')) && !sentValue(request, 'providerSessions')
}

function sentValue(request: WireRequest, name: string): string | undefined {
  return parametersOf(request).peek(name) || undefined
}

function methodOf(path: string): string | undefined {
  return /^\/socialize\.(login|addConnection)$/i.exec(path)?.[1]?.toLowerCase()
}

const INPUT = z.object({
  client_id: z.string().optional(),
  apiKey: z.string().optional(),
  x_provider: z.string().optional(),
  provider: z.string().optional(),
  redirect_uri: z.string().optional(),
  response_type: z.string().optional(),
  state: z.string().max(2_000).optional(),
  oauth_token: z.string().optional(),
  x_secret_type: z.string().optional(),
  x_lang: z.string().optional(),
  x_cid: z.string().optional(),
  cid: z.string().optional(),
  x_session_expiration: z.string().optional(),
  // The Android SDK puts `x_` before the name that its callers use.
  x_sessionExpiration: z.string().optional(),
  x_extraPermissions: z.string().optional(),
  x_forceAuthentication: z.string().optional(),
  // The first SDK for iOS spells it so.
  x_force_authentication: z.string().optional(),
  login_data: z.string().max(253).optional(),
})

type Input = z.output<typeof INPUT>

/** What a client has sent, its names in any case; 400006 where one name has two values. */
export function clientInput(request: WireRequest): Readonly<Record<string, string>> {
  const given = toInput(parametersOf(request), Object.keys(INPUT.shape))
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''))
}

/** The two addresses; tokens whose client names no other life hold for `sessionMs`. */
export function clientLogins(sessionMs: number) {
  const loginAt = (path: string, { isLink }: { readonly isLink: boolean }) =>
    route({
      method: isLink ? ['GET'] : ['GET', 'POST'],
      path,
      summary: 'Log in, or connect a network, for a client of the Gigya API',
      input: INPUT,
      run: (call): Promise<Page> => visit(call, { isLink, sessionMs }),
    })
  return [
    loginAt('/socialize.login', { isLink: false }),
    loginAt('/socialize.addConnection', { isLink: true }),
  ]
}

/** The path of these addresses as the routes spell it; any other as it is. */
export function clientStem(path: string): string {
  const method = methodOf(path)
  if (method === undefined) return path
  return method === 'login' ? '/socialize.login' : '/socialize.addConnection'
}

/** The site of the key that the client names, or of the token of who is logged in. */
export async function siteOfClient(
  request: WireRequest,
  { store }: Gateway,
  { secretOverHttp }: { readonly secretOverHttp: boolean },
): Promise<Site> {
  const token = methodOf(request.path) === 'addconnection' ? sentValue(request, 'oauth_token') : undefined
  if (token !== undefined) {
    if (request.scheme === 'http' && !secretOverHttp) {
      throw new GigyaError(403025, 'The token was sent over http: use https')
    }
    const door = await store.access.byToken(hash('sha256', token))
    if (door?.token.user) return door.site
    throw new GigyaError(403025, 'The token is unknown, has expired, or acts for no user')
  }
  const apiKey = sentValue(request, 'client_id') ?? sentValue(request, 'apiKey')
  if (apiKey === undefined) throw missing('client_id')
  const door = await store.access.byApiKey(apiKey)
  if (door) return door.site
  throw new GigyaError(400093, 'There is no site with this client_id')
}

interface Kind {
  readonly isLink: boolean
  readonly sessionMs: number
}

async function visit(call: Call<Input>, { isLink, sessionMs }: Kind): Promise<Page> {
  const { gateway, input } = call
  const { site } = call.caller
  const redirectUri = checkRedirect(site, input.redirect_uri)
  const responseType = input.response_type
  const expiration = input.x_session_expiration ?? input.x_sessionExpiration
  const onto: ClientOnto = {
    kind: 'client',
    redirectUri,
    responseType: responseType === 'code' ? 'code' : 'token',
    state: input.state,
    wantsSecret: input.x_secret_type?.toLowerCase() === 'oauth1',
    lifeSeconds: lifeOf(expiration) ?? Math.ceil(sessionMs / 1_000),
    cid: (input.x_cid ?? input.cid)?.slice(0, CID_MAX).toWellFormed(),
  }
  const service = isLink ? 'link' : 'login'
  const way = { site, service, onto } as const
  // From here on the client hears of what is wrong.
  try {
    if (responseType !== 'code' && responseType !== 'token') {
      throw responseType === undefined ? missing('response_type') : new GigyaError(400012)
    }
    if (expiration !== undefined && !EXPIRATION.test(expiration)) {
      throw new GigyaError(400006, 'Invalid parameter value : x_session_expiration must be seconds, -1 or -2')
    }
    const name = input.x_provider ?? input.provider
    if (name === undefined) throw missing(isLink ? 'provider' : 'x_provider')
    const provider = findNetwork(gateway, name)
    if (!provider) throw new GigyaError(400006, 'Invalid parameter value : provider names no network')
    const userToken = isLink ? await userTokenOf(gateway, input.oauth_token) : undefined
    const wish: LoginWish = {
      service,
      userToken,
      lang: input.x_lang?.slice(0, LANGUAGE_MAX),
      onto,
    }
    const wishes = {
      login_data: input.login_data,
      scope: input.x_extraPermissions,
      force_reauth: input.x_forceAuthentication ?? input.x_force_authentication,
    }
    return await begin({ ...call, input: wishes }, provider, wish, async (error) => {
      return toClientError(gateway, way, provider, toLoginProblem(error, { provider }))
    })
  } catch (error) {
    if (error instanceof GigyaError) return toClientError(gateway, way, undefined, error)
    throw error
  }
}

async function userTokenOf({ store }: Gateway, token: string | undefined): Promise<string> {
  const door = token === undefined ? undefined : await store.access.byToken(hash('sha256', token))
  const user = door?.token.user
  if (user) return user.token
  throw new GigyaError(403025, 'The token is unknown, has expired, or acts for no user')
}

/** Longer names of languages are none. */
const LANGUAGE_MAX = 35

/** As `notifyLogin` takes it: -1, -2, 0 or seconds. */
const EXPIRATION = /^(?:-[12]|\d{1,9})$/

function lifeOf(expiration: string | undefined): number | undefined {
  return expiration !== undefined && EXPIRATION.test(expiration)
    ? toLifeSeconds(Number(expiration))
    : undefined
}

/**
 * A page on a domain of the site, or what the mobile SDKs listen to: `gsapi://…`, and on Android
 * `gigya://gsapi/<package>/login_result`. https://github.com/SAP/gigya-android-sdk
 */
function checkRedirect(site: Site, address: string | undefined): string {
  if (address === undefined) throw missing('redirect_uri')
  const isApp =
    /^(?:gsapi:\/\/|gigya:\/\/gsapi[/.])[!-~]*$/i.test(address) &&
    !/[#"<>\\^`{|}]/.test(address) &&
    address.length <= 2_048
  if (isApp) return address
  try {
    checkCallback(site, address)
    return address
  } catch (error) {
    const why = GatewayError.from(error).message.replace(/^callback_uri/, 'redirect_uri')
    throw new GigyaError(400011, why, { field: 'redirect_uri' })
  }
}
