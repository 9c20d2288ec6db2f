import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RichText } from '@atproto/api'
import fc from 'fast-check'
import { cleanMessage } from '../src/core/clean-message.ts'
import { GatewayError } from '../src/core/errors.ts'
import { findLinks, findMarks } from '../src/core/marks.ts'
import { linksOf, replaceLinks } from '../src/core/message-links.ts'
import type { Identity } from '../src/core/model.ts'
import { previewMessage } from '../src/core/preview.ts'
import type { Provider } from '../src/core/provider.ts'
import type { Limits, Media, Message, Publishing } from '../src/core/publish.ts'
import { renderFor } from '../src/core/render.ts'
import { blueskyPublishing, toFacets } from '../src/providers/bluesky-text.ts'
import { discordPublishing, toDiscordContent } from '../src/providers/discord-text.ts'
import { facebookPublishing } from '../src/providers/facebook-text.ts'
import { linkedinPublishing, toLittleText } from '../src/providers/linkedin-text.ts'
import { mastodonPublishing, readMastodonLimits } from '../src/providers/mastodon-text.ts'
import { pixelfedPublishing } from '../src/providers/pixelfed-text.ts'
import { telegramPublishing } from '../src/providers/telegram-text.ts'
import { twitterPublishing } from '../src/providers/twitter-text.ts'

const NETWORKS: Record<string, Publishing> = {
  X: twitterPublishing,
  Facebook: facebookPublishing,
  LinkedIn: linkedinPublishing,
  Mastodon: mastodonPublishing,
  Pixelfed: pixelfedPublishing,
  Bluesky: blueskyPublishing,
  Discord: discordPublishing,
  Telegram: telegramPublishing,
}

const IDENTITY: Identity = {
  id: 1,
  siteId: 1,
  userId: 1,
  userToken: '00000000-0000-4000-8000-000000000001',
  token: '00000000-0000-4000-8000-000000000002',
  provider: 'pretend',
  subject: '42',
  profile: { subject: '42' },
  createdAt: 0,
  updatedAt: 0,
  target: 'page',
}

const IMAGE: Media = { hash: 'a'.repeat(64), kind: 'image', mimeType: 'image/png', bytes: 1_000 }
const VIDEO: Media = {
  hash: 'b'.repeat(64),
  kind: 'video',
  mimeType: 'video/mp4',
  bytes: 1_000,
  durationMs: 5_000,
}
const LINK = {
  url: 'https://shop.example.com/a',
  name: 'Shop',
  caption: 'shop.example.com',
  description: 'Things',
}

type Network = keyof typeof NETWORKS & string
const rendererOf = (name: Network) => ({ name, publish: NETWORKS[name]! })
const on = (name: Network, message: Partial<Message>, fit: 'refuse' | 'shorten' = 'refuse') =>
  renderFor(rendererOf(name), IDENTITY, { media: [], ...message }, { fit })
const refusal = (act: () => unknown) => {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof GatewayError)
    return error.problem
  }
  return assert.fail('nothing was refused')
}

test('a link stands behind the words where it cannot travel apart', () => {
  const message = { text: 'Look', link: LINK }
  for (const name of ['X', 'Mastodon', 'Discord', 'Telegram']) {
    const { text, link, warnings } = on(name, message)
    assert.deepEqual([text, link], ['Look\nhttps://shop.example.com/a', undefined], name)
    assert.deepEqual(warnings, ['The link’s name, caption and description will not be shown.'], name)
  }
  for (const name of ['Facebook', 'LinkedIn', 'Bluesky']) {
    const { text, link } = on(name, message)
    assert.deepEqual([text, link], ['Look', LINK], name)
  }
})

test('what a network will not show of a link is said', () => {
  const warned = (name: Network) => on(name, { text: 'Look', link: LINK }).warnings
  assert.deepEqual(warned('Facebook'), ['The link’s name, caption and description will not be shown.'])
  assert.deepEqual(warned('LinkedIn'), ['The link’s caption will not be shown.'])
  assert.deepEqual(warned('Bluesky'), ['The link’s caption will not be shown.'])
  assert.deepEqual(on('Bluesky', { text: 'Look', link: { url: LINK.url } }).warnings, [])
})

