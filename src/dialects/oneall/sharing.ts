// Messages: publish to many networks at once, list, read, publish again, delete.

import { z } from 'zod'
import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Target } from '../../core/plan.ts'
import {
  findMessage,
  listMessages,
  type PublishOptions,
  publishAgain,
  publishMessage,
} from '../../core/sharing.ts'
import { removeMessage } from '../../core/sharing-again.ts'
import type { MessageFlags, SharedMessage } from '../../core/sharing-store.ts'
import { type Call, route } from '../dialect.ts'
import { PUBLISH } from './credentials.ts'
import type { Reply } from './envelope.ts'
import { list, PAGING, requireConfirmation, toPageQuery, toToken, unlessEmpty, yes } from './input.ts'
import { fieldName, linkOf, mediaOf, PARTS, type Parts, textOf } from './parts.ts'
import { overallPublished } from './publication-status.ts'
import { toBoth, toMessageDetails, toMessageHead, toPublished } from './sharing-view.ts'
import { SUCCESS } from './statuses.ts'
import { findProvider, toPage } from './wire.ts'

// What is too many for us is said by core, which knows the bound.
const providers = list(z.string())

/** For whom: exactly one of the two. */
const TARGET = {
  publish_for_user: unlessEmpty(z.object({ user_token: z.string(), providers }).optional()),
  publish_for_identity: unlessEmpty(z.object({ identity_token: z.string() }).optional()),
}

const publish = route({
  method: 'POST',
  path: '/sharing/messages',
  summary: 'Publish a message to one or more networks',
  input: z.object({
    request: z.object({ sharing_message: z.object({ ...TARGET, parts: PARTS }) }),
  }),
  async run(call): Promise<Reply> {
    const { parts = {}, ...named } = call.input.request.sharing_message
    const target = toTarget(call.gateway, MESSAGE.root, named)
    const message = await publishParts(call, { fields: MESSAGE, target, parts })
    return toReply(call.gateway, message, {
      sharing_message: await toPublished(call.gateway, message),
    })
  },
})

const publishForUser = route({
  method: 'POST',
  path: '/users/:user_token/publish',
  summary: 'Publish a message for a user',
  access: PUBLISH,
  input: z.object({
    user_token: z.string(),
    // `action` of one client's examples says what the parts say as well.
    request: z.object({ message: z.object({ providers, parts: PARTS, action: z.string().optional() }) }),
  }),
  async run(call): Promise<Reply> {
    const { parts = {}, providers: keys } = call.input.request.message
    const user = toToken(call.input.user_token, 'user')
    const { by, user: bearer } = call.caller
    if (by === 'publishToken' && bearer?.token !== user) {
      throw new GatewayError('forbidden', 'This key is for publishing for another user.')
    }
    const target = { user, providers: toProviderIds(call.gateway, keys) }
    const message = await publishParts(call, { fields: USERS_MESSAGE, target, parts })
    return toReply(call.gateway, message, await toBoth(call.gateway, message))
  },
})

const again = route({
  method: 'POST',
  path: '/sharing/messages/:sharing_message_token',
  summary: 'Publish a message once more',
  input: z.object({
    sharing_message_token: z.string(),
    request: z.object({ sharing_message: z.object(TARGET) }),
  }),
  async run({ gateway, caller, input, request }): Promise<Reply> {
    const token = toToken(input.sharing_message_token, 'sharing_message')
    const target = toTarget(gateway, MESSAGE.root, input.request.sharing_message)
    const options = { target, idempotencyKey: request.headers['idempotency-key'] }
    const message = await inTheirWords(MESSAGE, [], () => publishAgain(gateway, caller.site, token, options))
    return toReply(gateway, message, await toBoth(gateway, message))
  },
})

const listAll = route({
  method: 'GET',
  path: '/sharing/messages',
  summary: 'List the messages that were published',
  input: z.object(PAGING),
  async run({ gateway, caller, input }): Promise<Reply> {
    const page = await listMessages(gateway, caller.site, toPageQuery(input))
    return { status: SUCCESS, data: { sharing_messages: toPage(page, toMessageHead) } }
  },
})

