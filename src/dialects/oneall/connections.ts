// Connections: the results of logins and links, for the site's server to read.

import { hash } from 'node:crypto'
import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Connection } from '../../core/model.ts'
import { sameSecret } from '../access.ts'
import { route, type WireRequest } from '../dialect.ts'
import { NONCE, readNonce } from './credentials.ts'
import type { Reply } from './envelope.ts'
import { notFound, PAGING, toPageQuery, toToken } from './input.ts'
import { issuePublishToken } from './publish-tokens.ts'
import {
  FAILED,
  IDENTITY_LINKED,
  IDENTITY_UNLINKED,
  SUCCESS,
  USER_AUTHENTICATED,
  USER_NOT_AUTHENTICATED,
} from './statuses.ts'
import { toConnectionData, toLoggedInUser, type View } from './view.ts'
import { toConnection, toGoneIdentity, toPage } from './wire.ts'

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
    access: NONCE,
    input: z.object({ connection_token: z.string() }),
    async run({ gateway, caller, input, request }): Promise<Reply> {
      const token = toToken(input.connection_token, 'connection')
      const connection = await gateway.store.connections.find(caller.site, token)
      if (caller.by === 'nonce' && !hasNonce(request, connection)) {
        throw new GatewayError('unauthenticated', 'The nonce is not the one that this login began with.')
      }
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

// An app reads the one result that it has waited for.
function hasNonce({ headers }: WireRequest, connection: Connection | undefined): boolean {
  const nonce = readNonce(headers.authorization)
  if (nonce === undefined || connection?.nonceHash === undefined) return false
  return sameSecret(connection.nonceHash, hash('sha256', nonce))
}

// Clients log in whoever stands in `data.user`, without a look at the status: it must not be there.
function toFailedLogin(connection: Connection): Reply {
  const data = toConnectionData(connection)
  if (connection.plugin !== 'social_link') return { status: SUCCESS, outcome: USER_NOT_AUTHENTICATED, data }
  // One client loses the body of any HTTP 4xx, the others want to see a code of 400 or more in it.
  return { status: FAILED, httpStatus: 200, outcome: FAILED, data }
}

const OUTCOMES = {
  login: USER_AUTHENTICATED,
  link_identity: IDENTITY_LINKED,
  unlink_identity: IDENTITY_UNLINKED,
} as const

async function toLogin(view: View, connection: Connection): Promise<Reply> {
  const { store } = view.gateway
  const { userToken, identityToken, unlinkedFrom: provider, action } = connection
  const user = userToken ? await store.users.find(view.caller.site, userToken) : undefined
  if (!user) throw notFound('connection')
  const identities = await store.identities.ofUser(user)
  const used = identities.find(({ token }) => token === identityToken)
  const isOfNetwork = used !== undefined || provider !== undefined
  const stored =
    identityToken && !isOfNetwork ? await store.cloud.byIdentity(view.caller.site, identityToken) : undefined
  const shown = await toLoggedInUser(view, user.token, identities, used, stored)
  const gone = identityToken && provider && toGoneIdentity(view.gateway, { token: identityToken, provider })
  // Who reads with a nonce is an app on a phone, which has no keys to publish with.
  const isApp = view.caller.by === 'nonce'
  const token = isApp ? await issuePublishToken(view.gateway, view.caller.site, user) : undefined
  return {
    status: SUCCESS,
    outcome: OUTCOMES[action],
    data: {
      ...toConnectionData(connection),
      user: { ...shown, ...(gone && { identity: gone }), publish_token: token },
    },
  }
}
