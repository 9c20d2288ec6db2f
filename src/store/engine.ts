// What the two databases say differently. SQL is written once; a word in braces stands for the engine's own.

import type { Store } from '../core/store.ts'

/** Which database this is. */
export type Engine = Store['engine']

/** Advisory locks of ours on PostgreSQL, out of other programs' way. */
export const MIGRATION_LOCK = 7_269_001
const KEYS_LOCK = 7_269_002

const WORDS = {
  sqlite: {
    // https://www.sqlite.org/lang_datefunc.html: `subsec` answers seconds with a fraction.
    now: "cast(round(unixepoch('subsec') * 1000) as integer)",
    lock: '',
    skip: '',
    // Never hands out the number of a deleted row again: https://www.sqlite.org/autoinc.html
    id: 'integer primary key autoincrement',
    integer: 'integer',
    bytes: 'blob',
    strict: 'strict',
    // Rows lie in order of the primary key: https://www.sqlite.org/withoutrowid.html
    clustered: 'strict, without rowid',
    // A JSON array as rows `item` of key and value: of texts (or of numbers, to be cast), of arrays (`item.value ->> 0`).
    names: 'json_each(?) as item',
    lines: 'json_each(?) as item',
    // The first key of these.
    first: '0',
    // Rows of users, in order of id: they stay as they are; nobody else changes them.
    stay: '',
    change: '',
    // One writer at a time: whoever is in a transaction already excludes everybody else.
    // Whether a number is among those of a text with commas between them.
    among: "in (select value from json_each('[' || ? || ']'))",
    sealing: 'select 1',
    resealing: 'select 1',
  },
  postgres: {
    now: '(extract(epoch from clock_timestamp()) * 1000)::bigint',
    lock: 'for no key update',
    skip: 'for update skip locked',
    id: 'bigint generated always as identity primary key',
    integer: 'bigint',
    bytes: 'bytea',
    strict: '',
    clustered: '',
    names: 'jsonb_array_elements_text(cast(? as jsonb)) with ordinality as item (value, key)',
    lines: 'jsonb_array_elements(cast(? as jsonb)) with ordinality as item (value, key)',
    first: '1',
    stay: 'order by u.id for share of u',
    change: 'order by u.id for no key update of u',
    // Behind a subquery the planner does not count the numbers, and asks the index instead of reading the whole table.
    among: "= any((select string_to_array(?, ',')::bigint[])::bigint[])",
    sealing: `select pg_advisory_xact_lock_shared(${KEYS_LOCK})`,
    resealing: `select pg_advisory_xact_lock(${KEYS_LOCK})`,
  },
} as const satisfies Record<Engine, Record<string, string>>

/**
 * SQL in the engine's own words: `{now}` milliseconds by the database's clock, `{lock}` for rows read to be written,
 * and `?` as PostgreSQL numbers its parameters. A literal may hold neither braces nor `?`.
 */
export function spell(engine: Engine, sql: string): string {
  const words: Readonly<Record<string, string>> = WORDS[engine]
  const worded = sql.replace(/\{([^}]*)\}/g, (_, name: string) => {
    const word = words[name]
    if (word === undefined) throw new Error(`SQL has the unknown word {${name}}: ${sql}`)
    return word
  })
  // A bare `?` in a join makes SQLite plan the statement anew at every run, since a library built with
  // SQLITE_ENABLE_STAT4 lets plans depend on values: 38 µs where 8 do. An expression does not.
  if (engine === 'sqlite') return worded.replaceAll('?', '+?')
  let position = 0
  return worded.replace(/\?/g, () => `$${++position}`)
}
