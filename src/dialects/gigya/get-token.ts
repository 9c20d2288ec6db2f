// OAuth 2: a token for whoever has proved to be a client. https://developers.gigya.com/display/GD/socialize.getToken+REST

import { hash } from 'node:crypto'
import { z } from 'zod'
import type { Gateway } from '../../core/gateway.ts'
import type { User } from '../../core/model.ts'
import { checkUid } from '../../core/users.ts'
import { GigyaError, missing } from './errors.ts'
import { type GigyaCaller, gigyaRoute } from './method.ts'
import { jsonOf, word } from './parameters.ts'
import { SiteInfo } from './profiles.ts'
import { recordLogin, sessionExpiration, toLifeSeconds } from './record-login.ts'
import { issueToken } from './tokens.ts'

const INPUT = z.object({
  grant_type: word,
  code: word,
  redirect_uri: word,
  x_siteUID: word,
  x_userInfo: jsonOf(SiteInfo),
  x_sessionExpiration: sessionExpiration,
})

export const getToken = gigyaRoute({
  name: 'getToken',
  summary: 'Issue an access token',
  access: 'client',
  user: 'none',
  isAlwaysJson: true,
  input: INPUT,
  async run({ gateway, caller, input }) {
    checkGrant(input)
    const lifeSeconds = toLifeSeconds(input.x_sessionExpiration)
    const user =
      input.grant_type === 'authorization_code'
        ? await redeem(gateway, caller, input)
        : await logIn(gateway, caller, input)
    const { token, expiresIn } = await issueToken(gateway, caller, { user, lifeSeconds })
    return { access_token: token, expires_in: expiresIn }
  },
})

type Input = z.output<typeof INPUT>

function checkGrant({ grant_type: grant, code }: Input): void {
  if (grant === undefined) throw missing('grant_type')
  if (grant === 'none' || grant === 'client_credentials') return
  if (grant !== 'authorization_code') {
    throw new GigyaError(400013, 'The grant type must be none, client_credentials or authorization_code')
  }
  if (code === undefined) throw missing('code')
}

/** The user of a login in the browser (`socialize.login`), by the code that it has ended with. */
async function redeem(
  { store }: Gateway,
  { site }: GigyaCaller,
  { code = '', redirect_uri }: Input,
): Promise<User> {
  if (redirect_uri === undefined) throw missing('redirect_uri')
  const found = await store.logins.redeemCode(site, hash('sha256', code))
  if (!found) throw new GigyaError(400006, 'Invalid parameter value : code', { field: 'code' })
  if (found.isOver) throw new GigyaError(400015)
  if (found.redirectUri === redirect_uri) return found.user
  throw new GigyaError(400011, 'redirect_uri is not the one of the login')
}

/** With the site's own id of a user, the call tells of their login, and the token acts for them alone. */
async function logIn(gateway: Gateway, caller: GigyaCaller, input: Input): Promise<User | undefined> {
  const { x_siteUID: siteUID, x_userInfo: profile, x_sessionExpiration: expiration } = input
  if (siteUID === undefined) return undefined
  checkUid(siteUID, 'x_siteUID')
  const lifeSeconds = toLifeSeconds(expiration)
  return (await recordLogin(gateway, caller, { siteUID, profile, lifeSeconds })).user
}
