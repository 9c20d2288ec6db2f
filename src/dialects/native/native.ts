// Our own API, for what no wire API has a call for: plain JSON, HTTP statuses that mean what they say, a site's public
// and private key as HTTP Basic credentials. docs/compatibility.md has every route.

import { GatewayError } from '../../core/errors.ts'
import type { Gateway } from '../../core/gateway.ts'
import { type Doorkeeper, sameSecret, verifyPrivateKey } from '../access.ts'
import { readBasicKeys } from '../basic-keys.ts'
import { queryPairs } from '../decode.ts'
import type { Caller, Dialect, FrontTools, Route, WireAnswer, WireRequest } from '../dialect.ts'
import { parseJsonBody } from '../json-body.ts'
import { friendRequests } from './friend-requests.ts'
import { linkAddresses } from './link-addresses.ts'
import { messages } from './messages.ts'
import { httpStatusOf, type NativeResult } from './result.ts'
import { webhooks } from './webhooks.ts'

/** The native API. */
export function createNative({ doorkeeper }: FrontTools): Dialect<NativeResult> {
  return {
    id: 'native',
    owns: ({ path }) => path.startsWith('/v1/'),
    authenticate: (request, gateway) => authenticate(request, gateway, doorkeeper),
    input: toInput,
    routes: [...friendRequests, ...messages, ...linkAddresses, ...webhooks],
    takesUploads: (path) => path === '/v1/messages' || path === '/v1/messages/preview',
    success: (result) => toAnswer(httpStatusOf(result), result),
    failure(error, _request) {
      const { code, message, field } = error.problem
      const headers = error.code === 'unauthenticated' ? CHALLENGE : undefined
      return toAnswer(error.status, { error: { code, message, field } }, headers)
    },
  }
}

async function authenticate(
  { headers, address }: WireRequest,
  { store }: Gateway,
  doorkeeper: Doorkeeper,
): Promise<Caller> {
  const keys = readBasicKeys(headers.authorization ?? '')
  if (!keys) throw new GatewayError('unauthenticated', 'The public and the private key are missing.')
  const site = await store.sites.byPublicKey(keys.publicKey)
  if (!site || !sameSecret(site.publicKey, keys.publicKey) || !verifyPrivateKey(site, keys.privateKey)) {
    throw doorkeeper.wrongKey(address, 'The public or the private key is wrong.')
  }
  return { site, by: 'partner' }
}

/** What the path names, beside the query and the JSON object of a body; the later wins. */
function toInput(
  request: WireRequest,
  { method }: Pick<Route, 'method'>,
  parameters: Readonly<Record<string, string>>,
): unknown {
  const query = Object.fromEntries(queryPairs(request.query))
  if (method === 'GET') return { ...query, ...parameters }
  const body = withoutNulls(parseJsonBody(request)) ?? {}
  if (typeof body === 'object' && !Array.isArray(body)) return { ...query, ...body, ...parameters }
  throw new GatewayError('invalid_request', 'The body must be a JSON object.')
}

/** Many clients write `null` for what is absent; the depth is bounded by the parser. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const members = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNulls(member)]))
}

function toAnswer(
  status: number,
  body: NativeResult,
  headers: Readonly<Record<string, string>> = {},
): WireAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}

const CHALLENGE = { 'www-authenticate': 'Basic realm="Kith", charset="UTF-8"' }
