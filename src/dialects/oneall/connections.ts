// Connections: the results of logins and links, for the site's server to read.

import { z } from 'zod'
import type { Connection } from '../../core/model.ts'
import { route } from '../dialect.ts'
import type { Reply } from './envelope.ts'
import { notFound, PAGING, toPageQuery, toToken } from './input.ts'
import { FAILED, IDENTITY_LINKED, SUCCESS, USER_AUTHENTICATED, USER_NOT_AUTHENTICATED } from './statuses.ts'
import { toConnectionData, toLoggedInUser, type View } from './view.ts'
import { toConnection, toPage } from './wire.ts'

const list = route({
  method: 'GET',
  path: '/connections',
  summary: 'List all connections',
  input: z.object(PAGING),
  async run({ gateway, caller, input }): Promise<Reply> {
    const page = await gateway.store.connections.list(caller.site, toPageQuery(input))
    return { status: SUCCESS, data: { connections: toPage(page, toConnection) } }
  },
})

const readAt = (path: string) =>
  route({
    method: 'GET',
    path,
    summary: 'Read the result of a login',
    input: z.object({ connection_token: z.string() }),
    async run({ gateway, caller, input, request }): Promise<Reply> {
      const token = toToken(input.connection_token, 'connection')
      const connection = await gateway.store.connections.find(caller.site, token)
      if (!connection) throw notFound('connection')
      if (connection.status === 'error') return toFailedLogin(connection)
      return toLogin({ gateway, caller, request }, connection)
    },
  })

export const connections = [
  list,
  readAt('/connections/:connection_token'),
  readAt('/connection/:connection_token'),
]

// Clients log in whoever stands in `data.user`, without a look at the status: it must not be there.
function toFailedLogin(connection: Connection): Reply {
  const data = toConnectionData(connection)
  if (connection.plugin !== 'social_link') return { status: SUCCESS, outcome: USER_NOT_AUTHENTICATED, data }
  // One client loses the body of any HTTP 4xx, the others want to see a code of 400 or more in it.
  return { status: FAILED, httpStatus: 200, outcome: FAILED, data }
}

async function toLogin(view: View, connection: Connection): Promise<Reply> {
  const { store } = view.gateway
  const { userToken, identityToken, action } = connection
  const user = userToken ? await store.users.find(view.caller.site, userToken) : undefined
  if (!user) throw notFound('connection')
  const identities = await store.identities.ofUser(user)
  const used = identities.find(({ token }) => token === identityToken)
  return {
    status: SUCCESS,
    outcome: action === 'link_identity' ? IDENTITY_LINKED : USER_AUTHENTICATED,
    data: { ...toConnectionData(connection), user: await toLoggedInUser(view, user.token, identities, used) },
  }
}
