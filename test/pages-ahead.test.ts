// A list whose pages name the next one in the head of their answers: it is asked for before the page itself is read.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { z } from 'zod'
import { byLink, paged } from '../src/core/answers.ts'
import { GatewayError } from '../src/core/errors.ts'
import type { ApiRequest, Contacts, FetchOptions, Network } from '../src/core/provider.ts'
import { startReading } from '../src/core/readings.ts'
import { laterTurn, ownTurn } from '../src/core/turns.ts'
import { identityAt, json, listen, openRoom, PROBE } from './network/support.ts'
import { openHouse } from './support/house.ts'
import { accountOf } from './support/stores.ts'

const PAGES = 4

interface Walked {
  readonly events: string[]
  readonly signals: Map<string, AbortSignal | undefined>
  readonly outcome: Awaited<ReturnType<typeof startReading>['done']>
}

/** Reads the lists of one identity whose network answers as `fetch` does. */
async function readFrom(
  t: TestContext,
  { contacts, fetch, bound = 10_000 }: { contacts: Contacts; fetch: Network['fetch']; bound?: number },
): Promise<Walked['outcome']> {
  const { gateway, site, close } = await openHouse({ bounds: { contactsPerIdentity: bound } })
  t.after(close)
  const [provider] = gateway.providers.values()
  assert(provider)
  const { identity } = await gateway.store.identities.link(site, {
    ...accountOf('ada'),
    provider: provider.id,
  })
  const network: Network = { identity, fetch, call: () => Promise.reject(new Error('nobody calls')) }
  const providers = new Map([[provider.id, { ...provider, contacts }]])
  return startReading({ ...gateway, providers, open: () => network }, identity, undefined).done
}

/** Reads a list of four pages of two contacts; `fails`: the page that cannot be understood. */
async function walk(
  t: TestContext,
  { bound, fails }: { bound?: number; fails?: string } = {},
): Promise<Walked> {
  const events: string[] = []
  const signals = new Map<string, AbortSignal | undefined>()
  const all = paged({
    first: () => ({ path: '/1' }),
    body: z.object({ page: z.string() }),
    items: ({ page }) => {
      events.push(`read ${page}`)
      return [1, 2].map((n) => ({ id: `${page}${n}`, displayName: page }))
    },
    next: byLink(),
  })
  const fetch = async ({ path }: ApiRequest, { signal, heard }: FetchOptions = {}) => {
    events.push(`ask ${path}`)
    signals.set(path, signal)
    await ownTurn()
    const page = Number(path.slice(1))
    const headers: Record<string, string> = page < PAGES ? { link: `</${page + 1}>; rel="next"` } : {}
    if (heard?.({ status: 200, headers })) await ownTurn()
    return { status: 200, headers, body: path === fails ? 'no page' : { page: path } }
  }
  return { events, signals, outcome: await readFrom(t, { contacts: { all }, fetch, bound }) }
}

test('each page is asked for once, before the one that leads to it is read', async (t) => {
  const { events, outcome } = await walk(t)
  assert('snapshot' in outcome)
  assert.equal(outcome.snapshot.count, 2 * PAGES)
  const asked = events.filter((event) => event.startsWith('ask'))
  assert.deepEqual(asked, ['ask /1', 'ask /2', 'ask /3', 'ask /4'])
  assert(events.indexOf('ask /2') < events.indexOf('read /1'), events.join(', '))
})

test('near the bound nothing is asked for that may not be wanted', async (t) => {
  const { events, outcome } = await walk(t, { bound: 4 })
  assert('snapshot' in outcome)
  assert.deepEqual([outcome.snapshot.count, outcome.snapshot.isTruncated], [4, true])
  assert.deepEqual(events, ['ask /1', 'read /1', 'ask /2', 'read /2'])
})

test('what was asked for ahead is broken off when the page before it cannot be understood', async (t) => {
  const { events, signals, outcome } = await walk(t, { fails: '/1' })
  assert('problem' in outcome)
  assert.equal(outcome.problem.code, 'network_unreadable')
  assert(events.includes('ask /2'))
  assert.equal(signals.get('/2')?.aborted, true)
})

test('a list that fails does not wait for what the network owes to the other', {
  timeout: 5_000,
}, async (t) => {
  const list = (path: string) => ({ first: () => ({ path }), parse: () => ({ items: [] }) })
  const contacts = { following: list('/refused'), followers: list('/silent') }
  const fetch = ({ path }: ApiRequest, { signal }: FetchOptions = {}) =>
    new Promise<never>((_, reject) => {
      const refuse = () => reject(new GatewayError('permission_missing', 'The network refuses.'))
      if (path === '/refused') setTimeout(refuse, 10)
      else signal?.addEventListener('abort', () => reject(signal.reason))
    })
  const outcome = await readFrom(t, { contacts, fetch })
  assert('problem' in outcome)
  assert.equal(outcome.problem.code, 'permission_missing')
})

const LIMITED = {
  ...PROBE,
  rateLimit: { remaining: 'x-left', reset: 'x-reset', as: 'seconds', scope: 'identity' },
} as const

test('an answer is heard of before it is read, unless it is a refusal or the last that the network gives', async (t) => {
  const server = await listen(t, (response, { url }) => {
    const headers = { 'x-left': url.endsWith('/last') ? '0' : '9', 'x-reset': '1' }
    json(response, url.endsWith('/refused') ? 404 : 200, { text: 'whole' }, headers)
  })
  const { networks } = openRoom(t, { base: server.url, provider: LIMITED })
  const network = networks.open(identityAt())
  const heardOf = async (path: string) => {
    const heads: unknown[] = []
    const heard: FetchOptions['heard'] = ({ status, headers }) => {
      heads.push([status, headers['x-left']])
      return false
    }
    await network.fetch({ path }, { heard }).catch(() => undefined)
    return heads
  }
  assert.deepEqual(await heardOf('/one'), [[200, '9']])
  assert.deepEqual(await heardOf('/refused'), [])
  assert.deepEqual(await heardOf('/last'), [])
})

test('what nobody waits for is done when no more answers come, after all that somebody waits for', async () => {
  const done: string[] = []
  const later = laterTurn().then(() => done.push('later'))
  for (let turn = 0; turn < 3; turn += 1) await ownTurn().then(() => done.push('own'))
  assert.deepEqual(done, ['own', 'own', 'own'])
  await later
  assert.equal(done.at(-1), 'later')
})

test('what nobody waits for has its turn all the same while somebody always waits', async () => {
  let isOver = false
  const busy = [1, 2].map(async () => {
    while (!isOver) await ownTurn()
  })
  const startedAt = performance.now()
  await laterTurn()
  const waitedMs = performance.now() - startedAt
  isOver = true
  await Promise.all(busy)
  assert(waitedMs < 1_000, `${waitedMs} ms`)
})
