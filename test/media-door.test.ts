import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import sharp from 'sharp'
import { readConfig } from '../src/config.ts'
import { toRun } from '../src/core/delivery-run.ts'
import type { Limits, Media } from '../src/core/publish.ts'
import { publishMessage } from '../src/core/sharing.ts'
import { readPage } from '../src/media/page-words.ts'
import { createMediaDoor } from '../src/media/serve.ts'
import { start } from '../src/start.ts'
import { databases } from './support/databases.ts'
import { openHouse } from './support/house.ts'
import { type MediaRoomForTest, openMediaRoom } from './support/media.ts'
import { type FileServer, movie, noise, openFileServer, plain } from './support/pictures.ts'
import { postProviders } from './support/post-providers.ts'
import { openFolder } from './support/process.ts'
import { linkAccount, openPublishingGateway } from './support/publishing.ts'
import { openStoreHouse } from './support/stores.ts'

const SITE = { id: 1 }
const DAY = 86_400_000

const TAKES: Limits = {
  text: 500,
  unit: 'characters',
  link: 'apart',
  images: 4,
  image: { bytes: 50_000, side: 800, mimeTypes: ['image/jpeg'] },
  video: { bytes: 100_000_000, mimeTypes: ['video/mp4'] },
}

async function takeUpload(room: MediaRoomForTest, bytes: Buffer): Promise<Media> {
  const [media] = await room.room.take(SITE, [{ base64: bytes.toString('base64') }])
  assert.ok(media)
  return media
}

describe('public addresses', () => {
  let room: MediaRoomForTest
  let origin: string
  let close: () => void
  let now = Date.parse('2026-11-22T12:00:00Z')
  const film = movie({ bytes: 299_969 })

  before(async () => {
    room = await openMediaRoom({ now: () => now })
    const quiet = () => undefined
    const log = { debug: quiet, info: quiet, warn: quiet, error: assert.fail }
    const door = createMediaDoor({ find: room.find, now: () => now, log, servedAtOnce: 4 })
    const server = createServer((request, response) => {
      if (!door.answer(request, response)) response.writeHead(418).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address)
    origin = `http://127.0.0.1:${address.port}`
    close = () => server.close()
  })
  after(async () => {
    close()
    await room.close()
  })

  /** The address as it is reached in this test. */
  async function addressOf(media: Media): Promise<string> {
    const address = await room.room.address(media, TAKES)
    assert.ok(address.startsWith('https://kith.example/media/'), address)
    return address.replace('https://kith.example', origin)
  }

  test('a picture is handed out as the network takes it, with its type and nothing to run', async () => {
    const media = await takeUpload(room, await noise(900, 600).png().toBuffer())
    const address = await addressOf(media)
    assert.match(address, /\.jpg$/)
    const answer = await fetch(address)
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.equal(answer.status, 200)
    assert.equal(answer.headers.get('content-type'), 'image/jpeg')
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/)
    assert.ok(bytes.length <= 50_000 && (await sharp(bytes).metadata()).format === 'jpeg')
    assert.equal(await addressOf(media), address)
    const known = await fetch(address, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })
    assert.equal(known.status, 304)
  })

  for (const [range, status, content, first] of [
    ['bytes=0-99', 206, 'bytes 0-99/300292', 100],
    ['bytes=300200-', 206, 'bytes 300200-300291/300292', 92],
    ['bytes=-5', 206, 'bytes 300287-300291/300292', 5],
    ['bytes=300000-999999', 206, 'bytes 300000-300291/300292', 292],
    ['bytes=300292-', 416, 'bytes */300292', 0],
    ['bytes=5-2', 200, null, 300_292],
    ['bytes=0-1,4-5', 200, null, 300_292],
    ['lines=0-1', 200, null, 300_292],
  ] as const) {
    test(`of a video, ${range} is answered with ${status}`, async () => {
      assert.equal(film.length, 300_292)
      const address = await addressOf(await takeUpload(room, film))
      const answer = await fetch(address, { headers: { range } })
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.deepEqual(
        [answer.status, answer.headers.get('content-range'), bytes.length],
        [status, content, first],
      )
      const whole = Buffer.from(await (await fetch(address)).arrayBuffer())
      const start = Number(/^bytes (\d+)/.exec(content ?? '')?.[1] ?? 0)
      assert.deepEqual(bytes, whole.subarray(start, start + first))
      const head = await fetch(address, { method: 'HEAD' })
      assert.deepEqual([head.status, head.headers.get('content-length')], [200, '300292'])
    })
  }

  test('an address that was changed, or whose time has passed, leads nowhere', async () => {
    const address = await addressOf(await takeUpload(room, await plain(20, 20).png().toBuffer()))
    const at = address.indexOf('/media/') + 7 + 30
    const other = address[at] === 'A' ? 'B' : 'A'
    assert.equal((await fetch(address.slice(0, at) + other + address.slice(at + 1))).status, 404)
    assert.equal((await fetch(address, { method: 'POST' })).status, 405)
    assert.equal((await fetch(`${origin}/media/something.jpg`)).status, 418)
    assert.equal((await fetch(address)).status, 200)
    now += 2 * DAY + 3_600_000
    assert.equal((await fetch(address)).status, 404)
  })
})

