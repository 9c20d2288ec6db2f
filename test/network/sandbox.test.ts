import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Tokens } from '../../src/core/model.ts'
import { createNetworks, type Networks } from '../../src/network/networks.ts'
import { NETWORK_DEFAULTS } from '../../src/network/options.ts'
import { providersById } from '../../src/providers/index.ts'
import type { Grant, GrantOptions } from '../../src/sandbox/grants.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { createMemoryStore, identityAt, type MemoryStore } from './support.ts'

// The shipped providers, each with the way its network renews access.
const NO_METER = { count: () => {}, seconds: () => {}, gauge: () => {} }
const NO_LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

let sandbox: Sandbox

before(async () => {
  sandbox = await openSandbox()
})
after(() => sandbox.close())
beforeEach(() => sandbox.reset())

interface Linked {
  readonly grant: Grant
  readonly store: MemoryStore
  readonly networks: Networks
  /** The account's own profile, as the provider reads it. */
  readProfile(): Promise<{ readonly subject: string }>
}

function link(provider: string, host: string, options: GrantOptions): Linked {
  const { clientId, clientSecret } = sandbox.app(host, { isPartner: true })
  const grant = sandbox.grant(host, { ...options, clientId })
  const { accessToken, refreshToken, tokenSecret, dpopKey, expiresAt } = grant
  const tokens: Tokens = { accessToken, refreshToken, secret: tokenSecret, dpopKey, expiresAt }
  const store = createMemoryStore(tokens)
  store.app = { clientId, clientSecret }
  const networks = createNetworks({
    store,
    providers: providersById,
    options: { ...NETWORK_DEFAULTS, sandbox: sandbox.url },
    log: NO_LOG,
    meter: NO_METER,
  })
  const { profile } = providersById.get(provider)!
  const server = providersById.get(provider)!.server && grant.server
  const identity = identityAt({ provider, server, subject: grant.subject })
  return {
    grant,
    store,
    networks,
    async readProfile() {
      return profile!.parse(await networks.open(identity).fetch(profile!.request(identity)))
    },
  }
}

describe('access that has ended is renewed as each network wants it', () => {
  const CASES: readonly (readonly [name: string, provider: string, host: string, options: GrantOptions])[] = [
    ['X, client in the header', 'twitter', 'api.x.com', { refresh: true }],
    ['LinkedIn, client in the form', 'linkedin', 'api.linkedin.com', { refresh: true }],
    ['Bluesky, a password session', 'bluesky', 'bsky.social', {}],
    ['Bluesky, bound to a key', 'bluesky', 'bsky.social', { dpop: true }],
  ]
  for (const [name, provider, host, options] of CASES) {
    for (const isKnown of [true, false]) {
      test(`${name}; the end was ${isKnown ? 'known' : 'not known'}`, async (t) => {
        const linked = link(provider, host, { ...options, expiresInSeconds: -1 })
        t.after(() => linked.networks.close())
        const { store, grant } = linked
        if (!isKnown) {
          const row = store.rows.get(7)!
          row.tokens = { ...row.tokens, expiresAt: undefined }
        }
        assert.equal((await linked.readProfile()).subject, grant.subject)
        const row = store.rows.get(7)!
        assert.equal(row.version, 2)
        assert.notEqual(row.tokens.accessToken, grant.accessToken)
        assert.notEqual(row.tokens.refreshToken, grant.refreshToken)
        assert.ok(row.tokens.expiresAt! > Date.now() + 60_000)
        assert.equal((await linked.readProfile()).subject, grant.subject)
      })
    }
  }
})

test('access that never ends is used as it is', async (t) => {
  for (const [provider, host] of [
    ['github', 'api.github.com'],
    ['mastodon', 'mastodon.example'],
    ['pixelfed', 'pixelfed.example'],
    ['facebook', 'graph.facebook.com'],
  ] as const) {
    const linked = link(provider, host, {})
    t.after(() => linked.networks.close())
    assert.equal((await linked.readProfile()).subject, linked.grant.subject, provider)
    assert.equal(linked.store.rows.get(7)?.version, 1)
    sandbox.revoke(host, linked.grant.account)
    await assert.rejects(linked.readProfile(), { code: 'relink_required' }, provider)
  }
})

test('a lost answer of the token endpoint does not make X end the whole grant', async (t) => {
  const { grant, store, networks, readProfile } = link('twitter', 'api.x.com', {
    refresh: true,
    expiresInSeconds: -1,
  })
  t.after(() => networks.close())
  sandbox.dial('api.x.com', { path: '/2/oauth2/token', dropRate: 1 })
  await assert.rejects(readProfile(), { code: 'network_silent' })
  await assert.rejects(readProfile(), { code: 'network_silent' })
  assert.equal(sandbox.requests({ host: 'api.x.com', path: '/2/oauth2/token' }), 1)
  assert.equal(store.rows.get(7)?.tokens.refreshToken, grant.refreshToken)
})
