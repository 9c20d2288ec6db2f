// Contacts that no cache has: over eight networks at once, and asked for by many callers at once.

import { makeData } from './data.ts'
import { type Figure, median, percentile, rounded } from './figure.ts'
import { control, importAccount, PLACES, type Place, requestsSeen } from './networks.ts'
import { type Kith, type Running, startKith, startSandbox } from './processes.ts'

const REPEATS = 30
/** Reads before those that are measured: a process that has just started compiles its code. */
const WARMING = 5
const CALLERS = 500
const OVER_MS = 15

export async function coldContacts(): Promise<readonly Figure[]> {
  const data = await makeData({ users: 1, contactsEach: 1 })
  const sandbox = await startSandbox()
  const kith = await startKith({ ...data.settings, KITH_SANDBOX: sandbox.url })
  const site = { kith, sandbox, authorization: data.authorization }
  try {
    return [await acrossNetworks(site), await manyCallers(site)]
  } finally {
    await Promise.all([kith.stop(), sandbox.stop()])
    data.remove()
  }
}

interface Parts {
  readonly kith: Kith
  readonly sandbox: Running
  readonly authorization: string
}

/**
 * Latencies of 50, 100 … 400 ms. The floor is how long the slowest network takes when bare fetch walks all eight side by
 * side: the networks are one process here, which needs its time for the pages of all of them.
 */
async function acrossNetworks({ kith, sandbox, authorization }: Parts): Promise<Figure> {
  const walks: (() => Promise<number>)[] = []
  let userToken: string | undefined
  for (const [index, place] of PLACES.entries()) {
    const { host, provider } = place
    const account = await control(sandbox, 'grant', { host, contacts: 500, expiresInSeconds: 86_400 })
    userToken = await importAccount(kith, authorization, { provider, account, userToken })
    const rateLimit = { limit: 1_000_000, windowSeconds: 60 }
    await control(sandbox, 'dial', { host, latencyMs: (index + 1) * 50, rateLimit })
    walks.push(() => walk(sandbox, place, account))
  }
  if (!userToken) throw new Error('nobody was imported')
  const path = `/users/${userToken}/contacts.json?disable_cache=true`
  // Each walk measures itself: the longest of all is the slowest network.
  const together = async () => Math.max(...(await Promise.all(walks.map((one) => one()))))
  const slowest = await slowestOf(walks)
  const [over, overAlone, floors, whole, handed]: [number[], number[], number[], number[], number[]] = [
    [],
    [],
    [],
    [],
    [],
  ]
  let bytes = 0
  for (let time = 0; time < WARMING; time += 1) {
    await together()
    bytes = (await read(kith, authorization, path)).bytes
  }
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const floorMs = await together()
    const aloneMs = await slowest()
    const startedAt = performance.now()
    const answer = await read(kith, authorization, path)
    const wholeMs = answer.headAt - startedAt
    floors.push(floorMs)
    whole.push(wholeMs)
    over.push(wholeMs - floorMs)
    overAlone.push(wholeMs - aloneMs)
    handed.push(performance.now() - answer.headAt)
    bytes = answer.bytes
  }
  const p95 = percentile(over, 95)
  const tail = (times: readonly number[]) =>
    `${rounded(median(times), 1)}, p95 ${rounded(percentile(times, 95), 1)} ms`
  return {
    what: 'Cold read over 8 identities of 500, 50 to 400 ms a page',
    measured: `the slowest network + ${rounded(p95, 1)} ms (p95)`,
    asked: `≤ the slowest network + ${OVER_MS} ms (p95)`,
    isMet: p95 <= OVER_MS,
    detail: `to the head of the answer; whole ${rounded(median(whole), 0)} ms, slowest of all eight at once ${rounded(median(floors), 0)} ms, over ${tail(over)} (of ${REPEATS}, after ${WARMING} that warm it up); over the slowest network asked alone, which shares its process with no other, ${tail(overAlone)}; to take the ${rounded(bytes / 1e6, 1)} MB of the answer, fetch needed ${rounded(median(handed), 0)} ms more`,
  }
}

/** The walk that takes longest, found by walking each once. */
async function slowestOf(walks: readonly (() => Promise<number>)[]): Promise<() => Promise<number>> {
  const times: number[] = []
  for (const one of walks) times.push(await one())
  const found = walks[times.indexOf(Math.max(...times))]
  if (!found) throw new Error('no network')
  return found
}

/** Reads the lists of one account to their ends with nothing but fetch; answers milliseconds. */
async function walk(
  { url }: Running,
  place: Place,
  { accessToken, subject }: { accessToken: string; subject: string },
): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` }
  const walkList = async (first: string) => {
    let next: string | undefined = first
    while (next) {
      const response: Response = await fetch(inSandbox(url, next), { headers })
      if (response.status !== 200) throw new Error(`${place.host} answered ${response.status}`)
      next = place.next(response, (await response.json()) as Record<string, unknown>)
    }
  }
  return timed(() => Promise.all(place.lists(subject).map(walkList)))
}

function inSandbox(base: string, address: string): string {
  return address.startsWith(base) ? address : address.replace('https://', `${base}/`)
}

async function manyCallers({ kith, sandbox, authorization }: Parts): Promise<Figure> {
  const { host, provider } = PLACES[0] as Place
  await control(sandbox, 'dial', { host, latencyMs: 300 })
  const account = await control(sandbox, 'grant', { host, contacts: 500 })
  const userToken = await importAccount(kith, authorization, { provider, account })
  const before = await requestsSeen(sandbox)
  const path = `/users/${userToken}/contacts.json`
  await Promise.all(Array.from({ length: CALLERS }, () => read(kith, authorization, path)))
  // Following and followers, each in one page.
  const reads = (await requestsSeen(sandbox)) - before
  return {
    what: `${CALLERS} callers at once on one cold identity`,
    measured: `${reads} requests to the network`,
    asked: '2: one page of each of its two lists, read once',
    isMet: reads === 2,
    detail: `all ${CALLERS} were answered 200`,
  }
}

async function read(
  { url }: Running,
  authorization: string,
  path: string,
): Promise<{ readonly headAt: number; readonly bytes: number }> {
  const response = await fetch(`${url}${path}`, { headers: { authorization } })
  const headAt = performance.now()
  const body = Buffer.from(await response.arrayBuffer())
  if (response.status === 200) return { headAt, bytes: body.length }
  throw new Error(`${response.status}: ${body.subarray(0, 2_000)}`)
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
