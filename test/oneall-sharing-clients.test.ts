// Clients of OneAll that publish, at a listening server: the PHP program of its documentation with the host changed and
// nothing else, its own Node library as it is published, and the exact requests of those that do not run on Node.

import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { takeSnapshots } from '../src/core/snapshots.ts'
import { toPingback } from '../src/dialects/oneall/snapshots.ts'
import { databases } from './support/databases.ts'
import { exchange as exchangeAt } from './support/exchange.ts'
import { openSharingHouse, type SharingHouse } from './support/sharing-house.ts'

let house: SharingHouse
let server: { port: number; close(): Promise<void> }
let ada: Awaited<ReturnType<SharingHouse['user']>>

before(async () => {
  const [sqlite] = databases
  if (!sqlite) throw new Error('no database')
  house = await openSharingHouse(sqlite)
  server = await house.listen()
  ada = await house.user('facebook', 'linkedin')
})
after(async () => {
  await server.close()
  await house[Symbol.asyncDispose]()
})

const postsOf = (words: string) => house.offices.posts.filter(({ text }) => text.includes(words))
const published = (json: ReturnType<typeof JSON.parse>) =>
  json.response.result.data.sharing_message.publications.entries.map(
    ({ provider, status }: { provider: string; status: { flag: string } }) => [provider, status.flag],
  )

const php = spawnSync('php', ['-r', 'exit(function_exists("curl_init") ? 0 : 1);'])
const skip = php.status === 0 ? false : 'there is no PHP with curl on this machine (php-cli, php-curl)'