test('a link that stands in the words already is not repeated, and pictures push it into the words', () => {
  assert.equal(on('X', { text: `See ${LINK.url}.`, link: { url: LINK.url } }).text, `See ${LINK.url}.`)
  assert.equal(on('X', { link: { url: LINK.url } }).text, LINK.url)
  const pictured = on('Bluesky', { text: 'Look', link: { url: LINK.url }, media: [IMAGE] })
  assert.deepEqual([pictured.text, pictured.link], [`Look\n${LINK.url}`, undefined])
  assert.deepEqual(pictured.facets, [{ kind: 'link', start: 5, end: 5 + LINK.url.length, value: LINK.url }])
})

test('an article on LinkedIn has a title even if the link has none', () => {
  assert.equal(on('LinkedIn', { link: { url: LINK.url } }).link?.name, 'shop.example.com')
})

test('what does not fit is refused with its count and its limit', () => {
  const cases: [Network, string, string][] = [
    ['X', '本'.repeat(141), 'X takes at most 280 characters; as it counts, this text has 282.'],
    ['Mastodon', 'a'.repeat(501), 'Mastodon takes at most 500 characters; as it counts, this text has 501.'],
    ['Bluesky', 'a'.repeat(301), 'Bluesky takes at most 300 characters; as it counts, this text has 301.'],
    ['Bluesky', '👨‍👩‍👧‍👦'.repeat(121), 'Bluesky takes at most 3000 bytes; this text has 3025.'],
    [
      'LinkedIn',
      '('.repeat(3_001),
      'LinkedIn takes at most 3000 characters; as it counts, this text has 3001.',
    ],
    [
      'Facebook',
      'a'.repeat(63_207),
      'Facebook takes at most 63206 characters; as it counts, this text has 63207.',
    ],
    [
      'Discord',
      '*'.repeat(1_001),
      'Discord takes at most 2000 characters; as it counts, this text has 2002.',
    ],
    [
      'Telegram',
      '👍'.repeat(2_049),
      'Telegram takes at most 4096 characters; as it counts, this text has 4098.',
    ],
  ]
  for (const [name, text, message] of cases) {
    assert.deepEqual(
      refusal(() => on(name, { text })),
      {
        code: 'too_large',
        message,
        field: 'text',
        retryAfterSeconds: undefined,
      },
    )
  }
})

test('what fits exactly is taken', () => {
  const cases: [Network, Partial<Message>, number][] = [
    ['X', { text: '本'.repeat(140) }, 280],
    ['X', { text: 'a'.repeat(256), link: { url: `https://example.com/${'x'.repeat(400)}` } }, 280],
    ['Mastodon', { text: 'a'.repeat(500) }, 500],
    ['Bluesky', { text: '👨‍👩‍👧‍👦'.repeat(120) }, 120],
    ['LinkedIn', { text: '('.repeat(3_000) }, 3_000],
    ['Discord', { text: '👍'.repeat(2_000) }, 2_000],
    ['Telegram', { text: 'a'.repeat(4_096) }, 4_096],
    ['Telegram', { text: 'a'.repeat(1_024), media: [IMAGE] }, 1_024],
    ['Pixelfed', { text: 'a'.repeat(500), media: [IMAGE] }, 500],
  ]
  for (const [name, message, count] of cases) assert.equal(on(name, message).count, count, name)
})

test('words beside a picture have less room on Telegram', () => {
  const { code, message } = refusal(() => on('Telegram', { text: 'a'.repeat(1_025), media: [IMAGE] }))
  assert.equal(code, 'too_large')
  assert.match(message, /at most 1024 characters/)
  assert.equal(on('Telegram', { text: 'a'.repeat(1_025), media: [IMAGE] }, 'shorten').count, 1_024)
})

