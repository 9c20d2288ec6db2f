// Contacts over the OneAll dialect: both shapes, every part by itself, from the cache and afresh.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type OneAllHouse, openOneAllHouse } from './support/oneall.ts'
import { people } from './support/pretence.ts'
import { assertWellFormed } from './support/xml.ts'

const DAY_MS = 86_400_000

let house: OneAllHouse
beforeEach(async () => {
  house = await openOneAllHouse()
})
afterEach(() => house.close())

describe('contacts', () => {
  test('both generations find the same contacts in one answer, with ids beyond 2^53 exact', async () => {
    const { user } = await house.add('twitter', 'ada', { contacts: people(250) })
    const { status, json, text } = await house.ask(`/users/${user}/contacts.json`)
    const { results, identities } = json.response.result.data
    assert.equal(status, 200)
    assert.equal(results[0].contacts.length, 250)
    assert.deepEqual(identities.entries[0].contacts.entries, results[0].contacts)
    assert.match(text, /"key":1700000000000000249,"id":"1700000000000000249"/)
    const xml = await house.ask(`/users/${user}/contacts.xml`)
    assert.match(xml.text, /<key>1700000000000000249<\/key><id>1700000000000000249<\/id>/)
    assertWellFormed(xml.text)
  })

  test('the worst of the parts does not decide alone: 200 when all, 207 when some, 400 when none succeed', async () => {
    const { user } = await house.add('facebook', 'ada-f')
    await house.add('twitter', 'ada-t', { userToken: user, contacts: people(1) })
    const { user: empty, identity } = await house.add('mastodon', 'alan')
    await house.ask(`/identities/${identity}.json?confirm_deletion=true`, { method: 'DELETE' })
    const codeOf = async (token: string) => {
      const { status, json } = await house.ask(`/users/${token}/contacts.json?disable_cache=true`)
      assert.equal(json.response.request.status.code, status)
      return [status, json.response.request.status.flag, json.response.result.data.results.length]
    }
    assert.deepEqual(await codeOf(user), [200, 'success', 2])
    house.pretence.failures.set('ada-f', 'relink_required')
    assert.deepEqual(await codeOf(user), [207, 'multistatus', 2])
    house.pretence.failures.set('ada-t', 'network_silent')
    assert.deepEqual(await codeOf(user), [400, 'error', 2])
    assert.deepEqual(await codeOf(empty), [200, 'success', 0])
  })

  test('a second request is answered from the cache, disable_cache asks the network, a day later it is asked', async () => {
    const { user } = await house.add('twitter', 'ada', { contacts: people(3) })
    const cached = async (query = '') => {
      const { json } = await house.ask(`/users/${user}/contacts.json${query}`)
      return json.response.result.data.results[0].read_from_cache
    }
    const seen = [
      await cached(),
      await cached(),
      await cached(),
      await cached('?disable_cache=true'),
      await cached(),
    ]
    assert.deepEqual(seen, [false, true, true, false, true])
    house.passTime(DAY_MS)
    assert.deepEqual([await cached(), await cached('?disable_cache=')], [false, true])
  })

  test('a list longer than the bound says so and is still a success', async () => {
    const { user, identity } = await house.add('twitter', 'ada', { contacts: people(10_150) })
    const { json, status } = await house.ask(`/users/${user}/contacts.json`)
    const [result] = json.response.result.data.results
    assert.equal(status, 200)
    assert.deepEqual(result.status.message, 'Contacts read successfully (first 10000)')
    assert.deepEqual([result.is_truncated, result.contacts.length], [true, 10_000])
    const page = await house.ask(`/identities/${identity}/contacts.json?page=99&entries_per_page=500`)
    const { pagination, count } = page.json.response.result.data.contacts
    assert.deepEqual([pagination.current_page, pagination.total_pages, count], [20, 20, 500])
  })

  test('a list that is still being read says so, holds what has arrived, and is whole a while later', async () => {
    await house.close()
    house = await openOneAllHouse({ fanOutDeadlineMs: 400 })
    const { user } = await house.add('twitter', 'ada', { contacts: people(400) })
    house.pretence.pauses.set('ada', 150)
    const { status, json } = await house.ask(`/users/${user}/contacts.json`)
    const [early] = json.response.result.data.results
    assert.deepEqual([status, early.status.code, early.status.flag], [400, 504, 'error_provider_timeout'])
    assert(early.contacts.length > 0 && early.contacts.length < 400, `${early.contacts.length}`)
    assert.equal(json.response.result.data.identities.entries[0].contacts.count, early.contacts.length)
    for (let tries = 0; tries < 50 && house.gateway.readings.ofIdentity.size > 0; tries++) await sleep(100)
    const { json: later } = await house.ask(`/users/${user}/contacts.json`)
    const [whole] = later.response.result.data.results
    assert.deepEqual([whole.status.code, whole.contacts.length, whole.read_from_cache], [200, 400, true])
  })

  test('both relations of a contact are told', async () => {
    const { user } = await house.add('twitter', 'ada')
    const [both, follows, followed] = people(3)
    assert(both && follows && followed)
    house.pretence.contacts.set('ada', { following: [both, followed], followers: [both, follows] })
    const { json } = await house.ask(`/users/${user}/contacts.json?disable_cache=1`)
    const flags = json.response.result.data.results[0].contacts.map(
      (contact: { provider_properties: { flags: string } }) => contact.provider_properties.flags,
    )
    assert.deepEqual(flags, [
      'follows_this_user,followed_by_this_user',
      'followed_by_this_user',
      'follows_this_user',
    ])
  })

  test('a site may have fresh contacts of an identity told with 203', async () => {
    const { site, keys } = await house.createSite('fresh', { freshContacts203: true })
    const host = `${site.subdomain}.api.kith.example`
    const body = {
      request: { user: { identity: { source: { key: 'twitter', access_token: { key: 'ada' } } } } },
    }
    const added = await house.ask('/users.json', { method: 'PUT', body, host, keys })
    const { identity_token: token } = added.json.response.result.data.user.identity
    const codes = []
    for (const query of ['', '', '?disable_cache=true']) {
      codes.push((await house.ask(`/identities/${token}/contacts.json${query}`, { host, keys })).status)
    }
    assert.deepEqual(codes, [203, 200, 203])
  })
})
