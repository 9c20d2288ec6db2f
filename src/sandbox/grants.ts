// Tokens without the browser: what a test or the demo starts from.

import { generateKeyPairSync } from 'node:crypto'
import { appPassword } from './bluesky-session.ts'
import { thumbprintOf } from './dpop.ts'
import { secretOf } from './hash.ts'
import { longestList } from './lists.ts'
import { issueToken, personOf } from './realms.ts'
import { type Realm, USUAL_MUTUAL_SHARE, type World } from './world.ts'

export interface GrantOptions {
  /** Index of the account; the next one nobody was given, without it. */
  readonly account?: number
  /** Length of each of the account's lists. Default 150. */
  readonly contacts?: number
  /** Part of each list, 0 to 1, that also stands in the other. Default 0.4. */
  readonly mutualShare?: number
  readonly scopes?: readonly string[]
  /** Default as the network's. */
  readonly expiresInSeconds?: number
  /** With or without a refresh token, whatever the network does. */
  readonly refresh?: boolean
  /** A token of OAuth 1, with its secret. */
  readonly oauth1?: boolean
  /** A token bound to a key, which comes along (AT Protocol). */
  readonly dpop?: boolean
  /** A token of the first place that the account may post to beside its own; `subject` is that place's id. */
  readonly page?: boolean
  /** Of another registered app. */
  readonly clientId?: string
}

export interface Grant {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly tokenSecret?: string
  /** Private JWK. */
  readonly dpopKey?: Readonly<Record<string, unknown>>
  /** App password of the account, where the network has them. */
  readonly password?: string
  /** The network's own id of the account. */
  readonly subject: string
  readonly username: string
  /** Origin of the home server (`https://host`). */
  readonly server: string
  readonly clientId: string
  readonly clientSecret?: string
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
  readonly scopes: readonly string[]
  readonly account: number
}

/** Gives out a token as if its owner had just said yes; throws a RangeError for what the sandbox cannot make. */
export function grantToken(world: World, realm: Realm, options: GrantOptions = {}): Grant {
  const { pretence } = realm
  const { mutualShare = USUAL_MUTUAL_SHARE, contacts, clientId = realm.app.clientId } = options
  const account = options.account ?? realm.nextAccount++ % world.accounts
  const app = realm.apps.get(clientId)
  if (!app) throw new RangeError('There is no app with this clientId.')
  if (!(Number.isInteger(account) && account >= 0 && account < world.accounts)) {
    throw new RangeError(`account must be 0 to ${world.accounts - 1}.`)
  }
  if (!(mutualShare >= 0 && mutualShare <= 1)) throw new RangeError('mutualShare must be 0 to 1.')
  const longest = longestList(world.accounts, mutualShare)
  if (contacts !== undefined && !(Number.isInteger(contacts) && contacts >= 0 && contacts <= longest)) {
    throw new RangeError(
      `contacts must be 0 to ${longest}; open the sandbox with more accounts for longer lists.`,
    )
  }

  const place = options.page ? pretence.places?.(realm, account)[0] : undefined
  if (options.page && !place) throw new RangeError('This network has no such places.')
  const key = options.dpop ? newKey() : undefined
  const token = issueToken(world, realm, {
    account,
    contacts,
    mutualShare,
    scopes: options.scopes ?? pretence.scopes,
    clientId,
    expiresInSeconds: options.expiresInSeconds ?? (options.oauth1 ? Number.POSITIVE_INFINITY : undefined),
    hasRefresh: options.oauth1 ? false : options.refresh,
    secret: options.oauth1 ? secretOf(45, 'token secret', realm.seed, world.tokens.count()) : undefined,
    keyThumbprint: key?.thumbprint,
    page: place?.id,
  })
  const ends = token.expiresAt !== undefined && Number.isFinite(token.expiresAt)
  return {
    accessToken: token.accessToken,
    refreshToken: token.refreshToken,
    tokenSecret: token.secret,
    dpopKey: key?.jwk,
    password: pretence.hasPasswords ? appPassword(realm, account) : undefined,
    subject: place?.id ?? realm.ids.toId(account),
    username: personOf(realm, account).username,
    server: `https://${realm.host}`,
    clientId,
    clientSecret: app.clientSecret,
    expiresAt: ends ? token.expiresAt : undefined,
    scopes: token.scopes,
    account,
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...privateKey.export({ format: 'jwk' }) }
  return { jwk, thumbprint: thumbprintOf(jwk) }
}
