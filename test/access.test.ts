import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createDoorkeeper, sameSecret, verifyPrivateKey } from '../src/dialects/access.ts'
import { AT, site } from './support/front-house.ts'

describe('the doorkeeper', () => {
  function openDoor(options = {}) {
    const clock = { at: AT }
    return { clock, door: createDoorkeeper(options, () => clock.at) }
  }

  test('refuses an address after twenty wrong keys within a minute, for a minute', () => {
    const { clock, door } = openDoor()
    for (let turn = 0; turn < 20; turn++) {
      assert.equal(door.isRefused('192.0.2.1'), false)
      assert.equal(door.wrongKey('192.0.2.1', 'wrong').code, 'unauthenticated')
    }
    assert.ok(door.isRefused('192.0.2.1'))
    clock.at += 30_000
    const { code, retryAfterSeconds } = door.wrongKey('192.0.2.1', 'wrong')
    assert.deepEqual([code, retryAfterSeconds], ['throttled', 30])
    assert.equal(door.isRefused('192.0.2.2'), false)
    clock.at += 30_000
    assert.equal(door.isRefused('192.0.2.1'), false)
  })

  test('counts within any minute, and not what is older', () => {
    const { clock, door } = openDoor({ wrongKeys: 3 })
    for (const waitMs of [0, 40_000, 30_000]) {
      clock.at += waitMs
      door.noteWrongKey('a')
    }
    assert.equal(door.isRefused('a'), false)
    clock.at += 10_000
    door.noteWrongKey('a')
    assert.ok(door.isRefused('a'))
  })

  test('takes an IPv6 /64 as one address, and IPv4 within IPv6 as IPv4', () => {
    const { door } = openDoor({ wrongKeys: 1 })
    door.noteWrongKey('2001:db8:0:1::1')
    assert.ok(door.isRefused('2001:0db8::1:ffff:0:0:2%eth0'))
    assert.equal(door.isRefused('2001:db8:0:2::1'), false)
    door.noteWrongKey('::ffff:192.0.2.1')
    assert.ok(door.isRefused('192.0.2.1'))
  })

  test('forgets the address that was wrong longest ago when there are too many', () => {
    const { door } = openDoor({ wrongKeys: 2, addresses: 2 })
    for (const address of ['a', 'b', 'c', 'a', 'c']) door.noteWrongKey(address)
    assert.deepEqual(['a', 'b', 'c'].map(door.isRefused), [false, false, true])
  })

  test('knows the private key by its hash alone', () => {
    assert.ok(verifyPrivateKey(site(1), 'private'))
    assert.equal(verifyPrivateKey(site(1), 'Private'), false)
    assert.equal(verifyPrivateKey({ privateKeyHash: '' }, 'private'), false)
    assert.deepEqual(
      [sameSecret('a', 'a'), sameSecret('a', 'b'), sameSecret('a', 'aa')],
      [true, false, false],
    )
  })
})