describe('what is kept', () => {
  test('a file goes when nobody has asked for it for its time, unless a message waits for it', async () => {
    let now = Date.now()
    const needed = new Set<string>()
    const room = await openMediaRoom({ now: () => now, needed: async () => needed })
    try {
      const old = await takeUpload(room, await plain(30, 30).png().toBuffer())
      const waiting = await takeUpload(room, await plain(31, 31).png().toBuffer())
      const used = await takeUpload(room, await plain(32, 32).png().toBuffer())
      await room.room.open(old, TAKES)
      needed.add(waiting.hash)
      now += 20 * DAY
      await room.room.open(used, TAKES)
      assert.equal(await room.room.purge(), 0)
      now += 11 * DAY
      // The first one, and what was made of it.
      assert.equal(await room.room.purge(), 2)
      assert.equal((await room.files('kept')).length, 2)
      await assert.rejects(room.room.open(old, TAKES), { code: 'not_found' })
      await room.room.open(waiting, TAKES)
    } finally {
      await room.close()
    }
  })

  test('a full folder makes room by what is old, and takes nothing more when there is nothing old', async () => {
    let now = Date.now()
    const room = await openMediaRoom({ now: () => now, bounds: { folderBytes: 1_000_000 } })
    try {
      const take = async () => takeUpload(room, await noise(320, 320).png().toBuffer())
      const [first, second] = [await take(), await take(), await take()]
      now += 2 * 3_600_000
      await room.room.open(first, { ...TAKES, image: { bytes: 1_000_000, mimeTypes: ['image/png'] } })
      await take()
      // The two that were not asked for meanwhile are gone.
      assert.equal((await room.files('kept')).length, 2)
      await assert.rejects(room.room.open(second, TAKES), { code: 'not_found' })
      await take()
      await assert.rejects(take(), { code: 'overloaded' })
    } finally {
      await room.close()
    }
  })

  test('a process that is killed in the middle leaves nothing that counts', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kith-media-'))
    const picture = await noise(200, 200).png().toBuffer()
    const server = await openFileServer({
      '/slow.png': async (_, response) => {
        response.writeHead(200)
        response.write(picture.subarray(0, 60_000))
        await once(response, 'close')
      },
      '/whole.png': picture,
    })
    try {
      const program = join(import.meta.dirname, 'support', 'media-process.ts')
      const child = spawn(process.execPath, [program, dir, `${server.url}/slow.png`], { stdio: 'inherit' })
      for (;;) {
        const drafts = await readdir(join(dir, 'drafts')).catch(() => [])
        if (drafts.length > 0) break
        await pause(20)
      }
      child.kill('SIGKILL')
      await once(child, 'close')
      const room = await openMediaRoom({ dir })
      assert.deepEqual(await readdir(dir), ['drafts'])
      await room.room.take(SITE, [{ url: `${server.url}/whole.png` }])
      const [draft = '', ...others] = await room.files('drafts')
      assert.deepEqual(others, [])
      const longAgo = Date.now() / 1_000 - 2 * 3_600
      await utimes(join(dir, 'drafts', draft), longAgo, longAgo)
      assert.equal(await room.room.purge(), 1)
      assert.deepEqual([(await room.files('drafts')).length, (await room.files('kept')).length], [0, 1])
      await room.close()
    } finally {
      await server.close()
      await rm(dir, { recursive: true, force: true })
    }
  })

  for (const database of databases) {
    test(`on ${database.name} a file is needed as long as its message is not sent`, async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const { gateway: plainGateway, close } = openPublishingGateway(store, 'http://127.0.0.1:9')
      const provider = plainGateway.providers.get('keyed')
      assert.ok(provider?.publish)
      const withPictures = { ...provider, publish: { ...provider.publish, limits: TAKES } }
      const gateway = { ...plainGateway, providers: new Map([['keyed', withPictures]]) }
      try {
        const identity = await linkAccount(store, site, 'keyed')
        const media = (mark: string) =>
          ({ hash: mark.repeat(64), kind: 'image', mimeType: 'image/png', bytes: 9 }) as const
        const target = { identity: identity.token }
        const publishAt = Date.now() + DAY
        const first = { text: 'Later', media: [media('a'), media('b')] }
        const { token } = await publishMessage(gateway, site, { message: first, target, publishAt })
        const second = { text: 'Later too', media: [media('c')] }
        await publishMessage(gateway, site, { message: second, target, publishAt })
        const marks = async () => [...(await store.publications.neededMedia())].map(([mark]) => mark).sort()
        assert.deepEqual(await marks(), ['a', 'b', 'c'])
        const nothing = {
          ...gateway,
          media: { ...gateway.media, take: () => assert.fail('It was fetched.') },
        }
        const inputs = [{ url: 'https://pictures.example/a.png' }]
        const tooLate = { message: { text: 'Never' }, inputs, target, publishAt: Date.now() + 10_000 * DAY }
        await assert.rejects(publishMessage(nothing, site, tooLate), { field: 'publish_at' })
        await store.messages.remove(site, token)
        assert.deepEqual(await marks(), ['c'])
      } finally {
        await close()
      }
    })
  }
})

