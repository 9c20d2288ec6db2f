// Discord's webhooks: https://docs.discord.com/developers/resources/webhook. An account of this host is a webhook; the
// token that a grant gives is `<id>/<key>`, what stands at the end of its address.

import { discordSnowflakes } from './ids.ts'
import { type Part, partsOf, textOf } from './multipart.ts'
import type { Post } from './posts.ts'
import { personOf } from './realms.ts'
import type { Token } from './tokens.ts'
import { type Answer, json, objectOf, withHeaders } from './wire.ts'
import type { Call, Pretence } from './world.ts'

/** https://docs.discord.com/developers/topics/rate-limits; of webhooks it is only known that it is about this. */
const LIMIT = { limit: 5, windowSeconds: 2 }
const MOST_CHARACTERS = 2_000
const MOST_FILE_BYTES = 10 * 2 ** 20
const MOST_FILES = 10

const HOOK = '/api/:version/webhooks/:id/:key'

export const discord: Pretence = {
  hosts: ['discord.com'],
  ids: discordSnowflakes,
  scopes: ['webhook.incoming'],
  hasRefresh: false,
  clientId: (secret) => numberText(secret),
  tokenText: (_kind, secret, { subject }) => `${subject}/${secret.slice(0, 68).padEnd(68, '0')}`,
  failure: (status) => complaint(status, 0, MESSAGES[status] ?? 'Internal Server Error'),
  routes: [
    { method: 'GET', path: HOOK, run: (call) => known(call, (token) => json(200, toWebhook(call, token))) },
    { method: 'POST', path: HOOK, run: (call) => counted(call, (token) => execute(call, token)) },
    {
      method: 'GET',
      path: `${HOOK}/messages/:message`,
      run: (call) =>
        known(call, (token) => withMessage(call, (post) => json(200, toMessage(call, token, post)))),
    },
    {
      method: 'DELETE',
      path: `${HOOK}/messages/:message`,
      run: (call) =>
        counted(call, () =>
          withMessage(call, ({ id }) => {
            call.world.posts.remove(call.realm.host, id)
            return { status: 204, headers: {}, body: '' }
          }),
        ),
    },
  ],
}

const MESSAGES: Readonly<Record<number, string>> = {
  401: '401: Unauthorized',
  403: 'Missing Access',
  404: '404: Not Found',
  429: 'You are being rate limited.',
}

function numberText(secret: string): string {
  return `1${[...secret.slice(0, 18)].map((letter) => letter.charCodeAt(0) % 10).join('')}`
}

/** Runs for the webhook that the address names. */
function known(call: Call, run: (token: Token) => Answer): Answer {
  const { world, realm, parameters } = call
  const found = world.tokens.check(realm.host, `${parameters.id}/${parameters.key}`)
  if (found === 'revoked' || realm.ids.toIndex(parameters.id ?? '') === undefined) {
    return complaint(404, 10015, 'Unknown Webhook')
  }
  return typeof found === 'string' ? complaint(401, 50027, 'Invalid Webhook Token') : run(found)
}

function counted(call: Call, run: (token: Token) => Answer): Answer {
  return known(call, (token) => {
    const { world, realm, parameters } = call
    const spent = call.spend(`${realm.host} ${parameters.id}`, LIMIT)
    const seconds = Math.max(0, spent.resetAt - world.now()) / 1000
    const headers = {
      'x-ratelimit-limit': String(spent.limit),
      'x-ratelimit-remaining': String(spent.remaining),
      'x-ratelimit-reset': String(spent.resetAt / 1000),
      'x-ratelimit-reset-after': String(seconds),
      'x-ratelimit-bucket': '3f0e7d9bb1b14c1e9d5c8a0f7a6b5c4d',
    }
    if (!spent.isRefused) return withHeaders(run(token), headers)
    const body = { message: 'You are being rate limited.', retry_after: seconds, global: false }
    const refusal = { 'retry-after': String(Math.ceil(seconds)), 'x-ratelimit-scope': 'user' }
    return json(429, body, { ...headers, ...refusal })
  })
}

