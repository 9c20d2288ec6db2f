import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { removeMessage } from '../src/core/sharing-again.ts'
import { bytesOf } from '../src/sandbox/posts.ts'
import { fileOf, openSandboxed, type SandboxedHouse } from './support/sandboxed.ts'

const HOST = 'graph.facebook.com'
const VIDEO_HOST = 'graph-video.facebook.com'

async function linkPage(there: SandboxedHouse, scopes?: readonly string[]) {
  return there.link('facebook', HOST, { page: true, posting: { target: 'page' }, scopes })
}

describe('posting on a Facebook Page', () => {
  test('words and a link go out apart, in the name of the Page', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await linkPage(there)
    const link = { url: 'https://example.com/a?b=c&d=e', name: 'Not shown' }
    const publication = await there.publish(identity, { text: 'Grüße & <Ahoj> 👩‍🚀\n\nZwei', link })
    assert.equal(publication.state, 'published')
    const [post, ...others] = there.sandbox.posts(HOST)
    assert.deepEqual(others, [])
    assert.equal(post?.text, 'Grüße & <Ahoj> 👩‍🚀\n\nZwei')
    assert.deepEqual(post?.fields, { link: link.url })
    assert.equal(post?.owner, grant.subject)
    const url = `https://www.facebook.com/${post?.id}`
    assert.deepEqual(publication.post, { id: post?.id, url })
  })

  test('pictures are uploaded unpublished, with their descriptions, and hang on one post', async () => {
    await using there = await openSandboxed()
    const { identity } = await linkPage(there)
    const files = [fileOf('image/jpeg', 900_000), fileOf('image/png', 3_000)]
    const media = [
      there.keep(files[0]!, { kind: 'image', mimeType: 'image/jpeg', alt: 'Ein „Huhn“' }),
      there.keep(files[1]!, { kind: 'image', mimeType: 'image/png' }),
    ]
    const { state } = await there.publish(identity, { text: 'Zwei', media })
    assert.equal(state, 'published')
    const posts = there.sandbox.posts(HOST)
    const uploads = there.sandbox.uploads(HOST)
    assert.equal(posts.length, 1)
    assert.deepEqual(
      posts[0]?.media,
      uploads.map(({ id }) => id),
    )
    assert.deepEqual(
      uploads.map((upload, at) => [bytesOf(upload).equals(files[at]!), upload.alt]),
      [
        [true, 'Ein „Huhn“'],
        [true, undefined],
      ],
    )
  })

  test('a video goes up in pieces, and is published once Facebook has processed it', async () => {
    await using there = await openSandboxed()
    const { identity } = await linkPage(there)
    const bytes = fileOf('video/mp4', 9_000_000)
    const media = [there.keep(bytes, { kind: 'video', mimeType: 'video/mp4', durationMs: 5_000 })]
    const { state, post } = await there.publish(identity, { text: 'Film', media })
    assert.equal(state, 'published')
    const [seen, ...others] = there.sandbox.posts(HOST)
    assert.deepEqual(others, [])
    assert.equal(seen?.text, 'Film')
    assert.equal(post?.id, seen?.id)
    const [upload] = there.sandbox.uploads(HOST)
    assert.ok(upload && bytesOf(upload).equals(bytes))
    assert.equal(upload.pieces.size, 3)
  })

  test('a video is pending while it is processed', async () => {
    await using there = await openSandboxed({ bounds: { deadlineMs: 1_000 } })
    const { identity } = await linkPage(there)
    there.sandbox.dial(VIDEO_HOST, { processingMs: 60_000 })
    const media = [there.keep(fileOf('video/mp4', 5_000), { kind: 'video', mimeType: 'video/mp4' })]
    assert.equal((await there.publish(identity, { text: 'Long', media })).state, 'pending')
  })

  test('a video that Facebook cannot process is a failure that says so', async () => {
    await using there = await openSandboxed()
    const { identity } = await linkPage(there)
    there.sandbox.dial(VIDEO_HOST, { processingMs: 0, processingFails: true })
    const media = [there.keep(fileOf('video/mp4', 5_000), { kind: 'video', mimeType: 'video/mp4' })]
    const { state, problem } = await there.publish(identity, { text: 'Broken', media })
    assert.deepEqual([state, problem?.message], ['failed', 'Facebook could not process the video.'])
  })

  test('a video whose last answer was lost is published once, and found', async () => {
    await using there = await openSandboxed()
    const { identity } = await linkPage(there)
    const media = [there.keep(fileOf('video/mp4', 5_000), { kind: 'video', mimeType: 'video/mp4' })]
    // Start and one piece are answered, the word to publish is not.
    there.sandbox.dial(VIDEO_HOST, { method: 'POST', loseRate: 1, processingMs: 600, skip: 2, times: 1 })
    const { state } = await there.publish(identity, { text: 'Once', media })
    assert.equal(state, 'published')
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })

  test('a personal wall is refused before anything is sent', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('facebook', HOST)
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'permission_missing'])
    assert.match(problem?.message ?? '', /Pages only/)
    assert.equal(there.sandbox.requests({ host: HOST }), 0)
  })

  test('a Page that may not be posted on says that a permission is missing', async () => {
    await using there = await openSandboxed()
    const { identity } = await linkPage(there, ['public_profile', 'pages_show_list'])
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'permission_missing'])
  })

  test('the same words twice are a refusal of the second', async () => {
    await using there = await openSandboxed()
    const { identity } = await linkPage(there)
    assert.equal((await there.publish(identity, { text: 'Once' })).state, 'published')
    const { state, problem } = await there.publish(identity, { text: 'Once' })
    assert.deepEqual([state, problem?.code], ['failed', 'conflict'])
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })

  test('access that was taken back is told as such', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await linkPage(there)
    there.sandbox.revoke(HOST, grant.account)
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'relink_required'])
  })

  test('a post whose answer was lost is found, also behind many others, and not posted again', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await linkPage(there)
    await there.publish(identity, { text: 'Before' })
    there.sandbox.dial(HOST, { path: '/v25.0', method: 'POST', loseRate: 1, times: 1 })
    const { state, post } = await there.publish(identity, { text: 'Lost  & found\nhttps://example.com/' })
    assert.equal(state, 'published')
    const posts = there.sandbox.posts(HOST, grant.subject)
    assert.equal(posts.length, 2)
    assert.equal(post?.id, posts[0]?.id)
  })

  test('no token is in any address that is asked', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await linkPage(there)
    for (let at = 0; at < 60; at += 1) {
      const request = { method: 'POST', path: `/${grant.subject}/feed`, form: { message: `${at}` } } as const
      await there.gateway.open(identity).fetch(request)
    }
    const { recent } = there.gateway.providers.get('facebook')?.publish ?? {}
    const network = there.gateway.open(identity)
    const first = recent!.first(identity)
    const page = recent!.parse(await network.fetch(first), first)
    assert.equal(page.items.length, 50)
    assert.doesNotMatch(page.next?.path ?? '', /access_token/)
    const rest = recent!.parse(await network.fetch(page.next!), page.next!)
    assert.deepEqual([rest.items.length, rest.next], [10, undefined])
  })
})