test('words are shortened only when asked, say so, and leave the link whole', () => {
  const message = { text: 'word '.repeat(100).trim(), link: { url: LINK.url } }
  assert.equal(refusal(() => on('X', message)).code, 'too_large')
  const { text, count, warnings } = on('X', message, 'shorten')
  assert.ok(text.endsWith(`word…\n${LINK.url}`))
  assert.ok(count <= 280 && count > 270)
  assert.deepEqual(warnings, ['The text is too long and was shortened.'])
  assert.deepEqual(on('X', { text: 'short' }, 'shorten').warnings, [])
})

test('a link that is too long by itself is refused, shortened or not', () => {
  const url = `https://example.com/${'x'.repeat(400)}`
  for (const fit of ['refuse', 'shorten'] as const) {
    assert.equal(refusal(() => on('Bluesky', { text: url }, fit)).code, 'too_large')
  }
})

test('a network’s own limits are those of the server', () => {
  const publishLimits: Limits = { text: 5, unit: 'graphemes', link: 23, images: 1 }
  const identity = { ...IDENTITY, publishLimits }
  const problem = refusal(() => renderFor(rendererOf('Mastodon'), identity, { text: 'sixsix', media: [] }))
  assert.match(problem.message, /at most 5 characters/)
})

test('a Mastodon server tells its limits, and what it does not tell is as usual', () => {
  const answer = (body: unknown) => readMastodonLimits.parse({ status: 200, headers: {}, body })
  const limits = answer({
    configuration: {
      statuses: { max_characters: 5000, max_media_attachments: 16, characters_reserved_per_url: 32 },
      media_attachments: {
        supported_mime_types: ['image/png', 'image/avif', 'video/webm', 'audio/ogg'],
        image_size_limit: 1000,
        image_matrix_limit: 1_000_000,
        description_limit: 10_000,
      },
    },
  })
  assert.deepEqual([limits.text, limits.link, limits.images, limits.freeMentionDomain], [5000, 32, 16, true])
  assert.deepEqual(limits.image, {
    bytes: 1000,
    side: 1000,
    mimeTypes: ['image/png', 'image/avif'],
    alt: 10_000,
  })
  assert.deepEqual(limits.video?.mimeTypes, ['video/webm'])
  assert.equal(answer({ max_toot_chars: 7777 }).text, 7777)
  assert.equal(answer({}).text, 500)
})

test('pictures and videos that a network does not take are refused before anything is sent', () => {
  const cases: [Network, readonly Media[], string, string, string][] = [
    ['X', Array(5).fill(IMAGE), 'too_large', 'media', 'X takes at most 4 pictures; this message has 5.'],
    ['X', [IMAGE, VIDEO], 'unsupported', 'media', 'X takes a video only by itself.'],
    [
      'X',
      [{ ...VIDEO, durationMs: 141_000 }],
      'too_large',
      'media.0',
      'up to 140 seconds; this one lasts 141 seconds',
    ],
    ['X', [{ ...VIDEO, mimeType: 'video/webm' }], 'unsupported', 'media.0', 'of video/mp4, video/quicktime'],
    [
      'Telegram',
      [IMAGE, { ...VIDEO, bytes: 60_000_000 }],
      'too_large',
      'media.1',
      'up to 50 MB; this one has 60 MB.',
    ],
    ['Pixelfed', [VIDEO], 'unsupported', 'media.0', 'Pixelfed takes no videos.'],
    ['Pixelfed', [], 'unsupported', 'media', 'Pixelfed takes no post without a picture or video.'],
    ['X', [{ ...IMAGE, alt: 'a'.repeat(1_001) }], 'too_large', 'media.0.alt', 'at most 1000 characters'],
  ]
  for (const [name, media, code, field, words] of cases) {
    const problem = refusal(() => on(name, { text: 'Look', media }))
    assert.deepEqual([problem.code, problem.field], [code, field], words)
    assert.ok(problem.message.includes(words), problem.message)
  }
  assert.equal(on('Discord', { media: [IMAGE, VIDEO] }).media.length, 2)
})

