import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { networkOf } from '../src/core/clicks.ts'
import { GatewayError } from '../src/core/errors.ts'
import { createLinkBook } from '../src/core/link-book.ts'
import { isCode, newCode } from '../src/core/link-codes.ts'
import { purgeClicks } from '../src/core/link-service.ts'
import { OTHER_REFERRER } from '../src/core/link-store.ts'
import { createLink, findLink, linksOf, listLinks, removeLink } from '../src/core/links.ts'
import { publishAgain, publishMessage } from '../src/core/sharing.ts'
import { removeMessage, retryFailed } from '../src/core/sharing-again.ts'
import { createFollowers, createReferrers } from '../src/dialects/links/followers.ts'
import { databases } from './support/databases.ts'
import { linkAccount } from './support/publishing.ts'
import { FIREFOX, openLinkHouse } from './support/short-links.ts'

const TARGET = 'https://example.org/page?a=1#b'
const MASTODON = 'Mastodon/4.5.0 (http.rb/5.3.1; +https://mastodon.example/)'

const failsWith = (code: string, field?: string) => (error: unknown) => {
  assert(error instanceof GatewayError, String(error))
  assert.deepEqual([error.code, error.field], [code, field])
  return true
}

for (const database of databases) {
  describe(`short links on ${database.name}`, { concurrency: 4 }, () => {
    test('a link leads to its target, and nobody between may keep it', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, follow } = house
      const link = await createLink(gateway, site, { url: TARGET })
      assert.match(link.address, /^https:\/\/kith\.example\/s\/[2-9B-DF-HJ-NP-TV-Zb-df-hj-km-np-tv-z]{8}$/)
      assert.equal(link.target, TARGET)
      for (const _ of ['from the database', 'from memory']) {
        const { status, headers, text } = await follow(link.address)
        assert.deepEqual([status, headers.location, headers['cache-control']], [302, TARGET, 'private'])
        assert.equal(text, '')
      }
      const head = await follow(link.address, { method: 'HEAD' })
      assert.deepEqual([head.status, head.headers.location], [302, TARGET])
    })

    test('what is no link of ours is a page that says so, and no error', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, follow } = house
      const { code } = await createLink(gateway, site, { url: TARGET })
      const other = code.slice(0, -1) + (code.endsWith('b') ? 'c' : 'b')
      const swapped = [...code].map((letter) =>
        letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
      )
      const wrong = [other, `${code}/`, `${code}.json`, '', '../s', 'a'.repeat(9_000), '%00', '%ff', 'x y']
      if (swapped.join('') !== code) wrong.push(swapped.join(''))
      for (const path of wrong) {
        const { status, headers, text } = await follow(`https://kith.example/s/${path}`)
        assert(status >= 400 && status < 500, `${path}: ${status}`)
        assert.match(String(headers['content-type']), /^text\/html/)
        assert.doesNotMatch(text, /<script|stack|undefined/)
      }
      for (const method of ['POST', 'PUT', 'DELETE']) {
        assert.equal((await follow(`https://kith.example/s/${code}`, { method })).status, 404)
      }
      assert.equal((await findLink(gateway, site, code)).counts.person, 0)
    })

    test('targets that are no page of the web, our own links and blocked hosts are refused by name', async () => {
      const blockedHosts = ['bad.example', '*.worse.example', 'bücher.example.']
      await using house = await openLinkHouse(database, { blockedHosts })
      const { gateway, site } = house
      const own = await createLink(gateway, site, { url: 'https://kith.example/page' })
      const refused = [
        'javascript:alert(1)',
        'data:text/html,hi',
        'file:///etc/passwd',
        'ftp://example.org/',
        'https://',
        'https:///x',
        'example.org',
        '',
        'https://exa mple.org/',
        'https://example.org/\n',
        'https://example.org/\ud800',
        'https://[::1',
        own.address,
        own.address.replace('kith.example', 'KITH.example'),
        'https://kith.example/s/anything',
        'https://bad.example/',
        'https://deep.bad.example/x',
        'https://bad.example./',
        'https://deep.bad.example./x',
        'https://BÜCHER.example/',
        'https://kith.example./s/anything',
        'https://kith.example/%73/anything',
        'https://kith.example/%73%2f%61nything',
        'https://very.worse.example/',
      ]
      for (const url of refused) {
        await assert.rejects(
          createLink(gateway, site, { url }),
          failsWith('invalid_request', 'original_url'),
          url,
        )
      }
      const long = `https://example.org/${'a'.repeat(4_096)}`
      await assert.rejects(createLink(gateway, site, { url: long }), failsWith('too_large', 'original_url'))
      await createLink(gateway, site, { url: 'https://notbad.example/' })
      await createLink(gateway, site, { url: 'https://kith.example/%ff' })
      await createLink(gateway, site, { url: 'https://other.example/s/abcdefgh' })
    })

    test('a target of any script leads there as a header can say it', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, follow } = house
      const link = await createLink(gateway, site, { url: 'https://bücher.example/größe?q=日本\u200d' })
      assert.equal(link.target, 'https://bücher.example/größe?q=日本\u200d')
      const { headers } = await follow(link.address)
      assert.equal(
        headers.location,
        'https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=%E6%97%A5%E6%9C%AC%E2%80%8D',
      )
    })

    test('links are listed in pages, found with their counts, and belong to their site alone', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site } = house
      const made = []
      for (const at of [1, 2, 3])
        made.push(await createLink(gateway, site, { url: `https://example.org/${at}` }))
      const page = await listLinks(gateway, site, { page: 1, size: 2, direction: 'asc' })
      assert.deepEqual([page.totalEntries, page.totalPages], [3, 2])
      assert.deepEqual(
        page.entries.map(({ code, address }) => [code, address]),
        made.slice(0, 2).map(({ code, address }) => [code, address]),
      )
      const found = await findLink(gateway, site, made[0]?.code ?? '')
      assert.deepEqual(found, { ...made[0], referrals: [] })
      const stranger = { id: site.id + 1_000 }
      await assert.rejects(findLink(gateway, stranger, found.code), failsWith('not_found'))
      await assert.rejects(removeLink(gateway, stranger, found.code), failsWith('not_found'))
      assert.equal(
        (await listLinks(gateway, stranger, { page: 1, size: 9, direction: 'asc' })).totalEntries,
        0,
      )
    })

    test('a link that was removed leads nowhere, in other processes within a second', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, follow } = house
      const other = await house.another()
      const link = await createLink(gateway, site, { url: TARGET })
      for (const process of [house, other]) assert.equal((await process.follow(link.address)).status, 302)
      await removeLink(gateway, site, link.code)
      assert.equal((await follow(link.address)).status, 404)
      const until = performance.now() + 1_050
      let status = 302
      while (status === 302 && performance.now() < until) {
        status = (await other.follow(link.address)).status
        await sleep(20)
      }
      assert.equal(status, 404)
      await assert.rejects(removeLink(gateway, site, link.code), failsWith('not_found'))
    })

    test('people, repeats, bots and previews are counted apart, by hour, device and referrer', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, follow } = house
      const { code, address } = await createLink(gateway, site, { url: TARGET })
      const phone =
        'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148'
      const referer = 'https://News.example/story?secret=1'
      await follow(address, { headers: { referer } })
      await follow(address, { headers: { referer } })
      await follow(address, { agent: phone })
      await follow(address, { from: '203.0.113.8', headers: { referer } })
      await follow(address, { agent: MASTODON })
      await follow(address, { method: 'HEAD' })
      await follow(address, { from: '203.0.113.9', headers: { 'sec-purpose': 'prefetch;prerender' } })
      await follow(address, { agent: 'Googlebot/2.1 (+http://www.google.com/bot.html)' })
      await follow(address, { agent: 'curl/8.5.0' })
      await gateway.links.clicks.flush()
      const { counts, referrals, lastPersonAt } = await findLink(gateway, site, code)
      assert.deepEqual(counts, { person: 3, repeat: 1, bot: 2, preview: 3 })
      assert(Math.abs(Date.now() - (lastPersonAt ?? 0)) < 60_000)
      const told = referrals.map(({ follower, device, referrer, count }) => [
        follower,
        device,
        referrer,
        count,
      ])
      assert.deepEqual(
        told.toSorted((one, two) => String(one).localeCompare(String(two))),
        [
          ['bot', 'other', '', 2],
          ['person', 'desktop', 'news.example', 2],
          ['person', 'mobile', '', 1],
          ['preview', 'other', '', 3],
          ['repeat', 'desktop', 'news.example', 1],
        ],
      )
      assert(referrals.every(({ hour }) => Math.abs(hour - Date.now() / 3_600_000) < 2))
    })

    test('a visitor counts once within the window, whichever process they meet, and again after it', async () => {
      let now = Date.UTC(2026, 10, 21, 12)
      const options = { windowMs: 600_000, now: () => now }
      await using house = await openLinkHouse(database, options)
      const { gateway, site } = house
      const other = await house.another(options)
      const { code, address } = await createLink(gateway, site, { url: TARGET })
      const counts = async () => {
        await gateway.links.clicks.flush()
        await other.gateway.links.clicks.flush()
        return (await findLink(gateway, site, code)).counts
      }
      await house.follow(address)
      await house.follow(address)
      assert.deepEqual(await counts(), { person: 1, repeat: 1, bot: 0, preview: 0 })
      await other.follow(address)
      assert.deepEqual(await counts(), { person: 1, repeat: 2, bot: 0, preview: 0 })
      now += 599_999
      await house.follow(address)
      assert.deepEqual(await counts(), { person: 1, repeat: 3, bot: 0, preview: 0 })
      now += 1
      await house.follow(address)
      assert.deepEqual(await counts(), { person: 2, repeat: 3, bot: 0, preview: 0 })
    })

    test('an address is nowhere in the database, and visits are forgotten after the window', async () => {
      let now = Date.now()
      await using house = await openLinkHouse(database, { now: () => now })
      const { gateway, site, follow, raw } = house
      const { address } = await createLink(gateway, site, { url: TARGET })
      await follow(address, { from: '198.51.100.77' })
      await gateway.links.clicks.flush()
      for (const table of ['clicks', 'link_visits', 'links', 'link_referrers']) {
        assert.doesNotMatch(JSON.stringify(await raw(`select * from ${table}`)), /198\.51|Firefox/)
      }
      assert.equal((await raw('select * from link_visits')).length, 1)
      assert.equal(await purgeClicks(gateway), 0)
      now += 1_800_001
      assert.equal(await purgeClicks(gateway), 1)
      now += 401 * 86_400_000
      assert.equal(await purgeClicks(gateway), 1)
      const [link] = (await listLinks(gateway, site, { page: 1, size: 1, direction: 'asc' })).entries
      assert.equal(link?.counts.person, 1)
    })

    test('a flood of made-up referrers, visitors and links adds rows only up to the bounds', async () => {
      const bounds = { referrersPerLink: 3, talliesWaiting: 8, visitsStored: 5, flushMs: 3_600_000 }
      await using house = await openLinkHouse(database, bounds)
      const { gateway, site, raw } = house
      const { id, code } = await createLink(gateway, site, { url: TARGET })
      const { clicks } = gateway.links
      for (let at = 0; at < 200; at += 1) {
        clicks.note({
          linkId: id,
          follower: 'person',
          device: 'desktop',
          referrer: `host-${at}.example`,
          address: `203.0.113.${at}`,
          userAgent: FIREFOX,
        })
        if (at % 5 === 4) await clicks.flush()
      }
      await clicks.flush()
      const { counts, referrals } = await findLink(gateway, site, code)
      assert.deepEqual(counts, { person: 200, repeat: 0, bot: 0, preview: 0 })
      const hosts = new Set(referrals.map(({ referrer }) => referrer))
      assert.equal(hosts.size, 4)
      assert(hosts.has(OTHER_REFERRER))
      assert((await raw('select * from link_visits')).length <= 6)
      assert.equal((await raw('select * from link_referrers')).length, 3)
    })

    test('what the database refuses for a while is counted afterwards, once', async () => {
      await using house = await openLinkHouse(database, { flushMs: 3_600_000 })
      const { gateway, site, store, follow } = house
      const { code, address } = await createLink(gateway, site, { url: TARGET })
      const { addClicks } = store.links
      Object.assign(store.links, {
        addClicks: () => Promise.reject(new GatewayError('overloaded', 'The database does not answer.')),
      })
      await follow(address)
      await follow(address, { from: '203.0.113.8' })
      await gateway.links.clicks.flush()
      Object.assign(store.links, { addClicks })
      await follow(address, { from: '203.0.113.9' })
      await gateway.links.clicks.flush()
      assert.equal((await findLink(gateway, site, code)).counts.person, 3)
    })

    test('clicks of a link that was removed meanwhile are let go, and those of others counted', async () => {
      await using house = await openLinkHouse(database, { flushMs: 3_600_000 })
      const { gateway, site, follow } = house
      const gone = await createLink(gateway, site, { url: TARGET })
      const stays = await createLink(gateway, site, { url: TARGET })
      await follow(gone.address)
      await follow(stays.address)
      await removeLink(gateway, site, gone.code)
      await gateway.links.clicks.flush()
      assert.equal((await findLink(gateway, site, stays.code)).counts.person, 1)
    })

    test('clicks are stored by themselves within half a second', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, follow } = house
      const { code, address } = await createLink(gateway, site, { url: TARGET })
      await follow(address)
      const until = performance.now() + 1_000
      let counted = 0
      while (counted === 0 && performance.now() < until) {
        counted = (await findLink(gateway, site, code)).counts.person
        await sleep(20)
      }
      assert.equal(counted, 1)
    })

    test('a site has its links at domains of its own, and nobody else’s there', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, store, follow } = house
      const early = await createLink(gateway, site, { url: TARGET })
      const domains = ['https://go.example', 'http://old.example:8080']
      await store.sites.saveSettings(site, { shortDomains: domains })
      await sleep(520)
      const link = await createLink(gateway, site, { url: TARGET })
      assert.equal(link.address, `https://go.example/${link.code}`)
      const { createSite } = await import('./support/stores.ts')
      const stranger = await createLink(gateway, await createSite(store), { url: TARGET })
      assert.match(stranger.address, /^https:\/\/kith\.example\/s\//)
      const statuses = async (address: string) => (await follow(address)).status
      for (const each of [early, link]) {
        for (const domain of [...domains, 'https://kith.example/s', 'https://go.example/s']) {
          assert.equal(await statuses(`${domain}/${each.code}`), 302)
        }
      }
      for (const _ of ['from the database', 'from memory']) {
        assert.equal(await statuses(`https://go.example/${stranger.code}`), 404)
        assert.equal(await statuses(`https://kith.example/s/${stranger.code}`), 302)
      }
      for (const path of ['', 'users.json', 'socialize.login', 'favicon.ico']) {
        assert.equal(await statuses(`https://go.example/${path}`), 404)
      }
      const looping = createLink(gateway, site, { url: link.address })
      await assert.rejects(looping, failsWith('invalid_request', 'original_url'))
    })

    test('each publication has links of its own, in its text and below its key', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, offices, store } = house
      const one = await linkAccount(store, site, 'readable')
      await linkAccount(store, site, 'mute', { userToken: one.userToken })
      const message = {
        text: 'See https://example.org/a, (https://example.org/b) and https://example.org/a!',
        link: { url: 'https://example.org/c', name: 'C', description: 'or https://example.org/a' },
        media: [],
      }
      const shared = await publishMessage(gateway, site, {
        message,
        target: { user: one.userToken, providers: ['readable', 'mute', 'keyed'] },
        flags: { tracksLinks: true },
      })
      assert.deepEqual(
        shared.publications.map(({ state }) => state),
        ['published', 'published', 'failed'],
      )
      assert.deepEqual(shared.message, message)
      const links = await linksOf(gateway, site, shared.publications)
      assert.equal(links.size, 2)
      const [first, second] = shared.publications.map(({ key }) => links.get(key) ?? [])
      for (const own of [first, second]) {
        assert.deepEqual(
          own?.map(({ target }) => target),
          ['https://example.org/a', 'https://example.org/b', 'https://example.org/c'],
        )
      }
      const codes = [...(first ?? []), ...(second ?? [])].map(({ code }) => code)
      assert.equal(new Set(codes).size, 6)
      const post = offices.posts.find(({ office }) => office === 'readable')
      const [a, b, c] = first?.map(({ address }) => address) ?? []
      assert.equal(post?.text, `See ${a}, (${b}) and ${a}!\n${c}`)
    })

    test('publishing once more makes new links, and trying again what failed keeps the old ones', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, offices, store } = house
      const { token } = await linkAccount(store, site, 'readable')
      const message = { text: 'See https://example.org/a', media: [] }
      const wish = { target: { identity: token }, flags: { tracksLinks: true } }
      offices.conduct = () => ({ status: 422 })
      const shared = await publishMessage(gateway, site, { message, ...wish })
      assert.equal(shared.publications[0]?.state, 'failed')
      const before = [...(await linksOf(gateway, site, shared.publications)).values()].flat()
      assert.equal(before.length, 1)
      offices.conduct = () => ({})
      await retryFailed(gateway, site, shared.token)
      for (let left = 200; left > 0 && offices.posts.length === 0; left -= 1) await sleep(10)
      assert.equal(offices.posts[0]?.text, `See ${before[0]?.address}`)
      const again = await publishAgain(gateway, site, shared.token, wish)
      const after = [...(await linksOf(gateway, site, again.publications)).values()].flat()
      assert.equal(after.length, 1)
      assert.notEqual(after[0]?.code, before[0]?.code)
      await removeMessage(gateway, site, shared.token)
      assert.equal((await house.follow(before[0]?.address ?? '')).status, 302)
    })

    test('a message whose links cannot be tracked is refused as a whole', async () => {
      await using house = await openLinkHouse(database, { blockedHosts: ['bad.example'], perMessage: 2 })
      const { gateway, site, offices, store } = house
      const { token } = await linkAccount(store, site, 'mute')
      const say = (text: string, url?: string) =>
        publishMessage(gateway, site, {
          message: { text, link: url === undefined ? undefined : { url }, media: [] },
          target: { identity: token },
          flags: { tracksLinks: true },
        })
      await assert.rejects(say('x https://bad.example/1'), failsWith('invalid_request', 'text'))
      await assert.rejects(say('x', 'https://bad.example/1'), failsWith('invalid_request', 'link.url'))
      const three = [1, 2, 3].map((at) => `https://example.org/${at}`).join(' ')
      await assert.rejects(say(three), failsWith('too_large', 'text'))
      assert.equal(offices.posts.length, 0)
      const own = await createLink(gateway, site, { url: TARGET })
      await say(`see ${own.address}`)
      assert.equal(offices.posts[0]?.text, `see ${own.address}`)
    })

    test('a code that is taken is replaced by another one', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, store } = house
      const { token } = await linkAccount(store, site, 'mute')
      const { code } = await createLink(gateway, site, { url: TARGET })
      const { create } = store.messages
      let tries = 0
      const clashing: typeof create = (at, message) => {
        tries += 1
        const publications = message.publications.map((each) => ({
          ...each,
          links: each.links?.map((link) => ({ ...link, code: tries === 1 ? code : link.code })),
        }))
        return create(at, { ...message, publications })
      }
      Object.assign(store.messages, { create: clashing })
      const shared = await publishMessage(gateway, site, {
        message: { text: 'https://example.org/a', media: [] },
        target: { identity: token },
        flags: { tracksLinks: true },
      })
      assert.equal(tries, 2)
      assert.equal(shared.publications[0]?.state, 'published')
      const taken = store.links.create(site, { code, target: TARGET }, Date.now())
      await assert.rejects(taken, failsWith('conflict', 'code'))
    })

    test('the links of a site go with it', async () => {
      await using house = await openLinkHouse(database)
      const { gateway, site, store, follow, raw } = house
      const { address } = await createLink(gateway, site, { url: TARGET })
      await follow(address)
      await gateway.links.clicks.flush()
      await store.sites.remove(site)
      await sleep(1_050)
      assert.equal((await follow(address)).status, 404)
      for (const table of ['links', 'clicks']) assert.deepEqual(await raw(`select * from ${table}`), [])
    })
  })
}

