// Friends seen from the other side: in whose lists an account is. PostgreSQL has an index of it. On SQLite each new
// friend of a list would touch another page of such an index, so new friends first wait in lists as they came, and many
// of them are sorted in together later. Every edge is in one of the two places, and leaves both with its row.

import { all, type Query, tuples } from './query.ts'
import { bytes, number, toJson } from './row.ts'
import type { Context } from './sealed.ts'

/** Two users of which the first has the second. */
export interface Pair {
  readonly from: number
  readonly to: number
}

/** Friends that wait before it is worth sorting them in, and lists of them: what a removal has to look through. */
const WORTH_FRIENDS = 250_000
const WORTH_LISTS = 5_000
/** Friends sorted in by one transaction: some 20 ms. */
const AT_ONCE = 10_000
const BYTES_EACH = Uint32Array.BYTES_PER_ELEMENT

/** Notes new edges. */
export function* noteEdges({ engine }: Context, edges: readonly Pair[]): Query<void> {
  if (engine !== 'sqlite') return
  const lists = new Map<number, number[]>()
  for (const { from, to } of edges) {
    const list = lists.get(from)
    if (list) list.push(to)
    else lists.set(from, [to])
  }
  const params = [...lists].flatMap(([from, list]) => [from, toBytes(Uint32Array.from(list).sort())])
  yield* tuples('insert into friends_unsorted (from_id, to_ids) values {tuples}', '(?, ?)', params)
}

/** Forgets edges that are being removed. */
export function* forgetEdges({ engine }: Context, edges: readonly Pair[]): Query<void> {
  if (engine !== 'sqlite' || edges.length === 0) return
  const gone = new Map<number, Set<number>>()
  for (const { from, to } of edges) gone.set(from, (gone.get(from) ?? new Set()).add(to))
  const rows = yield* all(
    `select id, from_id, to_ids from friends_unsorted
     where from_id in (select cast(item.value as {integer}) from {names})`,
    toJson([...gone.keys()]),
  )
  for (const row of rows) {
    const before = listOf(row)
    const after = before.filter((to) => !gone.get(number(row, 'from_id'))?.has(to))
    if (after.length === before.length) continue
    if (after.length === 0) yield* all('delete from friends_unsorted where id = ?', number(row, 'id'))
    else yield* all('update friends_unsorted set to_ids = ? where id = ?', toBytes(after), number(row, 'id'))
  }
  yield* all(
    `delete from friends_backwards where (to_id, from_id) in
       (select cast(item.value ->> 0 as {integer}), cast(item.value ->> 1 as {integer}) from {lines})`,
    toJson(edges.map(({ from, to }) => [to, from])),
  )
}

/** All edges to these users. */
export function* edgesToAny({ engine }: Context, ids: readonly number[]): Query<readonly Pair[]> {
  const these = '(select cast(item.value as {integer}) from {names})'
  const table = engine === 'sqlite' ? 'friends_backwards' : 'friends'
  const rows = yield* all(`select from_id, to_id from ${table} where to_id in ${these}`, toJson(ids))
  const found = rows.map((row): Pair => ({ from: number(row, 'from_id'), to: number(row, 'to_id') }))
  if (engine !== 'sqlite') return found
  for (const row of yield* all('select from_id, to_ids from friends_unsorted')) {
    const list = listOf(row)
    for (const to of ids) if (list[placeOf(list, to)] === to) found.push({ from: number(row, 'from_id'), to })
  }
  return found
}

/** Where the next sorting of new friends begins and ends. */
export interface Sorting {
  /** The last list that takes part. */
  readonly upTo: number
  /** How many take part. */
  readonly friends: number
  /** Users at which a transaction ends, in order; the last is beyond all. */
  readonly steps: readonly number[]
}

/** What is to be sorted in, once it is worth it: from so many friends on, or of any number where there are many lists. */
export function* planSorting({ engine }: Context, worth = WORTH_FRIENDS): Query<Sorting | undefined> {
  if (engine !== 'sqlite') return undefined
  const [row] = yield* all(
    `select count(*) as lists, coalesce(sum(length(to_ids)), 0) as bytes, coalesce(max(id), 0) as up_to
     from friends_unsorted`,
  )
  if (!row) return undefined
  const friends = number(row, 'bytes') / BYTES_EACH
  if (friends === 0 || (friends < worth && number(row, 'lists') < WORTH_LISTS)) return undefined
  const upTo = number(row, 'up_to')
  const users = new Uint32Array(friends)
  let filled = 0
  for (const { list } of yield* listsUpTo(upTo)) {
    users.set(list, filled)
    filled += list.length
  }
  users.sort()
  const steps: number[] = []
  for (let at = AT_ONCE; at < users.length; at += AT_ONCE) steps.push(users[at] ?? 0)
  return { upTo, friends, steps: [...new Set(steps), 2 ** 31] }
}

/** Sorts in what is had of the users from one up to before another. */
export function* sortFriends(_: Context, upTo: number, first: number, end: number): Query<void> {
  const keys: bigint[] = []
  for (const { from, list } of yield* listsUpTo(upTo)) {
    const last = placeOf(list, end)
    for (let at = placeOf(list, first); at < last; at += 1) {
      keys.push((BigInt(list[at] ?? 0) << 32n) | BigInt(from))
    }
  }
  const sorted = BigUint64Array.from(keys).sort()
  const params: number[] = []
  for (const key of sorted) params.push(Number(key >> 32n), Number(key & 0xffff_ffffn))
  yield* tuples('insert or ignore into friends_backwards (to_id, from_id) values {tuples}', '(?, ?)', params)
}

/** Ends a sorting. */
export function* endSorting(_: Context, upTo: number): Query<void> {
  yield* all('delete from friends_unsorted where id <= ?', upTo)
}

function* listsUpTo(
  upTo: number,
): Query<readonly { readonly from: number; readonly list: Uint32Array<ArrayBuffer> }[]> {
  const rows = yield* all('select from_id, to_ids from friends_unsorted where id <= ?', upTo)
  return rows.map((row) => ({ from: number(row, 'from_id'), list: listOf(row) }))
}

// In the machine's order of bytes: little-endian on all that a file is likely to move between.
function toBytes(list: Uint32Array<ArrayBuffer>): Uint8Array {
  return new Uint8Array(list.buffer, list.byteOffset, list.byteLength)
}

function listOf(row: Parameters<typeof bytes>[0]): Uint32Array<ArrayBuffer> {
  // Copied: what the database gives may lie anywhere in memory.
  return new Uint32Array(Uint8Array.from(bytes(row, 'to_ids')).buffer)
}

/** The place of the first of these that is not below the user. */
function placeOf(list: Uint32Array, user: number): number {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle] ?? 0) < user) low = middle + 1
    else high = middle
  }
  return low
}
