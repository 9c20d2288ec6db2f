import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { ApiRequest } from '../../src/core/provider.ts'
import type { Stretch } from '../../src/core/stretch.ts'
import { stretchOf } from '../../src/media/file-stretch.ts'
import { partsOf, textOf } from '../../src/sandbox/multipart.ts'
import { ACCESS, createMemoryStore, identityAt, json, listen, openRoom, PROBE } from './support.ts'

const BYTES = Uint8Array.from({ length: 256 }, (_, at) => at)

describe('bodies that are not JSON', () => {
  test('bytes arrive as they are, with their type, their length and our token', async (t) => {
    const server = await listen(t, (response) => json(response, 200, { ok: true }))
    const { networks } = openRoom(t, { base: server.url })
    await networks
      .open(identityAt())
      .fetch({ method: 'PUT', path: '/blob', raw: { bytes: BYTES, mimeType: 'image/png' } })
    const [asked] = server.asked
    assert.deepEqual(asked?.bytes, Buffer.from(BYTES))
    assert.equal(asked?.headers['content-type'], 'image/png')
    assert.equal(asked?.headers['content-length'], '256')
    assert.equal(asked?.headers['transfer-encoding'], undefined)
    assert.equal(asked?.headers.authorization, `Bearer ${ACCESS}`)
  })

  test('parts arrive in order, fields and files alike, whatever is in their names', async (t) => {
    const server = await listen(t, (response) => json(response, 200, {}))
    const { networks } = openRoom(t, { base: server.url })
    await networks.open(identityAt()).fetch({
      method: 'POST',
      path: '/media',
      parts: [
        { name: 'segment_index', value: '0' },
        { name: 'media', bytes: BYTES, mimeType: 'image/png', fileName: 'a "b"\r\nX-Evil: 1.png' },
        { name: 'caption', value: 'Été\r\n--kith' },
      ],
    })
    const [asked] = server.asked
    assert.ok(asked)
    const parts = partsOf(asked) ?? []
    assert.deepEqual(
      parts.map(({ name }) => name),
      ['segment_index', 'media', 'caption'],
    )
    assert.equal(textOf(parts, 'segment_index'), '0')
    assert.equal(textOf(parts, 'caption'), 'Été\r\n--kith')
    assert.deepEqual(parts[1]?.bytes, Buffer.from(BYTES))
    assert.equal(parts[1]?.fileName, 'a "b"\r\nX-Evil: 1.png')
    assert.equal(parts[1]?.mimeType, 'image/png')
    assert.equal(Number(asked.headers['content-length']), asked.bytes.length)
    assert.doesNotMatch(asked.bytes.toString('latin1'), /^X-Evil/m)
  })

  test('a body above the bound is not sent', async (t) => {
    const server = await listen(t, (response) => json(response, 200, {}))
    const { networks } = openRoom(t, { base: server.url, options: { requestMaxBytes: 255 } })
    const asked = networks
      .open(identityAt())
      .fetch({ method: 'POST', path: '/blob', raw: { bytes: BYTES, mimeType: 'image/png' } })
    await assert.rejects(asked, { code: 'too_large', message: /At most 255 bytes are sent to Probe/ })
    assert.equal(server.asked.length, 0)
  })

  test('a POST with a file is repeated after 503, whole, and not after silence', async (t) => {
    const server = await listen(t, (response) => {
      if (server.asked.length === 1) return json(response, 503, {})
      if (server.asked.length === 2) return json(response, 200, {})
      response.destroy()
    })
    const { networks } = openRoom(t, { base: server.url })
    const request: ApiRequest = {
      method: 'POST',
      path: '/media',
      parts: [{ name: 'media', bytes: BYTES, mimeType: 'image/png', fileName: 'a.png' }],
    }
    await networks.open(identityAt()).fetch(request)
    assert.equal(server.asked.length, 2)
    const bytes = server.asked.map((asked) => partsOf(asked)?.[0]?.bytes)
    assert.deepEqual(bytes, [Buffer.from(BYTES), Buffer.from(BYTES)])
    await assert.rejects(networks.open(identityAt()).fetch(request), { code: 'network_silent' })
    assert.equal(server.asked.length, 3)
  })

  test('a request with a file has longer than one without', async (t) => {
    const server = await listen(t, (response) => void setTimeout(() => json(response, 200, {}), 250))
    const { networks } = openRoom(t, {
      base: server.url,
      options: { requestDeadlineMs: 100, uploadDeadlineMs: 5_000, retriesMax: 0 },
    })
    const network = networks.open(identityAt())
    await assert.rejects(network.fetch({ method: 'POST', path: '/a', json: {} }), { code: 'network_silent' })
    await network.fetch({ method: 'POST', path: '/a', raw: { bytes: BYTES, mimeType: 'image/png' } })
  })
})

