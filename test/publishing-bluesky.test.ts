import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Gateway } from '../src/core/gateway.ts'
import { bytesOf, type Post } from '../src/sandbox/posts.ts'
import { fileOf, openSandboxed } from './support/sandboxed.ts'

const HOST = 'bsky.social'
const PUT = { path: '/xrpc/com.atproto.repo.putRecord', method: 'POST' } as const

function recordOf(post: Post | undefined): Record<string, unknown> {
  return Object(post?.fields.value)
}

describe('posting on Bluesky', () => {
  test('words become a record under our own key, with what is marked in them by bytes', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await there.link('bluesky', HOST)
    const somebody = there.sandbox.grant(HOST)
    const text = `Grüße 👩‍🚀 @${somebody.username}.bsky.social @nobody.example #tag https://example.com/a`
    const { state, post, key } = await there.publish(identity, { text })
    assert.equal(state, 'published')
    const [posted, ...others] = there.sandbox.posts(HOST)
    assert.deepEqual(others, [])
    const id = `at://${grant.subject}/app.bsky.feed.post/${key}`
    assert.deepEqual(post, { id, url: `https://bsky.app/profile/${grant.subject}/post/${key}` })
    assert.equal(posted?.id, id)
    const { facets, text: words, embed, createdAt } = recordOf(posted)
    assert.deepEqual([words, embed], [text, undefined])
    assert.match(String(createdAt), /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
    const bytes = Buffer.from(text)
    const marked = (facets as Facet[]).map(({ index, features: [feature] }) => [
      bytes.subarray(index.byteStart, index.byteEnd).toString(),
      feature,
    ])
    // Nobody has the other handle: it stays plain words.
    assert.deepEqual(marked, [
      [
        `@${somebody.username}.bsky.social`,
        { $type: 'app.bsky.richtext.facet#mention', did: somebody.subject },
      ],
      ['#tag', { $type: 'app.bsky.richtext.facet#tag', tag: 'tag' }],
      ['https://example.com/a', { $type: 'app.bsky.richtext.facet#link', uri: 'https://example.com/a' }],
    ])
  })

  test('pictures are uploaded as they are, and described in the record', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('bluesky', HOST, { dpop: true })
    const files = [fileOf('image/jpeg', 900_000), fileOf('image/png', 3_000)]
    const media = [
      there.keep(files[0]!, {
        kind: 'image',
        mimeType: 'image/jpeg',
        alt: 'Ein Huhn',
        width: 640,
        height: 480,
      }),
      there.keep(files[1]!, { kind: 'image', mimeType: 'image/png' }),
    ]
    const { state, problem } = await there.publish(identity, { text: 'Zwei', media })
    assert.deepEqual([state, problem], ['published', undefined])
    const uploads = there.sandbox.uploads(HOST)
    assert.deepEqual(
      uploads.map((upload) => bytesOf(upload).length).toSorted(),
      files.map(({ length }) => length).toSorted(),
    )
    const { embed } = recordOf(there.sandbox.posts(HOST)[0])
    const { $type, images } = embed as { $type: string; images: Picture[] }
    assert.equal($type, 'app.bsky.embed.images')
    assert.deepEqual(
      images.map(({ alt, aspectRatio, image }) => [alt, aspectRatio, image.mimeType, image.size]),
      [
        ['Ein Huhn', { width: 640, height: 480 }, 'image/jpeg', 900_000],
        ['', undefined, 'image/png', 3_000],
      ],
    )
  })

  test('a video is one of its own', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('bluesky', HOST)
    const bytes = fileOf('video/mp4', 200_000)
    const video = there.keep(bytes, {
      kind: 'video',
      mimeType: 'video/mp4',
      alt: 'Ein Film',
      durationMs: 3_000,
    })
    const { state } = await there.publish(identity, { text: 'Film', media: [video] })
    assert.equal(state, 'published')
    const { $type, alt } = Object(recordOf(there.sandbox.posts(HOST)[0]).embed)
    assert.deepEqual([$type, alt], ['app.bsky.embed.video', 'Ein Film'])
  })

  test('a link travels as a card: what the message says of it goes before what its page says', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('bluesky', HOST)
    const card: Gateway['media']['card'] = async () => ({
      title: 'The page',
      description: 'What it is about.',
      image: { bytes: fileOf('image/jpeg', 5_000), mimeType: 'image/jpeg' },
    })
    Object.assign(there.gateway.media, { card })
    const link = { url: 'https://example.com/page', name: 'My words' }
    assert.equal((await there.publish(identity, { text: 'Look', link })).state, 'published')
    const { $type, external } = Object(recordOf(there.sandbox.posts(HOST)[0]).embed)
    assert.equal($type, 'app.bsky.embed.external')
    const { thumb, ...words } = external
    assert.deepEqual(words, { uri: link.url, title: 'My words', description: 'What it is about.' })
    assert.equal(thumb.ref.$link, there.sandbox.uploads(HOST)[0]?.id)
  })

  test('a page that says nothing of itself makes a card of its address', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('bluesky', HOST)
    const link = { url: 'https://example.com/page' }
    assert.equal((await there.publish(identity, { text: 'Look', link })).state, 'published')
    const { external } = Object(recordOf(there.sandbox.posts(HOST)[0]).embed)
    assert.deepEqual(external, { uri: link.url, title: link.url, description: '' })
  })

  test('a post whose answer was lost is written again under the same key, and is there once', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('bluesky', HOST)
    there.sandbox.dial(HOST, { ...PUT, loseRate: 1, times: 2 })
    const { state, post } = await there.publish(identity, { text: 'Once' })
    const posts = there.sandbox.posts(HOST)
    assert.deepEqual([state, posts.map(({ id }) => id)], ['published', [post?.id]])
    assert.equal(there.sandbox.requests({ host: HOST, path: PUT.path }), 3)
  })

  test('when no answer ever comes, the record is found where it was written', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('bluesky', HOST)
    there.sandbox.dial(HOST, { ...PUT, loseRate: 1 })
    const { state, post } = await there.publish(identity, { text: 'Found' })
    const posts = there.sandbox.posts(HOST)
    assert.deepEqual([state, posts.map(({ id }) => id)], ['published', [post?.id]])
  })

  test('a record is found too when it was written long after the time that it bears', async () => {
    await using there = await openSandboxed({ bounds: { skewMs: 300 }, network: { retriesMax: 0 } })
    const { identity } = await there.link('bluesky', HOST)
    there.sandbox.dial(HOST, { ...PUT, status: 429, retryAfterSeconds: 1, times: 1 })
    there.sandbox.dial('*', { ...PUT, loseRate: 1 })
    const { state, post } = await there.publish(identity, { text: 'Late' })
    const posts = there.sandbox.posts(HOST)
    assert.deepEqual([state, posts.map(({ id }) => id)], ['published', [post?.id]])
  })

  test('an ended session is told as such', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await there.link('bluesky', HOST)
    there.sandbox.revoke(HOST, grant.account)
    assert.equal((await there.publish(identity, { text: 'Hi' })).problem?.code, 'relink_required')
  })

  test('a post that is taken back is gone, and taking it back again is fine', async () => {
    await using there = await openSandboxed()
    const { identity } = await there.link('bluesky', HOST)
    const { post } = await there.publish(identity, { text: 'Soon gone' })
    const { remove } = there.gateway.providers.get('bluesky')!
    await remove!(post!, there.gateway.open(identity))
    assert.deepEqual(there.sandbox.posts(HOST), [])
    await remove!(post!, there.gateway.open(identity))
  })
})

interface Facet {
  readonly index: { readonly byteStart: number; readonly byteEnd: number }
  readonly features: readonly object[]
}

interface Picture {
  readonly alt: string
  readonly aspectRatio?: object
  readonly image: { readonly mimeType: string; readonly size: number }
}
