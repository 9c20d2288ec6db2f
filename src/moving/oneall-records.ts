// Users and identities as OneAll's API writes them: in its answers, or saved from them.
// http://docs.oneall.com/api/basic/identity-structure/

import { GatewayError } from '../core/errors.ts'
import { toServer } from '../core/identities.ts'
import type { Profile, Tokens } from '../core/model.ts'
import type { MovedIdentity } from '../core/moving.ts'
import type { Provider } from '../core/provider.ts'
import { findProvider } from '../dialects/oneall/wire.ts'
import { toAddress } from '../providers/fields.ts'
import {
  countOf,
  createNotes,
  type Fields,
  fieldsOf,
  idOf,
  listOf,
  momentOf,
  type Notes,
  secretOf,
  strangeProvider,
  type ToMoved,
  textOf,
  uuidOf,
} from './records.ts'

type Providers = ReadonlyMap<string, Provider>

/** What one answer holds: users and identities, of a list or alone, with or without the envelope around them. */
export function oneAllRecords(document: unknown): readonly unknown[] {
  const outer = fieldsOf(document)
  const data = fieldsOf(fieldsOf(fieldsOf(outer?.response)?.result)?.data) ?? fieldsOf(outer?.data) ?? outer
  if (!data) return [document]
  for (const name of ['users', 'identities']) {
    const entries = fieldsOf(data[name])?.entries
    if (Array.isArray(entries)) return entries
  }
  return [data.user ?? data.identity ?? data]
}

/** A record of `oneAllRecords` as it is brought; an entry of a list, without details, tells of the user alone. */
export function fromOneAll(providers: Providers): ToMoved {
  return ({ where, value }) => {
    const notes = createNotes(where)
    const record = fieldsOf(value)
    const isIdentity = record?.identity_token !== undefined
    const token = uuidOf(notes, 'user_token', userTokenOf(record))
    if (!record || token === undefined) {
      if (notes.problems.length === 0) notes.note('user_token', 'is missing')
      return { problems: notes.problems }
    }
    const listed = isIdentity ? [record] : identitiesOf(record)
    const identities = listed.flatMap((each) => toIdentity(providers, notes, each) ?? [])
    const user = isIdentity
      ? {}
      : {
          createdAt: momentOf(notes, 'date_creation', record.date_creation),
          lastLoginAt: momentOf(notes, 'date_last_login', record.date_last_login),
          loginCount: countOf(notes, 'num_logins', record.num_logins),
        }
    return { user: { where, token, ...user, identities }, problems: notes.problems }
  }
}

function userTokenOf(record: Fields | undefined): unknown {
  return record?.user_token ?? fieldsOf(record?.user)?.user_token ?? record?.uuid
}

function identitiesOf(user: Fields): readonly Fields[] {
  const all = listOf(user.identities)
  return all.length === 0 && user.identity !== undefined ? listOf([user.identity]) : all
}

function toIdentity(providers: Providers, notes: Notes, record: Fields): MovedIdentity | undefined {
  const account = listOf(record.accounts).find(({ userid }) => userid !== undefined)
  const given = account?.userid ?? record.provider_identity_uid
  // Lists name their identities without saying whose accounts they are.
  if (given === undefined && record.source === undefined) return undefined
  const name = textOf(record.provider) ?? textOf(fieldsOf(record.source)?.key)
  if (name === undefined) return notes.note('provider', 'is missing')
  const provider = findProvider({ providers }, name)
  const id = provider?.id ?? strangeProvider(notes, name)
  const subject = idOf(notes, 'provider_identity_uid', given)
  if (id === undefined) return undefined
  if (subject === undefined) {
    return given === undefined ? notes.note('provider_identity_uid', 'is missing') : undefined
  }
  const server = provider?.server ? serverOf(notes, provider, account?.domain) : undefined
  if (provider?.server && server === undefined) return undefined
  return {
    token: uuidOf(notes, 'identity_token', record.identity_token),
    provider: id,
    server,
    subject,
    profile: toProfile(subject, record),
    createdAt: momentOf(notes, 'date_creation', record.date_creation),
    updatedAt: momentOf(notes, 'date_last_update', record.date_last_update),
    tokens: toTokens(notes, fieldsOf(record.source)?.access_token),
  }
}

function serverOf(notes: Notes, provider: Provider, domain: unknown): string | undefined {
  try {
    return toServer(provider, textOf(domain))
  } catch (error) {
    return notes.note('accounts.domain', GatewayError.from(error).message)
  }
}

function toTokens(notes: Notes, value: unknown): Tokens | undefined {
  const token = fieldsOf(value)
  const accessToken = secretOf(notes, 'source.access_token.key', token?.key)
  if (!token || accessToken === undefined) return undefined
  return {
    accessToken,
    secret: secretOf(notes, 'source.access_token.secret', token.secret),
    refreshToken: secretOf(notes, 'source.access_token.refresh_key', token.refresh_key),
    expiresAt: momentOf(notes, 'source.access_token.date_expiration', token.date_expiration),
  }
}

function toProfile(subject: string, record: Fields): Profile {
  const name = fieldsOf(record.name)
  const emails = listOf(record.emails).flatMap(({ value, is_verified: verified }) => {
    const address = textOf(value)
    return address
      ? [{ value: address, isVerified: verified === true || /^(1|true)$/.test(String(verified)) }]
      : []
  })
  const urls = listOf(record.urls).flatMap(({ value, type }) => {
    return type === 'profile' ? [] : (addressOf(value) ?? [])
  })
  return {
    subject,
    displayName: textOf(record.displayName) ?? textOf(name?.formatted),
    username: textOf(record.preferredUsername),
    givenName: textOf(name?.givenName),
    familyName: textOf(name?.familyName),
    profileUrl: addressOf(record.profileUrl),
    pictureUrl: addressOf(record.pictureUrl),
    thumbnailUrl: addressOf(record.thumbnailUrl),
    about: textOf(record.aboutMe),
    location: textOf(record.currentLocation),
    gender: record.gender === 'male' || record.gender === 'female' ? record.gender : undefined,
    birthday: toBirthday(record.birthday),
    language: textOf(listOf(record.languages)[0]?.value),
    emails: emails.length > 0 ? emails : undefined,
    urls: urls.length > 0 ? urls : undefined,
  }
}

function addressOf(value: unknown): string | undefined {
  return typeof value === 'string' ? toAddress(value) : undefined
}

/** `MM/DD/YYYY` on that wire. */
function toBirthday(value: unknown): string | undefined {
  const [, month, day, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(String(value)) ?? []
  return year && `${year}-${month}-${day}`
}
