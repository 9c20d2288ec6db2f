import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityAt, json, listen, openRoom } from './support.ts'

for (const [length, bytes] of [
  ['short', 100],
  ['long', 50_000],
] as const) {
  test(`${length} pages that follow one another come over one connection`, async (t) => {
    const ports = new Set<number | undefined>()
    const server = await listen(t, (response) => {
      ports.add(response.socket?.remotePort)
      json(response, 200, { text: 'x'.repeat(bytes) })
    })
    const { networks } = openRoom(t, { base: server.url })
    const network = networks.open(identityAt())
    for (let page = 0; page < 10; page += 1) await network.fetch({ path: `/pages/${page}` })
    assert.equal(server.asked.length, 10)
    assert.equal(ports.size, 1)
  })
}
