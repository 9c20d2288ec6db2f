// Ten thousand odd requests: always the envelope, always the right code, never a 500.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { type Asking, type OneAllHouse, openOneAllHouse } from './support/oneall.ts'
import { people } from './support/pretence.ts'

const RUNS = 10_000

let house: OneAllHouse
let user = ''
let identity = ''
let foreign = { user: '', identity: '' }
let foreignKeys = ''

before(async () => {
  house = await openOneAllHouse()
  const added = await house.add('twitter', 'ada', { contacts: people(2) })
  user = added.user
  identity = added.identity
  foreignKeys = (await house.createSite('other')).keys
  const body = { request: { user: { identity: { source: { key: 'twitter', access_token: { key: 'x' } } } } } }
  const options = { method: 'PUT', body, host: 'other.api.kith.example', keys: foreignKeys }
  const { json } = await house.ask('/users.json', options)
  const { user_token, identity: other } = json.response.result.data.user
  foreign = { user: user_token, identity: other.identity_token }
})

after(() => house.close())

interface Odd {
  readonly target: string
  readonly asking?: Asking
  /** What the answer must be; anything but a 500 where nothing is said. */
  readonly codes?: readonly number[]
  /** Its failure may have a result: one for each network. */
  readonly isPublishing?: boolean
}

const extension = fc.constantFrom('.json', '.xml')
const address = fc.ipV4()
const jsonText = fc.json({ maxDepth: 4 })
const nastyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '../..',
    '%00',
    '%',
    "'; drop table users; --",
    '{{7*7}}',
  ),
  fc.constantFrom('\u0000', '\ud800', '\u202e', 'a'.repeat(5_000), '-1', '1e999', 'NaN', 'null', '[]'),
)
const path = (text: string) => encodeURIComponent(text.toWellFormed())
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))

/** Routes below a token, and whether they ask for one of a user or of an identity. */
const below = fc.constantFrom<[method: string, before: string, after: string]>(
  ['GET', '/users/', ''],
  ['GET', '/users/', '/contacts'],
  ['GET', '/identities/', ''],
  ['GET', '/identities/', '/contacts'],
  ['PUT', '/identities/', '/synchronize'],
  ['GET', '/connections/', ''],
  ['GET', '/connection/', ''],
  ['GET', '/sharing/messages/', ''],
  ['GET', '/sharing/analytics/snapshots/', ''],
  ['GET', '/shorturls/', ''],
)
const writes = fc.constantFrom<[method: string, path: () => string]>(
  ['PUT', () => '/users'],
  ['DELETE', () => '/users'],
  ['PUT', () => `/identities/${identity}/link`],
  ['PUT', () => '/site/allowed-domains'],
  ['POST', () => '/sharing/messages'],
  ['POST', () => `/users/${user}/publish`],
  ['POST', () => '/shorturls'],
  ['PUT', () => '/sharing/analytics/snapshots'],
)

