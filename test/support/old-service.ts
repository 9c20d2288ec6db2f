// The service that is left, in tests: another Kith with users in it, over HTTP, behind a door that can be told to refuse.

import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Site } from '../../src/core/model.ts'
import type { NewIdentity } from '../../src/core/store.ts'
import { openKeys } from '../../src/store/keys.ts'
import { type OpenStore, openStore } from '../../src/store/open.ts'
import { kith, openFolder, startKith } from './process.ts'

/** What `kith site create` prints. */
export interface Credentials {
  readonly subdomain: string
  readonly publicKey: string
  readonly privateKey: string
  readonly apiKey: string
  readonly secret: string
}

/** A database in a folder of its own, with one site made by the command line. */
export interface Place {
  readonly folder: string
  readonly settings: Readonly<Record<string, string>>
  readonly credentials: Credentials
  /** Works in the database beside whatever runs. */
  inStore<T>(work: (store: OpenStore, site: Site) => Promise<T>): Promise<T>
}

export async function openPlace(test: TestContext, name: string): Promise<Place> {
  const folder = openFolder(test)
  const settings = { KITH_DATABASE_URL: join(folder, 'kith.db') }
  const credentials: Credentials = JSON.parse((await kith(test, ['site', 'create', name], settings)).out)
  return {
    folder,
    settings,
    credentials,
    async inStore(work) {
      const keys = openKeys({ path: join(folder, 'kith.keys') })
      const store = await openStore(settings.KITH_DATABASE_URL, { keys, role: 'tool' })
      try {
        const site = await store.sites.bySubdomain(credentials.subdomain)
        if (!site) throw new Error('the site is not there')
        return await work(store, site)
      } finally {
        await store.close()
      }
    },
  }
}

/** `ada0`, `ada1`, …: every one with an account at each of two networks, the tokens of which name them. */
export function accountsOf(at: number): readonly NewIdentity[] {
  const name = `ada${at}`
  const profile = {
    displayName: `Ada ${at} Łukasz`,
    username: name,
    givenName: 'Ada',
    profileUrl: `https://github.com/${name}`,
    emails: [{ value: `${name}@example.com`, isVerified: true }],
    birthday: '1990-12-31',
    about: 'Rows,\nlines & "quotes"',
  }
  const id = String(1_000_000_000_000_000_000n + BigInt(at))
  return [
    {
      provider: 'github',
      subject: id,
      profile: { ...profile, subject: id },
      tokens: { accessToken: `gh-${name}` },
    },
    {
      provider: 'mastodon',
      server: 'https://mastodon.example',
      subject: name,
      profile: { ...profile, subject: name },
      tokens: { accessToken: `ma-${name}`, secret: `s-${name}` },
    },
  ]
}

/** Fills a place with users; every second one has the site's own id. */
export function fill(place: Place, users: number): Promise<void> {
  return place.inStore(async (store, site) => {
    await store.sites.saveSettings(site, { ...site.settings, showAccessTokens: true })
    for (let at = 0; at < users; at += 1) {
      let userToken: string | undefined
      for (const account of accountsOf(at)) {
        const { user } = await store.identities.link(site, account, { userToken })
        userToken = user.token
        if (at % 2 === 0 && account.provider === 'github') await store.userInfo.rename(user, `user-${at}`)
      }
    }
  })
}

/** Everybody of a place as they are told of: names, accounts, tokens; not the ids of rows. */
export function everybody(place: Place): Promise<readonly unknown[]> {
  return place.inStore(async (store, site) => {
    const people: unknown[] = []
    for (let page = 1; ; page += 1) {
      const { entries, totalPages } = await store.users.list(site, { page, size: 500, direction: 'asc' })
      for (const { token } of entries) {
        const user = await store.users.find(site, token)
        if (!user) throw new Error('a listed user is not there')
        const identities = await store.identities.ofUser(user)
        people.push({
          token,
          createdAt: Math.floor(user.createdAt / 1_000),
          loginCount: user.loginCount,
          identities: await Promise.all(
            identities.map(async (identity) => ({
              token: identity.token,
              provider: identity.provider,
              server: identity.server,
              subject: identity.subject,
              profile: identity.profile,
              tokens: (await store.tokens.of(identity))?.tokens,
            })),
          ),
        })
      }
      if (page >= totalPages) break
    }
    return people.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  })
}

export interface Door {
  readonly origin: string
  /** Every path that was asked for. */
  readonly asked: string[]
  /** Answers instead of the service, when it answers true. */
  instead?: (request: IncomingMessage, answer: ServerResponse) => boolean
}

/** The place as a serving process, and a door before it. */
export async function openDoor(
  test: TestContext,
  place: Place,
  more: Readonly<Record<string, string>> = {},
): Promise<Door> {
  const service = startKith(test, ['serve'], {
    ...place.settings,
    KITH_PORT: '0',
    KITH_METRICS_PORT: 'off',
    KITH_HOST: '127.0.0.1',
    ...more,
  })
  const { url } = JSON.parse(await service.line(/"ready"/))
  const { port } = new URL(url)
  const server = createServer((asking, answer) => {
    door.asked.push(asking.url ?? '')
    if (door.instead?.(asking, answer)) return
    const { method, url: path, headers } = asking
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers)
      answered.pipe(answer)
    })
    sent.on('error', (error) => answer.destroy(error))
    asking.pipe(sent)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const door: Door = { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: [] }
  return door
}
