import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { GatewayError } from '../src/core/errors.ts'
import { readFeed } from '../src/core/feed.ts'
import { addFriends, deleteFriends } from '../src/core/graph.ts'
import { createLink } from '../src/core/links.ts'
import { saveProfile } from '../src/core/profiles.ts'
import { cancelMessage, publishMessage } from '../src/core/sharing.ts'
import { EVENT_TYPES } from '../src/core/webhook-events.ts'
import { newHookSecret, signHook } from '../src/core/webhook-signature.ts'
import { stopWebhooks } from '../src/core/webhook-telling.ts'
import { addWebhook, enableWebhook, removeWebhook, testWebhook } from '../src/core/webhooks.ts'
import { createHooks } from '../src/network/hooks.ts'
import { NETWORK_DEFAULTS } from '../src/network/options.ts'
import { databases } from './support/databases.ts'
import { type HookHouse, openHookHouse, openReceiver } from './support/hook-house.ts'
import { openHouse } from './support/house.ts'
import { kith, openFolder } from './support/process.ts'
import { linkAccount } from './support/publishing.ts'

/** An endpoint at this path of the receiver. */
async function listen(house: HookHouse, path = '/hook', events?: readonly string[]) {
  const { gateway, site, receiver } = house
  const added = await addWebhook(gateway, site, { url: receiver.url + path, events, allowsHttp: true })
  receiver.secrets.set(path, added.secret)
  return added
}

const typesOf = (events: readonly { readonly type: string }[]) => events.map(({ type }) => type)

const failsWith = (code: string, field?: string) => (error: unknown) => {
  assert(error instanceof GatewayError, String(error))
  assert.deepEqual([error.code, error.field], [code, field])
  return true
}

