// Whether a network knows an app, found out without a user: a code that cannot exist is offered for tokens. Who refuses
// the code has accepted the app; who refuses the app says so. https://www.rfc-editor.org/rfc/rfc6749#section-5.2

import { GatewayError } from '../core/errors.ts'
import type { App } from '../core/model.ts'
import type { OAuth2, Provider } from '../core/provider.ts'
import { refusesApp, refusesCode, saidIn } from './app-words.ts'
import { openDeadline } from './deadline.ts'
import { createGuard } from './guard.ts'
import { mask } from './json.ts'
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
      const told = saidIn(mask(text, [app.clientSecret ?? ''].filter(Boolean)))
      const said = `HTTP ${answer.status}${told && `: ${told}`}`
      if (answer.status === 429 || answer.status >= 500) return { state: 'unknown', said }
      if (refusesApp(told)) return { state: 'refused', said }
      return { state: refusesCode(told) ? 'accepted' : 'unknown', said }
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
