// How a record of another service is read: each field alone, so that a bad one costs that field and not the user.

import type { MovedUser, MoveProblem } from '../core/moving.ts'
import { moment } from '../dialects/oneall/input.ts'
import { Text } from '../providers/fields.ts'

/** Something that was read, and where. */
export interface Found {
  readonly where: string
  readonly value: unknown
}

/** What was found means this user, or nobody; and what is wrong with it. */
export interface Meaning {
  readonly user?: MovedUser
  readonly problems: readonly MoveProblem[]
}

export type ToMoved = (found: Found) => Meaning

/** One thing of a source, in order, with the place to go on from when it is done. */
export interface Item {
  readonly found?: Found
  readonly problem?: MoveProblem
  /** JSON. */
  readonly place: string
  /** How much of all is done by then, from 0 to 1, where that is known. */
  readonly share?: number
}

/** Collects what is wrong with one record. */
export interface Notes {
  readonly where: string
  readonly problems: readonly MoveProblem[]
  note(field: string, message: string): undefined
}

export function createNotes(where: string): Notes {
  const problems: MoveProblem[] = []
  return {
    where,
    problems,
    note(field, message) {
      problems.push({ where, field, message })
    },
  }
}

export type Fields = Readonly<Record<string, unknown>>

/** A JSON object; undefined for anything else. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

/** The objects of a list; those of 2011 are wrapped once more, in an object of one list. */
export function listOf(value: unknown): readonly Fields[] {
  const inner = fieldsOf(value)
  const list = inner ? Object.values(inner).find(Array.isArray) : value
  if (!Array.isArray(list)) return []
  return list
    .slice(0, LIST_MAX)
    .map(fieldsOf)
    .filter((entry) => entry !== undefined)
}

const LIST_MAX = 100

/** Plain text, without control characters; numbers are taken as text, and what says nothing is undefined. */
export function textOf(value: unknown, most = 4_000): string | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value !== 'string') return undefined
  return Text.parse(value.slice(0, most))
}

/** An id without blanks, at most 1,024 characters; undefined (and noted) when it is none. */
export function idOf(notes: Notes, field: string, value: unknown, most = 1_024): string | undefined {
  const id = typeof value === 'number' ? String(value) : value
  if (id === undefined || id === null || id === '') return undefined
  if (typeof id === 'string' && id.length <= most && !/[\s\p{Cc}]/u.test(id) && id.isWellFormed()) return id
  return notes.note(field, `must be text without blanks, at most ${most} characters`)
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A token as OneAll writes them, in lower case; undefined (and noted) when it is none. */
export function uuidOf(notes: Notes, field: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const token = typeof value === 'string' ? value.trim().toLowerCase() : ''
  return UUID.test(token) ? token : notes.note(field, 'must be a UUID')
}

/** A date as text, or seconds since 1970; undefined (and noted) when it is none. */
export function momentOf(notes: Notes, field: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  // One form of the old documentation has lost the sign of its zone: `13:38:21  0200`.
  const text = typeof value === 'string' ? value.trim().replace(/\s{2}(\d{4})$/, ' +$1') : value
  const seconds = typeof text === 'string' && /^\d{1,11}$/.test(text) ? Number(text) : text
  const read = moment.safeParse(seconds)
  if (read.success && Math.abs(read.data) < TIME_MAX) return Math.trunc(read.data)
  return notes.note(field, 'must be a date or seconds since 1970')
}

/** The year 9999. */
const TIME_MAX = 253_402_300_800_000

/** A whole number from 0; undefined (and noted) when it is none. */
export function countOf(notes: Notes, field: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const number = Number(value)
  if (Number.isSafeInteger(number) && number >= 0) return number
  return notes.note(field, 'must be a whole number from 0')
}

const SECRET_MAX = 16_384

/** A token or secret of a network; undefined (and noted, without it) when it cannot be one. */
export function secretOf(notes: Notes, field: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  if (typeof value === 'string' && value.length <= SECRET_MAX && !/[\p{Cc}]/u.test(value)) return value
  return notes.note(field, `must be text without control characters, at most ${SECRET_MAX} characters`)
}

/** The id under which a network that is not known here is kept; undefined (and noted) when it can be none. */
export function strangeProvider(notes: Notes, name: string): string | undefined {
  const id = name.trim().toLowerCase()
  if (/^[a-z0-9][a-z0-9_.-]{0,63}$/.test(id)) return id
  return notes.note('provider', 'is no name of a network')
}
