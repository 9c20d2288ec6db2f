// Publishing as Gigya's clients do it, over pretend networks that take posts.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { databases } from './support/databases.ts'
import { openSharingHouse, type SharingHouse } from './support/sharing-house.ts'

for (const kind of databases) {
  describe(`publishing over Gigya's API, on ${kind.name}`, () => {
    let house: SharingHouse
    let UID: string

    before(async () => {
      house = await openSharingHouse(kind)
      UID = (await house.user('facebook', 'twitter', 'reading')).token
    })
    after(() => house[Symbol.asyncDispose]())
    beforeEach(() => {
      house.offices.conduct = () => ({})
    })

    const call = async (method: string, params: Readonly<Record<string, unknown>>) => {
      const sent = Object.entries({ apiKey: house.site.apiKey, secret: house.secret, UID, ...params }).map(
        ([name, value]): [string, string] => [
          name,
          typeof value === 'string' ? value : JSON.stringify(value),
        ],
      )
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const body = new URLSearchParams(sent).toString()
      const { json, text } = await house.ask(`/socialize.${method}`, { method: 'POST', headers, body })
      return json ?? text
    }
    const postsOf = (words: string) => house.offices.posts.filter(({ text }) => text.includes(words))
    const fail = (office: string, status: number) => {
      house.offices.conduct = (asked) =>
        asked.office === office && asked.method === 'POST' ? { status } : {}
    }

    test('a status goes to every connected network that takes one, and the posts are told', async () => {
      const answer = await call('setStatus', { status: 'to all' })
      assert.deepEqual([answer.errorCode, answer.statusCode], [0, 200])
      assert.deepEqual(
        Object.entries(answer.providerPostIDs).sort(),
        postsOf('to all')
          .map(({ office, id }) => [office, id])
          .sort(),
      )
      assert.equal(answer.providerErrorCodes, undefined)
    })

    test('a status goes only where it is wanted', async () => {
      const only = await call('setStatus', { status: 'only there', enabledProviders: 'Twitter' })
      assert.deepEqual(Object.keys(only.providerPostIDs), ['twitter'])
      const without = await call('setStatus', { status: 'not there', disabledProviders: 'twitter' })
      assert.deepEqual(Object.keys(without.providerPostIDs), ['facebook'])
    })

    test('one network that succeeds is success, and what failed stands beside it', async () => {
      fail('twitter', 403)
      const answer = await call('setStatus', { status: 'half' })
      assert.equal(answer.errorCode, 0)
      assert.deepEqual(Object.keys(answer.providerPostIDs), ['facebook'])
      const [failed] = answer.providerErrorCodes
      assert.deepEqual([failed.provider, failed.errorCode], ['twitter', 403023])
    })

    test('when every network fails, the call fails as the first did', async () => {
      fail('facebook', 401)
      const answer = await call('setStatus', { status: 'nowhere', enabledProviders: 'facebook' })
      assert.deepEqual([answer.errorCode, answer.providerErrorCodes[0].errorCode], [403009, 403009])
      assert.equal(postsOf('nowhere').length, 0)
    })

    test('a network that takes nothing is an error only where it is the only one', async () => {
      const only = await call('setStatus', { status: 's', enabledProviders: 'reading' })
      assert.equal(only.errorCode, 400096)
      const beside = await call('setStatus', { status: 's', enabledProviders: 'reading,facebook' })
      assert.equal(beside.errorCode, 0)
      const none = await call('setStatus', { status: 's', enabledProviders: 'linkedin' })
      assert.equal(none.errorCode, 400106)
    })

    test('a text that is too long for every network is 413001, with the count', async () => {
      const answer = await call('setStatus', { status: 'a'.repeat(501) })
      assert.equal(answer.errorCode, 413001)
      assert.match(answer.errorDetails, /has 501/)
    })

    test('an action is published with its message, its link and its pictures', async () => {
      house.taken.length = 0
      const userAction = {
        title: 'A thing',
        subtitle: null,
        userMessage: 'Look at this',
        description: 'It is a thing',
        linkBack: 'https://example.com/thing',
        actionLinks: [{ text: 'Buy', href: 'https://example.com/buy' }],
        mediaItems: [{ type: 'image', src: 'https://example.com/t.png', href: 'https://example.com/' }],
      }
      const answer = await call('publishUserAction', { userAction, enabledProviders: 'twitter' })
      assert.equal(answer.errorCode, 0, JSON.stringify(answer))
      assert.equal(postsOf('Look at this\nhttps://example.com/thing').length, 1)
      assert.deepEqual(house.taken, [{ kind: 'image', url: 'https://example.com/t.png' }])
    })

    test('an action without a link says all its words', async () => {
      const userAction = { title: 'Ada has won', description: 'In chess' }
      const answer = await call('publishUserAction', { userAction, enabledProviders: 'facebook' })
      assert.equal(answer.errorCode, 0)
      assert.equal(postsOf('Ada has won\nIn chess').length, 1)
    })

    const refused: readonly (readonly [string, string, Readonly<Record<string, unknown>>, number])[] = [
      ['a status that is missing', 'setStatus', {}, 400002],
      ['a status of nothing', 'setStatus', { status: '' }, 400006],
      ['a status of spaces', 'setStatus', { status: ' \n ' }, 400006],
      ['a status with an override of direction', 'setStatus', { status: 'a\u202eb' }, 400006],
      ['an unknown network', 'setStatus', { status: 's', enabledProviders: 'nowhere' }, 400006],
      ['an unknown user', 'setStatus', { status: 's', UID: 'nobody' }, 403005],
      ['an action that is missing', 'publishUserAction', {}, 400002],
      ['an action that is no JSON', 'publishUserAction', { userAction: '{' }, 400006],
      ['an action of nothing', 'publishUserAction', { userAction: {} }, 400006],
      [
        'an action that links to a script',
        'publishUserAction',
        { userAction: { linkBack: 'javascript:alert(1)' } },
        400006,
      ],
      [
        'an action whose picture is a web page',
        'publishUserAction',
        { userAction: { title: 'a', mediaItems: [{ type: 'image', src: 'https://a.example/page' }] } },
        400006,
      ],
      [
        'an action with music',
        'publishUserAction',
        { userAction: { title: 'a', mediaItems: [{ type: 'mp3', src: 'https://a.example/a.mp3' }] } },
        400096,
      ],
      [
        'an action for a feed that is not here',
        'publishUserAction',
        { userAction: { title: 'a' }, scope: 'internal' },
        400096,
      ],
      ['a message to friends', 'sendNotification', { recipients: 'a,b', body: 'hi' }, 400096],
      ['a message to nobody', 'sendNotification', { body: 'hi' }, 400002],
      ['a message of nothing', 'sendNotification', { recipients: 'a' }, 400002],
      ['an address that is missing', 'shortenURL', {}, 400002],
      ['an address of a script', 'shortenURL', { url: 'javascript:alert(1)' }, 400006],
    ]
    for (const [what, method, params, code] of refused) {
      test(`${what} is ${code}, and nothing is sent`, async () => {
        const before = house.offices.asked.length
        const answer = await call(method, params)
        assert.equal(answer.errorCode, code, JSON.stringify(answer))
        assert.ok(answer.errorDetails.length > 0)
        assert.equal(house.offices.asked.length, before)
      })
    }

    test('an address is made short', async () => {
      const answer = await call('shortenURL', { url: 'https://example.com/a?b=c' })
      assert.equal(answer.errorCode, 0, JSON.stringify(answer))
      assert.match(answer.shortURL, /^https?:\/\/\S+\/[0-9A-Za-z]{5,}$/)
    })

    test('an answer in XML names each network', async () => {
      const text = await call('setStatus', { status: 'in XML', format: 'xml', enabledProviders: 'facebook' })
      assert.match(text, /<providerPostIDs>\s*<facebook>[^<]+<\/facebook>\s*<\/providerPostIDs>/)
    })
  })
}
