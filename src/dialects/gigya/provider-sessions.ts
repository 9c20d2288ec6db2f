// `providerSessions`: what networks gave to a client, by the networks' names.
// https://developers.gigya.com/display/GD/socialize.notifyLogin+REST

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { toServer } from '../../core/identities.ts'
import type { ProviderSession } from '../../core/users.ts'
import { GigyaError } from './errors.ts'
import { findNetwork } from './networks.ts'
import { jsonOf } from './parameters.ts'

const SESSIONS_MAX = 20

const text = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => value?.toString() || undefined)

const Session = z.object({
  authToken: text,
  code: text,
  tokenSecret: text,
  tokenExpiration: text,
  tokenExpiresIn: text,
  providerUID: text,
  /** Our additions: home server where the network has many, and what renews the token. */
  server: text,
  refreshToken: text,
})

/** The parameter: JSON, by the name of the network. */
export const sessionsParameter = jsonOf(
  z
    .record(z.string(), Session.nullish())
    .refine((sessions) => Object.keys(sessions).length <= SESSIONS_MAX, `must have at most ${SESSIONS_MAX}`),
)

/** The sessions as the gateway takes them; 400006 for what is none. */
export function toSessions(
  gateway: Gateway,
  sessions: z.output<typeof sessionsParameter>,
): readonly ProviderSession[] {
  return Object.entries(sessions ?? {}).flatMap(([name, session]) =>
    session ? [toSession(gateway, name, session)] : [],
  )
}

function toSession(gateway: Gateway, name: string, session: z.output<typeof Session>): ProviderSession {
  const provider = findNetwork(gateway, name)
  if (!provider) throw wrong(`there is no network "${name.slice(0, 50)}"`)
  const { authToken, code, tokenSecret, server, providerUID, refreshToken } = session
  if (authToken === undefined && code !== undefined) {
    throw new GigyaError(400096, `A code of ${provider.name} cannot be exchanged here: send its authToken`, {
      field: PARAMETER,
    })
  }
  if (authToken === undefined) throw wrong(`${name.slice(0, 50)} needs an authToken`)
  return {
    provider: provider.id,
    server: serverOf(() => toServer(provider, server)),
    subject: providerUID,
    tokens: { accessToken: authToken, secret: tokenSecret, refreshToken, expiresAt: toEnd(gateway, session) },
  }
}

/** Milliseconds since 1970; a time that is 0 or unreadable counts as unknown. */
function toEnd({ now }: Gateway, { tokenExpiration, tokenExpiresIn }: z.output<typeof Session>) {
  const at = Number(tokenExpiration)
  if (at > 0 && at < LAST_SECOND) return at * 1_000
  const forSeconds = Number(tokenExpiresIn)
  return forSeconds > 0 && forSeconds < LAST_SECOND ? now() + forSeconds * 1_000 : undefined
}

/** The year 9999: beyond it nobody means seconds. */
const LAST_SECOND = 253_402_300_800

const PARAMETER = 'providerSessions'

/** Says of a server that is none where it was said. */
export function serverOf(find: () => string | undefined, field = PARAMETER): string | undefined {
  try {
    return find()
  } catch (error) {
    throw wrong(GatewayError.from(error).message, field)
  }
}

function wrong(reason: string, field = PARAMETER): GigyaError {
  return new GigyaError(400006, `Invalid parameter value : ${field}: ${reason}`, { field })
}
