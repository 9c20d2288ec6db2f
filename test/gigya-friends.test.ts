// socialize.getFriendsInfo and getContacts on the wire. On both databases.

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import { addFriends, deleteFriends } from '../src/core/graph.ts'
import type { Contact, User } from '../src/core/model.ts'
import { importAccounts } from '../src/core/profiles.ts'
import type { Provider } from '../src/core/provider.ts'
import { capabilitiesOf, findNetwork, networkName } from '../src/dialects/gigya/networks.ts'
import { providers, providersById } from '../src/providers/index.ts'
import { databases } from './support/databases.ts'
import { type FriendsHouse, openFriendsHouse, SECRET } from './support/friends.ts'

const ANA: Contact = {
  id: '109302',
  displayName: 'Ana <é&{"🐘',
  username: 'ana',
  profileUrl: 'https://twitter.example/ana',
  thumbnailUrl: 'https://img.example/ana.png',
  about: 'Writes.',
}

async function setUid(house: FriendsHouse, user: User, uid: string): Promise<void> {
  await house.stores.raw('update users set uid = $1 where id = $2', uid, user.id)
  await house.stores.raw('update sites set linked_version = linked_version + 1')
}

/** Ada with a friend on X who is nobody here, and one who is on both networks and a user of the site. */
async function openWithAda(database: (typeof databases)[number]) {
  const house = await openFriendsHouse(database)
  const { user: bo } = await house.login('twitter', 'bo')
  await house.login('facebook', 'bo2', { to: bo })
  await setUid(house, bo, 'site-77')
  const following = [ANA, { id: 'bo', displayName: 'Bo' }]
  const { user: ada } = await house.login('twitter', 'ada', { following })
  const bo2 = {
    id: 'bo2',
    displayName: 'Bo Two',
    thumbnailUrl: 'https://img.example/bo.png',
    emails: ['bo@example.com'],
  }
  await house.login('facebook', 'ada2', { to: ada, following: [bo2] })
  await setUid(house, ada, 'site-42')
  return house
}

const codeOf = ({ json }: { json: { errorCode: number } }) => json.errorCode

describe('names of networks', () => {
  const names =
    'facebook twitter yahoo messenger linkedin myspace orkut foursquare renren kaixin vkontakte mixi yahoo-japan skyrock google'
  const gateway = { providers: providersById }

  test('that the documentation has are all known, in any case, and called so in answers', () => {
    for (const name of names.split(' ')) {
      const provider = findNetwork(gateway, ` ${name.toUpperCase()}`)
      assert.ok(provider, name)
      assert.equal(networkName(gateway, provider.id), name)
    }
  })

  test('have the later names for aliases', () => {
    for (const [later, name] of Object.entries({
      microsoft: 'messenger',
      googleplus: 'google',
      yahoojapan: 'yahoo-japan',
    })) {
      assert.equal(networkName(gateway, findNetwork(gateway, later)?.id ?? ''), name)
    }
  })

  test('mean one network each', () => {
    const all = providers.flatMap(({ id, wireNames }) => [
      ...new Set([id, wireNames?.gigya?.key ?? id, ...(wireNames?.gigya?.aliases ?? [])]),
    ])
    assert.equal(new Set(all).size, all.length)
  })

  test('stand for what the connector has, and for nothing where there is none', () => {
    const capabilities = (id: string) => {
      const provider = providersById.get(id)
      assert.ok(provider)
      return capabilitiesOf(provider).filter((each) => each !== 'Actions' && each !== 'Status')
    }
    assert.deepEqual(capabilities('twitter'), ['Login', 'Friends'])
    assert.deepEqual(capabilities('orkut'), [])
    assert.deepEqual(capabilities('google'), ['Login'])
    assert.deepEqual(capabilities('yahoo'), [])
    const withAll: Provider = { ...providersById.get('twitter'), contacts: { withEmails: true } } as Provider
    assert.deepEqual(
      capabilitiesOf(withAll).filter((each) => each === 'Contacts'),
      ['Contacts'],
    )
    assert.deepEqual(capabilitiesOf({ ...withAll, gone: { instead: '' } }), [])
  })
})

