// Calls counted by site, day, method, outcome and context id: in memory, in the database, in the metrics, as a table.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../src/core/errors.ts'
import type { Log, Meter } from '../src/core/gateway.ts'
import { OTHER_CID, type ReportStore, type Tally } from '../src/core/report-store.ts'
import { createReports, dayOf, REPORT_DEFAULTS, type ReportBounds } from '../src/core/reports.ts'
import { createMetrics } from '../src/server/metrics.ts'
import { databases } from './support/databases.ts'
import { openMethodsHouse } from './support/gigya-methods.ts'
import { kith } from './support/process.ts'
import { createSite, openStoreHouse, type StoreHouse } from './support/stores.ts'

const AT = Date.UTC(2026, 10, 21, 12)
const DAY = dayOf(AT)
const quiet = () => undefined
const silent = { count: quiet, seconds: quiet, gauge: quiet }

function open(store: { reports: ReportStore }, bounds: Partial<ReportBounds> = {}, meter: Meter = silent) {
  const clock = { at: AT }
  const warned: string[] = []
  const log: Log = { debug: quiet, info: quiet, warn: (_, message) => warned.push(message), error: quiet }
  const reports = createReports({ store, log, meter, now: () => clock.at }, { ...REPORT_DEFAULTS, ...bounds })
  return { reports, clock, warned }
}

const read = ({ store, site }: StoreHouse, by: 'cid' | 'method' | 'day', days = 0) =>
  store.reports.read(site, { by, from: DAY - days, to: DAY + 1, limit: 100 })

