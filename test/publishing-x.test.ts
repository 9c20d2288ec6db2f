import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { cleanMessage } from '../src/core/clean-message.ts'
import { resumePublishing } from '../src/core/deliveries.ts'
import { GatewayError } from '../src/core/errors.ts'
import { lookFor } from '../src/core/lookup.ts'
import { findMessage, publishMessage } from '../src/core/sharing.ts'
import { removeMessage } from '../src/core/sharing-again.ts'
import { bytesOf } from '../src/sandbox/posts.ts'
import { fileOf, openSandboxed } from './support/sandboxed.ts'

const HOST = 'api.x.com'

/** Few enough words that none is too long, with all that X writes in another way. */
const TEXTS = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
      fc.constantFrom(
        '&',
        '<b>',
        '&amp;',
        '$&',
        '"',
        '\n',
        'https://t.co/abc',
        '#tag',
        '@you',
        '👩‍🚀',
        'e\u0301',
      ),
      fc.constantFrom(
        'example.com',
        'http://example.org/',
        'https://example.com/a?b=c&d=e#f',
        'a.example.net/x',
      ),
    ),
    { minLength: 1, maxLength: 7 },
  )
  .map((words) => words.join(' '))

/** As every message is before it is published; words that are none are left out. */
function clean(text: string): { readonly cleaned: string } {
  try {
    return { cleaned: cleanMessage({ text, media: [] }).text ?? 'nothing' }
  } catch (error) {
    assert.ok(error instanceof GatewayError)
    return { cleaned: 'nothing' }
  }
}

