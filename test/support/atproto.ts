// The AT Protocol's own software on loopback: directory, home server (PDS) and app view, with two people's lists.
// https://github.com/bluesky-social/atproto/tree/main/packages/dev-env

import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { importJWK, type JWK, SignJWT } from 'jose'
import { findProgram, ROOT, startProgram } from './counterparts.ts'

const FOLDER = join(ROOT, 'test/counterparts/atproto')
const START_MS = 75_000

export interface AtprotoAccount {
  readonly did: string
  readonly handle: string
  readonly password: string
}

export interface AtprotoPerson {
  readonly did: string
  readonly handle: string
  readonly displayName?: string
  readonly about?: string
}

/** Tokens of an OAuth client, bound to a key. */
export interface AtprotoSession {
  readonly clientId: string
  readonly accessToken: string
  readonly refreshToken: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /** Private JWK. */
  readonly dpopKey: JWK
}

export interface Atproto {
  /** Origin of the home server. */
  readonly server: string
  /** Where the documents of the accounts are. */
  readonly directory: string
  /** Follows 155 people and is followed by 110, 100 of them in both lists: two pages each. */
  readonly reader: AtprotoAccount
  /** Knows nobody. */
  readonly hermit: AtprotoAccount
  readonly following: readonly AtprotoPerson[]
  readonly followers: readonly AtprotoPerson[]
  /** Two sessions of `reader`, by the algorithm of their keys. */
  readonly oauth: { readonly es256: AtprotoSession; readonly es256k: AtprotoSession }
  /** The same access token as the home server would have made it two hours ago: signed, and past its end. */
  expired(accessToken: string): string
  /** Ends a session of a client with an ES256 key, whose refresh token this is now. */
  revoke(session: AtprotoSession): Promise<void>
  close(): Promise<void>
}

/** Why there can be no such network here, or nothing. */
export function missingForAtproto(): string | undefined {
  if (!existsSync(join(FOLDER, 'node_modules/@atproto/dev-env')))
    return 'The AT Protocol packages are not installed.'
  const program = ['redis-server', 'setpriv'].find((name) => !findProgram(name))
  return program && `${program} is not installed.`
}

/** Starts and fills it, about 20 s; `databaseUrl` names an empty PostgreSQL database that is its own. */
export async function openAtproto(databaseUrl: string): Promise<Atproto> {
  const program = startProgram(process.execPath, [join(FOLDER, 'serve.mjs')], {
    DB_POSTGRES_URL: databaseUrl,
  })
  const impatience = setTimeout(program.stop, START_MS)
  for await (const line of createInterface({ input: program.child.stdout })) {
    clearTimeout(impatience)
    const ready: Omit<Atproto, 'expired' | 'revoke' | 'close'> & { jwtSecret: string } = JSON.parse(line)
    return {
      ...ready,
      expired: (token) => expire(token, ready.jwtSecret),
      revoke: (session) => revoke(ready.server, session),
      close: program.stop,
    }
  }
  clearTimeout(impatience)
  throw new Error(`The AT Protocol network did not start: ${program.said()}`)
}

/**
 * Ends an OAuth session as its client would. The server answers 200 also where it does nothing, as it does without a
 * proof of the key that the tokens are bound to. https://www.rfc-editor.org/rfc/rfc7009#section-2.2
 */
async function revoke(server: string, { clientId, refreshToken, dpopKey }: AtprotoSession): Promise<void> {
  const url = `${server}/oauth/revoke`
  const { d: _, ...jwk } = dpopKey
  const key = await importJWK(dpopKey, 'ES256')
  const prove = (nonce?: string) =>
    new SignJWT({ htm: 'POST', htu: url, nonce, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .setIssuedAt()
      .sign(key)
  const body = new URLSearchParams({ client_id: clientId, token: refreshToken })
  const send = async (nonce?: string) =>
    fetch(url, { method: 'POST', body, headers: { dpop: await prove(nonce) } })
  const { headers } = await send()
  assert.equal((await send(headers.get('dpop-nonce') ?? undefined)).status, 200)
}

/** A JWT (HS256) with the same claims, past its end. */
function expire(token: string, secret: string): string {
  const [header = '', claims = ''] = token.split('.')
  const now = Math.floor(Date.now() / 1_000)
  const old = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), iat: now - 7_300, exp: now - 100 }
  const text = `${header}.${Buffer.from(JSON.stringify(old)).toString('base64url')}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
