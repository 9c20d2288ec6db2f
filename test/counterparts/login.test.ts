// Logins at the networks' own software: a person at the real sign-in and consent pages.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Gateway } from '../../src/core/gateway.ts'
import type { Provider } from '../../src/core/provider.ts'
import { createNetworks } from '../../src/network/networks.ts'
import { NETWORK_DEFAULTS } from '../../src/network/options.ts'
import { bluesky } from '../../src/providers/bluesky.ts'
import { type Atproto, missingForAtproto, openAtproto } from '../support/atproto.ts'
import { describeCounterpart, ROOT } from '../support/counterparts.ts'
import { databases } from '../support/databases.ts'
import { type House, openHouse } from '../support/house.ts'
import { direct, formOf, frontOf, openVisitor, type Shown, setUp } from '../support/login.ts'
import { missingForSnac, openSnac, type Snac } from '../support/snac.ts'

type Approve = (
  page: string,
  who: { readonly username: string; readonly password: string; readonly refuses?: boolean },
) => Promise<URL>

describeCounterpart('A login at the AT Protocol’s own home server', missingForAtproto(), () => {
  const closing: (() => Promise<void>)[] = []
  let network: Atproto
  let house: House
  let gateway: Gateway
  let approve: Approve

  before(async () => {
    const postgres = databases.find(({ name }) => name === 'postgres')
    assert(postgres)
    const database = await postgres.open()
    closing.unshift(database.close)
    network = await openAtproto(database.url)
    closing.unshift(network.close)
    house = await openHouse()
    closing.unshift(house.close)
    await setUp(house)
    const there: Provider = {
      ...bluesky,
      server: { ...bluesky.server, default: network.server },
      auth: { ...bluesky.auth, directoryUrl: network.directory },
    }
    const providers = new Map([...house.gateway.providers, [there.id, there]])
    const { store, log, meter } = house.gateway
    const options = { ...NETWORK_DEFAULTS, allowInsecure: true, allowAddresses: ['localhost', '127.0.0.1'] }
    const networks = createNetworks({ store, providers, options, log, meter })
    closing.unshift(networks.close)
    const { open, openUnlinked, renewTokens, consents } = networks
    gateway = {
      ...house.gateway,
      providers,
      open,
      openUnlinked,
      renewTokens,
      consents,
      publicUrl: 'http://localhost:4999',
    }
    const module: { approve: Approve } = await import(
      pathToFileURL(`${ROOT}/test/counterparts/atproto/approve.mjs`).href
    )
    approve = module.approve
  })
  after(async () => {
    for (const close of closing) await close()
  })

  /** Goes to the home server as a browser would, answers there, and comes back to us. */
  async function logIn(
    typed: string,
    who: { username: string; password: string; refuses?: boolean },
  ): Promise<Shown> {
    const visitor = openVisitor(frontOf(gateway), Date.now, ['127.0.0.1:4999', 'localhost:4999'])
    const asked = await visitor.begin(direct('bluesky', { login_data: typed }))
    const back = await approve(asked.href, who)
    return visitor.visit(back.href)
  }

  async function resultOf(shown: Shown) {
    const { fields } = formOf(shown)
    const { body } = await house.ask(`/connections/${fields.connection_token}.json`)
    return body.response.result.data
  }

  test('finds the account by its handle, and has access that lasts', async () => {
    const { handle, password, did } = network.reader
    const data = await resultOf(await logIn(handle, { username: handle, password }))
    assert.equal(data.plugin.data.reason, 'user_authenticated')
    const identity = await house.store.identities.find(house.site, data.user.identity.identity_token)
    assert.ok(identity)
    assert.deepEqual([identity.subject, identity.server], [did, network.server])
    await gateway.renewTokens(identity, { force: true })
    const held = await house.store.tokens.of(identity)
    assert.ok(held?.tokens.dpopKey)
    const { status } = await gateway.open(identity).fetch({ path: '/com.atproto.server.getSession' })
    assert.equal(status, 200)
    const { site } = house
    const { provider, server } = identity
    assert.equal(await gateway.consents.revoke({ site, provider, server, tokens: held.tokens }), true)
  })

  test('is told that the person does not want to', async () => {
    const { handle, password } = network.reader
    const data = await resultOf(await logIn(handle, { username: handle, password, refuses: true }))
    assert.deepEqual([data.plugin.data.reason, data.user], ['access_was_denied', undefined])
  })

  test('takes no other account than the one that was named', async () => {
    const { handle, password } = network.hermit
    const data = await resultOf(await logIn(network.reader.handle, { username: handle, password }))
    assert.deepEqual(
      [data.plugin.data.reason, data.user],
      ['provider_answered_for_another_account', undefined],
    )
  })
})

describeCounterpart('A login at a server that speaks Mastodon’s API', missingForSnac(), () => {
  let snac: Snac
  let house: House

  before(async () => {
    snac = await openSnac()
    house = await openHouse({ allowAddresses: ['localhost'], allowInsecure: true })
    await setUp(house)
  })
  after(async () => {
    await house.close()
    await snac.close()
  })

  test('registers there, comes back as somebody, and is forgotten there when unlinked', async () => {
    const visitor = openVisitor(frontOf(house.gateway))
    const asked = await visitor.begin(direct('mastodon', { login_data: snac.server }))
    assert.equal(asked.origin, snac.server)
    const shown = await visitor.visit(await snac.agree(asked.href))
    const { body } = await house.ask(`/connections/${formOf(shown).fields.connection_token}.json`)
    const { data } = body.response.result
    assert.equal(data.plugin.data.reason, 'user_authenticated')
    const identity = await house.store.identities.find(house.site, data.user.identity.identity_token)
    assert.ok(identity)
    assert.deepEqual([identity.profile.username, identity.server], ['alice', snac.server])
    const { tokens } = (await house.store.tokens.of(identity)) ?? assert.fail('there are no tokens')
    const path = `/identities/${identity.token}.json?confirm_deletion=true`
    assert.equal((await house.ask(path, { method: 'DELETE' })).status, 200)
    const asAlice = { headers: { authorization: `Bearer ${tokens.accessToken}` } }
    const after = await fetch(`${snac.server}/api/v1/accounts/verify_credentials`, asAlice)
    assert.equal(after.ok, false)
  })
})
