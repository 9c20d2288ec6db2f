// Users: list, read, delete.

import { z } from 'zod'
import { removeUser } from '../../core/farewell.ts'
import { route } from '../dialect.ts'
import type { Reply } from './envelope.ts'
import { filters, notFound, PAGING, requireConfirmation, toPageQuery, toToken, yes } from './input.ts'
import { SUCCESS } from './statuses.ts'
import { keepIdentities, toUserDetails } from './view.ts'
import { toIdentityHead, toPage, toUserHead } from './wire.ts'

const list = route({
  method: 'GET',
  path: '/users',
  summary: 'List all users',
  input: z.object({ ...PAGING, filters }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const query = { ...toPageQuery(input), filter: input.filters }
    const page = await gateway.store.users.list(caller.site, query)
    const users = toPage(page, ({ identities, ...user }) => ({
      ...toUserHead(user),
      identities: identities.map((identity) => toIdentityHead(gateway, identity)),
    }))
    return { status: SUCCESS, data: { users } }
  },
})

const read = route({
  method: 'GET',
  path: '/users/:user_token',
  summary: 'Read a user’s details',
  input: z.object({ user_token: z.string() }),
  async run({ gateway, caller, input, request }): Promise<Reply> {
    const user = await gateway.store.users.find(caller.site, toToken(input.user_token, 'user'))
    if (!user) throw notFound('user')
    const identities = await gateway.store.identities.ofUser(user)
    return {
      status: SUCCESS,
      data: { user: await toUserDetails({ gateway, caller, request }, user, identities) },
      keepUntil: keepIdentities(caller),
    }
  },
})

const remove = route({
  method: 'DELETE',
  path: '/users/:user_token',
  summary: 'Delete a user with all identities',
  input: z.object({ user_token: z.string(), confirm_deletion: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    requireConfirmation(input.confirm_deletion)
    const said = await removeUser(gateway, caller.site, toToken(input.user_token, 'user'))
    if (!said) throw notFound('user')
    return { status: SUCCESS }
  },
})

export const users = [list, read, remove]
