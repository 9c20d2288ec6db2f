import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { GatewayError } from '../src/core/errors.ts'
import type { MediaInput } from '../src/core/media-room.ts'
import type { Limits, MediaLimits } from '../src/core/publish.ts'
import { render } from '../src/core/render.ts'
import { MEDIA_BOUNDS } from '../src/media/bounds.ts'
import { createFolder } from '../src/media/folder.ts'
import { fullDiskOr, isFullDisk } from '../src/media/full-disk.ts'
import { createPainter } from '../src/media/painter.ts'
import { sniff } from '../src/media/sniff.ts'
import { createStock } from '../src/media/stock.ts'
import { createTaking } from '../src/media/taking.ts'
import { type MediaRoomForTest, type MediaRoomOptions, openMediaRoom, wholeOf } from './support/media.ts'
import {
  animation,
  box,
  type FileServer,
  movie,
  noise,
  openFileServer,
  plain,
  pngBomb,
  webm,
} from './support/pictures.ts'

const SITE = { id: 1 }

/** A network that takes pictures of this kind, and MP4. */
function takes(image: Partial<MediaLimits>): Limits {
  return {
    text: 500,
    unit: 'characters',
    link: 'verbatim',
    images: 4,
    image: { bytes: 5_000_000, mimeTypes: ['image/jpeg', 'image/png'], ...image },
    video: { bytes: 100_000_000, mimeTypes: ['video/mp4'] },
  }
}

async function withRoom(
  options: MediaRoomOptions,
  work: (room: MediaRoomForTest) => Promise<void>,
): Promise<void> {
  const room = await openMediaRoom(options)
  try {
    await work(room)
    assert.deepEqual(room.errors, [])
  } finally {
    await room.close()
  }
}

/** What is wrong with this input. */
async function refusal(room: MediaRoomForTest, input: MediaInput): Promise<GatewayError> {
  const failure = await room.room.take(SITE, [input]).then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(failure instanceof GatewayError, 'it was taken, or failed otherwise')
  return failure
}

function keptFile(room: MediaRoomForTest, hash: string): Promise<Buffer> {
  return readFile(join(room.dir, 'kept', hash.slice(0, 2), hash.slice(2)))
}

