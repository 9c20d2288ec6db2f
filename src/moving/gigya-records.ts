// Users as Gigya's exports write them: `socialize.exportUsers` tells UID and accounts, `accounts.search` profiles too.
// http://developers.gigya.com/037_API_reference/010_Socialize/socialize.exportUsers
// https://developers.gigya.com/display/GD/accounts.search+REST

import { GatewayError } from '../core/errors.ts'
import { toServer } from '../core/identities.ts'
import type { MovedIdentity } from '../core/moving.ts'
import type { Provider } from '../core/provider.ts'
import type { SiteProfile } from '../core/user-info-store.ts'
import { checkUid } from '../core/users.ts'
import { findNetwork } from '../dialects/gigya/networks.ts'
import { NamedIdentity, SiteInfo } from '../dialects/gigya/profiles.ts'
import {
  createNotes,
  type Fields,
  fieldsOf,
  listOf,
  momentOf,
  type Notes,
  strangeProvider,
  type ToMoved,
  textOf,
} from './records.ts'

type Providers = ReadonlyMap<string, Provider>

/** What one answer holds: `users` of an export, `results` of a search, or one account alone. */
export function gigyaRecords(document: unknown): readonly unknown[] {
  const outer = fieldsOf(document)
  for (const name of ['users', 'results', 'accounts']) {
    const entries = outer?.[name]
    if (Array.isArray(entries)) return entries
  }
  return Array.isArray(document) ? document : [document]
}

/** A record of `gigyaRecords` as it is brought. The accounts are known by name: no export holds their tokens. */
export function fromGigya(providers: Providers): ToMoved {
  return ({ where, value }) => {
    const notes = createNotes(where)
    const record = fieldsOf(value)
    const uid = uidOf(notes, record?.UID)
    if (!record || uid === undefined) return { problems: notes.problems }
    const identities = listOf(record.identities).flatMap((each) => toIdentity(providers, notes, each) ?? [])
    const isSilent = record.identities === undefined && Boolean(textOf(record.socialProviders))
    if (isSilent)
      notes.note('identities', 'is missing, although the account has some: ask for that field too')
    const user = {
      where,
      uid,
      createdAt: momentOf(notes, 'created', record.created ?? secondsOf(record.createdTimestamp)),
      lastLoginAt: momentOf(notes, 'lastLogin', record.lastLogin ?? secondsOf(record.lastLoginTimestamp)),
      profile: toSiteProfile(notes, record.profile),
      identities,
    }
    return { user, problems: notes.problems }
  }
}

function uidOf(notes: Notes, value: unknown): string | undefined {
  const uid = typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
  if (uid === undefined || uid === '') return notes.note('UID', 'is missing')
  try {
    return checkUid(uid, 'UID')
  } catch (error) {
    return notes.note('UID', GatewayError.from(error).message)
  }
}

/** These are milliseconds. */
function secondsOf(timestamp: unknown): unknown {
  return typeof timestamp === 'number' ? Math.floor(timestamp / 1_000) : timestamp
}

function toIdentity(providers: Providers, notes: Notes, record: Fields): MovedIdentity | undefined {
  // A password at the site itself is no account at a network.
  if (textOf(record.provider)?.toLowerCase() === 'site') return undefined
  const read = NamedIdentity.safeParse(clean(record))
  if (!read.success) {
    const [issue] = read.error.issues
    return notes.note(`identities.${issue?.path.join('.') ?? ''}`, 'is missing or cannot be read')
  }
  const { provider: name, server: home, profile } = read.data
  const provider = findNetwork({ providers }, name)
  const id = provider?.id ?? strangeProvider(notes, name)
  if (id === undefined) return undefined
  const server = provider?.server ? serverOf(notes, provider, home) : undefined
  if (provider?.server && server === undefined) return undefined
  const updatedAt = secondsOf(record.lastUpdatedTimestamp)
  return {
    provider: id,
    server,
    subject: profile.subject,
    profile,
    updatedAt: momentOf(notes, 'identities.lastUpdatedTimestamp', updatedAt),
  }
}

function serverOf(notes: Notes, provider: Provider, home: string | undefined): string | undefined {
  try {
    return toServer(provider, home)
  } catch (error) {
    return notes.note('identities.server', GatewayError.from(error).message)
  }
}

function toSiteProfile(notes: Notes, value: unknown): SiteProfile | undefined {
  const profile = fieldsOf(value)
  if (!profile) return undefined
  const read = SiteInfo.safeParse(clean(profile))
  if (read.success) return read.data
  return notes.note(`profile.${read.error.issues[0]?.path.join('.') ?? ''}`, 'cannot be read')
}

/** Texts without control characters. */
function clean(record: Fields): Fields {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, typeof value === 'string' ? textOf(value) : value]),
  )
}
