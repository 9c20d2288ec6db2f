// Users by a network's token: import an account, or unlink it.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { importIdentity, unlinkByAccessToken } from '../../core/identities.ts'
import { route } from '../dialect.ts'
import { IMPORT } from './credentials.ts'
import type { Reply } from './envelope.ts'
import { moment, notFound, toToken } from './input.ts'
import { issuePublishToken } from './publish-tokens.ts'
import { CREATED, SUCCESS, USER_AUTHENTICATED } from './statuses.ts'
import { toConnectionData, toLoggedInUser } from './view.ts'
import { findProvider } from './wire.ts'

/** No network's token is longer, in characters. */
const TOKEN_MAX = 16_384
const secret = z.string().min(1).max(TOKEN_MAX)

const Source = z.object({
  key: z.string().min(1).max(64),
  access_token: z.object({
    key: secret,
    secret: secret.optional(),
    // Our addition: what renews the token, for networks whose tokens end.
    refresh_key: secret.optional(),
    // Our addition: when the token ends.
    date_expiration: moment.optional(),
  }),
  // Our addition: the home server, on networks that have many.
  server: z.string().max(1_024).optional(),
  // Our addition: the network's own id of the account, where its calls need it.
  userid: z.string().max(1_024).optional(),
})

const add = route({
  method: 'PUT',
  path: '/users',
  summary: 'Import a user by a network’s access token',
  access: IMPORT,
  input: z.object({
    request: z.object({
      user: z.object({
        action: z.literal('import_from_access_token').optional(),
        user_token: z.string().max(256).optional(),
        identity: z.object({ source: Source }),
      }),
    }),
  }),
  async run({ gateway, caller, input, request }): Promise<Reply> {
    const { user_token: given, identity } = input.request.user
    const userToken = given ? toToken(given, 'user') : undefined
    // Asked before the network is: nobody should wait for that to hear of a wrong token.
    if (userToken && !(await gateway.store.users.find(caller.site, userToken))) throw notFound('user')
    const account = toAccount(gateway, identity.source)
    const linked = await inTheirWords(() => importIdentity(gateway, caller.site, { ...account, userToken }))
    const identities = await gateway.store.identities.ofUser(linked.user)
    const view = { gateway, caller, request }
    const user = await toLoggedInUser(view, linked.user.token, identities, linked.identity)
    const publishToken = await issuePublishToken(gateway, caller.site, linked.user)
    return {
      status: linked.isNewUser ? CREATED : SUCCESS,
      outcome: USER_AUTHENTICATED,
      data: { ...toConnectionData(linked.connection), user: { ...user, publish_token: publishToken } },
    }
  },
})

const unlink = route({
  method: 'DELETE',
  path: '/users',
  summary: 'Unlink the identity that a network’s access token belongs to',
  access: IMPORT,
  input: z.object({
    request: z.object({
      user: z.object({
        action: z.literal('delete_by_access_token'),
        identity: z.object({ source: Source }),
      }),
    }),
  }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const account = toAccount(gateway, input.request.user.identity.source)
    if (!(await inTheirWords(() => unlinkByAccessToken(gateway, caller.site, account)))) {
      throw new GatewayError('not_found', 'No identity has been found for the specified access token')
    }
    return { status: SUCCESS }
  },
})

export const imports = [add, unlink]

const SOURCE = 'request.user.identity.source'

/** Says what is wrong with a server in the name of the caller's field. */
async function inTheirWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, field: name, message, cause } = GatewayError.from(error)
    if (name !== 'server') throw error
    const field = `${SOURCE}.${name}`
    throw new GatewayError(code, `'${field}': ${message}`, { field, cause })
  }
}

function toAccount(gateway: Gateway, { key, server, userid, access_token: token }: z.infer<typeof Source>) {
  const provider = findProvider(gateway, key)
  if (!provider) {
    const field = `${SOURCE}.key`
    throw new GatewayError('invalid_request', `'${field}': The provider with this key is not known here.`, {
      field,
    })
  }
  return {
    provider: provider.id,
    server,
    subject: userid,
    tokens: {
      accessToken: token.key,
      secret: token.secret,
      refreshToken: token.refresh_key,
      expiresAt: token.date_expiration,
    },
  }
}
