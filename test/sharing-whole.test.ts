// Publishing through everything that is shipped: OneAll's wire, the media room, short links and the connectors, over the
// sandbox's networks.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { toPingback } from '../src/dialects/oneall/snapshots.ts'
import { toWireRequest } from '../src/dialects/wire-request.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startUpkeep } from '../src/server/upkeep.ts'
import { type House, openHouse } from './support/house.ts'
import { type FileServer, movie, openFileServer, plain, pngBomb, webm } from './support/pictures.ts'

/** Where each network of the user lives. */
const HOSTS = {
  twitter: 'api.x.com',
  facebook: 'graph.facebook.com',
  linkedin: 'api.linkedin.com',
  mastodon: 'mastodon.example',
  bluesky: 'bsky.social',
} as const
const NETWORKS = Object.keys(HOSTS) as (keyof typeof HOSTS)[]

describe('publishing over OneAll’s wire and the shipped connectors', () => {
  let house: House
  let sandbox: Sandbox
  let files: FileServer
  let user = ''

  before(async () => {
    house = await openHouse({ sandbox: true, allowAddresses: ['127.0.0.1'] })
    if (!house.sandbox) throw new Error('no sandbox')
    sandbox = house.sandbox
    const picture = await plain(1_200, 800).png().toBuffer()
    files = await openFileServer({
      '/picture.png': picture,
      '/page.png': (_, response) => response.writeHead(200, { 'content-type': 'image/png' }).end('<html>hi'),
      '/bomb.png': pngBomb(30_000),
      '/packed.png': (_, response) =>
        response
          .writeHead(200, { 'content-type': 'image/png', 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(10_000_000))),
      '/to-metadata': (_, response) =>
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      '/to-loopback': (_, response) => response.writeHead(302, { location: 'http://[::1]/' }).end(),
      '/long.mp4': movie({ seconds: 50_000 }),
      '/film.webm': webm(),
    })
    let userToken: string | undefined
    for (const provider of NETWORKS) userToken = await link(provider, userToken)
    user = userToken ?? ''
  })
  after(async () => {
    await files.close()
    await house.close()
  })

  async function link(provider: keyof typeof HOSTS, userToken: string | undefined): Promise<string> {
    const grant = sandbox.grant(HOSTS[provider])
    const { accessToken, refreshToken, tokenSecret: secret, dpopKey, expiresAt, subject } = grant
    const isMany = house.gateway.providers.get(provider)?.server !== undefined
    const account = {
      provider,
      server: isMany ? grant.server : undefined,
      subject,
      profile: { subject, username: grant.username },
      tokens: { accessToken, refreshToken, secret, dpopKey, expiresAt },
    }
    const { user } = await house.store.identities.link(house.site, account, { userToken })
    return user.token
  }

  const publish = (parts: object, providers: readonly string[] = NETWORKS) => {
    const target = { publish_for_user: { user_token: user, providers } }
    const json = { request: { sharing_message: { ...target, parts } } }
    return house.ask('/sharing/messages.json', { method: 'POST', json })
  }
  const entriesOf = ({ body }: Awaited<ReturnType<typeof publish>>) =>
    body.response.result.data.sharing_message.publications.entries
  const infoOf = ({ body }: Awaited<ReturnType<typeof publish>>): string => body.response.request.status.info
  const postsAt = (provider: keyof typeof HOSTS) => sandbox.posts(HOSTS[provider])

  test('a picture and a tracked link reach every network that lets them, and the wall that does not says why', async () => {
    const parts = {
      text: { body: 'A blue picture' },
      picture: { url: `${files.url}/picture.png`, caption: 'Nothing but blue' },
      link: { url: 'https://example.com/blue', name: 'Blue' },
      flags: { enable_tracking: 1 },
    }
    const answer = await publish(parts)
    assert.equal(answer.status, 207, JSON.stringify(answer.body))
    const entries = entriesOf(answer)
    const flagOf = ({ provider, status }: { provider: string; status: { flag: string; code: number } }) => [
      provider,
      status.flag,
      status.code,
    ]
    assert.deepEqual(entries.map(flagOf), [
      ['twitter', 'success', 200],
      ['facebook', 'error_message_is_not_permitted', 403],
      ['linkedin', 'success', 200],
      ['mastodon', 'success', 200],
      ['bluesky', 'success', 200],
    ])
    assert.deepEqual(files.asked, ['/picture.png'])
    for (const [at, provider] of NETWORKS.entries()) {
      if (provider === 'facebook') continue
      const [post, ...others] = postsAt(provider)
      assert.deepEqual([others.length, post?.media.length], [0, 1], provider)
      assert.equal(entries[at].post.id.includes(post?.id ?? '-'), true)
      const [{ short_url, original_url }] = entries[at].shorturls.entries
      assert.equal(original_url, 'https://example.com/blue')
      assert.ok(post?.text.includes(short_url.replace(/^https?:\/\//, '')), `${provider}: ${post?.text}`)
    }
  })

  test('who follows a short link is led on and counted', async () => {
    const { body } = await house.ask('/sharing/messages.json?order_direction=desc')
    const { sharing_message_token: token } = body.response.result.data.sharing_messages.entries[0]
    const read = async () => {
      const { body } = await house.ask(`/sharing/messages/${token}.json`)
      return body.response.result.data.sharing_message.publications.entries[0].shorturls.entries[0]
    }
    const { pathname, host } = new URL((await read()).short_url)
    const headers = {
      host,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    }
    const request = { method: 'GET', target: pathname, headers, address: '203.0.113.9', at: Date.now() }
    const followed = await house.front.answer(toWireRequest(request))
    assert.equal(followed.status, 302)
    assert.equal(followed.headers.location ?? followed.headers.Location, 'https://example.com/blue')
    for (const giveUpAt = Date.now() + 5_000; (await read()).num_referrals === 0; await sleep(50)) {
      assert.ok(Date.now() < giveUpAt)
    }
    assert.equal((await read()).num_referrals, 1)
  })

  const pictures: readonly (readonly [string, string])[] = [
    ['a picture that is a web page', '/page.png'],
    ['a picture of 900 million pixels', '/bomb.png'],
    ['a packed picture, which could be a bomb', '/packed.png'],
    ['a redirect to an address of the cloud’s own', '/to-metadata'],
    ['a redirect to this machine', '/to-loopback'],
    ['a picture that is not there', '/nothing'],
  ]
  for (const [what, path] of pictures) {
    test(`${what} is refused by name, and nothing is sent`, async () => {
      const before = NETWORKS.map((provider) => postsAt(provider).length)
      const answer = await publish({ text: { body: 'hm' }, picture: { url: `${files.url}${path}` } })
      assert.ok(answer.status >= 400 && answer.status < 500, String(answer.status))
      assert.match(infoOf(answer), /^'request\.sharing_message\.parts\.picture\.url': /)
      assert.equal(answer.body.response.result, undefined)
      assert.deepEqual(
        NETWORKS.map((provider) => postsAt(provider).length),
        before,
      )
    })
  }

  test('a private address is not asked for a picture', async () => {
    for (const url of [
      'http://169.254.169.254/latest',
      'http://[::1]/p.png',
      'http://localhost.:1/p.png',
      'file:///etc/passwd',
    ]) {
      const answer = await publish({ picture: { url } })
      assert.ok(answer.status >= 400 && answer.status < 500, `${url}: ${answer.status}`)
      assert.match(infoOf(answer), /parts\.picture\.url/)
    }
  })

  test('a picture at a name that there is not is refused by name', async () => {
    const answer = await publish({ picture: { url: 'http://nobody.invalid/p.png' } })
    assert.equal(answer.status, 400, infoOf(answer))
    assert.match(infoOf(answer), /^'request\.sharing_message\.parts\.picture\.url': /)
  })

  test('the upkeep of a server sends what is scheduled, and counts what was asked for', async () => {
    const words = 'not before its time'
    const publish_at = new Date(Date.now() + 200).toISOString()
    const json = { user_token: user, providers: ['mastodon'], text: words, publish_at }
    const { body } = await house.ask('/v1/messages', { method: 'POST', json })
    const { token } = body.message
    assert.equal(body.message.publications[0].state, 'scheduled')
    await house.ask('/sharing/analytics/snapshots.json', {
      method: 'PUT',
      json: { request: { analytics: { sharing: { sharing_message_token: token } } } },
    })
    const rhythm = { publishEveryMs: 20, snapshotsEveryMs: 20, toNotice: toPingback }
    const upkeep = startUpkeep(house.gateway, rhythm)
    try {
      const isSent = async () =>
        (await house.ask(`/v1/messages/${token}`)).body.message.publications[0].state === 'published'
      const isCounted = async () => {
        const { body } = await house.ask('/sharing/analytics/snapshots.json')
        return body.response.result.data.sharing_analytics_snapshots.entries[0].status === 'finished'
      }
      for (const giveUpAt = Date.now() + 8_000; !((await isSent()) && (await isCounted())); await sleep(20)) {
        assert.ok(Date.now() < giveUpAt)
      }
      assert.equal(postsAt('mastodon').filter(({ text }) => text === words).length, 1)
    } finally {
      await upkeep.stop()
    }
  })

  test('a video that a network does not take is its own result, which names what it takes', async () => {
    const uploads = sandbox.uploads(HOSTS.twitter).length
    for (const path of ['/long.mp4', '/film.webm']) {
      const answer = await publish({ video: { url: `${files.url}${path}` } }, ['twitter'])
      assert.equal(answer.status, 400)
      const [{ status }] = entriesOf(answer)
      assert.deepEqual([status.flag, status.code], ['error_message_is_invalid', 400])
      assert.match(status.message, /takes videos of video\/mp4/)
    }
    assert.equal(sandbox.uploads(HOSTS.twitter).length, uploads)
  })

  test('a short link to a short link is no short link', async () => {
    const body = { request: { shorturl: { original_url: 'https://example.com/once' } } }
    const made = await house.ask('/shorturls.json', { method: 'POST', json: body })
    const { short_url: url } = made.body.response.result.data.shorturl
    const again = await house.ask('/shorturls.json', {
      method: 'POST',
      json: { request: { shorturl: { original_url: url } } },
    })
    assert.equal(again.status, 400)
    assert.match(infoOf(again), /^'request\.shorturl\.original_url': /)
  })

  test('a preview tells what X charges for a post', async () => {
    const json = { user_token: user, providers: ['twitter', 'facebook'], text: 'How much?' }
    const { status, body } = await house.ask('/v1/messages/preview', { method: 'POST', json })
    assert.equal(status, 200)
    const [twitter, facebook] = body.previews
    assert.ok(twitter.price.usd > 0)
    assert.deepEqual([twitter.shown.count, twitter.shown.limit], [9, 280])
    assert.equal(facebook.problem.code, 'permission_missing')
  })
})
