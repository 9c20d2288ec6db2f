import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { importIdentity, synchronizeIdentity } from '../src/core/identities.ts'
import { bytesOf } from '../src/sandbox/posts.ts'
import { fileOf, openSandboxed, type SandboxedHouse } from './support/sandboxed.ts'

const HOST = 'mastodon.example'

/** Links by import, so that the home server is asked what it takes. */
async function join({ gateway, house, sandbox }: SandboxedHouse, provider = 'mastodon', host = HOST) {
  const grant = sandbox.grant(host)
  const account = { provider, server: grant.server, tokens: { accessToken: grant.accessToken } }
  const { identity } = await importIdentity(gateway, house.site, account)
  return { identity, grant }
}

describe('posting on Mastodon', () => {
  test('a server that is linked says what it takes and what it runs, and says it again when synchronised', async () => {
    await using there = await openSandboxed()
    const { identity } = await join(there)
    assert.equal(identity.software, 'mastodon')
    assert.equal(identity.publishLimits?.text, 500)
    const { identity: roomy } = await join(there, 'mastodon', 'long-posts.example')
    assert.equal(roomy.publishLimits?.text, 5_000)
    const { identity: other } = await join(there, 'mastodon', 'gotosocial.example')
    assert.equal(other.software, 'gotosocial')
    const options = { updateProfile: true, forceTokenUpdate: false }
    const again = await synchronizeIdentity(there.gateway, there.house.site, roomy.token, options)
    assert.deepEqual(again.publishLimits, roomy.publishLimits)
    const stored = await there.gateway.store.identities.find(there.house.site, roomy.token)
    assert.deepEqual(stored, again)
  })

  test('a server that does not say what it takes is linked all the same', async () => {
    await using there = await openSandboxed({ network: { retriesMax: 0 } })
    there.sandbox.dial(HOST, { path: '/.well-known', status: 500 })
    const { identity } = await join(there)
    assert.equal(identity.software, undefined)
    assert.equal(identity.publishLimits?.text, 500)
    there.sandbox.reset()
    const options = { updateProfile: true, forceTokenUpdate: false }
    const sync = () => synchronizeIdentity(there.gateway, there.house.site, identity.token, options)
    assert.equal((await sync()).software, 'mastodon')
    there.sandbox.dial(HOST, { path: '/.well-known', status: 500 })
    assert.equal((await sync()).software, 'mastodon')
  })

  test('a server that never says what it takes keeps nobody from being linked', async () => {
    await using there = await openSandboxed()
    there.sandbox.dial(HOST, { path: '/.well-known', hang: true })
    const startedAt = performance.now()
    const { identity } = await join(there)
    assert(performance.now() - startedAt < 6_000)
    assert.equal(identity.software, undefined)
  })

  test('words go out as they are, in the account’s language, and the post is where the answer says', async () => {
    await using there = await openSandboxed()
    const { identity, grant } = await join(there)
    const text = 'Grüße & <Ahoj> 👩‍🚀\n\nzwei\ndrei https://example.com/a/rather/long/path?b=c&d=%20e'
    const { state, post } = await there.publish(identity, { text })
    assert.equal(state, 'published')
    const [posted, ...others] = there.sandbox.posts(HOST)
    assert.deepEqual(others, [])
    assert.equal(posted?.text, text)
    assert.equal(posted?.owner, grant.subject)
    assert.equal(posted?.fields.language, identity.profile.language)
    assert.deepEqual(post, { id: posted?.id, url: `https://${HOST}/@${grant.username}/${posted?.id}` })
  })

  test('pictures arrive byte for byte with their descriptions, and a video is waited for', async () => {
    await using there = await openSandboxed()
    const { identity } = await join(there)
    const files = [fileOf('image/jpeg', 700_000), fileOf('image/png', 3_000)]
    const [one, two] = files.map((bytes, at) =>
      there.keep(bytes, {
        kind: 'image',
        mimeType: at === 0 ? 'image/jpeg' : 'image/png',
        alt: at === 0 ? 'Ein „Huhn“' : undefined,
      }),
    )
    assert.equal((await there.publish(identity, { text: 'Zwei', media: [one!, two!] })).state, 'published')
    const uploads = there.sandbox.uploads(HOST)
    assert.deepEqual(
      there.sandbox.posts(HOST)[0]?.media,
      uploads.map(({ id }) => id),
    )
    assert.deepEqual(
      uploads.map((upload, at) => [bytesOf(upload).equals(files[at]!), upload.alt]),
      [
        [true, 'Ein „Huhn“'],
        [true, undefined],
      ],
    )

    there.sandbox.dial(HOST, { processingMs: 2_500 })
    const video = there.keep(fileOf('video/mp4', 90_000), { kind: 'video', mimeType: 'video/mp4' })
    const { state, problem } = await there.publish(identity, { text: 'Film', media: [video] })
    assert.deepEqual([state, problem], ['published', undefined])
    const asked = { host: HOST, path: `/api/v1/media/${there.sandbox.uploads(HOST)[2]?.id}` }
    assert.ok(there.sandbox.requests(asked) >= 2)
    assert.equal(there.sandbox.uploads(HOST).length, 3)
  })

  test('a video that the server cannot process is a failure, and nothing is posted', async () => {
    await using there = await openSandboxed()
    const { identity } = await join(there)
    there.sandbox.dial(HOST, { processingMs: 10, processingFails: true })
    const video = there.keep(fileOf('video/mp4', 9_000), { kind: 'video', mimeType: 'video/mp4' })
    const { state, problem } = await there.publish(identity, { text: 'Film', media: [video] })
    assert.deepEqual([state, problem?.code], ['failed', 'network_rejected'])
    assert.deepEqual(there.sandbox.posts(HOST), [])
  })

  test('a text that this server does not take is refused before anything is sent', async () => {
    await using there = await openSandboxed()
    const { identity } = await join(there)
    const { identity: roomy } = await join(there, 'mastodon', 'long-posts.example')
    const text = 'x'.repeat(501)
    const refused = await there.publish(identity, { text })
    assert.deepEqual([refused.state, refused.problem?.code], ['failed', 'too_large'])
    assert.equal(there.sandbox.requests({ host: HOST, path: '/api/v1/statuses' }), 0)
    assert.equal((await there.publish(roomy, { text })).state, 'published')
  })

  test('a post whose answer was lost is asked for again under the same key, and is there once', async () => {
    await using there = await openSandboxed()
    const { identity } = await join(there)
    there.sandbox.dial(HOST, { path: '/api/v1/statuses', method: 'POST', loseRate: 1, times: 2 })
    const { state, post, key } = await there.publish(identity, { text: 'Once' })
    const posts = there.sandbox.posts(HOST)
    assert.deepEqual([state, posts.map(({ id }) => id)], ['published', [post?.id]])
    assert.equal(posts[0]?.key, key)
    assert.equal(there.sandbox.requests({ host: HOST, path: '/api/v1/statuses' }), 3)
  })

  test('on software that ignores the key, a post whose answer was lost is looked for and not repeated', async () => {
    await using there = await openSandboxed()
    const host = 'gotosocial.example'
    const { identity } = await join(there, 'mastodon', host)
    there.sandbox.dial(host, { path: '/api/v1/statuses', method: 'POST', loseRate: 1, times: 1 })
    const text = 'Lost & found <3\nhttps://example.com/a/rather/long/path?with=a&query=of%20its#own'
    const { state, post } = await there.publish(identity, { text })
    const posts = there.sandbox.posts(host)
    assert.deepEqual([state, posts.map(({ id }) => id)], ['published', [post?.id]])
    assert.equal(there.sandbox.requests({ host, path: '/api/v1/statuses' }), 1)
  })

  test('where such a server shows another post of that time, whose words may be ours, it is unknown', async () => {
    await using there = await openSandboxed()
    const host = 'gotosocial.example'
    const { identity, grant } = await join(there, 'mastodon', host)
    assert.equal((await there.publish(identity, { text: 'Before' })).state, 'published')
    there.sandbox.dial(host, { path: '/api/v1/statuses', method: 'POST', dropRate: 1, times: 1 })
    // Kith's own posts are known.
    assert.equal((await there.publish(identity, { text: 'After' })).state, 'published')
    const headers = { authorization: `Bearer ${grant.accessToken}` }
    const body = new URLSearchParams({ status: 'By hand' })
    await fetch(`${there.sandbox.url}/${host}/api/v1/statuses`, { method: 'POST', headers, body })
    there.sandbox.dial(host, { path: '/api/v1/statuses', method: 'POST', dropRate: 1, times: 1 })
    assert.equal((await there.publish(identity, { text: '*Perhaps* <b>' })).state, 'unknown')
    assert.equal(there.sandbox.posts(host).length, 3)
  })

  test('a post that such a server never got is sent again once that is sure', async () => {
    await using there = await openSandboxed()
    const host = 'gotosocial.example'
    const { identity } = await join(there, 'mastodon', host)
    there.sandbox.dial(host, { path: '/api/v1/statuses', method: 'POST', dropRate: 1, times: 1 })
    const { state } = await there.publish(identity, { text: 'Really' })
    assert.equal(state, 'published')
    assert.equal(there.sandbox.posts(host).length, 1)
  })

  test('an account that may not post, and access that was taken back, are told as such', async () => {
    await using there = await openSandboxed()
    const reader = await there.link('mastodon', HOST, { scopes: ['read'] })
    const { problem } = await there.publish(reader.identity, { text: 'Hi' })
    assert.equal(problem?.code, 'permission_missing')
    const { identity, grant } = await join(there)
    there.sandbox.revoke(HOST, grant.account)
    assert.equal((await there.publish(identity, { text: 'Hi' })).problem?.code, 'relink_required')
  })

  test('a post that is taken back is gone, and taking it back again is fine', async () => {
    await using there = await openSandboxed()
    const { identity } = await join(there)
    const { post } = await there.publish(identity, { text: 'Soon gone' })
    const { remove } = there.gateway.providers.get('mastodon')!
    await remove!(post!, there.gateway.open(identity))
    assert.deepEqual(there.sandbox.posts(HOST), [])
    await remove!(post!, there.gateway.open(identity))
  })
})

describe('posting on Pixelfed', () => {
  test('a picture with its words arrives; words alone are refused before they are sent', async () => {
    await using there = await openSandboxed()
    const host = 'pixelfed.example'
    const { identity } = await join(there, 'pixelfed', host)
    assert.equal(identity.software, 'pixelfed')
    const refused = await there.publish(identity, { text: 'Only words' })
    assert.deepEqual([refused.state, refused.problem?.field], ['failed', 'media'])
    const media = [
      there.keep(fileOf('image/jpeg', 9_000), { kind: 'image', mimeType: 'image/jpeg', alt: 'Boot' }),
    ]
    assert.equal((await there.publish(identity, { text: 'Words too', media })).state, 'published')
    assert.equal(there.sandbox.posts(host)[0]?.text, 'Words too')
    assert.equal(there.sandbox.uploads(host)[0]?.alt, 'Boot')
  })
})
