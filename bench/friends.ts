// Friends over the Gigya API: who of 20,000 people is one of a million users of the site, on both databases; and the
// answer of a user with four networks of 500, signed requests and all, against bare node:http sending the same bytes.

import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import pg from 'pg'
import { matchKey } from '../src/core/match-key.ts'
import { newRing, openKeys } from '../src/store/keys.ts'
import { openStore } from '../src/store/open.ts'
import { type DatabaseKind, databases } from '../test/support/databases.ts'
import { createSite } from '../test/support/stores.ts'
import { makeData } from './data.ts'
import { type Figure, median, percentile, rounded } from './figure.ts'
import { carry } from './load.ts'
import { startFloor, startKith } from './processes.ts'

const USERS = 1_000_000
const FRIENDS = 20_000
/** Every so many friends one is a user of the site. */
const ONE_IN = 20
const REPEATS = 5
const LEAST_PER_SECOND = 1_000
const MOST_PER_SECOND = 15_000

/** Matching many friends against a large site, on each database. */
export async function friendsMatched(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const database of databases) figures.push(await matchOn(database))
  return figures
}

async function matchOn(kind: DatabaseKind): Promise<Figure> {
  const database = await kind.open()
  const keys = openKeys({ text: newRing() })
  const store = await openStore(database.url, { keys, role: 'tool' })
  try {
    const site = await createSite(store)
    await (kind.name === 'sqlite' ? fillSqlite(database.url, site.id) : fillPostgres(database.url, site.id))
    const wanted = BigInt64Array.from({ length: FRIENDS }, (_, index) => {
      const subject = index % ONE_IN === 0 ? String((index * 37) % USERS) : `nobody-${index}`
      return matchKey({ provider: 'twitter', subject })
    })
    const times: number[] = []
    const blocked: number[] = []
    const busy: number[] = []
    for (let repeat = 0; repeat < REPEATS * 4; repeat += 1) {
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      await pause(10)
      const cpu = process.cpuUsage()
      const startedAt = performance.now()
      const found = await store.people.siteAccounts(site, wanted)
      times.push(performance.now() - startedAt)
      busy.push(process.cpuUsage(cpu).user / 1_000)
      await pause(10)
      delay.disable()
      blocked.push(delay.max / 1e6)
      if (found.length !== FRIENDS / ONE_IN) throw new Error(`${found.length} were found`)
    }
    const [time, block] = [median(times), median(blocked)]
    return {
      what: `${FRIENDS.toLocaleString('en')} friends against ${USERS.toLocaleString('en')} users of a site, ${kind.name}`,
      measured: `${rounded(time, 1)} ms, loop blocked ${rounded(block, 1)} ms`,
      asked: '< 50 ms, blocked ≤ 20 ms',
      isMet: time < 50 && block <= 20,
      detail: `one query; ${rounded(median(busy), 1)} ms of processor time here; ${times.length} times, the slowest ${rounded(Math.max(...times), 1)} ms; p90 ${rounded(percentile(times, 90), 1)} ms`,
    }
  } finally {
    await store.close()
    await database.close()
  }
}

function fillSqlite(file: string, siteId: number): void {
  const database = new Database(file)
  database.pragma('synchronous = OFF')
  const user = database.prepare(
    'insert into users (site_id, token, created_at, last_login_at, login_count) values (?, ?, 0, 0, 1) returning id',
  )
  const identity = database.prepare(
    `insert into identities (site_id, user_id, token, provider, server, subject, match_key, profile, created_at, updated_at)
     values (?, ?, ?, 'twitter', '', ?, ?, '{}', 0, 0)`,
  )
  database.transaction(() => {
    for (let index = 0; index < USERS; index += 1) {
      const subject = String(index)
      const { id } = user.get(siteId, `u${index}`) as { id: number }
      identity.run(siteId, id, `i${index}`, subject, matchKey({ provider: 'twitter', subject }))
    }
  })()
  database.close()
}

async function fillPostgres(url: string, siteId: number): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(
    `insert into users (site_id, token, created_at, last_login_at, login_count)
     select ${siteId}, 'u' || n, 0, 0, 1 from generate_series(0, ${USERS - 1}) n`,
  )
  await client.query(
    `insert into identities
       (site_id, user_id, token, provider, server, subject, match_key, profile, created_at, updated_at)
     select site_id, id, 'i' || substr(token, 2), 'twitter', '', substr(token, 2),
       ('x' || encode(substr(sha256('twitter'::bytea || '\\x00'::bytea || substr(token, 2)::bytea), 1, 8), 'hex'))::bit(64)::bigint,
       '{}', 0, 0 from users where site_id = ${siteId}`,
  )
  await client.query('analyze')
  await client.end()
}

interface Round {
  readonly what: string
  readonly params: Readonly<Record<string, string>>
  /** Share of the floor's requests per second; undefined where the figure is a latency. */
  readonly least?: number
  readonly p99Ms?: number
}

