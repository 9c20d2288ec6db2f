import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createUserSig, isSignedWith, lastSecondOf, parseUserSig } from '../src/dialects/tencent/usersig.ts'
import { TLSSigAPI } from './support/tencent.ts'

const SAMPLE_KEY = '5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e'
const COUNTING_KEY = '0123456789abcdef'.repeat(4)

/** Made by the published signer under a fixed clock, and checked by another verifier. */
const VECTORS = [
  {
    name: 'of the published sample key',
    usersig:
      'eJw9itEKgjAYRt-lvw5x0*UadCNUg*zKoLoUtuavaGtOEaJ3D5b13X3nnBecizKatAMBNIphFT4q3Xu8Y8CV6rDHwbvKP9wSDKqtrEUFgqTxsq-x2GkQhGUZT9b8R-Vs0QXOGP23AxoQIG9zPj3H-dXs*KGm6sgvbTM3ljpPSHrayDGpa5PLojRbeH8ATgc01g__',
    key: SAMPLE_KEY,
    said: {
      identifier: 'administrator',
      sdkAppId: 1_400_000_000,
      madeAt: 1_577_836_800,
      lifeSeconds: 15_552_000,
    },
    lastSecond: 1_593_388_800,
  },
  {
    name: 'of the same document in another order, stored and not deflated, as Go signs',
    usersig:
      'eAEBsgBN-3siVExTLnZlciI6IjIuMCIsIlRMUy5pZGVudGlmaWVyIjoiYWRtaW5pc3RyYXRvciIsIlRMUy5zZGthcHBpZCI6MTQwMDAwMDAwMCwiVExTLmV4cGlyZSI6MTU1NTIwMDAsIlRMUy50aW1lIjoxNTc3ODM2ODAwLCJUTFMuc2lnIjoiSFl4QnZxdUZYZ0U4R2gyZEs4V2tqeGpwMnJ0MTE0TTlIdTNoaGdCSExTZz0ifQqLaTTg',
    key: SAMPLE_KEY,
    said: {
      identifier: 'administrator',
      sdkAppId: 1_400_000_000,
      madeAt: 1_577_836_800,
      lifeSeconds: 15_552_000,
    },
    lastSecond: 1_593_388_800,
  },
  {
    name: 'of another key',
    usersig:
      'eJw1ytEKgjAYBeB3*W8N2SqcDLpwUBGJCSbR5XAr-om2thVR9O6B2rk73zkfOOZV-NQOOMxjArOho9J9wAsOLFWHPfrgZLi56eBVK61FBZwmZAwdl4CdBk7ZpGRU-bLoNPA0Wf7J4xU4iEN0NobuG1FWJ0YzuVs32-djcSd5WpNabIrCRJ61WGYr*P4AlIcy6Q__',
    key: COUNTING_KEY,
    said: {
      identifier: 'administrator',
      sdkAppId: 1_600_000_001,
      madeAt: 1_700_000_000,
      lifeSeconds: 86_400,
    },
    lastSecond: 1_700_086_400,
  },
  {
    name: 'of a name beyond ASCII',
    usersig:
      'eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBws*nrHjWsT3eECpXnJKdWFCQmaJkZWhmAAGGEJmSzNxUJStDc6ioAUQ0taIgsyhVycrCzAQmVJyZrmSl5KmfXRrglGnpWV5g7m2W6lTgpO2VkmngXeKW5pnikWmR5GRhaZhbFWlYEWqrVAsAEUwy1Q__',
    key: COUNTING_KEY,
    said: { identifier: '用户_1', sdkAppId: 1_600_000_001, madeAt: 1_700_000_000, lifeSeconds: 86_400 },
    lastSecond: 1_700_086_400,
  },
]

for (const { name, usersig, key, said, lastSecond } of VECTORS) {
  test(`a UserSig ${name} says what it says, under its own key alone`, () => {
    const sig = parseUserSig(usersig)
    assert.ok(sig)
    const { signature, ...claims } = sig
    assert.equal(Buffer.from(signature, 'base64').length, 32)
    assert.deepEqual(claims, said)
    assert.equal(lastSecondOf(sig), lastSecond)
    assert.equal(isSignedWith(sig, key), true)
    assert.equal(isSignedWith(sig, key.toUpperCase()), false)
    assert.equal(isSignedWith({ ...sig, lifeSeconds: sig.lifeSeconds + 1 }, key), false)
  })
}