for (const database of databases) {
  describe(`webhooks on ${database.name}`, { concurrency: 4 }, () => {
    test('what happens on a site is told, signed, each once and with what is known of it', async () => {
      await using house = await openHookHouse(database, { perEndpoint: 1 })
      const { gateway, site, store, receiver, until } = house
      await listen(house)
      const one = await linkAccount(store, site, 'readable')
      const two = await linkAccount(store, site, 'mute', { userToken: one.userToken })
      const { userToken: user } = one
      const shared = await publishMessage(gateway, site, {
        message: { text: 'Hello', media: [] },
        target: { user, providers: ['readable', 'nowhere'] },
      })
      const [published, failed] = shared.publications
      const other = (await linkAccount(store, site, 'readable')).userToken
      await saveProfile(gateway, site, other, { allows: 'confirm' })
      await addFriends(gateway, site, user, [{ account: other }])
      await addFriends(gateway, site, user, [{ account: other }], { isForced: true })
      await deleteFriends(gateway, site, user, [{ account: other }], { isMutual: false })
      const link = await createLink(gateway, site, { url: 'https://example.org/' })
      const click = { linkId: link.id, device: 'desktop', referrer: '', userAgent: 'x' } as const
      gateway.links.clicks.note({ ...click, follower: 'person', address: '203.0.113.1' })
      gateway.links.clicks.note({ ...click, follower: 'person', address: '203.0.113.2' })
      gateway.links.clicks.note({ ...click, follower: 'preview', address: '203.0.113.3' })
      await gateway.links.clicks.flush()
      const claim = await store.reads.claim(one, { leaseMs: 60_000 })
      assert(claim.outcome === 'mine')
      const contacts = new TextEncoder().encode('[]')
      const snapshot = { contacts, count: 7, isTruncated: false, fetchedAt: Date.now() }
      await store.reads.finish(one, claim.fence, snapshot)
      await store.identities.remove(site, two.token)
      await until(12)
      await store.users.remove(site, other)
      while (!typesOf(receiver.received).includes('user.deleted')) await until(receiver.received.length + 1)
      const events = [...receiver.received]
      const dataOf = (type: string) => {
        const found = events
          .filter((event) => event.type === type)
          .map(({ data: { position, ...data } }) => data)
        return found.length === 1 ? found[0] : found
      }
      assert.deepEqual(new Set(typesOf(events)), new Set(EVENT_TYPES.filter((type) => !/unknown/.test(type))))
      assert.deepEqual(dataOf('identity.linked')[0], { user, identity: one.token, provider: 'readable' })
      assert.deepEqual(dataOf('identity.unlinked'), { user, identity: two.token, provider: 'mute' })
      assert.deepEqual(dataOf('contacts.refreshed'), {
        user,
        identity: one.token,
        provider: 'readable',
        contacts: 7,
      })
      const { publication, ...rest } = dataOf('publication.succeeded')
      assert.deepEqual(rest, { user, message: shared.token })
      assert.deepEqual(
        [publication.key, publication.identity, publication.state, publication.post.id],
        [published?.key, one.token, 'published', published?.post?.id],
      )
      assert.equal(dataOf('publication.failed').publication.key, failed?.key)
      assert.equal(dataOf('publication.failed').publication.problem.code, 'not_found')
      const { publications, ...message } = dataOf('message.published')
      assert.deepEqual(message, { user, message: shared.token, run: 1 })
      assert.deepEqual(
        publications.map(({ state }: { state: string }) => state),
        ['published', 'failed'],
      )
      const [told] = dataOf('link.clicked').links
      assert.deepEqual([told.code, told.address, told.people, told.previews], [link.code, link.address, 2, 1])
      assert.deepEqual(dataOf('friend.added')[0], { user, friends: [other], in_their_lists: false })
      assert.deepEqual(dataOf('friend.requested'), { user, friends: [other] })
      assert.deepEqual(dataOf('user.deleted'), { user: other })
      assert.equal(new Set(events.map(({ id }) => id)).size, events.length)
      const positions = events.map(({ data }) => data.position)
      assert.deepEqual(
        positions,
        positions.toSorted((a, b) => a - b),
      )
      assert(events.every(({ timestamp }) => Math.abs(Date.parse(timestamp) - Date.now()) < 60_000))
      await house.tell()
      assert.equal(receiver.received.length, events.length)
    })

    test('a message is told as published when its last publication is at its end, and one did come through', async () => {
      await using house = await openHookHouse(database)
      const { gateway, site, store, until, offices } = house
      await listen(house, '/hook', ['message.published'])
      const { userToken: user } = await linkAccount(store, site, 'readable')
      await linkAccount(store, site, 'mute', { userToken: user })
      const message = { text: 'Hello', media: [] }
      const target = { user, providers: ['readable', 'mute'] }
      offices.conduct = ({ office }) => (office === 'mute' ? { status: 422 } : { delayMs: 50 })
      const one = await publishMessage(gateway, site, { message, target })
      offices.conduct = () => ({ status: 422 })
      await publishMessage(gateway, site, { message, target })
      const publishAt = Date.now() + 3_600_000
      const later = await publishMessage(gateway, site, { message, target, publishAt })
      await cancelMessage(gateway, site, later.token)
      offices.conduct = () => ({})
      const last = await publishMessage(gateway, site, { message, target })
      const events = await until(2)
      assert.deepEqual(
        events.map(({ data }) => data.message),
        [one.token, last.token],
      )
    })

    test('an endpoint is told of the types that it asks for, and of what happens after it was added', async () => {
      await using house = await openHookHouse(database)
      const { site, store, receiver, until, gateway } = house
      await linkAccount(store, site, 'mute')
      assert.deepEqual((await readFeed(gateway, site)).entries, [])
      await listen(house, '/all')
      await linkAccount(store, site, 'mute')
      await listen(house, '/few', ['identity.unlinked', 'identity.unlinked'])
      const { token } = await linkAccount(store, site, 'mute')
      await store.identities.remove(site, token)
      await until(4)
      await house.tell()
      const at = (path: string) => typesOf(receiver.received.filter((event) => event.path === path))
      assert.deepEqual(at('/all').toSorted(), ['identity.linked', 'identity.linked', 'identity.unlinked'])
      assert.deepEqual(at('/few'), ['identity.unlinked'])
    })

    test('what an endpoint did not take is told again, in order, under the same id', async () => {
      await using house = await openHookHouse(database, { perEndpoint: 1 })
      const { site, store, receiver, until } = house
      const hook = await listen(house)
      let failures = 3
      receiver.answer = () => (failures-- > 0 ? 500 : 200)
      for (let left = 3; left > 0; left -= 1) await linkAccount(store, site, 'mute')
      await house.tell()
      const [failing] = await store.webhooks.list(site)
      assert.deepEqual([failing?.attempt, failing?.problem?.code], [1, 'network_unavailable'])
      assert.match(failing?.problem?.message ?? '', /500/)
      const events = await until(6)
      const ids = events.map(({ id }) => id)
      assert.deepEqual([new Set(ids).size, new Set(ids.slice(0, 4)).size], [3, 1])
      await house.tell()
      const [well] = await store.webhooks.list(site)
      assert.deepEqual(
        [well?.token, well?.attempt, well?.problem, well?.failingSince],
        [hook.token, 0, undefined, undefined],
      )
      assert(well?.lastSuccessAt !== undefined)
    })

    test('pauses between tries grow, and the endpoint’s own wish is kept', async () => {
      const bounds = { retryBaseMs: 60_000, retryMaxMs: 200_000, perEndpoint: 1 }
      await using house = await openHookHouse(database, bounds)
      const { site, store, receiver, raw, tell } = house
      await listen(house)
      receiver.answer = () => 503
      await linkAccount(store, site, 'mute')
      const pauses: number[] = []
      for (let at = 0; at < 4; at += 1) {
        const before = Date.now()
        await tell()
        const [row] = await raw('select due_at from webhooks')
        pauses.push(Number(row?.due_at) - before)
        await raw('update webhooks set due_at = 1')
      }
      for (const [at, most] of [60_000, 120_000, 200_000, 200_000].entries()) {
        assert(pauses[at]! > most / 2 - 2_000 && pauses[at]! < most + 2_000, `${pauses}`)
      }
      receiver.answer = () => ({ status: 429, headers: { 'retry-after': '3000' } })
      await tell()
      const [row] = await raw('select due_at from webhooks')
      assert(Math.abs(Number(row?.due_at) - Date.now() - 3_000_000) < 10_000)
    })

    test('an endpoint that fails for too long is disabled and says so, until it is enabled', async () => {
      await using house = await openHookHouse(database, { giveUpMs: 600, perEndpoint: 1 })
      const { gateway, site, store, receiver, tell, until } = house
      const hook = await listen(house)
      receiver.answer = () => 500
      await linkAccount(store, site, 'mute')
      await tell()
      const failing = async () => (await store.webhooks.list(site))[0]
      assert.equal((await failing())?.isDisabled, false)
      for (const giveUpAt = Date.now() + 5_000; !(await failing())?.isDisabled; await sleep(20)) {
        assert(Date.now() < giveUpAt)
        await tell()
      }
      const disabled = await failing()
      assert.equal(disabled?.problem?.code, 'network_unavailable')
      assert(Date.now() - (disabled?.failingSince ?? Date.now()) >= 600)
      const count = receiver.received.length
      assert(count > 2)
      await linkAccount(store, site, 'mute')
      await tell()
      assert.equal(receiver.received.length, count)
      receiver.answer = () => 200
      await enableWebhook(gateway, site, hook.token)
      const { token } = await linkAccount(store, site, 'mute')
      const events = await until(count + 1)
      assert.equal(events.at(-1)?.data.identity, token)
    })

    test('an endpoint that is gone for good is disabled at once', async () => {
      await using house = await openHookHouse(database)
      const { site, store, receiver, tell } = house
      await listen(house)
      receiver.answer = () => 410
      await linkAccount(store, site, 'mute')
      await tell()
      assert.equal((await store.webhooks.list(site))[0]?.isDisabled, true)
    })

    test('several processes tell each event once, and take over from one that died', async () => {
      await using house = await openHookHouse(database)
      const { site, store, receiver, raw, until } = house
      const others = await Promise.all([house.another(), house.another()])
      await listen(house)
      receiver.answer = () => sleep(5, 204)
      for (let left = 12; left > 0; left -= 1) await linkAccount(store, site, 'mute')
      await Promise.all([house, ...others].map((process) => process.tell()))
      await until(12)
      assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 12)
      assert.equal(receiver.received.length, 12)
      await linkAccount(store, site, 'mute')
      assert.equal((await store.webhooks.claim({ limit: 9, leaseMs: 60_000 })).length, 1)
      await house.tell()
      assert.equal(receiver.received.length, 12)
      await raw('update webhooks set lease_until = 1')
      await until(13)
    })

    test('what is being told when the process stops is told by the next one', async () => {
      await using house = await openHookHouse(database)
      const { site, store, receiver } = house
      const other = await house.another()
      await listen(house)
      let isSlow = true
      receiver.answer = async () => {
        if (isSlow) await sleep(400)
        return 204
      }
      await linkAccount(store, site, 'mute')
      const telling = house.tell()
      await sleep(100)
      await stopWebhooks(house.gateway)
      await telling
      isSlow = false
      const before = receiver.received.length
      await other.tell()
      assert.equal(receiver.received.length, before + 1)
    })

    test('an endpoint that comes too late for the feed is told of the gap', async () => {
      await using house = await openHookHouse(database, { perEndpoint: 1 })
      const { site, store, receiver, raw, until } = house
      await listen(house)
      for (let left = 5; left > 0; left -= 1) await linkAccount(store, site, 'mute')
      await raw('delete from feed_entries where position <= 3')
      await until(3)
      assert.deepEqual(typesOf(receiver.received), ['webhook.gap', 'identity.linked', 'identity.linked'])
      assert.deepEqual(receiver.received[0]?.data, { first_position: 1, last_position: 3 })
    })

    test('an endpoint inside our own net, over http, or that leads elsewhere is not called', async () => {
      await using house = await openHookHouse(database, { allowAddresses: [], allowInsecure: false })
      const { gateway, site, store, receiver, tell } = house
      const { webhooks } = gateway
      const hook = await listen(house)
      const refusal = testWebhook(gateway, webhooks, site, hook.token)
      await assert.rejects(refusal, failsWith('network_rejected'))
      for (const url of [
        'https://127.0.0.1:1/',
        'https://[::1]/',
        'https://169.254.169.254/',
        'https://localhost/',
      ]) {
        const { token } = await addWebhook(gateway, site, { url })
        await assert.rejects(testWebhook(gateway, webhooks, site, token), failsWith('network_rejected'), url)
        await removeWebhook(gateway, site, token)
      }
      await linkAccount(store, site, 'mute')
      await tell()
      const [failing] = await store.webhooks.list(site)
      assert.equal(failing?.problem?.code, 'network_rejected')
      assert.equal(receiver.received.length, 0)
    })

    test('a redirect is a failure and is not followed', async () => {
      await using house = await openHookHouse(database)
      const { gateway, site, receiver } = house
      const hook = await listen(house)
      receiver.answer = () => ({ status: 302, headers: { location: `${receiver.url}/elsewhere` } })
      assert.deepEqual(await testWebhook(gateway, gateway.webhooks, site, hook.token), { status: 302 })
      assert.deepEqual(typesOf(receiver.received), ['webhook.test'])
    })

    test('addresses that are none, unknown types and too many webhooks are refused by name', async () => {
      await using house = await openHookHouse(database)
      const { gateway, site } = house
      const wrong = [
        '',
        'x',
        'ftp://example.org/',
        'https://',
        'https://a b/',
        'javascript:1',
        'https://[::1',
      ]
      for (const url of [
        ...wrong,
        'https://user:pass@example.org/',
        'http://example.org/',
        `https://example.org/${'a'.repeat(2_048)}`,
      ]) {
        await assert.rejects(addWebhook(gateway, site, { url }), failsWith('invalid_request', 'url'), url)
      }
      const url = 'https://example.org/hook'
      const unknown = addWebhook(gateway, site, { url, events: ['message.published', 'constructor'] })
      await assert.rejects(unknown, failsWith('invalid_request', 'events'))
      await addWebhook(gateway, site, { url, max: 1 })
      await assert.rejects(addWebhook(gateway, site, { url, max: 1 }), failsWith('conflict'))
      for (const act of [removeWebhook, enableWebhook]) {
        await assert.rejects(act(gateway, site, 'wh_nothing'), failsWith('not_found'))
      }
    })

    test('a secret is sealed in the database, and stays right when keys are rotated', async () => {
      await using house = await openHookHouse(database)
      const { gateway, site, store, raw } = house
      const { secret, token } = await addWebhook(gateway, site, { url: 'https://example.org/' })
      assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
      const stored = JSON.stringify(await raw('select * from webhooks'))
      assert(!stored.includes(secret.slice(6, 30)))
      assert(!JSON.stringify(await store.webhooks.list(site)).includes(secret.slice(6, 30)))
      const { addKey, promoteKey } = await import('../src/store/keys.ts')
      promoteKey(house.keysPath, addKey(house.keysPath))
      assert((await store.reseal()) > 0)
      assert.equal((await store.webhooks.find(site, token))?.secret, secret)
      assert.notEqual(JSON.stringify(await raw('select * from webhooks')), stored)
    })
  })
}

