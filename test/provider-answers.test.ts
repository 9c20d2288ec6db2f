// What single networks say in their own way; the contract of all of them is in providers.test.ts.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ApiRequest, ApiResponse } from '../src/core/provider.ts'
import { bluesky } from '../src/providers/bluesky.ts'
import { facebook } from '../src/providers/facebook.ts'
import { github } from '../src/providers/github.ts'
import { linkedin } from '../src/providers/linkedin.ts'
import { mastodon } from '../src/providers/mastodon.ts'
import { pixelfed } from '../src/providers/pixelfed.ts'
import { toPlainText } from '../src/providers/plain-text.ts'
import { twitter } from '../src/providers/twitter.ts'
import {
  addressOf,
  answer,
  codeOf,
  type RefusalFixture,
  readFixture,
  serverOf,
  walk,
} from './support/provider-fixtures.ts'

const ok = (body: unknown, headers: Record<string, string> = {}): ApiResponse => ({
  status: 200,
  headers,
  body,
})
const ada = { subject: '109302436954721982', server: 'https://mastodon.example' }

describe('HTML becomes the text a person reads', () => {
  const cases: [html: string, text: string][] = [
    ['<p>one</p><p>two<br />three</p>', 'one\n\ntwo\nthree'],
    ['a &amp; b &lt;i&gt; &quot;c&quot; &#39;d&#39; &#x1F34E; &apos;', "a & b <i> \"c\" 'd' 🍎 '"],
    ['&amp;lt; stays, &amp;amp; too', '&lt; stays, &amp; too'],
    ['&hellip; &unknown; &#0; &#xD800; &#x110000; AT&T', '&hellip; &unknown; \ufffd \ufffd \ufffd AT&T'],
    ['1 < 2 and 2<3, I <3 you', '1 < 2 and 2<3, I <3 you'],
    ['<a title="a > b" href=\'x>y\'>link</a>', 'link'],
    [
      '<span class="invisible">https://</span><span>ada.example/no</span><span class="invisible">tes</span>',
      'https://ada.example/notes',
    ],
    ['before<!-- <p>hidden</p> -->after', 'beforeafter'],
    ['cut <a href="never closed', 'cut'],
    ['  many \n\t blanks  <br>  here ', 'many blanks\nhere'],
    ['plain text', 'plain text'],
    ['', ''],
  ]
  for (const [html, text] of cases) test(JSON.stringify(html), () => assert.equal(toPlainText(html), text))

  test('any text at all, in time that grows with its length', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (any) => typeof toPlainText(any) === 'string'))
    const started = performance.now()
    for (const piece of ['<', '<a ', '<a ="', "<a ='", '&#', '<!--', '&nbsp;\n', '= ', '\u00a0']) {
      assert.ok(toPlainText(piece.repeat(500_000)).length <= 20_000)
    }
    assert.ok(performance.now() - started < 1_000)
  })
})

test('the token that Facebook writes into the next page’s address goes nowhere', () => {
  const pages = walk(facebook, facebook.contacts.all, { subject: '1' })
  assert.ok(pages[0]?.text.includes('access_token=EAA'))
  const next = pages[1]!.request
  assert.match(
    next.path,
    /^https:\/\/graph\.facebook\.com\/v25\.0\/10229874561234567\/friends\?.*after=QVFIUmNE/,
  )
  assert.doesNotMatch(JSON.stringify(pages.map(({ request }) => request)), /access_token|EAA/)
})

test('a Facebook friend without a picture has none', () => {
  const [withPicture, without] = facebook.contacts.all.parse(answer(facebook, { path: '/me/friends' }), {
    path: '/me/friends',
  }).items
  assert.match(withPicture?.thumbnailUrl ?? '', /^https:\/\/platform-lookaside/)
  assert.equal(without?.thumbnailUrl, undefined)
})

test('an address of Facebook’s next page that is none is an answer nobody can read', () => {
  const body = { data: [], paging: { next: 'next, please' } }
  assert.throws(() => facebook.contacts.all.parse(ok(body), { path: '/me/friends' }), {
    code: 'network_unreadable',
  })
})

