// Many users refreshed at the same time: memory and the event loop.

import { setTimeout as sleep } from 'node:timers/promises'
import { openKeys } from '../src/store/keys.ts'
import { openStore } from '../src/store/open.ts'
import { type Data, makeData } from './data.ts'
import { type Figure, rounded } from './figure.ts'
import { control, importAccount, PLACES, type Place } from './networks.ts'
import { type Kith, memoryOf, startKith, startSandbox } from './processes.ts'

const USERS = 200
const CONTACTS = 2_000
/** One network of each kind of paging. */
const FOUR = ['api.x.com', 'one.example', 'bsky.social', 'api.github.com']
const MEMORY_MB = 300
const BLOCKED_MS = 50

export async function manyReads(): Promise<readonly Figure[]> {
  const data = await makeData({ users: 1, contactsEach: 1 })
  const sandbox = await startSandbox()
  const { authorization } = data
  const settings = { ...data.settings, KITH_SANDBOX: sandbox.url }
  try {
    const places = PLACES.filter(({ host }) => FOUR.includes(host))
    for (const { host } of places) {
      await control(sandbox, 'dial', { host, rateLimit: { limit: 10_000_000, windowSeconds: 60 } })
    }
    const importer = await startKith(settings)
    const users: string[] = []
    for (let user = 0; user < USERS; user += 1) users.push(await importUser(places, importer))
    await importer.stop()
    // A new process: its highest memory is that of the reads alone.
    const kith = await startKith(settings)
    const startedAt = performance.now()
    await Promise.all(users.map((user) => refresh(kith, user)))
    await allRead(data, users)
    const seconds = (performance.now() - startedAt) / 1_000
    const blockedMs = (await kith.metric('nodejs_eventloop_lag_p99_seconds')) * 1_000
    const peak = memoryOf(kith.pid, 'VmHWM') / 1e6
    await kith.stop()
    const what = `${USERS} users × ${FOUR.length} identities × ${CONTACTS} contacts refreshed at once`
    return [
      {
        what: `${what}: peak memory`,
        measured: `${rounded(peak, 0)} MB`,
        asked: `< ${MEMORY_MB} MB`,
        isMet: peak < MEMORY_MB,
        detail: `resident at its highest; all read after ${rounded(seconds, 1)} s`,
      },
      {
        what: `${what}: event loop`,
        measured: `${rounded(blockedMs, 1)} ms`,
        asked: `≤ ${BLOCKED_MS} ms`,
        isMet: blockedMs <= BLOCKED_MS,
        detail: 'p99 of monitorEventLoopDelay over the whole run',
      },
    ]
  } finally {
    await sandbox.stop()
    data.remove()
  }

  async function importUser(places: readonly Place[], kith: Kith): Promise<string> {
    let userToken: string | undefined
    for (const { host, provider } of places) {
      const account = await control(sandbox, 'grant', { host, contacts: CONTACTS, expiresInSeconds: 86_400 })
      userToken = await importAccount(kith, authorization, { provider, account, userToken })
    }
    if (!userToken) throw new Error('nobody was imported')
    return userToken
  }

  /** Asks afresh; what is not there by the deadline goes on being read. */
  async function refresh({ url }: Kith, userToken: string): Promise<void> {
    const path = `/users/${userToken}/contacts.json?disable_cache=true`
    const response = await fetch(`${url}${path}`, { headers: { authorization } })
    await response.arrayBuffer()
  }
}

/** Looks into the database, so that looking costs the measured process nothing. */
async function allRead({ settings }: Data, users: readonly string[]): Promise<void> {
  const { KITH_DATABASE_URL: file = '', KITH_KEYS: text = '' } = settings
  const store = await openStore(file, { keys: openKeys({ text }), role: 'tool' })
  try {
    const [site] = await store.sites.list()
    if (!site) throw new Error('the site is not there')
    for (const user of users) {
      while (!(await store.contacts.heads(site, user))?.heads.every(({ snapshot }) => snapshot))
        await sleep(500)
    }
  } finally {
    await store.close()
  }
}
