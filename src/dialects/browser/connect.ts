// The way to a network: what a site's page or an app wishes becomes a login under way.

import { hash } from 'node:crypto'
import { type ErrorCode, GatewayError } from '../../core/errors.ts'
import { toServer } from '../../core/identities.ts'
import { beginLogin, checkCallback, type LoginWish, type Onto, recordLogin } from '../../core/login.ts'
import { toLoginProblem } from '../../core/login-problem.ts'
import type { Site } from '../../core/model.ts'
import type { Provider } from '../../core/provider.ts'
import { type Call, route, type WireRequest } from '../dialect.ts'
import { findProvider } from '../oneall/wire.ts'
import { asksWhere, askWhere, readWhere, type Whereabouts } from './asking.ts'
import { handOver, toldOf } from './hand-over.ts'
import { type Page, redirect } from './page.ts'
import { baseOf, clientUriOf, hopTo, loginCookie, redirectUriOf } from './places.ts'
import { speechOf, troubleOf } from './speech.ts'
import { unlinkPage } from './unlink.ts'
import { CONNECT_INPUT, type ConnectInput } from './wish.ts'

const direct = route({
  method: 'GET',
  path: '/socialize/connect/direct/:provider',
  summary: 'Begin a login, a link or an unlink for a page of the site',
  input: CONNECT_INPUT,
  async run(call): Promise<Page> {
    const { gateway, caller, input, request } = call
    const own = baseOf(gateway, request)
    const callbackUri = checkCallback(caller.site, input.callback_uri, { own }).href
    return connect(call, { kind: 'site', callbackUri, isPopup: input.display === 'popup' })
  },
})

const mobile = route({
  method: 'GET',
  path: '/socialize/connect/mobile/:provider',
  summary: 'Begin a login or a link for an app',
  input: CONNECT_INPUT,
  async run(call): Promise<Page> {
    const { caller, input } = call
    const { nonce = '' } = input
    if (!/^[\x21-\x7e]{8,255}$/.test(nonce)) {
      const message = 'nonce must be 8 to 255 characters of ASCII, known to the app alone.'
      throw new GatewayError('invalid_request', message, { field: 'nonce' })
    }
    const callbackUri = checkAppAddress(caller.site, input.callback_uri)
    return connect(call, { kind: 'app', callbackUri, nonceHash: hash('sha256', nonce) })
  },
})

export const connects = [direct, mobile]

/** `oneall://…`, which the SDKs listen to, or a page on a domain of the site that its app opens. */
function checkAppAddress(site: Site, address: string): string {
  const isApp =
    /^oneall:\/\/[!-~]*$/i.test(address) && !/[#"<>\\^`{|}]/.test(address) && address.length <= 2_048
  return isApp ? address : checkCallback(site, address).href
}

async function connect(call: Call<ConnectInput>, onto: Exclude<Onto, { kind: 'client' }>): Promise<Page> {
  const { gateway, input } = call
  const { site } = call.caller
  const provider = findProvider(gateway, input.provider)
  if (!provider) {
    throw new GatewayError('invalid_request', 'This network is not known here.', { field: 'provider' })
  }
  const isLink = input.service === 'social_link'
  if (isLink && input.action === 'unlink_identity') return unlinkPage(call, provider, onto)
  const wish: LoginWish = {
    service: isLink ? 'link' : 'login',
    userToken: isLink ? input.user_token : undefined,
    identityToken: isLink ? input.identity_token : undefined,
    lang: input.lang,
    onto,
  }
  return begin(call, provider, wish, async (error) => {
    const stage = error instanceof UnknownUser ? 'link' : 'network'
    const outcome = { problem: toLoginProblem(error, { provider, stage }) }
    const connection = await recordLogin(gateway, site, { wish, outcome })
    const speech = speechOf(call.request)
    return handOver(onto, { site, connection, speech, told: toldOf(outcome, speech) })
  })
}

/** What `begin` reads of a wish, whichever wire it came over. */
export type BeginInput = Pick<ConnectInput, 'login_data' | 'scope' | 'force_reauth'>

class UnknownUser extends GatewayError {}

/** Sends the browser to the network, or asks the person first where their account is; else what `failed` makes of it. */
export async function begin(
  {
    gateway,
    caller: { site },
    input,
    request,
  }: Pick<Call<BeginInput>, 'gateway' | 'caller' | 'input' | 'request'>,
  provider: Provider,
  wish: LoginWish,
  failed: (error: GatewayError) => Promise<Page>,
): Promise<Page> {
  const base = baseOf(gateway, request, provider)
  const hop = hopTo(base, request, site)
  if (hop !== undefined) return redirect(hop)
  const isAsking = asksWhere(provider)
  const typed = input.login_data
  if (isAsking && typed === undefined && !provider.gone) return askWhere(request, provider)
  try {
    if (wish.userToken !== undefined && !(await gateway.store.users.find(site, wish.userToken))) {
      throw new UnknownUser('not_found', 'There is no such user.')
    }
    const where = whereOf(provider, isAsking ? typed : undefined)
    const redirectUri = redirectUriOf(base, provider, where.server)
    const begun = await beginLogin(gateway, site, {
      provider,
      wish,
      ...where,
      scopes: scopesOf(input.scope),
      forceReauth: isYes(input.force_reauth),
      redirectUri,
      clientUri: clientUriOf(base, { provider, site, redirectUri }),
    })
    return redirect(begun.address, { 'set-cookie': loginCookie(base, begun) })
  } catch (error) {
    const refusal = GatewayError.from(error)
    if (refusal.code === 'internal') gateway.log.error({ cause: error }, 'a login could not begin')
    if (isAsking && !provider.gone && TYPED_WRONGLY.has(refusal.code) && !(error instanceof UnknownUser)) {
      return askWhere(request, provider, { typed, complaint: complaintOf(request, provider, refusal) })
    }
    return failed(refusal)
  }
}

function complaintOf(request: WireRequest, provider: Provider, refusal: GatewayError): string {
  const speech = speechOf(request)
  const isNotFound = refusal.code === 'invalid_request' || refusal.code === 'not_found'
  if (isNotFound && speech.lang !== 'en') return speech.words.page.askAgain
  return troubleOf(speech, toLoginProblem(refusal, { provider }))
}

/** What may be the fault of what was typed: the person can try again. */
const TYPED_WRONGLY: ReadonlySet<ErrorCode> = new Set([
  'invalid_request',
  'not_found',
  'network_rejected',
  'network_unreached',
  'network_unreadable',
  'network_silent',
  'network_unavailable',
])

function whereOf(provider: Provider, typed: string | undefined): Whereabouts {
  const { server, account } = typed === undefined ? {} : readWhere(provider, typed)
  if (account !== undefined) return { account }
  return { server: provider.server ? toServer(provider, server) : undefined }
}

/** Words between spaces or commas, as RFC 6749, 3.3 spells them. */
function scopesOf(scope = ''): readonly string[] {
  const scopes = scope.split(/[\s,]+/).filter(Boolean)
  if (scopes.every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word))) return scopes
  throw new GatewayError('invalid_request', 'scope has characters in it that no scope has.', {
    field: 'scope',
  })
}

function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(?:1|true|yes)$/i.test(value)
}
