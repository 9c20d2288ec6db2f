// Where an AT Protocol account renews its tokens: its home server names the server that gives them out.
// https://atproto.com/specs/oauth#identity-authentication

import { GatewayError } from '../core/errors.ts'
import type { Identity } from '../core/model.ts'
import type { Provider } from '../core/provider.ts'
import { type BoundedMap, createBoundedMap } from './bounded-map.ts'
import type { Deadline } from './deadline.ts'
import { failureOf } from './failures.ts'
import type { NetworkOptions } from './options.ts'
import { homeServer, type Place, type Places } from './places.ts'
import { plainContent } from './request.ts'
import type { Send } from './send.ts'

export interface AuthServers {
  readonly send: Send
  readonly places: Places
  readonly options: NetworkOptions
  readonly now: () => number
  readonly known: BoundedMap<{ readonly endpoint: string; readonly askedAt: number }>
}

export function createAuthServers(parts: Omit<AuthServers, 'known'>): AuthServers {
  return { ...parts, known: createBoundedMap(10_000) }
}

interface Account {
  readonly identity: Identity
  readonly provider: Provider
  readonly deadline: Deadline
}

/** The token endpoint of the account's home server; asked once in a while. */
export async function tokenEndpoint(servers: AuthServers, account: Account): Promise<Place> {
  const { identity, provider } = account
  const { places, options, known, now } = servers
  const server = homeServer(provider, identity.server, options.allowInsecure)
  const memory = known.find(server)
  if (memory && now() - memory.askedAt < REMEMBERED_MS) {
    return places.ofTemplate(provider, identity.server, memory.endpoint)
  }
  const resource = await read(servers, account, `${server}/.well-known/oauth-protected-resource`)
  const issuers: unknown = Object(resource).authorization_servers
  const issuer: unknown = Array.isArray(issuers) ? issuers[0] : undefined
  if (typeof issuer !== 'string') throw unreadable(provider)
  const origin = homeServer(provider, issuer, options.allowInsecure)
  const metadata = await read(servers, account, `${origin}/.well-known/oauth-authorization-server`)
  const endpoint: unknown = Object(metadata).token_endpoint
  // https://www.rfc-editor.org/rfc/rfc8414#section-3.3
  if (Object(metadata).issuer !== issuer || typeof endpoint !== 'string') throw unreadable(provider)
  const isSecure = endpoint.startsWith('https://') || options.allowInsecure
  if (!isSecure) throw unreadable(provider)
  known.save(server, { endpoint, askedAt: now() })
  return places.ofTemplate(provider, identity.server, endpoint)
}

const REMEMBERED_MS = 600_000

async function read(
  { send, places, options }: AuthServers,
  account: Account,
  address: string,
): Promise<unknown> {
  const { provider, identity, deadline } = account
  const { body } = await send({
    provider,
    place: places.ofTemplate(provider, identity.server, address),
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
  return new GatewayError('network_unreadable', `${name} does not say where access is renewed.`)
}