describe('what is taken', () => {
  let server: FileServer
  let slowStarted = 0
  let sent = 0

  before(async () => {
    const photo = await plain(400, 300)
      .jpeg()
      .withExif({
        IFD0: { Make: 'Camera of Ada' },
        IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 12/1' },
      })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    const picture = await plain(640, 480).png().toBuffer()
    server = await openFileServer({
      '/picture.png': picture,
      '/photo.jpg': photo,
      '/cut.jpg': (await noise(300, 300).jpeg().toBuffer()).subarray(0, 20_000),
      '/page.jpg': (_, response) =>
        response
          .writeHead(200, { 'content-type': 'image/jpeg' })
          .end('<!doctype html><title>No picture</title>'),
      '/drawing.svg': (_, response) =>
        response
          .writeHead(200, { 'content-type': 'image/png' })
          .end('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      '/archive.png': Buffer.from('504b030414000000', 'hex'),
      '/packed.jpg': (_, response) =>
        response
          .writeHead(200, { 'content-type': 'image/jpeg', 'content-encoding': 'gzip' })
          .end(gzipSync(Buffer.alloc(10_000_000))),
      '/bomb.png': pngBomb(30_000),
      '/to-metadata': (_, response) =>
        response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
      '/to-itself': (_, response) => response.writeHead(302, { location: 'http://[::1]:1/' }).end(),
      '/to-file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      '/to-picture': (_, response) => response.writeHead(301, { location: '/picture.png' }).end(),
      '/round': (_, response) => response.writeHead(302, { location: '/round' }).end(),
      '/broken-off': (_, response) => {
        response.writeHead(200, { 'content-length': 100_000 })
        response.write(picture.subarray(0, 100))
        setTimeout(() => response.destroy(), 20)
      },
      '/slow.png': async (_, response) => {
        slowStarted += 1
        response.writeHead(200)
        for (let at = 0; at < 60 && !response.destroyed; at += 1) {
          response.write(picture.subarray(at, at + 1))
          await pause(20)
        }
        response.end()
      },
      '/endless.jpg': async (_, response) => {
        response.writeHead(200)
        response.write(Buffer.from('ffd8ffe0', 'hex'))
        for (; !response.destroyed; sent += 65_536) {
          if (!response.write(Buffer.alloc(65_536))) await pause(1)
        }
      },
      '/declared.jpg': (_, response) => {
        response.writeHead(200, { 'content-length': 10_000_001 })
        response.write(Buffer.from('ffd8ffe0', 'hex'))
      },
      '/animation.gif': await animation(120, 80, 5),
      '/film.mp4': movie({ seconds: 12, width: 1_280, height: 720 }),
      '/turned.mp4': movie({ width: 1_280, height: 720, isTurned: true }),
      '/cut.mp4': movie({ bytes: 9_000 }).subarray(0, 5_000),
      '/film.webm': webm({ seconds: 3, width: 320, height: 240 }),
    })
  })
  after(() => server.close())

  test('a picture is kept under the hash of its bytes, with its size and its description', async () => {
    await withRoom({}, async (room) => {
      const [media] = await room.room.take(SITE, [{ url: `${server.url}/picture.png`, alt: 'A blue wall' }])
      assert.deepEqual(
        { ...media, hash: '', bytes: 0 },
        {
          hash: '',
          bytes: 0,
          kind: 'image',
          mimeType: 'image/png',
          width: 640,
          height: 480,
          isAnimated: undefined,
          alt: 'A blue wall',
        },
      )
      const kept = await keptFile(room, media?.hash ?? '')
      assert.equal(kept.length, media?.bytes)
      assert.deepEqual(await room.files('drafts'), [])
    })
  })

  test('a redirect is followed, and several inputs stay in order', async () => {
    await withRoom({}, async (room) => {
      const media = await room.room.take(SITE, [
        { url: `${server.url}/film.mp4` },
        { url: `${server.url}/to-picture`, kind: 'image' },
        { base64: (await plain(10, 10).jpeg().toBuffer()).toString('base64'), alt: 'A dot' },
      ])
      assert.deepEqual(
        media.map(({ mimeType, alt }) => [mimeType, alt]),
        [
          ['video/mp4', undefined],
          ['image/png', undefined],
          ['image/jpeg', 'A dot'],
        ],
      )
    })
  })

  for (const [what, input, code, words] of [
    ['a page that calls itself a picture', '/page.jpg', 'invalid_request', /a web page/],
    ['a drawing in SVG', '/drawing.svg', 'invalid_request', /SVG/],
    ['an archive', '/archive.png', 'invalid_request', /archive/],
    ['a packed answer, which could be a bomb', '/packed.jpg', 'invalid_request', /packed/],
    ['a PNG of 900 million pixels', '/bomb.png', 'too_large', /too many pixels/],
    ['a JPEG that is cut off', '/cut.jpg', 'invalid_request', /broken/],
    ['a redirect to the metadata of a cloud', '/to-metadata', 'invalid_request', /169\.254\.169\.254/],
    ['a redirect to this machine by IPv6', '/to-itself', 'invalid_request', /\[::1\]/],
    ['a redirect to a file', '/to-file', 'invalid_request', /leads to something/],
    ['redirects without end', '/round', 'invalid_request', /on and on/],
    ['an answer that breaks off', '/broken-off', 'invalid_request', /broke off/],
    ['a 404', '/nothing.png', 'invalid_request', /404/],
    ['a video where a picture is wanted', '/film.mp4', 'invalid_request', /a video, not a picture/],
    ['a length above the bound', '/declared.jpg', 'too_large', /10000000 bytes/],
  ] as const) {
    test(`${what} is refused, naming the field`, async () => {
      await withRoom({ bounds: { imageBytes: 10_000_000 } }, async (room) => {
        const {
          code: given,
          message,
          field,
        } = await refusal(room, { url: server.url + input, kind: 'image' })
        assert.deepEqual([given, field], [code, 'media.0.url'])
        assert.match(message, words)
        assert.deepEqual(await room.files('kept').catch(() => []), [])
        assert.deepEqual(await room.files('drafts').catch(() => []), [])
      })
    })
  }

  for (const url of [
    'http://127.0.0.1:1/',
    'http://[::1]/a.png',
    'http://169.254.169.254/latest',
    'http://10.0.0.8/a.png',
    'http://[::ffff:10.0.0.8]/a.png',
    'http://2130706433/',
    'file:///etc/passwd',
    'ftp://example.com/a.png',
    'data:image/png;base64,AAAA',
    'https://ada:secret@example.com/a.png',
    'javascript:alert(1)',
    'picture.png',
    '',
  ]) {
    test(`the address ${url || 'of nothing'} is not asked`, async () => {
      await withRoom({ allowAddresses: [] }, async (room) => {
        const { code, field } = await refusal(room, { url })
        assert.deepEqual([code, field], ['invalid_request', 'media.0.url'])
      })
    })
  }

  test('a name that leads to a private address is not asked', async () => {
    const resolve = async () => [{ address: '192.168.1.1', family: 4 }]
    await withRoom({ allowAddresses: [], resolve }, async (room) => {
      const { code, message } = await refusal(room, { url: 'http://pictures.example/a.png' })
      assert.equal(code, 'invalid_request')
      assert.match(message, /pictures\.example is not a public one/)
    })
  })

  test('a server that sends a byte now and then is left in time', async () => {
    await withRoom({ bounds: { fetchMs: 200 } }, async (room) => {
      const begun = performance.now()
      const { code, message } = await refusal(room, { url: `${server.url}/slow.png`, kind: 'image' })
      assert.equal(code, 'invalid_request')
      assert.match(message, /in time/)
      assert.ok(performance.now() - begun < 2_000)
    })
  })

  test('a picture without end is left at the bound', async () => {
    await withRoom({ bounds: { imageBytes: 10_000_000 } }, async (room) => {
      sent = 0
      const { code, field } = await refusal(room, { url: `${server.url}/endless.jpg` })
      assert.deepEqual([code, field], ['too_large', 'media.0.url'])
      // What was under way beyond the bound lies in the buffers of two sockets.
      assert.ok(sent < 40_000_000, `${sent} bytes were sent`)
    })
  })

  test('one address asked for at the same time is fetched once', async () => {
    await withRoom({ bounds: { fetchMs: 10_000 } }, async (room) => {
      slowStarted = 0
      const input = { url: `${server.url}/slow.png`, kind: 'image' } as const
      const results = await Promise.allSettled([
        room.room.take(SITE, [input, input]),
        room.room.take({ id: 2 }, [{ ...input, alt: 'Mine' }]),
      ])
      assert.equal(slowStarted, 1)
      // 60 bytes of it are no whole picture.
      assert.deepEqual(
        results.map(({ status }) => status),
        ['rejected', 'rejected'],
      )
      const before = server.asked.length
      const url = `${server.url}/picture.png`
      const taken = await Promise.all([1, 2, 3].map((id) => room.room.take({ id }, [{ url, alt: `${id}` }])))
      assert.equal(server.asked.length, before + 1)
      assert.deepEqual(
        taken.flat().map(({ alt }) => alt),
        ['1', '2', '3'],
      )
    })
  })

  test('a photo loses its place and camera, and stands upright', async () => {
    await withRoom({}, async (room) => {
      const original = await fetch(`${server.url}/photo.jpg`)
      assert.ok(Buffer.from(await original.arrayBuffer()).includes('Camera of Ada'))
      const [media] = await room.room.take(SITE, [{ url: `${server.url}/photo.jpg` }])
      assert.deepEqual([media?.width, media?.height], [300, 400])
      const kept = await keptFile(room, media?.hash ?? '')
      const { exif, orientation, width } = await sharp(kept).metadata()
      assert.deepEqual([exif, orientation, width], [undefined, undefined, 300])
    })
  })

  test('a video says how long and how large it is, and loses its place', async () => {
    await withRoom({}, async (room) => {
      const urls = ['/film.mp4', '/turned.mp4', '/film.webm'].map((path) => ({ url: server.url + path }))
      const media = await room.room.take(SITE, urls)
      assert.deepEqual(
        media.map(({ kind, mimeType, durationMs, width, height }) => [
          kind,
          mimeType,
          durationMs,
          width,
          height,
        ]),
        [
          ['video', 'video/mp4', 12_000, 1_280, 720],
          ['video', 'video/mp4', 12_000, 720, 1_280],
          ['video', 'video/webm', 3_000, 320, 240],
        ],
      )
      const kept = await keptFile(room, media[0]?.hash ?? '')
      assert.equal(kept.length, movie().length)
      assert.ok(movie().includes('+52.5200') && !kept.includes('+52.5200'))
      const { bytes } = await room.room.open(media[0]!, takes({}))
      assert.ok(kept.equals(await wholeOf(bytes)))
      assert.ok(kept.subarray(9, 200).equals(await wholeOf(bytes.subarray(3, 900).subarray(6, 197))))
    })
  })

  test('a video that is cut off is refused', async () => {
    await withRoom({}, async (room) => {
      const { code, message } = await refusal(room, { url: `${server.url}/cut.mp4` })
      assert.equal(code, 'invalid_request')
      assert.match(message, /cut off/)
    })
  })

  test('a video of very many boxes is refused, one of many is taken', async () => {
    await withRoom({}, async (room) => {
      const tracks = (each: number) =>
        [1, 2, 3].map(() => box('trak', ...Array.from({ length: each }, () => box('free'))))
      const film = (each: number) => {
        const whole = movie()
        const at = whole.indexOf('moov') - 4
        const end = at + whole.readUInt32BE(at)
        const index = box('moov', whole.subarray(at + 8, end), ...tracks(each))
        return Buffer.concat([whole.subarray(0, at), index, whole.subarray(end)]).toString('base64')
      }
      const [taken] = await room.room.take(SITE, [{ base64: film(30_000) }])
      assert.equal(taken?.durationMs, 12_000)
      assert.equal((await refusal(room, { base64: film(40_000) })).code, 'invalid_request')
    })
  })

  test('what a file is shows at once, however many comments it begins with', () => {
    const begun = performance.now()
    assert.deepEqual(sniff(Buffer.from('<!---->'.repeat(73))), { kind: 'other', name: 'a web page' })
    assert.ok(performance.now() - begun < 1_000)
    const drawing = '<?xml version="1.0"?> <!-- one --> <!-- - -- > two --><svg>'
    assert.deepEqual(sniff(Buffer.from(drawing)), { kind: 'other', name: 'an SVG drawing' })
  })

  test('pictures that come after a painter has ended are read by the next one', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kith-painter-'))
    const painter = createPainter({ pixels: 10_000, ms: 20_000 }, { waitingMax: 9 })
    try {
      await plain(20, 10).png().toFile(join(dir, 'in.png'))
      const [from, to] = [join(dir, 'in.png'), join(dir, 'out.png')]
      const lost = assert.rejects(painter.clean(from, to), { code: 'internal' })
      const closed = painter.close()
      const next = painter.clean(from, to)
      await Promise.all([lost, closed])
      assert.equal((await next).width, 20)
    } finally {
      await painter.close()
      await rm(dir, { recursive: true })
    }
  })

  test('a picture that fails half written leaves nothing behind', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'kith-half-'))
    const broken = new GatewayError('invalid_request', 'The picture is broken.')
    const taking = createTaking({
      fetchFile: async () => assert.fail('Nothing is fetched here.'),
      folder: createFolder(dir, Date.now),
      stock: { admit: async () => undefined, purge: async () => 0 },
      painter: {
        clean: async (_, to) => {
          await writeFile(to, 'half')
          throw broken
        },
        fit: () => assert.fail('Nothing is made to fit here.'),
        close: async () => undefined,
      },
      bounds: MEDIA_BOUNDS,
    })
    try {
      const base64 = (await plain(20, 20).png().toBuffer()).toString('base64')
      await assert.rejects(taking.decode(base64, 'image', 1), broken)
      assert.deepEqual(await readdir(join(dir, 'drafts')), [])
    } finally {
      await rm(dir, { recursive: true })
    }
  })

  test('a full disk is overload, whoever meets it', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    const told = fullDiskOr(full)
    assert.ok(told instanceof GatewayError)
    assert.deepEqual([told.code, told.retryAfterSeconds, told.cause], ['overloaded', 300, full])
    const written = 'x.png: write error\nsystem error: No space left on device\nwbuffer_write: write failed'
    assert.ok(isFullDisk(new Error(written)))
    assert.ok(!isFullDisk(Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })))
    const other = new GatewayError('too_large', 'No space left on device')
    assert.equal(fullDiskOr(other), other)

    const dir = await mkdtemp(join(tmpdir(), 'kith-full-'))
    const folder = createFolder(dir, Date.now)
    const bounds = MEDIA_BOUNDS
    const painter = createPainter({ pixels: bounds.pixels, ms: bounds.paintMs }, { waitingMax: 9 })
    const taking = createTaking({
      fetchFile: async () => assert.fail('Nothing is fetched here.'),
      folder: { ...folder, keep: () => Promise.reject(full) },
      stock: { admit: async () => undefined, purge: async () => 0 },
      painter,
      bounds,
    })
    try {
      const base64 = (await plain(20, 20).png().toBuffer()).toString('base64')
      await assert.rejects(taking.decode(base64, 'image', 1), {
        code: 'overloaded',
        message: /disk .* is full/,
      })
      assert.deepEqual(await readdir(join(dir, 'drafts')), [])
    } finally {
      await painter.close()
      await rm(dir, { recursive: true })
    }
  })

  for (const [what, base64, code] of [
    ['no base64', 'not base64!', 'invalid_request'],
    ['nothing', '', 'invalid_request'],
    ['a text', Buffer.from('hello').toString('base64'), 'invalid_request'],
    ['too much', 'A'.repeat(2_000), 'too_large'],
  ] as const) {
    test(`an upload of ${what} is refused, naming the field`, async () => {
      await withRoom({ bounds: { imageBytes: 1_000, videoBytes: 1_000 } }, async (room) => {
        const refused = await refusal(room, { base64 })
        assert.deepEqual([refused.code, refused.field], [code, 'media.0.base64'])
      })
    })
  }

  test('one site cannot take all the places', async () => {
    await withRoom({ bounds: { fetchesPerSite: 1, waiting: 1, fetchMs: 300 } }, async (room) => {
      const wishes = [1, 2, 3].map((each) =>
        refusal(room, { url: `${server.url}/slow.png?${each}`, kind: 'image' }),
      )
      const other = await room.room.take({ id: 2 }, [{ url: `${server.url}/picture.png` }])
      assert.equal(other.length, 1)
      const codes = (await Promise.all(wishes)).map(({ code }) => code)
      assert.ok(codes.includes('overloaded'), codes.join())
    })
  })

  test('a site does not wait in the places of another one for the same picture', async () => {
    await withRoom({ bounds: { fetchesPerSite: 1, fetchMs: 10_000 } }, async (room) => {
      const url = `${server.url}/picture.png`
      let isSlowOver = false
      const slow = refusal(room, { url: `${server.url}/slow.png`, kind: 'image' }).then(() => {
        isSlowOver = true
      })
      const behind = room.room.take(SITE, [{ url }])
      await room.room.take({ id: 2 }, [{ url }])
      assert.equal(isSlowOver, false)
      assert.equal((await behind).length, 1)
      await slow
    })
  })

  test('an animated picture moves where the network takes its format, and stands still elsewhere, with a word', async () => {
    await withRoom({}, async (room) => {
      const [media] = await room.room.take(SITE, [{ url: `${server.url}/animation.gif` }])
      assert.ok(media?.isAnimated)
      assert.deepEqual([media.width, media.height], [120, 80])
      const moving = takes({ mimeTypes: ['image/gif', 'image/jpeg'] })
      assert.equal((await room.room.open(media, moving)).mimeType, 'image/gif')
      const smaller = await room.room.open(media, takes({ side: 60, mimeTypes: ['image/gif', 'image/jpeg'] }))
      const { pages, width } = await sharp(await wholeOf(smaller.bytes)).metadata()
      assert.deepEqual([smaller.mimeType, pages, width], ['image/gif', 5, 60])
      const still = await room.room.open(media, takes({}))
      assert.deepEqual(
        [still.mimeType, (await sharp(await wholeOf(still.bytes)).metadata()).pages],
        ['image/jpeg', undefined],
      )
      const message = { text: 'Look', media: [media] }
      assert.deepEqual(render(message, moving).warnings, [])
      assert.match(render(message, takes({})).warnings.join(), /stand still/)
    })
  })
})

