// Sharing analytics over OneAll's API, told to a server that listens, over the guarded door.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { takeSnapshots } from '../src/core/snapshots.ts'
import type { CallHook } from '../src/core/webhook-telling.ts'
import { toPingback } from '../src/dialects/oneall/snapshots.ts'
import { createHooks } from '../src/network/hooks.ts'
import { NETWORK_DEFAULTS } from '../src/network/options.ts'
import { databases } from './support/databases.ts'
import { openSharingHouse, type SharingHouse } from './support/sharing-house.ts'
import { listen } from './support/wire.ts'

const PATH = '/sharing/analytics/snapshots'
const NOBODY = '00000000-0000-4000-8000-000000000000'

/** A server that is told, and answers with these statuses one after the other, then 200. */
async function openEar(statuses: number[] = []) {
  const heard: { url: string; type: string; json: ReturnType<typeof JSON.parse> }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const json = JSON.parse(Buffer.concat(chunks).toString())
    heard.push({ url: request.url ?? '', type: request.headers['content-type'] ?? '', json })
    response.writeHead(statuses.shift() ?? 200).end('thanks')
  })
  const port = await listen(server)
  return {
    heard,
    url: `http://127.0.0.1:${port}/told?a=b`,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

for (const kind of databases) {
  describe(`snapshots over OneAll's API, on ${kind.name}`, () => {
    const publish = async (house: SharingHouse, user: string) => {
      const parts = { text: { body: 'see https://example.com/' }, flags: { enable_tracking: 1 } }
      const target = { publish_for_user: { user_token: user, providers: ['facebook', 'twitter'] } }
      const body = { request: { sharing_message: { ...target, parts } } }
      const { json } = await house.ask('/sharing/messages.json', { method: 'POST', body })
      return json.response.result.data.sharing_message.sharing_message_token as string
    }
    const start = (house: SharingHouse, sharing: object, keys?: string) =>
      house.ask(`${PATH}.json`, { method: 'PUT', body: { request: { analytics: { sharing } } }, keys })
    const take = ({ gateway }: SharingHouse, call: CallHook) =>
      takeSnapshots({ ...gateway, webhooks: { ...gateway.webhooks, call } }, toPingback)
    const nobody: CallHook = async () => ({ status: 500 })

    test('a site that does not answer holds up no other, and is left when the process stops', async () => {
      await using house = await openSharingHouse(kind)
      const ada = await house.user('facebook')
      const sharing_message_token = await publish(house, ada.token)
      await start(house, { sharing_message_token, pingback_uri: 'https://silent.example/' })
      const told = Promise.withResolvers<void>()
      const call: CallHook = (_url, { signal }) =>
        new Promise((_, reject) => {
          told.resolve()
          signal?.addEventListener('abort', () => reject(new Error('the process stops')))
        })
      const gateway = { ...house.gateway, webhooks: { ...house.gateway.webhooks, call } }
      const stopping = new AbortController()
      const telling = new Set<Promise<void>>()
      assert.equal(await takeSnapshots(gateway, toPingback, { telling, signal: stopping.signal }), 1)
      await told.promise
      assert.equal(telling.size, 1)
      stopping.abort()
      await Promise.all(telling)
      assert.equal(telling.size, 0)
      assert.equal(await takeSnapshots(gateway, toPingback, { signal: stopping.signal }), 0)
    })

    test('a snapshot is scheduled once, counted, read, listed and deleted', async () => {
      await using house = await openSharingHouse(kind)
      const ada = await house.user('facebook')
      const sharing_message_token = await publish(house, ada.token)
      const begun = await start(house, { sharing_message_token, pingback_uri: null })
      assert.equal(begun.status, 201)
      assert.deepEqual(
        [begun.json.response.request.status.flag, begun.json.response.request.status.info],
        ['scheduled', 'Your request has been received and scheduled to be processed'],
      )
      const { sharing_analytics_snapshot: snapshot } = begun.json.response.result.data
      assert.deepEqual(
        [snapshot.status, snapshot.sharing_message.sharing_message_token],
        ['pending', sharing_message_token],
      )
      const open = await start(house, { sharing_message_token })
      assert.equal(open.status, 207)
      const token = snapshot.sharing_analytics_snapshot_token
      assert.equal(
        open.json.response.result.data.sharing_analytics_snapshot.sharing_analytics_snapshot_token,
        token,
      )
      const one = `${PATH}/${token}.json`
      const read = async () => (await house.ask(one)).json.response.result.data.sharing_analytics_snapshot
      assert.deepEqual([(await read()).status, (await read()).publication_snapshots], ['pending', undefined])

      assert.equal(await take(house, nobody), 1)
      assert.equal(await take(house, nobody), 0)
      const finished = await read()
      assert.deepEqual([finished.status, finished.publication_snapshots.count], ['finished', 2])
      assert.match(finished.date_finished, /\+0000$/)
      const [facebook, twitter] = finished.publication_snapshots.entries
      assert.equal(facebook.publication.provider, 'facebook')
      assert.deepEqual(facebook.publication_snapshot.urls.entries, [
        { target: 'https://example.com/', num_referrals: 0 },
      ])
      assert.deepEqual(facebook.publication_snapshot.comments, { count: 0, entries: [] })
      assert.equal(twitter.publication_snapshot.urls.count, 0)

      const { keys } = await house.createSite()
      assert.equal((await house.ask(one, { keys })).status, 404)
      const { json } = await house.ask(`${PATH}.json`)
      assert.equal(json.response.result.data.sharing_analytics_snapshots.count, 1)
      const next = await start(house, { sharing_message_token })
      assert.equal(next.status, 201)
      assert.equal((await house.ask(one, { method: 'DELETE' })).status, 400)
      assert.equal((await house.ask(`${one}?confirm_deletion=true`, { method: 'DELETE' })).status, 200)
      assert.equal((await house.ask(one)).status, 404)
    })

    test('a site is told when its snapshot is finished, again after it could not hear', async () => {
      await using house = await openSharingHouse(kind)
      const ear = await openEar([503])
      const hooks = createHooks({
        ...NETWORK_DEFAULTS,
        allowAddresses: ['127.0.0.1'],
        allowInsecure: true,
      })
      try {
        const ada = await house.user('facebook')
        const sharing_message_token = await publish(house, ada.token)
        const begun = await start(house, { sharing_message_token, pingback_uri: ear.url })
        const { sharing_analytics_snapshot: snapshot } = begun.json.response.result.data
        assert.equal(await take(house, hooks.call), 1)
        assert.equal(await take(house, hooks.call), 0)
        await house.store.raw('update message_snapshots set due_at = 0')
        assert.equal(await take(house, hooks.call), 1)
        await house.store.raw('update message_snapshots set due_at = 0 where due_at is not null')
        assert.equal(await take(house, hooks.call), 0)
        assert.equal(ear.heard.length, 2)
        const [, last] = ear.heard
        assert.deepEqual([last?.url, last?.type], ['/told?a=b', 'application/json; charset=utf-8'])
        const { request, result } = last?.json.response ?? {}
        assert.equal(request.status.code, 200)
        const told = result.data.sharing_analytics_snapshot
        assert.equal(told.sharing_analytics_snapshot_token, snapshot.sharing_analytics_snapshot_token)
        assert.equal(told.publication_snapshots.count, 2)
      } finally {
        await hooks.close()
        await ear.close()
      }
    })

    test('a private address is never told anything, and a deaf one is given up after six times', async () => {
      await using house = await openSharingHouse(kind)
      const ear = await openEar()
      const hooks = createHooks({ ...NETWORK_DEFAULTS, allowInsecure: true })
      try {
        const ada = await house.user('facebook')
        const sharing_message_token = await publish(house, ada.token)
        await start(house, { sharing_message_token, pingback_uri: ear.url })
        for (let turn = 0; turn < 6; turn += 1) {
          assert.equal(await take(house, hooks.call), 1)
          await house.store.raw('update message_snapshots set due_at = 0 where due_at is not null')
        }
        assert.equal(await take(house, hooks.call), 0)
        assert.equal(ear.heard.length, 0)
      } finally {
        await hooks.close()
        await ear.close()
      }
    })

    test('what a dead process has left is taken by the next one', async () => {
      await using house = await openSharingHouse(kind)
      const ada = await house.user('facebook')
      await start(house, { sharing_message_token: await publish(house, ada.token) })
      const { messageSnapshots } = house.gateway.store
      assert.equal((await messageSnapshots.claim({ limit: 5, leaseMs: 100 })).length, 1)
      assert.equal(await take(house, nobody), 0)
      await sleep(150)
      assert.equal(await take(house, nobody), 1)
    })

    test('an unknown message is 404, an address that is none is 400 and named', async () => {
      await using house = await openSharingHouse(kind)
      const ada = await house.user('facebook')
      const sharing_message_token = await publish(house, ada.token)
      assert.equal((await start(house, { sharing_message_token: NOBODY })).status, 404)
      const { keys } = await house.createSite()
      assert.equal((await start(house, { sharing_message_token }, keys)).status, 404)
      for (const pingback_uri of ['ftp://a.example', 'nonsense', 'http://a:b@c.example', 7]) {
        const answer = await start(house, { sharing_message_token, pingback_uri })
        assert.equal(answer.status, 400)
        assert.match(answer.json.response.request.status.info, /request\.analytics\.sharing\.pingback_uri/)
      }
      assert.equal((await house.ask(`${PATH}/${NOBODY}.json`)).status, 404)
    })
  })
}
