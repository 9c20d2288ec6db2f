import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { databases } from './support/databases.ts'
import { openStoreHouse } from './support/stores.ts'

const LIMITS = { text: 5_000, unit: 'graphemes', link: 23, images: 4 } as const

for (const database of databases) {
  describe(`identities as places to post to, on ${database.name}`, () => {
    test('what is known of a place is kept, also when a login says nothing of it, until something else is said', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const account = {
        provider: 'one',
        server: 'https://home.example',
        subject: '1',
        profile: { subject: '1' },
        tokens: { accessToken: 'a' },
      }
      const plain = await store.identities.link(site, account)
      assert.deepEqual([plain.identity.target, plain.identity.software], [undefined, undefined])

      const posting = { publishLimits: LIMITS, software: 'mastodon' }
      await store.identities.link(site, { ...account, posting })
      const again = await store.identities.link(site, account)
      assert.deepEqual([again.identity.publishLimits, again.identity.software], [LIMITS, 'mastodon'])
      assert.deepEqual(await store.identities.find(site, again.identity.token), again.identity)

      const named = { subject: '1', displayName: 'Ada' }
      assert.equal((await store.identities.saveProfile(again.identity, named)).software, 'mastodon')
      const said = await store.identities.saveProfile(again.identity, named, {
        software: 'snac',
        target: 'page',
      })
      assert.deepEqual(
        [said.software, said.target, said.publishLimits, said.profile.displayName],
        ['snac', 'page', undefined, 'Ada'],
      )
      const [listed] = await store.identities.ofUser(again.user)
      assert.deepEqual(listed, said)
    })
  })
}
