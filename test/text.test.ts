import assert from 'node:assert/strict'
import { test } from 'node:test'
import { domainToASCII } from 'node:url'
import { RichText } from '@atproto/api'
import fc from 'fast-check'
import twitter from 'twitter-text'
import { findLinks, findMarks } from '../src/core/marks.ts'
import { lookupLength } from '../src/core/punycode.ts'
import { measure, shorten } from '../src/core/text.ts'
import { isPublicName } from '../src/core/top-level-domains.ts'
import { findAddresses, RESERVED_ADDRESSES, SHORTENED_ADDRESSES } from '../src/core/web-addresses.ts'

const WEIGHTED = { unit: 'weighted', link: 23 } as const
const FLAT = { unit: 'graphemes', link: 23, freeMentionDomain: true } as const
const GRAPHEMES = { unit: 'graphemes', link: 'verbatim' } as const

const WORDS = [
  ...[
    'a',
    'Hello',
    'word',
    'naïve',
    'e\u0301te\u0301',
    'Привет',
    'γειά',
    'שלום',
    'مرحبا',
    'こんにちは',
    '日本',
  ],
  ...['안녕', 'ไทย', 'नमस्ते', '𝒽𝒾', '100', '3.5', '—', '“', '”', '…', 'ﬁ', 'İ', '\u200d', '\u200b', '\u3000'],
]
// The oracle knows the emoji of 2018.
const EMOJI = [
  ...['👍', '👍🏽', '👨‍👩‍👧‍👦', '🏳️‍🌈', '🇩🇪', '🇯🇵', '1️⃣', '#⃣', '❤', '❤️', '❤︎', '☝🏽', '⌚', '⌚️', '©', '®', '©︎'],
  ...['🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👩🏾‍🚀', '🤼‍♀️', '👩‍❤️‍💋‍👨', '🎅🏿', '🈚️', '♥', '🅰', '🇩', '🏽', '🫠', '™', 'ℹ', '\ufe0f'],
]
const ADDRESSES = [
  ...[
    'http://example.com',
    'https://example.com/',
    'HTTPS://EXAMPLE.COM/A',
    'example.com',
    'www.example.co.uk',
  ],
  ...[
    'bücher.de',
    'https://bücher.de/ü',
    'http://пример.рф',
    'xn--p1ai.com',
    'http://xn--e1afmkfd.xn--p1ai/',
  ],
  ...[
    'https://t.co/aBc123',
    'https://t.co/aBc123/more',
    'https://t.co/x?a=b',
    'example.com:8080',
    'sub.a-b.museum',
  ],
  ...[
    'https://example.com:8080/path',
    'https://en.wikipedia.org/wiki/Primer_(film)',
    'http://a_b.example.com/x_y',
  ],
  ...[
    'https://example.com/?q=a,b&c=(d)#top',
    'https://example.com/a(b(c)d)e',
    'example.com?x=1',
    'http://localhost/',
    'a_b.com',
    'http://a_b.com/',
  ],
  ...[
    'http://127.0.0.1/',
    'https://example.nonsense/',
    'me@example.com',
    'https://example.com/путь',
    'a.b.c',
  ],
  ...[
    'https://user@example.com/',
    'ftp://example.com/',
    'https://example.com/a.',
    `https://example.com/${'x'.repeat(300)}`,
  ],
]
const MARKS = [
  '@user',
  '@user@example.social',
  '@alice.bsky.social',
  '#tag',
  '#日本語',
  '$AAPL',
  '@',
  '#',
  '#1',
  '@a_b',
]
const GLUE = [
  ' ',
  ' ',
  ' ',
  '\n',
  '',
  ', ',
  '. ',
  '! ',
  '(',
  ') ',
  '"',
  "'",
  '-',
  '/',
  '_',
  ':',
  '?',
  '&',
  '~',
]

const piece = fc.oneof(
  ...[WORDS, EMOJI, ADDRESSES, MARKS, GLUE, GLUE].map((some) => fc.constantFrom(...some)),
)
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
const anything = fc.oneof(
  text,
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
)

