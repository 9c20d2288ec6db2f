// Telegram channels, by a bot that may post in them.

import { z } from 'zod'
import { read } from '../core/answers.ts'
import { GatewayError } from '../core/errors.ts'
import type { Profile } from '../core/model.ts'
import type { Network, Provider } from '../core/provider.ts'
import type { Draft, PostRef } from '../core/publish.ts'
import { Id, Text } from './fields.ts'
import { toFilePart } from './files.ts'
import { telegramPublishing } from './telegram-text.ts'

// Ids of channels are negative: https://core.telegram.org/bots/api#chat
const ChatId = z.number().int().transform(String)
const Chat = z.object({ id: ChatId, type: z.string(), title: Text, username: Text, description: Text })
const Message = z.object({ message_id: Id })

// https://core.telegram.org/bots/api#making-requests
const ok = <T extends z.ZodType>(result: T) => z.object({ ok: z.literal(true), result })

// https://core.telegram.org/bots/features#botfather, with room for longer ones
const KEY = /^\d{5,20}:[\w-]{30,80}$/

const channel = read(
  ({ subject }) => ({ path: '/getChat', query: { chat_id: subject } }),
  ok(Chat),
  ({ result }) => toProfile(result),
)

export const telegram = {
  id: 'telegram',
  name: 'Telegram',
  docs: 'https://core.telegram.org/bots/api',
  api: 'https://api.telegram.org/bot{token}',
  auth: { type: 'bot' },
  // Words of the server: https://github.com/tdlib/telegram-bot-api/blob/master/telegram-bot-api/Client.cpp
  errors: [
    {
      status: 401,
      code: 'relink_required',
      message: 'Telegram no longer accepts the key of this bot; it must be added again.',
    },
    // What is no key of a bot at all is answered as if there were no such address.
    {
      status: 404,
      code: 'relink_required',
      message: 'Telegram does not know the key of this bot; it must be added again.',
    },
    { status: 400, body: /chat not found/i, code: 'not_found', message: 'Telegram knows no such channel.' },
    {
      status: 400,
      body: /need administrator rights|not enough rights|CHAT_WRITE_FORBIDDEN|CHAT_ADMIN_REQUIRED/i,
      code: 'permission_missing',
      message: 'The bot may not do this in the channel: make it an administrator that may post and delete.',
    },
    { status: 413, code: 'too_large' },
  ],
  // https://core.telegram.org/bots/api#responseparameters
  retryAfter: ({ text }) => {
    const said = /"retry_after"\s*:\s*(\d+)/.exec(text)?.[1]
    return said === undefined ? undefined : Number(said)
  },

  profile: channel,

  place: {
    target: 'channel',
    asks: 'key of a bot',
    key: (pasted) => (KEY.test(pasted) ? pasted : undefined),
    named: 'channel (@name, or its number)',
    verify,
  },

  publish: {
    ...telegramPublishing,
    async commit(draft, network) {
      const sent = await send(draft, network)
      const [first = ''] = sent
      return { post: { id: sent.join(','), url: urlOf(network.identity.profile, first) } }
    },
  },

  // An album is several messages: https://core.telegram.org/bots/api#deletemessages
  async remove({ id }: PostRef, network: Network) {
    const messages = id.split(',').map(Number)
    const json = { chat_id: network.identity.subject, message_ids: messages }
    await network.fetch({ method: 'POST', path: '/deleteMessages', json })
  },
} satisfies Provider

// https://core.telegram.org/bots/api#getchatmember
const Member = z.object({ status: z.string(), can_post_messages: z.boolean().optional() })

/** Whose key it is, whether there is such a channel, and whether the bot may post there. */
async function verify(network: Network, name: string): Promise<Profile> {
  const Bot = ok(z.object({ id: Id }))
  const { result: bot } = await network.call({ path: '/getMe' }, Bot)
  const { result: chat } = await network.call({ path: '/getChat', query: { chat_id: name } }, ok(Chat))
  if (chat.type !== 'channel') {
    throw new GatewayError('invalid_request', 'This is no channel of Telegram.', { field: 'name' })
  }
  const query = { chat_id: chat.id, user_id: bot.id }
  const { result: member } = await network.call({ path: '/getChatMember', query }, ok(Member))
  if (member.status === 'administrator' && member.can_post_messages === true) return toProfile(chat)
  throw new GatewayError(
    'permission_missing',
    'The bot may not post in this channel: make it an administrator that may post messages.',
  )
}

function toProfile({ id, title, username, description }: z.infer<typeof Chat>): Profile {
  return {
    subject: id,
    displayName: title ?? username ?? id,
    username,
    profileUrl: username && `https://t.me/${encodeURIComponent(username)}`,
    about: description,
  }
}

/** Posts of a channel without a name are seen by its members only: https://core.telegram.org/api/links#message-links */
function urlOf({ subject, profileUrl }: Profile, message: string): string {
  return `${profileUrl ?? `https://t.me/c/${subject.replace(/^-100/, '')}`}/${message}`
}

/** Ids of the messages that it became: one, or one for each picture of an album. */
async function send(draft: Draft, network: Network): Promise<readonly string[]> {
  const chat = network.identity.subject
  const { text, media } = draft
  const [only] = media
  if (!only) {
    const request = { method: 'POST', path: '/sendMessage', json: { chat_id: chat, text } } as const
    const { result } = await network.call(request, ok(Message))
    return [result.message_id]
  }
  const words = text === '' ? [] : [{ name: 'caption', value: text }]
  if (media.length === 1) {
    const [method, name] =
      only.kind === 'video' ? (['sendVideo', 'video'] as const) : (['sendPhoto', 'photo'] as const)
    const parts = [{ name: 'chat_id', value: chat }, ...words, await toFilePart(draft, only, name)]
    const { result } = await network.call({ method: 'POST', path: `/${method}`, parts }, ok(Message))
    return [result.message_id]
  }
  // https://core.telegram.org/bots/api#sendmediagroup
  const files = await Promise.all(media.map((medium, at) => toFilePart(draft, medium, `file${at}`)))
  const album = media.map(({ kind }, at) => ({
    type: kind === 'video' ? 'video' : 'photo',
    media: `attach://file${at}`,
    caption: at === 0 && text !== '' ? text : undefined,
  }))
  const fields = [
    { name: 'chat_id', value: chat },
    { name: 'media', value: JSON.stringify(album) },
  ]
  const request = { method: 'POST', path: '/sendMediaGroup', parts: [...fields, ...files] } as const
  const { result } = await network.call(request, ok(z.array(Message).min(1)))
  return result.map(({ message_id }) => message_id)
}