test('ids of X keep all 19 digits, and blank names give way to the user name', () => {
  const owner = { subject: '1489632180453281793' }
  const [first, second] = walk(twitter, twitter.contacts.followers, owner)
  assert.equal(first?.items[0]?.id, '1489632180453281794')
  assert.deepEqual(
    { ...second?.items[0] },
    {
      id: '1789632180453281799',
      displayName: undefined,
      username: 'no_name_1815',
      profileUrl: 'https://x.com/no_name_1815',
      thumbnailUrl: undefined,
      about: undefined,
    },
  )
})

test('X is asked for a thousand accounts a page, and for the next page by its token', () => {
  const [first, second] = walk(twitter, twitter.contacts.following, { subject: '1489632180453281793' })
  assert.equal(addressOf(twitter, first!.request).searchParams.get('max_results'), '1000')
  assert.equal(second?.request.query?.pagination_token, 'DFEDBNRFT3MHCZZZ')
  assert.equal(second?.request.query?.max_results, 1000)
})

test('an X list that lacks some of its people is a list, and one that has none of it a refusal', () => {
  const refusals = readFixture<RefusalFixture[]>('api.x.com/errors').filter(({ status }) => status === 200)
  assert.notDeepEqual(refusals, [])
  for (const { body, code } of refusals) {
    assert.equal(codeOf(twitter, { status: 200, body }), code)
    const data = [{ id: '1', name: 'Edsger', username: 'edsger' }]
    assert.equal(codeOf(twitter, { status: 200, body: { ...Object(body), data } }), undefined)
    const description = JSON.stringify(body)
    assert.equal(codeOf(twitter, { status: 200, body: { data: [{ ...data[0], description }] } }), undefined)
  }
})

test('the picture of an X profile is the one that was uploaded', () => {
  const profile = twitter.profile.parse(answer(twitter, twitter.profile.request({ subject: '' })))
  assert.match(profile.thumbnailUrl ?? '', /_normal\.jpg$/)
  assert.match(profile.pictureUrl ?? '', /ada_engine\.jpg$/)
})

test('LinkedIn’s language is read from an object and from text, its e-mail flag from both too', () => {
  const userinfo = readFixture<object>('api.linkedin.com/v2/userinfo')
  const cases: [locale: unknown, language: string | undefined][] = [
    [{ country: 'GB', language: 'en' }, 'en'],
    ['de-AT', 'de'],
    ['pt_BR', 'pt'],
    ['english', undefined],
    [undefined, undefined],
  ]
  for (const [locale, language] of cases) {
    assert.equal(linkedin.profile.parse(ok({ ...userinfo, locale })).language, language)
  }
  for (const email_verified of [true, 'true', false, 'false', undefined]) {
    const { emails } = linkedin.profile.parse(ok({ ...userinfo, email_verified }))
    assert.deepEqual(emails, [
      { value: 'ada@analytical.example', isVerified: String(email_verified) === 'true' },
    ])
  }
})

test('a LinkedIn connection is known by the id that the member has at login', () => {
  const contacts = walk(linkedin, linkedin.contacts.all, { subject: '' }).flatMap(({ items }) => items)
  assert.deepEqual(
    contacts.map(({ id, displayName }) => [id, displayName]),
    [
      ['9HfhE6QlBz', 'Edsger Dijkstra'],
      ['y-9ARdi6X_', 'Grace'],
      ['qW3rTy7UiO', undefined],
    ],
  )
})

test('a Mastodon account is read as text, with its full address for a shortened link', () => {
  const profile = mastodon.profile.parse(answer(mastodon, mastodon.profile.request(ada)))
  assert.equal(profile.about, 'Weaves algebra & flowers.\nSecond line.\n\nSee https://ada.example/notes')
  assert.deepEqual(profile.urls, ['https://ada.example'])
  assert.equal(profile.username, 'ada')
})

test('on Mastodon a name without a domain is one of the same server, and a missing picture is none', () => {
  const [page] = walk(mastodon, mastodon.contacts.following, ada)
  assert.deepEqual(
    page?.items.map(({ username, displayName, thumbnailUrl }) => [
      username,
      displayName,
      thumbnailUrl === undefined,
    ]),
    [
      ['edsger@haag.example', 'Edsger', false],
      ['grace', undefined, true],
    ],
  )
})

test('Mastodon’s next page is where the Link header says, and nowhere else', () => {
  const first = mastodon.contacts.following.first(ada)
  const link =
    '<https://mastodon.example/api/v1/x?since_id=9>; rel="prev", <https://mastodon.example/api/v1/x?max_id=1>; rel="next"'
  assert.equal(
    mastodon.contacts.following.parse(ok([], { link }), first).next?.path,
    'https://mastodon.example/api/v1/x?max_id=1',
  )
  assert.equal(mastodon.contacts.following.parse(ok([]), first).next, undefined)
})