/** What the oracle finds; undefined where what it says it found is not what stands at that place. */
function theirs(written: string, withoutScheme: boolean): string[] | undefined {
  const found = twitter.extractUrlsWithIndices(written, { extractUrlsWithoutProtocol: withoutScheme })
  const isSound = found.every(({ url, indices }) => written.slice(...indices) === url)
  return isSound ? found.map(({ url, indices }) => `${indices.join('-')} ${url}`) : undefined
}

test('X finds the addresses that we find', () => {
  let compared = 0
  const found = (written: string) =>
    findAddresses(written, SHORTENED_ADDRESSES).map(
      ({ start, end }) => `${start}-${end} ${written.slice(start, end)}`,
    )
  fc.assert(
    fc.property(anything, (written) => {
      const expected = theirs(written, true)
      if (!expected) return
      compared += 1
      assert.deepEqual(found(written), expected)
    }),
    { numRuns: 6_000 },
  )
  assert.ok(compared > 5_500)
})

test('X places a bare name where its letters stand first', () => {
  const bare = 'xn--p1ai.com'
  for (const written of [
    `${bare}1️⃣${bare}`,
    `${bare}1️⃣${bare}1️⃣${bare}`,
    `see ${bare}ぁ${bare}`,
    'bb.com.aa.com1️⃣bb.com',
    'abb.comぁbb.com.cc1️⃣bb.com',
    'https://xn--p1aiぁ.co.uk',
    'https://xn--p1aiぁ.co.uk.example.com',
  ]) {
    const found = findAddresses(written, SHORTENED_ADDRESSES)
    assert.deepEqual(
      found.map(({ start, end }) => `${start}-${end} ${written.slice(start, end)}`),
      theirs(written, true),
    )
  }
})

test('X counts what we count', () => {
  let compared = 0
  fc.assert(
    fc.property(anything, (written) => {
      if (!theirs(written.normalize('NFC'), true)) return
      compared += 1
      assert.equal(measure(written, WEIGHTED), twitter.parseTweet(written).weightedLength)
    }),
    { numRuns: 6_000 },
  )
  assert.ok(compared > 5_500)
})

test('on X a letter of Latin weighs one, of others two, an emoji two and an address 23', () => {
  const cases: [string, number][] = [
    ['', 0],
    ['hello', 5],
    ['e\u0301', 1],
    ['日本語', 6],
    ['👨‍👩‍👧‍👦', 2],
    ['❤️‍🔥', 2],
    ['🧑🏽‍🚀', 2],
    ['1️⃣', 2],
    ['see example.com now', 4 + 23 + 4],
    [`https://example.com/${'x'.repeat(500)}`, 23],
    ['a@example.com', 13],
    ['日本語example.com', 6 + 23],
    ['http://example.nonsense', 23],
  ]
  for (const [written, weight] of cases.slice(0, -1))
    assert.equal(measure(written, WEIGHTED), weight, written)
  assert.equal(measure('http://example.nonsense', WEIGHTED), 'http://example.nonsense'.length)
})

test('on X every character weighs what we weigh', () => {
  const characters = Array.from({ length: 0x3100 }, (_, at) => String.fromCodePoint(at))
  const astral = ['\u{10000}', '\u{1d4b6}', '\u{1f1e9}', '\u{20000}', '\u{e0067}', '\u{10ffff}']
  const differing = [...characters, ...astral].filter(
    (character) => measure(character, WEIGHTED) !== twitter.parseTweet(character).weightedLength,
  )
  assert.deepEqual(differing, [])
})

test('a label is as long as it is looked up', () => {
  const cases: [string, string][] = [
    ['example', 'example'],
    ['bücher', 'xn--bcher-kva'],
    ['пример', 'xn--e1afmkfd'],
    ['みんな', 'xn--q9jyb4c'],
  ]
  for (const [label, ascii] of cases) assert.equal(lookupLength(label), ascii.length, label)
  const letters = fc.constantFrom(...'abcxyzäöüßéпримерабв日本語中文한국어ไทยみんな')
  const words = fc.array(letters, { minLength: 1, maxLength: 40 }).map((some) => some.join(''))
  fc.assert(
    fc.property(words, (label) => {
      const ascii = domainToASCII(label)
      if (ascii !== '') assert.equal(lookupLength(label), ascii.length)
    }),
    { numRuns: 1_000 },
  )
})

