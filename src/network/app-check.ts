// Whether a network knows an app, found out without a user: a code that cannot exist is offered for tokens. Who refuses
// the code has accepted the app; who refuses the app says so. https://www.rfc-editor.org/rfc/rfc6749#section-5.2

import { GatewayError } from '../core/errors.ts'
import type { App } from '../core/model.ts'
import type { OAuth2, Provider } from '../core/provider.ts'
import { openDeadline } from './deadline.ts'
import { createGuard } from './guard.ts'
import { mask, parseBody, textAt } from './json.ts'
import type { NetworkOptions } from './options.ts'
import { createPlaces } from './places.ts'
import { createPool } from './pool.ts'
import { plainContent } from './request.ts'

/** What came of asking. */
export interface AppVerdict {
  /** `unknown`: it said neither, or nothing; `said` tells what there is to tell. */
  readonly state: 'accepted' | 'refused' | 'unknown'
  /** In the network's own words, without our secret. */
  readonly said: string
}

export interface AppCheck {
  /** Undefined for networks where an app cannot be asked for in this way. */
  check(provider: Provider, app: App, options: CheckOptions): Promise<AppVerdict | undefined>
  close(): Promise<void>
}

interface CheckOptions {
  readonly server?: string
  /** The address that people are sent back to. */
  readonly redirect: string
}

/** Words of networks that accept the app and refuse the code, beside the standard's own. */
const CODE_REFUSED =
  /invalid_grant|bad_verification_code|verification code|authorization[ _]code|invalid code|code (?:is |was )?(?:invalid|expired|not found)/i
/** Words of networks that refuse the app. */
const APP_REFUSED =
  /invalid_client|unauthorized_client|incorrect_client_credentials|client (?:id|secret|credentials|authentication)|validating application|unknown (?:app|client)|app(?:lication)? (?:not found|does not exist)/i

export function createAppCheck(options: NetworkOptions): AppCheck {
  const places = createPlaces(options)
  const guard = createGuard({ allow: [...options.allowAddresses, ...places.configuredHosts] })
  const pool = createPool(options, guard)

  const ask = async (provider: Provider, auth: OAuth2, app: App, { server, redirect }: CheckOptions) => {
    const { asked: url } = places.ofTemplate(provider, server, auth.tokenUrl)
    const content = plainContent({ method: 'POST', ...formOf(auth, app, redirect) }, options)
    const deadline = openDeadline(options.requestDeadlineMs)
    try {
      return await pool.exchange({ ...content, url }, provider.name, deadline)
    } finally {
      deadline.close()
    }
  }

  return {
    async check(provider, app, where) {
      const { auth } = provider
      if (auth?.type !== 'oauth2') return undefined
      const answer = await ask(provider, auth, app, where).catch(GatewayError.from)
      if (answer instanceof GatewayError) return { state: 'unknown', said: answer.message }
      const text = answer.body.toString('utf8')
      const said = saidIn(answer.status, mask(text, [app.clientSecret ?? ''].filter(Boolean)))
      if (answer.status === 429 || answer.status >= 500) return { state: 'unknown', said }
      if (APP_REFUSED.test(said)) return { state: 'refused', said }
      return { state: CODE_REFUSED.test(said) ? 'accepted' : 'unknown', said }
    },
    close: () => pool.close(),
  }
}

function formOf(auth: OAuth2, { clientId, clientSecret }: App, redirect: string) {
  const isBasic = auth.clientAuth === 'basic' && clientSecret !== undefined
  const encode = (text: string) => encodeURIComponent(text)
  const pair = `${encode(clientId)}:${encode(clientSecret ?? '')}`
  const form: Record<string, string> = {
    grant_type: 'authorization_code',
    code: 'kith-provider-check',
    redirect_uri: redirect,
    ...(auth.pkce && { code_verifier: 'kith-provider-check-'.repeat(3) }),
  }
  if (!isBasic) {
    form[auth.clientIdParam ?? 'client_id'] = clientId
    if (clientSecret !== undefined) form.client_secret = clientSecret
  }
  const headers: Readonly<Record<string, string>> = isBasic
    ? { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
    : {}
  return { form, headers }
}

const SAID_MAX = 300

/** The error of the answer, else its beginning; on one line. */
function saidIn(status: number, text: string): string {
  const body = parseBody(text)
  const isForm = typeof body === 'string' && /^[\w.-]+=/.test(body)
  const answer = isForm ? Object.fromEntries(new URLSearchParams(body)) : body
  const inner = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined
  const words = [
    textAt(answer, 'error'),
    textAt(answer, 'error_description'),
    textAt(inner, 'message'),
    textAt(answer, 'message'),
  ]
  const told = words.filter(Boolean).join(': ') || text
  const line = told
    .replace(/<[^>]*>/g, ' ')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return `HTTP ${status}${line && `: ${line.slice(0, SAID_MAX)}`}`
}
