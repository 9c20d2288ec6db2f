import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { kith, openFolder } from './support/process.ts'

test('a user key is made with a secret that is printed once, listed without it, and revoked', async (t) => {
  const folder = openFolder(t)
  const settings = { KITH_DATABASE_URL: join(folder, 'kith.db') }
  const site = JSON.parse((await kith(t, ['site', 'create', 'Shop'], settings)).out)
  const userkey = (...args: readonly string[]) => kith(t, ['userkey', ...args], settings)

  const made = await userkey('add', 'shop')
  assert.equal(made.code, 0, made.err)
  const { apiKey, userKey, secret } = JSON.parse(made.out)
  assert.equal(apiKey, site.apiKey)
  assert.match(userKey, /^[A-Za-z0-9]{12}$/)
  assert.equal(Buffer.from(secret, 'base64').length, 32)
  for (const name of readdirSync(folder)) {
    assert.ok(!readFileSync(join(folder, name), 'latin1').includes(secret), name)
  }

  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const file = (name: string, content: string) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  const pem = file('public.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString())
  const second = JSON.parse((await userkey('add', 'shop', '--public-key', pem)).out)
  assert.equal('secret' in second, false)

  const listed = JSON.parse((await userkey('list', 'shop')).out)
  assert.deepEqual(
    listed.map(({ userKey: key, has }: { userKey: string; has: string }) => [key, has]),
    [
      [userKey, 'secret'],
      [second.userKey, 'public key'],
    ],
  )
  assert.equal((await userkey('revoke', 'shop', userKey)).code, 0)
  assert.equal((await userkey('revoke', 'shop', userKey)).code, 2)
  assert.equal(JSON.parse((await userkey('list', 'shop')).out).length, 1)

  const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const wrong: [string, RegExp][] = [
    [file('private.pem', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()), /a private key/],
    [file('small.pem', small.export({ type: 'spki', format: 'pem' }).toString()), /2048 bits/],
    [file('other.pem', other.export({ type: 'spki', format: 'pem' }).toString()), /RSA/],
    [file('none.pem', 'nothing'), /no public key/],
    [join(folder, 'missing.pem'), /cannot be read/],
  ]
  for (const [path, complaint] of wrong) {
    const { code, out, err } = await userkey('add', 'shop', '--public-key', path)
    assert.deepEqual([code, out], [2, ''])
    assert.match(err, complaint)
  }
})

test('a line that says too little or too much is refused', async (t) => {
  const settings = { KITH_DATABASE_URL: join(openFolder(t), 'kith.db') }
  for (const args of [[], ['make'], ['add'], ['add', 'shop', 'more'], ['revoke', 'shop']]) {
    const { code, out } = await kith(t, ['userkey', ...args], settings)
    assert.deepEqual([code, out], [2, ''])
  }
  const { code, err } = await kith(t, ['userkey', 'list', 'nobody'], settings)
  assert.equal(code, 1)
  assert.match(err, /no site "nobody"/)
})
