import { createHash, randomBytes } from 'node:crypto'
import { JoseKey, NodeOAuthClient } from '@atproto/oauth-client-node'
import { approve } from './approve.mjs'

// AT Protocol takes a loopback client without registration: its id is `http://localhost` with the redirect address and
// the scope, and the redirect address names an IP address. https://atproto.com/specs/oauth#localhost-client-development
const REDIRECT = 'http://127.0.0.1:4999/callback'
const SCOPE = 'atproto transition:generic'
const CLIENT_ID = `http://localhost?redirect_uri=${encodeURIComponent(REDIRECT)}&scope=${encodeURIComponent(SCOPE)}`

/**
 * Signs an account in by OAuth (PAR, PKCE, DPoP) with a key of this algorithm: the client id, the tokens and the private
 * JWK they are bound to.
 */
export async function startSession(network, { handle, password }, algorithm) {
  const saved = new Map()
  const client = new NodeOAuthClient({
    allowHttp: true,
    plcDirectoryUrl: network.plc.url,
    handleResolver: network.pds.url,
    clientMetadata: {
      client_id: CLIENT_ID,
      redirect_uris: [REDIRECT],
      scope: SCOPE,
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      dpop_bound_access_tokens: true,
    },
    stateStore: toStore(new Map()),
    sessionStore: toStore(saved),
    runtimeImplementation: {
      createKey: () => JoseKey.generate([algorithm]),
      getRandomValues: randomBytes,
      digest: (bytes, { name }) => createHash(name).update(bytes).digest(),
      requestLock: async (_key, work) => work(),
    },
  })
  const page = await client.authorize(handle, { scope: SCOPE, state: 'any' })
  const back = await approve(page.href, { username: handle, password })
  const { session } = await client.callback(back.searchParams)
  const { dpopJwk, tokenSet } = saved.get(session.did)
  return {
    clientId: CLIENT_ID,
    accessToken: tokenSet.access_token,
    refreshToken: tokenSet.refresh_token,
    expiresAt: Date.parse(tokenSet.expires_at),
    dpopKey: dpopJwk,
  }
}

function toStore(map) {
  return {
    get: async (key) => map.get(key),
    set: async (key, value) => void map.set(key, value),
    del: async (key) => void map.delete(key),
  }
}