describe('what is handed to networks', () => {
  test('a picture is made to fit into bytes and pixels, once for all who want the same', async () => {
    await withRoom({}, async (room) => {
      const base64 = (await noise(1_500, 1_000).png().toBuffer()).toString('base64')
      const [media] = await room.room.take(SITE, [{ base64 }])
      assert.ok(media && media.bytes > 4_000_000)
      const limits = takes({ bytes: 200_000, side: 1_200, mimeTypes: ['image/jpeg'] })
      const [one, other] = await Promise.all([room.room.open(media, limits), room.room.open(media, limits)])
      const { format, width = 0, height = 0 } = await sharp(await wholeOf(one.bytes)).metadata()
      assert.equal(format, 'jpeg')
      assert.equal(one.mimeType, 'image/jpeg')
      assert.ok(one.bytes.length <= 200_000 && width <= 1_200, `${one.bytes.length} bytes, ${width} pixels`)
      assert.ok(Math.abs(width / height - 1.5) < 0.01)
      assert.deepEqual(await wholeOf(one.bytes), await wholeOf(other.bytes))
      assert.equal((await room.files('made')).length, 1)
      assert.equal((await room.room.open(media, takes({ bytes: 9_000_000 }))).bytes.length, media.bytes)
      assert.equal((await room.files('made')).length, 1)
    })
  })

  test('what cannot be seen through becomes white where a network takes only JPEG', async () => {
    await withRoom({}, async (room) => {
      const clear = sharp({
        create: { width: 40, height: 40, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } },
      })
      const [media] = await room.room.take(SITE, [
        { base64: (await clear.png().toBuffer()).toString('base64') },
      ])
      const { bytes } = await room.room.open(media!, takes({ mimeTypes: ['image/jpeg'] }))
      const [red = 0] = await sharp(await wholeOf(bytes))
        .raw()
        .toBuffer()
      assert.ok(red > 250, `${red}`)
    })
  })

  test('a file that is kept no longer is a problem of this publication', async () => {
    await withRoom({}, async (room) => {
      const media = { hash: 'ab'.repeat(32), kind: 'image', mimeType: 'image/png', bytes: 10 } as const
      await assert.rejects(room.room.open(media, takes({})), { code: 'not_found' })
    })
  })
})

