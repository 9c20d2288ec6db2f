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
import { findNetwork } from '../gigya/networks.ts'
import { toLifeSeconds } from '../gigya/record-login.ts'
import { type ClientOnto, toClientError } from './client-end.ts'
import { begin } from './connect.ts'
import type { Page } from './page.ts'
import { firstValue } from './places.ts'

/** Whether a browser, and not a server, asks one of Gigya's methods: servers add connections with sessions. */
export function isClientLogin(request: WireRequest): boolean {
  const method = methodOf(request.path)
  if (method === 'login') return true
  if (method !== 'addconnection' || request.method !== 'GET') return false
  return Boolean(firstValue(request, 'redirect_uri')) && !firstValue(request, 'providerSessions')
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
  x_session_expiration: z.string().optional(),
  x_extraPermissions: z.string().optional(),
  x_forceAuthentication: z.string().optional(),
  login_data: z.string().max(253).optional(),
})

type Input = z.output<typeof INPUT>

const loginAt = (path: string, isLink: boolean) =>
  route({
    method: 'GET',
    path,
    summary: 'Log in, or connect a network, for a client of the Gigya API',
    input: INPUT,
    run: (call): Promise<Page> => visit(call, isLink),
  })

export const clientLogins = [loginAt('/socialize.login', false), loginAt('/socialize.addConnection', true)]

/** The site of the key that the client names, or of the token of who is logged in. */
export async function siteOfClient(request: WireRequest, { store }: Gateway): Promise<Site> {
  const token = methodOf(request.path) === 'addconnection' ? firstValue(request, 'oauth_token') : undefined
  if (token !== undefined) {
    const door = await store.access.byToken(hash('sha256', token))
    if (door?.token.user) return door.site
    throw new GigyaError(403025, 'The token is unknown, has expired, or acts for no user')
  }
  const apiKey = firstValue(request, 'client_id') ?? firstValue(request, 'apiKey')
  if (apiKey === undefined) throw missing('client_id')
  const door = await store.access.byApiKey(apiKey)
  if (door) return door.site
  throw new GigyaError(400093, 'There is no site with this client_id')
}

async function visit(call: Call<Input>, isLink: boolean): Promise<Page> {
  const { gateway, input } = call
  const { site } = call.caller
  const redirectUri = checkRedirect(site, input.redirect_uri)
  const responseType = input.response_type
  const onto: ClientOnto = {
    kind: 'client',
    redirectUri,
    responseType: responseType === 'code' ? 'code' : 'token',
    state: input.state,
    wantsSecret: input.x_secret_type?.toLowerCase() === 'oauth1',
    lifeSeconds: lifeOf(input.x_session_expiration),
  }
  // From here on the client hears of what is wrong.
  try {
    if (responseType !== 'code' && responseType !== 'token') {
      throw responseType === undefined ? missing('response_type') : new GigyaError(400012)
    }
    const name = input.x_provider ?? input.provider
    if (name === undefined) throw missing(isLink ? 'provider' : 'x_provider')
    const provider = findNetwork(gateway, name)
    if (!provider) throw new GigyaError(400006, 'Invalid parameter value : provider names no network')
    const userToken = isLink ? await userTokenOf(gateway, input.oauth_token) : undefined
    const wish: LoginWish = { service: isLink ? 'link' : 'login', userToken, onto }
    const wishes = {
      login_data: input.login_data,
      scope: input.x_extraPermissions,
      force_reauth: input.x_forceAuthentication,
    }
    return await begin({ ...call, input: wishes }, provider, wish, async (error) => {
      return toClientError(onto, provider, toLoginProblem(error, { provider }))
    })
  } catch (error) {
    if (error instanceof GigyaError) return toClientError(onto, undefined, error)
    throw error
  }
}

async function userTokenOf({ store }: Gateway, token: string | undefined): Promise<string> {
  const door = token === undefined ? undefined : await store.access.byToken(hash('sha256', token))
  const user = door?.token.user
  if (user) return user.token
  throw new GigyaError(403025, 'The token is unknown, has expired, or acts for no user')
}

function lifeOf(expiration: string | undefined): number | undefined {
  return expiration !== undefined && /^-?\d{1,9}$/.test(expiration)
    ? toLifeSeconds(Number(expiration))
    : undefined
}

/** A page on a domain of the site, or `gsapi://…`, which the mobile SDKs listen to. */
function checkRedirect(site: Site, address: string | undefined): string {
  if (address === undefined) throw missing('redirect_uri')
  const isApp =
    /^gsapi:\/\/[!-~]*$/i.test(address) && !/[#"<>\\^`{|}]/.test(address) && address.length <= 2_048
  if (isApp) return address
  try {
    checkCallback(site, address)
    return address
  } catch (error) {
    const why = GatewayError.from(error).message.replace(/^callback_uri/, 'redirect_uri')
    throw new GigyaError(400011, why, { field: 'redirect_uri' })
  }
}
