import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readContacts } from '../src/core/contacts.ts'
import { importIdentity } from '../src/core/identities.ts'
import { parseContacts } from '../src/core/portable.ts'
import { databases } from './support/databases.ts'
import { openHouse } from './support/house.ts'

const CONTACTS = 230
const HOSTS = {
  twitter: 'api.x.com',
  facebook: 'graph.facebook.com',
  mastodon: 'mastodon.example',
  pixelfed: 'pixelfed.example',
  bluesky: 'bsky.social',
  github: 'api.github.com',
} as const

for (const kind of databases) {
  describe(`a whole house on ${kind.name}`, () => {
    test('reads every network of the sandbox at once, then answers from the cache', async () => {
      const database = await kind.open()
      const house = await openHouse({ database: database.url, sandbox: true })
      try {
        const { gateway, site, sandbox } = house
        assert(sandbox)
        let userToken: string | undefined
        for (const [provider, host] of Object.entries(HOSTS)) {
          const { accessToken, refreshToken, subject, server } = sandbox.grant(host, { contacts: CONTACTS })
          const tokens = { accessToken, refreshToken }
          const account = { provider, server, tokens, userToken }
          const { user, identity } = await importIdentity(gateway, site, account)
          assert.equal(identity.subject, subject)
          userToken = user.token
        }
        assert(userToken)
        const { lists } = await readContacts(gateway, site, userToken)
        assert.deepEqual(
          lists.map(({ identity }) => identity.provider),
          Object.keys(HOSTS),
        )
        for (const { identity, problem, contacts, count } of lists) {
          assert.equal(problem, undefined, identity.provider)
          assert.ok(count >= CONTACTS, `${identity.provider}: ${count}`)
          assert.equal(parseContacts(contacts).length, count)
        }
        const asked = sandbox.requests()
        const again = await readContacts(gateway, site, userToken)
        assert.equal(sandbox.requests(), asked)
        for (const { fromCache, identity } of again.lists) assert.equal(fromCache, true, identity.provider)
      } finally {
        await house.close()
        await database.close()
      }
    })
  })
}
