import { createHash, randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { JoseKey, NodeOAuthClient } from '@atproto/oauth-client-node'

// AT Protocol takes a loopback client without registration: its id is `http://localhost` with the redirect address and
// the scope, and the redirect address names an IP address. https://atproto.com/specs/oauth#localhost-client-development
const REDIRECT = 'http://127.0.0.1:4999/callback'
const SCOPE = 'atproto transition:generic'
const CLIENT_ID = `http://localhost?redirect_uri=${encodeURIComponent(REDIRECT)}&scope=${encodeURIComponent(SCOPE)}`
const OWN_API = '/@atproto/oauth-provider/~api'

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

/** Sends what the sign-in and consent pages would send; answers the address the browser is led back to. */
async function approve(page, { username, password }) {
  const { origin } = new URL(page)
  const cookies = new Map()
  const send = async (method, url, headers, body) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await exchange(method, url, { 'user-agent': 'test', cookie, ...headers }, body)
    for (const line of answer.headers['set-cookie'] ?? []) {
      const [name, ...value] = line.split(';')[0].split('=')
      cookies.set(name, value.join('='))
    }
    return answer
  }
  const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
  await send('GET', page, { ...navigation, 'sec-fetch-site': 'cross-site' })

  const call = async (path, input) => {
    const headers = {
      'content-type': 'application/json',
      'x-csrf-token': cookies.get('csrf-token'),
      origin,
      referer: page,
      'sec-fetch-mode': 'same-origin',
      'sec-fetch-site': 'same-origin',
      'sec-fetch-dest': 'empty',
    }
    const { status, body } = await send('POST', origin + OWN_API + path, headers, JSON.stringify(input))
    if (status !== 200) throw new Error(`${path} answered ${status}: ${body}`)
    return JSON.parse(body)
  }
  const { account } = await call('/sign-in', { locale: 'en', username, password, remember: true })
  let next = (await call('/consent', { did: account.did })).url
  for (let hops = 0; hops < 3 && new URL(next).origin === origin; hops++) {
    const { status, headers } = await send('GET', next, {
      ...navigation,
      'sec-fetch-site': 'same-origin',
      referer: page,
    })
    if (!headers.location) throw new Error(`The sign-in did not lead back: ${status}.`)
    next = new URL(headers.location, next).href
  }
  return new URL(next)
}

/** By node:http, because `fetch` keeps the sec-fetch headers to itself. */
function exchange(method, url, headers, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece) => {
        text += piece
      })
      answer.once('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: text }))
    })
    outgoing.once('error', reject).end(body)
  })
}
