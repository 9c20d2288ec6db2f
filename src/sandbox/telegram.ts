// Telegram's Bot API: https://core.telegram.org/bots/api. An account of this host is a bot, who may post in one channel:
// `@news_<account>`. Every other channel is there, without it.

import { integers } from './ids.ts'
import { fileOf, type Part, partsOf, textOf } from './multipart.ts'
import { personOf } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, formOf, json } from './wire.ts'
import type { Call, Pretence } from './world.ts'

/** https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this, of a group: the stricter one. */
const LIMIT = { limit: 20, windowSeconds: 60 }
const MOST_TEXT = 4_096
const MOST_CAPTION = 1_024
const BYTES = { photo: 10_000_000, video: 50_000_000 }

export const telegram: Pretence = {
  hosts: ['api.telegram.org'],
  ids: integers,
  scopes: ['bot'],
  hasRefresh: false,
  clientId: (secret) => secret,
  tokenText: (_kind, secret, { subject }) => `${subject}:${secret.slice(0, 35)}`,
  failure: (status) => complaint(status, DESCRIPTIONS[status] ?? 'Internal Server Error'),
  routes: [
    { method: 'GET', path: '/:bot/:method', run: answer },
    { method: 'POST', path: '/:bot/:method', run: answer },
  ],
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden: bot was kicked from the channel chat',
  404: 'Not Found',
  429: 'Too Many Requests: retry after 5',
  502: 'Bad Gateway',
}

/** The channel where the bot of this index may post. */
export function channelOf(index: number): { readonly id: string; readonly name: string } {
  return { id: `-100${1_000_000_000 + index}`, name: `news_${index}` }
}

/** What was asked, however it was written. */
interface Wish {
  readonly call: Call
  readonly bot: Token
  readonly parts: readonly Part[]
  text(name: string): string | undefined
}

function answer(call: Call): Answer {
  const { world, realm, asked, parameters } = call
  const key = /^bot(\d+:[\w-]+)$/.exec(parameters.bot ?? '')?.[1]
  if (key === undefined) return complaint(404, 'Not Found')
  const bot = world.tokens.check(realm.host, key)
  if (typeof bot === 'string') return complaint(401, 'Unauthorized')
  const run = METHODS[(parameters.method ?? '').toLowerCase()]
  if (!run) return complaint(404, 'Not Found: method not found')
  const parts = partsOf(asked) ?? []
  const form = formOf(asked)
  const text = (name: string) => asked.query.get(name) ?? textOf(parts, name) ?? form.get(name) ?? undefined
  return run({ call, bot, parts, text })
}

const METHODS: Readonly<Record<string, (wish: Wish) => Answer>> = {
  getme: ({ call: { realm }, bot: { account = 0 } }) => {
    const { name, username } = personOf(realm, account)
    const id = Number(realm.ids.toId(account))
    return ok({
      id,
      is_bot: true,
      first_name: name || 'Bot',
      username: `${username}_bot`,
      can_join_groups: true,
    })
  },
  getchat: (wish) => inChat(wish, ({ id, name }) => ok({ ...toChat(id, name), accent_color_id: 3 })),
  getchatmember: (wish) =>
    inOwnChat(wish, () => {
      const { realm } = wish.call
      const user = { id: Number(realm.ids.toId(wish.bot.account ?? 0)), is_bot: true, first_name: 'Bot' }
      return ok({ user, status: 'administrator', can_post_messages: true, can_delete_messages: true })
    }),
  sendmessage: (wish) =>
    post(wish, MOST_TEXT, wish.text('text'), () => {
      return (wish.text('text') ?? '').trim() === ''
        ? complaint(400, 'Bad Request: message text is empty')
        : []
    }),
  sendphoto: (wish) =>
    post(wish, MOST_CAPTION, wish.text('caption'), () =>
      keptOrRefused(wish, [{ type: 'photo', name: 'photo' }]),
    ),
  sendvideo: (wish) =>
    post(wish, MOST_CAPTION, wish.text('caption'), () =>
      keptOrRefused(wish, [{ type: 'video', name: 'video' }]),
    ),
  sendmediagroup: (wish) => {
    const album = albumOf(wish.text('media') ?? '')
    if (album.length < 2 || album.length > 10) {
      return complaint(400, 'Bad Request: there must be from 2 to 10 messages to send')
    }
    return post(wish, MOST_CAPTION, album[0]?.caption, () => keptOrRefused(wish, album), { isAlbum: true })
  },
  deletemessage: (wish) =>
    inOwnChat(wish, ({ id }) =>
      remove(wish, id, wish.text('message_id') ?? '')
        ? ok(true)
        : complaint(400, 'Bad Request: message to delete not found'),
    ),
  // Those that are not there are passed over.
  deletemessages: (wish) =>
    inOwnChat(wish, ({ id }) => {
      for (const message of formOf(wish.call.asked).getAll('message_ids')) remove(wish, id, message)
      return ok(true)
    }),
}

