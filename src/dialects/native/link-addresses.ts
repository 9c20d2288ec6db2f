// Addresses that a site sends to its users, by mail for example, so that they link accounts on a page of ours.

import { z } from 'zod'
import { invite } from '../../core/invitations.ts'
import { originOf } from '../browser/visited-site.ts'
import { route } from '../dialect.ts'
import { type NativeResult, withStatus } from './result.ts'

const create = route({
  method: 'POST',
  path: '/v1/users/:user/link-addresses',
  summary: 'Make an address that works once, at which a user links accounts',
  input: z.object({
    user: z.string().trim().toLowerCase().pipe(z.uuid('must be a token of a user')),
    callback_uri: z.string().optional(),
  }),
  async run({ gateway, caller, input, request }): Promise<NativeResult> {
    const { user: userToken, callback_uri: callbackUri } = input
    const { path, expiresAt } = await invite(gateway, caller.site, { userToken, callbackUri })
    const base = gateway.publicUrl ?? originOf(request)
    return withStatus(201, { address: base + path, expires_at: new Date(expiresAt).toISOString() })
  },
})

export const linkAddresses = [create]
