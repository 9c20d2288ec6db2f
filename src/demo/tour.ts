// The tour: what a site's server would ask over HTTP, and whether the answers are what they should be.

import { z } from 'zod'
import { CAST, LATENCY_MS } from './cast.ts'
import type { Seed } from './seed.ts'
import { sharingTour } from './sharing-tour.ts'

const Status = z.object({ flag: z.string(), code: z.number() })

const Contacts = z.object({
  response: z.object({
    request: z.object({ status: Status.extend({ info: z.string() }) }),
    result: z.object({
      data: z.object({
        results: z.array(
          z.object({
            provider: z.string(),
            read_from_cache: z.boolean(),
            cache_date_last_update: z.string(),
            status: Status.extend({ message: z.string() }),
            contacts: z.array(z.record(z.string(), z.unknown())),
          }),
        ),
      }),
    }),
  }),
})

interface Reading {
  readonly code: number
  readonly info: string
  readonly tookMs: number
  readonly lists: z.infer<typeof Contacts>['response']['result']['data']['results']
}

interface TourParts {
  readonly url: string
  readonly seed: Seed
  /** Of the networks as people write them, by provider id. */
  readonly nameOf: (provider: string) => string
  readonly say: (text: string) => void
}

/** Walks through the main job; answers what was not as it should be, which is nothing when all is well. */
export async function tour({ url, seed, nameOf, say }: TourParts): Promise<readonly string[]> {
  const wrong: string[] = []
  const expect = (what: string, isSo: boolean) => void (isSo || wrong.push(what))
  const read = (user: number) => readContacts(url, seed, user)

  // The first call of a process loads what calls are made with; that is not the gateway's time.
  await fetch(`${url}/readyz`)

  say('\n1. Ada has linked four networks. All are asked at the same time:\n')
  const first = await read(0)
  say(spell(first, nameOf))
  say(
    `   The slowest network alone takes ${slowestMs(0)} ms for one answer; this took ${first.tookMs} ms in all.`,
  )
  say(
    `   One contact, in the same shape whatever the network:\n   ${JSON.stringify(first.lists[0]?.contacts[0])}`,
  )
  expect('all of Ada’s networks answer', first.code === 200 && first.lists.length === 4)
  expect('Ada has 500 contacts or more', countOf(first) >= 500)
  expect(
    'the first read asks the networks',
    first.lists.every((list) => !list.read_from_cache),
  )

  say('\n2. The same again, within 24 hours: nobody is asked.\n')
  const second = await read(0)
  say(spell(second, nameOf))
  say(`   It took ${second.tookMs} ms.`)
  expect(
    'the second read is answered from the cache',
    second.lists.every((list) => list.read_from_cache),
  )
  expect('the second read has the same contacts', countOf(second) === countOf(first))

  say(
    '\n3. One of Grace’s networks refuses: she has taken back her consent there. The other is not held up:\n',
  )
  const partial = await read(1)
  say(spell(partial, nameOf))
  const [refusing, fine] = partial.lists
  expect('Grace’s answer is 207', partial.code === 207)
  expect('the refusing network says 401', refusing?.status.code === 401 && refusing.contacts.length === 0)
  expect('the other network says 200', fine?.status.code === 200 && fine.contacts.length > 0)

  say('\n4. Edsger’s second network gives contacts to its partners only:\n')
  const forbidden = await read(2)
  say(spell(forbidden, nameOf))
  expect('Edsger’s answer is 207', forbidden.code === 207)
  expect('the network for partners says 403', forbidden.lists[1]?.status.code === 403)
  return [...wrong, ...(await sharingTour({ url, seed, nameOf, say }))]
}

async function readContacts(url: string, { site, users }: Seed, index: number): Promise<Reading> {
  const credentials = Buffer.from(`${site.publicKey}:${site.privateKey}`).toString('base64')
  const startedAt = performance.now()
  const answer = await fetch(`${url}/users/${users[index]?.userToken}/contacts.json`, {
    headers: { authorization: `Basic ${credentials}` },
  })
  const body = await answer.text()
  const tookMs = Math.round(performance.now() - startedAt)
  const { response } = Contacts.parse(JSON.parse(body, keepDigits))
  return {
    code: answer.status,
    info: response.request.status.info,
    tookMs,
    lists: response.result.data.results,
  }
}

/** Ids beyond 2^53 keep all their digits. */
function keepDigits(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isInexact = typeof value === 'number' && !Number.isSafeInteger(value)
  return isInexact && context?.source ? JSON.rawJSON(context.source) : value
}

function spell({ code, info, lists }: Reading, nameOf: TourParts['nameOf']): string {
  const rows = lists.map(({ provider, status, contacts, read_from_cache: isCached }) => {
    const count = `${contacts.length}`.padStart(6)
    const words =
      status.code === 200 ? `${count} contacts${isCached ? ', from the cache' : ''}` : status.message
    return `   ${status.code}  ${nameOf(provider).padEnd(9)} ${words}`
  })
  return [...rows, `   ${code}  ${info}`].join('\n')
}

function countOf({ lists }: Reading): number {
  return lists.reduce((sum, { contacts }) => sum + contacts.length, 0)
}

function slowestMs(index: number): number {
  return Math.max(...(CAST[index]?.accounts.map(({ host }) => LATENCY_MS[host] ?? 0) ?? [0]))
}
