// Every token ever given out, also the dead ones, so that a replay is recognised.

/** Tokens held at most; then the sandbox refuses to give out more. */
const MOST_TOKENS = 200_000

export interface Token {
  readonly realm: string
  /** Index of the account; undefined for a token of the app itself. */
  readonly account?: number
  /** Length of the account's own lists, as this token sees them. */
  readonly contacts: number
  readonly mutualShare: number
  readonly scopes: readonly string[]
  readonly clientId: string
  readonly accessToken: string
  readonly refreshToken?: string
  /** OAuth 1. */
  readonly secret?: string
  readonly issuedAt: number
  readonly expiresAt?: number
  /** The place that it speaks for, where that is not the account itself. */
  readonly page?: string
  /** All tokens that descend from one consent. */
  readonly family: number
  /** Thumbprint of the key it is bound to (RFC 9449). */
  readonly keyThumbprint?: string
  state: 'live' | 'replaced' | 'revoked'
}

export type NewToken = Omit<Token, 'state' | 'family'> & { readonly family?: number }

export type Fault = 'missing' | 'unknown' | 'expired' | 'revoked'

export interface Tokens {
  issue(token: NewToken): Token
  /** The token, or why it does not count. */
  check(realm: string, accessToken: string | undefined): Token | Fault
  byRefresh(realm: string, refreshToken: string): Token | undefined
  byAccess(realm: string, accessToken: string): Token | undefined
  revokeFamily(family: number): void
  revokeAccount(realm: string, account: number): void
  /** A number never given before, for token texts. */
  count(): number
}

/** Keeps tokens in memory; `now` in milliseconds since 1970. */
export function createTokens(now: () => number): Tokens {
  const byAccess = new Map<string, Token>()
  const byRefresh = new Map<string, Token>()
  const families = new Map<number, Token[]>()
  let last = 0

  return {
    issue(fresh) {
      if (byAccess.size >= MOST_TOKENS) throw new Error(`The sandbox holds ${MOST_TOKENS} tokens at most.`)
      const token: Token = { ...fresh, family: fresh.family ?? ++last, state: 'live' }
      byAccess.set(keyOf(token.realm, token.accessToken), token)
      if (token.refreshToken) byRefresh.set(keyOf(token.realm, token.refreshToken), token)
      families.set(token.family, [...(families.get(token.family) ?? []), token])
      return token
    },
    check(realm, accessToken) {
      if (!accessToken) return 'missing'
      const token = byAccess.get(keyOf(realm, accessToken))
      if (!token) return 'unknown'
      if (token.state === 'revoked') return 'revoked'
      return token.expiresAt !== undefined && token.expiresAt <= now() ? 'expired' : token
    },
    byRefresh: (realm, refreshToken) => byRefresh.get(keyOf(realm, refreshToken)),
    byAccess: (realm, accessToken) => byAccess.get(keyOf(realm, accessToken)),
    revokeFamily(family) {
      for (const token of families.get(family) ?? []) token.state = 'revoked'
    },
    revokeAccount(realm, account) {
      for (const token of byAccess.values()) {
        if (token.realm === realm && token.account === account) token.state = 'revoked'
      }
    },
    count: () => ++last,
  }
}

const keyOf = (realm: string, text: string) => `${realm} ${text}`