test('an endpoint that answers with a long page has heard all the same', async () => {
  const server = createServer((_request, response) => response.end('x'.repeat(1_000_000)))
  const chunked = createServer((_request, response) => {
    response.writeHead(500)
    response.write('x'.repeat(100_000))
    response.end('x'.repeat(900_000))
  })
  const hooks = createHooks({ ...NETWORK_DEFAULTS, allowInsecure: true, allowAddresses: ['127.0.0.1'] })
  try {
    for (const [each, status] of [
      [server, 200],
      [chunked, 500],
    ] as const) {
      await once(each.listen(0, '127.0.0.1'), 'listening')
      const url = `http://127.0.0.1:${(each.address() as AddressInfo).port}/`
      const answer = await hooks.call(url, { headers: {}, body: '{}', timeoutMs: 5_000 })
      assert.equal(answer.status, status)
    }
  } finally {
    await hooks.close()
    for (const each of [server, chunked]) each.close()
  }
})

test('signatures are those of the reference library', () => {
  const secret = newHookSecret()
  const event = { id: 'evt_1', seconds: Math.floor(Date.now() / 1_000), body: '{"type":"ä"}' }
  const headers = signHook(secret, event)
  assert.deepEqual(new Webhook(secret).verify(event.body, headers), { type: 'ä' })
  assert.throws(() => new Webhook(newHookSecret()).verify(event.body, headers))
})

