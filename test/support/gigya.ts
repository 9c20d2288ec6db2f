// The Gigya dialect behind its front, over a real store and methods that show what they were given; and how the SDKs
// sign, each written from the description of its own code.

import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { z } from 'zod'
import { type ErrorCode, GatewayError } from '../../src/core/errors.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import type { Site, User } from '../../src/core/model.ts'
import { createDoorkeeper } from '../../src/dialects/access.ts'
import type { Dialect, Pair, WireAnswer } from '../../src/dialects/dialect.ts'
import { createFront, serverOptions } from '../../src/dialects/front.ts'
import { type GigyaCode, GigyaError } from '../../src/dialects/gigya/errors.ts'
import { getToken } from '../../src/dialects/gigya/get-token.ts'
import { createGigya, type GigyaOptions, type Transaction } from '../../src/dialects/gigya/gigya.ts'
import { type GigyaCall, gigyaRoute } from '../../src/dialects/gigya/method.ts'
import { jsonOf, list, requiredWord, truth, word } from '../../src/dialects/gigya/parameters.ts'
import { uidSignature } from '../../src/dialects/gigya/signature.ts'
import { issueSession } from '../../src/dialects/gigya/tokens.ts'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import type { DatabaseKind } from './databases.ts'
import { accountOf, openStoreHouse, type StoreHouse } from './stores.ts'
import { listen } from './wire.ts'

/** Twenty bytes in base64, as in the published vectors. */
export const SECRET = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM='
export const API_KEY = '3_AbCdEf-gh_12'
export const HOST = 'socialize.us1.gigya.com'

export interface Asking {
  /** Default POST, its parameters in the body. */
  readonly method?: string
  readonly scheme?: 'http' | 'https'
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  /** In the query, whatever the method. */
  readonly query?: Params
  readonly address?: string
}

export type Params = Readonly<Record<string, string>>

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The parsed JSON; undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly json: any
}

export interface GigyaHouse extends AsyncDisposable {
  readonly site: Site
  readonly stores: StoreHouse
  /** Has the site's own id `user 1/é~*`. */
  readonly ada: User
  /** Has none: the token is the UID. */
  readonly ben: User
  readonly noted: Transaction[]
  readonly logged: string[]
  /** What the dialect's clock says, in milliseconds. */
  at: number
  ask(target: string, params?: Params, asking?: Asking): Promise<Answered>
  /** Asks with the partner secret, over https. */
  askSafely(target: string, params?: Params, asking?: Asking): Promise<Answered>
  /** Asks with bytes, over https. */
  askRaw(parts: { method?: string; target: string; body?: Uint8Array; type?: string }): Promise<Answered>
  /** Listens on a port of 127.0.0.1, with TLS when given a certificate. */
  listen(tls?: {
    readonly cert: Buffer
    readonly key: Buffer
  }): Promise<{ port: number; close(): Promise<void> }>
}

const INPUT = z.object({ detailLevel: word, siteUsersOnly: truth, enabledProviders: list })

/** What a method was given. */
async function show({ caller, input, request }: GigyaCall<z.output<typeof INPUT>>) {
  const { mode, by, user, userKey } = caller
  const UID = user?.uid ?? user?.token
  return { UID, ...uidSignature(caller, UID ?? '', request.at), mode, by, userKey, input }
}

