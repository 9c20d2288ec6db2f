// How a login ends for a client of the Gigya API: a code or a token in the address that it is sent back to.

import { hash, randomBytes } from 'node:crypto'
import type { Gateway } from '../../core/gateway.ts'
import type { Finished, LoginWish, Onto } from '../../core/login.ts'
import { LINKED_TO_ANOTHER, type LoginProblem } from '../../core/login-problem.ts'
import type { Site, User } from '../../core/model.ts'
import type { Provider } from '../../core/provider.ts'
import { type GigyaCode, GigyaError, MESSAGES, NUMBERS } from '../gigya/errors.ts'
import type { GigyaCaller } from '../gigya/method.ts'
import { networkName } from '../gigya/networks.ts'
import { issueSession, issueToken } from '../gigya/tokens.ts'
import { type Page, redirect } from './page.ts'

export type ClientOnto = Extract<Onto, { kind: 'client' }>

/** How long a code can be exchanged. https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2 */
const CODE_LIFE_MS = 300_000
/** Life of a token whose client names no other: 90 days. */
const SESSION_MS = 90 * 86_400_000

/** Sends the client on, with what it has asked for or with what went wrong. */
export async function toClient(
  gateway: Gateway,
  site: Site,
  { wish, onto, provider, outcome }: Finished & { readonly onto: ClientOnto },
  headers: Readonly<Record<string, string>>,
): Promise<Page> {
  const way: Way = { site, service: wish.service, onto }
  if ('problem' in outcome) return toClientError(gateway, way, provider, outcome.problem, headers)
  const { user } = outcome.linked
  const given =
    onto.responseType === 'code'
      ? await giveCode(gateway, site, onto, user)
      : await giveToken(gateway, site, onto, user)
  return sendOn(way, 0, given, headers)
}

/** Whose login it was, and where its end goes. */
interface Way {
  readonly site: Pick<Site, 'id' | 'subdomain'>
  readonly service: LoginWish['service']
  readonly onto: ClientOnto
}

async function giveCode(gateway: Gateway, site: Site, { redirectUri }: ClientOnto, user: User) {
  const code = `st1.${randomBytes(32).toString('base64url')}`
  await gateway.store.logins.issueCode(site, {
    hash: hash('sha256', code),
    user,
    redirectUri,
    lifeMs: CODE_LIFE_MS,
  })
  return { code }
}

async function giveToken(gateway: Gateway, site: Site, { lifeSeconds, wantsSecret }: ClientOnto, user: User) {
  const caller: GigyaCaller = {
    site,
    user,
    by: 'anonymous',
    mode: 'anonymous',
    lives: { tokenMs: SESSION_MS, sessionMs: SESSION_MS },
    isPrivate: true,
  }
  const issued = wantsSecret
    ? await issueSession(gateway, caller, user, { lifeSeconds })
    : await issueToken(gateway, caller, { user, lifeSeconds })
  return {
    access_token: issued.token,
    expires_in: String(issued.expiresIn),
    x_access_token_secret: 'sessionSecret' in issued ? String(issued.sessionSecret) : undefined,
    status: 'ok',
  }
}

/** Tells the client what went wrong: `error_description` is `<number> - <text>`, which clients take apart. */
export function toClientError(
  gateway: Pick<Gateway, 'providers'>,
  way: Way,
  provider: Pick<Provider, 'id'> | undefined,
  failure: LoginProblem | GigyaError,
  headers: Readonly<Record<string, string>> = {},
): Page {
  const number = failure instanceof GigyaError ? failure.number : numberOf(failure)
  const fields = {
    error:
      failure instanceof GigyaError ? 'invalid_request' : failure.isWanted ? 'access_denied' : 'server_error',
    error_description: `${number} - ${MESSAGES[number]}`,
    errorDetails: failure.message,
    provider: provider && networkName(gateway, provider.id),
    status: 'fail',
  }
  return sendOn(way, number, fields, headers)
}

function numberOf({ isWanted, reason, code }: LoginProblem): GigyaCode {
  if (isWanted) return 200001
  if (reason === LINKED_TO_ANOTHER) return 409001
  if (reason === 'user_not_found') return 403005
  if (code === 'conflict') return 403017
  return code === 'unsupported' || code === 'unauthenticated' ? 500031 : NUMBERS[code]
}

/** A code goes into the query, a token into the fragment, which no server is told. */
function sendOn(
  { site, service, onto }: Way,
  errorCode: GigyaCode,
  fields: Readonly<Record<string, string | undefined>>,
  headers: Readonly<Record<string, string>>,
): Page {
  const { redirectUri, responseType, state, cid = '' } = onto
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...fields, state })) {
    if (value !== undefined) parameters.set(name, value)
  }
  const mark = responseType === 'token' ? '#' : redirectUri.includes('?') ? '&' : '?'
  const method = service === 'link' ? 'addConnection' : 'login'
  const transaction = { site, method, errorCode, cid }
  return { ...redirect(`${redirectUri}${mark}${parameters}`, headers), transaction }
}
