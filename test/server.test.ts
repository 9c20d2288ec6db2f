import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, copyFileSync, globSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { Agent, createServer, get, type IncomingMessage, type RequestListener, request } from 'node:http'
import { createServer as createTlsServer, request as requestSecurely } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { assemble } from '../src/assemble.ts'
import { readConfig } from '../src/config.ts'
import { GatewayError } from '../src/core/errors.ts'
import type { Log } from '../src/core/gateway.ts'
import { openSandbox } from '../src/sandbox/sandbox.ts'
import { createHealth } from '../src/server/health.ts'
import { createLog, hideSecrets } from '../src/server/log.ts'
import { createMetrics, METRICS } from '../src/server/metrics.ts'
import { readCertificate, reloadCertificate } from '../src/server/tls.ts'
import { startUpkeep } from '../src/server/upkeep.ts'
import { startServer } from '../src/server.ts'
import { createMemory } from '../src/store/memory.ts'
import { openHouse } from './support/house.ts'
import { kith, openFolder, startKith } from './support/process.ts'

const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

async function read(response: IncomingMessage): Promise<Answer> {
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

async function ask(url: string, options: { auth?: string; agent?: Agent } = {}): Promise<Answer> {
  const sent = get(url, options)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return read(response)
}

async function open(listener: RequestListener, test: TestContext): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.after(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A serving process over a sandbox, with one site and one user who has an identity on a slow network. */
async function openService(test: TestContext) {
  const sandbox = await openSandbox({ accounts: 200 })
  test.after(() => sandbox.close())
  const settings = {
    KITH_DATABASE_URL: join(openFolder(test), 'kith.db'),
    KITH_PORT: '0',
    KITH_METRICS_PORT: '0',
    KITH_HOST: '127.0.0.1',
    KITH_SANDBOX: sandbox.url,
  }
  const created = await kith(test, ['site', 'create', 'Shop'], settings)
  const { subdomain, publicKey, privateKey } = JSON.parse(created.out)
  // Else a read that nobody asked for would be under way when the network's pace is changed, and be joined.
  await kith(test, ['site', 'set', subdomain, 'prefetchContacts', 'none'], settings)
  const service = startKith(test, ['serve'], settings)
  const { url, metrics } = JSON.parse(await service.line(/"ready"/))
  const auth = `${publicKey}:${privateKey}`
  const source = { key: 'mastodon', server: 'https://mastodon.example', access_token: { key: '' } }
  source.access_token.key = sandbox.grant('mastodon.example', { contacts: 5 }).accessToken
  const imported = request(`${url}/users.json`, { method: 'PUT', auth })
  imported.end(JSON.stringify({ request: { user: { identity: { source } } } }))
  const [response] = (await once(imported, 'response')) as [IncomingMessage]
  const { text } = await read(response)
  const userToken: string = JSON.parse(text).response.result.data.user.user_token
  return {
    ...service,
    sandbox,
    settings,
    url,
    metrics,
    auth,
    contacts: `${url}/users/${userToken}/contacts.json?disable_cache=true`,
  }
}

test('what is in flight is finished when the process is told to stop', async (t) => {
  const service = await openService(t)
  service.sandbox.dial('mastodon.example', { latencyMs: 1_200 })
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  await ask(`${service.url}/healthz`, { agent })
  const slow = ask(service.contacts, { auth: service.auth })
  await pause(400)
  service.child.kill('SIGTERM')
  await pause(200)
  await assert.rejects(ask(`${service.url}/healthz`), { code: 'ECONNREFUSED' })
  const { status, headers, text } = await slow
  assert.equal(status, 200)
  assert.equal(headers.connection, 'close')
  assert.equal(JSON.parse(text).response.result.data.results[0].contacts.length, 8)
  const { code, out } = await service.ended
  assert.equal(code, 0)
  assert.match(out, /"stopping"[\s\S]*"stopped"/)
})

test('the second signal ends the process at once', async (t) => {
  const service = await openService(t)
  service.sandbox.dial('mastodon.example', { hang: true })
  const lost = assert.rejects(ask(service.contacts, { auth: service.auth }), { code: 'ECONNRESET' })
  await pause(300)
  service.child.kill('SIGTERM')
  await service.line(/"stopping"/)
  const toldAt = performance.now()
  service.child.kill('SIGTERM')
  const { code } = await service.ended
  await lost
  assert.equal(code, 1)
  assert.ok(performance.now() - toldAt < 2_000)
})

test('a serving process says that it lives, is ready, and what it has measured', async (t) => {
  const service = await openService(t)
  assert.equal((await ask(`${service.url}/healthz`)).text, '{"status":"alive"}\n')
  assert.equal((await ask(`${service.url}/readyz`)).text, '{"status":"ready"}\n')
  assert.equal((await kith(t, ['ready'], { KITH_PORT: new URL(service.url).port })).code, 0)
  for (let reads = 0; reads < 3; reads++) await ask(service.contacts, { auth: service.auth })
  await ask(service.contacts)
  const { status, text } = await ask(service.metrics)
  assert.equal(status, 200)
  assert.match(
    text,
    /^kith_requests_total\{dialect="oneall",route="\/users\/:[a-z_]+\/contacts",status="200"\} [123]$/m,
  )
  assert.match(
    text,
    /^kith_requests_total\{dialect="oneall",route="\/users\/:[a-z_]+\/contacts",status="401"\} 1$/m,
  )
  assert.match(text, /^kith_network_seconds_count\{provider="mastodon",outcome="[a-z_]+"\} [1-9]/m)
  assert.match(text, /^kith_contacts_lists_total\{provider="mastodon",from="network"\} 3$/m)
  assert.match(text, /^kith_reads_waiting 0$/m)
  assert.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
  assert.match(text, /^process_resident_memory_bytes /m)
  assert.equal((await ask(service.metrics.replace('/metrics', '/else'))).status, 404)
  assert.doesNotMatch(service.out(), new RegExp(service.auth.split(':')[1] ?? ''))
})

test('a taken port, a second server of the file and a bad setting are said in one sentence', async (t) => {
  const service = await openService(t)
  const port = new URL(service.url).port
  const folder = openFolder(t)
  const other = { ...service.settings, KITH_DATABASE_URL: join(folder, 'other.db') }
  const taken = await kith(t, ['serve'], { ...other, KITH_PORT: port })
  assert.deepEqual([taken.code, taken.out], [1, ''])
  assert.equal(
    taken.err,
    `Port ${port} of 127.0.0.1 is taken by another process; choose another with KITH_PORT.\n`,
  )
  const page = await kith(t, ['serve'], { ...other, KITH_METRICS_PORT: new URL(service.metrics).port })
  assert.equal(page.code, 1)
  assert.match(page.err, /^Port \d+ of 127\.0\.0\.1 is taken .* KITH_METRICS_PORT\.\n$/)
  const second = await kith(t, ['serve'], service.settings)
  assert.equal(second.code, 1)
  assert.match(second.err, /^[^\n]*already serves[^\n]*\n$/)
  const unknown = await kith(t, ['serve'], { ...other, KITH_PROT: '1' })
  assert.equal(unknown.code, 1)
  assert.equal(unknown.err, 'KITH_PROT is no setting; the nearest that is: KITH_PORT.\n')
  const noKey = await kith(t, ['serve'], { ...other, KITH_TLS_CERT: '/nowhere', KITH_TLS_KEY: '/nowhere' })
  assert.deepEqual([noKey.code, noKey.err], [1, 'The certificate /nowhere cannot be read.\n'])
})

test('a gateway that cannot be assembled leaves its database to the next one', async (t) => {
  const config = readConfig({ KITH_DATABASE_URL: join(openFolder(t), 'kith.db') })
  const parts = { log: SILENT, meter: { count: () => {}, seconds: () => {}, gauge: () => {} } }
  const links = { ...config.links, shortUrl: 'no address' }
  await assert.rejects(assemble({ ...config, links }, parts), /Invalid URL/)
  const { close } = await assemble(config, parts)
  await close()
})

test('a host that is not of this machine cannot be listened on', async (t) => {
  const { front, gateway, close } = await openHouse({})
  t.after(close)
  const parts = { front, ping: () => gateway.store.ping(), log: SILENT }
  const options = { port: 0, host: '192.0.2.1', metricsPort: 'off', metricsHost: '', stopMaxMs: 10 } as const
  await assert.rejects(startServer(parts, options), { message: 'This machine has no address 192.0.2.1.' })
})

function tlsFiles(name: 'one' | 'two') {
  const folder = join(import.meta.dirname, 'support', 'tls')
  return { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }
}

test('the gateway serves https with its certificate', async (t) => {
  const { front, gateway, close } = await openHouse({})
  t.after(close)
  const parts = { front, ping: () => gateway.store.ping(), log: SILENT }
  const doors = { port: 0, host: '127.0.0.1', metricsPort: 'off', metricsHost: '', stopMaxMs: 1_000 } as const
  const server = await startServer(parts, { ...doors, tls: tlsFiles('one') })
  t.after(() => server.stop())
  assert.match(server.url, /^https:/)
  const sent = requestSecurely(`${server.url}/readyz`, { rejectUnauthorized: false, agent: false }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  assert.equal((await read(response)).text, '{"status":"ready"}\n')
})

test('a certificate and another one’s key are refused', () => {
  assert.throws(() => readCertificate({ cert: tlsFiles('one').cert, key: tlsFiles('two').key }), GatewayError)
})

test('a new certificate is taken up while old connections go on, and a bad one is left out', async (t) => {
  const folder = openFolder(t)
  const files = { cert: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
  const put = (cert: 'one' | 'two', key: 'one' | 'two') => {
    copyFileSync(tlsFiles(cert).cert, files.cert)
    copyFileSync(tlsFiles(key).key, files.key)
  }
  put('one', 'one')
  const server = createTlsServer(readCertificate(files), (_request, response) => response.end('.'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const logged: string[] = []
  const log = { ...SILENT, info: (_fields: unknown, message: string) => void logged.push(message) }
  log.error = (_fields, message) => void logged.push(message)
  const reload = reloadCertificate(server, files, { log, everyMs: 10 })
  t.after(() => reload.stop())

  const agent = new (await import('node:https')).Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const port = (server.address() as AddressInfo).port
  const nameSeen = async (isFresh: boolean) => {
    const options = {
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      agent: isFresh ? (false as const) : agent,
    }
    const sent = requestSecurely(options).end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { CN } = (response.socket as import('node:tls').TLSSocket).getPeerCertificate().subject
    await read(response)
    return CN
  }
  const until = async (pattern: RegExp) => {
    while (!logged.some((line) => pattern.test(line))) await pause(5)
    logged.length = 0
  }

  assert.equal(await nameSeen(false), 'one.kith.test')
  put('two', 'two')
  await until(/read again/)
  assert.equal(await nameSeen(true), 'two.kith.test')
  assert.equal(await nameSeen(false), 'one.kith.test')
  put('one', 'two')
  await until(/old one stays/)
  assert.equal(await nameSeen(true), 'two.kith.test')

  // A link to itself cannot be followed: looking at it fails otherwise than at a file that is absent.
  rmSync(files.cert)
  symlinkSync(files.cert, files.cert)
  await until(/old one stays/)
  await pause(50)
  assert.deepEqual(logged, [])
  rmSync(files.cert)
  put('one', 'one')
  await until(/read again/)
})

test('a database that is down, silent or about to be left is not ready, and alive all the same', async (t) => {
  const cases = [
    { ping: () => Promise.resolve(), expected: [200, 'ready'] },
    { ping: () => Promise.reject(new Error('down')), expected: [503, 'database unreachable'] },
    { ping: () => new Promise<void>(() => {}), expected: [503, 'database unreachable'] },
  ] as const
  for (const { ping, expected } of cases) {
    const health = createHealth({ ping, log: SILENT, pingMaxMs: 50 })
    const url = await open(
      (asked, response) => void (health.answer(asked, response) || response.writeHead(404).end()),
      t,
    )
    const { status, text } = await ask(`${url}/readyz?x`)
    assert.deepEqual([status, JSON.parse(text).status], expected)
    assert.equal((await ask(`${url}/healthz`)).status, 200)
    assert.equal((await ask(`${url}/healthzz`)).status, 404)
    health.drain()
    assert.deepEqual(JSON.parse((await ask(`${url}/readyz`)).text), { status: 'stopping' })
  }
})

test('many who ask whether it is ready cause one look at the database', async (t) => {
  let pings = 0
  const health = createHealth({
    log: SILENT,
    ping: async () => {
      pings++
      await pause(20)
    },
  })
  const url = await open((asked, response) => void health.answer(asked, response), t)
  await Promise.all(Array.from({ length: 30 }, () => ask(`${url}/readyz`)))
  assert.equal(pings, 1)
})

test('why the database is away is logged once, and once that it is back', async (t) => {
  const logged: unknown[] = []
  const log: Log = {
    ...SILENT,
    error: ({ error }) => void logged.push(error instanceof Error ? error.message : error),
    info: (_fields, message) => void logged.push(message),
  }
  let isDown = true
  const ping = async () => {
    if (isDown) throw new Error('connection refused')
  }
  const health = createHealth({ ping, log, pingEveryMs: -1 })
  const url = await open((asked, response) => void health.answer(asked, response), t)
  const statuses = [await ask(`${url}/readyz`), await ask(`${url}/readyz`)]
  isDown = false
  statuses.push(await ask(`${url}/readyz`), await ask(`${url}/readyz`))
  assert.deepEqual(
    statuses.map(({ status }) => status),
    [503, 503, 200, 200],
  )
  assert.deepEqual(logged, ['connection refused', 'the database answers again'])
})

test('a log whose disk is full ends nobody: what does not fit is dropped, also at the end', async (t) => {
  // https://man7.org/linux/man-pages/man4/full.4.html
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  const log = createLog('info', full, { waitingMaxBytes: 10_000 })
  for (let line = 0; line < 500; line += 1) {
    log.info({ text: 'x'.repeat(1_000) }, 'it is heard by nobody')
    if (line % 100 === 0) await pause(5)
  }
  await pause(20)
  log.flush()
})

test('no secret reaches the log, wherever it stands', () => {
  const lines: string[] = []
  const log = createLog('debug', { write: (line) => void lines.push(line) })
  const cause = new Error(
    'GET https://api.example/me?access_token=s3cret failed with Bearer s3cretS3CRETs3cret',
  )
  log.error(
    {
      requestId: 'abc',
      authorization: 'Basic s3cret',
      headers: { Cookie: 's3cret', accept: 'x' },
      tokens: { accessToken: 's3cret' },
      nested: [{ clientSecret: 's3cret', userToken: 'visible-id' }],
      url: 'postgres://user:s3cret@host/db',
      error: new GatewayError('internal', 'outer', { cause }),
      bytes: Buffer.from('s3cret'),
    },
    'it failed',
  )
  const [line = ''] = lines
  assert.doesNotMatch(line, /s3cret/i)
  const { msg, requestId, level, nested, headers, error } = JSON.parse(line)
  assert.deepEqual([msg, requestId, level, headers.accept], ['it failed', 'abc', 'error', 'x'])
  assert.equal(nested[0].userToken, 'visible-id')
  assert.match(error.cause.message, /^GET https:\/\/api\.example\/me failed/)
})

test('what is logged is bounded, and quiet levels cost nothing', () => {
  const circle: Record<string, unknown> = { text: 'x'.repeat(10_000) }
  circle.self = circle
  assert.ok(JSON.stringify(hideSecrets({ circle })).length < 20_000)
  const lines: string[] = []
  const log = createLog('warn', { write: (line) => void lines.push(line) })
  log.info({}, 'not heard')
  log.warn({}, 'heard')
  assert.equal(lines.length, 1)
})

test('every metric that a room counts is in the list, with its labels', () => {
  const calls = globSync('src/**/*.ts', { cwd: join(import.meta.dirname, '..') }).flatMap((file) => {
    const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8')
    return [...text.matchAll(/meter\.(count|seconds|gauge)\('(\w+)'/g)].map(([, kind, name = '']) => ({
      kind,
      name,
    }))
  })
  assert.ok(calls.length >= 8)
  const kinds = { counter: 'count', seconds: 'seconds', gauge: 'gauge' }
  for (const { kind, name } of calls) assert.equal(kinds[METRICS[name]?.kind ?? 'gauge'], kind, name)
})

test('metrics are added up, and one that is not in the list is named in the log once', async () => {
  const warned: unknown[] = []
  const { meter, observe, page } = createMetrics({
    ...SILENT,
    warn: (fields) => void warned.push(fields.metric),
  })
  const labels = Object.freeze({ dialect: 'd', route: 'r', status: '200' })
  for (let times = 0; times < 5; times++) meter.count('requests', labels)
  meter.count('requests', { dialect: 'd', route: 'r', status: '200' }, 2)
  for (let times = 0; times < 3_000; times++)
    meter.count('requests', { dialect: 'd', route: 'r', status: '404' })
  meter.seconds('kith_network_seconds', { provider: 'p', outcome: 'ok' }, 0.2)
  meter.count('no_such_thing')
  meter.gauge('kith_breaker_open', { planet: 'mars' }, 1)
  observe(() => ({ kith_memory_bytes: 42 }))
  await page()
  meter.count('no_such_thing')
  const { text } = await page()
  assert.match(text, /^kith_requests_total\{dialect="d",route="r",status="200"\} 7$/m)
  assert.match(text, /^kith_requests_total\{dialect="d",route="r",status="404"\} 3000$/m)
  assert.match(text, /^kith_network_seconds_bucket\{le="0.25",provider="p",outcome="ok"\} 1$/m)
  assert.match(text, /^kith_memory_bytes 42$/m)
  assert.deepEqual(warned.sort(), ['kith_breaker_open', 'no_such_thing'])
})

test('pieces in memory stay within their bound, the least used going first', () => {
  const memory = createMemory(10_000)
  for (let index = 0; index < 100; index++) {
    memory.set(`key ${index}`, Buffer.alloc(1_000))
    memory.get('key 0')
    assert.ok(memory.bytes <= 10_000)
  }
  assert.ok(memory.get('key 0'))
  assert.ok(memory.get('key 99'))
  assert.equal(memory.get('key 50'), undefined)
  memory.set('too large', Buffer.alloc(20_000))
  assert.equal(memory.get('too large'), undefined)
  const none = createMemory(0)
  none.set('key', Buffer.alloc(1))
  assert.equal(none.get('key'), undefined)
})

test('upkeep goes on after a failure, and ends when told to', async (t) => {
  const { gateway, close } = await openHouse({})
  t.after(close)
  let purges = 0
  const connections = {
    ...gateway.store.connections,
    purge: async () => {
      purges++
      if (purges === 1) throw new Error('the database is away')
      return 0
    },
  }
  const store = { ...gateway.store, connections }
  const upkeep = startUpkeep({ ...gateway, store, log: SILENT }, { purgeEveryMs: 5, resumeEveryMs: 5 })
  while (purges < 3) await pause(5)
  await upkeep.stop()
  const after = purges
  await pause(30)
  assert.equal(purges, after)
})
