// Publishing over the native API, over pretend networks that take posts.

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { resumePublishing } from '../src/core/deliveries.ts'
import { databases } from './support/databases.ts'
import { openSharingHouse, type SharingAsking, type SharingHouse } from './support/sharing-house.ts'

const NOBODY = '00000000-0000-4000-8000-000000000000'

for (const kind of databases) {
  describe(`messages over the native API, on ${kind.name}`, () => {
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

    const post = (path: string, body?: unknown, more: SharingAsking = {}) =>
      house.ask(`/v1/messages${path}`, { method: 'POST', body, ...more })
    const get = (path: string) => house.ask(`/v1/messages${path}`)
    const to = (...providers: string[]) => ({ user_token: ada.token, providers })
    const statesOf = (answer: Awaited<ReturnType<typeof post>>) =>
      answer.json.message.publications.map(({ state }: { state: string }) => state)
    const postsOf = (words: string) => house.offices.posts.filter(({ text }) => text.includes(words)).length

    test('a message is published, and says of each network what became of it', async () => {
      const { status, json } = await post('', { ...to('facebook', 'linkedin'), text: 'hello' })
      assert.equal(status, 200)
      const { message } = json
      assert.deepEqual([message.text, message.user_token, message.fit], ['hello', ada.token, 'refuse'])
      assert.ok(Math.abs(Date.parse(message.created_at) - Date.now()) < 60_000)
      const [first] = message.publications
      assert.deepEqual(
        [first.provider, first.state, first.identity_token, first.run, first.attempts],
        ['facebook', 'published', ada.identities[0]?.token, 1, 0],
      )
      assert.ok(house.offices.posts.some(({ id, office }) => office === 'facebook' && id === first.post.id))
      assert.deepEqual([first.shown.text, first.shown.count, first.shown.limit], ['hello', 5, 500])
    })

    test('a member that is null is as good as absent', async () => {
      const identity = ada.identities[0]?.token
      const nulls = {
        user_token: null,
        providers: null,
        link: { url: 'https://example.com/', name: null },
        media: null,
      }
      const answer = await post('', {
        ...nulls,
        identity_token: identity,
        text: 'null',
        fit: null,
        publish_at: null,
      })
      assert.deepEqual([answer.status, statesOf(answer)], [200, ['published']])
      const none = await post('', { identity_token: identity, text: null })
      assert.deepEqual([none.status, none.json.error.field], [400, 'text'])
      const inside = await post('', { ...to('facebook'), text: 'a', media: [null] })
      assert.deepEqual([inside.status, inside.json.error.field], [400, 'media[0]'])
      assert.equal((await post('', 'null')).status, 400)
    })

    test('some succeeded is 207, none is 422, and both say why', async () => {
      const some = await post('', { ...to('facebook', 'twitter'), text: 'some' })
      assert.deepEqual([some.status, statesOf(some)], [207, ['published', 'failed']])
      assert.deepEqual(some.json.message.publications[1].problem.code, 'not_found')
      const none = await post('', { ...to('twitter'), text: 'none' })
      assert.deepEqual([none.status, statesOf(none)], [422, ['failed']])
    })

    test('a message for one identity goes there alone', async () => {
      const answer = await post('', { identity_token: ada.identities[1]?.token, text: 'one' })
      assert.deepEqual([answer.status, answer.json.message.publications.length], [200, 1])
    })

    test('a request repeated with its Idempotency-Key is done once; with another message it is 409', async () => {
      const more = { headers: { 'idempotency-key': `native-${kind.name}` } }
      const body = { ...to('facebook'), text: 'only once, natively' }
      const [one, other] = [await post('', body, more), await post('', body, more)]
      assert.equal(one.json.message.token, other.json.message.token)
      assert.equal(postsOf('only once, natively'), 1)
      const changed = await post('', { ...body, text: 'changed' }, more)
      assert.deepEqual([changed.status, changed.json.error.field], [409, 'Idempotency-Key'])
    })

    test('a message for later is scheduled, and cancelled before it is sent', async () => {
      const publish_at = new Date(Date.now() + 3_600_000).toISOString()
      const answer = await post('', { ...to('facebook', 'twitter'), text: 'later', publish_at })
      assert.deepEqual([answer.status, statesOf(answer)], [207, ['scheduled', 'failed']])
      assert.equal(answer.json.message.publications[0].send_at, publish_at)
      const cancelled = await post(`/${answer.json.message.token}/cancel`)
      assert.deepEqual([cancelled.status, statesOf(cancelled)], [200, ['cancelled', 'failed']])
      assert.equal(postsOf('later'), 0)
    })

    test('a message for soon is sent when its time has come', async () => {
      const publish_at = new Date(Date.now() + 300).toISOString()
      const answer = await post('', { ...to('facebook'), text: 'soon', publish_at })
      assert.deepEqual(statesOf(answer), ['scheduled'])
      const { token } = answer.json.message
      for (const giveUpAt = Date.now() + 8_000; ; await sleep(20)) {
        await resumePublishing(house.gateway)
        if (statesOf(await get(`/${token}`))[0] === 'published') break
        assert.ok(Date.now() < giveUpAt)
      }
      assert.equal(postsOf('soon'), 1)
    })

    test('who does not want to wait is answered at once, and reads the end later', async () => {
      house.offices.conduct = ({ method }) => (method === 'POST' ? { delayMs: 200 } : {})
      const answer = await post('', { ...to('facebook'), text: 'at once', wait_seconds: 0 })
      assert.deepEqual([answer.status, statesOf(answer)], [200, ['pending']])
      const { token } = answer.json.message
      for (const giveUpAt = Date.now() + 8_000; ; await sleep(20)) {
        if (statesOf(await get(`/${token}`))[0] === 'published') break
        assert.ok(Date.now() < giveUpAt)
      }
    })

    test('a failed part is begun anew, and succeeds', async () => {
      house.offices.conduct = ({ office, method }) =>
        office === 'linkedin' && method === 'POST' ? { status: 403 } : {}
      const answer = await post('', { ...to('facebook', 'linkedin'), text: 'again' })
      assert.deepEqual(statesOf(answer), ['published', 'failed'])
      house.offices.conduct = () => ({})
      const { token } = answer.json.message
      const retried = await post(`/${token}/retry`)
      assert.equal(retried.status, 200)
      for (const giveUpAt = Date.now() + 8_000; ; await sleep(20)) {
        if (statesOf(await get(`/${token}`)).every((state: string) => state === 'published')) break
        assert.ok(Date.now() < giveUpAt)
      }
      assert.equal(postsOf('again'), 2)
    })

    test('a message is published once more, elsewhere', async () => {
      const { json } = await post('', { ...to('facebook'), text: 'twice around' })
      const again = await post(`/${json.message.token}/publish`, to('linkedin'))
      assert.deepEqual([again.status, again.json.message.publications[0].run], [200, 2])
      const read = await get(`/${json.message.token}`)
      assert.deepEqual(
        read.json.message.publications.map(({ provider }: { provider: string }) => provider),
        ['facebook', 'linkedin'],
      )
    })

    test('removing takes the posts back where it can, and says where it cannot', async () => {
      const bob = await house.user('facebook', 'mute')
      house.offices.conduct = ({ office, method }) =>
        office === 'mute' && method === 'POST' ? { lost: 'after' } : {}
      const target = { user_token: bob.token, providers: ['facebook', 'mute'] }
      const { json } = await post('', { ...target, text: 'to be gone' })
      const one = `/v1/messages/${json.message.token}`
      const partly = await house.ask(`${one}?remote=true`, { method: 'DELETE' })
      assert.equal(partly.status, 207)
      assert.equal(partly.json.is_removed, false)
      assert.deepEqual(
        partly.json.publications.map((each: Record<string, unknown>) => [each.provider, each.is_gone]),
        [
          ['facebook', true],
          ['mute', false],
        ],
      )
      assert.equal(partly.json.publications[1].problem.code, 'conflict')
      assert.equal(postsOf('to be gone'), 1)
      const read = await house.ask(one)
      assert.ok(read.json.message.publications[0].removed_at)

      const record = await house.ask(one, { method: 'DELETE' })
      assert.deepEqual([record.status, record.json], [200, { is_removed: true, publications: [] }])
      assert.equal((await house.ask(one)).status, 404)
      assert.equal(postsOf('to be gone'), 1)
    })

    test('messages are listed, the newest first', async () => {
      const { json } = await get('?limit=2')
      assert.equal(json.messages.length, 2)
      assert.ok(json.total > 2 && json.pages > 1)
      assert.ok(json.messages[0].created_at >= json.messages[1].created_at)
      const oldest = await get('?limit=1&order=asc')
      assert.ok(oldest.json.messages[0].created_at <= json.messages[0].created_at)
    })

    test('a preview shows what each network would show, and sends nothing', async () => {
      const before = house.offices.asked.length
      const { status, json } = await post('/preview', {
        ...to('facebook', 'twitter', 'linkedin'),
        text: `${'word '.repeat(150)}end`,
        link: { url: 'https://example.com/', name: 'An example' },
        media: [{ url: 'https://example.com/p.png', alt: 'a cat' }],
      })
      assert.equal(status, 200)
      const [facebook, twitter] = json.previews
      assert.deepEqual(
        [facebook.provider, facebook.problem.code, facebook.problem.field],
        ['facebook', 'too_large', 'text'],
      )
      assert.equal(twitter.problem.code, 'not_found')
      const fitted = await post('/preview', { ...to('facebook'), text: 'word '.repeat(150), fit: 'shorten' })
      const [{ shown }] = fitted.json.previews
      assert.ok(shown.count <= shown.limit && shown.text.endsWith('…'))
      assert.match(shown.warnings.join(), /shortened/)
      assert.equal(house.offices.asked.length, before)
    })

    test('a preview that tracks links shows short ones, counted as they will be, and makes none', async () => {
      const links = async () =>
        (await house.gateway.store.links.list(house.site, { page: 1, size: 1, direction: 'asc' }))
          .totalEntries
      const total = await links()
      const address = `https://example.com/${'long/'.repeat(40)}`
      const message = { ...to('facebook', 'linkedin'), text: `see ${address}`, tracks_links: true }
      const { status, json } = await post('/preview', message)
      assert.equal(status, 200)
      const texts = json.previews.map(({ shown }: { shown: { text: string } }) => shown.text)
      for (const shown of texts) assert.match(shown, /^see http:\/\/localhost\/s\/\w+$/)
      assert.notEqual(texts[0], texts[1])
      const sent = (await post('', message)).json.message.publications.map(
        ({ shown }: { shown: { text: string; count: number } }) => [shown.text.length, shown.count],
      )
      assert.deepEqual(
        json.previews.map(({ shown }: { shown: { text: string; count: number } }) => [
          shown.text.length,
          shown.count,
        ]),
        sent,
      )
      assert.equal(await links(), total + 2)
    })

    test('a preview of a message that is no good fetches nothing', async () => {
      house.taken.length = 0
      const media = [{ url: 'https://example.com/p.png' }]
      const { status, json } = await post('/preview', { ...to('facebook'), text: 'a\u202e', media })
      assert.deepEqual([status, json.error.field], [400, 'text'])
      assert.equal(house.taken.length, 0)
    })

    test('a picture by address or upload is shown with its description', async () => {
      house.taken.length = 0
      const media = [
        { url: 'https://example.com/p.png', alt: 'a cat' },
        { base64: 'cQ==', kind: 'image' },
      ]
      const { status, json } = await post('', { ...to('facebook'), media })
      assert.equal(status, 200)
      assert.equal(house.taken.length, 2)
      const [picture] = json.message.media
      assert.deepEqual([picture.kind, picture.url, picture.alt], ['image', media[0]?.url, 'a cat'])
    })

    test('what one network has against a picture or video names it as it was sent', async () => {
      const media = [{ base64: 'cQ==', kind: 'video' }]
      const [published] = (await post('', { ...to('facebook'), media })).json.message.publications
      const [previewed] = (await post('/preview', { ...to('facebook'), media })).json.previews
      for (const { problem } of [published, previewed]) {
        assert.deepEqual([problem?.code, problem?.field], ['unsupported', 'media[0]'])
      }
    })

    const refused: readonly (readonly [
      what: string,
      path: string,
      body: unknown,
      status: number,
      code: string,
      field: string | undefined,
    ])[] = [
      ['no target', '', { text: 'a' }, 400, 'invalid_request', 'user_token'],
      [
        'both targets',
        '',
        { user_token: 'u', identity_token: 'i', text: 'a' },
        400,
        'invalid_request',
        'user_token',
      ],
      ['no providers', '', { user_token: NOBODY, text: 'a' }, 400, 'invalid_request', 'providers'],
      [
        'an unknown user',
        '',
        { user_token: NOBODY, providers: ['facebook'], text: 'a' },
        404,
        'not_found',
        'user_token',
      ],
      [
        'a provider that nobody can read',
        '',
        { user_token: NOBODY, providers: ['a\u202eb'], text: 'a' },
        400,
        'invalid_request',
        'providers',
      ],
      [
        'a provider of half a character',
        '',
        { user_token: NOBODY, providers: ['\ud800'], text: 'a' },
        400,
        'invalid_request',
        'providers',
      ],
      ['an unknown identity', '', { identity_token: NOBODY, text: 'a' }, 404, 'not_found', 'identity_token'],
      ['a message of nothing', '', { identity_token: NOBODY }, 400, 'invalid_request', 'text'],
      [
        'a link that is none',
        '',
        { identity_token: NOBODY, link: { url: 'javascript:1' } },
        400,
        'invalid_request',
        'link.url',
      ],
      [
        'a picture of nothing',
        '',
        { identity_token: NOBODY, media: [{}] },
        400,
        'invalid_request',
        'media[0]',
      ],
      [
        'a picture that is a web page',
        '',
        { media: [{ base64: 'cQ==' }, { url: 'https://a.example/page' }] },
        400,
        'invalid_request',
        'media[1].url',
      ],
      [
        'too many pictures',
        '',
        { identity_token: NOBODY, media: Array(21).fill({ base64: 'cQ==' }) },
        400,
        'invalid_request',
        'media',
      ],
      [
        'a policy that is none',
        '',
        { identity_token: NOBODY, text: 'a', fit: 'cut' },
        400,
        'invalid_request',
        'fit',
      ],
      [
        'a time that is none',
        '',
        { identity_token: NOBODY, text: 'a', publish_at: 'tomorrow' },
        400,
        'invalid_request',
        'publish_at',
      ],
      [
        'a time in two years',
        '',
        { publish_at: '2999-01-01T00:00:00Z', text: 'a' },
        400,
        'invalid_request',
        'publish_at',
      ],
      [
        'waiting for ever',
        '',
        { identity_token: NOBODY, text: 'a', wait_seconds: 1e9 },
        400,
        'invalid_request',
        'wait_seconds',
      ],
      ['an unknown message', `/${NOBODY}/retry`, {}, 404, 'not_found', 'token'],
      ['a message of no token', '/nonsense/cancel', {}, 404, 'not_found', 'token'],
      [
        'an unknown message to publish',
        `/${NOBODY}/publish`,
        { identity_token: NOBODY },
        404,
        'not_found',
        'token',
      ],
    ]
    for (const [what, path, body, status, code, field] of refused) {
      test(`${what} is ${status} and names the field, and nothing is sent`, async () => {
        const before = house.offices.asked.length
        const isMine = what === 'a time in two years' || what === 'a picture that is a web page'
        const answer = await post(path, isMine ? { ...to('facebook'), ...(body as object) } : body)
        assert.deepEqual(
          [answer.status, answer.json.error.code, answer.json.error.field],
          [status, code, field],
          answer.text,
        )
        assert.ok(answer.json.error.message.length > 0)
        assert.equal(house.offices.asked.length, before)
      })
    }

    test('a message of another site is not there', async () => {
      const { keys } = await house.createSite()
      const { json } = await post('', { ...to('facebook'), text: 'mine' })
      const one = `/v1/messages/${json.message.token}`
      for (const [path, method] of [
        ['', 'GET'],
        ['?remote=true', 'DELETE'],
        ['/cancel', 'POST'],
        ['/retry', 'POST'],
      ]) {
        assert.equal((await house.ask(`${one}${path}`, { method, keys })).status, 404)
      }
      assert.equal((await house.ask(one)).json.message.publications[0].state, 'published')
    })
  })
}
