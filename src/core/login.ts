// Logging in and linking through a browser: the person is sent to a network, comes back, and is somebody here. What is
// under way lies in the store, is used once, and belongs to the browser that began it.

import { hash, randomBytes } from 'node:crypto'
import { callbackHost } from './callback.ts'
import { storeConnection } from './connections.ts'
import type { ConsentAnswer } from './consent.ts'
import { GatewayError } from './errors.ts'
import { expectFriends } from './friend-lists.ts'
import type { Gateway } from './gateway.ts'
import { readAccount } from './identities.ts'
import { type LoginProblem, toLoginProblem } from './login-problem.ts'
import type { Attempt } from './login-store.ts'
import type { Connection, Site } from './model.ts'
import type { Capability, Provider } from './provider.ts'
import type { Linked, NewIdentity } from './store.ts'

/** What a login is for, and where its result goes. Kept, sealed, until the person is back. */
export interface LoginWish {
  readonly service: 'login' | 'link'
  /** Link to this user. */
  readonly userToken?: string
  /** It must be this identity again. */
  readonly identityToken?: string
  /** The language that the person was spoken to in, where the page has named one. */
  readonly lang?: string
  readonly onto: Onto
}

export type Onto =
  /** A page of the site that is posted to: through the page that opened a pop-up, or by the browser itself. */
  | { readonly kind: 'site'; readonly callbackUri: string; readonly isPopup: boolean }
  /** An app that is sent to, and reads the result with its nonce. */
  | { readonly kind: 'app'; readonly callbackUri: string; readonly nonceHash: string }
  /** A client of the Gigya API, which reads the result from the address. */
  | {
      readonly kind: 'client'
      readonly redirectUri: string
      readonly responseType: 'code' | 'token'
      readonly state?: string
      readonly wantsSecret: boolean
      readonly lifeSeconds?: number
      /** The client's context id, for the reports. */
      readonly cid?: string
    }

export interface NewLogin {
  readonly provider: Provider
  readonly wish: LoginWish
  /** Origin of the home server, where the network has many. */
  readonly server?: string
  /** Handle or DID. */
  readonly account?: string
  /** Asked for beside those that the site uses. */
  readonly scopes?: readonly string[]
  readonly forceReauth?: boolean
  /** Where the network sends the browser back to. */
  readonly redirectUri: string
  readonly clientUri: string
}

/** A login under way. */
export interface Begun {
  /** Where to send the browser. */
  readonly address: string
  /** To be given to the browser as a cookie, and to nobody else. */
  readonly secret: string
  /** Tells the cookies of several logins apart. */
  readonly mark: string
  readonly lifeMs: number
}

/** Keeps what is wished and says where to send the browser; fails with what `Consents.ask` and `LoginStore.begin` say. */
export async function beginLogin(gateway: Gateway, site: Site, login: NewLogin): Promise<Begun> {
  const { store, consents, bounds } = gateway
  const { provider, wish, server, account, redirectUri, clientUri, forceReauth } = login
  const secret = randomBytes(32).toString('base64url')
  const { address, key, memory } = await consents.ask({
    site: { id: site.id, name: site.name },
    provider: provider.id,
    server,
    account,
    scopes: [...new Set([...scopesFor(provider, site), ...(login.scopes ?? [])])],
    state: randomBytes(32).toString('base64url'),
    redirectUri,
    clientUri,
    forceReauth,
  })
  const keyHash = hash('sha256', key)
  const lifeMs = bounds.loginLifeMs
  await store.logins.begin(
    site,
    { key: keyHash, browser: hash('sha256', secret) },
    { provider: provider.id, wish, memory },
    { lifeMs, atMost: bounds.loginsAtOnce },
  )
  return { address, secret, mark: markOf(keyHash), lifeMs }
}

function markOf(keyHash: string): string {
  return keyHash.slice(0, 12)
}

/** The mark of the login that an answer belongs to. */
export function markOfAnswer(answer: ConsentAnswer): string {
  return markOf(hashOfAnswer(answer))
}

// OAuth 2 brings the state back; OAuth 1 its request token, under another name where the person said no.
function hashOfAnswer({ state, oauth_token: token, denied }: ConsentAnswer): string {
  return hash('sha256', state ?? token ?? denied ?? '')
}

/** The site whose login an answer belongs to; undefined when there is none, or no longer. */
export function siteOfAnswer({ store }: Gateway, answer: ConsentAnswer): Promise<Site | undefined> {
  return store.logins.siteOf(hashOfAnswer(answer))
}

/** The scopes that a site asks for: of the profile, and of what the site uses. */
export function scopesFor(provider: Provider, { settings }: Pick<Site, 'settings'>): readonly string[] {
  const { auth } = provider
  if (!auth || !('scopes' in auth)) return []
  const named = settings.uses?.[provider.id] ?? settings.uses?.['*']
  const approval: readonly Capability[] = 'needsApproval' in auth ? (auth.needsApproval ?? []) : []
  const used = named ?? USED_UNASKED.filter((capability) => !approval.includes(capability))
  return [
    ...new Set(
      [...new Set([...ALWAYS_USED, ...used])].flatMap((capability) => auth.scopes[capability] ?? []),
    ),
  ]
}

const ALWAYS_USED: readonly Capability[] = ['profile']
const USED_UNASKED: readonly Capability[] = ['contacts']

/** How a login has ended. */
export interface Finished {
  readonly wish: LoginWish
  readonly provider: Provider
  readonly outcome: { readonly linked: Linked } | { readonly problem: LoginProblem }
}

/**
 * Takes the answer of a network, once: undefined when there is no such login, when its time has passed, or when another
 * browser began it. What goes wrong afterwards is a value, and then nothing is stored.
 */