describe('how much is kept', () => {
  const bounds = { folderBytes: 1_000, keepMs: 30 * 86_400_000 }
  const entry = (name: string, bytes: number) =>
    ({ shelf: 'kept', name, bytes, usedAt: Date.now() - 2 * 3_600_000 }) as const
  const openStock = (list: () => Promise<ReturnType<typeof entry>[]>) =>
    createStock({
      folder: { ...createFolder('/nowhere', Date.now), list, remove: async () => true, sweep: async () => 0 },
      bounds,
      needed: async () => new Set(),
      now: Date.now,
    })

  test('a full folder makes room during and right after its upkeep', async () => {
    const entries = [entry('a', 500), entry('b', 450)]
    const stock = openStock(async () => entries)
    await stock.purge()
    await stock.admit('c', 200)

    const other = openStock(async () => [entry('a', 500), entry('b', 450)])
    await other.purge()
    const upkeep = other.purge()
    await other.admit('c', 200)
    assert.equal(await upkeep, 0)
  })

  test('what is admitted while the folder is looked through counts, and counts once', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const young = { ...entry('seen', 300), usedAt: Date.now() }
    const stock = openStock(async () => {
      await promise
      return [young]
    })
    const upkeep = stock.purge()
    await stock.admit('seen', 300)
    await stock.admit('unseen', 300)
    resolve()
    await upkeep
    await assert.rejects(stock.admit('too much', 500), { code: 'overloaded' })
    await stock.admit('just enough', 400)
  })
})