const read = route({
  method: 'GET',
  path: '/sharing/messages/:sharing_message_token',
  summary: 'Read a message with what became of it on each network',
  input: z.object({ sharing_message_token: z.string() }),
  async run({ gateway, caller, input }): Promise<Reply> {
    const token = toToken(input.sharing_message_token, 'sharing_message')
    const message = await findMessage(gateway, caller.site, token)
    return { status: SUCCESS, data: { sharing_message: await toMessageDetails(gateway, message) } }
  },
})

const remove = route({
  method: 'DELETE',
  path: '/sharing/messages/:sharing_message_token',
  summary: 'Delete a message; posts stay on their networks',
  input: z.object({ sharing_message_token: z.string(), confirm_deletion: yes }),
  async run({ gateway, caller, input }): Promise<Reply> {
    requireConfirmation(input.confirm_deletion)
    await removeMessage(gateway, caller.site, toToken(input.sharing_message_token, 'sharing_message'))
    return { status: SUCCESS }
  },
})

export const sharing = [publish, publishForUser, again, listAll, read, remove]

/** How a request calls what core has a complaint about. */
interface Fields {
  /** What the names of all fields begin with. */
  readonly root: string
  readonly providers: string
}

const MESSAGE: Fields = {
  root: 'request.sharing_message',
  providers: 'request.sharing_message.publish_for_user.providers',
}
const USERS_MESSAGE: Fields = { root: 'request.message', providers: 'request.message.providers' }

interface Wish {
  readonly fields: Fields
  readonly target: Target
  readonly parts: Parts
}

async function publishParts(
  { gateway, caller, request }: Pick<Call<unknown>, 'gateway' | 'caller' | 'request'>,
  { fields, target, parts }: Wish,
): Promise<SharedMessage> {
  const sent = mediaOf(parts)
  const flags: MessageFlags = { tracksLinks: parts.flags?.enable_tracking ?? false }
  const options: PublishOptions = { target, flags, idempotencyKey: request.headers['idempotency-key'] }
  const inputs = sent.map(({ input }) => input)
  return inTheirWords(fields, sent, async () => {
    const message = { text: textOf(parts), link: linkOf(parts) }
    return publishMessage(gateway, caller.site, { ...options, message, inputs })
  })
}

function toTarget(
  gateway: Gateway,
  root: string,
  {
    publish_for_user: forUser,
    publish_for_identity: forIdentity,
  }: {
    readonly publish_for_user?: { readonly user_token: string; readonly providers: readonly string[] }
    readonly publish_for_identity?: { readonly identity_token: string }
  },
): Target {
  if (forUser && !forIdentity) {
    const user = toToken(forUser.user_token, 'user')
    return { user, providers: toProviderIds(gateway, forUser.providers) }
  }
  if (forIdentity && !forUser) return { identity: toToken(forIdentity.identity_token, 'identity') }
  const [either, or] = [`${root}.publish_for_user`, `${root}.publish_for_identity`]
  const which = forUser ? 'not both' : 'and there is neither'
  throw new GatewayError('invalid_request', `Either '${either}' or '${or}' is needed, ${which}.`, {
    field: either,
  })
}

/** A network that we do not know stays as it was named: what is said of it stands in its own part of the answer. */
function toProviderIds(gateway: Gateway, keys: readonly string[]): readonly string[] {
  return keys.map((key) => findProvider(gateway, key)?.id ?? key.trim().toLowerCase())
}

/** Says what is wrong with a message in the names of the caller's fields. */
async function inTheirWords<T>(
  { root, providers }: Fields,
  media: Parameters<typeof fieldName>[1],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const failure = GatewayError.from(error)
    const { code, message, field, retryAfterSeconds, cause } = failure
    const name = field === 'providers' ? providers : fieldName(field ?? '', media)
    if (field === undefined || name === undefined || code === 'not_found') throw failure
    const whole = name.startsWith(root) ? name : `${root}.${name}`
    throw new GatewayError(code, `'${whole}': ${message}`, { field: whole, retryAfterSeconds, cause })
  }
}

function toReply(gateway: Gateway, { publications }: SharedMessage, data: Reply['data']): Reply {
  return { status: overallPublished(publications, gateway.now()), data, at: gateway.now() }
}
