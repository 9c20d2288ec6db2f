// Tokens that we issue: access tokens of OAuth 2, and the sessions that logins are answered with.

import { hash, randomBytes } from 'node:crypto'
import type { Gateway } from '../../core/gateway.ts'
import type { User } from '../../core/model.ts'
import type { GigyaCaller } from './method.ts'

/** A token for somebody to call with; shown once. */
export interface Issued {
  readonly token: string
  /** Whole seconds until it ends. */
  readonly expiresIn: number
}

interface Wish {
  /** Seconds; absent, 0 and below mean the configured life. */
  readonly lifeSeconds?: number
}

/** An access token with the rights of this caller; with a user, for that user alone. */
export async function issueToken(
  { store }: Pick<Gateway, 'store'>,
  caller: GigyaCaller,
  { user, lifeSeconds }: Wish & { readonly user?: User } = {},
): Promise<Issued> {
  const { token, newToken } = createToken(caller, user, lifeSeconds)
  await store.access.issue(caller.site, newToken)
  return { token, expiresIn: Math.floor(newToken.lifeMs / 1_000) }
}

/** A session of a user: a token, and the secret (base64) that requests with it are signed with. */
export async function issueSession(
  { store }: Pick<Gateway, 'store'>,
  caller: GigyaCaller,
  user: User,
  { lifeSeconds }: Wish = {},
): Promise<Issued & { readonly sessionSecret: string }> {
  const { token, newToken } = createToken(caller, user, lifeSeconds)
  const sessionSecret = randomBytes(SECRET_BYTES).toString('base64')
  await store.access.issue(caller.site, { ...newToken, sessionSecret })
  return { token, sessionSecret, expiresIn: Math.floor(newToken.lifeMs / 1_000) }
}

const TOKEN_BYTES = 32
const SECRET_BYTES = 32
/** Nobody gets a token for longer. */
const LIFE_MAX_MS = 366 * 24 * 3_600_000

function createToken(caller: GigyaCaller, user: User | undefined, lifeSeconds = 0) {
  const token = `st2.${randomBytes(TOKEN_BYTES).toString('base64url')}`
  const usualMs = user ? caller.lives.sessionMs : caller.lives.tokenMs
  const lifeMs = lifeSeconds > 0 ? Math.min(lifeSeconds * 1_000, LIFE_MAX_MS) : usualMs
  const { userKey } = caller
  return {
    token,
    newToken: { hash: hash('sha256', token), userKey, user: user && { id: user.id }, lifeMs },
  }
}