const odd: fc.Arbitrary<Odd> = fc.oneof(
  // Unknown tokens, and tokens of another site.
  fc
    .record({ route: below, token: fc.oneof(fc.uuid(), nastyText), extension })
    .map(({ route, token, extension }) => ({
      target: `${route[1]}${path(token) || 'x'}${route[2]}${extension}`,
      asking: { method: route[0] },
      codes: token.includes('\0') ? [400] : token.includes('/') ? [400, 404] : [404],
    })),
  fc.record({ route: below, isUser: fc.boolean(), extension }).map(({ route, isUser, extension }) => ({
    target: `${route[1]}${isUser ? foreign.user : foreign.identity}${route[2]}${extension}`,
    asking: { method: route[0] },
    codes: [404],
  })),
  // Wrong keys, no keys, keys of another site, hosts of no site.
  fc
    .record({ keys: fc.oneof(nastyText, fc.uuid()), address, extension })
    .map(({ keys, address, extension }) => ({
      target: `/users/${user}${extension}`,
      asking: { keys: `${house.site.publicKey}:${keys}`, address },
      codes: [401, 429],
    })),
  fc.record({ scheme: nastyText, address }).map(({ scheme, address }) => ({
    target: '/users.json',
    asking: { headers: { authorization: scheme }, address },
    codes: [401, 429],
  })),
  fc.record({ address }).map(({ address }) => ({
    target: `/users/${user}/contacts.json`,
    asking: { keys: foreignKeys, address },
    codes: [401, 429],
  })),
  fc.record({ label: fc.domain(), extension }).map(({ label, extension }) => ({
    target: `/tools/ping${extension}`,
    asking: { host: `${label.split('.')[0]}.api.kith.example` },
    codes: [404],
  })),
  fc
    .record({ host: nastyText })
    .map(({ host }) => ({ target: '/tools/ping.json', asking: { host }, codes: [200, 404] })),
  // Unknown extensions, methods and resources.
  fc.record({ ending: fc.stringMatching(/^\.?[a-z]{0,5}$/) }).map(({ ending }) => ({
    target: `/users${ending}`,
    codes: ending === '.json' || ending === '.xml' ? [200] : [404],
  })),
  fc
    .record({ method: fc.constantFrom('POST', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'), extension })
    .map(({ method, extension }) => ({ target: `/users${extension}`, asking: { method }, codes: [404] })),
  fc
    .constantFrom('/sharing/pages', '/loudvoice/comments', '/push/x', '/socialize/library.js', '/a/b/c/d')
    .map((target) => ({ target: `${target}.json`, codes: [404] })),
  // Bodies: no JSON, JSON of another shape, deep, with NUL, with broken UTF-8, none.
  fc.record({ write: writes, body: bytes, extension }).map(({ write, body, extension }) => ({
    target: write[1]() + extension,
    asking: { method: write[0], body },
    codes: [400],
  })),
  fc.record({ write: writes, text: jsonText, type: nastyText }).map(({ write, text, type }) => ({
    target: `${write[1]()}.json`,
    asking: { method: write[0], body: text, headers: { 'content-type': type } },
    codes: [400],
  })),
  fc.record({ write: writes, inside: jsonText }).map(({ write, inside }) => ({
    target: `${write[1]()}.json`,
    asking: {
      method: write[0],
      body: `{"__proto__":{"request":{}},"request":{"user":${inside},"__proto__":${inside}}}`,
    },
    codes: [400],
  })),
  fc.record({ write: writes, depth: fc.integer({ min: 65, max: 3_000 }) }).map(({ write, depth }) => ({
    target: `${write[1]()}.json`,
    asking: { method: write[0], body: `{"request":${'['.repeat(depth)}${']'.repeat(depth)}}` },
    codes: [400],
  })),
  fc
    .record({
      value: fc.anything({ maxDepth: 2 }),
      field: fc.constantFrom('key', 'secret', 'date_expiration'),
    })
    .map(({ value, field }) => {
      const access_token = { key: 'never', [field]: value === undefined ? 7 : value }
      const body = JSON.stringify(
        { request: { user: { identity: { source: { key: 'no such', access_token } } } } },
        (_, part) => (typeof part === 'bigint' ? Number(part) : part),
      )
      return { target: '/users.json', asking: { method: 'PUT', body }, codes: [400] }
    }),
  fc
    .record({
      value: fc.oneof(fc.anything({ maxDepth: 2 }), nastyText),
      field: fc.constantFrom('text', 'link', 'picture', 'video', 'uploads', 'upload', 'flags'),
      providers: fc.array(nastyText, { maxLength: 3 }),
    })
    .map(({ value, field, providers }) => {
      const parts = { text: { body: 'a' }, [field]: value }
      const message = { publish_for_user: { user_token: user, providers }, parts }
      const body = JSON.stringify({ request: { sharing_message: message } }, (_, part) =>
        typeof part === 'bigint' ? Number(part) : part,
      )
      // No network of this house takes messages.
      return { target: '/sharing/messages.json', asking: { method: 'POST', body }, isPublishing: true }
    }),
  // Queries and paths.
  fc
    .record({
      name: fc.constantFrom('page', 'entries_per_page', 'order_direction', '__proto__', 'x'),
      value: nastyText,
    })
    .map(({ name, value }) => ({
      target: `/users.json?${name}=${path(value)}&${name}=${path(value)}&request=7`,
      codes: value.includes('\0') ? [400] : [200],
    })),
  fc.record({ value: nastyText, extension }).map(({ value, extension }) => ({
    target: `/users${extension}?filters=${path(value)}`,
    codes: value === '' ? [200] : [400],
  })),
  fc
    .record({ raw: fc.stringMatching(/^[!-~\u0080-\u00ff]{0,80}$/) })
    .map(({ raw }) => ({ target: `/${raw}` })),
  fc.record({ length: fc.integer({ min: 8_200, max: 12_000 }) }).map(({ length }) => ({
    target: `/users/${'%41'.repeat(length / 3 + 1)}.json`,
    codes: [413],
  })),
  fc.record({ escaped: fc.constantFrom('%00', '%ff', '%c3%28', '%ed%a0%80') }).map(({ escaped }) => ({
    target: `/users/${escaped}.json`,
    codes: [400],
  })),
  fc.record({ count: fc.integer({ min: 1_001, max: 1_500 }) }).map(({ count }) => ({
    target: `/users.json?${'a=b&'.repeat(count)}`,
    codes: [413],
  })),
  fc
    .record({ method: fc.string({ maxLength: 8 }), target: nastyText, body: bytes, host: nastyText })
    .map(({ method, target, body, host }) => ({ target, asking: { method, body, host } })),
)

test('ten thousand odd requests are all answered in the envelope, with the right code', async () => {
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(odd, async ({ target, asking, codes, isPublishing }) => {
      const { status, headers, text } = await house.ask(target, asking)
      seen.set(status, (seen.get(status) ?? 0) + 1)
      const told = envelopeOf(headers['content-type'], text)
      assert.equal(told.code, status)
      assert.equal(told.flag, status < 300 ? 'success' : 'error')
      assert.ok(status < 500, `${status} for ${target}`)
      if (codes)
        assert.ok(codes.includes(status), `${status} instead of ${codes} for ${target}: ${told.info}`)
      if (status >= 400 && !isPublishing) assert.doesNotMatch(text, /"result"|<result>/)
    }),
    { numRuns: RUNS },
  )
  // The generators reach what they are meant to reach.
  for (const status of [200, 400, 401, 404, 413]) assert.ok((seen.get(status) ?? 0) > RUNS / 200, `${status}`)
  assert.equal(Reflect.get({}, 'request'), undefined)
  assert.equal((await house.ask(`/users/${user}.json`)).status, 200)
})

function envelopeOf(type: string | undefined, text: string): { code: number; flag: string; info: string } {
  if (type === 'application/json; charset=utf-8') return JSON.parse(text).response.request.status
  assert.equal(type, 'application/xml; charset=utf-8')
  const status =
    /^<\?xml [^>]*\?>\n<response><request>.*<status><flag>(\w+)<\/flag><code>(\d+)<\/code><info>(.*?)<\/info>/s.exec(
      text,
    )
  assert.ok(status && text.endsWith('</response>'), text)
  return { flag: status[1] ?? '', code: Number(status[2]), info: status[3] ?? '' }
}
