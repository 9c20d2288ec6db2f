// Pictures and videos for tests, made here, and a server that hands them out.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'

/** A picture of noise, which packs badly: about `width * height * 3` bytes as PNG. */
export function noise(width: number, height: number): Sharp {
  return sharp(randomBytes(width * height * 3), { raw: { width, height, channels: 3 } })
}

/** A picture of one colour. */
export function plain(width: number, height: number, background = '#3366cc'): Sharp {
  return sharp({ create: { width, height, channels: 3, background } })
}

/** An animated GIF of as many frames, each of another colour. */
export async function animation(width: number, height: number, frames: number): Promise<Buffer> {
  const pixels = Buffer.concat(
    Array.from({ length: frames }, (_, at) => Buffer.alloc(width * height * 3, (at * 83) % 256)),
  )
  return sharp(pixels, { raw: { width, height: height * frames, channels: 3, pageHeight: height } })
    .gif({ delay: Array(frames).fill(100), loop: 0 })
    .toBuffer()
}

/** A PNG of a few kilobytes that claims so many pixels, and has them. */
export function pngBomb(side: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  // One bit for each pixel, grey.
  header[8] = 1
  const rows = deflateSync(Buffer.alloc(side * (Math.ceil(side / 8) + 1)), { level: 9 })
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(content.length)
  const body = Buffer.concat([Buffer.from(type), content])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([head, body, sum])
}

/** A box of MP4. */
export function box(type: string, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.write(type, 4, 'latin1')
  return Buffer.concat([head, body])
}

/** An MP4 without a frame but with everything that says how long and how large it is, and where it was taken. */
export function movie({
  seconds = 12,
  width = 640,
  height = 360,
  isTurned = false,
  bytes = 2_000,
} = {}): Buffer {
  const movieHeader = Buffer.alloc(100)
  movieHeader.writeUInt32BE(1_000, 12)
  movieHeader.writeUInt32BE(seconds * 1_000, 16)
  const trackHeader = Buffer.alloc(84)
  const matrix = isTurned
    ? [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000]
    : [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000]
  for (const [at, value] of matrix.entries()) trackHeader.writeInt32BE(value, 40 + at * 4)
  trackHeader.writeUInt32BE(width * 65_536, 76)
  trackHeader.writeUInt32BE(height * 65_536, 80)
  const handler = Buffer.concat([Buffer.alloc(8), Buffer.from('vide'), Buffer.alloc(13)])
  const track = box('trak', box('tkhd', trackHeader), box('mdia', box('hdlr', handler)))
  const place = box('udta', box('\xa9xyz', Buffer.from('+52.5200+013.4050/')))
  return Buffer.concat([
    box('ftyp', Buffer.from('isom\0\0\x02\0isommp41')),
    box('moov', box('mvhd', movieHeader), track, place),
    box('mdat', Buffer.alloc(bytes, 7)),
  ])
}

/** A WebM without a frame. */
export function webm({ seconds = 3, width = 320, height = 240 } = {}): Buffer {
  const duration = Buffer.alloc(8)
  duration.writeDoubleBE(seconds * 1_000)
  const size = (value: number) => Buffer.from([value >> 8, value & 0xff])
  const info = element('1549a966', element('2ad7b1', Buffer.from('0f4240', 'hex')), element('4489', duration))
  const video = element('e0', element('b0', size(width)), element('ba', size(height)))
  const tracks = element('1654ae6b', element('ae', video))
  const head = element('1a45dfa3', element('4282', Buffer.from('webm')))
  return Buffer.concat([
    head,
    Buffer.from('18538067', 'hex'),
    Buffer.from('01ffffffffffffff', 'hex'),
    info,
    tracks,
  ])
}

function element(id: string, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const size = Buffer.alloc(2)
  size.writeUInt16BE(body.length | 0x4000)
  return Buffer.concat([Buffer.from(id, 'hex'), size, body])
}

export interface FileServer {
  readonly url: string
  /** Targets in the order they were asked for. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

type Answer = Uint8Array | string | ((request: IncomingMessage, response: ServerResponse) => void)

/** Answers by path; bytes and texts are handed out as they are, a text as HTML. */
export async function openFileServer(answers: Readonly<Record<string, Answer>>): Promise<FileServer> {
  const asked: string[] = []
  const listener: RequestListener = (request, response) => {
    asked.push(request.url ?? '')
    const answer = answers[request.url ?? '']
    if (answer === undefined) response.writeHead(404).end('nothing')
    else if (typeof answer === 'function') answer(request, response)
    else if (typeof answer === 'string') response.writeHead(200, { 'content-type': 'text/html' }).end(answer)
    else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(answer)
  }
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('The file server has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    asked,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
