// Discord's webhooks and Telegram's channels: places that are added by their key.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addPlace } from '../src/core/places.ts'
import { bytesOf } from '../src/sandbox/posts.ts'
import { channelOf } from '../src/sandbox/telegram.ts'
import { fileOf, openSandboxed, type SandboxedHouse } from './support/sandboxed.ts'

const DISCORD = 'discord.com'
const TELEGRAM = 'api.telegram.org'

async function hook({ gateway, house, sandbox }: SandboxedHouse) {
  const grant = sandbox.grant(DISCORD)
  const pasted = `https://discord.com/api/webhooks/${grant.accessToken}\n`
  const { identity } = await addPlace(gateway, house.site, { provider: 'discord', pasted })
  return { identity, grant }
}

async function channel({ gateway, house, sandbox }: SandboxedHouse) {
  const grant = sandbox.grant(TELEGRAM)
  const { id, name } = channelOf(grant.account)
  const place = { provider: 'telegram', pasted: grant.accessToken, name: `@${name}` }
  const { identity } = await addPlace(gateway, house.site, place)
  return { identity, grant, id, name }
}

/** What was logged, errors with their causes included. */
function said({ house }: SandboxedHouse): string {
  return JSON.stringify(house.logged, (_, value) =>
    value instanceof Error ? { message: value.message, stack: value.stack, cause: value.cause } : value,
  )
}

describe('adding a place', () => {
  test('a webhook is what its network says, posts to itself, and belongs to a user', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await hook(there)
    assert.equal(identity.subject, grant.subject)
    assert.equal(identity.target, 'webhook')
    assert.match(identity.profile.profileUrl ?? '', /^https:\/\/discord\.com\/channels\/\d+\/\d+$/)
    const stored = await there.gateway.store.identities.find(there.house.site, identity.token)
    assert.deepEqual(stored, identity)
    const again = await addPlace(there.gateway, there.house.site, {
      provider: 'discord',
      pasted: `https://discord.com/api/v10/webhooks/${grant.accessToken}?wait=true`,
      userToken: identity.userToken,
    })
    assert.equal(again.isNewIdentity, false)
  })

  test('a channel is asked for with the bot’s key, which stands in no log', async () => {
    await using there = await openSandboxed()
    const { identity, grant, id, name } = await channel(there)
    assert.deepEqual([identity.subject, identity.target, identity.profile.username], [id, 'channel', name])
    const log = said(there)
    assert.match(log, /network asked/)
    const secret = grant.accessToken.split(':')[1]!
    assert(!log.includes(secret))
  })

  test('what is no key, no place of the bot, or no network with such places is refused with the field', async () => {
    await using there = await openSandboxed()
    const { gateway, house, sandbox } = there
    const bot = sandbox.grant(TELEGRAM)
    const { name } = channelOf(bot.account + 1)
    const cases = [
      [{ provider: 'discord', pasted: 'https://discord.com/api/webhooks/1/short' }, 'invalid_request', 'key'],
      [{ provider: 'discord', pasted: 'https://evil.example/api/webhooks/1' }, 'invalid_request', 'key'],
      [{ provider: 'telegram', pasted: '../../etc/passwd', name: '@x' }, 'invalid_request', 'key'],
      [{ provider: 'telegram', pasted: bot.accessToken }, 'invalid_request', 'name'],
      [{ provider: 'telegram', pasted: bot.accessToken, name: '@nobody' }, 'not_found', undefined],
      [{ provider: 'telegram', pasted: bot.accessToken, name: `@${name}` }, 'permission_missing', undefined],
      [
        { provider: 'telegram', pasted: `${bot.subject}:${'x'.repeat(35)}`, name: '@x' },
        'relink_required',
        undefined,
      ],
      [{ provider: 'mastodon', pasted: 'anything' }, 'invalid_request', 'provider'],
      [{ provider: 'constructor', pasted: 'anything' }, 'invalid_request', 'provider'],
    ] as const
    for (const [place, code, field] of cases) {
      await assert.rejects(addPlace(gateway, house.site, place), { code, field }, JSON.stringify(place))
    }
  })

  test('a webhook that is none is refused by its network, and nothing is stored', async () => {
    await using there = await openSandboxed()
    const grant = there.sandbox.grant(DISCORD)
    const pasted = `https://discord.com/api/webhooks/${grant.subject}/${'x'.repeat(68)}`
    await assert.rejects(addPlace(there.gateway, there.house.site, { provider: 'discord', pasted }), {
      code: 'relink_required',
    })
    const page = { page: 1, size: 10, direction: 'asc' } as const
    assert.equal((await there.gateway.store.identities.list(there.house.site, page)).totalEntries, 0)
  })
})

