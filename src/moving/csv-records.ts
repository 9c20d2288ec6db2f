// Users as rows of a CSV file: one account in each, the user named again for every further one.

import { GatewayError } from '../core/errors.ts'
import { toServer } from '../core/identities.ts'
import type { MovedIdentity } from '../core/moving.ts'
import type { Provider } from '../core/provider.ts'
import { checkUid } from '../core/users.ts'
import { findNetwork } from '../dialects/gigya/networks.ts'
import { findProvider } from '../dialects/oneall/wire.ts'
import { toAddress } from '../providers/fields.ts'
import {
  countOf,
  createNotes,
  type Fields,
  fieldsOf,
  idOf,
  momentOf,
  type Notes,
  secretOf,
  strangeProvider,
  type ToMoved,
  textOf,
  uuidOf,
} from './records.ts'

/** Every column, with other names for it; case and `_` do not count. */
export const CSV_COLUMNS = {
  user_token: [],
  uid: ['site_uid'],
  created_at: ['date_creation', 'created'],
  last_login_at: ['date_last_login', 'last_login'],
  logins: ['num_logins'],
  provider: [],
  subject: ['provider_uid', 'provider_identity_uid'],
  server: [],
  identity_token: [],
  identity_updated_at: ['date_last_update'],
  access_token: [],
  access_token_secret: [],
  refresh_token: [],
  expires_at: [],
  display_name: ['nickname'],
  username: [],
  given_name: ['first_name'],
  family_name: ['last_name'],
  email: [],
  profile_url: [],
  picture_url: ['photo_url'],
} as const satisfies Readonly<Record<string, readonly string[]>>

const BY_SPELLING: ReadonlyMap<string, string> = new Map(
  Object.entries(CSV_COLUMNS).flatMap(([name, others]) =>
    [name, ...others].map((each) => [each.replaceAll('_', ''), name] as const),
  ),
)

/** The columns of a header; `invalid_request` when one is unknown or twice there, or nothing names the user. */
export function readHeader(header: readonly string[]): readonly string[] {
  const columns = header.map((title) => {
    const name = BY_SPELLING.get(
      title
        .trim()
        .toLowerCase()
        .replaceAll(/[\s_-]/g, ''),
    )
    if (name) return name
    const known = Object.keys(CSV_COLUMNS).join(', ')
    throw new GatewayError(
      'invalid_request',
      `There is no column "${title.slice(0, 50)}"; there are: ${known}.`,
    )
  })
  const twice = columns.find((name, at) => columns.indexOf(name) !== at)
  if (twice) throw new GatewayError('invalid_request', `The column ${twice} is there twice.`)
  if (columns.includes('user_token') || columns.includes('uid')) return columns
  throw new GatewayError('invalid_request', 'One column must be user_token or uid.')
}

/** A row by the names of its columns. */
export function toFields(columns: readonly string[], row: readonly string[]): Fields {
  return Object.fromEntries(columns.map((name, at) => [name, row[at]?.trim()]))
}

/** A row of `toFields` as it is brought. */
export function fromCsv(providers: ReadonlyMap<string, Provider>): ToMoved {
  return ({ where, value }) => {
    const notes = createNotes(where)
    const row = fieldsOf(value) ?? {}
    const token = uuidOf(notes, 'user_token', row.user_token)
    const uid = uidOf(notes, row.uid)
    if (token === undefined && uid === undefined) {
      if (notes.problems.length === 0) notes.note('user_token', 'is missing, and so is uid')
      return { problems: notes.problems }
    }
    const identity = toIdentity(providers, notes, row)
    const user = {
      where,
      token,
      uid,
      createdAt: momentOf(notes, 'created_at', row.created_at),
      lastLoginAt: momentOf(notes, 'last_login_at', row.last_login_at),
      loginCount: countOf(notes, 'logins', row.logins),
      identities: identity ? [identity] : [],
    }
    return { user, problems: notes.problems }
  }
}

function uidOf(notes: Notes, value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  try {
    return checkUid(value, 'uid')
  } catch (error) {
    return notes.note('uid', GatewayError.from(error).message)
  }
}

function toIdentity(
  providers: ReadonlyMap<string, Provider>,
  notes: Notes,
  row: Fields,
): MovedIdentity | undefined {
  const name = textOf(row.provider)
  const subject = idOf(notes, 'subject', row.subject)
  if (name === undefined && subject === undefined) return undefined
  if (name === undefined) return notes.note('provider', 'is missing')
  if (subject === undefined) return row.subject ? undefined : notes.note('subject', 'is missing')
  const provider = findProvider({ providers }, name) ?? findNetwork({ providers }, name)
  const id = provider?.id ?? strangeProvider(notes, name)
  if (id === undefined) return undefined
  const server = provider?.server ? serverOf(notes, provider, row.server) : undefined
  if (provider?.server && server === undefined) return undefined
  const accessToken = secretOf(notes, 'access_token', row.access_token)
  const email = textOf(row.email)
  return {
    token: uuidOf(notes, 'identity_token', row.identity_token),
    provider: id,
    server,
    subject,
    profile: {
      subject,
      displayName: textOf(row.display_name),
      username: textOf(row.username),
      givenName: textOf(row.given_name),
      familyName: textOf(row.family_name),
      profileUrl: addressOf(row.profile_url),
      pictureUrl: addressOf(row.picture_url),
      emails: email ? [{ value: email, isVerified: false }] : undefined,
    },
    updatedAt: momentOf(notes, 'identity_updated_at', row.identity_updated_at),
    tokens:
      accessToken === undefined
        ? undefined
        : {
            accessToken,
            secret: secretOf(notes, 'access_token_secret', row.access_token_secret),
            refreshToken: secretOf(notes, 'refresh_token', row.refresh_token),
            expiresAt: momentOf(notes, 'expires_at', row.expires_at),
          },
  }
}

function serverOf(notes: Notes, provider: Provider, home: unknown): string | undefined {
  try {
    return toServer(provider, textOf(home))
  } catch (error) {
    return notes.note('server', GatewayError.from(error).message)
  }
}

function addressOf(value: unknown): string | undefined {
  return typeof value === 'string' ? toAddress(value) : undefined
}