const METHODS = [
  gigyaRoute({ name: 'getUserInfo', summary: 'Shows who calls', user: 'optional', input: INPUT, run: show }),
  gigyaRoute({ name: 'getFriendsInfo', summary: 'The same', user: 'required', input: INPUT, run: show }),
  gigyaRoute({
    name: 'setStatus',
    summary: 'Takes a text',
    user: 'required',
    input: z.object({ status: requiredWord }),
    run: async ({ input }) => ({ status: input.status }),
  }),
  gigyaRoute({
    name: 'getIDs',
    summary: 'Open to all',
    access: 'anyone',
    user: 'none',
    input: z.object({}),
    run: async ({ caller }) => ({ gcid: caller.mode }),
  }),
  gigyaRoute({
    name: 'notifyLogin',
    summary: 'Begins a session',
    access: 'server',
    user: 'required',
    input: z.object({}),
    async run({ gateway, caller }) {
      const { token, sessionSecret } = await issueSession(gateway, caller, caller.user)
      return { sessionToken: token, sessionSecret }
    },
  }),
  gigyaRoute({
    name: 'getRendered',
    summary: 'Answers bytes',
    access: 'anyone',
    user: 'none',
    input: z.object({}),
    run: async ({ format }) => ({
      rendered: Buffer.from(format === 'xml' ? '<friends />' : '"friends":[]'),
    }),
  }),
  gigyaRoute({
    name: 'getFault',
    summary: 'Fails for a reason nobody foresaw',
    access: 'anyone',
    user: 'none',
    input: z.object({}),
    run: async () => {
      throw new Error('a fault of ours')
    },
  }),
  gigyaRoute({
    name: 'getFailure',
    summary: 'Fails as it is told, with a code of the house or a number of Gigya',
    access: 'anyone',
    user: 'none',
    input: z.object({ code: requiredWord, field: word }),
    async run({ input: { code, field } }) {
      if (/^\d+$/.test(code)) throw new GigyaError(Number(code) as GigyaCode, 'as told <&{')
      throw new GatewayError(code as ErrorCode, 'as told', { field, retryAfterSeconds: 7 })
    },
  }),
  gigyaRoute({
    name: 'getAnswer',
    summary: 'Answers what it is given as JSON',
    access: 'anyone',
    user: 'none',
    input: z.object({ answer: jsonOf(z.record(z.string(), z.unknown())) }),
    run: async ({ input }) => input.answer ?? {},
  }),
  getToken,
]

