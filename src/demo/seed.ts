// What the demo begins with: a site, and its users with their accounts on the pretend networks.

import { type Credentials, createSite } from '../commands/credentials.ts'
import type { Gateway } from '../core/gateway.ts'
import { importIdentity } from '../core/identities.ts'
import type { Site, User } from '../core/model.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { type Account, CAST, LATENCY_MS, type Person } from './cast.ts'

/** What a harness needs to know of the demo, in the shape that `--json` prints. */
export interface Seed {
  readonly site: Credentials
  readonly users: readonly SeedUser[]
}

export interface SeedUser {
  readonly userToken: string
  /** The site's own id of the user; the token where it set none. */
  readonly uid: string
  readonly identities: readonly { readonly identityToken: string; readonly provider: string }[]
}

/** Creates the site and imports everybody of the cast; afterwards the networks take their time. */
export async function seed(gateway: Gateway, sandbox: Sandbox, tell: (text: string) => void): Promise<Seed> {
  const { site, credentials } = await createSite(gateway.store, {
    name: 'Demo',
    subdomain: 'demo',
    now: gateway.now(),
  })
  const users: SeedUser[] = []
  for (const person of CAST) {
    users.push(await importPerson(gateway, sandbox, site, person))
    tell(`${person.name} has linked ${person.accounts.map(({ host }) => host).join(', ')}`)
  }
  sandbox.reset()
  for (const [host, latencyMs] of Object.entries(LATENCY_MS)) sandbox.dial(host, { latencyMs })
  return { site: credentials, users }
}

/** One account after the other: the first makes the user, the others are linked to it. */
async function importPerson(
  gateway: Gateway,
  sandbox: Sandbox,
  site: Site,
  { accounts }: Person,
): Promise<SeedUser> {
  let user: User | undefined
  const identities: { identityToken: string; provider: string }[] = []
  for (const account of accounts) {
    const linked = await importAccount(gateway, sandbox, site, account, user?.token)
    user = linked.user
    identities.push({ identityToken: linked.identity.token, provider: linked.identity.provider })
  }
  if (!user) throw new Error('Everybody of the cast has an account.')
  return { userToken: user.token, uid: user.uid ?? user.token, identities }
}

async function importAccount(
  gateway: Gateway,
  sandbox: Sandbox,
  site: Site,
  { provider, host, contacts, isRevoked }: Account,
  userToken: string | undefined,
) {
  const grant = sandbox.grant(host, { contacts })
  const { accessToken, refreshToken, expiresAt, clientId, clientSecret, subject } = grant
  const server = gateway.providers.get(provider)?.server ? grant.server : undefined
  await gateway.store.apps.save(site, provider, { clientId, clientSecret }, server)
  const tokens = { accessToken, refreshToken, expiresAt }
  const linked = await importIdentity(
    gateway,
    site,
    { provider, server, subject, tokens, userToken },
    // The tour shows a first read.
    { prefetch: false },
  )
  if (isRevoked) sandbox.revoke(host, grant.account)
  return linked
}