test('what the published signer signs is read, and what we sign is read', () => {
  const now = Math.floor(Date.now() / 1_000)
  const identifier = fc
    .string({ unit: 'grapheme' })
    .filter((text) => !/[\n\0]/.test(text) && text.isWellFormed())
  const claims = fc.record({
    identifier,
    sdkAppId: fc.nat({ max: 2 ** 32 - 1 }),
    lifeSeconds: fc.nat({ max: 2 ** 31 }),
    key: fc.string({ minLength: 1 }),
  })
  fc.assert(
    fc.property(claims, ({ key, ...said }) => {
      const theirs = parseUserSig(
        new TLSSigAPI.Api(said.sdkAppId, key).genUserSig(said.identifier, said.lifeSeconds),
      )
      assert.ok(theirs)
      assert.ok(isSignedWith(theirs, key))
      assert.equal(theirs.identifier, said.identifier)
      assert.ok(Math.abs(theirs.madeAt - now) < 60)
      const ours = createUserSig({ ...said, madeAt: theirs.madeAt }, key)
      assert.deepEqual(parseUserSig(ours), theirs)
    }),
    { numRuns: 200 },
  )
})

const DOCUMENT = {
  'TLS.ver': '2.0',
  'TLS.identifier': 'administrator',
  'TLS.sdkappid': 1_400_000_000,
  'TLS.time': 1_577_836_800,
  'TLS.expire': 15_552_000,
  'TLS.sig': 'HYxBvquFXgE8Gh2dK8Wkjxjp2rt114M9Hu3hhgBHLSg=',
}

function pack(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('+', '*').replaceAll('/', '-').replaceAll('=', '_')
}

const packed = (document: unknown) => pack(deflateSync(JSON.stringify(document)))

test('the document of these tests is one', () => {
  assert.ok(parseUserSig(packed(DOCUMENT)))
})

const first = VECTORS[0]!.usersig
const NONE: Readonly<Record<string, string>> = {
  'nothing at all': '',
  'text of another alphabet': 'not a usersig!',
  'half of one': first.slice(0, first.length / 2),
  'one without its last bytes': first.slice(0, -8),
  'a byte that was changed': `${first.slice(0, 60)}${first[60] === 'A' ? 'B' : 'A'}${first.slice(61)}`,
  'a document that is not deflated': pack(Buffer.from(JSON.stringify(DOCUMENT))),
  'a document deflated by gzip': pack(gzipSync(JSON.stringify(DOCUMENT))),
  'no JSON': pack(deflateSync('{"TLS.ver":')),
  'a list': packed([DOCUMENT]),
  null: packed(null),
  'a document with a TRTC buffer': packed({ ...DOCUMENT, 'TLS.userbuf': 'AAAA' }),
  'a document of the first version': packed({ 'TLS.sdk_appid': 1, 'TLS.identifier': 'a', 'TLS.sig': 'x' }),
  'a name that is a number': packed({ ...DOCUMENT, 'TLS.identifier': 7 }),
  'a name with a line break': packed({ ...DOCUMENT, 'TLS.identifier': 'a\nTLS.sdkappid:1' }),
  'an app that is text': packed({ ...DOCUMENT, 'TLS.sdkappid': '1400000000' }),
  'a time that is none': packed({ ...DOCUMENT, 'TLS.time': -1 }),
  'a life without end': packed({ ...DOCUMENT, 'TLS.expire': 1e300 }),
  'a part of a second': packed({ ...DOCUMENT, 'TLS.expire': 0.5 }),
  'no signature': packed({ ...DOCUMENT, 'TLS.sig': undefined }),
  'a small text that inflates to a megabyte': pack(deflateSync(Buffer.alloc(1_000_000, ' '))),
  'a text longer than any': 'A'.repeat(10_000),
}

for (const [name, usersig] of Object.entries(NONE)) {
  test(`${name} is no UserSig`, () => {
    assert.equal(parseUserSig(usersig), undefined)
  })
}

test('a document of up to 64 KiB is read, a larger one is not', () => {
  const padded = (length: number) => packed({ ...DOCUMENT, padding: ' '.repeat(length) })
  assert.ok(parseUserSig(padded(60_000)))
  assert.equal(parseUserSig(padded(66_000)), undefined)
})

test('no text makes the reader throw', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => void parseUserSig(text)))
  fc.assert(fc.property(fc.json(), (json) => void parseUserSig(pack(deflateSync(json)))))
})