for (const database of databases) {
  describe(`getFriendsInfo on ${database.name}`, () => {
    test('answers the documented shape, field by field and in order', async () => {
      await using house = await openWithAda(database)
      const { json, headers } = await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      const { callId, time, ...rest } = json
      assert.match(callId, /^[0-9a-f]{32}$/)
      assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
      assert.match(headers['content-type'] ?? '', /charset=utf-8$/)
      const [ana, bo] = rest.friends
      assert.match(ana.UID, /^_gid_[A-Za-z0-9+/]{43}=$/)
      const signed = (friend: { friendshipSignature: string; signatureTimestamp: string }) => ({
        friendshipSignature: friend.friendshipSignature,
        signatureTimestamp: friend.signatureTimestamp,
      })
      const picture = { photoURL: ANA.thumbnailUrl, thumbnailURL: ANA.thumbnailUrl }
      const expected = {
        friends: [
          {
            UID: ana.UID,
            isSiteUser: false,
            isSiteUID: false,
            ...signed(ana),
            identities: [
              {
                provider: 'twitter',
                providerUID: '109302',
                isLoginIdentity: false,
                nickname: ANA.displayName,
                ...picture,
              },
            ],
            nickname: ANA.displayName,
            ...picture,
          },
          {
            UID: 'site-77',
            isSiteUser: true,
            isSiteUID: true,
            ...signed(bo),
            identities: [
              { provider: 'twitter', providerUID: 'bo', isLoginIdentity: true, nickname: 'Bo' },
              {
                provider: 'facebook',
                providerUID: 'bo2',
                isLoginIdentity: true,
                nickname: 'Bo Two',
                photoURL: 'https://img.example/bo.png',
                thumbnailURL: 'https://img.example/bo.png',
              },
            ],
            nickname: 'Bo',
            photoURL: 'https://img.example/bo.png',
            thumbnailURL: 'https://img.example/bo.png',
          },
        ],
        statusCode: 200,
        errorCode: 0,
        statusReason: 'OK',
        apiVersion: 2,
      }
      assert.equal(JSON.stringify(rest), JSON.stringify(expected))
    })

    test('signs each friendship as the SDKs check it, at most a minute ago', async () => {
      await using house = await openWithAda(database)
      const { json } = await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      for (const { UID, signatureTimestamp, friendshipSignature } of json.friends) {
        assert.equal(typeof signatureTimestamp, 'string')
        const age = house.gateway.now() / 1_000 - Number(signatureTimestamp)
        assert.ok(age >= 0 && age <= 61, String(age))
        const key = Buffer.from(SECRET, 'base64')
        const base = `${signatureTimestamp}_${UID}_site-42`
        assert.equal(friendshipSignature, createHmac('sha1', key).update(base).digest('base64'))
      }
      house.passTime(60_000)
      const later = await house.call('getFriendsInfo', { UID: 'site-42' })
      const [before, after] = [json, later.json].map((each) => Number(each.friends[0].signatureTimestamp))
      assert.equal(after, (before ?? 0) + 60)
      const key = await house.stores.store.access.addUserKey(house.site, { key: 'AbCd', secret: SECRET })
      const unsigned = await house.call('getFriendsInfo', { UID: 'site-42', userKey: key.key })
      assert.equal(unsigned.json.friends.length, 2)
      assert.ok(!unsigned.text.includes('ignature'))
    })

    test('tells more of each friend with detailLevel=extended, and only what the network told', async () => {
      await using house = await openWithAda(database)
      const params = { UID: 'site-42', detailLevel: 'Extended' }
      const [ana, bo] = (await house.callUntilThere('getFriendsInfo', params)).json.friends
      assert.equal(ana.profileURL, ANA.profileUrl)
      assert.equal(ana.identities[0].profileURL, ANA.profileUrl)
      assert.ok(!('email' in ana) && !('firstName' in ana))
      assert.equal(bo.email, 'bo@example.com')
      assert.equal(bo.identities[1].email, 'bo@example.com')
      assert.equal(codeOf(await house.call('getFriendsInfo', { UID: 'site-42', detailLevel: 'all' })), 400006)
    })

    test('leaves out who is not asked for', async () => {
      await using house = await openWithAda(database)
      const ask = async (params: Record<string, string>) => {
        const { json } = await house.callUntilThere('getFriendsInfo', { UID: 'site-42', ...params })
        assert.equal(json.errorCode, 0, JSON.stringify(json))
        return json.friends.map((friend: { UID: string; identities: { provider: string }[] }) =>
          [friend.UID, ...friend.identities.map(({ provider }) => provider)]
            .join(' ')
            .replace(/_gid_\S+/, 'ana'),
        )
      }
      const { json } = await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      const both = ['ana twitter', 'site-77 twitter facebook']
      assert.deepEqual(await ask({}), both)
      assert.deepEqual(await ask({ UIDs: '' }), both)
      assert.deepEqual(await ask({ siteUsersOnly: 'True' }), both.slice(1))
      assert.deepEqual(await ask({ UIDs: 'nobody,site-77' }), both.slice(1))
      assert.deepEqual(await ask({ UIDs: json.friends[0].UID }), both.slice(0, 1))
      assert.deepEqual(await ask({ UIDs: json.friends[0].UID.replaceAll('+', ' ') }), both.slice(0, 1))
      assert.deepEqual(await ask({ friends: json.friends[0].UID, siteUsersOnly: '1' }), [])
      const many = Array.from({ length: 10_000 }, (_, index) => `uid-${index}`)
      assert.deepEqual(await ask({ UIDs: [...many, 'site-77'].join(',') }), both.slice(1))
      assert.deepEqual(await ask({ enabledProviders: 'facebook' }), ['site-77 facebook'])
      assert.deepEqual(await ask({ enabledProviders: ' Facebook , TWITTER' }), both)
      assert.deepEqual(await ask({ disabledProviders: 'twitter,nonsense' }), ['site-77 facebook'])
      assert.deepEqual(await ask({ requiredCapabilities: 'Login,friends' }), both)
      assert.deepEqual(await ask({ requiredCapabilities: 'Contacts' }), ['site-77 facebook'])
      assert.deepEqual(await ask({ requiredCapabilities: 'Photos' }), [])
    })

    test('refuses what it does not know, and users without networks', async () => {
      await using house = await openWithAda(database)
      const { user: tumblr } = await house.login('tumblr', 'tim')
      const code = async (params: Record<string, string>) =>
        codeOf(await house.call('getFriendsInfo', params))
      assert.equal(await code({}), 400002)
      assert.equal(await code({ UID: 'nobody' }), 403005)
      assert.equal(await code({ UID: 'site-42', enabledProviders: 'facebook,nonsense' }), 400006)
      assert.equal(await code({ UID: 'site-42', enabledProviders: 'mastodon' }), 400106)
      assert.equal(await code({ UID: 'site-42', disabledProviders: 'twitter,facebook' }), 400106)
      assert.equal(await code({ UID: 'site-42', requiredCapabilities: 'Friends,Magic' }), 400006)
      assert.equal(await code({ UID: tumblr.token }), 400096)
      await house.stores.store.identities.ofUser(tumblr).then(async ([identity]) => {
        assert.ok(identity)
        await house.stores.store.identities.remove(house.site, identity.token)
      })
      assert.equal(await code({ UID: tumblr.token }), 400106)
    })

    test('says that data is pending until every network that is asked for has answered', async () => {
      await using house = await openWithAda(database)
      await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      const release = house.hold('ada')
      await house.login('twitter', 'ada', { following: [ANA], hasty: true })
      const { json } = await house.call('getFriendsInfo', { UID: 'site-42', httpStatusCodes: 'true' })
      const { errorCode, statusCode, statusReason, errorMessage, friends } = json
      assert.deepEqual([errorCode, statusCode, statusReason], [100001, 100, 'Continue'])
      assert.deepEqual([errorMessage, friends], ['Data pending', undefined])
      release()
      await house.settle()
      assert.equal(codeOf(await house.call('getFriendsInfo', { UID: 'site-42' })), 0)
    })

    test('tells which networks failed, and fails as the first when all did', async () => {
      await using house = await openWithAda(database)
      house.pretence.failures.set('ada2', 'permission_missing')
      await house.login('twitter', 'ada', { following: [ANA] })
      const { json } = await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      assert.equal(json.friends.length, 1)
      const [failure] = json.providerErrorCodes
      assert.deepEqual([failure.provider, failure.errorCode], ['facebook', 403023])
      assert.equal(failure.errorMessage, 'No user permission')
      const xml = await house.callUntilThere('getFriendsInfo', { UID: 'site-42', format: 'xml' })
      assert.match(xml.text, /<\/friends><providerErrorCodes><providerErrorCode><provider>facebook</)
      assert.match(xml.text.match(/<errorCode>[^<]*/)?.[0] ?? '', />0$/)
      const only = { UID: 'site-42', enabledProviders: 'facebook' }
      assert.equal(codeOf(await house.callUntilThere('getFriendsInfo', only)), 403023)
    })

    test('shows a new user of the site at once, from the lists that are there', async () => {
      await using house = await openWithAda(database)
      await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      await house.login('twitter', ANA.id)
      const calls = house.pretence.calls.length
      const { json } = await house.call('getFriendsInfo', { UID: 'site-42', siteUsersOnly: 'true' })
      assert.equal(json.friends.length, 2)
      assert.equal(house.pretence.calls.length, calls)
    })

    test('answers the same in XML and as a script', async () => {
      await using house = await openWithAda(database)
      const { json } = await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      const xml = await house.call('getFriendsInfo', { UID: 'site-42', format: 'xml' })
      assert.ok(!xml.text.includes('{'))
      const [ana] = json.friends
      const start = `<friends><friend><UID>${ana.UID}</UID><isSiteUser>false</isSiteUser><isSiteUID>false</isSiteUID><friendshipSignature>`
      assert.ok(xml.text.includes(start), xml.text)
      assert.ok(xml.text.includes('<nickname>Ana &lt;é&amp;&#123;"🐘</nickname>'), xml.text)
      assert.ok(xml.text.includes('<identities><identity><provider>twitter</provider>'))
      const script = await house.call('getFriendsInfo', {
        UID: 'site-42',
        format: 'jsonp',
        callback: 'app.cb',
      })
      const inside = /^app\.cb\((.*)\);$/s.exec(script.text)?.[1] ?? ''
      assert.deepEqual(JSON.parse(inside).friends, json.friends)
      await house.login('twitter', 'ada', { following: [{ ...ANA, displayName: 'A\u2028na' }] })
      const odd = { UID: 'site-42', format: 'jsonp', callback: 'cb' }
      await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      assert.match((await house.call('getFriendsInfo', odd)).text, /"nickname":"A\\u2028na"/)
      const none = { UID: 'site-42', requiredCapabilities: 'Photos' }
      assert.deepEqual((await house.call('getFriendsInfo', none)).json.friends, [])
      assert.ok((await house.call('getFriendsInfo', { ...none, format: 'xml' })).text.includes('<friends />'))
    })

    test('renders once for callers who ask at the same time, and from memory for those after them', async () => {
      await using house = await openWithAda(database)
      await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      let secrets = 0
      const { sites } = house.gateway.store
      const bare = sites.secrets
      const counting = (site: { id: number }) => {
        secrets += 1
        return bare(site)
      }
      Object.assign(sites, { secrets: counting })
      house.passTime(120_000)
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => house.call('getFriendsInfo', { UID: 'site-42' })),
      )
      assert.equal(new Set(answers.map(({ json }) => JSON.stringify(json.friends))).size, 1)
      assert.equal(secrets, 1)
      await house.call('getFriendsInfo', { UID: 'site-42' })
      assert.equal(secrets, 1)
    })

    test('keeps one site’s answers from another’s, and one user’s from another’s', async () => {
      await using house = await openWithAda(database)
      const { user: eve } = await house.login('twitter', 'eve', { following: [ANA] })
      const ada = await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      const other = await house.callUntilThere('getFriendsInfo', { UID: eve.token })
      assert.equal(other.json.friends.length, 1)
      assert.notEqual(other.json.friends[0].friendshipSignature, ada.json.friends[0].friendshipSignature)
      assert.equal(other.json.friends[0].UID, ada.json.friends[0].UID)
    })
  })

  describe(`getFriendsInfo and the site’s own graph on ${database.name}`, () => {
    async function openWithGraph() {
      const house = await openWithAda(database)
      const { gateway, site } = house
      const accounts = [{ account: 'zed', nick: 'Zed', image: 'https://img.example/zed.png' }]
      await importAccounts(gateway, site, accounts)
      const lines = [{ account: 'site-77', remark: 'Bobby' }, { account: 'zed' }]
      const outcomes = await addFriends(gateway, site, 'site-42', lines)
      assert.deepEqual(
        outcomes.map(({ code }) => code),
        ['ok', 'ok'],
      )
      return house
    }
    const uids = ({ json }: { json: { friends: { UID: string }[] } }) => json.friends.map(({ UID }) => UID)

    test('who is a friend there and a contact on a network is one friend', async () => {
      await using house = await openWithGraph()
      const answer = await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      const [, bo, zed] = answer.json.friends
      assert.deepEqual(uids(answer).slice(1), ['site-77', 'zed'])
      assert.deepEqual([bo.identities.length, bo.nickname], [2, 'Bo'])
      const { friendshipSignature, signatureTimestamp, ...shown } = zed
      assert.ok(friendshipSignature && signatureTimestamp)
      assert.deepEqual(shown, {
        UID: 'zed',
        isSiteUser: true,
        isSiteUID: true,
        identities: [],
        nickname: 'Zed',
        photoURL: 'https://img.example/zed.png',
        thumbnailURL: 'https://img.example/zed.png',
      })
    })

    test('a friend made there is in the next answer, and one removed is not', async () => {
      await using house = await openWithGraph()
      const { gateway, site } = house
      await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })
      await deleteFriends(gateway, site, 'site-42', [{ account: 'zed' }], { isMutual: false })
      assert.ok(!uids(await house.call('getFriendsInfo', { UID: 'site-42' })).includes('zed'))
    })

    test('a user of no network has the friends of the site', async () => {
      await using house = await openWithGraph()
      assert.deepEqual(uids(await house.call('getFriendsInfo', { UID: 'zed' })), ['site-42'])
    })

    test('who asks for networks, or a site that does not want them shown, gets none of them', async () => {
      await using house = await openWithGraph()
      const some = await house.callUntilThere('getFriendsInfo', {
        UID: 'site-42',
        enabledProviders: 'twitter',
      })
      assert.ok(!uids(some).includes('zed'))
      await house.switchTo({ graphFriends: false })
      assert.ok(!uids(await house.callUntilThere('getFriendsInfo', { UID: 'site-42' })).includes('zed'))
      assert.equal(codeOf(await house.call('getFriendsInfo', { UID: 'zed' })), 400106)
    })
  })

  describe(`getContacts on ${database.name}`, () => {
    test('tells e-mail contacts of the networks that have them, and nobody else', async () => {
      await using house = await openWithAda(database)
      const { json } = await house.call('getContacts', { UID: 'site-42' })
      assert.deepEqual(json.contacts, [
        {
          email: 'bo@example.com',
          provider: 'facebook',
          nickname: 'Bo Two',
          photoURL: 'https://img.example/bo.png',
        },
      ])
      const code = async (params: Record<string, string>) => codeOf(await house.call('getContacts', params))
      assert.equal(await code({ UID: 'site-42', enabledProviders: 'twitter' }), 400096)
      assert.equal(await code({ UID: 'site-42', disabledProviders: 'twitter,facebook' }), 400106)
      assert.equal(await code({ UID: 'site-42', enabledProviders: 'nonsense' }), 400006)
      house.pretence.failures.set('ada2', 'relink_required')
      await house.login('twitter', 'ada')
      assert.equal(await code({ UID: 'site-42' }), 403009)
    })
  })
}