test('webhooks are added, listed, tried and removed over the native API', async () => {
  const receiver = await openReceiver()
  const house = await openHouse({ allowAddresses: ['127.0.0.1'], allowInsecure: true })
  try {
    const url = `${receiver.url}/native`
    const added = await house.ask('/v1/webhooks', { method: 'POST', json: { url, events: ['link.clicked'] } })
    assert.equal(added.status, 200)
    const { id, secret, ...view } = added.body.webhook
    assert.deepEqual([view.url, view.events, view.state], [url, ['link.clicked'], 'active'])
    receiver.secrets.set('/native', secret)
    const listed = await house.ask('/v1/webhooks')
    assert.deepEqual(listed.body.webhooks, [{ id, ...view }])
    const tried = await house.ask(`/v1/webhooks/${id}/test`, { method: 'POST' })
    assert.deepEqual([tried.status, tried.body], [200, { status: 204 }])
    assert.deepEqual(typesOf(receiver.received), ['webhook.test'])
    assert.equal((await house.ask(`/v1/webhooks/${id}/enable`, { method: 'POST' })).status, 200)
    const wrong = await house.ask('/v1/webhooks', { method: 'POST', json: { url: 'nowhere' } })
    assert.deepEqual([wrong.status, wrong.body.error.field], [400, 'url'])
    assert.equal((await house.ask('/v1/webhooks', { method: 'POST', json: { url: 7 } })).status, 400)
    assert.equal((await house.ask(`/v1/webhooks/${id}`, { method: 'DELETE' })).status, 200)
    assert.equal((await house.ask(`/v1/webhooks/${id}`, { method: 'DELETE' })).status, 404)
    assert.doesNotMatch(JSON.stringify(house.logged), /whsec_/)
  } finally {
    await house.close()
    await receiver.close()
  }
})

