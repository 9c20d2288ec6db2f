// Where an AT Protocol account gives and renews access: its home server names the server that does it.
// https://atproto.com/specs/oauth#identity-authentication

import { GatewayError } from '../core/errors.ts'
import type { Identity } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import { type BoundedMap, createBoundedMap } from './bounded-map.ts'
import type { Deadline } from './deadline.ts'
import { failureOf } from './failures.ts'
import { textAt } from './json.ts'
import type { NetworkOptions } from './options.ts'
import { homeServer, type Place, type Places } from './places.ts'
import { plainContent } from './request.ts'
import type { Send } from './send.ts'

export interface AuthServers {
  readonly send: Send
  readonly places: Places
  readonly options: NetworkOptions
  readonly now: () => number
  readonly known: BoundedMap<{ readonly server: AuthServer; readonly askedAt: number }>
}

/** What a server that gives out access says of itself; whole addresses. */
export interface AuthServer {
  readonly issuer: string
  readonly tokenUrl: string
  readonly authorizeUrl?: string
  readonly pushUrl?: string
  readonly revokeUrl?: string
}

export function createAuthServers(parts: Omit<AuthServers, 'known'>): AuthServers {
  return { ...parts, known: createBoundedMap(10_000) }
}

interface Home {
  /** Origin of the home server; the network's default when absent. */
  readonly server: string | undefined
  readonly provider: Provider
  readonly deadline: Deadline
}

/** The token endpoint of the account's home server; asked once in a while. */
export async function tokenEndpoint(
  servers: AuthServers,
  account: {
    readonly identity: Pick<Identity, 'server'>
    readonly provider: Provider
    readonly deadline: Deadline
  },
): Promise<Place> {
  const { identity, provider, deadline } = account
  const { server } = identity
  const { tokenUrl } = await authServerOf(servers, { server, provider, deadline })
  return servers.places.ofTemplate(provider, server, tokenUrl)
}

/** The server that gives out access to the accounts of a home server; asked once in a while. */
export async function authServerOf(servers: AuthServers, home: Home): Promise<AuthServer> {
  const { options, known, now } = servers
  const { provider } = home
  const server = homeServer(provider, home.server, options.allowInsecure)
  const memory = known.find(server)
  if (memory && now() - memory.askedAt < REMEMBERED_MS) return memory.server
  const resource = await readDocument(servers, home, `${server}/.well-known/oauth-protected-resource`)
  const issuers: unknown = Object(resource).authorization_servers
  const issuer: unknown = Array.isArray(issuers) ? issuers[0] : undefined
  if (typeof issuer !== 'string') throw unreadable(provider)
  const origin = homeServer(provider, issuer, options.allowInsecure)
  const metadata = await readDocument(servers, home, `${origin}/.well-known/oauth-authorization-server`)
  const at = (name: string) => {
    const address = textAt(metadata, name)
    if (address === undefined || address.startsWith('https://') || options.allowInsecure) return address
    throw unreadable(provider)
  }
  const tokenUrl = at('token_endpoint')
  // https://www.rfc-editor.org/rfc/rfc8414#section-3.3
  if (textAt(metadata, 'issuer') !== issuer || tokenUrl === undefined) throw unreadable(provider)
  const found: AuthServer = {
    issuer,
    tokenUrl,
    authorizeUrl: at('authorization_endpoint'),
    pushUrl: at('pushed_authorization_request_endpoint'),
    revokeUrl: at('revocation_endpoint'),
  }
  known.save(server, { server: found, askedAt: now() })
  return found
}

const REMEMBERED_MS = 600_000

/** A public document that tells where things are; `network_unreadable` when it is not there. */
export async function readDocument(
  { send, places, options }: Pick<AuthServers, 'send' | 'places' | 'options'>,
  { provider, server, deadline }: Home,
  address: string,
): Promise<unknown> {
  const { body } = await send({
    provider,
    place: places.ofTemplate(provider, server, address),
    content: plainContent({}, options),
    deadline,
    secrets: [],
    hidesSecrets: false,
    // What stands here says nothing about the account's access.
    failure(answer) {
      const { status } = answer.response
      if (status === 200) return undefined
      return status === 429 || status >= 500 ? failureOf(provider, answer) : unreadable(provider)
    },
  })
  return body
}

function unreadable({ name }: Provider): GatewayError {
  return new GatewayError('network_unreadable', `${name} does not say where access is given and renewed.`)
}
