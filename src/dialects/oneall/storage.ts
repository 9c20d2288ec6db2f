// Cloud storage: users whom a site stores by itself, with a login and a password, without any network.

import { z } from 'zod'
import type { CloudName, CloudUser } from '../../core/cloud-store.ts'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Site } from '../../core/model.ts'
import { checkPassword, hashPassword, PASSWORD_MAX } from '../../core/passwords.ts'
import { type Call, route } from '../dialect.ts'
import type { Reply } from './envelope.ts'
import { toToken, unlessEmpty } from './input.ts'
import { CREATED, PASSWORD_WRONG, SUCCESS } from './statuses.ts'
import { toStoredIdentity, toUserHead } from './wire.ts'
import type { PlainObject } from './xml.ts'

const name = z.string().trim().min(1).max(255)
const password = z.string().min(1).max(PASSWORD_MAX)
/** Numbers are ids as well. */
const externalId = z.union([name, z.number().int().transform(String)])

const Stored = z.object({
  externalid: externalId.optional(),
  login: name.optional(),
  password: password.optional(),
  identity: unlessEmpty(z.record(z.string().max(100), z.unknown()).default({})),
  update_mode: z.enum(['replace', 'append'], 'must be replace or append').default('replace'),
})

const create = route({
  method: 'POST',
  path: '/storage/users',
  summary: 'Store a new user',
  input: z.object({ request: z.object({ user: Stored }) }),
  run: ({ gateway, caller, input }) => put(gateway, caller.site, undefined, input.request.user),
})

const save = route({
  method: ['PUT', 'POST'],
  path: '/storage/users/:user_token',
  summary: 'Store something for a user',
  input: z.object({
    user_token: z.string(),
    request: z.object({ user: Stored, update_mode: Stored.shape.update_mode.optional() }),
  }),
  run({ gateway, caller, input: { user_token, request } }) {
    const { user, update_mode = user.update_mode } = request
    const named = { field: 'user_token', value: toToken(user_token, 'user') } as const
    return put(gateway, caller.site, named, { ...user, update_mode })
  },
})

const FIELD = z.enum(['user_token', 'externalid', 'login'], 'must be user_token, externalid or login')

const synchronize = route({
  method: 'PUT',
  path: '/storage/users/user/synchronize',
  summary: 'Store something for the user of a name, who is made where there is none',
  input: z.object({
    request: z.object({
      synchronize: z.object({
        identifier: z.object({ field: FIELD, value: externalId }),
        user: Stored,
        update_mode: Stored.shape.update_mode.optional(),
      }),
    }),
  }),
  run({ gateway, caller, input }) {
    const { identifier, user, update_mode = user.update_mode } = input.request.synchronize
    const { field, value } = identifier
    const named = { field, value: field === 'user_token' ? toToken(value, 'user') : value }
    return put(gateway, caller.site, named, { ...user, update_mode })
  },
})

const LOOKED_UP = z.object({
  user_token: z.string().optional(),
  externalid: externalId.optional(),
  login: name.optional(),
  password: password.optional(),
})

const lookup = route({
  method: 'POST',
  path: '/storage/users/user/lookup',
  summary: 'Find a stored user, and check a password',
  input: z.object({ request: z.object({ user: LOOKED_UP }) }),
  run: findAndCheck,
})

export const storage = [create, synchronize, lookup, save]

async function findAndCheck({
  gateway,
  caller,
  input,
}: Call<{ request: { user: z.output<typeof LOOKED_UP> } }>): Promise<Reply> {
  const { password: given, ...names } = input.request.user
  const stored = await gateway.store.cloud.find(caller.site, nameIn(names))
  if (!stored) throw new GatewayError('not_found', 'No user has been found for the specified identifier')
  if (given !== undefined) {
    const isRight = stored.password !== undefined && (await checkPassword(given, stored.password))
    // The site's own keys are right: what is said of wrong ones would mislead.
    if (!isRight) return { status: PASSWORD_WRONG }
  }
  return { status: SUCCESS, data: { user: toCloudUser(stored) } }
}

function nameIn({
  user_token: token,
  externalid,
  login,
}: Omit<z.output<typeof LOOKED_UP>, 'password'>): CloudName {
  if (token) return { field: 'user_token', value: toToken(token, 'user') }
  if (externalid) return { field: 'externalid', value: externalid }
  if (login) return { field: 'login', value: login }
  throw new GatewayError('invalid_request', 'user_token, externalid or login is missing.', {
    field: 'request.user',
  })
}

async function put(
  gateway: Gateway,
  site: Site,
  named: CloudName | undefined,
  user: z.output<typeof Stored>,
): Promise<Reply> {
  const { stored, isNew } = await gateway.store.cloud.put(site, named, {
    externalId: user.externalid,
    login: user.login,
    password: user.password === undefined ? undefined : await hashPassword(user.password),
    data: user.identity,
    isAppended: user.update_mode === 'append',
  })
  return { status: isNew ? CREATED : SUCCESS, data: { user: toCloudUser(stored) } }
}

function toCloudUser(stored: CloudUser): PlainObject {
  const { user, externalId: externalid, login } = stored
  return { ...toUserHead(user), externalid, login, identity: toStoredIdentity(stored) }
}
