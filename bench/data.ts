// A database as it looks after a while: users with snapshots of their contacts.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { joinPages, toPage } from '../src/core/portable.ts'
import { newRing, openKeys } from '../src/store/keys.ts'
import { type OpenStore, openStore } from '../src/store/open.ts'

export interface Data {
  readonly folder: string
  /** Settings under which Kith finds it. */
  readonly settings: Readonly<Record<string, string>>
  readonly authorization: string
  /** Of the Gigya API; the secret in base64. */
  readonly apiKey: string
  readonly secret: string
  readonly userTokens: readonly string[]
  remove(): void
}

interface Wish {
  readonly users: number
  readonly identitiesEach?: number
  readonly contactsEach: number
  /** Of the site, as `kith site set` takes them. */
  readonly switches?: Readonly<Record<string, string>>
}

type Filling = Required<Omit<Wish, 'switches'>>

/** A new SQLite database with one site, its users, and a fresh list of contacts for each identity. */
export async function makeData({
  users,
  identitiesEach = 1,
  contactsEach,
  switches = {},
}: Wish): Promise<Data> {
  const folder = mkdtempSync(join(tmpdir(), 'kith-bench-'))
  const keys = newRing()
  const settings = { KITH_DATABASE_URL: join(folder, 'kith.db'), KITH_KEYS: keys }
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))
  const kith = (...args: readonly string[]) =>
    execFileSync(process.execPath, [main, ...args], {
      env: { ...process.env, ...settings },
      encoding: 'utf8',
    })
  const { publicKey, privateKey, apiKey, secret } = JSON.parse(kith('site', 'create', 'bench'))
  for (const [name, value] of Object.entries(switches)) kith('site', 'set', 'bench', name, value)
  const store = await openStore(settings.KITH_DATABASE_URL, { keys: openKeys({ text: keys }), role: 'tool' })
  const userTokens = await fill(store, publicKey, { users, identitiesEach, contactsEach })
  await store.close()
  return {
    folder,
    settings,
    authorization: `Basic ${Buffer.from(`${publicKey}:${privateKey}`).toString('base64')}`,
    apiKey,
    secret,
    userTokens,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function fill(store: OpenStore, publicKey: string, wish: Filling): Promise<string[]> {
  const site = await store.sites.byPublicKey(publicKey)
  if (!site) throw new Error('the site is not there')
  // Reads begin when they are asked for, not at the import.
  await store.sites.saveSettings(site, { ...site.settings, prefetchContacts: 'none' })
  const tokens: string[] = []
  for (let from = 0; from < wish.users; from += 100) {
    const some = Array.from({ length: Math.min(100, wish.users - from) }, (_, index) => from + index)
    tokens.push(...(await Promise.all(some.map((user) => fillUser(store, site, user, wish)))))
  }
  return tokens
}

async function fillUser(
  store: OpenStore,
  site: { id: number },
  user: number,
  { identitiesEach, contactsEach }: Filling,
): Promise<string> {
  let userToken: string | undefined
  for (let nth = 0; nth < identitiesEach; nth += 1) {
    const provider = ['twitter', 'github', 'bluesky', 'facebook'][nth % 4] ?? 'twitter'
    const subject = String(1_000_000_000_000_000_000n + BigInt(user * identitiesEach + nth))
    const profile = { subject, displayName: `User ${user}`, username: `user${user}` }
    const account = { provider, subject, profile, tokens: { accessToken: 'none' } }
    const { identity, user: linked } = await store.identities.link(site, account, { userToken })
    userToken = linked.token
    const claim = await store.reads.claim(identity, { leaseMs: 60_000 })
    if (claim.outcome !== 'mine') throw new Error('somebody reads')
    const page = toPage(Array.from({ length: contactsEach }, (_, index) => person(user, index)))
    const { contacts, count } = joinPages({ following: [page] }, contactsEach)
    const snapshot = { contacts, count, isTruncated: false, fetchedAt: Date.now() }
    await store.reads.finish(identity, claim.fence, snapshot)
  }
  if (!userToken) throw new Error('a user needs an identity')
  return userToken
}

// As long as contacts are on X: about 300 bytes of JSON.
function person(user: number, index: number) {
  const id = String(1_400_000_000_000_000_000n + BigInt(user) * 100_000n + BigInt(index))
  return {
    id,
    displayName: `Contact ${index} of ${user}`,
    username: `contact_${user}_${index}`,
    profileUrl: `https://x.com/contact_${user}_${index}`,
    thumbnailUrl: `https://pbs.example/profile_images/${id}/normal.jpg`,
    about: 'Writes, reads, walks.',
  }
}