interface Channel {
  readonly id: string
  readonly name: string
}

function inChat({ call, text }: Wish, run: (channel: Channel) => Answer): Answer {
  const named = text('chat_id') ?? ''
  const digits = /^@news_(\d{1,8})$/.exec(named)?.[1] ?? /^-100(1\d{9})$/.exec(named)?.[1]
  const index =
    digits === undefined ? Number.NaN : Number(digits) - (named.startsWith('@') ? 0 : 1_000_000_000)
  return index < call.world.accounts ? run(channelOf(index)) : complaint(400, 'Bad Request: chat not found')
}

function inOwnChat(wish: Wish, run: (channel: Channel) => Answer): Answer {
  return inChat(wish, (channel) =>
    channel.id === channelOf(wish.bot.account ?? 0).id
      ? run(channel)
      : complaint(403, 'Forbidden: bot is not a member of the channel chat'),
  )
}

/** `files`: what came along, kept, or why not. */
function post(
  wish: Wish,
  most: number,
  text: string | undefined,
  files: () => readonly string[] | Answer,
  { isAlbum = false } = {},
): Answer {
  return inOwnChat(wish, ({ id, name }) => {
    const { world, realm, spend } = wish.call
    const spent = spend(`${realm.host} ${id}`, LIMIT)
    if (spent.isRefused) {
      const seconds = Math.max(1, Math.ceil((spent.resetAt - world.now()) / 1000))
      const more = { parameters: { retry_after: seconds } }
      return complaint(429, `Too Many Requests: retry after ${seconds}`, more, {
        'retry-after': String(seconds),
      })
    }
    if ((text?.length ?? 0) > most) {
      return complaint(400, `Bad Request: message ${most === MOST_TEXT ? '' : 'caption '}is too long`)
    }
    const media = files()
    if ('status' in media) return media
    const made = (isAlbum ? media : [undefined]).map((file, at) => {
      const own = isAlbum ? [file ?? ''] : media
      const words = at === 0 ? (text ?? '') : ''
      const toId = (count: number) => `${id}/${count}`
      return world.posts.add({ realm: realm.host, owner: id, at: world.now(), text: words, media: own, toId })
    })
    const messages = made.map((each) => ({
      message_id: Number(each.id.split('/')[1]),
      sender_chat: toChat(id, name),
      chat: toChat(id, name),
      date: Math.floor(each.at / 1000),
      [most === MOST_TEXT ? 'text' : 'caption']: each.text === '' ? undefined : each.text,
    }))
    return ok(isAlbum ? messages : messages[0])
  })
}

interface Item {
  readonly type: 'photo' | 'video'
  /** Of the part with its bytes. */
  readonly name: string
  readonly caption?: string
}

function keptOrRefused({ call, bot, parts }: Wish, items: readonly Item[]): readonly string[] | Answer {
  const { world, realm } = call
  const files = items.map(({ type, name }) => ({ type, file: fileOf(parts, name) }))
  if (files.some(({ file }) => file === undefined)) {
    return complaint(400, 'Bad Request: wrong file identifier/HTTP URL specified')
  }
  if (files.some(({ type, file }) => (file?.bytes.length ?? 0) > BYTES[type])) {
    return complaint(413, 'Request Entity Too Large')
  }
  return files.flatMap(({ file }) => {
    if (!file) return []
    const { bytes, mimeType = 'application/octet-stream' } = file
    const owner = channelOf(bot.account ?? 0).id
    const toId = (count: number) => `file-${count}`
    return [world.uploads.add({ realm: realm.host, owner, mimeType, at: world.now(), bytes, toId }).id]
  })
}

function albumOf(text: string): readonly Item[] {
  try {
    const items: unknown = JSON.parse(text)
    return Array.isArray(items) ? items.flatMap(toItem) : []
  } catch {
    // What is no JSON is an album of nothing, which is refused.
    return []
  }
}

function toItem(value: { type?: unknown; media?: unknown; caption?: unknown } | null): readonly Item[] {
  const name = /^attach:\/\/(\w+)$/.exec(String(value?.media))?.[1]
  if (name === undefined) return []
  const caption = typeof value?.caption === 'string' ? value.caption : undefined
  return [{ type: value?.type === 'video' ? 'video' : 'photo', name, caption }]
}

function remove({ call: { world, realm } }: Wish, channel: string, message: string): boolean {
  return world.posts.remove(realm.host, `${channel}/${message}`)
}

function toChat(id: string, name: string) {
  return { id: Number(id), title: `News of ${name}`, username: name, type: 'channel' }
}

function ok(result: unknown): Answer {
  return json(200, { ok: true, result })
}

function complaint(
  status: number,
  description: string,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return json(status, { ok: false, error_code: status, description, ...more }, headers)
}
