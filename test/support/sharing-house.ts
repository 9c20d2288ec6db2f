// The dialects that publish, behind their front, over a real store and pretend networks that take posts over HTTP.

import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { PublishingBounds } from '../../src/core/deliveries.ts'
import { GatewayError } from '../../src/core/errors.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import { type MediaInput, type MediaRoom, NO_MEDIA } from '../../src/core/media-room.ts'
import type { Identity, Site } from '../../src/core/model.ts'
import type { Provider } from '../../src/core/provider.ts'
import type { Limits, Media } from '../../src/core/publish.ts'
import { createDoorkeeper } from '../../src/dialects/access.ts'
import { createFront, type Front, serverOptions } from '../../src/dialects/front.ts'
import { createGigya } from '../../src/dialects/gigya/gigya.ts'
import { METHODS } from '../../src/dialects/gigya/methods.ts'
import { createNative } from '../../src/dialects/native/native.ts'
import { createOneAll } from '../../src/dialects/oneall/oneall.ts'
import { toWireRequest } from '../../src/dialects/wire-request.ts'
import type { DatabaseKind } from './databases.ts'
import { openPostOffices, type PostOffices } from './post-offices.ts'
import { postProviders } from './post-providers.ts'
import { linkAccount, openPublishingGateway } from './publishing.ts'
import { openStoreHouse, type StoreHouse } from './stores.ts'

export interface SharingAsking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly keys?: string
}

export interface SharingAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  /** The parsed JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect to be there.
  readonly json: any
}

export interface SharingHouse extends AsyncDisposable {
  readonly gateway: Gateway
  readonly front: Front
  readonly site: Site
  /** `public:private` of the site. */
  readonly keys: string
  /** Gigya's partner secret of the site. */
  readonly secret: string
  readonly offices: PostOffices
  readonly store: StoreHouse
  /** What was asked of the media room. */
  readonly taken: MediaInput[]
  /** Asks without a socket; a string is sent as it is, anything else as JSON. */
  ask(target: string, asking?: SharingAsking): Promise<SharingAnswer>
  /** A user with an identity on each of these networks. */
  user(...providers: string[]): Promise<{ token: string; identities: readonly Identity[] }>
  createSite(): Promise<{ site: Site; keys: string; secret: string }>
  /** Listens on a port of 127.0.0.1. */
  listen(): Promise<{ port: number; close(): Promise<void> }>
}

const TEXT: Limits = { text: 500, unit: 'characters', link: 'verbatim', images: 4 }
const PICTURES: Limits = { ...TEXT, image: { bytes: 5_000_000, mimeTypes: ['image/png'] } }

/** Networks by names that callers know, each with an office: a text, a picture that is only told of. */
const named: readonly Provider[] = [
  renamed('facebook', 'Facebook', {}),
  renamed('twitter', 'X', { wireNames: { oneall: { name: 'Twitter', aliases: ['x'] } } }),
  renamed('linkedin', 'LinkedIn', {}),
]

function renamed(id: string, name: string, more: Partial<Provider>): Provider {
  const model = postProviders.find((provider) => provider.id === 'readable')
  if (!model?.publish) throw new Error('no model')
  return { ...model, id, name, ...more, publish: { ...model.publish, limits: PICTURES } }
}

/** Opens a house with one site and nobody in it. */
export async function openSharingHouse(
  kind: DatabaseKind,
  options: { readonly bounds?: Partial<PublishingBounds>; readonly now?: () => number } = {},
): Promise<SharingHouse> {
  const { now = Date.now } = options
  const store = await openStoreHouse(kind)
  const offices = await openPostOffices()
  const opened = openPublishingGateway(store.store, offices.url, { ...options, providers: named })
  const taken: MediaInput[] = []
  const gateway: Gateway = { ...opened.gateway, media: pretendMedia(taken) }
  const doorkeeper = createDoorkeeper({}, now)
  const dialects = [
    createGigya({ doorkeeper }, { methods: METHODS, secretOverHttp: true }),
    createNative({ doorkeeper }),
    createOneAll({ doorkeeper }),
  ]
  const front = createFront({ dialects, gateway, options: { fallback: 'oneall' } })

  const createSite: SharingHouse['createSite'] = async () => {
    const [privateKey, secret, mark] = [
      randomUUID(),
      Buffer.from(randomUUID()).toString('base64'),
      randomUUID(),
    ]
    const site = await store.store.sites.create(
      {
        subdomain: `s${mark}`,
        name: 'Shop',
        publicKey: randomUUID(),
        privateKeyHash: createHash('sha256').update(privateKey).digest('hex'),
        apiKey: `3_${mark}`,
        sdkAppId: Math.floor(Math.random() * 1e9),
        admin: 'administrator',
        settings: { prefetchContacts: 'none' },
        createdAt: now(),
      },
      { secret, secretKey: 'secret' },
    )
    return { site, keys: `${site.publicKey}:${privateKey}`, secret }
  }
  const { site, keys, secret } = await createSite()

  return {
    gateway,
    front,
    site,
    keys,
    secret,
    offices,
    store,
    taken,
    createSite,
    async ask(target, { method = 'GET', headers = {}, body, keys: shown = keys } = {}) {
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body)
      const authorization = `Basic ${Buffer.from(shown).toString('base64')}`
      const request = {
        method,
        target,
        headers: { host: 'kith.example', authorization, ...headers },
        body: Buffer.from(text),
        at: now(),
      }
      const answer = await front.answer(toWireRequest(request))
      const told = Buffer.concat([answer.body].flat()).toString()
      const isJson = answer.headers['content-type']?.includes('json')
      return {
        status: answer.status,
        headers: answer.headers,
        text: told,
        json: isJson ? JSON.parse(told) : undefined,
      }
    },
    async user(...providers) {
      const identities: Identity[] = []
      for (const provider of providers) {
        const userToken = identities[0]?.userToken
        identities.push(await linkAccount(store.store, site, provider, { userToken }))
      }
      return { token: identities[0]?.userToken ?? '', identities }
    },
    async listen() {
      const server = createServer(serverOptions())
      front.attach(server)
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const bound = server.address()
      if (bound === null || typeof bound === 'string') throw new Error('no port')
      const close = async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      return { port: bound.port, close }
    },
    async [Symbol.asyncDispose]() {
      await opened.close()
      await offices.close()
      await store[Symbol.asyncDispose]()
      if (opened.errors.length > 0) throw new AggregateError(opened.errors, 'something unforeseen was logged')
    },
  }
}

/** Believes every address but those with `page` in them, which are said to be web pages. */
function pretendMedia(taken: MediaInput[]): MediaRoom {
  return {
    ...NO_MEDIA,
    async take(_site, inputs) {
      // Without members that are undefined: what was said counts.
      taken.push(...JSON.parse(JSON.stringify(inputs)))
      return inputs.map(({ url, base64, alt, kind = 'image' }, at): Media => {
        if (url?.includes('page')) {
          const field = `media.${at}.url`
          throw new GatewayError('invalid_request', 'This is a web page, not a picture.', { field })
        }
        const bytes = Buffer.from(base64 ?? url ?? '')
        const hash = createHash('sha256').update(bytes).digest('hex')
        const mimeType = kind === 'image' ? 'image/png' : 'video/mp4'
        return { hash, kind, mimeType, bytes: bytes.length, width: 10, height: 10, alt }
      })
    },
  }
}
