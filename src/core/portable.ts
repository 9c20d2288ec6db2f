// The canonical list of contacts: a Portable-Contacts JSON array as bytes, in the shape OneAll has had since 2011.
// A contact becomes bytes when its page arrives; its flags are added when all lists of the identity are there.

import type { Contact } from './model.ts'

/** A contact as it stands in a snapshot. */
export interface PortableContact {
  readonly name: { readonly formatted: string }
  readonly preferredUsername?: string
  readonly profileUrl?: string
  readonly thumbnailUrl?: string
  readonly aboutMe?: string
  readonly emails?: readonly { readonly value: string }[]
  /** `id` is exact; the `key` that stands beside it on the wire is the same number where it is one. */
  readonly provider_properties: { readonly id: string; readonly flags?: string }
}

/** A contact's id and its JSON without flags and without the last two braces. */
export interface ContactPiece {
  readonly id: string
  readonly json: string
}

export type Relation = 'following' | 'followers' | 'all'

/** Text longer than this many UTF-16 units is cut: no network's own bound comes near it. */
const TEXT_MAX = 4_000
const URL_MAX = 4_096
/** The largest `key`: clients read it into a signed 64-bit integer. */
const KEY_MAX = 9_223_372_036_854_775_807n

/** Shapes a contact for the wire; text is made well-formed, addresses that are not http(s) are left out. */
export function toPiece(contact: Contact): ContactPiece {
  const id = clean(contact.id)
  const formatted = text(contact.displayName) ?? text(contact.username) ?? id
  const head = JSON.stringify({
    name: { formatted },
    preferredUsername: text(contact.username),
    profileUrl: address(contact.profileUrl),
    thumbnailUrl: address(contact.thumbnailUrl),
    aboutMe: text(contact.about),
    emails: contact.emails?.length ? contact.emails.map((value) => ({ value: clean(value) })) : undefined,
  })
  const key = isKey(id) ? `"key":${id},` : ''
  return { id, json: `${head.slice(0, -1)},"provider_properties":{${key}"id":${JSON.stringify(id)}` }
}

/**
 * Joins the lists of one identity by id, following first, at most `bound` contacts; flags say which lists a contact
 * stands in. A relation without direction has no flags.
 */
export function joinPieces(
  lists: Readonly<Partial<Record<Relation, readonly ContactPiece[]>>>,
  bound: number,
): { readonly contacts: Buffer; readonly count: number; readonly isCut: boolean } {
  const { following = [], followers = [], all = [] } = lists
  const inFollowers = new Set(followers.map(({ id }) => id))
  const seen = new Set<string>()
  const parts: string[] = []
  let isCut = false
  const add = ({ id, json }: ContactPiece, flags: string) => {
    if (seen.has(id)) return
    if (seen.size >= bound) {
      isCut = true
      return
    }
    seen.add(id)
    parts.push(`${json}${flags}}}`)
  }
  for (const piece of following) add(piece, inFollowers.has(piece.id) ? BOTH : FOLLOWED)
  for (const piece of followers) add(piece, FOLLOWS)
  for (const piece of all) add(piece, '')
  return { contacts: Buffer.from(`[${parts.join(',')}]`), count: seen.size, isCut }
}

const FOLLOWS = ',"flags":"follows_this_user"'
const FOLLOWED = ',"flags":"followed_by_this_user"'
const BOTH = ',"flags":"follows_this_user,followed_by_this_user"'

/** A snapshot's bytes as objects. `key` is dropped: the exact number is in `id`. */
export function parseContacts(contacts: Uint8Array): PortableContact[] {
  return JSON.parse(Buffer.from(contacts.buffer, contacts.byteOffset, contacts.byteLength).toString('utf8'))
}

function isKey(id: string): boolean {
  return /^(0|[1-9]\d{0,18})$/.test(id) && BigInt(id) <= KEY_MAX
}

function text(value: string | undefined): string | undefined {
  const cleaned = value && clean(value).trim()
  if (!cleaned) return undefined
  return cleaned.length > TEXT_MAX ? cleaned.slice(0, TEXT_MAX).toWellFormed() : cleaned
}

function address(value: string | undefined): string | undefined {
  if (!value || value.length > URL_MAX || !/^https?:\/\//i.test(value)) return undefined
  return URL.canParse(value) ? clean(value) : undefined
}

// Lone surrogates break json_decode of PHP, NUL breaks PostgreSQL, and XML 1.0 has neither.
function clean(value: string): string {
  return value.toWellFormed().replaceAll('\0', '')
}
