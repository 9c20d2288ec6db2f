// Processes that publish are killed at random moments, again and again, through the shipped connectors, while the sandbox's
// networks lose answers, refuse and take their time. At the end every accepted message is accounted for, and every post
// counted.

import { type ChildProcess, spawn } from 'node:child_process'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Posting } from '../../src/core/model.ts'
import type { PublicationState, SharedMessage } from '../../src/core/sharing-store.ts'
import type { Dial } from '../../src/sandbox/dials.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { newRing, openKeys } from '../../src/store/keys.ts'
import { type OpenStore, openStore } from '../../src/store/open.ts'
import type { DatabaseKind } from './databases.ts'
import type { AcceptedLine, PublisherOrder } from './publisher.ts'
import { createSite } from './stores.ts'

export interface KillOptions {
  readonly database: DatabaseKind
  readonly rounds: number
  /** At once, each killed by itself; more than one only where the database allows it. */
  readonly processes: number
  /** Longest life of a process after it is ready. */
  readonly lifeMs: number
  /** Told of each kill. */
  readonly onKill?: (count: number) => void
}

export interface KillResult {
  readonly kills: number
  readonly accepted: number
  readonly posts: number
  /** The longest that the networks slept; beyond the settling time nothing is promised. */
  readonly longestSleepMs: number
  /** Answers that the networks lost. */
  readonly lostAnswers: number
  /** How publications ended, by network. */
  readonly outcomes: Readonly<Record<string, Readonly<Partial<Record<PublicationState, number>>>>>
  /** Accepted messages that are gone, or have publications that are not at their end. */
  readonly lost: readonly string[]
  /** `<network>: <text>` of posts that are there more than once. */
  readonly doubled: readonly string[]
  /** Publications whose state is not what their network shows. */
  readonly untrue: readonly string[]
}

/** With a key of its own, with record keys, with a readable timeline, with neither. */
const HOSTS: Readonly<Record<string, string>> = {
  mastodon: 'mastodon.example',
  bluesky: 'bsky.social',
  twitter: 'api.x.com',
  discord: 'discord.com',
}
const PROVIDERS = Object.keys(HOSTS)
const USERS = 24
const LEASE_MS = 2_000
const SETTLE_MS = 2_000
const REQUEST_MS = 800
/** To bring everything to its end: at least, and more for each kill. */
const DRAIN_MS = 60_000
const DRAIN_PER_KILL_MS = 250

/** Kills so many times, then lets one process bring everything to its end and looks at what is there. */
export async function runKills({
  database,
  rounds,
  processes,
  lifeMs,
  onKill,
}: KillOptions): Promise<KillResult> {
  const place = await database.open()
  const sandbox = await openSandbox({ seed: Math.floor(Math.random() * 2 ** 32) })
  const keys = newRing()
  const ring = openKeys({ text: keys })
  const accepted: AcceptedLine[] = []
  let kills = 0
  const sleeps = monitorEventLoopDelay()
  sleeps.enable()
  for (const [host, dial] of Object.entries(MOODS)) sandbox.dial(host, dial)
  try {
    const first = await openStore(place.url, { keys: ring })
    const site = await createSite(first)
    const users: string[] = []
    for (let count = 0; count < USERS; count += 1) {
      let userToken: string | undefined
      for (const provider of PROVIDERS) {
        userToken = await linkAccount(first, site, sandbox, { provider, userToken })
      }
      users.push(userToken ?? '')
    }
    await first.close()
    const order = {
      database: place.url,
      keys,
      sandbox: sandbox.url,
      site: site.id,
      users,
      providers: PROVIDERS,
      leaseMs: LEASE_MS,
      settleMs: SETTLE_MS,
      requestMs: REQUEST_MS,
    }
    const oneLife = async (name: string) => {
      const child = await startPublisher({ ...order, name, everyMs: 15 }, accepted)
      await sleep(Math.random() * lifeMs)
      await killed(child)
      kills += 1
      onKill?.(kills)
    }
    await Promise.all(
      Array.from({ length: processes }, async (_, lane) => {
        const mine = Math.ceil((rounds - lane) / processes)
        for (let round = 0; round < mine; round += 1) await oneLife(`${lane}-${round}`)
      }),
    )
    const last = await startPublisher({ ...order, name: 'last' }, accepted)
    const store = await openStore(place.url, { keys: ring, role: 'tool' })
    try {
      const found = await atTheirEnd(accepted, DRAIN_MS + rounds * DRAIN_PER_KILL_MS, (token) =>
        store.messages.find(site, token),
      )
      await killed(last)
      return {
        kills,
        accepted: accepted.length,
        posts: Object.values(HOSTS).reduce((total, host) => total + sandbox.posts(host).length, 0),
        lostAnswers: sandbox.lost(),
        longestSleepMs: Math.round(sleeps.max / 1e6),
        ...judge(found, sandbox),
      }
    } finally {
      await store.close()
    }
  } finally {
    sleeps.disable()
    await sandbox.close()
    await place.close()
  }
}