test('a network may want words, or few links, and count emoji by their bytes', () => {
  const limits: Limits = {
    text: 20,
    unit: 'emojiBytes',
    link: 'verbatim',
    links: 2,
    images: 1,
    needs: 'text',
    image: { bytes: 1_000, mimeTypes: [] },
  }
  const show = (message: Message) => renderFor({ name: 'Odd', publish: { limits } }, IDENTITY, message)
  assert.match(refusal(() => show({ media: [IMAGE] })).message, /no post without words/)
  const links = refusal(() => show({ text: 'http://a.b http://a.b http://c.d http://e.f', media: [] }))
  assert.deepEqual([links.code, links.field], ['too_large', 'text'])
  assert.match(links.message, /at most 2 links; this message has 3/)
  assert.equal(show({ text: '👍👍👍👍👍', media: [] }).count, 20)
  assert.equal(refusal(() => show({ text: '👍👍👍👍👍a', media: [] })).code, 'too_large')
})

test('descriptions are carried, shortened when asked, and missed aloud where there are none', () => {
  const described = { ...IMAGE, alt: 'A red door. '.repeat(100).trim() }
  assert.equal(on('LinkedIn', { media: [described] }).media[0]?.alt, described.alt)
  const [short] = on('X', { media: [described] }, 'shorten').media
  assert.ok(short?.alt?.endsWith('…') && short.alt.length <= 1_000)
  const { warnings } = on('Telegram', { media: [described] })
  assert.deepEqual(warnings, ['Descriptions of pictures and videos will not be shown.'])
})

test('a person’s own wall on Facebook is refused with the reason', () => {
  const person = { ...IDENTITY, target: undefined }
  const problem = refusal(() => renderFor(rendererOf('Facebook'), person, { text: 'Hello', media: [] }))
  assert.equal(problem.code, 'permission_missing')
  assert.match(problem.message, /Pages only/)
})

test('facets mark links, handles and tags by bytes', () => {
  const found = (text: string) =>
    toFacets(text).map(({ kind, start, end, value }) => [
      kind,
      Buffer.from(text).subarray(start, end).toString(),
      value,
    ])
  const cases: [string, string[][]][] = [
    [
      '✨ https://example.com/ü. (example.org)',
      [
        ['link', 'https://example.com/ü', 'https://example.com/ü'],
        ['link', 'example.org', 'https://example.org'],
      ],
    ],
    ['日本 @alice.bsky.social, @bob', [['mention', '@alice.bsky.social', 'alice.bsky.social']]],
    [
      '#one #2 #日本語! ＃two.',
      [
        ['tag', '#one', 'one'],
        ['tag', '#日本語', '日本語'],
        ['tag', '＃two', 'two'],
      ],
    ],
    ['$aapl, $toolong $1', [['tag', '$aapl', '$AAPL']]],
    [`#${'x'.repeat(65)}`, []],
    ['me@example.com', []],
    ['#a(https://example.com', [['tag', '#a(https://example.com', 'a(https://example.com']]],
  ]
  for (const [text, facets] of cases) assert.deepEqual(found(text), facets, text)
})

const PIECES = [
  ...[
    'Hello',
    'naïve',
    '日本',
    'שלום',
    '👨‍👩‍👧‍👦',
    '👍',
    '1',
    '…',
    'example.com',
    'https://example.com/a',
    'http://example.org/?q=1',
  ],
  ...[
    '@alice.bsky.social',
    '@bob.example.com',
    '#tag',
    '#日本',
    '#1',
    '$AAPL',
    '(https://example.com/a_(b))',
    'a.b',
    '@user',
  ],
  ...[
    '@user@example.social',
    'https://example.com/ü',
    'word'.repeat(60),
    '*bold*',
    '_it_',
    '<x>',
    '[a](b)',
    '{b}',
    '|',
  ],
]
const text = fc
  .array(fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(' ', ' ', '\n', '. ', ', ', '! ')), {
    maxLength: 14,
  })
  .map((pieces) => pieces.flat().join(''))
