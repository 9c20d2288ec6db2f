// Discord, by webhooks: whoever has a webhook's address may post in its channel.

import { z } from 'zod'
import { read } from '../core/answers.ts'
import { GatewayError } from '../core/errors.ts'
import type { Profile } from '../core/model.ts'
import type { Network, Part, Provider } from '../core/provider.ts'
import type { Draft, PostRef } from '../core/publish.ts'
import { discordPublishing, toDiscordContent } from './discord-text.ts'
import { Id, Text } from './fields.ts'
import { toFilePart } from './files.ts'

// https://docs.discord.com/developers/resources/webhook#webhook-object
const Webhook = z.object({
  id: Id,
  name: Text,
  avatar: Text,
  channel_id: Id,
  guild_id: Id.nullish(),
})
// https://docs.discord.com/developers/resources/message#message-object
const Message = z.object({ id: Id })

// https://docs.discord.com/developers/resources/webhook#execute-webhook
const ADDRESS =
  /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com\/api(?:\/v\d+)?\/webhooks\/(\d{17,20}\/[\w-]{60,80})\/?(?:[?#]|$)/

const own = read(() => ({ path: '' }), Webhook, toProfile)

export const discord = {
  id: 'discord',
  name: 'Discord',
  docs: 'https://docs.discord.com/developers/resources/webhook',
  api: 'https://discord.com/api/{version}/webhooks/{token}',
  version: 'v10',
  auth: { type: 'webhook' },
  // https://docs.discord.com/developers/topics/opcodes-and-status-codes#json
  errors: [
    {
      body: coded('10015|50027'),
      code: 'relink_required',
      message: 'Discord no longer knows this webhook; it must be added again.',
    },
    {
      body: coded('220001|220003'),
      code: 'unsupported',
      message: 'This webhook belongs to a forum, where every post needs a title of its own.',
    },
    { body: coded('40005'), code: 'too_large', message: 'Discord says that the files are too large.' },
  ],
  // https://docs.discord.com/developers/topics/rate-limits#header-format
  rateLimit: {
    limit: 'x-ratelimit-limit',
    remaining: 'x-ratelimit-remaining',
    reset: 'x-ratelimit-reset-after',
    as: 'seconds',
    scope: 'identity',
  },

  profile: own,

  place: {
    target: 'webhook',
    asks: 'address of a webhook',
    key: (pasted) => ADDRESS.exec(pasted)?.[1],
    verify: async (network) => own.parse(await network.fetch(own.request(network.identity))),
  },

  publish: {
    ...discordPublishing,
    async commit(draft, network) {
      const body = await bodyOf(draft)
      // https://docs.discord.com/developers/resources/webhook#execute-webhook
      const { id } = await network.call({ method: 'POST', path: '', query: { wait: true }, ...body }, Message)
      const channel = network.identity.profile.profileUrl
      return { post: { id, url: channel && `${channel}/${id}` } }
    },
  },

  // https://docs.discord.com/developers/resources/webhook#delete-webhook-message
  async remove({ id }: PostRef, network: Network) {
    try {
      await network.fetch({ method: 'DELETE', path: `/messages/${encodeURIComponent(id)}` })
    } catch (error) {
      if (GatewayError.from(error).code !== 'not_found') throw error
    }
  },
} satisfies Provider

function coded(codes: string): RegExp {
  return new RegExp(`"code"\\s*:\\s*(?:${codes})\\b`)
}

function toProfile({ id, name, avatar, channel_id, guild_id }: z.infer<typeof Webhook>): Profile {
  // https://docs.discord.com/developers/reference#image-formatting
  const pictureUrl = avatar && `https://cdn.discordapp.com/avatars/${id}/${encodeURIComponent(avatar)}.png`
  return {
    subject: id,
    displayName: name ?? `Webhook ${id}`,
    profileUrl: guild_id ? `https://discord.com/channels/${guild_id}/${channel_id}` : undefined,
    pictureUrl,
    thumbnailUrl: pictureUrl,
  }
}

/** Nobody is called by a name that happens to stand in the words: https://docs.discord.com/developers/resources/message#allowed-mentions-object */
async function bodyOf(draft: Draft): Promise<{ json: object } | { parts: readonly Part[] }> {
  const { text, media } = draft
  const message = { content: toDiscordContent(text), allowed_mentions: { parse: [] } }
  if (media.length === 0) return { json: message }
  const files = await Promise.all(media.map((medium, at) => toFilePart(draft, medium, `files[${at}]`)))
  // https://docs.discord.com/developers/reference#uploading-files
  const attachments = files.map(({ fileName }, id) => ({
    id,
    filename: fileName,
    description: media[id]?.alt,
  }))
  const payload = { name: 'payload_json', value: JSON.stringify({ ...message, attachments }) }
  return { parts: [payload, ...files] }
}
