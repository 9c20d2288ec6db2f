// All methods of the Gigya API over a real store and pretend networks, for one site whose secret is an AES key.

import { createHmac } from 'node:crypto'
import type { Gateway } from '../../src/core/gateway.ts'
import type { Contact, Site } from '../../src/core/model.ts'
import { createReports, type Reports } from '../../src/core/reports.ts'
import { createDoorkeeper } from '../../src/dialects/access.ts'
import { createFront } from '../../src/dialects/front.ts'
import { createGigya } from '../../src/dialects/gigya/gigya.ts'
import { METHODS } from '../../src/dialects/gigya/methods.ts'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import type { DatabaseKind } from './databases.ts'
import { type FriendsHouse, openFriendsHouse } from './friends.ts'
import { createSite } from './stores.ts'

/** 32 bytes in base64, as long as those that Gigya gives out. */
export const SECRET = Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')

/** The same as the SDKs use it. */
export const KEY = Buffer.from(SECRET, 'base64')

/** Base64 of what the partner secret makes of a text. */
export const hmac = (text: string) => createHmac('sha1', KEY).update(text).digest('base64')

/** `providerSessions` as it travels. */
export const sessions = (of: Readonly<Record<string, object>>) => JSON.stringify(of)

/** The codes of calls that are made at once. */
export async function codesOf(
  house: MethodsHouse,
  calls: readonly (readonly [method: string, params: Params])[],
): Promise<number[]> {
  const answers = await Promise.all(calls.map(([method, params]) => house.call(method, params)))
  return answers.map(({ errorCode }) => errorCode)
}

type Params = Readonly<Record<string, string>>

export interface MethodsHouse extends AsyncDisposable {
  readonly site: Site
  readonly gateway: Gateway
  readonly friends: FriendsHouse
  readonly reports: Reports
  /** Calls as the site's server, over https; undefined credentials are left out. */
  call(method: string, params?: Params, options?: CallOptions): Promise<Called>
  /** Contacts that every token of this account will find. */
  know(account: string, contacts: readonly Contact[]): void
}

interface CallOptions {
  readonly scheme?: 'http' | 'https'
  /** Instead of apiKey and secret. */
  readonly credentials?: Params
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
type Called = any

/** One site, nobody in it. */
export async function openMethodsHouse(kind: DatabaseKind): Promise<MethodsHouse> {
  const friends = await openFriendsHouse(kind)
  const { gateway, pretence } = friends
  const { store } = gateway
  const { id: _, ...made } = await createSite(friends.stores.store)
  const subdomain = `${made.subdomain}-m`.slice(-60)
  const site = await store.sites.create(
    {
      ...made,
      subdomain,
      publicKey: `${made.publicKey}-m`,
      apiKey: `${made.apiKey}m`,
      sdkAppId: made.sdkAppId + 2,
    },
    { secret: SECRET, secretKey: 'key' },
  )
  const { log, meter, now } = gateway
  const reports = createReports({ store, log, meter, now })
  const doorkeeper = createDoorkeeper({}, now)
  const gigya = createGigya({ doorkeeper }, { methods: METHODS, note: reports.note })
  const front = createFront({ dialects: [gigya], gateway, options: {} })
  return {
    site,
    gateway,
    friends,
    reports,
    know: (account, contacts) => {
      pretence.contacts.set(account, { following: contacts, followers: contacts })
    },
    async call(method, params = {}, { scheme = 'https', credentials } = {}) {
      const all = { ...(credentials ?? { apiKey: site.apiKey, secret: SECRET }), ...params }
      const answer = await front.answer(
        toWireRequest({
          method: 'POST',
          target: `/socialize.${method}`,
          headers: { host: 'socialize.example', 'content-type': 'application/x-www-form-urlencoded' },
          body: Buffer.from(new URLSearchParams(all).toString()),
          scheme,
          address: '192.0.2.1',
          at: now(),
        }),
      )
      const text = Buffer.concat([answer.body].flat()).toString()
      return text.startsWith('{') ? JSON.parse(text) : text
    },
    async [Symbol.asyncDispose]() {
      await reports.close()
      await friends[Symbol.asyncDispose]()
    },
  }
}