test('the PHP program of the documentation publishes, with the host changed and nothing else', {
  skip,
}, async () => {
  const program = readFileSync(join(import.meta.dirname, 'fixtures', 'oneall', 'publish.php'), 'utf8')
  const [publicKey = '', privateKey = ''] = house.keys.split(':')
  const filled = program
    .replace('#<user_token>#', ada.token)
    .replace('#site subdomain#', house.site.subdomain)
    .replace('#site public key/username#', publicKey)
    .replace('#site private key/password#', privateKey)
    .replace("'https://'", "'http://'")
    .replace('.api.oneall.com/', `.api.localhost:${server.port}/`)
  assert.doesNotMatch(filled, /#<|oneall\.com\/sharing/)
  const running = promisify(execFile)('php', [])
  running.child.stdin?.end(filled)
  const { stdout } = await running
  const told = stdout.trim()
  assert.match(told, /^Received Result: /)
  const json = JSON.parse(told.replace('Received Result: ', ''))
  assert.deepEqual(
    [json.response.request.status.code, json.response.request.status.flag],
    [207, 'multistatus'],
  )
  assert.deepEqual(published(json), [
    ['facebook', 'success'],
    ['twitter', 'error_user_has_no_identity_for_this_provider'],
    ['linkedin', 'success'],
  ])
  const [{ shorturls }] = json.response.result.data.sharing_message.publications.entries
  assert.deepEqual([shorturls.count, shorturls.entries[0].original_url], [1, 'http://www.oneall.com/'])
  assert.equal(postsOf('oneall simplifies the integration of social networks').length, 2)
})

describe('the published Node library', () => {
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  type Told = any
  type Call = (...parameters: unknown[]) => void
  type Library = Record<'user' | 'sharingMessage' | 'shorturl' | 'analytics', Record<string, Call>>

  const open = (): Library => {
    const OneAll = createRequire(import.meta.url)('oneall')
    const [publickey, privatekey] = house.keys.split(':')
    return new OneAll({ endpoint: `http://127.0.0.1:${server.port}`, publickey, privatekey })
  }
  const call = (ask: Call | undefined, ...parameters: unknown[]) =>
    new Promise<Told>((resolve, reject) =>
      ask?.(...parameters, (error: Error | null, told: Told) => (error ? reject(error) : resolve(told))),
    )

  test('publishes, reads, publishes again, lists and deletes a message', async () => {
    const { sharingMessage } = open()
    const parts = { text: { body: 'from Node' }, flags: { enable_tracking: 1 } }
    const made = await call(sharingMessage.publish, ada.token, ['facebook', 'twitter'], parts)
    assert.equal(made.response.request.status.code, 207)
    const { sharing_message_token: token } = made.response.result.data.sharing_message
    const again = await call(sharingMessage.rePublish, token, ada.token, ['linkedin'])
    assert.deepEqual([again.status.code, again.data.publications[0].provider], [200, 'linkedin'])
    const read = await call(sharingMessage.get, token)
    assert.deepEqual([read.data.parts.text.body, read.data.publications.count], ['from Node', 3])
    assert.equal((await call(sharingMessage.getAll, 1)).data.pagination.current_page, 1)
    assert.equal((await call(sharingMessage.del, token)).status.code, 200)
    assert.equal((await call(sharingMessage.get, token)).status.code, 404)
    assert.equal(postsOf('from Node').length, 2)
  })

  test('publishes for a user in the older way', async () => {
    const { user } = open()
    const told = await call(user.publish, ada.token, ['facebook'], { text: { body: 'the older way' } })
    assert.deepEqual([told.status.code, told.data.publications[0].status.code], [200, 200])
  })

  test('counts how a message fares, and reads it', async () => {
    const { sharingMessage, analytics } = open()
    const parts = { text: { body: 'to be counted' } }
    const made = await call(sharingMessage.publish, ada.token, ['facebook'], parts)
    const { sharing_message_token: message } = made.response.result.data.sharing_message
    const begun = await call(analytics.initiate, message, null)
    assert.deepEqual([begun.status.code, begun.status.flag], [201, 'scheduled'])
    const [entry] = (await call(analytics.getAll, 1)).data.entries
    const token = entry.sharing_analytics_snapshot_token
    assert.equal((await call(analytics.get, token)).data.status, 'pending')
    await takeSnapshots(house.gateway, toPingback)
    assert.equal((await call(analytics.get, token)).data.publication_snapshots.count, 1)
    assert.equal((await call(analytics.del, token)).status.code, 200)
  })

  test('lists, reads and deletes short links', async () => {
    const made = await house.ask('/shorturls.json', {
      method: 'POST',
      body: { request: { shorturl: { original_url: 'https://example.com/node' } } },
    })
    const { shorturl_token: token } = made.json.response.result.data.shorturl
    const { shorturl } = open()
    assert.ok((await call(shorturl.getAll, 1)).data.count > 0)
    assert.equal((await call(shorturl.get, token)).data.original_url, 'https://example.com/node')
    assert.equal((await call(shorturl.del, token)).status.code, 200)
    assert.equal((await call(shorturl.get, token)).status.code, 404)
  })
})

describe('clients in other languages', () => {
  const basic = () => `Authorization: Basic ${Buffer.from(house.keys).toString('base64')}`
  const send = (target: string, body: string, ...lines: string[]) =>
    exchangeAt(
      server.port,
      [
        `POST ${target} HTTP/1.1`,
        `Host: ${house.site.subdomain}.api.kith.example`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Connection: close',
        ...lines,
      ],
      body,
    )

  test('the .NET client posts providers after parts without a Content-Type, and reads an array', async () => {
    const message = { parts: { text: { body: 'from .NET' } }, providers: ['facebook', 'linkedin'] }
    const body = JSON.stringify({ request: { message } })
    const { head, json } = await send(`/users/${ada.token}/publish.json`, body, basic())
    assert.match(head, /^HTTP\/1\.1 200 /)
    const { publications } = json.response.result.data.message
    assert.deepEqual(
      publications.map(({ status }: { status: { flag: string } }) => status.flag),
      ['success', 'success'],
    )
  })

  test('a phone publishes with the key it was given, and reads entries', async () => {
    const { issuePublishToken } = await import('../src/dialects/oneall/publish-tokens.ts')
    const [identity] = ada.identities
    const user = { id: identity?.userId ?? 0 }
    const { key } = await issuePublishToken(house.gateway, house.site, user)
    const parts = { text: { body: 'from a phone' }, picture: { url: null }, flags: { enable_tracking: true } }
    const body = JSON.stringify({ request: { message: { providers: ['facebook'], parts } } })
    const { json } = await send(
      `/users/${ada.token}/publish.json`,
      body,
      `Authorization: OneAllPublishToken ${key}`,
      'Content-Type: application/json',
    )
    assert.deepEqual(published(json), [['facebook', 'success']])
  })

  test('a PHP page sends a picture of its own, larger than other bodies may be', async () => {
    house.taken.length = 0
    const data = Buffer.alloc(3_000_000, 'x').toString('base64')
    const parts = { text: { body: 'with an upload' }, uploads: [{ name: 'p.png', data }] }
    const target = { publish_for_identity: { identity_token: ada.identities[0]?.token } }
    const body = JSON.stringify({ request: { sharing_message: { parts, ...target } } })
    const type = 'Content-Type: application/x-www-form-urlencoded'
    const { json } = await send('/sharing/messages.json', body, basic(), type)
    assert.deepEqual(published(json), [['facebook', 'success']])
    assert.equal(house.taken[0]?.base64, data)
  })

  test('a body beyond the bound of uploads is refused in the envelope', async () => {
    const length = 33 * 1_024 * 1_024
    const { json } = await exchangeAt(server.port, [
      'POST /sharing/messages.json HTTP/1.1',
      'Host: localhost',
      basic(),
      `Content-Length: ${length}`,
      'Expect: 100-continue',
    ])
    assert.equal(json.response.request.status.code, 413)
  })
})
