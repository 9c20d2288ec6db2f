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

/** Contacts of one page as bytes: so they lie outside the heap while the other pages are read. */
export interface ContactPage {
  readonly ids: readonly string[]
  /** The JSON of each contact without flags and without its last two braces, with newlines between. */
  readonly bytes: Buffer
}

export type Relation = 'following' | 'followers' | 'all'

/** Text longer than this many UTF-16 units is cut: no network's own bound comes near it. */
const TEXT_MAX = 4_000
const URL_MAX = 4_096
/** The largest `key`: clients read it into a signed 64-bit integer. */
const KEY_MAX = 9_223_372_036_854_775_807n

/** Shapes contacts for the wire; text is made well-formed, addresses that are not http(s) are left out. */
export function toPage(contacts: readonly Contact[]): ContactPage {
  const ids: string[] = []
  const texts: string[] = []
  for (const contact of contacts) {
    const id = clean(contact.id)
    ids.push(id)
    texts.push(toText(contact, id))
  }
  return { ids, bytes: Buffer.from(texts.join('\n')) }
}

function toText(contact: Contact, id: string): string {
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
  return `${head.slice(0, -1)},"provider_properties":{${key}"id":${JSON.stringify(id)}`
}

/**
 * Joins the lists of one identity by id, following first, at most `bound` contacts; flags say which lists a contact
 * stands in. A relation without direction has no flags.
 */
export function joinPages(
  lists: Readonly<Partial<Record<Relation, readonly ContactPage[]>>>,
  bound: number,
): { readonly contacts: Buffer; readonly count: number; readonly isCut: boolean } {
  const { following = [], followers = [], all = [] } = lists
  const inFollowers = new Set(followers.flatMap(({ ids }) => ids))
  const seen = new Set<string>()
  const contacts = Buffer.allocUnsafeSlow(roomFor([...following, ...followers, ...all]))
  let at = contacts.write('[', 0, 'latin1')
  let isCut = false
  const add = ({ ids, bytes }: ContactPage, flagsOf: (id: string) => string) => {
    let start = 0
    for (const id of ids) {
      const newline = bytes.indexOf(NEWLINE, start)
      const end = newline === -1 ? bytes.length : newline
      if (!seen.has(id) && seen.size >= bound) isCut = true
      if (!seen.has(id) && seen.size < bound) {
        if (seen.size > 0) at += contacts.write(',', at, 'latin1')
        seen.add(id)
        at += bytes.copy(contacts, at, start, end)
        at += contacts.write(`${flagsOf(id)}}}`, at, 'latin1')
      }
      start = end + 1
    }
  }
  for (const page of following) add(page, (id) => (inFollowers.has(id) ? BOTH : FOLLOWED))
  for (const page of followers) add(page, () => FOLLOWS)
  for (const page of all) add(page, () => '')
  at += contacts.write(']', at, 'latin1')
  return { contacts: contacts.subarray(0, at), count: seen.size, isCut }
}

const NEWLINE = 0x0a

/** Bytes that these pages take at most, joined. */
function roomFor(pages: readonly ContactPage[]): number {
  let room = 2
  for (const { ids, bytes } of pages) room += bytes.length + ids.length * (BOTH.length + 3)
  return room
}

const FOLLOWS = ',"flags":"follows_this_user"'
const FOLLOWED = ',"flags":"followed_by_this_user"'
const MUTUAL = 'follows_this_user,followed_by_this_user'
const BOTH = `,"flags":"${MUTUAL}"`

/** A snapshot's bytes as objects. `key` is dropped: the exact number is in `id`. */
export function parseContacts(contacts: Uint8Array): PortableContact[] {
  return JSON.parse(Buffer.from(contacts.buffer, contacts.byteOffset, contacts.byteLength).toString('utf8'))
}

/** Whether each of the two follows the other. */
export function isMutual({ provider_properties: { flags } }: PortableContact): boolean {
  return flags === MUTUAL
}

function isKey(id: string): boolean {
  if (!/^(0|[1-9]\d{0,18})$/.test(id)) return false
  // Only the longest can be too large.
  return id.length < 19 || BigInt(id) <= KEY_MAX
}

function text(value: string | undefined): string | undefined {
  const cleaned = value && clean(value).trim()
  if (!cleaned) return undefined
  return cleaned.length > TEXT_MAX ? cleaned.slice(0, TEXT_MAX).toWellFormed() : cleaned
}

function address(value: string | undefined): string | undefined {
  if (!value || value.length > URL_MAX) return undefined
  // Nearly all are plain; the rest is for the parser, which takes ten times as long.
  if (PLAIN_ADDRESS.test(value)) return value
  return /^https?:\/\//i.test(value) && URL.canParse(value) ? clean(value) : undefined
}

const PLAIN_ADDRESS = /^https?:\/\/[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+(?:\/[\w./?=&%@~+:,;-]*)?$/

// Lone surrogates break json_decode of PHP, NUL breaks PostgreSQL, and XML 1.0 has neither.
function clean(value: string): string {
  if (value.isWellFormed() && !value.includes('\0')) return value
  return value.toWellFormed().replaceAll('\0', '')
}
