// Contacts from the cache over the OneAll API, and a small authenticated answer.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Data, makeData } from './data.ts'
import { type Figure, median, rounded } from './figure.ts'
import { carry } from './load.ts'
import { type Running, startFloor, startKith } from './processes.ts'

const REPEATS = 5

interface Round {
  readonly what: string
  readonly paths: readonly string[]
  readonly settings?: Readonly<Record<string, string>>
  /** Share of the floor's requests per second. */
  readonly least: number
  /** p99 in milliseconds at 32 connections, where one is asked for. */
  readonly p99Ms?: number
}

export async function cachedContacts(): Promise<readonly Figure[]> {
  const data = await makeData({ users: 1_000, contactsEach: 500 })
  try {
    const paths = data.userTokens.map((token) => `/users/${token}/contacts.json`)
    const nothingKept = { KITH_MEMORY_PIECES_BYTES: '0', KITH_MEMORY_ANSWERS_BYTES: '0' }
    const rounds: readonly Round[] = [
      { what: 'Cached contacts, 500, one hot user', paths: paths.slice(0, 1), least: 0.8, p99Ms: 10 },
      { what: 'Cached contacts, 500, over 1,000 users, from memory', paths, least: 0.75, p99Ms: 10 },
      {
        what: 'Cached contacts, 500, over 1,000 users, straight from SQLite',
        paths,
        settings: nothingKept,
        least: 0.35,
        p99Ms: 10,
      },
      { what: 'A small authenticated answer', paths: ['/tools/ping.json'], least: 0.75, p99Ms: 10 },
    ]
    const figures: Figure[] = []
    for (const round of rounds) figures.push(await measure(data, round))
    return figures
  } finally {
    data.remove()
  }
}

async function measure(data: Data, { what, paths, settings, least, p99Ms }: Round): Promise<Figure> {
  const { authorization, folder } = data
  const kith = await startKith({ ...data.settings, ...settings })
  const { answersFile, bytes } = await keepAnswers(kith, paths, authorization, folder)
  const floor = await startFloor(answersFile)
  try {
    const headers = { Authorization: authorization }
    const warm = { paths, headers, seconds: 2 }
    await carry({ url: kith.url, ...warm })
    await carry({ url: floor.url, ...warm })
    const shares: number[] = []
    const p99s: number[] = []
    let told = ''
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const bare = await carry({ url: floor.url, paths, headers })
      const ours = await carry({ url: kith.url, paths, headers })
      shares.push(ours.perSecond / bare.perSecond)
      p99s.push(ours.p99Ms)
      told = `last repeat ${Math.round(ours.perSecond)}/s against ${Math.round(bare.perSecond)}/s`
    }
    const [share, p99] = [median(shares), median(p99s)]
    return {
      what,
      measured: `${rounded(share)} of the floor, p99 ${rounded(p99, 1)} ms`,
      asked: `≥ ${least}${p99Ms === undefined ? '' : `, p99 < ${p99Ms} ms`}`,
      isMet: share >= least && (p99Ms === undefined || p99 < p99Ms),
      detail: `${bytes} bytes an answer; ${told}; shares ${shares.map((one) => rounded(one)).join(' ')}, p99 ${p99s.map((one) => rounded(one, 1)).join(' ')}`,
    }
  } finally {
    await Promise.all([kith.stop(), floor.stop()])
  }
}

/** Asks Kith once for each path and keeps headers and bytes for the floor to send. */
async function keepAnswers(
  { url }: Running,
  paths: readonly string[],
  authorization: string,
  folder: string,
) {
  const answers: Record<string, { headers: Record<string, string>; file: string }> = {}
  let bytes = 0
  for (const [index, path] of paths.entries()) {
    const response = await fetch(`${url}${path}`, { headers: { authorization } })
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`)
    const body = Buffer.from(await response.arrayBuffer())
    const headers = Object.fromEntries(response.headers)
    for (const own of ['date', 'connection', 'keep-alive']) delete headers[own]
    const file = join(folder, `answer-${index}`)
    writeFileSync(file, body)
    answers[path] = { headers, file }
    bytes = body.length
  }
  const answersFile = join(folder, 'answers.json')
  writeFileSync(answersFile, JSON.stringify(answers))
  return { answersFile, bytes }
}