interface Found {
  readonly text: string
  readonly message: SharedMessage | undefined
}

/** Every accepted message, once all are at their end or the time is up. */
async function atTheirEnd(
  accepted: readonly AcceptedLine[],
  withinMs: number,
  find: (token: string) => Promise<SharedMessage | undefined>,
): Promise<readonly Found[]> {
  const found: Found[] = []
  let open = accepted
  for (const giveUpAt = Date.now() + withinMs; ; await sleep(250)) {
    const looked = await Promise.all(open.map(async (line) => ({ ...line, message: await find(line.token) })))
    const isOver = Date.now() > giveUpAt
    found.push(...looked.filter(({ message }) => isOver || !message || isEnded(message)))
    open = looked.filter(({ message }) => message && !isEnded(message))
    if (open.length === 0 || isOver) return found
  }
}

function isEnded({ publications }: SharedMessage): boolean {
  return publications.every(({ dueAt }) => dueAt === undefined)
}

function judge(
  found: readonly Found[],
  sandbox: Sandbox,
): Pick<KillResult, 'outcomes' | 'lost' | 'doubled' | 'untrue'> {
  const there = new Map<string, number>()
  for (const [provider, host] of Object.entries(HOSTS)) {
    for (const { text } of sandbox.posts(host)) {
      const name = `${provider}: ${text}`
      there.set(name, (there.get(name) ?? 0) + 1)
    }
  }
  const outcomes: Record<string, Partial<Record<PublicationState, number>>> = {}
  const lost: string[] = []
  const untrue: string[] = []
  for (const { text, message } of found) {
    if (message?.publications.length !== PROVIDERS.length || !isEnded(message)) lost.push(text)
    for (const { provider, state, problem } of message?.publications ?? []) {
      outcomes[provider] = { ...outcomes[provider], [state]: (outcomes[provider]?.[state] ?? 0) + 1 }
      const count = there.get(`${provider}: ${text}`) ?? 0
      const isTrue = state === 'published' ? count === 1 : state === 'unknown' ? count <= 1 : count === 0
      const why = problem ? ` (${problem.code}: ${problem.message})` : ''
      if (!isTrue) untrue.push(`${provider}: ${text} is ${state}${why}, and there ${count} times`)
    }
  }
  const doubled = [...there].filter(([, count]) => count > 1).map(([name]) => name)
  return { outcomes, lost, doubled, untrue }
}

/** Links a new account of a network, as the sandbox gives it out, to a new user or to this one; answers the user. */
async function linkAccount(
  store: OpenStore,
  site: { readonly id: number },
  sandbox: Sandbox,
  { provider, userToken }: { readonly provider: string; readonly userToken?: string },
): Promise<string> {
  const { subject, server, accessToken } = sandbox.grant(HOSTS[provider] ?? '')
  const isMany = provider === 'mastodon' || provider === 'bluesky'
  const posting: Posting = provider === 'mastodon' ? { software: 'mastodon' } : {}
  const account = { subject, profile: { subject }, tokens: { accessToken }, posting }
  const wish = { provider, server: isMany ? server : undefined, ...account }
  const { identity } = await store.identities.link(site, wish, { userToken })
  return identity.userToken
}

/** Posts are lost before and after the deed, late, or refused; here the networks' own limits are out of the way. */
const MOOD: Dial = {
  method: 'POST',
  jitterMs: 60,
  dropRate: 0.08,
  failRate: 0.04,
  loseRate: 0.12,
  rateLimit: { limit: 1_000_000, windowSeconds: 60 },
}
const MOODS: Readonly<Record<string, Dial>> = {
  ...Object.fromEntries(Object.values(HOSTS).map((host) => [host, MOOD])),
  'discord.com': { ...MOOD, status: 429, retryAfterSeconds: 1 },
  // Whatever is no post.
  '*': { jitterMs: 60, dropRate: 0.05, rateLimit: { limit: 1_000_000, windowSeconds: 60 } },
}

/** Resolves when the process is ready to publish; what it accepts is added to the list. */
async function startPublisher(order: PublisherOrder, accepted: AcceptedLine[]): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('publisher.ts', import.meta.url))
  const child = spawn(process.execPath, [file, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'pipe'] })
  const said: string[] = []
  child.stderr.on('data', (chunk) => said.push(String(chunk)))
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The publisher ended with ${code}: ${said.join('')}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      // A line that was cut off by the kill says nothing.
      if (line === '"ready"') resolve()
      else if (line.endsWith('}')) accepted.push(JSON.parse(line))
    })
  })
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await gone
}