export async function finishLogin(
  gateway: Gateway,
  site: Site,
  answer: ConsentAnswer,
  by: { readonly secret: string; readonly provider: string; readonly serverHost?: string },
): Promise<Finished | undefined> {
  const { store, log } = gateway
  const hashes = { key: hashOfAnswer(answer), browser: hash('sha256', by.secret) }
  const attempt = await store.logins.take(hashes)
  const provider = attempt && gateway.providers.get(attempt.provider)
  if (!attempt || attempt.choice || !provider) return undefined
  const { wish } = attempt
  try {
    refuseOtherPlace(attempt, by)
    const linked = await settle(gateway, site, attempt, answer)
    return { wish, provider, outcome: { linked } }
  } catch (error) {
    const problem = toLoginProblem(error, {
      provider,
      stage: error instanceof NotLinked ? 'link' : 'network',
    })
    const fields = { site: site.subdomain, provider: provider.id, reason: problem.reason }
    if (problem.reason === 'internal_error') log.error({ ...fields, cause: error }, 'a login failed')
    else log.info(fields, 'a login did not succeed')
    return { wish, provider, outcome: { problem } }
  }
}

// Each server answers at an address of its own: https://www.rfc-editor.org/rfc/rfc9700#section-4.4.2.2
function refuseOtherPlace(
  { provider, memory }: Attempt,
  by: { readonly provider: string; readonly serverHost?: string },
): void {
  const [, , , , host] = new URL(memory.redirectUri).pathname.split('/')
  const expected = host === undefined ? undefined : decodeURIComponent(host)
  if (by.provider === provider && expected === by.serverHost) return
  throw new GatewayError('conflict', 'Another network has answered than the one that was asked.')
}

async function settle(
  gateway: Gateway,
  site: Site,
  attempt: Attempt,
  answer: ConsentAnswer,
): Promise<Linked> {
  const { store, consents } = gateway
  const { wish, memory } = attempt
  const granted = await consents.redeem({ id: site.id, name: site.name }, attempt.provider, memory, answer)
  const { tokens, server } = granted
  const account = { provider: attempt.provider, server, tokens, subject: granted.subject }
  const { provider, profile, posting } = await readAccount(gateway, site, account, { asksHome: true })
  const { subject } = profile
  if (granted.subject !== undefined && granted.subject !== subject) {
    throw new GatewayError('conflict', `${provider.name} names another account than it has signed.`)
  }
  const found = { provider: provider.id, server, subject, profile, tokens, posting }
  if (wish.identityToken !== undefined) {
    const known = await store.identities.find(site, wish.identityToken)
    const isSame = known?.provider === found.provider && known.subject === subject
    const isSameServer = provider.server?.sharesIds || known?.server === server
    if (!isSame || !isSameServer) {
      throw new GatewayError(
        'conflict',
        `You have logged in to another ${provider.name} account than the one that is linked here.`,
      )
    }
  }
  if (provider.server?.sharesIds && server) {
    await store.identities.moveHome(site, { provider: provider.id, server, subject })
  }
  const linked = await linkTo(gateway, site, wish, found)
  await expectFriends(gateway, site, linked.user, {
    providers: wish.service === 'link' ? [provider.id] : undefined,
  })
  return linked
}

/** The store has refused: the account belongs to somebody else, or its user is not there. */
class NotLinked extends GatewayError {}

async function linkTo(
  { store }: Gateway,
  site: Site,
  { userToken, service, onto }: LoginWish,
  found: NewIdentity,
): Promise<Linked> {
  try {
    // A client of the Gigya API has a session from now on.
    if (onto.kind === 'client' && service === 'login') {
      const sessionMs = onto.lifeSeconds === undefined ? SESSION_MS : onto.lifeSeconds * 1_000
      const signedIn = await store.userInfo.signIn(site, { accounts: [found], sessionMs })
      const [identity] = signedIn.identities
      if (identity) return { ...signedIn, identity, isNewIdentity: signedIn.isNewUser }
    }
    return await store.identities.link(site, found, { userToken })
  } catch (error) {
    const { code, message } = GatewayError.from(error)
    if (code === 'conflict' || code === 'not_found') throw new NotLinked(code, message, { cause: error })
    throw error
  }
}

/** Life of a session whose client names no other: 90 days. */
const SESSION_MS = 90 * 86_400_000

/** The result as the site's server will read it; one that failed names no user. */
export function recordLogin(
  gateway: Gateway,
  site: Pick<Site, 'id'>,
  { wish, outcome }: Pick<Finished, 'wish' | 'outcome'>,
): Promise<Connection> {
  const isLink = wish.service === 'link'
  const { onto } = wish
  const result =
    'linked' in outcome
      ? {
          status: 'success' as const,
          reason: isLink ? 'identity_linked' : 'user_authenticated',
          userToken: outcome.linked.user.token,
          identityToken: outcome.linked.identity.token,
        }
      : { status: 'error' as const, reason: outcome.problem.reason }
  return storeConnection(gateway, site, {
    plugin: isLink ? 'social_link' : 'social_login',
    action: isLink ? 'link_identity' : 'login',
    callbackUri: 'callbackUri' in onto ? onto.callbackUri : undefined,
    nonceHash: onto.kind === 'app' ? onto.nonceHash : undefined,
    ...result,
  })
}

/** Whether a result may be sent to this address; says why not. */
export function checkCallback(
  site: Pick<Site, 'settings'>,
  address: string,
  { own }: { readonly own?: string } = {},
): URL {
  return callbackHost(site.settings.allowedDomains ?? [], address, { own })
}
