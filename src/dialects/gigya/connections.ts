// Networks that a user is connected to: one more, one less.

import { z } from 'zod'
import { connectAccounts, disconnectAccounts, type LastAccount } from '../../core/users.ts'
import { GigyaError } from './errors.ts'
import { browserOnly } from './login.ts'
import { type GigyaMethod, gigyaRoute } from './method.ts'
import { findNetwork } from './networks.ts'
import { truth, word } from './parameters.ts'
import { sessionsParameter, toSessions } from './provider-sessions.ts'
import { inGigyaWords, uidOf } from './uids.ts'

const addConnection = gigyaRoute({
  name: 'addConnection',
  summary: 'Connect a user to a network',
  user: 'required',
  input: z.object({ providerSessions: sessionsParameter }),
  async run({ gateway, caller, input }) {
    const sessions = toSessions(gateway, input.providerSessions)
    if (sessions.length === 0) throw browserOnly('addConnection')
    const { site, user } = caller
    await inGigyaWords(() => connectAccounts(gateway, site, user, sessions), 'UID')
    return { UID: uidOf(user) }
  },
})

const lastIdentity = word.transform((name = 'remove', context): LastAccount => {
  const lower = name.toLowerCase()
  if (lower === 'remove' || lower === 'soft' || lower === 'fail') return lower
  context.addIssue('must be soft, remove or fail')
  return z.NEVER
})

/** `disconnect` is what `removeConnection` was called before. */
const removals = ['removeConnection', 'disconnect'].map(
  (name): GigyaMethod =>
    gigyaRoute({
      name,
      summary: 'Disconnect a user from a network, or from all',
      user: 'required',
      input: z.object({ provider: word, lastIdentityHandling: lastIdentity, removeLoginID: truth }),
      async run({ gateway, caller: { user }, input }) {
        const provider = input.provider === undefined ? undefined : findNetwork(gateway, input.provider)
        if (input.provider !== undefined && !provider) {
          throw new GigyaError(400006, 'Invalid parameter value : provider names no network', {
            field: 'provider',
          })
        }
        const options = { lastAccount: input.lastIdentityHandling }
        const removed = await disconnectAccounts(gateway, user, provider?.id, options)
        if (removed === 'last') throw new GigyaError(400030, 'The last identity of a user is not removed')
        if (removed === 0) {
          throw new GigyaError(400106, `The user is not connected to ${provider?.name ?? 'any network'}`)
        }
        return {}
      },
    }),
)

export const connections = [addConnection, ...removals]
