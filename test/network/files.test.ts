import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import sharp from 'sharp'
import { createFiles, type Files } from '../../src/network/files.ts'
import { NETWORK_DEFAULTS } from '../../src/network/options.ts'
import { openSandbox } from '../../src/sandbox/sandbox.ts'

const BYTES = 2_000_000
const BODY = Buffer.alloc(BYTES, 1)

/** What a server writes before it closes the connection. */
const ANSWERS: Readonly<Record<string, readonly (string | Buffer)[]>> = {
  '/until-the-end': ['HTTP/1.1 200 OK\r\n\r\n', BODY],
  '/with-a-length': [`HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n\r\n`, BODY],
  '/said-to-close': [`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${BYTES}\r\n\r\n`, BODY],
  '/of-1996': ['HTTP/1.0 200 OK\r\n\r\n', BODY],
  '/in-chunks': [
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${BYTES.toString(16)}\r\n`,
    BODY,
    '\r\n0\r\n\r\n',
  ],
  '/with-early-hints': [
    'HTTP/1.1 103 Early Hints\r\n\r\n',
    `HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n\r\n`,
    BODY,
  ],
  '/one-byte-short': [`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${BYTES + 1}\r\n\r\n`, BODY],
  '/half-a-chunk': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc'],
  '/no-http': ['hello\r\n\r\n'],
  '/long-head': [`HTTP/1.1 200 OK\r\nX-Words: ${'a'.repeat(100_000)}\r\n\r\n`],
}

let server: Server
let files: Files
let origin: string

before(async () => {
  server = createServer((socket) => {
    // Whoever reads no further closes.
    socket.on('error', () => socket.destroy())
    socket.once('data', (head) => {
      const path = head.toString('latin1').split(' ')[1] ?? ''
      for (const piece of ANSWERS[path] ?? []) socket.write(piece)
      if (path !== '/silent') socket.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address)
  origin = `http://127.0.0.1:${address.port}`
  files = createFiles({ ...NETWORK_DEFAULTS, allowAddresses: ['127.0.0.1'] })
})

after(async () => {
  await files.close()
  server.close()
})

/** How many bytes came. */
async function bytesOf(path: string, options: { bytesMax?: number; isCut?: boolean } = {}): Promise<number> {
  let size = 0
  await files.fetchFile(origin + path, {
    bytesMax: 5_000_000,
    deadlineMs: 2_000,
    accept: '*/*',
    take(piece) {
      size += piece.length
    },
    ...options,
  })
  return size
}

for (const path of Object.keys(ANSWERS).slice(0, 6)) {
  test(`a file ${path.slice(1).replaceAll('-', ' ')} is read whole`, async () => {
    assert.equal(await bytesOf(path), BYTES)
  })
}

for (const path of [...Object.keys(ANSWERS).slice(6), '/silent', '/nothing']) {
  test(`${path} is no file, and is left in time`, async () => {
    const begun = performance.now()
    await assert.rejects(bytesOf(path), { code: 'network_silent' })
    assert.ok(performance.now() - begun < 4_000)
  })
}

test('a file beyond the bound is refused, or cut there when that is wished', async () => {
  for (const path of ['/with-a-length', '/until-the-end', '/in-chunks']) {
    await assert.rejects(bytesOf(path, { bytesMax: 1_000_001 }), { code: 'too_large' })
    assert.equal(await bytesOf(path, { bytesMax: 1_000_001, isCut: true }), 1_000_001)
  }
})

test('what the taker throws ends the fetch', async () => {
  const enough = new RangeError('Enough.')
  let pieces = 0
  const take = () => {
    pieces += 1
    throw enough
  }
  const wish = { bytesMax: BYTES, deadlineMs: 2_000, accept: '*/*', take }
  await assert.rejects(files.fetchFile(`${origin}/until-the-end`, wish), enough)
  assert.equal(pieces, 1)
})

test('a host that nobody answers for is not reached', async () => {
  const resolve = async () => []
  const away = createFiles(NETWORK_DEFAULTS, { resolve })
  const wish = { bytesMax: 9, deadlineMs: 2_000, accept: '*/*', take: () => undefined }
  await assert.rejects(away.fetchFile('https://nobody.example/', wish), { code: 'network_unreached' })
  await away.close()
})

test('the sandbox has the pictures of OneAll’s examples, and nothing at other addresses', async () => {
  const sandbox = await openSandbox()
  const addresses: Readonly<Record<string, string>> = { 'inside.example': '10.0.0.1' }
  const resolve = async (name: string) =>
    [addresses[name] ?? []].flat().map((address) => ({ address, family: 4 }))
  const staged = createFiles({ ...NETWORK_DEFAULTS, sandbox: sandbox.url }, { resolve })
  const pieces: Buffer[] = []
  const take = (piece: Buffer) => void pieces.push(piece)
  const wish = { bytesMax: 100_000, deadlineMs: 2_000, accept: '*/*', take }
  const picture = 'http://oneallcdn.com/img/heading/slides/provider_grid.png?size=1'
  assert.deepEqual(await staged.fetchFile(picture, wish), { url: picture, contentType: 'image/png' })
  const { format, width } = await sharp(Buffer.concat(pieces)).metadata()
  assert.deepEqual([format, width], ['png', 64])
  const elsewhere = [
    ['http://oneallcdn.com/page.html', 'network_unreached'],
    ['http://nobody.invalid/grid.png', 'network_unreached'],
    ['http://inside.example/grid.png', 'network_rejected'],
    ['http://127.0.0.1:1/grid.png', 'network_rejected'],
  ] as const
  for (const [address, code] of elsewhere) await assert.rejects(staged.fetchFile(address, wish), { code })
  await staged.close()
  await sandbox.close()
})