describe('posting on X', () => {
  test('words go out as they are, and the post is found where the answer says', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await there.link('twitter', HOST)
    const text = 'Grüße & <Ahoj> 👩‍🚀 “hi”\n\nhttps://example.com/a?b=c&d=e example.com'
    const publication = await there.publish(identity, { text })
    assert.equal(publication.state, 'published')
    const [post, ...others] = there.sandbox.posts(HOST)
    assert.deepEqual(others, [])
    assert.equal(post?.text, text)
    assert.equal(post?.owner, grant.subject)
    assert.deepEqual(publication.post, { id: post?.id, url: `https://x.com/i/web/status/${post?.id}` })
  })

  test('a picture arrives byte for byte with its description, and is ready at once', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    const files = [fileOf('image/jpeg', 5_000_000), fileOf('image/png', 3_000)]
    const media = files.map((bytes, at) =>
      there.keep(bytes, {
        kind: 'image',
        mimeType: at === 0 ? 'image/jpeg' : 'image/png',
        alt: at === 0 ? 'Ein Huhn' : undefined,
      }),
    )
    const { state } = await there.publish(identity, { text: 'Zwei', media })
    assert.equal(state, 'published')
    const [post] = there.sandbox.posts(HOST)
    const uploads = there.sandbox.uploads(HOST)
    assert.deepEqual(
      post?.media,
      uploads.map(({ id }) => id),
    )
    assert.deepEqual(
      uploads.map((upload) => [
        bytesOf(upload).equals(files[uploads.indexOf(upload)] ?? Buffer.alloc(0)),
        upload.alt,
      ]),
      [
        [true, 'Ein Huhn'],
        [true, undefined],
      ],
    )
    // 5 MB are more than one piece.
    assert.equal(uploads[0]?.pieces.size, 2)
  })

  test('a video is waited for, and posted once X has processed it', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    there.sandbox.dial(HOST, { processingMs: 1_200 })
    const video = there.keep(fileOf('video/mp4', 9_000_000), {
      kind: 'video',
      mimeType: 'video/mp4',
      durationMs: 5_000,
    })
    const { state, problem } = await there.publish(identity, { text: 'Film', media: [video] })
    assert.deepEqual([state, problem], ['published', undefined])
    assert.equal(there.sandbox.posts(HOST)[0]?.media.length, 1)
    assert.ok(there.sandbox.requests({ host: HOST, path: '/2/media/upload' }) >= 2)
  })

  test('a video that X cannot process is a failure that says so, and nothing is posted', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    there.sandbox.dial(HOST, { processingMs: 0, processingFails: true })
    const video = there.keep(fileOf('video/mp4', 1_000), { kind: 'video', mimeType: 'video/mp4' })
    const { state, problem } = await there.publish(identity, { media: [video] })
    assert.equal(state, 'failed')
    assert.deepEqual(problem, {
      code: 'network_rejected',
      message: 'X could not process what was uploaded.',
    })
    assert.deepEqual(there.sandbox.posts(HOST), [])
  })

  test('the same words twice are a refusal of the second', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    assert.equal((await there.publish(identity, { text: 'Once' })).state, 'published')
    const { state, problem } = await there.publish(identity, { text: 'Once' })
    assert.equal(state, 'failed')
    assert.equal(problem?.code, 'conflict')
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })

  test('an account that did not allow posting is asked to be linked with more', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST, { scopes: ['tweet.read', 'users.read'] })
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'permission_missing'])
  })

  test('access that was taken back is told as such', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await there.link('twitter', HOST, { refresh: false })
    there.sandbox.revoke(HOST, grant.account)
    const { state, problem } = await there.publish(identity, { text: 'Hi' })
    assert.deepEqual([state, problem?.code], ['failed', 'relink_required'])
  })

  test('a post whose answer was lost is found, however X spells its links, and not posted again', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    const text = 'Lost & found <3 https://example.com/ and example.org, "x" $& $1'
    there.sandbox.dial(HOST, { path: '/2/tweets', method: 'POST', loseRate: 1, times: 1 })
    const { state, post } = await there.publish(identity, { text })
    const posts = there.sandbox.posts(HOST)
    assert.equal(state, 'published')
    assert.deepEqual(
      posts.map(({ id }) => id),
      [post?.id],
    )
  })

  test('any words are found again in what X tells of them, and no other’s', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    const network = there.gateway.open(identity)
    const made = new Map<string, string>()
    for (const words of fc.sample(TEXTS, { numRuns: 90, seed: 7 })) {
      const { cleaned } = clean(words)
      if (made.has(cleaned)) continue
      const { body } = await network.fetch({ method: 'POST', path: '/tweets', json: { text: cleaned } })
      made.set(cleaned, z.object({ data: z.object({ id: z.string() }) }).parse(body).data.id)
    }
    assert.ok(made.size > 60)
    const { recent } = there.gateway.providers.get('twitter')?.publish ?? {}
    for (const [text, id] of made) {
      const { posts } = await lookFor(recent!, network, { text, marks: [], since: 0, pagesMax: 3 })
      assert.deepEqual([text, posts.map((post) => post.id)], [text, [id]])
    }
  })

  test('a post with a picture whose answer was lost is found by its words', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    const media = [there.keep(fileOf('image/png', 2_000), { kind: 'image', mimeType: 'image/png' })]
    there.sandbox.dial(HOST, { path: '/2/tweets', method: 'POST', loseRate: 1, times: 1 })
    const { state } = await there.publish(identity, { text: 'Seen', media })
    assert.equal(state, 'published')
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })

  test('a post that never arrived is posted again once that is sure', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    there.sandbox.dial(HOST, { path: '/2/tweets', method: 'POST', dropRate: 1, times: 1 })
    const { state } = await there.publish(identity, { text: 'Really' })
    assert.equal(state, 'published')
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })

  test('a picture without words whose answer was lost is unknown: it cannot be told from others', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    const media = [there.keep(fileOf('image/png', 2_000), { kind: 'image', mimeType: 'image/png' })]
    there.sandbox.dial(HOST, { path: '/2/tweets', method: 'POST', loseRate: 1, times: 1 })
    const { state } = await there.publish(identity, { media })
    assert.equal(state, 'unknown')
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })

  test('a limit is waited for until X says, by this identity alone', async () => {
    await using there = await openSandboxed({ bounds: { deadlineMs: 300 } })
    const { identity, grant } = await there.link('twitter', HOST)
    const { identity: other } = await there.link('twitter', HOST, { userToken: identity.userToken })
    there.sandbox.dial(HOST, { path: '/2/tweets', rateLimit: { limit: 1, windowSeconds: 2 } })
    assert.equal((await there.publish(identity, { text: 'One' })).state, 'published')
    const shared = await publishMessage(there.gateway, there.house.site, {
      target: { identity: identity.token },
      message: { text: 'Two', media: [] },
    })
    const [waiting] = shared.publications
    assert.equal(waiting?.problem?.code, 'rate_limited')
    assert.notEqual(waiting?.dueAt, undefined)
    assert.equal((await there.publish(other, { text: 'Mine' })).state, 'published')
    for (;;) {
      await resumePublishing(there.gateway)
      const [{ state } = { state: 'failed' }] = (
        await findMessage(there.gateway, there.house.site, shared.token)
      ).publications
      if (state === 'published') break
      assert.notEqual(state, 'failed')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.equal(there.sandbox.posts(HOST, grant.subject).length, 2)
  })
})

describe('taking posts back from X', () => {
  test('a message that is removed from its networks is gone there, and its post may be gone before', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    const { message } = await there.publish(identity, { text: 'Soon gone' })
    const { message: other, post } = await there.publish(identity, { text: 'Gone' })
    await there.gateway.open(identity).fetch({ method: 'DELETE', path: `/tweets/${post?.id}` })
    for (const token of [message, other]) {
      const { isRemoved, removals } = await removeMessage(there.gateway, there.house.site, token, {
        remote: true,
      })
      assert.equal(isRemoved, true)
      assert.deepEqual(
        removals.map(({ problem }) => problem),
        [undefined],
      )
    }
    assert.deepEqual(there.sandbox.posts(HOST), [])
  })

  test('a post of somebody else stays', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('twitter', HOST)
    const { identity: other } = await there.link('twitter', HOST)
    const { post } = await there.publish(identity, { text: 'Mine' })
    assert.ok(post)
    const { remove } = there.gateway.providers.get('twitter') ?? {}
    await assert.rejects(remove!(post, there.gateway.open(other)), (error) => {
      return error instanceof GatewayError && error.code === 'permission_missing'
    })
    assert.equal(there.sandbox.posts(HOST).length, 1)
  })
})