/** A file of this length whose bytes tell where they stand. */
async function writeFileOf(t: TestContext, length: number) {
  const folder = await mkdtemp(join(tmpdir(), 'kith-bodies-'))
  t.after(() => rm(folder, { recursive: true }))
  const bytes = Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 256))
  const path = join(folder, 'file')
  await writeFile(path, bytes)
  return { path, bytes, part: { name: 'media', mimeType: 'video/mp4', fileName: 'a.mp4' } }
}

/** A server that accepts connections and never reads a byte of them. */
async function listenDeaf(t: TestContext): Promise<string> {
  const sockets: Socket[] = []
  const server = createServer({ pauseOnConnect: true }, (socket) => void sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('bodies that lie on disk', () => {
  test('a file arrives whole, with its length, also a second time after 503', async (t) => {
    const server = await listen(t, (response) => json(response, server.asked.length === 1 ? 503 : 200, {}))
    const { networks } = openRoom(t, { base: server.url })
    const { path, bytes, part } = await writeFileOf(t, 700_001)
    const stretch = stretchOf(path, bytes.length)
    const parts = [{ ...part, bytes: stretch }]
    await networks.open(identityAt()).fetch({ method: 'POST', path: '/media', parts })
    const raw = { bytes: stretch.subarray(100_000, 400_000), mimeType: 'video/mp4' }
    await networks.open(identityAt()).fetch({ method: 'PUT', path: '/media', raw })
    const [first, second, third] = server.asked
    for (const asked of [first, second]) {
      assert.ok(asked && partsOf(asked)?.[0]?.bytes.equals(bytes))
      assert.equal(Number(asked.headers['content-length']), asked.bytes.length)
    }
    assert.ok(third)
    assert.ok(third.bytes.equals(bytes.subarray(100_000, 400_000)))
    assert.equal(third.headers['content-length'], '300000')
  })

  test('of a file that is sent slowly only a little is read ahead', async (t) => {
    const length = 300_000_000
    let read = 0
    const stretch: Stretch = {
      length,
      subarray: () => stretch,
      async *[Symbol.asyncIterator]() {
        for (; read < length; read += 250_000) yield Buffer.alloc(250_000)
      },
    }
    const { networks } = openRoom(t, {
      base: await listenDeaf(t),
      options: { requestMaxBytes: length, uploadDeadlineMs: 400, retriesMax: 0 },
    })
    const raw = { bytes: stretch, mimeType: 'video/mp4' }
    const asked = networks.open(identityAt()).fetch({ method: 'POST', path: '/blob', raw })
    await assert.rejects(asked, { code: 'network_silent' })
    // What the two sockets hold, and a piece or two.
    assert.ok(read > 0 && read < 30_000_000, `${read} bytes`)
    const soFar = read
    await pause(100)
    assert.equal(read, soFar)
  })

  test('a file that is gone or shorter than it was is a failure of ours, and the network has done nothing', async (t) => {
    const { networks } = openRoom(t, { base: await listenDeaf(t) })
    const { path, bytes, part } = await writeFileOf(t, 900_000)
    const parts = [{ ...part, bytes: stretchOf(path, bytes.length) }]
    const ask = () => networks.open(identityAt()).fetch({ method: 'POST', path: '/media', parts })
    await truncate(path, 500_000)
    await assert.rejects(ask, { code: 'internal', isUndone: true, message: /shorter/ })
    await rm(path)
    await assert.rejects(ask, { code: 'not_found', isUndone: true, field: 'media' })
  })
})

describe('uploads to an address that the network has just given', () => {
  const SECRET_PATH = '/dms/signature-that-is-secret'
  const upload = (address: string): ApiRequest => ({
    method: 'PUT',
    path: '',
    upload: address,
    raw: { bytes: BYTES, mimeType: 'application/octet-stream' },
  })
  const provider = { ...PROBE, headers: { 'probe-version': '1' } }

  test('go there without our token and without the headers of the API, and nothing of the address is logged', async (t) => {
    const server = await listen(t, (response) => json(response, 201, {}, { etag: '"piece"' }))
    const { networks, logged } = openRoom(t, {
      provider,
      options: { allowInsecure: true, allowAddresses: ['127.0.0.1'] },
    })
    const answer = await networks.open(identityAt()).fetch(upload(`${server.url}${SECRET_PATH}?sig=secret`))
    assert.equal(answer.headers.etag, '"piece"')
    const [asked] = server.asked
    assert.equal(asked?.url, `${SECRET_PATH}?sig=secret`)
    assert.equal(asked?.headers.authorization, undefined)
    assert.equal(asked?.headers['probe-version'], undefined)
    assert.deepEqual(asked?.bytes, Buffer.from(BYTES))
    assert.doesNotMatch(JSON.stringify(logged), /secret/)
  })

  test('a refusal there says nothing of our token: it is not renewed, and the account not to be linked again', async (t) => {
    const server = await listen(t, (response) => json(response, 401, 'no'))
    const store = createMemoryStore({ accessToken: ACCESS, refreshToken: 'refresh' })
    const { networks } = openRoom(t, {
      provider,
      store,
      options: { allowInsecure: true, allowAddresses: ['127.0.0.1'] },
    })
    const asked = networks.open(identityAt()).fetch(upload(`${server.url}/a`))
    await assert.rejects(asked, { code: 'network_rejected' })
    assert.equal(store.rows.get(7)?.version, 1)
    assert.equal(server.asked.length, 1)
  })

  test('an address that is not https, or holds a name and password, is not called', async (t) => {
    const server = await listen(t, (response) => json(response, 200, {}))
    const { networks } = openRoom(t, { provider, options: { allowAddresses: ['127.0.0.1'] } })
    for (const address of [server.url, 'ftp://files.example/a', 'https://a:b@files.example/', 'files', '']) {
      await assert.rejects(networks.open(identityAt()).fetch(upload(address)), { code: 'network_unreadable' })
    }
    assert.equal(server.asked.length, 0)
  })

  test('an address inside our own walls is refused', async (t) => {
    const { networks } = openRoom(t, { provider })
    for (const address of ['https://169.254.169.254/latest', 'https://[::1]/a', 'https://127.0.0.1/a']) {
      await assert.rejects(networks.open(identityAt()).fetch(upload(address)), { code: 'network_rejected' })
    }
  })

  test('in the sandbox they stay in the sandbox', async (t) => {
    const server = await listen(t, (response) => json(response, 200, {}))
    const { networks } = openRoom(t, { provider, options: { sandbox: server.url } })
    const network = networks.open(identityAt())
    await network.fetch(upload('https://files.example/a?b=c'))
    await network.fetch(upload(`${server.url}/files.example/d`))
    assert.deepEqual(
      server.asked.map(({ url }) => url),
      ['/files.example/a?b=c', '/files.example/d'],
    )
  })
})
