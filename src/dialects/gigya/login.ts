// Logins that the site tells of, and their end.

import { z } from 'zod'
import type { Site } from '../../core/model.ts'
import { GigyaError, missing } from './errors.ts'
import { gigyaRoute } from './method.ts'
import { networkName } from './networks.ts'
import { jsonOf, truth, word } from './parameters.ts'
import { SiteInfo } from './profiles.ts'
import { sessionsParameter, toSessions } from './provider-sessions.ts'
import { recordLogin, sessionExpiration, toLifeSeconds } from './record-login.ts'
import { uidSignature } from './signature.ts'
import { issueSession, issueToken } from './tokens.ts'
import { uidOf } from './uids.ts'

const environment = word.transform((name = 'browser', context): 'browser' | 'mobile' => {
  const lower = name.toLowerCase()
  if (lower === 'browser' || lower === 'mobile') return lower
  context.addIssue('must be browser or mobile')
  return z.NEVER
})

/** https://developers.gigya.com/display/GD/socialize.notifyLogin+REST */
const notifyLogin = gigyaRoute({
  name: 'notifyLogin',
  summary: 'Tell of a login at the site',
  access: 'server',
  user: 'none',
  input: z.object({
    siteUID: word,
    providerSessions: sessionsParameter,
    userInfo: jsonOf(SiteInfo),
    sessionExpiration,
    targetEnv: environment,
    newUser: truth,
  }),
  async run({ gateway, caller, input, request }) {
    const { siteUID, userInfo: profile } = input
    const sessions = toSessions(gateway, input.providerSessions)
    if (siteUID === undefined && sessions.length === 0) throw missing('siteUID')
    const lifeSeconds = toLifeSeconds(input.sessionExpiration)
    const signedIn = await recordLogin(gateway, caller, { siteUID, sessions, profile, lifeSeconds })
    const { user, isNewUser } = signedIn
    const UID = uidOf(user)
    const signed = uidSignature(caller, UID, request.at)
    if (input.targetEnv === 'mobile') {
      const { token, sessionSecret } = await issueSession(gateway, caller, user, { lifeSeconds })
      return { UID, ...signed, newUser: isNewUser, sessionToken: token, sessionSecret }
    }
    const { token } = await issueToken(gateway, caller, { user, lifeSeconds })
    return { UID, ...signed, newUser: isNewUser, ...toCookie(caller.site, token) }
  },
})

/** The cookie that the site is to set; no domain means that of the page. */
function toCookie({ apiKey, settings }: Site, token: string) {
  const domain = settings.allowedDomains?.[0]?.replace(/^\*\./, '') ?? ''
  return { cookieName: `glt_${apiKey}`, cookieValue: token, cookieDomain: domain, cookiePath: '/' }
}

/** Ends all sessions and tokens of the user; the networks stay connected. */
const logout = gigyaRoute({
  name: 'logout',
  summary: 'End the sessions of a user',
  user: 'required',
  input: z.object({}),
  async run({ gateway, caller: { user } }) {
    const { store } = gateway
    await Promise.all([store.userInfo.endSession(user), store.access.endTokens(user)])
    const identities = await store.identities.ofUser(user)
    const names = new Set(identities.map(({ provider }) => networkName(gateway, provider)))
    return { connectedProviders: names.size > 0 ? [...names].join(',') : undefined }
  },
})

export const login = [notifyLogin, logout]

/** What a server asks without the sessions that it must bring; a browser opens the same address with `redirect_uri`. */
export function browserOnly(name: string): GigyaError {
  return new GigyaError(
    400096,
    name === 'login'
      ? 'login is for browsers: a GET with client_id, redirect_uri, response_type and x_provider'
      : `${name} without providerSessions is for browsers: a GET with redirect_uri, response_type and provider`,
  )
}