test('codes have eight letters and digits, none of which look alike, and do not repeat', () => {
  const codes = Array.from({ length: 20_000 }, newCode)
  assert.equal(new Set(codes).size, codes.length)
  assert(codes.every((code) => isCode(code) && !/[01oOlIaeiuAEIU]/.test(code)))
  for (const wrong of ['', 'Bcd2345', 'Bcd2345Fx', 'Bcd2345o', 'Bcd2345\n']) assert(!isCode(wrong))
})

test('fetchers of previews, bots and people are told apart by their user agents', () => {
  const followedBy = createFollowers()
  const of = (agent: string, more = {}) => followedBy('GET', { 'user-agent': agent, ...more })
  const previews = [
    MASTODON,
    'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
    'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
    'TelegramBot (like TwitterBot)',
    'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
    'Twitterbot/1.0',
    'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
    'Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; mailto:support@bsky.app)',
    'WhatsApp/2.23.20.0',
    'Akkoma 3.13.2; https://akkoma.example',
    'Misskey/2024.11.0 (https://misskey.example)',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
  ]
  for (const agent of previews) assert.equal(of(agent).follower, 'preview', agent)
  for (const agent of ['', 'python-requests/2.32', 'Mozilla/5.0 (compatible; bingbot/2.0)']) {
    assert.equal(of(agent).follower, 'bot', agent)
  }
  const people = {
    [FIREFOX]: 'desktop',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Teams/1.7':
      'desktop',
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36':
      'mobile',
    'Mozilla/5.0 (Linux; Android 15; SM-X910) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36':
      'tablet',
    'Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/604.1':
      'tablet',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/480]':
      'mobile',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Snapchat/13.0':
      'mobile',
  }
  for (const [agent, device] of Object.entries(people)) {
    assert.deepEqual(of(agent), { follower: 'person', device }, agent)
  }
  for (const headers of [{ purpose: 'prefetch' }, { 'x-moz': 'prefetch' }, { 'sec-purpose': 'prefetch' }]) {
    assert.equal(of(FIREFOX, headers).follower, 'preview')
  }
})

