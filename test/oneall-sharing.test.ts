// Publishing as OneAll's clients do it, over pretend networks that take posts.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { issuePublishToken } from '../src/dialects/oneall/publish-tokens.ts'
import { databases } from './support/databases.ts'
import type { Conduct } from './support/post-offices.ts'
import { openSharingHouse, type SharingAsking, type SharingHouse } from './support/sharing-house.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'
const text = (body: string) => ({ text: { body } })

for (const kind of databases) {
  describe(`sharing over OneAll's API, on ${kind.name}`, () => {
    let house: SharingHouse
    let ada: Awaited<ReturnType<SharingHouse['user']>>

    before(async () => {
      house = await openSharingHouse(kind)
      ada = await house.user('facebook', 'linkedin')
    })
    after(() => house[Symbol.asyncDispose]())
    beforeEach(() => {
      house.offices.conduct = () => ({})
    })

    const publish = (message: unknown, more: SharingAsking = {}) =>
      house.ask('/sharing/messages.json', {
        method: 'POST',
        body: { request: { sharing_message: message } },
        ...more,
      })
    const forUser = (user_token: string, ...providers: unknown[]) => ({
      publish_for_user: { user_token, providers },
    })
    const statusOf = ({ json }: Awaited<ReturnType<typeof publish>>) => json.response.request.status
    const sent = ({ json }: Awaited<ReturnType<typeof publish>>) =>
      json.response.result.data.sharing_message ?? json.response.result.data.message
    const flags = (answer: Awaited<ReturnType<typeof publish>>) =>
      sent(answer).publications.entries.map(({ status }: { status: { flag: string; code: number } }) => [
        status.flag,
        status.code,
      ])
    const fail = (office: string, conduct: Conduct) => {
      house.offices.conduct = (asked) => (asked.office === office && asked.method === 'POST' ? conduct : {})
    }
    const postsOf = (words: string) => house.offices.posts.filter(({ text }) => text.includes(words)).length

    test('a message reaches every network, and the answer says so for each', async () => {
      const answer = await publish({ ...forUser(ada.token, 'facebook', 'linkedin'), parts: text('to both') })
      assert.deepEqual([answer.status, statusOf(answer).code, statusOf(answer).flag], [200, 200, 'success'])
      const { sharing_message_token, date_creation, publications } = sent(answer)
      assert.match(sharing_message_token, /^[0-9a-f-]{36}$/)
      assert.match(date_creation, /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000$/)
      assert.equal(publications.count, 2)
      assert.deepEqual(
        publications.entries.map(({ provider, status, user_token }: Record<string, unknown>) => [
          provider,
          status,
          user_token,
        ]),
        ['facebook', 'linkedin'].map((provider) => [
          provider,
          { flag: 'success', code: 200, message: 'Message published successfully to identity' },
          ada.token,
        ]),
      )
      assert.equal(publications.entries[0].identity_token, ada.identities[0]?.token)
      assert.match(publications.entries[0].date_publication, /\+0000$/)
      assert.equal(postsOf('to both'), 2)
    })

    test('a network without an identity is a part of its own, in the words of the seed', async () => {
      const answer = await publish({
        ...forUser(ada.token, 'facebook', 'twitter'),
        parts: text('one of two'),
      })
      assert.deepEqual([answer.status, statusOf(answer).flag], [207, 'multistatus'])
      assert.deepEqual(sent(answer).publications.entries[1], {
        status: {
          flag: 'error_user_has_no_identity_for_this_provider',
          code: 404,
          message: 'The API could not publish the message: this user has no identity for Twitter',
        },
        provider: 'twitter',
        user_token: ada.token,
      })
    })

    test('a message that no network took is 400 and has a token all the same', async () => {
      const answer = await publish({ ...forUser(ada.token, 'twitter', 'nowhere'), parts: text('nobody') })
      assert.deepEqual([answer.status, statusOf(answer).flag], [400, 'error'])
      assert.equal(sent(answer).publications.count, 2)
      const read = await house.ask(`/sharing/messages/${sent(answer).sharing_message_token}.json`)
      assert.equal(read.status, 200)
    })

    test('a network named twice, or by its alias too, counts once; two identities there are two publications', async () => {
      const bob = await house.user('twitter', 'twitter')
      const answer = await publish({
        ...forUser(bob.token, 'twitter', 'x', ' TWITTER '),
        parts: text('twice'),
      })
      assert.deepEqual(
        sent(answer).publications.entries.map(({ identity_token }: Record<string, string>) => identity_token),
        bob.identities.map(({ token }) => token),
      )
      assert.equal(postsOf('twice'), 2)
    })

    test('a message for one identity goes there alone', async () => {
      const [, linkedin] = ada.identities
      const answer = await publish({
        publish_for_identity: { identity_token: linkedin?.token },
        parts: text('for one'),
      })
      assert.equal(answer.status, 200)
      assert.deepEqual(
        sent(answer).publications.entries.map(({ provider }: Record<string, string>) => provider),
        ['linkedin'],
      )
    })

    test('refusals, duplicates, limits and outages of a network are told in its part', async () => {
      const cases: readonly (readonly [Conduct, string, number])[] = [
        [{ status: 401 }, 'error_user_is_not_authenticated', 401],
        [{ status: 403 }, 'error_message_is_not_permitted', 403],
        [{ status: 400 }, 'error_provider_refused_the_request', 400],
        [{ status: 429, headers: { 'retry-after': '60' } }, 'scheduled', 201],
      ]
      for (const [conduct, flag, code] of cases) {
        const { token } = await house.user('facebook', 'linkedin')
        fail('linkedin', conduct)
        const answer = await publish({ ...forUser(token, 'facebook', 'linkedin'), parts: text('hm') })
        assert.deepEqual(flags(answer), [
          ['success', 200],
          [flag, code],
        ])
        assert.equal(answer.status, code === 201 ? 200 : 207)
      }
    })

    test('silence after sending, where nobody can look, is unknown and counts as failure', async () => {
      const { token } = await house.user('mute', 'facebook')
      fail('mute', { lost: 'after' })
      const answer = await publish({ ...forUser(token, 'mute', 'facebook'), parts: text('is it there?') })
      assert.equal(answer.status, 207)
      assert.deepEqual(flags(answer)[0], ['error_publication_state_is_unknown', 504])
      assert.equal(postsOf('is it there?'), 2)
    })

    test('a text that one network does not take is refused there, with the count', async () => {
      const { token } = await house.user('facebook')
      const answer = await publish({ ...forUser(token, 'facebook'), parts: text('a'.repeat(501)) })
      assert.deepEqual(flags(answer), [['error_message_is_invalid', 400]])
      assert.match(sent(answer).publications.entries[0].status.message, /at most 500 .* has 501/)
    })

    test('the request of a mobile client to publish for a user is answered in both shapes', async () => {
      const body = {
        request: { message: { providers: ['facebook'], parts: text('from a phone'), action: 'push' } },
      }
      const answer = await house.ask(`/users/${ada.token}/publish.json`, { method: 'POST', body })
      assert.equal(answer.status, 200)
      const { message, sharing_message } = answer.json.response.result.data
      assert.equal(message.sharing_message_token, sharing_message.sharing_message_token)
      assert.deepEqual(message.publications, sharing_message.publications.entries)
      const nowhere = { request: { message: { providers: [], parts: text('to nobody') } } }
      const refused = await house.ask(`/users/${ada.token}/publish.json`, { method: 'POST', body: nowhere })
      assert.equal(refused.status, 400)
      assert.match(statusOf(refused).info, /^'request\.message\.providers':/)
    })

    test('an app with a key for one user publishes for them alone, and does nothing else', async () => {
      const [{ id, siteId } = { id: 0, siteId: 0 }] = [
        await house.gateway.store.users.find(house.site, ada.token),
      ]
      const user = { id, siteId }
      const { key, date_expiration } = await issuePublishToken(house.gateway, house.site, user)
      assert.ok(Date.parse(String(date_expiration)) > Date.now())
      const headers = { authorization: `OneAllPublishToken ${key}` }
      const body = { request: { message: { providers: ['facebook'], parts: text('with a key') } } }
      const send = (token: string) =>
        house.ask(`/users/${token}/publish.json`, { method: 'POST', body, headers })
      assert.equal((await send(ada.token)).status, 200)
      const bob = await house.user('facebook')
      assert.equal((await send(bob.token)).status, 403)
      assert.equal(
        (await publish({ ...forUser(ada.token, 'facebook'), parts: text('a') }, { headers })).status,
        401,
      )
      assert.equal((await house.ask(`/users/${ada.token}.json`, { headers })).status, 401)
      const wrong = { authorization: 'OneAllPublishToken wrong' }
      assert.equal(
        (await house.ask(`/users/${ada.token}/publish.json`, { method: 'POST', body, headers: wrong }))
          .status,
        401,
      )
      await house.gateway.store.access.endTokens(user)
      assert.equal((await send(ada.token)).status, 401)
      assert.equal(postsOf('with a key'), 1)
    })

    test('a message is listed, read with its parts, published once more, and deleted as a record', async () => {
      const link = { url: 'https://example.com/a', name: 'A', caption: 'c', description: 'd' }
      const picture = { url: 'https://example.com/a.png', caption: 'a cat' }
      const parts = { ...text('kept'), link, picture, flags: { enable_tracking: 0 } }
      const first = await publish({ ...forUser(ada.token, 'facebook'), parts })
      assert.equal(first.status, 200)
      const one = `/sharing/messages/${sent(first).sharing_message_token}.json`

      const again = await house.ask(one, {
        method: 'POST',
        body: { request: { sharing_message: forUser(ada.token, 'linkedin') } },
      })
      assert.equal(again.status, 200)
      assert.deepEqual(
        again.json.response.result.data.message.publications.map(
          (each: { provider: string }) => each.provider,
        ),
        ['linkedin'],
      )
      const read = await house.ask(one)
      const { parts: kept, publications } = read.json.response.result.data.sharing_message
      assert.deepEqual(kept, { ...text('kept'), picture, link, flags: { enable_tracking: 0 } })
      assert.deepEqual(
        publications.entries.map((each: { provider: string }) => each.provider),
        ['facebook', 'linkedin'],
      )

      const { sharing_messages: page } = (await house.ask('/sharing/messages.json?order_direction=desc')).json
        .response.result.data
      assert.equal(page.entries[0].sharing_message_token, sent(first).sharing_message_token)
      assert.equal(page.pagination.order.field, 'date_creation')

      assert.equal((await house.ask(one, { method: 'DELETE' })).status, 400)
      const before = house.offices.posts.length
      const deleted = await house.ask(`${one}?confirm_deletion=true`, { method: 'DELETE' })
      assert.deepEqual([deleted.status, deleted.json.response.result], [200, undefined])
      assert.equal((await house.ask(one)).status, 404)
      assert.equal(house.offices.posts.length, before)
    })

    test('a request repeated with its Idempotency-Key is done once; with another message it is 409', async () => {
      const headers = { 'idempotency-key': `key-${kind.name}` }
      const message = { ...forUser(ada.token, 'facebook'), parts: text('only once') }
      const [one, other] = [await publish(message, { headers }), await publish(message, { headers })]
      assert.equal(sent(one).sharing_message_token, sent(other).sharing_message_token)
      assert.deepEqual(flags(one), flags(other))
      assert.equal(postsOf('only once'), 1)
      const changed = await publish({ ...message, parts: text('something else') }, { headers })
      assert.deepEqual([changed.status, statusOf(changed).flag], [409, 'error'])
      assert.equal((await publish(message, { headers: { 'idempotency-key': 'ü' } })).status, 400)
    })

    test('a request that is repeated fetches nothing again, even when its picture has gone', async () => {
      house.taken.length = 0
      const headers = { 'idempotency-key': `picture-${kind.name}` }
      const parts = { ...text('with a picture, once'), picture: { url: 'https://example.com/p.png' } }
      const message = { ...forUser(ada.token, 'facebook'), parts }
      const [one, other] = [await publish(message, { headers }), await publish(message, { headers })]
      assert.equal(sent(one).sharing_message_token, sent(other).sharing_message_token)
      assert.equal(house.taken.length, 1)
      assert.equal(postsOf('with a picture, once'), 1)
      const changed = { ...parts, picture: { url: 'https://example.com/q.png' } }
      const conflict = await publish({ ...message, parts: changed }, { headers })
      assert.deepEqual([conflict.status, house.taken.length], [409, 1])
    })

    test('nothing is fetched for a message that is no good for another reason', async () => {
      house.taken.length = 0
      const picture = { url: 'https://example.com/p.png' }
      const wrongs = [
        { ...forUser(NOBODY, 'facebook'), parts: { picture } },
        { ...forUser(ada.token, 'facebook'), parts: { picture, ...text('a\u202eb') } },
        { ...forUser(ada.token, 'facebook'), parts: { picture, link: { url: 'javascript:1' } } },
      ]
      for (const wrong of wrongs) assert.ok((await publish(wrong)).status >= 400)
      assert.deepEqual(house.taken, [])
    })

    test('pictures and videos by address or upload come from where they were said to be', async () => {
      house.taken.length = 0
      const data = Buffer.from('picture').toString('base64')
      const answer = await publish({
        ...forUser(ada.token, 'facebook'),
        parts: {
          picture: { url: 'https://example.com/p.png' },
          uploads: [{ name: 'p.png', data }],
          upload: [{ name: 'q.png', data: 'cQ==' }],
        },
      })
      assert.equal(answer.status, 200)
      assert.deepEqual(house.taken, [
        { kind: 'image', url: 'https://example.com/p.png' },
        { base64: data },
        { base64: 'cQ==' },
      ])
    })

    test('what clients send for nothing counts as nothing', async () => {
      house.taken.length = 0
      for (const empty of [
        { picture: { url: '' }, video: { url: null } },
        { picture: [], link: [], flags: [] },
        { link: { url: '', name: '' } },
      ]) {
        const parts = { ...text('with nothing else'), ...empty }
        const answer = await publish({ ...forUser(ada.token, 'facebook'), parts })
        assert.equal(answer.status, 200, answer.text)
      }
      for (const publish_for_identity of [[], '', null]) {
        const parts = text('for a user alone')
        const answer = await publish({ ...forUser(ada.token, 'facebook'), publish_for_identity, parts })
        assert.equal(answer.status, 200, answer.text)
      }
      assert.deepEqual(house.taken, [])
    })

    test('providers may be a list with gaps, as PHP writes what is left of one', async () => {
      const providers = { 0: 'facebook', 2: 'linkedin' }
      const publish_for_user = { user_token: ada.token, providers }
      const answer = await publish({ publish_for_user, parts: text('with gaps') })
      assert.equal(answer.status, 200, answer.text)
      assert.equal(sent(answer).publications.count, 2)
      const named = { user_token: ada.token, providers: { facebook: '1' } }
      assert.equal((await publish({ publish_for_user: named, parts: text('by name') })).status, 400)
    })

    test('truth about tracking comes in every spelling, and anything else is refused', async () => {
      for (const enable_tracking of [0, '0', false, 'false', '']) {
        const parts = { ...text('untracked'), flags: { enable_tracking } }
        assert.equal((await publish({ ...forUser(ada.token, 'facebook'), parts })).status, 200)
      }
      const parts = { ...text('untracked'), flags: { enable_tracking: 'perhaps' } }
      const answer = await publish({ ...forUser(ada.token, 'facebook'), parts })
      assert.equal(answer.status, 400)
      assert.equal(
        statusOf(answer).info,
        "'request.sharing_message.parts.flags.enable_tracking' is not valid: must be true, false, 1 or 0.",
      )
    })

    test('tracked links are shortened, each network with its own, and say where they lead', async () => {
      const parts = {
        ...text('see https://example.com/text'),
        link: { url: 'https://example.com/link', name: 'L', description: 'or https://example.com/described' },
        flags: { enable_tracking: '1' },
      }
      const answer = await publish({ ...forUser(ada.token, 'facebook', 'linkedin', 'twitter'), parts })
      assert.equal(answer.status, 207)
      const [facebook, linkedin, twitter] = sent(answer).publications.entries
      assert.equal(twitter.shorturls, undefined)
      const shown = [facebook, linkedin].map(({ shorturls }) => {
        assert.equal(shorturls.count, shorturls.entries.length)
        return shorturls.entries.map(({ original_url }: Record<string, string>) => original_url)
      })
      assert.deepEqual(shown[0], shown[1])
      assert.ok(
        shown[0].includes('https://example.com/text') && shown[0].includes('https://example.com/link'),
      )
      const [short] = facebook.shorturls.entries
      assert.match(short.shorturl_token, /^[0-9A-Za-z]{5,}$/)
      assert.deepEqual([short.num_referrals, short.short_url.endsWith(short.shorturl_token)], [0, true])
      assert.notEqual(short.short_url, linkedin.shorturls.entries[0].short_url)
      assert.equal(postsOf(short.short_url), 1)
      assert.equal(postsOf('https://example.com/text'), 0)

      const untracked = await publish({ ...forUser(ada.token, 'facebook'), parts: { ...parts, flags: {} } })
      assert.equal(sent(untracked).publications.entries[0].shorturls, undefined)
      assert.equal(postsOf('https://example.com/text'), 1)
    })

    test('a short link is made, listed, read and deleted', async () => {
      const create = (original_url: unknown) =>
        house.ask('/shorturls.json', { method: 'POST', body: { request: { shorturl: { original_url } } } })
      const made = await create('https://example.com/page?a=b#c')
      assert.equal(made.status, 200)
      const { shorturl } = made.json.response.result.data
      assert.equal(shorturl.original_url, 'https://example.com/page?a=b#c')
      const one = `/shorturls/${shorturl.shorturl_token}.json`
      const read = (await house.ask(one)).json.response.result.data.shorturl
      assert.deepEqual(read.referrals, { count: 0, entries: [] })
      const { shorturls: page } = (await house.ask('/shorturls.json?order_direction=desc')).json.response
        .result.data
      assert.equal(page.entries[0].shorturl_token, shorturl.shorturl_token)

      const { keys } = await house.createSite()
      assert.equal((await house.ask(one, { keys })).status, 404)
      assert.equal((await house.ask(one, { method: 'DELETE' })).status, 400)
      assert.equal((await house.ask(`${one}?confirm_deletion=true`, { method: 'DELETE' })).status, 200)
      assert.equal((await house.ask(one)).status, 404)
      for (const wrong of ['javascript:alert(1)', '', 7, undefined, shorturl.short_url]) {
        const answer = await create(wrong)
        assert.equal(answer.status, 400, answer.text)
        assert.match(statusOf(answer).info, /request\.shorturl\.original_url/)
      }
    })

    const root = 'request.sharing_message'
    const refused: readonly (readonly [
      what: string,
      message: (user: string) => unknown,
      status: number,
      info: string,
    ])[] = [
      ['no message', () => undefined, 400, `'${root}' is missing`],
      ['no target', () => ({ parts: text('a') }), 400, 'publish_for_user'],
      [
        'both targets',
        (user) => ({
          ...forUser(user, 'facebook'),
          publish_for_identity: { identity_token: NOBODY },
          parts: text('a'),
        }),
        400,
        'not both',
      ],
      ['no parts', (user) => forUser(user, 'facebook'), 400, `${root}.parts.text.body`],
      [
        'empty parts',
        (user) => ({ ...forUser(user, 'facebook'), parts: [] }),
        400,
        `${root}.parts.text.body`,
      ],
      [
        'text of spaces',
        (user) => ({ ...forUser(user, 'facebook'), parts: text(' \n\u200b ') }),
        400,
        'parts.text.body',
      ],
      ['no providers', (user) => ({ ...forUser(user), parts: text('a') }), 400, 'publish_for_user.providers'],
      [
        'providers that are no list',
        (user) => ({ publish_for_user: { user_token: user, providers: 'facebook' }, parts: text('a') }),
        400,
        'publish_for_user.providers',
      ],
      [
        '200 providers',
        (user) => ({
          ...forUser(user, ...Array.from({ length: 200 }, (_, at) => `p${at}`)),
          parts: text('a'),
        }),
        413,
        'publish_for_user.providers',
      ],
      [
        'a stranger',
        () => ({ ...forUser(NOBODY, 'facebook'), parts: text('a') }),
        404,
        'specified user_token',
      ],
      [
        'an unknown identity',
        () => ({ publish_for_identity: { identity_token: NOBODY }, parts: text('a') }),
        404,
        'specified identity_token',
      ],
      [
        'a script for a link',
        (user) => ({ ...forUser(user, 'facebook'), parts: { link: { url: 'javascript:alert(1)' } } }),
        400,
        `${root}.parts.link.url`,
      ],
      [
        'a link without its address',
        (user) => ({ ...forUser(user, 'facebook'), parts: { link: { name: 'A' } } }),
        400,
        `${root}.parts.link.url`,
      ],
      [
        'a picture that is a web page',
        (user) => ({
          ...forUser(user, 'facebook'),
          parts: { ...text('a'), picture: { url: 'https://a.example/page' } },
        }),
        400,
        `${root}.parts.picture.url`,
      ],
      [
        'a video that is a web page, beside a picture',
        (user) => ({
          ...forUser(user, 'facebook'),
          parts: { picture: { url: 'https://a.example/p.png' }, video: { url: 'https://a.example/page' } },
        }),
        400,
        `${root}.parts.video.url`,
      ],
      [
        'right-to-left overrides',
        (user) => ({ ...forUser(user, 'facebook'), parts: text('a \u202e b') }),
        400,
        'U+202E',
      ],
      [
        'a lone surrogate',
        (user) => ({ ...forUser(user, 'facebook'), parts: text('a \ud800 b') }),
        400,
        'U+D800',
      ],
      ['a NUL', (user) => ({ ...forUser(user, 'facebook'), parts: text('a \0 b') }), 400, 'NUL'],
      [
        'far too long a text',
        (user) => ({ ...forUser(user, 'facebook'), parts: text('a'.repeat(100_001)) }),
        413,
        'parts.text.body',
      ],
      [
        'a text that is none',
        (user) => ({ ...forUser(user, 'facebook'), parts: { text: { body: 7 } } }),
        400,
        'parts.text.body',
      ],
      [
        'too many uploads',
        (user) => ({ ...forUser(user, 'facebook'), parts: { uploads: Array(21).fill({ data: 'cQ==' }) } }),
        400,
        'parts.uploads',
      ],
    ]
    for (const [what, message, status, info] of refused) {
      test(`${what} is ${status}, names the field, and nothing is sent`, async () => {
        const before = house.offices.asked.length
        const answer = await publish(message(ada.token))
        assert.equal(answer.status, status, answer.text)
        assert.equal(answer.json.response.result, undefined)
        assert.ok(statusOf(answer).info.includes(info), statusOf(answer).info)
        assert.equal(house.offices.asked.length, before)
      })
    }

    test('an identity, a user and a message of another site are not there', async () => {
      const { keys } = await house.createSite()
      const first = await publish({ ...forUser(ada.token, 'facebook'), parts: text('mine') })
      const one = `/sharing/messages/${sent(first).sharing_message_token}.json`
      const target = { publish_for_identity: { identity_token: ada.identities[0]?.token } }
      assert.equal((await publish({ ...target, parts: text('theirs') }, { keys })).status, 404)
      assert.equal(
        (await publish({ ...forUser(ada.token, 'facebook'), parts: text('theirs') }, { keys })).status,
        404,
      )
      for (const method of ['GET', 'POST', 'DELETE']) {
        const body = { request: { sharing_message: forUser(ada.token, 'facebook') } }
        const answer = await house.ask(`${one}?confirm_deletion=true`, {
          method,
          body: method === 'POST' ? body : undefined,
          keys,
        })
        assert.equal(answer.status, 404, method)
        assert.match(
          statusOf(answer).info,
          /^No sharing message has been found for the specified sharing_message_token/,
        )
      }
      assert.equal(postsOf('theirs'), 0)
    })
  })
}
