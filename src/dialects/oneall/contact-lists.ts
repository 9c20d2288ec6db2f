// The contacts of all identities in one answer, in the shapes of both generations: 2011's `results` and the later
// `identities`. In JSON both hand out the same bytes as they lie in the snapshot.

import type { ContactList } from '../../core/contacts.ts'
import type { Gateway } from '../../core/gateway.ts'
import { type PortableContact, parseContacts } from '../../core/portable.ts'
import { type Bulk, toDate } from './envelope.ts'
import { type SubStatus, toSubStatus } from './statuses.ts'
import { toProvider } from './wire.ts'
import type { PlainObject } from './xml.ts'

declare global {
  // ECMAScript 2026, in Node since 22; not yet in TypeScript's library: https://tc39.es/proposal-json-parse-with-source/
  interface JSON {
    rawJSON(text: string): unknown
  }
}

interface Options {
  /** Repeat `read_from_cache` under 2011's name, which ends in a space. */
  readonly legacy: boolean
}

/** All lists of a user as the data of an answer. */
export function toBulk(
  gateway: Gateway,
  userToken: string,
  lists: readonly ContactList[],
  { legacy }: Options,
): Bulk {
  const rows = lists.map((list) => toRow(gateway, userToken, list, legacy))
  return {
    json: toPieces(rows),
    plain: () => ({
      action: ACTION,
      results: rows.map(({ list, result }) => ({ ...result, contacts: toContacts(list) })),
      identities: {
        count: rows.length,
        entries: rows.map(({ list, entry, contacts }) => ({
          ...entry,
          contacts: { ...contacts, entries: toContacts(list) },
        })),
      },
    }),
  }
}

/** Data with integers beyond 2^53 as the data of an answer. */
export function toExact(data: PlainObject): Bulk {
  const exact = (_name: string, value: unknown) =>
    typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value
  return { json: [Buffer.from(JSON.stringify(data, exact))], plain: () => data }
}

/** One contact as plain data, with the exact number of a numeric id. */
export function toContact({ provider_properties: properties, ...contact }: PortableContact): PlainObject {
  const { id, flags } = properties
  const key = 'key' in properties ? BigInt(id) : undefined
  return { ...contact, provider_properties: { key, id, flags } }
}

const ACTION = 'read_user_contacts'

function toContacts({ contacts }: ContactList): PlainObject[] {
  return parseContacts(contacts).map(toContact)
}

/** One list, and what stands beside its contacts in either shape. */
interface Row {
  readonly list: ContactList
  readonly result: PlainObject
  readonly entry: PlainObject
  readonly contacts: PlainObject
}

function toRow(gateway: Gateway, userToken: string, list: ContactList, legacy: boolean): Row {
  const { identity, fromCache, updatedAt, count } = list
  const { key, name } = toProvider(gateway, identity.provider)
  const shared = {
    read_from_cache: fromCache,
    cache_date_last_update: toDate(updatedAt),
    status: toListStatus(list),
    is_truncated: list.isTruncated || undefined,
  }
  const spaced = legacy ? { 'read_from_cache ': fromCache } : undefined
  const { token } = identity
  return {
    list,
    result: { provider: key, user_token: userToken, identity_token: token, ...shared, ...spaced },
    entry: { identity_token: token, provider: key, source: { name, key } },
    contacts: { ...shared, count },
  }
}

function toListStatus({ problem, isTruncated, count }: ContactList): PlainObject & SubStatus {
  if (problem) return { ...toSubStatus(problem) }
  const message = `Contacts read successfully${isTruncated ? ` (first ${count})` : ''}`
  return { flag: 'success', code: 200, message }
}

function toPieces(rows: readonly Row[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let text = `{"action":"${ACTION}","results":[`
  const add = (before: string, { list }: Row, after: string) => {
    pieces.push(Buffer.from(text + before), list.contacts)
    text = after
  }
  for (const row of rows) {
    add(`${open(row.result)},"contacts":`, row, row === rows.at(-1) ? '}' : '},')
  }
  text += `],"identities":{"count":${rows.length},"entries":[`
  for (const row of rows) {
    const before = `${open(row.entry)},"contacts":${open(row.contacts)},"entries":`
    add(before, row, row === rows.at(-1) ? '}}' : '}},')
  }
  return [...pieces, Buffer.from(`${text}]}}`)]
}

/** An object's JSON without its last brace: more members follow. */
function open(value: PlainObject): string {
  return JSON.stringify(value).slice(0, -1)
}
