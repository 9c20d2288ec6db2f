// The hot path of the OneAll dialect: a whole answer is kept, and never a wrong one given.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Gateway } from '../src/core/gateway.ts'
import { createBoundedMap } from '../src/dialects/oneall/bounded.ts'
import { type Asking, openOneAllHouse } from './support/oneall.ts'
import { people } from './support/pretence.ts'

const DAY_MS = 86_400_000

/** A house whose user has cached contacts on two networks, and a count of the questions to the database. */
async function openHotHouse(options: Parameters<typeof openOneAllHouse>[0] = {}) {
  const house = await openOneAllHouse(options)
  const { user } = await house.add('twitter', 'ada', { contacts: people(40) })
  const { identity } = await house.add('facebook', 'ada-f', { userToken: user, contacts: people(30) })
  const path = `/users/${user}/contacts.json`
  const asked = countReads(house.gateway)
  const ask = async (asking?: Asking, query = '') => {
    const before = asked.count
    const answer = await house.ask(path + query, asking)
    return { ...answer, isRemembered: asked.count === before }
  }
  await ask()
  return { house, user, identity, path, ask }
}

function countReads({ store }: Gateway): { count: number } {
  const asked = { count: 0 }
  const { heads } = store.contacts
  const counted: typeof heads = (...parameters) => {
    asked.count++
    return heads(...parameters)
  }
  Object.assign(store.contacts, { heads: counted })
  return asked
}

