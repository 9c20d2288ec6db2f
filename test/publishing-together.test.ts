// One message to several networks at once, pictures included, as a whole gateway does it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { resumePublishing } from '../src/core/deliveries.ts'
import type { Limits } from '../src/core/publish.ts'
import { findMessage, publishMessage } from '../src/core/sharing.ts'
import { removeMessage } from '../src/core/sharing-again.ts'
import { mediaTypeOf } from '../src/sandbox/media-types.ts'
import { bytesOf } from '../src/sandbox/posts.ts'
import { wholeOf } from './support/media.ts'
import { movie, noise } from './support/pictures.ts'
import { openSandboxed } from './support/sandboxed.ts'

const HOSTS = { twitter: 'api.x.com', facebook: 'graph.facebook.com', linkedin: 'api.linkedin.com' }
const PROVIDERS = Object.keys(HOSTS)
const VIDEOS: Limits = {
  text: 1,
  unit: 'characters',
  link: 'verbatim',
  images: 1,
  video: { bytes: 1e9, mimeTypes: ['video/mp4'] },
}

async function openWithThree() {
  const there = await openSandboxed({ keepsMedia: true })
  const { identity, grant } = await there.link('twitter', HOSTS.twitter)
  const { userToken } = identity
  const page = { userToken, page: true, posting: { target: 'page' } } as const
  const others = [
    await there.link('linkedin', HOSTS.linkedin, { userToken }),
    await there.link('facebook', HOSTS.facebook, page),
  ]
  const tokens = [grant, ...others.map((linked) => linked.grant)].map(({ accessToken }) => accessToken)
  return { there, userToken, tokens, [Symbol.asyncDispose]: () => there[Symbol.asyncDispose]() }
}

test('a picture that is too large for them all is made fit for each, described, and taken back from each', async () => {
  await using opened = await openWithThree()
  const { there, userToken, tokens } = opened
  const { gateway, house, sandbox } = there
  const png = await noise(1_800, 1_200).png().toBuffer()
  assert.ok(png.length > 5_000_000)
  const media = await gateway.media.take(house.site, [{ base64: png.toString('base64'), alt: 'Rauschen' }])
  const { token, publications } = await publishMessage(gateway, house.site, {
    target: { user: userToken, providers: PROVIDERS },
    message: { text: 'Drei auf einmal', media },
  })
  const told = publications.map(({ provider, state, problem }) => [provider, state, problem])
  assert.deepEqual(
    told,
    PROVIDERS.map((provider) => [provider, 'published', undefined]),
  )
  for (const host of Object.values(HOSTS)) {
    const [upload, ...others] = sandbox.uploads(host)
    assert.deepEqual(others, [])
    assert.ok(upload)
    const bytes = bytesOf(upload)
    assert.ok(bytes.length < 5_000_000)
    assert.match(mediaTypeOf(bytes) ?? '', /^image\/(jpeg|png|webp)$/)
    assert.equal(sandbox.posts(host).length, 1)
  }
  const { isRemoved } = await removeMessage(gateway, house.site, token, { remote: true })
  assert.equal(isRemoved, true)
  for (const host of Object.values(HOSTS)) assert.deepEqual(sandbox.posts(host), [])
  const log = JSON.stringify(house.logged)
  for (const token of tokens) assert.ok(!log.includes(token))
})

test('a video goes from the disk to each of them, piece by piece, and arrives whole', async () => {
  await using opened = await openWithThree()
  const { there, userToken } = opened
  const { gateway, house, sandbox } = there
  const hosts = { ...HOSTS, mastodon: 'mastodon.example', bluesky: 'bsky.social' }
  await there.link('mastodon', hosts.mastodon, { userToken })
  await there.link('bluesky', hosts.bluesky, { userToken })
  const film = movie({ seconds: 9, bytes: 9_000_000 })
  const [taken] = await gateway.media.take(house.site, [{ base64: film.toString('base64') }])
  assert.ok(taken)
  const kept = await wholeOf((await gateway.media.open(taken, VIDEOS)).bytes)
  const { token } = await publishMessage(gateway, house.site, {
    target: { user: userToken, providers: Object.keys(hosts) },
    message: { text: 'Film ab', media: [taken] },
    deadlineMs: 0,
  })
  // As upkeep does: what is processed one after another is looked at again.
  const areOut = (states: readonly string[]) => states.every((state) => state === 'published')
  let states: readonly string[] = ['queued']
  for (let tries = 0; tries < 150 && !areOut(states); tries += 1) {
    await resumePublishing(gateway)
    await sleep(100)
    const { publications } = await findMessage(gateway, house.site, token)
    states = publications.map(({ state }) => state)
  }
  assert.ok(areOut(states), states.join())
  for (const host of Object.values(hosts)) {
    const [upload, ...others] = sandbox.uploads(host)
    assert.deepEqual(others, [])
    assert.ok(upload && bytesOf(upload).equals(kept), host)
  }
})

test('one network that fails takes no other with it', async () => {
  await using opened = await openWithThree()
  const { there, userToken } = opened
  const { gateway, house, sandbox } = there
  sandbox.dial(HOSTS.linkedin, { path: '/rest/posts', status: 400, body: '{"message":"no"}' })
  const { publications } = await publishMessage(gateway, house.site, {
    target: { user: userToken, providers: PROVIDERS },
    message: { text: 'Zwei von drei', link: { url: 'https://example.com/' }, media: [] },
  })
  assert.deepEqual(
    publications.map(({ provider, state, problem }) => [provider, state, problem?.code]),
    [
      ['twitter', 'published', undefined],
      ['facebook', 'published', undefined],
      ['linkedin', 'failed', 'network_rejected'],
    ],
  )
})
