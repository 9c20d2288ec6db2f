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

test('lists that are read side by side keep to a connection each', async (t) => {
  const LISTS = 4
  const ports = new Set<number | undefined>()
  const server = await listen(t, (response) => {
    ports.add(response.socket?.remotePort)
    json(response, 200, { text: 'x'.repeat(5_000) })
  })
  const { networks } = openRoom(t, { base: server.url })
  const network = networks.open(identityAt())
  const readList = async (list: number) => {
    for (let page = 0; page < 20; page += 1) await network.fetch({ path: `/lists/${list}/${page}` })
  }
  await Promise.all(Array.from({ length: LISTS }, (_, list) => readList(list)))
  assert.equal(server.asked.length, 20 * LISTS)
  assert.equal(ports.size, LISTS)
})