const rich = fc.record({
  text: fc.oneof(text, fc.string({ unit: 'grapheme', maxLength: 700 })),
  link: fc.option(fc.constant(LINK), { nil: undefined }),
  media: fc.constantFrom([], [IMAGE], [IMAGE, IMAGE]),
})

test('facets never overlap and hold what the network’s own apps would mark', () => {
  let compared = 0
  fc.assert(
    fc.property(text, (written) => {
      const bytes = Buffer.from(written)
      const facets = toFacets(written)
      let end = 0
      for (const facet of facets) {
        assert.ok(facet.start >= end && facet.end > facet.start)
        end = facet.end
        const shown = bytes.subarray(facet.start, facet.end).toString()
        assert.ok(Buffer.byteLength(shown) === facet.end - facet.start && shown.isWellFormed())
      }
      const theirs = new RichText({ text: written })
      theirs.detectFacetsWithoutResolution()
      const ours = new Set(facets.map(({ kind, start, value }) => `${start} ${kind} ${value}`))
      for (const { index, features } of theirs.facets ?? []) {
        const { kind, value } = toOurs(features[0])
        compared += 1
        assert.ok(ours.has(`${index.byteStart} ${kind} ${value}`), `${value} in ${written}`)
      }
    }),
    { numRuns: 3_000 },
  )
  assert.ok(compared > 3_000)
})

/** Their feature in our words; they leave more than one mark of punctuation at the end of a link. */
function toOurs(feature: unknown): { kind: string; value: string } {
  const { uri, did, tag } = feature as { uri?: string; did?: string; tag?: string }
  if (uri !== undefined) return { kind: 'link', value: findLinks(uri)[0]?.value ?? uri }
  return did === undefined ? { kind: 'tag', value: tag ?? '' } : { kind: 'mention', value: did }
}

test('nothing rendered is longer than its limit, and rendering it again changes nothing', () => {
  let rendered = 0
  fc.assert(
    fc.property(rich, fc.constantFrom(...Object.keys(NETWORKS)), (message, name) => {
      let shown: ReturnType<typeof on>
      try {
        shown = on(name, message, 'shorten')
      } catch (error) {
        assert.ok(error instanceof GatewayError && ['too_large', 'unsupported'].includes(error.code))
        return
      }
      rendered += 1
      assert.ok(shown.count <= shown.limit)
      assert.equal(shown.bytes, Buffer.byteLength(shown.text))
      if (name === 'Bluesky') assert.ok(shown.bytes <= 3_000)
      const isUrlKept = shown.link?.url === LINK.url || shown.text.includes(LINK.url)
      assert.ok(message.link === undefined || isUrlKept)
      const again = on(name, { text: shown.text, link: shown.link, media: shown.media }, 'shorten')
      assert.deepEqual([again.text, again.count, again.facets], [shown.text, shown.count, shown.facets])
    }),
    { numRuns: 3_000 },
  )
  assert.ok(rendered > 1_500)
})

test('LinkedIn is sent words without markup, with its hashtags', () => {
  const cases: [string, string][] = [
    [
      'a (b) [c] {d} <e> *f* _g_ ~h~ |i| @j \\',
      'a \\(b\\) \\[c\\] \\{d\\} \\<e\\> \\*f\\* \\_g\\_ \\~h\\~ \\|i\\| \\@j \\\\',
    ],
    ['#Tag and #日本_語, #1 a#b', '{hashtag|\\#|Tag} and {hashtag|\\#|日本\\_語}, \\#1 a\\#b'],
    ['https://example.com/a_b#c', 'https://example.com/a\\_b\\#c'],
  ]
  for (const [plain, little] of cases) assert.equal(toLittleText(plain), little)
})