test('the gateway keeps pictures beside its database, and hands them out on its own port', async (context) => {
  const folder = openFolder(context)
  const settings = {
    KITH_DATABASE_URL: join(folder, 'kith.db'),
    KITH_PORT: '0',
    KITH_METRICS_PORT: 'off',
    KITH_PUBLIC_URL: 'https://kith.example/',
  }
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: assert.fail }
  const { gateway, url, stop } = await start(readConfig(settings), log)
  try {
    const picture = await plain(50, 40).png().toBuffer()
    const [media] = await gateway.media.take(SITE, [{ base64: picture.toString('base64') }])
    assert.ok(media)
    const address = await gateway.media.address(media, TAKES)
    assert.ok(address.startsWith('https://kith.example/media/'))
    const answer = await fetch(address.replace('https://kith.example', url))
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/jpeg'])
    assert.deepEqual((await readdir(join(folder, 'media'))).sort(), ['drafts', 'kept', 'made'])
  } finally {
    await stop()
  }
})

describe('cards of links', () => {
  let server: FileServer
  let room: MediaRoomForTest

  before(async () => {
    const big = `<head><title>Big</title></head><body>${'x'.repeat(2_000_000)}`
    server = await openFileServer({
      '/page': `<!doctype html><html><head><!-- <meta property="og:title" content="Wrong"> -->
        <script>var page = '<meta property="og:title" content="Wrong too">'</script>
        <title>Plain title</title><META Property="og:title" content="Tea &amp; cake &#8212; &lt;b&gt; &amp;lt;">
        <meta name=description content='First description'><meta name="twitter:description" content="Of the card">
        <meta property='og:image' content='/picture.png?a=1&amp;b=2'></head><body>
        <meta property="og:description" content="Not this"></body>`,
      '/picture.png?a=1&b=2': await noise(900, 500).png().toBuffer(),
      '/latin': (_, response) =>
        response
          .writeHead(200, { 'content-type': 'text/html; charset=ISO-8859-1' })
          .end(Buffer.from('<title>Caf\xe9\n  au   lait \u0007</title>', 'latin1')),
      '/turned': '<title>fdp.\u202eexe &#x202e;txt</title>',
      '/no-picture': '<title>Words</title><meta property="og:image" content="http://169.254.169.254/a.png">',
      '/big': big,
      '/nothing': '<p>Hello',
      '/open-quote': `<title>Quote</title>${'<meta content="'.repeat(20_000)}`,
      '/open-tags': '<'.repeat(400_000),
      '/json': (_, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"title":"<title>No</title>"}'),
      '/silent': () => undefined,
    })
    room = await openMediaRoom({ bounds: { cardMs: 300 } })
  })
  after(async () => {
    await room.close()
    await server.close()
  })

  test('a card holds the page’s own words, and its picture within the limits', async () => {
    const image = { bytes: 60_000, mimeTypes: ['image/jpeg'] }
    const card = await room.room.card(`${server.url}/page`, image)
    assert.equal(card?.title, 'Tea & cake — <b> &lt;')
    assert.equal(card?.description, 'Of the card')
    assert.equal(card?.image?.mimeType, 'image/jpeg')
    assert.ok((card?.image?.bytes.length ?? 0) <= 60_000)
    const asked = server.asked.length
    await Promise.all([room.room.card(`${server.url}/page`), room.room.card(`${server.url}/page`, image)])
    assert.equal(server.asked.length, asked)
  })

  for (const [path, title] of [
    ['/latin', 'Café au lait'],
    ['/turned', 'fdp. exe txt'],
    ['/no-picture', 'Words'],
    ['/big', 'Big'],
    ['/open-quote', 'Quote'],
  ] as const) {
    test(`the title of ${path} is “${title}”, without a picture`, async () => {
      const card = await room.room.card(server.url + path, { bytes: 60_000, mimeTypes: ['image/jpeg'] })
      assert.deepEqual([card?.title, card?.image], [title, undefined])
    })
  }

  for (const path of ['/nothing', '/open-tags', '/json', '/silent', '/404']) {
    test(`there is no card of ${path}, and no error`, async () => {
      const begun = performance.now()
      assert.equal(await room.room.card(server.url + path), undefined)
      assert.ok(performance.now() - begun < 2_000)
    })
  }

  test('letters that grow in lower case move no tag, and no name leads behind the table of entities', () => {
    const page =
      '<TITLE>İİİ &amp; &valueOf; &Auml;</TITLE><meta property="og:description" content="İ b"><body>'
    assert.deepEqual(readPage(Buffer.from(page), 'text/html; charset=utf-8'), {
      title: 'İİİ & &valueOf; Ä',
      description: 'İ b',
      image: undefined,
    })
  })

  test('the card of a short link of ours is that of the page behind it', async (context) => {
    const house = await openHouse()
    context.after(() => house.close())
    const { identity } = await house.store.identities.link(house.site, {
      provider: 'keyed',
      subject: 'ada',
      profile: { subject: 'ada' },
      tokens: { accessToken: 'ada' },
    })
    const provider = postProviders.find(({ id }) => id === 'keyed')
    assert.ok(provider)
    const asked: string[] = []
    const media = { ...house.gateway.media, card: async (url: string) => void asked.push(url) }
    const gateway = { ...house.gateway, providers: new Map([['keyed', provider]]), media }
    const link = { url: 'https://s.example/abc', target: 'https://page.example/' }
    const rendered = { text: '', count: 0, limit: 9, bytes: 0, media: [], warnings: [], link }
    const progress = { state: 'preparing', isPrepared: false, attempt: 0 } as const
    const held = {
      siteId: 1,
      id: 1,
      fence: 1,
      key: 'k',
      provider: 'keyed',
      sendAt: 0,
      rendered,
      marks: [],
      progress,
    }
    const run = toRun(gateway, { ...held, identity }, new AbortController().signal)
    assert.ok('draft' in run)
    await run.draft.card?.(link.url)
    await run.draft.card?.('https://other.example/')
    assert.deepEqual(asked, ['https://page.example/', 'https://other.example/'])
  })

  test('a page that may not be asked has no card', async () => {
    assert.equal(await room.room.card('http://169.254.169.254/latest'), undefined)
    assert.equal(await room.room.card('not an address'), undefined)
    assert.deepEqual(room.errors, [])
  })
})