describe('taking posts back from a Facebook Page', () => {
  test('words and videos are gone afterwards, and taking them back again is fine', async () => {
    await using there = await openSandboxed()
    const { identity } = await linkPage(there)
    const media = [there.keep(fileOf('video/mp4', 5_000), { kind: 'video', mimeType: 'video/mp4' })]
    const made = [
      await there.publish(identity, { text: 'Soon gone' }),
      await there.publish(identity, { text: 'Film', media }),
    ]
    for (const { message } of made) {
      const { isRemoved } = await removeMessage(there.gateway, there.house.site, message, { remote: true })
      assert.equal(isRemoved, true)
    }
    assert.deepEqual(there.sandbox.posts(HOST), [])
    const { remove } = there.gateway.providers.get('facebook') ?? {}
    for (const { post } of made) await remove!(post!, there.gateway.open(identity))
  })
})

test('a user’s Pages are listed with their tokens, and a Page tells who it is', async () => {
  await using there = await openSandboxed()
  const { identity } = await there.link('facebook', HOST, { account: 4 })
  const { body } = await there.gateway.open(identity).fetch({ path: '/me/accounts' })
  const { data } = body as { data: { id: string; name: string; access_token: string }[] }
  assert.equal(data.length, 2)
  const { id, name, access_token: accessToken } = data[1]!
  const site = there.house.site
  const page = await there.gateway.openUnlinked({ site, provider: 'facebook', tokens: { accessToken } })
  assert.deepEqual((await page.fetch({ path: '/me', query: { fields: 'id,name' } })).body, { id, name })
})