test('of a referrer only the host is known', () => {
  const referrerOf = createReferrers()
  const cases: readonly (readonly [string | undefined, string])[] = [
    [undefined, ''],
    ['https://News.Example:8080/a?b', 'news.example'],
    ['https://news.example', 'news.example'],
    ['http://user:secret@news.example/', ''],
    ['android-app://com.slack/', ''],
    ['about:blank', ''],
    [`https://${'a'.repeat(300)}/`, ''],
    ['https://<script>/', ''],
  ]
  for (const [referrer, host] of cases) assert.equal(referrerOf(referrer), host, referrer)
})

test('addresses of one household are one visitor', () => {
  const cases = {
    '203.0.113.7': '203.0.113.7',
    '::ffff:203.0.113.7': '::ffff:203.0.113.7',
    '2001:db8:1:2:3:4:5:6': '2001:db8:1:2',
    '2001:db8:1:2::6': '2001:db8:1:2',
    '2001:db8::6': '2001:db8:0:0',
    '::1': '0:0:0:0',
  }
  for (const [address, network] of Object.entries(cases)) assert.equal(networkOf(address), network)
})

test('a database that is away is warned of once, however many follow links meanwhile', async () => {
  let isAway = true
  let warnings = 0
  const version = async () => {
    if (isAway) throw new Error('the database is away')
    return 1
  }
  const store = { links: { version, follow: async () => undefined }, sites: { list: async () => [] } }
  const options = { base: 'https://kith.example/s', blockedHosts: [], memoryBytes: 1_000 }
  const book = createLinkBook({ store, warn: () => void warnings++ }, options)
  const askOften = async () => {
    for (let visitor = 0; visitor < 20; visitor += 1) {
      book.known('abc', 'kith.example')
      book.known('abc', 'kith.example')
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  await askOften()
  assert.equal(warnings, 1)
  isAway = false
  await askOften()
  await book.refresh()
  assert.equal(warnings, 1)
})
