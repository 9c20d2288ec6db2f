// `npm run bench -- publishing`, or the stream alone: node bench/publishing.ts [--seconds 20] [--rate <messages a second>]
// [--database sqlite|postgres].

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { publishMessage } from '../src/core/sharing.ts'
import { NETWORK_DEFAULTS } from '../src/network/options.ts'
import { newRing, openKeys } from '../src/store/keys.ts'
import { openStore } from '../src/store/open.ts'
import { type DatabaseKind, databases } from '../test/support/databases.ts'
import { linkAccount, openPublishingGateway, type PublishingGateway } from '../test/support/publishing.ts'
import { createSite } from '../test/support/stores.ts'
import { type Figure, median, percentile, rounded } from './figure.ts'
import { sixNetworks } from './six-networks.ts'

const THREE = ['keyed', 'recorded', 'readable']
const USERS = 400
const NETWORK_MS = 5
const RATES = { sqlite: 500, postgres: 200 } as const
/** Growth of memory from the middle of the stream to its end that still counts as flat. */
const GROWTH_MB = 30

/** One message to six networks, and a steady stream of them; on both databases. */
export async function publishing(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const database of databases) {
    figures.push(await sixNetworks(database), ...(await steadily(database, { seconds: 20 })))
  }
  return figures
}

/** A stream of messages to three networks on one database. */
async function steadily(
  database: DatabaseKind,
  { seconds, rate = RATES[database.name] }: { readonly seconds: number; readonly rate?: number },
): Promise<readonly Figure[]> {
  const office = await startOffice()
  const place = await database.open()
  const store = await openStore(place.url, { keys: openKeys({ text: newRing() }) })
  const opened = openPublishingGateway(store, office.url, {
    network: { connectionsPerOrigin: 64, limitsRecheckMs: NETWORK_DEFAULTS.limitsRecheckMs },
  })
  const site = await createSite(store)
  const user = async (providers: readonly string[], ms: (at: number) => number) => {
    let userToken: string | undefined
    for (const [at, provider] of providers.entries()) {
      const account = `${crypto.randomUUID()}~${ms(at)}`
      userToken = (await linkAccount(store, site, provider, { account, userToken })).userToken
    }
    return userToken ?? ''
  }
  const say = async (text: string, token: string, providers: readonly string[]) => {
    const target = { user: token, providers }
    const { publications } = await publishMessage(opened.gateway, site, {
      message: { text, media: [] },
      target,
    })
    const failed = publications.find(({ state }) => state !== 'published')
    if (failed) throw new Error(`${failed.provider} is ${failed.state}: ${failed.problem?.message}`)
  }
  try {
    const users = await Promise.all(Array.from({ length: USERS }, () => user(THREE, () => NETWORK_MS)))
    return await stream((text, at) => say(text, users[at % USERS] ?? '', THREE), {
      seconds,
      rate,
      database,
      opened,
    })
  } finally {
    await opened.close()
    await store.close()
    await place.close()
    office.stop()
  }
}

interface Stream {
  readonly seconds: number
  readonly rate: number
  readonly database: DatabaseKind
  readonly opened: PublishingGateway
}

/** So many messages a second for so long; every one is waited for. */
async function stream(
  say: (text: string, at: number) => Promise<void>,
  { seconds, rate, database, opened }: Stream,
): Promise<readonly Figure[]> {
  const times: number[] = []
  const memory: number[] = []
  const failures: unknown[] = []
  const under = new Set<Promise<void>>()
  const one = async (at: number) => {
    try {
      times.push(await timed(() => say(`number ${at}`, at)))
    } catch (error) {
      failures.push(error)
    }
  }
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  for (let sent = 0; sent < rate * seconds; ) {
    const wanted = Math.min(rate * seconds, Math.floor(((performance.now() - startedAt) / 1_000) * rate))
    for (; sent < wanted; sent += 1) {
      const work: Promise<void> = one(sent).finally(() => under.delete(work))
      under.add(work)
    }
    if (sent >= memory.length * rate) memory.push(process.memoryUsage.rss() / 1e6)
    await sleep(2)
  }
  const sentInMs = performance.now() - startedAt
  await Promise.all(under)
  const tailMs = performance.now() - startedAt - sentInMs
  const cpu = process.cpuUsage(cpuBefore)
  const cpuMs = (cpu.user + cpu.system) / 1_000 / (rate * seconds)
  const half = memory.slice(Math.floor(memory.length / 2))
  const growth = Math.max(...half.slice(-3)) - Math.max(...half.slice(0, 3))
  const what = `${rate} messages/s × ${THREE.length} networks for ${seconds} s (${database.name})`
  const isKept = tailMs < 1_000 && failures.length === 0
  return [
    {
      what,
      measured: `${rounded((times.length / sentInMs) * 1_000, 0)} messages/s, all published ${rounded(tailMs, 0)} ms after the last`,
      asked: `${rate} messages/s`,
      isMet: isKept && opened.errors.length === 0,
      detail: `answered in ${rounded(median(times), 1)} ms, p99 ${rounded(percentile(times, 99), 1)} ms; ${failures.length} late; ${rounded(cpuMs)} ms of CPU each`,
    },
    {
      what: `${what}: memory`,
      measured: `${rounded(growth, 0)} MB more at the end than in the middle`,
      asked: `flat (≤ ${GROWTH_MB} MB)`,
      isMet: growth <= GROWTH_MB,
      detail: `resident ${rounded(memory[0] ?? 0, 0)} MB at the start, ${rounded(memory.at(-1) ?? 0, 0)} MB at the end`,
    },
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function startOffice(): Promise<{ readonly url: string; stop(): void }> {
  const file = fileURLToPath(new URL('post-office.ts', import.meta.url))
  const child = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'inherit'] })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).once('line', resolve)
  child.once('exit', (code) => reject(new Error(`the pretend networks ended with ${code}`)))
  const url = await promise
  return { url, stop: () => child.kill('SIGTERM') }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '20' },
      rate: { type: 'string' },
      database: { type: 'string' },
    },
  })
  const rate = values.rate === undefined ? undefined : Number(values.rate)
  for (const database of databases) {
    if (values.database !== undefined && values.database !== database.name) continue
    for (const figure of await steadily(database, { seconds: Number(values.seconds), rate })) {
      process.stdout.write(`${JSON.stringify(figure)}\n`)
    }
  }
}
