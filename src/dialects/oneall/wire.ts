// Our nouns as OneAll's objects.

import type { CloudUser } from '../../core/cloud-store.ts'
import type { Gateway } from '../../core/gateway.ts'
import type { Connection, Identity, PageOf, Profile, Tokens, User } from '../../core/model.ts'
import type { Provider } from '../../core/provider.ts'
import { toDate } from './envelope.ts'
import type { PlainObject } from './xml.ts'

/** A network as OneAll's clients know it. */
export interface WireProvider {
  readonly key: string
  readonly name: string
}

/** The key and the name of a network on this wire; its id alone where we no longer know it. */
export function toProvider({ providers }: Pick<Gateway, 'providers'>, id: string): WireProvider {
  const provider = providers.get(id)
  const { key = id, name = provider?.name ?? id } = provider?.wireNames?.oneall ?? {}
  return { key, name }
}

/** The network that a caller means by this key; undefined when there is none. */
export function findProvider({ providers }: Pick<Gateway, 'providers'>, key: string): Provider | undefined {
  const wanted = key.trim().toLowerCase()
  const isMeant = ({ id, wireNames }: Provider) => {
    const { key: wireKey = id, aliases = [] } = wireNames?.oneall ?? {}
    return wireKey === wanted || aliases.includes(wanted)
  }
  return [...providers.values()].find(isMeant) ?? providers.get(wanted)
}

/** One page of a list; totals under both generations' names. */
export function toPage<T>(page: PageOf<T>, toEntry: (entry: T) => PlainObject): PlainObject {
  const { entries, page: current, size, totalPages, totalEntries, direction } = page
  return {
    pagination: {
      current_page: current,
      total_pages: totalPages,
      entries_per_page: size,
      total_entries: totalEntries,
      count_total_pages: totalPages,
      count_total_entries: totalEntries,
      order: { field: 'date_creation', direction },
    },
    count: entries.length,
    entries: entries.map(toEntry),
  }
}

/** The dates and numbers of a user. */
export function toUserHead(user: User): PlainObject {
  return {
    user_token: user.token,
    date_creation: toDate(user.createdAt),
    date_last_login: toDate(user.lastLoginAt),
    num_logins: user.loginCount,
  }
}

/** An identity in a list of a user's identities. */
export function toIdentityHead(
  gateway: Gateway,
  identity: Pick<Identity, 'token' | 'provider'>,
): PlainObject {
  return { identity_token: identity.token, provider: toProvider(gateway, identity.provider).key }
}

/** An identity that has gone, as far as clients need it to forget it themselves. */
export function toGoneIdentity(
  gateway: Gateway,
  identity: Pick<Identity, 'token' | 'provider'>,
): PlainObject {
  const { key, name } = toProvider(gateway, identity.provider)
  return { identity_token: identity.token, provider: key, source: { name, key } }
}

/** How an identity that the site stores by itself is told from those of networks; clients read both names. */
const STORAGE = { key: 'storage', name: 'Storage' } as const

/** What the site stores of a user, as it said it, as an identity. */
export function toStoredIdentity({ identityToken, data, createdAt, updatedAt }: CloudUser): PlainObject {
  return {
    provider: STORAGE.key,
    source: { name: STORAGE.name, key: STORAGE.key },
    ...(data as PlainObject),
    identity_token: identityToken,
    date_creation: toDate(createdAt),
    date_last_update: toDate(updatedAt),
  }
}

/** That identity in a list of a user's identities. */
export function toStoredIdentityHead({ identityToken }: CloudUser): PlainObject {
  return { identity_token: identityToken, provider: STORAGE.key }
}

/** A user's identities in the form that the site's clients read: 2011's wrapped them once more. */
export function toIdentities(entries: readonly PlainObject[], options: { legacy: boolean }) {
  return options.legacy ? { identity: entries } : entries
}

/** An identity with all that the network has told of it; its tokens only where they are given. */
export function toIdentity(gateway: Gateway, identity: Identity, tokens?: Tokens): PlainObject {
  const { profile, subject } = identity
  const { key, name } = toProvider(gateway, identity.provider)
  const domain = toDomain(gateway, identity)
  return {
    identity_token: identity.token,
    provider: key,
    provider_identity_uid: identity.server ? `${subject}@${domain}` : subject,
    date_creation: toDate(identity.createdAt),
    date_last_update: toDate(identity.updatedAt),
    source: { name, key, access_token: tokens && { key: tokens.accessToken, secret: tokens.secret } },
    id: profile.profileUrl ?? `https://${domain}/${encodeURIComponent(subject)}`,
    ...toPerson(profile),
    accounts: [{ domain, userid: subject, username: profile.username }],
  }
}

function toPerson(profile: Profile): PlainObject {
  const { displayName, username, profileUrl, thumbnailUrl, pictureUrl, emails, language } = profile
  const formatted = displayName ?? username
  const urls = [
    ...(profileUrl ? [{ value: profileUrl, type: 'profile' }] : []),
    ...(profile.urls ?? []).map((value) => ({ value, type: 'other' })),
  ]
  const photos = [
    ...(thumbnailUrl ? [{ value: thumbnailUrl, size: '2:XS' }] : []),
    ...(pictureUrl ? [{ value: pictureUrl, size: '5:L' }] : []),
  ]
  return {
    displayName: formatted,
    name: formatted ? { formatted, givenName: profile.givenName, familyName: profile.familyName } : undefined,
    preferredUsername: username,
    profileUrl,
    thumbnailUrl,
    pictureUrl,
    currentLocation: profile.location,
    aboutMe: profile.about,
    birthday: toBirthday(profile.birthday),
    gender: profile.gender,
    emails: emails?.map(({ value, isVerified }) => ({ value, is_verified: isVerified })),
    urls: urls.length > 0 ? urls : undefined,
    photos: photos.length > 0 ? photos : undefined,
    languages: language ? [{ value: language }] : undefined,
  }
}

/** A connection as it stands in lists and in the result of a login; its date under both generations' names. */
export function toConnection(connection: Connection): PlainObject {
  const date = toDate(connection.createdAt)
  return {
    connection_token: connection.token,
    date,
    date_creation: date,
    callback_uri: connection.callbackUri,
    status: connection.status === 'success' ? 'succeeded' : 'failed',
  }
}

/** `MM/DD/YYYY`; a birthday without its year has no form on this wire. */
function toBirthday(birthday: string | undefined): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(birthday ?? '') ?? []
  return year && `${month}/${day}/${year}`
}

function toDomain({ providers }: Gateway, { server, profile, provider }: Identity): string {
  for (const address of [server, profile.profileUrl, providers.get(provider)?.api]) {
    if (address && URL.canParse(address)) return new URL(address).host
  }
  return provider
}
