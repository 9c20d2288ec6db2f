import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sharp from 'sharp'
import { readContacts } from '../../src/core/contacts.ts'
import { importIdentity, synchronizeIdentity } from '../../src/core/identities.ts'
import { lookFor } from '../../src/core/lookup.ts'
import { parseContacts } from '../../src/core/portable.ts'
import { publishMessage } from '../../src/core/sharing.ts'
import { removeMessage } from '../../src/core/sharing-again.ts'
import { describeCounterpart } from '../support/counterparts.ts'
import { type House, openHouse } from '../support/house.ts'
import { plain } from '../support/pictures.ts'
import { missingForSnac, openSnac, type Snac } from '../support/snac.ts'

describeCounterpart('Mastodon’s API, as snac2 speaks it', missingForSnac(), () => {
  const closing: (() => Promise<void>)[] = []
  let snac: Snac
  let house: House

  before(async () => {
    snac = await openSnac()
    closing.unshift(snac.close)
    house = await openHouse({ allowAddresses: ['localhost'], allowInsecure: true })
    closing.unshift(house.close)
  })
  after(async () => {
    for (const close of closing) await close()
  })

  test('everybody the account follows is read; a server that hides the followers hides them', async () => {
    const { user, identity } = await link(await snac.signIn())
    assert.equal(identity.profile.username, 'alice')
    assert.equal(identity.profile.profileUrl, `${snac.server}/alice`)

    const list = await onlyList(user)
    assert.deepEqual(list.problem, undefined)
    assert.equal(list.fromCache, false)
    const contacts = parseContacts(list.contacts)
    const found = contacts.map(({ preferredUsername, profileUrl, provider_properties: { flags } }) => {
      return { preferredUsername, profileUrl, flags }
    })
    const { host } = new URL(snac.server)
    const expected = snac.following.map(({ username, profileUrl }) => {
      return { preferredUsername: `${username}@${host}`, profileUrl, flags: 'followed_by_this_user' }
    })
    assert.deepEqual(new Set(found), new Set(expected))
    assert.equal(found.length, expected.length)
    const ids = new Set(contacts.map(({ provider_properties: { id } }) => id))
    assert.equal(ids.size, expected.length)
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/)
  })

  test('names stay as they are written, and what people say of themselves becomes plain text', async () => {
    const { user } = await link(await snac.signIn())
    const { contacts } = await onlyList(user)
    const bob = parseContacts(contacts).find(({ profileUrl }) => profileUrl === `${snac.server}/bob`)
    assert.equal(bob?.name.formatted, 'Bob & Söhne 🦋')
    assert.equal(bob.aboutMe, 'First line\n\nsecond line')
    assert.match(bob.thumbnailUrl ?? '', /^http:\/\/localhost:\d+\/\w+\.png$/)
  })

  test('a second read is answered from the cache with the same bytes', async () => {
    const { user } = await link(await snac.signIn())
    const first = await onlyList(user, { fresh: true })
    const second = await onlyList(user)
    assert.equal(second.fromCache, true)
    assert.deepEqual(Buffer.from(second.contacts), Buffer.from(first.contacts))
  })

  test('a revoked token, which this server refuses with 422, must be linked again', async () => {
    const session = await snac.signIn()
    const { identity } = await link(session)
    await snac.revoke(session)
    const options = { updateProfile: true, forceTokenUpdate: false }
    await assert.rejects(synchronizeIdentity(house.gateway, house.site, identity.token, options), {
      code: 'relink_required',
    })
    await assert.rejects(link(session), { code: 'relink_required' })
  })

  test('the server says what it takes and what it runs, which is not Mastodon', async () => {
    const { identity } = await link(await snac.signIn())
    assert.equal(identity.software, 'snac')
    assert((identity.publishLimits?.text ?? 0) >= 500)
  })

  test('words and a described picture are posted, and found again by their words', async () => {
    const { gateway, site } = house
    const { accessToken } = await snac.signIn()
    const { identity } = await link({ accessToken })
    const picture = await plain(640, 480).png().toBuffer()
    const input = { base64: picture.toString('base64'), alt: 'Eine „blaue“ Fläche' }
    const media = await gateway.media.take(site, [input])
    const text = 'Grüße & Ahoj 👩‍🚀\n\nhttps://example.com/a?b=c&d=e'
    const shared = await publishMessage(gateway, site, {
      message: { text, media },
      target: { identity: identity.token },
    })
    const [publication] = shared.publications
    assert.deepEqual([publication?.state, publication?.problem], ['published', undefined])
    const { post } = publication ?? {}
    assert(post)

    const headers = { authorization: `Bearer ${accessToken}` }
    const address = `${snac.server}/api/v1/statuses/${post.id}`
    const status = Object(await (await fetch(address, { headers })).json())
    assert.match(status.content, /^Grüße & Ahoj 👩‍🚀<br><br><a href="https:\/\/example.com\/a\?b=c&d=e"/)
    assert.equal(status.media_attachments.length, 1)
    const [{ url, description }] = status.media_attachments
    assert.equal(description, 'Eine „blaue“ Fläche')
    const shown = await (await fetch(url)).arrayBuffer()
    assert.equal((await sharp(Buffer.from(shown)).metadata()).width, 640)

    const recent = gateway.providers.get('mastodon')?.publish?.recent
    assert(recent)
    const wanted = { text, marks: [], since: Date.now() - 60_000, pagesMax: 3 }
    const { posts } = await lookFor(recent, gateway.open(identity), wanted)
    assert.deepEqual(
      posts.map(({ id }) => id),
      [post.id],
    )

    const { removals } = await removeMessage(gateway, site, shared.token, { remote: true })
    // This server cannot; what is still there is not called gone.
    assert.equal(removals[0]?.problem?.code, 'unsupported')
    assert.equal((await fetch(address, { headers })).status, 200)
  })

  function link({ accessToken }: { accessToken: string }) {
    const account = { provider: 'mastodon', server: snac.server, tokens: { accessToken } }
    return importIdentity(house.gateway, house.site, account)
  }

  async function onlyList(user: { token: string }, options?: { fresh?: boolean }) {
    const { lists } = await readContacts(house.gateway, house.site, user.token, options)
    assert.equal(lists.length, 1)
    return lists[0]!
  }
})
