import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fromProgress, type Lists, toProgress } from '../src/core/pages.ts'
import { joinPages, parseContacts, toPage } from '../src/core/portable.ts'

const contact = (id: string) => ({ id, displayName: `Name of ${id}`, username: `user_${id}` })
const textOf = (contacts: Uint8Array) => Buffer.from(contacts).toString('utf8')

test('a contact has the shape of the original API, byte for byte', () => {
  const page = toPage([
    {
      id: '1234567890',
      displayName: 'Example User 1',
      username: 'example_user1',
      profileUrl: 'http://twitter.com/example_user1l',
      thumbnailUrl: 'http://img.example/normal.png',
      about: 'Example User1 Description',
    },
  ])
  const { contacts } = joinPages({ following: [page] }, 10)
  assert.equal(
    textOf(contacts),
    '[{"name":{"formatted":"Example User 1"},"preferredUsername":"example_user1",' +
      '"profileUrl":"http://twitter.com/example_user1l","thumbnailUrl":"http://img.example/normal.png",' +
      '"aboutMe":"Example User1 Description",' +
      '"provider_properties":{"key":1234567890,"id":"1234567890","flags":"followed_by_this_user"}}]',
  )
})

test('a number beyond 2^53 keeps all its digits, and one beyond 2^63 is no key', () => {
  const ids = ['1234567890123456789', '9223372036854775807', '9223372036854775808', '007', 'did:plc:abc']
  const { contacts } = joinPages({ all: [toPage(ids.map(contact))] }, 10)
  const keys = [...textOf(contacts).matchAll(/"key":(\d+)/g)].map(([, key]) => key)
  assert.deepEqual(keys, ['1234567890123456789', '9223372036854775807'])
  assert.deepEqual(
    parseContacts(contacts).map(({ provider_properties: { id } }) => id),
    ids,
  )
})

test('whoever stands in both lists is one contact with both flags, following first', () => {
  const page = (...ids: string[]) => toPage(ids.map(contact))
  const { contacts, count } = joinPages(
    { following: [page('1', '2')], followers: [page('3'), page('2')] },
    10,
  )
  assert.equal(count, 3)
  assert.deepEqual(
    parseContacts(contacts).map(({ provider_properties: { id, flags } }) => [id, flags]),
    [
      ['1', 'followed_by_this_user'],
      ['2', 'follows_this_user,followed_by_this_user'],
      ['3', 'follows_this_user'],
    ],
  )
})

test('nobody stands in a list twice, however the pages overlap, and the bound holds', () => {
  const ids = fc.array(fc.integer({ min: 1, max: 30 }).map(String), { maxLength: 60 })
  fc.assert(
    fc.property(ids, ids, fc.integer({ min: 1, max: 40 }), (following, followers, bound) => {
      const pages = (list: string[]) => [
        toPage(list.slice(0, 7).map(contact)),
        toPage(list.slice(7).map(contact)),
      ]
      const joined = joinPages({ following: pages(following), followers: pages(followers) }, bound)
      const found = parseContacts(joined.contacts).map(({ provider_properties: { id } }) => id)
      const all = [...new Set([...following, ...followers])]
      assert.deepEqual(found, all.slice(0, bound))
      assert.equal(joined.count, found.length)
      assert.equal(joined.isCut, all.length > bound)
    }),
  )
})

test('any text a network may send becomes JSON that strict parsers take', () => {
  const text = fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  })
  fc.assert(
    fc.property(text, text, text, (displayName, about, username) => {
      const page = toPage([{ id: '1', displayName, about, username }])
      const { contacts } = joinPages({ all: [page] }, 1)
      const json = new TextDecoder('utf-8', { fatal: true }).decode(contacts)
      assert.equal(/\\u(d[89ab]|0000)/i.test(json.replaceAll('\\\\', '')), false)
      const [found] = parseContacts(contacts)
      assert.notEqual(found?.name.formatted, '')
      assert.notEqual(found?.aboutMe, '')
    }),
  )
})

test('an address that a browser should not follow is left out', () => {
  for (const profileUrl of [
    'javascript:alert(1)',
    'data:text/html,x',
    'ftp://a/b',
    'http://',
    '',
    'https://a b',
  ]) {
    const { contacts } = joinPages({ all: [toPage([{ id: '1', profileUrl, thumbnailUrl: profileUrl }])] }, 1)
    const [found] = parseContacts(contacts)
    assert.deepEqual([found?.profileUrl, found?.thumbnailUrl], [undefined, undefined], profileUrl)
  }
})

test('a read that is put down goes on as it was', () => {
  const next = { path: '/list', query: { cursor: 'b' } }
  const pages = [toPage([contact('1'), { id: '2', displayName: 'Ελένη\n"\\' }]), toPage([])]
  const lists: Lists = { followers: { pages, count: 2, next, isDone: false } }
  const again = fromProgress(toProgress(lists))
  assert.deepEqual(again, lists)
  assert.deepEqual(fromProgress(undefined), {})
})
