// A program that pretends to be networks, speaking their real APIs under `<url>/<real host>/<real path>`.

import { control } from './control.ts'
import type { Dial } from './dials.ts'
import { type Grant, type GrantOptions, grantToken } from './grants.ts'
import type { Post, Upload } from './posts.ts'
import { registerApp } from './realms.ts'
import type { RequestFilter } from './requests.ts'
import { realmOf } from './router.ts'
import { createSandboxServer } from './server.ts'
import { type App, createWorld, type Realm } from './world.ts'

/** Accounts, at most: what the ids of the networks have room for. */
const MOST_ACCOUNTS = 10_000_000

export interface SandboxOptions {
  /** Default 0: any free one. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 1; the same seed gives the same answers. */
  readonly seed?: number
  /** Accounts of each network and server. Default 20,000. */
  readonly accounts?: number
  /** Milliseconds since 1970. Default the clock. */
  readonly now?: () => number
}

export interface AppOptions {
  readonly name?: string
  /** Without them any address is taken. */
  readonly redirectUris?: readonly string[]
  /** May ask for scopes that ordinary apps are refused. */
  readonly isPartner?: boolean
  /** Without a secret. */
  readonly isPublic?: boolean
}

export interface Sandbox {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  readonly url: string
  readonly port: number
  /** Makes a host misbehave until the next dial or reset; `*` stands for all hosts without a dial of their own. */
  dial(host: string, dial: Dial): void
  /** Takes back all tokens of an account. */
  revoke(host: string, account: number): void
  grant(host: string, options?: GrantOptions): Grant
  /** Registers a further app with a network. */
  app(host: string, options?: AppOptions): App
  /** How many requests were seen, those of a host or path alone if asked. */
  requests(filter?: RequestFilter): number
  /** How many requests dials have dropped, or done without an answer, so far. */
  lost(): number
  /** What was posted on a host, newest first; that of one owner (the network's id of it) alone if asked. */
  posts(host: string, owner?: string): readonly Post[]
  /** What was uploaded to a host, oldest first. */
  uploads(host: string, owner?: string): readonly Upload[]
  /** Forgets dials, counts, limits, posts and uploads; tokens and apps stay. */
  reset(): void
  /** Ends at once, hanging requests included. */
  close(): Promise<void>
}

/** Opens a sandbox; throws a RangeError for options that make no sense. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', seed = 1, accounts = 20_000, now = Date.now } = options
  if (!(Number.isInteger(accounts) && accounts >= 10 && accounts <= MOST_ACCOUNTS)) {
    throw new RangeError(`accounts must be 10 to ${MOST_ACCOUNTS}.`)
  }
  const world = createWorld(seed, accounts, now)

  const at = (name: string): Realm => {
    const realm = realmOf(world, name)
    if (!realm) throw new RangeError(`${name} is no host.`)
    return realm
  }
  const operations: Omit<Sandbox, 'url' | 'port' | 'close'> = {
    dial: (name, dial) => world.dials.set(name, dial),
    revoke: (name, account) => world.tokens.revokeAccount(at(name).host, account),
    grant: (name, wishes) => grantToken(world, at(name), wishes),
    app: (name, details = {}) => registerApp(at(name), details),
    requests: (filter) => world.requests.seen(filter),
    lost: () => world.dials.lost,
    posts: (name, owner) => world.posts.list(at(name).host, owner),
    uploads: (name, owner) => world.uploads.list(at(name).host, owner),
    reset() {
      world.dials.clear()
      world.limits.clear()
      world.requests.clear()
      world.posts.clear()
      world.uploads.clear()
    },
  }

  const server = createSandboxServer(world, (...request) => control(operations, ...request))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The sandbox has no port.')
  return {
    ...operations,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