describe('posting to Discord', () => {
  test('words are plain: nothing in them is markup, and nobody is called', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await hook(there)
    const { state, post } = await there.publish(identity, {
      text: '*Hi* @everyone https://example.com/a_b_c',
    })
    assert.equal(state, 'published')
    const [posted, ...others] = there.sandbox.posts(DISCORD, grant.subject)
    assert.deepEqual(others, [])
    assert.equal(posted?.text, '\\*Hi\\* @everyone https://example.com/a_b_c')
    assert.deepEqual(posted?.fields.mentions, { parse: [] })
    assert.deepEqual(post, { id: posted?.id, url: `${identity.profile.profileUrl}/${posted?.id}` })
  })

  test('pictures and a video go along byte for byte, with their descriptions', async () => {
    await using there = await openSandboxed()
    const { identity } = await hook(there)
    const files = [fileOf('image/jpeg', 700_000), fileOf('video/mp4', 90_000)]
    const media = [
      there.keep(files[0]!, { kind: 'image', mimeType: 'image/jpeg', alt: 'Ein Huhn' }),
      there.keep(files[1]!, { kind: 'video', mimeType: 'video/mp4' }),
    ]
    const { state, problem } = await there.publish(identity, { media })
    assert.deepEqual([state, problem], ['published', undefined])
    const uploads = there.sandbox.uploads(DISCORD)
    assert.deepEqual(
      uploads.map((upload, at) => [bytesOf(upload).equals(files[at]!), upload.alt, upload.mimeType]),
      [
        [true, 'Ein Huhn', 'image/jpeg'],
        [true, undefined, 'video/mp4'],
      ],
    )
  })

  test('a post whose answer was lost is unknown, and is not sent again', async () => {
    await using there = await openSandboxed()
    const { identity } = await hook(there)
    there.sandbox.dial(DISCORD, { method: 'POST', loseRate: 1, times: 1 })
    const { state, problem } = await there.publish(identity, { text: 'Perhaps' })
    assert.deepEqual([state, problem?.code], ['unknown', 'network_silent'])
    assert.equal(there.sandbox.posts(DISCORD).length, 1)
  })

  test('a limit is waited for as long as Discord says', async () => {
    await using there = await openSandboxed()
    const { identity } = await hook(there)
    there.sandbox.dial(DISCORD, { method: 'POST', rateLimit: { limit: 1, windowSeconds: 1 } })
    assert.equal((await there.publish(identity, { text: 'One' })).state, 'published')
    const startedAt = Date.now()
    assert.equal((await there.publish(identity, { text: 'Two' })).state, 'published')
    assert(Date.now() - startedAt > 300)
    assert.equal(there.sandbox.posts(DISCORD).length, 2)
  })

  test('a webhook that was deleted must be added again', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await hook(there)
    there.sandbox.revoke(DISCORD, grant.account)
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'relink_required'])
    assert(!said(there).includes(grant.accessToken.split('/')[1]!))
  })

  test('a post that is taken back is gone, and taking it back again is fine', async () => {
    await using there = await openSandboxed()
    const { identity } = await hook(there)
    const { post } = await there.publish(identity, { text: 'Soon gone' })
    const { remove } = there.gateway.providers.get('discord')!
    await remove!(post!, there.gateway.open(identity))
    assert.deepEqual(there.sandbox.posts(DISCORD), [])
    await remove!(post!, there.gateway.open(identity))
  })
})

describe('posting to Telegram', () => {
  test('words go to the channel as they are', async () => {
    await using there = await openSandboxed()
    const { identity, id, name } = await channel(there)
    const text = '*Hi* <b>there</b> 👩‍🚀\n\nhttps://example.com/a'
    const { state, post } = await there.publish(identity, { text })
    assert.equal(state, 'published')
    const [posted, ...others] = there.sandbox.posts(TELEGRAM)
    assert.deepEqual(others, [])
    assert.deepEqual([posted?.text, posted?.owner], [text, id])
    const number = posted?.id.split('/')[1]
    assert.deepEqual(post, { id: number, url: `https://t.me/${name}/${number}` })
  })

  test('a picture, a video and an album carry the words below them, and an album is taken back whole', async () => {
    await using there = await openSandboxed()
    const { identity } = await channel(there)
    const picture = there.keep(fileOf('image/jpeg', 70_000), { kind: 'image', mimeType: 'image/jpeg' })
    const video = there.keep(fileOf('video/mp4', 90_000), { kind: 'video', mimeType: 'video/mp4' })
    assert.equal((await there.publish(identity, { text: 'Bild', media: [picture] })).state, 'published')
    assert.equal((await there.publish(identity, { text: 'Film', media: [video] })).state, 'published')
    assert.equal(there.sandbox.posts(TELEGRAM).length, 2)
    const { state, post } = await there.publish(identity, { text: 'Beides', media: [picture, video] })
    assert.equal(state, 'published')
    assert.equal(post?.id.split(',').length, 2)
    assert.deepEqual(
      there.sandbox
        .posts(TELEGRAM)
        .map(({ text }) => text)
        .toSorted(),
      ['', 'Beides', 'Bild', 'Film'],
    )
    const { remove } = there.gateway.providers.get('telegram')!
    await remove!(post!, there.gateway.open(identity))
    assert.equal(there.sandbox.posts(TELEGRAM).length, 2)
    await remove!(post!, there.gateway.open(identity))
  })

  test('a caption that is too long is refused before anything is sent', async () => {
    await using there = await openSandboxed()
    const { identity } = await channel(there)
    const picture = there.keep(fileOf('image/jpeg', 70_000), { kind: 'image', mimeType: 'image/jpeg' })
    const { problem } = await there.publish(identity, { text: 'x'.repeat(1_025), media: [picture] })
    assert.equal(problem?.code, 'too_large')
    assert.equal(there.sandbox.uploads(TELEGRAM).length, 0)
  })

  test('a post whose answer was lost is unknown, and is not sent again', async () => {
    await using there = await openSandboxed()
    const { identity } = await channel(there)
    there.sandbox.dial(TELEGRAM, { method: 'POST', loseRate: 1, times: 1 })
    const { state } = await there.publish(identity, { text: 'Perhaps' })
    assert.equal(state, 'unknown')
    assert.equal(there.sandbox.posts(TELEGRAM).length, 1)
  })

  test('a bot that was put out of the channel is told as such, and its key as one to be added again', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await channel(there)
    there.sandbox.dial(TELEGRAM, { method: 'POST', status: 403, times: 1 })
    assert.equal((await there.publish(identity, { text: 'Hi' })).problem?.code, 'permission_missing')
    there.sandbox.revoke(TELEGRAM, grant.account)
    assert.equal((await there.publish(identity, { text: 'Hi' })).problem?.code, 'relink_required')
  })
})
