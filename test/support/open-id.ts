// A pretend network of OpenID Connect that signs what it is told to, right or wrong; it stands where a sandbox stands.

import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { listen } from './wire.ts'

export interface Issuer extends AsyncDisposable {
  readonly url: string
  /** Claims that differ from the right ones; undefined takes one away. */
  claims: Record<string, unknown>
  /** How the token is signed. */
  signing: 'right' | 'unknown key' | 'none' | 'shared secret' | 'other key'
  /** The account that the profile tells of. */
  subject: string
  /** Another key from now on, under another name. */
  turnKeys(): Promise<void>
  /** Shown instead of the right key, under its name. */
  key?: object | null
  /** How often the keys were read. */
  keyReads: number
}

export const CLIENT = { clientId: 'client-1', clientSecret: 'secret-1' }

/** Stands for Google's four hosts. */
export async function openIssuer(): Promise<Issuer> {
  let [keys, kid] = [await generateKeyPair('RS256'), 'first']
  const stranger = await generateKeyPair('RS256')
  const nonces = new Map<string, string>()
  let bearer = ''

  const sign = async (nonce: string | undefined): Promise<string | undefined> => {
    const now = Math.floor(Date.now() / 1_000)
    const right = {
      iss: 'https://accounts.google.com',
      aud: CLIENT.clientId,
      sub: issuer.subject,
      nonce,
      iat: now,
      exp: now + 600,
    }
    const claims: Record<string, unknown> = { ...right, ...issuer.claims }
    for (const name of Object.keys(claims)) if (claims[name] === undefined) delete claims[name]
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    if (issuer.signing === 'none') return `${part({ alg: 'none' })}.${part(claims)}.`
    if (issuer.signing === 'shared secret') {
      const text = `${part({ alg: 'HS256', kid })}.${part(claims)}`
      const signature = createHmac('sha256', await exportSPKI(keys.publicKey))
        .update(text)
        .digest('base64url')
      return `${text}.${signature}`
    }
    const key = issuer.signing === 'other key' ? stranger.privateKey : keys.privateKey
    const header = { alg: 'RS256', kid: issuer.signing === 'unknown key' ? 'nobody' : kid }
    return new SignJWT(claims as JWTPayload).setProtectedHeader(header).sign(key)
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://issuer')
    const json = (body: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
    let text = ''
    for await (const piece of request) text += piece
    switch (url.pathname) {
      case '/accounts.google.com/o/oauth2/v2/auth': {
        const code = randomUUID()
        nonces.set(code, url.searchParams.get('nonce') ?? '')
        const back = new URL(url.searchParams.get('redirect_uri') ?? '')
        back.searchParams.set('state', url.searchParams.get('state') ?? '')
        back.searchParams.set('code', code)
        return response.writeHead(302, { location: back.href }).end()
      }
      case '/oauth2.googleapis.com/token': {
        const nonce = nonces.get(new URLSearchParams(text).get('code') ?? '')
        bearer = randomUUID()
        return json({ access_token: bearer, expires_in: 3600, id_token: await sign(nonce) })
      }
      case '/www.googleapis.com/oauth2/v3/certs':
        issuer.keyReads += 1
        if (issuer.key !== undefined)
          return json({ keys: [issuer.key && { ...issuer.key, kid, alg: 'RS256' }] })
        return json({ keys: [{ ...(await exportJWK(keys.publicKey)), kid, alg: 'RS256', use: 'sig' }] })
      case '/openidconnect.googleapis.com/v1/userinfo': {
        if (request.headers.authorization !== `Bearer ${bearer}`) return response.writeHead(401).end()
        return json({ sub: 'profile' in issuer ? issuer.profile : issuer.subject, name: 'Ada <b>' })
      }
      default:
        return response.writeHead(404).end()
    }
  })
  const port = await listen(server)
  const issuer: Issuer = {
    url: `http://127.0.0.1:${port}`,
    claims: {},
    signing: 'right',
    subject: '1001',
    keyReads: 0,
    async turnKeys() {
      keys = await generateKeyPair('RS256')
      kid = randomUUID()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return issuer
}
