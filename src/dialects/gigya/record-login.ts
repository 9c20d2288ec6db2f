// A login that the site tells of, by whichever method.

import type { Gateway } from '../../core/gateway.ts'
import type { SignedIn, SiteProfile } from '../../core/user-info-store.ts'
import { checkUid, type ProviderSession, signIn } from '../../core/users.ts'
import type { GigyaCaller } from './method.ts'
import { integer } from './parameters.ts'
import { inGigyaWords } from './uids.ts'

/** Seconds: 0 until the browser closes, -1 a minute, -2 for good, else so many. */
export const sessionExpiration = integer({ min: -2 })

/** A login as `notifyLogin` and `getToken` with a site UID record it. */
export async function recordLogin(
  gateway: Gateway,
  { site, lives }: Pick<GigyaCaller, 'site' | 'lives'>,
  login: {
    readonly siteUID?: string
    readonly sessions?: readonly ProviderSession[]
    readonly profile?: SiteProfile
    readonly lifeSeconds?: number
  },
): Promise<SignedIn> {
  const { siteUID, sessions, profile, lifeSeconds } = login
  const sessionMs = lifeSeconds === undefined ? lives.sessionMs : lifeSeconds * 1_000
  const uid = siteUID === undefined ? undefined : checkUid(siteUID, 'siteUID')
  return inGigyaWords(() => signIn(gateway, site, { uid, sessions, profile, sessionMs }), 'siteUID')
}

/** Longest session, in seconds: what Gigya calls for ever. */
const FOREVER_SECONDS = 366 * 86_400

/** The life that the caller wants, undefined for the configured one: a browser that closes forgets it by itself. */
export function toLifeSeconds(expiration: number | undefined): number | undefined {
  if (expiration === undefined || expiration === 0) return undefined
  if (expiration === -1) return 60
  return expiration < 0 ? FOREVER_SECONDS : Math.min(expiration, FOREVER_SECONDS)
}
