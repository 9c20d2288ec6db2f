// Asking a person at a network whether a site may use their account: the port that core asks, and the network room fills.

import { GatewayError } from './errors.ts'
import type { Site, Tokens } from './model.ts'

/** What a person is to be asked. */
export interface ConsentWish {
  readonly site: Pick<Site, 'id' | 'name'>
  /** Provider id. */
  readonly provider: string
  /** Origin of the home server, where the network has many. */
  readonly server?: string
  /** Who they say they are, where the network finds their server by that: a handle or a DID. */
  readonly account?: string
  readonly scopes: readonly string[]
  /** Comes back with the browser; known to nobody else. */
  readonly state: string
  /** Where the browser comes back to; the network knows it already. */
  readonly redirectUri: string
  /** The address of the document that tells who we are, where networks read one. */
  readonly clientUri: string
  /** Asks for the password even of somebody who is logged in there. */
  readonly forceReauth?: boolean
}

/** What must be remembered until the browser is back; secret, JSON. */
export interface ConsentMemory {
  readonly redirectUri: string
  readonly server?: string
  readonly clientId: string
  /** PKCE. */
  readonly verifier?: string
  /** Of an OAuth 1 request token. */
  readonly secret?: string
  /** Private JWK. */
  readonly dpopKey?: Readonly<Record<string, unknown>>
  /** Who must answer. */
  readonly issuer?: string
  /** To be found in the id token. */
  readonly nonce?: string
  /** Whose access it must be. */
  readonly subject?: string
}

export interface Asked {
  /** Where to send the browser. */
  readonly address: string
  /** What the answer is known by: `state`, or the token of OAuth 1. */
  readonly key: string
  readonly memory: ConsentMemory
}

/** Access that a person has given. */
export interface Granted {
  readonly tokens: Tokens
  /** Origin of the home server. */
  readonly server?: string
  /** Whose access it is, where the network says so here. */
  readonly subject?: string
}

/** The names of a browser's answer and their values. */
export type ConsentAnswer = Readonly<Record<string, string>>

export interface Consents {
  /**
   * Prepares the question. `invalid_request` with the field `server` or `account` for what the person has typed,
   * `unsupported` for a network without a login, `forbidden` where the site has no app there, and what networks fail with.
   */
  ask(wish: ConsentWish): Promise<Asked>
  /** Exchanges the answer for access. `forbidden`: the person said no; `conflict`: somebody else has answered. */
  redeem(
    site: Pick<Site, 'id' | 'name'>,
    provider: string,
    memory: ConsentMemory,
    answer: ConsentAnswer,
  ): Promise<Granted>
  /** Asks the network to forget access; false where it has no such call. */
  revoke(account: {
    readonly site: Pick<Site, 'id'>
    readonly provider: string
    readonly server?: string
    readonly tokens: Tokens
  }): Promise<boolean>
}

/** Of a gateway that nobody logs in through. */
export const NO_CONSENTS: Consents = {
  ask: async () => refuse(),
  redeem: async () => refuse(),
  revoke: async () => false,
}

function refuse(): never {
  throw new GatewayError('unsupported', 'Nobody can log in through this gateway.')
}