/** A house with one site, its published keys, and two users. */
export async function openGigyaHouse(
  kind: DatabaseKind,
  options: Partial<GigyaOptions> & { readonly others?: readonly Dialect[] } = {},
): Promise<GigyaHouse> {
  const stores = await openStoreHouse(kind)
  const { store } = stores
  const site = await store.sites.create(
    {
      subdomain: 'acme',
      name: 'Acme',
      publicKey: randomUUID(),
      privateKeyHash: createHash('sha256').update('private').digest('hex'),
      apiKey: API_KEY,
      sdkAppId: 1,
      admin: 'administrator',
      settings: {},
      createdAt: 0,
    },
    { secret: SECRET, secretKey: 'key' },
  )
  const { user: ada } = await store.identities.link(site, accountOf('ada'))
  const { user: ben } = await store.identities.link(site, accountOf('ben'))
  await stores.raw('update users set uid = $1 where id = $2', 'user 1/é~*', ada.id)

  const noted: Transaction[] = []
  const logged: string[] = []
  const note = (fields: unknown, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`)
  const log = { debug: note, info: note, warn: note, error: note }
  const meter = { count: () => {}, seconds: () => {}, gauge: () => {} }
  const house = { at: 1_395_219_030_000 }
  // The dialect and its front ask the gateway for these alone.
  const gateway = { store, log, meter, now: () => house.at } as unknown as Gateway
  const doorkeeper = createDoorkeeper({}, gateway.now)
  const gigya = createGigya(
    { doorkeeper },
    { methods: METHODS, note: (each) => noted.push(each), ...options },
  )
  const front = createFront({ dialects: [gigya, ...(options.others ?? [])], gateway })

  async function ask(target: string, params: Params = {}, asking: Asking = {}): Promise<Answered> {
    const { method = 'POST', scheme = 'http', host = HOST, headers = {}, query = {}, address } = asking
    const isPost = method === 'POST'
    const search = new URLSearchParams(isPost ? query : { ...query, ...params }).toString()
    const answer = await front.answer(
      toWireRequest({
        method,
        target: search === '' ? target : `${target}?${search}`,
        headers: { host, 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: isPost ? Buffer.from(new URLSearchParams(params).toString()) : undefined,
        scheme,
        address: address ?? '192.0.2.1',
        at: house.at,
      }),
    )
    return toAnswered(answer)
  }

  const askRaw: GigyaHouse['askRaw'] = async ({ method = 'POST', target, body, type }) => {
    const headers = { host: HOST, 'content-type': type ?? 'application/x-www-form-urlencoded' }
    const parts = { method, target, headers, scheme: 'https' as const, address: '192.0.2.1', at: house.at }
    return toAnswered(await front.answer(toWireRequest({ ...parts, body: body && Buffer.from(body) })))
  }

  return Object.assign(house, {
    site,
    stores,
    ada: { ...ada, uid: 'user 1/é~*' },
    ben,
    noted,
    logged,
    ask,
    askRaw,
    askSafely: (target: string, params: Params = {}, asking: Asking = {}) =>
      ask(target, { apiKey: API_KEY, secret: SECRET, ...params }, { scheme: 'https', ...asking }),
    async listen(tls?: { readonly cert: Buffer; readonly key: Buffer }) {
      const server = tls ? createTlsServer({ ...serverOptions(), ...tls }) : createServer(serverOptions())
      front.attach(server)
      const port = await listen(server)
      return {
        port,
        async close() {
          server.closeAllConnections()
          await new Promise((resolve) => server.close(resolve))
        },
      }
    },
    [Symbol.asyncDispose]: () => stores[Symbol.asyncDispose](),
  })
}

function toAnswered({ status, headers, body }: WireAnswer): Answered {
  const text = Buffer.concat([body].flat()).toString()
  return { status, headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** How one client makes the base string and the signature. */
export interface Sdk {
  readonly name: string
  /** Whether a port that is not the scheme's own is in the base string. */
  readonly hasPort: boolean
  /** How values are percent-encoded. */
  encode(text: string): string
  /** How the signature is spelled. */
  spell(signature: string): string
  timestamp(seconds: number): string
  /** What the client sends beside the method's parameters. */
  readonly own: Params
}

const UNRESERVED = /[A-Za-z0-9\-_.~]/
function percent(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte)
    encoded += UNRESERVED.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

const usual = {
  hasPort: true,
  encode: percent,
  spell: (signature: string) => signature,
  timestamp: String,
}

export const SDKS: readonly Sdk[] = [
  { ...usual, name: 'Java', own: { format: 'json', httpStatusCodes: 'false', sdk: 'java_3.2.4' } },
  { ...usual, name: 'PHP', own: { format: 'json', httpStatusCodes: 'false', sdk: 'php_3.1.0' } },
  { ...usual, name: 'Python', own: { format: 'json', httpStatusCodes: 'False', sdk: 'python_3.6.0' } },
  { ...usual, name: '.NET', hasPort: false, own: { format: 'json', sdk: 'dotnet_2.16.6' } },
  {
    ...usual,
    name: 'Android',
    spell: (signature) => signature.replaceAll('+', '-').replaceAll('/', '_'),
    own: { format: 'json', targetEnv: 'mobile', sdk: 'Android_7' },
  },
  { ...usual, name: 'rgigya', encode: (text) => percent(text).replaceAll('%20', '+'), own: {} },
  { ...usual, name: 'npm gigya', timestamp: (seconds) => String(seconds * 1_000), own: { format: 'json' } },
]

interface ToSign {
  readonly method: string
  /** With the port where there is one. */
  readonly address: string
  readonly secret: string
  readonly params: readonly Pair[]
}

/** The signature that a client gives these parameters; the secret is base64. */
export function signAs({ encode, spell, hasPort }: Sdk, { method, address, secret, params }: ToSign): string {
  const { protocol, hostname, port, pathname } = new URL(address)
  const url = `${protocol}//${hostname}${hasPort && port !== '' ? `:${port}` : ''}${pathname}`
  const query = params
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&')
  const base = `${method.toUpperCase()}&${percent(url)}&${percent(query)}`
  return spell(createHmac('sha1', Buffer.from(secret, 'base64')).update(base, 'utf8').digest('base64'))
}

let lastNonce = 0

/** A nonce that did not come before. */
export function newNonce(): string {
  return `1795295579039_${++lastNonce}`
}
