import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { GatewayError } from '../src/core/errors.ts'
import { addKey, dropKey, keyIds, newRing, openKeys, promoteKey } from '../src/store/keys.ts'
import { openStore } from '../src/store/open.ts'
import { rotateKeys } from '../src/store/rotate.ts'
import { seal, unseal } from '../src/store/seal.ts'
import { databases } from './support/databases.ts'
import { accountOf, openStoreHouse, type StoreHouse } from './support/stores.ts'

const SEALED = [
  'select secret as value from site_secrets',
  'select secret_key as value from site_secrets',
  'select sealed as value from tokens',
  'select client_secret as value from apps where client_secret is not null',
]

test('a sealed value opens in its place with its key, and nowhere else', () => {
  const keys = openKeys({ text: newRing() })
  const value = seal(keys, ['tokens', '1/2', 'sealed'], 'Grüße')
  assert.match(value, /^v1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+$/)
  assert.equal(unseal(keys, ['tokens', '1/2', 'sealed'], value), 'Grüße')
  assert.notEqual(seal(keys, ['tokens', '1/2', 'sealed'], 'Grüße'), value)
  for (const place of [
    ['tokens', '1/3', 'sealed'],
    ['apps', '1/2', 'sealed'],
    ['tokens', '1/2', 'other'],
  ] as const) {
    assert.throws(() => unseal(keys, place, value), { code: 'internal' })
  }
  const changed = value.slice(0, -2) + (value.endsWith('AA') ? 'BB' : 'AA')
  assert.throws(() => unseal(keys, ['tokens', '1/2', 'sealed'], changed), { code: 'internal' })
  assert.throws(
    () => unseal(openKeys({ text: newRing() }), ['tokens', '1/2', 'sealed'], value),
    /not in the key ring/,
  )
  assert.throws(() => unseal(keys, ['tokens', '1/2', 'sealed'], 'plain'), /unknown form/)
  assert.throws(() => unseal(keys, ['tokens', '1/2', 'sealed'], 'v1.'), GatewayError)
})

test('a ring is made on first use for its owner alone, and is the same for who comes next', () => {
  withFolder((folder) => {
    const path = join(folder, 'kith.keys')
    const first = openKeys({ path })
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder), ['kith.keys'])
    const value = seal(first, ['a', 'b', 'c'], 'x')
    assert.equal(unseal(openKeys({ path }), ['a', 'b', 'c'], value), 'x')
  })
})

test('an open ring follows its file, and keeps for itself what the file no longer holds', () => {
  withFolder((folder) => {
    const path = join(folder, 'kith.keys')
    const running = openKeys({ path })
    const old = running.current().id
    const value = seal(running, ['a', 'b', 'c'], 'x')
    const added = addKey(path)
    assert.equal(running.current().id, old)
    promoteKey(path, added)
    assert.equal(running.current().id, added)
    const foreign = addKey(path)
    assert.equal(running.find(foreign)?.id, foreign)
    assert.equal(running.find('nothing'), undefined)
    dropKey(path, old)
    assert.deepEqual(keyIds(path).toSorted(), [added, foreign].toSorted())
    assert.equal(unseal(running, ['a', 'b', 'c'], value), 'x')
    assert.equal(openKeys({ path }).find(old), undefined)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder), ['kith.keys'])
  })
})

test('a ring refuses what would break it, and says nothing of its secrets', () => {
  withFolder((folder) => {
    const path = join(folder, 'kith.keys')
    const { id } = openKeys({ path }).current()
    assert.throws(() => dropKey(path, id), { code: 'conflict' })
    assert.throws(() => promoteKey(path, 'nothing'), { code: 'not_found' })
    writeFileSync(`${path}.new`, '')
    assert.throws(() => addKey(path), { code: 'conflict' })
    rmSync(`${path}.new`)
    assert.deepEqual(keyIds(path), [id])
  })
  const secret = Buffer.alloc(32, 7).toString('base64')
  const texts = [
    `${secret} is no JSON`,
    JSON.stringify([secret]),
    JSON.stringify({ current: 'a', keys: { b: secret } }),
    JSON.stringify({ current: 'toString', keys: { b: secret } }),
    JSON.stringify({ current: 'a', keys: { a: secret.slice(8) } }),
    JSON.stringify({ current: 'a.b', keys: { 'a.b': secret } }),
  ]
  for (const text of texts) {
    assert.throws(
      () => openKeys({ text }),
      (error) =>
        error instanceof GatewayError && error.code === 'invalid_request' && !error.message.includes('BwcH'),
    )
  }
})