test('Discord is sent words without markup, with its links whole', () => {
  const cases: [string, string][] = [
    [
      '*a* _b_ ~~c~~ `d` ||e|| <@1> [f](g) \\',
      '\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\|\\|e\\|\\| \\<@1> \\[f](g) \\\\',
    ],
    [
      '# a\n## b\n> c\n>>> d\n- e\n  - f\n1. g\n-# h',
      '\\# a\n\\## b\n\\> c\n\\>>> d\n\\- e\n  \\- f\n1\\. g\n\\-# h',
    ],
    ['#tag a-b 1.5 a > b', '#tag a-b 1.5 a > b'],
    ['see https://example.com/a_b_c *now*', 'see https://example.com/a_b_c \\*now\\*'],
  ]
  for (const [plain, content] of cases) assert.equal(toDiscordContent(plain), content)
})

test('links are listed once and replaced wherever they stand', () => {
  const message: Message = {
    text: 'See https://example.com/a, and https://example.com/a and https://example.com/ab.',
    link: {
      url: 'https://example.com/b',
      name: 'https://example.com/a',
      description: 'or (https://example.com/a)',
    },
    media: [],
  }
  assert.deepEqual(linksOf(message), [
    'https://example.com/a',
    'https://example.com/ab',
    'https://example.com/b',
  ])
  const short = new Map([
    ['https://example.com/a', 'https://s.example/1'],
    ['https://example.com/b', 'https://s.example/2'],
  ])
  assert.deepEqual(replaceLinks(message, short), {
    text: 'See https://s.example/1, and https://s.example/1 and https://example.com/ab.',
    link: {
      url: 'https://s.example/2',
      name: 'https://example.com/a',
      description: 'or (https://s.example/1)',
    },
    media: [],
  })
  assert.deepEqual(linksOf({ media: [] }), [])
})

test('a message is cleaned of what nobody sees', () => {
  const cleaned = cleanMessage({
    text: ' \ufeffHello\r\nworld\u2028again\rand on\n ',
    link: { url: ' https://example.com/ ', name: '  ' },
    media: [{ ...IMAGE, alt: '\u200b' }],
  })
  assert.equal(cleaned.text, 'Hello\nworld\nagain\nand on')
  assert.deepEqual(cleaned.link, {
    url: 'https://example.com/',
    name: undefined,
    caption: undefined,
    description: undefined,
  })
  assert.equal(cleaned.media[0]?.alt, undefined)
})

test('a message with what no text may hold is refused as a whole, naming the field', () => {
  const link = (url: string) => ({ text: 'a', link: { url }, media: [] })
  const cases: [Message, string, string, RegExp?][] = [
    [{ text: 'a\0b', media: [] }, 'invalid_request', 'text', /U\+0000/],
    [{ text: 'a\u0007b', media: [] }, 'invalid_request', 'text', /U\+0007/],
    [{ text: 'a\ud800b', media: [] }, 'invalid_request', 'text', /half of a character/],
    [{ text: 'a\udc00', media: [] }, 'invalid_request', 'text', /half of a character/],
    [{ text: 'a\uffffb', media: [] }, 'invalid_request', 'text', /noncharacter/],
    [{ text: 'pay \u202egpj.exe', media: [] }, 'invalid_request', 'text', /U\+202E/],
    [{ text: ' \n\t\u3000\u200b', media: [] }, 'invalid_request', 'text', /says nothing/],
    [{ text: '', media: [] }, 'invalid_request', 'text'],
    [{ media: [] }, 'invalid_request', 'text'],
    [{ text: 'a'.repeat(100_001), media: [] }, 'too_large', 'text'],
    [{ text: 'a', media: Array(21).fill(IMAGE) }, 'too_large', 'media'],
    [{ text: 'a', media: [IMAGE, { ...IMAGE, alt: '\0' }] }, 'invalid_request', 'media.1.alt'],
    [
      { ...link('https://a.b'), link: { url: 'https://a.b', name: '\u202d' } },
      'invalid_request',
      'link.name',
    ],
    [link('javascript:alert(1)'), 'invalid_request', 'link.url'],
    [link('ftp://example.com/'), 'invalid_request', 'link.url'],
    [link('example.com'), 'invalid_request', 'link.url'],
    [link(''), 'invalid_request', 'link.url'],
    [link('https://'), 'invalid_request', 'link.url'],
    [link('https://exa mple.com/'), 'invalid_request', 'link.url'],
    [link(`https://example.com/${'a'.repeat(4_096)}`), 'too_large', 'link.url'],
  ]
  for (const [message, code, field, words = /./] of cases) {
    const problem = refusal(() => cleanMessage(message))
    assert.deepEqual([problem.code, problem.field], [code, field], JSON.stringify(message).slice(0, 80))
    assert.match(problem.message, words)
  }
})