test('the network of Bluesky counts the graphemes that we count', () => {
  fc.assert(
    fc.property(anything, (written) => {
      assert.equal(measure(written, GRAPHEMES), new RichText({ text: written }).graphemeLength)
    }),
    { numRuns: 6_000 },
  )
})

// Cases of https://github.com/mastodon/mastodon/blob/main/spec/validators/status_length_validator_spec.rb, and of the
// rules that it tests.
test('Mastodon counts graphemes, an address as 23 and a mention without its host', () => {
  const long = `http://${'b'.repeat(30)}.com/example`
  const cases: [string, number][] = [
    [`${'a'.repeat(476)} ${long}`, 500],
    [`${'a'.repeat(475)}${long}`, 475 + long.length],
    [`${'a'.repeat(475)} @alice@${'b'.repeat(30)}.com`, 482],
    ['example.com', 11],
    ['http://a.co', 23],
    ['https://example.com/wiki/Primer_(film)', 23],
    ['https://example.com/日本語', 23],
    ['https://example.com/a.(b)', 23],
    ['(https://example.com/a)', 25],
    ['https://example.com/a?b=c.', 24],
    ['https://example.nonsense/', 25],
    ['@alice', 6],
    ['@alice@example.social!', 7],
    ['@alice@example.social@again', 27],
    ['me@alice@example.social', 23],
    ['https://example.com/@alice@example.social', 23],
    ['@alice@example.social @bob@example.social', 11],
    ['👨‍👩‍👧‍👦', 1],
    ['e\u0301', 1],
  ]
  for (const [written, count] of cases) assert.equal(measure(written, FLAT), count, written)
  assert.equal(measure('http://a.co', { ...FLAT, link: 32 }), 32)
})

