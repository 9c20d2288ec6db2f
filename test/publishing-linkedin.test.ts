import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { publishMessage } from '../src/core/sharing.ts'
import { removeMessage } from '../src/core/sharing-again.ts'
import { bytesOf } from '../src/sandbox/posts.ts'
import { fileOf, openSandboxed } from './support/sandboxed.ts'

const HOST = 'api.linkedin.com'

describe('posting on LinkedIn', () => {
  test('words arrive as they were meant, whatever of them is markup there', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await there.link('linkedin', HOST)
    const text = 'Grüße (alle) & <Ahoj> 👩‍🚀 #Tag_1 {a|b} @du *x* ~y~ \\ [z]\nhttps://example.com/a_b(c)'
    const publication = await there.publish(identity, { text })
    assert.equal(publication.state, 'published')
    const [post, ...others] = there.sandbox.posts(HOST)
    assert.deepEqual(others, [])
    assert.equal(post?.text, text)
    assert.equal(post?.owner, `urn:li:person:${grant.subject}`)
    const url = `https://www.linkedin.com/feed/update/${post?.id}/`
    assert.deepEqual(publication.post, { id: post?.id, url })
  })

  test('a link is a card with a title, the host where there is none', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    const link = { url: 'https://example.com/a', description: 'About it' }
    assert.equal((await there.publish(identity, { text: 'Read', link })).state, 'published')
    const [post] = there.sandbox.posts(HOST)
    assert.deepEqual(post?.fields.article, {
      source: link.url,
      title: 'example.com',
      description: 'About it',
    })
  })

  test('a card has the picture of the page, which is uploaded; one that is refused is left out', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    for (const [url, bytes] of [
      ['https://example.com/good', fileOf('image/png', 2_000)],
      ['https://example.com/bad', Buffer.from('<html>')],
    ] as const) {
      const card = async () => ({ title: 'Unused', image: { bytes, mimeType: 'image/png' } })
      const gateway = { ...there.gateway, media: { ...there.gateway.media, card } }
      const message = { text: url, link: { url, name: 'A page' }, media: [] }
      const target = { identity: identity.token }
      const { publications } = await publishMessage(gateway, there.house.site, { target, message })
      assert.equal(publications[0]?.state, 'published')
    }
    const [bad, good] = there.sandbox.posts(HOST)
    const [upload] = there.sandbox.uploads(HOST)
    const title = 'A page'
    assert.deepEqual(good?.fields.article, {
      source: 'https://example.com/good',
      title,
      thumbnail: upload?.id,
    })
    assert.deepEqual(bad?.fields.article, { source: 'https://example.com/bad', title })
  })

  test('one picture and many arrive byte for byte', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    const files = [fileOf('image/jpeg', 2_000_000), fileOf('image/png', 3_000), fileOf('image/gif', 10, 2)]
    const types = ['image/jpeg', 'image/png', 'image/gif']
    const media = files.map((bytes, at) =>
      there.keep(bytes, { kind: 'image', mimeType: types[at]!, alt: `Nr. ${at}` }),
    )
    assert.equal((await there.publish(identity, { media: media.slice(0, 1) })).state, 'published')
    assert.equal((await there.publish(identity, { text: 'Drei', media })).state, 'published')
    const uploads = there.sandbox.uploads(HOST)
    const [many, single] = there.sandbox.posts(HOST)
    assert.deepEqual(single?.media, [uploads[0]?.id])
    assert.deepEqual(
      many?.media,
      uploads.slice(1).map(({ id }) => id),
    )
    for (const [at, upload] of uploads.slice(1).entries()) assert.ok(bytesOf(upload).equals(files[at]!))
  })

  test('a video goes up in pieces without our token, and is posted once it is available', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    const bytes = fileOf('video/mp4', 9_000_000)
    const media = [there.keep(bytes, { kind: 'video', mimeType: 'video/mp4', durationMs: 5_000 })]
    const { state, problem } = await there.publish(identity, { text: 'Film', media })
    assert.deepEqual([state, problem], ['published', undefined])
    const [upload] = there.sandbox.uploads(HOST)
    assert.ok(upload && bytesOf(upload).equals(bytes))
    assert.equal(upload.pieces.size, 3)
    assert.deepEqual(there.sandbox.posts(HOST)[0]?.media, [upload.id])
  })

  test('a video that cannot be processed is a failure that says so, and nothing is posted', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    there.sandbox.dial(HOST, { processingMs: 0, processingFails: true })
    const media = [there.keep(fileOf('video/mp4', 1_000), { kind: 'video', mimeType: 'video/mp4' })]
    const { state, problem } = await there.publish(identity, { media })
    assert.deepEqual([state, problem?.message], ['failed', 'LinkedIn could not process the video.'])
    assert.deepEqual(there.sandbox.posts(HOST), [])
  })

  test('a post whose answer was lost is unknown: nobody may read a member’s posts', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    there.sandbox.dial(HOST, { path: '/rest/posts', loseRate: 1, times: 1 })
    const { state, problem } = await there.publish(identity, { text: 'Lost' })
    assert.deepEqual([state, problem?.code], ['unknown', 'network_silent'])
    assert.equal(there.sandbox.posts(HOST).length, 1)
    assert.equal(there.sandbox.requests({ host: HOST, path: '/rest/posts' }), 1)
  })

  test('the same words twice are a refusal of the second', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    assert.equal((await there.publish(identity, { text: 'Once' })).state, 'published')
    const { state, problem } = await there.publish(identity, { text: 'Once' })
    assert.deepEqual([state, problem?.code], ['failed', 'conflict'])
  })

  test('a member who did not allow posting is asked for that permission', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST, { scopes: ['openid', 'profile'] })
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'permission_missing'])
  })

  test('a version that LinkedIn has ended says what to do', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    there.sandbox.dial(HOST, { path: '/rest/posts', status: 426 })
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'network_rejected'])
    assert.match(problem?.message ?? '', /version/)
  })

  test('a limit is told and waited for', async () => {
    await using there = await openSandboxed({ bounds: { deadlineMs: 300 } })
    const { identity } = await there.link('linkedin', HOST)
    there.sandbox.dial(HOST, { path: '/rest/posts', status: 429 })
    const { problem, dueAt } = await there.publish(identity, { text: 'Hi' })
    assert.equal(problem?.code, 'rate_limited')
    assert.ok((dueAt ?? 0) > Date.now())
  })
})

describe('taking posts back from LinkedIn', () => {
  test('a message that is removed from its networks is gone there, and its post may be gone before', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    const { message, post } = await there.publish(identity, { text: 'Soon gone' })
    const { remove } = there.gateway.providers.get('linkedin') ?? {}
    await remove!(post!, there.gateway.open(identity))
    assert.deepEqual(there.sandbox.posts(HOST), [])
    const { isRemoved } = await removeMessage(there.gateway, there.house.site, message, { remote: true })
    assert.equal(isRemoved, true)
  })

  test('a post of somebody else stays', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('linkedin', HOST)
    const { identity: other } = await there.link('linkedin', HOST)
    const { post } = await there.publish(identity, { text: 'Mine' })
    const { remove } = there.gateway.providers.get('linkedin') ?? {}
    await assert.rejects(remove!(post!, there.gateway.open(other)), { code: 'permission_missing' })
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })
})
