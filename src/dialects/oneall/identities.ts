// Identities: list, read, delete, move to another user, renew from the network.

import { z } from 'zod'
import { removeIdentity } from '../../core/farewell.ts'
import { synchronizeIdentity } from '../../core/identities.ts'
import type { Identity } from '../../core/model.ts'
import { route } from '../dialect.ts'
import { type Reply, toDate } from './envelope.ts'
import {
  notFound,
  PAGING,
  requireConfirmation,
  toPageQuery,
  toToken,
  truth,
  unlessEmpty,
  yes,
} from './input.ts'
import { IDENTITY_LINKED, SUCCESS } from './statuses.ts'
import { keepIdentities, toLoggedInUser, toShownIdentities, type View } from './view.ts'
import { toIdentityHead, toPage } from './wire.ts'

const list = route({
  method: 'GET',
  path: '/identities',
  summary: 'List all identities',
  input: z.object(PAGING),
  async run({ gateway, caller, input }): Promise<Reply> {
    const page = await gateway.store.identities.list(caller.site, toPageQuery(input))
    const identities = toPage(page, (identity) => ({
      ...toIdentityHead(gateway, identity),
      user_token: identity.userToken,
      date_creation: toDate(identity.createdAt),
      date_last_update: toDate(identity.updatedAt),
    }))
    return { status: SUCCESS, data: { identities } }
  },
})

const read = route({
  method: 'GET',
  path: '/identities/:identity_token',
  summary: 'Read an identity’s details',
  input: z.object({ identity_token: z.string() }),
  async run({ gateway, caller, input, request }): Promise<Reply> {
    const token = toToken(input.identity_token, 'identity')
    const identity = await gateway.store.identities.find(caller.site, token)
    if (!identity) throw notFound('identity')
    const data = await toDetails({ gateway, caller, request }, identity)
    return { status: SUCCESS, data, keepUntil: keepIdentities(caller) }
  },
})

const remove = route({
  method: 'DELETE',
  path: '/identities/:identity_token',
  summary: 'Delete an identity',
  input: z.object({ identity_token: z.string(), confirm_deletion: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    requireConfirmation(input.confirm_deletion)
    const token = toToken(input.identity_token, 'identity')
    if (!(await removeIdentity(gateway, caller.site, token))) throw notFound('identity')
    return { status: SUCCESS }
  },
})

const link = route({
  method: 'PUT',
  path: '/identities/:identity_token/link',
  summary: 'Move an identity to another user',
  input: z.object({
    identity_token: z.string(),
    request: z.object({ user: z.object({ user_token: z.string() }) }),
  }),
  async run({ gateway, caller, input, request }): Promise<Reply> {
    const { store } = gateway
    const identity = await store.identities.find(caller.site, toToken(input.identity_token, 'identity'))
    if (!identity) throw notFound('identity')
    const user = await store.users.find(caller.site, toToken(input.request.user.user_token, 'user'))
    if (!user) throw notFound('user')
    const moved = await store.identities.relink(identity, user.token)
    const identities = await store.identities.ofUser(user)
    const data = await toLoggedInUser({ gateway, caller, request }, user.token, identities, moved)
    return { status: SUCCESS, outcome: IDENTITY_LINKED, data: { user: data } }
  },
})

const synchronize = route({
  method: 'PUT',
  path: '/identities/:identity_token/synchronize',
  summary: 'Read an identity’s profile from its network again',
  input: z.object({
    identity_token: z.string(),
    request: z
      .object({
        synchronize: unlessEmpty(
          z
            .object({ update_user_data: truth.default(true), force_token_update: truth.default(false) })
            .prefault({}),
        ),
      })
      .prefault({}),
  }),
  async run({ gateway, caller, input, request }): Promise<Reply> {
    const { update_user_data: updateProfile, force_token_update: forceTokenUpdate } =
      input.request.synchronize
    const token = toToken(input.identity_token, 'identity')
    const options = { updateProfile, forceTokenUpdate }
    const identity = await synchronizeIdentity(gateway, caller.site, token, options)
    return { status: SUCCESS, data: await toDetails({ gateway, caller, request }, identity) }
  },
})

export const identities = [list, read, remove, link, synchronize]

async function toDetails(view: View, identity: Identity) {
  const [details] = await toShownIdentities(view, [identity])
  const { userToken } = identity
  return { identity: { ...details, user_token: userToken, user: { user_token: userToken } } }
}