test('of addresses with a scheme and plain paths Mastodon finds what X finds', () => {
  const plain = ADDRESSES.filter((address) => !/t\.co|[^\x20-\x7e]|\(/.test(address))
  const plainGlue = fc.constantFrom(' ', '\n', ' ', '. ', ', ', '! ')
  const words = fc.constantFrom('a', 'Hello', 'word', '日本', '👍')
  const plainText = fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...plain), words), plainGlue), { maxLength: 8 })
    .map((pieces) => pieces.flat().join(''))
  fc.assert(
    fc.property(plainText, (written) => {
      const found = findAddresses(written, RESERVED_ADDRESSES)
      assert.deepEqual(
        found.map(({ start, end }) => `${start}-${end} ${written.slice(start, end)}`),
        theirs(written, false),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('characters are code points, UTF-16 units are units, and emoji can cost their bytes', () => {
  const cases: [string, number, number, number][] = [
    ['abc', 3, 3, 3],
    ['ü', 1, 1, 1],
    ['𝒽', 1, 2, 1],
    ['👍', 1, 2, 4],
    ['👍🏽', 2, 4, 8],
    ['a❤️b', 4, 4, 8],
    ['日本', 2, 2, 2],
  ]
  for (const [written, characters, utf16, emojiBytes] of cases) {
    const counts = (['characters', 'utf16', 'emojiBytes'] as const).map((unit) =>
      measure(written, { unit, link: 'verbatim' }),
    )
    assert.deepEqual(counts, [characters, utf16, emojiBytes], written)
  }
})

test('a link ends before the punctuation of its sentence and the bracket around it', () => {
  const cases: [string, string[]][] = [
    ['see https://example.com/a.', ['https://example.com/a']],
    ['see https://example.com/a?!...', ['https://example.com/a']],
    ['(https://example.com/a)', ['https://example.com/a']],
    ['(https://example.com/a_(b))', ['https://example.com/a_(b)']],
    ['[https://example.com/a].', ['https://example.com/a']],
    ['https://example.com/a，然后', ['https://example.com/a']],
    ['看https://example.com/a。', ['https://example.com/a']],
    ['<https://example.com/a>', ['https://example.com/a']],
    ['“https://example.com/a”', ['https://example.com/a']],
    ['https://example.com/a, http://example.org', ['https://example.com/a', 'http://example.org']],
    ['http://127.0.0.1:8080/a', ['http://127.0.0.1:8080/a']],
    ['xhttps://example.com', []],
    ['https://', []],
    ['http:///a', []],
    ['javascript:alert(1)', []],
  ]
  for (const [written, links] of cases)
    assert.deepEqual(
      findLinks(written).map(({ value }) => value),
      links,
      written,
    )
})

test('what stands out lies where it says, in order and without overlap', () => {
  fc.assert(
    fc.property(anything, (written) => {
      let end = 0
      for (const mark of findMarks(written)) {
        assert.ok(mark.start >= end && mark.end > mark.start)
        assert.equal(written.slice(mark.start, mark.end), mark.value)
        end = mark.end
      }
    }),
    { numRuns: 2_000 },
  )
})

const UNITS = [WEIGHTED, FLAT, GRAPHEMES, { unit: 'utf16', link: 'verbatim' }] as const
const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' })

test('a shortened text fits, goes as far as it can, and splits no grapheme, link, mention or tag', () => {
  let shortenedOnes = 0
  const longText = fc.array(piece, { minLength: 8, maxLength: 40 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(longText, fc.integer({ min: 5, max: 80 }), fc.constantFrom(...UNITS), (written, max, how) => {
      const fits = (some: string) => measure(some, how) <= max
      const short = shorten(written, fits)
      if (short === undefined) return
      shortenedOnes += 1
      assert.ok(fits(short))
      assert.match(short, /\S ?…$/)
      const kept = short.replace(/ ?…$/, '')
      assert.ok(written.startsWith(kept))
      const boundaries = [...segmenter.segment(written)].map(({ index }) => index)
      assert.ok(boundaries.includes(kept.length))
      const isCut = findMarks(written).some(({ start, end }) => start < kept.length && kept.length < end)
      assert.ok(!isCut)
    }),
    { numRuns: 2_000 },
  )
  assert.ok(shortenedOnes > 1_000)
})

test('a text is shortened at the end of a word where there is one', () => {
  const upTo = (max: number) => (some: string) => some.length <= max
  const cases: [string, number, string | undefined][] = [
    ['Hello, world of words', 20, 'Hello, world of…'],
    ['Hello, world', 8, 'Hello…'],
    ['see https://example.com/abc', 26, 'see…'],
    ['https://example.com/abc and more', 24, undefined],
    ['https://example.com/abc and more', 25, 'https://example.com/abc …'],
    ['hi @alice.example and more', 17, 'hi…'],
    ['日本語の文章です', 6, '日本語の…'],
    ['aaaaaaaaaaaaaaaaaaaa', 6, 'aaaaa…'],
    ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 15, '👨‍👩‍👧‍👦…'],
    ['👨‍👩‍👧‍👦👨‍👩‍👧‍👦', 5, undefined],
  ]
  for (const [written, max, short] of cases) assert.equal(shorten(written, upTo(max)), short, written)
})

test('names of the root zone are known in whatever case and alphabet', () => {
  const known = ['example.com', 'EXAMPLE.COM', 'a.b.museum', 'пример.рф', 'example.xn--p1ai', 'みんな.みんな']
  const unknown = ['example', 'example.nonsense', 'com', '.com', 'example.com.', 'example.c', 'example.com-']
  assert.deepEqual(
    known.filter((name) => !isPublicName(name)),
    [],
  )
  assert.deepEqual(unknown.filter(isPublicName), [])
})

test('hostile texts of a hundred thousand units take no longer than others', () => {
  const hostile = [
    'a',
    '本',
    '本.',
    'a.',
    '@a',
    '@a.',
    '#',
    '(',
    ')',
    'http://a.com/(',
    'http://',
    '-',
    '_',
    '/',
    '?',
    '👍\u200d',
    '.com/',
  ]
  const started = performance.now()
  for (const part of hostile) {
    const written = part.repeat(Math.floor(100_000 / part.length))
    for (const how of UNITS) assert.ok(measure(written, how) > 0)
    assert.ok(findMarks(written).length >= 0)
  }
  assert.ok(performance.now() - started < 20_000)
})
