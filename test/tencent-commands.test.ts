import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { isSignedWith, lastSecondOf, parseUserSig } from '../src/dialects/tencent/usersig.ts'
import { kith, openFolder } from './support/process.ts'

test('kith usersig signs for the administrator or for whom it is told, and a key is rolled by three commands', async (t) => {
  const settings = { KITH_DATABASE_URL: join(openFolder(t), 'kith.db'), KITH_METRICS_PORT: 'off' }
  const ran = async (...args: readonly string[]) => {
    const { code, out, err } = await kith(t, args, settings)
    assert.equal(code, 0, err)
    return out === '' ? undefined : JSON.parse(out)
  }
  const site = await ran('site', 'create', 'Shop')
  const now = Math.floor(Date.now() / 1_000)

  const plain = await ran('usersig', 'shop')
  const sig = parseUserSig(plain.userSig)
  assert.ok(sig)
  assert.deepEqual([sig.identifier, sig.sdkAppId], [site.admin, site.sdkAppId])
  assert.ok(isSignedWith(sig, site.secretKey))
  assert.ok(Math.abs(lastSecondOf(sig) - now - 180 * 86_400) < 60)
  assert.equal(Date.parse(plain.expiresAt), lastSecondOf(sig) * 1_000)

  const other = parseUserSig((await ran('usersig', 'shop', '--identifier', 'root', '--expire', '60')).userSig)
  assert.deepEqual([other?.identifier, other?.lifeSeconds], ['root', 60])

  const added = await ran('usersig-key', 'add', 'shop')
  assert.match(added.secretKey, /^[0-9a-f]{64}$/)
  const [first, second] = await ran('usersig-key', 'list', 'shop')
  assert.equal(first.isCurrent, true)
  assert.equal(second.id, added.id)
  assert.equal('secretKey' in second, false)
  await ran('usersig-key', 'retire', 'shop', first.id)
  const rolled = parseUserSig((await ran('usersig', 'shop')).userSig)
  assert.ok(rolled && isSignedWith(rolled, added.secretKey))

  assert.deepEqual(await ran('site', 'set', 'shop', 'admins', 'root, boss'), { admins: ['root', 'boss'] })
  const both = await ran('site', 'set', 'shop', 'graphLimits', 'friends=5000,groups=64')
  assert.deepEqual(both, { admins: ['root', 'boss'], graphLimits: { friends: 5_000, groups: 64 } })
  assert.deepEqual(await ran('site', 'set', 'shop', 'admins', 'default'), { graphLimits: both.graphLimits })
  const fields = await ran('site', 'set', 'shop', 'friendFields', 'Vip, Age')
  assert.deepEqual(fields, { graphLimits: both.graphLimits, friendFields: ['Vip', 'Age'] })

  const wrong: readonly (readonly [code: number, ...args: string[]])[] = [
    [2, 'usersig', 'shop', '--expire', '0'],
    [1, 'usersig-key', 'retire', 'shop', 'ffffffff'],
    [1, 'usersig-key', 'retire', 'shop', added.id],
    [2, 'site', 'set', 'shop', 'graphLimits', 'shoes=1'],
    [2, 'site', 'set', 'shop', 'graphLimits', 'friends=0'],
    [2, 'site', 'set', 'shop', 'graphLimits', 'groups=64,batch=1000000'],
    [2, 'site', 'set', 'shop', 'callsPerSecond', '-1'],
    [2, 'site', 'set', 'shop', 'friendFields', 'Tag_SNS_Custom_Vip'],
    [2, 'site', 'set', 'shop', 'profileFields', 'Vip,say "hi"'],
  ]
  for (const [code, ...args] of wrong) {
    const ended = await kith(t, args, settings)
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.err}`)
    assert.notEqual(ended.err, '')
  }
})