for (const database of databases) {
  describe(`reports on ${database.name}`, { concurrency: 4 }, () => {
    test('every call is counted, by whom, with what outcome and when', async () => {
      await using house = await openStoreHouse(database)
      const { reports, clock } = open(house.store)
      const note = (method: string, errorCode: number, cid: string) =>
        reports.note({ site: house.site, method, errorCode, cid })
      note('getFriendsInfo', 100_001, 'sidebar')
      note('getFriendsInfo', 0, 'sidebar')
      await reports.flush()
      note('getFriendsInfo', 0, 'sidebar')
      note('getUserInfo', 403_005, '')
      clock.at += 86_400_000
      note('getUserInfo', 0, 'header')
      await reports.close()
      note('getUserInfo', 0, 'too late')
      await reports.flush()
      assert.deepEqual(await read(house, 'cid'), [
        { cid: 'sidebar', method: 'getFriendsInfo', calls: 3, failed: 0 },
        { cid: '', method: 'getUserInfo', calls: 1, failed: 1 },
        { cid: 'header', method: 'getUserInfo', calls: 1, failed: 0 },
      ])
      assert.deepEqual(await read(house, 'method'), [
        { method: 'getFriendsInfo', code: 0, calls: 2, failed: 0 },
        { method: 'getFriendsInfo', code: 100_001, calls: 1, failed: 0 },
        { method: 'getUserInfo', code: 0, calls: 1, failed: 0 },
        { method: 'getUserInfo', code: 403_005, calls: 1, failed: 1 },
      ])
      assert.deepEqual(await read(house, 'day'), [
        { day: DAY, calls: 4, failed: 1 },
        { day: DAY + 1, calls: 1, failed: 0 },
      ])
    })

    test('calls are stored by themselves, soon after they were counted', async () => {
      await using house = await openStoreHouse(database)
      const { reports } = open(house.store)
      reports.note({ site: house.site, method: 'getIDs', errorCode: 0, cid: '' })
      assert.deepEqual(await read(house, 'day'), [])
      for (let tries = 0; tries < 100 && (await read(house, 'day')).length === 0; tries++) await pause(100)
      assert.equal((await read(house, 'day'))[0]?.calls, 1)
    })

    test('context ids beyond the bound are one, over all processes, and known ones stay known', async () => {
      await using house = await openStoreHouse(database)
      const bounds = { cidsPerDay: 3 }
      for (const from of [0, 2]) {
        const { reports } = open(house.store, bounds)
        for (let at = from; at < from + 4; at++) {
          reports.note({ site: house.site, method: 'getIDs', errorCode: 0, cid: `widget-${at}` })
        }
        await reports.close()
      }
      const rows = await read(house, 'cid')
      assert.deepEqual(rows.map(({ cid, calls }) => [cid, calls]).sort(), [
        [OTHER_CID, 4],
        ['widget-0', 1],
        ['widget-1', 1],
        ['widget-2', 2],
      ])
    })

    test('two processes that count the same add up', async () => {
      await using house = await openStoreHouse(database)
      const all = Array.from({ length: 5 }, () => open(house.store).reports)
      for (const reports of all) reports.note({ site: house.site, method: 'getIDs', errorCode: 0, cid: 'a' })
      await Promise.all(all.map((reports) => reports.close()))
      assert.deepEqual(await read(house, 'cid'), [{ cid: 'a', method: 'getIDs', calls: 5, failed: 0 }])
    })

    test('what belongs to a site that is gone keeps nothing else from being counted', async () => {
      await using house = await openStoreHouse(database)
      const gone = await createSite(house.store)
      const { reports, warned } = open(house.store)
      reports.note({ site: gone, method: 'getIDs', errorCode: 0, cid: 'a' })
      reports.note({ site: house.site, method: 'getIDs', errorCode: 0, cid: 'a' })
      await house.store.sites.remove(gone)
      await reports.close()
      assert.deepEqual(warned, [])
      assert.equal((await read(house, 'day'))[0]?.calls, 1)
      assert.deepEqual(await house.raw('select * from reports where site_id = $1', gone.id), [])
    })

    test('old days are deleted with their context ids, young ones are not', async () => {
      await using house = await openStoreHouse(database)
      const { id: siteId } = house.site
      const tally = { siteId, method: 'getIDs', code: 0, cid: 'a', calls: 2 }
      const days = Array.from({ length: 30 }, (_, at) => ({ ...tally, day: DAY - at }))
      await house.store.reports.add(days, { cidsPerDay: 10 })
      assert.equal(await house.store.reports.purge(DAY - 4), 25)
      assert.equal((await read(house, 'day', 100)).length, 5)
      assert.equal((await house.raw('select * from report_cids')).length, 5)
      assert.equal(await house.store.reports.purge(DAY - 4), 0)
    })

    test('the API itself counts what it answers and what it refuses, each under its context id', async () => {
      await using house = await openMethodsHouse(database)
      await house.call('notifyLogin', { siteUID: 'u', cid: 'login box' })
      await house.call('getUserInfo', { UID: 'u', cid: 'header' })
      await house.call('getUserInfo', { UID: 'nobody', cid: 'header' })
      await house.call('getUserInfo', { secret: 'd3Jvbmc=', UID: 'u', cid: `${'x'.repeat(100)}tail` })
      await house.call('getNothing', { cid: 'header' })
      await house.reports.flush()
      const { store, now } = house.gateway
      const day = dayOf(now())
      const rows = await store.reports.read(house.site, { by: 'cid', from: day - 1, to: day, limit: 10 })
      assert.deepEqual(rows, [
        { cid: 'header', method: 'getUserInfo', calls: 2, failed: 1 },
        { cid: 'login box', method: 'notifyLogin', calls: 1, failed: 0 },
        { cid: 'x'.repeat(100), method: 'getUserInfo', calls: 1, failed: 1 },
      ])
    })
  })
}

