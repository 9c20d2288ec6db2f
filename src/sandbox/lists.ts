// Who knows whom: a list is a function of its owner and length, so a list of any length costs no memory.

import { mix } from './hash.ts'

/** A list of accounts by position; positions run from 0 to size - 1, each account stands in it once. */
export interface List {
  /** The same for lists with the same members in the same order. */
  readonly key: string
  readonly size: number
  at(position: number): number
}

export type Direction = 'following' | 'followers'

export interface Owner {
  readonly seed: number
  readonly accounts: number
  readonly index: number
  /** Length of both lists. */
  readonly contacts: number
  /** Part of each list, 0 to 1, that also stands in the other. */
  readonly mutualShare: number
}

/** The longest list that leaves room for the part of the other direction that is not mutual. */
export function longestList(accounts: number, mutualShare: number): number {
  return Math.max(0, Math.floor((accounts - 1) / (2 - mutualShare)))
}

/** Whom an account follows, or who follows it. */
export function listOf(owner: Owner, direction: Direction): List {
  const { seed, accounts, index, contacts, mutualShare } = owner
  const others = accounts - 1
  const stride = coprime(mix(seed, index, 11), others)
  const start = mix(seed, index, 12)
  // NOTE products stay below 2^53 while there are fewer than 90 million accounts.
  const other = (position: number) => (index + 1 + ((position * stride + start) % others)) % accounts

  const key = `${seed}:${index}:${contacts}:${mutualShare}:${direction}`
  if (direction === 'following') return { key, size: contacts, at: other }

  const mutual = Math.round(contacts * mutualShare)
  const turn = coprime(mix(seed, index, 13), contacts)
  return {
    key,
    size: contacts,
    at(position) {
      const shuffled = (position * turn + start) % contacts
      return other(shuffled < mutual ? shuffled : contacts + shuffled - mutual)
    },
  }
}

/** The first number from `wish` modulo `modulus` on that shares no divisor with it, so that its multiples visit all. */
function coprime(wish: number, modulus: number): number {
  if (modulus < 3) return 1
  let candidate = Math.max(1, wish % modulus)
  while (divisor(candidate, modulus) !== 1) candidate = (candidate % modulus) + 1
  return candidate
}

function divisor(one: number, other: number): number {
  return other === 0 ? one : divisor(other, one % other)
}