test('webhooks are added, listed, tried and removed on the command line', async (t) => {
  const receiver = await openReceiver()
  t.after(() => receiver.close())
  const settings = {
    KITH_DATABASE_URL: join(openFolder(t), 'kith.db'),
    KITH_ALLOW_ADDRESSES: '127.0.0.1',
    KITH_ALLOW_INSECURE: 'true',
  }
  await kith(t, ['site', 'create', 'Shop'], settings)
  const hook = (...args: readonly string[]) => kith(t, ['webhook', ...args], settings)
  const added = await hook('add', 'shop', `${receiver.url}/cli`, '--events', 'link.clicked, user.deleted')
  assert.equal(added.code, 0, added.err)
  const { id, secret } = JSON.parse(added.out)
  receiver.secrets.set('/cli', secret)
  const tried = await hook('test', 'shop', id)
  assert.deepEqual(JSON.parse(tried.out), { status: 204 })
  const [listed] = JSON.parse((await hook('list', 'shop')).out)
  assert.deepEqual([listed.id, listed.events, listed.state], [id, ['link.clicked', 'user.deleted'], 'active'])
  assert.equal((await hook('enable', 'shop', id)).code, 0)
  assert.equal((await hook('remove', 'shop', id)).code, 0)
  assert.deepEqual([(await hook('test', 'shop', id)).code, (await hook('add', 'shop')).code], [1, 2])
})
