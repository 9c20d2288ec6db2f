// A whole gateway whose networks are the sandbox's, for publishing: the shipped connectors over HTTP. Unless a test wants
// the gateway's own media room, pictures and videos are bytes in memory, so that it says exactly what a network is handed.

import { hash } from 'node:crypto'
import { createDeliveries, type PublishingBounds, stopDeliveries } from '../../src/core/deliveries.ts'
import type { Gateway } from '../../src/core/gateway.ts'
import { NO_MEDIA } from '../../src/core/media-room.ts'
import type { Identity, Posting } from '../../src/core/model.ts'
import type { Media, Message } from '../../src/core/publish.ts'
import { publishMessage } from '../../src/core/sharing.ts'
import type { Publication } from '../../src/core/sharing-store.ts'
import type { Grant, GrantOptions } from '../../src/sandbox/grants.ts'
import { openSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { type House, openHouse } from './house.ts'

export interface SandboxedHouse extends AsyncDisposable {
  readonly house: House
  readonly gateway: Gateway
  readonly sandbox: Sandbox
  /** Keeps a file for a message. */
  keep(bytes: Uint8Array, medium: Pick<Media, 'kind' | 'mimeType'> & Partial<Media>): Media
  /** Links an account of a network to a new user, or to this one. */
  link(provider: string, host: string, options?: LinkOptions): Promise<{ identity: Identity; grant: Grant }>
  /** Publishes to one identity and tells how that stands; `message` is the token of the message. */
  publish(identity: Identity, message: Partial<Message>): Promise<Publication & { readonly message: string }>
}

interface LinkOptions extends GrantOptions {
  readonly userToken?: string
  readonly posting?: Posting
}

/** Quick enough for tests: pauses of milliseconds instead of seconds. */
const QUICK: Partial<PublishingBounds> = { retryBaseMs: 20, retryMaxMs: 100, settleMs: 200, skewMs: 1_000 }

/** Opens the house; it is closed at the end of its block: `await using sandboxed = …`. */
export async function openSandboxed(
  options: {
    readonly bounds?: Partial<PublishingBounds>
    readonly network?: object
    /** With the gateway's own media room. */
    readonly keepsMedia?: boolean
  } = {},
): Promise<SandboxedHouse> {
  const sandbox = await openSandbox()
  const network = { sandbox: sandbox.url, breakerFailures: 1_000, limitsRecheckMs: 0, ...options.network }
  const house = await openHouse({ network })
  const files = new Map<string, Uint8Array>()
  const gateway: Gateway = {
    ...house.gateway,
    deliveries: createDeliveries({ ...QUICK, ...options.bounds }),
    media: options.keepsMedia
      ? house.gateway.media
      : {
          ...NO_MEDIA,
          async open({ hash: name, mimeType }) {
            const bytes = files.get(name)
            if (!bytes) throw new Error(`There is no file ${name}.`)
            return { bytes, mimeType }
          },
        },
  }
  return {
    house,
    gateway,
    sandbox,
    keep(bytes, medium) {
      const name = hash('sha256', bytes)
      files.set(name, bytes)
      return { hash: name, bytes: bytes.length, ...medium }
    },
    async link(provider, host, { userToken, posting, ...wishes } = {}) {
      const grant = sandbox.grant(host, wishes)
      const { accessToken, refreshToken, tokenSecret: secret, dpopKey, expiresAt, subject } = grant
      const isMany = gateway.providers.get(provider)?.server !== undefined
      const account = {
        provider,
        server: isMany ? grant.server : undefined,
        subject,
        profile: { subject, username: grant.username },
        tokens: { accessToken, refreshToken, secret, dpopKey, expiresAt },
        posting,
      }
      const { identity } = await gateway.store.identities.link(house.site, account, { userToken })
      return { identity, grant }
    },
    async publish({ token }, message) {
      const shared = await publishMessage(gateway, house.site, {
        target: { identity: token },
        message: { media: [], ...message },
      })
      const [publication] = shared.publications
      if (!publication) throw new Error('Nothing was published.')
      return { ...publication, message: shared.token }
    },
    async [Symbol.asyncDispose]() {
      await stopDeliveries(gateway)
      await house.close()
      await sandbox.close()
    },
  }
}

/** So many bytes that begin as a file of this type does. */
export function fileOf(mimeType: keyof typeof MARKS, size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + seed) & 0xff
  bytes.set(Buffer.from(MARKS[mimeType], 'latin1'))
  return bytes
}

const MARKS = {
  'image/jpeg': '\xff\xd8\xff\xe0',
  'image/png': '\x89PNG\r\n\x1a\n',
  'image/gif': 'GIF89a',
  'video/mp4': '\0\0\0\x18ftypisom',
} as const
