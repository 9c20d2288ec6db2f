// One message to six networks at once, through the shipped connectors and the sandbox, against the slowest of them alone.

import type { Posting } from '../src/core/model.ts'
import { publishMessage } from '../src/core/sharing.ts'
import type { DatabaseKind } from '../test/support/databases.ts'
import { openHouse } from '../test/support/house.ts'
import { type Figure, median, percentile, rounded } from './figure.ts'
import { control } from './networks.ts'
import { startSandbox } from './processes.ts'

const REPEATS = 20
const OVER_MS = 25

interface Place {
  readonly provider: string
  readonly host: string
  /** Of the grant that the sandbox is asked for. */
  readonly wish?: object
  readonly posting?: Posting
}

/** The first answers after 100 ms, the last after 600. */
const PLACES: readonly Place[] = [
  { provider: 'bluesky', host: 'bsky.social' },
  { provider: 'mastodon', host: 'mastodon.example', posting: { software: 'mastodon' } },
  { provider: 'linkedin', host: 'api.linkedin.com' },
  { provider: 'facebook', host: 'graph.facebook.com', wish: { page: true }, posting: { target: 'page' } },
  { provider: 'mastodon', host: 'two.example', posting: { software: 'mastodon' } },
  { provider: 'twitter', host: 'api.x.com' },
]
const STEP_MS = 100

/** The figure on one database. */
export async function sixNetworks(kind: DatabaseKind): Promise<Figure> {
  const [sandbox, database] = [await startSandbox(), await kind.open()]
  const house = await openHouse({ database: database.url, network: { sandbox: sandbox.url } })
  const { gateway, site } = house
  try {
    let userToken: string | undefined
    let floorToken = ''
    for (const [at, { provider, host, wish, posting }] of PLACES.entries()) {
      const grant = await control(sandbox, 'grant', { host, ...wish })
      const { subject, accessToken } = grant
      const isMany = gateway.providers.get(provider)?.server !== undefined
      const server = isMany ? grant.server : undefined
      const account = { provider, server, subject, profile: { subject }, tokens: { accessToken }, posting }
      userToken = (await gateway.store.identities.link(site, account, { userToken })).identity.userToken
      floorToken = accessToken
      const rateLimit = { limit: 1_000_000, windowSeconds: 60 }
      await control(sandbox, 'dial', { host, latencyMs: (at + 1) * STEP_MS, rateLimit })
    }
    const providers = [...new Set(PLACES.map(({ provider }) => provider))]
    const say = async (text: string) => {
      const target = { user: userToken ?? '', providers }
      const { publications } = await publishMessage(gateway, site, { message: { text, media: [] }, target })
      const failed = publications.find(({ state }) => state !== 'published')
      if (failed) throw new Error(`${failed.provider} is ${failed.state}: ${failed.problem?.message}`)
      if (publications.length !== PLACES.length) throw new Error(`${publications.length} publications`)
    }
    const slowest = async (text: string) => {
      const headers = { authorization: `Bearer ${floorToken}`, 'content-type': 'application/json' }
      const sent = { method: 'POST', headers, body: JSON.stringify({ text }) }
      const response = await fetch(`${sandbox.url}/api.x.com/2/tweets`, sent)
      await response.text()
      if (response.status !== 201) throw new Error(`the slowest network answered ${response.status}`)
    }
    await Promise.all([slowest('warm'), say('as well')])
    const [over, alone]: [number[], number[]] = [[], []]
    for (let repeat = 0; repeat < REPEATS; repeat += 1) {
      const floorMs = await timed(() => slowest(`alone ${repeat}`))
      alone.push(floorMs)
      over.push((await timed(() => say(`together ${repeat}`))) - floorMs)
    }
    const middle = median(over)
    return {
      what: `One message to 6 sandbox networks of 100 to 600 ms (${kind.name})`,
      measured: `the slowest network + ${rounded(middle, 1)} ms`,
      asked: `≤ the slowest network + ${OVER_MS} ms`,
      isMet: middle <= OVER_MS,
      detail: `shipped connectors; slowest alone ${rounded(median(alone), 0)} ms; p95 + ${rounded(percentile(over, 95), 1)} ms`,
    }
  } finally {
    await house.close()
    await database.close()
    await sandbox.stop()
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}
