// Following short links: as quick as a bare redirect, counted, with a million links; and what a killed process loses.

import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { newCode } from '../src/core/link-codes.ts'
import { type Data, makeData } from './data.ts'
import { type Figure, median, rounded } from './figure.ts'
import { carry } from './load.ts'
import { startFloor, startKith } from './processes.ts'

/** Smaller for a look at whether it runs: `BENCH_SHORT=1`. */
const isShort = process.env.BENCH_SHORT === '1'
const LINKS = isShort ? 20_000 : 1_000_000
const WIDE = isShort ? 10_000 : 100_000
const REPEATS = isShort ? 1 : 5
const SECONDS = isShort ? 2 : 4
const KILLS = isShort ? 2 : 10
const CONNECTIONS = 64
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

interface Round {
  readonly what: string
  readonly codes: readonly string[]
  readonly visitors: number
  readonly least: number
}

export async function redirects(): Promise<readonly Figure[]> {
  const data = await makeData({ users: 1, contactsEach: 1 })
  try {
    const codes = fill(data)
    const rounds: readonly Round[] = [
      { what: 'Redirects, counted, 100 hot codes', codes: codes.slice(0, 100), visitors: 10_000, least: 0.7 },
      {
        what: `Redirects, counted, ${WIDE} codes and 10,000 visitors`,
        codes: codes.slice(0, WIDE),
        visitors: 10_000,
        least: 0.5,
      },
    ]
    const figures: Figure[] = []
    for (const round of rounds) figures.push(await measure(data, round))
    figures.push(await lossOf(data, codes.slice(0, 1_000)))
    return figures
  } finally {
    data.remove()
  }
}

/** A million links of the site; answers their codes. */
function fill({ settings }: Data): readonly string[] {
  const database = new Database(settings.KITH_DATABASE_URL ?? '')
  const codes = [...new Set(Array.from({ length: LINKS }, newCode))]
  const insert = database.prepare(
    `insert into links (site_id, code, target, created_at)
     select id, ?, ?, ? from sites order by id limit 1`,
  )
  database.transaction(() => {
    for (const [at, code] of codes.entries()) insert.run(code, `https://example.org/page/${at}`, Date.now())
  })()
  database.close()
  return codes
}

async function measure(data: Data, { what, codes, visitors, least }: Round): Promise<Figure> {
  const paths = codes.map((code) => `/s/${code}`)
  const kith = await startKith({ ...data.settings, KITH_TRUSTED_PROXIES: '127.0.0.1' })
  const floor = await startFloor(bareAnswers(data, paths))
  const load = { paths, visitors, headers: { 'User-Agent': BROWSER }, connections: CONNECTIONS }
  const before = countsIn(data)
  try {
    await carry({ url: kith.url, ...load, seconds: SECONDS })
    await carry({ url: floor.url, ...load, seconds: SECONDS })
    const shares: number[] = []
    const p99s: number[] = []
    let told = ''
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const bare = await carry({ url: floor.url, ...load, seconds: SECONDS })
      const ours = await carry({ url: kith.url, ...load, seconds: SECONDS })
      shares.push(ours.perSecond / bare.perSecond)
      p99s.push(ours.p99Ms)
      told = `last repeat ${Math.round(ours.perSecond)}/s against ${Math.round(bare.perSecond)}/s`
    }
    await pause(1_500)
    const answered = await kith.metric('kith_clicks_total')
    const counted = countsIn(data).all - before.all
    const [share, p99] = [median(shares), median(p99s)]
    return {
      what,
      measured: `${rounded(share)} of the floor, p99 ${rounded(p99, 1)} ms`,
      asked: `≥ ${least}, p99 < 10 ms, all counted`,
      isMet: share >= least && p99 < 10 && counted === answered,
      detail: `${LINKS} links, ${CONNECTIONS} connections; ${told}; ${counted} of ${answered} counted; shares ${shares.map((one) => rounded(one)).join(' ')}, p99 ${p99s.map((one) => rounded(one, 1)).join(' ')}`,
    }
  } finally {
    await Promise.all([kith.stop(), floor.stop()])
  }
}

function bareAnswers({ folder }: Data, paths: readonly string[]): string {
  const [empty, answersFile] = [join(folder, 'empty'), join(folder, 'redirects.json')]
  writeFileSync(empty, '')
  const answers = paths.map((path, at) => [
    path,
    {
      status: 302,
      headers: {
        location: `https://example.org/page/${at}`,
        'cache-control': 'private',
        'content-length': '0',
      },
      file: empty,
    },
  ])
  writeFileSync(answersFile, JSON.stringify(Object.fromEntries(answers)))
  return answersFile
}

function countsIn({ settings }: Data): { readonly all: number } {
  const database = new Database(settings.KITH_DATABASE_URL ?? '', { readonly: true })
  const all = database
    .prepare<[], number>('select coalesce(sum(people + repeats + bots + previews), 0) from links')
    .pluck()
    .get()
  database.close()
  return { all: all ?? 0 }
}

/** Kills the process with `kill -9` under load, again and again: what was answered, and is not counted afterwards? */
async function lossOf(data: Data, codes: readonly string[]): Promise<Figure> {
  const lost: number[] = []
  const lostLate: number[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = countsIn(data).all
    const answeredAt = await untilKilled(data, codes, 1_500 + Math.random() * 1_500)
    const counted = countsIn(data).all - before
    const killedAt = answeredAt.at(-1) ?? 0
    const old = answeredAt.filter((at) => at < killedAt - 1_000).length
    lost.push(answeredAt.length - counted)
    lostLate.push(Math.max(0, old - counted))
  }
  const worst = Math.max(...lostLate)
  return {
    what: 'Clicks lost over kill -9',
    measured: `${worst} of those older than a second, ${median(lost)} younger ones`,
    asked: '0 of those older than a second',
    isMet: worst === 0,
    detail: `${KILLS} kills under load; lost in all ${lost.join(' ')}`,
  }
}

/** Follows links on 16 connections until the process is killed; when each was answered. */
async function untilKilled(data: Data, codes: readonly string[], lifeMs: number): Promise<readonly number[]> {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [main, 'serve'], {
    env: {
      ...process.env,
      ...data.settings,
      KITH_PORT: String(port),
      KITH_HOST: '127.0.0.1',
      KITH_METRICS_PORT: 'off',
      KITH_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const answeredAt: number[] = []
  const url = `http://127.0.0.1:${port}`
  while ((await statusOf(agent, `${url}/healthz`)) !== 200) await pause(20)
  const endsAt = performance.now() + lifeMs
  const follow = async (first: number) => {
    for (let at = first; ; at += 16) {
      const status = await statusOf(agent, `${url}/s/${codes[at % codes.length]}`)
      if (status === undefined) return
      if (status !== 302) throw new Error(`a link was answered with ${status}`)
      answeredAt.push(performance.now())
    }
  }
  const following = Array.from({ length: 16 }, (_, at) => follow(at))
  await pause(Math.max(0, endsAt - performance.now()))
  child.kill('SIGKILL')
  await Promise.all([...following, exited])
  agent.destroy()
  return answeredAt
}

/** Undefined when there was no answer. */
function statusOf(agent: Agent, url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = get(url, { agent, headers: { 'user-agent': BROWSER } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode))
      response.on('error', () => resolve(undefined))
    })
    sent.on('error', () => resolve(undefined))
  })
}