for (const database of databases) {
  describe(`sealed values on ${database.name}`, { concurrency: 4 }, () => {
    test('no secret can be read in what the database holds', async () => {
      await using house = await openStoreHouse(database)
      await furnish(house)
      const { secret, secretKey } = await house.store.sites.secrets(house.site)
      const secrets = [secret, secretKey, 'access-of-1', 'refresh-of-1', 'client-secret']
      const tables = ['sites', 'site_secrets', 'users', 'identities', 'tokens', 'apps']
      const dump = JSON.stringify(
        await Promise.all(tables.map((table) => house.raw(`select * from ${table}`))),
      )
      assert.ok(dump.includes('v1.'))
      for (const text of secrets) assert.ok(!dump.includes(text), `${text} is readable`)
      if (database.name !== 'sqlite') return
      // Reading the file drops the locks that this process holds on it.
      await house.store.close()
      for (const file of readdirSync(dirname(house.url))) {
        const bytes = readFileSync(join(dirname(house.url), file))
        for (const text of secrets) assert.ok(!bytes.includes(text), `${text} is readable in ${file}`)
      }
    })

    test('a sealed value moved to another row does not open', async () => {
      await using house = await openStoreHouse(database)
      const { store, site } = house
      const one = await store.identities.link(site, accountOf('1'))
      const other = await store.identities.link(site, accountOf('2'))
      await house.raw(
        'update tokens set sealed = (select sealed from tokens where identity_id = $1) where identity_id = $2',
        one.identity.id,
        other.identity.id,
      )
      assert.equal((await store.tokens.of(one.identity))?.tokens.accessToken, 'access-of-1')
      await assert.rejects(store.tokens.of(other.identity), { code: 'internal' })
      await house.raw('update site_secrets set secret = secret_key')
      await assert.rejects(store.sites.secrets(site), { code: 'internal' })
    })

    test('a database is not opened with a key ring that cannot open its values', async () => {
      await using house = await openStoreHouse(database)
      const stranger = openKeys({ text: newRing() })
      await assert.rejects(openStore(house.url, { keys: stranger, role: 'tool' }), (error) => {
        assert.ok(error instanceof GatewayError && error.code === 'conflict')
        assert.match(error.message, /sealed with key [0-9a-f]{8}, which is not in the key ring/)
        return true
      })
    })

    test('keys are rotated while the store is written and read', async () => {
      await using house = await openStoreHouse(database)
      const { store, site, keysPath } = house
      await furnish(house)
      // More than one batch of values to seal anew.
      await Promise.all(
        Array.from({ length: 450 }, (_, index) => store.identities.link(site, accountOf(`b${index}`))),
      )
      const [old] = keyIds(keysPath)
      let isRotating = true
      let written = 0
      const writing = async (worker: number) => {
        for (let round = 0; isRotating; round++) {
          const subject = `${worker}-${round}`
          const { identity } = await store.identities.link(site, accountOf(subject))
          const found = await store.tokens.of(identity)
          assert.equal(found?.tokens.accessToken, `access-of-${subject}`)
          written++
        }
      }
      const writers = [1, 2, 3, 4].map(writing)
      const rotation = await rotateKeys({ url: house.url, keysPath, graceMs: 30 })
      isRotating = false
      await Promise.all(writers)

      assert.ok(written > 10, `${written} logins`)
      assert.ok(rotation.resealed >= 450, `${rotation.resealed} values`)
      assert.deepEqual(rotation.retired, [old])
      assert.deepEqual(keyIds(keysPath), [rotation.current])
      const values = (await Promise.all(SEALED.map((sql) => house.raw(sql)))).flat()
      assert.ok(values.length > 450)
      for (const { value } of values) assert.equal(String(value).split('.')[1], rotation.current)
      const reopened = await openStore(house.url, { keys: openKeys({ path: keysPath }), role: 'tool' })
      const found = await reopened.identities.bySubject(site, accountOf('b7'))
      assert.equal(found && (await reopened.tokens.of(found))?.tokens.accessToken, 'access-of-b7')
      assert.deepEqual(await reopened.sites.secrets(site), await store.sites.secrets(site))
      assert.equal((await reopened.apps.find(site, 'pretend'))?.clientSecret, 'client-secret')
      assert.equal(await reopened.reseal(), 0)
      await reopened.close()
    })

    test('a key is kept while a value names it', async () => {
      await using house = await openStoreHouse(database)
      const { store, site, keysPath } = house
      const { identity } = await store.identities.link(site, accountOf('1'))
      const [old] = keyIds(keysPath)
      const [row] = await house.raw('select sealed from tokens')
      // Damaged, so that it cannot be sealed anew.
      await house.raw('update tokens set sealed = $1', String(row?.sealed).slice(0, -3))
      await assert.rejects(rotateKeys({ url: house.url, keysPath, graceMs: 0 }), GatewayError)
      assert.ok(keyIds(keysPath).includes(String(old)))
      await house.raw('update tokens set sealed = $1', row?.sealed)
      const rotation = await rotateKeys({ url: house.url, keysPath, graceMs: 0 })
      assert.deepEqual(keyIds(keysPath), [rotation.current])
      assert.equal((await store.tokens.of(identity))?.tokens.accessToken, 'access-of-1')
    })
  })
}

async function furnish({ store, site }: StoreHouse): Promise<void> {
  await store.identities.link(site, accountOf('1'))
  await store.apps.save(site, 'pretend', { clientId: 'client', clientSecret: 'client-secret' })
  await store.apps.save(site, 'public', { clientId: 'client' })
}

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'kith-ring-'))
  try {
    work(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
