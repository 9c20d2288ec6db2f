import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { Identity } from '../../src/core/model.ts'
import { newRing, openKeys } from '../../src/store/keys.ts'
import { type OpenStore, openStore } from '../../src/store/open.ts'
import { databases, type TestDatabase } from '../support/databases.ts'
import { ACCESS, json, listen, openRoom, PROBE, REFRESH } from './support.ts'

// The rest of the room's tests use a store in memory; these say that the real one keeps the same promises.
for (const kind of databases) {
  describe(`renewals over ${kind.name}`, () => {
    let database: TestDatabase
    let stores: OpenStore[]

    before(async () => {
      database = await kind.open()
      const keys = openKeys({ text: newRing() })
      const server = await openStore(database.url, { keys })
      stores = [server, await openStore(database.url, { keys, role: 'tool' })]
    })
    after(async () => {
      await Promise.all(stores.map((store) => store.close()))
      await database.close()
    })

    test('two processes and thirty callers cause one renewal', async (t) => {
      const network = await listen(t, async (response, { url, headers }) => {
        if (url !== '/token')
          return json(response, headers.authorization === 'Bearer renewed' ? 200 : 401, {})
        await new Promise((resolve) => setTimeout(resolve, 60))
        json(response, 200, { access_token: 'renewed', refresh_token: 'refreshed', expires_in: 7200 })
      })
      const identity = await link(stores[0]!)
      const rooms = stores.map((store) =>
        openRoom(t, { base: network.url, store: { ...store, rows: new Map(), blocks: new Map() } }),
      )
      const all = await Promise.all(
        rooms.flatMap(({ networks }) =>
          Array.from({ length: 15 }, () => networks.open(identity).fetch({ path: '/me' })),
        ),
      )
      assert.ok(all.every(({ status }) => status === 200))
      assert.equal(network.asked.filter(({ url }) => url === '/token').length, 1)
      const held = await stores[1]!.tokens.of(identity)
      assert.deepEqual([held?.tokens.refreshToken, held?.version], ['refreshed', 2])
    })
  })
}

async function link(store: OpenStore): Promise<Identity> {
  const site = await store.sites.create(
    {
      subdomain: 'probe',
      name: 'Probe',
      publicKey: randomUUID(),
      privateKeyHash: 'a'.repeat(64),
      apiKey: '3_probe',
      sdkAppId: 1_400_000_001,
      admin: 'administrator',
      settings: {},
      createdAt: Date.now(),
    },
    { secret: randomUUID(), secretKey: randomUUID() },
  )
  await store.apps.save({ id: site.id }, PROBE.id, { clientId: 'client', clientSecret: 'secret' })
  const tokens = { accessToken: ACCESS, refreshToken: REFRESH, expiresAt: Date.now() - 1 }
  const account = { provider: PROBE.id, subject: '42', profile: { subject: '42' }, tokens }
  return (await store.identities.link({ id: site.id }, account)).identity
}
