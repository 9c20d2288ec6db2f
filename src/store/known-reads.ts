// Answers of queries that nearly every request asks, kept while the database does not change.

import { LRUCache } from 'lru-cache'
import type { Query } from './query.ts'
import type { Driver } from './writes.ts'

/** Answers kept, at most, and the length of a key up to which they are: callers write parts of it. */
const ANSWERS_MAX = 2048
const KEY_MAX = 1024

interface Answer {
  readonly generation: number
  readonly value: unknown
}

export type KnownReads = <T>(key: readonly unknown[], query: () => Query<T>) => Promise<T>

/**
 * A way to read that asks only when something has changed since it asked for the same the last time. What it answers is
 * shared: nobody may change it. Where others write unseen (PostgreSQL) it asks every time. Not for queries that look at
 * the clock.
 */
export function createKnownReads(driver: Pick<Driver, 'read' | 'generation'>): KnownReads {
  const { generation: standing } = driver
  if (!standing) return (_, query) => driver.read(query())
  const answers = new LRUCache<string, Answer>({ max: ANSWERS_MAX })
  return async <T>(key: readonly unknown[], query: () => Query<T>) => {
    const name = JSON.stringify(key)
    if (name.length > KEY_MAX) return driver.read(query())
    const generation = standing()
    const known = answers.get(name)
    // The same key is always read by the same query.
    if (known?.generation === generation) return known.value as T
    const value = await driver.read(query())
    answers.set(name, { generation, value })
    return value
  }
}
