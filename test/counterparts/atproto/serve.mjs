// A whole AT Protocol network on loopback: directory, home server and app view, with seeded accounts. Run by
// test/support/atproto.ts with DB_POSTGRES_URL set. Writes one line of JSON when it is ready (what
// that file reads) and lives until its standard input ends or it is told to terminate.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startSession } from './oauth.mjs'
import { seed } from './seed.mjs'

const folder = mkdtempSync(join(tmpdir(), 'kith-atproto-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

// Read by the network's packages when they are loaded: their data goes into the folder, their talk to standard error.
Object.assign(process.env, { TMPDIR: folder, LOG_ENABLED: 'false' })
console.log = console.info = console.debug = console.error

let network
const stopped = new Promise((resolve) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, resolve)
  process.stdin.resume().once('end', resolve).once('error', resolve)
})
// Whatever hangs while stopping, this process does not.
stopped.then(() => setTimeout(() => process.exit(1), 8_000).unref())

const redis = await startRedis()
try {
  await Promise.race([start(), stopped])
  await stopped
} finally {
  await network?.close()
  redis.kill('SIGKILL')
  if (redis.exitCode === null) await once(redis, 'exit')
}
process.exit(0)

async function start() {
  const { JWT_SECRET, TestNetwork } = await import('@atproto/dev-env')
  network = await TestNetwork.create({ dbPostgresSchema: 'kith', pds: { enableDidDocWithSession: true } })
  const seeded = await seed(network)
  // Every client must know ES256; the network's own client for Node prefers ES256K.
  const oauth = {
    es256: await startSession(network, seeded.reader, 'ES256'),
    es256k: await startSession(network, seeded.reader, 'ES256K'),
  }
  const ready = {
    server: network.pds.url,
    directory: network.plc.url,
    jwtSecret: JWT_SECRET,
    ...seeded,
    oauth,
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

/** Resolves when it takes connections; it dies with this process, however that ends. */
async function startRedis() {
  const port = await freePort()
  const settings = [
    '--bind',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ]
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...settings])
  child.stderr.pipe(process.stderr)
  process.env.REDIS_HOST = `127.0.0.1:${port}`
  await new Promise((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (piece) => {
      said += piece
      if (said.includes('Ready to accept connections')) resolve()
    })
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)))
  })
  return child
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