test('snac2, which pages nothing and leaves much out, is read all the same', () => {
  const account = {
    id: 'e390acffc04a97ac0279c234f57897a6',
    username: 'bob',
    acct: 'bob',
    display_name: 'bob',
  }
  const url = 'http://localhost:8801/bob'
  const body = [
    { ...account, note: '', url, avatar: 'http://localhost:8801/susie.png', header: '', fields: [] },
  ]
  const { items, next } = mastodon.contacts.following.parse(ok(body), mastodon.contacts.following.first(ada))
  assert.deepEqual(
    items.map(({ id, username, profileUrl }) => [id, username, profileUrl]),
    [[account.id, 'bob', url]],
  )
  assert.equal(next, undefined)
})

test('Pixelfed’s pages are read to the end, though its Link header leads the wrong way', () => {
  const owner = { subject: '513042113857437697', server: serverOf(pixelfed) }
  const pages = walk(pixelfed, pixelfed.contacts.following, owner)
  assert.deepEqual(
    pages.map(({ items }) => items.map(({ id }) => id)),
    [['513042113857437700', '2'], ['614042113857437701']],
  )
})

test('a Pixelfed with its links the right way round is read just so, and one with Mastodon’s too', () => {
  const first = pixelfed.contacts.following.first(ada)
  const onward = `https://pixelfed.example/f?cursor=${btoa('{"id":7,"_pointsToNextItems":true}')}`
  const back = `https://pixelfed.example/f?cursor=${btoa('{"id":9,"_pointsToNextItems":false}')}`
  const older = 'https://pixelfed.example/f?max_id=7'
  const newer = 'https://pixelfed.example/f?min_id=9'
  const cases: [link: string, path: string | undefined][] = [
    [`<${back}>; rel="prev", <${onward}>; rel="next"`, onward],
    [`<${onward}>; rel="prev", <${back}>; rel="next"`, onward],
    [`<${back}>; rel="next"`, undefined],
    [`<${newer}>; rel="prev", <${older}>; rel="next"`, older],
    [`<${newer}>; rel="prev"`, undefined],
  ]
  for (const [link, path] of cases) {
    assert.equal(pixelfed.contacts.following.parse(ok([], { link }), first).next?.path, path, link)
  }
})

test('Bluesky tells whose a session is, and the whole profile once it is known', () => {
  const read = (subject: string) => {
    const request: ApiRequest = bluesky.profile.request({ subject, server: serverOf(bluesky) })
    return bluesky.profile.parse(answer(bluesky, request))
  }
  const unknown = read('')
  assert.equal(unknown.displayName, undefined)
  assert.deepEqual(unknown.emails, [{ value: 'ada@analytical.example', isVerified: true }])
  assert.equal(read(unknown.subject).displayName, 'Ada')
})

test('a Bluesky handle that no longer holds is left out, and the page found by the DID', () => {
  const [page] = walk(bluesky, bluesky.contacts.following, { subject: 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' })
  const [, contact] = page?.items ?? []
  assert.equal(contact?.username, undefined)
  assert.equal(contact?.profileUrl, 'https://bsky.app/profile/did:web:grace.example')
})

test('GitHub’s website is an address only where it can be one', () => {
  const user = readFixture<object>('api.github.com/user')
  const cases: [blog: unknown, urls: string[] | undefined][] = [
    ['ada.example/notes', ['https://ada.example/notes']],
    ['http://ada.example', ['http://ada.example']],
    ['javascript:alert(1)', undefined],
    ['my blog, some day', undefined],
    ['', undefined],
    [null, undefined],
  ]
  for (const [blog, urls] of cases) assert.deepEqual(github.profile.parse(ok({ ...user, blog })).urls, urls)
})

test('ids that are numbers are text with the same digits', () => {
  const users = readFixture<object[]>('api.github.com/user/following')
  const body = [users[0], { ...users[1], id: '9007199254740993' }]
  const { items } = github.contacts.following.parse(ok(body), { path: '/user/following' })
  assert.deepEqual(
    items.map(({ id }) => id),
    ['583231', '9007199254740993'],
  )
})
