// A little of the web beside the networks: the pictures that OneAll's documentation publishes in its examples.

import { crc32, deflateSync } from 'node:zlib'
import type { Answer } from './wire.ts'

/** Hosts in its examples; those of https://www.rfc-editor.org/rfc/rfc2606#section-3 are among them. */
const HOSTS: ReadonlySet<string> = new Set([
  'oneallcdn.com',
  'example.com',
  'www.example.com',
  'example.net',
  'www.example.net',
  'example.org',
  'www.example.org',
])
const PICTURE = /\.(?:png|jpe?g|gif|webp)$/i
const SIDE = 64

/** What lies at `/<host>/<path>`: a PNG, whatever its ending, at paths that end as pictures do. */
export function webAt(path: string): Answer {
  const host = path.split('/', 2)[1] ?? ''
  if (!HOSTS.has(host) || !PICTURE.test(path)) {
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'There is nothing.\n' }
  }
  picture ??= createPicture()
  return { status: 200, headers: { 'content-type': 'image/png' }, body: picture }
}

let picture: Buffer | undefined

/** A plain square of one colour. https://www.w3.org/TR/png-3/#5DataRep */
function createPicture(): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(SIDE, 0)
  header.writeUInt32BE(SIDE, 4)
  // Eight bits for each of red, green and blue.
  header.set([8, 2, 0, 0, 0], 8)
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(SIDE * 3, Buffer.of(0x2f, 0x6f, 0xa7))])
  const rows = Buffer.concat(Array.from({ length: SIDE }, () => row))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const whole = Buffer.alloc(named.length + 8)
  whole.writeUInt32BE(data.length, 0)
  named.copy(whole, 4)
  whole.writeUInt32BE(crc32(named), named.length + 4)
  return whole
}
