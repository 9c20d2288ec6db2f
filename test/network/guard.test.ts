import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { refusedRange } from '../../src/network/guard.ts'
import { identityAt, json, listen, openRoom, PROBE } from './support.ts'

describe('addresses that are not public are refused', () => {
  const REFUSED: readonly (readonly [address: string, range: string])[] = [
    ['127.0.0.1', 'loopback'],
    ['127.8.9.10', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['10.0.0.1', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'linkLocal'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['192.0.2.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['198.51.100.7', 'reserved'],
    ['203.0.113.9', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'linkLocal'],
    ['fc00::1', 'uniqueLocal'],
    ['fd12:3456::1', 'uniqueLocal'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'reserved'],
    ['3fff::1', 'reserved'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:a9fe:a9fe', 'linkLocal'],
    ['::ffff:10.1.2.3', 'private'],
    ['2002:7f00:1::', 'loopback'],
    ['2002:a9fe:a9fe::1', 'linkLocal'],
    ['64:ff9b::127.0.0.1', 'loopback'],
    ['64:ff9b::a00:1', 'private'],
    ['64:ff9b:1::808:808', 'rfc6052'],
    ['::7f00:1', 'unassigned'],
    ['2001::1', 'teredo'],
    ['4000::1', 'unassigned'],
    ['fe80::1%eth0', 'linkLocal'],
    ['no address', 'unreadable'],
  ]
  for (const [address, range] of REFUSED) {
    test(`${address} is ${range}`, () => assert.equal(refusedRange(address), range))
  }
})

test('public addresses pass, also as they look behind NAT64, 6to4 or mapped', () => {
  const PUBLIC = [
    '1.1.1.1',
    '8.8.8.8',
    '2606:4700::1111',
    '64:ff9b::808:808',
    '2002:808:808::',
    '::ffff:8.8.8.8',
  ]
  for (const address of PUBLIC) assert.equal(refusedRange(address), undefined, address)
})

const SERVED = { ...PROBE, api: '{server}/1', server: {} }
const OPEN = { allowInsecure: true }

test('a home server on a loopback address is refused before a byte is sent', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const { networks } = openRoom(t, { provider: SERVED, options: OPEN })
  const addresses = [
    `http://127.0.0.1:${server.port}`,
    `http://2130706433:${server.port}`,
    `http://0x7f.1:${server.port}`,
    `http://[::ffff:127.0.0.1]:${server.port}`,
    `http://[::1]:${server.port}`,
    `http://0.0.0.0:${server.port}`,
  ]
  for (const address of addresses) {
    const network = networks.open(identityAt({ server: new URL(address).origin }))
    await assert.rejects(network.fetch({ path: '/me' }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'network_rejected', address)
      assert.match(error.message, /range "(loopback|unspecified)"/)
      assert.ok(!error.message.includes('127.0.0.1'))
      return true
    })
  }
  assert.equal(server.asked.length, 0)
})

test('a name is judged by all of its addresses, and by those that are connected to', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const answers = [
    [{ address: '127.0.0.1', family: 4 }],
    [
      { address: '1.1.1.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ],
    [{ address: '::1', family: 6 }],
  ]
  let asked = 0
  const { networks } = openRoom(t, {
    provider: SERVED,
    options: OPEN,
    resolve: async () => answers[asked++ % answers.length] ?? [],
  })
  const network = networks.open(identityAt({ server: `http://rebinding.example:${server.port}` }))
  for (const _ of answers) {
    await assert.rejects(network.fetch({ path: '/me' }), { code: 'network_rejected' })
  }
  assert.equal(asked, answers.length)
  assert.equal(server.asked.length, 0)
})

test('a name that turns private between two connects is refused the second time', async (t) => {
  const server = await listen(t, (response) => {
    response.setHeader('connection', 'close')
    json(response, 200, {})
  })
  let lookups = 0
  const { networks } = openRoom(t, {
    provider: SERVED,
    // Stands for a public address: nothing else can be reached from a test.
    options: { ...OPEN, allowAddresses: ['127.0.0.1/32'] },
    resolve: async () => {
      lookups += 1
      return [{ address: lookups === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
    },
  })
  const network = networks.open(identityAt({ server: `http://rebinding.example:${server.port}` }))
  assert.equal((await network.fetch({ path: '/me' })).status, 200)
  await assert.rejects(network.fetch({ path: '/me' }), { code: 'network_rejected' })
  assert.equal(lookups, 2)
  assert.equal(server.asked.length, 1)
})

test('what is allowed by name, by name and port, by address or by block passes', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const entries = ['home.example', `home.example:${server.port}`, '127.0.0.1', '127.0.0.0/8']
  for (const entry of entries) {
    const { networks } = openRoom(t, {
      provider: SERVED,
      options: { ...OPEN, allowAddresses: [entry] },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    })
    const network = networks.open(identityAt({ server: `http://home.example:${server.port}` }))
    assert.equal((await network.fetch({ path: '/me' })).status, 200, entry)
  }
})

test('an address allowed for one port stays refused for another', async (t) => {
  const server = await listen(t, (response) => json(response, 200, {}))
  const { networks } = openRoom(t, {
    provider: SERVED,
    options: { ...OPEN, allowAddresses: ['127.0.0.1:1'] },
  })
  const network = networks.open(identityAt({ server: server.url }))
  await assert.rejects(network.fetch({ path: '/me' }), { code: 'network_rejected' })
})

test('a redirect to another origin is never followed, whatever its spelling', async (t) => {
  const stranger = await listen(t, (response) => json(response, 200, {}))
  let target = ''
  const server = await listen(t, (response) => {
    response.writeHead(302, { location: target })
    response.end()
  })
  const { networks } = openRoom(t, { base: server.url })
  const targets = [
    stranger.url,
    'http://169.254.169.254/latest/meta-data',
    `http://[::1]:${stranger.port}/`,
    `http://2130706433:${stranger.port}/`,
    `http://[::ffff:7f00:1]:${stranger.port}/`,
    `//127.0.0.1:${stranger.port}/`,
    'file:///etc/passwd',
    'gopher://127.0.0.1/',
  ]
  for (target of targets) {
    await assert.rejects(
      networks.open(identityAt()).fetch({ path: '/me' }),
      { code: 'network_rejected', message: 'Probe redirects to another place, which is not followed.' },
      target,
    )
  }
  assert.equal(stranger.asked.length, 0)
})

test('a home server over http is refused unless it is allowed', async (t) => {
  const { networks } = openRoom(t, { provider: SERVED })
  const network = networks.open(identityAt({ server: 'http://home.example' }))
  await assert.rejects(network.fetch({ path: '/me' }), { code: 'invalid_request' })
})