describe('a remembered answer', () => {
  test('is the answer that would have been made, with the date of its own second', async () => {
    const { house, ask } = await openHotHouse()
    const made = await ask()
    const remembered = await ask()
    assert.deepEqual([made.isRemembered, remembered.isRemembered], [false, true])
    const { request, result } = remembered.json.response
    assert.deepEqual(result, made.json.response.result)
    assert(result.data.results.every((list: { read_from_cache: boolean }) => list.read_from_cache))
    house.passTime(3_600_000)
    const later = await ask()
    assert(later.isRemembered)
    assert.equal(Date.parse(later.json.response.request.date) - Date.parse(request.date), 3_600_000)
    assert.deepEqual(later.json.response.result, result)
    assert.deepEqual(later.headers, made.headers)
    await house.close()
  })

  test('is the same object for all who ask within a second, once many do', async () => {
    const { house, path } = await openHotHouse()
    const headers = {
      host: 'localhost',
      authorization: `Basic ${Buffer.from(house.keys).toString('base64')}`,
    }
    const { toWireRequest } = await import('../src/dialects/wire-request.ts')
    const answer = () =>
      house.front.answer(toWireRequest({ method: 'GET', target: path, headers, at: Date.now() }))
    await answer()
    house.passTime(1_000 - (house.gateway.now() % 1_000))
    for (let use = 0; use < 32; use += 1) assert(!(answer() instanceof Promise))
    const [one, other] = [answer(), answer()]
    assert(!(one instanceof Promise))
    assert.equal(one, other)
    await house.close()
  })

  test('is for those keys at that host alone', async () => {
    const { house, ask } = await openHotHouse()
    await ask()
    assert((await ask()).isRemembered)
    const { keys } = await house.createSite('other')
    await ask()
    assert((await ask()).isRemembered)
    assert.equal((await ask({ keys: `${house.site.publicKey}:wrong` })).status, 401)
    assert.equal((await ask({ keys: null })).status, 401)
    assert.equal((await ask({ keys })).status, 401)
    assert.equal((await ask({ keys, host: 'localhost' })).status, 404)
    assert.equal((await ask({ host: 'nobody.api.kith.example' })).status, 404)
    assert.equal((await ask({ method: 'POST' })).status, 404)
    await house.close()
  })

  test('is forgotten with any change: an identity or a user removed, a setting, the site itself', async () => {
    const { house, ask, identity, user } = await openHotHouse()
    const count = (answer: Awaited<ReturnType<typeof ask>>) => answer.json.response.result.data.results.length
    await ask()
    assert.deepEqual([count(await ask()), (await ask()).isRemembered], [2, true])
    await house.ask(`/identities/${identity}.json?confirm_deletion=true`, { method: 'DELETE' })
    assert.equal(count(await ask()), 1)
    await house.gateway.store.sites.saveSettings(house.site, { legacy2011: true })
    assert('read_from_cache ' in (await ask()).json.response.result.data.results[0])
    await house.ask(`/users/${user}.json?confirm_deletion=true`, { method: 'DELETE' })
    assert.equal((await ask()).status, 404)
    await house.gateway.store.sites.remove(house.site)
    assert.equal((await ask()).status, 404)
    assert.equal((await ask({ host: 'localhost' })).status, 401)
    await house.close()
  })

  test('ends with the freshness of its oldest list, and never answers disable_cache', async () => {
    const { house, ask } = await openHotHouse()
    await ask()
    const { length } = house.pretence.calls
    house.passTime(DAY_MS - 10_000)
    assert((await ask()).isRemembered)
    assert.equal(house.pretence.calls.length, length)
    house.passTime(10_000)
    const stale = await ask()
    assert.deepEqual(
      [stale.isRemembered, stale.json.response.result.data.results[0].read_from_cache],
      [false, false],
    )
    for (let times = 0; times < 3; times++) {
      const before = house.pretence.calls.length
      const fresh = await ask({}, '?disable_cache=true')
      assert(house.pretence.calls.length > before)
      assert.equal(fresh.json.response.result.data.results[0].read_from_cache, false)
    }
    await house.close()
  })

  test('is never one with a failure in it', async () => {
    const { house, ask } = await openHotHouse()
    house.pretence.failures.set('ada', 'relink_required')
    await ask({}, '?disable_cache=true')
    for (let times = 0; times < 3; times++) {
      const { status, isRemembered } = await ask()
      assert.deepEqual([status, isRemembered], [207, false])
    }
    await house.close()
  })

  test('is never given where other processes may have changed the database unseen', async () => {
    const { house, ask } = await openHotHouse({ withoutGeneration: true })
    for (let times = 0; times < 3; times++) {
      const { status, isRemembered, json } = await ask()
      assert.deepEqual([status, isRemembered], [200, false])
      assert(json.response.result.data.results[0].read_from_cache)
    }
    await house.close()
  })

  test('is given for users and identities too, unless it holds a token', async () => {
    const { house, user, identity } = await openHotHouse()
    const { users, identities } = house.gateway.store
    const seen: string[] = []
    const note = <Parameters extends unknown[], Found>(
      what: string,
      find: (...one: Parameters) => Found,
    ) => ({
      find: (...one: Parameters) => {
        seen.push(what)
        return find(...one)
      },
    })
    Object.assign(users, note('user', users.find))
    Object.assign(identities, note('identity', identities.find))
    const askTwice = async () => {
      const texts = []
      for (const path of [`/users/${user}.json`, `/identities/${identity}.json`]) {
        texts.push((await house.ask(path)).json.response.result, (await house.ask(path)).json.response.result)
      }
      assert.deepEqual([texts[0], texts[2]], [texts[1], texts[3]])
      return seen.splice(0)
    }
    assert.deepEqual(await askTwice(), ['user', 'identity'])
    assert.deepEqual(await askTwice(), [])
    await house.gateway.store.sites.saveSettings(house.site, { showAccessTokens: true })
    assert.deepEqual(await askTwice(), ['user', 'user', 'identity', 'identity'])
    await house.close()
  })

  test('is not kept when it is larger than all that may be kept', async () => {
    const { house, ask } = await openHotHouse({ rememberedBytes: 512 })
    await ask()
    assert.equal((await ask()).isRemembered, false)
    await house.close()
  })
})

test('a bounded map never weighs more than its bound, and forgets what was used longest ago', () => {
  const step = fc.record({
    key: fc.constantFrom(...'abcdef'),
    weight: fc.nat({ max: 12 }),
    isFind: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const map = createBoundedMap<number>(20)
      let model: { key: string; weight: number }[] = []
      for (const { key, weight, isFind } of steps) {
        const known = model.find((entry) => entry.key === key)
        model = model.filter((entry) => entry.key !== key)
        if (isFind) {
          assert.equal(map.find(key), known?.weight)
          if (known) model.push(known)
        } else {
          map.save(key, weight, weight)
          model.push({ key, weight })
          while (model.reduce((sum, entry) => sum + entry.weight, 0) > 20) model.shift()
        }
      }
      for (const { key, weight } of model) assert.equal(map.find(key), weight)
    }),
    { numRuns: 300 },
  )
})
