import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readContacts } from '../../src/core/contacts.ts'
import { importIdentity, synchronizeIdentity } from '../../src/core/identities.ts'
import { parseContacts } from '../../src/core/portable.ts'
import { describeCounterpart } from '../support/counterparts.ts'
import { type House, openHouse } from '../support/house.ts'
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
