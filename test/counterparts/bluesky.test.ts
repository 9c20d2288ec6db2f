import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readContacts } from '../../src/core/contacts.ts'
import { importIdentity } from '../../src/core/identities.ts'
import { lookFor } from '../../src/core/lookup.ts'
import type { Identity, Tokens } from '../../src/core/model.ts'
import { parseContacts } from '../../src/core/portable.ts'
import { publishMessage } from '../../src/core/sharing.ts'
import { removeMessage } from '../../src/core/sharing-again.ts'
import type { Linked } from '../../src/core/store.ts'
import {
  type Atproto,
  type AtprotoAccount,
  type AtprotoPerson,
  type AtprotoSession,
  missingForAtproto,
  openAtproto,
} from '../support/atproto.ts'
import { describeCounterpart } from '../support/counterparts.ts'
import { databases } from '../support/databases.ts'
import { type House, openHouse } from '../support/house.ts'
import { plain } from '../support/pictures.ts'

const LOOPBACK = { allowAddresses: ['localhost'], allowInsecure: true }

describeCounterpart('Bluesky, as the AT Protocol’s own software speaks it', missingForAtproto(), () => {
  const closing: (() => Promise<void>)[] = []
  let network: Atproto
  let house: House

  before(async () => {
    const postgres = databases.find(({ name }) => name === 'postgres')
    assert(postgres)
    const database = await postgres.open()
    closing.unshift(database.close)
    network = await openAtproto(database.url)
    closing.unshift(network.close)
    house = await openHouse(LOOPBACK)
    closing.unshift(house.close)
  })
  after(async () => {
    for (const close of closing) await close()
  })

  test('the contacts of both lists are read over all pages and joined by DID', async () => {
    const { user, identity } = await link(house, await passwordTokens(network.reader))
    assert.equal(identity.subject, network.reader.did)
    assert.equal(identity.profile.username, network.reader.handle)

    const { lists } = await readContacts(house.gateway, house.site, user.token)
    const [list] = lists
    assert.deepEqual(list?.problem, undefined)
    assert.equal(list?.count, 165)
    assert.equal(list.isTruncated, false)
    assert.equal(list.fromCache, false)
    assert.deepEqual(byId(parseContacts(list.contacts)), byId(expectedContacts(network)))
  })

  test('a second read is answered from the cache with the same bytes', async () => {
    const { user } = await link(house, await passwordTokens(network.reader))
    const first = await onlyList(house, user, { fresh: true })
    const second = await onlyList(house, user)
    assert.equal(second.fromCache, true)
    assert.deepEqual(Buffer.from(second.contacts), Buffer.from(first.contacts))
    assert.equal(second.updatedAt, first.updatedAt)
  })

  test('who knows nobody has an empty list, not a failure', async () => {
    const { user } = await link(house, await passwordTokens(network.hermit))
    const list = await onlyList(house, user)
    assert.equal(list.problem, undefined)
    assert.equal(Buffer.from(list.contacts).toString(), '[]')
  })

  test('a list longer than the bound is cut and says so', async () => {
    const small = await openHouse({ ...LOOPBACK, bounds: { contactsPerIdentity: 150 } })
    try {
      const { user } = await link(small, await passwordTokens(network.reader))
      const list = await onlyList(small, user)
      assert.equal(list.count, 150)
      assert.equal(list.isTruncated, true)
    } finally {
      await small.close()
    }
  })

  test('a session past its end is renewed in passing, and the new pair is kept', async () => {
    const tokens = await passwordTokens(network.reader)
    const { user, identity } = await link(house, tokens)
    await replaceTokens(identity, { ...tokens, accessToken: network.expired(tokens.accessToken) })

    const list = await onlyList(house, user, { fresh: true })
    assert.equal(list.problem, undefined)
    assert.equal(list.count, 165)
    const kept = await house.store.tokens.of(identity)
    assert.notEqual(kept?.tokens.accessToken, network.expired(tokens.accessToken))
    assert.notEqual(kept?.tokens.refreshToken, tokens.refreshToken)
  })

  test('a session that its owner has ended must be linked again, and is not asked about twice', async () => {
    const tokens = await passwordTokens(network.reader)
    const { user, identity } = await link(house, tokens)
    await replaceTokens(identity, { ...tokens, accessToken: network.expired(tokens.accessToken) })
    await ask('com.atproto.server.deleteSession', { token: tokens.refreshToken, method: 'POST' })

    const refused = await onlyList(house, user, { fresh: true })
    assert.equal(refused.problem?.code, 'relink_required')
    assert.equal(refused.count, 0)
    const asked = house.logged.length
    const { status, body } = await house.ask(`/users/${user.token}/contacts.json`)
    assert.equal(status, 400)
    const [{ status: result, contacts }] = body.response.result.data.results
    assert.deepEqual([result.code, contacts], [401, []])
    assert.deepEqual(
      house.logged.slice(asked).filter(({ message }) => message === 'network asked'),
      [],
    )

    await link(house, await passwordTokens(network.reader))
    assert.equal((await onlyList(house, user, { fresh: true })).problem, undefined)
  })

  for (const [algorithm, pick] of [
    ['ES256', () => network.oauth.es256],
    // What the network's own client for Node prefers.
    ['ES256K', () => network.oauth.es256k],
  ] as const) {
    test(`OAuth tokens bound to an ${algorithm} key read contacts, by the server’s nonces`, async () => {
      const session = pick()
      const unproven = await fetch(`${network.server}/xrpc/com.atproto.server.getSession`, {
        headers: { authorization: `DPoP ${session.accessToken}` },
      })
      assert.equal(unproven.status, 401, 'without a proof the token is worth nothing')
      assert.ok(unproven.headers.get('dpop-nonce'))

      const { user, identity } = await link(house, toTokens(session))
      assert.equal(identity.subject, network.reader.did)
      const list = await onlyList(house, user, { fresh: true })
      assert.equal(list.problem, undefined)
      assert.deepEqual(byId(parseContacts(list.contacts)), byId(expectedContacts(network)))
    })
  }

  test('tokens bound to a key that is none are refused at the import, with the reason', async () => {
    const tokens = toTokens(network.oauth.es256)
    await assert.rejects(link(house, { ...tokens, dpopKey: { ...tokens.dpopKey, crv: 'P-521' } }), {
      code: 'relink_required',
      message: /key/,
    })
  })

  test('OAuth tokens near their end are renewed with their key; revoked ones must be linked again', async () => {
    const session = network.oauth.es256
    await house.store.apps.save(house.site, 'bluesky', { clientId: session.clientId }, network.server)
    const { user, identity } = await link(house, toTokens(session))
    await replaceTokens(identity, { ...toTokens(session), expiresAt: Date.now() - 1_000 })

    assert.equal((await onlyList(house, user, { fresh: true })).count, 165)
    const renewed = (await house.store.tokens.of(identity))?.tokens
    assert(renewed?.refreshToken)
    assert.notEqual(renewed.accessToken, session.accessToken)
    assert.notEqual(renewed.refreshToken, session.refreshToken)
    assert.deepEqual(renewed.dpopKey, session.dpopKey)

    await network.revoke({ ...session, refreshToken: renewed.refreshToken })
    await replaceTokens(identity, { ...renewed, expiresAt: Date.now() - 1_000 })
    const refused = await onlyList(house, user, { fresh: true })
    assert.equal(refused.problem?.code, 'relink_required')
  })

  test('words with a mention and described pictures are posted, found again, written once, and taken back', async () => {
    const { gateway, site } = house
    const { identity } = await link(house, toTokens(network.oauth.es256k))
    const picture = await plain(640, 480).png().toBuffer()
    const inputs = ['Eine „blaue“ Fläche', undefined].map((alt) => ({
      base64: picture.toString('base64'),
      alt,
    }))
    const media = await gateway.media.take(site, inputs)
    const text = `Grüße @${network.hermit.handle} 👩‍🚀 #tag https://example.com/a?b=c`
    const wish = { message: { text, media }, target: { identity: identity.token } }
    const shared = await publishMessage(gateway, site, wish)
    const [publication] = shared.publications
    assert.deepEqual([publication?.state, publication?.problem], ['published', undefined])
    const { post, key } = publication ?? {}
    assert(post && key)
    assert.equal(post.id, `at://${network.reader.did}/app.bsky.feed.post/${key}`)

    const query = new URLSearchParams({
      repo: network.reader.did,
      collection: 'app.bsky.feed.post',
      rkey: key,
    })
    const address = `${network.server}/xrpc/com.atproto.repo.getRecord?${query}`
    const { value, cid } = Object(await (await fetch(address)).json())
    assert.equal(value.text, text)
    assert.deepEqual(
      value.facets.map(({ features: [feature] }: { features: { $type: string; did?: string }[] }) => [
        feature?.$type.split('#')[1],
        feature?.did,
      ]),
      [
        ['mention', network.hermit.did],
        ['tag', undefined],
        ['link', undefined],
      ],
    )
    const { images } = value.embed
    assert.deepEqual(
      images.map(({ alt, aspectRatio }: { alt: string; aspectRatio: object }) => [alt, aspectRatio]),
      [
        ['Eine „blaue“ Fläche', { width: 640, height: 480 }],
        ['', { width: 640, height: 480 }],
      ],
    )

    const { publish } = gateway.providers.get('bluesky') ?? {}
    assert(publish?.recent)
    const wanted = { text, marks: [], since: Date.now() - 60_000, pagesMax: 3 }
    const { posts } = await lookFor(publish.recent, gateway.open(identity), wanted)
    assert.deepEqual(
      posts.map(({ id }) => id),
      [post.id],
    )

    // The same once more, as after a lost answer: nothing changes.
    const json = { repo: network.reader.did, collection: 'app.bsky.feed.post', rkey: key, record: value }
    const write = (name: string) =>
      gateway.open(identity).fetch({ method: 'POST', path: `/com.atproto.repo.${name}`, json })
    const { body } = await write('putRecord')
    assert.deepEqual([Object(body).cid, Object(body).commit], [cid, undefined])
    // What the sandbox pretends too.
    await assert.rejects(write('createRecord'), { code: 'network_unavailable' })

    const { removals } = await removeMessage(gateway, site, shared.token, { remote: true })
    assert.deepEqual(removals[0]?.problem, undefined)
    assert.equal((await fetch(address)).status, 400)
    await gateway.providers.get('bluesky')?.remove?.(post, gateway.open(identity))
  })

  test('a link becomes a card', async () => {
    const { gateway, site } = house
    const { identity } = await link(house, await passwordTokens(network.reader))
    const target = { identity: identity.token }
    const url = 'https://example.com/page'
    const carded = await publishMessage(gateway, site, {
      message: { text: 'Look', media: [], link: { url, name: 'A page', description: 'What it is about.' } },
      target,
    })
    assert.equal(carded.publications[0]?.state, 'published')
    const latest = async () => {
      const query = new URLSearchParams({
        repo: identity.subject,
        collection: 'app.bsky.feed.post',
        limit: '1',
      })
      const answer = await fetch(`${network.server}/xrpc/com.atproto.repo.listRecords?${query}`)
      return Object(await answer.json()).records[0].value
    }
    const { embed } = await latest()
    assert.deepEqual(embed, {
      $type: 'app.bsky.embed.external',
      external: { uri: url, title: 'A page', description: 'What it is about.' },
    })
  })

  test('no token stands in the log', () => {
    const text = JSON.stringify(house.logged)
    for (const { accessToken, refreshToken, dpopKey } of Object.values(network.oauth)) {
      for (const secret of [accessToken, refreshToken, String(dpopKey.d)]) assert(!text.includes(secret))
    }
  })

  function link({ gateway, site }: House, tokens: Tokens): Promise<Linked> {
    return importIdentity(gateway, site, { provider: 'bluesky', server: network.server, tokens })
  }

  function replaceTokens(identity: Identity, tokens: Tokens): Promise<void> {
    return house.store.tokens.replace(identity, tokens)
  }

  async function passwordTokens({ handle, password }: AtprotoAccount): Promise<Tokens> {
    const json = { identifier: handle, password }
    const session = await ask('com.atproto.server.createSession', { method: 'POST', json })
    return { accessToken: session.accessJwt ?? '', refreshToken: session.refreshJwt }
  }

  async function ask(
    name: string,
    { method, token, json }: { method?: string; token?: string; json?: object },
  ): Promise<Readonly<Record<string, string>>> {
    const answer = await fetch(`${network.server}/xrpc/${name}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(json ? { 'content-type': 'application/json' } : {}),
      },
      body: json && JSON.stringify(json),
    })
    assert.equal(answer.status, 200)
    const text = await answer.text()
    return text ? JSON.parse(text) : {}
  }
})

async function onlyList({ gateway, site }: House, user: { token: string }, options?: { fresh?: boolean }) {
  const { lists } = await readContacts(gateway, site, user.token, options)
  assert.equal(lists.length, 1)
  return lists[0]!
}

function toTokens({ accessToken, refreshToken, expiresAt, dpopKey }: AtprotoSession): Tokens {
  return { accessToken, refreshToken, expiresAt, dpopKey }
}

function expectedContacts({ following, followers }: Atproto) {
  const people = new Map([...following, ...followers].map((person) => [person.did, person]))
  const has = (list: readonly AtprotoPerson[], did: string) => list.some((person) => person.did === did)
  return [...people.values()].map(({ did, handle, displayName, about }) => {
    const flags = [
      has(followers, did) ? 'follows_this_user' : '',
      has(following, did) ? 'followed_by_this_user' : '',
    ]
    return {
      name: { formatted: displayName ?? handle },
      preferredUsername: handle,
      profileUrl: `https://bsky.app/profile/${handle}`,
      ...(about ? { aboutMe: about } : {}),
      provider_properties: { id: did, flags: flags.filter(Boolean).join(',') },
    }
  })
}

function byId<T extends { readonly provider_properties: { readonly id: string } }>(
  contacts: readonly T[],
): T[] {
  return contacts.toSorted((one, other) =>
    one.provider_properties.id < other.provider_properties.id ? -1 : 1,
  )
}