test('texts of many scripts and their marks of direction are left alone', () => {
  const texts = ['שלום \u200fעולם\u200e', '\u2067مرحبا\u2069 hello', '👨‍👩‍👧‍👦', 'ไทย', 'a\tb\nc', '𝒽']
  for (const written of texts) assert.equal(cleanMessage({ text: written, media: [] }).text, written)
})

function providerOf(name: Network): Provider {
  const id = name.toLowerCase()
  const publish = { ...NETWORKS[name]!, commit: () => Promise.reject(new Error('a preview sends nothing')) }
  return { id, name, docs: 'https://example.com', api: 'https://example.com', publish }
}

test('a preview answers for each identity what it would show, its price or its problem', () => {
  const known = ['X', 'Mastodon', 'Facebook'].map(providerOf)
  const gone = {
    id: 'gone',
    name: 'Gone',
    docs: 'https://a.b',
    api: 'https://a.b',
    gone: { since: '2014-09-30', instead: 'Nothing.' },
  }
  const silent = { id: 'silent', name: 'Silent', docs: 'https://a.b', api: 'https://a.b' }
  const providers = new Map<string, Provider>(
    [...known, gone, silent].map((provider) => [provider.id, provider]),
  )
  const identities = ['x', 'mastodon', 'facebook', 'gone', 'silent', 'stranger'].map((provider) => ({
    ...IDENTITY,
    provider,
    target: undefined,
  }))
  const message = { text: 'a'.repeat(300), media: [] }
  const previews = previewMessage({ providers }, identities, message)
  assert.deepEqual(
    previews.map(({ identity, problem, rendered }) => [identity.provider, problem?.code, rendered?.count]),
    [
      ['x', 'too_large', undefined],
      ['mastodon', undefined, 300],
      ['facebook', 'permission_missing', undefined],
      ['gone', 'discontinued', undefined],
      ['silent', 'unsupported', undefined],
      ['stranger', 'unsupported', undefined],
    ],
  )
  const [short] = previewMessage({ providers }, identities, message, { fit: 'shorten' })
  assert.deepEqual([short?.rendered?.count, short?.price], [280, { usd: 0.015 }])
  const [linked] = previewMessage({ providers }, identities, { text: 'see example.com', media: [] })
  assert.deepEqual(linked?.price, { usd: 0.2 })
  assert.equal(
    refusal(() => previewMessage({ providers }, identities, { media: [] })).code,
    'invalid_request',
  )
})

test('shortening never leaves half of a mark behind', () => {
  fc.assert(
    fc.property(text, fc.constantFrom('X', 'Bluesky', 'Mastodon'), (written, name) => {
      const long = `${written}${' filler'.repeat(90)}`
      let shown: string
      try {
        shown = on(name, { text: long }, 'shorten').text
      } catch (error) {
        assert.ok(error instanceof GatewayError && error.code === 'too_large')
        return
      }
      const kept = shown.replace(/ ?…$/, '').length
      assert.ok(!findMarks(long).some(({ start, end }) => start < kept && kept < end))
    }),
    { numRuns: 1_000 },
  )
})