function execute(call: Call, token: Token): Answer {
  const { world, realm, asked, parameters } = call
  const parts = partsOf(asked)
  const message = objectOf((parts && textOf(parts, 'payload_json')) ?? asked.body)
  const files = (parts ?? []).filter(({ name }) => /^files\[\d+\]$/.test(name))
  const content = typeof message.content === 'string' ? message.content : ''
  if (content.trim() === '' && files.length === 0) {
    return complaint(400, 50006, 'Cannot send an empty message')
  }
  if ([...content].length > MOST_CHARACTERS) {
    const reason = { code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${MOST_CHARACTERS} or fewer in length.` }
    return json(400, {
      message: 'Invalid Form Body',
      code: 50035,
      errors: { content: { _errors: [reason] } },
    })
  }
  if (files.some(({ bytes }) => bytes.length > MOST_FILE_BYTES) || files.length > MOST_FILES) {
    return complaint(413, 40005, 'Request entity too large')
  }
  const media = files.map((file, at) => keep(call, file, descriptionOf(message, at)))
  const post = world.posts.add({
    realm: realm.host,
    owner: parameters.id ?? '',
    at: world.now(),
    text: content,
    media,
    toId: (count) => snowflakeAt(world.now(), count),
    fields: { mentions: message.allowed_mentions },
  })
  if (asked.query.get('wait') !== 'true') return { status: 204, headers: {}, body: '' }
  return json(200, toMessage(call, token, post))
}

function descriptionOf({ attachments }: Record<string, unknown>, at: number): string | undefined {
  const all: unknown[] = Array.isArray(attachments) ? attachments : []
  const mine = all.map((each) => objectOf(JSON.stringify(each))).find(({ id }) => Number(id) === at)
  return typeof mine?.description === 'string' ? mine.description : undefined
}

function keep({ world, realm, parameters }: Call, file: Part, alt: string | undefined): string {
  const upload = world.uploads.add({
    realm: realm.host,
    owner: parameters.id ?? '',
    mimeType: file.mimeType ?? 'application/octet-stream',
    at: world.now(),
    bytes: file.bytes,
    alt,
    toId: (count) => snowflakeAt(world.now(), count),
    fields: { fileName: file.fileName },
  })
  return upload.id
}

function withMessage({ world, realm, parameters }: Call, run: (post: Post) => Answer): Answer {
  const post = world.posts.find(realm.host, parameters.message ?? '')
  return post?.owner === parameters.id && post ? run(post) : complaint(404, 10008, 'Unknown Message')
}

function toWebhook({ realm, parameters }: Call, { account = 0 }: Token) {
  const id = parameters.id ?? ''
  return {
    application_id: null,
    avatar: null,
    channel_id: channelOf(id),
    guild_id: guildOf(id),
    id,
    name: personOf(realm, account).name || 'Captain Hook',
    type: 1,
    token: parameters.key,
    url: `https://discord.com/api/webhooks/${id}/${parameters.key}`,
  }
}

/** https://docs.discord.com/developers/resources/message#message-object */
function toMessage(call: Call, { account = 0 }: Token, post: Post) {
  const { world, realm } = call
  return {
    type: 0,
    content: post.text,
    mentions: [],
    mention_roles: [],
    attachments: post.media.flatMap((id) => {
      const upload = world.uploads.find(realm.host, id)
      const filename = String(upload?.fields.fileName)
      const url = `https://cdn.discordapp.com/attachments/${channelOf(post.owner)}/${id}/${filename}`
      return upload
        ? [{ id, filename, size: upload.pieces.get(0)?.length ?? 0, url, description: upload.alt }]
        : []
    }),
    embeds: [],
    timestamp: new Date(post.at).toISOString(),
    edited_timestamp: null,
    flags: 0,
    components: [],
    id: post.id,
    channel_id: channelOf(post.owner),
    author: {
      id: post.owner,
      username: personOf(realm, account).name,
      avatar: null,
      bot: true,
      discriminator: '0000',
    },
    pinned: false,
    mention_everyone: false,
    tts: false,
    webhook_id: post.owner,
  }
}

const channelOf = (id: string) => String(BigInt(id) + 1n)
const guildOf = (id: string) => String(BigInt(id) + 2n)

/** Milliseconds since 2015, shifted by 22 bits: https://docs.discord.com/developers/reference#snowflakes */
function snowflakeAt(at: number, count: number): string {
  return ((BigInt(at - 1_420_070_400_000) << 22n) | BigInt(count & 0x3fffff)).toString()
}

function complaint(status: number, code: number, message: string): Answer {
  return json(status, { message, code })
}