describe('counting in memory', () => {
  const site = { id: 1, subdomain: 'shop' }

  test('a database that fails loses nothing: the calls are stored with the next ones', async () => {
    const stored: Tally[] = []
    let isDown = true
    const store: ReportStore = {
      async add(tallies) {
        if (isDown) throw new GatewayError('overloaded', 'The database does not answer.')
        stored.push(...tallies)
      },
      read: async () => [],
      purge: async () => 0,
    }
    const { reports, warned } = open({ reports: store })
    reports.note({ site, method: 'getIDs', errorCode: 0, cid: 'a' })
    await reports.flush()
    reports.note({ site, method: 'getIDs', errorCode: 0, cid: 'a' })
    await reports.flush()
    assert.deepEqual([stored, warned.length], [[], 2])
    isDown = false
    await reports.close()
    assert.deepEqual(stored, [{ siteId: 1, day: DAY, method: 'getIDs', code: 0, cid: 'a', calls: 2 }])
  })

  test('memory has a bound: beyond it context ids are one', async () => {
    const stored: Tally[] = []
    const store: ReportStore = {
      add: async (tallies) => void stored.push(...tallies),
      read: async () => [],
      purge: async () => 0,
    }
    const { reports } = open({ reports: store }, { talliesWaiting: 10 })
    for (let at = 0; at < 2_000; at++) reports.note({ site, method: 'getIDs', errorCode: 0, cid: `${at}` })
    await reports.close()
    assert.equal(stored.length, 11)
    const other = stored.find(({ cid }) => cid === OTHER_CID)
    assert.equal(other?.calls, 1_990)
  })

  test('the metrics tell who calls most, today only and never more than fifty of them', async () => {
    const store: ReportStore = { add: async () => undefined, read: async () => [], purge: async () => 0 }
    const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
    const metrics = createMetrics(log)
    const { reports, clock } = open({ reports: store }, {}, metrics.meter)
    metrics.observe(() => ({
      kith_gigya_busiest: reports
        .busiest()
        .map(({ calls, ...labels }) => ({ labels: { ...labels }, value: calls })),
    }))
    const page = async () =>
      (await metrics.page()).text.split('\n').filter((line) => /^kith_gigya/.test(line))
    for (let at = 0; at < 3_000; at++) {
      reports.note({ site, method: 'getIDs', errorCode: 0, cid: `${at}` })
      if (at < 5) reports.note({ site, method: 'getFriendsInfo', errorCode: 403_005, cid: 'side"bar' })
    }
    const busy = await page()
    assert.equal(busy.filter((line) => line.startsWith('kith_gigya_busiest')).length, 50)
    assert.ok(busy.includes('kith_gigya_busiest{site="shop",cid="side\\"bar",method="getFriendsInfo"} 5'))
    assert.ok(busy.includes('kith_gigya_calls_total{method="getIDs",result="0"} 3000'))
    assert.ok(busy.includes('kith_gigya_calls_total{method="getFriendsInfo",result="403005"} 5'))
    clock.at += 86_400_000
    const next = await page()
    assert.deepEqual(
      next.filter((line) => line.startsWith('kith_gigya_busiest')),
      [],
    )
  })
})

describe('kith report', () => {
  const [sqlite] = databases

  test('prints a table or JSON, and says what it does not understand', async (t) => {
    await using house = await openStoreHouse(sqlite!)
    const { id: siteId, subdomain } = house.site
    const today = dayOf(Date.now())
    const tally = { siteId, day: today, method: 'getUserInfo', code: 0, cid: 'side\nbar', calls: 12 }
    await house.store.reports.add(
      [tally, { ...tally, code: 403_005, calls: 3 }, { ...tally, day: today - 40, cid: '', calls: 7 }],
      { cidsPerDay: 10 },
    )
    const run = (...args: string[]) =>
      kith(t, ['report', ...args], { KITH_DATABASE_URL: house.url, KITH_KEYS_FILE: house.keysPath })
    const [table, methods, json, all, wrongDay, wrongBy, noSite, nobody] = await Promise.all([
      run('--site', subdomain),
      run('--site', subdomain, '--by', 'method'),
      run('--site', subdomain, '--by', 'day', '--json'),
      run('--site', subdomain, '--from', '2020-01-01'),
      run('--site', subdomain, '--from', '2026-02-30'),
      run('--site', subdomain, '--by', 'mood'),
      run(),
      run('--site', 'nobody'),
    ])
    assert.equal(table.code, 0, table.err)
    assert.deepEqual(table.out.split('\n'), [
      'cid       method       calls  failed',
      'side�bar  getUserInfo     15       3',
      '',
    ])
    assert.deepEqual(methods.out.split('\n'), [
      'method         code  calls',
      'getUserInfo       0     12',
      'getUserInfo  403005      3',
      '',
    ])

    const { rows, by } = JSON.parse(json.out)
    assert.deepEqual(
      [by, rows],
      ['day', [{ day: new Date().toISOString().slice(0, 10), calls: 15, failed: 3 }]],
    )
    assert.match(all.out, /\(none\) {4}getUserInfo {6}7/)
    assert.deepEqual([wrongDay.code, wrongBy.code, noSite.code, nobody.code], [2, 2, 2, 1])
    assert.match(wrongDay.err, /2026-02-30/)
    assert.match(nobody.err, /There is no site "nobody"/)
  })
})
