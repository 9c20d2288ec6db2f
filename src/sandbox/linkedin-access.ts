// What every door of LinkedIn has in common: tokens, limits, versions, complaints.

import type { Token } from './tokens.ts'
import { type Answer, credentialOf, json } from './wire.ts'
import type { Call } from './world.ts'

/** Per member and app; the true figures stand only in each developer's portal. */
const DAY = { limit: 100_000, windowSeconds: 86_400 }

const FAILURES: Readonly<Record<number, readonly [serviceErrorCode: number, message: string]>> = {
  401: [65_600, 'Invalid access token'],
  403: [100, 'Not enough permissions to access this resource'],
  404: [0, 'Could not find the resource'],
  429: [101, 'Resource level throttle APPLICATION DAY limit for calls to this resource is reached.'],
}

/** A failure in LinkedIn's own form. */
export function failureOf(status: number): Answer {
  return complaint(status, ...(FAILURES[status] ?? [0, 'Internal API server error']))
}

/** Checks the token, counts against member and app, checks the scope. */
export function signedIn(
  call: Call,
  scope: string,
  resource: string,
  run: (token: Token, account: number) => Answer,
): Answer {
  const { world, realm, asked } = call
  const found = world.tokens.check(
    realm.host,
    credentialOf(asked, 'Bearer') ?? asked.query.get('oauth2_access_token') ?? undefined,
  )
  if (found === 'missing') return complaint(401, 65_604, 'Empty oauth2 access token', 'EMPTY_ACCESS_TOKEN')
  if (found === 'expired')
    return complaint(401, 65_602, 'The token used in the request has expired', 'EXPIRED_ACCESS_TOKEN')
  if (found === 'revoked') {
    return complaint(
      401,
      65_601,
      'The token used in the request has been revoked by the user',
      'REVOKED_ACCESS_TOKEN',
    )
  }
  if (found === 'unknown') return complaint(401, 65_600, 'Invalid access token', 'INVALID_ACCESS_TOKEN')
  const spent = call.spend(`${realm.host} ${found.clientId} ${found.account} ${resource}`, DAY)
  if (spent.isRefused) return failureOf(429)
  if (!found.scopes.includes(scope) || found.account === undefined) {
    return complaint(403, 100, `Not enough permissions to access: ${resource}`, 'ACCESS_DENIED')
  }
  return run(found, found.account)
}

/** https://learn.microsoft.com/linkedin/marketing/versioning: the versioned API refuses requests that name no version. */
export function versioned({ asked }: Call): Answer | undefined {
  const version = asked.headers['linkedin-version']
  if (version === undefined) {
    const text = 'A version must be present. Please specify a version by adding the LinkedIn-Version header.'
    return json(400, { status: 400, code: 'VERSION_MISSING', message: text })
  }
  if (typeof version === 'string' && /^20(2[5-9])(0[1-9]|1[0-2])(\.\d\d)?$/.test(version)) return undefined
  return json(426, {
    status: 426,
    code: 'NONEXISTENT_VERSION',
    message: `Requested version ${version} is not active`,
  })
}

/** A refusal in LinkedIn's own form. */
export function complaint(status: number, serviceErrorCode: number, message: string, code?: string): Answer {
  return json(status, { status, serviceErrorCode, code, message }, {}, 'application/json')
}