/** Answers of one user with four networks of 500 friends, and small ones. */
export async function friendsAnswered(): Promise<readonly Figure[]> {
  const data = await makeData({
    users: 1,
    identitiesEach: 4,
    contactsEach: 500,
    switches: { friendsNeedMutual: 'false' },
  })
  const [uid = ''] = data.userTokens
  const friends = { UID: uid, format: 'json' }
  const rounds: readonly Round[] = [
    { what: 'getFriendsInfo, 4 networks × 500, signed, warm', params: friends, least: 0.5 },
    { what: 'the same in XML', params: { ...friends, format: 'xml' }, least: 0.25 },
    {
      what: 'A verified signed request answered from memory (no friend is a site user)',
      params: { ...friends, siteUsersOnly: 'true' },
      p99Ms: 10,
    },
  ]
  try {
    const figures: Figure[] = []
    for (const round of rounds) figures.push(await measure(data, round))
    return [...figures, signedCold()]
  } finally {
    data.remove()
  }
}

/** Each time in a process of its own that has signed nothing before. */
function signedCold(): Figure {
  const file = fileURLToPath(new URL('cold-signing.ts', import.meta.url))
  const times = Array.from({ length: REPEATS }, () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [...process.execArgv, file], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stderr)
    return Number(stdout)
  })
  return {
    what: 'Signing 2,000 friendships, cold',
    measured: `${rounded(median(times), 1)} ms`,
    asked: '≤ 30 ms',
    isMet: median(times) <= 30,
    detail: `the first that a process signs, ${REPEATS} processes: ${times.map((one) => rounded(one, 1)).join(' ')}`,
  }
}

type Data = Awaited<ReturnType<typeof makeData>>

async function measure(data: Data, { what, params, least, p99Ms }: Round): Promise<Figure> {
  const kith = await startKith(data.settings)
  const origin = kith.url
  const [first = ''] = signedPaths(data, origin, params, 1)
  const coldAt = performance.now()
  const response = await fetch(`${origin}${first}`)
  const body = Buffer.from(await response.arrayBuffer())
  const coldMs = performance.now() - coldAt
  if (!/errorCode"?[:>]0/.test(body.toString())) throw new Error(body.toString().slice(0, 500))
  const file = join(data.folder, 'friends.body')
  const answersFile = join(data.folder, 'friends.json')
  writeFileSync(file, body)
  const headers = Object.fromEntries(
    [...response.headers].filter(([name]) => !/^(date|connection|keep-alive)$/.test(name)),
  )
  writeFileSync(answersFile, JSON.stringify({ '/friends': { headers, file } }))
  const floor = await startFloor(answersFile)
  try {
    const shares: number[] = []
    const p99s: number[] = []
    let told = ''
    for (let repeat = 0; repeat <= REPEATS; repeat += 1) {
      const seconds = repeat === 0 ? 2 : 4
      const bare = await carry({ url: floor.url, paths: ['/friends'], seconds })
      // A nonce for each request, signed now: more than are answered in the time.
      const each = Math.min(MOST_PER_SECOND, Math.max(LEAST_PER_SECOND, bare.perSecond * 2))
      const [ramp, paths] = [2, seconds + 1].map((times) =>
        signedPaths(data, origin, params, Math.ceil(each * times)),
      )
      if (!ramp || !paths) throw new Error('nothing was signed')
      await carry({ url: origin, paths: ramp, seconds: 1, rampSeconds: 0 })
      const ours = await carry({ url: origin, paths, seconds, rampSeconds: 0 })
      if (repeat === 0) continue
      shares.push(ours.perSecond / bare.perSecond)
      p99s.push(ours.p99Ms)
      told = `last repeat ${Math.round(ours.perSecond)}/s against ${Math.round(bare.perSecond)}/s`
    }
    const [share, p99] = [median(shares), median(p99s)]
    return {
      what,
      measured: `${rounded(share)} of the floor, p99 ${rounded(p99, 1)} ms`,
      asked: [least && `≥ ${least}`, p99Ms && `p99 < ${p99Ms} ms`].filter(Boolean).join(', '),
      isMet: (least === undefined || share >= least) && (p99Ms === undefined || p99 < p99Ms),
      detail: `${body.length} bytes an answer; the first answer of the process took ${rounded(coldMs, 0)} ms; ${told}; shares ${shares.map((one) => rounded(one)).join(' ')}, p99 ${p99s.map((one) => rounded(one, 1)).join(' ')}`,
    }
  } finally {
    await Promise.all([kith.stop(), floor.stop()])
  }
}

let nonces = 0

/** So many requests, each with its own nonce; a refusal is an HTTP error, which the load does not overlook. */
function signedPaths(
  { apiKey, secret }: Data,
  origin: string,
  params: Readonly<Record<string, string>>,
  count: number,
): readonly string[] {
  const path = '/socialize.getFriendsInfo'
  const key = Buffer.from(secret, 'base64')
  const timestamp = String(Math.floor(Date.now() / 1_000))
  return Array.from({ length: count }, () => {
    const nonce = `${process.pid}_${++nonces}`
    const all = { apiKey, httpStatusCodes: 'true', nonce, timestamp, ...params }
    const query = Object.entries(all)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&')
    const base = `GET&${encodeURIComponent(`${origin}${path}`)}&${encodeURIComponent(query)}`
    const sig = createHmac('sha1', key).update(base).digest('base64')
    return `${path}?${query}&sig=${encodeURIComponent(sig)}`
  })
}
