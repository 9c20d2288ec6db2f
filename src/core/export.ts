// Everything that is known about one user, as one document: people have a right to it.
// https://gdpr-info.eu/art-15-gdpr/ and https://gdpr-info.eu/art-20-gdpr/

import { GatewayError } from './errors.ts'
import type { Identity, Site, Tokens } from './model.ts'
import type { Store } from './store.ts'

/** All about a user that is stored; `not_found` when there is none. Tokens of the networks only when asked for. */
export async function exportUser(
  store: Store,
  site: Pick<Site, 'id' | 'subdomain'>,
  token: string,
  { withTokens = false }: { readonly withTokens?: boolean } = {},
): Promise<Readonly<Record<string, unknown>>> {
  const user = await store.users.find(site, token)
  if (!user) throw new GatewayError('not_found', `The site "${site.subdomain}" has no user ${token}.`)
  const [identities, info, rest] = await Promise.all([
    store.identities.ofUser(user),
    store.userInfo.of(user),
    store.users.everything(user),
  ])
  const { siteId: _site, id: _id, ...head } = user
  return {
    site: site.subdomain,
    user: withDates(head),
    siteProfile: info,
    identities: await Promise.all(
      identities.map(async (identity) => ({
        ...shownIdentity(identity),
        contacts: await contactsOf(store, identity),
        tokens: withTokens ? await tokensOf(store, identity) : undefined,
      })),
    ),
    ...Object.fromEntries(Object.entries(rest).map(([name, rows]) => [name, rows.map(withDates)])),
  }
}

function shownIdentity(identity: Identity) {
  const { siteId: _site, id: _id, userId: _user, ...shown } = identity
  return withDates(shown)
}

async function contactsOf({ contacts }: Store, identity: Identity): Promise<unknown> {
  const head = await contacts.head(identity)
  const bytes = head && (await contacts.bytes(identity, head.version))
  if (!head || !bytes) return undefined
  const { fetchedAt, isTruncated } = head
  const entries: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
  return { readAt: new Date(fetchedAt).toISOString(), isTruncated, entries }
}

async function tokensOf({ tokens }: Store, identity: Identity): Promise<Tokens | undefined> {
  return (await tokens.of(identity))?.tokens
}

/** Times as people and programs both read them. */
function withDates(fields: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) =>
      name.endsWith('At') && typeof value === 'number'
        ? [name, new Date(value).toISOString()]
        : [name, value],
    ),
  )
}
